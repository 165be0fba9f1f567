//! The expectation of an input, compared with its diagnosis.
//!
//! Input: the `expect` of an `expect.json`. Output: per key of it that fails, the difference as text.

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::Status;
use amp_rules_core::time::Time;
use serde_json::Value;

/// Every status, to reject unknown names.
const STATUSES: [Status; 7] = [
    Status::Healthy,
    Status::NoKnownProblem,
    Status::NoiseOnly,
    Status::Recovered,
    Status::Diagnosed,
    Status::DiagnosedPartial,
    Status::InsufficientData,
];

/// One key of an expectation.
#[derive(Debug)]
enum Item {
    /// Exactly these roots, in this order.
    Roots(Vec<String>),
    /// The first root is one of these.
    FirstRoot(Vec<String>),
    /// All of these patterns hold.
    True(Vec<String>),
    /// One of these patterns holds.
    TrueAny(Vec<String>),
    /// None of these patterns holds.
    NotTrue(Vec<String>),
    /// None of these patterns is a root.
    NotRoot(Vec<String>),
    /// The grade of the first root.
    Grade(String),
    /// A subsequence of the first root's chain.
    Chain(Vec<String>),
    /// The status is one of these.
    Status(Vec<String>),
    /// The status is none of these.
    StatusNot(Vec<String>),
    /// A root of an incident that is over.
    HistoryRoot(String),
    /// The text report contains all of these, in any case.
    Named(Vec<String>),
    /// The lower bound of the first root's onset; `None`: it has none.
    OnsetEarliest(Option<Time>),
    /// There is a diagnosis.
    Accepted,
}

/// What is expected of a diagnosis.
#[derive(Debug)]
pub(super) struct Expectation {
    items: Vec<(String, Item)>,
}

impl Expectation {
    pub(super) fn new(value: &Value) -> Result<Self, String> {
        let keys = value.as_object().ok_or("the expectation is not an object")?;
        let items = keys.iter().map(|(key, value)| Ok((key.clone(), item(key, value)?)));
        Ok(Self { items: items.collect::<Result<_, String>>()? })
    }

    /// The keys that fail, each with the difference.
    pub(super) fn failures(&self, diagnosis: &Diagnosis, text: &str) -> Vec<(String, String)> {
        let failure = |(key, item): &(String, Item)| item.failure(diagnosis, text).map(|what| (key.clone(), what));
        self.items.iter().filter_map(failure).collect()
    }
}

fn item(key: &str, value: &Value) -> Result<Item, String> {
    let one = || value.as_str().map(str::to_owned).ok_or_else(|| format!("`{key}` is not a text"));
    let list = || {
        let all = value.as_array().ok_or_else(|| format!("`{key}` is not a list"))?;
        let text = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(|| format!("`{key}` holds no texts"));
        all.iter().map(text).collect::<Result<Vec<_>, String>>()
    };
    let statuses = || {
        let names = list()?;
        match names.iter().find(|name| STATUSES.iter().all(|status| status.as_str() != *name)) {
            Some(unknown) => Err(format!("there is no status `{unknown}`")),
            None => Ok(names),
        }
    };
    Ok(match key {
        "roots" => Item::Roots(list()?),
        "first_root" => Item::FirstRoot(list()?),
        "true" => Item::True(list()?),
        "true_any" => Item::TrueAny(list()?),
        "not_true" => Item::NotTrue(list()?),
        "not_root" => Item::NotRoot(list()?),
        "grade" => Item::Grade(one()?),
        "chain" => Item::Chain(list()?),
        "status" => Item::Status(statuses()?),
        "status_not" => Item::StatusNot(statuses()?),
        "history_root" => Item::HistoryRoot(one()?),
        "named" => Item::Named(list()?),
        "onset_earliest" if value.is_null() => Item::OnsetEarliest(None),
        "onset_earliest" => Item::OnsetEarliest(Some(one()?.parse().map_err(|_| "`onset_earliest` is no time")?)),
        "accepted" if *value == Value::Bool(true) => Item::Accepted,
        _ => return Err(format!("the expectation has an unknown key or value: `{key}`: {value}")),
    })
}

impl Item {
    /// The difference between the diagnosis and this item; `None` if it holds.
    fn failure(&self, diagnosis: &Diagnosis, text: &str) -> Option<String> {
        let roots: Vec<&str> = diagnosis.roots.iter().map(|root| root.pattern.as_str()).collect();
        let first = diagnosis.roots.first();
        let holds = |pattern: &String| diagnosis.findings.iter().any(|finding| finding.pattern == *pattern);
        let is_root = |pattern: &String| roots.contains(&pattern.as_str());
        let status = diagnosis.status.as_str();
        match self {
            Self::Roots(wanted) => (roots != *wanted).then(|| format!("{roots:?} instead of {wanted:?}")),
            Self::FirstRoot(wanted) => {
                let right = first.is_some_and(|root| wanted.contains(&root.pattern));
                (!right).then(|| format!("{roots:?}; the first is not of {wanted:?}"))
            }
            Self::True(wanted) => {
                let lacking: Vec<&String> = wanted.iter().filter(|pattern| !holds(pattern)).collect();
                (!lacking.is_empty()).then(|| format!("{lacking:?} do not hold"))
            }
            Self::TrueAny(wanted) => (!wanted.iter().any(holds)).then(|| format!("none of {wanted:?} holds")),
            Self::NotTrue(unwanted) => unwanted.iter().find(|pattern| holds(pattern)).map(|one| format!("{one} holds")),
            Self::NotRoot(unwanted) => unwanted.iter().find(|one| is_root(one)).map(|one| format!("{one} is a root")),
            Self::Grade(wanted) => {
                let grade = first.map_or("no root", |root| root.grade.as_str());
                (grade != wanted).then(|| format!("{grade} instead of {wanted}"))
            }
            Self::Chain(wanted) => {
                let chain: Vec<&str> = first
                    .map(|root| std::iter::once(&root.pattern).chain(root.chain.iter().map(|link| &link.pattern)))
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                let mut rest = chain.iter();
                let contained = wanted.iter().all(|pattern| rest.any(|link| link == pattern));
                (!contained).then(|| format!("{chain:?} does not contain {wanted:?} in this order"))
            }
            Self::Status(wanted) => {
                (!wanted.iter().any(|one| one == status)).then(|| format!("{status} instead of {wanted:?}"))
            }
            Self::StatusNot(unwanted) => unwanted.iter().any(|one| one == status).then(|| status.to_owned()),
            Self::HistoryRoot(wanted) => {
                let past: Vec<&str> = diagnosis.history.iter().map(|past| past.pattern.as_str()).collect();
                (!past.contains(&wanted.as_str())).then(|| format!("{past:?} without {wanted}"))
            }
            Self::Named(words) => {
                // Lines are wrapped at any space.
                let shown = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
                let lacking: Vec<&String> = words.iter().filter(|word| !shown.contains(&word.to_lowercase())).collect();
                (!lacking.is_empty()).then(|| format!("the report does not contain {lacking:?}"))
            }
            Self::OnsetEarliest(wanted) => {
                let wanted = wanted.unwrap_or(Time::MIN);
                let earliest = first.map(|root| root.onset.earliest);
                (earliest != Some(wanted)).then(|| format!("{earliest:?} instead of {wanted:?}"))
            }
            Self::Accepted => None,
        }
    }
}
