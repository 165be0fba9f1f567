//! Texts that mean harm: nothing panics, nothing hangs, every place lies within the text.

use kql_lang::syntax::{self, MAX_DIAGNOSTICS, MAX_HEIGHT, MAX_NESTING, Parsed};

use crate::syntax::corpus::queries;
use crate::syntax::tree::Maker;

/// Reads a text, lays it out where it can be read, and looks at every place that a diagnostic names.
fn endure(text: &str) -> Parsed {
    let parsed = syntax::parse(text);
    assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS, "{} diagnostics", parsed.diagnostics.len());
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
        assert!(!diagnostic.message.contains('\n'), "{diagnostic:?}");
    }
    let printed = syntax::print(&parsed.query);
    if parsed.diagnostics.is_empty() {
        let formatted = syntax::format(text).expect("what has no diagnostic can be laid out");
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

/// The pieces that queries are made of, whole and broken.
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
fn any_mixture_of_pieces_is_endured() {
    for seed in 0..6_000 {
        let mut maker = Maker::new(seed);
        let text: String = (0..1 + maker.below(40)).map(|_| maker.pick(PIECES)).collect();
        endure(&text);
    }
}

#[test]
fn any_bytes_are_endured() {
    for seed in 0..3_000 {
        let mut maker = Maker::new(seed);
        let bytes: Vec<u8> = (0..maker.below(200)).map(|_| u8::try_from(maker.below(256)).unwrap_or(0)).collect();
        endure(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn every_beginning_of_a_query_is_endured() {
    for (_, text) in queries() {
        for end in (0..text.len()).step_by(7).filter(|end| text.is_char_boundary(*end)) {
            endure(&text[..end]);
        }
    }
}

#[test]
fn queries_with_something_taken_out_or_put_in_are_endured() {
    let queries = queries();
    for seed in 0..4_000 {
        let mut maker = Maker::new(seed);
        let (_, text) = &queries[maker.below(queries.len())];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..1 + maker.below(4) {
            let place = maker.below(letters.len());
            match maker.below(3) {
                0 => {
                    letters.remove(place);
                }
                1 => {
                    letters.insert(place, maker.pick(&['(', ')', '"', '\'', '|', ';', '\\', '=', ',', '\n', '{', ']']))
                }
                _ => {
                    let piece: Vec<char> = maker.pick(PIECES).chars().collect();
                    letters.splice(place..place, piece);
                }
            }
        }
        endure(&letters.into_iter().collect::<String>());
    }
}

/// A text with a piece a million times, or as often as it fits.
fn many(before: &str, piece: &str, after: &str) -> String {
    let times = (1_900_000 / piece.len()).min(1_000_000);
    format!("{before}{}{after}", piece.repeat(times))
}

#[test]
fn what_is_nested_a_million_deep_is_refused() {
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
        let parsed = endure(&many(before, piece, after));
        // Quotation marks in pairs are empty texts, one after the other.
        let may_be_read = piece.contains('(') || before.contains("search") || piece == "\"";
        assert!(!parsed.diagnostics.is_empty() || may_be_read, "{before}{piece}");
    }
}

#[test]
fn chains_of_a_million_are_refused_by_their_height() {
    for (before, piece) in
        [("print a", "+a"), ("print a", " or a"), ("print a", ".a"), ("print a", "[0]"), ("T | where a", " and a == 1")]
    {
        let parsed = endure(&many(before, piece, ""));
        assert_eq!(parsed.diagnostics.len(), 1, "{piece}: {:?}", parsed.diagnostics);
        assert!(parsed.diagnostics[0].message.contains(&MAX_HEIGHT.to_string()), "{:?}", parsed.diagnostics);
    }
}

#[test]
fn lists_of_many_items_are_no_chains() {
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
        assert_eq!(endure(&text).diagnostics, [], "{piece}");
    }
}

#[test]
fn five_hundred_alternatives_are_one_condition() {
    let text = format!("T | where name == \"x\"{}", " or name == \"a\" and b !contains \"c\"".repeat(500));
    assert_eq!(endure(&text).diagnostics, []);
}

#[test]
fn the_limits_are_where_they_are_said_to_be() {
    let nested = |depth: usize| format!("print {}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(endure(&nested(MAX_NESTING - 2)).diagnostics, []);
    assert_eq!(endure(&nested(MAX_NESTING + 1)).diagnostics.len(), 1);
    let chain = |height: usize| format!("print a{}", " + a".repeat(height));
    assert_eq!(endure(&chain(MAX_HEIGHT - 10)).diagnostics, []);
    assert_eq!(endure(&chain(MAX_HEIGHT + 1)).diagnostics.len(), 1);
}

#[test]
fn a_text_that_is_too_long_is_refused_unread() {
    let parsed = endure(&" ".repeat(syntax::MAX_TEXT + 1));
    assert_eq!(parsed.diagnostics.len(), 1);
}

/// Found by mutating queries.
#[test]
fn a_word_of_a_statement_that_is_a_name_is_laid_out_once_and_for_all() {
    for text in ["let-f", "let - f", "print-f", "set-a", "declare-x | count"] {
        endure(text);
    }
}
