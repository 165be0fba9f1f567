//! Measures the quality of diagnoses on random incidents with known roots.
//!
//! `quality [WORLDS] [FILE]` runs WORLDS worlds per setting and writes the page to FILE; the same arguments give the
//! same bytes. It compares the engine, the engine without times, the engine with unknown read as false, and the exact
//! posterior computed from the probabilities that generated the incidents.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be set up has no result")]
#![expect(clippy::indexing_slicing, reason = "indices are pattern numbers that this program generated")]

#[path = "quality/engine.rs"]
mod engine;
#[path = "quality/exact.rs"]
mod exact;
#[path = "quality/incident.rs"]
mod incident;
#[path = "quality/losses.rs"]
mod losses;
#[path = "quality/model.rs"]
mod model;
#[path = "quality/page.rs"]
mod page;
#[path = "quality/score.rs"]
mod score;
#[cfg(test)]
#[path = "quality/tests.rs"]
mod tests;

use model::{PLAIN, Setting};

/// The settings, each with its own difficulty.
const SETTINGS: [Setting; 6] = [
    Setting { name: "No noise, everything observable", ..PLAIN },
    Setting { name: "Some patterns unobservable", hidden: 0.15, ..PLAIN },
    Setting { name: "Noisy", false_symptom: 0.01, missed: 0.05, skew: 240, ..PLAIN },
    Setting { name: "Late lines and restarts", late: 600, restarts: 0.5, ..PLAIN },
    Setting { name: "Gaps and lost rows", gaps: true, dropped: 0.1, ..PLAIN },
    Setting { name: "An earlier incident", earlier: true, window: 29 * 3600, ..PLAIN },
];

/// Shares of the symptoms to lose.
const SHARES: [f64; 4] = [0.0, 0.1, 0.3, 0.5];

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let worlds = arguments.next().map_or(1000, |text| text.parse().unwrap());
    let file = arguments.next().unwrap_or_else(|| "docs/quality.md".to_owned());
    let outcomes: Vec<_> = SETTINGS.iter().map(|setting| score::run(*setting, &SHARES, worlds)).collect();
    std::fs::write(file, page::page(worlds, &outcomes))
}
