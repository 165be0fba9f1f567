//! Random small packs: three to eight patterns over the tables of the generated telemetry.
//!
//! Input: [`Dice`]. Output: a [`Pack`]: patterns as JSON values, which can be changed and written as rule files (JSON is
//! valid YAML). Every kind of symptom, condition and edge of the format occurs. Nothing here compiles or evaluates.

use amp_rules_core::RuleFile;
use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::telemetry::{METRICS, WORDS};

/// The kinds of entities, coarse to fine.
pub(crate) const KINDS: [&str; 3] = ["cluster", "controller", "pod"];

/// A pack that can be changed.
#[derive(Clone)]
pub(crate) struct Pack {
    /// `defaults:` of the pack.
    pub(crate) defaults: Value,
    /// The patterns, `p0` first. Causal edges point to later patterns or are marked as feedback.
    pub(crate) patterns: Vec<Value>,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "defaults: {}", self.defaults)?;
        self.patterns.iter().try_for_each(|pattern| writeln!(out, "{pattern}"))
    }
}

/// The id of a pattern.
pub(crate) fn id(pattern: &Value) -> &str {
    pattern["id"].as_str().unwrap()
}

/// A pattern whose symptom is one text in the log lines of a pod.
pub(crate) fn log_pattern(id: &str, class: &str, scope: &str, word: &str) -> Value {
    json!({
        "format": "amp-rules/v1", "id": id, "title": id, "class": class, "severity": "error", "scope": scope,
        "symptoms": { "line": { "log": { "contains": word }, "per": "pod" } },
        "remedy": [ { "id": format!("fix-{id}"), "do": "Fix it" }, { "id": format!("check-{id}"), "verify": "Check that it is fixed" } ],
    })
}

impl Pack {
    /// The rule files: the pack, its patterns, and one indicator per pattern, true if the pattern holds for some entity.
    pub(crate) fn files(&self) -> Vec<RuleFile> {
        let mut files = vec![RuleFile::new("pack.yaml", self.schema().to_string())];
        files.extend(
            self.patterns
                .iter()
                .map(|pattern| RuleFile::new(format!("laws/{}/pattern.yaml", id(pattern)), pattern.to_string())),
        );
        let indicators: Vec<Value> = self
            .patterns
            .iter()
            .map(|pattern| json!({ "id": id(pattern), "kind": "unhealthy", "text": "It holds", "when": id(pattern) }))
            .collect();
        files.push(RuleFile::new(
            "indicators.yaml",
            json!({ "format": "amp-rules-indicators/v1", "indicators": indicators }).to_string(),
        ));
        files
    }

    /// Applies a change to every pattern.
    pub(crate) fn each(&mut self, change: impl Fn(&mut Map<String, Value>)) {
        self.patterns.iter_mut().for_each(|pattern| change(pattern.as_object_mut().unwrap()));
    }

