//! Which table a header fits.
//!
//! Input: a schema. Output: a [`Catalogue`] of layouts: the columns of every table under the names of each service that has it,
//! and the forms of the pack. A header fits a layout if the time is there and the text, or the name and the value. The best
//! layout is the one with the most columns; layouts of several tables with equally many are a tie, which is not broken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amp_rules_core::telemetry::form::{FormContent, InputForm};
use amp_rules_core::telemetry::schema::{Path, Schema, Served, Table};
use regex::Regex;

use super::derive::Deriver;

/// The tables that files can have, and the layouts of their rows.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// The tables.
    pub(crate) tables: Vec<Arc<Table>>,
    layouts: Vec<Arc<Layout>>,
    /// The names of tables in services, with the index of the table.
    served: BTreeMap<String, usize>,
    /// Entity keys that are derived from another key: key → derivations.
    pub(crate) derived_keys: Arc<BTreeMap<String, Vec<Deriver>>>,
    /// The keys of the coarsest kinds.
    pub(crate) subject_keys: Vec<String>,
}

/// The columns of a table under the names of one service, or a form of the pack.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The name of the service with its table, or of the form, for people.
    pub(crate) name: String,
    /// The index of the table.
    pub(crate) table: usize,
    /// What files of it contain.
    pub(crate) content: FormContent,
    /// Regexes on the paths of its files.
    files: Vec<Regex>,
    /// The fields that every row has: the time, and the text or the name and the value. Of each group one is enough.
    needed: Vec<Vec<String>>,
    /// Column of the table → name in the file, where they differ.
    pub(crate) renamed: Vec<(String, String)>,
    /// The fields that it reads, to compare layouts.
    fields: BTreeSet<String>,
    /// The form of the pack; `None` for the columns of a service.
    pub(crate) form: Option<CompiledForm>,
}

/// A form of the pack.
#[derive(Debug)]
pub(crate) struct CompiledForm {
    /// The columns of the table with their derivations.
    pub(crate) columns: Vec<(Path, Vec<Deriver>)>,
    /// The component of lines whose component cannot be determined.
    pub(crate) component: Option<Arc<str>>,
    /// Whether a channel is alive from the first to the last line of its file.
    pub(crate) alive_by_file: bool,
}

/// What a header fits.
#[derive(Debug)]
pub(crate) enum Fit {
    /// The best layout.
    One(Arc<Layout>),
    /// Tables that it fits equally well, sorted by name.
    Tie(Vec<String>),
    /// No table.
    None,
}

impl Catalogue {
    /// The catalogue of a pack.
    pub(crate) fn new(schema: &Schema) -> Self {
        let tables: Vec<Arc<Table>> = schema.tables.values().cloned().collect();
        let mut this = Self::of_tables(&tables);
        let position = |name: &str| tables.iter().position(|table| table.name == name);
        for (name, services) in &schema.services {
            let Some((index, table)) = position(name).and_then(|index| Some((index, tables.get(index)?))) else {
                continue;
            };
            for served in services {
                this.served.insert(served.table.clone(), index);
                this.layouts.push(Arc::new(Layout::of_service(index, table, served)));
            }
        }
        for form in &schema.forms {
            if let Some(index) = position(&form.table)
                && let Some(table) = tables.get(index)
            {
                this.layouts.push(Arc::new(Layout::of_form(index, table, form)));
            }
        }
        let derived = schema.derived_keys.iter().map(|(key, all)| (key.clone(), Deriver::compile(all)));
        this.derived_keys = Arc::new(derived.collect());
        let coarsest = schema.entities.iter().filter(|kind| kind.within.is_none());
        this.subject_keys = coarsest.flat_map(|kind| kind.keys.clone()).collect();
        this
    }

    /// The catalogue of tables without services, forms and derived keys.
    pub(crate) fn of_tables(tables: &[Arc<Table>]) -> Self {
        Self { tables: tables.to_vec(), ..Self::default() }
    }

    /// The index of the table with this name, in the pack or in a service.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        let own = self.tables.iter().position(|table| table.name == name);
        own.or_else(|| self.served.get(name).copied())
    }

    /// The layouts whose files have such paths, in the order of the pack.
    pub(crate) fn of_path(&self, path: &str) -> impl Iterator<Item = &Arc<Layout>> {
        self.layouts.iter().filter(move |layout| layout.files.iter().any(|regex| regex.is_match(path)))
    }

    /// The layouts of lines for files without a name of their own.
    pub(crate) fn of_lines(&self) -> Option<&Arc<Layout>> {
        let any = |layout: &&Arc<Layout>| layout.content == FormContent::Lines && layout.files.is_empty();
        self.layouts.iter().find(any)
    }

    /// The layout of Kubernetes objects of a kind.
    pub(crate) fn of_objects(&self, kind: &str) -> Option<&Arc<Layout>> {
        self.layouts.iter().find(|layout| matches!(&layout.content, FormContent::Objects(own) if own == kind))
    }

    /// The best layout of a header among all tables.
    pub(crate) fn fit(&self, header: &[String]) -> Fit {
        self.best(header, |layout| layout.content == FormContent::Rows && layout.has_needed(header))
    }

    /// The best layout of the header of a file that is known to be of a table; `None` if the table's own columns are best.
    pub(crate) fn fit_table(&self, table: usize, header: &[String]) -> Option<Arc<Layout>> {
        let own = self.tables.get(table).map(|table| {
            let time = table.time.column();
            (
                resolve(header, time).is_some(),
                table.columns.keys().filter(|name| resolve(header, name).is_some()).count(),
            )
        });
        let of_table =
            |layout: &Layout| layout.table == table && layout.content == FormContent::Rows && layout.has_needed(header);
        match self.best(header, of_table) {
            Fit::One(layout) if own.is_none_or(|(timed, most)| !timed || layout.score(header) > most) => Some(layout),
            _ => None,
        }
    }

    fn best(&self, header: &[String], fits: impl Fn(&Layout) -> bool) -> Fit {
        let fitting: Vec<&Arc<Layout>> = self.layouts.iter().filter(|layout| fits(layout)).collect();
        let most = fitting.iter().map(|layout| layout.score(header)).max();
        let best: Vec<&Arc<Layout>> = fitting.into_iter().filter(|layout| Some(layout.score(header)) == most).collect();
        let tables: BTreeSet<usize> = best.iter().map(|layout| layout.table).collect();
        match (best.first(), tables.len()) {
            (None, _) => Fit::None,
            (Some(layout), 1) => Fit::One(Arc::clone(layout)),
            (Some(_), _) => Fit::Tie(tables.iter().filter_map(|at| Some(self.tables.get(*at)?.name.clone())).collect()),
        }
    }

    /// The layout that a header nearly fits: the one with the most columns among those with a time.
    pub(crate) fn nearest(&self, header: &[String]) -> Option<(&Table, String)> {
        let partly = |layout: &&Arc<Layout>| layout.content == FormContent::Rows && layout.score(header) > 2;
        let layout = self.layouts.iter().filter(partly).max_by_key(|layout| layout.score(header))?;
        let missing = layout.needed.iter().find(|group| !group.iter().any(|name| resolve(header, name).is_some()))?;
        Some((self.tables.get(layout.table)?, missing.join("` or `")))
    }
}

