//! Symptoms, kind by kind.
//!
//! Input: a symptom's map. Output: a [`Symptom`] and the other symptoms that it uses. Everything that can be said about
//! one symptom alone is said here.

use std::collections::BTreeMap;

use super::condition::symptom_ref;
use super::series::last_bin;
use super::threshold::Number;
use super::{Reader, Used};
use crate::rules::codes;
use crate::rules::model::{
    AbsentMeans, Flow, Lasts, LogLines, PropertyState, Rollup, SeriesSpec, Setting, Symptom, SymptomKind, SymptomRef,
};
use crate::rules::syntax::{Entry, Node};
use crate::suggest::nearest;
use crate::telemetry::matcher;
use crate::telemetry::predicate::{Aggregate, KeySource, LineTest, See};
use crate::telemetry::schema::{Table, TableKind};
use crate::telemetry::source::rows::Line;
use crate::unit::{Dimension, Quantity, Unit};

/// What the symptoms of a pattern share.
pub(super) struct Around<'a> {
    /// The scope of the pattern.
    pub(super) scope: &'a str,
    /// Captures that something outside of the symptom uses: symptom and capture.
    pub(super) captures: &'a [(String, String)],
}

impl Reader<'_> {
    /// One symptom; `None` where it does not fit the format, or names something that is not there.
    pub(super) fn symptom(
        &mut self,
        entry: &Entry,
        around: &Around<'_>,
        uses: &mut Vec<Used<SymptomRef>>,
    ) -> Option<Symptom> {
        let map = &entry.value;
        if let Some(used) = map.get("repeats") {
            self.symptom_use(used, uses);
        }
        if let Some(streak) = map.get("persists") {
            for key in ["symptom", "without"] {
                if let Some(used) = streak.get(key) {
                    self.symptom_use(used, uses);
                }
            }
        }
        if !self.checked.is_sound(map) {
            return None;
        }
        let per = self.per_of(map, around.scope);
        let (kind, default) = self.kind(entry, &per, around)?;
        if let SymptomKind::Log { lines, .. } = &kind {
            self.examples(map, lines);
        }
        let absent_means = match self
            .text(map, "absent_means")
            .or_else(|| map.get("property").and_then(|property| self.text(property, "absent_means")))
        {
            Some("false") => AbsentMeans::False,
            Some("unknown" | "empty") => AbsentMeans::Unknown,
            Some("nothing") => AbsentMeans::Silence,
            _ => default,
        };
        let lasts = match self.get(map, "lasts").cloned() {
            Some(node) if node.text() == Some("until_restart") => {
                self.restarts(&node, &kind);
                Some(Lasts::UntilRestart)
            }
            Some(_) => self.setting_of(map, "lasts", Dimension::Seconds).map(Lasts::For),
            None => None,
        };
        Some(Symptom {
            name: entry.key.clone(),
            kind,
            per,
            rollup: self.rollup(map),
            absent_means,
            weak: self.is_true(map, "weak"),
            lasts,
            startup_grace: self.setting_of(map, "startup_grace", Dimension::Seconds),
            because: self.string(map, "because"),
            matching: map.get("examples").map(|examples| self.texts(examples, "match")).unwrap_or_default(),
            not_matching: map.get("examples").map(|examples| self.texts(examples, "no_match")).unwrap_or_default(),
        })
    }

    fn symptom_use(&self, node: &Node, uses: &mut Vec<Used<SymptomRef>>) {
        if let Some(text) = node.text()
            && self.checked.is_sound(node)
        {
            uses.push(Used { name: symptom_ref(text), span: self.span(node) });
        }
    }

    /// The entity kind of a symptom, which a query may say itself.
    fn per_of(&mut self, map: &Node, scope: &str) -> String {
        let Some(query) = map.get("query").filter(|query| query.get("per").is_some()) else {
            return self.per(map, scope);
        };
        if let (Some(outer), Some(inner)) = (map.entry("per"), query.entry("per")) {
            let span = self.checked.span(inner.key_bytes);
            let first = self.checked.span(outer.key_bytes);
            let problem = self.report_at(&codes::DUPLICATE_KEY, span, "`per` is said twice of one symptom");
            problem.labels.push(crate::rules::diagnostic::Label { span: first, text: "also here".to_owned() });
        }
        self.per(query, scope)
    }

    /// The entity kind of a symptom; says so if there is no such kind.
    fn per(&mut self, map: &Node, scope: &str) -> String {
        let Some(node) = self.get(map, "per").cloned() else { return scope.to_owned() };
        let name = node.text().unwrap_or(scope).to_owned();
        self.entity_exists(&node, &name);
        name
    }

    /// Says so if there is no such entity kind.
    pub(super) fn entity_exists(&mut self, node: &Node, name: &str) {
        let pack = self.pack;
        if pack.is_whole && pack.schema.entity(name).is_none() {
            let near = nearest(name, pack.schema.entities.iter().map(|kind| kind.name.as_str()))
                .map(|near| format!("did you mean `{near}`?"));
            self.report(&codes::DANGLING_REFERENCE, node, format!("unknown entity kind `{name}`")).help = near;
        }
    }

    fn kind(&mut self, entry: &Entry, per: &str, around: &Around<'_>) -> Option<(SymptomKind, AbsentMeans)> {
        let map = &entry.value;
        if let Some(log) = map.get("log") {
            let captures: Vec<&str> = around
                .captures
                .iter()
                .filter(|(symptom, _)| *symptom == entry.key)
                .map(|(_, capture)| capture.as_str())
                .collect();
            let lines = self.lines(log, &captures);
            let (at_least, within) = self.count(map);
            return Some((SymptomKind::Log { lines: lines?, at_least, within }, AbsentMeans::False));
        }
        if map.get("metric").is_some() {
            let series = self.series(map, per)?;
            let consecutive = self.consecutive(map, &series);
            let number = Number { unit: series.unit, is_quotient: false, is_positive: is_positive(&series) };
            let threshold = self.threshold(map, number)?;
            return Some((SymptomKind::Metric { series, threshold, consecutive }, AbsentMeans::Unknown));
        }
        if let Some(ratio) = map.get("ratio") {
            return Some((self.ratio(map, ratio, per)?, AbsentMeans::Unknown));
        }
        if let Some(property) = map.get("property") {
            return Some((self.property(map, property)?, AbsentMeans::Unknown));
        }
        if let Some(absent) = map.get("absent") {
            return Some((self.absent(map, absent, per)?, AbsentMeans::Unknown));
        }
        if let Some(flow) = map.get("drop") {
            return Some((self.dropped(map, flow, per)?, AbsentMeans::Unknown));
        }
        if let Some(flow) = map.get("ceases") {
            let every = self.duration(map, "every")?;
            let flow = self.flow(flow, per, Some(every))?;
            return Some((SymptomKind::Ceases { flow, every }, AbsentMeans::Unknown));
        }
        if let Some(watched) = map.get("repeats") {
            let symptom = symptom_ref(watched.text()?);
            self.not_itself(watched, &entry.key, &symptom);
            let at_least = self.setting_of(map, "at_least", Dimension::Count)?;
            let within = self.setting_of(map, "within", Dimension::Seconds)?;
            if let Some(node) = map.get("at_least").cloned() {
                self.because(map, &node, &at_least);
            }
            return Some((SymptomKind::Repeats { symptom, at_least, within }, AbsentMeans::False));
        }
        if let Some(streak) = map.get("persists") {
            let failures = streak.get("symptom")?;
            let symptom = symptom_ref(failures.text()?);
            self.not_itself(failures, &entry.key, &symptom);
            let lasting = self.setting_of(streak, "for", Dimension::Seconds)?;
            if let Some(node) = streak.get("for").cloned() {
                self.because(map, &node, &lasting);
            }
            let without = streak.get("without").and_then(Node::text).map(symptom_ref);
            let at_least = self.number(streak, "at_least").unwrap_or(3);
            return Some((SymptomKind::Persists { symptom, lasting, without, at_least }, AbsentMeans::False));
        }
        if let Some(query) = map.get("query") {
            return Some((self.query(entry, query, per)?, AbsentMeans::False));
        }
        let event = map.get("event")?;
        let table = self.table(event, &[TableKind::Events, TableKind::Logs])?;
        let filter = self.filter(event, &table, None);
        let keys = self.keys(event, &table, &[], &mut Vec::new());
        let (at_least, within) = self.count(map);
        Some((SymptomKind::Event { table: table.name.clone(), filter, at_least, within, keys }, AbsentMeans::False))
    }

    fn not_itself(&mut self, node: &Node, name: &str, symptom: &SymptomRef) {
        if symptom.pattern.is_none() && symptom.symptom == name {
            self.report(&codes::SELF_EDGE, node, format!("symptom `{name}` refers to itself"));
        }
    }

    fn count(&mut self, map: &Node) -> (Setting, Option<Setting>) {
        let at_least = self.setting_of(map, "at_least", Dimension::Count);
        if let (Some(node), Some(setting)) = (map.get("at_least").cloned(), &at_least) {
            if self.quantity(setting).is_some_and(|quantity| quantity.in_base() <= 0.0) {
                self.report(&codes::THRESHOLD_TAUTOLOGY, &node, "there are always at least so many");
            } else if self.quantity(setting).is_some_and(|quantity| quantity.in_base() > 1.0) {
                self.because(map, &node, setting);
            }
        }
        let within = self.setting_of(map, "within", Dimension::Seconds);
        (at_least.unwrap_or(Setting::Literal(Quantity::count(1.0))), within)
    }

    fn consecutive(&mut self, map: &Node, series: &SeriesSpec) -> u32 {
        let consecutive = self.number(map, "consecutive").unwrap_or(1);
        if consecutive > 1
            && last_bin(series).is_none()
            && let Some(node) = map.get("consecutive")
        {
            self.report(
                &codes::THRESHOLD_UNSATISFIABLE,
                node,
                "there is only one number, so there are never several in a row",
            )
            .help = Some("give the last step an `every`".to_owned());
        }
        consecutive
    }

    fn ratio(&mut self, map: &Node, ratio: &Node, per: &str) -> Option<SymptomKind> {
        let (above, below) = (self.series(ratio.get("of")?, per), self.series(ratio.get("to")?, per));
        let (of, to) = (above?, below?);
        let like = of.unit.dimension == to.unit.dimension && of.unit.per == to.unit.per;
        let unit = Unit {
            dimension: if like { Dimension::Ratio } else { of.unit.dimension },
            scale: of.unit.scale / to.unit.scale,
            divisor: of.unit.divisor / to.unit.divisor,
            per: (!like).then_some(to.unit.dimension),
        };
        let min_to = self.get(ratio, "min_to").cloned().and_then(|node| {
            let setting = self.setting(&node)?;
            if let Some(quantity) = self.quantity(&setting)
                && !quantity.unit.fits(&to.unit)
            {
                self.report(
                    &codes::UNIT_MISMATCH,
                    &node,
                    format!("the denominator measures {}, not {}", super::what(&to.unit), super::what(&quantity.unit)),
                );
            }
            Some(setting)
        });
        let is_positive = is_positive(&of) && is_positive(&to);
        let threshold = self.threshold(map, Number { unit, is_quotient: like, is_positive })?;
        Some(SymptomKind::Ratio { of, to, min_to, threshold })
    }

    fn property(&mut self, map: &Node, property: &Node) -> Option<SymptomKind> {
        let (table, metrics) = if property.get("metric").is_some() {
            self.metrics_of(property, "metric")?
        } else {
            (self.table(property, &[TableKind::Metrics, TableKind::Logs, TableKind::Events])?, Vec::new())
        };
        let filter = self.filter(property, &table, None);
        let mut names: Vec<(String, crate::telemetry::schema::Path)> = Vec::new();
        for node in property.get("names")?.many().to_vec() {
            let Some(name) = node.text() else { continue };
            let Some(path) = self.column(&table, name, &node) else { continue };
            if names.iter().any(|(other, _)| other == name) {
                self.report(&codes::DUPLICATE_EDGE, &node, format!("property `{name}` is named twice"));
            } else {
                names.push((name.to_owned(), path));
            }
        }
        let at_least = self.number(map, "at_least").unwrap_or(1);
        if at_least as usize > names.len()
            && let Some(node) = map.get("at_least")
        {
            self.report(&codes::THRESHOLD_UNSATISFIABLE, node, format!("at least {at_least} of {} names", names.len()));
        }
        let is = match map.get("is")?.text()? {
            "empty" => PropertyState::Empty,
            "set" => PropertyState::Set,
            text => PropertyState::Text(text.to_owned()),
        };
        let absent_is_empty = self.text(property, "absent_means") == Some("empty");
        Some(SymptomKind::Property { table: table.name.clone(), metrics, names, filter, absent_is_empty, is, at_least })
    }

    fn absent(&mut self, map: &Node, absent: &Node, per: &str) -> Option<SymptomKind> {
        let of = if let Some(log) = absent.get("log") {
            let lines = self.lines(log, &[])?;
            SymptomKind::Log { lines, at_least: Setting::Literal(Quantity::count(1.0)), within: None }
        } else {
            let series = self.series_in_bins(absent, per, None)?;
            let unit = series.unit;
            // Any sample at all is a sign of it.
            let threshold = crate::rules::model::Threshold {
                comparison: crate::telemetry::predicate::Comparison::AtLeast,
                limit: Setting::Literal(Quantity { number: f64::MIN, unit }),
                unit,
                levels: Vec::new(),
            };
            SymptomKind::Metric { series, threshold, consecutive: 1 }
        };
        let lasting = self.setting_of(map, "for", Dimension::Seconds)?;
        if let Some(node) = map.get("for").cloned() {
            self.because(map, &node, &lasting);
        }
        Some(SymptomKind::Absent { of: Box::new(of), lasting })
    }

    fn dropped(&mut self, map: &Node, flow: &Node, per: &str) -> Option<SymptomKind> {
        let every = self.duration(map, "every")?;
        let flow = self.flow(flow, per, Some(every))?;
        let node = self.get(map, "share")?.clone();
        let share = self.setting_of(map, "share", Dimension::Ratio)?;
        if let Some(quantity) = self.quantity(&share)
            && quantity.unit.dimension == Dimension::Ratio
        {
            if quantity.in_base() >= 1.0 {
                self.report(&codes::THRESHOLD_UNSATISFIABLE, &node, "nothing falls by its whole or more").help =
                    Some("use `ceases` for a flow that stops".to_owned());
            } else if quantity.in_base() <= 0.0 {
                self.report(&codes::THRESHOLD_TAUTOLOGY, &node, "a fall by nothing is no fall");
            }
        }
        self.because(map, &node, &share);
        let baseline_bins = map.get("baseline").and_then(|baseline| self.number(baseline, "bins"));
        Some(SymptomKind::Drop { flow, share, every, baseline_bins })
    }

    fn flow(&mut self, flow: &Node, per: &str, every: Option<std::time::Duration>) -> Option<Flow> {
        if let Some(rows) = self.get(flow, "rows").cloned() {
            let table = self.named_table(&rows, &[TableKind::Logs, TableKind::Metrics, TableKind::Events])?;
            let filter = self.filter(flow, &table, None);
            return Some(Flow::Rows { table: table.name.clone(), filter });
        }
        self.series_in_bins(flow, per, every).map(Flow::Series)
    }

    fn rollup(&mut self, map: &Node) -> Rollup {
        let Some(node) = self.get(map, "rollup").cloned() else { return Rollup::Any };
        if node.text() == Some("every") {
            return Rollup::Every;
        }
        if let Some(count) = self.number(&node, "at_least") {
            return Rollup::AtLeast(count);
        }
        let Some(share) = self.get(&node, "share").cloned() else { return Rollup::Any };
        let Some(quantity) = share.text().and_then(Quantity::parse) else { return Rollup::Any };
        if quantity.unit.dimension != Dimension::Ratio {
            self.report(
                &codes::UNIT_MISMATCH,
                &share,
                format!("`share` measures a share, not {}", super::what(&quantity.unit)),
            )
            .help = Some("write a share such as `80 %`".to_owned());
        } else if quantity.in_base() > 1.0 {
            self.report(&codes::THRESHOLD_UNSATISFIABLE, &share, "more than all of them");
        } else if quantity.in_base() <= 0.0 {
            self.report(&codes::THRESHOLD_TAUTOLOGY, &share, "none of them is always enough");
        }
        Rollup::Share(quantity.in_base())
    }

    /// Says so if `until_restart` stands where nothing says what a restart is.
    fn restarts(&mut self, node: &Node, kind: &SymptomKind) {
        let (SymptomKind::Log { lines: LogLines { table, .. }, .. } | SymptomKind::Event { table, .. }) = kind else {
            return;
        };
        let pack = self.pack;
        if pack.schema.tables.get(table).is_some_and(|table| table.restart_marker.is_none()) {
            self.report(&codes::MISSING_FIELD, node, format!("table `{table}` does not say what a restart is")).help =
                Some("add `restart_marker:` to the table in the pack".to_owned());
        }
    }

    fn lines(&mut self, log: &Node, used_outside: &[&str]) -> Option<LogLines> {
        let table = self.table(log, &[TableKind::Logs]);
        let see = if self.text(log, "see") == Some("line") { See::Line } else { See::Message };
        let extracted: Vec<(String, Node)> = log
            .get("extract")
            .and_then(Node::map)
            .unwrap_or_default()
            .iter()
            .map(|entry| (entry.key.clone(), Node { bytes: entry.key_bytes, value: entry.value.value.clone() }))
            .collect();
        let mut used: Vec<(String, Node)> = extracted.clone();
        let keys = match &table {
            Some(table) => self.keys(log, table, &[], &mut used),
            None => BTreeMap::new(),
        };
        let test = if let Some(node) = self.get(log, "regex").cloned() {
            let names: Vec<&str> =
                used.iter().map(|(name, _)| name.as_str()).chain(used_outside.iter().copied()).collect();
            let defined = self.regex(&node, see == See::Line);
            if let Some(defined) = defined {
                self.captures(&node, &defined, &used, &names);
            }
            LineTest::Regex(node.text()?.to_owned())
        } else {
            let node = self.get(log, "contains")?.clone();
            let text = node.text()?;
            if text.chars().filter(|c| !c.is_whitespace()).count() < 4 {
                self.report(&codes::TOO_BROAD, &node, "fewer than four characters are searched for");
            }
            for (name, place) in &used {
                self.report(&codes::UNDEFINED_CAPTURE, place, format!("a literal has no capture `{name}`")).help =
                    Some("use `regex` with a named capture".to_owned());
            }
            LineTest::Contains(text.to_owned())
        };
        let table = table?;
        let components = self.components(log, &table);
        let filter = self.filter(log, &table, None);
        let sums = extracted.into_iter().map(|(name, _)| name).collect();
        Some(LogLines { table: table.name.clone(), components, test, see, filter, sums, keys })
    }

    fn components(&mut self, log: &Node, table: &Table) -> Vec<String> {
        let Some(node) = self.get(log, "component").cloned() else { return Vec::new() };
        let mut out = Vec::new();
        for item in node.many() {
            let Some(name) = item.text() else { continue };
            if !table.components.iter().any(|rule| rule.name == name) && self.pack.is_whole {
                let near = nearest(name, table.components.iter().map(|rule| rule.name.as_str()))
                    .map(|near| format!("did you mean `{near}`?"));
                self.report(
                    &codes::DANGLING_REFERENCE,
                    item,
                    format!("table `{}` knows no component `{name}`", table.name),
                )
                .help = near;
            }
            out.push(name.to_owned());
        }
        out
    }

    /// Entity keys that stand elsewhere; captures that they use go to `used`.
    fn keys(
        &mut self,
        map: &Node,
        table: &Table,
        known: &[&str],
        used: &mut Vec<(String, Node)>,
    ) -> BTreeMap<String, KeySource> {
        let mut out = BTreeMap::new();
        let Some(keys) = self.get(map, "keys").cloned() else { return out };
        for entry in keys.map().unwrap_or_default() {
            let pack = self.pack;
            let all: Vec<&str> = pack
                .schema
                .entities
                .iter()
                .flat_map(|kind| &kind.keys)
                .map(String::as_str)
                .chain(known.iter().copied())
                .collect();
            if pack.is_whole && !all.contains(&entry.key.as_str()) {
                let near = nearest(&entry.key, all).map(|near| format!("did you mean `{near}`?"));
                let span = self.checked.span(entry.key_bytes);
                self.report_at(
                    &codes::DANGLING_REFERENCE,
                    span,
                    format!("no entity kind has the key `{}`", entry.key),
                )
                .help = near;
            }
            let value = &entry.value;
            let source = if let Some(field) = self.text(value, "json") {
                KeySource::Json(field.to_owned())
            } else if let Some(capture) = value.get("capture") {
                let Some(name) = capture.text() else { continue };
                used.push((name.to_owned(), capture.clone()));
                KeySource::Capture(name.to_owned())
            } else {
                let node = value.get("column").unwrap_or(value);
                let Some(path) = node.text().and_then(|name| self.column(table, name, node)) else { continue };
                KeySource::Column(path)
            };
            out.insert(entry.key.clone(), source);
        }
        out
    }

    /// Holds the named captures of a regex against those that are used.
    fn captures(
        &mut self,
        regex: &Node,
        defined: &[(String, crate::rules::diagnostic::Span)],
        used: &[(String, Node)],
        names: &[&str],
    ) {
        for (name, place) in used {
            if !defined.iter().any(|(other, _)| other == name) {
                let near = nearest(name, defined.iter().map(|(name, _)| name.as_str()))
                    .map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_else(|| format!("name it in the regex: `(?P<{name}>…)`"));
                let span = self.span(regex);
                let problem =
                    self.report(&codes::UNDEFINED_CAPTURE, place, format!("the regex has no capture `{name}`"));
                problem.help = Some(help);
                problem.labels.push(crate::rules::diagnostic::Label { span, text: "this regex".to_owned() });
            }
        }
        for (name, span) in defined {
            if !names.contains(&name.as_str()) {
                self.report_at(&codes::UNUSED_CAPTURE, span.clone(), format!("nothing uses the capture `{name}`"))
                    .help = Some(format!("write `(?:…)`, or use it: `extract: {{ {name}: sum }}`"));
            }
        }
    }

    /// Tries the examples in the way in which the symptom looks at lines.
    fn examples(&mut self, map: &Node, lines: &LogLines) {
        let Some(examples) = map.get("examples").cloned() else { return };
        let Ok(matcher) = matcher::Matcher::new(std::slice::from_ref(&lines.test)) else { return };
        for (key, wanted) in [("match", true), ("no_match", false)] {
            let Some(list) = self.get(&examples, key).cloned() else { continue };
            for item in list.many() {
                let Some(text) = item.text() else { continue };
                let line = Line::new(0, text);
                let seen = line.as_ref().map(|line| line.searched_text(lines.see)).unwrap_or_default();
                let mut hits = Vec::new();
                matcher.matches(&seen, &mut hits);
                if hits.is_empty() == wanted {
                    let message = if wanted {
                        "the line does not match, and the example says that it does"
                    } else {
                        "the line matches, and the example says that it does not"
                    };
                    let regex = map
                        .get("log")
                        .and_then(|log| log.get("regex").or_else(|| log.get("contains")))
                        .map(|node| self.span(node));
                    let hidden = wanted && lines.see == See::Message && {
                        matcher.matches(text, &mut hits);
                        !hits.is_empty()
                    };
                    let problem = self.report(&codes::EXAMPLE_CONTRADICTS, item, message);
                    if let Some(span) = regex {
                        problem.labels.push(crate::rules::diagnostic::Label { span, text: "this is tried".to_owned() });
                    }
                    if hidden {
                        problem.help = Some("of a JSON line only the fields msg, message, error, err and log are looked at; `see: line` shows the whole line".to_owned());
                    }
                }
            }
        }
    }
}

/// Whether a series can never be less than nothing: counts, increases, bytes and times.
fn is_positive(series: &SeriesSpec) -> bool {
    series.steps.iter().any(|step| {
        matches!(step.aggregate, Aggregate::Count | Aggregate::Dcount | Aggregate::Turns | Aggregate::Increase)
    }) || matches!(series.unit.dimension, Dimension::Bytes | Dimension::Cores)
}
