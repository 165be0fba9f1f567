//! What holds, as findings with their evidence.
//!
//! Input: instances with roles. Output: [`Finding`]s, one per pattern, role and grade, each citing the rows that show it.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::{Citation, Evidence, Finding, Grade, Onset, Role};
use crate::evaluate::causality::analysis::CausalAnalysis;
use crate::evaluate::causality::roots::RootGroup;
use crate::evaluate::entities::entity_set::EntitySet;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::instances::instances::Instance;
use crate::evaluate::symptoms::symptom::{Symptoms, limit_of};
use crate::plan::{Need, Part};
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RulePattern;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::ResultTable;
use crate::time::Time;
use crate::unit::Unit;

/// How many rows a finding cites per symptom.
const CITED: usize = 3;

pub(crate) struct EvidenceCollector<'a> {
    symptoms: &'a Symptoms<'a>,
    analysis: &'a CausalAnalysis<'a>,
}

impl<'a> EvidenceCollector<'a> {
    pub(crate) fn new(analysis: &'a CausalAnalysis<'a>) -> Self {
        Self { symptoms: &analysis.patterns.symptoms, analysis }
    }

    fn visibility(&self) -> &'a Visibility<'a> {
        self.analysis.visibility()
    }

    /// Findings in the order of roles, root ranks, and ids; instances per finding beside them.
    pub(crate) fn findings(
        &self,
        ranked: &[&RootGroup],
        explained_by: &BTreeMap<usize, BTreeSet<usize>>,
    ) -> Vec<(Finding, Vec<usize>)> {
        let mut grouped: BTreeMap<(Role, usize, usize, Option<Grade>), Vec<usize>> = BTreeMap::new();
        let ranks: BTreeMap<usize, usize> = ranked
            .iter()
            .enumerate()
            .rev()
            .flat_map(|(rank, group)| group.instances.iter().map(move |one| (*one, rank)))
            .collect();
        for (&index, &role) in &self.analysis.roots.roles {
            let Some(instance) = self.analysis.instances.get(index) else { continue };
            let group = ranks.get(&index).copied();
            let (rank, grade) = match (role, group) {
                (Role::Root | Role::Independent, Some(at)) => (at, ranked.get(at).map(|group| group.grade)),
                _ => (usize::MAX, None),
            };
            grouped.entry((role, rank, instance.pattern, grade)).or_default().push(index);
        }
        grouped
            .into_iter()
            .filter_map(|((role, _, pattern, grade), members)| {
                Some((self.finding(role, pattern, grade, &members, explained_by)?, members))
            })
            .collect()
    }

    fn finding(
        &self,
        role: Role,
        pattern: usize,
        grade: Option<Grade>,
        members: &[usize],
        explained_by: &BTreeMap<usize, BTreeSet<usize>>,
    ) -> Option<Finding> {
        let visibility = self.visibility();
        let rule = visibility.rules.patterns.get(pattern)?;
        let instances: Vec<Instance<'_>> = members.iter().filter_map(|at| self.analysis.instances.get(*at)).collect();
        let mut entities: Vec<Entity> = instances.iter().map(|one| one.entity.clone()).collect();
        entities.sort();
        let (scope, contrast) = visibility.scope_words(&entities);
        let onset = instances.iter().map(|one| one.onset()).fold(
            Onset { earliest: Time::MAX, latest: Time::MAX },
            |sum, one| Onset { earliest: sum.earliest.min(one.earliest), latest: sum.latest.min(one.latest) },
        );
        let mut explained: BTreeSet<String> = BTreeSet::new();
        for member in members {
            explained.extend(
                explained_by.get(member).into_iter().flatten().map(|at| visibility.rules.pattern_id(*at).to_owned()),
            );
        }
        Some(Finding {
            pattern: rule.pattern.id.clone(),
            title: rule.pattern.title.clone(),
            class: rule.pattern.class,
            role,
            grade,
            severity: rule.pattern.severity,
            scope,
            contrast,
            distinguishing_attributes: visibility.distinguished(&entities),
            onset,
            last: instances.iter().map(|one| one.last()).max().unwrap_or(Time::MIN).min(visibility.window.to),
            flapping: instances.iter().any(|one| one.flapping),
            reported: instances.iter().any(|one| one.reported),
            evidence: self.evidence(rule, &entities),
            explained_by: explained.into_iter().collect(),
            owner: rule.pattern.owner.clone(),
            entities,
        })
    }

