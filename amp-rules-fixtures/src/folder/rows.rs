//! Reads the rows of one file in any supported format, one by one.
//!
//! Input: a file and its [`FileFormat`]. Output: calls of a [`Sink`]: a row, a bad row with its line and a description, or
//! a reason for missing rows. Rows stream; only a saved API response is held in memory as a whole. Nothing here panics on
//! any bytes, and nothing is skipped silently.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::rc::Rc;

use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::bytes::{self, Line, OnBytesRead};
use super::listing::FileFormat;
use super::response;
use super::sink::{Object, Sink};

/// Reads a file to its end, or until the sink breaks.
pub(crate) fn read(
    path: &Path,
    format: FileFormat,
    table: &Table,
    on_bytes_read: OnBytesRead<'_>,
    sink: &mut dyn Sink,
) {
    let mut reader = match bytes::open(path, on_bytes_read) {
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
    match format {
        FileFormat::Ndjson => ndjson(&mut *reader, sink),
        FileFormat::Csv => csv(reader, table, sink),
        FileFormat::Response => response::read(reader, sink),
    }
}

fn ndjson(reader: &mut dyn BufRead, sink: &mut dyn Sink) {
    let mut buffer = Vec::new();
    let mut line = 0;
    loop {
        line += 1;
        let step = match bytes::next_line(reader, &mut buffer) {
            Ok(Line::End) => return,
            Ok(Line::TooLong) => sink.bad(line, format!("the line is longer than {} MiB", bytes::MAX_LINE >> 20)),
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
        Ok(other) => Err(format!("expected a JSON object, found {}", json_kind(&other))),
        Err(error) if error.is_eof() => Err("the row is cut off".to_owned()),
        Err(error) => Err(format!("not valid JSON at column {}", error.column())),
    }
}

fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Fails within a record that exceeds [`bytes::MAX_LINE`], counts quotes, and skips a byte order mark.
struct Guard<R> {
    inner: R,
    /// Bytes read since the last record started.
    since: Rc<Cell<usize>>,
    /// Quotes read so far.
    quotes: Rc<Cell<usize>>,
    first: bool,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > bytes::MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record is too long: a quote may be missing"));
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
        sink.lost(GapReason::BadRows, line, "a quote is not closed: the file may be cut off".to_owned());
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
        // CSV cannot distinguish an empty text from a missing one. KQL strings are never null; values of other types are.
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

/// Converts the time format of the portal, `8/5/2025, 1:02:03.456 PM` in UTC, to ISO 8601.
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
    fn times_of_the_portal_are_parsed_as_utc() {
        assert_eq!(portal_time("8/5/2025, 1:02:03.456 PM").as_deref(), Some("2025-08-05T13:02:03.456Z"));
        assert_eq!(portal_time("12/31/2025, 12:00:00.000 AM").as_deref(), Some("2025-12-31T00:00:00.000Z"));
        assert_eq!(portal_time("2025-08-05T13:02:03Z"), None);
    }
}
