//! A small version of the measurement, and tests of the measurement itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use amp_rules_core::diagnosis::{Grade, Status};
use amp_rules_core::telemetry::schema::Path as SchemaPath;
use amp_rules_core::time::{TICKS_PER_SECOND, Window};

use crate::cluster::{Pack, pods, read, table};
use crate::degradation::{Degradation, KINDS, instant, text};
use crate::page::{TEMPLATE, page};
use crate::run::{Runs, run};
use crate::score::{Verdict, compare};

/// A case of the pack that describes a whole cluster.
const CASE: &str = "amcs-config-missing: all containers restart every 18 min, and the probe answers only after 5 min";

fn pack() -> Pack {
    let pack = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"), |name| name == CASE);
    assert_eq!(pack.clusters.len(), 1, "the pack has no case {CASE:?}");
    pack
}

/// A verdict with roots, their effects, and other patterns that hold.
fn verdict(status: Status, roots: &[(&str, Grade, &[&str])], others: &[&str]) -> Verdict {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<String>>();
    let mut holds: BTreeMap<String, &'static str> =
        others.iter().map(|pattern| ((*pattern).to_owned(), "consequence")).collect();
    holds.extend(roots.iter().map(|(root, ..)| ((*root).to_owned(), "root")));
    Verdict {
        status,
        roots: roots.iter().map(|(root, grade, _)| ((*root).to_owned(), *grade)).collect(),
        effects: roots.iter().map(|(root, _, effects)| ((*root).to_owned(), owned(effects))).collect(),
        holds,
        unknown: BTreeSet::new(),
    }
}

fn full() -> Verdict {
    verdict(Status::Diagnosed, &[("cause", Grade::Confirmed, &["effect", "loss"])], &["effect", "loss"])
}

#[test]
fn the_same_diagnosis_keeps_the_root_and_violates_nothing() {
    let outcome = compare(&full(), &full());
    assert!(outcome.kept && !outcome.is_violation() && !outcome.honest, "{outcome:?}");
    let provisional = verdict(Status::Diagnosed, &[("cause", Grade::Provisional, &["effect"])], &["effect"]);
    assert!(compare(&full(), &provisional).kept, "a lower grade keeps the root");
}

#[test]
fn a_confirmed_root_that_is_none_in_the_full_data_is_wrong() {
    for other in ["effect", "elsewhere"] {
        let degraded = verdict(Status::Diagnosed, &[(other, Grade::Confirmed, &[])], &[]);
        let outcome = compare(&full(), &degraded);
        assert_eq!(outcome.wrong_confirmed.len(), 1, "{outcome:?}");
        assert!(outcome.is_violation() && !outcome.honest);
    }
    let open = verdict(Status::DiagnosedPartial, &[("effect", Grade::Open, &[])], &[]);
    let outcome = compare(&full(), &open);
    assert!(!outcome.is_violation() && outcome.honest, "{outcome:?}");
}

#[test]
fn a_root_that_holds_is_not_below_its_effect() {
    let effect_only = verdict(Status::DiagnosedPartial, &[("effect", Grade::Open, &[])], &["cause"]);
    assert_eq!(compare(&full(), &effect_only).below_effect, ["`cause` below `effect`"]);
    let effect_first = [("effect", Grade::Open, [].as_slice()), ("cause", Grade::Confirmed, &["loss"])];
    assert_eq!(compare(&full(), &verdict(Status::Diagnosed, &effect_first, &[])).below_effect.len(), 1);
    let cause_first = [("cause", Grade::Confirmed, ["loss"].as_slice()), ("effect", Grade::Open, &[])];
    let outcome = compare(&full(), &verdict(Status::Diagnosed, &cause_first, &[]));
    assert_eq!((outcome.below_effect.len(), outcome.beside_root.len()), (0, 1));
    assert!(outcome.kept && !outcome.is_violation());
}

#[test]
fn a_status_that_denies_the_problem_is_false() {
    for status in [Status::Healthy, Status::NoKnownProblem, Status::NoiseOnly, Status::Recovered] {
        assert!(compare(&full(), &verdict(status, &[], &[])).false_healthy, "{status:?}");
    }
    let outcome = compare(&full(), &verdict(Status::InsufficientData, &[], &[]));
    assert!(!outcome.is_violation() && outcome.honest, "{outcome:?}");
    let silent = verdict(Status::Diagnosed, &[("elsewhere", Grade::Provisional, &[])], &[]);
    let outcome = compare(&full(), &silent);
    assert!(!outcome.kept && !outcome.honest && !outcome.is_violation(), "{outcome:?}");
    let listed = Verdict { unknown: BTreeSet::from(["cause".to_owned()]), ..silent };
    assert!(compare(&full(), &listed).honest);
}

