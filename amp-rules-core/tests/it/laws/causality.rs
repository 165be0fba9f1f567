//! Laws of the causal graph: roots are unexplained, every true instance has one role, and grades keep their definition.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::{ActivityState, Finding, Grade, Role, Root};
use amp_rules_core::explain::Verdict;
use amp_rules_core::rules::model::{Class, Strength};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::verdicts::{Instance, pattern as pattern_of, roles, roots, truths, unknown};
use crate::generate::line_changes::{log_everywhere, ring};
use crate::generate::line_scenario::{LineScenario, text_of};
use crate::generate::pack::{KINDS, log_pattern, push};
use crate::generate::scenario::{Scenario, cases, numbers, scenarios};

/// The findings of each pattern.
fn by_pattern(diagnosis: &Diagnosis) -> BTreeMap<&str, Vec<&Finding>> {
    let mut all: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &diagnosis.findings {
        all.entry(&finding.pattern).or_default().push(finding);
    }
    all
}

/// Whether every pattern is true for at most one entity, so that a chain of patterns is a chain of instances.
fn is_single(diagnosis: &Diagnosis) -> bool {
    by_pattern(diagnosis)
        .values()
        .all(|findings| findings.iter().map(|finding| finding.entities.len()).sum::<usize>() <= 1)
}

/// The instances that something explained in one diagnosis, and that are roots of another.
fn effects_that_became_roots(before: &Diagnosis, after: &Diagnosis) -> Vec<Instance> {
    let before = roles(before);
    let explained = |one: &Instance| before.get(one).is_some_and(|(role, _)| *role == Role::Consequence);
    roots(after).into_iter().filter(explained).collect()
}

/// The patterns that a root explains, without inferred ones.
fn reach(root: &Root) -> BTreeSet<&str> {
    root.chain
        .iter()
        .filter(|link| !link.inferred)
        .map(|link| link.pattern.as_str())
        .chain(root.explains.iter().map(String::as_str))
        .collect()
}

/// Whether a finding is part of what lasts.
fn is_active_member(finding: &Finding) -> bool {
    let is_member = matches!(finding.role, Role::Root | Role::Independent | Role::Consequence | Role::Contributing);
    is_member && finding.activity.state == ActivityState::Active
}

/// A scenario without feedback edges and sole amplifiers, and with one tolerance.
fn acyclic(scenario: &Scenario, tolerance: &str) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.pack.defaults["tolerance"] = json!(tolerance);
    scenario.pack.each(|pattern| {
        for key in ["causes", "amplifies"] {
            if let Some(edges) = pattern.get_mut(key).and_then(Value::as_array_mut) {
                edges.retain(|edge| edge.get("feedback").is_none());
                edges.iter_mut().for_each(|edge| {
                    edge.as_object_mut().unwrap().remove("tolerance");
                    edge.as_object_mut().unwrap().remove("may_be_sole");
                });
                if edges.is_empty() {
                    pattern.remove(key);
                }
            }
        }
    });
    scenario
}

