//! Worlds in which every pattern has a word of its own, and what is said can be changed without touching anything else.
//!
//! Input: dice. Output: a [`Stage`]: pods that live throughout, each with one row in every five minutes; a row holds the
//! words that are said then, one per line. Adding or taking away a word changes no heartbeat and no count of rows.

use amp_rules_core::Entity;
use serde_json::json;

use crate::dice::Dice;
use crate::pack::{Pack, edges, spoken};
use crate::telemetry::{Pod, Row, Rows, pods};
use crate::world::{WINDOW, World};

/// Slots of five minutes.
pub(crate) const SLOTS: i64 = WINDOW / 5;

/// A word that a pod says, from one slot to another, both included; slot 0 is the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Speech {
    pub(crate) pod: usize,
    pub(crate) word: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A world made of speech.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) pods: Vec<Pod>,
    pub(crate) said: Vec<Speech>,
}

/// The word of a pattern.
pub(crate) fn word(pattern: &str) -> String {
    format!("the word of {pattern} is said")
}

impl Stage {
    /// A stage with generated patterns, edges and speech.
    pub(crate) fn new(pack_numbers: &[u16], telemetry: &[u16]) -> Self {
        let mut dice = Dice::new(pack_numbers);
        let mut stage = Self { world: World::new(&[], &[]), pods: Vec::new(), said: Vec::new() };
        stage.world.pack = Pack { defaults: crate::pack::defaults(&mut dice), patterns: Vec::new() };
        let many = 3 + dice.below(5);
        for at in 0..many {
            let class = *dice.pick(&["cause", "effect", "cause", "effect", "impact", "complaint"]);
            let scope = *dice.pick(&["pod", "cluster", "pod", "controller"]);
            let name = format!("p{at}");
            stage.world.pack.patterns.push(spoken(&name, class, scope, &word(&name)));
        }
        edges(&mut dice, &mut stage.world.pack.patterns);
        let mut dice = Dice::new(telemetry);
        stage.pods = pods(&mut dice, "one");
        for pod in 0..stage.pods.len() {
            for at in 0..many {
                if dice.chance(1, 2) {
                    let from = if dice.chance(1, 2) { dice.between(6, SLOTS - 1) } else { dice.between(0, SLOTS - 1) };
                    let to = if dice.chance(2, 3) { 0 } else { from - dice.between(0, from) };
                    stage.said.push(Speech { pod, word: word(&format!("p{at}")), from, to });
                }
            }
        }
        stage.tell();
        stage
    }

    /// Writes the rows anew from what is said.
    pub(crate) fn tell(&mut self) {
        let mut rows = Vec::new();
        for (at, pod) in self.pods.iter().enumerate() {
            for slot in 0..SLOTS {
                let mut lines: Vec<&str> = self
                    .said
                    .iter()
                    .filter(|speech| speech.pod == at && speech.to <= slot && slot <= speech.from)
                    .map(|speech| speech.word.as_str())
                    .collect();
                lines.dedup();
                let text = if lines.is_empty() { "nothing is said".to_owned() } else { lines.join("\n") };
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
        self.world.rows = Rows(rows);
    }

    /// Lets everyone say a word throughout.
    pub(crate) fn all_say(&mut self, word: &str) {
        self.none_says(word);
        for pod in 0..self.pods.len() {
            self.said.push(Speech { pod, word: word.to_owned(), from: SLOTS - 1, to: 0 });
        }
        self.tell();
    }

    /// Lets nobody say a word.
    pub(crate) fn none_says(&mut self, word: &str) {
        self.said.retain(|speech| speech.word != word);
        self.tell();
    }
}

/// A ring of three patterns that all hold of the first pod, with a pattern that each of them may cause.
pub(crate) fn ring(pack_numbers: &[u16], telemetry: &[u16]) -> Stage {
    let mut stage = Stage::new(pack_numbers, telemetry);
    let mut dice = Dice::new(pack_numbers);
    for at in 0..3 {
        let (from, to) = (format!("p{at}"), format!("p{}", (at + 1) % 3));
        let mut pattern = spoken(&from, *dice.pick(&["cause", "effect"]), "pod", &word(&from));
        let mut edge = json!({ "pattern": to, "strength": "likely" });
        if at == 2 {
            edge["feedback"] = json!(true);
        }
        pattern["causes"] = json!([edge]);
        if dice.chance(1, 3) {
            pattern["entry"] = json!(true);
        }
        stage.world.pack.patterns[at] = pattern;
        stage.said.retain(|speech| speech.word != word(&from));
        let start = SLOTS - 1 - dice.between(0, 3);
        stage.said.push(Speech { pod: 0, word: word(&from), from: start, to: 0 });
    }
    for pattern in &mut stage.world.pack.patterns[3..] {
        pattern.as_object_mut().unwrap().remove("contradicts");
    }
    stage.tell();
    stage
}

/// The entity of a pod within its cluster.
pub(crate) fn entity(pod: &Pod) -> Entity {
    Entity::new([("controller".to_owned(), pod.controller.to_owned()), ("pod".to_owned(), pod.name.clone())])
}
