//! Conditions on the cells of a row.
//!
//! Input: the conditions of a request and a row. Output: a [`Verdict`]. Keys that fold case are compared without case. The
//! verdict is [`Verdict::Unknown`] if the row lacks a tested column, and if the service truncated a value, unless it is the
//! same for every value that begins with the rest. A null cell and a missing property of a dynamic column fail every test
//! except `Not`.

use std::borrow::Cow;

use regex::Regex;

use super::row::{Number, Row, number_of, text_of};
use crate::telemetry::predicate::{Comparison, Condition, Test};
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::{GapReason, MESSAGE_CHARACTERS, PROPERTY_CHARACTERS, is_truncated};

/// Whether a row passes a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    True,
    False,
    /// What decides is missing: the rest of a value that the service truncated, or a column of the row.
    Unknown(GapReason),
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown(reason) => Self::Unknown(reason),
        }
    }
}

/// The verdict of a test that the truncated end of a value decides.
const CUT: Verdict = Verdict::Unknown(GapReason::Truncated);

/// The conditions of a request, compiled.
#[derive(Debug)]
pub(super) struct Filter {
    conditions: Vec<CompiledCondition>,
}

#[derive(Debug)]
struct CompiledCondition {
    path: Path,
    test: CompiledTest,
    /// Whether the cell is an entity key whose values are compared without case.
    folded: bool,
    /// The length at which the service truncates the value, in characters.
    limit: usize,
}

#[derive(Debug)]
enum CompiledTest {
    OneOf(Vec<String>),
    Prefix(String),
    Contains(String),
    Regex(Regex),
    Above(f64),
    Below(f64),
    Version(Vec<(Comparison, Vec<u64>)>),
    Not(Box<CompiledTest>),
}

/// The path of a cell in the rows of a metric, which may have its entity keys in other columns than other rows.
pub(super) fn cell_path<'t>(table: &'t Table, path: &'t Path, metric: Option<&str>) -> &'t Path {
    let special = metric.and_then(|metric| table.metric_keys.get(metric));
    match (special, table.keys.iter().find(|(_, generic)| *generic == path)) {
        (Some(keys), Some((key, _))) => keys.get(key).unwrap_or(path),
        _ => path,
    }
}

/// Whether a path is that of an entity key whose values are compared without case.
pub(super) fn is_folded(table: &Table, path: &Path) -> bool {
    table.folded_keys.iter().any(|key| table.keys.get(key) == Some(path))
}

impl Filter {
    /// Compiles the conditions.
    ///
    /// # Errors
    ///
    /// Why a regex does not compile.
    pub(super) fn new(table: &Table, conditions: &[Condition]) -> Result<Self, String> {
        let compiled = conditions.iter().map(|condition| {
            let folded = is_folded(table, &condition.path);
            let limit =
                if table.text.as_ref() == Some(&condition.path) { MESSAGE_CHARACTERS } else { PROPERTY_CHARACTERS };
            let test = CompiledTest::new(&condition.test, folded)?;
            Ok(CompiledCondition { path: condition.path.clone(), test, folded, limit })
        });
        compiled.collect::<Result<_, String>>().map(|conditions| Self { conditions })
    }

    /// Whether the row passes all conditions; `metric` is the canonical name of its metric.
    pub(super) fn evaluate(&self, table: &Table, row: &Row, metric: Option<&str>) -> Verdict {
        let mut verdict = Verdict::True;
        for condition in &self.conditions {
            match condition.evaluate(table, row, metric) {
                Verdict::False => return Verdict::False,
                Verdict::Unknown(GapReason::MissingColumn) => verdict = Verdict::Unknown(GapReason::MissingColumn),
                Verdict::Unknown(reason) if verdict == Verdict::True => verdict = Verdict::Unknown(reason),
                Verdict::Unknown(_) | Verdict::True => {}
            }
        }
        verdict
    }

    /// The paths of the tested cells whose columns the row lacks.
    pub(super) fn missing<'f>(
        &'f self,
        table: &'f Table,
        row: &'f Row,
        metric: Option<&str>,
    ) -> impl Iterator<Item = &'f Path> {
        let paths = self.conditions.iter().map(move |condition| cell_path(table, &condition.path, metric));
        paths.filter(|path| !row.has_column(path.column()))
    }

    /// Per condition, whether a row of any metric has the cell that it tests.
    pub(super) fn present(&self, row: &Row) -> impl Iterator<Item = bool> {
        self.conditions.iter().map(|condition| row.cell(&condition.path).is_some())
    }
}

