//! Pre-order traversal of the expressions of a query.
//!
//! Input: a query. Output: one callback per expression, parents before children, in source order. The recursion is bounded by
//! the nesting limit of the parser.

use kql_lang::ast::{Expr, ExprKind, Join, Named, Operator, OperatorKind, Query, SortKey, Source, Statement};

/// Calls `each` with every expression of a query.
pub(super) fn expressions<'q>(query: &'q Query, each: &mut dyn FnMut(&'q Expr)) {
    statements(&query.statements, each);
}

fn statements<'q>(list: &'q [Statement], each: &mut dyn FnMut(&'q Expr)) {
    for statement in list {
        match statement {
            Statement::Let { value, .. } | Statement::Expression(value) => expression(value, each),
            Statement::Set { value, .. } => value.iter().for_each(|value| expression(value, each)),
            Statement::Parameters(parameters) => parameters
                .iter()
                .filter_map(|parameter| parameter.default.as_ref())
                .for_each(|default| expression(default, each)),
        }
    }
}

fn expression<'q>(expr: &'q Expr, each: &mut dyn FnMut(&'q Expr)) {
    each(expr);
    match &expr.item {
        ExprKind::Literal(..) | ExprKind::TypeOf(_) | ExprKind::Name(_) | ExprKind::Star => {}
        ExprKind::Member(base, _) | ExprKind::Unary(_, base) => expression(base, each),
        ExprKind::Element(base, index) => [base, index].into_iter().for_each(|part| expression(part, each)),
        ExprKind::Call(_, arguments) => arguments.iter().for_each(|argument| expression(&argument.value, each)),
        ExprKind::Binary(_, left, right) => [left, right].into_iter().for_each(|part| expression(part, each)),
        ExprKind::In(_, left, list) => {
            expression(left, each);
            list.iter().for_each(|item| expression(item, each));
        }
        ExprKind::Between { operand, low, high, .. } => {
            [operand, low, high].into_iter().for_each(|part| expression(part, each));
        }
        ExprKind::Pipe(source, operators) => {
            expression(source, each);
            operators.iter().for_each(|one| operator(one, each));
        }
        ExprKind::Source(source) => of_source(source, each),
        ExprKind::Function { parameters, body, .. } => {
            let defaults = parameters.iter().filter_map(|parameter| parameter.default.as_ref());
            defaults.for_each(|default| expression(default, each));
            statements(body, each);
        }
    }
}

fn of_source<'q>(source: &'q Source, each: &mut dyn FnMut(&'q Expr)) {
    match source {
        Source::Print(list) => named(list, each),
        Source::Range { from, to, step, .. } => [from, to, step].into_iter().for_each(|part| expression(part, each)),
        Source::Union { tables, .. } => tables.iter().for_each(|table| expression(table, each)),
        Source::Datatable { values, .. } => values.iter().for_each(|value| expression(value, each)),
        Source::Search(search) => {
            search.tables.iter().for_each(|table| expression(table, each));
            expression(&search.condition, each);
        }
        Source::Unsupported(_) => {}
    }
}

fn named<'q>(list: &'q [Named], each: &mut dyn FnMut(&'q Expr)) {
    list.iter().for_each(|one| expression(&one.value, each));
}

fn sorted<'q>(keys: &'q [SortKey], each: &mut dyn FnMut(&'q Expr)) {
    keys.iter().for_each(|key| expression(&key.value, each));
}

fn joined<'q>(join: &'q Join, each: &mut dyn FnMut(&'q Expr)) {
    expression(&join.right, each);
    join.on.iter().for_each(|on| expression(on, each));
}

fn operator<'q>(operator: &'q Operator, each: &mut dyn FnMut(&'q Expr)) {
    match &operator.item {
        OperatorKind::Where(value) | OperatorKind::Take(value) => expression(value, each),
        OperatorKind::Extend(list)
        | OperatorKind::Project(list)
        | OperatorKind::Distinct(list)
        | OperatorKind::Serialize(list) => named(list, each),
        OperatorKind::Summarize { aggregates, by, .. } => {
            named(aggregates, each);
            named(by, each);
        }
        OperatorKind::Sort(keys) => sorted(keys, each),
        OperatorKind::Top(count, keys) => {
            expression(count, each);
            sorted(keys, each);
        }
        OperatorKind::MvExpand { items, limit, .. } => {
            items.iter().for_each(|(item, _)| expression(&item.value, each));
            limit.iter().for_each(|limit| expression(limit, each));
        }
        OperatorKind::MvApply(apply) => {
            apply.items.iter().for_each(|(item, _)| expression(&item.value, each));
            apply.limit.iter().for_each(|limit| expression(limit, each));
            apply.operators.iter().for_each(|one| self::operator(one, each));
        }
        OperatorKind::Partition { by, operators, .. } => {
            expression(by, each);
            operators.iter().for_each(|one| self::operator(one, each));
        }
        OperatorKind::ParseKv { text, .. } => expression(text, each),
        OperatorKind::Scan(scan) => {
            scan.columns
                .iter()
                .filter_map(|(_, _, default)| default.as_ref())
                .for_each(|default| expression(default, each));
            for step in &scan.steps {
                expression(&step.condition, each);
                step.assignments.iter().for_each(|(_, value)| expression(value, each));
            }
        }
        OperatorKind::Search(search) => {
            search.tables.iter().for_each(|table| expression(table, each));
            expression(&search.condition, each);
        }
        OperatorKind::Invoke(_, arguments) => arguments.iter().for_each(|argument| expression(&argument.value, each)),
        OperatorKind::Evaluate(evaluate) => {
            evaluate.arguments.iter().for_each(|argument| expression(&argument.value, each));
        }
        OperatorKind::Join(join) | OperatorKind::Lookup(join) => joined(join, each),
        OperatorKind::Union { tables, .. } => tables.iter().for_each(|table| expression(table, each)),
        OperatorKind::Parse(parse) | OperatorKind::ParseWhere(parse) => expression(&parse.text, each),
        OperatorKind::MakeSeries(series) => {
            for (aggregate, default) in &series.aggregates {
                expression(&aggregate.value, each);
                default.iter().for_each(|default| expression(default, each));
            }
            expression(&series.on, each);
            series.from.iter().chain(&series.to).chain([&series.step]).for_each(|part| expression(part, each));
            named(&series.by, each);
        }
        OperatorKind::ProjectAway(_)
        | OperatorKind::ProjectKeep(_)
        | OperatorKind::ProjectRename(_)
        | OperatorKind::ProjectReorder(_)
        | OperatorKind::Count
        | OperatorKind::CountAs(_)
        | OperatorKind::Render(..)
        | OperatorKind::As(_)
        | OperatorKind::GetSchema
        | OperatorKind::Unsupported(_) => {}
    }
}
