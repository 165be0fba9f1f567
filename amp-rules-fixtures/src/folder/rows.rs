//! Reads the rows of one file in any supported format, one by one.
//!
//! Input: a file and its [`FileFormat`]. Output: calls of a [`Sink`]: a row, a bad row with its line and a description, or
//! a reason for missing rows. Rows stream: memory depends on the largest row, not on the file. Nothing here panics on any
//! bytes, and nothing is skipped silently.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::bytes::{self, Line, Lines, OnBytesRead, Usage};
use super::listing::{FileFormat, TableFile};
use super::problem::{cut_off, json_problem, more_than};
use super::response;
use super::sink::{Object, Sink};
use crate::input::{Limit, Limits, Reason, foreign};

/// Reads a file to its end, or until the sink breaks.
pub(crate) fn read(
    file: &TableFile,
    table: &Table,
    usage: &Usage,
    on_bytes_read: OnBytesRead<'_>,
    sink: &mut dyn Sink,
) {
    let kind = |denied| if denied { SourceErrorKind::Denied } else { SourceErrorKind::Other };
    if let Some(refused) = &file.refused {
        return sink.failed(kind(refused.denied), refused.what.clone());
    }
    let mut reader = match bytes::open(&file.path, usage, on_bytes_read) {
        Ok(reader) => reader,
        Err(reason) => return sink.failed(kind(matches!(reason, Reason::Denied)), reason.to_string()),
    };
    let what = match reader.fill_buf() {
        Ok(start) => foreign(start),
        Err(error) => return cut_off(&error, 1, sink),
    };
    if let Some(what) = what {
        return sink.failed(SourceErrorKind::Malformed, what);
    }
    match file.format {
        FileFormat::Ndjson => ndjson(&mut *reader, &usage.limits, sink),
        FileFormat::Csv => csv(reader, table, &usage.limits, sink),
        FileFormat::Response => response::read(reader, &file.path, &usage.limits, sink),
    }
}

fn ndjson(reader: &mut dyn BufRead, limits: &Limits, sink: &mut dyn Sink) {
    let mut buffer = Vec::new();
    let mut lines = Lines::new(reader, limits.size(Limit::RowBytes));
    loop {
        let read = lines.next(&mut buffer);
        let line = lines.number;
        let step = match read {
            Ok(Line::End) => return,
            Ok(Line::TooLong) => sink.bad(line, format!("the line has {}", more_than(limits, Limit::RowBytes, None))),
            Ok(Line::Text) => {
                let text = buffer.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1).unwrap_or(&buffer);
                if text.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                match object(text, limits) {
                    Ok(row) => sink.row(line, row),
                    Err(what) => sink.bad(line, what),
                }
            }
            Err(error) => return cut_off(&error, line, sink),
        };
        if step.is_break() {
            return;
        }
    }
}

fn object(text: &[u8], limits: &Limits) -> Result<Object, String> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(format!("not valid UTF-8 from byte {}", error.valid_up_to() + 1));
    }
    if let Some(at) = memchr::memchr(0, text) {
        return Err(format!("a NUL character at byte {}: the file may be damaged", at + 1));
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(row)) => match u64::try_from(row.len()) {
            Ok(many) if many <= limits.get(Limit::Columns) => Ok(row),
            many => Err(format!("too many columns: {}", more_than(limits, Limit::Columns, many.ok()))),
        },
        Ok(other) => Err(format!("expected a JSON object, found {}", json_kind(&other))),
        Err(error) if error.is_eof() => Err("the row is cut off".to_owned()),
        Err(error) => Err(format!("not valid JSON at column {}: {}", error.column(), json_problem(&error))),
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

/// Fails within a record that exceeds [`Limit::RowBytes`], counts quotes, and skips a byte order mark.
struct Guard<'l, R> {
    inner: R,
    limits: &'l Limits,
    /// Bytes read since the last record started.
    since: Rc<Cell<usize>>,
    /// Quotes read so far.
    quotes: Rc<Cell<usize>>,
    first: bool,
    /// Whether lines end in `\r` alone; it is read as `\n`, which the CSV reader counts.
    returns: bool,
}

