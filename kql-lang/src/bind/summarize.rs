//! Binds `summarize`: keys, aggregates, and expressions of aggregates.

use crate::ast::{Argument, ExprKind, Name, Named};
use crate::bind::binder::{Binder, Collected};
use crate::bind::call::{describe, is_multi_column, known_result};
use crate::bind::rows::Rows;
use crate::bind::scope::{Field, Scope, Typed};
use crate::bind::tabular::{Item, is_unknown_call};
use crate::bind::{names, operators};
use crate::plan::{Action, Aggregation, Scalar};
use crate::registry;
use crate::span::Span;
use crate::value::Type;

impl<'a> Binder<'a> {
    pub(crate) fn summarize(&mut self, rows: &mut Rows, aggregates: &'a [Named], by: &'a [Named], span: Span) {
        let (mut fields, keys, mut open) = self.keys(rows, by);
        let width = keys.len();
        let plain = keys.iter().filter_map(|key| if let Scalar::Column(index) = key { Some(*index) } else { None });
        self.aggregates = Some(Collected { width, keys: plain.collect(), ..Collected::default() });
        let mut row: Vec<Scalar> = (0..width).map(Scalar::Column).collect();
        let mut unnamed = fields.iter().filter(|field| field.name.starts_with("Column")).count();
        for item in aggregates {
            for (name, typed) in self.results(item, &fields, &mut unnamed, &rows.scope()) {
                open |= is_unknown_call(item, &typed);
                fields.push(Field::new(&name, typed.kind));
                row.push(typed.scalar);
            }
        }
        let collected = self.aggregates.take().unwrap_or_default();
        let is_plain = collected.width == row.len()
            && row.iter().enumerate().all(|(index, cell)| matches!(cell, Scalar::Column(at) if *at == index));
        rows.push(Action::Aggregate { keys, aggregates: collected.calls }, span);
        if !is_plain {
            rows.push(Action::Map(row), span);
        }
        rows.fields = fields;
        rows.open = open;
        rows.ordered = false;
    }

    /// Binds the group keys and their column names.
    pub(crate) fn keys(&mut self, rows: &Rows, by: &'a [Named]) -> (Vec<Field>, Vec<Scalar>, bool) {
        let values: Vec<Vec<Item<'a>>> = by.iter().map(|item| self.values_of(item, &rows.scope())).collect();
        for (item, typed) in
            by.iter().zip(&values).flat_map(|(item, values)| values.iter().map(move |one| (item, &one.typed)))
        {
            if typed.kind == Some(Type::Dynamic) {
                self.type_error(
                    item.value.span,
                    "KS116",
                    "a `dynamic` cannot be a group key: convert it to another type first",
                );
            }
        }
        self.named_values(values.into_iter().flatten().collect())
    }

    /// Binds one expression of aggregates, which can return several columns.
    pub(crate) fn results(
        &mut self,
        item: &'a Named,
        fields: &[Field],
        unnamed: &mut usize,
        scope: &Scope<'_>,
    ) -> Vec<(String, Typed)> {
        let results = match &item.value.item {
            ExprKind::Call(name, arguments) if is_multi_column(&name.item) => {
                Some(self.multi_column(name, arguments, item.value.span, scope))
            }
            _ => None,
        };
        let Some(results) = results else {
            let typed = self.scalar(&item.value, scope);
            let name = match self.one_name(item) {
                Some(name) => {
                    self.new_result(name, fields, &[]);
                    name.item.clone()
                }
                None => match names::derived(&item.value) {
                    Some(name) => names::unique(names::of(fields), &name),
                    None => names::numbered(names::of(fields), unnamed),
                },
            };
            return vec![(name, typed)];
        };
        if let Some(extra) = item.names.get(results.len()) {
            self.type_error(extra.span, "KS149", format!("this expression has only {} results", results.len()));
        }
        let mut named: Vec<(String, Typed)> = Vec::new();
        for (index, (name, typed)) in results.into_iter().enumerate() {
            let name = match item.names.get(index) {
                Some(given) => {
                    self.new_result(given, fields, &named);
                    given.item.clone()
                }
                None => {
                    let taken = names::of(fields)
                        .chain(named.iter().map(|(name, _)| name.as_str()))
                        .chain(item.names.iter().map(|name| name.item.as_str()));
                    names::unique(taken, &name)
                }
            };
            named.push((name, typed));
        }
        named
    }

    fn new_result(&mut self, name: &Name, fields: &[Field], named: &[(String, Typed)]) {
        let taken =
            fields.iter().any(|field| *field.name == *name.item) || named.iter().any(|(known, _)| *known == name.item);
        if taken {
            self.duplicate_column(name);
        }
    }