    fn schema(&self) -> Value {
        let keys = json!({ "cluster": "dims.cluster", "controller": "dims.controller", "pod": "dims.pod" });
        json!({
            "format": "amp-rules/v1",
            "pack": "laws",
            "version": "0.1.0",
            "defaults": self.defaults,
            "entities": {
                "cluster": { "keys": ["cluster"], "fold_case": true },
                "controller": { "within": "cluster", "keys": ["controller"] },
                "pod": { "within": "controller", "keys": ["pod"] },
            },
            "tables": {
                "logs": {
                    "kind": "logs", "time": "time", "text": "message", "lines": "split", "weight": "itemCount", "identity": "itemId", "flush": "15s",
                    "columns": { "time": "datetime", "message": "string", "itemCount": "int", "itemId": "string", "dims": "dynamic" },
                    "keys": keys,
                    "heartbeat": { "any_of": [ { "every": "15m" }, { "every": "5m", "table": "metrics", "metric": "alive" } ] },
                    "restart_marker": { "regex": "container has started" },
                    "components": [ { "name": "agent", "column": "dims.tag", "equals": "agent" }, { "name": "main", "otherwise": true } ],
                },
                "metrics": {
                    "kind": "metrics", "time": "time", "name": "name", "value": "value", "identity": "itemId", "flush": "15s",
                    "columns": { "time": "datetime", "name": "string", "value": "real", "itemId": "string", "dims": "dynamic" },
                    "keys": keys,
                    "heartbeat": { "every": "5m", "metric": "alive" },
                    "metrics": {
                        "alive": { "unit": "count", "type": "gauge", "every": "5m" },
                        "load": { "unit": "count", "type": "gauge", "every": "5m" },
                        "sent": { "unit": "count", "type": "delta", "every": "5m" },
                        "total": { "unit": "count", "type": "cumulative", "every": "5m" },
                    },
                },
                "events": {
                    "kind": "events", "time": "time", "text": "reason",
                    "columns": { "time": "datetime", "reason": "string", "dims": "dynamic" },
                    "keys": keys,
                },
            },
        })
    }
}

/// Random `defaults:` of a pack.
pub(crate) fn defaults(dice: &mut Dice<'_>) -> Value {
    json!({
        "ingestion_delay": dice.pick(&["15m", "5m", "0s"]),
        "tolerance": dice.pick(&["2m", "0s", "10m"]),
        "max_cause_gap": dice.pick(&["30m", "5m", "2h"]),
        "merge_gap": dice.pick(&["45m", "10m", "0s"]),
        "blind_bins": dice.pick(&[1, 0, 2]),
        "max_hidden_hops": dice.pick(&[2, 1, 0]),
        "flush": "15s",
    })
}

/// A random pack.
pub(crate) fn pack(dice: &mut Dice<'_>) -> Pack {
    let many = 3 + dice.below(6);
    let defaults = defaults(dice);
    let mut patterns: Vec<Value> = (0..many).map(|at| pattern(dice, at)).collect();
    edges(dice, &mut patterns);
    Pack { defaults, patterns }
}

/// A random pattern that refers to no other; it may have no symptom.
pub(crate) fn lone_pattern(dice: &mut Dice<'_>) -> Value {
    pattern(dice, 0)
}

