//! Writes rows in the export format of the services, one file per table.
//!
//! Input: a folder, then lines and samples with their pods. Output: `<table>.ndjson`. Every row has a unique identity. Rows
//! are in the order in which they are added, not in the order of time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_rules_core::time::Time;
use serde_json::{Map, Value, json};

use super::pods::Pod;

/// The length of the bins in which rows are counted.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A writer of the rows of a scenario.
#[derive(Debug)]
pub(crate) struct Sink {
    folder: PathBuf,
    files: BTreeMap<String, BufWriter<File>>,
    rows: u64,
    /// The number of rows per table and hour.
    pub(crate) hours: BTreeMap<(String, Time), u64>,
    /// The id of the cluster.
    pub(crate) cluster: String,
    /// The id of the cluster in tables with another spelling.
    pub(crate) spelled: BTreeMap<String, String>,
    /// The attributes `agentversion`, `osType` and `mip`.
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Sink {
    pub(crate) fn new(folder: &Path, cluster: &str, attributes: BTreeMap<String, String>) -> Self {
        Self {
            folder: folder.to_owned(),
            files: BTreeMap::new(),
            rows: 0,
            hours: BTreeMap::new(),
            cluster: cluster.to_owned(),
            spelled: BTreeMap::new(),
            attributes,
        }
    }

    /// Creates the file of a table, which may remain without rows.
    pub(crate) fn touch(&mut self, table: &str) -> Result<(), String> {
        if !self.files.contains_key(table) {
            let file = File::create(self.folder.join(format!("{table}.ndjson"))).map_err(|error| error.to_string())?;
            self.files.insert(table.to_owned(), BufWriter::new(file));
        }
        Ok(())
    }

    fn put(&mut self, table: &str, at: Time, row: &Value) -> Result<(), String> {
        self.touch(table)?;
        self.rows += 1;
        *self.hours.entry((table.to_owned(), at.floor(HOUR))).or_default() += 1;
        let Some(file) = self.files.get_mut(table) else { return Ok(()) };
        serde_json::to_writer(&mut *file, row).map_err(|error| error.to_string())?;
        file.write_all(b"\n").map_err(|error| error.to_string())
    }

    fn dimensions(&self, table: &str, pod: Option<&Pod>) -> Map<String, Value> {
        let mut all = Map::new();
        all.insert("cluster".to_owned(), json!(self.spelled.get(table).unwrap_or(&self.cluster)));
        if let Some(pod) = pod {
            all.insert("controllertype".to_owned(), json!(pod.controller));
            all.insert("podname".to_owned(), json!(pod.name));
            all.insert("computer".to_owned(), json!(format!("node-of-{}", pod.name)));
        }
        for (name, value) in &self.attributes {
            if table == "customMetrics" || name != "mip" {
                all.insert(name.clone(), json!(value));
            }
        }
        all
    }

    /// Writes a row of `traces`.
    pub(crate) fn lines(&mut self, at: Time, pod: &Pod, tag: &str, message: &str, weight: u64) -> Result<(), String> {
        let mut dimensions = self.dimensions("traces", Some(pod));
        dimensions.insert("tag".to_owned(), json!(tag));
        let row = json!({
            "timestamp": at.to_string(), "message": message, "severityLevel": 1, "itemType": "trace",
            "customDimensions": dimensions, "itemId": format!("t-{:08}", self.rows), "itemCount": weight,
        });
        self.put("traces", at, &row)
    }

    /// Writes a row of `customMetrics`.
    pub(crate) fn sample(
        &mut self,
        at: Time,
        pod: Option<&Pod>,
        metric: &str,
        value: f64,
        properties: &BTreeMap<String, String>,
        weight: u64,
    ) -> Result<(), String> {
        let mut dimensions = self.dimensions("customMetrics", pod);
        dimensions.extend(properties.iter().map(|(name, value)| (name.clone(), json!(value))));
        let row = json!({
            "timestamp": at.to_string(), "name": metric, "value": value, "valueCount": 1, "valueSum": value, "itemType": "customMetric",
            "customDimensions": dimensions, "itemId": format!("m-{:08}", self.rows), "itemCount": weight,
        });
        self.put("customMetrics", at, &row)
    }

    /// Writes a row of another table, whose keys are columns.
    pub(crate) fn event(
        &mut self,
        table: &str,
        time: &str,
        at: Time,
        pod: Option<&Pod>,
        columns: &[(&str, &str)],
    ) -> Result<(), String> {
        let mut row = Map::new();
        row.insert(time.to_owned(), json!(at.to_string()));
        row.insert("cluster".to_owned(), json!(self.spelled.get(table).unwrap_or(&self.cluster)));
        if let Some(pod) = pod {
            row.insert("controllertype".to_owned(), json!(pod.controller));
            row.insert("podname".to_owned(), json!(pod.name));
        }
        row.extend(columns.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        self.put(table, at, &Value::Object(row))
    }

    /// Flushes the files.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        self.files.values_mut().try_for_each(|file| file.flush().map_err(|error| error.to_string()))
    }
}
