//! What a file is: its format by its first bytes, and its table by its name, its path or its header.
//!
//! Input: a path with its name in the folder. Output: the tables whose rows it has, or why it has none. A file whose name is a
//! table's is of that table, whatever stands in it; any other file is of the table that its header fits.

use std::collections::BTreeSet;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use amp_rules_core::telemetry::form::FormContent;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::bytes::{self, Place, Usage};
use super::file::{FileFormat, FileRule, Refused, TableFile};
use super::response::{self, RowsAt};
use super::rows;
use super::sink::{Header, Object, Sink, Wanted};
use super::text::{self, is_container_text};
use crate::form::{Catalogue, FileFacts, FileOptions, Fit, Layout, Mapper, OrderFinder, TimeRule};
use crate::input::Limits;

/// How much of a file is read to see what it is, in bytes after decompression.
const START: u64 = 64 << 10;

/// How many rows without a header are read to know their columns.
const HEADER_ROWS: usize = 100;

/// Recognises files.
pub(super) struct Recogniser<'r> {
    pub(super) catalogue: &'r Arc<Catalogue>,
    pub(super) options: &'r FileOptions,
    pub(super) limits: &'r Limits,
}

/// A file to recognise.
pub(super) struct Candidate<'c> {
    /// The name relative to the folder, with `/` between its parts.
    pub(super) name: &'c str,
    pub(super) place: &'c Place,
    pub(super) bytes: u64,
}