fn pattern(dice: &mut Dice<'_>, at: usize) -> Value {
    let id = format!("p{at}");
    let class =
        dice.pick(&["cause", "effect", "cause", "effect", "impact", "cause", "effect", "complaint", "benign", "fact"]);
    let scope = dice.pick(&["pod", "cluster", "pod", "controller"]);
    let mut out = json!({
        "format": "amp-rules/v1", "id": id, "title": format!("Pattern {at}"), "class": class,
        "severity": dice.pick(&["error", "warning", "critical", "info"]), "scope": scope,
        "remedy": [
            { "id": format!("fix-{}", dice.below(4)), "do": "Fix it" },
            { "id": format!("then-{id}"), "do": "Fix the rest" },
            { "id": format!("look-{}", dice.below(3)), "verify": "Check that it is fixed" },
        ],
    });
    let map = out.as_object_mut().unwrap();
    if scope != "cluster" && dice.chance(1, 12) {
        map.insert("applies_to".to_owned(), json!({ "controller": dice.pick(&["ReplicaSet", "DaemonSet"]) }));
    }
    if dice.chance(1, 10) {
        map.insert("entry".to_owned(), json!(true));
    }
    let hidden = class != "benign" && class != "fact" && dice.chance(1, 8);
    if hidden {
        return out;
    }
    let names = ["a", "b", "c"];
    let many = 1 + dice.below(3);
    let mut symptoms = Map::new();
    for name in &names[..many] {
        symptoms.insert((*name).to_owned(), symptom(dice, scope));
    }
    let mut used: Vec<Value> = names[..many].iter().map(|name| json!(name)).collect();
    if dice.chance(1, 4) {
        let watched = "a";
        let made = if dice.chance(1, 2) {
            json!({ "persists": { "symptom": watched, "for": dice.pick(&["20m", "40m", "1h", "3h"]), "at_least": 1 + dice.below(3) } })
        } else {
            let mut made = json!({ "repeats": watched, "at_least": 2 + dice.below(3), "within": dice.pick(&["15m", "30m", "9m"]) });
            let is_counted = |symptom: &Value| symptom.get("log").is_some() || symptom.get("event").is_some();
            let is_coarse = many > 1 && (symptoms["b"].get("per") == symptoms["a"].get("per"));
            if many > 1 && is_coarse && is_counted(&symptoms["a"]) && is_counted(&symptoms["b"]) && dice.chance(1, 2) {
                made["except_after"] = json!({ "symptom": "b", "within": dice.pick(&["5m", "20m"]) });
            }
            made
        };
        let mut made = made;
        if symptoms["a"].get("log").is_some() && dice.chance(1, 4) {
            made["startup_grace"] = json!("10m");
        }
        if made.get("persists").is_some() && many > 1 && dice.chance(1, 2) {
            made["persists"]["without"] = json!("b");
        }
        if let Some(per) = symptoms["a"].get("per") {
            made["per"] = per.clone();
        }
        symptoms.insert("watch".to_owned(), made);
        used.push(json!("watch"));
    }
    if many > 1 && dice.chance(1, 3) {
        used.extend(sequence(dice, &mut symptoms));
    }
    if symptoms["a"].get("log").or(symptoms["a"].get("event")).is_some() && dice.chance(1, 3) {
        ended(dice, at, many, &mut symptoms["a"]);
    }
    if at > 0 && dice.chance(1, 6) {
        used.push(json!({ "pattern": format!("p{}", dice.below(at)) }));
    }
    let escalation = (used.len() > 1 && dice.chance(1, 4)).then(|| used.pop().unwrap());
    map.insert("symptoms".to_owned(), Value::Object(symptoms));
    map.insert("when".to_owned(), condition(dice, used));
    if let Some(escalation) = escalation {
        map.insert("noise_unless".to_owned(), escalation);
    } else if at > 0 && dice.chance(1, 10) {
        map.insert("noise_unless".to_owned(), json!({ "pattern": format!("p{}", dice.below(at)) }));
    }
    out
}

/// Adds a sequence of the first two symptoms if both have rows of the same kind of entity; returns its name.
fn sequence(dice: &mut Dice<'_>, symptoms: &mut Map<String, Value>) -> Option<Value> {
    let is_counted = |symptom: &Value| symptom.get("log").is_some() || symptom.get("event").is_some();
    let (one, other) = (symptoms.get("a")?, symptoms.get("b")?);
    if !(is_counted(one) && is_counted(other) && one.get("per") == other.get("per")) {
        return None;
    }
    let steps = match dice.below(6) {
        0 => json!(["a", "b"]),
        1 => json!(["b", "a", "b"]),
        2 => json!(["a", "a"]),
        3 => json!(["a", { "negate": "b" }, "a"]),
        4 => json!(["a", { "negate": "b" }]),
        _ => json!(["a", "b", { "negate": "a" }]),
    };
    let mut made = json!({ "sequence": steps, "within": dice.pick(&["20s", "5m", "15m"]) });
    if let Some(per) = one.get("per") {
        made["per"] = per.clone();
    }
    symptoms.insert("order".to_owned(), made);
    Some(json!("order"))
}

/// Lets another symptom or an earlier pattern end the occurrences of a symptom, which otherwise last.
fn ended(dice: &mut Dice<'_>, at: usize, symptoms: usize, of: &mut Value) {
    if at > 0 && dice.chance(1, 4) {
        of["ends_when"] = json!({ "pattern": format!("p{}", dice.below(at)) });
    } else if symptoms > 1 {
        of["ends_when"] = json!("b");
    }
    match dice.below(3) {
        1 => of["lasts"] = json!("1h"),
        2 if of.get("log").is_some() => of["lasts"] = json!("until_restart"),
        _ => {}
    }
}

