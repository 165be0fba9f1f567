//! Properties of generated trees: printing and formatting preserve the tree, and formatting is idempotent.

use kql_lang::syntax;

use crate::syntax::tree::Generator;

/// The number of generated trees; set by `AMP_RULES_CASES`.
fn cases() -> u64 {
    std::env::var("AMP_RULES_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}

#[test]
fn printing_round_trips() {
    for seed in 0..cases() {
        let query = Generator::new(seed).query();
        let printed = syntax::print(&query);
        let parsed = syntax::parse(&printed);
        assert_eq!(parsed.diagnostics, [], "seed {seed}\n{printed}");
        assert_eq!(parsed.query, query, "seed {seed}\n{printed}");
    }
}

#[test]
fn formatting_preserves_the_tree_and_is_idempotent() {
    for seed in 0..cases() {
        let query = Generator::new(seed).query();
        let printed = syntax::print(&query);
        let formatted = syntax::format(&printed).expect("a printed query has no diagnostics");
        let parsed = syntax::parse(&formatted);
        assert_eq!(parsed.diagnostics, [], "seed {seed}\n{formatted}");
        assert_eq!(parsed.query, query, "seed {seed}\n{formatted}");
        assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "seed {seed}");
    }
}

/// Inserts comments and line ends at random spaces outside of strings. Returns the text and the number of insertions.
fn with_comments(text: &str, generator: &mut Generator) -> (String, usize) {
    let mut out = String::new();
    let mut comments = 0;
    let mut quote = None;
    let mut escaped = false;
    for letter in text.chars() {
        match quote {
            Some(open) => {
                if letter == open && !escaped {
                    quote = None;
                }
                escaped = letter == '\\' && !escaped;
            }
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if letter == ' ' && generator.chance(6) => {
                out.push_str(generator.pick(&[
                    " // one\n",
                    "\n// two\n",
                    "\n\n  // three // four\n\n",
                    " // five\n// six\n",
                ]));
                comments += 1;
            }
            None => {}
        }
        out.push(letter);
    }
    (out, comments)
}

#[test]
fn formatting_preserves_comments() {
    let mut seen = 0;
    for seed in 0..cases() {
        let mut generator = Generator::new(seed);
        let printed = syntax::print(&generator.query());
        let (text, comments) = with_comments(&printed, &mut generator);
        let parsed = syntax::parse(&text);
        assert_eq!(parsed.diagnostics, [], "seed {seed}\n{text}");
        let formatted = syntax::format(&text).expect("a query without diagnostics can be formatted");
        assert_eq!(syntax::parse(&formatted).query, parsed.query, "seed {seed}\n{text}\n{formatted}");
        assert_eq!(formatted.matches("// ").count(), text.matches("// ").count(), "seed {seed}\n{text}\n{formatted}");
        assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "seed {seed}\n{text}");
        seen += comments;
    }
    assert!(u64::try_from(seen).expect("few enough") > cases(), "{seen} comments");
}
