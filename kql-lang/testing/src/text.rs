//! Checks on query texts: printing and formatting preserve the query.

use std::path::Path;

use kql_lang::syntax;

/// Returns the files of a folder with an extension, as path and content, sorted by path; empty if the folder does not exist.
#[must_use]
pub fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a file can be read")))
        .collect();
    files.sort();
    files
}

/// Returns the queries that have syntax errors, with their diagnostics.
#[must_use]
pub fn rejected(queries: &[(String, String)]) -> Vec<String> {
    let diagnostics = |(name, text): &(String, String)| {
        let diagnostics = syntax::parse(text).diagnostics;
        (!diagnostics.is_empty()).then(|| format!("{name}: {diagnostics:?}"))
    };
    queries.iter().filter_map(diagnostics).collect()
}

/// Asserts that every text without a syntax error prints as the same query.
pub fn assert_printing_round_trips(queries: &[(String, String)]) {
    for (name, text) in queries {
        let parsed = syntax::parse(text);
        if parsed.diagnostics.is_empty() {
            let printed = syntax::print(&parsed.query);
            let again = syntax::parse(&printed);
            assert_eq!(again.diagnostics, [], "{name}\n{printed}");
            assert_eq!(again.query, parsed.query, "{name}\n{printed}");
        }
    }
}

/// Asserts that formatting every text without a syntax error preserves the query and its comments, and is idempotent.
/// Returns the number of formatted texts.
pub fn assert_formatting_round_trips(queries: &[(String, String)]) -> usize {
    let mut formatted_texts = 0;
    for (name, text) in queries {
        let parsed = syntax::parse(text);
        if parsed.diagnostics.is_empty() {
            let formatted = syntax::format(text).expect("a text without a diagnostic can be formatted");
            let again = syntax::parse(&formatted);
            assert_eq!(again.diagnostics, [], "{name}\n{formatted}");
            assert_eq!(again.query, parsed.query, "{name}\n{formatted}");
            assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "{name}");
            assert_eq!(comments(&formatted), comments(text), "{name}\n{formatted}");
            formatted_texts += 1;
        }
    }
    formatted_texts
}

/// Returns the text after the `//` of each line that has a comment; `//` in a string on one line is none.
fn comments(text: &str) -> Vec<&str> {
    let comment = |line: &'_ str| {
        let mut quote: Option<char> = None;
        let mut is_escaped = false;
        line.char_indices().find_map(|(at, character)| {
            match (quote, character) {
                _ if is_escaped => is_escaped = false,
                (Some(_), '\\') => is_escaped = true,
                (Some(open), _) if open == character => quote = None,
                (None, '"' | '\'') => quote = Some(character),
                (None, '/') if line[at..].starts_with("//") => return Some(at + 2),
                _ => {}
            }
            None
        })
    };
    text.lines().filter_map(|line| comment(line).map(|start| line[start..].trim())).collect()
}
