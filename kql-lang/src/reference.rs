//! The reference of the language as it runs offline, made of the lists that parser and binder read.
//!
//! Input: nothing. Output: a page in markdown: operators, functions with the types that they take, aggregates, limits, what
//! is refused by name, and the deliberate differences from Kusto. What a function takes is found by asking it.

mod signature;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::bind::{self, Catalog};
use crate::registry::{self, Aggregate, Scalar};
use crate::run::Limits;
use crate::syntax;
use signature::signature;

/// The prose of the page, with names in braces where the lists stand.
const PAGE: &str = include_str!("reference/page.md");

/// What the operators of pipelines do; the list of their names is the parser's.
const OPERATORS: &[(&str, &str)] = &[
    ("as", "names the rows for later use"),
    ("count", "how many rows there are"),
    ("distinct", "the different rows of some columns, or of all with `*`"),
    ("extend", "more columns; each expression sees the columns that came in"),
    ("filter", "as `where`"),
    ("getschema", "the columns and their types, as rows"),
    (
        "join",
        "rows of two tables side by side: `innerunique` (the default), `inner`, `leftouter`, `rightouter`, `fullouter`, `leftanti`, `rightanti`, `leftsemi`, `rightsemi`",
    ),
    ("limit", "as `take`"),
    ("lookup", "columns of a second table: `leftouter` (the default), `inner`"),
    ("make-series", "arrays over an axis, with a value for empty bins: `on … from … to … step … by …`"),
    (
        "mv-expand",
        "a row per element of arrays and bags: `kind=array`, `bagexpansion`, `with_itemindex`, `to typeof(…)`, `limit`",
    ),
    ("mvexpand", "as `mv-expand`"),
    ("order", "as `sort`"),
    ("parse", "columns out of a text: `kind=simple`, `relaxed`, `regex` with `flags`"),
    ("parse-where", "as `parse`, and rows that do not match are dropped"),
    ("project", "these columns, new ones too"),
    ("project-away", "all columns but these; `*` in names"),
    ("project-keep", "only these columns, in their old order; `*` in names"),
    ("project-rename", "columns under other names"),
    ("project-reorder", "these columns first; `*`, `asc`, `desc`, `granny-asc`, `granny-desc`"),
    ("render", "changes nothing: a picture is for the client"),
    ("serialize", "fixes the order of rows, with columns as in `extend`"),
    ("sort", "sorts, descending unless it says `asc`; `nulls first`, `nulls last`"),
    ("summarize", "groups rows and computes of each group"),
    ("take", "the first rows"),
    ("top", "the first rows of a sort"),
    ("union", "rows of several tables: `kind=outer`, `inner`, `withsource`, `isfuzzy`; wildcards in names"),
    ("where", "the rows for which something is true"),
];

/// Functions that are bound without the registry: what they take depends on names, rows or tables.
const BOUND: &[(&str, &str)] = &[
    ("column_ifexists", "a column if it is there, else another value; also `columnifexists`"),
    ("materialize", "a table that is computed once"),
    ("next", "a value some rows later, of rows in order"),
    ("pack_all", "all columns as one bag"),
    ("prev", "a value some rows before, of rows in order"),
    ("row_cumsum", "the sum up to this row, of rows in order"),
    ("row_number", "the number of the row, of rows in order"),
    ("toscalar", "the first cell of a table"),
];

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = PAGE.to_owned();
    for (name, text) in [
        ("operators", operators()),
        ("functions", functions()),
        ("bound", listed(BOUND)),
        ("aggregates", aggregates()),
        ("limits", limits()),
        ("service_only_operators", words(syntax::service_only_operators())),
        ("service_only_functions", words(refused().into_iter())),
    ] {
        page = page.replace(&format!("{{{name}}}\n"), &text);
    }
    page
}

fn operators() -> String {
    let does = |name: &str| OPERATORS.iter().find(|(known, _)| *known == name).map_or("", |(_, does)| *does);
    let list: BTreeSet<(&str, &str)> = syntax::operators().map(|name| (name, does(name))).collect();
    listed(&list.into_iter().collect::<Vec<_>>())
}

fn listed(list: &[(&str, &str)]) -> String {
    let mut out = String::from("| name | does |\n|---|---|\n");
    for (name, does) in list {
        let _ = writeln!(out, "| `{name}` | {does} |");
    }
    out
}

