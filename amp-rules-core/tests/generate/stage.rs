//! Worlds in which every pattern has a word of its own, or none and cannot be seen, and what is said can be changed
//! without touching anything else.
//!
//! Input: dice. Output: a [`Stage`]: pods that live throughout, each with one row in every five minutes; a row holds the
//! words that are said then, one per line. Adding or taking away a word changes no heartbeat and no count of rows.

use amp_rules_core::Entity;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::pack::{Pack, edges, id, mend, spoken};
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

/// Leaves a pattern the one edge that leads to the next; where there is none, perhaps this.
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
            let class = dice.pick(&["cause", "effect", "cause", "effect", "impact", "complaint"]);
            let scope = dice.pick(&["pod", "cluster", "pod", "controller"]);
            let name = format!("p{at}");
            let mut pattern = spoken(&name, class, scope, &word(&name));
            if dice.chance(1, 4) {
                pattern.as_object_mut().unwrap().remove("symptoms");
            }
            stage.world.pack.patterns.push(pattern);
        }
        edges(&mut dice, &mut stage.world.pack.patterns);
        if dice.chance(1, 2) {
            // One causal chain, so that what cannot be seen is all that stands between two that can.
            for (at, pattern) in stage.world.pack.patterns.iter_mut().enumerate() {
                let link = json!({ "pattern": format!("p{}", at + 1), "strength": "likely" });
                chain_only(pattern, at + 1, (at + 1 < many && dice.chance(3, 4)).then_some(link));
            }
            mend(&mut stage.world.pack.patterns);
        }
        for pattern in &mut stage.world.pack.patterns {
            let own = word(id(pattern));
            if let Some(symptom) = pattern.pointer_mut("/symptoms/said/log/contains") {
                *symptom = json!(own);
            }
        }
        let mut dice = Dice::new(telemetry);
        stage.pods = pods(&mut dice, "one");
        for pod in 0..stage.pods.len() {
            for at in 0..many {
                if dice.chance(1, 2) {
                    // Causes stand before their effects in the pack, and half of the time on the stage.
                    let early = SLOTS - 1 - 2 * at as i64;
                    let from = if dice.chance(1, 2) { early - dice.between(0, 4) } else { dice.between(0, SLOTS - 1) };
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
}

/// The entity of a pod within its cluster.
pub(crate) fn entity(pod: &Pod) -> Entity {
    Entity::new([("controller".to_owned(), pod.controller.to_owned()), ("pod".to_owned(), pod.name.clone())])
}
