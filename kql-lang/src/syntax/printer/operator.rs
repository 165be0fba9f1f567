//! Printing of pipeline operators and sources.

use super::{Printer, literal, name};
use crate::ast::{
    Argument, Expr, ExprKind, Join, MakeSeries, Named, Operator, OperatorKind, Parse, ParsePart, Scan, Search, Setting,
    SortKey, Source,
};
use crate::value::Type;

impl Printer {
    pub(super) fn operator(&mut self, operator: &OperatorKind) {
        match operator {
            OperatorKind::Where(condition) => {
                self.text("where ");
                self.expression(condition);
            }
            OperatorKind::Extend(items) => self.word_list("extend", items),
            OperatorKind::Project(items) => self.word_list("project", items),
            OperatorKind::ProjectAway(patterns) => {
                self.text("project-away ");
                self.list(patterns, |printer, pattern| printer.pattern(&pattern.item));
            }
            OperatorKind::ProjectKeep(patterns) => {
                self.text("project-keep ");
                self.list(patterns, |printer, pattern| printer.pattern(&pattern.item));
            }
            OperatorKind::ProjectRename(pairs) => {
                self.text("project-rename ");
                self.list(pairs, |printer, (new, old)| {
                    printer.name(&new.item);
                    printer.text(" = ");
                    printer.name(&old.item);
                });
            }
            OperatorKind::ProjectReorder(patterns) => {
                self.text("project-reorder ");
                self.list(patterns, |printer, (pattern, order)| {
                    printer.pattern(&pattern.item);
                    if let Some(order) = order {
                        printer.text(" ");
                        printer.text(order);
                    }
                });
            }
            OperatorKind::Summarize { settings, aggregates, by } => {
                self.text("summarize");
                self.settings(settings);
                self.items(" ", aggregates);
                self.items(" by ", by);
            }
            OperatorKind::Sort(keys) => {
                self.text("sort by ");
                self.list(keys, Self::sort_key);
            }
            OperatorKind::Top(count, keys) => {
                self.text("top ");
                self.expression(count);
                self.text(" by ");
                self.list(keys, Self::sort_key);
            }
            OperatorKind::Take(count) => {
                self.text("take ");
                self.expression(count);
            }
            OperatorKind::Distinct(items) => self.word_list("distinct", items),
            OperatorKind::Count => self.text("count"),
            OperatorKind::CountAs(name) => {
                self.text("count as ");
                self.name(&name.item);
            }
            OperatorKind::MvApply(apply) => {
                self.expansion("mv-apply", &apply.settings, &apply.items, apply.limit.as_ref());
                self.text(" on ");
                self.operators_in_brackets(&apply.operators);
            }
            OperatorKind::Partition { settings, by, operators } => {
                self.text("partition");
                self.settings(settings);
                self.text(" by ");
                self.at_least(by, super::OPERAND);
                self.text(" ");
                self.operators_in_brackets(operators);
            }
            OperatorKind::ParseKv { text, keys, options } => {
                self.text("parse-kv ");
                self.expression(text);
                self.text(" as ");
                self.columns(keys);
                if !options.is_empty() {
                    self.within(" with (", ")", |printer| printer.list(options, Self::setting));
                }
            }
            OperatorKind::Scan(scan) => self.scan(scan),
            OperatorKind::Search(search) => self.search(search),
            OperatorKind::Invoke(name, arguments) => {
                self.text("invoke ");
                self.name(&name.item);
                self.arguments(arguments);
            }
            OperatorKind::Evaluate(evaluate) => {
                self.text("evaluate ");
                self.name(&evaluate.plugin.item);
                self.arguments(&evaluate.arguments);
                if let Some(schema) = &evaluate.schema {
                    self.text(" : ");
                    self.within("(", ")", |printer| {
                        printer.list(schema, |printer, (name, kind)| {
                            if name.item == "*" {
                                return printer.text("*");
                            }
                            printer.name(&name.item);
                            printer.text(": ");
                            printer.kind(*kind);
                        });
                    });
                }
            }
            OperatorKind::MvExpand { settings, items, limit } => {
                self.expansion("mv-expand", settings, items, limit.as_ref())
            }
            OperatorKind::Join(join) => self.join("join", join),
            OperatorKind::Lookup(join) => self.join("lookup", join),
            OperatorKind::Union { settings, tables } => self.union(settings, tables),
            OperatorKind::Render(kind, properties) => {
                self.text("render ");
                self.text(&kind.item);
                if !properties.is_empty() {
                    self.within(" with (", ")", |printer| printer.list(properties, Self::setting));
                }
            }
            OperatorKind::As(name) => {
                self.text("as ");
                self.name(&name.item);
            }
            OperatorKind::Serialize(items) => self.word_list("serialize", items),
            OperatorKind::Parse(parse) => self.parse("parse", parse),
            OperatorKind::ParseWhere(parse) => self.parse("parse-where", parse),
            OperatorKind::MakeSeries(series) => self.make_series(series),
            OperatorKind::GetSchema => self.text("getschema"),
            OperatorKind::Unsupported(name) => self.text(name),
        }
    }

