//! Symptoms, kind by kind.
//!
//! Input: the map of a symptom. Output: a [`Symptom`] and the other symptoms that it uses. Checks everything that can be
//! checked for one symptom alone.

use super::condition::{Names, symptom_ref};
use super::draft::Used;
use super::filter::read_filter;
use super::log_lines::{check_examples, read_keys, read_lines};
use super::query::read_query;
use super::reader::Reader;
use super::series::last_bin;
use super::series::read_series;
use super::symptom_kinds::{is_positive, read_absent, read_drop, read_flow, read_property, read_ratio};
use super::tables::{check_entity_kind, table_of};
use super::threshold::Number;
use super::threshold::{check_because, read_threshold};
use super::units::dimension_name;
use crate::rules::codes;
use crate::rules::diagnostic::Label;
use crate::rules::model::{
    AbsentMeans, EndsWhen, ExceptAfter, Lasts, LogLines, Rollup, SequenceStep, SeriesSpec, Setting, Symptom,
    SymptomKind, SymptomRef,
};
use crate::rules::syntax::{Entry, Node};
use crate::telemetry::schema::TableKind;
use crate::unit::{Dimension, Quantity};

/// What the symptoms of a pattern have in common.
pub(super) struct SymptomContext<'a> {
    /// The scope of the pattern.
    pub(super) scope: &'a str,
    /// Captures that are used outside of their symptom: symptom and capture.
    pub(super) captures: &'a [(String, String)],
}

/// Reads one symptom. Returns `None` if it does not fit the format or refers to something that does not exist.
pub(super) fn read_symptom(
    reader: &mut Reader<'_>,
    entry: &Entry,
    context: &SymptomContext<'_>,
    uses: &mut Names,
) -> Option<Symptom> {
    let map = &entry.value;
    if let Some(used) = map.get("repeats") {
        push_use(reader, used, &mut uses.symptoms);
    }
    for (outer, keys) in [("persists", &["symptom", "without"][..]), ("except_after", &["symptom"])] {
        for key in keys {
            if let Some(used) = map.get(outer).and_then(|map| map.get(key)) {
                push_use(reader, used, &mut uses.symptoms);
            }
        }
    }
    for step in map.get("sequence").and_then(Node::list).unwrap_or_default() {
        push_use(reader, step.get("negate").unwrap_or(step), &mut uses.symptoms);
    }
    let ends_when = read_ends_when(reader, map, uses);
    if !reader.checked.is_sound(map) {
        return None;
    }
    let per = entity_kind_of(reader, map, context.scope);
    if let (Some(node), Some(EndsWhen::Symptom(name))) = (map.get("ends_when").cloned(), &ends_when) {
        check_self_reference(reader, &node, &entry.key, name);
    }
    let (kind, default) = read_kind(reader, entry, &per, context)?;
    if let SymptomKind::Log { lines, .. } = &kind {
        check_examples(reader, map, lines);
    }
    let absent_means = match reader
        .text(map, "absent_means")
        .or_else(|| map.get("property").and_then(|property| reader.text(property, "absent_means")))
    {
        Some("false") => AbsentMeans::False,
        Some("unknown" | "empty") => AbsentMeans::Unknown,
        Some("nothing") => AbsentMeans::Silence,
        _ => default,
    };
    let lasts = match reader.get(map, "lasts").cloned() {
        Some(node) if node.text() == Some("until_restart") => {
            check_restart_marker(reader, &node, &kind);
            Some(Lasts::UntilRestart)
        }
        Some(_) => reader.setting_of(map, "lasts", Dimension::Seconds).map(Lasts::For),
        None => None,
    };
    Some(Symptom {
        name: entry.key.clone(),
        kind,
        per,
        rollup: read_rollup(reader, map),
        absent_means,
        weak: reader.is_true(map, "weak"),
        apart: reader.setting_of(map, "apart", Dimension::Seconds),
        lasts,
        ends_when,
        detection_delay: reader.setting_of(map, "detection_delay", Dimension::Seconds),
        catch_all: reader.is_true(map, "catch_all"),
        startup_grace: reader.setting_of(map, "startup_grace", Dimension::Seconds),
        because: reader.string(map, "because"),
        matching: map.get("examples").map(|examples| reader.texts(examples, "match")).unwrap_or_default(),
        not_matching: map.get("examples").map(|examples| reader.texts(examples, "no_match")).unwrap_or_default(),
    })
}

/// Reads what ends an occurrence, and notes the name that it uses.
fn read_ends_when(reader: &Reader<'_>, map: &Node, uses: &mut Names) -> Option<EndsWhen<SymptomRef, String>> {
    let node = map.get("ends_when").filter(|node| reader.checked.is_sound(node))?;
    if let Some(text) = node.text() {
        uses.symptoms.push(Used { name: symptom_ref(text), span: reader.span(node) });
        return Some(EndsWhen::Symptom(symptom_ref(text)));
    }
    let pattern = node.get("pattern")?;
    let name = pattern.text()?.to_owned();
    uses.patterns.push(Used { name: name.clone(), span: reader.span(pattern) });
    Some(EndsWhen::Pattern(name))
}