fn condition(dice: &mut Dice<'_>, mut parts: Vec<Value>) -> Value {
    if parts.len() == 1 {
        let only = parts.remove(0);
        return if dice.chance(1, 8) { json!({ "not": only }) } else { only };
    }
    if dice.chance(1, 5) {
        let last = parts.pop().unwrap();
        parts.push(json!({ "not": last }));
    }
    match dice.below(5) {
        0 => json!({ "all": parts }),
        1 | 2 => json!({ "any": parts }),
        3 => json!({ "at_least": { "count": 1 + dice.below(parts.len()), "of": parts } }),
        _ => {
            let that = parts.remove(0);
            let then = if parts.len() == 1 { parts.remove(0) } else { json!({ "any": parts }) };
            json!({ "requires": { "that": that, "then": then } })
        }
    }
}

/// The kind of entity that a symptom is evaluated for. A finer kind than the scope gets a rollup.
fn per(dice: &mut Dice<'_>, scope: &str, out: &mut Value) {
    let at = KINDS.iter().position(|kind| *kind == scope).unwrap();
    let finer = if dice.chance(1, 10) { dice.below(3) } else { at + dice.below(3 - at) };
    let chosen = if dice.chance(1, 2) { 2 } else { finer };
    if chosen == at {
        return;
    }
    out["per"] = json!(KINDS[chosen]);
    if chosen > at {
        match dice.below(8) {
            4 => out["rollup"] = json!("every"),
            5 => out["rollup"] = json!({ "at_least": 2 }),
            6 => out["rollup"] = json!({ "share": "50 %" }),
            7 => out["rollup"] = json!({ "share": "80 %" }),
            _ => {}
        }
    }
}

fn symptom(dice: &mut Dice<'_>, scope: &str) -> Value {
    let mut out = match dice.below(14) {
        0..=4 => log(dice),
        5 | 6 => metric(dice),
        7 => ratio(dice),
        8 => absent(dice),
        9 => json!({ "drop": flow(dice, "5m"), "share": dice.pick(&["40 %", "20 %", "80 %"]), "every": "5m" }),
        10 => {
            let every = dice.pick(&["5m", "10m"]);
            json!({ "ceases": flow(dice, every), "every": every })
        }
        11 => property(dice),
        _ => event(dice),
    };
    per(dice, scope, &mut out);
    if dice.chance(1, 8) {
        out["weak"] = json!(true);
    }
    out
}

fn lines(dice: &mut Dice<'_>) -> Value {
    let mut lines = json!({ "contains": dice.pick(&WORDS) });
    match dice.below(4) {
        2 => lines["component"] = json!("agent"),
        3 => lines["component"] = json!(["main", "agent"]),
        _ => {}
    }
    lines
}

fn log(dice: &mut Dice<'_>) -> Value {
    let mut out = json!({ "log": lines(dice) });
    counted(dice, &mut out);
    if dice.chance(1, 10) {
        out["startup_grace"] = json!("10m");
    }
    out
}

fn event(dice: &mut Dice<'_>) -> Value {
    let mut out = json!({ "event": { "table": "events", "where": { "reason": dice.pick(&["Killed", "Evicted"]) } } });
    counted(dice, &mut out);
    if out["lasts"] == json!("until_restart") {
        // Only the table of logs has a restart marker.
        out["lasts"] = json!("1h");
    }
    out
}

