//! Column pruning: columns that nothing reads are neither computed nor requested from the source.
//!
//! A first pass walks every pipeline from its end to find out which columns each step needs; a second pass rewrites the
//! pipelines to just these columns. A table with several references keeps the union of the columns they need.

use std::collections::{BTreeMap, BTreeSet};

use crate::bind::operators::{parts, parts_mut};
use crate::bind::parts::{of_aggregation, scalars, scalars_mut};
use crate::plan::{Action, Definition, Join, Origin, Plan, Relation, Scalar, Step};
use crate::span::Span;
use crate::value::Value;

/// Column numbers.
pub(crate) type Columns = BTreeSet<usize>;
/// A map from old to new column numbers; the new ones are `0..len`.
pub(crate) type Moves = BTreeMap<usize, usize>;

/// Removes unused columns from all pipelines of a plan.
pub(crate) fn narrow(plan: &mut Plan) {
    let mut needs: Vec<Option<Columns>> = vec![None; plan.definitions.len()];
    for output in &plan.results {
        mark(&output.relation, &all(&output.relation), &mut needs);
    }
    for index in (0..plan.definitions.len()).rev() {
        match plan.definitions.get(index) {
            Some(Definition::Cell(relation, _) | Definition::Set(relation)) => {
                mark(relation, &first(relation), &mut needs)
            }
            Some(Definition::Table(relation)) => {
                let needed = needs.get(index).cloned().flatten().unwrap_or_default();
                mark(relation, &needed, &mut needs);
            }
            Some(Definition::Parameter { .. } | Definition::Scalar(_)) | None => {}
        }
    }
    for (index, definition) in plan.definitions.iter_mut().enumerate() {
        match definition {
            Definition::Cell(relation, _) | Definition::Set(relation) => {
                let needed = first(relation);
                rewrite(relation, &needed, &needs);
            }
            Definition::Table(relation) => {
                let needed = needs.get(index).cloned().flatten().unwrap_or_default();
                rewrite(relation, &needed, &needs);
            }
            Definition::Parameter { .. } | Definition::Scalar(_) => {}
        }
    }
    for output in &mut plan.results {
        let needed = all(&output.relation);
        rewrite(&mut output.relation, &needed, &needs);
    }
}

fn all(relation: &Relation) -> Columns {
    (0..relation.columns.len()).collect()
}

fn first(relation: &Relation) -> Columns {
    (0..relation.columns.len().min(1)).collect()
}

/// Records the columns that a pipeline needs from the definitions it refers to.
fn mark(relation: &Relation, needed: &Columns, needs: &mut [Option<Columns>]) {
    let bounds = bounds(relation, needed);
    if let (Origin::Defined(index), Some(needed)) = (&relation.origin, bounds.first())
        && let Some(slot) = needs.get_mut(*index)
    {
        slot.get_or_insert_default().extend(needed);
    }
    for (step, needed) in relation.steps.iter().zip(bounds.iter().skip(1)) {
        match &step.action {
            Action::Join(join) => mark(&join.right, &right_needed(join, needed), needs),
            Action::Apply(apply) => mark(&apply.inner, &all(&apply.inner), needs),
            Action::Append(other) => mark(other, needed, needs),
            _ => {}
        }
    }
}

/// The columns needed before each step, and at the end.
fn bounds(relation: &Relation, needed: &Columns) -> Vec<Columns> {
    let mut bounds = vec![needed.clone()];
    let mut needed = needed.clone();
    for step in relation.steps.iter().rev() {
        needed = before(&step.action, &needed, step.width);
        bounds.push(needed.clone());
    }
    bounds.reverse();
    bounds
}