fn push_use(reader: &Reader<'_>, node: &Node, uses: &mut Vec<Used<SymptomRef>>) {
    if let Some(text) = node.text()
        && reader.checked.is_sound(node)
    {
        uses.push(Used { name: symptom_ref(text), span: reader.span(node) });
    }
}

/// Returns the entity kind of a symptom, which can be a key of its query.
fn entity_kind_of(reader: &mut Reader<'_>, map: &Node, scope: &str) -> String {
    let Some(query) = map.get("query").filter(|query| query.get("per").is_some()) else {
        return entity_kind(reader, map, scope);
    };
    if let (Some(outer), Some(inner)) = (map.entry("per"), query.entry("per")) {
        let span = reader.checked.span(inner.key_bytes);
        let first = reader.checked.span(outer.key_bytes);
        let problem = reader.report_at(&codes::DUPLICATE_KEY, span, "`per` is set twice for one symptom");
        problem.labels.push(Label { span: first, text: "also here".to_owned() });
    }
    entity_kind(reader, query, scope)
}

/// Returns the entity kind that `per` names, and reports one that does not exist.
fn entity_kind(reader: &mut Reader<'_>, map: &Node, scope: &str) -> String {
    let Some(node) = reader.get(map, "per").cloned() else { return scope.to_owned() };
    let name = node.text().unwrap_or(scope).to_owned();
    check_entity_kind(reader, &node, &name);
    name
}

fn read_kind(
    reader: &mut Reader<'_>,
    entry: &Entry,
    per: &str,
    context: &SymptomContext<'_>,
) -> Option<(SymptomKind, AbsentMeans)> {
    let map = &entry.value;
    if let Some(log) = map.get("log") {
        let captures: Vec<&str> = context
            .captures
            .iter()
            .filter(|(symptom, _)| *symptom == entry.key)
            .map(|(_, capture)| capture.as_str())
            .collect();
        let lines = read_lines(reader, log, &captures);
        let (at_least, within) = read_count(reader, map);
        return Some((SymptomKind::Log { lines: lines?, at_least, within }, AbsentMeans::False));
    }
    if map.get("metric").is_some() {
        let series = read_series(reader, map, per)?;
        let consecutive = read_consecutive(reader, map, &series);
        let number = Number { unit: series.unit, is_quotient: false, is_positive: is_positive(&series) };
        let threshold = read_threshold(reader, map, number)?;
        return Some((SymptomKind::Metric { series, threshold, consecutive }, AbsentMeans::Unknown));
    }
    if let Some(ratio) = map.get("ratio") {
        return Some((read_ratio(reader, map, ratio, per)?, AbsentMeans::Unknown));
    }
    if let Some(property) = map.get("property") {
        return Some((read_property(reader, map, property)?, AbsentMeans::Unknown));
    }
    if let Some(absent) = map.get("absent") {
        return Some((read_absent(reader, map, absent, per)?, AbsentMeans::Unknown));
    }
    if let Some(flow) = map.get("drop") {
        return Some((read_drop(reader, map, flow, per)?, AbsentMeans::Unknown));
    }
    if let Some(flow) = map.get("ceases") {
        let every = reader.duration(map, "every")?;
        let flow = read_flow(reader, flow, per, Some(every))?;
        return Some((SymptomKind::Ceases { flow, every }, AbsentMeans::Unknown));
    }
    if let Some(watched) = map.get("repeats") {
        let symptom = symptom_ref(watched.text()?);
        check_self_reference(reader, watched, &entry.key, &symptom);
        let at_least = reader.setting_of(map, "at_least", Dimension::Count)?;
        let within = reader.setting_of(map, "within", Dimension::Seconds)?;
        if let Some(node) = map.get("at_least").cloned() {
            check_because(reader, map, &node, &at_least);
        }
        let except_after = map.get("except_after").and_then(|except| {
            let marker = except.get("symptom")?;
            let symptom = symptom_ref(marker.text()?);
            check_self_reference(reader, marker, &entry.key, &symptom);
            Some(ExceptAfter { symptom, within: reader.setting_of(except, "within", Dimension::Seconds)? })
        });
        return Some((SymptomKind::Repeats { symptom, at_least, within, except_after }, AbsentMeans::False));
    }
    if let Some(steps) = map.get("sequence") {
        return Some((read_sequence(reader, entry, steps)?, AbsentMeans::False));
    }
    if let Some(streak) = map.get("persists") {
        let failures = streak.get("symptom")?;
        let symptom = symptom_ref(failures.text()?);
        check_self_reference(reader, failures, &entry.key, &symptom);
        let lasting = reader.setting_of(streak, "for", Dimension::Seconds)?;
        if let Some(node) = streak.get("for").cloned() {
            check_because(reader, map, &node, &lasting);
        }
        let without = streak.get("without").and_then(Node::text).map(symptom_ref);
        let at_least = reader.number(streak, "at_least").unwrap_or(3);
        return Some((SymptomKind::Persists { symptom, lasting, without, at_least }, AbsentMeans::False));
    }
    if let Some(query) = map.get("query") {
        return Some((read_query(reader, entry, query, per)?, AbsentMeans::False));
    }
    let event = map.get("event")?;
    let table = table_of(reader, event, &[TableKind::Events, TableKind::Logs])?;
    let filter = read_filter(reader, event, &table, None);
    let keys = read_keys(reader, event, &table, &[], &mut Vec::new());
    let (at_least, within) = read_count(reader, map);
    Some((SymptomKind::Event { table: table.name.clone(), filter, at_least, within, keys }, AbsentMeans::False))
}

