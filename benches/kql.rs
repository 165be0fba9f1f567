//! Speed of the interpreter on a million rows: filters, groups, joins, sorts, expansion.
//!
//! Rows are generated on demand, as a fixture provides them; this takes a third of the time of the first case.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has no result")]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kql_lang::bind::{Catalog, bind};
use kql_lang::datetime::{DateTime, TICKS_TO_EPOCH};
use kql_lang::plan::Plan;
use kql_lang::run::{Settings, Source, SourceError, run};
use kql_lang::syntax;
use kql_lang::value::Row;
use kql_lang::value::{Bag, Column, Type, Value};

const ROWS: i64 = 1_000_000;

/// Rows of a metric table: one sample per second, 200 metrics, 300 pods.
struct Samples {
    names: Vec<Value>,
    pods: Vec<Value>,
}

impl Samples {
    fn new() -> Self {
        let names = (0..200).map(|at| Value::String(format!("metric_number_{at}_total").into())).collect();
        let pods = (0..300).map(|at| {
            let mut bag = Bag::default();
            bag.put("podname".into(), Value::String(format!("pod-{at}").into()));
            bag.put("cluster".into(), Value::String("/subscriptions/x/clusters/y".into()));
            Value::Bag(Arc::new(bag))
        });
        Self { names, pods: pods.collect() }
    }
}

fn columns() -> Vec<Column> {
    [("timestamp", Type::DateTime), ("name", Type::String), ("value", Type::Real), ("customDimensions", Type::Dynamic)]
        .map(|(name, kind)| Column { name: name.into(), kind })
        .to_vec()
}

impl Source for Samples {
    fn scan(
        &self,
        _: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for at in 0..ROWS {
            let pick = |list: &[Value], every: i64| {
                list.get(usize::try_from(at / every).unwrap_or(0) % list.len()).cloned().unwrap_or(Value::Null)
            };
            let row = columns
                .iter()
                .map(|column| match &*column.name {
                    "timestamp" => Value::DateTime(TICKS_TO_EPOCH + at * 10_000_000),
                    "name" => pick(&self.names, 1),
                    #[expect(clippy::cast_precision_loss, reason = "only a number to sum")]
                    "value" => Value::Real((at * 7919 % 1009) as f64),
                    _ => pick(&self.pods, 7),
                })
                .collect();
            if sink(row).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn plan(text: &str) -> Plan {
    let catalog = Catalog::new().with_table("T", columns());
    let parsed = syntax::parse(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let bound = bind(&parsed.query, &catalog);
    bound.plan.unwrap()
}

const QUERIES: &[(&str, &str)] = &[
    ("where, summarize by bin", "T | where value > 10 | summarize count() by bin(timestamp, 5m), name"),
    ("where on a property", "T | where tostring(customDimensions.podname) == 'pod-7' | count"),
    (
        "summarize several",
        "T | summarize sum(value), max(value), dcount(name) by pod = tostring(customDimensions.podname)",
    ),
    (
        "join",
        "T | project name, value | join kind=inner (T | summarize most = max(value) by name) on name | where value == most | count",
    ),
    ("sort", "T | project timestamp, value | sort by value asc, timestamp desc | take 10"),
    ("top", "T | top 10 by value"),
    ("mv-expand", "T | project value, a = pack_array(1, 2, 3) | mv-expand a to typeof(long) | summarize sum(a)"),
];

fn a_million_rows(criterion: &mut Criterion) {
    let source = Samples::new();
    let settings = Settings { now: DateTime::UNIX_EPOCH, ..Settings::default() };
    let mut group = criterion.benchmark_group("kql");
    group.sample_size(10).throughput(Throughput::Elements(ROWS.unsigned_abs()));
    group.warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(5));
    for (name, text) in QUERIES {
        let plan = plan(text);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| black_box(run(&plan, &source, &settings).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, a_million_rows);
criterion_main!(benches);
