//! Binds the operators that apply operators in brackets to parts of the rows, and `invoke`.

use crate::ast::{Argument, Expr, MvApply, Name, Operator};
use crate::bind::binder::Binder;
use crate::bind::rows::Rows;
use crate::bind::scope::{Field, Meaning};
use crate::plan::{Action, Apply, Cell, Origin, Parts};
use crate::span::Span;
use crate::value::Type;

impl<'a> Binder<'a> {
    pub(crate) fn mv_apply(&mut self, mut rows: Rows, apply: &'a MvApply, span: Span) -> Rows {
        let outer = rows.fields.clone();
        let open = rows.open;
        let (expansion, fields) =
            self.expansion("mv-apply", &rows, &apply.settings, &apply.items, apply.limit.as_ref());
        let expanded: Vec<usize> = expansion.items.iter().map(|item| item.column).collect();
        let Some(inner) = self.in_brackets(fields, open, &apply.operators, span) else { return Rows::unknown() };
        // The columns outside, except the expanded ones; a column of the operators replaces one of the same name.
        let mut fields: Vec<Field> = Vec::new();
        let mut output = Vec::new();
        for (index, field) in outer.iter().enumerate().filter(|(index, _)| !expanded.contains(index)) {
            fields.push(field.clone());
            output.push(Cell::Outer(index));
        }
        for (index, field) in inner.fields.iter().enumerate() {
            let known = fields.iter().position(|known| known.name == field.name);
            match known.and_then(|known| fields.get_mut(known).zip(output.get_mut(known))) {
                Some((known, cell)) => {
                    known.kind = field.kind;
                    *cell = Cell::Inner(index);
                }
                None => {
                    fields.push(field.clone());
                    output.push(Cell::Inner(index));
                }
            }
        }
        let open = inner.open;
        let action = Apply { parts: Parts::Elements(expansion), inner: inner.finish(), output };
        rows.push(Action::Apply(Box::new(action)), span);
        rows.fields = fields;
        rows.open |= open;
        rows.ordered = false;
        rows
    }

    pub(crate) fn partition(&mut self, mut rows: Rows, by: &'a Expr, operators: &'a [Operator], span: Span) -> Rows {
        let key = self.scalar(by, &rows.scope());
        if key.kind == Some(Type::Dynamic) {
            self.type_error(by.span, "KS116", "a `dynamic` cannot divide rows: convert it to another type first");
        }
        let Some(inner) = self.in_brackets(rows.fields.clone(), rows.open, operators, span) else {
            return Rows::unknown();
        };
        let (fields, open) = (inner.fields.clone(), inner.open);
        let output = (0..fields.len()).map(Cell::Inner).collect();
        let action = Apply { parts: Parts::Groups(key.scalar), inner: inner.finish(), output };
        rows.push(Action::Apply(Box::new(action)), span);
        rows.fields = fields;
        rows.open = open;
        rows.ordered = false;
        rows
    }

    /// Binds operators over rows that the surrounding operator supplies.
    fn in_brackets(&mut self, fields: Vec<Field>, open: bool, operators: &'a [Operator], span: Span) -> Option<Rows> {
        let outside = (self.aggregates.take(), self.windows.take(), self.scan.take());
        let before = self.names.at;
        let inner = self.deeper(span, |binder| {
            let origin = Origin::Given(fields.len());
            let mut rows = Rows { open, ordered: true, ..Rows::new(origin, fields) };
            for operator in operators {
                if binder.is_too_large(rows.fields.len() + 1, operator.span) {
                    return Rows::unknown();
                }
                rows = binder.operator(rows, operator);
            }
            rows
        });
        self.names.at = before;
        (self.aggregates, self.windows, self.scan) = outside;
        inner
    }

    /// `invoke f(x)`: the function with the table as its first argument.
    pub(crate) fn invoke(&mut self, rows: Rows, name: &'a Name, arguments: &'a [Argument], span: Span) -> Rows {
        let Some(Meaning::Function(function)) = self.names.find(&name.item) else {
            let known: Vec<String> = self.names.visible().map(|(name, _)| name.to_owned()).collect();
            let code = crate::diagnostic::DiagnosticCode::UnknownFunction;
            self.unknown(code, "KS211", name, known.iter().map(String::as_str));
            return Rows::unknown();
        };
        let function = *function;
        if rows.is_given() {
            self.unsupported("invoke in brackets", span);
            return Rows::unknown();
        }
        let first = self.define_table(rows);
        self.table_function_over(&function, name, Some(first), arguments, span)
    }
}
