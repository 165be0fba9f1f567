//! Finds the line that nearly matches a symptom.
//!
//! Input: the line test of a symptom, and rows. Output: a [`NearMiss`]: a line that matches but was written by another
//! component, else the line that shares most words with the regex, or nothing if no line is near. [`add`] does this for
//! proofs, with the rows of the entities of each proof within the window. It reads the tables of these lines once more.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use amp_rules_core::diagnosis::{Citation, UnknownReason};
use amp_rules_core::explain::{NearMiss, Proof, Verdict, Why};
use amp_rules_core::plan::Scope;
use amp_rules_core::rules::model::{LogLines, SymptomKind};
use amp_rules_core::rules::rule_set::RuleSet;
use amp_rules_core::telemetry::entity::Entity;
use amp_rules_core::telemetry::matcher::{Matcher, MatcherError};
use amp_rules_core::telemetry::predicate::LineTest;
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::{Line, Records, Row};

use crate::folder::FixtureSource;

/// The maximum number of distinct texts that are compared. More would rarely find a nearer line.
const MAX_TEXTS: usize = 50_000;

/// The share of the regex's words, counted in letters, that a near line has, in `0..=1`.
const NEAR: f64 = 0.6;

/// The maximum number of characters that are cited of a line.
const MAX_CITED: usize = 160;

/// Finds the nearest line among rows that are added one by one.
#[derive(Debug)]
pub(crate) struct NearMissFinder<'r> {
    table: &'r Table,
    wanted: &'r LogLines,
    records: Records,
    matcher: Matcher,
    /// The words of the regex.
    words: Vec<String>,
    /// The number of letters in `words`.
    letters: usize,
    /// The texts that were compared.
    compared: HashSet<String>,
    /// The nearest line that does not match: the number of shared letters, and the line.
    best: Option<(usize, NearMiss)>,
    /// The first line that matches but was written by another component. It is nearer than `best`.
    other_component: Option<NearMiss>,
    /// Whether some line matches. Then there is no near miss.
    matched: bool,
}

impl<'r> NearMissFinder<'r> {
    /// A finder without rows.
    ///
    /// # Errors
    ///
    /// A regex does not compile. This cannot happen for a compiled rule set.
    pub(crate) fn new(table: &'r Table, wanted: &'r LogLines) -> Result<Self, MatcherError> {
        let words = words(&wanted.test);
        Ok(Self {
            table,
            wanted,
            records: Records::new(table).map_err(|source| MatcherError { test: 0, source })?,
            matcher: Matcher::new(std::slice::from_ref(&wanted.test))?,
            letters: words.iter().map(|word| word.chars().count()).sum(),
            words,
            compared: HashSet::new(),
            best: None,
            other_component: None,
            matched: false,
        })
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, row: &Row) {
        let Some(text) = self.table.text.as_ref().and_then(|path| row.text(path)) else { return };
        if self.matched || self.compared.len() >= MAX_TEXTS || !self.compared.insert(text.clone().into_owned()) {
            return;
        }
        for line in self.records.of(self.table, &text) {
            let mut hits = Vec::new();
            let text = line.searched_text(self.wanted.see);
            self.matcher.matches(&text, |field| line.has_field(field), &mut hits);
            if !hits.is_empty() {
                let component = line.component(self.table, row).unwrap_or("none");
                let wanted = &self.wanted.components;
                if wanted.is_empty() || wanted.iter().any(|name| name == component) {
                    self.matched = true;
                    return;
                }
                let what = format!("a line matches, but its component is `{component}`, not {}", wanted.join(" or "));
                let miss = || NearMiss { what, line: self.cite(row, &line) };
                if self.other_component.as_ref().is_none_or(|known| row.time() < known.line.at) {
                    self.other_component = Some(miss());
                }
                continue;
            }
            self.compare(row, &line);
        }
    }

    /// Compares the words of a line that does not match with those of the regex.
    fn compare(&mut self, row: &Row, line: &Line<'_>) {
        let lower = line.text.to_lowercase();
        let own: BTreeSet<&str> = lower.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        // A word of the regex may be the start of one in the line: `fail(ed)?`.
        let has =
            |word: &&String| own.range(word.as_str()..).next().is_some_and(|next| next.starts_with(word.as_str()));
        let shared: Vec<&String> = self.words.iter().filter(has).collect();
        let letters: usize = shared.iter().map(|word| word.chars().count()).sum();
        if shared.is_empty() || (shared.len() as f64) < 2.0_f64.min(self.words.len() as f64) {
            return;
        }
        let near = letters as f64 >= NEAR * self.letters as f64;
        let known = self.best.as_ref().map(|(letters, miss)| (std::cmp::Reverse(*letters), miss.line.at));
        if near && known.is_none_or(|known| (std::cmp::Reverse(letters), row.time()) < known) {
            let what = format!("no line matches; the nearest has {} of {} words", shared.len(), self.words.len());
            let miss = NearMiss { what, line: self.cite(row, line) };
            self.best = Some((letters, miss));
        }
    }

