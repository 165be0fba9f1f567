//! Reads the JSON of a response without holding its rows.
//!
//! Input: JSON text. Output: the document, in which every array `rows` or `Rows` of an object in a list is replaced by its
//! number, and the elements of these arrays one by one, to those who want them. Memory depends on the largest row and on what
//! is not a row; both have at most [`Limit::RowBytes`]. The parser itself refuses more than 128 levels.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::super::problem::more_than;
use crate::input::{Limit, Limits};

/// The size of the buffer from which the parser takes its bytes one by one.
const BUFFER: usize = 64 << 10;

/// Which arrays of a document are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowsAt {
    /// The arrays `rows` or `Rows` of objects in lists.
    Tables,
    /// The document itself, if it is an array; anything else is one row.
    Root,
    /// The array under this key of the document.
    Key(&'static str),
}

/// Receives the rows of the tables of a document. Tables are numbered in the order of the text, from 0.
pub(super) trait Rows {
    /// Whether the next row of a table is wanted; it is skipped otherwise.
    fn wants(&mut self, table: usize) -> bool;
    /// Receives a row of this many bytes. A `Break` ends the reading.
    fn row(&mut self, table: usize, row: Value, bytes: usize) -> ControlFlow<()>;
}

/// Why a document could not be read to its end.
pub(super) enum Stop {
    /// The receiver of the rows wants no more.
    Enough,
    /// The text is not JSON, or cannot be read.
    Broken(serde_json::Error),
}

/// Reads a document.
pub(super) fn read<'a>(
    reader: Box<dyn BufRead + 'a>,
    at: RowsAt,
    limits: &Limits,
    rows: &mut dyn Rows,
) -> Result<Value, Stop> {
    let row_bytes = limits.size(Limit::RowBytes);
    let budget = Rc::new(Cell::new(row_bytes));
    let counted = Counted { inner: BufReader::with_capacity(BUFFER, reader), limits, budget: Rc::clone(&budget) };
    let mut walk = Walk { rows, at, budget, row_bytes, tables: 0, enough: false };
    let mut deserializer = serde_json::Deserializer::from_reader(counted);
    let place = if at == RowsAt::Root { Place::Rows } else { Place::Root };
    let document = Part { walk: &mut walk, place }.deserialize(&mut deserializer);
    let document = document.and_then(|document| deserializer.end().map(|()| document));
    document.map_err(|error| if walk.enough { Stop::Enough } else { Stop::Broken(error) })
}

/// Fails where the part that is being read exceeds its budget.
struct Counted<'l, R> {
    inner: BufReader<R>,
    limits: &'l Limits,
    /// The bytes that the part may still have.
    budget: Rc<Cell<usize>>,
}

impl<R: Read> Read for Counted<'_, R> {
    // The parser reads byte by byte, so the budget is exact.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(buffer)?;
        match self.budget.get().checked_sub(many) {
            Some(rest) => self.budget.set(rest),
            None => {
                let reason = more_than(self.limits, Limit::RowBytes, None);
                return Err(io::Error::other(format!("a row, or all that is not a row, has {reason}")));
            }
        }
        Ok(many)
    }
}

/// The state of a walk over a document.
struct Walk<'r> {
    rows: &'r mut dyn Rows,
    at: RowsAt,
    budget: Rc<Cell<usize>>,
    row_bytes: usize,
    tables: usize,
    enough: bool,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The document itself.
    Root,
    /// In a list.
    Element,
    /// Under the key of rows, in an object in a list.
    Rows,
    /// Anywhere else.
    Other,
}

struct Part<'w, 'r> {
    walk: &'w mut Walk<'r>,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Part<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_, '_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(self.unless_rows(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(self.unless_rows(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(self.unless_rows(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(self.unless_rows(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(self.unless_rows(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        if self.place == Place::Rows {
            return self.rows(list);
        }
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Part { walk: &mut *self.walk, place: Place::Element })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let rows = match self.walk.at {
                RowsAt::Tables => self.place == Place::Element && matches!(key.as_str(), "rows" | "Rows"),
                RowsAt::Root => false,
                RowsAt::Key(wanted) => self.place == Place::Root && key == wanted,
            };
            let place = if rows { Place::Rows } else { Place::Other };
            let value = map.next_value_seed(Part { walk: &mut *self.walk, place })?;
            object.insert(key, value);
        }
        let object = Value::Object(object);
        Ok(self.unless_rows(object))
    }
}

impl Part<'_, '_> {
    /// The value; null in place of rows, so that every number there is that of a table.
    fn unless_rows(&self, value: Value) -> Value {
        if self.place == Place::Rows && self.walk.at != RowsAt::Root { Value::Null } else { value }
    }

    fn rows<'de, A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let walk = self.walk;
        let table = walk.tables;
        walk.tables += 1;
        let outside = walk.budget.get();
        loop {
            walk.budget.set(walk.row_bytes);
            if !walk.rows.wants(table) {
                if list.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
                continue;
            }
            let Some(row) = list.next_element::<Value>()? else { break };
            let bytes = walk.row_bytes - walk.budget.get();
            if walk.rows.row(table, row, bytes).is_break() {
                walk.enough = true;
                return Err(A::Error::custom("enough"));
            }
        }
        walk.budget.set(outside);
        Ok(table.into())
    }
}
