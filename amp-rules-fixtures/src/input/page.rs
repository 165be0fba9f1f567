//! The page `docs/limits.md`, generated from the limits themselves.

use std::fmt::Write as _;

use amp_rules_core::rules::syntax;
use amp_rules_core::telemetry::matcher;
use amp_rules_core::telemetry::source::rows::IDENTITIES;
use kql_lang::syntax as query;

use super::limits::Limit;
use super::size::size;
use crate::scenario::MAX_ROWS;

const START: &str = "\
# Limits

Everything that is read has a limit on the memory and the time that it takes, so that a broken or hostile file ends in a
message and not in a hang or an abort. A message names the limit, its value and, where it is known, what was found. All
limits are inclusive. What exceeds one is never taken for empty: rows that were not read make their table partial or unknown,
and a rule file that was not read makes the command fail.

Only regular files are opened, and links to them. A named pipe, a device, a socket, a folder in place of a file, a link to
nothing and a loop of links are refused at once, before anything is read. A pipe can be given as stdin where a command takes
`-`; it has the limit `text-bytes`.

## Limits that can be changed

`--limit NAME=VALUE` changes a limit of one command and can be repeated: `--limit table-bytes=32GiB --limit ratio=500`. Sizes
are in `KiB`, `MiB`, `GiB` or `TiB`, without a unit in bytes. Programs pass a `Limits` value to `FixtureSource::open_within`.

| name | default | bounds | beyond it |
|---|---|---|---|
";

const MIDDLE: &str = "
Rows stream: they are filtered and aggregated while they are read, so memory depends on the answers and not on the size of
the files. A saved response with many rows is read twice, because the table that counts may be named behind its rows.

## Fixed limits

These protect parsers, or are far above what a valid input has. Raising them needs a change of the code.

| what | limit |
|---|---|
";

/// The page in markdown.
#[must_use]
pub fn limits_page() -> String {
    let mut page = START.to_owned();
    for limit in Limit::ALL {
        let (bounds, beyond) = limit.doc();
        let _ = writeln!(page, "| `{limit}` | {} | {bounds} | {beyond} |", limit.show(limit.default_value()));
    }
    page.push_str(MIDDLE);
    let mut fixed: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, value: String| fixed.push((what.to_owned(), value));
    for (what, value) in syntax::LIMITS {
        add(&format!("rule files, YAML: {what}"), value.to_string());
    }
    add("rule files, YAML: documents in one file", "1".to_owned());
    add("rule files: one regex when compiled; 250 levels of nesting", size(10 << 20));
    add(
        "rule files: all regexes of a pack, in characters and ranges of classes, with bounded repetitions written out",
        matcher::PACK_REGEXES.to_string(),
    );
    add("rule files: the automaton of all regexes on one text", size(matcher::SET_BYTES as u64));
    add("queries: length in bytes", query::MAX_TEXT.to_string());
    add("queries: nesting of brackets", query::MAX_NESTING.to_string());
    add("queries: levels of one expression", query::MAX_HEIGHT.to_string());
    add("queries: one text or list that a function makes", "2^24 bytes, 2^20 elements; null beyond".to_owned());
    add("queries: one regex when compiled, literal or computed from data", size(4 << 20));
    add("JSON, in rows and responses: levels of nesting", "128".to_owned());
    add(
        "rows: identities kept per table to recognise duplicates; counts are lower bounds beyond",
        IDENTITIES.to_string(),
    );
    add("rows: problems kept per table; the rest is counted", "100".to_owned());
    add("`.zst`: the window of the compression", size(128 << 20));
    add("scenarios: generated rows", MAX_ROWS.to_string());
    add("live: the body of one response", "96 MiB; the query is split or the answer partial beyond".to_owned());
    add("live: redirects, to the same origin only", "3".to_owned());
    for (what, value) in fixed {
        let _ = writeln!(page, "| {what} | {value} |");
    }
    page
}
