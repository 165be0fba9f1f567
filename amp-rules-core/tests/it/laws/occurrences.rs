//! Laws of `at_least n within d`, `apart` and `except_after`: what counts depends on the instants of rows alone.

use std::time::Duration;

use amp_rules_core::explain::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::small_scenario::{after, beats, lost, pod, row, scenario};
use crate::generate::scenario::{Scenario, WINDOW, cases};
use crate::generate::telemetry::Row;

/// A line of the pod `a` so many seconds before now.
fn line(ago: i64, weight: u64, text: &str) -> Row {
    let identity = format!("{text}-{ago}");
    Row { ago, weight, identity, ..row("logs", &pod("one", "a"), 0, "main", text) }
}

/// A scenario with lines of the pod `a`, of which the pattern `p0` watches those that are refused.
fn logged(lines: Vec<Row>, symptoms: Value) -> Scenario {
    let mut rows = beats(&pod("one", "a"), WINDOW - 1, 0);
    rows.extend(lines);
    let mut scenario = scenario(rows);
    let names: Vec<String> = symptoms.as_object().unwrap().keys().cloned().collect();
    scenario.pack.patterns[0]["symptoms"] = symptoms;
    // The last symptom is the one that is tested.
    scenario.pack.patterns[0]["when"] = json!(names.last());
    scenario
}

/// The verdict on `p0`, with all times later by so many seconds.
fn shifted(scenario: &Scenario, seconds: u64) -> Verdict {
    let mut later = scenario.clone();
    let by = Duration::from_secs(seconds);
    later.scope.window.from = later.scope.window.from.saturating_add(by);
    later.scope.window.to = later.scope.window.to.saturating_add(by);
    after(&later, &[])
}

/// The first of each group of instants that are less than `apart` after it.
fn first_of_groups(mut instants: Vec<i64>, apart: i64) -> Vec<i64> {
    instants.sort();
    let mut firsts: Vec<i64> = Vec::new();
    for at in instants {
        if firsts.last().is_none_or(|first| at - first >= apart) {
            firsts.push(at);
        }
    }
    firsts
}

/// Whether so many of the instants lie within a duration.
fn has_run(instants: &[i64], at_least: usize, within: i64) -> bool {
    instants.windows(at_least).any(|run| run[at_least - 1] - run[0] <= within)
}

proptest! {
    #![proptest_config(cases())]

    /// P30: Whether n lines lie within d, and so whether a pattern holds, does not depend on the clock's phase.
    #[test]
    fn p30_n_within_d_does_not_depend_on_the_phase_of_the_clock(
        agos in prop::collection::btree_set(1200_i64..7000, 1..24),
        at_least in 2_usize..6,
        within in prop::sample::select(vec![20_i64, 90, 400, 900, 2400]),
        apart in prop::sample::select(vec![0_i64, 30, 200]),
        is_watched in any::<bool>(),
        seconds in 0_u64..100_000,
    ) {
        let lines = agos.iter().map(|ago| line(*ago, 1, "it is refused")).collect();
        let mut refused = json!({ "log": { "contains": "refused" } });
        if apart > 0 {
            refused["apart"] = json!(format!("{apart}s"));
        }
        let (count, within_text) = (json!(at_least), json!(format!("{within}s")));
        let symptoms = if is_watched {
            json!({ "a": refused, "b": { "repeats": "a", "at_least": count, "within": within_text } })
        } else {
            refused["at_least"] = count;
            refused["within"] = within_text;
            json!({ "a": refused })
        };
        let scenario = logged(lines, symptoms);
        let instants = first_of_groups(agos.iter().map(|ago| -ago).collect(), apart.max(1));
        let expected = if has_run(&instants, at_least, within) { Verdict::True } else { Verdict::False };
        prop_assert_eq!(shifted(&scenario, 0), expected);
        prop_assert_eq!(shifted(&scenario, seconds), expected);
    }

    /// Each marker excuses one occurrence after it, and no more.
    #[test]
    fn a_marker_excuses_the_first_occurrence_after_it(
        starts in prop::collection::btree_set((4_i64..23).prop_map(|fives| fives * 300), 2..8),
        planned in prop::collection::vec(any::<bool>(), 8),
        seconds in 0_u64..100_000,
    ) {
        let mut lines: Vec<Row> = starts.iter().map(|ago| line(*ago, 1, "it is refused")).collect();
        let marked: Vec<i64> =
            starts.iter().zip(&planned).filter(|(_, planned)| **planned).map(|(ago, _)| *ago).collect();
        // Ten seconds before the occurrence, and later than the one before it.
        lines.extend(marked.iter().map(|ago| line(ago + 10, 1, "config changed")));
        let scenario = logged(lines, json!({
            "a": { "log": { "contains": "config changed" } },
            "b": { "log": { "contains": "refused" } },
            "c": { "repeats": "b", "at_least": 2, "within": "30m", "except_after": { "symptom": "a", "within": "30s" } },
        }));
        let left: Vec<i64> = starts.iter().rev().filter(|ago| !marked.contains(ago)).map(|ago| -ago).collect();
        let expected = if has_run(&left, 2, 1800) { Verdict::True } else { Verdict::False };
        prop_assert_eq!(shifted(&scenario, 0), expected);
        prop_assert_eq!(shifted(&scenario, seconds), expected);
    }
}

