//! Changes of what is said on a stage: one word from everyone, from nobody, a loop of three patterns.

use serde_json::json;

use crate::dice::Dice;
use crate::pack::spoken;
use crate::stage::{SLOTS, Speech, Stage, word};

/// Lets everyone say a word throughout.
pub(crate) fn all_say(stage: &mut Stage, word: &str) {
    none_says(stage, word);
    for pod in 0..stage.pods.len() {
        stage.said.push(Speech { pod, word: word.to_owned(), from: SLOTS - 1, to: 0 });
    }
    stage.tell();
}

/// Lets nobody say a word.
pub(crate) fn none_says(stage: &mut Stage, word: &str) {
    stage.said.retain(|speech| speech.word != word);
    stage.tell();
}

/// A ring of three patterns that all hold of the first pod, with a pattern that each of them may cause.
pub(crate) fn ring(pack_numbers: &[u16], telemetry: &[u16]) -> Stage {
    let mut stage = Stage::new(pack_numbers, telemetry);
    let mut dice = Dice::new(pack_numbers);
    for at in 0..3 {
        let (from, to) = (format!("p{at}"), format!("p{}", (at + 1) % 3));
        let mut pattern = spoken(&from, dice.pick(&["cause", "effect"]), "pod", &word(&from));
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