    fn evidence(&self, rule: &RulePattern, entities: &[Entity]) -> Vec<Evidence> {
        rule.symptoms.iter().filter_map(|at| self.symptom_evidence(*at, entities)).collect()
    }

    fn symptom_evidence(&self, at: usize, entities: &[Entity]) -> Option<Evidence> {
        let visibility = self.visibility();
        let symptom = visibility.rules.symptoms.get(at)?;
        let tracks = self.symptoms.tracks(at);
        let concerned = EntitySet::unparted(entities);
        let mut holding = tracks.entities.those(|track| track.steps.overall(&visibility.reasons).is_true());
        holding.retain(|(entity, _)| concerned.touches(entity));
        if holding.is_empty() {
            return None;
        }
        Some(self.evidence_of(at, symptom, &holding))
    }

    /// What a symptom says of entities, whether or not it holds; nothing where no number and no row is known.
    pub(crate) fn leaf_evidence(&self, at: usize, entities: &[Entity]) -> Option<Evidence> {
        let visibility = self.visibility();
        let symptom = visibility.rules.symptoms.get(at)?;
        let tracks = self.symptoms.tracks(at);
        let concerned = EntitySet::unparted(entities);
        let mut known = tracks.entities.those(|track| track.value.is_some());
        known.retain(|(entity, _)| concerned.touches(entity));
        if known.is_empty() { self.symptom_evidence(at, entities) } else { Some(self.evidence_of(at, symptom, &known)) }
    }

    /// What a symptom that counts says where it has seen nothing: 0 of what it asks for.
    pub(crate) fn nothing(&self, at: usize) -> Option<Evidence> {
        let symptom = self.visibility().rules.symptoms.get(at)?;
        let counts = matches!(
            symptom.symptom.kind,
            SymptomKind::Log { .. } | SymptomKind::Event { .. } | SymptomKind::Repeats { .. }
        );
        counts.then(|| Evidence { value: Some(0.0), citations: Vec::new(), ..self.evidence_of(at, symptom, &[]) })
    }

    fn evidence_of(
        &self,
        at: usize,
        symptom: &crate::rules::rule_set::RuleSymptom,
        holding: &[(&Entity, &crate::evaluate::symptoms::symptom::SymptomTimeline)],
    ) -> Evidence {
        let visibility = self.visibility();
        let (threshold, unit) = self.threshold(&symptom.symptom.kind);
        let least = matches!(threshold, Some((Comparison::Below | Comparison::AtMost, _)));
        let counted = matches!(
            symptom.symptom.kind,
            SymptomKind::Log { .. } | SymptomKind::Event { .. } | SymptomKind::Repeats { .. }
        );
        let values = holding.iter().filter_map(|(_, track)| track.value);
        // Counts of entities add up; of other numbers the one that speaks most for the symptom is shown.
        let value = if counted {
            values.reduce(|a, b| a + b)
        } else if least {
            values.reduce(f64::min)
        } else {
            values.reduce(f64::max)
        };
        let stretches =
            || holding.iter().flat_map(|(_, track)| track.steps.segments()).filter(|segment| segment.truth.is_true());
        let names: BTreeSet<&Entity> = holding.iter().map(|(entity, _)| *entity).collect();
        Evidence {
            pattern: visibility.rules.pattern_id(symptom.pattern).to_owned(),
            symptom: symptom.symptom.name.clone(),
            value,
            threshold,
            unit,
            first: stretches().map(|segment| segment.first).min(),
            last: stretches().map(|segment| segment.last).max().map(|last| last.min(visibility.window.to)),
            citations: self.citations(at, &names),
            weak: symptom.symptom.weak,
        }
    }

