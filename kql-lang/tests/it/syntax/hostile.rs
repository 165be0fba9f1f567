//! Hostile texts: parsing does not panic or hang, and every span is within the text.

use kql_lang::syntax::{self, MAX_DIAGNOSTICS, MAX_HEIGHT, MAX_NESTING, Parsed};

use crate::syntax::corpus::queries;
use crate::syntax::tree::Generator;

/// Parses, prints and formats a text, and checks the span and message of every diagnostic.
fn check(text: &str) -> Parsed {
    let parsed = syntax::parse(text);
    assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS, "{} diagnostics", parsed.diagnostics.len());
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
        assert!(!diagnostic.message.contains('\n'), "{diagnostic:?}");
    }
    let printed = syntax::print(&parsed.query);
    if parsed.diagnostics.is_empty() {
        let formatted = syntax::format(text).expect("a query without diagnostics can be formatted");
        let again = syntax::parse(&formatted);
        assert_eq!(
            (again.diagnostics.as_slice(), &again.query),
            ([].as_slice(), &parsed.query),
            "{text:?}\n{formatted}"
        );
        assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "{text:?}");
    } else {
        assert!(syntax::format(text).is_err());
    }
    assert!(printed.len() < 100 + text.len() * 40, "{} bytes printed of {}", printed.len(), text.len());
    parsed
}

/// Fragments of queries, complete and incomplete.
const PIECES: &[&str] = &[
    "T",
    "where",
    "| ",
    "|",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "=",
    "==",
    "!",
    "!in",
    "in~",
    "in",
    "between",
    "..",
    ".",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<",
    ">",
    "and",
    "or",
    "not",
    "let",
    "f",
    "=>",
    "'",
    "\"",
    "@'",
    "h\"",
    "```",
    "~~~",
    "\\",
    "\n",
    "\r\n",
    "//",
    "#",
    "$left",
    "datetime(",
    "datetime(2020-01-01)",
    "dynamic(",
    "1",
    "1.5",
    "1d",
    "0x",
    "1e9",
    "true",
    "by",
    "summarize",
    "project-away",
    "mv-expand",
    "join",
    "on",
    "union",
    "datatable(a:long)[",
    "print",
    "range x from",
    "to",
    "step",
    "make-series",
    "parse",
    "with",
    "render",
    "sort by",
    "top",
    "take",
    "typeof(",
    "string",
    ":",
    "view",
    "set",
    "declare query_parameters(",
    "asc",
    "nulls",
    "first",
    "kind=",
    "hint.",
    "search",
    "evaluate",
    "a*",
    "日",
    "“",
    "”",
    "&&",
    "||",
    "is",
    "null",
    "like",
    "\u{feff}",
    "\u{0}",
    "sample",
    "on $left.a == $right.b",
    "limit",
    " ",
    " ",
    " ",
];

#[test]
fn random_fragments() {
    for seed in 0..6_000 {
        let mut generator = Generator::new(seed);
        let text: String = (0..1 + generator.below(40)).map(|_| generator.pick(PIECES)).collect();
        check(&text);
    }
}

