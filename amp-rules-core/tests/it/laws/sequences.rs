//! Laws of `sequence`: the order and the instants of rows decide, and nothing that was not visible is taken for granted.

use std::time::Duration;

use amp_rules_core::explain::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::small_scenario::{after, beats, lost, pod, row, scenario};
use crate::generate::scenario::{Scenario, WINDOW};
use crate::generate::telemetry::Row;

/// Lines of the pod `a`, each so many seconds before now, and a pattern with a sequence of the letters that are their texts.
fn logged(lines: &[(i64, char)], steps: &Value, within: &str) -> Scenario {
    let mut rows = beats(&pod("one", "a"), WINDOW - 1, 0);
    rows.extend(lines.iter().map(|(ago, letter)| {
        let text = format!("step {letter}");
        Row { ago: *ago, identity: format!("{text}-{ago}"), ..row("logs", &pod("one", "a"), 0, "main", &text) }
    }));
    let mut scenario = scenario(rows);
    let pattern = &mut scenario.pack.patterns[0];
    pattern["symptoms"] = json!({
        "a": { "log": { "contains": "step a" } },
        "b": { "log": { "contains": "step b" } },
        "c": { "log": { "contains": "step c" } },
        "order": { "sequence": steps, "within": within },
    });
    // The other symptoms are read for nothing else.
    pattern["when"] = json!("order");
    pattern["noise_unless"] = json!({ "any": ["order", "a", "b", "c"] });
    scenario
}

fn verdict(lines: &[(i64, char)], steps: &Value, within: &str) -> Verdict {
    after(&logged(lines, steps, within), &[])
}

/// Whether a sequence completes, with lines in order of time and at distinct instants: the words of its letters that lie
/// within the period are compared one by one.
fn completes(lines: &[(i64, char)], steps: &Value, within: i64) -> bool {
    let steps: Vec<(char, bool)> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step.get("negate").unwrap_or(step).as_str().unwrap().chars().next().unwrap(), step.is_object()))
        .collect();
    (0..lines.len()).any(|start| {
        let end = lines[start].0 - within;
        let word: Vec<char> =
            lines[start..].iter().take_while(|(ago, _)| *ago >= end).map(|(_, letter)| *letter).collect();
        word.first() == Some(&steps[0].0) && follows(&word[1..], &steps[1..])
    })
}

/// Whether the rest of a word has the rest of the steps.
fn follows(word: &[char], steps: &[(char, bool)]) -> bool {
    let many = steps.iter().take_while(|(_, negated)| *negated).count();
    let (absent, rest) = steps.split_at(many);
    let is_clear = |part: &[char]| absent.iter().all(|(letter, _)| !part.contains(letter));
    match rest.split_first() {
        None => is_clear(word),
        Some(((letter, _), rest)) => {
            (0..word.len()).any(|at| word[at] == *letter && is_clear(&word[..at]) && follows(&word[at + 1..], rest))
        }
    }
}

proptest! {
    /// P30: Whether a sequence completes within d does not depend on the clock's phase, whatever d is.
    #[test]
    fn p30_a_sequence_is_judged_by_the_instants_of_rows(
        agos in prop::collection::btree_map(1500_i64..1700, prop::sample::select(vec!['a', 'b', 'c']), 1..14),
        steps in prop::sample::select(vec![
            json!(["a", "b"]),
            json!(["a", "b", "a"]),
            json!(["a", "a", "a"]),
            json!(["a", { "negate": "b" }, "c"]),
            json!(["a", { "negate": "a" }, { "negate": "b" }, "c", "b"]),
            json!(["a", { "negate": "b" }]),
            json!(["b", "a", { "negate": "a" }, { "negate": "c" }]),
        ]),
        within in prop::sample::select(vec![1_i64, 10, 45, 300]),
        seconds in 0_u64..100_000,
    ) {
        let lines: Vec<(i64, char)> = agos.into_iter().rev().collect();
        let mut scenario = logged(&lines, &steps, &format!("{within}s"));
        let expected = if completes(&lines, &steps, within) { Verdict::True } else { Verdict::False };
        prop_assert_eq!(after(&scenario, &[]), expected);
        let by = Duration::from_secs(seconds);
        scenario.scope.window.from = scenario.scope.window.from.saturating_add(by);
        scenario.scope.window.to = scenario.scope.window.to.saturating_add(by);
        prop_assert_eq!(after(&scenario, &[]), expected);
    }
}

#[test]
fn the_order_of_rows_at_one_instant_is_unknown() {
    let steps = json!(["a", "b"]);
    assert_eq!(verdict(&[(3000, 'a'), (3000, 'b')], &steps, "1m"), Verdict::Unknown);
    assert_eq!(verdict(&[(3001, 'a'), (3000, 'a'), (3000, 'b')], &steps, "1m"), Verdict::True);
    // What must not come between may have come before.
    let steps = json!(["a", { "negate": "c" }, "b"]);
    assert_eq!(verdict(&[(3001, 'a'), (3001, 'c'), (3000, 'b')], &steps, "1m"), Verdict::Unknown);
}

#[test]
fn a_sequence_is_as_long_as_it_may_be() {
    let steps = json!(["a", "b"]);
    assert_eq!(verdict(&[(3020, 'a'), (3000, 'b')], &steps, "20s"), Verdict::True);
    assert_eq!(verdict(&[(3021, 'a'), (3000, 'b')], &steps, "20s"), Verdict::False);
}

#[test]
fn what_was_not_visible_may_complete_a_sequence_or_break_it() {
    let hour = |lines: &[(i64, char)], steps: &Value| after(&logged(lines, steps, "20m"), &[lost("logs", 70, 60)]);
    // The loss is from 70 to 60 minutes before now; a sequence may take 20 minutes.
    let pair = json!(["a", "b"]);
    assert_eq!(hour(&[(75 * 60, 'a')], &pair), Verdict::Unknown);
    assert_eq!(hour(&[(110 * 60, 'a'), (95 * 60, 'b')], &pair), Verdict::True);
    let absent = json!(["a", { "negate": "c" }, "b"]);
    assert_eq!(hour(&[(75 * 60, 'a'), (58 * 60, 'b')], &absent), Verdict::Unknown);
    assert_eq!(hour(&[(59 * 60, 'a'), (58 * 60, 'b')], &absent), Verdict::True);
}

#[test]
fn what_must_not_follow_is_known_when_the_time_is_over() {
    let steps = json!(["a", { "negate": "b" }]);
    assert_eq!(verdict(&[(3600, 'a')], &steps, "30m"), Verdict::True);
    assert_eq!(verdict(&[(3600, 'a'), (1800, 'b')], &steps, "30m"), Verdict::False);
    assert_eq!(verdict(&[(3600, 'a'), (1799, 'b')], &steps, "30m"), Verdict::True);
    // Rows may arrive until the watermark.
    assert_eq!(verdict(&[(1500, 'a')], &steps, "30m"), Verdict::Unknown);
}
