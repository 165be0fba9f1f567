//! Reads checked trees of cases, scenarios and incidents into raw values.
//!
//! Input: one file. Output: raw values, or every problem of the file. A tree that fits the format causes no further
//! diagnostics.

use std::collections::BTreeMap;
use std::time::Duration;

use super::expect::{ExpectText, InstanceText, RootText};
use super::files::{CaseText, CasesText, IncidentText, ScenarioText};
use super::given::{AliveText, EntityText, GivenText, MissingPart, ReportText, RowsText, SeriesText, TableState};
use super::spanned::{Spanned, TimeSpec};
use crate::rules::diagnostic::{Diagnostic, Diagnostics, RuleFile, Severity};
use crate::rules::syntax::check::{Checked, check_file};
use crate::rules::syntax::document::FileKind;
use crate::rules::syntax::node::Node;
use crate::time::{Time, parse_duration, ticks_of};

/// Reads a `cases.yaml`. The value is `Some` unless the file has errors; the diagnostics can contain warnings in either case.
#[must_use]
pub fn read_cases(file: &RuleFile) -> (Option<CasesText>, Diagnostics) {
    read(file, FileKind::Cases, cases_of)
}

/// Reads an `incident.yaml`. The value is `Some` unless the file has errors; the diagnostics can contain warnings in either case.
#[must_use]
pub fn read_incident(file: &RuleFile) -> (Option<IncidentText>, Diagnostics) {
    read(file, FileKind::Incident, |reader, root| reader.incident(root))
}

/// Reads a `scenario.yaml`. The value is `Some` unless the file has errors; the diagnostics can contain warnings in either case.
#[must_use]
pub fn read_scenario(file: &RuleFile) -> (Option<ScenarioText>, Diagnostics) {
    read(file, FileKind::Scenario, |reader, root| {
        Some(ScenarioText {
            title: root.get("title").and_then(Node::text).map(str::to_owned),
            given: reader.given(root.get("given")?),
        })
    })
}

fn read<T>(
    file: &RuleFile,
    kind: FileKind,
    build: impl FnOnce(&TreeReader<'_>, &Node) -> Option<T>,
) -> (Option<T>, Diagnostics) {
    let mut problems: Vec<Diagnostic> = Vec::new();
    let checked = check_file(file, kind, &mut problems);
    let sound = !problems.iter().any(|problem| problem.severity == Severity::Error);
    let value = checked.root.as_ref().filter(|_| sound).and_then(|root| build(&TreeReader { checked: &checked }, root));
    (value, Diagnostics::new(problems, std::slice::from_ref(file)))
}

/// Returns the cases of a checked file; `None` unless it fits the format.
pub(crate) fn cases(checked: &Checked) -> Option<CasesText> {
    let root = checked.root.as_ref().filter(|_| checked.is_whole())?;
    cases_of(&TreeReader { checked }, root)
}

/// Returns the incident of a checked file; `None` unless it fits the format.
pub(crate) fn incident(checked: &Checked) -> Option<IncidentText> {
    let root = checked.root.as_ref().filter(|_| checked.is_whole())?;
    TreeReader { checked }.incident(root)
}

fn cases_of(reader: &TreeReader<'_>, root: &Node) -> Option<CasesText> {
    Some(CasesText { cases: root.get("cases")?.list()?.iter().map(|case| reader.case(case)).collect::<Option<_>>()? })
}

struct TreeReader<'a> {
    checked: &'a Checked,
}

