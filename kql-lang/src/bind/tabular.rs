//! Binds pipelines: the columns that each operator reads and produces.

use crate::ast::{Argument, Expr, ExprKind, Name, Named, Operator, OperatorKind, Setting, SortKey, Source};
use crate::bind::binder::Binder;
use crate::bind::rows::Rows;
use crate::bind::scope::{Field, Meaning, Scope, Typed};
use crate::bind::{names, operators};
use crate::diagnostic::DiagnosticCode;
use crate::plan::{Action, Origin, Scalar, SortBy};
use crate::registry::ResultColumn;
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Binder<'a> {
    /// Binds a table; an unknown table is reported and then accepts any column.
    pub(crate) fn table(&mut self, expr: &'a Expr) -> Rows {
        // Aggregates and window functions of the surrounding expression are not collected within a nested table.
        let outside = (self.aggregates.take(), self.windows.take(), self.scan.take());
        self.names.level += 1;
        let rows = self.deeper(expr.span, |binder| binder.table_inner(expr)).unwrap_or_else(Rows::unknown);
        self.names.level -= 1;
        (self.aggregates, self.windows, self.scan) = outside;
        rows
    }

    fn table_inner(&mut self, expr: &'a Expr) -> Rows {
        match &expr.item {
            ExprKind::Name(name) => self.named_table(&Name::new(name.clone(), expr.span)),
            ExprKind::Pipe(source, operators) => {
                let mut rows = self.table(source);
                for operator in operators {
                    if self.is_too_large(rows.fields.len() + 1, operator.span) {
                        return Rows::unknown();
                    }
                    // `union withsource` labels the rows before it with the name from `as`.
                    if !matches!(operator.item, OperatorKind::Union { .. }) {
                        rows.named = None;
                    }
                    rows = self.operator(rows, operator);
                }
                rows
            }
            ExprKind::Source(source) => self.source(source, expr.span),
            ExprKind::Call(name, arguments) => self.table_call(name, arguments, expr.span),
            ExprKind::Member(base, name) => self.remote(base, name),
            _ => {
                let _ = self.scalar(expr, &Scope::NOTHING);
                self.type_error(expr.span, "KS109", "expected a table, found a single value");
                Rows::unknown()
            }
        }
    }

    pub(crate) fn named_table(&mut self, name: &Name) -> Rows {
        match self.names.find(&name.item) {
            Some(Meaning::Table(index, fields, ordered)) => {
                return match index {
                    Some(index) => Rows { ordered: *ordered, ..Rows::new(Origin::Defined(*index), fields.clone()) },
                    None => Rows { fields: fields.clone(), ..Rows::unknown() },
                };
            }
            Some(Meaning::Function(function)) => {
                let function = *function;
                return self.table_function(&function, name, &[], name.span);
            }
            Some(Meaning::Scalar(typed)) if typed.kind.is_none() => return Rows::unknown(),
            Some(Meaning::Scalar(_)) => {
                self.type_error(
                    name.span,
                    "KS109",
                    format!("expected a table, found the single value `{}`", name.item),
                );
                return Rows::unknown();
            }
            None => {}
        }
        if let Some(columns) = self.catalog.tables.get(&name.item) {
            let fields =
                columns.iter().map(|column| Field { name: column.name.clone(), kind: Some(column.kind) }).collect();
            return Rows::new(Origin::Table { name: name.item.clone(), columns: columns.clone() }, fields);
        }
        if self.catalog.open {
            self.inferred.entry(name.item.clone()).or_default();
            return Rows { tables: vec![name.item.clone()], ..Rows::unknown() };
        }
        let variables: Vec<String> = self.names.visible().map(|(name, _)| name.to_owned()).collect();
        let known: Vec<&str> =
            self.catalog.tables.keys().map(String::as_str).chain(variables.iter().map(String::as_str)).collect();
        self.unknown(DiagnosticCode::UnknownTable, "KS204", name, known);
        Rows::unknown()
    }

    fn table_call(&mut self, name: &'a Name, arguments: &'a [Argument], span: Span) -> Rows {
        if let Some(Meaning::Function(function)) = self.names.find(&name.item) {
            let function = *function;
            return self.table_function(&function, name, arguments, span);
        }
        match (name.item.as_str(), arguments) {
            ("materialize", [argument]) => {
                let rows = self.table(&argument.value);
                match self.define_table(rows) {
                    Meaning::Table(Some(index), fields, ordered) => {
                        Rows { ordered, ..Rows::new(Origin::Defined(index), fields) }
                    }
                    _ => Rows::unknown(),
                }
            }
            ("totable", [argument]) => self.table(&argument.value),
            ("table", [argument, ..]) if arguments.len() <= 2 => {
                // The second argument is a hint for the scope of the query.
                let typed = self.scalar(&argument.value, &Scope::NOTHING);
                match (typed.kind, typed.value()) {
                    (_, Some(Value::String(table))) => {
                        self.named_table(&Name::new(table.to_string(), argument.value.span))
                    }
                    (Some(Type::String), _) => {
                        self.unsupported("a table name that is not constant", argument.value.span);
                        Rows::unknown()
                    }
                    (None, _) => Rows::unknown(),
                    _ => {
                        self.type_error(argument.value.span, "KS141", "the name of a table must be a string");
                        Rows::unknown()
                    }
                }
            }
            ("materialize" | "table" | "totable", _) => {
                self.arity(name, &(1..=1), arguments.len());
                Rows::unknown()
            }
            ("cluster" | "database" | "external_table" | "http_request" | "http_request_post" | "externaldata", _) => {
                self.forbidden(&name.item, span);
                Rows::unknown()
            }
            _ => {
                let typed = self.scalar_call_as_table(name, arguments, span);
                if typed.kind.is_some() {
                    self.type_error(span, "KS109", format!("`{}` returns a single value; expected a table", name.item));
                }
                Rows::unknown()
            }
        }
    }

    fn scalar_call_as_table(&mut self, name: &'a Name, arguments: &'a [Argument], span: Span) -> Typed {
        let _ = span;
        if crate::registry::is_service_only(&name.item) {
            self.unsupported(&name.item, name.span);
            return Typed::invalid();
        }
        for argument in arguments {
            let _ = self.scalar(&argument.value, &Scope::NOTHING);
        }
        let known: Vec<String> = self.names.visible().map(|(name, _)| name.to_owned()).collect();
        self.unknown(DiagnosticCode::UnknownFunction, "KS211", name, known.iter().map(String::as_str));
        Typed::invalid()
    }

    /// `database("…").T`; only the catalogue's own database is allowed.
    fn remote(&mut self, base: &'a Expr, name: &'a Name) -> Rows {
        if let ExprKind::Call(function, arguments) = &base.item
            && function.item == "database"
            && let [argument] = arguments.as_slice()
            && let ExprKind::Literal(_, Value::String(database)) = &argument.value.item
            && self.catalog.database.as_deref() == Some(database)
        {
            return self.named_table(name);
        }
        let what = match &base.item {
            ExprKind::Call(function, _) => function.item.as_str(),
            _ => "cluster",
        };
        self.forbidden(what, base.span);
        Rows::unknown()
    }

    fn source(&mut self, source: &'a Source, span: Span) -> Rows {
        match source {
            Source::Print(items) => self.print(items),
            Source::Range { name, from, to, step } => self.range(name, [from, to, step], span),
            Source::Union { settings, tables } => self.union(None, settings, tables, span),
            Source::Datatable { columns, values } => self.datatable(columns, values, span),
            Source::Search(search) => self.search(None, search, span),
            Source::Unsupported(what) => {
                match what.as_str() {
                    "externaldata" | "external_table" | "cluster" | "database" => self.forbidden(what, span),
                    _ => self.unsupported(what, span),
                }
                Rows::unknown()
            }
        }
    }

    pub(crate) fn operator(&mut self, mut rows: Rows, operator: &'a Operator) -> Rows {
        let span = operator.span;
        match &operator.item {
            OperatorKind::Where(expr) => self.filter(&mut rows, expr, span),
            OperatorKind::Extend(items) => self.extend(&mut rows, items, span),
            OperatorKind::Serialize(items) => {
                rows.ordered = true;
                if !items.is_empty() {
                    self.extend(&mut rows, items, span);
                }
            }
            OperatorKind::Project(items) => self.project(&mut rows, items, span),
            OperatorKind::ProjectAway(patterns) => {
                let away = self.matching(&rows, patterns);
                let kept: Vec<usize> = (0..rows.fields.len()).filter(|index| !away.contains(index)).collect();
                rows.keep(&kept, span);
            }
            OperatorKind::ProjectKeep(patterns) => {
                let keep = self.matching(&rows, patterns);
                let kept: Vec<usize> = (0..rows.fields.len()).filter(|index| keep.contains(index)).collect();
                rows.keep(&kept, span);
            }
            OperatorKind::ProjectRename(pairs) => self.rename(&mut rows, pairs),
            OperatorKind::ProjectReorder(patterns) => self.reorder(&mut rows, patterns, span),
            OperatorKind::Summarize { settings, aggregates, by } => {
                self.hints_only(settings);
                self.summarize(&mut rows, aggregates, by, span);
            }
            OperatorKind::Sort(keys) => {
                let keys = self.sort_keys(&rows, keys);
                rows.push(Action::Sort(keys), span);
                rows.ordered = true;
            }
            OperatorKind::Top(count, keys) => {
                let count = self.whole_number(count);
                let is_dynamic = |key: &'a SortKey, binder: &mut Self| {
                    let outside = binder.diagnostics.len();
                    let kind = binder.scalar(&key.value, &rows.scope()).kind;
                    binder.diagnostics.truncate(outside);
                    kind == Some(Type::Dynamic)
                };
                if let Some(key) = keys.iter().find(|key| is_dynamic(key, self)) {
                    self.unsupported("top by a dynamic", key.value.span);
                    return Rows::unknown();
                }
                let keys = self.sort_keys(&rows, keys);
                rows.push(Action::Top(count, keys), span);
                rows.ordered = true;
            }
            OperatorKind::Take(count) => {
                let count = self.whole_number(count);
                rows.push(Action::Take(count), span);
            }
            OperatorKind::Distinct(items) => self.distinct(&mut rows, items, span),
            OperatorKind::Count => {
                rows.push(Action::Count, span);
                rows.fields = vec![Field::new("Count", Some(Type::Long))];
                rows.open = false;
                rows.ordered = false;
            }
            OperatorKind::CountAs(name) => {
                rows.push(Action::Count, span);
                rows.fields = vec![Field::new(&name.item, Some(Type::Long))];
                rows.open = false;
                rows.ordered = false;
            }
            OperatorKind::MvApply(apply) => return self.mv_apply(rows, apply, span),
            OperatorKind::Partition { settings, by, operators } => {
                self.hints_only(settings);
                return self.partition(rows, by, operators, span);
            }
            OperatorKind::ParseKv { text, keys, options } => self.parse_kv(&mut rows, text, keys, options, span),
            OperatorKind::Scan(scan) => self.bind_scan(&mut rows, scan, span),
            OperatorKind::Search(search) => return self.search(Some(rows), search, span),
            OperatorKind::Invoke(name, arguments) => return self.invoke(rows, name, arguments, span),
            OperatorKind::Evaluate(evaluate) => return self.evaluate(rows, evaluate, span),
            OperatorKind::MvExpand { settings, items, limit } => {
                self.expand(&mut rows, settings, items, limit.as_ref(), span);
            }
            OperatorKind::Join(join) => return self.join(rows, join, span),
            OperatorKind::Lookup(join) => return self.lookup(rows, join, span),
            OperatorKind::Union { settings, tables } => return self.union(Some(rows), settings, tables, span),
            OperatorKind::Render(..) => {}
            OperatorKind::As(name) => {
                if rows.is_given() {
                    self.unsupported("as in brackets", span);
                    return Rows::unknown();
                }
                let meaning = self.define_table(rows.clone());
                if let Meaning::Table(Some(index), fields, ordered) = &meaning {
                    rows = Rows { ordered: *ordered, ..Rows::new(Origin::Defined(*index), fields.clone()) };
                }
                rows.named = Some(name.item.clone());
                self.names.put(name.item.clone(), meaning);
            }
            OperatorKind::Parse(parse) => self.parse(&mut rows, parse, false, span),
            OperatorKind::ParseWhere(parse) => self.parse(&mut rows, parse, true, span),
            OperatorKind::MakeSeries(series) => self.make_series(&mut rows, series, span),
            OperatorKind::GetSchema => schema(&mut rows),
            OperatorKind::Unsupported(what) => {
                if what.contains("http_request") {
                    self.forbidden(what, span);
                } else {
                    self.unsupported(what, span);
                }
                return Rows::unknown();
            }
        }
        rows
    }

    fn filter(&mut self, rows: &mut Rows, expr: &'a Expr, span: Span) {
        let width = rows.fields.len();
        let outer = self.windows.replace(Vec::new());
        if !rows.ordered {
            self.windows = None;
        }
        let condition = self.condition(expr, &rows.scope());
        let windows = std::mem::replace(&mut self.windows, outer).unwrap_or_default();
        let has_windows = !windows.is_empty();
        if has_windows {
            rows.push(Action::Window(windows), span);
        }
        rows.push(Action::Filter(condition), span);
        if has_windows {
            rows.push(Action::Map((0..width).map(Scalar::Column).collect()), span);
        }
    }

    /// Binds expressions that may contain window functions, and adds the step that computes those first.
    fn row_values(&mut self, rows: &mut Rows, items: &'a [Named], span: Span) -> Vec<Item<'a>> {
        let outer = std::mem::replace(&mut self.windows, rows.ordered.then(Vec::new));
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.extend(self.values_of(item, &rows.scope()));
        }
        let windows = std::mem::replace(&mut self.windows, outer).unwrap_or_default();
        if !windows.is_empty() {
            rows.push(Action::Window(windows), span);
        }
        values
    }

    /// Binds an expression: one value, or one per column of a function with several results.
    pub(crate) fn values_of(&mut self, item: &'a Named, scope: &Scope<'_>) -> Vec<Item<'a>> {
        self.columns = None;
        let typed = self.scalar(&item.value, scope);
        let call = match &item.value.item {
            ExprKind::Call(name, arguments) if !matches!(self.names.find(&name.item), Some(Meaning::Function(_))) => {
                Some((name, arguments))
            }
            _ => None,
        };
        let (Some(columns), Some((name, arguments))) = (self.columns.take(), call) else {
            let is_unknown = typed.kind.is_none() && item.names.len() > 1;
            if is_unknown {
                // How many results it has is not known either.
                let value = |name| Item { name: Some(name), title: None, typed: typed.clone(), is_open: false };
                return item.names.iter().map(value).collect();
            }
            let title = match &item.value.item {
                ExprKind::Name(name) => Some(Title::Column(Name::new(name.clone(), item.value.span))),
                _ => names::derived(&item.value).map(Title::Derived),
            };
            let is_open = is_unknown_call(item, &typed);
            return vec![Item { name: self.one_name(item), title, typed, is_open }];
        };
        if let Some(extra) = item.names.get(columns.len()) {
            self.type_error(extra.span, "KS149", format!("this expression has only {} results", columns.len()));
        }
        let value = |(place, column): (i64, ResultColumn)| {
            let index = Scalar::Constant(Value::Long(place));
            let element = operators::fold_constants(Scalar::Element(Box::new(typed.scalar.clone()), Box::new(index)));
            let typed = Typed { scalar: element, kind: Some(Type::Dynamic), fixed: typed.fixed, type_of: None };
            let scalar = operators::converted(typed.clone(), column.kind);
            Item {
                name: usize::try_from(place).ok().and_then(|place| item.names.get(place)),
                title: Some(Title::Derived(names::of_column(&name.item, arguments, column.name))),
                typed: Typed { scalar, kind: Some(column.kind), ..typed },
                is_open: false,
            }
        };
        (0..).zip(columns).map(value).collect()
    }

    fn extend(&mut self, rows: &mut Rows, items: &'a [Named], span: Span) {
        let before = rows.fields.len();
        let values = self.row_values(rows, items, span);
        let mut fields = rows.fields.clone();
        let mut row: Vec<Scalar> = (0..before).map(Scalar::Column).collect();
        let mut given: Vec<String> = Vec::new();
        let mut unnamed = 0;
        for Item { name, title, typed, is_open } in values {
            let name = match (name, title) {
                (Some(name), _) => {
                    if given.contains(&name.item) {
                        self.duplicate_column(name);
                        continue;
                    }
                    given.push(name.item.clone());
                    name.item.clone()
                }
                (None, Some(Title::Column(name))) => name.item,
                // A column of a function with several results gets a name of its own.
                (None, Some(Title::Derived(name))) => name,
                (None, None) => names::numbered(names::of(&fields), &mut unnamed),
            };
            rows.open |= is_open;
            match fields.iter().position(|field| *field.name == *name) {
                Some(index) => {
                    if let (Some(field), Some(cell)) = (fields.get_mut(index), row.get_mut(index)) {
                        field.kind = typed.kind;
                        *cell = typed.scalar;
                    }
                }
                None => {
                    fields.push(Field::new(&name, typed.kind));
                    row.push(typed.scalar);
                }
            }
        }
        rows.push(Action::Map(row), span);
        rows.fields = fields;
    }

    fn project(&mut self, rows: &mut Rows, items: &'a [Named], span: Span) {
        let values = self.row_values(rows, items, span);
        let (fields, row, open) = self.named_values(values);
        rows.push(Action::Map(row), span);
        rows.fields = fields;
        rows.open = open;
    }

    /// Column names of the values of a row: given, derived from the expression, or numbered. Whether columns can be
    /// missing, because the expression of one without a name is not known.
    pub(crate) fn named_values(&mut self, values: Vec<Item<'a>>) -> (Vec<Field>, Vec<Scalar>, bool) {
        let mut fields: Vec<Field> = Vec::new();
        let mut row = Vec::new();
        let mut unnamed = 0;
        let mut open = false;
        for Item { name, title, typed, is_open } in values {
            open |= is_open;
            let name = match (name, title) {
                (Some(name), _) => {
                    self.new_name(name, &fields);
                    name.item.clone()
                }
                (None, Some(Title::Column(name))) => {
                    self.new_name(&name, &fields);
                    name.item
                }
                (None, Some(Title::Derived(name))) => names::unique(names::of(&fields), &name),
                (None, None) => names::numbered(names::of(&fields), &mut unnamed),
            };
            fields.push(Field::new(&name, typed.kind));
            row.push(typed.scalar);
        }
        (fields, row, open)
    }

    /// The name of an expression with one result.
    pub(crate) fn one_name(&mut self, item: &'a Named) -> Option<&'a Name> {
        if let [first, second, ..] = item.names.as_slice() {
            self.type_error(first.span.to(second.span), "KS149", "this expression has one result but several names");
        }
        item.names.first()
    }

    pub(crate) fn new_name(&mut self, name: &Name, fields: &[Field]) {
        if fields.iter().any(|field| *field.name == *name.item) {
            self.duplicate_column(name);
        }
    }

    pub(crate) fn duplicate_column(&mut self, name: &Name) {
        self.type_error(name.span, "KS171", format!("duplicate column `{}`", name.item));
    }

    fn sort_keys(&mut self, rows: &Rows, keys: &'a [SortKey]) -> Vec<SortBy> {
        keys.iter()
            .map(|key| {
                let typed = self.scalar(&key.value, &rows.scope());
                if typed.kind == Some(Type::Dynamic) {
                    self.type_error(
                        key.value.span,
                        "KS116",
                        "a `dynamic` has no order: convert it to another type first",
                    );
                }
                let ascending = key.ascending.unwrap_or(false);
                SortBy { value: typed.scalar, ascending, nulls_first: key.nulls_first.unwrap_or(ascending) }
            })
            .collect()
    }

    fn distinct(&mut self, rows: &mut Rows, items: &'a [Named], span: Span) {
        let all = items.iter().any(|item| matches!(item.value.item, ExprKind::Star));
        if !all {
            self.project(rows, items, span);
        }
        for field in &rows.fields {
            if field.kind == Some(Type::Dynamic) {
                let name = &field.name;
                self.type_error(
                    span,
                    "KS116",
                    format!("`{name}` is `dynamic`, which cannot be compared: convert it to another type first"),
                );
            }
        }
        rows.push(Action::Distinct, span);
        rows.ordered = false;
    }

    /// Reports settings other than hints, which have no effect offline.
    pub(crate) fn hints_only(&mut self, settings: &'a [Setting]) {
        for setting in settings {
            if !setting.name.item.starts_with("hint.") {
                self.type_error(
                    setting.name.span,
                    "KS005",
                    format!("unknown setting `{}` of this operator", setting.name.item),
                );
            }
        }
    }
}