impl CompiledCondition {
    fn evaluate(&self, table: &Table, row: &Row, metric: Option<&str>) -> Verdict {
        let cell = row.cell(cell_path(table, &self.path, metric));
        if cell.is_none() && !row.has_column(self.path.column()) {
            return Verdict::Unknown(GapReason::MissingColumn);
        }
        let text = cell.and_then(text_of).map(|text| if self.folded { Cow::Owned(text.to_lowercase()) } else { text });
        let number = cell.map_or(Number::Absent, number_of);
        self.test.evaluate(text.as_deref(), number, self.limit)
    }
}

impl CompiledTest {
    fn new(test: &Test, folded: bool) -> Result<Self, String> {
        let fold = |text: &String| if folded { text.to_lowercase() } else { text.clone() };
        Ok(match test {
            Test::OneOf(texts) => Self::OneOf(texts.iter().map(fold).collect()),
            Test::Prefix(text) => Self::Prefix(fold(text)),
            Test::Contains(text) => Self::Contains(text.to_lowercase()),
            Test::Regex(text) => {
                Self::Regex(Regex::new(text).map_err(|error| format!("the regex does not compile: {error}"))?)
            }
            Test::Above(limit) => Self::Above(*limit),
            Test::Below(limit) => Self::Below(*limit),
            Test::Version(bounds) => Self::Version(bounds.clone()),
            Test::Not(inner) => Self::Not(Box::new(Self::new(inner, folded)?)),
        })
    }

    fn evaluate(&self, text: Option<&str>, number: Number, limit: usize) -> Verdict {
        if let Self::Not(inner) = self {
            return inner.evaluate(text, number, limit).negated();
        }
        let Some(text) = text else { return Verdict::False };
        let truncated = is_truncated(text, limit);
        match self {
            Self::OneOf(texts) if truncated => {
                // The whole value begins with `text`, so it equals no text that does not.
                if texts.iter().any(|wanted| wanted.starts_with(text)) { CUT } else { Verdict::False }
            }
            Self::OneOf(texts) => Verdict::of(texts.iter().any(|wanted| equal(wanted, text, number))),
            Self::Prefix(wanted) if truncated && wanted.len() > text.len() && wanted.starts_with(text) => CUT,
            Self::Prefix(wanted) => Verdict::of(text.starts_with(wanted.as_str())),
            Self::Contains(wanted) => match text.to_lowercase().contains(wanted.as_str()) {
                false if truncated => CUT,
                holds => Verdict::of(holds),
            },
            Self::Regex(regex) if truncated => match regex.find(text) {
                // A match that ends before the cut does not depend on the text after it.
                Some(found) if found.end() < text.len() => Verdict::True,
                _ => CUT,
            },
            Self::Regex(regex) => Verdict::of(regex.is_match(text)),
            Self::Above(limit) => Verdict::of(matches!(number, Number::Is(number) if number > *limit)),
            Self::Below(limit) => Verdict::of(matches!(number, Number::Is(number) if number < *limit)),
            Self::Version(bounds) => {
                Verdict::of(version(text).is_some_and(|found| bounds.iter().all(|bound| within(&found, bound))))
            }
            Self::Not(inner) => inner.evaluate(Some(text), number, limit).negated(),
        }
    }
}

/// Whether two values are equal as text, or as numbers if both are numbers.
fn equal(wanted: &str, text: &str, number: Number) -> bool {
    let as_number = || match (wanted.trim().parse::<f64>(), number) {
        (Ok(wanted), Number::Is(number)) => wanted == number,
        _ => false,
    };
    wanted == text || as_number()
}

/// The numbers of a dotted version; a suffix such as `-main-08-05` is ignored.
fn version(text: &str) -> Option<Vec<u64>> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let numbers = text.get(..end)?.trim_end_matches('.').split('.');
    numbers.map(|number| number.parse().ok()).collect()
}