impl TreeReader<'_> {
    fn spanned(&self, node: &Node) -> Option<Spanned<String>> {
        Some(Spanned { value: node.text()?.to_owned(), span: self.checked.span(node.bytes) })
    }

    fn text(&self, map: &Node, key: &str) -> Option<Spanned<String>> {
        self.spanned(map.get(key)?)
    }

    fn texts(&self, map: &Node, key: &str) -> Option<Vec<Spanned<String>>> {
        Some(map.get(key)?.many().iter().filter_map(|node| self.spanned(node)).collect())
    }

    fn case(&self, case: &Node) -> Option<CaseText> {
        Some(CaseText {
            name: self.text(case, "name")?,
            given: self.given(case.get("given")?),
            expect: self.expect(case.get("expect")?),
            todo: self.text(case, "todo"),
        })
    }

    fn given(&self, given: &Node) -> GivenText {
        GivenText {
            now: given.get("now").and_then(Node::text).and_then(|text| text.parse().ok()),
            window: duration(given, "window"),
            subject: entity(given, "subject"),
            background: self.texts(given, "background").unwrap_or_default(),
            entities: given
                .get("entities")
                .and_then(Node::map)
                .unwrap_or_default()
                .iter()
                .map(|entry| (entry.key.clone(), self.entity_list(&entry.value)))
                .collect(),
            attributes: entity(given, "attributes"),
            logs: self.rows(given, "logs"),
            events: self.rows(given, "events"),
            metrics: items(given, "metrics").iter().filter_map(|series| self.series(series)).collect(),
            tables: self.tables(given),
            alive: given.get("alive").map(|alive| alive.many().iter().map(|one| self.alive(one)).collect()),
            reported: self.reported(given),
            set: self.set(given),
            inventory_partial: given.get("inventory").and_then(Node::text) == Some("partial"),
        }
    }

    fn rows(&self, given: &Node, key: &str) -> Vec<(Spanned<String>, Vec<RowsText>)> {
        let entries = given.get(key).and_then(Node::map).unwrap_or_default();
        entries
            .iter()
            .map(|entry| {
                let table = Spanned { value: entry.key.clone(), span: self.checked.span(entry.key_bytes) };
                (table, entry.value.many().iter().filter_map(|row| self.row(row)).collect())
            })
            .collect()
    }

    fn entity_list(&self, node: &Node) -> Vec<EntityText> {
        let one = |node: &Node| match node.map() {
            Some(entries) => {
                let keys = entries.iter().map(|entry| {
                    (
                        entry.key.clone(),
                        entry.value.many().iter().filter_map(|value| value.text().map(str::to_owned)).collect(),
                    )
                });
                Some(EntityText::Keys(keys.collect(), self.checked.span(node.bytes)))
            }
            None => self.spanned(node).map(EntityText::Group),
        };
        node.many().iter().filter_map(one).collect()
    }

    fn entities(&self, map: &Node) -> Vec<EntityText> {
        map.get("entity").map(|node| self.entity_list(node)).unwrap_or_default()
    }

    fn row(&self, row: &Node) -> Option<RowsText> {
        let mut lines: Vec<String> = row.get("line").and_then(Node::text).map(str::to_owned).into_iter().collect();
        lines.extend(items(row, "lines").iter().filter_map(|line| line.text().map(str::to_owned)));
        Some(RowsText {
            from: time_spec(row, "at").or_else(|| time_spec(row, "from"))?,
            to: time_spec(row, "to"),
            every: duration(row, "every"),
            pulse: pulse(row),
            entity: self.entities(row),
            component: self.text(row, "component"),
            lines,
            with: entity(row, "with"),
            weight: row.get("weight").and_then(Node::text).and_then(|text| text.parse().ok()).unwrap_or(1),
            columns: entity(row, "columns"),
            span: self.checked.span(row.bytes),
        })
    }

    fn series(&self, series: &Node) -> Option<SeriesText> {
        Some(SeriesText {
            name: self.text(series, "name")?,
            table: self.text(series, "table"),
            entity: self.entities(series),
            from: time_spec(series, "from"),
            to: time_spec(series, "to"),
            every: duration(series, "every")?,
            values: self.text(series, "values")?,
            weight: self.text(series, "weight"),
            columns: entity(series, "columns"),
        })
    }

    fn tables(&self, map: &Node) -> Vec<(Spanned<String>, TableState)> {
        let entries = map.get("tables").and_then(Node::map).unwrap_or_default();
        entries
            .iter()
            .map(|entry| {
                let table = Spanned { value: entry.key.clone(), span: self.checked.span(entry.key_bytes) };
                (table, self.state(&entry.value))
            })
            .collect()
    }

    fn state(&self, state: &Node) -> TableState {
        if let Some(missing) = state.get("missing") {
            if let Some(reason) = self.spanned(missing) {
                return TableState::Missing(reason);
            }
            let parts = missing.many().iter().filter_map(|part| {
                Some(MissingPart {
                    metric: self.text(part, "metric"),
                    component: self.text(part, "component"),
                    reason: self.text(part, "reason")?,
                })
            });
            return TableState::MissingParts(parts.collect());
        }
        match self.text(state, "partial") {
            Some(how) => TableState::Partial(how, time_spec(state, "from"), time_spec(state, "to")),
            None => TableState::Complete,
        }
    }

    fn alive(&self, alive: &Node) -> AliveText {
        AliveText {
            entity: self.entities(alive),
            from: time_spec(alive, "from"),
            to: time_spec(alive, "to"),
            tables: self.texts(alive, "tables").unwrap_or_default(),
            columns: entity(alive, "columns"),
        }
    }

    fn reported(&self, map: &Node) -> Vec<ReportText> {
        let reports = items(map, "reported").iter().filter_map(|report| {
            Some(ReportText {
                pattern: self.text(report, "pattern")?,
                entity: entity(report, "entity"),
                since: time_spec(report, "since"),
                until: time_spec(report, "until"),
            })
        });
        reports.collect()
    }

    fn set(&self, map: &Node) -> BTreeMap<String, Spanned<String>> {
        let entries = map.get("set").and_then(Node::map).unwrap_or_default();
        entries.iter().filter_map(|entry| Some((entry.key.clone(), self.spanned(&entry.value)?))).collect()
    }

    fn expect(&self, expect: &Node) -> ExpectText {
        let root = self
            .text(expect, "root")
            .map(|pattern| vec![RootText { pattern, grade: None, entity: None, severity: None }]);
        let roots = expect.get("roots").map(|roots| roots.many().iter().filter_map(|root| self.root(root)).collect());
        ExpectText {
            status: self.text(expect, "status"),
            roots: root.or(roots),
            grade: self.text(expect, "grade"),
            chain: self.texts(expect, "chain"),
            consequences: self.texts(expect, "consequences"),
            contributing: self.texts(expect, "contributing"),
            independent: self.texts(expect, "independent"),
            noise: self.texts(expect, "noise"),
            recovered: self.texts(expect, "recovered"),
            unresolved: self.texts(expect, "unresolved"),
            undecided: self.texts(expect, "undecided"),
            hypotheses: self.texts(expect, "hypotheses"),
            conflicts: self.texts(expect, "conflicts"),
            instances: items(expect, "instances").iter().filter_map(|instance| self.instance(instance)).collect(),
            quiet: expect.get("quiet").and_then(Node::text).map(|text| text == "true"),
            absent: self.texts(expect, "absent"),
            remedy_first: self.texts(expect, "remedy_first"),
            severity: self.text(expect, "severity"),
            strict: expect.get("strict").and_then(Node::text) == Some("true"),
            span: Some(self.checked.span(expect.bytes)),
        }
    }

    fn instance(&self, instance: &Node) -> Option<InstanceText> {
        Some(InstanceText {
            pattern: self.text(instance, "pattern")?,
            entity: entity(instance, "entity"),
            is: self.text(instance, "is")?,
        })
    }

    fn root(&self, root: &Node) -> Option<RootText> {
        if let Some(pattern) = self.spanned(root) {
            return Some(RootText { pattern, grade: None, entity: None, severity: None });
        }
        Some(RootText {
            pattern: self.text(root, "pattern")?,
            grade: self.text(root, "grade"),
            entity: root.get("entity").map(|_| entity(root, "entity")),
            severity: self.text(root, "severity"),
        })
    }

    fn incident(&self, root: &Node) -> Option<IncidentText> {
        Some(IncidentText {
            title: self.text(root, "title")?,
            subject: entity(root, "subject"),
            now: root.get("now").and_then(Node::text).and_then(|text| text.parse().ok())?,
            window: duration(root, "window"),
            tables: self.tables(root),
            reported: self.reported(root),
            set: self.set(root),
            inventory_partial: root.get("inventory").and_then(Node::text) == Some("partial"),
            provenance: root.get("provenance").and_then(Node::text).map(str::to_owned),
            expect: root.get("expect").map(|expect| self.expect(expect)),
        })
    }
}

/// How long rows are on and off. If only one of the two is set, it applies to both.
fn pulse(row: &Node) -> Option<(Duration, Duration)> {
    let (on, off) = (duration(row, "on_for"), duration(row, "off_for"));
    Some((on.or(off)?, off.or(on)?))
}

fn items<'a>(map: &'a Node, key: &str) -> &'a [Node] {
    map.get(key).and_then(Node::list).unwrap_or_default()
}

fn duration(map: &Node, key: &str) -> Option<Duration> {
    map.get(key).and_then(Node::text).and_then(parse_duration)
}

fn entity(map: &Node, key: &str) -> BTreeMap<String, String> {
    let entries = map.get(key).and_then(Node::map).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned()))).collect()
}

fn time_spec(map: &Node, key: &str) -> Option<TimeSpec> {
    let text = map.get(key)?.text()?;
    if let Some(duration) = parse_duration(text.trim_start_matches(['-', '+'])) {
        let ticks = ticks_of(duration);
        return Some(TimeSpec::Offset(if text.starts_with('-') { -ticks } else { ticks }));
    }
    text.parse::<Time>().ok().map(TimeSpec::At)
}
