//! Laws of the causal graph: roots are what nothing else explains, every instance has one role, grades mean what they say.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::{Finding, Grade, Role, Root};
use amp_rules_core::explain::Verdict;
use amp_rules_core::rules::model::{Class, Strength};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pack::{KINDS, push, spoken};
use crate::speech::{all_say, ring};
use crate::stage::{Stage, word};
use crate::verdicts::{Instance, pattern as pattern_of, roles, roots, truths, unknown};
use crate::world::{World, cases, numbers, worlds};

/// The findings of each pattern.
fn by_pattern(diagnosis: &Diagnosis) -> BTreeMap<&str, Vec<&Finding>> {
    let mut all: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &diagnosis.findings {
        all.entry(&finding.pattern).or_default().push(finding);
    }
    all
}

/// Whether every pattern holds of one entity at most, so that a chain of patterns is a chain of instances.
fn is_single(diagnosis: &Diagnosis) -> bool {
    by_pattern(diagnosis)
        .values()
        .all(|findings| findings.iter().map(|finding| finding.entities.len()).sum::<usize>() <= 1)
}

/// The patterns that a root explains, what was only inferred left out.
fn reach(root: &Root) -> BTreeSet<&str> {
    root.chain
        .iter()
        .filter(|link| !link.inferred)
        .map(|link| link.pattern.as_str())
        .chain(root.explains.iter().map(String::as_str))
        .collect()
}