fn counted(dice: &mut Dice<'_>, out: &mut Value) {
    if dice.chance(1, 3) {
        out["at_least"] = json!(2 + dice.below(3));
        if dice.chance(2, 3) {
            out["within"] = json!(dice.pick(&["15m", "30m", "6m"]));
        }
    }
    if dice.chance(1, 6) {
        out["apart"] = json!(dice.pick(&["30s", "3m", "10m"]));
    }
    if dice.chance(1, 6) {
        out["detection_delay"] = json!(dice.pick(&["15m", "5m", "40m"]));
    }
    match dice.below(12) {
        8 => out["absent_means"] = json!("nothing"),
        9 => out["absent_means"] = json!("unknown"),
        10 => out["lasts"] = json!(dice.pick(&["20m", "1h"])),
        11 => out["lasts"] = json!("until_restart"),
        _ => {}
    }
}

fn series(dice: &mut Dice<'_>) -> Value {
    let metric = dice.pick(&METRICS[1..]);
    let steps = match (metric, dice.below(11)) {
        ("total", _) => json!([{ "increase": "value", "every": "5m" }]),
        (_, 0) => json!([{ "avg": "value", "every": "5m" }]),
        (_, 1) => json!([{ "min": "value", "every": "5m" }]),
        (_, 2) => json!([{ "max": "value", "every": "5m" }, { "max": "value" }]),
        (_, 3) => json!([{ "max": "value", "every": "5m" }, { "min": "value" }]),
        (_, 4) => json!([{ "sum": "value", "every": "15m" }]),
        (_, 5) => json!([{ "max": "value", "by": ["pod"], "every": "5m" }, { "sum": "value" , "every": "5m" }]),
        (_, 6) => json!([{ "last": "value", "every": "5m" }, { "avg": "value" }]),
        (_, 7) => {
            json!([{ "max": "value", "by": ["pod"], "every": "5m" }, { "max": "value", "by": ["pod"] }, { "sum": "value" }])
        }
        (_, 8) => json!([{ "avg": "value", "by": ["pod"], "every": "5m" }, { "max": "value" }]),
        (_, 9) => json!([{ "sum": "value", "by": ["pod"], "every": "15m" }, { "min": "value" }]),
        _ => json!([{ "max": "value", "every": "5m" }]),
    };
    json!({ "metric": metric, "steps": steps })
}

fn threshold(dice: &mut Dice<'_>, out: &mut Value) {
    let word = dice.pick(&["above", "at_least", "below", "at_most", "above", "at_least"]);
    out[word] = json!(dice.pick(&[3, 1, 6, 2]));
}

fn metric(dice: &mut Dice<'_>) -> Value {
    let mut out = series(dice);
    threshold(dice, &mut out);
    let binned = out["steps"].as_array().unwrap().last().unwrap().get("every").is_some();
    if binned && dice.chance(1, 4) {
        out["consecutive"] = json!(2 + dice.below(2));
    }
    match dice.below(8) {
        5 => out["absent_means"] = json!("false"),
        6 => out["absent_means"] = json!("nothing"),
        7 if out["metric"] != json!("load") => out["zero_if_present"] = json!("load"),
        _ => {}
    }
    out
}

fn ratio(dice: &mut Dice<'_>) -> Value {
    let binned = dice.chance(1, 2);
    let part = |name: &str| {
        let mut steps = vec![json!({ "max": "value", "every": "5m" })];
        if !binned {
            steps.push(json!({ "max": "value" }));
        }
        json!({ "metric": name, "steps": steps })
    };
    let mut out = json!({ "ratio": { "of": part("sent"), "to": part("load") } });
    if dice.chance(1, 2) {
        out["ratio"]["min_to"] = json!(2);
    }
    out[dice.pick(&["above", "below"])] = json!(dice.pick(&[1, 2]));
    out
}

fn absent(dice: &mut Dice<'_>) -> Value {
    let of = if dice.chance(1, 2) {
        json!({ "metric": dice.pick(&METRICS[1..]) , "steps": [{ "max": "value", "every": "5m" }] })
    } else {
        json!({ "log": lines(dice) })
    };
    json!({ "absent": of, "for": dice.pick(&["30m", "1h", "15m"]) })
}