    pub(super) fn source(&mut self, source: &Source) {
        match source {
            Source::Print(items) => self.word_list("print", items),
            Source::Range { name, from, to, step } => {
                self.text("range ");
                self.name(&name.item);
                for (word, value) in [(" from ", from), (" to ", to), (" step ", step)] {
                    self.text(word);
                    self.expression(value);
                }
            }
            Source::Union { settings, tables } => self.union(settings, tables),
            Source::Search(search) => self.search(search),
            Source::Datatable { columns, values } => {
                self.text("datatable ");
                self.columns(columns);
                self.within(" [", "]", |printer| {
                    printer.list(values, |printer, value| printer.at_least(value, super::OPERAND));
                });
            }
            // The arguments are not in the tree; the word alone would be a name.
            Source::Unsupported(name) => {
                self.text(name);
                self.text(" *");
            }
        }
    }

    fn word_list(&mut self, word: &str, items: &[Named]) {
        self.text(word);
        self.items(" ", items);
    }

    /// Writes a prefix and named expressions, if there are any.
    fn items(&mut self, before: &str, items: &[Named]) {
        if !items.is_empty() {
            self.text(before);
            self.list(items, Self::named);
        }
    }

    fn named(&mut self, item: &Named) {
        match item.names.as_slice() {
            [] => {}
            [name] => {
                self.name(&name.item);
                self.text(" = ");
            }
            names => {
                self.within("(", ") = ", |printer| printer.list(names, |printer, name| printer.name(&name.item)));
            }
        }
        self.expression(&item.value);
    }

    fn sort_key(&mut self, key: &SortKey) {
        self.expression(&key.value);
        match key.ascending {
            Some(true) => self.text(" asc"),
            Some(false) => self.text(" desc"),
            None => {}
        }
        match key.nulls_first {
            Some(true) => self.text(" nulls first"),
            Some(false) => self.text(" nulls last"),
            None => {}
        }
    }

    fn settings(&mut self, settings: &[Setting]) {
        for setting in settings {
            self.text(" ");
            self.setting(setting);
        }
    }

    fn setting(&mut self, setting: &Setting) {
        self.text(&setting.name.item);
        self.text("=");
        match &setting.value.item {
            // Any word is a valid value, including reserved words.
            ExprKind::Name(word) if name::is_token(word) && !matches!(word.as_str(), "true" | "false" | "dynamic") => {
                self.text(word);
            }
            _ => self.at_least(&setting.value, super::OPERAND),
        }
    }

    fn operators_in_brackets(&mut self, operators: &[Operator]) {
        self.within("(", ")", |printer| {
            for (place, operator) in operators.iter().enumerate() {
                if place > 0 {
                    printer.text(" | ");
                }
                printer.operator(&operator.item);
            }
        });
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        self.within("(", ")", |printer| printer.list(arguments, Self::argument));
    }

