//! How good the diagnoses are: random incidents with known roots, and how often who names them.
//!
//! `quality [WORLDS] [FILE]` runs so many worlds per setting and writes the page; the same arguments give the same bytes. The
//! rivals are the engine, the engine without times, the engine told that what is unknown is false, and the exact posterior by the
//! very probabilities that made the incidents.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot set itself up has nothing to say")]
#![expect(clippy::indexing_slicing, reason = "indices are numbers of patterns that this program itself made")]

#[path = "quality/dice.rs"]
mod dice;
#[path = "quality/engine.rs"]
mod engine;
#[path = "quality/exact.rs"]
mod exact;
#[path = "quality/incident.rs"]
mod incident;
#[path = "quality/losses.rs"]
mod losses;
#[path = "quality/nature.rs"]
mod nature;
#[path = "quality/page.rs"]
mod page;
#[path = "quality/score.rs"]
mod score;
#[cfg(test)]
#[path = "quality/tests.rs"]
mod tests;

use nature::Setting;

/// What is hard about the worlds.
const SETTINGS: [Setting; 3] = [
    Setting { name: "Nothing noisy, everything observable", hidden: 0.0, false_symptom: 0.0, missed: 0.0, skew: 90 },
    Setting { name: "Some patterns unobservable", hidden: 0.15, false_symptom: 0.0, missed: 0.0, skew: 90 },
    Setting { name: "Noisy", hidden: 0.0, false_symptom: 0.01, missed: 0.05, skew: 240 },
];

/// How much of the symptoms is lost.
const SHARES: [f64; 4] = [0.0, 0.1, 0.3, 0.5];

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let worlds = arguments.next().map_or(1000, |text| text.parse().unwrap());
    let file = arguments.next().unwrap_or_else(|| "docs/quality.md".to_owned());
    let outcomes: Vec<_> = SETTINGS.iter().map(|setting| score::run(*setting, &SHARES, worlds)).collect();
    std::fs::write(file, page::page(worlds, &outcomes))
}
