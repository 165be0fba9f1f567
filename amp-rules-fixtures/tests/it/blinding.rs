//! Blinding never flips a verdict (P4), on the incidents of the pack.
//!
//! Each incident is read once. Then every table, component and metric that the rules name is declared missing in turn:
//! requests for it have no answer, requests that include it a partial one. No true instance may become false, no false one
//! true, and no status may become healthy. Reported complaints are excepted, since reports decide them and not telemetry.
//! `corpus` does the same with its scenarios.

use amp_rules_core::{collect, plan};
use amp_rules_fixtures::{FixtureSource, Incident};

use crate::loss::{Run, blinded, losses};
use crate::support::{file_name, pack_incidents, pack_rules};

#[test]
fn p4_no_loss_flips_a_verdict_of_an_incident() {
    let rules = pack_rules();
    let mut flips = Vec::new();
    let (mut tried, mut opened) = (0, 0);
    for folder in pack_incidents() {
        let name = file_name(&folder);
        let incident = Incident::read(&folder).unwrap().unwrap();
        let source = FixtureSource::open(&folder, &rules.schema).unwrap();
        let plan = plan(&rules, &incident.scope()).unwrap();
        let complete = Run::new(&rules, futures::executor::block_on(collect(&plan, &source)));
        for loss in losses(&complete.observations) {
            let reduced = Run::new(&rules, blinded(&complete.observations, &loss));
            tried += 1;
            opened += complete.holds.intersection(&reduced.open).count();
            flips.extend(complete.flips(&reduced).into_iter().map(|what| format!("{name} without {loss:?}: {what}")));
        }
    }
    assert!(tried > 100 && opened > 100, "{tried} losses left {opened} true instances open");
    assert!(flips.is_empty(), "{} of {tried}:\n{}", flips.len(), flips.join("\n"));
}