/// A value of a row during binding.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    /// The name that the query gives.
    pub(crate) name: Option<&'a Name>,
    /// The name derived from the expression.
    pub(crate) title: Option<Title>,
    pub(crate) typed: Typed,
    /// Whether it may stand for columns with other names.
    pub(crate) is_open: bool,
}

/// Whether an expression is an unsupported call without a name: it can have several columns, with unknown names.
pub(crate) fn is_unknown_call(item: &Named, typed: &Typed) -> bool {
    let ExprKind::Call(name, _) = &item.value.item else { return false };
    typed.kind.is_none() && item.names.is_empty() && crate::registry::is_service_only(&name.item)
}

/// A name derived from an expression.
#[derive(Debug)]
pub(crate) enum Title {
    /// The expression is this column: its name must be free.
    Column(Name),
    /// The name can be numbered.
    Derived(String),
}

/// `getschema`: one row per column, independent of the rows.
fn schema(rows: &mut Rows) {
    let text = |text: &str| Scalar::Constant(Value::String(text.into()));
    let list = rows
        .fields
        .iter()
        .zip(0_i32..)
        .map(|(field, ordinal)| {
            let kind = field.kind.unwrap_or(Type::Dynamic);
            vec![
                text(&field.name),
                Scalar::Constant(Value::Int(ordinal)),
                text(operators::clr_name(kind)),
                text(kind.as_str()),
            ]
        })
        .collect();
    let fields = [
        ("ColumnName", Type::String),
        ("ColumnOrdinal", Type::Int),
        ("DataType", Type::String),
        ("ColumnType", Type::String),
    ];
    let fields = fields.into_iter().map(|(name, kind)| Field::new(name, Some(kind))).collect();
    *rows = Rows { ordered: true, ..Rows::new(Origin::Rows(list), fields) };
}
