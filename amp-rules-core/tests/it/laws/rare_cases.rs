//! Errors that the laws and the reference found only with thousands of random cases, each as a small scenario.

use amp_rules_core::explain::Verdict;
use serde_json::json;

use super::small_scenario::{after, beats, lost, pod, row, scenario};
use crate::generate::loss::Loss;
use crate::generate::scenario::{Scenario, WINDOW};
use crate::generate::telemetry::Row;

/// A scenario of one pod with samples of `load`: minutes before now, value, and the property `mode`.
fn loaded(samples: &[(i64, f64, Option<&'static str>)]) -> Scenario {
    let one = pod("one", "a");
    let mut rows = beats(&one, WINDOW - 1, 0);
    rows.extend(samples.iter().map(|(minutes, value, mode)| Row {
        value: *value,
        mode: *mode,
        ..row("metrics", &one, *minutes, "load", "")
    }));
    scenario(rows)
}

/// Found by P4: a property that changed counted as never having had the value before, and without the row of the change as
/// having had it.
#[test]
fn a_property_had_its_earlier_value_before_it_changed() {
    let mut scenario = loaded(&[(100, 1.0, Some("fast")), (60, 1.0, Some("fast")), (5, 1.0, Some("slow"))]);
    scenario.pack.defaults = json!({ "ingestion_delay": "0s" });
    scenario.pack.patterns[0]["symptoms"] =
        json!({ "line": { "property": { "metric": "load", "names": ["mode"] }, "is": "fast" } });
    assert_eq!(after(&scenario, &[]), Verdict::True);
    assert_eq!(after(&scenario, &[lost("metrics", 10, 0)]), Verdict::True);
    assert_eq!(
        after(&scenario, &[Loss::Silenced { tables: &["metrics"], pod: pod("one", "a"), from: 1800 }]),
        Verdict::True
    );
    scenario.pack.patterns[0]["symptoms"]["line"]["is"] = json!("slow");
    assert_eq!(after(&scenario, &[lost("metrics", 10, 0)]), Verdict::Unknown);
    scenario.pack.patterns[0]["symptoms"]["line"]["is"] = json!("other");
    assert_eq!(after(&scenario, &[]), Verdict::False);
    assert_eq!(after(&scenario, &[lost("metrics", 80, 70)]), Verdict::Unknown, "a lost row may have had it");
}