/// A world without feedback and sole amplifiers, and with a tolerance of its own.
fn acyclic(world: &World, tolerance: &str) -> World {
    let mut world = world.clone();
    world.pack.defaults["tolerance"] = json!(tolerance);
    world.pack.each(|pattern| {
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
    world
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn p6_unknown_is_never_a_root_a_consequence_or_noise(world in worlds()) {
        let rules = world.rules();
        let seen = world.seen(&rules, &world.source());
        let diagnosis = amp_rules_core::evaluate(&rules, &seen);
        let told = roles(&diagnosis);
        for (instance, verdict) in truths(&rules, &seen) {
            prop_assert_eq!(told.contains_key(&instance), verdict == Verdict::True, "{:?} is {:?}", instance, verdict);
        }
        for instance in unknown(&diagnosis) {
            prop_assert!(!told.contains_key(&instance), "{:?} is unknown and has a role", instance);
        }
    }

    /// Of a root that is part of a loop, the other members of that loop may lead to it.
    #[test]
    fn p11_no_root_reaches_another_and_every_true_instance_has_one_role(world in worlds()) {
        let diagnosis = world.diagnosis();
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

    /// Together the roots reach everything that is a consequence; each of them is needed. Judged where every pattern holds
    /// of one entity only, so that chains of patterns say it all.
    #[test]
    fn p12_removing_a_root_leaves_something_uncovered(drawn in numbers()) {
        let stage = Stage::new(&drawn.0, &drawn.1[..8.min(drawn.1.len())]);
        let diagnosis = stage.world.diagnosis();
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

    /// The cause is new, has no cause of its own, and holds throughout the window for everyone, so that no order of time
    /// speaks against it.
    #[test]
    fn p13_making_a_modelled_cause_true_demotes_the_root(drawn in numbers()) {
        let mut stage = Stage::new(&drawn.0, &drawn.1);
        let before = stage.world.diagnosis();
        prop_assume!(!before.roots.is_empty());
        let (pattern, entity) = roots(&before).pop_first().unwrap();
        let scope = pattern_of(&stage.world.pack, &pattern)["scope"].as_str().unwrap().to_owned();
        let mut cause = spoken("z", "cause", &scope, &word("z"));
        push(&mut cause, "causes", json!({ "pattern": pattern, "strength": "possible" }));
        stage.world.pack.patterns.push(cause);
        prop_assert!(roots(&stage.world.diagnosis()).contains(&(pattern.clone(), entity.clone())), "a cause that is not so must demote nothing");
        all_say(&mut stage, &word("z"));
        let after = stage.world.diagnosis();
        let role = roles(&after).get(&(pattern.clone(), entity.clone())).map(|(role, _)| *role);
        prop_assert!(matches!(role, Some(Role::Consequence | Role::Contributing)), "{} at {} is {:?}", pattern, entity, role);
        prop_assert!(after.roots.iter().any(|root| root.pattern == "z"));
    }

    /// The loop runs over three patterns of one pod; an edge is added between two of them, in either direction.
    #[test]
    fn p14_edges_inside_a_loop_do_not_move_roots(drawn in numbers(), from in 0_usize..3, step in 1_usize..3, strength in prop::sample::select(vec!["sure", "likely", "possible"])) {
        let stage = ring(&drawn.0, &drawn.1);
        let before = stage.world.diagnosis();
        let whole = |root: &Root| ["p0", "p1", "p2"].iter().all(|name| root.in_loop.iter().any(|member| member == name));
        prop_assume!(before.roots.iter().any(whole));
        let to = (from + step) % 3;
        let mut more = stage.world.clone();
        let edges = more.pack.patterns[from]["causes"].as_array().unwrap();
        prop_assume!(edges.iter().all(|edge| edge["pattern"] != json!(format!("p{to}"))));
        push(&mut more.pack.patterns[from], "causes", json!({ "pattern": format!("p{to}"), "strength": strength, "feedback": true }));
        prop_assert_eq!(roots(&more.diagnosis()), roots(&before));
    }

    /// Without loops: an edge that closes a loop can turn one root into the several entries of that loop, which is still
    /// one root component. Without sole amplifiers: two of them explain one effect, and are two roots in its place.
    #[test]
    fn p21_more_tolerance_never_gives_more_roots(drawn in numbers(), steps in prop::sample::subsequence(vec!["0s", "2m", "10m", "40m", "2h"], 2)) {
        let world = Stage::new(&drawn.0, &drawn.1).world;
        let many = |tolerance: &str| roots(&acyclic(&world, tolerance).diagnosis());
        let (strict, lax) = (many(steps[0]), many(steps[1]));
        prop_assert!(lax.len() <= strict.len(), "{} gives {:?}, {} gives {:?}", steps[0], strict, steps[1], lax);
    }

    /// A modelled cause that holds as noise, or that is part of the root's own loop, lies behind nothing.
    #[test]
    fn p22_confirmed_means_every_observable_cause_is_false_and_open_means_no_cause(world in worlds()) {
        let rules = world.rules();
        let diagnosis = world.diagnosis_by(&rules);
        let told = roles(&diagnosis);
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
                for (instance, (role, _)) in told.iter().filter(|(instance, _)| joined(instance)) {
                    let inside = root.in_loop.contains(&instance.0);
                    prop_assert!(*role == Role::Noise || inside, "{} is confirmed though {:?} is {:?}", root.pattern, instance, role);
                }
            }
        }
    }

    #[test]
    fn p23_a_roots_first_step_precedes_every_verification(world in worlds()) {
        let diagnosis = world.diagnosis();
        let first_check = diagnosis.remedy.iter().position(|step| step.verifies).unwrap_or(usize::MAX);
        for root in diagnosis.roots.iter().filter(|root| root.role == Role::Root) {
            let steps = pattern_of(&world.pack, &root.pattern)["remedy"].as_array().unwrap();
            let first = steps.iter().find(|step| step.get("do").is_some()).unwrap()["id"].as_str().unwrap();
            let place = diagnosis.remedy.iter().position(|step| step.id == first);
            prop_assert!(place.is_some_and(|place| place < first_check), "{} of {} stands at {:?}, the first check at {}", first, root.pattern, place, first_check);
        }
    }

    /// Read from the chains: what is inferred is known false for nobody that it could stand for, and without max_hidden_hops there
    /// is nothing inferred; with one, no two inferred patterns follow each other. That longer paths keep the limit is held
    /// against the reference evaluator.
    #[test]
    fn p24_no_path_passes_a_false_pattern_or_too_many_bridges(world in worlds()) {
        let rules = world.rules();
        let seen = world.seen(&rules, &world.source());
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

/// The order of kinds that entity scopes refine in is what the pack says; the laws above lean on it.
#[test]
fn generated_packs_know_three_kinds_and_three_strengths() {
    let world = World::new(&[], &[]);
    let rules = world.rules();
    assert!(KINDS.iter().all(|kind| rules.schema.entity(kind).is_some()));
    assert!(Strength::Possible < Strength::Likely && Strength::Likely < Strength::Sure);
}
