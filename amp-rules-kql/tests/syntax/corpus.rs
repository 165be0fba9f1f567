//! Queries that people wrote: the pack's, those of the memory bank and of the emulator.

use amp_rules_kql::syntax;

/// Every query that is at hand, with its name.
pub(crate) fn queries() -> Vec<(String, String)> {
    let mut queries = super::files(&super::root().join("rules/queries"), "kql");
    queries.extend(memory_bank());
    queries.extend(emulator());
    queries
}

/// The queries that the pack grew out of; they lie beside the project and not in it.
fn memory_bank() -> Vec<(String, String)> {
    super::files(&super::root().join("../shared/data/kql/memory-bank"), "kql")
}

fn emulator() -> Vec<(String, String)> {
    let path = super::root().join("../shared/data/kql/emulator-cases.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let case = |line: &str| {
        let case: serde_json::Value = serde_json::from_str(line).expect("a case is JSON");
        let field = |name: &str| case.get(name).and_then(serde_json::Value::as_str).expect("a case has it").to_owned();
        (field("id"), field("kql"))
    };
    text.lines().map(case).collect()
}

/// How many of them have a problem, with a word about each.
fn refused(queries: &[(String, String)]) -> Vec<String> {
    let problems = |(name, text): &(String, String)| {
        let problems = syntax::parse(text).problems;
        (!problems.is_empty()).then(|| format!("{name}: {problems:?}"))
    };
    queries.iter().filter_map(problems).collect()
}

#[test]
fn the_queries_of_the_pack_are_read() {
    let queries = super::files(&super::root().join("rules/queries"), "kql");
    assert!(queries.len() >= 20, "{} queries", queries.len());
    assert_eq!(refused(&queries), Vec::<String>::new());
}

#[test]
fn the_queries_of_the_memory_bank_are_read_but_for_the_two_that_kusto_refuses_too() {
    let queries = memory_bank();
    if queries.is_empty() {
        println!("skipped: 20 queries of the memory bank are not there");
        return;
    }
    assert_eq!(queries.len(), 20);
    let refused = refused(&queries);
    // One gives `toscalar` no table; in the other a quotation mark behind two backslashes ends its text.
    let known = |name: &String| name.contains("q18_") || name.contains("q20_");
    assert!(refused.len() == 2 && refused.iter().all(known), "{refused:?}");
}

#[test]
fn the_queries_of_the_emulator_are_read() {
    let queries = emulator();
    if queries.is_empty() {
        println!("skipped: the cases of the emulator are not there");
        return;
    }
    assert!(queries.len() >= 60, "{} queries", queries.len());
    // Its one text with a broken escape is written for a reader of JSON; Kusto refuses it too.
    let refused = refused(&queries);
    assert!(refused.len() <= 1, "{refused:?}");
}

#[test]
fn what_is_printed_of_them_is_the_same_query() {
    for (name, text) in queries() {
        let parsed = syntax::parse(&text);
        if parsed.problems.is_empty() {
            let printed = syntax::print(&parsed.query);
            let again = syntax::parse(&printed);
            assert_eq!(again.problems, [], "{name}\n{printed}");
            assert_eq!(again.query, parsed.query, "{name}\n{printed}");
        }
    }
}

#[test]
fn laid_out_anew_they_are_the_same_queries_with_the_same_comments() {
    let mut laid_out = 0;
    for (name, text) in queries() {
        let parsed = syntax::parse(&text);
        if parsed.problems.is_empty() {
            let formatted = syntax::format(&text).expect("what has no problem can be laid out");
            let again = syntax::parse(&formatted);
            assert_eq!(again.problems, [], "{name}\n{formatted}");
            assert_eq!(again.query, parsed.query, "{name}\n{formatted}");
            assert_eq!(syntax::format(&formatted).as_ref(), Ok(&formatted), "{name}");
            assert_eq!(comments(&formatted), comments(&text), "{name}\n{formatted}");
            laid_out += 1;
        }
    }
    assert!(laid_out >= 20, "{laid_out} queries");
}

/// What stands behind `//`; no query here has slashes in a text and a comment on the same line.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once("//")).map(|(_, comment)| comment.trim()).collect()
}
