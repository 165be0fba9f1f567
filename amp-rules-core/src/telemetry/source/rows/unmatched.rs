//! Unmatched error lines, grouped by template and counted.
//!
//! Input: error lines that no known test matches, one by one and in any order. Output: [`UnmatchedLines`]. The number of
//! groups is limited: if there are too many, templates are shortened to their first words, in steps, so that counts stay
//! exact and groups become coarser. The result does not depend on the order of lines, because the number of steps depends
//! only on the set of templates.

use std::collections::{HashMap, HashSet};

use regex::Regex;

use super::line::Line;
use super::memory::{of_entity, of_text};
use super::row::Row;
use crate::telemetry::entity::Entity;
use crate::telemetry::matcher;
use crate::telemetry::matcher::Matcher;
use crate::telemetry::predicate::{LineTest, See};
use crate::telemetry::request::{KnownLines, UnmatchedRequest};
use crate::telemetry::schema::{ErrorLines, Table};
use crate::telemetry::source::data::{SAMPLE_CHARACTERS, Sample, Template, UnmatchedLines};
use crate::telemetry::source::template::Templates;
use crate::time::Time;

/// The number of templates that are kept apart.
pub const TEMPLATES: usize = 2_000;

/// To how many words templates are shortened, step by step, if there are more than [`TEMPLATES`].
pub const TEMPLATE_WORDS: [usize; 5] = [12, 6, 3, 1, 0];

/// The compiled definition of an error line.
#[derive(Debug)]
struct ErrorTest {
    /// A cheap test that matches every text with an error line, and others.
    hint: Matcher,
    regex: Regex,
    except: Option<Regex>,
    field: Option<String>,
    levels: HashSet<String>,
}

impl ErrorTest {
    fn new(errors: &ErrorLines) -> Result<Self, String> {
        let invalid = |error: regex::Error| format!("the regex of errors does not compile: {error}");
        let mut hints = vec![LineTest::Regex(errors.regex.clone())];
        hints.extend(errors.levels.iter().map(|level| LineTest::Regex(format!("(?i){}", regex::escape(level)))));
        Ok(Self {
            hint: Matcher::new(&hints).map_err(|error| error.to_string())?,
            regex: matcher::compile(&errors.regex).map_err(invalid)?,
            except: errors.except.as_deref().map(matcher::compile).transpose().map_err(invalid)?,
            field: errors.field.clone(),
            levels: errors.levels.iter().map(|level| level.to_lowercase()).collect(),
        })
    }

    fn is_error(&self, line: &Line<'_>, message: &str) -> bool {
        let level = self.field.as_deref().and_then(|field| line.field(field));
        let error = match level {
            Some(level) => self.levels.contains(&level.to_lowercase()),
            None => self.regex.is_match(message),
        };
        error && !self.except.as_ref().is_some_and(|except| except.is_match(message))
    }
}

/// An unmatched request that is being answered.
#[derive(Debug)]
pub(super) struct UnmatchedAggregator {
    errors: ErrorTest,
    templates: Templates,
    request: UnmatchedRequest,
    limit: usize,
    /// How often templates have been shortened.
    cuts: usize,
    lines: u64,
    entities: HashMap<Entity, usize>,
    groups: HashMap<(String, String), TemplateGroup>,
    /// The estimated memory in bytes.
    held: u64,
    /// Whether a known test matches the current line.
    pub(super) is_known: bool,
}

/// The lines of one component and template.
#[derive(Debug)]
struct TemplateGroup {
    count: u64,
    entities: HashSet<usize>,
    first: Time,
    last: Time,
    sample: Sample,
}

impl TemplateGroup {
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.entities.extend(other.entities);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        if other.sample < self.sample {
            self.sample = other.sample;
        }
    }
}

