//! Binds the plugins `bag_unpack` and `pivot`.
//!
//! Their columns depend on the rows. They are taken from the schema after `:` if there is one. Otherwise the rows before the
//! plugin are computed while binding, if they depend on the text of the query alone.

use std::collections::BTreeMap;

use crate::ast::{Evaluate, ExprKind, Name};
use crate::bind::binder::Binder;
use crate::bind::operators;
use crate::bind::rows::Rows;
use crate::bind::scope::{Field, Scope};
use crate::plan::{Action, Definition, Origin, Output, Plan, Relation, Scalar};
use crate::run::{self, Limits, Settings, Tables};
use crate::span::Span;
use crate::value::{Row, Type, Value};

/// What rows computed while binding may need.
const LIMITS: Limits = Limits { rows: 100_000, bytes: 64 << 20, steps: 1_000_000 };

/// What happens to a property with the name of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Error,
    Replace,
    Keep,
}

impl<'a> Binder<'a> {
    pub(crate) fn evaluate(&mut self, rows: Rows, evaluate: &'a Evaluate, span: Span) -> Rows {
        if evaluate.plugin.item == "bag_unpack" {
            return self.bag_unpack(rows, evaluate, span);
        }
        self.unsupported(format!("evaluate {}", evaluate.plugin.item), evaluate.plugin.span);
        Rows::unknown()
    }

    fn bag_unpack(&mut self, mut rows: Rows, evaluate: &'a Evaluate, span: Span) -> Rows {
        let Some((bag, options)) = evaluate.arguments.split_first() else {
            self.arity(&evaluate.plugin, &(1..=4), 0);
            return Rows::unknown();
        };
        let typed = self.scalar(&bag.value, &rows.scope());
        if typed.kind.is_some_and(|kind| kind != Type::Dynamic) {
            self.type_error(bag.value.span, "KS141", "`bag_unpack` needs a `dynamic` column");
            return Rows::unknown();
        }
        let (Scalar::Column(column), ExprKind::Name(_)) = (&typed.scalar, &bag.value.item) else {
            if typed.kind.is_some() {
                self.type_error(bag.value.span, "KS133", "`bag_unpack` needs a column");
            }
            return Rows::unknown();
        };
        let column = *column;
        let (mut prefix, mut conflict, mut ignored) = (String::new(), Conflict::Error, Vec::new());
        for (place, option) in options.iter().enumerate() {
            let name = option.name.as_ref().map(|name| name.item.as_str());
            let value = self.scalar(&option.value, &Scope::NOTHING);
            match (
                name.unwrap_or(
                    ["OutputColumnPrefix", "columnsConflict", "ignoredProperties"].get(place).copied().unwrap_or(""),
                ),
                value.value(),
            ) {
                ("OutputColumnPrefix", Some(Value::String(text))) => prefix = text.to_string(),
                ("columnsConflict", Some(Value::String(text))) => {
                    conflict = match &**text {
                        "error" => Conflict::Error,
                        "replace_source" => Conflict::Replace,
                        "keep_source" => Conflict::Keep,
                        other => {
                            let message = format!("`columnsConflict` cannot be `{other}`");
                            self.type_error(option.value.span, "KS005", message);
                            Conflict::Error
                        }
                    }
                }
                ("ignoredProperties", Some(Value::Array(items))) => {
                    ignored = items.iter().map(crate::value::convert::text).collect();
                }
                _ => {
                    self.unsupported("evaluate bag_unpack with this argument", option.value.span);
                    return Rows::unknown();
                }
            }
        }
        let wanted = match &evaluate.schema {
            Some(schema) => return self.unpacked_as(rows, column, &prefix, schema, span),
            None => {
                let Some(found) = self.rows_now(&rows) else {
                    self.unsupported("evaluate bag_unpack without `: (columns)`", evaluate.plugin.span);
                    return Rows::unknown();
                };
                properties(&found, column)
            }
        };
        let mut fields: Vec<Field> = Vec::new();
        let mut row: Vec<Scalar> = Vec::new();
        for (index, field) in rows.fields.iter().enumerate().filter(|(index, _)| *index != column) {
            fields.push(field.clone());
            row.push(Scalar::Column(index));
        }
        for (name, kind) in wanted {
            if ignored.iter().any(|ignored| **ignored == *name) {
                continue;
            }
            let value = property(column, &name, kind);
            let name = format!("{prefix}{name}");
            match (fields.iter().position(|field| *field.name == *name), conflict) {
                (None, _) => {
                    fields.push(Field::new(&name, Some(kind)));
                    row.push(value);
                }
                (Some(_), Conflict::Keep) => {}
                (Some(known), Conflict::Replace) => {
                    if let (Some(field), Some(cell)) = (fields.get_mut(known), row.get_mut(known)) {
                        field.kind = Some(kind);
                        *cell = value;
                    }
                }
                (Some(_), Conflict::Error) => {
                    let message = format!("`bag_unpack` makes a column `{name}`, which the table already has");
                    self.diagnostic(crate::diagnostic::DiagnosticCode::Type, span, message);
                }
            }
        }
        rows.push(Action::Map(row), span);
        rows.fields = fields;
        rows
    }

