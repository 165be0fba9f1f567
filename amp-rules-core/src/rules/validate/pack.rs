//! `pack.yaml` → the telemetry model.
//!
//! Input: the checked file. Output: a [`Pack`] with everything that could be read. Reports coarser kinds that do not exist
//! or form a cycle, columns that a table does not have, heartbeats of unknown metrics, and invalid regexes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::forms::{read_derived_keys, read_forms};
use super::pack_model::Pack;
use super::pack_tables::{check_heartbeats, read_services, read_table};
use super::reader::Reader;
use crate::rules::codes;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::model::Parameter;
use crate::rules::syntax::{Checked, Entry, Node};
use crate::suggest::nearest;
use crate::telemetry::schema::{Defaults, EntityKind, Schema, Table};
use crate::unit::Quantity;

/// Reads the telemetry model of a pack.
pub(crate) fn read_pack(checked: &Checked, problems: &mut Vec<Diagnostic>) -> Pack {
    let empty = Pack::default();
    let Some(root) = checked.root.as_ref() else { return empty };
    let mut reader = Reader::new(checked, &empty, problems);
    let before = reader.problems.len();
    let mut pack = Pack {
        name: reader.string(root, "pack").unwrap_or_default(),
        version: reader.string(root, "version").unwrap_or_default(),
        is_whole: checked.is_whole(),
        ..Pack::default()
    };
    for entry in root.entries("parameters") {
        pack.parameter_spans.insert(entry.key.clone(), checked.span(entry.key_bytes));
        let value = entry.value.get("value").and_then(Node::text).and_then(Quantity::parse);
        if let (Some(value), Some(because)) = (value, reader.string(&entry.value, "because")) {
            pack.parameters.insert(entry.key.clone(), Parameter { value, because });
        }
    }
    let defaults = read_defaults(&reader, root);
    let (entities, folded) = read_entities(&mut reader, root);
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut services = BTreeMap::new();
    for entry in root.entries("tables") {
        if let Some(table) = read_table(&mut reader, entry, &defaults, &entities, &folded) {
            let served = read_services(&mut reader, &entry.value, &table);
            if !served.is_empty() {
                services.insert(entry.key.clone(), served);
            }
            tables.insert(entry.key.clone(), table);
        }
    }
    for entry in root.entries("tables") {
        check_heartbeats(&mut reader, &entry.value, &entry.key, &tables);
    }
    let derived_keys = read_derived_keys(&mut reader, root, &entities);
    let forms = read_forms(&mut reader, root, &tables);
    pack.is_whole &= reader.problems.len() == before;
    pack.regexes = empty.regexes.clone();
    pack.schema = Schema {
        entities,
        tables: tables.into_iter().map(|(name, table)| (name, Arc::new(table))).collect(),
        defaults,
        services,
        forms,
        derived_keys,
    };
    pack
}

fn read_defaults(reader: &Reader<'_>, root: &Node) -> Defaults {
    let mut defaults = Defaults::default();
    let Some(map) = root.get("defaults") else { return defaults };
    for (key, place) in [
        ("ingestion_delay", &mut defaults.ingestion_delay),
        ("tolerance", &mut defaults.tolerance),
        ("max_cause_gap", &mut defaults.max_cause_gap),
        ("merge_gap", &mut defaults.merge_gap),
        ("flush", &mut defaults.flush),
    ] {
        if let Some(duration) = reader.duration(map, key) {
            *place = duration;
        }
    }
    defaults.blind_bins = reader.number(map, "blind_bins").unwrap_or(defaults.blind_bins);
    defaults.max_hidden_hops = reader.number(map, "max_hidden_hops").unwrap_or(defaults.max_hidden_hops);
    if let Some(baseline) = map.get("baseline") {
        defaults.baseline_bins = reader.number(baseline, "bins").unwrap_or(defaults.baseline_bins);
        defaults.baseline_at_least = reader.number(baseline, "at_least").unwrap_or(defaults.baseline_at_least);
    }
    defaults
}

/// Reads the kinds, coarser ones first, each with all its keys; and the keys whose case is ignored.
fn read_entities(reader: &mut Reader<'_>, root: &Node) -> (Vec<EntityKind>, BTreeSet<String>) {
    let all = root.entries("entities");
    let known: BTreeMap<&str, &Entry> = all.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    let mut ready: Vec<EntityKind> = Vec::new();
    let mut folded = BTreeSet::new();
    let mut waiting: Vec<&Entry> = all.iter().collect();
    for entry in all {
        if entry.value.get("fold_case").and_then(Node::text) == Some("true") {
            folded.extend(reader.texts(&entry.value, "keys"));
        }
        if let Some(within) = entry.value.get("within")
            && let Some(name) = within.text()
            && !known.contains_key(name)
        {
            let near = nearest(name, known.keys().copied()).map(|near| format!("did you mean `{near}`?"));
            reader.report(&codes::DANGLING_REFERENCE, within, format!("unknown entity kind `{name}`")).help = near;
        }
    }
    // Each round takes the kinds whose coarser kind is done; the rest forms a cycle or is within an unknown kind.
    loop {
        let count = waiting.len();
        waiting.retain(|entry| {
            let within = entry.value.get("within").and_then(Node::text);
            let coarser = within.map(|name| ready.iter().find(|kind| kind.name == name));
            let mut keys = match coarser {
                Some(None) => return true,
                Some(Some(kind)) => kind.keys.clone(),
                None => Vec::new(),
            };
            keys.extend(reader.texts(&entry.value, "keys"));
            ready.push(EntityKind { name: entry.key.clone(), within: within.map(str::to_owned), keys });
            false
        });
        if waiting.len() == count {
            break;
        }
    }
    for entry in waiting {
        let within = entry.value.get("within");
        // One diagnostic per cycle, at its first member.
        if let Some(within) = within.filter(|node| node.text().is_some_and(|name| known.contains_key(name)))
            && !ready.iter().any(|kind| Some(kind.name.as_str()) == within.text())
        {
            reader.report(&codes::CAUSAL_CYCLE, within, format!("entity kind `{}` is within itself", entry.key));
        }
        // Its keys still count as defined, so that they are not reported.
        let keys = reader.texts(&entry.value, "keys");
        ready.push(EntityKind { name: entry.key.clone(), within: None, keys });
    }
    (ready, folded)
}
