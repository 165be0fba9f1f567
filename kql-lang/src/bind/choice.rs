//! Binds the operators that select columns by pattern: `project-away`, `project-keep`, `project-rename`,
//! `project-reorder`.

use crate::ast::{Name, NamePattern};
use crate::bind::binder::Binder;
use crate::bind::names;
use crate::bind::rows::Rows;
use crate::diagnostic::DiagnosticCode;
use crate::span::Span;

impl<'a> Binder<'a> {
    /// The columns that match the patterns, each once, in the order of the patterns.
    pub(crate) fn matching(&mut self, rows: &Rows, patterns: &'a [NamePattern]) -> Vec<usize> {
        let mut found = Vec::new();
        for pattern in patterns {
            let before = found.len();
            let mut any = false;
            for (index, field) in rows.fields.iter().enumerate() {
                if names::fits(&pattern.item, &field.name) {
                    any = true;
                    if !found.contains(&index) {
                        found.push(index);
                    }
                }
            }
            if !any && found.len() == before && !rows.open {
                self.unknown(DiagnosticCode::UnknownColumn, "KS142", pattern, names::of(&rows.fields));
            }
        }
        found
    }

    pub(crate) fn rename(&mut self, rows: &mut Rows, pairs: &'a [(Name, Name)]) {
        let before = rows.fields.clone();
        for (new, old) in pairs {
            let Some(index) = before.iter().position(|field| *field.name == *old.item) else {
                if !rows.open {
                    self.unknown(DiagnosticCode::UnknownColumn, "KS142", old, names::of(&before));
                }
                continue;
            };
            if new.item != old.item {
                self.new_name(new, &rows.fields);
            }
            if let Some(field) = rows.fields.get_mut(index) {
                field.name = new.item.as_str().into();
            }
        }
    }

    pub(crate) fn reorder(&mut self, rows: &mut Rows, patterns: &'a [(NamePattern, Option<String>)], span: Span) {
        let mut order: Vec<usize> = Vec::new();
        for (pattern, how) in patterns {
            let mut here: Vec<usize> = rows
                .fields
                .iter()
                .enumerate()
                .filter(|(index, field)| names::fits(&pattern.item, &field.name) && !order.contains(index))
                .map(|(index, _)| index)
                .collect();
            if here.is_empty() && !rows.open && !rows.fields.iter().any(|field| names::fits(&pattern.item, &field.name))
            {
                self.unknown(DiagnosticCode::UnknownColumn, "KS142", pattern, names::of(&rows.fields));
            }
            let name = |index: &usize| rows.fields.get(*index).map_or("", |field| &*field.name);
            match how.as_deref() {
                Some("asc") => here.sort_by(|a, b| name(a).cmp(name(b))),
                Some("desc") => here.sort_by(|a, b| name(b).cmp(name(a))),
                Some("granny-asc") => here.sort_by(|a, b| names::granny(name(a), name(b))),
                Some("granny-desc") => here.sort_by(|a, b| names::granny(name(b), name(a))),
                Some(_) | None => {}
            }
            order.extend(here);
        }
        order.extend((0..rows.fields.len()).filter(|index| !order.contains(index)).collect::<Vec<_>>());
        rows.keep(&order, span);
    }
}
