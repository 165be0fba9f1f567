//! What expressions share during a run: the instant of evaluation, and the first failure of a function.
//!
//! Functions return values, never errors. A function that reaches one of its limits records a [`Failure`] here and returns
//! null; the run stops with that failure before the null can become part of a result.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::value::Value;

/// Maximum size of a value computed by a function, with everything in it, in bytes and elements.
pub(crate) const MADE_AT_MOST: usize = 1 << 24;

/// How many bytes are computed between two looks at the limit of time.
const LOOK_EVERY: u64 = 1 << 22;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A limit of a function: `repeat` returns at most so many elements. The message names function and limit.
    Function(String),
    /// The values computed for the current rows do not fit in the memory of the run.
    Memory,
    /// The limit of time is reached.
    Time,
}

/// Values that are constant for one run, and the failure that stops it.
pub struct EvalContext {
    /// The instant of evaluation, in ticks since 0001-01-01: the value of `now()` and the base of `ago()`.
    pub now: i64,
    failure: RefCell<Option<Failure>>,
    has_failed: Cell<bool>,
    /// How many bytes the values of the current rows may have.
    room: Cell<u64>,
    made: Cell<u64>,
    since_look: Cell<u64>,
    is_late: Option<Rc<dyn Fn() -> bool>>,
}

impl fmt::Debug for EvalContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EvalContext").field("now", &self.now).field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl EvalContext {
    /// A context for an instant of evaluation, in ticks since 0001-01-01.
    #[must_use]
    pub const fn new(now: i64) -> Self {
        Self {
            now,
            failure: RefCell::new(None),
            has_failed: Cell::new(false),
            room: Cell::new(u64::MAX),
            made: Cell::new(0),
            since_look: Cell::new(0),
            is_late: None,
        }
    }

    /// Adds a limit of time: the run fails soon after the function returns true.
    pub(crate) fn until(self, is_late: Rc<dyn Fn() -> bool>) -> Self {
        Self { is_late: Some(is_late), ..self }
    }

    /// Records a failure, and returns null in place of a value. The first failure is kept.
    pub(crate) fn fail(&self, failure: Failure) -> Value {
        if !self.has_failed.replace(true) {
            self.failure.replace(Some(failure));
        }
        Value::Null
    }

    /// Records that a function reached one of its limits: `repeat` returns at most 1,048,576 elements.
    pub(crate) fn limit(&self, function: &str, limit: &str) -> Value {
        self.fail(Failure::Function(format!("`{function}` returns at most {limit}")))
    }

    /// Records that a text is used as a regex and is none.
    pub(crate) fn invalid_regex(&self, text: &str) -> Value {
        let start: String = text.chars().take(40).collect();
        self.fail(Failure::Function(format!("`{start}` is not a regex")))
    }

    /// Whether a failure is recorded: further values do not matter.
    pub(crate) const fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// Removes and returns the failure.
    pub(crate) fn take_failure(&self) -> Option<Failure> {
        self.has_failed.set(false);
        self.failure.take()
    }

    /// Starts to count the values of the next rows, which may have so many bytes.
    pub(crate) fn start_rows(&self, room: u64) {
        self.room.set(room);
        self.made.set(0);
    }

    /// Counts a value made by a function; records a failure if it is too large, or if the values of the current rows are.
    pub(crate) fn count(&self, function: &str, value: &Value) {
        let size = match value {
            Value::String(text) if text.len() <= MADE_AT_MOST => text.len(),
            Value::String(_) => MADE_AT_MOST + 1,
            Value::Array(_) | Value::Bag(_) => value.weight_up_to(MADE_AT_MOST),
            _ => return,
        };
        if size > MADE_AT_MOST {
            self.limit(function, "16,777,216 bytes");
            return;
        }
        self.work(size as u64);
        let made = self.made.get().saturating_add(size as u64);
        self.made.set(made);
        if made > self.room.get() {
            self.fail(Failure::Memory);
        }
    }

    /// Counts work, in bytes read or written, and looks at the limit of time now and then.
    pub(crate) fn work(&self, bytes: u64) {
        let since = self.since_look.get().saturating_add(bytes);
        self.since_look.set(since);
        if since >= LOOK_EVERY {
            self.since_look.set(0);
            if self.is_late.as_ref().is_some_and(|is_late| is_late()) {
                self.fail(Failure::Time);
            }
        }
    }
}
