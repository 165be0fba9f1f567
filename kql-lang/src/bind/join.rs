//! Binds the operators on several tables: `join`, `lookup`, `union`.

use crate::ast::{self, BinaryOp, Expr, ExprKind, Name, Setting};
use crate::bind::binder::Binder;
use crate::bind::rows::columns;
use crate::bind::rows::{Rows, setting_value};
use crate::bind::scope::{Field, Meaning};
use crate::bind::{names, operators};
use crate::diagnostic::DiagnosticCode;
use crate::plan::{Action, Join, JoinKind, Scalar};
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Binder<'a> {
    pub(crate) fn join(&mut self, left: Rows, join: &'a ast::Join, span: Span) -> Rows {
        let mut kind = JoinKind::InnerUnique;
        for setting in &join.settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind", Some(word)) => match join_kind(word) {
                    Some(known) => kind = known,
                    None => self.type_error(setting.value.span, "KS005", format!("unknown join kind `{word}`")),
                },
                (name, _) if name.starts_with("hint.") => {}
                (name, _) => self.type_error(setting.name.span, "KS005", format!("unknown setting `{name}` of `join`")),
            }
        }
        self.sides(left, join, kind, false, span)
    }

    pub(crate) fn lookup(&mut self, left: Rows, join: &'a ast::Join, span: Span) -> Rows {
        let mut kind = JoinKind::LeftOuter;
        for setting in &join.settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind", Some("leftouter")) => kind = JoinKind::LeftOuter,
                ("kind", Some("inner")) => kind = JoinKind::Inner,
                (name, _) if name.starts_with("hint.") => {}
                _ => self.type_error(setting.value.span, "KS005", "`lookup` is `leftouter` or `inner`"),
            }
        }
        self.sides(left, join, kind, true, span)
    }

    fn sides(&mut self, mut left: Rows, join: &'a ast::Join, kind: JoinKind, is_lookup: bool, span: Span) -> Rows {
        let right = if self.is_table(&join.right) || self.is_open_table(&join.right) {
            self.table(&join.right)
        } else {
            let _ = self.table(&join.right);
            Rows::unknown()
        };
        if join.on.is_empty() {
            self.type_error(span, "KS006", "a join needs `on` and its key columns");
        }
        let mut on = Vec::new();
        for condition in &join.on {
            self.equalities(condition, &left, &right, &mut on);
        }
        let open = left.open || right.open;
        let (width, right_width) = (left.fields.len(), right.fields.len());
        let dropped = |index: usize| is_lookup && on.iter().any(|(_, right)| *right == index);
        let output: Vec<usize> = match kind {
            JoinKind::LeftAnti | JoinKind::LeftSemi => (0..width).collect(),
            JoinKind::RightAnti | JoinKind::RightSemi => (width..width + right_width).collect(),
            _ => {
                (0..width).chain((0..right_width).filter(|index| !dropped(*index)).map(|index| width + index)).collect()
            }
        };
        let fields = match kind {
            JoinKind::LeftAnti | JoinKind::LeftSemi => left.fields.clone(),
            JoinKind::RightAnti | JoinKind::RightSemi => right.fields.clone(),
            _ => {
                // A right column is renamed if its name is taken on the left or by another right column that keeps its
                // name.
                let mut fields = left.fields.clone();
                let free: Vec<&str> = names::of(&right.fields).filter(|name| left.find(name).is_none()).collect();
                for (index, field) in right.fields.iter().enumerate() {
                    if dropped(index) {
                        continue;
                    }
                    let name = if left.find(&field.name).is_none() {
                        field.name.to_string()
                    } else {
                        names::unique(names::of(&fields).chain(free.iter().copied()), &field.name)
                    };
                    fields.push(Field::new(&name, field.kind));
                }
                fields
            }
        };
        let right_tables = right.tables.clone();
        let action = Join { kind, on, left: columns(&left.fields), output, right: right.finish() };
        left.push(Action::Join(Box::new(action)), span);
        left.fields = fields;
        left.open = open;
        left.tables.extend(right_tables);
        left.ordered = false;
        left
    }

    /// The pairs of columns that a join condition compares.
    fn equalities(&mut self, condition: &'a Expr, left: &Rows, right: &Rows, on: &mut Vec<(usize, usize)>) {
        let mut rest = vec![condition];
        while let Some(condition) = rest.pop() {
            match &condition.item {
                ExprKind::Binary(BinaryOp::And, one, two) => rest.extend([&**two, &**one]),
                ExprKind::Name(name) => {
                    let name = Name::new(name.clone(), condition.span);
                    for table in left.tables.iter().chain(&right.tables) {
                        self.inferred.entry(table.clone()).or_default().insert(name.item.clone());
                    }
                    let pair = (self.side(&name, left), self.side(&name, right));
                    self.pair(pair, (left, right), condition.span, on);
                }
                ExprKind::Binary(BinaryOp::Equal, one, two) => match (sided(one), sided(two)) {
                    (Some(("$left", a)), Some(("$right", b))) => {
                        let pair = (self.side(a, left), self.side(b, right));
                        self.pair(pair, (left, right), condition.span, on);
                    }
                    _ => self.type_error(condition.span, "KS183", "expected `$left.column == $right.column`"),
                },
                _ => self.type_error(
                    condition.span,
                    "KS182",
                    "a join condition must be a column of both sides or `$left.column == $right.column`",
                ),
            }
        }
    }

    fn side(&mut self, name: &Name, rows: &Rows) -> Option<usize> {
        let found = rows.find(&name.item);
        if found.is_none() && !rows.open {
            self.unknown(DiagnosticCode::UnknownColumn, "KS142", name, names::of(&rows.fields));
        }
        for table in &rows.tables {
            self.inferred.entry(table.clone()).or_default().insert(name.item.clone());
        }
        found
    }

    fn pair(
        &mut self,
        pair: (Option<usize>, Option<usize>),
        sides: (&Rows, &Rows),
        span: Span,
        on: &mut Vec<(usize, usize)>,
    ) {
        let (Some(a), Some(b)) = pair else { return };
        let kind = |rows: &Rows, index: usize| rows.fields.get(index).and_then(|field| field.kind);
        if let (Some(one), Some(two)) = (kind(sides.0, a), kind(sides.1, b)) {
            if one == Type::Dynamic || two == Type::Dynamic {
                self.type_error(span, "KS241", "a `dynamic` cannot be a join key: convert it to another type first");
            } else if one != two && !(operators::is_whole(one) && operators::is_whole(two)) {
                let (one, two) = (one.as_str(), two.as_str());
                self.type_error(span, "KS242", format!("join keys must have the same type, found `{one}` and `{two}`"));
            }
        }
        on.push((a, b));
    }

    pub(crate) fn union(
        &mut self,
        first: Option<Rows>,
        settings: &'a [Setting],
        tables: &'a [Expr],
        span: Span,
    ) -> Rows {
        let mut inner = false;
        let mut fuzzy = false;
        let mut source = None;
        for setting in settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind", Some("inner")) => inner = true,
                ("kind", Some("outer")) => inner = false,
                ("isfuzzy", Some(word)) => fuzzy = word == "true",
                ("withsource" | "with_source", Some(name)) => source = Some(name.to_owned()),
                (name, _) if name.starts_with("hint.") => {}
                (name, _) => {
                    self.type_error(setting.value.span, "KS005", format!("unsupported `{name}` setting of `union`"))
                }
            }
        }
        let mut inputs: Vec<(String, Rows)> = Vec::new();
        if let Some(rows) = first {
            let label = match (&rows.named, &rows.origin, rows.steps.as_slice()) {
                (Some(name), ..) => name.clone(),
                (None, crate::plan::Origin::Table { name, .. }, []) => name.clone(),
                _ => "union_arg0".to_owned(),
            };
            inputs.push((label, rows));
        }
        for table in tables {
            for (label, rows) in self.members(table, fuzzy) {
                let label = rows.named.clone().or(label).unwrap_or_else(|| format!("union_arg{}", inputs.len()));
                inputs.push((label, rows));
            }
        }
        combine(inputs, inner, source.as_deref(), span)
    }

    /// The tables of the catalogue and the views of the query that match a name with `*`, tables first.
    pub(crate) fn matching_tables(&self, pattern: &str) -> Vec<String> {
        let mut found: Vec<String> =
            self.catalog.tables.keys().filter(|name| names::fits(pattern, name)).cloned().collect();
        let views = self.names.visible().filter(|(name, meaning)| {
            matches!(meaning, Meaning::Function(function) if function.view && function.parameters.is_empty())
                && names::fits(pattern, name)
        });
        let mut views: Vec<String> = views.map(|(name, _)| name.to_owned()).collect();
        // The newest is visited first.
        views.reverse();
        found.extend(views);
        found
    }

    /// The tables that match a name with `*`, or the one table.
    pub(crate) fn members(&mut self, table: &'a Expr, fuzzy: bool) -> Vec<(Option<String>, Rows)> {
        let pattern = match &table.item {
            ExprKind::Star => Some("*"),
            ExprKind::Name(name) if name.contains('*') => Some(name.as_str()),
            _ => None,
        };
        if let Some(pattern) = pattern {
            let found = self.matching_tables(pattern);
            if found.is_empty() && !fuzzy {
                let name = Name::new(pattern.to_owned(), table.span);
                self.unknown(
                    DiagnosticCode::UnknownTable,
                    "KS204",
                    &name,
                    self.catalog.tables.keys().map(String::as_str),
                );
            }
            return found
                .into_iter()
                .map(|name| {
                    let rows = self.named_table(&Name::new(name.clone(), table.span));
                    (Some(name), rows)
                })
                .collect();
        }
        match &table.item {
            ExprKind::Name(name) => {
                let is_known = self.names.find(name).is_some() || self.catalog.tables.contains_key(name);
                if fuzzy && !is_known && !self.catalog.open {
                    return Vec::new();
                }
                vec![(Some(name.clone()), self.table(table))]
            }
            ExprKind::Call(name, _) => vec![(Some(name.item.clone()), self.table(table))],
            _ => vec![(None, self.table(table))],
        }
    }
}

