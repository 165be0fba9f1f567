//! Parses arbitrary text and checks that printing and formatting preserve valid queries.
#![no_main]

use kql_lang::syntax;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = syntax::parse(text);
    for diagnostic in &parsed.diagnostics {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?}");
    }
    let printed = syntax::print(&parsed.query);
    let Ok(formatted) = syntax::format(text) else {
        assert!(!parsed.diagnostics.is_empty());
        return;
    };
    let again = syntax::parse(&formatted);
    assert!(again.diagnostics.is_empty(), "{:?}", again.diagnostics);
    assert_eq!(again.query, parsed.query);
    assert_eq!(syntax::format(&formatted), Ok(formatted));
    // Unsupported operators are printed by name only, and some of these names do not parse as one operator.
    if !printed.contains('…') && !printed.contains("count as") {
        assert_eq!(syntax::parse(&printed).query, parsed.query, "{printed}");
    }
});
