//! How evaluation grows: patterns × 300 pods of which one in a hundred patterns is active.
//!
//! Linear growth shows as the same time per element at each size; the interesting figure is the ratio between sizes in
//! one run, not the time itself.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set itself up has nothing to say")]

use std::fmt::Write as _;
use std::hint::black_box;

use amp_rules_core::diagnostic::RuleFile;
use amp_rules_core::source::memory::MemorySource;
use amp_rules_core::{Observations, RuleSet, Scope, Time, Window, collect, compile, evaluate, plan};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

const PODS: usize = 300;

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

fn rules(patterns: usize) -> RuleSet {
    let mut files = vec![RuleFile::new("pack.yaml", PACK)];
    for at in 0..patterns {
        let mut text = format!(
            "format: amp-rules/v1\nid: p{at}\ntitle: Pattern number {at}\nclass: cause\nseverity: error\nscope: pod\n\
             summary: One of many.\nsymptoms:\n  seen:\n    log: {{ table: traces, regex: 'failure number {at} of many' }}\n\
             when: seen\n"
        );
        // Short chains, so that something explains something.
        if at % 10 != 9 && at + 1 < patterns {
            writeln!(text, "causes: [ {{ pattern: p{}, strength: likely }} ]", at + 1).unwrap();
        }
        files.push(RuleFile::new(format!("p{at}/pattern.yaml"), text));
    }
    compile(&files).unwrap()
}

fn seen(rules: &RuleSet, patterns: usize) -> Observations {
    let now = Time::parse("2025-08-05T12:00:00Z").unwrap();
    let window = Window { from: Time::parse("2025-08-05T10:00:00Z").unwrap(), to: now };
    let mut rows = Vec::new();
    for pod in 0..PODS {
        for minute in (0..120).step_by(10) {
            let at = format!("2025-08-05T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60);
            rows.push(json!({ "at": at, "pod": format!("pod-{pod}"), "message": "alive" }));
        }
        // Every pod has one active pattern in a hundred, in chains of ten.
        for at in (0..patterns).filter(|at| (at / 10) % 100 == pod % 100) {
            let line = format!("failure number {at} of many");
            rows.push(json!({ "at": "2025-08-05T11:50:00Z", "pod": format!("pod-{pod}"), "message": line }));
        }
    }
    let scope = Scope { subject: Default::default(), window, set: Default::default(), reported: Vec::new() };
    let plan = plan(rules, &scope).unwrap();
    let source = MemorySource::new().table("traces", rows);
    futures::executor::block_on(collect(&plan, &source))
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluate");
    group.sample_size(10);
    for patterns in [1000, 3000, 10_000] {
        let rules = rules(patterns);
        let seen = seen(&rules, patterns);
        group.throughput(Throughput::Elements((patterns * PODS) as u64));
        group.bench_with_input(BenchmarkId::from_parameter(patterns), &patterns, |bencher, _| {
            bencher.iter(|| black_box(evaluate(&rules, &seen)));
        });
    }
    group.finish();
}

criterion_group!(benches, growth);
criterion_main!(benches);