/// Found on a public report: seven changes, one an hour, span exactly six hours, and no run of three bins holds them all.
#[test]
fn a_run_that_is_exactly_as_long_counts() {
    let lines = |step: i64| (0..4).map(|n| line(1500 + n * step, 1, "it is refused")).collect();
    let symptoms = json!({ "a": { "log": { "contains": "refused" }, "at_least": 4, "within": "1h" } });
    for phase in [0, 7, 299, 1201] {
        assert_eq!(shifted(&logged(lines(1200), symptoms.clone()), phase), Verdict::True);
        assert_eq!(shifted(&logged(lines(1201), symptoms.clone()), phase), Verdict::False);
    }
}

/// One row with a high weight stands for many lines, but it is one row.
#[test]
fn one_heavy_row_does_not_repeat() {
    let symptoms = json!({
        "a": { "log": { "contains": "refused" } }, "b": { "repeats": "a", "at_least": 3, "within": "15m" }
    });
    let heavy = line(3000, 50, "it is refused");
    assert_eq!(after(&logged(vec![heavy.clone()], symptoms.clone()), &[]), Verdict::False);
    assert_eq!(after(&logged(vec![heavy, line(2900, 1, "it is refused")], symptoms), &[]), Verdict::True);
    let counted = json!({ "a": { "log": { "contains": "refused" }, "at_least": 3, "within": "15m" } });
    assert_eq!(after(&logged(vec![line(3000, 50, "it is refused")], counted), &[]), Verdict::True);
}

/// What was not visible may complete a run, and only there.
#[test]
fn a_hidden_stretch_may_complete_a_run_that_reaches_it() {
    let symptoms = json!({ "a": { "log": { "contains": "refused" }, "at_least": 2, "within": "15m" } });
    let one = |minutes: i64| logged(vec![line(minutes * 60, 1, "it is refused")], symptoms.clone());
    let b = json!({ "event": { "table": "events", "where": { "reason": "Killed" } } });
    // Together with an event at the same time, the pattern is unknown only where a run may be.
    let with = |minutes: i64| {
        let mut scenario = one(minutes);
        scenario.rows.0.push(row("events", &pod("one", "a"), minutes, "", "Killed"));
        scenario.pack.patterns[0]["symptoms"]["b"] = b.clone();
        scenario.pack.patterns[0]["when"] = json!({ "all": ["a", "b"] });
        after(&scenario, &[lost("logs", 61, 59)])
    };
    assert_eq!(with(50), Verdict::Unknown);
    assert_eq!(with(70), Verdict::Unknown);
    assert_eq!(with(80), Verdict::False);
    assert_eq!(with(40), Verdict::False);
}

/// A marker that could not be seen may excuse an occurrence.
#[test]
fn an_occurrence_whose_marker_was_hidden_may_be_planned() {
    let lines = || vec![line(3600, 1, "it is refused"), line(3000, 1, "it is refused")];
    let symptoms = json!({
        "a": { "log": { "contains": "config changed" } },
        "b": { "log": { "contains": "refused" } },
        "c": { "repeats": "b", "at_least": 2, "within": "30m", "except_after": { "symptom": "a", "within": "2m" } },
    });
    assert_eq!(after(&logged(lines(), symptoms.clone()), &[]), Verdict::True);
    assert_eq!(after(&logged(lines(), symptoms.clone()), &[lost("logs", 52, 51)]), Verdict::Unknown);
    assert_eq!(after(&logged(lines(), symptoms), &[lost("logs", 80, 75)]), Verdict::True);
}