    fn threshold(&self, kind: &SymptomKind) -> (Option<(Comparison, f64)>, Unit) {
        let visibility = self.visibility();
        let count = |setting: &crate::rules::model::Setting| {
            visibility.plan.value(setting).map(|quantity| (Comparison::AtLeast, quantity.in_base()))
        };
        match kind {
            SymptomKind::Metric { threshold, .. }
            | SymptomKind::Ratio { threshold, .. }
            | SymptomKind::Query { threshold, .. } => {
                (limit_of(visibility, threshold).map(|limit| (limit.comparison, limit.limit)), threshold.unit)
            }
            SymptomKind::Log { at_least, .. }
            | SymptomKind::Event { at_least, .. }
            | SymptomKind::Repeats { at_least, .. } => (count(at_least), Unit::COUNT),
            SymptomKind::Property { at_least, .. } => (Some((Comparison::AtLeast, f64::from(*at_least))), Unit::COUNT),
            SymptomKind::Persists { lasting, .. } | SymptomKind::Absent { lasting, .. } => {
                (count(lasting), Unit::base(crate::unit::Dimension::Seconds))
            }
            SymptomKind::Drop { share, .. } => (count(share), Unit::RATIO),
            SymptomKind::Ceases { .. } => (None, Unit::COUNT),
        }
    }

    fn citations(&self, at: usize, entities: &BTreeSet<&Entity>) -> Vec<Citation> {
        let visibility = self.visibility();
        let need = Need::Symptom(at, Part::Main);
        let mut cited: Vec<Citation> = Vec::new();
        let Ok(answer) = visibility.answer(&need) else { return cited };
        match &answer.data {
            AnswerData::Counts(counts) => {
                for (_, samples) in counts.samples.iter().filter(|(entity, _)| entities.contains(entity)) {
                    cited.extend(samples.iter().map(|sample| Citation {
                        at: sample.at,
                        row: sample.row.clone(),
                        text: sample.text.clone(),
                    }));
                }
            }
            AnswerData::Properties(all) => {
                for properties in all.iter().filter(|properties| entities.contains(&properties.entity)) {
                    let text = self.property_text(at, &properties.states);
                    cited.push(Citation { at: properties.at, row: properties.row.clone(), text });
                }
            }
            AnswerData::Table(table) => return self.rows_cited(at, &need, table, entities),
            AnswerData::Series(_) | AnswerData::Inventory(_) | AnswerData::Unmatched(_) => {}
        }
        cited.sort();
        cited.dedup();
        cited.truncate(CITED);
        cited
    }

    /// The rows of a query's result that speak most for its symptom.
    fn rows_cited(&self, at: usize, need: &Need, table: &ResultTable, entities: &BTreeSet<&Entity>) -> Vec<Citation> {
        let visibility = self.visibility();
        let Some(SymptomKind::Query { query, threshold }) =
            visibility.rules.symptoms.get(at).map(|symptom| &symptom.symptom.kind)
        else {
            return Vec::new();
        };
        let Ok(rows) = visibility.result_rows(need, table, &query.column) else { return Vec::new() };
        let rows = rows.into_iter().filter(|row| entities.contains(&row.entity));
        let mut numbered: Vec<(f64, Citation)> = rows
            .filter_map(|row| {
                let citation = Citation {
                    at: row.at.unwrap_or(visibility.window.to),
                    row: table.row_id(row.cells),
                    text: table.row_text(row.cells),
                };
                Some((row.number?, citation))
            })
            .collect();
        let falls = matches!(threshold.comparison, Comparison::Below | Comparison::AtMost);
        numbered.sort_by(|(one, cited), (other, also)| {
            let strongest = if falls { one.total_cmp(other) } else { other.total_cmp(one) };
            strongest.then_with(|| cited.cmp(also))
        });
        numbered.into_iter().map(|(_, citation)| citation).take(CITED).collect()
    }

    fn property_text(&self, at: usize, states: &[crate::telemetry::source::data::Property]) -> String {
        let Some(SymptomKind::Property { names, .. }) =
            self.visibility().rules.symptoms.get(at).map(|symptom| &symptom.symptom.kind)
        else {
            return String::new();
        };
        names
            .iter()
            .zip(states)
            .map(|((name, _), state)| match &state.value {
                Some(value) => format!("{name}={value:?}"),
                None => format!("{name} not sent"),
            })
            .collect::<Vec<_>>()
            .join(", ")
    }
}