    fn scan(&mut self, scan: &Scan) {
        self.text("scan");
        self.settings(&scan.settings);
        if !scan.columns.is_empty() {
            self.text(" declare ");
            self.within("(", ")", |printer| {
                printer.list(&scan.columns, |printer, (name, kind, default)| {
                    printer.name(&name.item);
                    printer.text(": ");
                    printer.kind(*kind);
                    if let Some(default) = default {
                        printer.text(" = ");
                        printer.expression(default);
                    }
                });
            });
        }
        self.text(" with ");
        self.within("(", ")", |printer| {
            for step in &scan.steps {
                printer.text("step ");
                printer.name(&step.name.item);
                if let Some(output) = &step.output {
                    printer.text(" output=");
                    printer.name(&output.item);
                }
                printer.text(": ");
                printer.expression(&step.condition);
                if !step.assignments.is_empty() {
                    printer.text(" => ");
                    printer.list(&step.assignments, |printer, (name, value)| {
                        printer.name(&name.item);
                        printer.text(" = ");
                        printer.expression(value);
                    });
                }
                printer.text("; ");
            }
        });
    }

    fn search(&mut self, search: &Search) {
        self.text("search");
        self.settings(&search.settings);
        if !search.tables.is_empty() {
            self.text(" in ");
            self.within("(", ")", |printer| printer.tables(&search.tables));
        }
        self.text(" ");
        self.expression(&search.condition);
    }

    fn expansion(&mut self, word: &str, settings: &[Setting], items: &[(Named, Option<Type>)], limit: Option<&Expr>) {
        self.text(word);
        self.settings(settings);
        self.text(" ");
        self.list(items, |printer, (item, kind)| {
            printer.named(item);
            if let Some(kind) = kind {
                printer.text(" to typeof(");
                printer.kind(*kind);
                printer.text(")");
            }
        });
        if let Some(limit) = limit {
            self.text(" limit ");
            self.expression(limit);
        }
    }

    fn join(&mut self, word: &str, join: &Join) {
        self.text(word);
        self.settings(&join.settings);
        self.text(" ");
        self.side(&join.right);
        self.text(" on ");
        self.list(&join.on, Self::expression);
    }

    /// Writes a table argument, in brackets if it has operators.
    fn side(&mut self, table: &Expr) {
        let sign = matches!(table.item, ExprKind::Unary(..));
        self.at_least(table, if sign { u8::MAX } else { super::OPERAND });
    }

    fn union(&mut self, settings: &[Setting], tables: &[Expr]) {
        self.text("union");
        self.settings(settings);
        self.text(" ");
        self.tables(tables);
    }

    /// Writes tables, whose names can contain `*`.
    fn tables(&mut self, tables: &[Expr]) {
        self.list(tables, |printer, table| match &table.item {
            ExprKind::Name(name) if name != "*" => printer.pattern(name),
            ExprKind::Member(base, name) if name.item.contains('*') => {
                printer.base(base);
                printer.text(".");
                printer.pattern(&name.item);
            }
            _ => printer.side(table),
        });
    }

    fn parse(&mut self, word: &str, parse: &Parse) {
        self.text(word);
        self.settings(&parse.settings);
        self.text(" ");
        self.expression(&parse.text);
        self.text(" with");
        for part in &parse.parts {
            self.text(" ");
            match part {
                ParsePart::Skip => self.text("*"),
                ParsePart::Text(text) => literal::text(&mut self.out, &text.item, '"'),
                ParsePart::Column(name, kind) => {
                    self.name(&name.item);
                    if let Some(kind) = kind {
                        self.text(": ");
                        self.kind(*kind);
                    }
                }
            }
        }
    }

    fn make_series(&mut self, series: &MakeSeries) {
        self.text("make-series");
        self.settings(&series.settings);
        self.text(" ");
        self.list(&series.aggregates, |printer, (aggregate, default)| {
            printer.named(aggregate);
            if let Some(default) = default {
                printer.text(" default=");
                printer.expression(default);
            }
        });
        self.text(" on ");
        self.expression(&series.on);
        if let (true, Some(from), Some(to)) = (series.in_range, &series.from, &series.to) {
            self.text(" in range");
            self.within("(", ")", |printer| {
                printer.expression(from);
                printer.text(", ");
                printer.expression(to);
                printer.text(", ");
                printer.expression(&series.step);
            });
            return self.items(" by ", &series.by);
        }
        for (word, value) in [(" from ", &series.from), (" to ", &series.to)] {
            if let Some(value) = value {
                self.text(word);
                self.expression(value);
            }
        }
        self.text(" step ");
        self.expression(&series.step);
        self.items(" by ", &series.by);
    }
}