fn flow(dice: &mut Dice<'_>, every: &str) -> Value {
    match dice.below(3) {
        0 => json!({ "metric": "sent", "steps": [{ "sum": "value", "every": every }] }),
        1 => json!({ "rows": "metrics", "where": { "name": "sent" } }),
        _ => json!({ "rows": "logs" }),
    }
}

fn property(dice: &mut Dice<'_>) -> Value {
    let mut properties = json!({ "metric": "load", "names": ["mode"] });
    match dice.below(4) {
        2 => properties["absent_means"] = json!("empty"),
        3 => properties["absent_means"] = json!("false"),
        _ => {}
    }
    json!({ "property": properties, "is": dice.pick(&["set", "empty", "fast"]) })
}

/// Random edges of all kinds. Causal edges point to later patterns or are marked as feedback.
pub(crate) fn edges(dice: &mut Dice<'_>, patterns: &mut [Value]) {
    let many = patterns.len();
    let joins = |pattern: &Value| !matches!(pattern["class"].as_str().unwrap(), "fact");
    for from in 0..many {
        for to in 0..many {
            if from == to || !joins(&patterns[from]) || !joins(&patterns[to]) {
                continue;
            }
            let name = format!("p{to}");
            let near = to == from + 1;
            if to > from && dice.chance(if near { 4 } else { 2 }, 8) || to < from && dice.chance(1, 12) {
                let mut edge = json!({ "pattern": name, "strength": dice.pick(&["sure", "likely", "possible"]) });
                if to < from {
                    edge["feedback"] = json!(true);
                }
                match dice.below(10) {
                    7 => edge["lag"] = json!(dice.pick(&["0s..30m", "10m..1h"])),
                    8 => edge["entities"] = json!(dice.pick(&["same", "cluster"])),
                    9 => edge["tolerance"] = json!("20m"),
                    _ => {}
                }
                push(&mut patterns[from], "causes", edge);
            } else if dice.chance(1, 14) {
                let mut edge = json!({ "pattern": name });
                if dice.chance(1, 2) {
                    edge["may_be_sole"] = json!(true);
                }
                push(&mut patterns[from], "amplifies", edge);
            } else if to > from && dice.chance(1, 14) && !causes(&patterns[to], from) {
                push(&mut patterns[from], "contradicts", json!(name));
            }
        }
    }
    // Two patterns cannot both contradict and cause each other.
    for from in 0..many {
        let contradicted: Vec<String> = patterns[from]["contradicts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        for other in contradicted {
            let to: usize = other[1..].parse().unwrap();
            if causes(&patterns[to], from) {
                patterns[from].as_object_mut().unwrap().remove("contradicts");
            }
        }
    }
    add_missing_symptoms(patterns);
}

/// Gives a symptom to every pattern without symptoms, edges and references, because such a pattern is an error.
pub(crate) fn add_missing_symptoms(patterns: &mut [Value]) {
    for at in 0..patterns.len() {
        let name = format!("p{at}");
        let alone = patterns[at].get("symptoms").is_none()
            && ["causes", "amplifies", "contradicts"].iter().all(|key| patterns[at].get(*key).is_none());
        let named = patterns.iter().any(|other| other.to_string().contains(&format!("\"pattern\":\"{name}\"")));
        if alone && !named && patterns[at]["class"] != json!("complaint") {
            patterns[at] = log_pattern(&name, "cause", "pod", WORDS[0]);
        }
    }
}

fn causes(pattern: &Value, to: usize) -> bool {
    pattern["causes"].as_array().into_iter().flatten().any(|edge| edge["pattern"] == json!(format!("p{to}")))
}

/// Adds an entry to a list of a pattern, such as `causes`.
pub(crate) fn push(pattern: &mut Value, key: &str, entry: Value) {
    let list = pattern.as_object_mut().unwrap().entry(key).or_insert_with(|| json!([]));
    list.as_array_mut().unwrap().push(entry);
}