impl Recogniser<'_> {
    /// The file of a table with this name.
    pub(super) fn named(&self, file: &Candidate<'_>, table: usize, format: Option<FileFormat>) -> TableFile {
        let start = self.start(file.place);
        let format = format.or_else(|| format_of(&start)).unwrap_or(FileFormat::Ndjson);
        let header = self.headers(file, format).into_iter().next().unwrap_or_default();
        let layout = self.catalogue.fit_table(table, &header.names);
        self.file(file, format, table, layout, header, true)
    }

    /// The file of a form whose files have such paths; `None` if no form has.
    pub(super) fn by_path(&self, file: &Candidate<'_>) -> Option<TableFile> {
        let layout = self.catalogue.of_path(file.name).next()?;
        let format = match layout.content {
            FormContent::Lines => FileFormat::Lines,
            FormContent::Objects(_) => FileFormat::Objects,
            FormContent::Rows => format_of(&self.start(file.place)).unwrap_or(FileFormat::Csv),
        };
        Some(self.of_layout(file, format, layout))
    }

    /// The file of lines of a container, if at least half of its lines look like such.
    pub(super) fn by_lines(&self, file: &Candidate<'_>) -> Option<TableFile> {
        let layout = self.catalogue.of_lines()?;
        is_container_text(&self.start(file.place)).then(|| self.of_layout(file, FileFormat::Lines, layout))
    }

    fn of_layout(&self, file: &Candidate<'_>, format: FileFormat, layout: &Arc<Layout>) -> TableFile {
        let header = match layout.content {
            FormContent::Rows => self.headers(file, format).into_iter().next().unwrap_or_default(),
            FormContent::Lines | FormContent::Objects(_) => Header::default(),
        };
        let mut found = self.file(file, format, layout.table, Some(Arc::clone(layout)), header, false);
        found.rule.facts.fields = layout.fields_of_path(file.name);
        if format == FileFormat::Lines {
            let (now, usage) = (self.options.now, Usage::new(*self.limits));
            if let Ok(mut reader) = bytes::open(file.place, &usage, &|_| {}) {
                found.rule.facts.text = text::facts(&mut *reader, self.limits, now);
            }
            found.rule.facts.untimed_at = now.map(|now| now.saturating_sub(std::time::Duration::from_secs(1)));
        }
        found
    }

    /// The file of Kubernetes objects; `None` if it has none of a kind that a form has.
    pub(super) fn by_kind(&self, file: &Candidate<'_>) -> Option<Vec<TableFile>> {
        let start = self.start(file.place);
        let text = start.trim_ascii_start();
        if text.first() != Some(&b'{') || !keys_of(text).iter().any(|key| key == "apiVersion") {
            return None;
        }
        let mut sink = KindSink::default();
        let usage = Usage::new(*self.limits);
        let reader = bytes::open(file.place, &usage, &|_| {}).ok()?;
        response::rows(reader, RowsAt::Key("items"), self.limits, &mut sink);
        let layouts = sink.kinds.iter().filter_map(|kind| self.catalogue.of_objects(kind));
        Some(layouts.map(|layout| self.of_layout(file, FileFormat::Objects, layout)).collect())
    }

    /// The tables whose rows a file has that is named after none.
    ///
    /// # Errors
    ///
    /// Why it has no rows, as a remark.
    pub(super) fn by_header(&self, file: &Candidate<'_>, format: Option<FileFormat>) -> Result<Vec<TableFile>, String> {
        let start = self.start(file.place);
        let Some(format) = format.or_else(|| format_of(&start)) else {
            return Err("not read: neither JSON nor CSV".to_owned());
        };
        let headers = self.headers(file, format);
        let mut found: Vec<TableFile> = Vec::new();
        let mut reason = None;
        for header in headers {
            match self.catalogue.fit(&header.names) {
                Fit::One(layout) if found.iter().all(|known| known.rule.table != layout.table) => {
                    let table = layout.table;
                    found.push(self.file(file, format, table, Some(layout), header, false));
                }
                Fit::One(_) => {}
                Fit::Tie(tables) => {
                    reason = Some(format!(
                        "not read: its columns fit {} equally well; name the file after its table",
                        tables.iter().map(|table| format!("`{table}`")).collect::<Vec<_>>().join(" and ")
                    ));
                }
                Fit::None => {
                    let near = self.catalogue.nearest(&header.names);
                    reason = reason.or_else(|| {
                        near.map(|(table, missing)| {
                            format!(
                                "not read: its columns are like those of `{}`, but `{missing}` is missing",
                                table.name
                            )
                        })
                    });
                }
            }
        }
        if found.is_empty() {
            return Err(reason.unwrap_or_else(|| "not read: its columns fit no table".to_owned()));
        }
        Ok(found)
    }

    fn file(
        &self,
        file: &Candidate<'_>,
        format: FileFormat,
        table: usize,
        layout: Option<Arc<Layout>>,
        header: Header,
        is_named: bool,
    ) -> TableFile {
        let facts = FileFacts {
            name: Arc::from(file.name),
            keys: self.keys_of(file),
            times: TimeRule { zone: self.options.timezone.clone(), order: self.options.date_order },
            ..FileFacts::default()
        };
        let rule = FileRule { catalogue: Arc::clone(self.catalogue), table, is_named, layout, header, facts };
        let mut found = TableFile {
            name: file.name.to_owned(),
            place: file.place.clone(),
            format,
            bytes: file.bytes,
            refused: None,
            rule,
        };
        if let Err(what) = self.find_order(&mut found) {
            found.refused = Some(Refused { kind: SourceErrorKind::Malformed, what });
        }
        found
    }

    /// The keys that are given for the rows of a file.
    fn keys_of(&self, file: &Candidate<'_>) -> std::collections::BTreeMap<String, String> {
        let path = file.place.path.to_string_lossy();
        let is_for = |given: &str| {
            let given = given.trim_end_matches('/');
            path == given || path.strip_prefix(given).is_some_and(|rest| rest.starts_with('/'))
        };
        let (all, own): (Vec<_>, Vec<_>) = self.options.keys.iter().partition(|given| given.path.is_none());
        let own = own.into_iter().filter(|given| given.path.as_deref().is_some_and(is_for));
        all.into_iter().chain(own).map(|given| (given.key.clone(), given.value.clone())).collect()
    }

    /// Finds the order of day and month from all rows, if the first ones have dates that need one.
    fn find_order(&self, file: &mut TableFile) -> Result<(), String> {
        let (rule, catalogue) = (&file.rule, self.catalogue);
        let Some(table) = catalogue.tables.get(rule.table) else { return Ok(()) };
        let Some(time) = Mapper::time_name(table, rule.layout.as_deref(), &rule.header.names) else { return Ok(()) };
        if self.options.date_order.is_some() {
            return Ok(());
        }
        let mut sink = OrderSink { time: time.to_owned(), finder: OrderFinder::default(), rows: 0 };
        rows::read(file, &Usage::new(*self.limits), &|_| {}, &mut sink);
        file.rule.facts.times.order = sink.finder.order()?;
        Ok(())
    }

    /// The beginning of a file; empty if it cannot be read, which its reader reports.
    fn start(&self, place: &Place) -> Vec<u8> {
        let mut start = Vec::new();
        let usage = Usage::new(*self.limits);
        if let Ok(reader) = bytes::open(place, &usage, &|_| {}) {
            // What was read before an error is kept.
            let _ = reader.take(START).read_to_end(&mut start);
        }
        start
    }

    /// The headers of a file: one per result of a response, one of anything else.
    fn headers(&self, file: &Candidate<'_>, format: FileFormat) -> Vec<Header> {
        let mut sink = HeaderSink::default();
        let file = TableFile {
            name: file.name.to_owned(),
            place: file.place.clone(),
            format,
            bytes: file.bytes,
            refused: None,
            rule: FileRule {
                catalogue: Arc::clone(self.catalogue),
                table: 0,
                is_named: false,
                layout: None,
                header: Header::default(),
                facts: FileFacts::default(),
            },
        };
        rows::read(&file, &Usage::new(*self.limits), &|_| {}, &mut sink);
        if sink.headers.is_empty() && !sink.names.is_empty() {
            sink.headers.push(Header { names: sink.names.into_iter().collect(), ..Header::default() });
        }
        sink.headers
    }
}

