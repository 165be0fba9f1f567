//! Reads Kubernetes objects as `kubectl get … -o json` prints them: a list, or one object.
//!
//! Input: JSON. Output: rows with the fields of an object, and its time. An event that occurred n times gives its first and its
//! last occurrence, and one row between them for the n − 2 others, whose times are not known. A pod gives a row per container
//! for how it last ended, with the fields of that state under `state`.

use std::io::BufRead;
use std::ops::ControlFlow;

use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::{Map, Value};

use super::response::{self, RowsAt};
use super::sink::{Header, Object, Sink, Wanted};
use crate::input::Limits;

/// Reads the objects of a kind.
pub(super) fn read<'a>(reader: Box<dyn BufRead + 'a>, kind: &str, limits: &Limits, sink: &mut dyn Sink) {
    response::rows(reader, RowsAt::Key("items"), limits, &mut Expanded { kind, sink });
}

/// Passes the occurrences of objects on.
struct Expanded<'s> {
    kind: &'s str,
    sink: &'s mut dyn Sink,
}

impl Expanded<'_> {
    fn event(&mut self, line: u64, event: Object) -> ControlFlow<()> {
        let time = |path: &[&str]| text_at(&event, path).map(str::to_owned);
        let last = time(&["lastTimestamp"]).or_else(|| time(&["series", "lastObservedTime"]));
        let first = time(&["firstTimestamp"]).or_else(|| time(&["eventTime"])).or_else(|| last.clone());
        let Some(first) = first.or_else(|| time(&["metadata", "creationTimestamp"])) else {
            return self.sink.bad(line, "the event has no time".to_owned());
        };
        let last = last.unwrap_or_else(|| first.clone());
        let count =
            event.get("count").or_else(|| event.get("series")?.get("count")).and_then(Value::as_u64).unwrap_or(1);
        let mut at = |time: Value, more: &[(&str, &String)]| {
            let mut row = event.clone();
            row.insert("time".to_owned(), time);
            row.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::String((*value).clone()))));
            self.sink.row(line, row)
        };
        at(Value::String(first.clone()), &[])?;
        if count > 1 && first != last {
            at(Value::String(last.clone()), &[])?;
            if count > 2 {
                at(Value::Null, &[("earliest", &first), ("latest", &last)])?;
            }
        }
        ControlFlow::Continue(())
    }

    fn pod(&mut self, line: u64, pod: &Object) -> ControlFlow<()> {
        let statuses = ["containerStatuses", "initContainerStatuses"];
        let of = |name: &str| pod.get("status").and_then(|status| status.get(name)).and_then(Value::as_array);
        for status in statuses.iter().filter_map(|name| of(name)).flatten() {
            let ended = ["lastState", "state"].iter().filter_map(|name| status.get(*name)?.get("terminated"));
            for state in ended {
                let Some(at) = state.get("finishedAt").and_then(Value::as_str) else { continue };
                let mut row = Map::new();
                row.insert("metadata".to_owned(), pod.get("metadata").cloned().unwrap_or_default());
                row.insert("container".to_owned(), status.get("name").cloned().unwrap_or_default());
                row.insert("state".to_owned(), state.clone());
                row.insert("time".to_owned(), Value::String(at.to_owned()));
                self.sink.row(line, row)?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn text_at<'o>(object: &'o Object, path: &[&str]) -> Option<&'o str> {
    let (first, rest) = path.split_first()?;
    let found = rest.iter().try_fold(object.get(*first)?, |at, part| at.get(*part))?;
    found.as_str().filter(|text| !text.is_empty())
}

impl Sink for Expanded<'_> {
    fn header(&mut self, header: &Header) -> Wanted {
        self.sink.header(header)
    }

    fn row(&mut self, line: u64, row: Object) -> ControlFlow<()> {
        // A list of the server has no kind per object.
        if row.get("kind").and_then(Value::as_str).is_some_and(|kind| kind != self.kind) {
            return ControlFlow::Continue(());
        }
        match self.kind {
            "Event" => self.event(line, row),
            "Pod" => self.pod(line, &row),
            _ => self.sink.row(line, row),
        }
    }

    fn bad(&mut self, line: u64, what: String) -> ControlFlow<()> {
        self.sink.bad(line, what)
    }

    fn is_probe(&self) -> bool {
        self.sink.is_probe()
    }

    fn skip_rows(&mut self) {
        self.sink.skip_rows();
    }

    fn lost(&mut self, reason: GapReason, line: u64, what: String) {
        self.sink.lost(reason, line, what);
    }

    fn failed(&mut self, kind: SourceErrorKind, what: String) {
        self.sink.failed(kind, what);
    }
}
