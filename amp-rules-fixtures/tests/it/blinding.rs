//! Blinding never flips (P4), on the incidents of the pack.
//!
//! Each incident is read once. Then every table, and every component and metric of it that the rules name, is declared
//! missing in turn: requests that name it have no answer, those that read around it a partial one. No instance that was
//! true may become false or the other way round, and no status may become healthy. Reported complaints are excepted: a
//! report decides where telemetry does not. The scenarios of `scenarios.rs` are blinded there, where they are told.

use std::path::{Path, PathBuf};

use amp_rules_core::{collect, compile, plan};
use amp_rules_fixtures::{FixtureSource, Incident, cases, pack};

use crate::loss::{Run, blinded, losses};

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

#[test]
fn p4_no_loss_turns_a_verdict_of_an_incident_around() {
    let compiled = compile(&pack::files(&rules()).unwrap()).unwrap_or_else(|problems| panic!("{}", problems.concise()));
    let folders = cases::incidents_below(&rules().join("incidents"));
    assert!(!folders.is_empty(), "there is no incident to blind");
    let mut flips = Vec::new();
    let (mut tried, mut opened) = (0, 0);
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let incident = Incident::read(&folder).unwrap().unwrap();
        let source = FixtureSource::open(&folder, &compiled.schema).unwrap();
        let plan = plan(&compiled, &incident.scope()).unwrap();
        let whole = Run::new(&compiled, futures::executor::block_on(collect(&plan, &source)));
        for loss in losses(&whole.seen) {
            let less = Run::new(&compiled, blinded(&whole.seen, &loss));
            tried += 1;
            opened += whole.holds.intersection(&less.open).count();
            flips.extend(whole.turned(&less).into_iter().map(|what| format!("{name} without {loss:?}: {what}")));
        }
    }
    assert!(tried > 100 && opened > 100, "{tried} losses left {opened} true instances open");
    assert!(flips.is_empty(), "{} of {tried}:\n{}", flips.len(), flips.join("\n"));
}