    /// The columns that the schema of the plugin lists: of the input, or properties of the bag.
    fn unpacked_as(
        &mut self,
        mut rows: Rows,
        column: usize,
        prefix: &str,
        schema: &'a [(Name, Type)],
        span: Span,
    ) -> Rows {
        let mut fields: Vec<Field> = Vec::new();
        let mut row: Vec<Scalar> = Vec::new();
        for (name, kind) in schema {
            if name.item == "*" {
                for (index, field) in rows.fields.iter().enumerate().filter(|(index, _)| *index != column) {
                    fields.push(field.clone());
                    row.push(Scalar::Column(index));
                }
                continue;
            }
            self.new_name(name, &fields);
            let known = rows.find(&name.item).filter(|known| *known != column);
            let value = match known {
                Some(known) => operators::fold_constants(Scalar::Convert(*kind, Box::new(Scalar::Column(known)))),
                None => property(column, name.item.strip_prefix(prefix).unwrap_or(&name.item), *kind),
            };
            fields.push(Field::new(&name.item, Some(*kind)));
            row.push(value);
        }
        rows.push(Action::Map(row), span);
        rows.fields = fields;
        rows
    }

    /// The rows of a pipeline that depends on the text of the query alone; `None` if it reads a table or a parameter, or
    /// takes too long.
    fn rows_now(&self, rows: &Rows) -> Option<Vec<Row>> {
        if rows.open || self.uses_now.is_some() || !self.diagnostics.is_empty() || rows.is_given() {
            return None;
        }
        let relation = rows.clone().finish();
        let is_parameter = |definition: &Definition| matches!(definition, Definition::Parameter { .. });
        if self.definitions.iter().any(is_parameter) || reads_tables(&relation, &self.definitions) {
            return None;
        }
        let plan = Plan { definitions: self.definitions.clone(), results: vec![Output { name: None, relation }] };
        let settings = Settings { limits: LIMITS, ..Settings::default() };
        let outcome = run::run(&plan, &Tables::new(), &settings).ok()?;
        outcome.tables.into_iter().next().map(|(_, table)| table.rows)
    }
}

/// Whether a pipeline, or any definition of the query, reads a table of the catalogue.
fn reads_tables(relation: &Relation, definitions: &[Definition]) -> bool {
    let of_definitions = definitions.iter().filter_map(|definition| match definition {
        Definition::Cell(relation, _) | Definition::Set(relation) | Definition::Table(relation) => Some(relation),
        Definition::Parameter { .. } | Definition::Scalar(_) => None,
    });
    let mut rest: Vec<&Relation> = of_definitions.chain([relation]).collect();
    while let Some(relation) = rest.pop() {
        if matches!(relation.origin, Origin::Table { .. }) {
            return true;
        }
        for step in &relation.steps {
            match &step.action {
                Action::Join(join) => rest.push(&join.right),
                Action::Append(other) => rest.push(other),
                Action::Apply(apply) => rest.push(&apply.inner),
                _ => {}
            }
        }
    }
    false
}

fn property(column: usize, name: &str, kind: Type) -> Scalar {
    let member = Scalar::Member(Box::new(Scalar::Column(column)), name.into());
    if kind == Type::Dynamic { member } else { Scalar::Convert(kind, Box::new(member)) }
}

/// The properties of the bags in a column, sorted by name, with the type that all their values have.
fn properties(rows: &[Row], column: usize) -> BTreeMap<String, Type> {
    let mut found: BTreeMap<String, Option<Type>> = BTreeMap::new();
    for row in rows {
        let Some(Value::Bag(bag)) = row.get(column) else { continue };
        for (name, value) in bag.entries() {
            let kind = match value {
                Value::Null => {
                    found.entry(name.to_string()).or_insert(None);
                    continue;
                }
                Value::Bool(_) => Type::Bool,
                Value::Int(_) | Value::Long(_) => Type::Long,
                Value::Real(_) => Type::Real,
                Value::Decimal(_) => Type::Decimal,
                Value::String(_) => Type::String,
                Value::DateTime(_) => Type::DateTime,
                Value::TimeSpan(_) => Type::TimeSpan,
                Value::Guid(_) => Type::Guid,
                Value::Array(_) | Value::Bag(_) => Type::Dynamic,
            };
            let known = found.entry(name.to_string()).or_insert(Some(kind));
            *known = match *known {
                None => Some(kind),
                Some(known) if known == kind => Some(kind),
                Some(Type::Long | Type::Real) if matches!(kind, Type::Long | Type::Real) => Some(Type::Real),
                Some(_) => Some(Type::Dynamic),
            };
        }
    }
    found.into_iter().map(|(name, kind)| (name, kind.unwrap_or(Type::Dynamic))).collect()
}