    /// Binds an aggregate with one result; `None` if there is no aggregate of this name.
    pub(crate) fn aggregate(
        &mut self,
        name: &'a Name,
        arguments: &'a [Argument],
        span: Span,
        scope: &Scope<'_>,
    ) -> Option<Typed> {
        if is_multi_column(&name.item) {
            let mut results = self.multi_column(name, arguments, span, scope);
            if results.len() > 1 {
                self.type_error(
                    span,
                    "KS149",
                    format!("`{}` returns several columns and cannot be part of an expression", name.item),
                );
                return Some(Typed::invalid());
            }
            return results.pop().map(|(_, typed)| typed);
        }
        let function = registry::aggregate(&name.item)?;
        let typed = self.arguments(arguments, scope);
        let spans: Vec<Span> = arguments.iter().map(|argument| argument.value.span).collect();
        Some(self.registry_aggregate(function, typed, name, &spans))
    }

    /// Binds the arguments of an aggregate, which are resolved in the input rows.
    fn arguments(&mut self, arguments: &'a [Argument], scope: &Scope<'_>) -> Vec<Typed> {
        self.in_aggregate(|binder| arguments.iter().map(|argument| binder.scalar(&argument.value, scope)).collect())
    }

    fn in_aggregate<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let set = |binder: &mut Self, within| {
            if let Some(collected) = &mut binder.aggregates {
                collected.within = within;
            }
        };
        set(self, true);
        let result = inner(self);
        set(self, false);
        result
    }

    fn registry_aggregate(
        &mut self,
        function: &'static registry::Aggregate,
        typed: Vec<Typed>,
        name: &Name,
        spans: &[Span],
    ) -> Typed {
        if !function.arity.contains(&typed.len()) {
            self.arity(name, &function.arity, typed.len());
            return Typed::invalid();
        }
        let Some(described) = describe(&typed) else {
            let kind = known_result(&typed, function.result);
            return Typed { fixed: false, kind, ..Typed::invalid() };
        };
        let kind = match (function.result)(&described) {
            Ok(kind) => kind,
            Err(error) => {
                self.argument_error(name, &error, &described, spans);
                return Typed::invalid();
            }
        };
        let arguments = typed.into_iter().map(|typed| typed.scalar).collect();
        self.collect(Aggregation::Function { function, arguments, described }, &[Some(kind)])
            .pop()
            .unwrap_or_else(Typed::invalid)
    }

    fn collect(&mut self, call: Aggregation, kinds: &[Option<Type>]) -> Vec<Typed> {
        let collected = self.aggregates.get_or_insert_default();
        let first = collected.width;
        collected.width += call.width();
        collected.calls.push(call);
        kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| Typed {
                scalar: Scalar::Column(first + index),
                kind: *kind,
                fixed: false,
                type_of: None,
            })
            .collect()
    }

    /// Binds the aggregates that can return several columns, each with its default name.
    fn multi_column(
        &mut self,
        name: &'a Name,
        arguments: &'a [Argument],
        span: Span,
        scope: &Scope<'_>,
    ) -> Vec<(String, Typed)> {
        let _ = span;
        match name.item.as_str() {
            "percentiles" => self.percentiles(1, name, arguments, scope),
            "percentilesw" => self.percentiles(2, name, arguments, scope),
            "arg_max" | "argmax" => self.extreme(true, name, arguments, scope),
            "arg_min" | "argmin" => self.extreme(false, name, arguments, scope),
            "take_anyif" | "anyif" => self.take_any_if(name, arguments, scope),
            _ => self.take_any(name, arguments, scope),
        }
    }

    /// `percentiles`, or `percentilesw` with a weight: `first` is the number of the first percentage.
    fn percentiles(
        &mut self,
        first: usize,
        name: &'a Name,
        arguments: &'a [Argument],
        scope: &Scope<'_>,
    ) -> Vec<(String, Typed)> {
        let Some(function) = registry::aggregate(if first == 1 { "percentile" } else { "percentilew" }) else {
            self.unsupported(&name.item, name.span);
            return Vec::new();
        };
        let Some((values, shares)) = arguments.split_at_checked(first).filter(|(_, shares)| !shares.is_empty()) else {
            self.arity(name, &(first + 1..=usize::MAX), arguments.len());
            return Vec::new();
        };
        let typed = self.arguments(arguments, scope);
        let base = values.first().and_then(|value| names::derived(&value.value)).unwrap_or_default();
        let fixed: Vec<Typed> = typed.iter().take(first).cloned().collect();
        let spans: Vec<Span> = values.iter().map(|value| value.value.span).collect();
        shares
            .iter()
            .zip(typed.into_iter().skip(first))
            .map(|(argument, share)| {
                let title = format!("percentile_{base}_{}", names::percentage(&argument.value));
                let mut spans = spans.clone();
                spans.push(argument.value.span);
                let given = fixed.iter().cloned().chain([share]).collect();
                (title, self.registry_aggregate(function, given, name, &spans))
            })
            .collect()
    }

    fn extreme(
        &mut self,
        greatest: bool,
        name: &'a Name,
        arguments: &'a [Argument],
        scope: &Scope<'_>,
    ) -> Vec<(String, Typed)> {
        let Some((first, rest)) = arguments.split_first() else {
            self.arity(name, &(1..=usize::MAX), 0);
            return Vec::new();
        };
        let prefix = if greatest { "max" } else { "min" };
        let by = self.in_aggregate(|binder| binder.scalar(&first.value, scope));
        if let Some(kind) = by.kind
            && !operators::is_ordered(kind)
        {
            self.type_error(first.value.span, "KS206", format!("values of type `{}` have no order", kind.as_str()));
        }
        let skipped = if let Scalar::Column(index) = by.scalar { Some(index) } else { None };
        let base = names::derived(&first.value).unwrap_or_default();
        // The older spelling puts a prefix before every name.
        let is_old = matches!(name.item.as_str(), "argmax" | "argmin");
        let title = match given(first).or_else(|| names::derived(&first.value)) {
            Some(title) if is_old => format!("{prefix}_{title}"),
            Some(title) => title,
            None => format!("{prefix}_"),
        };
        let before = format!("{prefix}_{base}_");
        let mut kept = vec![(title, by)];
        kept.extend(self.kept(rest, skipped, &format!("{before}arg"), is_old.then_some(before.as_str()), 1, scope));
        let (titles, typed): (Vec<String>, Vec<Typed>) = kept.into_iter().unzip();
        let kinds: Vec<Option<Type>> = typed.iter().map(|typed| typed.kind).collect();
        let values = typed.into_iter().map(|typed| typed.scalar).collect();
        titles.into_iter().zip(self.collect(Aggregation::Extreme { greatest, values }, &kinds)).collect()
    }

    fn take_any(&mut self, name: &'a Name, arguments: &'a [Argument], scope: &Scope<'_>) -> Vec<(String, Typed)> {
        if arguments.is_empty() {
            self.arity(name, &(1..=usize::MAX), 0);
            return Vec::new();
        }
        let prefix = (name.item == "any").then_some("any_");
        let kept = self.kept(arguments, None, "any_arg", prefix, 0, scope);
        self.first_of(kept, None)
    }

    fn take_any_if(&mut self, name: &'a Name, arguments: &'a [Argument], scope: &Scope<'_>) -> Vec<(String, Typed)> {
        let [value, condition] = arguments else {
            self.arity(name, &(2..=2), arguments.len());
            return Vec::new();
        };
        let prefix = (name.item == "anyif").then_some("anyif_");
        let condition = self.in_aggregate(|binder| binder.condition(&condition.value, scope));
        let kept = self.kept(std::slice::from_ref(value), None, "any_arg", prefix, 0, scope);
        self.first_of(kept, Some(condition))
    }

    fn first_of(&mut self, kept: Vec<(String, Typed)>, condition: Option<Scalar>) -> Vec<(String, Typed)> {
        let (titles, typed): (Vec<String>, Vec<Typed>) = kept.into_iter().unzip();
        let kinds: Vec<Option<Type>> = typed.iter().map(|typed| typed.kind).collect();
        let values = typed.into_iter().map(|typed| typed.scalar).collect();
        titles.into_iter().zip(self.collect(Aggregation::First { values, condition }, &kinds)).collect()
    }

    /// The values of a row that an aggregate keeps: the given expressions, or all columns that are not keys.
    fn kept(
        &mut self,
        arguments: &'a [Argument],
        skipped: Option<usize>,
        unnamed: &str,
        prefix: Option<&str>,
        first: usize,
        scope: &Scope<'_>,
    ) -> Vec<(String, Typed)> {
        let mut kept = Vec::new();
        let title = |name: String| prefix.map_or_else(|| name.clone(), |prefix| format!("{prefix}{name}"));
        for (index, argument) in arguments.iter().enumerate() {
            if matches!(argument.value.item, ExprKind::Star) {
                let keys = self.aggregates.as_ref().map(|collected| collected.keys.clone()).unwrap_or_default();
                for (column, field) in scope.fields.iter().enumerate() {
                    if keys.contains(&column) || skipped == Some(column) {
                        continue;
                    }
                    let typed = Typed { scalar: Scalar::Column(column), kind: field.kind, fixed: false, type_of: None };
                    kept.push((title(field.name.to_string()), typed));
                }
                continue;
            }
            let typed = self.in_aggregate(|binder| binder.scalar(&argument.value, scope));
            let name = given(argument)
                .or_else(|| names::derived(&argument.value).map(title))
                .unwrap_or_else(|| format!("{unnamed}{}", first + index));
            kept.push((name, typed));
        }
        kept
    }
}

fn given(argument: &Argument) -> Option<String> {
    argument.name.as_ref().map(|name| name.item.clone())
}
