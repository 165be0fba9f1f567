//! Binds calls: of functions of the registry, and of those whose arguments are names, rows or tables.

use crate::ast::{Argument, ExprKind, Name};
use crate::bind::binder::Binder;
use crate::bind::operators;
use crate::bind::scope::{Meaning, Scope, Typed};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::plan::{Definition, Scalar};
use crate::registry;
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Binder<'a> {
    pub(crate) fn call(&mut self, name: &'a Name, arguments: &'a [Argument], span: Span, scope: &Scope<'_>) -> Typed {
        match self.names.find(&name.item) {
            Some(Meaning::Function(function)) => {
                let function = *function;
                return self.scalar_function(&function, name, arguments, span, scope);
            }
            Some(Meaning::Table(..) | Meaning::Scalar(_)) | None => {}
        }
        match name.item.as_str() {
            "toscalar" => return self.toscalar(name, arguments, scope),
            "materialize" | "table" | "totable" | "view" => {
                self.type_error(span, "KS108", format!("`{}` returns a table; expected a single value", name.item));
                return Typed::invalid();
            }
            "column_ifexists" | "columnifexists" => return self.column_if_exists(name, arguments, scope),
            "pack_all" if !scope.open => return self.pack_all(name, arguments, scope),
            "prev" | "next" | "row_number" | "row_cumsum" | "row_rank_dense" | "row_rank_min"
            | "row_window_session" => {
                return self.window(name, arguments, span, scope);
            }
            "bag_pack_columns" if !scope.open => return self.bag_pack_columns(arguments, scope),
            "column_names_of" => return self.column_names(name, arguments),
            "cluster" | "database" | "external_table" | "http_request" | "http_request_post" | "externaldata" => {
                self.forbidden(&name.item, span);
                return Typed::invalid();
            }
            _ => {}
        }
        if let Some(collected) = &self.aggregates
            && !collected.within
            && let Some(typed) = self.aggregate(name, arguments, span, scope)
        {
            return typed;
        }
        let Some(function) = registry::scalar(&name.item) else {
            if registry::is_service_only(&name.item) {
                self.unsupported(&name.item, name.span);
                return Typed { fixed: false, ..Typed::invalid() };
            }
            for argument in arguments.iter().filter(|argument| !matches!(argument.value.item, ExprKind::Star)) {
                let _ = self.scalar(&argument.value, scope);
            }
            self.unknown_function(name);
            return Typed::invalid();
        };
        if matches!(function.name, "now" | "ago") {
            self.uses_now.get_or_insert(name.span);
        }
        let typed: Vec<Typed> = arguments.iter().map(|argument| self.scalar(&argument.value, scope)).collect();
        let spans: Vec<Span> = arguments.iter().map(|argument| argument.value.span).collect();
        self.columns = None;
        self.apply(function, typed, name, &spans)
    }

    fn unknown_function(&mut self, name: &Name) {
        if registry::aggregate(&name.item).is_some() || is_multi_column(&name.item) {
            self.type_error(
                name.span,
                "KS144",
                format!("aggregate `{}` is only valid in `summarize` and `make-series`", name.item),
            );
        } else if registry::is_service_only(&name.item) {
            self.unsupported(&name.item, name.span);
        } else {
            let functions: Vec<String> = self
                .names
                .visible()
                .filter(|(_, meaning)| matches!(meaning, Meaning::Function(_)))
                .map(|(name, _)| name.to_owned())
                .collect();
            let builtin: Vec<&str> = registry::names().collect();
            let known = functions.iter().map(String::as_str).chain(builtin);
            self.unknown(DiagnosticCode::UnknownFunction, "KS211", name, known);
        }
    }

    /// Binds a call of a function of the registry.
    pub(crate) fn apply(
        &mut self,
        function: &'static registry::Scalar,
        typed: Vec<Typed>,
        name: &Name,
        spans: &[Span],
    ) -> Typed {
        let fixed = typed.iter().all(|argument| argument.fixed);
        if !function.arity.contains(&typed.len()) {
            self.arity(name, &function.arity, typed.len());
            return Typed { fixed, ..Typed::invalid() };
        }
        let Some(described) = describe(&typed) else {
            return Typed { fixed, kind: known_result(&typed, function.result), ..Typed::invalid() };
        };
        let kind = match (function.result)(&described) {
            Ok(kind) => kind,
            Err(error) => {
                self.argument_error(name, &error, &described, spans);
                return Typed { fixed, ..Typed::invalid() };
            }
        };
        self.columns = (function.columns)(&described);
        let scalar = shape(function, typed, described, kind);
        Typed { scalar: operators::fold_constants(scalar), kind: Some(kind), fixed, type_of: None }
    }

    pub(crate) fn arity(&mut self, name: &Name, arity: &std::ops::RangeInclusive<usize>, given: usize) {
        let (least, most) = (*arity.start(), *arity.end());
        let want = match (least, most) {
            (1, 1) => "1 argument".to_owned(),
            (least, most) if least == most => format!("{least} arguments"),
            (least, usize::MAX) => format!("at least {least} arguments"),
            (least, most) => format!("between {least} and {most} arguments"),
        };
        let message = format!("`{}` takes {want}, found {given}", name.item);
        let diagnostic = Diagnostic::new(DiagnosticCode::Type, name.span, message);
        // The code for a number of arguments within a range depends on the function.
        self.diagnostics.push(if least == most { diagnostic.kusto("KS119") } else { diagnostic });
    }

    pub(crate) fn argument_error(
        &mut self,
        name: &Name,
        error: &registry::ArgumentError,
        described: &[registry::Argument],
        spans: &[Span],
    ) {
        let span = spans.get(error.argument).copied().unwrap_or(name.span);
        let given = described.get(error.argument).map_or("nothing", |argument| argument.kind.as_str());
        let message = format!("`{}` needs {} here, found `{given}`", name.item, error.expected);
        let diagnostic = Diagnostic::new(DiagnosticCode::Type, span, message);
        self.diagnostics.push(match service_code(&error.expected) {
            Some(code) => diagnostic.kusto(code),
            None => diagnostic,
        });
    }

    fn toscalar(&mut self, name: &'a Name, arguments: &'a [Argument], scope: &Scope<'_>) -> Typed {
        let [argument] = arguments else {
            self.arity(name, &(1..=1), arguments.len());
            return Typed::invalid();
        };
        if !self.is_table(&argument.value) && !self.is_open_table(&argument.value) {
            let typed = self.scalar(&argument.value, scope);
            return self.evaluate_once(typed);
        }
        let Some(rows) = self.deeper(name.span, |binder| binder.table(&argument.value)) else {
            return Typed::invalid();
        };
        let Some(kind) = rows.fields.first().and_then(|field| field.kind) else {
            if !rows.open && rows.fields.is_empty() {
                self.type_error(argument.value.span, "KS190", "the table has no columns");
            }
            return Typed::invalid();
        };
        let index = self.define(Definition::Cell(rows.finish(), kind));
        Typed { scalar: Scalar::Defined(index), kind: Some(kind), fixed: true, type_of: None }
    }

    /// `bag_pack_columns(a, b)`: the columns as a bag, by their names.
    fn bag_pack_columns(&mut self, arguments: &'a [Argument], scope: &Scope<'_>) -> Typed {
        let Some(function) = registry::scalar("bag_pack") else { return Typed::invalid() };
        let mut typed = Vec::with_capacity(2 * arguments.len());
        for argument in arguments {
            let ExprKind::Name(name) = &argument.value.item else {
                self.type_error(argument.value.span, "KS133", "`bag_pack_columns` needs columns");
                return Typed::invalid();
            };
            typed.push(Typed::constant(Value::text(name.as_str()), Type::String));
            typed.push(self.scalar(&argument.value, scope));
        }
        let Some(described) = describe(&typed) else { return Typed::invalid() };
        let arguments = typed.into_iter().map(|typed| typed.scalar).collect();
        let scalar = Scalar::Call { function, arguments, described };
        Typed { scalar, kind: Some(Type::Dynamic), fixed: false, type_of: None }
    }

    /// `column_names_of(T)`: the names of the columns of a table.
    fn column_names(&mut self, name: &'a Name, arguments: &'a [Argument]) -> Typed {
        let [argument] = arguments else {
            self.arity(name, &(1..=1), arguments.len());
            return Typed::invalid();
        };
        let rows = self.table(&argument.value);
        if rows.open {
            return Typed::invalid();
        }
        let names = rows.fields.iter().map(|field| Value::String(field.name.clone()));
        Typed::constant(Value::array(names.collect()), Type::Dynamic)
    }

    fn column_if_exists(&mut self, name: &'a Name, arguments: &'a [Argument], scope: &Scope<'_>) -> Typed {
        let [column, otherwise] = arguments else {
            self.arity(name, &(2..=2), arguments.len());
            return Typed::invalid();
        };
        let ExprKind::Literal(_, Value::String(wanted)) = &column.value.item else {
            self.type_error(column.value.span, "KS141", "the column name must be a string literal");
            return Typed::invalid();
        };
        let otherwise = self.scalar(&otherwise.value, scope);
        if scope.fields.iter().any(|field| field.name == *wanted) {
            return self.name(&Name::new(wanted.to_string(), column.value.span), scope);
        }
        otherwise
    }

    fn pack_all(&mut self, name: &'a Name, arguments: &'a [Argument], scope: &Scope<'_>) -> Typed {
        let mut without_empty = false;
        if let Some(argument) = arguments.first() {
            let typed = self.scalar(&argument.value, scope);
            match typed.value() {
                Some(Value::Bool(value)) => without_empty = *value,
                _ => {
                    self.unsupported("pack_all of a value that is not constant", argument.value.span);
                    return Typed::invalid();
                }
            }
        }
        let function = if without_empty { Some(registry::pack_filled()) } else { registry::scalar("bag_pack") };
        let Some(function) = function else {
            self.unsupported(&name.item, name.span);
            return Typed::invalid();
        };
        let mut typed = Vec::with_capacity(scope.fields.len() * 2);
        for (index, field) in scope.fields.iter().enumerate() {
            typed.push(Typed::constant(Value::String(field.name.clone()), Type::String));
            typed.push(Typed { scalar: Scalar::Column(index), kind: field.kind, fixed: false, type_of: None });
        }
        let Some(described) = describe(&typed) else { return Typed::invalid() };
        let arguments = typed.into_iter().map(|typed| typed.scalar).collect();
        Typed {
            scalar: Scalar::Call { function, arguments, described },
            kind: Some(Type::Dynamic),
            fixed: false,
            type_of: None,
        }
    }
}

