//! Turns an object of a file into a row of a table.
//!
//! Input: the objects of one file, whose columns may have other names. Output: objects with the columns of the table: renamed
//! or derived, times in RFC 3339, and keys that the objects lack. What is added is counted.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::telemetry::form::FormContent;
use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::time::Time;
use serde_json::{Map, Value};

use super::catalogue::{Catalogue, Layout, resolve};
use super::derive::{Deriver, first};
use super::path::{set, text};
use super::times::TimeRule;

/// A row of a table as JSON.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// The cells.
    pub(crate) cells: Map<String, Value>,
    /// The interval in which its time lies, if it is not known.
    pub(crate) interval: Option<(Time, Time)>,
    /// The component of lines whose own cannot be determined.
    pub(crate) component: Option<Arc<str>>,
    /// The container from whose file it is, if the channel is alive from the first to the last line of that.
    pub(crate) alive: Option<String>,
    /// The file of a line or an object.
    pub(crate) origin: Option<Arc<str>>,
}

impl Record {
    /// The row.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub(crate) fn into_row(self, table: &Table) -> Result<Row, String> {
        let mut row = Row::from_json(table, self.cells)?;
        if let Some((earliest, latest)) = self.interval {
            row = row.between(earliest, latest);
        }
        Ok(match self.component {
            Some(component) => row.with_component(component),
            None => row,
        })
    }
}

/// What one reading of a text of lines shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextFacts {
    /// Whether `kubectl logs --timestamps` put a time before every line.
    pub(crate) has_timestamps: bool,
    /// The instant that times without a year are not after.
    pub(crate) reference: Option<Time>,
    /// The first and the last time.
    pub(crate) span: Option<(Time, Time)>,
}

/// What is known about a file, apart from what stands in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileFacts {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// The fields that its path names, such as `pod`.
    pub(crate) fields: BTreeMap<String, String>,
    /// The values of keys for rows that lack them.
    pub(crate) keys: BTreeMap<String, String>,
    /// How its times are read.
    pub(crate) times: TimeRule,
    /// For a text of lines.
    pub(crate) text: TextFacts,
    /// An instant for lines of a text without any time.
    pub(crate) untimed_at: Option<Time>,
}

/// The rule for the rows of one file.
#[derive(Debug)]
pub(crate) struct Mapper {
    table: Arc<Table>,
    layout: Option<Arc<Layout>>,
    facts: FileFacts,
    derived_keys: Arc<BTreeMap<String, Vec<Deriver>>>,
    /// Names in the file that differ from the columns: (name, column).
    renamed: Vec<(String, String)>,
    /// The names in the file of the fields of the layout that differ from the fields: field → name.
    spelled: BTreeMap<String, String>,
    /// The number of rows per remark.
    added: RefCell<BTreeMap<String, u64>>,
}

impl Mapper {
    /// The rule for a file of a table with this layout; `None` for the table's own columns. `header` are the names of the
    /// columns of the file.
    pub(crate) fn new(
        catalogue: &Catalogue,
        table: &Arc<Table>,
        layout: Option<Arc<Layout>>,
        header: &[String],
        facts: FileFacts,
    ) -> Self {
        let mut this = Self {
            table: Arc::clone(table),
            derived_keys: Arc::clone(&catalogue.derived_keys),
            layout,
            facts,
            renamed: Vec::new(),
            spelled: BTreeMap::new(),
            added: RefCell::default(),
        };
        this.resolve_names(header);
        this
    }

