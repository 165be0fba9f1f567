//! Reads the rows of one file, whatever its shape, and hands them on one by one.
//!
//! Input: a file and its [`Shape`]. Output: calls of a [`Sink`]: a row, a bad row with its line and what is wrong with
//! it, or a loss that the file itself tells of. Rows stream; only a saved API response is held as a whole. Nothing here
//! panics on any bytes, and nothing is passed over in silence.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::{Map, Value};

use super::bytes::{self, Line, Meter};
use super::response;

/// A row as the file holds it.
pub(crate) type Object = Map<String, Value>;

/// How rows stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
    /// A saved answer of a query service.
    Response,
}

/// Takes what a file holds. `Break` ends the reading.
pub(crate) trait Sink {
    /// A row; `line` counts from 1, 0 where rows have no line of their own.
    fn row(&mut self, line: u64, row: Object) -> ControlFlow<()>;
    /// Something that should be a row and is none.
    fn bad(&mut self, line: u64, what: String) -> ControlFlow<()>;
    /// The same where the reading ends anyway.
    fn note(&mut self, line: u64, what: String) {
        let _ = self.bad(line, what);
    }
    /// The file itself says that something is lacking, or could not be read to its end.
    fn lost(&mut self, reason: GapReason, line: u64, what: String);
    /// The file holds an error instead of rows.
    fn failed(&mut self, kind: SourceErrorKind, what: String);
}

/// Reads a file to its end, or until the sink has enough.
pub(crate) fn read(path: &Path, shape: Shape, table: &Table, meter: Meter<'_>, sink: &mut dyn Sink) {
    let mut reader = match bytes::open(path, meter) {
        Ok(reader) => reader,
        Err(error) => {
            let kind = if error.kind() == io::ErrorKind::PermissionDenied {
                SourceErrorKind::Denied
            } else {
                SourceErrorKind::Other
            };
            return sink.failed(kind, format!("the file cannot be opened: {error}"));
        }
    };
    match shape {
        Shape::Ndjson => ndjson(&mut *reader, sink),
        Shape::Csv => csv(reader, table, sink),
        Shape::Response => response::read(reader, sink),
    }
}

fn ndjson(reader: &mut dyn BufRead, sink: &mut dyn Sink) {
    let mut buffer = Vec::new();
    let mut line = 0;
    loop {
        line += 1;
        let step = match bytes::next_line(reader, &mut buffer) {
            Ok(Line::End) => return,
            Ok(Line::TooLong) => sink.bad(line, format!("the line is longer than {} MiB", bytes::LONGEST >> 20)),
            Ok(Line::Text) => {
                let text = buffer.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1).unwrap_or(&buffer);
                if text.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                match object(text) {
                    Ok(row) => sink.row(line, row),
                    Err(what) => sink.bad(line, what),
                }
            }
            Err(error) => {
                return sink.lost(GapReason::Truncated, line, format!("the file cannot be read further: {error}"));
            }
        };
        if step.is_break() {
            return;
        }
    }
}

fn object(text: &[u8]) -> Result<Object, String> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(format!("not valid UTF-8 from byte {}", error.valid_up_to() + 1));
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(other) => Err(format!("a row is a JSON object, this is {}", kind_of(&other))),
        Err(error) if error.is_eof() => Err("the row is cut off".to_owned()),
        Err(error) => Err(format!("not valid JSON at column {}", error.column())),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Stops a reader within one record that grows without end, and counts quotes.
struct Guard<R> {
    inner: R,
    since: Rc<Cell<usize>>,
    quotes: Rc<Cell<usize>>,
    first: bool,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > bytes::LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record does not end: a quote may be missing"));
        }
        let mut many = self.inner.read(buffer)?;
        if self.first && many >= 3 && buffer.starts_with(b"\xef\xbb\xbf") {
            buffer.copy_within(3..many, 0);
            many -= 3;
        }
        self.first = false;
        self.since.set(self.since.get() + many);
        let read = buffer.get(..many).unwrap_or_default();
        self.quotes.set(self.quotes.get() + memchr::memchr_iter(b'"', read).count());
        Ok(many)
    }
}

