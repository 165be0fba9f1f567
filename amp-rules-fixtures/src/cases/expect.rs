//! Compares a diagnosis with the expectation of a case.
//!
//! Input: an expectation, the pattern of the folder, and a diagnosis. Output: every [`Failure`]: missing (expected, but not
//! the case), noisy (the case, but not expected) or undecided (expected, but unknown). Chains and remedies are compared as
//! subsequences. The roots are exactly the expected ones; all other lists may hold more unless the case is strict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::{Role, Root};
use amp_rules_core::rules::syntax::{ExpectText, InstanceText, RootText, Spanned};
use amp_rules_core::telemetry::entity::Entity;

/// The way in which an expectation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// Expected, but not the case.
    Missing,
    /// The case, but not expected.
    Noisy,
    /// Expected, but unknown.
    Undecided,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Missing => "missing",
            Self::Noisy => "noisy",
            Self::Undecided => "undecided",
        })
    }
}

/// One difference between a diagnosis and its expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The way in which the expectation failed.
    pub kind: FailureKind,
    /// The difference, in one line.
    pub what: String,
    /// The id of the pattern concerned, if there is one.
    pub pattern: Option<String>,
    /// Known reasons, one per line.
    pub detail: Vec<String>,
    /// The proof why the pattern matched or did not match, as lines of a report.
    pub proof: Vec<String>,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), pattern: None, detail: Vec::new(), proof: Vec::new() }
    }

    fn about(mut self, pattern: &str) -> Self {
        self.pattern = Some(pattern.to_owned());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind, self.what)?;
        self.detail.iter().chain(&self.proof).try_for_each(|detail| write!(out, "\n    {detail}"))
    }
}

/// An expectation while it is compared with a diagnosis.
struct Comparison<'a> {
    diagnosis: &'a Diagnosis,
    failures: Vec<Failure>,
}

/// Compares a diagnosis with an expectation. Returns all failures, sorted by kind. `own` is the pattern of the folder.
pub(super) fn check(expected: &ExpectText, own: Option<&str>, diagnosis: &Diagnosis) -> Vec<Failure> {
    let mut comparison = Comparison { diagnosis, failures: Vec::new() };
    if let Some(status) = &expected.status
        && status.value != diagnosis.status.as_str()
    {
        let unknown: Vec<&str> = diagnosis.unresolved.iter().map(|one| one.pattern.as_str()).collect();
        let because = if unknown.is_empty() { String::new() } else { format!("; unknown: {}", unknown.join(", ")) };
        comparison.fail(
            FailureKind::Missing,
            format!("status {}; it is {}{because}", status.value, diagnosis.status.as_str()),
        );
    }
    comparison.roots(expected);
    for (role, list) in lists(expected) {
        for id in list.iter().flat_map(|list| list.iter()) {
            comparison.role(&id.value, role);
        }
    }
    if let Some(chain) = &expected.chain {
        comparison.chain(chain);
    }
    for id in expected.unresolved.iter().flatten() {
        if !comparison.is_open(&id.value) && !comparison.roles(&id.value).contains(&Role::Unresolved) {
            comparison.missing(&id.value, "as unresolved");
        }
    }
    for id in expected.undecided.iter().flatten() {
        if !comparison.is_open(&id.value) && !diagnosis.coverage.unobservable.contains(&id.value) {
            comparison.missing(&id.value, "as undecided");
        }
    }
    for id in expected.hypotheses.iter().flatten() {
        if !diagnosis.hypotheses.iter().any(|hypothesis| hypothesis.pattern == id.value) {
            comparison.missing(&id.value, "as a hypothesis");
        }
    }
    for id in expected.conflicts.iter().flatten() {
        if !diagnosis.conflicts.iter().any(|conflict| conflict.pattern == id.value || conflict.other == id.value) {
            comparison.missing(&id.value, "in a conflict");
        }
    }
    for id in expected.absent.iter().flatten() {
        if let Some(role) = comparison.roles(&id.value).first() {
            let what = format!("`{}` holds, as {}", id.value, role.as_str());
            comparison.failures.push(Failure::new(FailureKind::Noisy, what).about(&id.value));
        }
    }
    if let Some(own) = own {
        comparison.quiet(own, expected.quiet);
    }
    for instance in &expected.instances {
        comparison.instance(instance);
    }
    if let Some(steps) = &expected.remedy_first {
        comparison.remedy(steps);
    }
    if expected.strict {
        comparison.strict(expected);
    }
    comparison.failures.sort_by_key(|failure| failure.kind);
    comparison.failures
}