    fn cite(&self, row: &Row, line: &Line<'_>) -> Citation {
        let text = line.searched_text(self.wanted.see);
        let mut cited: String = text.chars().take(MAX_CITED).collect();
        if cited.len() < text.len() {
            cited.push('…');
        }
        Citation { at: row.time(), row: row.row_id(self.table), text: cited }
    }

    /// The nearest line; `None` if a line matches or none is near.
    pub(crate) fn finish(self) -> Option<NearMiss> {
        if self.matched { None } else { self.other_component.or(self.best.map(|(_, miss)| miss)) }
    }
}

/// The line test of a symptom: its own, or that of the symptom whose repetitions it counts.
pub(crate) fn lines_of_symptom(rules: &RuleSet, index: usize) -> Option<&LogLines> {
    let symptom = rules.symptoms.get(index)?;
    match &symptom.symptom.kind {
        SymptomKind::Log { lines, .. } => Some(lines),
        SymptomKind::Repeats { .. } => match &rules.symptoms.get(symptom.watches?)?.symptom.kind {
            SymptomKind::Log { lines, .. } => Some(lines),
            _ => None,
        },
        _ => None,
    }
}

/// The search for near misses of one symptom in one proof.
struct Search<'r> {
    /// The index of the proof.
    proof: usize,
    /// The symptom as `<pattern>.<symptom>`.
    symptom: (String, String),
    /// The keys of the entities that rows of the table have.
    keys: Vec<String>,
    /// The entities, reduced to `keys`.
    entities: HashSet<Entity>,
    finder: NearMissFinder<'r>,
}

/// Adds the nearest line to each symptom that is false, or unknown for silence, in the proofs.
///
/// Nothing is added for a table that cannot be read, since the proofs contain that already.
pub fn add(rules: &RuleSet, scope: &Scope, source: &FixtureSource, proofs: &mut [Why]) {
    let mut searches: Vec<Search<'_>> = Vec::new();
    for (at, why) in proofs.iter().enumerate() {
        let mut missing = BTreeSet::new();
        for proof in [Some(&why.proof), why.noise_unless.as_ref()].into_iter().flatten() {
            silent_symptoms(proof, &mut missing);
        }
        searches.extend(missing.into_iter().filter_map(|symptom| search(rules, at, symptom, &why.entities)));
    }
    let tables: BTreeMap<&str, &Table> =
        searches.iter().map(|one| (one.finder.table.name.as_str(), one.finder.table)).collect();
    for (name, table) in tables {
        let outcome = source.rows(name, &mut |object| {
            let Ok(row) = Row::from_json(table, object) else { return };
            if !scope.window.contains(row.time()) || !is_of_subject(table, &row, &scope.subject) {
                return;
            }
            for search in searches.iter_mut().filter(|one| one.finder.table.name == name) {
                let own = search.keys.iter().filter_map(|key| Some((key.clone(), value(table, &row, key)?)));
                if search.entities.contains(&Entity::new(own)) {
                    search.finder.add(&row);
                }
            }
        });
        if outcome.is_err() {
            searches.retain(|one| one.finder.table.name != name);
        }
    }
    for search in searches {
        if let (Some(why), Some(miss)) = (proofs.get_mut(search.proof), search.finder.finish()) {
            for proof in [Some(&mut why.proof), why.noise_unless.as_mut()].into_iter().flatten() {
                attach(proof, (&search.symptom.0, &search.symptom.1), &miss);
            }
        }
    }
}