impl<R: Read> Read for Guard<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > self.limits.size(Limit::RowBytes) {
            let reason = more_than(self.limits, Limit::RowBytes, None);
            return Err(io::Error::other(format!("a record has {reason}; a quote may be missing")));
        }
        let mut many = self.inner.read(buffer)?;
        if self.first && many >= 3 && buffer.starts_with(b"\xef\xbb\xbf") {
            buffer.copy_within(3..many, 0);
            many -= 3;
        }
        self.first = false;
        self.since.set(self.since.get() + many);
        let read = buffer.get_mut(..many).unwrap_or_default();
        if self.returns {
            read.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        self.quotes.set(self.quotes.get() + memchr::memchr_iter(b'"', read).count());
        Ok(many)
    }
}

/// Whether the first line break of a text is a `\r` without a `\n`.
fn has_returns(start: &[u8]) -> bool {
    // A line break within quotes is part of a cell.
    let mut is_quoted = false;
    let is_break = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        !is_quoted && matches!(*byte, b'\n' | b'\r')
    };
    let end = start.iter().position(is_break);
    end.is_some_and(|end| start.get(end) == Some(&b'\r') && start.get(end + 1).is_some_and(|next| *next != b'\n'))
}

fn csv<'a>(mut reader: Box<dyn BufRead + 'a>, table: &Table, limits: &Limits, sink: &mut dyn Sink) {
    let returns = match reader.fill_buf() {
        Ok(start) => has_returns(start),
        Err(error) => return cut_off(&error, 1, sink),
    };
    let since = Rc::new(Cell::new(0));
    let quotes = Rc::new(Cell::new(0));
    let guard =
        Guard { inner: reader, limits, since: Rc::clone(&since), quotes: Rc::clone(&quotes), first: true, returns };
    let mut reader = ::csv::ReaderBuilder::new().has_headers(true).flexible(false).from_reader(guard);
    let columns: Vec<String> = match reader.headers() {
        Ok(header) if header.len() > limits.size(Limit::Columns) => {
            let many = u64::try_from(header.len()).ok();
            return sink.note(1, format!("too many columns: {}", more_than(limits, Limit::Columns, many)));
        }
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
                if is_damaged(&columns, &record, table) {
                    sink.bad(line, "a NUL character: the file may be damaged".to_owned())
                } else {
                    sink.row(line, record_row(&columns, &record, table))
                }
            }
            Err(error) if error.is_io_error() => {
                return cut_off(&csv_problem(&error), line, sink);
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

/// So many NUL characters one after the other are a lost part of a file.
const LOST_BLOCK: usize = 8;

/// Whether a record has NUL characters that are not data. The text of a line may contain one; no other column has any.
fn is_damaged(columns: &[String], record: &::csv::StringRecord, table: &Table) -> bool {
    if memchr::memchr(0, record.as_slice().as_bytes()).is_none() {
        return false;
    }
    let text = table.text.as_ref().map(Path::column);
    columns.iter().zip(record).any(|(name, cell)| {
        let most = if Some(name.as_str()) == text { LOST_BLOCK } else { 1 };
        memchr::memmem::find(cell.as_bytes(), &vec![0; most]).is_some()
    })
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
            row.insert(name.clone(), Value::Null);
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
    use super::{has_returns, portal_time};

    #[test]
    fn a_line_break_in_a_quoted_cell_ends_no_line() {
        assert!(has_returns(b"a,b\r1,2\r"));
        assert!(!has_returns(b"a,b\r\n1,2\r\n"));
        assert!(!has_returns(b"a,\"b\rc\"\n1,2\n"));
    }

    #[test]
    fn times_of_the_portal_are_parsed_as_utc() {
        assert_eq!(portal_time("8/5/2025, 1:02:03.456 PM").as_deref(), Some("2025-08-05T13:02:03.456Z"));
        assert_eq!(portal_time("12/31/2025, 12:00:00.000 AM").as_deref(), Some("2025-12-31T00:00:00.000Z"));
        assert_eq!(portal_time("2025-08-05T13:02:03Z"), None);
    }
}
