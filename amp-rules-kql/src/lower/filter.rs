//! Lowers the conditions of a reading to KQL tests.
//!
//! Input: conditions. Output: a [`Verdict`] with a test that a row passes and a test that the result is unknown because the
//! service truncated a value. A missing cell fails every test except a negation. A text as long as the limit of the service may
//! be truncated: a condition on it is known only if it has the same result for every text with that prefix. Both rules are the
//! same as in row aggregation.

use amp_rules_core::telemetry::predicate::{Condition, Test};
use amp_rules_core::telemetry::schema::{Path, Table};
use amp_rules_core::telemetry::source::data::{MESSAGE_CHARACTERS, PROPERTY_CHARACTERS};
use kql_lang::literal;

use super::cells;

/// A three-valued result as two expressions that are never both true; if neither is true, the result is false.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    /// The test that the row passes.
    pub(super) passes: String,
    /// The test that the result is unknown; `None` if it is always known.
    pub(super) unknown: Option<String>,
}

impl Verdict {
    /// Returns the test that the row passes or may pass.
    pub(super) fn may_pass(&self) -> String {
        match &self.unknown {
            Some(unknown) => format!("({} or {unknown})", self.passes),
            None => self.passes.clone(),
        }
    }
}

/// Returns the verdict of all conditions together.
pub(super) fn verdict(table: &Table, conditions: &[Condition], metrics: &[(String, Vec<String>)]) -> Verdict {
    let verdicts: Vec<Verdict> =
        conditions.iter().map(|condition| condition_verdict(table, condition, metrics)).collect();
    let passes: Vec<&str> = verdicts.iter().map(|verdict| verdict.passes.as_str()).collect();
    if passes.is_empty() {
        return Verdict { passes: "true".to_owned(), unknown: None };
    }
    let passes = passes.join(" and ");
    let unknown = verdicts.iter().any(|verdict| verdict.unknown.is_some()).then(|| {
        let may: Vec<String> = verdicts
            .iter()
            .map(|verdict| match &verdict.unknown {
                Some(unknown) => format!("({} or {unknown})", verdict.passes),
                None => verdict.passes.clone(),
            })
            .collect();
        format!("({} and not({passes}))", may.join(" and "))
    });
    Verdict { passes: format!("({passes})"), unknown }
}

/// Returns, for each tested column, the test that the row has a value in it.
pub(super) fn carried(table: &Table, tested: &[&Path], metrics: &[(String, Vec<String>)]) -> Vec<String> {
    tested
        .iter()
        .map(|path| {
            cells::by_metric(table, metrics, |metric| cells::has_value(table, cells::place(table, path, metric)))
        })
        .collect()
}

fn condition_verdict(table: &Table, condition: &Condition, metrics: &[(String, Vec<String>)]) -> Verdict {
    let limit = if table.text.as_ref() == Some(&condition.path) { MESSAGE_CHARACTERS } else { PROPERTY_CHARACTERS };
    let folded = cells::is_folded(table, &condition.path);
    let at = |metric: Option<&str>| {
        let path = cells::place(table, &condition.path, metric);
        test(table, path, &condition.test, folded, limit)
    };
    let passes = cells::by_metric(table, metrics, |metric| at(metric).passes);
    let unknown = at(None)
        .unknown
        .is_some()
        .then(|| cells::by_metric(table, metrics, |metric| at(metric).unknown.unwrap_or_else(|| "false".to_owned())));
    Verdict { passes, unknown }
}

fn test(table: &Table, path: &Path, test: &Test, folded: bool, limit: usize) -> Verdict {
    if let Test::Not(inner) = test {
        let inner = self::test(table, path, inner, folded, limit);
        return match inner.unknown {
            Some(unknown) => {
                Verdict { passes: format!("(not({}) and not({unknown}))", inner.passes), unknown: Some(unknown) }
            }
            None => Verdict { passes: format!("not({})", inner.passes), unknown: None },
        };
    }
    let raw = cells::text(table, path);
    let there = cells::has_value(table, path);
    let text = if folded { format!("tolower({raw})") } else { raw.clone() };
    let fold = |wanted: &str| if folded { wanted.to_lowercase() } else { wanted.to_owned() };
    let number = cells::number(table, path);
    let cut = format!("strlen({raw}) == {limit}");
    // A truncated text decides only what its prefix decides.
    let split = |whole: String, of_cut: String, unknown: String| Verdict {
        passes: format!("({there} and iff({cut}, {of_cut}, {whole}))"),
        unknown: Some(format!("({cut} and {unknown})")),
    };
    let plain = |passes: String| Verdict { passes: format!("({there} and {passes})"), unknown: None };
    match test {
        Test::OneOf(wanted) => {
            let list: Vec<String> = wanted.iter().map(|one| literal::string(&fold(one))).collect();
            let numbers: Vec<String> = wanted
                .iter()
                .filter_map(|one| one.trim().parse::<f64>().ok())
                .filter(|number| number.is_finite())
                .map(|wanted| format!(" or {number} == {}", literal::real(wanted)))
                .collect();
            let equals = format!("({text} in ({}){})", list.join(", "), numbers.concat());
            if wanted.iter().all(|one| one.encode_utf16().count() < limit) {
                // A truncated text cannot be a prefix of a shorter text.
                return plain(format!("(not({cut}) and {equals})"));
            }
            let begins: Vec<String> = list.iter().map(|one| format!("{one} startswith_cs {text}")).collect();
            split(equals, "false".to_owned(), format!("({})", begins.join(" or ")))
        }
        Test::Prefix(wanted) => {
            let literal = literal::string(&fold(wanted));
            let begins = format!("{text} startswith_cs {literal}");
            if wanted.encode_utf16().count() <= limit {
                return plain(begins);
            }
            split(begins.clone(), begins, format!("{literal} startswith_cs {text}"))
        }
        Test::Contains(wanted) => {
            let holds = format!("tolower({text}) contains_cs {}", literal::string(&wanted.to_lowercase()));
            split(holds.clone(), holds.clone(), format!("not({holds})"))
        }
        Test::Regex(regex) => {
            let holds = format!("{text} matches regex {}", literal::string(regex));
            // A match that ends before the truncation does not depend on the text after it.
            let before_cut =
                format!("strlen(extract({}, 1, {text})) > 0", literal::string(&format!("((?:{regex}))(?s:.)")));
            let before_cut = format!("({holds} and {before_cut})");
            split(holds, before_cut.clone(), format!("not({before_cut})"))
        }
        Test::Above(limit) => plain(format!("isfinite({number}) and {number} > {}", literal::real(*limit))),
        Test::Below(limit) => plain(format!("isfinite({number}) and {number} < {}", literal::real(*limit))),
        Test::Version(bounds) => {
            let version = format!("parse_version(extract(@\"^\\s*[vV]*([0-9.]*[0-9])\", 1, {raw}))");
            let within: Vec<String> = bounds
                .iter()
                .map(|(comparison, bound)| {
                    let numbers: Vec<String> = bound.iter().map(u64::to_string).collect();
                    let bound = format!("parse_version({})", literal::string(&numbers.join(".")));
                    format!("{version} {} {bound}", comparison.sign())
                })
                .collect();
            plain(format!("(isnotnull({version}) and {})", within.join(" and ")))
        }
        Test::Not(_) => plain("false".to_owned()),
    }
}
