//! Reads the lines of a container: the output of `kubectl logs`, or a file of a support bundle.
//!
//! Input: text. Output: one row per line, with the fields `line`, `pod`, `container`, and its time. A line without a time lies
//! between its neighbours with one: its row has `earliest` and `latest` besides. Lines between two times are held until the
//! second is known, within [`Limit::RowBytes`].

use std::io::BufRead;
use std::ops::ControlFlow;

use amp_rules_core::time::Time;
use serde_json::{Map, Value};

use super::bytes::{Line, Lines};
use super::problem::{cut_off, more_than};
use super::sink::Sink;
use crate::form::{ContainerLine, LineTime, TextFacts, is_nanoseconds, split_timestamp};
use crate::input::{Limit, Limits};

/// How many of so many first lines have to look like lines of a container.
const LOOKS_LIKE: (usize, usize) = (1, 2);

/// Whether at least half of the lines of a text look like those of a container: they have a time, are JSON objects, or have the
/// prefix of `kubectl logs --prefix`. The last line may be cut off.
pub(super) fn is_container_text(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let looks = |line: &&&str| {
        let line = ContainerLine::new(line);
        line.pod.is_some() || LineTime::of(line.text).is_some() || line.text.starts_with("{\"")
    };
    let many = lines.iter().filter(looks).count();
    many > 0 && many * LOOKS_LIKE.1 >= lines.len() * LOOKS_LIKE.0
}

/// Reads a text once, to know whether `kubectl logs --timestamps` wrote it, and from when to when it is.
pub(super) fn facts(reader: &mut dyn BufRead, limits: &Limits, now: Option<Time>) -> TextFacts {
    let (mut stamped, mut lines, mut exact) = (0_u64, 0_u64, false);
    let mut own: Vec<LineTime> = Vec::new();
    let (mut first, mut last): (Option<Time>, Option<Time>) = (None, None);
    let (mut first_stamp, mut last_stamp): (Option<Time>, Option<Time>) = (None, None);
    let widen = |first: &mut Option<Time>, last: &mut Option<Time>, at: Time| {
        *first = Some(first.map_or(at, |known| known.min(at)));
        *last = Some(last.map_or(at, |known| known.max(at)));
    };
    // What cannot be read is reported when the rows are read.
    let _ = each_line(reader, limits, &mut |_, line| {
        let Ok(line) = line else { return ControlFlow::Continue(()) };
        let line = ContainerLine::new(line);
        lines += 1;
        if let Some((at, _)) = split_timestamp(line.text) {
            stamped += 1;
            exact |= is_nanoseconds(line.text);
            widen(&mut first_stamp, &mut last_stamp, at);
        }
        match LineTime::of(line.text) {
            Some(LineTime::At(at)) => widen(&mut first, &mut last, at),
            Some(other) if own.len() < 2 => own.push(other),
            Some(other) => {
                own.truncate(1);
                own.push(other);
            }
            None => {}
        }
        ControlFlow::Continue(())
    });
    let has_timestamps = lines > 0 && stamped == lines && exact;
    if has_timestamps {
        (first, last) = (first_stamp, last_stamp);
    }
    let reference = last.or(now);
    for at in own.iter().filter_map(|time| time.instant(reference)) {
        widen(&mut first, &mut last, at);
    }
    TextFacts { has_timestamps, reference, span: first.zip(last) }
}

/// Reads the lines of a container.
pub(super) fn read(reader: &mut dyn BufRead, facts: &TextFacts, limits: &Limits, sink: &mut dyn Sink) {
    let mut reading = Reading { facts, sink, before: None, held: Vec::new(), held_bytes: 0 };
    let most = limits.size(Limit::RowBytes);
    let mut failed = None;
    let step = each_line(reader, limits, &mut |number, line| match line {
        Ok(line) => reading.line(number, line, most),
        Err(Problem::TooLong) => {
            reading.sink.bad(number, format!("the line has {}", more_than(limits, Limit::RowBytes, None)))
        }
        Err(Problem::CutOff(error)) => {
            failed = Some((number, error));
            ControlFlow::Break(())
        }
    });
    if let Some((number, error)) = failed {
        cut_off(&error, number, reading.sink);
    } else if step.is_break() {
        return;
    }
    let _ = reading.release(None);
}

enum Problem {
    TooLong,
    CutOff(std::io::Error),
}

/// Receives the number of a line, from 1, and its text.
type EachLine<'e> = dyn FnMut(u64, Result<&str, Problem>) -> ControlFlow<()> + 'e;

fn each_line(reader: &mut dyn BufRead, limits: &Limits, each: &mut EachLine<'_>) -> ControlFlow<()> {
    let mut buffer = Vec::new();
    let mut lines = Lines::new(reader, limits.size(Limit::RowBytes));
    loop {
        let read = lines.next(&mut buffer);
        let number = lines.number;
        let step = match read {
            Ok(Line::End) => return ControlFlow::Continue(()),
            Ok(Line::TooLong) => each(number, Err(Problem::TooLong)),
            Ok(Line::Text) => {
                let bytes = buffer.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1).unwrap_or(&buffer);
                let text = String::from_utf8_lossy(bytes);
                if text.trim().is_empty() { ControlFlow::Continue(()) } else { each(number, Ok(&text)) }
            }
            Err(error) => {
                let _ = each(number, Err(Problem::CutOff(error)));
                return ControlFlow::Break(());
            }
        };
        if step.is_break() {
            return ControlFlow::Break(());
        }
    }
}

struct Reading<'r> {
    facts: &'r TextFacts,
    sink: &'r mut dyn Sink,
    /// The last time before the held lines.
    before: Option<Time>,
    /// Lines without a time.
    held: Vec<(u64, Map<String, Value>)>,
    held_bytes: usize,
}

impl Reading<'_> {
    fn line(&mut self, number: u64, text: &str, most: usize) -> ControlFlow<()> {
        let line = ContainerLine::new(text);
        let stamped = if self.facts.has_timestamps { split_timestamp(line.text) } else { None };
        let (at, text) = match stamped {
            Some((at, rest)) => (Some(at), rest),
            None => (LineTime::of(line.text).and_then(|time| time.instant(self.facts.reference)), line.text),
        };
        let mut row = Map::new();
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                row.insert(name.to_owned(), Value::String(value.to_owned()));
            }
        };
        set("line", Some(text));
        set("pod", line.pod);
        set("container", line.container);
        let Some(at) = at else {
            self.held_bytes += text.len();
            self.held.push((number, row));
            return if self.held_bytes > most { self.release(None) } else { ControlFlow::Continue(()) };
        };
        self.release(Some(at))?;
        self.before = Some(at);
        row.insert("time".to_owned(), Value::String(at.to_string()));
        self.sink.row(number, row)
    }

    /// Passes the held lines on; `after` is the first time behind them.
    fn release(&mut self, after: Option<Time>) -> ControlFlow<()> {
        self.held_bytes = 0;
        for (number, mut row) in std::mem::take(&mut self.held) {
            for (name, at) in [("earliest", self.before), ("latest", after)] {
                if let Some(at) = at {
                    row.insert(name.to_owned(), Value::String(at.to_string()));
                }
            }
            row.insert("time".to_owned(), Value::Null);
            self.sink.row(number, row)?;
        }
        ControlFlow::Continue(())
    }
}