/// The format of a file by its first bytes; `None` if it is neither JSON nor CSV.
fn format_of(start: &[u8]) -> Option<FileFormat> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match text.first()? {
        b'[' => Some(if has_tables(text) { FileFormat::Response } else { FileFormat::Rows }),
        b'{' => {
            let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            match serde_json::from_slice::<Value>(line) {
                Ok(Value::Object(row)) => Some(if is_response(row.keys().map(String::as_str)) {
                    FileFormat::Response
                } else {
                    FileFormat::Ndjson
                }),
                _ if is_response(keys_of(text).iter().map(String::as_str)) => Some(FileFormat::Response),
                _ => Some(FileFormat::Rows),
            }
        }
        _ => {
            let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_header = std::str::from_utf8(line).is_ok_and(|line| line.contains(','));
            is_header.then_some(FileFormat::Csv)
        }
    }
}

fn is_response<'k>(keys: impl IntoIterator<Item = &'k str>) -> bool {
    let keys: BTreeSet<&str> = keys.into_iter().collect();
    let has = |key: &str| keys.contains(key);
    has("tables")
        || has("Tables")
        || has("FrameType")
        || (has("error") && keys.len() == 1)
        || (has("body") && has("status"))
}

/// Whether the first element of an array is a table or a frame.
fn has_tables(text: &[u8]) -> bool {
    let element = text.get(1..).unwrap_or_default().trim_ascii_start();
    let keys = keys_of(element);
    let has = |key: &str| keys.iter().any(|known| known == key);
    has("FrameType") || (has("columns") && has("rows")) || (has("Columns") && has("Rows"))
}

/// The keys of a JSON object that may be cut off.
fn keys_of(text: &[u8]) -> Vec<String> {
    use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

    struct Keys<'k>(&'k mut Vec<String>);
    impl<'de> Visitor<'de> for Keys<'_> {
        type Value = ();

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                self.0.push(key);
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }
    let mut keys = Vec::new();
    // The text may end anywhere; the keys before that are known.
    let _ = serde_json::Deserializer::from_slice(text).deserialize_map(Keys(&mut keys));
    keys
}

/// Collects headers, and the columns of rows without one.
#[derive(Default)]
struct HeaderSink {
    headers: Vec<Header>,
    names: BTreeSet<String>,
    rows: usize,
}

impl Sink for HeaderSink {
    fn header(&mut self, header: &Header) -> Wanted {
        self.headers.push(header.clone());
        Wanted::Nothing
    }

    fn row(&mut self, _: u64, row: Object) -> ControlFlow<()> {
        self.names.extend(row.into_iter().map(|(name, _)| name));
        self.rows += 1;
        if self.rows < HEADER_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn bad(&mut self, _: u64, _: String) -> ControlFlow<()> {
        self.rows += 1;
        if self.rows < HEADER_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn is_probe(&self) -> bool {
        false
    }

    fn skip_rows(&mut self) {}

    fn lost(&mut self, _: GapReason, _: u64, _: String) {}

    fn failed(&mut self, _: SourceErrorKind, _: String) {}
}

/// Collects the kinds of Kubernetes objects.
#[derive(Default)]
struct KindSink {
    kinds: BTreeSet<String>,
}

impl Sink for KindSink {
    fn header(&mut self, _: &Header) -> Wanted {
        Wanted::Rows(None)
    }

    fn row(&mut self, _: u64, row: Object) -> ControlFlow<()> {
        if let Some(kind) = row.get("kind").and_then(Value::as_str) {
            self.kinds.insert(kind.to_owned());
        } else if row.contains_key("involvedObject") {
            self.kinds.insert("Event".to_owned());
        } else if row.get("status").is_some_and(|status| status.get("containerStatuses").is_some()) {
            self.kinds.insert("Pod".to_owned());
        }
        ControlFlow::Continue(())
    }

    fn bad(&mut self, _: u64, _: String) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn is_probe(&self) -> bool {
        false
    }

    fn skip_rows(&mut self) {}

    fn lost(&mut self, _: GapReason, _: u64, _: String) {}

    fn failed(&mut self, _: SourceErrorKind, _: String) {}
}

/// Collects the dates of a column, as long as they need an order.
struct OrderSink {
    time: String,
    finder: OrderFinder,
    rows: usize,
}

impl OrderSink {
    fn next(&mut self) -> ControlFlow<()> {
        self.rows += 1;
        // Where the first rows need no order, the others are read by the same rule, and reported if they need one.
        if self.rows >= HEADER_ROWS && self.finder.order() == Ok(None) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Sink for OrderSink {
    fn header(&mut self, _: &Header) -> Wanted {
        Wanted::Rows(None)
    }

    fn row(&mut self, _: u64, row: Object) -> ControlFlow<()> {
        if let Some(Value::String(text)) = row.get(&self.time) {
            self.finder.add(text);
        }
        self.next()
    }

    fn bad(&mut self, _: u64, _: String) -> ControlFlow<()> {
        self.next()
    }

    fn is_probe(&self) -> bool {
        false
    }

    fn skip_rows(&mut self) {}

    fn lost(&mut self, _: GapReason, _: u64, _: String) {}

    fn failed(&mut self, _: SourceErrorKind, _: String) {}
}