#[test]
fn each_degradation_changes_only_what_it_names() {
    let pack = pack();
    let (cluster, rules) = (&pack.clusters[0], &pack.rules);
    let tables = ["traces", "customMetrics"];
    let count = |cluster: &crate::cluster::Cluster| tables.map(|name| cluster.rows.get(name).map_or(0, Vec::len));
    let [lines, samples] = count(cluster);
    assert!(lines > 100 && samples > 100);
    let at = |minute: i64| cluster.scope.window.from.saturating_add_ticks(minute * 60 * TICKS_PER_SECOND);
    let range = Window::new(at(60), at(90));
    let traces = || "traces".to_owned();
    let time = &table(rules, "traces").time;

    let cut = Degradation::Range { range, declared: false }.apply(cluster, rules);
    let within = |row: &&serde_json::Map<String, serde_json::Value>| {
        instant(row, time).is_some_and(|at| range.from <= at && at < range.to)
    };
    assert_eq!(cut.rows["traces"].len(), lines - cluster.rows["traces"].iter().filter(within).count());
    assert!(cut.rows["traces"].len() < lines && cut.declarations == cluster.declarations);
    let declared = Degradation::Range { range, declared: true }.apply(cluster, rules);
    assert!(declared.rows == cut.rows && declared.declarations != cluster.declarations);

    let [fewer, _] = count(&Degradation::Share { percent: 30, seed: 1 }.apply(cluster, rules));
    assert!((lines * 6 / 10..lines * 8 / 10).contains(&fewer), "{fewer} of {lines}");

    let shifted = Degradation::Clock { table: traces(), minutes: -10 }.apply(cluster, rules);
    let first = |cluster: &crate::cluster::Cluster| instant(&cluster.rows["traces"][0], time).unwrap();
    assert_eq!(first(&shifted), first(cluster).saturating_add_ticks(-600 * TICKS_PER_SECOND));

    let path = SchemaPath::of("customDimensions", "podname");
    let renamed = Degradation::Column { table: traces(), path: path.clone() }.apply(cluster, rules);
    assert!(renamed.rows["traces"].iter().all(|row| text(row, &path).is_none()));
    assert_eq!(renamed.rows["customMetrics"], cluster.rows["customMetrics"]);

    let metric = "otelcollector_cpu_usage_095".to_owned();
    let name = SchemaPath::dotted("name");
    let named = |cluster: &crate::cluster::Cluster| {
        cluster.rows["customMetrics"].iter().filter(|row| text(row, &name) == Some(&metric)).count()
    };
    let other = Degradation::Metric { table: "customMetrics".to_owned(), metric: metric.clone() }.apply(cluster, rules);
    assert!(named(cluster) > 0 && named(&other) == 0);
    assert_eq!(count(&other), count(cluster));

    let pod = pods(&cluster.rows, &rules.schema).into_iter().next().unwrap();
    let gone = Degradation::Pod { pod: pod.clone(), from: at(0) }.apply(cluster, rules);
    assert!(!pods(&gone.rows, &rules.schema).contains(&pod));
    assert_eq!(pods(&gone.rows, &rules.schema).len(), pods(&cluster.rows, &rules.schema).len() - 1);

    for missing in [Degradation::TableMissing { table: traces() }, Degradation::TableRenamed { table: traces() }] {
        let out = missing.apply(cluster, rules);
        assert!(!out.rows.contains_key("traces") && out.missing.len() == 1);
    }
    assert_eq!(Degradation::TableEmpty { table: traces() }.apply(cluster, rules).rows["traces"].len(), 0);
}

#[test]
fn a_small_version_confirms_nothing_wrong_and_is_deterministic() {
    let pack = pack();
    let runs = run(&pack, (2, 2));
    assert_eq!((runs.incidents, runs.cases), (0, 1));
    let kinds: BTreeSet<usize> = runs.runs.iter().map(|run| run.degradation.kind()).collect();
    assert_eq!(kinds.len(), KINDS.len(), "every kind is applied");
    assert!(runs.runs.iter().filter(|run| run.outcome.kept).count() * 2 > runs.runs.len(), "most degradations keep it");
    for run in &runs.runs {
        assert_eq!(run.outcome.wrong_confirmed, Vec::<String>::new(), "{}: {}", run.degradation, run.verdict.text());
    }
    assert_eq!(page(&runs), page(&crate::run::run(&pack, (2, 2))));
}

/// `just degrade` generates `docs/degrade.md`; its prose is that of the template.
#[test]
fn committed_page_contains_the_prose_of_the_template() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/degrade.md");
    let written = std::fs::read_to_string(path).unwrap();
    let mut rest = written.as_str();
    for piece in TEMPLATE.split("{{").map(|piece| piece.split_once("}}").map_or(piece, |(_, prose)| prose)) {
        let at =
            rest.find(piece).unwrap_or_else(|| panic!("run `just degrade` to regenerate the page; it lacks {piece:?}"));
        rest = &rest[at + piece.len()..];
    }
}

#[test]
fn a_page_without_violations_names_none() {
    assert!(page(&Runs::default()).contains("## Violations of the goals\n\nNone.\n"));
}
