//! Random scenarios in which every pattern has a log text of its own, or no symptom.
//!
//! Input: [`Dice`]. Output: a [`LineScenario`]. All of its pods exist throughout the window and send one row every five
//! minutes, with the texts that are logged then, one per line. Adding or removing a text changes no heartbeat and no number
//! of rows.

use std::time::Duration;

use amp_rules_core::time::{TICKS_PER_SECOND, duration_of};
use serde_json::{Value, json};

use super::dice::Dice;
use super::pack::{Pack, add_missing_symptoms, defaults, edges, id, log_pattern};
use super::scenario::{Scenario, WINDOW};
use super::telemetry::{Pod, Row, Rows, pods};

/// How many slots of five minutes the usual window has.
pub(crate) const SLOTS: i64 = WINDOW / 5;

/// A window of eight hours, in slots: long enough for two incidents, both of them over.
pub(crate) const LONG: i64 = 96;

/// A text that a pod logs from one slot to another, both inclusive. Slot 0 is the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedText {
    /// The position of the pod in [`LineScenario::pods`].
    pub(crate) pod: usize,
    pub(crate) text: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A scenario with the texts that its rows are made of.
#[derive(Clone, Debug)]
pub(crate) struct LineScenario {
    pub(crate) scenario: Scenario,
    pub(crate) pods: Vec<Pod>,
    pub(crate) logged: Vec<LoggedText>,
    /// The length of the window in slots of five minutes.
    pub(crate) slots: i64,
}

/// Removes all edges of a pattern but the one to the next pattern; if it has none, `link` is added.
fn chain_only(pattern: &mut Value, next: usize, link: Option<Value>) {
    let map = pattern.as_object_mut().unwrap();
    map.remove("amplifies");
    let edges = map.remove("causes").and_then(|edges| edges.as_array().cloned()).unwrap_or_default();
    let kept: Vec<Value> =
        edges.into_iter().filter(|edge| edge["pattern"] == json!(format!("p{next}"))).chain(link).take(1).collect();
    map.remove("contradicts");
    if !kept.is_empty() {
        map.insert("causes".to_owned(), Value::Array(kept));
    }
}

/// The length of so many slots.
pub(crate) fn slots_as_time(slots: i64) -> Duration {
    duration_of(slots * 300 * TICKS_PER_SECOND)
}

/// The log text of a pattern.
pub(crate) fn text_of(pattern: &str) -> String {
    format!("the text of {pattern} is logged")
}

impl LineScenario {
    /// A scenario with random patterns, edges and logged texts.
    pub(crate) fn new(pack_numbers: &[u16], telemetry: &[u16]) -> Self {
        Self::of_length(pack_numbers, telemetry, SLOTS)
    }

    /// The same over a window of so many slots. In a window longer than the usual one some texts were also logged before, all
    /// of them hours ago: another incident.
    pub(crate) fn of_length(pack_numbers: &[u16], telemetry: &[u16], slots: i64) -> Self {
        let mut dice = Dice::new(pack_numbers);
        let mut lines = Self { scenario: Scenario::new(&[], &[]), pods: Vec::new(), logged: Vec::new(), slots };
        let window = &mut lines.scenario.scope.window;
        window.from = window.to.saturating_sub(slots_as_time(slots));
        lines.scenario.pack = Pack { defaults: defaults(&mut dice), patterns: Vec::new() };
        let many = 3 + dice.below(5);
        for at in 0..many {
            let class = dice.pick(&["cause", "effect", "cause", "effect", "impact", "complaint"]);
            let scope = dice.pick(&["pod", "cluster", "pod", "controller"]);
            let name = format!("p{at}");
            let mut pattern = log_pattern(&name, class, scope, &text_of(&name));
            if dice.chance(1, 4) {
                pattern.as_object_mut().unwrap().remove("symptoms");
            }
            lines.scenario.pack.patterns.push(pattern);
        }
        edges(&mut dice, &mut lines.scenario.pack.patterns);
        if dice.chance(1, 2) {
            // One causal chain, so that only unobservable patterns stand between two observable ones.
            for (at, pattern) in lines.scenario.pack.patterns.iter_mut().enumerate() {
                let link = json!({ "pattern": format!("p{}", at + 1), "strength": "likely" });
                chain_only(pattern, at + 1, (at + 1 < many && dice.chance(3, 4)).then_some(link));
            }
            add_missing_symptoms(&mut lines.scenario.pack.patterns);
        }
        for pattern in &mut lines.scenario.pack.patterns {
            let own = text_of(id(pattern));
            if let Some(symptom) = pattern.pointer_mut("/symptoms/line/log/contains") {
                *symptom = json!(own);
            }
        }
        let mut dice = Dice::new(telemetry);
        lines.pods = pods(&mut dice, "one");
        let earlier = slots - SLOTS - dice.between(0, 6);
        for pod in 0..lines.pods.len() {
            for at in 0..many {
                if dice.chance(1, 2) {
                    // Causes precede their effects in the pack, and in half of the cases also in time.
                    let early = SLOTS - 1 - 2 * at as i64;
                    let from = if dice.chance(1, 2) { early - dice.between(0, 4) } else { dice.between(0, SLOTS - 1) };
                    let to = if dice.chance(2, 3) { 0 } else { from - dice.between(0, from) };
                    let text = text_of(&format!("p{at}"));
                    lines.logged.push(LoggedText { pod, text: text.clone(), from, to });
                    if slots > SLOTS && dice.chance(1, 2) {
                        lines.logged.push(LoggedText { pod, text, from: from + earlier, to: to + earlier });
                    }
                }
            }
        }
        lines.write_rows();
        lines
    }

    /// The same so many slots later, with the same start of the window. Of the texts that are logged until now those that
    /// `continues` selects are logged further.
    pub(crate) fn later(&self, slots: i64, continues: impl Fn(&LoggedText) -> bool) -> Self {
        let mut lines = self.clone();
        lines.slots += slots;
        for entry in &mut lines.logged {
            let goes_on = entry.to == 0 && continues(entry);
            entry.from += slots;
            entry.to = if goes_on { 0 } else { entry.to + slots };
        }
        let window = &mut lines.scenario.scope.window;
        window.to = window.to.saturating_add(slots_as_time(slots));
        lines.write_rows();
        lines
    }

    /// Only the first pod, so that a chain of patterns is a chain of instances.
    pub(crate) fn of_one_pod(mut self) -> Self {
        self.pods.truncate(1);
        self.logged.retain(|entry| entry.pod == 0);
        self.write_rows();
        self
    }

    /// Replaces the rows of the scenario by those of the logged texts.
    pub(crate) fn write_rows(&mut self) {
        let mut rows = Vec::new();
        for (at, pod) in self.pods.iter().enumerate() {
            for slot in 0..self.slots {
                let mut texts: Vec<&str> = self
                    .logged
                    .iter()
                    .filter(|entry| entry.pod == at && entry.to <= slot && slot <= entry.from)
                    .map(|entry| entry.text.as_str())
                    .collect();
                texts.dedup();
                let text = if texts.is_empty() { "idle".to_owned() } else { texts.join("\n") };
                let ago = slot * 300 + 240;
                let row = |table, part, text| Row {
                    table,
                    pod: pod.clone(),
                    ago,
                    part,
                    text,
                    value: 1.0,
                    weight: 1,
                    mode: None,
                    identity: format!("{table}-{at}-{slot}"),
                };
                rows.push(row("metrics", "alive", String::new()));
                rows.push(row("logs", "main", text));
            }
        }
        self.scenario.rows = Rows(rows);
    }
}
