//! Scaling of the steps of a diagnosis with the number of rules: 1,000, 3,000 and 10,000 patterns on 300 pods.
//!
//! ```text
//! cargo bench -p amp-rules-benches
//! ```
//!
//! Interpretation: a step scales linearly if its throughput (`Kelem/s`) is the same for the three sizes, that is, if
//! its times have the ratio 1 : 3 : 10. Only the ratio within one run is meaningful; absolute times depend on the
//! machine. An element of `evaluate` is an instance, a pattern on a pod: three million at the largest size. In `sparse`
//! one instance in a hundred is active, in chains of ten that explain one another; in `dense` one pattern in a hundred
//! is active on every pod and all others on none. An element of `compile`, `plan` and `report` is a pattern.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has no result")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use amp_rules_core::report;
use amp_rules_core::report::TextOptions;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::{Observations, RuleSet, Scope, Time, Window, collect, compile, evaluate, plan};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

const PODS: usize = 300;
const SIZES: [usize; 3] = [1000, 3000, 10_000];

const PACK: &str = "\
format: amp-rules/v1
pack: bench
version: 0.1.0
entities:
  pod: { keys: [pod] }
tables:
  traces:
    kind: logs
    time: at
    text: message
    columns: { at: datetime, message: string, pod: string }
    keys: { pod: pod }
    heartbeat: { every: 15m }
    components: [ { name: main, otherwise: true } ]
";

fn files(patterns: usize) -> Vec<RuleFile> {
    let mut files = vec![RuleFile::new("pack.yaml", PACK)];
    for at in 0..patterns {
        let mut text = format!(
            "format: amp-rules/v1\nid: p{at}\ntitle: Pattern number {at}\nclass: cause\nseverity: error\nscope: pod\n\
             summary: One of many.\nsymptoms:\n  seen:\n    log: {{ table: traces, regex: 'failure number {at} of many' }}\n\
             when: seen\n"
        );
        // Short chains, so that some patterns explain others.
        if at % 10 != 9 && at + 1 < patterns {
            writeln!(text, "causes: [ {{ pattern: p{}, strength: likely }} ]", at + 1).unwrap();
        }
        files.push(RuleFile::new(format!("p{at}/pattern.yaml"), text));
    }
    files
}

/// Which instances are active.
#[derive(Clone, Copy)]
enum Shape {
    /// Every pattern, each on three pods.
    Sparse,
    /// One pattern in a hundred, each on every pod.
    Dense,
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::Sparse => "sparse",
            Self::Dense => "dense",
        }
    }

    /// Returns whether an instance is active; all patterns of a chain of ten agree.
    fn is_active(self, pattern: usize, pod: usize) -> bool {
        let chain = pattern / 10 % 100;
        match self {
            Self::Sparse => chain == pod % 100,
            Self::Dense => chain == 0,
        }
    }
}

fn scope() -> Scope {
    let now = "2025-08-05T12:00:00Z".parse::<Time>().unwrap();
    let window = Window { from: "2025-08-05T10:00:00Z".parse::<Time>().unwrap(), to: now };
    Scope::new(window)
}

fn seen(rules: &RuleSet, patterns: usize, shape: Shape) -> Observations {
    let mut rows = Vec::new();
    for pod in 0..PODS {
        for minute in (0..120).step_by(10) {
            let at = format!("2025-08-05T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60);
            rows.push(json!({ "at": at, "pod": format!("pod-{pod}"), "message": "alive" }));
        }
        for at in (0..patterns).filter(|at| shape.is_active(*at, pod)) {
            let line = format!("failure number {at} of many");
            rows.push(json!({ "at": "2025-08-05T11:50:00Z", "pod": format!("pod-{pod}"), "message": line }));
        }
    }
    let plan = plan(rules, &scope()).unwrap();
    let source = MemorySource::new().table("traces", rows);
    futures::executor::block_on(collect(&plan, &source))
}

fn before(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("before");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for patterns in SIZES {
        let files = files(patterns);
        let rules = compile(&files).unwrap();
        group.throughput(Throughput::Elements(patterns as u64));
        group.bench_function(BenchmarkId::new("compile", patterns), |bencher| {
            bencher.iter(|| black_box(compile(&files).unwrap()));
        });
        group.bench_function(BenchmarkId::new("plan", patterns), |bencher| {
            bencher.iter(|| black_box(plan(&rules, &scope()).unwrap()));
        });
    }
    group.finish();
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluate");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    for patterns in SIZES {
        let rules = compile(&files(patterns)).unwrap();
        for shape in [Shape::Sparse, Shape::Dense] {
            let seen = seen(&rules, patterns, shape);
            group.throughput(Throughput::Elements((patterns * PODS) as u64));
            group.bench_function(BenchmarkId::new(shape.name(), patterns), |bencher| {
                bencher.iter(|| black_box(evaluate(&rules, &seen)));
            });
            if matches!(shape, Shape::Sparse) {
                let diagnosis = evaluate(&rules, &seen);
                group.throughput(Throughput::Elements(patterns as u64));
                group.bench_function(BenchmarkId::new("report", patterns), |bencher| {
                    bencher.iter(|| black_box(report::text(&diagnosis, None, &TextOptions::default())));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, before, growth);
criterion_main!(benches);
