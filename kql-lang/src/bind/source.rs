//! Binds the sources that contain their own rows: `print`, `range`, `datatable`.

use crate::ast::{Expr, Name, Named};
use crate::bind::binder::Binder;
use crate::bind::rows::Rows;
use crate::bind::scope::{Field, Scope};
use crate::bind::tabular::{Item, Title};
use crate::bind::{names, operators};
use crate::plan::{Origin, Scalar};
use crate::span::Span;
use crate::value::Type;

impl<'a> Binder<'a> {
    pub(crate) fn print(&mut self, items: &'a [Named]) -> Rows {
        let mut fields: Vec<Field> = Vec::new();
        let mut row = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mut values = self.values_of(item, &Scope::NOTHING);
            // A single value is named after its place, several after the function.
            if let [Item { title, .. }] = values.as_mut_slice() {
                *title = Some(Title::Derived(format!("print_{index}")));
            }
            for Item { name, title, typed, .. } in values {
                let name = match (name, title) {
                    (Some(name), _) => {
                        self.new_name(name, &fields);
                        name.item.clone()
                    }
                    (None, Some(Title::Derived(title))) => names::unique(names::of(&fields), &title),
                    (None, _) => names::unique(names::of(&fields), &format!("print_{index}")),
                };
                fields.push(Field::new(&name, typed.kind));
                row.push(typed.scalar);
            }
        }
        Rows::new(Origin::Rows(vec![row]), fields)
    }

    pub(crate) fn range(&mut self, name: &'a Name, parts: [&'a Expr; 3], span: Span) -> Rows {
        let [from, to, step] = parts.map(|part| self.scalar(part, &Scope::NOTHING));
        let mut kind = None;
        if let (Some(one), Some(two), Some(three)) = (from.kind, to.kind, step.kind) {
            kind = operators::range(one, two, three);
            if kind.is_none() {
                let [one, two, three] = [one, two, three].map(Type::as_str);
                self.type_error(
                    span,
                    "KS127",
                    format!("`range` does not accept bounds `{one}` and `{two}` with a step of `{three}`"),
                );
            }
        }
        let fields = vec![Field::new(&name.item, kind)];
        let origin = Origin::Range {
            from: from.scalar,
            to: to.scalar,
            step: step.scalar,
            kind: kind.unwrap_or(Type::Long),
            span,
        };
        Rows { ordered: true, ..Rows::new(origin, fields) }
    }

    pub(crate) fn datatable(&mut self, columns: &'a [(Name, Type)], values: &'a [Expr], span: Span) -> Rows {
        let mut fields: Vec<Field> = Vec::new();
        for (name, kind) in columns {
            self.new_name(name, &fields);
            fields.push(Field::new(&name.item, Some(*kind)));
        }
        if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
            let width = columns.len();
            self.type_error(
                span,
                "KS173",
                format!("{} values cannot be split into rows of {width} columns", values.len()),
            );
            return Rows::new(Origin::Rows(Vec::new()), fields);
        }
        let mut rows = Vec::with_capacity(values.len() / columns.len());
        for chunk in values.chunks(columns.len()) {
            let mut row = Vec::with_capacity(columns.len());
            for (value, (_, kind)) in chunk.iter().zip(columns) {
                let typed = self.scalar(value, &Scope::NOTHING);
                row.push(if typed.kind.is_none_or(|given| given == *kind) {
                    typed.scalar
                } else {
                    operators::fold_constants(Scalar::Convert(*kind, Box::new(typed.scalar)))
                });
            }
            rows.push(row);
        }
        Rows { ordered: true, ..Rows::new(Origin::Rows(rows), fields) }
    }
}
