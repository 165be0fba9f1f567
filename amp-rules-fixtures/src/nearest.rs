//! Finds the line that a symptom probably meant: the one that nearly matches.
//!
//! Input: what a symptom looks for, and rows. Output: a [`NearMiss`]: a line that matches but belongs to another process,
//! else the line that shares most of the regex's words. Nothing is said where no line comes near. [`add`] does so for
//! proofs, with the rows of the very entities that a proof speaks of, within its window; one more pass over the tables
//! that hold such lines.

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
use amp_rules_core::telemetry::source::rows::{Line, Row, lines_of};

use crate::FixtureSource;

/// So many different texts are looked at; more would hardly come nearer.
const MOST: usize = 50_000;

/// So much of the regex's words, by letters, a line must share to be near.
const NEAR: f64 = 0.6;

/// How many characters of a line are told.
const TOLD: usize = 160;

/// Looks for the nearest line among rows that are shown one by one.
#[derive(Debug)]
pub(crate) struct Seeker<'r> {
    table: &'r Table,
    wanted: &'r LogLines,
    matcher: Matcher,
    words: Vec<String>,
    letters: usize,
    seen: HashSet<String>,
    best: Option<(usize, usize, NearMiss)>,
    /// A line of another process, which is nearer than any that does not match.
    other: Option<NearMiss>,
    /// Whether a line is no near miss but what was looked for.
    found: bool,
}

impl<'r> Seeker<'r> {
    /// Nothing seen yet.
    ///
    /// # Errors
    ///
    /// A regex that does not compile; those of a compiled rule set do.
    pub(crate) fn new(table: &'r Table, wanted: &'r LogLines) -> Result<Self, MatcherError> {
        let words = words(&wanted.test);
        Ok(Self {
            table,
            wanted,
            matcher: Matcher::new(std::slice::from_ref(&wanted.test))?,
            letters: words.iter().map(|word| word.chars().count()).sum(),
            words,
            seen: HashSet::new(),
            best: None,
            other: None,
            found: false,
        })
    }

    /// Looks at a row.
    pub(crate) fn look(&mut self, row: &Row) {
        let Some(text) = self.table.text.as_ref().and_then(|path| row.text(path)) else { return };
        if self.found || self.seen.len() >= MOST || !self.seen.insert(text.clone().into_owned()) {
            return;
        }
        for line in lines_of(self.table, &text) {
            let mut hits = Vec::new();
            self.matcher.matches(&line.searched_text(self.wanted.see), &mut hits);
            if !hits.is_empty() {
                let component = line.component(self.table, row).unwrap_or("none");
                let wanted = &self.wanted.components;
                if wanted.is_empty() || wanted.iter().any(|name| name == component) {
                    self.found = true;
                    return;
                }
                let what = format!("a line matches, but it is `{component}`'s, not {}'s", wanted.join(" or "));
                let miss = || NearMiss { what, line: self.cite(row, &line) };
                if self.other.as_ref().is_none_or(|known| row.time() < known.line.at) {
                    self.other = Some(miss());
                }
                continue;
            }
            self.compare(row, &line);
        }
    }

    /// Counts the words that a line shares with the regex.
    fn compare(&mut self, row: &Row, line: &Line<'_>) {
        let lower = line.text.to_lowercase();
        let own: BTreeSet<&str> = lower.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        // What begins a word of the line may be its stem: `fail(ed)?`.
        let has =
            |word: &&String| own.range(word.as_str()..).next().is_some_and(|next| next.starts_with(word.as_str()));
        let shared: Vec<&String> = self.words.iter().filter(has).collect();
        let letters: usize = shared.iter().map(|word| word.chars().count()).sum();
        if shared.is_empty() || (shared.len() as f64) < 2.0_f64.min(self.words.len() as f64) {
            return;
        }
        let near = letters as f64 >= NEAR * self.letters as f64;
        let known = self.best.as_ref().map(|(letters, _, miss)| (std::cmp::Reverse(*letters), miss.line.at));
        if near && known.is_none_or(|known| (std::cmp::Reverse(letters), row.time()) < known) {
            let what = format!("no line matches; the nearest has {} of {} words", shared.len(), self.words.len());
            let miss = NearMiss { what, line: self.cite(row, line) };
            self.best = Some((letters, shared.len(), miss));
        }
    }

    fn cite(&self, row: &Row, line: &Line<'_>) -> Citation {
        let text = line.searched_text(self.wanted.see);
        let mut told: String = text.chars().take(TOLD).collect();
        if told.len() < text.len() {
            told.push('…');
        }
        Citation { at: row.time(), row: row.row_id(self.table), text: told }
    }

    /// What came nearest; nothing where a line is what was looked for, or none comes near.
    pub(crate) fn told(self) -> Option<NearMiss> {
        if self.found { None } else { self.other.or(self.best.map(|(_, _, miss)| miss)) }
    }
}

