//! Simplifies a bound plan without changing its results: inlines tables that are referenced once, drops unused
//! definitions, and prunes unused columns.

use crate::bind::narrow::{Columns, Moves, narrow, refer, renumber};
use crate::bind::operators::parts;
use crate::bind::parts::scalars;
use crate::plan::{Action, Definition, Join, JoinKind, Origin, Plan, Relation, Scalar};
use crate::value::Value;

pub(crate) fn prune(mut plan: Plan) -> Plan {
    inline(&mut plan);
    for definition in &mut plan.definitions {
        match definition {
            Definition::Cell(relation, _) | Definition::Set(relation) | Definition::Table(relation) => {
                push_down_filters(relation)
            }
            Definition::Parameter { .. } | Definition::Scalar(_) => {}
        }
    }
    for output in &mut plan.results {
        push_down_filters(&mut output.relation);
    }
    narrow(&mut plan);
    plan
}

/// Moves filters on left columns before an `innerunique` join.
///
/// Such a join keeps an arbitrary row per left key. Recorded answers show that Kusto chooses among the rows that pass
/// such a filter.
fn push_down_filters(relation: &mut Relation) {
    for step in &mut relation.steps {
        match &mut step.action {
            Action::Join(join) => push_down_filters(&mut join.right),
            Action::Apply(apply) => push_down_filters(&mut apply.inner),
            Action::Append(other) => push_down_filters(other),
            _ => {}
        }
    }
    let mut at = 0;
    while let Some([join, filter, ..]) = relation.steps.get_mut(at..) {
        if let (Action::Join(inner), Action::Filter(condition)) = (&join.action, &mut filter.action)
            && inner.kind == JoinKind::InnerUnique
            && let Some(moved) = on_left_side(condition, inner)
        {
            *condition = moved;
            filter.width = join.width;
            relation.steps.swap(at, at + 1);
        }
        at += 1;
    }
}

/// Rewrites a condition on the result of a join to its left side; `None` if it reads a right column.
fn on_left_side(condition: &Scalar, join: &Join) -> Option<Scalar> {
    let mut moves = Moves::new();
    let mut columns = Columns::new();
    refer(condition, &mut columns);
    for column in columns {
        moves.insert(column, *join.output.get(column).filter(|at| **at < join.left.len())?);
    }
    let mut moved = condition.clone();
    renumber(&mut moved, &moves);
    Some(moved)
}

/// Inlines tables that are referenced once and drops unused definitions.
fn inline(plan: &mut Plan) {
    let mut uses = vec![0_usize; plan.definitions.len()];
    for output in &plan.results {
        count(&output.relation, &mut uses);
    }
    for index in (0..plan.definitions.len()).rev() {
        if uses.get(index).is_none_or(|uses| *uses == 0) {
            continue;
        }
        match plan.definitions.get(index) {
            Some(Definition::Scalar(scalar)) => count_scalar(scalar, &mut uses),
            Some(Definition::Cell(relation, _) | Definition::Set(relation) | Definition::Table(relation)) => {
                count(relation, &mut uses);
            }
            Some(Definition::Parameter { .. }) | None => {}
        }
    }
    for index in 0..plan.definitions.len() {
        let Some(definition) = plan.definitions.get_mut(index) else { continue };
        if uses.get(index).is_none_or(|uses| *uses == 0) {
            *definition = Definition::Scalar(Scalar::Constant(Value::Null));
            continue;
        }
        let mut taken = std::mem::replace(definition, Definition::Scalar(Scalar::Constant(Value::Null)));
        match &mut taken {
            Definition::Cell(relation, _) | Definition::Set(relation) | Definition::Table(relation) => {
                inline_relation(relation, &mut plan.definitions, &uses);
            }
            Definition::Parameter { .. } | Definition::Scalar(_) => {}
        }
        if let Some(definition) = plan.definitions.get_mut(index) {
            *definition = taken;
        }
    }
    for output in &mut plan.results {
        inline_relation(&mut output.relation, &mut plan.definitions, &uses);
    }
}

fn inline_relation(relation: &mut Relation, definitions: &mut [Definition], uses: &[usize]) {
    if let Origin::Defined(index) = relation.origin
        && uses.get(index) == Some(&1)
        && let Some(definition) = definitions.get_mut(index)
        && matches!(definition, Definition::Table(_))
        && let Definition::Table(inner) =
            std::mem::replace(definition, Definition::Scalar(Scalar::Constant(Value::Null)))
    {
        relation.origin = inner.origin;
        let after = std::mem::replace(&mut relation.steps, inner.steps);
        relation.steps.extend(after);
    }
    for step in &mut relation.steps {
        match &mut step.action {
            Action::Join(join) => inline_relation(&mut join.right, definitions, uses),
            Action::Apply(apply) => inline_relation(&mut apply.inner, definitions, uses),
            Action::Append(other) => inline_relation(other, definitions, uses),
            _ => {}
        }
    }
}

fn count(relation: &Relation, uses: &mut [usize]) {
    let mut relations = vec![relation];
    while let Some(relation) = relations.pop() {
        match &relation.origin {
            Origin::Defined(index) => used(*index, uses),
            Origin::Rows(rows) => rows.iter().flatten().for_each(|cell| count_scalar(cell, uses)),
            Origin::Range { from, to, step, .. } => [from, to, step].iter().for_each(|part| count_scalar(part, uses)),
            Origin::Table { .. } | Origin::Given(_) => {}
        }
        for step in &relation.steps {
            scalars(&step.action, &mut |scalar| count_scalar(scalar, uses));
            match &step.action {
                Action::Join(join) => relations.push(&join.right),
                Action::Apply(apply) => relations.push(&apply.inner),
                Action::Append(other) => relations.push(other),
                _ => {}
            }
        }
    }
}

fn count_scalar(scalar: &Scalar, uses: &mut [usize]) {
    let mut rest = vec![scalar];
    while let Some(scalar) = rest.pop() {
        if let Scalar::Defined(index) = scalar {
            used(*index, uses);
        }
        parts(scalar, &mut |part| rest.push(part));
    }
}

fn used(index: usize, uses: &mut [usize]) {
    if let Some(uses) = uses.get_mut(index) {
        *uses += 1;
    }
}