/// The expected patterns per role.
fn lists(expected: &ExpectText) -> [(Role, &Option<Vec<Spanned<String>>>); 5] {
    [
        (Role::Consequence, &expected.consequences),
        (Role::Contributing, &expected.contributing),
        (Role::Independent, &expected.independent),
        (Role::Noise, &expected.noise),
        (Role::Recovered, &expected.recovered),
    ]
}

impl Comparison<'_> {
    fn fail(&mut self, kind: FailureKind, what: String) {
        self.failures.push(Failure::new(kind, what));
    }

    /// The roles of the true instances of a pattern, sorted.
    fn roles(&self, id: &str) -> Vec<Role> {
        let roles: BTreeSet<Role> = self
            .diagnosis
            .findings
            .iter()
            .filter(|finding| finding.pattern == id)
            .map(|finding| finding.role)
            .collect();
        roles.into_iter().collect()
    }

    /// Whether some instance of a pattern is unknown.
    fn is_open(&self, id: &str) -> bool {
        self.diagnosis.unresolved.iter().any(|open| open.pattern == id)
    }

    /// Why a pattern is unknown, in words.
    fn reasons(&self, id: &str) -> Vec<String> {
        let open = self.diagnosis.unresolved.iter().filter(|open| open.pattern == id);
        let mut all: Vec<String> = open
            .map(|open| {
                let reasons: Vec<String> = open.reasons.iter().map(ToString::to_string).collect();
                format!("`{id}` is unknown for {}: {}", open.scope, reasons.join(", "))
            })
            .collect();
        if self.diagnosis.coverage.unobservable.iter().any(|other| other == id) {
            all.push(format!("`{id}` cannot be observed in this run"));
        }
        all
    }

    /// Adds a failure for a pattern that is not as expected.
    fn missing(&mut self, id: &str, how: &str) {
        let roles = self.roles(id);
        let mut failure = if !roles.is_empty() {
            let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            let mut failure =
                Failure::new(FailureKind::Missing, format!("`{id}` {how}; it holds, as {}", words.join(" and ")));
            for finding in self
                .diagnosis
                .findings
                .iter()
                .filter(|finding| finding.pattern == id && !finding.explained_by.is_empty())
            {
                failure.detail.push(format!("explained by {} ({})", finding.explained_by.join(", "), finding.scope));
            }
            failure
        } else if self.is_open(id) {
            Failure::new(FailureKind::Undecided, format!("`{id}` {how}; whether it holds is unknown"))
        } else {
            Failure::new(FailureKind::Missing, format!("`{id}` {how}; it does not hold"))
        };
        failure.detail.extend(self.reasons(id));
        self.failures.push(failure.about(id));
    }

    fn role(&mut self, id: &str, role: Role) {
        if !self.roles(id).contains(&role) {
            self.missing(id, &format!("as {}", role.as_str()));
        }
    }

    /// Compares the roots, their order, and grade and severity of the first one.
    fn roots(&mut self, expected: &ExpectText) {
        let actual: Vec<&Root> = self.diagnosis.roots.iter().filter(|root| root.role == Role::Root).collect();
        if let Some(wanted) = &expected.roots {
            for root in wanted {
                self.root(root, &actual);
            }
            for root in &actual {
                if !wanted.iter().any(|wanted| wanted.pattern.value == root.pattern) {
                    let what = format!("`{}` is a root ({}, {})", root.pattern, root.grade.as_str(), root.scope);
                    self.failures.push(Failure::new(FailureKind::Noisy, what).about(&root.pattern));
                }
            }
            let mut ranks: Vec<&str> = Vec::new();
            for root in &actual {
                if !ranks.contains(&root.pattern.as_str()) {
                    ranks.push(&root.pattern);
                }
            }
            let order: Vec<&str> =
                wanted.iter().map(|root| root.pattern.value.as_str()).filter(|id| ranks.contains(id)).collect();
            if !is_subsequence(&order, &ranks) {
                self.fail(
                    FailureKind::Missing,
                    format!("the roots in the order {}; they are {}", order.join(", "), ranks.join(", ")),
                );
            }
        }
        let first = expected
            .roots
            .iter()
            .flatten()
            .next()
            .and_then(|first| actual.iter().find(|root| root.pattern == first.pattern.value))
            .or(actual.first());
        if let Some(grade) = &expected.grade {
            match first {
                Some(root) => self.grade(root, &grade.value),
                None => self.fail(FailureKind::Missing, format!("a root that is {}; there is none", grade.value)),
            }
        }
        if let Some(severity) = &expected.severity {
            match first {
                Some(root) => self.severity(root, &severity.value),
                None => {
                    self.fail(FailureKind::Missing, format!("a root of severity {}; there is none", severity.value))
                }
            }
        }
    }

    /// Compares one root with those of the same pattern.
    fn root(&mut self, wanted: &RootText, actual: &[&Root]) {
        let id = &wanted.pattern.value;
        let same: Vec<&Root> = actual.iter().copied().filter(|root| root.pattern == *id).collect();
        if same.is_empty() {
            return self.missing(id, "as root");
        }
        let keys = wanted.entity.as_ref().map(|keys| Entity::new(keys.clone()));
        let chosen = match &keys {
            None => same.first(),
            Some(keys) => same.iter().find(|root| root.entities.iter().any(|entity| entity.is_within(keys))),
        };
        let Some(root) = chosen else {
            let scopes: Vec<&str> = same.iter().map(|root| root.scope.as_str()).collect();
            let what = format!("`{id}` as root of {}; it is one of {}", keys.unwrap_or_default(), scopes.join(", "));
            self.failures.push(Failure::new(FailureKind::Missing, what).about(id));
            return;
        };
        if let Some(grade) = &wanted.grade {
            self.grade(root, &grade.value);
        }
        if let Some(severity) = &wanted.severity {
            self.severity(root, &severity.value);
        }
    }

    fn grade(&mut self, root: &Root, wanted: &str) {
        if root.grade.as_str() != wanted {
            let mut failure = Failure::new(
                FailureKind::Missing,
                format!("the root `{}` {wanted}; it is {}", root.pattern, root.grade.as_str()),
            )
            .about(&root.pattern);
            failure.detail.extend(root.why_not_confirmed.iter().cloned());
            self.failures.push(failure);
        }
    }

    fn severity(&mut self, root: &Root, wanted: &str) {
        let actual = root.severity.as_str();
        if actual != wanted {
            self.failures.push(
                Failure::new(
                    FailureKind::Missing,
                    format!("the root `{}` of severity {wanted}; it is {actual}", root.pattern),
                )
                .about(&root.pattern),
            );
        }
    }

    /// Checks that one root explains all patterns of the chain, in an order that its edges allow.
    fn chain(&mut self, wanted: &[Spanned<String>]) {
        let ids: Vec<&str> = wanted.iter().map(|id| id.value.as_str()).collect();
        let mut best: Option<(usize, String)> = None;
        for root in &self.diagnosis.roots {
            let mut order = vec![root.pattern.as_str()];
            order.extend(root.in_loop.iter().map(String::as_str).filter(|id| *id != root.pattern));
            order.extend(root.chain.iter().map(|link| link.pattern.as_str()));
            if is_subsequence(&ids, &order) {
                return;
            }
            let found = ids.iter().filter(|id| order.contains(*id)).count();
            if found == ids.len() && !reversed(root, &ids) {
                return;
            }
            let order = format!("below `{}`: {}", root.pattern, order.join(" → "));
            if best.as_ref().is_none_or(|(most, _)| found > *most) {
                best = Some((found, order));
            }
        }
        let mut failure = Failure::new(FailureKind::Missing, format!("the chain {}", ids.join(" → ")));
        failure.detail.extend(best.map(|(_, order)| order));
        let known: BTreeSet<&str> = self
            .diagnosis
            .roots
            .iter()
            .flat_map(|root| root.chain.iter().map(|link| link.pattern.as_str()).chain([root.pattern.as_str()]))
            .collect();
        for id in ids.iter().filter(|id| !known.contains(*id)) {
            let roles: Vec<&str> = self.roles(id).iter().map(|role| role.as_str()).collect();
            failure.detail.push(if roles.is_empty() {
                format!("`{id}` does not hold")
            } else {
                format!("`{id}` holds, as {}", roles.join(" and "))
            });
            failure.detail.extend(self.reasons(id));
            failure.pattern.get_or_insert((*id).to_owned());
        }
        self.failures.push(failure);
    }

    /// Checks that the pattern of the folder is quiet, or that it is not.
    fn quiet(&mut self, own: &str, wanted: Option<bool>) {
        let Some(wanted) = wanted else { return };
        let loud: Vec<&str> =
            self.roles(own).into_iter().filter(|role| *role != Role::Noise).map(Role::as_str).collect();
        match (wanted, loud.is_empty(), self.is_open(own)) {
            (true, false, _) => {
                let failure =
                    Failure::new(FailureKind::Noisy, format!("`{own}` holds, as {}", loud.join(" and "))).about(own);
                self.failures.push(failure);
            }
            (true, true, true) => {
                let mut failure =
                    Failure::new(FailureKind::Undecided, format!("`{own}` quiet; whether it holds is unknown"))
                        .about(own);
                failure.detail = self.reasons(own);
                self.failures.push(failure);
            }
            (false, true, false) => self.missing(own, "as anything but quiet"),
            (true, true, false) | (false, false, _) | (false, true, true) => {}
        }
    }

    /// Checks a pattern of one entity.
    fn instance(&mut self, wanted: &InstanceText) {
        let id = &wanted.pattern.value;
        let keys = Entity::new(wanted.entity.clone());
        let of = |entities: &[Entity]| entities.iter().any(|entity| entity.is_within(&keys));
        let roles: BTreeSet<Role> = self
            .diagnosis
            .findings
            .iter()
            .filter(|finding| finding.pattern == *id && of(&finding.entities))
            .map(|finding| finding.role)
            .collect();
        let open = self.diagnosis.unresolved.iter().any(|open| {
            open.pattern == *id
                && !open.holds
                && (of(&open.entities) || open.entities.iter().any(|entity| keys.is_within(entity)))
        });
        let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let fits = match wanted.is.value.as_str() {
            "true" => !roles.is_empty(),
            "absent" => roles.is_empty(),
            "undecided" => open,
            word => words.contains(&word),
        };
        if fits {
            return;
        }
        let now = if !words.is_empty() {
            format!("it holds, as {}", words.join(" and "))
        } else if open {
            "whether it holds is unknown".to_owned()
        } else {
            "it does not hold".to_owned()
        };
        let kind = match (wanted.is.value.as_str(), open) {
            ("absent", _) => FailureKind::Noisy,
            (_, true) if words.is_empty() => FailureKind::Undecided,
            _ => FailureKind::Missing,
        };
        let mut failure = Failure::new(kind, format!("`{id}` of {keys} {}; {now}", wanted.is.value)).about(id);
        failure.detail = self.reasons(id);
        self.failures.push(failure);
    }

    /// Checks the remedy: its first step is the first expected one, the others follow in order, possibly with steps in
    /// between.
    fn remedy(&mut self, steps: &[Spanned<String>]) {
        let names = |wanted: &str, step: &amp_rules_core::diagnosis::Remedy| {
            step.id == wanted || format!("{}.{}", step.pattern, step.id) == wanted
        };
        let remedy = &self.diagnosis.remedy;
        let steps_found = || {
            if remedy.is_empty() {
                "there is no step".to_owned()
            } else {
                remedy.iter().map(|step| format!("{}.{}", step.pattern, step.id)).collect::<Vec<_>>().join(", ")
            }
        };
        let mut at = remedy.iter();
        for (index, wanted) in steps.iter().enumerate() {
            let found = if index == 0 {
                at.next().is_some_and(|step| names(&wanted.value, step))
            } else {
                at.any(|step| names(&wanted.value, step))
            };
            if !found {
                let place = if index == 0 { "as the first step" } else { "as a step after the others" };
                let mut failure = Failure::new(FailureKind::Missing, format!("`{}` {place}", wanted.value));
                failure.detail.push(steps_found());
                self.failures.push(failure);
                return;
            }
        }
    }

    /// Adds failures for patterns that hold or are unknown without being expected.
    fn strict(&mut self, expected: &ExpectText) {
        let named = |list: &Option<Vec<Spanned<String>>>| -> BTreeSet<String> {
            list.iter().flatten().map(|id| id.value.clone()).collect()
        };
        let mut allowed: BTreeMap<Role, BTreeSet<String>> =
            lists(expected).into_iter().map(|(role, list)| (role, named(list))).collect();
        allowed.entry(Role::Consequence).or_default().extend(named(&expected.chain));
        allowed.insert(Role::Root, expected.roots.iter().flatten().map(|root| root.pattern.value.clone()).collect());
        allowed.insert(Role::Unresolved, named(&expected.unresolved));
        for instance in &expected.instances {
            for (role, ids) in &mut allowed {
                if role.as_str() == instance.is.value || instance.is.value == "true" {
                    ids.insert(instance.pattern.value.clone());
                }
            }
        }
        let mut surplus: BTreeSet<(Role, &str)> = BTreeSet::new();
        for finding in &self.diagnosis.findings {
            if allowed.get(&finding.role).is_some_and(|ids| !ids.contains(&finding.pattern)) {
                surplus.insert((finding.role, &finding.pattern));
            }
        }
        let open: BTreeSet<String> =
            named(&expected.undecided).into_iter().chain(named(&expected.unresolved)).collect();
        let mut failures: Vec<Failure> = surplus
            .into_iter()
            .map(|(role, id)| Failure::new(FailureKind::Noisy, format!("`{id}` holds, as {}", role.as_str())).about(id))
            .collect();
        for unresolved in &self.diagnosis.unresolved {
            if !open.contains(&unresolved.pattern) {
                let mut failure = Failure::new(
                    FailureKind::Undecided,
                    format!("`{}`: whether it holds is unknown", unresolved.pattern),
                )
                .about(&unresolved.pattern);
                failure.detail = self.reasons(&unresolved.pattern);
                failures.push(failure);
            }
        }
        for failure in failures {
            if !self.failures.iter().any(|known| known.kind == failure.kind && known.pattern == failure.pattern) {
                self.failures.push(failure);
            }
        }
    }
}

/// Whether the chain of a root leads from a later id of the list to an earlier one.
fn reversed(root: &Root, ids: &[&str]) -> bool {
    let leads = |from: &str, to: &str| {
        let mut open = vec![to];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            for link in root.chain.iter().filter(|link| link.pattern == at) {
                for before in &link.from {
                    if before == from {
                        return true;
                    }
                    if seen.insert(before.as_str()) {
                        open.push(before);
                    }
                }
            }
        }
        false
    };
    ids.iter()
        .enumerate()
        .any(|(index, earlier)| ids.iter().skip(index + 1).any(|later| *later == root.pattern || leads(later, earlier)))
}

/// Whether the wanted ids appear in this order, possibly with others in between.
fn is_subsequence(wanted: &[&str], of: &[&str]) -> bool {
    let mut at = of.iter();
    wanted.iter().all(|id| at.any(|other| other == id))
}
