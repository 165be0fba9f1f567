//! Generates the reference page of the supported language.
//!
//! Input: the operator lists of the parser, the function registry, and the limits. Output: a page in Markdown: operators,
//! functions with their argument and result types, aggregates, limits, unsupported operators and functions, and deliberate
//! differences from Kusto. Argument types are derived by calling the type rule of each function.

mod signature;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::bind::{self, Catalog};
use crate::registry::{self, Aggregate, Scalar};
use crate::run::Limits;
use crate::syntax;
use signature::signature;

/// The template of the page. A name in braces on a line of its own is replaced by a generated list.
const PAGE: &str = include_str!("reference/page.md");

/// Descriptions of the pipeline operators that the parser supports.
const OPERATORS: &[(&str, &str)] = &[
    ("as", "gives the table a name for later use in the query"),
    ("count", "the number of rows"),
    ("distinct", "the distinct combinations of the given columns, or of all columns with `*`"),
    (
        "evaluate",
        "the plugin `bag_unpack`: one column per property of a bag, listed after `:` or found in literal rows",
    ),
    ("extend", "additional columns; expressions can use only the input columns"),
    ("filter", "same as `where`"),
    ("getschema", "the names and types of the columns, as rows"),
    ("invoke", "calls a function of the query with the table as its first argument"),
    (
        "join",
        "combines matching rows of two tables: `innerunique` (the default), `inner`, `leftouter`, `rightouter`, `fullouter`, `leftanti`, `rightanti`, `leftsemi`, `rightsemi`",
    ),
    ("limit", "same as `take`"),
    ("lookup", "adds columns of a second table: `leftouter` (the default), `inner`"),
    (
        "make-series",
        "one array of values per group over an axis, with a default for empty bins: `on … from … to … step … by …`",
    ),
    (
        "mv-apply",
        "operators in brackets, applied to the elements of the arrays of each row: `mv-apply x = d to typeof(long) on (…)`",
    ),
    (
        "mv-expand",
        "one row per element of an array or property of a bag: `kind=array`, `bagexpansion`, `with_itemindex`, `to typeof(…)`, `limit`",
    ),
    ("mvapply", "same as `mv-apply`"),
    ("mvexpand", "same as `mv-expand`"),
    ("order", "same as `sort`"),
    ("parse", "extracts columns from a string: `kind=simple`, `relaxed`, `regex` with `flags`"),
    (
        "parse-kv",
        "columns from keys and values in a string: `as (key: type) with (pair_delimiter, kv_delimiter, quote, escape, greedy, regex)`",
    ),
    ("parse-where", "like `parse`, but drops rows that do not match"),
    ("partition", "operators in brackets, applied to the rows of each value of a column"),
    ("project", "selects and computes columns"),
    ("project-away", "removes columns; accepts `*` in names"),
    ("project-keep", "keeps only the given columns, in their original order; accepts `*` in names"),
    ("project-rename", "renames columns"),
    ("project-reorder", "moves columns to the front; accepts `*`, `asc`, `desc`, `granny-asc`, `granny-desc`"),
    ("render", "no effect: charts are drawn by the client"),
    ("scan", "follows sequences of rows through steps: `declare`, `with_match_id`, `output=all` and `none`"),
    ("search", "the rows of several tables in which a term occurs in any column"),
    ("serialize", "fixes the order of rows; adds columns like `extend`"),
    ("sort", "sorts rows, descending by default; `asc`, `nulls first`, `nulls last`"),
    ("summarize", "groups rows and aggregates each group"),
    ("take", "the first `n` rows"),
    ("top", "the first `n` rows of a sort"),
    ("union", "rows of several tables: `kind=outer`, `inner`, `withsource`, `isfuzzy`; wildcards in names"),
    ("where", "the rows for which a condition is true"),
];

/// Functions that the binder implements without the registry, because their arguments are names, rows or tables.
const BOUND: &[(&str, &str)] = &[
    ("bag_pack_columns", "columns as a property bag, by their names"),
    ("column_ifexists", "a column if it exists, else another value; also `columnifexists`"),
    ("column_names_of", "the names of the columns of a table, as an array"),
    ("materialize", "a table that is computed only once"),
    ("next", "a value of a later row; rows must be ordered"),
    ("pack_all", "all columns as one property bag"),
    ("prev", "a value of an earlier row; rows must be ordered"),
    ("row_cumsum", "the sum up to this row; rows must be ordered"),
    ("row_number", "the number of the row; rows must be ordered"),
    ("row_rank_dense", "the rank of a value among the values so far, without gaps; rows must be ordered"),
    ("row_rank_min", "the rank of a value among the values so far, with gaps after equal values; rows must be ordered"),
    ("row_window_session", "the first instant of the session of the row; rows must be ordered"),
    ("toscalar", "the first cell of a table"),
];

/// Returns the page.
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
        ("service_only_functions", words(unsupported_functions().into_iter())),
    ] {
        page = page.replace(&format!("{{{name}}}\n"), &text);
    }
    page
}

