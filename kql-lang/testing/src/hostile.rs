//! Strings that try to escape from a literal.

use proptest::prelude::{Strategy, any, prop, prop_oneof};

/// Fragments that could end a literal, a statement or a line.
pub const PIECES: &[&str] = &[
    "'",
    "\"",
    "\\",
    "\\\\",
    "\\\"",
    "\\'",
    "\n",
    "\r\n",
    "\r",
    "//",
    "/*",
    ";",
    "|",
    "`",
    "```",
    "@\"",
    "h'",
    "['",
    "']",
    "{",
    "}",
    "$",
    "\\u0022",
    "\\n",
    "\t",
    "\0",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "a",
    " ",
    "1",
    ".drop table traces",
    "| where 1 == 1",
    "let _rows = 1;",
    "let cluster = 1;",
    "print 1",
    "\u{1f}",
    "\u{7f}",
    "%",
    "#",
];

/// Strings composed of these fragments, and random strings.
pub fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..10).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => prop::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter)]
}
