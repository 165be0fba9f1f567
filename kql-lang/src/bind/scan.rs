//! Binds `scan`: its expressions read the current row, and the rows that last matched its steps as `step.column`.

use crate::ast::{Expr, ExprKind, Name, Scan};
use crate::bind::binder::Binder;
use crate::bind::names;
use crate::bind::operators;
use crate::bind::rows::{Rows, setting_value};
use crate::bind::scope::{Field, Scope, Typed};
use crate::plan::{self, Action, Scalar};
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Binder<'a> {
    pub(crate) fn bind_scan(&mut self, rows: &mut Rows, scan: &'a Scan, span: Span) {
        let mut match_id = None;
        for setting in &scan.settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("with_match_id", Some(name)) => match_id = Some(name.to_owned()),
                (name, _) => self.unsupported(format!("scan {name}"), setting.name.span),
            }
        }
        let mut fields = rows.fields.clone();
        let mut defaults = Vec::new();
        for (name, kind, default) in &scan.columns {
            self.new_name(name, &fields);
            let typed = match default {
                Some(default) => self.scalar(default, &Scope::NOTHING),
                None => Typed::constant(Value::nothing(*kind), *kind),
            };
            fields.push(Field::new(&name.item, Some(*kind)));
            defaults.push((operators::converted(typed, *kind), *kind));
        }
        let names: Vec<&'a str> = scan.steps.iter().map(|step| step.name.item.as_str()).collect();
        let outside = self.scan.replace((names, fields.len()));
        let open = rows.open;
        let mut steps = Vec::new();
        for step in &scan.steps {
            let emits = match step.output.as_ref().map(|output| output.item.as_str()) {
                None | Some("all") => true,
                Some("none") => false,
                Some(_) => {
                    self.unsupported("scan output=last", step.name.span);
                    true
                }
            };
            let scope = Scope { fields: &fields, open, tables: &rows.tables };
            let condition = self.condition(&step.condition, &scope);
            let mut assignments = Vec::new();
            for (name, value) in &step.assignments {
                let typed = self.scalar(value, &scope);
                match scan.columns.iter().position(|(column, ..)| column.item == name.item) {
                    Some(place) => assignments.push((rows.fields.len() + place, typed.scalar)),
                    None => self.type_error(name.span, "KS142", format!("`{}` is not declared", name.item)),
                }
            }
            steps.push(plan::ScanStep { emits, condition, assignments });
        }
        self.scan = outside;
        let bound = plan::Scan { defaults, steps, match_id: match_id.is_some() };
        rows.push(Action::Scan(Box::new(bound)), span);
        if let Some(name) = match_id {
            fields.push(Field::new(&names::unique(names::of(&fields), &name), Some(Type::Long)));
        }
        rows.fields = fields;
    }

    /// `step.column` within a `scan`; `None` for anything else.
    pub(crate) fn step_column(&mut self, base: &Expr, name: &Name, scope: &Scope<'_>) -> Option<Typed> {
        let ExprKind::Name(step) = &base.item else { return None };
        let (steps, width) = self.scan.as_ref()?;
        if scope.fields.iter().any(|field| *field.name == **step) {
            return None;
        }
        let place = steps.iter().position(|known| known == step)?;
        let first = width * (place + 1);
        let Some(column) = scope.fields.iter().position(|field| *field.name == *name.item) else {
            if !scope.open {
                let code = crate::diagnostic::DiagnosticCode::UnknownColumn;
                self.unknown(code, "KS142", name, names::of(scope.fields));
            }
            return Some(Typed { fixed: false, ..Typed::invalid() });
        };
        let kind = scope.fields.get(column).and_then(|field| field.kind);
        Some(Typed { scalar: Scalar::Column(first + column), kind, fixed: false, type_of: None })
    }
}
