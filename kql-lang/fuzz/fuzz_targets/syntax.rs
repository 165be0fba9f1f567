//! Reads any text, and holds what can be read against what is printed and laid out of it.
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
    // Operators beyond the subset are printed by name only, and some names say more than one word.
    if !printed.contains('…') && !printed.contains("count as") {
        assert_eq!(syntax::parse(&printed).query, parsed.query, "{printed}");
    }
});