proptest! {
    #![proptest_config(cases())]

    /// P6: An unknown instance is never a root, a consequence or noise.
    #[test]
    fn p6_unknown_is_never_a_root_a_consequence_or_noise(scenario in scenarios()) {
        let rules = scenario.rules();
        let seen = scenario.observe(&rules, &scenario.source());
        let diagnosis = amp_rules_core::evaluate(&rules, &seen);
        let roles = roles(&diagnosis);
        for (instance, verdict) in truths(&rules, &seen) {
            prop_assert_eq!(roles.contains_key(&instance), verdict == Verdict::True, "{:?} is {:?}", instance, verdict);
        }
        for instance in unknown(&diagnosis) {
            prop_assert!(!roles.contains_key(&instance), "{:?} is unknown and has a role", instance);
        }
    }

    /// P11: No root reaches another root, and every true instance has exactly one role.
    ///
    /// A root in a loop may be reached from other members of that loop.
    #[test]
    fn p11_no_root_reaches_another_and_every_true_instance_has_one_role(scenario in scenarios()) {
        let diagnosis = scenario.diagnosis();
        let mut seen: BTreeSet<Instance> = BTreeSet::new();
        for finding in &diagnosis.findings {
            for entity in &finding.entities {
                prop_assert!(seen.insert((finding.pattern.clone(), entity.clone())), "{} has two roles at {}", finding.pattern, entity);
            }
            if matches!(finding.role, Role::Root | Role::Independent) {
                let own: BTreeSet<&str> = diagnosis.roots.iter().filter(|root| root.pattern == finding.pattern).flat_map(|root| root.in_loop.iter().map(String::as_str)).collect();
                let outside: Vec<&String> = finding.explained_by.iter().filter(|by| !own.contains(by.as_str())).collect();
                prop_assert!(outside.is_empty(), "root {} is explained by {:?}", finding.pattern, outside);
            }
        }
        if is_single(&diagnosis) {
            for root in &diagnosis.roots {
                let others = diagnosis.roots.iter().filter(|other| other.pattern != root.pattern && !root.in_loop.contains(&other.pattern));
                for other in others {
                    prop_assert!(!reach(root).contains(other.pattern.as_str()), "root {} reaches root {}", root.pattern, other.pattern);
                }
            }
        }
    }

    /// Rank: roots come before independent problems, then what is active before what is over, then those that explain a
    /// reported complaint, then the better grade; where grades tie, the root that explains more patterns comes first.
    ///
    /// A root that is over ranks behind every active one, whatever its grade, because it cannot be fixed any more.
    #[test]
    fn where_grades_tie_the_root_that_explains_more_comes_first(scenario in scenarios()) {
        let diagnosis = scenario.diagnosis();
        let reported: Vec<&str> = scenario.scope.reports.iter().map(|report| report.pattern.as_str()).collect();
        let key = |root: &Root| {
            let mut reached = reach(root);
            reached.remove(root.pattern.as_str());
            let explains = reached.iter().any(|pattern| reported.contains(pattern));
            let is_over = root.activity.state != ActivityState::Active;
            (root.role, is_over, std::cmp::Reverse(explains), root.grade, std::cmp::Reverse(reached.len()))
        };
        for pair in diagnosis.roots.windows(2) {
            prop_assert!(key(&pair[0]) <= key(&pair[1]), "{:?} before {:?}", key(&pair[0]), key(&pair[1]));
        }
        for root in &diagnosis.roots {
            for other in diagnosis.roots.iter().filter(|other| root.ties_with.contains(&other.pattern) && other.grade == root.grade) {
                prop_assert!(other.ties_with.contains(&root.pattern), "{} ties with {}", root.pattern, other.pattern);
                prop_assert_eq!((key(root), root.onset, root.severity), (key(other), other.onset, other.severity));
            }
        }
    }

    /// P12: The roots together reach every consequence, and removing a root leaves something uncovered.
    ///
    /// Tested where every pattern is true for one entity only, so that chains of patterns are chains of instances.
    #[test]
    fn p12_removing_a_root_leaves_something_uncovered(drawn in numbers()) {
        let lines = LineScenario::new(&drawn.0, &drawn.1[..8.min(drawn.1.len())]);
        let diagnosis = lines.scenario.diagnosis();
        prop_assume!(is_single(&diagnosis) && !diagnosis.roots.is_empty());
        let cover = |left_out: Option<&Root>| -> BTreeSet<&str> {
            let kept = diagnosis.roots.iter().filter(|root| left_out.is_none_or(|out| out.pattern != root.pattern && !out.in_loop.contains(&root.pattern)));
            kept.flat_map(|root| reach(root).into_iter().chain([root.pattern.as_str()])).collect()
        };
        let all = cover(None);
        for finding in diagnosis.findings.iter().filter(|finding| matches!(finding.role, Role::Root | Role::Independent | Role::Consequence)) {
            prop_assert!(all.contains(finding.pattern.as_str()), "no root reaches {}", finding.pattern);
        }
        for root in &diagnosis.roots {
            prop_assert!(!cover(Some(root)).contains(root.pattern.as_str()), "{} is covered without itself", root.pattern);
        }
    }

    /// P13: Making a modelled cause of a root true turns the root into a consequence.
    ///
    /// The cause is added, has no cause of its own, and is true for all entities over the whole window, so that the times
    /// allow it.
    #[test]
    fn p13_making_a_modelled_cause_true_demotes_the_root(drawn in numbers()) {
        let mut lines = LineScenario::new(&drawn.0, &drawn.1);
        let before = lines.scenario.diagnosis();
        prop_assume!(!before.roots.is_empty());
        let (pattern, entity) = roots(&before).pop_first().unwrap();
        let scope = pattern_of(&lines.scenario.pack, &pattern)["scope"].as_str().unwrap().to_owned();
        let mut cause = log_pattern("z", "cause", &scope, &text_of("z"));
        push(&mut cause, "causes", json!({ "pattern": pattern, "strength": "possible" }));
        lines.scenario.pack.patterns.push(cause);
        prop_assert!(roots(&lines.scenario.diagnosis()).contains(&(pattern.clone(), entity.clone())), "a cause that is false must not demote a root");
        log_everywhere(&mut lines, &text_of("z"));
        let after = lines.scenario.diagnosis();
        let role = roles(&after).get(&(pattern.clone(), entity.clone())).map(|(role, _)| *role);
        prop_assert!(matches!(role, Some(Role::Consequence | Role::Contributing)), "{} at {} is {:?}", pattern, entity, role);
        prop_assert!(after.roots.iter().any(|root| root.pattern == "z"));
    }

    /// P14: Edges inside a loop do not change the roots.
    ///
    /// The loop has three patterns of one pod. An edge is added between two of them, in either direction.
    #[test]
    fn p14_edges_inside_a_loop_do_not_move_roots(drawn in numbers(), from in 0_usize..3, step in 1_usize..3, strength in prop::sample::select(vec!["sure", "likely", "possible"])) {
        let lines = ring(&drawn.0, &drawn.1);
        let before = lines.scenario.diagnosis();
        let is_whole_loop = |root: &Root| ["p0", "p1", "p2"].iter().all(|name| root.in_loop.iter().any(|member| member == name));
        prop_assume!(before.roots.iter().any(is_whole_loop));
        let to = (from + step) % 3;
        let mut more = lines.scenario.clone();
        let edges = more.pack.patterns[from]["causes"].as_array().unwrap();
        prop_assume!(edges.iter().all(|edge| edge["pattern"] != json!(format!("p{to}"))));
        push(&mut more.pack.patterns[from], "causes", json!({ "pattern": format!("p{to}"), "strength": strength, "feedback": true }));
        prop_assert_eq!(roots(&more.diagnosis()), roots(&before));
    }

    /// P21: A greater tolerance never makes a root of what a cause explained, whether that lasts or is over. Roots may be
    /// replaced by causes that are over.
    ///
    /// Tested without loops, because an edge that closes a loop can turn one root into several entries of that loop; and
    /// without sole amplifiers, because two of them can explain one effect and become two roots in its place.
    #[test]
    fn p21_more_tolerance_never_makes_a_root_of_an_effect(drawn in numbers(), steps in prop::sample::subsequence(vec!["0s", "2m", "10m", "40m", "2h"], 2)) {
        let scenario = LineScenario::new(&drawn.0, &drawn.1).scenario;
        let diagnosis = |tolerance: &str| acyclic(&scenario, tolerance).diagnosis();
        let made = effects_that_became_roots(&diagnosis(steps[0]), &diagnosis(steps[1]));
        prop_assert!(made.is_empty(), "{:?} from {} to {}", made, steps[0], steps[1]);
    }

    /// P26: A greater `detection_delay` never makes a root of what a cause explained, whether that lasts or is over.
    #[test]
    fn p26_more_delay_never_makes_a_root_of_an_effect(drawn in numbers(), steps in prop::sample::subsequence(vec!["0s", "2m", "15m", "40m", "2h"], 2)) {
        let scenario = LineScenario::new(&drawn.0, &drawn.1).scenario;
        let diagnosis = |delay: &str| {
            let mut scenario = acyclic(&scenario, "2m");
            scenario.pack.each(|pattern| {
                let symptoms = pattern.get_mut("symptoms").filter(|_| delay != "0s");
                if let Some(line) = symptoms.and_then(|symptoms| symptoms.get_mut("line")) {
                    line["detection_delay"] = json!(delay);
                }
            });
            scenario.diagnosis()
        };
        let made = effects_that_became_roots(&diagnosis(steps[0]), &diagnosis(steps[1]));
        prop_assert!(made.is_empty(), "{:?} from {} to {}", made, steps[0], steps[1]);
    }

    /// P22: A root is confirmed only if every observable modelled cause of it is false; it is open exactly if it is no cause.
    ///
    /// A modelled cause that is noise, or that is part of the root's own loop, does not count.
    #[test]
    fn p22_confirmed_means_every_observable_cause_is_false_and_open_means_no_cause(scenario in scenarios()) {
        let rules = scenario.rules();
        let diagnosis = scenario.diagnosis_by(&rules);
        let roles = roles(&diagnosis);
        let open = unknown(&diagnosis);
        for root in &diagnosis.roots {
            let index = rules.pattern_index(&root.pattern).unwrap();
            let class = rules.patterns[index].pattern.class;
            prop_assert_eq!(root.grade == Grade::Open, class != Class::Cause, "{} is {:?}", root.pattern, root.grade);
            if root.grade != Grade::Confirmed {
                continue;
            }
            for edge in rules.edges.iter().filter(|edge| edge.to == index && edge.from != index) {
                let cause = rules.pattern_id(edge.from);
                let joined = |(pattern, at): &Instance| {
                    let reach = edge.edge.reach;
                    let fits = |entity| match reach {
                        amp_rules_core::rules::model::Reach::Contains => at.is_compatible(entity),
                        amp_rules_core::rules::model::Reach::Same => at == entity,
                        amp_rules_core::rules::model::Reach::Cluster => true,
                    };
                    pattern == cause && root.entities.iter().any(fits)
                };
                prop_assert!(!open.iter().any(joined), "{} is confirmed though {} is unknown", root.pattern, cause);
                for (instance, (role, _)) in roles.iter().filter(|(instance, _)| joined(instance)) {
                    let inside = root.in_loop.contains(&instance.0);
                    prop_assert!(*role == Role::Noise || inside, "{} is confirmed though {:?} is {:?}", root.pattern, instance, role);
                }
            }
        }
    }

    /// P23: The first step of a root precedes every verification step. A root that is over has its own steps as
    /// verification; the first step is that of its first active effect.
    #[test]
    fn p23_a_roots_first_step_precedes_every_verification(scenario in scenarios()) {
        let diagnosis = scenario.diagnosis();
        let first_check = diagnosis.remedy.iter().position(|step| step.verifies).unwrap_or(usize::MAX);
        let active: BTreeSet<&str> = diagnosis.findings.iter().filter(|finding| is_active_member(finding)).map(|finding| finding.pattern.as_str()).collect();
        for root in diagnosis.roots.iter().filter(|root| root.role == Role::Root) {
            let first = if active.contains(root.pattern.as_str()) {
                Some(root.pattern.as_str())
            } else {
                let own = diagnosis.remedy.iter().filter(|step| step.pattern == root.pattern);
                prop_assert!(own.clone().all(|step| step.verifies), "{} is over, and has {:?}", root.pattern, own.collect::<Vec<_>>());
                root.chain.iter().map(|link| link.pattern.as_str()).find(|pattern| active.contains(pattern))
            };
            let Some(first) = first else { continue };
            let steps = pattern_of(&scenario.pack, first)["remedy"].as_array().unwrap();
            let step = steps.iter().find(|step| step.get("do").is_some()).unwrap()["id"].as_str().unwrap();
            let place = diagnosis.remedy.iter().position(|other| other.id == step);
            prop_assert!(place.is_some_and(|place| place < first_check), "{} of {} stands at {:?}, the first check at {}", step, first, place, first_check);
        }
    }

    /// P24: No causal path passes a false pattern, or more hidden patterns than `max_hidden_hops`.
    ///
    /// Read from the chains: an inferred pattern is not false for all entities; with `max_hidden_hops: 0` nothing is
    /// inferred, and with 1 no two inferred patterns are adjacent. Longer paths are compared with the reference evaluator.
    #[test]
    fn p24_no_path_passes_a_false_pattern_or_too_many_hidden_ones(scenario in scenarios()) {
        let rules = scenario.rules();
        let seen = scenario.observe(&rules, &scenario.source());
        let diagnosis = amp_rules_core::evaluate(&rules, &seen);
        let truth = truths(&rules, &seen);
        let max_hidden_hops = rules.schema.defaults.max_hidden_hops;
        for root in &diagnosis.roots {
            let inferred: BTreeSet<&str> = root.chain.iter().filter(|link| link.inferred).map(|link| link.pattern.as_str()).collect();
            for link in root.chain.iter().filter(|link| link.inferred) {
                prop_assert!(max_hidden_hops > 0, "{} is inferred", link.pattern);
                prop_assert!(max_hidden_hops > 1 || link.from.iter().all(|from| !inferred.contains(from.as_str())), "{} follows another inferred pattern", link.pattern);
                let own: Vec<Verdict> = truth.iter().filter(|((pattern, _), _)| *pattern == link.pattern).map(|(_, verdict)| *verdict).collect();
                prop_assert!(own.is_empty() || own.contains(&Verdict::Unknown), "{} is inferred and {:?}", link.pattern, own);
            }
        }
    }
}

/// The laws above rely on these kinds and on this order of strengths.
#[test]
fn generated_packs_have_three_kinds_and_strengths_are_ordered() {
    let scenario = Scenario::new(&[], &[]);
    let rules = scenario.rules();
    assert!(KINDS.iter().all(|kind| rules.schema.entity(kind).is_some()));
    assert!(Strength::Possible < Strength::Likely && Strength::Likely < Strength::Sure);
}