fn csv<'a>(reader: Box<dyn BufRead + 'a>, table: &Table, sink: &mut dyn Sink) {
    let since = Rc::new(Cell::new(0));
    let quotes = Rc::new(Cell::new(0));
    let guard = Guard { inner: reader, since: Rc::clone(&since), quotes: Rc::clone(&quotes), first: true };
    let mut reader = ::csv::ReaderBuilder::new().has_headers(true).flexible(false).from_reader(guard);
    let columns: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|name| name.trim().trim_end_matches(" [UTC]").to_owned()).collect(),
        Err(error) => return sink.note(1, format!("no header: {}", csv_problem(&error))),
    };
    let known = columns.iter().any(|name| name == table.time.column());
    if !columns.iter().all(String::is_empty) && !known {
        return sink.note(1, format!("the header names no column `{}`", table.time.column()));
    }
    let mut record = ::csv::StringRecord::new();
    let mut line;
    loop {
        since.set(0);
        line = reader.position().line();
        let step = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(line, ::csv::Position::line);
                sink.row(line, record_row(&columns, &record, table))
            }
            Err(error) if error.is_io_error() => {
                return sink.lost(
                    GapReason::Truncated,
                    line,
                    format!("the file cannot be read further: {}", csv_problem(&error)),
                );
            }
            Err(error) => sink.bad(error.position().map_or(line, ::csv::Position::line), csv_problem(&error)),
        };
        if step.is_break() {
            return;
        }
    }
    if quotes.get() % 2 == 1 {
        sink.lost(GapReason::BadRows, line, "a quote is opened and never closed: the file may be cut off".to_owned());
    }
}

fn csv_problem(error: &::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the header has {expected_len}")
        }
        ::csv::ErrorKind::Utf8 { err, .. } => format!("not valid UTF-8 in field {}", err.field() + 1),
        ::csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

fn record_row(columns: &[String], record: &::csv::StringRecord, table: &Table) -> Object {
    let mut row = Object::new();
    for (name, cell) in columns.iter().zip(record) {
        let kind = table.columns.get(name);
        // A table of texts cannot tell an empty text from none; KQL's strings are never null, everything else is.
        if cell.is_empty() && kind != Some(&ColumnType::String) {
            continue;
        }
        let text = if name == table.time.column() || kind == Some(&ColumnType::DateTime) {
            portal_time(cell).unwrap_or_else(|| cell.to_owned())
        } else {
            cell.to_owned()
        };
        row.insert(name.clone(), Value::String(text));
    }
    row
}

/// The portal's own notation, `8/5/2025, 1:02:03.456 PM` in UTC, as ISO 8601.
fn portal_time(text: &str) -> Option<String> {
    let (date, time) = text.split_once(", ")?;
    let mut parts = date.split('/');
    let (month, day, year) =
        (parts.next()?.parse::<u8>().ok()?, parts.next()?.parse::<u8>().ok()?, parts.next()?.parse::<u16>().ok()?);
    let (clock, half) = time.rsplit_once(' ')?;
    let (hour, rest) = clock.split_once(':')?;
    let hour: u8 = hour.parse().ok()?;
    let hour = match (half, hour) {
        ("AM", 12) => 0,
        ("PM", 12) => 12,
        ("AM", hour) => hour,
        ("PM", hour) => hour.checked_add(12)?,
        _ => return None,
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{rest}Z"))
}

#[cfg(test)]
mod tests {
    use super::portal_time;

    #[test]
    fn the_portals_times_are_read_as_utc() {
        assert_eq!(portal_time("8/5/2025, 1:02:03.456 PM").as_deref(), Some("2025-08-05T13:02:03.456Z"));
        assert_eq!(portal_time("12/31/2025, 12:00:00.000 AM").as_deref(), Some("2025-12-31T00:00:00.000Z"));
        assert_eq!(portal_time("2025-08-05T13:02:03Z"), None);
    }
}