/// The lines that a symptom counts: its own, or those of the symptom that it counts again.
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

/// What one leaf of one proof is looked for.
struct Search<'r> {
    proof: usize,
    /// Its pattern and its name.
    symptom: (String, String),
    /// The keys that a row of the entities carries, and the entities with these keys alone.
    keys: Vec<String>,
    entities: HashSet<Entity>,
    seeker: Seeker<'r>,
}

/// Adds to each leaf that does not hold for want of lines the line that came nearest.
///
/// Nothing is added where a table cannot be read; the proofs say so themselves.
pub fn add(rules: &RuleSet, scope: &Scope, source: &FixtureSource, proofs: &mut [Why]) {
    let mut searches: Vec<Search<'_>> = Vec::new();
    for (at, why) in proofs.iter().enumerate() {
        let mut missing = BTreeSet::new();
        for proof in [Some(&why.proof), why.noise_unless.as_ref()].into_iter().flatten() {
            unseen(proof, &mut missing);
        }
        searches.extend(missing.into_iter().filter_map(|symptom| search(rules, at, symptom, &why.entities)));
    }
    let tables: BTreeMap<&str, &Table> =
        searches.iter().map(|one| (one.seeker.table.name.as_str(), one.seeker.table)).collect();
    for (name, table) in tables {
        let outcome = source.rows(name, &mut |object| {
            let Ok(row) = Row::from_json(table, object) else { return };
            if !scope.window.contains(row.time()) || !is_of_subject(table, &row, &scope.subject) {
                return;
            }
            for search in searches.iter_mut().filter(|one| one.seeker.table.name == name) {
                let own = search.keys.iter().filter_map(|key| Some((key.clone(), value(table, &row, key)?)));
                if search.entities.contains(&Entity::new(own)) {
                    search.seeker.look(&row);
                }
            }
        });
        if outcome.is_err() {
            searches.retain(|one| one.seeker.table.name != name);
        }
    }
    for search in searches {
        if let (Some(why), Some(miss)) = (proofs.get_mut(search.proof), search.seeker.told()) {
            for proof in [Some(&mut why.proof), why.noise_unless.as_mut()].into_iter().flatten() {
                tell(proof, (&search.symptom.0, &search.symptom.1), &miss);
            }
        }
    }
}

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
    Some(Search { proof, symptom, keys, entities, seeker: Seeker::new(table, wanted).ok()? })
}

fn value(table: &Table, row: &Row, key: &str) -> Option<String> {
    let text = row.text(table.key_path(key, None)?)?;
    Some(if table.folded_keys.contains(key) { text.to_lowercase() } else { text.into_owned() })
}

fn is_of_subject(table: &Table, row: &Row, subject: &BTreeMap<String, String>) -> bool {
    subject.iter().filter(|(key, _)| table.keys.contains_key(*key)).all(|(key, wanted)| {
        let wanted = if table.folded_keys.contains(key) { wanted.to_lowercase() } else { wanted.clone() };
        value(table, row, key) == Some(wanted)
    })
}

/// Whether nothing was seen although it could have been.
fn is_silent(proof: &Proof) -> bool {
    match proof.verdict {
        Verdict::True => false,
        Verdict::False => true,
        Verdict::Unknown => proof.reasons.iter().all(|reason| *reason == UnknownReason::Silent),
    }
}

/// The symptoms of leaves that do not hold and of which nothing at all was seen.
fn unseen(proof: &Proof, into: &mut BTreeSet<(String, String)>) {
    let nothing = proof.evidence.as_ref().is_none_or(|evidence| evidence.value.is_none_or(|value| value == 0.0));
    if is_silent(proof)
        && nothing
        && let Some((pattern, symptom)) = proof.symptom()
    {
        into.insert((pattern.to_owned(), symptom.to_owned()));
    }
    proof.parts.iter().for_each(|part| unseen(part, into));
}

fn tell(proof: &mut Proof, symptom: (&str, &str), miss: &NearMiss) {
    if is_silent(proof) && proof.symptom() == Some(symptom) {
        proof.nearest = Some(miss.clone());
    }
    proof.parts.iter_mut().for_each(|part| tell(part, symptom, miss));
}

/// The words of a regex or a literal, lower-cased: runs of at least three letters or digits that stand for themselves.
fn words(test: &LineTest) -> Vec<String> {
    let mut plain = String::new();
    match test {
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
                    // The name of a group, or flags.
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
    fn words_of_a_regex_are_what_stands_for_itself() {
        check(r"(?i)Error in SSL (?P<what>handshake|hello) [0-9]{1,3}\d+", &["error", "handshake", "hello", "ssl"]);
        check(
            r"dial tcp 127\.0\.0\.1:55680: (connect: )?connection refused",
            &["127", "55680", "connect", "connection", "dial", "refused", "tcp"],
        );
        assert_eq!(words(&LineTest::Contains("a (b) failed\\n".to_owned())), ["failed"]);
    }
}
