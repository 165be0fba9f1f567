//! Runs the engine: a model becomes a pack, rows become a source, and a diagnosis becomes an [`Answer`] to be scored.
//!
//! Input: models, incidents, losses. Output: the engine's answers. Everything takes the same path as user data: YAML
//! through `compile`, rows through a source, losses as a source declares them.

use std::collections::BTreeSet;

use amp_rules_core::diagnosis::Grade;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use amp_rules_core::time::TICKS_PER_SECOND;
use amp_rules_core::{Diagnosis, RuleFile, RuleSet, Scope, Time, Window, collect, compile, evaluate, plan};
use serde_json::{Map, Value, json};

use crate::incident::{DELAY, Incident, Part, Row};
use crate::losses::{Loss, Losses};
use crate::model::{Edge, Model, Pattern, Setting, Shape, TABLES};

/// The roots that were named for an incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// Everything listed as a root, best first, with its grade; only the engine's roots have one.
    pub(crate) ranked: Vec<(usize, Option<Grade>)>,
    /// The listed hypotheses: unobserved patterns that would explain the roots.
    pub(crate) hypotheses: Vec<usize>,
    /// The patterns that are reported to hold.
    pub(crate) holding: BTreeSet<usize>,
}

impl Answer {
    /// Returns the claimed roots, best first. An open root is not a claim, because its cause was not observed.
    pub(crate) fn claims(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranked.iter().filter(|(_, grade)| *grade != Some(Grade::Open)).map(|(root, _)| *root)
    }
}

/// How the engine is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Unmodified.
    Whole,
    /// With edges that any order of times satisfies.
    WithoutTimes,
    /// With all lost data replaced by the data of a healthy cluster, and no loss declared.
    UnknownAsFalse,
}

/// The compiled rules of a model.
#[derive(Debug)]
pub(crate) struct Engine {
    rules: RuleSet,
    rules_without_times: RuleSet,
}

impl Engine {
    /// Compiles the rules of a model.
    pub(crate) fn new(model: &Model) -> Self {
        let rules = |times: bool| match compile(&files(model, times)) {
            Ok(rules) => rules,
            Err(problems) => panic!("the generated pack does not compile: {problems:?}"),
        };
        Self { rules: rules(true), rules_without_times: rules(false) }
    }

    /// Returns the engine's answer for an incident with losses.
    pub(crate) fn answer(&self, incident: &Incident, losses: &Losses, mode: Mode) -> Answer {
        let (rules, source) = match mode {
            Mode::Whole => (&self.rules, source(incident, losses)),
            Mode::WithoutTimes => (&self.rules_without_times, source(incident, losses)),
            Mode::UnknownAsFalse => (&self.rules, healthy_source(incident, losses)),
        };
        answer(&diagnosis(rules, &source, incident.model.setting))
    }
}

fn now() -> Time {
    "2025-08-05T12:00:00Z".parse::<Time>().unwrap()
}

/// Returns the instant that is some seconds after the start of the window.
fn at(seconds: i64, setting: Setting) -> Time {
    now().saturating_add_ticks((seconds - setting.window) * TICKS_PER_SECOND)
}

fn diagnosis(rules: &RuleSet, source: &MemorySource, setting: Setting) -> Diagnosis {
    let scope = Scope::new(Window::new(at(0, setting), now())).with_subject("cluster", "one");
    let plan = plan(rules, &scope).unwrap();
    evaluate(rules, &futures::executor::block_on(collect(&plan, source)))
}

fn id(pattern: usize) -> String {
    format!("p{pattern:02}")
}

fn number(id: &str) -> usize {
    id[1..].parse().unwrap()
}

fn answer(diagnosis: &Diagnosis) -> Answer {
    Answer {
        ranked: diagnosis.roots.iter().map(|root| (number(&root.pattern), Some(root.grade))).collect(),
        hypotheses: diagnosis.hypotheses.iter().map(|one| number(&one.pattern)).collect(),
        holding: diagnosis.findings.iter().map(|finding| number(&finding.pattern)).collect(),
    }
}

/// Returns the rule files of a model. Without times, every edge allows any delay and the tolerance exceeds the window.
fn files(model: &Model, times: bool) -> Vec<RuleFile> {
    let mut files = vec![RuleFile::new("pack.yaml", pack(times, model.setting).to_string())];
    for (at, one) in model.patterns.iter().enumerate() {
        let edges: Vec<&Edge> = model.edges.iter().filter(|edge| edge.from == at).collect();
        let text = pattern(at, one, &edges, times, model.setting).to_string();
        files.push(RuleFile::new(format!("made-up/{}/pattern.yaml", id(at)), text));
    }
    files
}