/// The search for a symptom of a proof; `None` if the symptom is not over lines.
fn search<'r>(rules: &'r RuleSet, proof: usize, symptom: (String, String), entities: &[Entity]) -> Option<Search<'r>> {
    let index = rules
        .symptoms
        .iter()
        .position(|one| symptom.0 == rules.pattern_id(one.pattern) && symptom.1 == one.symptom.name)?;
    let wanted = lines_of_symptom(rules, index)?;
    let table: &Table = rules.schema.tables.get(&wanted.table)?;
    let in_row = |key: &&str| table.keys.contains_key(*key) && !wanted.keys.contains_key(*key);
    let keys: BTreeSet<&str> = entities.iter().flat_map(Entity::keys).map(|(key, _)| key).filter(in_row).collect();
    let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
    let entities = entities.iter().map(|entity| entity.project(&keys)).collect();
    Some(Search { proof, symptom, keys, entities, finder: NearMissFinder::new(table, wanted).ok()? })
}

/// The value of an entity key in a row, in lower case if the key ignores case.
fn value(table: &Table, row: &Row, key: &str) -> Option<String> {
    let text = row.text(table.key_path(key, None)?)?;
    Some(if table.folded_keys.contains(key) { text.to_lowercase() } else { text.into_owned() })
}

/// Whether a row is of the subject. Keys that the table does not have are ignored.
fn is_of_subject(table: &Table, row: &Row, subject: &BTreeMap<String, String>) -> bool {
    subject.iter().filter(|(key, _)| table.keys.contains_key(*key)).all(|(key, wanted)| {
        let wanted = if table.folded_keys.contains(key) { wanted.to_lowercase() } else { wanted.clone() };
        value(table, row, key) == Some(wanted)
    })
}

/// Whether a step of a proof is false, or unknown for silence only.
fn is_silent(proof: &Proof) -> bool {
    match proof.verdict {
        Verdict::True => false,
        Verdict::False => true,
        Verdict::Unknown => proof.reasons.iter().all(|reason| *reason == UnknownReason::Silent),
    }
}

/// Collects the symptoms of a proof that are silent and have no evidence.
fn silent_symptoms(proof: &Proof, into: &mut BTreeSet<(String, String)>) {
    let nothing = proof.evidence.as_ref().is_none_or(|evidence| evidence.value.is_none_or(|value| value == 0.0));
    if is_silent(proof)
        && nothing
        && let Some((pattern, symptom)) = proof.symptom()
    {
        into.insert((pattern.to_owned(), symptom.to_owned()));
    }
    proof.parts.iter().for_each(|part| silent_symptoms(part, into));
}

/// Sets the nearest line of a symptom in a proof.
fn attach(proof: &mut Proof, symptom: (&str, &str), miss: &NearMiss) {
    if is_silent(proof) && proof.symptom() == Some(symptom) {
        proof.nearest = Some(miss.clone());
    }
    proof.parts.iter_mut().for_each(|part| attach(part, symptom, miss));
}

/// The words of a regex, a literal, and names and values of fields in lower case, sorted: literal runs of at least three
/// letters, digits or `_`.
fn words(test: &LineTest) -> Vec<String> {
    let mut plain = test.fields().iter().map(|field| format!("{field} ")).collect::<String>();
    match test.of_text().unwrap_or(test) {
        LineTest::Fields { .. } => {}
        LineTest::Contains(text) => plain.push_str(text),
        LineTest::Regex(text) => {
            let mut characters = text.chars().peekable();
            while let Some(character) = characters.next() {
                match character {
                    '\\' => {
                        characters.next();
                        plain.push(' ');
                    }
                    '[' => {
                        characters.by_ref().find(|c| *c == ']');
                        plain.push(' ');
                    }
                    '{' => {
                        characters.by_ref().find(|c| *c == '}');
                        plain.push(' ');
                    }
                    // Skips the name of a group, or flags.
                    '(' if characters.next_if_eq(&'?').is_some() => {
                        characters.by_ref().find(|c| matches!(c, '>' | ':' | ')'));
                        plain.push(' ');
                    }
                    other => plain.push(other),
                }
            }
        }
    }
    let all: BTreeSet<String> = plain
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(regex: &str, want: &[&str]) {
        assert_eq!(words(&LineTest::Regex(regex.to_owned())), want);
    }

    #[test]
    fn words_of_a_regex_are_its_literal_runs() {
        check(r"(?i)Error in SSL (?P<what>handshake|hello) [0-9]{1,3}\d+", &["error", "handshake", "hello", "ssl"]);
        check(
            r"dial tcp 127\.0\.0\.1:55680: (connect: )?connection refused",
            &["127", "55680", "connect", "connection", "dial", "refused", "tcp"],
        );
        assert_eq!(words(&LineTest::Contains("a (b) failed\\n".to_owned())), ["failed"]);
    }
}
