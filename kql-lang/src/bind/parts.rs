//! Visitors for the expressions of a plan step, for passes that read or change all of them.

use crate::plan::{Action, Aggregation, Parts, Scalar, Series, Window};

/// Calls `each` for every expression that a step evaluates, except those of nested pipelines.
pub(crate) fn scalars<'a>(action: &'a Action, each: &mut dyn FnMut(&'a Scalar)) {
    match action {
        Action::Filter(one) | Action::Take(one) => each(one),
        Action::Map(list) => list.iter().for_each(each),
        Action::Aggregate { keys, aggregates } => {
            keys.iter().for_each(&mut *each);
            aggregates.iter().for_each(|aggregation| of_aggregation(aggregation, each));
        }
        Action::Sort(keys) => keys.iter().for_each(|key| each(&key.value)),
        Action::Top(count, keys) => {
            each(count);
            keys.iter().for_each(|key| each(&key.value));
        }
        Action::Expand(expansion) => {
            expansion.items.iter().for_each(|item| each(&item.value));
            expansion.limit.iter().for_each(each);
        }
        Action::Parse(pattern) => each(&pattern.text),
        Action::Series(series) => of_series(series, each),
        Action::Window(windows) => windows.iter().for_each(|window| of_window(window, each)),
        Action::Apply(apply) => match &apply.parts {
            Parts::Elements(expansion) => {
                expansion.items.iter().for_each(|item| each(&item.value));
                expansion.limit.iter().for_each(each);
            }
            Parts::Groups(by) => each(by),
        },
        Action::Scan(scan) => {
            scan.defaults.iter().for_each(|(default, _)| each(default));
            for step in &scan.steps {
                each(&step.condition);
                step.assignments.iter().for_each(|(_, value)| each(value));
            }
        }
        Action::Distinct | Action::Count | Action::Join(_) | Action::Append(_) => {}
    }
}

pub(crate) fn of_aggregation<'a>(aggregation: &'a Aggregation, each: &mut dyn FnMut(&'a Scalar)) {
    match aggregation {
        Aggregation::Function { arguments, .. } => arguments.iter().for_each(each),
        Aggregation::Extreme { values, .. } => values.iter().for_each(each),
        Aggregation::First { values, condition } => values.iter().chain(condition).for_each(each),
    }
}

fn of_series<'a>(series: &'a Series, each: &mut dyn FnMut(&'a Scalar)) {
    series.keys.iter().for_each(&mut *each);
    each(&series.on);
    series.from.iter().chain(&series.to).chain([&series.step]).for_each(&mut *each);
    series.aggregates.iter().for_each(|aggregation| of_aggregation(aggregation, each));
    // The values refer to the keys and aggregates, the defaults to no column.
    for (value, empty) in &series.values {
        each(value);
        each(empty);
    }
}

fn of_window<'a>(window: &'a Window, each: &mut dyn FnMut(&'a Scalar)) {
    match window {
        Window::RowNumber { start, restart } => [start].into_iter().chain(restart).for_each(each),
        Window::Shift { value, default, .. } => [value, default].into_iter().for_each(each),
        Window::Sum { value, restart } | Window::Rank { value, restart, .. } => {
            [value].into_iter().chain(restart).for_each(each);
        }
        Window::Session { value, from_first, between, restart } => {
            [value, from_first, between].into_iter().chain(restart).for_each(each);
        }
    }
}

/// Calls `each` mutably for every expression that a step evaluates on its rows.
pub(crate) fn scalars_mut(action: &mut Action, each: &mut dyn FnMut(&mut Scalar)) {
    let aggregation = |aggregation: &mut Aggregation, each: &mut dyn FnMut(&mut Scalar)| match aggregation {
        Aggregation::Function { arguments, .. } => arguments.iter_mut().for_each(each),
        Aggregation::Extreme { values, .. } => values.iter_mut().for_each(each),
        Aggregation::First { values, condition } => values.iter_mut().chain(condition).for_each(each),
    };
    match action {
        Action::Filter(one) | Action::Take(one) => each(one),
        Action::Map(list) => list.iter_mut().for_each(each),
        Action::Aggregate { keys, aggregates } => {
            keys.iter_mut().for_each(&mut *each);
            aggregates.iter_mut().for_each(|one| aggregation(one, each));
        }
        Action::Sort(keys) => keys.iter_mut().for_each(|key| each(&mut key.value)),
        Action::Top(count, keys) => {
            each(count);
            keys.iter_mut().for_each(|key| each(&mut key.value));
        }
        Action::Expand(expansion) => expansion.items.iter_mut().for_each(|item| each(&mut item.value)),
        Action::Parse(pattern) => each(&mut pattern.text),
        Action::Series(series) => {
            series.keys.iter_mut().for_each(&mut *each);
            each(&mut series.on);
            series.aggregates.iter_mut().for_each(|one| aggregation(one, each));
        }
        Action::Window(windows) => {
            for window in windows {
                match window {
                    Window::RowNumber { start, restart } => [start].into_iter().chain(restart).for_each(&mut *each),
                    Window::Shift { value, default, .. } => [value, default].into_iter().for_each(&mut *each),
                    Window::Sum { value, restart } | Window::Rank { value, restart, .. } => {
                        [value].into_iter().chain(restart).for_each(&mut *each);
                    }
                    Window::Session { value, from_first, between, restart } => {
                        [value, from_first, between].into_iter().chain(restart).for_each(&mut *each);
                    }
                }
            }
        }
        // The input of these is never pruned, so their expressions keep their column numbers.
        Action::Apply(_) | Action::Scan(_) => {}
        Action::Distinct | Action::Count | Action::Join(_) | Action::Append(_) => {}
    }
}
