//! Binds `make-series`: arrays over an axis, with defaults for empty bins.

use crate::ast::{ExprKind, MakeSeries};
use crate::bind::binder::Binder;
use crate::bind::binder::Collected;
use crate::bind::rows::{Rows, setting_value};
use crate::bind::scope::{Field, Scope};
use crate::bind::{names, operators};
use crate::plan::{Action, Scalar, Series};
use crate::span::Span;
use crate::value::Type;

impl<'a> Binder<'a> {
    pub(crate) fn make_series(&mut self, rows: &mut Rows, series: &'a MakeSeries, span: Span) {
        let mut nonempty = false;
        for setting in &series.settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind", Some("nonempty")) => nonempty = true,
                (name, _) if name.starts_with("hint.") => {}
                (name, _) => self.type_error(
                    setting.value.span,
                    "KS005",
                    format!("unsupported `{name}` setting of `make-series`"),
                ),
            }
        }
        let (mut fields, keys, open) = self.keys(rows, &series.by);
        let on = self.scalar(&series.on, &rows.scope());
        let axis = match &series.on.item {
            ExprKind::Name(name) => name.clone(),
            _ => names::derived(&series.on).unwrap_or_else(|| "Column1".to_owned()),
        };
        let [from, to] = [&series.from, &series.to].map(|bound| {
            let bound = bound.as_ref()?;
            let typed = self.scalar(bound, &Scope::NOTHING);
            if let (Some(axis), Some(given)) = (on.kind, typed.kind)
                && !operators::is_same_axis(axis, given)
            {
                self.type_error(
                    bound.span,
                    "KS141",
                    format!("the axis is `{}`, found `{}`", axis.as_str(), given.as_str()),
                );
            }
            Some(typed.scalar)
        });
        let step = self.scalar(&series.step, &Scope::NOTHING);
        if let (Some(axis), Some(step)) = (on.kind, step.kind) {
            let fits = match axis {
                Type::DateTime | Type::TimeSpan => step == Type::TimeSpan,
                kind => operators::is_number(kind) && operators::is_number(step),
            };
            if !fits {
                let (axis, step) = (axis.as_str(), step.as_str());
                self.type_error(
                    series.step.span,
                    "KS178",
                    format!("a step of type `{step}` does not fit an axis of type `{axis}`"),
                );
            }
        }
        let width = keys.len();
        self.aggregates = Some(Collected { width, ..Collected::default() });
        let mut unnamed = 0;
        let mut values = Vec::new();
        for (item, default) in &series.aggregates {
            let results = self.results(item, &fields, &mut unnamed, &rows.scope());
            for (name, typed) in results {
                fields.push(Field::new(&name, Some(Type::Dynamic)));
                let kind = typed.kind.unwrap_or(Type::Dynamic);
                let empty = match default {
                    Some(default) => {
                        let collected = self.aggregates.take();
                        let default = self.scalar(default, &Scope::NOTHING);
                        self.aggregates = collected;
                        operators::converted(default, kind)
                    }
                    None => Scalar::Constant(operators::zero(kind)),
                };
                values.push((typed.scalar, empty));
            }
        }
        fields.push(Field::new(&names::unique(names::of(&fields), &axis), Some(Type::Dynamic)));
        let collected = self.aggregates.take().unwrap_or_default();
        let bound = Series {
            keys,
            on: on.scalar,
            kind: on.kind.unwrap_or(Type::Long),
            from,
            to,
            step: step.scalar,
            in_range: series.in_range,
            aggregates: collected.calls,
            values,
            nonempty,
        };
        rows.push(Action::Series(Box::new(bound)), span);
        rows.fields = fields;
        rows.open = open;
        rows.ordered = false;
    }
}