/// Combines the rows of several tables into common columns.
pub(crate) fn combine(inputs: Vec<(String, Rows)>, inner: bool, source: Option<&str>, span: Span) -> Rows {
    let open = inputs.iter().any(|(_, rows)| rows.open);
    let tables: Vec<String> = inputs.iter().flat_map(|(_, rows)| rows.tables.clone()).collect();
    // Each pair of a name and a type is a column; a name with several types is placed where it occurs first.
    let mut wanted: Vec<(String, Vec<Option<Type>>)> = Vec::new();
    for (_, rows) in &inputs {
        for field in &rows.fields {
            match wanted.iter_mut().find(|(name, _)| **name == *field.name) {
                Some((_, kinds)) => {
                    if !kinds.contains(&field.kind) {
                        kinds.push(field.kind);
                    }
                }
                None => wanted.push((field.name.to_string(), vec![field.kind])),
            }
        }
    }
    if inner {
        wanted.retain(|(name, _)| inputs.iter().all(|(_, rows)| rows.find(name).is_some()));
    }
    let mut fields: Vec<Field> = source.map(|name| Field::new(name, Some(Type::String))).into_iter().collect();
    let mut chosen: Vec<(String, Option<Type>)> = Vec::new();
    for (name, kinds) in &wanted {
        for kind in kinds {
            let title = match (kinds.as_slice(), kind) {
                ([_], _) | (_, None) => name.clone(),
                (_, Some(kind)) => format!("{name}_{}", kind.as_str()),
            };
            // A column that keeps its name comes before one that is renamed.
            let kept = wanted.iter().filter(|(_, kinds)| kinds.len() == 1).map(|(name, _)| name.as_str());
            let is_kept = kinds.len() == 1;
            let taken = names::of(&fields).chain(kept.filter(|_| !is_kept));
            fields.push(Field::new(&names::unique(taken, &title), *kind));
            chosen.push((name.clone(), *kind));
        }
    }
    let mut result: Option<Rows> = None;
    for (label, mut rows) in inputs {
        let mut row: Vec<Scalar> = Vec::with_capacity(fields.len());
        if source.is_some() {
            row.push(Scalar::Constant(Value::String(label.as_str().into())));
        }
        for (name, kind) in &chosen {
            let found = rows.fields.iter().position(|field| *field.name == **name && field.kind == *kind);
            row.push(match found {
                Some(index) => Scalar::Column(index),
                None => Scalar::Constant(Value::nothing(kind.unwrap_or(Type::Dynamic))),
            });
        }
        let same = row.len() == rows.fields.len()
            && row.iter().enumerate().all(|(index, cell)| matches!(cell, Scalar::Column(at) if *at == index));
        if !same {
            rows.push(Action::Map(row), span);
        }
        rows.fields.clone_from(&fields);
        rows.ordered = false;
        rows.named = None;
        match &mut result {
            None => result = Some(rows),
            Some(first) => first.push(Action::Append(rows.finish()), span),
        }
    }
    let mut result = result.unwrap_or_else(|| Rows::new(crate::bind::rows::empty_relation().origin, fields));
    result.open = open;
    result.tables = tables;
    result
}

fn join_kind(word: &str) -> Option<JoinKind> {
    Some(match word {
        "innerunique" => JoinKind::InnerUnique,
        "inner" => JoinKind::Inner,
        "leftouter" => JoinKind::LeftOuter,
        "rightouter" => JoinKind::RightOuter,
        "fullouter" => JoinKind::FullOuter,
        "leftanti" | "anti" | "leftantisemi" => JoinKind::LeftAnti,
        "rightanti" | "rightantisemi" => JoinKind::RightAnti,
        "leftsemi" => JoinKind::LeftSemi,
        "rightsemi" => JoinKind::RightSemi,
        _ => return None,
    })
}

/// `$left.column` or `$right.column`.
fn sided(expr: &Expr) -> Option<(&str, &Name)> {
    match &expr.item {
        ExprKind::Member(base, name) => match &base.item {
            ExprKind::Name(side) => Some((side.as_str(), name)),
            _ => None,
        },
        _ => None,
    }
}
