//! The clusters to degrade: the incidents of a pack, and those of its cases that describe a whole cluster.
//!
//! Input: the folder of a pack. Output: [`Cluster`]s: rows in memory, declarations, and the scope of the diagnosis.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::{FileKind, read_cases};
use amp_rules_core::telemetry::schema::{Path as SchemaPath, Schema, Table};
use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::{Diagnosis, RuleSet, Scope, collect, compile, evaluate, plan};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::cases::incidents_below;
use amp_rules_fixtures::declared::Declarations;
use amp_rules_fixtures::scenario::{self, Rows, ScenarioContext, backgrounds};
use serde_json::Value;

use crate::degradation::text;

/// A pack with its clusters.
pub(crate) struct Pack {
    pub(crate) rules: RuleSet,
    /// Clusters, the incidents first, each sorted by name.
    pub(crate) clusters: Vec<Cluster>,
}

/// One recorded or described cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// The name of the incident folder, or `pattern: name of the case`.
    pub(crate) name: String,
    /// Whether it is an incident folder rather than a case.
    pub(crate) is_incident: bool,
    pub(crate) scope: Scope,
    pub(crate) rows: Rows,
    pub(crate) declarations: Declarations,
    /// Tables that a degradation declared as missing.
    pub(crate) missing: Vec<(String, SourceErrorKind)>,
}

impl Cluster {
    /// The diagnosis of the cluster.
    pub(crate) fn diagnosis(&self, rules: &RuleSet) -> Diagnosis {
        let mut source = MemorySource::new();
        for (name, rows) in &self.rows {
            source = source.table(name, rows.iter().cloned().map(Value::Object));
        }
        source = self.declarations.apply(source);
        for (table, kind) in &self.missing {
            source = source.missing(table, *kind);
        }
        let plan = plan(rules, &self.scope).unwrap();
        evaluate(rules, &futures::executor::block_on(collect(&plan, &source)))
    }
}

/// The definition of a table.
pub(crate) fn table<'a>(rules: &'a RuleSet, name: &str) -> &'a Arc<Table> {
    rules.schema.tables.get(name).unwrap_or_else(|| panic!("the pack has no table `{name}`"))
}

/// The key of pods.
pub(crate) const POD: &str = "podname";

/// How many pods a case describes at least if it describes a cluster.
const CLUSTER: usize = 3;

/// Reads the pack in a folder with its incidents, and its cases that describe a cluster: with a background, or with several
/// pods. Clusters whose names are not wanted are left out.
pub(crate) fn read(folder: &Path, wanted: impl Fn(&str) -> bool) -> Pack {
    let files = amp_rules_fixtures::pack::files(folder).unwrap();
    let rules = compile(&files).unwrap_or_else(|problems| panic!("{}", problems.concise()));
    let mut incidents = incidents_below(&folder.join("incidents"));
    incidents.retain(|path| wanted(&file_name(path)));
    let mut clusters: Vec<Cluster> = incidents.iter().map(|path| incident(path, &rules.schema)).collect();
    clusters.extend(cases(&files, &rules.schema, &wanted));
    Pack { rules, clusters }
}

fn incident(folder: &Path, schema: &Schema) -> Cluster {
    let source = FixtureSource::open(folder, schema).unwrap();
    let incident = source.incident().unwrap_or_else(|| panic!("{} has no incident.yaml", folder.display()));
    let mut rows = Rows::new();
    for table in source.tables().iter().filter(|table| !is_missing(&incident.tables, table)) {
        let rows = rows.entry((*table).to_owned()).or_default();
        source.rows(table, &mut |row| rows.push(row)).unwrap();
    }
    Cluster {
        name: file_name(folder),
        is_incident: true,
        scope: incident.scope(),
        rows,
        declarations: incident.tables.clone(),
        missing: Vec::new(),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The distinct texts at a path of a table, sorted.
pub(crate) fn distinct(rows: &Rows, table: &str, path: &SchemaPath) -> BTreeSet<String> {
    let rows = rows.get(table).into_iter().flatten();
    rows.filter_map(|row| text(row, path)).map(str::to_owned).collect()
}

/// The pods that a cluster has rows of, sorted.
pub(crate) fn pods(rows: &Rows, schema: &Schema) -> BTreeSet<String> {
    let key = |name: &String| schema.tables.get(name).and_then(|table| table.keys.get(POD));
    rows.keys().filter_map(|name| Some((name, key(name)?))).flat_map(|(name, key)| distinct(rows, name, key)).collect()
}

fn is_missing(declarations: &Declarations, table: &str) -> bool {
    declarations
        .get(table)
        .is_some_and(|declared| matches!(declared.state, amp_rules_fixtures::declared::State::Missing(_)))
}

fn cases(files: &[RuleFile], schema: &Schema, wanted: &impl Fn(&str) -> bool) -> Vec<Cluster> {
    let backgrounds = backgrounds(files).unwrap();
    let context = ScenarioContext { schema, backgrounds: &backgrounds };
    let mut clusters = Vec::new();
    for file in files.iter().filter(|file| FileKind::of(&file.name) == Some(FileKind::Cases)) {
        let pattern = file.name.rsplit('/').nth(1).unwrap();
        let (cases, problems) = read_cases(file);
        let cases = cases.unwrap_or_else(|| panic!("{}", problems.concise()));
        for case in &cases.cases {
            let name = format!("{pattern}: {}", case.name.value);
            if !wanted(&name) {
                continue;
            }
            let scenario = context.scenario(&case.given).unwrap();
            let rows = scenario::rows(&scenario, schema).unwrap();
            if case.given.background.is_empty() && pods(&rows, schema).len() < CLUSTER {
                continue;
            }
            let (scope, declarations) = (scenario.scope(), scenario.declarations().clone());
            clusters.push(Cluster { name, is_incident: false, scope, rows, declarations, missing: Vec::new() });
        }
    }
    clusters
}