#[test]
fn random_bytes() {
    for seed in 0..3_000 {
        let mut generator = Generator::new(seed);
        let bytes: Vec<u8> =
            (0..generator.below(200)).map(|_| u8::try_from(generator.below(256)).unwrap_or(0)).collect();
        check(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn truncated_queries() {
    for (_, text) in queries() {
        for end in (0..text.len()).step_by(7).filter(|end| text.is_char_boundary(*end)) {
            check(&text[..end]);
        }
    }
}

#[test]
fn mutated_queries() {
    let queries = queries();
    for seed in 0..4_000 {
        let mut generator = Generator::new(seed);
        let (_, text) = &queries[generator.below(queries.len())];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..1 + generator.below(4) {
            let place = generator.below(letters.len());
            match generator.below(3) {
                0 => {
                    letters.remove(place);
                }
                1 => letters
                    .insert(place, generator.pick(&['(', ')', '"', '\'', '|', ';', '\\', '=', ',', '\n', '{', ']'])),
                _ => {
                    let piece: Vec<char> = generator.pick(PIECES).chars().collect();
                    letters.splice(place..place, piece);
                }
            }
        }
        check(&letters.into_iter().collect::<String>());
    }
}

/// Returns a text with a piece repeated a million times, or as often as the maximum length allows.
fn many(before: &str, piece: &str, after: &str) -> String {
    let times = (1_900_000 / piece.len()).min(1_000_000);
    format!("{before}{}{after}", piece.repeat(times))
}

#[test]
fn nesting_a_million_deep_is_rejected() {
    for (before, piece, after) in [
        ("print ", "(", "1"),
        ("print ", "[", "1"),
        ("print ", "-", "1"),
        ("print ", "not(", "1"),
        ("T", "|", ""),
        ("", "let f=(){", ""),
        ("print dynamic(", "[", ""),
        ("print dynamic(", "{\"a\":", ""),
        ("print x", "[0", ""),
        ("T | join ", "(T | join ", ""),
        ("print a in ", "(a in ", ""),
        ("print a between ", "(1 .. a between ", ""),
        ("", "{", ""),
        ("", ")", ""),
        ("", "([{", ""),
        ("", "(;", ""),
        ("", "\"", ""),
        ("", "`", ""),
        ("T | search ", "(", ""),
        ("T | where a == b", " == c", ""),
        ("T | where a", " in (b)", ""),
        ("T | where a", " between (b .. c)", ""),
        ("T | where f", "(a", ""),
    ] {
        let parsed = check(&many(before, piece, after));
        // Pairs of quotation marks are adjacent empty strings.
        let may_be_valid = piece.contains('(') || before.contains("search") || piece == "\"";
        assert!(!parsed.diagnostics.is_empty() || may_be_valid, "{before}{piece}");
    }
}

#[test]
fn chains_of_a_million_exceed_the_height_limit() {
    for (before, piece) in
        [("print a", "+a"), ("print a", " or a"), ("print a", ".a"), ("print a", "[0]"), ("T | where a", " and a == 1")]
    {
        let parsed = check(&many(before, piece, ""));
        assert_eq!(parsed.diagnostics.len(), 1, "{piece}: {:?}", parsed.diagnostics);
        assert!(parsed.diagnostics[0].message.contains(&MAX_HEIGHT.to_string()), "{:?}", parsed.diagnostics);
    }
}

#[test]
fn long_lists_do_not_count_as_height() {
    for (before, piece, after) in [
        ("print ", "a.b, -1, ", "1"),
        ("T", " | where a.b == -1", ""),
        ("", "let a = 1;", "T"),
        ("datatable(a: long)[", "-1,", "1]"),
        ("print f(", "a.b,", "1)"),
        ("T | where x in (", "\"a\",", "\"b\")"),
        ("print dynamic([", "[1],", "1])"),
        ("T | project ", "a = b[0],", "c"),
    ] {
        let text = format!("{before}{}{after}", piece.repeat(20_000));
        assert_eq!(check(&text).diagnostics, [], "{piece}");
    }
}

#[test]
fn condition_with_five_hundred_alternatives_is_accepted() {
    let text = format!("T | where name == \"x\"{}", " or name == \"a\" and b !contains \"c\"".repeat(500));
    assert_eq!(check(&text).diagnostics, []);
}

#[test]
fn limits_have_the_documented_values() {
    let nested = |depth: usize| format!("print {}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(check(&nested(MAX_NESTING - 2)).diagnostics, []);
    assert_eq!(check(&nested(MAX_NESTING + 1)).diagnostics.len(), 1);
    let chain = |height: usize| format!("print a{}", " + a".repeat(height));
    assert_eq!(check(&chain(MAX_HEIGHT - 10)).diagnostics, []);
    assert_eq!(check(&chain(MAX_HEIGHT + 1)).diagnostics.len(), 1);
}

#[test]
fn too_long_text_is_rejected() {
    let parsed = check(&" ".repeat(syntax::MAX_TEXT + 1));
    assert_eq!(parsed.diagnostics.len(), 1);
}

/// Found by `mutated_queries`.
#[test]
fn formatting_statement_keywords_used_as_names_is_idempotent() {
    for text in ["let-f", "let - f", "print-f", "set-a", "declare-x | count"] {
        check(text);
    }
}

/// Found by the fuzz target `kql`.
#[test]
fn settings_with_any_word_are_printed_as_written() {
    for text in ["T\n| join kind=$x U on s", "T\n| join kind=$left U on s", "T\n| join kind=where U on s"] {
        let parsed = check(text);
        assert_eq!(parsed.diagnostics, []);
        assert_eq!(syntax::print(&parsed.query), text);
    }
}