impl UnmatchedAggregator {
    /// No lines yet; at most `limit` templates are kept apart.
    ///
    /// # Errors
    ///
    /// The table does not define error lines, or a regex does not compile.
    pub(super) fn new(request: &UnmatchedRequest, limit: usize) -> Result<Self, String> {
        let table = &request.reading.table;
        let errors = table.errors.as_ref();
        let errors = errors.ok_or_else(|| format!("the table `{}` does not define error lines", table.name))?;
        for known in &request.known {
            if let LineTest::Regex(regex) = &known.test {
                matcher::compile(regex).map_err(|error| format!("the regex does not compile: {error}"))?;
            }
        }
        Ok(Self {
            errors: ErrorTest::new(errors)?,
            templates: Templates::new(),
            request: request.clone(),
            limit,
            cuts: 0,
            lines: 0,
            entities: HashMap::new(),
            groups: HashMap::new(),
            held: 0,
            is_known: false,
        })
    }

    /// The lines that some test of the rules matches.
    pub(super) fn known(&self) -> &[KnownLines] {
        &self.request.known
    }

    /// Whether a line of `raw` could be an error; `false` is certain.
    pub(super) fn could_be_error(&self, raw: &str) -> bool {
        self.errors.hint.could_match(raw)
    }

    /// Whether the current line is an error that no known test matches. Resets [`is_known`](Self::is_known) for the next line.
    pub(super) fn take_unmatched_error(&mut self, line: &Line<'_>) -> bool {
        let is_known = std::mem::take(&mut self.is_known);
        !is_known && self.could_be_error(&line.text) && self.errors.is_error(line, &line.searched_text(See::Message))
    }

    /// Counts a line.
    pub(super) fn add(&mut self, table: &Table, row: &Row, entity: &Entity, line: &Line<'_>) {
        let at = row.time();
        let template = shortened(&self.templates.of(&line.searched_text(See::Message)), self.words());
        let component = line.component(table, row).unwrap_or_default();
        let weight = row.weight(table);
        self.lines = self.lines.saturating_add(weight);
        let next = self.entities.len();
        let entity = match self.entities.get(entity) {
            Some(known) => *known,
            None => {
                self.held += of_entity(entity);
                *self.entities.entry(entity.clone()).or_insert(next)
            }
        };
        let sample = || Sample {
            at,
            row: row.row_id(table),
            line: line.index,
            text: line.text.chars().take(SAMPLE_CHARACTERS).collect(),
        };
        let held = &mut self.held;
        let group = self.groups.entry((component.to_owned(), template)).or_insert_with_key(|(component, template)| {
            let sample = sample();
            *held += 128 + of_text(component) + of_text(template) + of_text(&sample.text) + of_text(&sample.row);
            TemplateGroup { count: 0, entities: HashSet::new(), first: at, last: at, sample }
        });
        group.count = group.count.saturating_add(weight);
        if group.entities.insert(entity) {
            *held += 16;
        }
        group.first = group.first.min(at);
        group.last = group.last.max(at);
        // The sample is built only if it may be the earliest.
        if at <= group.sample.at {
            group.sample = sample().min(group.sample.clone());
        }
        while self.groups.len() > self.limit && self.cuts < TEMPLATE_WORDS.len() {
            self.shorten();
        }
    }

    fn words(&self) -> Option<usize> {
        self.cuts.checked_sub(1).and_then(|last| TEMPLATE_WORDS.get(last)).copied()
    }

    /// Shortens all templates to fewer words, and merges those that become equal.
    #[expect(clippy::iter_over_hash_type, reason = "merging gives the same result in any order")]
    fn shorten(&mut self) {
        self.cuts += 1;
        let words = self.words();
        for ((component, template), group) in std::mem::take(&mut self.groups) {
            match self.groups.entry((component, shortened(&template, words))) {
                std::collections::hash_map::Entry::Occupied(mut known) => known.get_mut().merge(group),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(group);
                }
            }
        }
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Whether templates were shortened.
    pub(super) fn is_coarse(&self) -> bool {
        self.cuts > 0
    }

    /// The counts, the most frequent first.
    pub(super) fn finish(self) -> UnmatchedLines {
        let distinct = self.groups.len() as u64;
        let mut templates: Vec<Template> = self
            .groups
            .into_iter()
            .map(|((component, template), group)| Template {
                component,
                template,
                count: group.count,
                entities: group.entities.len() as u64,
                first: group.first,
                last: group.last,
                sample: group.sample,
            })
            .collect();
        templates.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.component, &a.template).cmp(&(&b.component, &b.template)))
        });
        templates.truncate(self.request.most);
        UnmatchedLines { templates, distinct, lines: self.lines }
    }
}

