//! Declared losses of telemetry, and the verdicts that they flip.
//!
//! Input: observations. Output: the same with one table, component or metric missing, and the verdicts that differ. A loss
//! removes answers without reading rows again. A request that includes the lost part gets a partial answer.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::diagnosis::Status;
use amp_rules_core::explain::Verdict;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::{Completeness, SourceError, SourceErrorKind};
use amp_rules_core::{Diagnosis, Entity, Evaluation, Observations, RuleSet, evaluate};

type Instance = (String, Entity);

/// A part of the telemetry that is declared missing.
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

/// All tables, components and metrics that the requests name.
pub(crate) fn losses(observations: &Observations) -> BTreeSet<Loss> {
    let mut all = BTreeSet::new();
    for request in observations.plan().requests() {
        let table = &request.reading().table.name;
        all.insert(Loss::Table(table.clone()));
        all.extend(request.metrics().into_iter().map(|metric| Loss::Metric(table.clone(), metric.to_owned())));
        if let Request::Lines(lines) = request {
            all.extend(lines.components.iter().map(|component| Loss::Component(table.clone(), component.clone())));
        }
    }
    all
}

/// The same error, without its cause.
fn copy(error: &SourceError) -> SourceError {
    let context = error.context.clone();
    match error.table() {
        Some(table) => SourceError::read(error.kind, table, context),
        None => SourceError::new(error.kind, error.operation.clone(), context),
    }
}

/// The observations with a loss.
pub(crate) fn blinded(observations: &Observations, loss: &Loss) -> Observations {
    let tables = observations.plan().requests().iter().map(|request| request.reading().table.name.clone()).collect();
    let declared = loss.declared(&tables);
    let answers = observations.plan().requests().iter().zip(observations.answers()).map(|(request, answer)| {
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
    Observations::new(observations.plan().clone(), answers.collect())
}

/// A diagnosis with the verdicts on instances. Reported patterns are left out.
pub(crate) struct Run<'a> {
    rules: &'a RuleSet,
    pub(crate) observations: Observations,
    pub(crate) diagnosis: Diagnosis,
    /// Instances that are true.
    pub(crate) holds: BTreeSet<Instance>,
    /// Instances that are unknown.
    pub(crate) open: BTreeSet<Instance>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(rules: &'a RuleSet, observations: Observations) -> Self {
        let diagnosis = evaluate(rules, &observations);
        let reported: BTreeSet<&str> =
            observations.plan().scope().reports.iter().map(|report| report.pattern.as_str()).collect();
        let instances = |pattern: &str, entities: &[Entity]| {
            entities.iter().map(|entity| (pattern.to_owned(), entity.clone())).collect::<Vec<_>>()
        };
        let findings = diagnosis.findings.iter().filter(|one| !reported.contains(one.pattern.as_str()));
        let holds = findings.flat_map(|one| instances(&one.pattern, &one.entities)).collect();
        let open = diagnosis.unresolved.iter().filter(|one| !one.holds);
        let open = open.flat_map(|one| instances(&one.pattern, &one.entities)).collect();
        Self { rules, observations, diagnosis, holds, open }
    }

    /// Whether an instance is false: it, or, if it does not exist, every instance that is compatible with it.
    fn denies(&self, (pattern, entity): &Instance) -> bool {
        let instance = (pattern.clone(), entity.clone());
        if self.holds.contains(&instance) || self.open.contains(&instance) {
            return false;
        }
        let proofs = Evaluation::new(self.rules, &self.observations).why(pattern);
        let verdicts: BTreeMap<&Entity, Verdict> =
            proofs.iter().flat_map(|proof| proof.entities.iter().map(|entity| (entity, proof.verdict))).collect();
        match verdicts.get(entity) {
            Some(verdict) => *verdict == Verdict::False,
            None => {
                let mut compatible = verdicts.iter().filter(|(other, _)| other.is_compatible(entity)).peekable();
                compatible.peek().is_some() && compatible.all(|(_, verdict)| *verdict == Verdict::False)
            }
        }
    }

    /// The flips of a loss: instances that change between true and false, and a status that becomes healthy. A status of
    /// noise only may become healthy, since benign patterns are no alarm, and so may one without a known problem.
    pub(crate) fn flips(&self, reduced: &Self) -> Vec<String> {
        let became_false = self.holds.iter().filter(|one| reduced.denies(one)).map(|one| ("is false", one));
        let became_true =
            reduced.holds.difference(&self.holds).filter(|one| self.denies(one)).map(|one| ("is true", one));
        let mut flips: Vec<String> = became_false
            .chain(became_true)
            .map(|(what, (pattern, entity))| format!("{pattern} {what} of {entity}"))
            .collect();
        let was_well = matches!(self.diagnosis.status, Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly);
        if reduced.diagnosis.status == Status::Healthy && !was_well {
            flips.push("it is healthy".to_owned());
        }
        flips
    }
}
