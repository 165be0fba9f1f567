//! Symptoms of properties: what the latest row of an entity says of itself.
//!
//! Input: the latest rows. Output: tracks. A later row that may have been missed leaves the state unknown.

use super::symptom::{SymptomTimeline, Symptoms, Tracks};
use crate::diagnosis::UnknownReason;
use crate::evaluate::timeline::truth::{Timeline, Truth};
use crate::plan::Need;
use crate::rules::model::{AbsentMeans, PropertyState, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::AnswerData;
use crate::time::Time;

impl Symptoms<'_> {
    pub(crate) fn property(&self, symptom: &RuleSymptom, need: &Need) -> Tracks {
        let SymptomKind::Property { names, filter, absent_is_empty, is, at_least, table, .. } = &symptom.symptom.kind
        else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let answer = match self.visibility.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let AnswerData::Properties(all) = &answer.data else {
            return self.failed(symptom, UnknownReason::Unobservable, filter);
        };
        let unknown = |reason: UnknownReason| Truth::Unknown(self.visibility.reasons.one(reason));
        let one = |entity: &Entity| -> SymptomTimeline {
            let mask = self.visibility.mask(need, entity);
            let Some(latest) = all.iter().find(|properties| properties.entity == *entity) else {
                let lacking = answer.missing_columns.iter().find(|(other, _)| other == entity);
                let unseen = self.visibility.unseen(&mask);
                let truth = match lacking {
                    Some((_, column)) => unknown(UnknownReason::NotCarried(column.clone())),
                    None if !unseen.is_false() => unseen,
                    None if symptom.symptom.absent_means == AbsentMeans::False => Truth::False,
                    None if symptom.symptom.absent_means == AbsentMeans::Silence => unknown(UnknownReason::Silent),
                    None => unknown(UnknownReason::NotEmitted(
                        names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
                    )),
                };
                return SymptomTimeline { steps: self.visibility.constant(truth), value: None };
            };
            if !self.visibility.covers(&mask, latest.at, self.visibility.watermark) {
                return SymptomTimeline { steps: self.visibility.constant(self.visibility.unseen(&mask)), value: None };
            }
            let (mut yes, mut maybe) = (0_u32, Truth::False);
            let mut doubts = 0_u32;
            let mut sinces: Vec<Option<Time>> = Vec::new();
            for ((name, _), property) in names.iter().zip(&latest.states) {
                let text = match (&property.value, absent_is_empty) {
                    (None, true) => Some(""),
                    (value, _) => value.as_deref(),
                };
                let cut = property.is_truncated();
                match (is, text) {
                    (_, None) if symptom.symptom.absent_means == AbsentMeans::False => {}
                    (_, None) => {
                        doubts += 1;
                        maybe = maybe.or(unknown(UnknownReason::NotEmitted(name.clone())), &self.visibility.reasons);
                    }
                    (PropertyState::Text(wanted), Some(text)) if cut && wanted.starts_with(text) => {
                        doubts += 1;
                        maybe =
                            maybe.or(unknown(UnknownReason::Truncated(table.clone(), "cut")), &self.visibility.reasons);
                    }
                    (PropertyState::Empty, Some("")) => {
                        yes += 1;
                        sinces.push(property.since);
                    }
                    (PropertyState::Set, Some(text)) if !text.is_empty() => {
                        yes += 1;
                        sinces.push(property.since);
                    }
                    (PropertyState::Text(wanted), Some(text)) if text == wanted => {
                        yes += 1;
                        sinces.push(property.since);
                    }
                    _ => {}
                }
            }
            let steps = if yes >= *at_least {
                // Enough of the names have been so since the k-th of them became so.
                sinces.sort();
                let since = sinces.get(*at_least as usize - usize::from(*at_least > 0)).copied().flatten();
                self.since(since, latest.at, &mask)
            } else if yes + doubts >= *at_least {
                self.visibility.constant(maybe)
            } else {
                self.visibility.constant(Truth::False)
            };
            SymptomTimeline { steps, value: (yes > 0).then_some(f64::from(yes)) }
        };
        let rest = one(&Entity::default()).steps;
        let mut told = self.lacking(symptom, &answer.missing_columns);
        told.extend(all.iter().map(|properties| properties.entity.clone()));
        self.all(symptom, told, filter, rest, one)
    }

    /// True from an instant on, throughout where there is none. What could not be seen before the latest row may have been
    /// otherwise: then the state is known from the first row behind it, which is that of the change or the latest one.
    fn since(&self, since: Option<Time>, latest: Time, mask: &Timeline) -> Timeline {
        let visibility = &self.visibility;
        let unseen = |to: Time| mask.spans().filter(move |(part, _)| part.from < to && !part.truth.is_true());
        let last_unseen = unseen(latest).next_back().map(|(_, end)| end);
        let known = match (since, last_unseen) {
            (since, None) => since,
            (Some(since), Some(end)) if since > end => Some(since),
            (_, Some(_)) => Some(latest),
        };
        let Some(known) = known else { return visibility.constant(Truth::True) };
        let doubt = unseen(latest).fold(Truth::False, |sum, (part, _)| sum.or(part.truth, &visibility.reasons));
        visibility.overlay(&visibility.constant(doubt), [(known, visibility.window.to, known, latest)])
    }
}
