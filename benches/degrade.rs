//! Measures what becomes of a diagnosis when the telemetry is degraded.
//!
//! `degrade [FILE]` degrades every incident and every described cluster of the pack in one way at a time, diagnoses each, and
//! writes the page to FILE; the same pack gives the same bytes. What the full data shows is taken as true.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be set up has no result")]

#[path = "degrade/choose.rs"]
mod choose;
#[path = "degrade/cluster.rs"]
mod cluster;
#[path = "degrade/degradation.rs"]
mod degradation;
#[path = "degrade/page.rs"]
mod page;
#[path = "degrade/run.rs"]
mod run;
#[path = "degrade/score.rs"]
mod score;
#[cfg(test)]
#[path = "degrade/tests.rs"]
mod tests;

use std::path::Path;

/// The maximum number of degradations of each kind, per incident and per case.
const MOST: (usize, usize) = (24, 3);

fn main() -> std::io::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "docs/degrade.md".to_owned());
    let pack = cluster::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"), |_| true);
    std::fs::write(file, page::page(&run::run(&pack, MOST)))
}