fn pack(times: bool, setting: Setting) -> Value {
    let keys = json!({ "cluster": "cluster", "pod": "pod" });
    let of_logs: Vec<Value> = (0..14)
        .flat_map(|at| [0, 1].map(|symptom| component(at, symptom)))
        .map(|name| json!({ "name": name, "column": "tag", "equals": name }))
        .chain([json!({ "name": "other", "otherwise": true })])
        .collect();
    let mut metrics =
        Map::from_iter([("alive".to_owned(), json!({ "unit": "count", "type": "gauge", "every": "5m" }))]);
    for (at, symptom) in (0..14).flat_map(|at| [(at, 0), (at, 1)]) {
        metrics.insert(metric(at, symptom), json!({ "unit": "count", "type": "gauge", "every": "5m" }));
    }
    let mut pack = json!({
        "format": "amp-rules/v1", "pack": "made-up", "version": "0.1.0",
        "defaults": { "ingestion_delay": format!("{DELAY}s"), "tolerance": if times { "2m" } else { "2d" } },
        "entities": { "cluster": { "keys": ["cluster"] }, "pod": { "within": "cluster", "keys": ["pod"] } },
        "tables": {
            "logs": {
                "kind": "logs", "time": "at", "text": "message",
                "columns": { "at": "datetime", "message": "string", "tag": "string", "cluster": "string", "pod": "string" },
                "keys": keys, "heartbeat": { "every": "15m" }, "components": of_logs,
            },
            "metrics": {
                "kind": "metrics", "time": "at", "name": "name", "value": "value",
                "columns": { "at": "datetime", "name": "string", "value": "real", "cluster": "string", "pod": "string" },
                "keys": keys, "heartbeat": { "every": "5m", "metric": "alive" }, "metrics": metrics,
            },
            "events": {
                "kind": "events", "time": "at", "text": "reason",
                "columns": { "at": "datetime", "reason": "string", "cluster": "string", "pod": "string" },
                "keys": keys, "heartbeat": { "any_of": [ { "every": "5m", "table": "metrics", "metric": "alive" } ] },
            },
        },
    });
    if setting.restarts > 0.0 {
        pack["tables"]["logs"]["restart_marker"] = json!({ "regex": RESTARTED });
    }
    pack
}

/// The line of a container that starts.
const RESTARTED: &str = "the container starts";

fn component(pattern: usize, symptom: usize) -> String {
    format!("component-{pattern}-{symptom}")
}

fn metric(pattern: usize, symptom: usize) -> String {
    format!("metric_{pattern}_{symptom}")
}

fn reason(pattern: usize, symptom: usize) -> String {
    format!("Reason-{pattern}-{symptom}")
}

fn pattern(at: usize, one: &Pattern, edges: &[&Edge], times: bool, setting: Setting) -> Value {
    let mut out = json!({
        "format": "amp-rules/v1", "id": id(at), "title": format!("Pattern {at}"), "class": one.class.as_str(), "severity": "error",
        "scope": if one.per_pod { "pod" } else { "cluster" },
    });
    let map = out.as_object_mut().unwrap();
    let names = ["first", "second"];
    if one.shape != Shape::Hidden {
        let symptom = |(number, table): (usize, &usize)| {
            let mut what = match TABLES[*table] {
                "logs" => {
                    let line = format!("{} has failed", component(at, number));
                    json!({ "log": { "table": "logs", "component": component(at, number), "contains": line }, "per": "pod", "lasts": "10m" })
                }
                "metrics" => {
                    let steps = json!([{ "max": "value", "every": "5m" }]);
                    json!({ "metric": metric(at, number), "steps": steps, "per": "pod", "above": 10 })
                }
                _ => {
                    json!({ "event": { "table": "events", "where": { "reason": reason(at, number) } }, "per": "pod", "lasts": "10m" })
                }
            };
            if setting.late > 0 && TABLES[*table] != "metrics" {
                what["detection_delay"] = json!(format!("{}s", setting.late));
            }
            if setting.restarts > 0.0 && TABLES[*table] == "logs" {
                what["lasts"] = json!("until_restart");
            }
            (names[number].to_owned(), what)
        };
        let symptoms: Map<String, Value> = one.symptoms.iter().enumerate().map(symptom).collect();
        let parts: Vec<&String> = symptoms.keys().collect();
        let when = if one.shape == Shape::All { json!({ "all": parts }) } else { json!({ "any": parts }) };
        map.insert("symptoms".to_owned(), Value::Object(symptoms));
        map.insert("when".to_owned(), when);
    }
    let causes: Vec<Value> = edges
        .iter()
        .map(|edge| {
            let mut out = json!({ "pattern": id(edge.to), "strength": edge.strength.0 });
            if times && edge.lag_known {
                out["lag"] = json!(format!("{}m..{}m", edge.lag.0, edge.lag.1));
            }
            out
        })
        .collect();
    if !causes.is_empty() {
        map.insert("causes".to_owned(), Value::Array(causes));
    }
    out
}

