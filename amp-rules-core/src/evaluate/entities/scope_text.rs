//! Entities as text: `3 of 16 ReplicaSet pods`, `all 24 pods`, `the cluster`.
//!
//! Input: the entities of a finding, and the live ones. Output: text for reports; equal sets give equal text.

use std::collections::{BTreeMap, BTreeSet};

use super::visibility::Visibility;
use crate::telemetry::entity::Entity;

/// How many entities are named where their number is not compared with that of their group.
const NAMED: usize = 3;

/// The entities as text, and, if whole groups of the same kind have none of them, these groups as text.
pub(crate) fn scope_text(visibility: &Visibility<'_>, entities: &[Entity]) -> (String, Option<String>) {
    let mut by_kind: BTreeMap<&str, Vec<&Entity>> = BTreeMap::new();
    for entity in entities {
        let kind = visibility.kind_of(entity).map_or("", |kind| kind.name.as_str());
        by_kind.entry(kind).or_default().push(entity);
    }
    let mut texts = Vec::new();
    let mut contrasts = Vec::new();
    for (kind, entities) in by_kind {
        if entities.iter().all(|entity| entity.is_subject()) {
            let name = visibility.rules.schema.entities.first().map_or("subject", |kind| kind.name.as_str());
            texts.push(format!("the {name}"));
            continue;
        }
        let (text, contrast) = kind_text(visibility, kind, &entities);
        texts.push(text);
        contrasts.extend(contrast);
    }
    (texts.join(", "), (!contrasts.is_empty()).then(|| contrasts.join(", ")))
}

/// Entities of one kind, as numbers per group where the live entities of the kind are known, else by name.
fn kind_text(visibility: &Visibility<'_>, kind: &str, entities: &[&Entity]) -> (String, Option<String>) {
    let group_keys = visibility.keys_of(kind).split_last().map(|(_, group_keys)| group_keys).unwrap_or_default();
    if group_keys.is_empty() || visibility.entity_set(kind).is_none() {
        return (names(visibility, kind, entities), None);
    }
    let live = visibility.live_entities(kind);
    let entities: BTreeSet<&Entity> = entities.iter().copied().collect();
    // Per group how many of its entities are meant, and how many there are.
    let mut groups: BTreeMap<Entity, (usize, usize)> =
        live.groups.iter().map(|(group, all)| (group.clone(), (0, *all))).collect();
    let mut all = live.entities.len();
    for entity in &entities {
        let (meant, of) = groups.entry(entity.project(group_keys)).or_default();
        let is_gone = usize::from(!live.entities.contains(*entity));
        *meant += 1;
        *of += is_gone;
        all += is_gone;
    }
    if all == entities.len() && groups.len() != 1 {
        return (format!("all {all} {}", plural(kind, all)), None);
    }
    let mut some = Vec::new();
    let mut none = Vec::new();
    for (group, (meant, all)) in groups {
        let group = group.keys().map(|(_, value)| value).collect::<Vec<_>>().join(" ");
        let what = format!("{group} {}", plural(kind, all));
        match meant {
            0 => none.push(format!("0 of {all} {what}")),
            1 if all == 1 => some.push(format!("the only {what}")),
            meant if meant == all => some.push(format!("all {all} {what}")),
            meant => some.push(format!("{meant} of {all} {what}")),
        }
    }
    (some.join(" and "), (!none.is_empty()).then(|| none.join(", ")))
}

fn names(visibility: &Visibility<'_>, kind: &str, entities: &[&Entity]) -> String {
    let own = visibility.keys_of(kind).last().map_or("", String::as_str);
    let names: Vec<&str> = entities.iter().filter_map(|entity| entity.value(own)).collect();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    format!("{} {shown}{more}", plural(kind, names.len()))
}

fn plural(kind: &str, count: usize) -> String {
    if count == 1 { kind.to_owned() } else { format!("{kind}s") }
}
