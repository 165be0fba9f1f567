//! Cumulative counters over gaps: an increase belongs to the bin of the later reading.

use amp_rules_core::explain::Verdict;
use serde_json::json;

use super::small_scenario::{after, beats, lost, pod, row, scenario};
use crate::generate::scenario::{Scenario, WINDOW};
use crate::generate::telemetry::Row;

/// A pod whose counter increases by one every five minutes, and restarts from 0 so many minutes before now.
fn counting(above: i64, restarted: Option<i64>) -> Scenario {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    let total = |ago: i64| match restarted.filter(|at| ago < *at) {
        Some(at) => (at - ago) / 5,
        None => 100 - ago / 5,
    };
    rows.extend(
        (4..WINDOW).step_by(5).map(|ago| Row { value: total(ago) as f64, ..row("metrics", &one, ago, "total", "") }),
    );
    let mut scenario = scenario(rows);
    scenario.pack.patterns[0]["symptoms"] = json!({
        "a": { "metric": "total", "steps": [{ "increase": "value", "every": "5m" }], "above": above }
    });
    scenario.pack.patterns[0]["when"] = json!("a");
    scenario
}

/// The first bin after a gap has the increase of the whole gap.
#[test]
fn the_increase_of_a_gap_is_not_that_of_the_bin_after_it() {
    assert_eq!(after(&counting(3, None), &[]), Verdict::False);
    assert_eq!(after(&counting(3, None), &[lost("metrics", 60, 30)]), Verdict::Unknown);
    // Each of the other bins is above 0.
    assert_eq!(after(&counting(0, None), &[lost("metrics", 60, 30)]), Verdict::True);
}
