//! Binds the window functions, whose values depend on other rows: `row_number`, `prev`, `row_rank_dense` and so on.

use crate::ast::{Argument, Name};
use crate::bind::binder::Binder;
use crate::bind::operators;
use crate::bind::scope::{Scope, Typed};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::plan::{Scalar, Window};
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Binder<'a> {
    pub(crate) fn window(&mut self, name: &'a Name, arguments: &'a [Argument], span: Span, scope: &Scope<'_>) -> Typed {
        let typed: Vec<Typed> = arguments.iter().map(|argument| self.scalar(&argument.value, scope)).collect();
        let arity = match name.item.as_str() {
            "row_number" => 0..=2,
            "row_cumsum" | "row_rank_dense" | "row_rank_min" => 1..=2,
            "row_window_session" => 3..=4,
            _ => 1..=3,
        };
        if !arity.contains(&typed.len()) {
            self.arity(name, &arity, typed.len());
            return Typed::invalid();
        }
        if typed.iter().any(|argument| argument.kind.is_none()) {
            return Typed { fixed: false, ..Typed::invalid() };
        }
        if self.windows.is_none() {
            self.diagnostics.push(
                Diagnostic::new(DiagnosticCode::Type, span, format!("`{}` needs ordered rows", name.item))
                    .help("put `sort by …` or `serialize` before it, and use it in `extend` or `project`"),
            );
            return Typed { fixed: false, ..Typed::invalid() };
        }
        let kind = match name.item.as_str() {
            "row_number" | "row_rank_dense" | "row_rank_min" => Some(Type::Long),
            _ => typed.first().and_then(|value| value.kind),
        };
        let Some(window) = self.window_of(name, typed, arguments) else { return Typed::invalid() };
        let windows = self.windows.get_or_insert_default();
        windows.push(window);
        let scalar = Scalar::Column(scope.fields.len() + windows.len() - 1);
        Typed { scalar, kind, fixed: false, type_of: None }
    }

    fn window_of(&mut self, name: &Name, typed: Vec<Typed>, arguments: &[Argument]) -> Option<Window> {
        let spans: Vec<Span> = arguments.iter().map(|argument| argument.value.span).collect();
        let mut rest = typed.into_iter();
        if name.item == "row_number" {
            let start = rest.next().map_or(Scalar::Constant(Value::Long(1)), |start| start.scalar);
            return Some(Window::RowNumber { start, restart: rest.next().map(|restart| restart.scalar) });
        }
        let value = rest.next()?;
        let first = spans.first().copied().unwrap_or(name.span);
        if matches!(name.item.as_str(), "row_rank_dense" | "row_rank_min") {
            if value.kind == Some(Type::Dynamic) {
                self.type_error(first, "KS116", "a `dynamic` has no rank: convert it to another type first");
                return None;
            }
            let restart = rest.next().map(|restart| restart.scalar);
            return Some(Window::Rank { value: value.scalar, restart, dense: name.item == "row_rank_dense" });
        }
        if name.item == "row_window_session" {
            if value.kind != Some(Type::DateTime) {
                self.type_error(first, "KS107", "`row_window_session` needs a datetime");
                return None;
            }
            let (from_first, between) = (rest.next()?.scalar, rest.next()?.scalar);
            let restart = rest.next().map(|restart| restart.scalar);
            return Some(Window::Session { value: value.scalar, from_first, between, restart });
        }
        if name.item == "row_cumsum" {
            if !value.kind.is_some_and(operators::is_number) {
                self.type_error(spans.first().copied().unwrap_or(name.span), "KS137", "`row_cumsum` needs numbers");
                return None;
            }
            return Some(Window::Sum { value: value.scalar, restart: rest.next().map(|restart| restart.scalar) });
        }
        let by = match rest.next().map(|by| by.value().cloned()) {
            None => 1,
            Some(Some(Value::Long(by))) => by,
            Some(Some(Value::Int(by))) => i64::from(by),
            Some(_) => {
                self.type_error(
                    spans.get(1).copied().unwrap_or(name.span),
                    "KS134",
                    "the distance must be a constant whole number",
                );
                return None;
            }
        };
        let kind = value.kind.unwrap_or(Type::Dynamic);
        let default = rest.next().map_or_else(|| Scalar::Constant(Value::nothing(kind)), |typed| typed.scalar);
        let by = if name.item == "next" { by.saturating_neg() } else { by };
        Some(Window::Shift { value: value.scalar, by, default })
    }
}
