//! Losses that are declared, and what they turn around.
//!
//! Input: observations. Output: the same with one table, component or metric missing, and the verdicts that differ. A loss
//! takes answers away and reads no row again; a request that only reads around it gets a partial answer.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::diagnosis::Status;
use amp_rules_core::explain::Verdict;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::{Completeness, SourceError, SourceErrorKind};
use amp_rules_core::{Diagnosis, Entity, Evaluation, Observations, RuleSet, evaluate};

type Instance = (String, Entity);

/// One thing that is declared missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loss {
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
pub(crate) fn losses(seen: &Observations) -> BTreeSet<Loss> {
    let mut all = BTreeSet::new();
    for request in seen.plan().requests() {
        let table = &request.reading().table.name;
        all.insert(Loss::Table(table.clone()));
        all.extend(request.metrics().into_iter().map(|metric| Loss::Metric(table.clone(), metric.to_owned())));
        if let Request::Lines(lines) = request {
            all.extend(lines.components.iter().map(|component| Loss::Component(table.clone(), component.clone())));
        }
    }
    all
}

/// The same error, without the one underneath.
fn copy(error: &SourceError) -> SourceError {
    let context = error.context.clone();
    match error.table() {
        Some(table) => SourceError::read(error.kind, table, context),
        None => SourceError::new(error.kind, error.operation.clone(), context),
    }
}

/// What is seen when something is missing.
pub(crate) fn blinded(seen: &Observations, loss: &Loss) -> Observations {
    let tables = seen.plan().requests().iter().map(|request| request.reading().table.name.clone()).collect();
    let declared = loss.declared(&tables);
    let answers = seen.plan().requests().iter().zip(seen.answers()).map(|(request, answer)| {
        let mut answer = match answer {
            Ok(answer) => answer.clone(),
            Err(error) => return Err(copy(error)),
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
    Observations::new(seen.plan().clone(), answers.collect())
}

/// A run with its verdicts.
pub(crate) struct Run<'a> {
    rules: &'a RuleSet,
    pub(crate) seen: Observations,
    pub(crate) diagnosis: Diagnosis,
    pub(crate) holds: BTreeSet<Instance>,
    pub(crate) open: BTreeSet<Instance>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(rules: &'a RuleSet, seen: Observations) -> Self {
        let diagnosis = evaluate(rules, &seen);
        let reported: BTreeSet<&str> =
            seen.plan().scope().reports.iter().map(|report| report.pattern.as_str()).collect();
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
        let proofs = Evaluation::new(self.rules, &self.seen).why(pattern);
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

    /// What a loss turned around: instances that were true and are false now, or the other way round, and health that
    /// was none before. Where nothing but noise was seen, losing it may leave health: what is benign does not alarm.
    pub(crate) fn turned(&self, less: &Self) -> Vec<String> {
        let fallen = self.holds.iter().filter(|one| less.denies(one)).map(|one| ("is false", one));
        let risen = less.holds.difference(&self.holds).filter(|one| self.denies(one)).map(|one| ("is true", one));
        let mut turned: Vec<String> =
            fallen.chain(risen).map(|(what, (pattern, entity))| format!("{pattern} {what} of {entity}")).collect();
        let was_well = matches!(self.diagnosis.status, Status::Healthy | Status::NoiseOnly);
        if less.diagnosis.status == Status::Healthy && !was_well {
            turned.push("it is healthy".to_owned());
        }
        turned
    }
}