/// Returns a row as a source contains it; with `healthy`, the row it would be without its symptom.
fn json_row(row: &Row, healthy: bool, setting: Setting) -> Option<Value> {
    let mut out = json!({ "at": at(row.at, setting).to_string(), "cluster": "one", "pod": format!("pod-{}", row.pod) });
    let (shows, table) = (matches!(row.part, Part::Symptom(_, _, true)) && !healthy, TABLES[row.table]);
    match (table, row.part) {
        ("logs", Part::Symptom(pattern, symptom, _)) if shows => {
            out["tag"] = json!(component(pattern, symptom));
            out["message"] = json!(format!("{} has failed", component(pattern, symptom)));
        }
        ("logs", Part::Heartbeat | Part::Unmatched | Part::Restart) => {
            out["tag"] = json!("main");
            out["message"] = json!(match row.part {
                Part::Heartbeat => "still running",
                Part::Restart => RESTARTED,
                _ => "an error that no rule matches",
            });
        }
        ("metrics", Part::Symptom(pattern, symptom, _)) => {
            out["name"] = json!(metric(pattern, symptom));
            out["value"] = json!(if shows { 20.0 } else { 1.0 });
        }
        ("metrics", Part::Heartbeat) => {
            out["name"] = json!("alive");
            out["value"] = json!(1.0);
        }
        ("events", Part::Symptom(pattern, symptom, _)) if shows => out["reason"] = json!(reason(pattern, symptom)),
        _ => return None,
    }
    Some(out)
}

fn rows(incident: &Incident, table: usize) -> impl Iterator<Item = &Row> {
    incident.rows.iter().filter(move |row| row.table == table)
}

/// Returns a source with the remaining rows and declared losses. The loss of a channel is not declared.
fn source(incident: &Incident, losses: &Losses) -> MemorySource {
    let setting = incident.model.setting;
    let mut source = MemorySource::new();
    for (table, name) in TABLES.iter().enumerate() {
        let kept = rows(incident, table).filter(|row| !losses.loses(row));
        source = source.table(name, kept.filter_map(|row| json_row(row, false, setting)));
    }
    for loss in losses.all.iter().chain(&losses.gaps) {
        source = match *loss {
            Loss::Symptom(pattern, symptom) => {
                let table = incident.model.patterns[pattern].symptoms[symptom];
                match TABLES[table] {
                    "logs" => source.missing_component("logs", &component(pattern, symptom), SourceErrorKind::Denied),
                    name => source.missing_metric(name, &metric(pattern, symptom), SourceErrorKind::Timeout),
                }
            }
            Loss::Table(table, reason) => {
                let reasons = [SourceErrorKind::TableMissing, SourceErrorKind::Denied, SourceErrorKind::Timeout];
                source.missing(TABLES[table], reasons[reason])
            }
            Loss::Channel { .. } => source,
            Loss::Range { table, from, to } => source.partial(
                TABLES[table],
                GapReason::Truncated,
                Some(Window { from: at(from, setting), to: at(to, setting) }),
            ),
        };
    }
    source
}

/// Returns a source with all rows, where lost rows are replaced by healthy ones.
fn healthy_source(incident: &Incident, losses: &Losses) -> MemorySource {
    TABLES.iter().enumerate().fold(MemorySource::new(), |source, (table, name)| {
        source.table(
            name,
            rows(incident, table).filter_map(|row| json_row(row, losses.loses(row), incident.model.setting)),
        )
    })
}