/// Whether a version satisfies a bound; missing numbers count as zeros.
fn within(found: &[u64], (comparison, bound): &(Comparison, Vec<u64>)) -> bool {
    let length = found.len().max(bound.len());
    let padded = |numbers: &[u64]| numbers.iter().copied().chain(std::iter::repeat(0)).take(length).collect::<Vec<_>>();
    let (found, bound) = (padded(found), padded(bound));
    match comparison {
        Comparison::Above => found > bound,
        Comparison::AtLeast => found >= bound,
        Comparison::Below => found < bound,
        Comparison::AtMost => found <= bound,
        Comparison::Equals => found == bound,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::telemetry::source::rows::testing::{metrics, sample};

    fn condition(name: &str, test: Test) -> Condition {
        let path = metrics().resolve(name).unwrap();
        Condition { path, name: name.to_owned(), test }
    }

    #[track_caller]
    fn check(name: &str, test: Test, dimensions: Value, want: Verdict) {
        let filter = Filter::new(&metrics(), &[condition(name, test)]).unwrap();
        assert_eq!(filter.evaluate(&metrics(), &sample(0, "m", json!(1), dimensions), None), want);
    }

    fn one_of(text: &str) -> Test {
        Test::OneOf(vec![text.to_owned()])
    }

    fn not(test: Test) -> Test {
        Test::Not(Box::new(test))
    }

    #[test]
    fn equality_is_of_text_or_of_numbers() {
        check("mip", one_of("true"), json!({"mip": "true"}), Verdict::True);
        check("mip", one_of("true"), json!({"mip": true}), Verdict::True);
        check("mip", one_of("true"), json!({"mip": "TRUE"}), Verdict::False);
        check("limit", one_of("24"), json!({"limit": "24.0"}), Verdict::True);
        check("limit", one_of("24"), json!({"limit": 24}), Verdict::True);
    }

    #[test]
    fn a_missing_property_fails_every_test_but_a_negation() {
        for missing in [json!({}), json!({"mip": null})] {
            check("mip", one_of(""), missing.clone(), Verdict::False);
            check("mip", Test::Below(1.0), missing.clone(), Verdict::False);
            check("mip", not(one_of("true")), missing, Verdict::True);
        }
    }

    #[test]
    fn a_missing_column_decides_no_test_and_a_test_that_fails_decides_anyway() {
        let conditions = [condition("itemId", one_of("a")), condition("tag", one_of("kube"))];
        let filter = Filter::new(&metrics(), &conditions).unwrap();
        let verdict = |dimensions| filter.evaluate(&metrics(), &sample(0, "m", json!(1), dimensions), None);
        assert_eq!(verdict(json!({"tag": "other"})), Verdict::False);
        assert_eq!(verdict(json!({"tag": "kube"})), Verdict::Unknown(GapReason::MissingColumn));
    }

    #[test]
    fn contains_ignores_case_and_prefix_does_not() {
        check("tag", Test::Contains("CADVISOR".to_owned()), json!({"tag": "kubernetes-cAdvisor"}), Verdict::True);
        check("tag", Test::Prefix("Kube".to_owned()), json!({"tag": "kubernetes"}), Verdict::False);
        check("tag", Test::Regex("^kube.*r$".to_owned()), json!({"tag": "kubeproxyr"}), Verdict::True);
    }

    #[test]
    fn keys_that_fold_case_compare_without_it() {
        check("cluster", one_of("/SUB/C1"), json!({"cluster": "/sub/c1"}), Verdict::True);
        check("cluster", Test::Prefix("/SUB".to_owned()), json!({"cluster": "/Sub/c1"}), Verdict::True);
        check("podname", one_of("P1"), json!({"podname": "p1"}), Verdict::False);
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        let bounds = || Test::Version(vec![(Comparison::AtLeast, vec![6, 20, 0]), (Comparison::Below, vec![6, 22])]);
        for (text, want) in [
            ("6.20.0", true),
            ("6.21.9-main-08-05", true),
            ("v6.20", true),
            ("6.22.0", false),
            ("6.9.1", false),
            ("main", false),
            ("", false),
        ] {
            check("agentversion", bounds(), json!({"agentversion": text}), Verdict::of(want));
        }
    }

    #[test]
    fn a_key_of_a_metric_is_looked_up_where_that_metric_has_it() {
        let filter = Filter::new(&metrics(), &[condition("podname", one_of("p7"))]).unwrap();
        let row = sample(0, "targets_per_collector", json!(1), json!({"podname": "scraper", "collector_name": "p7"}));
        assert_eq!(filter.evaluate(&metrics(), &row, Some("targets_per_collector")), Verdict::True);
        assert_eq!(filter.evaluate(&metrics(), &row, Some("other")), Verdict::False);
    }

    #[test]
    fn a_truncated_value_decides_only_what_its_beginning_decides() {
        let cut = "a".repeat(8192);
        let value = || json!({"list": cut});
        check("list", one_of("abc"), value(), Verdict::False);
        check("list", one_of(&cut), value(), CUT);
        check("list", not(one_of(&format!("{cut}b"))), value(), CUT);
        check("list", Test::Contains("AA".to_owned()), value(), Verdict::True);
        check("list", Test::Contains("b".to_owned()), value(), CUT);
        check("list", Test::Prefix("ab".to_owned()), value(), Verdict::False);
        check("list", Test::Regex("^aa".to_owned()), value(), Verdict::True);
        check("list", Test::Regex("a$".to_owned()), value(), CUT);
        check("list", Test::Regex("b".to_owned()), value(), CUT);
        check("list", one_of(&cut), json!({"list": format!("{cut}a")}), Verdict::False);
    }
}
