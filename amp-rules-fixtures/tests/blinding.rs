//! Blinding never flips, on the incidents of the pack.
//!
//! Each incident is read once. Then every table, and every component and metric of it that the rules name, is declared
//! missing in turn: requests that name it have no answer, those that read around it a partial one. No instance that was
//! true may become false or the other way round, and no status may become healthy. Reported complaints are excepted: a
//! report decides where telemetry does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use amp_rules_core::diagnosis::Status;
use amp_rules_core::explain::{Verdict, why};
use amp_rules_core::request::Request;
use amp_rules_core::source::declared::Declared;
use amp_rules_core::source::{Completeness, SourceError, SourceErrorKind};
use amp_rules_core::{Diagnosis, Entity, Observations, RuleSet, collect, compile, evaluate, plan};
use amp_rules_fixtures::{FixtureSource, Incident, cases, pack};

type Instance = (String, Entity);

/// One thing that is declared missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    Table(String),
    Component(String, String),
    Metric(String, String),
}

impl Loss {
    fn declared(&self, tables: &BTreeSet<String>) -> Declared {
        let mut declared = Declared::new();
        tables.iter().for_each(|table| declared.table(table));
        match self {
            Self::Table(table) => declared.missing(table, SourceErrorKind::Denied),
            Self::Component(table, component) => declared.missing_component(table, component, SourceErrorKind::Denied),
            Self::Metric(table, metric) => declared.missing_metric(table, metric, SourceErrorKind::Timeout),
        }
        declared
    }
}

/// Everything that the requests name.
fn losses(seen: &Observations) -> BTreeSet<Loss> {
    let mut all = BTreeSet::new();
    for request in seen.plan.requests() {
        let table = &request.reading().table.name;
        all.insert(Loss::Table(table.clone()));
        all.extend(request.metrics().into_iter().map(|metric| Loss::Metric(table.clone(), metric.to_owned())));
        if let Request::Lines(lines) = request {
            all.extend(lines.components.iter().map(|component| Loss::Component(table.clone(), component.clone())));
        }
    }
    all
}

/// What is seen when something is missing.
fn blinded(seen: &Observations, loss: &Loss) -> Observations {
    let tables = seen.plan.requests().iter().map(|request| request.reading().table.name.clone()).collect();
    let declared = loss.declared(&tables);
    let answers = seen.plan.requests().iter().zip(&seen.answers).map(|(request, answer)| {
        let mut answer = match answer {
            Ok(answer) => answer.clone(),
            Err(error) => return Err(SourceError::new(error.kind, error.operation.clone(), error.context.clone())),
        };
        if let Some(refusal) = declared.refusal(request) {
            return Err(refusal);
        }
        let mut gaps = declared.gaps(request);
        if let Completeness::Partial(known) = &answer.completeness {
            gaps.extend(known.iter().cloned());
        }
        gaps.sort();
        answer.completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
        Ok(answer)
    });
    Observations { plan: seen.plan.clone(), answers: answers.collect() }
}

/// A run with its verdicts.
struct Run<'a> {
    rules: &'a RuleSet,
    seen: Observations,
    diagnosis: Diagnosis,
    holds: BTreeSet<Instance>,
    open: BTreeSet<Instance>,
}

impl<'a> Run<'a> {
    fn new(rules: &'a RuleSet, seen: Observations) -> Self {
        let diagnosis = evaluate(rules, &seen);
        let reported: BTreeSet<&str> =
            seen.plan.scope().reported.iter().map(|report| report.pattern.as_str()).collect();
        let instances = |pattern: &str, entities: &[Entity]| {
            entities.iter().map(|entity| (pattern.to_owned(), entity.clone())).collect::<Vec<_>>()
        };
        let findings = diagnosis.findings.iter().filter(|one| !reported.contains(one.pattern.as_str()));
        let holds = findings.flat_map(|one| instances(&one.pattern, &one.entities)).collect();
        let open = diagnosis.unresolved.iter().filter(|one| !one.holds);
        let open = open.flat_map(|one| instances(&one.pattern, &one.entities)).collect();
        Self { rules, seen, diagnosis, holds, open }
    }

    /// Whether an instance was decided to be false here: it, or everything around it where it is not there.
    fn denies(&self, (pattern, entity): &Instance) -> bool {
        let instance = (pattern.clone(), entity.clone());
        if self.holds.contains(&instance) || self.open.contains(&instance) {
            return false;
        }
        let proofs = why(self.rules, &self.seen, pattern);
        let said: BTreeMap<&Entity, Verdict> =
            proofs.iter().flat_map(|proof| proof.entities.iter().map(|entity| (entity, proof.verdict))).collect();
        match said.get(entity) {
            Some(verdict) => *verdict == Verdict::False,
            None => {
                let mut around = said.iter().filter(|(other, _)| other.is_compatible(entity)).peekable();
                around.peek().is_some() && around.all(|(_, verdict)| *verdict == Verdict::False)
            }
        }
    }
}

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

#[test]
fn no_loss_turns_a_verdict_of_an_incident_around() {
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
            let turned = whole.holds.iter().filter(|one| less.denies(one)).map(|one| ("is false", one));
            let risen = less.holds.difference(&whole.holds).filter(|one| whole.denies(one)).map(|one| ("is true", one));
            flips.extend(
                turned
                    .chain(risen)
                    .map(|(what, (pattern, entity))| format!("{name} without {loss:?}: {pattern} {what} of {entity}")),
            );
            if less.diagnosis.status == Status::Healthy && whole.diagnosis.status != Status::Healthy {
                flips.push(format!("{name} without {loss:?} is healthy"));
            }
        }
    }
    assert!(tried > 100 && opened > 100, "{tried} losses left {opened} true instances open");
    assert!(flips.is_empty(), "{} of {tried}:\n{}", flips.len(), flips.join("\n"));
}