/// The code that the language service reports for an argument that is not of the expected kind; `None` where it depends on
/// the function, or where only Kusto itself finds the problem.
fn service_code(expected: &str) -> Option<&'static str> {
    match expected {
        "a bool" | "a datetime" | "a timespan" | "a guid" => Some("KS107"),
        "a number" | "a real number" | "a constant number" => Some("KS137"),
        "a whole number" => Some("KS134"),
        "a number, datetime or timespan" => Some("KS138"),
        "a constant regex" => Some("KS129"),
        other if other.starts_with("a value that is not ") => Some("KS116"),
        _ => None,
    }
}

/// Whether an aggregate is bound without the registry because it can return several columns.
pub(crate) fn is_multi_column(name: &str) -> bool {
    matches!(
        name,
        "arg_max"
            | "arg_min"
            | "argmax"
            | "argmin"
            | "any"
            | "take_any"
            | "take_anyif"
            | "anyif"
            | "percentiles"
            | "percentilesw"
    )
}

/// The arguments in the form that the registry expects; `None` if one of them has errors.
pub(crate) fn describe(typed: &[Typed]) -> Option<Vec<registry::Argument>> {
    typed
        .iter()
        .map(|argument| {
            Some(registry::Argument {
                kind: argument.kind?,
                constant: argument.value().cloned(),
                type_of: argument.type_of,
            })
        })
        .collect()
}

