//! What stays open, what contradicts, what could be seen, and what decided: the parts of a diagnosis beside its analysis.
//!
//! Input: instances with their roles. Output: lists sorted by id.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnosis::DiagnosisBuilder;
use crate::diagnosis::{
    Assumption, Conflict, Coverage, Finding, Hypothesis, Impact, IndicatorState, Role, SourceState, TableCompleteness,
    TableGap, TablePart, UnknownReason, Unresolved,
};
use crate::evaluate::entities::entity_set::EntitySet;
use crate::evaluate::instances::instances::State;
use crate::evaluate::timeline::truth::Truth;
use crate::plan::{Need, Part};
use crate::rules::model::Class;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::source::data::RowProblem;
use crate::telemetry::source::{AnswerData, Completeness};

impl DiagnosisBuilder<'_> {
    pub(crate) fn unresolved(&self) -> Vec<Unresolved> {
        let visibility = self.visibility();
        let mut grouped: BTreeMap<(usize, bool), (Vec<Entity>, BTreeSet<UnknownReason>)> = BTreeMap::new();
        let open = |one: &State| {
            matches!((one.truth, one.escalated), (Truth::Unknown(_), _) | (Truth::True, Truth::Unknown(_)))
        };
        for (index, one) in self.analysis.instances.those(open) {
            let (reasons, holds) = match (one.truth, one.escalated) {
                (Truth::Unknown(reasons), _) => (visibility.reasons.list(reasons), false),
                (Truth::True, Truth::Unknown(reasons))
                    if self.analysis.roots.roles.get(&index) == Some(&Role::Unresolved) =>
                {
                    (visibility.reasons.list(reasons), true)
                }
                _ => continue,
            };
            if !holds && reasons.iter().all(|reason| visibility.is_quiet(reason)) {
                continue;
            }
            let entry = grouped.entry((one.pattern, holds)).or_default();
            entry.0.push(one.entity.clone());
            entry.1.extend(reasons);
        }
        grouped
            .into_iter()
            .map(|((pattern, holds), (mut entities, reasons))| {
                entities.sort();
                Unresolved {
                    pattern: self.id(pattern),
                    scope: visibility.scope_words(&entities).0,
                    entities,
                    reasons: reasons.into_iter().collect(),
                    holds,
                }
            })
            .collect()
    }

    pub(crate) fn hypotheses(&self) -> Vec<Hypothesis> {
        self.analysis
            .roots
            .hidden_causes
            .iter()
            .map(|guess| Hypothesis {
                pattern: self.id(guess.pattern),
                explains: guess.explains.iter().map(|pattern| self.id(*pattern)).collect(),
                reasons: guess.reasons.iter().cloned().collect(),
            })
            .collect()
    }

    pub(crate) fn conflicts(&self) -> Vec<Conflict> {
        let mut grouped: BTreeMap<(String, String), Vec<Entity>> = BTreeMap::new();
        for clash in &self.analysis.roots.conflicts {
            let (Some(a), Some(b)) = (self.analysis.instances.get(clash.a), self.analysis.instances.get(clash.b))
            else {
                continue;
            };
            let finer = if a.entity.is_within(b.entity) { a } else { b };
            let mut pair = [self.id(a.pattern), self.id(b.pattern)];
            pair.sort();
            let [first, second] = pair;
            grouped.entry((first, second)).or_default().push(finer.entity.clone());
        }
        let mut conflicts: Vec<Conflict> = grouped
            .into_iter()
            .map(|((pattern, other), mut entities)| {
                entities.sort();
                entities.dedup();
                let what = format!("{pattern} and {other} cannot both be so of one entity at one time");
                Conflict { pattern, other, entities, what }
            })
            .collect();
        for (pattern, entity) in self.analysis.patterns.contradicted_reports(&self.analysis.instances) {
            let id = self.id(pattern);
            let what = format!("{id} was reported, but telemetry shows that it is not so");
            conflicts.push(Conflict { pattern: id.clone(), other: id, entities: vec![entity], what });
        }
        conflicts
    }

    pub(crate) fn coverage(&self) -> Coverage {
        let visibility = self.visibility();
        let mut decided: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
        for (pattern, one) in self
            .analysis
            .instances
            .states()
            .filter(|(pattern, _)| !matches!(self.class(*pattern), Class::Fact | Class::Benign))
        {
            let (known, observable) = match one.truth {
                Truth::Unknown(reasons) => {
                    (false, !visibility.reasons.list(reasons).iter().all(|reason| visibility.is_quiet(reason)))
                }
                Truth::True | Truth::False => (true, true),
            };
            let entry = decided.entry(pattern).or_insert((true, false));
            entry.0 &= known || !observable;
            entry.1 |= observable;
        }
        let observable: Vec<&(bool, bool)> = decided.values().filter(|(_, observable)| *observable).collect();
        let visible = if observable.is_empty() {
            0.0
        } else {
            observable.iter().filter(|(known, _)| *known).count() as f64 / observable.len() as f64
        };
        let unobservable =
            decided.iter().filter(|(_, (_, observable))| !observable).map(|(pattern, _)| self.id(*pattern)).collect();
        let unmatched = self.unmatched();
        Coverage {
            visible,
            blind: self.blind(),
            unobservable,
            unmatched: unmatched.told,
            unmatched_more: unmatched.more,
            unmatched_reasons: unmatched.reasons,
        }
    }

    /// Channels that went silent while their entity is still there.
    fn blind(&self) -> Vec<String> {
        let visibility = self.visibility();
        let mut blind: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
        for table in visibility.rules.schema.tables.values().filter(|table| !table.heartbeats.is_empty()) {
            for leaf in &visibility.leaves {
                let mask = visibility.channel(table, &leaf.entity);
                if !visibility.unseen(&mask).is_false() {
                    blind.entry(table.name.clone()).or_default().push(leaf.entity.clone());
                }
            }
        }
        blind.into_iter().map(|(table, entities)| format!("{table}: {}", visibility.scope_words(&entities).0)).collect()
    }

    pub(crate) fn indicators(&self) -> Vec<IndicatorState> {
        let visibility = self.visibility();
        let kind = visibility.rules.schema.entities.first().map_or("", |kind| kind.name.as_str());
        visibility
            .rules
            .indicators
            .iter()
            .map(|indicator| {
                let truth = self
                    .analysis
                    .patterns
                    .condition(&indicator.when, kind, &Entity::default())
                    .overall(&visibility.reasons);
                let holds = match truth {
                    Truth::True => Some(true),
                    Truth::False => Some(false),
                    Truth::Unknown(_) => None,
                };
                IndicatorState {
                    id: indicator.id.clone(),
                    healthy: indicator.healthy,
                    text: indicator.text.clone(),
                    holds,
                }
            })
            .collect()
    }

    pub(crate) fn impact(&self, findings: &[(Finding, Vec<usize>)]) -> Vec<Impact> {
        let visibility = self.visibility();
        let mut impacts: BTreeMap<String, Impact> = BTreeMap::new();
        for (finding, _) in findings.iter().filter(|(finding, _)| {
            matches!(finding.role, Role::Root | Role::Independent | Role::Consequence | Role::Contributing)
        }) {
            let Some(rule) =
                visibility.rules.pattern_index(&finding.pattern).and_then(|at| visibility.rules.patterns.get(at))
            else {
                continue;
            };
            let (Some((symptom, position)), Some(magnitude)) = (rule.magnitude, &rule.pattern.magnitude) else {
                continue;
            };
            let need = Need::Symptom(symptom, Part::Main);
            let Ok(answer) = visibility.answer(&need) else { continue };
            let AnswerData::Counts(counts) = &answer.data else { continue };
            let entities = EntitySet::unparted(&finding.entities);
            let concerned = |entity: &Entity| entities.touches(entity);
            let sum: f64 = counts
                .cells
                .iter()
                .filter(|cell| concerned(&cell.entity))
                .filter_map(|cell| cell.sums.get(position))
                .sum();
            let lost = answer.completeness != Completeness::Complete
                || finding.entities.iter().any(|entity| !visibility.unseen(&visibility.mask(&need, entity)).is_false());
            let entry = impacts.entry(finding.pattern.clone()).or_insert_with(|| Impact {
                pattern: finding.pattern.clone(),
                magnitude: 0.0,
                unit: magnitude.unit.clone(),
                at_least: false,
            });
            entry.magnitude += sum;
            entry.at_least |= lost;
        }
        impacts.into_values().collect()
    }

    /// Parameters that a symptom was held against, with data.
    pub(crate) fn assumptions(&self) -> Vec<Assumption> {
        let visibility = self.visibility();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for (index, symptom) in visibility.rules.symptoms.iter().enumerate() {
            let used = crate::rules::rule_set::parameters_of(&symptom.symptom);
            if used.is_empty() {
                continue;
            }
            let tracks = self.analysis.patterns.symptoms.tracks(index);
            if tracks.entities.values().any(|track| track.value.is_some()) {
                names.extend(used);
            }
        }
        names
            .into_iter()
            .filter_map(|name| {
                let value = visibility.plan.settings().get(name).copied()?;
                let parameter = visibility.rules.parameters.get(name)?;
                let set = visibility.plan.scope().parameters.contains_key(name);
                let because = if set { "set for this run".to_owned() } else { parameter.because.clone() };
                Some(Assumption { parameter: name.to_owned(), value, because })
            })
            .collect()
    }

    pub(crate) fn sources(&self) -> Vec<SourceState> {
        let mut tables: BTreeMap<String, (BTreeMap<String, TableGap>, BTreeSet<String>)> = BTreeMap::new();
        // Unmatched lines decide no pattern, so a gap in them is no gap of the table.
        let deciding = |(request, _): &(&Request, _)| !matches!(request, Request::Unmatched(_));
        for (request, answer) in
            self.visibility().plan.requests().iter().zip(self.visibility().answers()).filter(deciding)
        {
            for table in request.tables() {
                let (gaps, ids) = tables.entry(table.name.clone()).or_default();
                let mut add = |gap: TableGap| gaps.insert(gap.to_string(), gap);
                match answer {
                    Ok(answer) => {
                        ids.extend(answer.request_id.clone());
                        if let Completeness::Partial(gaps) = &answer.completeness {
                            gaps.iter().for_each(|gap| drop(add(TableGap::Partial(gap.reason))));
                        }
                    }
                    Err(error) => drop(add(TableGap::Missing { kind: error.kind, part: part_of(request) })),
                }
            }
        }
        tables
            .into_iter()
            .map(|(table, (gaps, ids))| SourceState {
                table,
                completeness: TableCompleteness::new(gaps.into_values().collect()),
                request_ids: ids.into_iter().collect(),
            })
            .collect()
    }

    pub(crate) fn problems(&self) -> Vec<RowProblem> {
        let mut problems: Vec<RowProblem> =
            self.visibility().answers().iter().flatten().flat_map(|answer| answer.problems.iter().cloned()).collect();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// The part of a table that a request reads.
fn part_of(request: &Request) -> TablePart {
    match request {
        Request::Lines(lines) if !lines.components.is_empty() => TablePart::Components(lines.components.clone()),
        Request::Series(_) | Request::Properties(_) => {
            TablePart::Metrics(request.metrics().into_iter().map(str::to_owned).collect())
        }
        Request::Query(_) => TablePart::Query,
        _ => TablePart::Whole,
    }
}