fn operators() -> String {
    let description = |name: &str| OPERATORS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| *text);
    let list: BTreeSet<(&str, &str)> = syntax::operators().map(|name| (name, description(name))).collect();
    listed(&list.into_iter().collect::<Vec<_>>())
}

fn listed(list: &[(&str, &str)]) -> String {
    let mut out = String::from("| name | description |\n|---|---|\n");
    for (name, description) in list {
        let _ = writeln!(out, "| `{name}` | {description} |");
    }
    out
}

fn functions() -> String {
    let mut out = String::from("| function | result | description |\n|---|---|---|\n");
    for Scalar { name, aliases, arity, result, summary, .. } in registry::scalars() {
        row(&mut out, name, aliases, signature(name, arity, *result), summary);
    }
    out
}

fn aggregates() -> String {
    let mut out = String::from("| aggregate | result | description |\n|---|---|---|\n");
    for Aggregate { name, aliases, arity, result, summary, .. } in registry::aggregates() {
        row(&mut out, name, aliases, signature(name, arity, *result), summary);
    }
    out
}

fn row(out: &mut String, name: &str, aliases: &[&str], (call, result): (String, String), summary: &str) {
    let also: Vec<String> = aliases.iter().filter(|alias| **alias != name).map(|alias| format!("`{alias}`")).collect();
    let also = if also.is_empty() { String::new() } else { format!(" Also {}.", also.join(", ")) };
    let summary = summary.replace('|', "\\|");
    let _ = writeln!(out, "| `{call}` | {result} | {summary}{also} |");
}

fn limits() -> String {
    let budget = Limits::default();
    let lines = [
        ("length of a query, in bytes", syntax::MAX_TEXT as u64),
        ("nesting depth of brackets", syntax::MAX_NESTING as u64),
        ("height of the syntax tree of a statement", syntax::MAX_HEIGHT as u64),
        ("reported syntax errors", syntax::MAX_DIAGNOSTICS as u64),
        ("nesting depth of functions, subqueries and tables", bind::DEPTH as u64),
        ("nesting depth of expressions, after expansion of names", bind::HEIGHT as u64),
        ("operators and expressions, after inlining of functions", bind::NODES as u64),
        ("rows held by sorting, grouping, joining, and in results", budget.rows),
        ("estimated size of these rows, in bytes", budget.bytes),
        ("rows processed, summed over all operators", budget.steps),
    ];
    let mut out = String::from("| limit | maximum |\n|---|---|\n");
    for (name, maximum) in lines {
        let digits = maximum.to_string();
        let grouped: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap_or_default()).collect();
        let _ = writeln!(out, "| {name} | {} |", grouped.join(","));
    }
    out
}

/// Returns the functions that a service supports and this crate rejects: those that no call binds.
fn unsupported_functions() -> BTreeSet<&'static str> {
    let is_unsupported = |name: &&str| {
        let parsed = syntax::parse(&format!("print a = 1 | summarize x = {name}(a)"));
        let bound = bind::bind(&parsed.query, &Catalog::new());
        !BOUND.iter().any(|(known, _)| known == name)
            && bound.live_only.iter().any(|construct| construct.construct == **name)
    };
    registry::SERVICE_ONLY.iter().copied().filter(is_unsupported).collect()
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
    fn every_operator_of_the_parser_has_a_description() {
        let known: BTreeSet<&str> = syntax::operators().collect();
        let listed: BTreeSet<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, listed);
        assert!(OPERATORS.iter().all(|(_, description)| !description.is_empty()));
    }

    #[test]
    fn page_contains_every_list_and_every_function() {
        let page = page();
        assert!(!page.contains('{') || !page.contains("{functions}"), "a placeholder is left");
        for name in registry::names() {
            assert!(page.contains(&format!("`{name}")), "{name}");
        }
        let unsupported = unsupported_functions();
        assert!(unsupported.contains("geo_angle") && unsupported.contains("rand"));
        let bound = ["prev", "toscalar", "columnifexists"];
        assert!(bound.iter().all(|name| !unsupported.contains(name)));
    }

    #[test]
    fn signature_is_derived_from_the_type_rule() {
        let signature_of = |name: &str| {
            let function = registry::scalar(name).unwrap();
            signature(name, &function.arity, function.result)
        };
        assert_eq!(signature_of("strlen"), ("strlen(text)".to_owned(), "long".to_owned()));
        assert_eq!(signature_of("startofday"), ("startofday(datetime, [number])".to_owned(), "datetime".to_owned()));
        assert_eq!(signature_of("now"), ("now([timespan])".to_owned(), "datetime".to_owned()));
        assert_eq!(signature_of("iff"), ("iff(bool, any, any)".to_owned(), "type of the second argument".to_owned()));
        assert_eq!(signature_of("not"), ("not(bool)".to_owned(), "bool".to_owned()));
    }
}