/// The input columns that a step needs for the given output columns.
fn before(action: &Action, after: &Columns, width: usize) -> Columns {
    let kept = || after.iter().copied().filter(|column| *column < width).collect::<Columns>();
    let mut needed = match action {
        Action::Map(row) => {
            let mut needed = Columns::new();
            after.iter().filter_map(|column| row.get(*column)).for_each(|scalar| refer(scalar, &mut needed));
            return needed;
        }
        Action::Aggregate { keys, aggregates } => {
            let mut needed = Columns::new();
            keys.iter().for_each(|key| refer(key, &mut needed));
            let mut at = keys.len();
            for aggregation in aggregates {
                let end = at + aggregation.width();
                if after.range(at..end).next().is_some() {
                    of_aggregation(aggregation, &mut |scalar| refer(scalar, &mut needed));
                }
                at = end;
            }
            return needed;
        }
        Action::Series(series) => {
            let mut needed = Columns::new();
            series.keys.iter().chain([&series.on]).for_each(|scalar| refer(scalar, &mut needed));
            series.aggregates.iter().for_each(|one| of_aggregation(one, &mut |scalar| refer(scalar, &mut needed)));
            return needed;
        }
        Action::Count => return Columns::new(),
        Action::Apply(_) | Action::Scan(_) => return (0..width).collect(),
        Action::Join(join) => {
            let pairs = after.iter().filter_map(|column| join.output.get(*column).copied());
            return pairs.filter(|at| *at < join.left.len()).chain(join.on.iter().map(|(left, _)| *left)).collect();
        }
        Action::Distinct => (0..width).chain(after.iter().copied()).collect(),
        Action::Expand(expansion) => {
            let mut needed = kept();
            needed.extend(expansion.items.iter().map(|item| item.column).filter(|column| *column < width));
            needed
        }
        Action::Parse(pattern) => {
            let mut needed = kept();
            needed.extend(pattern.columns.iter().map(|(column, _)| *column).filter(|column| *column < width));
            needed
        }
        Action::Window(_) => kept(),
        Action::Filter(_) | Action::Sort(_) | Action::Top(..) | Action::Take(_) | Action::Append(_) => after.clone(),
    };
    scalars(action, &mut |scalar| refer(scalar, &mut needed));
    if matches!(action, Action::Window(_)) {
        needed.retain(|column| *column < width);
    }
    needed
}

/// The columns that a join needs from its right side.
fn right_needed(join: &Join, after: &Columns) -> Columns {
    let pairs = after.iter().filter_map(|column| join.output.get(*column).copied());
    pairs.filter_map(|at| at.checked_sub(join.left.len())).chain(join.on.iter().map(|(_, right)| *right)).collect()
}

pub(crate) fn refer(scalar: &Scalar, into: &mut Columns) {
    let mut rest = vec![scalar];
    while let Some(scalar) = rest.pop() {
        if let Scalar::Column(index) = scalar {
            into.insert(*index);
        }
        parts(scalar, &mut |part| rest.push(part));
    }
}

/// Renumbers the columns of a set from 0.
fn renumbering(columns: &Columns) -> Moves {
    columns.iter().copied().zip(0..).collect()
}

fn identity(width: usize) -> Moves {
    (0..width).zip(0..).collect()
}

pub(crate) fn renumber(scalar: &mut Scalar, moves: &Moves) {
    let mut rest = vec![scalar];
    while let Some(scalar) = rest.pop() {
        match scalar {
            Scalar::Column(index) => match moves.get(index) {
                Some(new) => *index = *new,
                None => *scalar = Scalar::Constant(Value::Null),
            },
            other => parts_mut(other, &mut |part| rest.push(part)),
        }
    }
}

/// Rewrites a pipeline so that its rows contain exactly the needed columns, in order.
fn rewrite(relation: &mut Relation, needed: &Columns, needs: &[Option<Columns>]) {
    let bounds = bounds(relation, needed);
    let start = bounds.first().cloned().unwrap_or_default();
    let mut moves = match &mut relation.origin {
        Origin::Table { columns, .. } => {
            *columns = pick(columns, &start);
            renumbering(&start)
        }
        Origin::Rows(rows) => {
            rows.iter_mut().for_each(|row| *row = pick(row, &start));
            renumbering(&start)
        }
        Origin::Range { .. } => identity(1),
        Origin::Given(width) => identity(*width),
        Origin::Defined(index) => renumbering(&needs.get(*index).cloned().flatten().unwrap_or_default()),
    };
    let mut steps = Vec::with_capacity(relation.steps.len());
    for (mut step, after) in std::mem::take(&mut relation.steps).into_iter().zip(bounds.iter().skip(1)) {
        if let Action::Append(_) = step.action {
            drop_extra(&mut steps, &mut moves, after, step.span);
        }
        let width = std::mem::replace(&mut step.width, moves.len());
        moves = rewrite_step(&mut step.action, moves, width, after, needs);
        steps.push(step);
    }
    drop_extra(&mut steps, &mut moves, needed, Span::default());
    relation.steps = steps;
    relation.columns = pick(&relation.columns, needed);
}

