//! Reads the rows of one file in any supported format, one by one.
//!
//! Input: a file and its [`FileFormat`]. Output: calls of a [`Sink`]: a row, a bad row with its line and a description, or
//! a reason for missing rows. Rows stream: memory depends on the largest row, not on the file. Nothing here panics on any
//! bytes, and nothing is skipped silently.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::bytes::{self, Line, Lines, OnBytesRead, Usage};
use super::file::{FileFormat, TableFile};
use super::objects;
use super::problem::{cut_off, json_problem, more_than};
use super::response::{self, RowsAt};
use super::sink::{Header, Object, Sink, Wanted};
use super::text;
use crate::input::{Limit, Limits, Reason, foreign};

/// Reads a file to its end, or until the sink breaks.
pub(crate) fn read(file: &TableFile, usage: &Usage, on_bytes_read: OnBytesRead<'_>, sink: &mut dyn Sink) {
    let kind = |denied| if denied { SourceErrorKind::Denied } else { SourceErrorKind::Other };
    if let Some(refused) = &file.refused {
        return sink.failed(refused.kind, refused.what.clone());
    }
    let mut reader = match bytes::open(&file.place, usage, on_bytes_read) {
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
        FileFormat::Csv => csv(reader, &usage.limits, sink),
        FileFormat::Response => response::read(reader, &file.place, &usage.limits, sink),
        FileFormat::Lines => text::read(&mut *reader, &file.rule.facts.text, &usage.limits, sink),
        FileFormat::Objects => objects::read(reader, file.rule.object_kind(), &usage.limits, sink),
        FileFormat::Rows => response::rows(reader, RowsAt::Root, &usage.limits, sink),
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

fn csv<'a>(mut reader: Box<dyn BufRead + 'a>, limits: &Limits, sink: &mut dyn Sink) {
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
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => return sink.note(1, format!("no header: {}", csv_problem(&error))),
    };
    let header = header_of(&columns);
    let text = match sink.header(&header) {
        Wanted::Rows(text) => text,
        Wanted::Nothing => return,
        Wanted::Wrong(what) => return sink.note(1, what),
    };
    let columns = header.names;
    let mut record = ::csv::StringRecord::new();
    let mut line;
    loop {
        since.set(0);
        line = reader.position().line();
        let step = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(line, ::csv::Position::line);
                if is_damaged(&columns, &record, text.as_deref()) {
                    sink.bad(line, "a NUL character: the file may be damaged".to_owned())
                } else {
                    sink.row(line, record_row(&columns, &record))
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
fn is_damaged(columns: &[String], record: &::csv::StringRecord, text: Option<&str>) -> bool {
    if memchr::memchr(0, record.as_slice().as_bytes()).is_none() {
        return false;
    }
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

fn record_row(columns: &[String], record: &::csv::StringRecord) -> Object {
    columns.iter().zip(record).map(|(name, cell)| (name.clone(), Value::String(cell.to_owned()))).collect()
}

/// The header of a CSV file. The portal marks columns of times as `timestamp [UTC]`.
fn header_of(columns: &[String]) -> Header {
    let mut header = Header::default();
    for column in columns {
        let column = column.trim();
        let (name, mark) = match column.rsplit_once(" [") {
            Some((name, mark)) if mark.ends_with(']') => (name.trim_end(), mark.trim_end_matches(']')),
            _ => (column, ""),
        };
        if mark.eq_ignore_ascii_case("utc") {
            header.utc.insert(name.to_owned());
        }
        header.names.push(name.to_owned());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::{has_returns, header_of};

    #[test]
    fn a_line_break_in_a_quoted_cell_ends_no_line() {
        assert!(has_returns(b"a,b\r1,2\r"));
        assert!(!has_returns(b"a,b\r\n1,2\r\n"));
        assert!(!has_returns(b"a,\"b\rc\"\n1,2\n"));
    }

    #[test]
    fn the_mark_of_the_portal_is_no_part_of_a_name() {
        let header = header_of(&["timestamp [UTC]", " message ", "Time [Local]", "a [b] c"].map(str::to_owned));
        assert_eq!(header.names, ["timestamp", "message", "Time", "a [b] c"]);
        assert!(header.utc.contains("timestamp") && header.utc.len() == 1);
    }
}
