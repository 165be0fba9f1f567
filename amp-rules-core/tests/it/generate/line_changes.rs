//! Changes to a [`LineScenario`]: one text logged by all pods or by none, and a loop of three patterns.

use serde_json::json;

use super::dice::Dice;
use super::line_scenario::{LineScenario, LoggedText, SLOTS, text_of};
use super::pack::log_pattern;

/// Makes all pods log a text over the whole window.
pub(crate) fn log_everywhere(lines: &mut LineScenario, text: &str) {
    log_nowhere(lines, text);
    for pod in 0..lines.pods.len() {
        lines.logged.push(LoggedText { pod, text: text.to_owned(), from: lines.slots - 1, to: 0 });
    }
    lines.write_rows();
}

/// Removes a text from the lines of all pods.
pub(crate) fn log_nowhere(lines: &mut LineScenario, text: &str) {
    lines.logged.retain(|entry| entry.text != text);
    lines.write_rows();
}

/// A scenario with a causal loop of three patterns, `p0` to `p2`, all true for the first pod.
pub(crate) fn ring(pack_numbers: &[u16], telemetry: &[u16]) -> LineScenario {
    let mut lines = LineScenario::new(pack_numbers, telemetry);
    let mut dice = Dice::new(pack_numbers);
    for at in 0..3 {
        let (from, to) = (format!("p{at}"), format!("p{}", (at + 1) % 3));
        let mut pattern = log_pattern(&from, dice.pick(&["cause", "effect"]), "pod", &text_of(&from));
        let mut edge = json!({ "pattern": to, "strength": "likely" });
        if at == 2 {
            edge["feedback"] = json!(true);
        }
        pattern["causes"] = json!([edge]);
        if dice.chance(1, 3) {
            pattern["entry"] = json!(true);
        }
        lines.scenario.pack.patterns[at] = pattern;
        lines.logged.retain(|entry| entry.text != text_of(&from));
        let start = SLOTS - 1 - dice.between(0, 3);
        lines.logged.push(LoggedText { pod: 0, text: text_of(&from), from: start, to: 0 });
    }
    for pattern in &mut lines.scenario.pack.patterns[3..] {
        pattern.as_object_mut().unwrap().remove("contradicts");
    }
    lines.write_rows();
    lines
}