/// Adds a projection if rows contain more than the needed columns.
fn drop_extra(steps: &mut Vec<Step>, moves: &mut Moves, needed: &Columns, span: Span) {
    if moves.keys().eq(needed.iter()) {
        return;
    }
    let row = needed.iter().map(|column| match moves.get(column) {
        Some(new) => Scalar::Column(*new),
        None => Scalar::Constant(Value::Null),
    });
    steps.push(Step { action: Action::Map(row.collect()), span, width: moves.len() });
    *moves = renumbering(needed);
}

fn pick<T: Clone>(list: &[T], at: &Columns) -> Vec<T> {
    at.iter().filter_map(|index| list.get(*index).cloned()).collect()
}

/// Rewrites a step for renumbered input columns and returns the renumbering of its output.
fn rewrite_step(
    action: &mut Action,
    mut moves: Moves,
    width: usize,
    after: &Columns,
    needs: &[Option<Columns>],
) -> Moves {
    match action {
        Action::Map(row) => {
            let mut kept: Vec<Scalar> = pick(row, after);
            kept.iter_mut().for_each(|scalar| renumber(scalar, &moves));
            *row = kept;
            renumbering(after)
        }
        Action::Aggregate { keys, aggregates } => {
            let mut at = keys.len();
            let mut after_moves = identity(at);
            let mut kept = Vec::with_capacity(aggregates.len());
            for aggregation in std::mem::take(aggregates) {
                let end = at + aggregation.width();
                if after.range(at..end).next().is_some() {
                    for column in at..end {
                        after_moves.insert(column, after_moves.len());
                    }
                    kept.push(aggregation);
                }
                at = end;
            }
            *aggregates = kept;
            scalars_mut(action, &mut |scalar| renumber(scalar, &moves));
            after_moves
        }
        Action::Series(series) => {
            let columns = series.keys.len() + series.values.len() + 1;
            scalars_mut(action, &mut |scalar| renumber(scalar, &moves));
            identity(columns)
        }
        Action::Count => identity(1),
        Action::Apply(apply) => {
            let columns = all(&apply.inner);
            rewrite(&mut apply.inner, &columns, needs);
            identity(apply.output.len())
        }
        Action::Scan(scan) => identity(width + scan.defaults.len() + usize::from(scan.match_id)),
        Action::Join(join) => {
            let right = right_needed(join, after);
            rewrite(&mut join.right, &right, needs);
            let right_moves = renumbering(&right);
            let (before, left) = (join.left.len(), moves.len());
            let move_pair = |at: usize| match at.checked_sub(before) {
                None => moves.get(&at).copied(),
                Some(at) => right_moves.get(&at).map(|new| left + new),
            };
            join.output = after.iter().filter_map(|column| move_pair(*join.output.get(*column)?)).collect();
            join.on = join.on.iter().filter_map(|(a, b)| Some((*moves.get(a)?, *right_moves.get(b)?))).collect();
            join.left = pick(&join.left, &moves.keys().copied().collect());
            renumbering(after)
        }
        Action::Append(other) => {
            rewrite(other, after, needs);
            moves
        }
        Action::Expand(expansion) => {
            let before = moves.clone();
            for column in width..expansion.width {
                moves.insert(column, moves.len());
            }
            for item in &mut expansion.items {
                renumber(&mut item.value, &before);
                item.column = moves.get(&item.column).copied().unwrap_or(usize::MAX);
            }
            expansion.index = expansion.index.and_then(|index| moves.get(&index).copied());
            expansion.width = moves.len();
            moves
        }
        Action::Parse(pattern) => {
            renumber(&mut pattern.text, &moves);
            for column in width..pattern.width {
                moves.insert(column, moves.len());
            }
            for (column, _) in &mut pattern.columns {
                *column = moves.get(column).copied().unwrap_or(usize::MAX);
            }
            pattern.width = moves.len();
            moves
        }
        Action::Window(windows) => {
            for column in 0..windows.len() {
                moves.insert(width + column, moves.len());
            }
            scalars_mut(action, &mut |scalar| renumber(scalar, &moves));
            moves
        }
        Action::Filter(_) | Action::Sort(_) | Action::Top(..) | Action::Take(_) | Action::Distinct => {
            scalars_mut(action, &mut |scalar| renumber(scalar, &moves));
            moves
        }
    }
}