fn functions() -> String {
    let mut out = String::from("| function | gives | does |\n|---|---|---|\n");
    for Scalar { name, aliases, arity, result, summary, .. } in registry::scalars() {
        row(&mut out, name, aliases, signature(name, arity, *result), summary);
    }
    out
}

fn aggregates() -> String {
    let mut out = String::from("| aggregate | gives | does |\n|---|---|---|\n");
    for Aggregate { name, aliases, arity, result, summary, .. } in registry::aggregates() {
        row(&mut out, name, aliases, signature(name, arity, *result), summary);
    }
    out
}

fn row(out: &mut String, name: &str, aliases: &[&str], (call, gives): (String, String), summary: &str) {
    let also: Vec<String> = aliases.iter().filter(|alias| **alias != name).map(|alias| format!("`{alias}`")).collect();
    let also = if also.is_empty() { String::new() } else { format!(" Also {}.", also.join(", ")) };
    let summary = summary.replace('|', "\\|");
    let _ = writeln!(out, "| `{call}` | {gives} | {summary}{also} |");
}

fn limits() -> String {
    let budget = Limits::default();
    let lines = [
        ("bytes of a text", syntax::MAX_TEXT as u64),
        ("brackets within each other", syntax::MAX_NESTING as u64),
        ("height of the tree of one statement", syntax::MAX_HEIGHT as u64),
        ("syntax errors that are reported", syntax::MAX_DIAGNOSTICS as u64),
        ("functions, subqueries and tables within each other", bind::DEPTH as u64),
        ("expressions within each other, names replaced by what they stand for", bind::HEIGHT as u64),
        ("operators and expressions, functions put in place", bind::NODES as u64),
        ("rows held by sorting, grouping, joining, and in results", budget.rows),
        ("bytes that they take, as estimated", budget.bytes),
        ("rows that pass a step, over all steps", budget.steps),
    ];
    let mut out = String::from("| of | at most |\n|---|---|\n");
    for (what, most) in lines {
        let digits = most.to_string();
        let grouped: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap_or_default()).collect();
        let _ = writeln!(out, "| {what} | {} |", grouped.join(","));
    }
    out
}

/// The functions that a service has and this crate refuses: those that no call binds.
fn refused() -> BTreeSet<&'static str> {
    let is_refused = |name: &&str| {
        let parsed = syntax::parse(&format!("print a = 1 | summarize x = {name}(a)"));
        let bound = bind::bind(&parsed.query, &Catalog::new());
        !BOUND.iter().any(|(known, _)| known == name)
            && bound.live_only.iter().any(|construct| construct.construct == **name)
    };
    registry::SERVICE_ONLY.iter().copied().filter(is_refused).collect()
}

fn words<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    let mut out = String::new();
    let mut width = 0;
    for (place, word) in quoted.iter().enumerate() {
        let end = if place + 1 == quoted.len() { "" } else { "," };
        if width > 0 && width + word.len() + 2 > 120 {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        let _ = write!(out, "{word}{end}");
        width += word.len() + end.len();
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_of_the_parser_is_explained() {
        let known: BTreeSet<&str> = syntax::operators().collect();
        let listed: BTreeSet<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, listed);
        assert!(OPERATORS.iter().all(|(_, does)| !does.is_empty()));
    }

    #[test]
    fn no_list_is_left_out_and_no_name_is_in_two() {
        let page = page();
        assert!(!page.contains('{') || !page.contains("{functions}"), "a name in braces is left");
        for name in registry::names() {
            assert!(page.contains(&format!("`{name}")), "{name}");
        }
        let refused = refused();
        assert!(refused.contains("geo_angle") && refused.contains("hll"));
        assert!(!refused.contains("prev") && !refused.contains("toscalar") && !refused.contains("columnifexists"));
    }

    #[test]
    fn what_a_function_takes_is_found_by_asking_it() {
        let listed = |name: &str| {
            let function = registry::scalar(name).unwrap();
            signature(name, &function.arity, function.result)
        };
        assert_eq!(listed("strlen"), ("strlen(text)".to_owned(), "long".to_owned()));
        assert_eq!(listed("startofday"), ("startofday(datetime, [number])".to_owned(), "datetime".to_owned()));
        assert_eq!(listed("now"), ("now([timespan])".to_owned(), "datetime".to_owned()));
        assert_eq!(listed("iff"), ("iff(bool, any, any)".to_owned(), "as its second argument".to_owned()));
        assert_eq!(listed("not"), ("not(bool)".to_owned(), "bool".to_owned()));
    }
}