/// The first words of a template, with `…` in place of the others.
fn shortened(template: &str, words: Option<usize>) -> String {
    let Some(words) = words else { return template.to_owned() };
    let all: Vec<&str> = template.split(' ').collect();
    match all.get(..words) {
        Some(first) if all.len() > words => first.iter().chain(&["…"]).copied().collect::<Vec<_>>().join(" "),
        _ => template.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::telemetry::source::rows::line::lines_of;
    use crate::telemetry::source::rows::testing::{at, reading, traces, traces_row};

    fn request() -> UnmatchedRequest {
        let errors = ErrorLines { field: None, levels: Vec::new(), regex: "failed".to_owned(), except: None };
        let table = Table { errors: Some(errors), ..traces() };
        UnmatchedRequest { reading: reading(table, Vec::new()), known: Vec::new(), most: 100 }
    }

    fn count(texts: &[String], limit: usize) -> (UnmatchedLines, bool) {
        let request = request();
        let table = &request.reading.table;
        let mut unmatched = UnmatchedAggregator::new(&request, limit).unwrap();
        for text in texts {
            // The second is that of the text's length, so that it does not depend on the order.
            let when = at(i64::try_from(text.len()).unwrap()).to_string();
            let row = traces_row(json!({"timestamp": when, "itemId": text, "message": text}));
            let pod = Entity::new([("podname".to_owned(), text.chars().rev().take(1).collect())]);
            for line in lines_of(table, text).collect::<Vec<_>>() {
                if unmatched.take_unmatched_error(&line) {
                    unmatched.add(table, &row, &pod, &line);
                }
            }
        }
        let coarse = unmatched.is_coarse();
        (unmatched.finish(), coarse)
    }

    #[test]
    fn too_many_templates_are_shortened_to_their_first_words_and_no_line_is_lost() {
        let texts: Vec<String> =
            ["x", "y", "z"].iter().map(|end| format!("a b c d e f g h i j k l failed {end}")).collect();
        let (whole, coarse) = count(&texts, 3);
        assert_eq!((whole.distinct, coarse), (3, false));
        let (cut, coarse) = count(&texts, 2);
        assert!(coarse);
        let found: Vec<_> = cut.templates.iter().map(|one| (one.template.as_str(), one.count, one.entities)).collect();
        assert_eq!(found, [("a b c d e f g h i j k l …", 3, 3)]);
        assert_eq!((cut.distinct, cut.lines), (1, 3));
    }

    #[test]
    fn lines_that_begin_differently_end_up_in_one_group() {
        let texts: Vec<String> = ('a'..='f').map(|first| format!("{first} failed")).collect();
        let (cut, _) = count(&texts, 2);
        assert_eq!((cut.templates[0].template.as_str(), cut.distinct, cut.lines), ("…", 1, 6));
    }

    #[test]
    fn shortening_twice_is_shortening_to_the_fewer_words() {
        let long = "a b c d e f g h";
        assert_eq!(shortened(long, None), long);
        assert_eq!(shortened(long, Some(12)), long);
        assert_eq!(shortened(long, Some(3)), "a b c …");
        assert_eq!(shortened(&shortened(long, Some(6)), Some(3)), shortened(long, Some(3)));
        assert_eq!(shortened("a b c", Some(3)), "a b c");
        assert_eq!(shortened(long, Some(0)), "…");
    }

    proptest! {
        #[test]
        fn the_order_of_lines_does_not_matter(
            texts in prop::collection::vec("([ab] ){0,8}failed [ab]( [ab12]){0,8}", 0..24),
            limit in 1..8_usize,
            turn in any::<prop::sample::Index>(),
        ) {
            let mut other = texts.clone();
            other.reverse();
            if !other.is_empty() {
                let at = turn.index(other.len());
                other.rotate_left(at);
            }
            prop_assert_eq!(count(&texts, limit), count(&other, limit));
            let (lines, _) = count(&texts, limit);
            prop_assert_eq!(lines.lines, texts.len() as u64);
            prop_assert!(lines.distinct <= limit as u64 || lines.templates.iter().all(|one| one.template == "…"));
        }
    }
}