    /// The name in a header of the column with the time; `None` if it has none.
    pub(crate) fn time_name<'h>(table: &Table, layout: Option<&Layout>, header: &'h [String]) -> Option<&'h str> {
        let own = table.time.column();
        match layout {
            None => resolve(header, own),
            Some(layout) => layout.time_names(own).find_map(|name| resolve(header, name)),
        }
    }

    fn resolve_names(&mut self, header: &[String]) {
        let own = |column: &String| match &self.layout {
            Some(layout) => {
                let renamed = layout.renamed.iter().find(|(own, _)| own == column);
                renamed.map_or_else(|| column.clone(), |(_, name)| name.clone())
            }
            None => column.clone(),
        };
        if self.layout.as_ref().is_none_or(|layout| layout.form.is_none()) {
            for column in self.table.columns.keys() {
                if let Some(name) = resolve(header, &own(column))
                    && name != column
                    && !header.contains(column)
                {
                    self.renamed.push((name.to_owned(), column.clone()));
                }
            }
        }
        let fields = self.layout.iter().filter_map(|layout| layout.form.as_ref());
        let fields = fields.flat_map(|form| form.columns.iter().flat_map(|(_, all)| all));
        for deriver in fields {
            if let Some(name) = resolve(header, &deriver.from)
                && *name != deriver.from
            {
                self.spelled.insert(deriver.from.clone(), name.to_owned());
            }
        }
    }

    /// The name in a header of the column with the text.
    pub(crate) fn text_name<'h>(&self, header: &'h [String]) -> Option<&'h str> {
        let own = self.table.text.as_ref()?.column();
        let renamed = self.renamed.iter().find(|(_, column)| column == own).map(|(name, _)| name.as_str());
        resolve(header, renamed.unwrap_or(own))
    }

    /// Whether a header has the column with the time.
    pub(crate) fn has_time(&self, header: &[String]) -> bool {
        Self::time_name(&self.table, self.layout.as_deref(), header).is_some()
    }

    /// The row of an object.
    ///
    /// # Errors
    ///
    /// Why it is no row.
    pub(crate) fn map(&self, mut object: Map<String, Value>) -> Result<Record, String> {
        let mut interval = None;
        let alive = self.alive_container(&object);
        let form = self.layout.as_ref().and_then(|layout| layout.form.as_ref());
        match form {
            Some(form) => {
                let mut row = self.derived(&object, &form.columns);
                if self.layout.as_ref().is_some_and(|layout| layout.content != FormContent::Rows) {
                    interval = self.place_line(&object, &mut row)?;
                }
                object = row;
            }
            None => {
                for (name, column) in &self.renamed {
                    if let Some(cell) = object.remove(name) {
                        object.insert(column.clone(), cell);
                    }
                }
            }
        }
        self.read_time(&mut object)?;
        if !(self.facts.keys.is_empty() && self.derived_keys.is_empty()) {
            self.parse_dynamic(&mut object);
            self.add_keys(&mut object);
        }
        let component = form.and_then(|form| form.component.clone());
        let is_row = self.layout.as_ref().is_none_or(|layout| layout.content == FormContent::Rows);
        let origin = (!is_row).then(|| Arc::clone(&self.facts.name));
        Ok(Record { cells: object, interval, component, alive, origin })
    }

    /// Sets the time of a line. A line without one lies between its neighbours that have one.
    fn place_line(
        &self,
        line: &Map<String, Value>,
        row: &mut Map<String, Value>,
    ) -> Result<Option<(Time, Time)>, String> {
        let at = |name: &str| line.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Time>().ok());
        if let Some(Value::String(text)) = line.get("time")
            && at("time").is_none()
        {
            return Err(format!("`{text}` is not an instant"));
        }
        let (time, earliest, latest) = (at("time"), at("earliest"), at("latest"));
        let Some(shown) = time.or(latest).or(earliest).or(self.facts.untimed_at) else {
            return Err("no line of the file has a time; give `--now`, the instant at which it was written".to_owned());
        };
        row.insert(self.table.time.column().to_owned(), Value::String(shown.to_string()));
        Ok(time.is_none().then(|| (earliest.unwrap_or(Time::MIN), latest.unwrap_or(Time::MAX))))
    }

    /// The columns of a form. A record of it stands for itself, unless the form says how many it stands for.
    fn derived(&self, object: &Map<String, Value>, columns: &[(Path, Vec<Deriver>)]) -> Map<String, Value> {
        let field = |name: &str| -> Option<Cow<'_, Value>> {
            let spelled = self.spelled.get(name).map_or(name, String::as_str);
            let own = object.get(spelled).or_else(|| at_path(object, name)).filter(|value| !value.is_null());
            own.map(Cow::Borrowed)
                .or_else(|| self.facts.fields.get(name).map(|text| Cow::Owned(Value::String(text.clone()))))
        };
        let mut row = Map::new();
        for (path, all) in columns {
            if let Some(value) = first(all, &field) {
                set(&mut row, path, value);
            }
        }
        if let Some(weight) = &self.table.weight
            && !columns.iter().any(|(path, _)| path == weight)
        {
            set(&mut row, weight, Value::from(1));
        }
        row
    }

    fn read_time(&self, object: &mut Map<String, Value>) -> Result<(), String> {
        let column = self.table.time.column();
        if let Some(Value::String(written)) = object.get(column)
            && let Some(read) = self.facts.times.read(column, written)?
        {
            object.insert(column.to_owned(), Value::String(read));
        }
        Ok(())
    }

    /// Parses dynamic columns that are text of JSON, so that keys can be added to them.
    fn parse_dynamic(&self, object: &mut Map<String, Value>) {
        for (column, kind) in &self.table.columns {
            if *kind == ColumnType::Dynamic
                && let Some(cell) = object.get_mut(column)
                && let Value::String(text) = cell
                && text.trim_start().starts_with(['{', '['])
                && let Ok(parsed) = serde_json::from_str(text)
            {
                *cell = parsed;
            }
        }
    }

    /// Adds the keys that the row lacks: those that are given, then those that can be derived.
    fn add_keys(&self, object: &mut Map<String, Value>) {
        for (key, value) in &self.facts.keys {
            if let Some(path) = self.table.keys.get(key)
                && text(object, path).is_none()
            {
                set(object, path, Value::String(value.clone()));
                self.note(|| format!("`{key}` is not in the rows; taken as `{value}`"));
            }
        }
        for (key, all) in self.derived_keys.iter() {
            let Some(path) = self.table.keys.get(key).filter(|path| text(object, path).is_none()) else { continue };
            let derived = all.iter().find_map(|one| {
                let from = self.table.keys.get(&one.from)?;
                Some((&one.from, one.derive(&text(object, from)?)?))
            });
            if let Some((from, value)) = derived {
                set(object, path, Value::String(value));
                self.note(|| format!("`{key}` is not in the rows; derived from `{from}`"));
            }
        }
    }

    fn note(&self, remark: impl FnOnce() -> String) {
        *self.added.borrow_mut().entry(remark()).or_default() += 1;
    }

    /// The container of a line, if its channel is alive from the first to the last line of its file.
    fn alive_container(&self, line: &Map<String, Value>) -> Option<String> {
        let form = self.layout.as_ref()?.form.as_ref()?;
        let own = line.get("container").and_then(Value::as_str);
        let known = own.or_else(|| self.facts.fields.get("container").map(String::as_str));
        form.alive_by_file.then(|| known.unwrap_or_default().to_owned())
    }

    /// What was added to rows, each with their number, sorted.
    pub(crate) fn remarks(&self) -> Vec<String> {
        self.added.borrow().iter().map(|(remark, rows)| format!("{remark} ({rows} rows)")).collect()
    }
}

/// The value at a dotted path of an object.
fn at_path<'o>(object: &'o Map<String, Value>, path: &str) -> Option<&'o Value> {
    let mut parts = path.split('.');
    let mut at = object.get(parts.next()?)?;
    for part in parts {
        at = match at {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => at.as_object()?.get(part)?,
        };
    }
    Some(at)
}
