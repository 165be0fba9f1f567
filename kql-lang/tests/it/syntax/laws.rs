//! What holds of every tree: what is printed is read as the same tree, and laying out changes nothing else.

use kql_lang::syntax;

use crate::syntax::tree::Maker;

/// How many trees are made; `AMP_RULES_CASES` sets it.
fn cases() -> u64 {
    std::env::var("AMP_RULES_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}

#[test]
fn what_is_printed_is_read_as_the_same_tree() {
    for seed in 0..cases() {
        let query = Maker::new(seed).query();
        let printed = syntax::print(&query);
        let parsed = syntax::parse(&printed);
        assert_eq!(parsed.diagnostics, [], "seed {seed}\n{printed}");
        assert_eq!(parsed.query, query, "seed {seed}\n{printed}");
    }
}

#[test]
fn laying_out_keeps_the_tree_and_done_twice_changes_nothing() {
    for seed in 0..cases() {
        let query = Maker::new(seed).query();
        let printed = syntax::print(&query);
        let formatted = syntax::format(&printed).expect("what is printed has no diagnostic");
        let parsed = syntax::parse(&formatted);
        assert_eq!(parsed.diagnostics, [], "seed {seed}\n{formatted}");
        assert_eq!(parsed.query, query, "seed {seed}\n{formatted}");
        assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "seed {seed}");
    }
}

/// Spaces become comments and line ends by chance.
fn with_comments(text: &str, maker: &mut Maker) -> (String, usize) {
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
            None if letter == ' ' && maker.chance(6) => {
                out.push_str(maker.pick(&[
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
fn laying_out_keeps_every_comment_wherever_it_stands() {
    let mut seen = 0;
    for seed in 0..cases() {
        let mut maker = Maker::new(seed);
        let printed = syntax::print(&maker.query());
        let (text, comments) = with_comments(&printed, &mut maker);
        let parsed = syntax::parse(&text);
        assert_eq!(parsed.diagnostics, [], "seed {seed}\n{text}");
        let formatted = syntax::format(&text).expect("what has no diagnostic can be laid out");
        assert_eq!(syntax::parse(&formatted).query, parsed.query, "seed {seed}\n{text}\n{formatted}");
        assert_eq!(formatted.matches("// ").count(), text.matches("// ").count(), "seed {seed}\n{text}\n{formatted}");
        assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "seed {seed}\n{text}");
        seen += comments;
    }
    assert!(u64::try_from(seen).expect("few enough") > cases(), "{seen} comments");
}
