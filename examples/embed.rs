//! Diagnoses a recorded incident with the built-in rules, in four steps.
#![expect(clippy::print_stdout, reason = "an example prints to the terminal")]

use std::error::Error;
use std::path::Path;

use amp_rules_core::{RuleFile, collect, compile, evaluate, plan, report};
use amp_rules_fixtures::FixtureSource;
use futures::executor::block_on;

fn main() -> Result<(), Box<dyn Error>> {
    // 1. Rules are named texts from any origin; the error contains every problem of every file.
    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    let rules = compile(&files)?;

    // 2. A telemetry source, here a folder, and the scope: subject, window, reported complaints.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/incidents/aks-sde-eastus");
    let source = FixtureSource::open(&folder, &rules.schema)?;
    let scope = source.incident().ok_or("the folder has no incident.yaml")?.scope();

    // 3. The plan lists everything that will be read before anything is read.
    let plan = plan(&rules, &scope)?;
    println!("{} requests\n", plan.requests().len());

    // 4. Only `collect` performs I/O; `evaluate` is pure.
    let seen = block_on(collect(&plan, &source));
    let diagnosis = evaluate(&rules, &seen);
    for root in &diagnosis.roots {
        println!("{}. {} ({}, {})", root.rank, root.pattern, root.grade.as_str(), root.scope);
    }
    println!("\n{}", report::text(&diagnosis, None, &report::TextOptions::default()));
    Ok(())
}
