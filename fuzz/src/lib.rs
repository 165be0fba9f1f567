//! Fuzz targets for everything that is read from outside: rules, queries, rows, responses, incidents, and the texts in
//! which identifiers are replaced.
//!
//! Input: any bytes. A target panics if the code under test panics or breaks a promise of its documentation; libFuzzer
//! adds limits on time and memory. [`TARGETS`] lists them with their seeds, which are read from the tests of the crates.

mod folder;
mod incident;
mod kql;
mod redact;
mod rules;
mod seeds;
mod wire;

pub use folder::{csv, ndjson, responses};
pub use incident::incident;
pub use kql::kql;
pub use redact::redact;
pub use rules::rules;
pub use wire::wire;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is also that of its binary.
    pub name: &'static str,
    /// The code under test with its checks.
    pub run: fn(&[u8]),
    /// The inputs to start from, in a stable order.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Whether a slow check is made for an input: for one of `one_in` inputs, always the same ones.
fn is_chosen(data: &[u8], one_in: u64) -> bool {
    let hash = data
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    (hash >> 32).is_multiple_of(one_in)
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "rules", run: rules, seeds: seeds::rules },
    Target { name: "kql", run: kql, seeds: seeds::kql },
    Target { name: "ndjson", run: ndjson, seeds: seeds::ndjson },
    Target { name: "csv", run: csv, seeds: seeds::csv },
    Target { name: "responses", run: responses, seeds: seeds::responses },
    Target { name: "wire", run: wire, seeds: seeds::wire },
    Target { name: "redact", run: redact, seeds: seeds::redact },
    Target { name: "incident", run: incident, seeds: seeds::incident },
];