/// The type of the result of a function if it does not depend on the arguments whose types are not known.
pub(crate) fn known_result(
    typed: &[Typed],
    result: fn(&[registry::Argument]) -> Result<Type, registry::ArgumentError>,
) -> Option<Type> {
    let mut kinds = Type::ALL.iter().filter_map(|unknown| {
        let argument = |typed: &Typed| registry::Argument {
            kind: typed.kind.unwrap_or(*unknown),
            constant: typed.kind.and_then(|_| typed.value().cloned()),
            type_of: typed.type_of,
        };
        result(&typed.iter().map(argument).collect::<Vec<_>>()).ok()
    });
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

/// The call as a lazily evaluated expression for functions that have one, otherwise a plain call.
fn shape(
    function: &'static registry::Scalar,
    typed: Vec<Typed>,
    described: Vec<registry::Argument>,
    kind: Type,
) -> Scalar {
    match function.name {
        "iff" | "iif" | "case" => {
            let mut branches = Vec::with_capacity(typed.len() / 2);
            let mut rest = typed.into_iter();
            loop {
                let Some(first) = rest.next() else { break Scalar::Constant(Value::Null) };
                match rest.next() {
                    Some(second) => branches.push((first.scalar, operators::converted(second, kind))),
                    None => break Scalar::Case(branches, Box::new(operators::converted(first, kind))),
                }
            }
        }
        "coalesce" => {
            Scalar::Coalesce(typed.into_iter().map(|argument| operators::converted(argument, kind)).collect())
        }
        _ => {
            let arguments = typed.into_iter().map(|argument| argument.scalar).collect();
            Scalar::Call { function, arguments, described }
        }
    }
}