fn read_sequence(reader: &mut Reader<'_>, entry: &Entry, node: &Node) -> Option<SymptomKind> {
    let within = reader.setting_of(&entry.value, "within", Dimension::Seconds)?;
    let mut steps = Vec::new();
    for step in node.list()? {
        let named = step.get("negate").unwrap_or(step);
        let symptom = symptom_ref(named.text()?);
        check_self_reference(reader, named, &entry.key, &symptom);
        let negated = step.get("negate").is_some();
        if negated && steps.is_empty() {
            reader.report(&codes::WRONG_TYPE, step, "the first step of a sequence has to occur").help =
                Some("`negate` names what must not occur after the step before it".to_owned());
            return None;
        }
        steps.push(SequenceStep { symptom, negated });
    }
    if steps.len() < 2 {
        reader.report(&codes::WRONG_TYPE, node, "a sequence has at least two steps").help =
            Some("name a second symptom, or `{ negate: … }` for one that must not follow".to_owned());
        return None;
    }
    Some(SymptomKind::Sequence { steps, within })
}

fn check_self_reference(reader: &mut Reader<'_>, node: &Node, name: &str, symptom: &SymptomRef) {
    if symptom.pattern.is_none() && symptom.symptom == name {
        reader.report(&codes::SELF_EDGE, node, format!("symptom `{name}` refers to itself"));
    }
}

fn read_count(reader: &mut Reader<'_>, map: &Node) -> (Setting, Option<Setting>) {
    let at_least = reader.setting_of(map, "at_least", Dimension::Count);
    if let (Some(node), Some(setting)) = (map.get("at_least").cloned(), &at_least) {
        if reader.quantity(setting).is_some_and(|quantity| quantity.in_base() <= 0.0) {
            reader.report(&codes::THRESHOLD_TAUTOLOGY, &node, "every count is at least this");
        } else if reader.quantity(setting).is_some_and(|quantity| quantity.in_base() > 1.0) {
            check_because(reader, map, &node, setting);
        }
    }
    let within = reader.setting_of(map, "within", Dimension::Seconds);
    (at_least.unwrap_or(Setting::Literal(Quantity::count(1.0))), within)
}

fn read_consecutive(reader: &mut Reader<'_>, map: &Node, series: &SeriesSpec) -> u32 {
    let consecutive = reader.number(map, "consecutive").unwrap_or(1);
    if consecutive > 1
        && last_bin(series).is_none()
        && let Some(node) = map.get("consecutive")
    {
        reader
            .report(&codes::THRESHOLD_UNSATISFIABLE, node, "there is only one bin, so there are never several in a row")
            .help = Some("set `every` on the last step".to_owned());
    }
    consecutive
}

fn read_rollup(reader: &mut Reader<'_>, map: &Node) -> Rollup {
    let Some(node) = reader.get(map, "rollup").cloned() else { return Rollup::Any };
    if node.text() == Some("every") {
        return Rollup::Every;
    }
    if let Some(count) = reader.number(&node, "at_least") {
        return Rollup::AtLeast(count);
    }
    let Some(share) = reader.get(&node, "share").cloned() else { return Rollup::Any };
    let Some(quantity) = share.text().and_then(Quantity::parse) else { return Rollup::Any };
    if quantity.unit.dimension != Dimension::Ratio {
        reader
            .report(
                &codes::UNIT_MISMATCH,
                &share,
                format!("`share` measures a share, not {}", dimension_name(&quantity.unit)),
            )
            .help = Some("write a share such as `80 %`".to_owned());
    } else if quantity.in_base() > 1.0 {
        reader.report(&codes::THRESHOLD_UNSATISFIABLE, &share, "a share above 100 %");
    } else if quantity.in_base() <= 0.0 {
        reader.report(&codes::THRESHOLD_TAUTOLOGY, &share, "a share of zero always passes");
    }
    Rollup::Share(quantity.in_base())
}

/// Reports `until_restart` for a table without a restart marker.
fn check_restart_marker(reader: &mut Reader<'_>, node: &Node, kind: &SymptomKind) {
    let (SymptomKind::Log { lines: LogLines { table, .. }, .. } | SymptomKind::Event { table, .. }) = kind else {
        return;
    };
    let pack = reader.pack;
    if pack.is_whole && pack.schema.tables.get(table).is_some_and(|table| table.restart_marker.is_none()) {
        reader.report(&codes::MISSING_FIELD, node, format!("table `{table}` has no `restart_marker`")).help =
            Some("add `restart_marker:` to the table in the pack".to_owned());
    }
}