impl Layout {
    fn of_service(index: usize, table: &Table, served: &Served) -> Self {
        let columns = &served.columns;
        let name_of = |column: &str| columns.get(column).cloned().unwrap_or_else(|| column.to_owned());
        let needs = |paths: &[&Option<Path>]| {
            paths.iter().map(|path| path.as_ref().map(|path| vec![name_of(path.column())])).collect::<Option<Vec<_>>>()
        };
        // A table without a text, and without a name and a value, is not recognised by its header.
        let rest = needs(&[&table.text]).or_else(|| needs(&[&table.metric_name, &table.value]));
        let mut needed = vec![vec![name_of(table.time.column())]];
        match rest {
            Some(rest) => needed.extend(rest),
            None => needed.push(Vec::new()),
        }
        Self {
            name: format!("`{}` of {}", served.table, served.service),
            table: index,
            content: FormContent::Rows,
            files: Vec::new(),
            needed,
            renamed: columns.iter().map(|(column, name)| (column.clone(), name.clone())).collect(),
            fields: table.columns.keys().map(|column| name_of(column)).collect(),
            form: None,
        }
    }

    fn of_form(index: usize, table: &Table, form: &InputForm) -> Self {
        let sources = |path: &Path| {
            let column = form.columns.iter().find(|(column, _)| column == path);
            column.map(|(_, all)| all.iter().map(|one| one.from.clone()).collect::<Vec<_>>()).unwrap_or_default()
        };
        let needed = [Some(&table.time), table.text.as_ref(), table.metric_name.as_ref(), table.value.as_ref()];
        Self {
            name: format!("`{}`", form.name),
            table: index,
            content: form.content.clone(),
            files: form.files.iter().filter_map(|regex| Regex::new(regex).ok()).collect(),
            needed: needed.into_iter().flatten().map(sources).collect(),
            renamed: Vec::new(),
            fields: form.columns.iter().flat_map(|(_, all)| all.iter().map(|one| one.from.clone())).collect(),
            form: Some(CompiledForm {
                columns: form.columns.iter().map(|(path, all)| (path.clone(), Deriver::compile(all))).collect(),
                component: form.component.as_deref().map(Arc::from),
                alive_by_file: form.alive_by_file,
            }),
        }
    }

    /// The names that the column with the time can have in a file.
    pub(crate) fn time_names<'l>(&'l self, own: &'l str) -> impl Iterator<Item = &'l str> {
        let named = self.needed.first().into_iter().flatten().map(String::as_str);
        named.chain([own].into_iter().filter(|_| self.form.is_none()))
    }

    fn has_needed(&self, header: &[String]) -> bool {
        self.needed.iter().all(|group| group.iter().any(|name| resolve(header, name).is_some()))
    }

    fn score(&self, header: &[String]) -> usize {
        self.fields.iter().filter(|name| resolve(header, name).is_some()).count()
    }

    /// The fields that the path of a file names: the captures of the first regex that matches.
    pub(crate) fn fields_of_path(&self, path: &str) -> BTreeMap<String, String> {
        let captures = self.files.iter().find_map(|regex| Some((regex, regex.captures(path)?)));
        let Some((regex, captures)) = captures else { return BTreeMap::new() };
        let named = regex.capture_names().flatten();
        named.filter_map(|name| Some((name.to_owned(), captures.name(name)?.as_str().to_owned()))).collect()
    }
}

/// The name in a header that stands for a column: the exact one, else the only one that differs in case alone.
pub(super) fn resolve<'h>(header: &'h [String], column: &str) -> Option<&'h str> {
    if let Some(exact) = header.iter().find(|name| *name == column) {
        return Some(exact);
    }
    let mut alike = header.iter().filter(|name| name.eq_ignore_ascii_case(column));
    match (alike.next(), alike.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_column_is_found_by_its_name_or_by_the_only_one_that_differs_in_case() {
        let header = ["Time", "message", "MESSAGE", "Level", "level"].map(str::to_owned);
        assert_eq!(resolve(&header, "time"), Some("Time"));
        assert_eq!(resolve(&header, "message"), Some("message"));
        assert_eq!(resolve(&header, "LEVEL"), None);
        assert_eq!(resolve(&header, "other"), None);
    }
}
