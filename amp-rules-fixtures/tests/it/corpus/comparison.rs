//! Compares a diagnosis with the `expect` of a corpus scenario.
//!
//! Input: the expectation, the scenario, and the diagnosis. Output: every difference, in words. Scopes are compared as sets
//! of entities. Roots and independent problems are exactly the expected ones; other lists may hold more.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::RuleSet;
use amp_rules_core::diagnosis::{Diagnosis, Finding, Role, Root};
use amp_rules_core::rules::model::{Class, Severity};
use amp_rules_core::telemetry::entity::Entity;
use serde_json::Value;

use super::builder::{BuiltScenario, text};
use super::parse::{Named, named, numbers};
use super::pods::Pod;

/// The pods and jobs of a scope or a list of entities.
#[derive(Debug, PartialEq, Eq)]
struct Reach {
    pods: BTreeSet<Pod>,
    /// The jobs. If there are some, pods are ignored.
    jobs: BTreeSet<String>,
}

pub(crate) struct Comparison<'a> {
    pub(crate) scenario: &'a BuiltScenario,
    pub(crate) rules: &'a RuleSet,
    pub(crate) diagnosis: &'a Diagnosis,
    pub(crate) failures: Vec<String>,
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

impl Comparison<'_> {
    fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    /// The pods and jobs of a scope text.
    fn expected_reach(&mut self, scope: &str) -> Reach {
        let jobs: BTreeSet<String> = scope
            .split_once("job=")
            .and_then(|(_, job)| job.split_whitespace().next())
            .map(str::to_owned)
            .into_iter()
            .collect();
        // `p2` without a group is a pod of the ReplicaSet.
        let known = ["rs", "ds", "cluster", "all", "ReplicaSet", "DaemonSet"];
        let head = scope.split(['/', ' ', ',', '-']).next().unwrap_or_default();
        let scope = if known.contains(&head) { scope.to_owned() } else { format!("rs/{scope}") };
        let pods = match self.scenario.pods.select(&scope) {
            Ok(pods) => pods,
            Err(what) => {
                self.fail(what);
                Vec::new()
            }
        };
        Reach {
            pods: pods
                .into_iter()
                .filter(|pod| self.scenario.active.is_empty() || self.scenario.active.contains(pod))
                .collect(),
            jobs,
        }
    }

    /// The pods and jobs of entities: a controller is all its active pods, the subject all pods.
    fn reach_of<'e>(&self, entities: impl IntoIterator<Item = &'e Entity>) -> Reach {
        let mut reach = Reach { pods: BTreeSet::new(), jobs: BTreeSet::new() };
        for entity in entities {
            if let Some(job) = entity.value("job_name") {
                reach.jobs.insert(job.to_owned());
                continue;
            }
            let fits = |pod: &&Pod| {
                entity.value("podname").is_none_or(|name| name == pod.name)
                    && entity.value("controllertype").is_none_or(|controller| controller == pod.controller)
            };
            let active = self.scenario.active.iter().filter(fits).cloned();
            reach.pods.extend(active);
            // Inactive pods count too if they are named.
            reach.pods.extend(
                self.scenario
                    .pods
                    .all()
                    .iter()
                    .filter(|pod| entity.value("podname") == Some(pod.name.as_str()))
                    .cloned(),
            );
        }
        reach
    }

    fn findings(&self, id: &str) -> Vec<&Finding> {
        self.diagnosis.findings.iter().filter(|finding| finding.pattern == id).collect()
    }

    /// The state of a pattern, in words.
    fn state(&self, id: &str) -> String {
        let mut states: Vec<String> = self
            .findings(id)
            .iter()
            .map(|finding| {
                format!("{} ({}; explained by {:?})", finding.role.as_str(), finding.scope, finding.explained_by)
            })
            .collect();
        for open in self.diagnosis.unresolved.iter().filter(|open| open.pattern == id) {
            let reasons: Vec<String> = open.reasons.iter().map(ToString::to_string).collect();
            states.push(format!("unknown ({}: {})", open.scope, reasons.join(", ")));
        }
        if self.diagnosis.coverage.unobservable.iter().any(|other| other == id) {
            states.push("unobservable".to_owned());
        }
        if states.is_empty() { "it does not hold".to_owned() } else { states.join("; ") }
    }

    fn same(&mut self, what: &str, wanted: &Reach, actual: &Reach) {
        let right = if wanted.jobs.is_empty() && actual.jobs.is_empty() {
            wanted.pods == actual.pods
        } else {
            wanted.jobs == actual.jobs
        };
        if !right {
            let names = |reach: &Reach| {
                let pods: Vec<&str> = reach.pods.iter().map(|pod| pod.name.as_str()).take(12).collect();
                format!("{} pods [{}] jobs {:?}", reach.pods.len(), pods.join(" "), reach.jobs)
            };
            self.fail(format!("{what}: expected {}, found {}", names(wanted), names(actual)));
        }
    }

    /// Compares all parts of the expectation.
    pub(crate) fn run(&mut self, expect: &Value) {
        let status = text(expect, "status").unwrap_or_default();
        if status != self.diagnosis.status.as_str() {
            let open: BTreeSet<&str> = self.diagnosis.unresolved.iter().map(|open| open.pattern.as_str()).collect();
            let open: Vec<String> = open.into_iter().map(|id| format!("{id}: {}", self.state(id))).collect();
            self.fail(format!("status {status}: it is {}; open: {}", self.diagnosis.status.as_str(), open.join(" | ")));
        }
        self.starts(list(expect, "roots"), Role::Root);
        self.starts(list(expect, "independent"), Role::Independent);
        self.chain(list(expect, "chain"));
        for (field, role) in [
            ("consequences", Role::Consequence),
            ("contributing", Role::Contributing),
            ("noise", Role::Noise),
            ("recovered", Role::Recovered),
        ] {
            for entry in list(expect, field).iter().filter_map(Value::as_str) {
                self.role(entry, role);
            }
        }
        for entry in list(expect, "unresolved").iter().filter_map(Value::as_str) {
            self.unresolved(entry);
        }
        for entry in list(expect, "must_not_hold").iter().filter_map(Value::as_str) {
            self.must_not_hold(entry, expect);
        }
        for entry in list(expect, "hypotheses").iter().filter_map(Value::as_str) {
            let Some(name) = named(entry) else { continue };
            if !self.diagnosis.hypotheses.iter().any(|hypothesis| hypothesis.pattern == name.id) {
                let state = self.state(&name.id);
                self.fail(format!("{} as a hypothesis: {state}", name.id));
            }
        }
        self.notes(text(expect, "notes").unwrap_or_default());
    }

    /// The patterns of `loop{a,b,c}`, or the one pattern.
    fn members(id: &str) -> Vec<&str> {
        match id.strip_prefix("loop{").and_then(|rest| rest.split_once('}')) {
            Some((inner, _)) => inner.split(',').map(str::trim).collect(),
            None => vec![id],
        }
    }

    fn starts(&mut self, wanted: &[Value], role: Role) {
        let actual: Vec<&Root> = self.diagnosis.roots.iter().filter(|root| root.role == role).collect();
        let mut expected: BTreeSet<&str> = BTreeSet::new();
        for start in wanted {
            let id = text(start, "pattern").unwrap_or_default();
            let members = Self::members(id);
            let mine: Vec<&Root> = actual
                .iter()
                .filter(|root| {
                    let loop_of: BTreeSet<&str> =
                        root.in_loop.iter().map(String::as_str).chain([root.pattern.as_str()]).collect();
                    if members.len() > 1 {
                        members.iter().all(|member| loop_of.contains(member))
                    } else {
                        root.pattern == id
                    }
                })
                .copied()
                .collect();
            let Some(first) = mine.first() else {
                let state = self.state(members.first().copied().unwrap_or(id));
                self.fail(format!("`{id}` as {}: {state}", role.as_str()));
                continue;
            };
            expected.insert(first.pattern.as_str());
            if let Some(scope) = text(start, "scope") {
                let meant = self.expected_reach(scope);
                // The scope of a loop is that of all its patterns.
                let rest = members
                    .iter()
                    .filter(|_| members.len() > 1)
                    .flat_map(|member| self.findings(member))
                    .flat_map(|finding| &finding.entities);
                let reached = self.reach_of(mine.iter().flat_map(|root| &root.entities).chain(rest));
                self.same(&format!("scope of `{id}`"), &meant, &reached);
            }
            if let Some(grade) = text(start, "grade") {
                for root in mine.iter().filter(|root| root.grade.as_str() != grade) {
                    self.fail(format!(
                        "`{id}` is {}, not {grade} ({}): {}",
                        root.grade.as_str(),
                        root.scope,
                        root.why_not_confirmed.join("; ")
                    ));
                }
            }
        }
        for root in actual {
            if !expected.contains(root.pattern.as_str()) {
                self.fail(format!(
                    "`{}` is {} ({}, {}), unexpectedly",
                    root.pattern,
                    role.as_str(),
                    root.grade.as_str(),
                    root.scope
                ));
            }
        }
    }

    /// Checks that one root has all patterns of the chain, in an order that its links allow. Complaints need only be
    /// explained.
    fn chain(&mut self, wanted: &[Value]) {
        let names: Vec<Named> = wanted.iter().filter_map(Value::as_str).filter_map(named).collect();
        if names.is_empty() {
            return;
        }
        let complaint = |id: &str| {
            self.rules
                .pattern_index(id)
                .and_then(|index| self.rules.patterns.get(index))
                .is_some_and(|pattern| pattern.pattern.class == Class::Complaint)
        };
        let mut best: Option<Vec<String>> = None;
        for root in &self.diagnosis.roots {
            let mut lacking = Vec::new();
            let mut order: BTreeMap<&str, usize> = BTreeMap::from([(root.pattern.as_str(), 0)]);
            order.extend(root.in_loop.iter().map(|id| (id.as_str(), 0)));
            for (place, link) in root.chain.iter().enumerate() {
                order.entry(&link.pattern).or_insert(place + 1);
            }
            let mut last = 0;
            for name in &names {
                if complaint(&name.id) {
                    if !root.explains.contains(&name.id) {
                        lacking.push(format!("`{}` is not explained", name.id));
                    }
                    continue;
                }
                match order.get(name.id.as_str()) {
                    None => lacking.push(format!("`{}` is not in it: {}", name.id, self.state(&name.id))),
                    Some(place) if *place < last && self.leads(root, &name.id, &names) => {
                        lacking.push(format!("`{}` is too early in the chain", name.id))
                    }
                    Some(place) => last = last.max(*place),
                }
                let link = root.chain.iter().find(|link| link.pattern == name.id);
                if name.inferred == Some(true) && link.is_some_and(|link| !link.inferred) {
                    lacking.push(format!("`{}` is observed, not inferred", name.id));
                }
            }
            if best.as_ref().is_none_or(|best| lacking.len() < best.len()) {
                best = Some(lacking);
            }
        }
        for lacking in best.unwrap_or_else(|| vec!["there is no root".to_owned()]) {
            self.fail(format!("chain: {lacking}"));
        }
    }

    /// Whether a pattern leads to one that precedes it in the expected chain.
    fn leads(&self, root: &Root, id: &str, names: &[Named]) -> bool {
        let before: BTreeSet<&str> = names.iter().map(|name| name.id.as_str()).take_while(|name| *name != id).collect();
        root.chain.iter().any(|link| before.contains(link.pattern.as_str()) && link.from.iter().any(|from| from == id))
    }

    fn role(&mut self, entry: &str, role: Role) {
        for id in Self::members(entry.split(' ').next().unwrap_or_default()) {
            let Some(name) = named(if entry.starts_with("loop{") { id } else { entry }) else { continue };
            let mine: Vec<&Finding> =
                self.findings(&name.id).into_iter().filter(|finding| finding.role == role).collect();
            if mine.is_empty() {
                let state = self.state(&name.id);
                self.fail(format!("`{}` as {}: {state}", name.id, role.as_str()));
                continue;
            }
            if let Some(scope) = &name.scope {
                let reached = self.reach_of(mine.iter().flat_map(|finding| &finding.entities));
                let meant = self.expected_reach(scope);
                if !meant.pods.iter().any(|pod| reached.pods.contains(pod))
                    || !reached.pods.iter().all(|pod| meant.pods.contains(pod))
                {
                    self.same(&format!("`{}` as {}", name.id, role.as_str()), &meant, &reached);
                }
            }
        }
    }

    /// Checks that a pattern is unknown, or true and possibly noise. `*` stands for every alarm pattern.
    fn unresolved(&mut self, entry: &str) {
        if entry == "*" {
            let alarms: Vec<String> = self
                .rules
                .patterns
                .iter()
                .filter(|pattern| matches!(pattern.pattern.class, Class::Cause | Class::Effect | Class::Impact))
                .map(|pattern| pattern.pattern.id.as_str().to_owned())
                .collect();
            for id in alarms {
                let open = self.diagnosis.unresolved.iter().any(|open| open.pattern == id)
                    || self.diagnosis.coverage.unobservable.contains(&id);
                if !open {
                    self.fail(format!("`{id}` is decided"));
                }
            }
            return;
        }
        let Some(name) = named(entry) else { return };
        let Some(index) = self.rules.pattern_index(&name.id) else {
            self.fail(format!("there is no pattern `{}`", name.id));
            return;
        };
        let fact = self.rules.patterns.get(index).is_some_and(|pattern| pattern.pattern.class == Class::Fact);
        let meant = name.scope.as_deref().map(|scope| self.expected_reach(scope));
        if fact {
            // Facts are not listed as unresolved. All that can be checked is that they are not findings.
            let found = self.reach_of(self.findings(&name.id).iter().flat_map(|finding| &finding.entities));
            if meant.is_some_and(|meant| meant.pods.iter().any(|pod| found.pods.contains(pod))) {
                self.fail(format!("`{entry}` is a finding"));
            }
            return;
        }
        let mut entities: Vec<&Entity> = self
            .diagnosis
            .unresolved
            .iter()
            .filter(|open| open.pattern == name.id)
            .flat_map(|open| &open.entities)
            .collect();
        entities.extend(
            self.findings(&name.id)
                .into_iter()
                .filter(|finding| finding.role == Role::Unresolved)
                .flat_map(|finding| &finding.entities),
        );
        let open = self.reach_of(entities.iter().copied());
        let right = !entities.is_empty()
            && meant.as_ref().is_none_or(|meant| meant.pods.iter().all(|pod| open.pods.contains(pod)));
        if !right {
            let state = self.state(&name.id);
            self.fail(format!("`{entry}` as unresolved: {state}"));
        }
    }

    fn must_not_hold(&mut self, entry: &str, expect: &Value) {
        let Some(name) = named(entry) else { return };
        let found: Vec<&Finding> =
            self.findings(&name.id).into_iter().filter(|finding| finding.role != Role::Recovered).collect();
        let reached = self.reach_of(found.iter().flat_map(|finding| &finding.entities));
        let roles: Vec<&str> = found.iter().map(|finding| finding.role.as_str()).collect();
        if found.is_empty() {
            return;
        }
        let forbidden: BTreeSet<Pod> = if let Some(scope) = &name.scope {
            self.expected_reach(scope).pods
        } else if name.remark.contains("on the other") {
            // All pods except those for which the pattern is expected elsewhere.
            let elsewhere: Vec<&Value> = ["roots", "independent"]
                .into_iter()
                .flat_map(|field| list(expect, field))
                .filter(|start| text(start, "pattern") == Some(&name.id))
                .collect();
            let allowed: Vec<String> =
                elsewhere.iter().filter_map(|start| text(start, "scope")).map(str::to_owned).collect();
            let allowed: BTreeSet<Pod> = allowed.iter().flat_map(|scope| self.expected_reach(scope).pods).collect();
            reached.pods.difference(&allowed).cloned().collect()
        } else {
            self.fail(format!("`{}` holds, as {}", name.id, roles.join(", ")));
            return;
        };
        let wrong: Vec<&str> = reached.pods.intersection(&forbidden).map(|pod| pod.name.as_str()).collect();
        if !wrong.is_empty() {
            let what = format!("`{}` holds, as {}, for {}", name.id, roles.join(", "), wrong.join(" "));
            self.fail(what);
        }
    }

    /// Checks the notes that are about the report.
    fn notes(&mut self, notes: &str) {
        let first = self.diagnosis.roots.first();
        if notes.contains("flapping=true")
            && let Some(root) = first
            && !self.findings(&root.pattern).iter().any(|finding| finding.flapping)
        {
            self.fail(format!("`{}` does not flap", root.pattern));
        }
        if notes.contains("severity capped to warning") && first.is_some_and(|root| root.severity > Severity::Warning) {
            self.fail("the severity is above a warning".to_owned());
        }
        if let Some((_, rest)) = notes.split_once("count = sum(itemCount) = ") {
            let wanted = numbers(rest).first().copied();
            let counted = first
                .and_then(|root| self.findings(&root.pattern).first().copied())
                .and_then(|finding| finding.evidence.iter().find_map(|evidence| evidence.value));
            if counted.is_none() || counted > wanted {
                self.fail(format!("the count is {counted:?}, not {wanted:?}"));
            }
        }
    }
}
