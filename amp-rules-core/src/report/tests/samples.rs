//! Diagnoses built by hand.

use std::collections::BTreeMap;

use crate::diagnosis::{
    Activity, ActivityState, Assumption, CauseState, CauseStatus, Citation, Conflict, Coverage, Diagnosis, Evidence,
    Finding, Grade, Hypothesis, Impact, IndicatorState, Link, Onset, PastIncident, Remedy, Role, Root, SourceState,
    Status, TableCompleteness, TableGap, UnknownReason, Unmatched, Unresolved,
};
use crate::explain::{Counterfactual, Explanation, NextQuery, Verdict};
use crate::rules::model::{Class, Severity, Strength};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::telemetry::source::GapReason;
use crate::telemetry::source::data::RowProblem;
use crate::time::{Time, Window};
use crate::unit::{Quantity, Unit};

fn at(text: &str) -> Time {
    text.parse::<Time>().unwrap()
}

fn pods(number: usize) -> Vec<Entity> {
    let pod =
        |index| [("controllertype".to_owned(), "ReplicaSet".to_owned()), ("podname".to_owned(), format!("rs-{index}"))];
    (1..=number).map(|index| Entity::new(pod(index))).collect()
}

/// A healthy cluster.
pub(super) fn quiet() -> Diagnosis {
    Diagnosis {
        pack: "azure-managed-prometheus".to_owned(),
        version: "0.1.0".to_owned(),
        digest: "sha256:00112233445566778899aabbccddeeff".to_owned(),
        subject: BTreeMap::from([(
            "cluster".to_owned(),
            "/subscriptions/s/resourceGroups/g/providers/x/managedClusters/aks-1".to_owned(),
        )]),
        window: Window { from: at("2025-08-04T12:00:00Z"), to: at("2025-08-05T12:00:00Z") },
        status: Status::Healthy,
        roots: Vec::new(),
        findings: Vec::new(),
        unresolved: Vec::new(),
        hypotheses: Vec::new(),
        conflicts: Vec::new(),
        remedy: Vec::new(),
        coverage: Coverage { visible: 1.0, unobservable: vec!["proxy-malformed".to_owned()], ..Coverage::default() },
        history: Vec::new(),
        indicators: vec![IndicatorState {
            id: "steady".to_owned(),
            healthy: true,
            text: "No data is dropped and every export succeeds at the first attempt, for all collectors".to_owned(),
            holds: Some(true),
        }],
        impact: Vec::new(),
        assumptions: Vec::new(),
        sources: vec![SourceState {
            table: "traces".to_owned(),
            completeness: TableCompleteness::Complete,
            request_ids: Vec::new(),
        }],
        problems: Vec::new(),
    }
}

/// No findings, but errors that no pattern matches.
pub(super) fn unknown_errors() -> Diagnosis {
    let rejected = "cannot send\nserver returned HTTP status 403 Forbidden: the token has no access to the rule that ingests the data";
    let unmatched = vec![
        Unmatched {
            at_error: true,
            sample: Citation { text: rejected.to_owned(), ..unmatched("", 1, 1).sample },
            ..unmatched("cannot send server returned HTTP status 403 Forbidden: the token …", 1_200, 3)
        },
        Unmatched {
            component: Some("other".to_owned()),
            elsewhere: 4,
            ..unmatched("label_limit exceeded (<n> labels)", 4, 2)
        },
        Unmatched { component: None, ..unmatched("scrape of <quoted> timed out", 3, 1) },
        unmatched("transport is closing", 1, 1),
    ];
    Diagnosis {
        status: Status::NoKnownProblem,
        coverage: Coverage { unmatched, unmatched_more: 2, unmatched_news: 3, ..quiet().coverage },
        ..quiet()
    }
}

fn evidence(pattern: &str, symptom: &str, value: f64, at_least: f64, line: &str) -> Evidence {
    Evidence {
        pattern: pattern.to_owned(),
        symptom: symptom.to_owned(),
        value: Some(value),
        threshold: Some((Comparison::AtLeast, at_least)),
        unit: Unit::COUNT,
        first: Some(at("2025-08-04T12:00:30Z")),
        last: Some(at("2025-08-05T11:59:00Z")),
        citations: vec![Citation { at: at("2025-08-04T12:00:30Z"), row: "r-1".to_owned(), text: line.to_owned() }],
        weak: false,
    }
}

fn unmatched(template: &str, count: u64, entities: u64) -> Unmatched {
    Unmatched {
        table: "traces".to_owned(),
        component: Some("otelcollector".to_owned()),
        template: template.to_owned(),
        count,
        is_news: count >= 3,
        at_error: false,
        elsewhere: 0,
        entities,
        scope: if entities == 1 { "1 pod".to_owned() } else { format!("{entities} pods") },
        first: at("2025-08-05T09:00:00Z"),
        last: at("2025-08-05T11:59:00Z"),
        sample: Citation {
            at: at("2025-08-05T09:00:00Z"),
            row: "r-9".to_owned(),
            text: template.replace("<n>", "3").replace("<quoted>", "\"x\""),
        },
    }
}

fn finding(pattern: &str, title: &str, class: Class, role: Role, shown: Vec<Evidence>) -> Finding {
    Finding {
        pattern: pattern.to_owned(),
        title: title.to_owned(),
        class,
        role,
        grade: (role == Role::Root).then_some(Grade::Confirmed),
        severity: Severity::Error,
        entities: pods(2),
        scope: "all 24 pods".to_owned(),
        contrast: None,
        distinguishing_attributes: Vec::new(),
        onset: Onset { earliest: Time::MIN, latest: at("2025-08-04T12:00:30Z") },
        activity: Activity {
            state: ActivityState::Active,
            last: at("2025-08-05T11:59:00Z"),
            unseen: Vec::new(),
            timeless: false,
        },
        flapping: false,
        earlier: 0,
        reported: false,
        reported_since: None,
        reported_until: None,
        evidence: shown,
        explained_by: Vec::new(),
        owner: None,
    }
}

fn link(pattern: &str, from: &[&str]) -> Link {
    Link {
        pattern: pattern.to_owned(),
        from: from.iter().map(|&id| id.to_owned()).collect(),
        strength: Strength::Sure,
        inferred: false,
        order_verifiable: false,
    }
}

fn root(pattern: &str, title: &str, role: Role, rank: u32, chain: Vec<Link>) -> Root {
    Root {
        pattern: pattern.to_owned(),
        title: title.to_owned(),
        role,
        grade: Grade::Confirmed,
        rank,
        ties_with: Vec::new(),
        severity: Severity::Critical,
        entities: pods(2),
        scope: "all 24 pods".to_owned(),
        onset: Onset { earliest: Time::MIN, latest: at("2025-08-04T12:00:30Z") },
        activity: Activity {
            state: ActivityState::Over,
            last: at("2025-08-05T10:30:00Z"),
            unseen: vec![Window { from: at("2025-08-05T01:00:00Z"), to: at("2025-08-05T01:20:00Z") }],
            timeless: false,
        },
        owner: None,
        in_loop: Vec::new(),
        why_not_confirmed: Vec::new(),
        chain,
        explains: Vec::new(),
        causes: [
            ("dns-failing", vec![CauseStatus::RuledOut]),
            ("node-lost", Vec::new()),
            ("proxy-malformed", vec![CauseStatus::Unknown(vec![UnknownReason::Silent])]),
        ]
        .map(|(pattern, statuses)| CauseState { pattern: pattern.to_owned(), statuses })
        .to_vec(),
    }
}

/// A missing configuration with its causal chain, and everything else that a report can contain.
pub(super) fn storm() -> Diagnosis {
    let refused = "error rpc error: code = Unavailable desc = connection error: dial tcp 127.0.0.1:55680: connect: connection refused";
    let mut roots = vec![
        root(
            "config-missing",
            "No configuration reaches the cluster",
            Role::Root,
            1,
            vec![
                link("token-missing", &["config-missing"]),
                link("exporter-not-started", &["token-missing"]),
                link("export-refused", &["config-missing", "exporter-not-started"]),
                link("queue-full", &["export-refused"]),
                link("data-loss", &["export-refused", "queue-full"]),
            ],
        ),
        root("certificate-unreadable", "A scrape job cannot read its certificate", Role::Independent, 2, Vec::new()),
    ];
    roots[0].owner = Some("cluster-owner".to_owned());
    roots[0].chain[1].inferred = true;
    roots[0].explains = vec!["pipeline-down".to_owned()];
    roots[1].grade = Grade::Provisional;
    roots[1].severity = Severity::Warning;
    roots[1].scope = "job patroni".to_owned();
    roots[1].why_not_confirmed = vec!["`secret-missing` may lie behind it, and was not looked at".to_owned()];
    let gigabytes = Unit::named("GB").unwrap();
    let memory = Evidence {
        value: Some(13.8),
        threshold: Some((Comparison::Above, 10.0)),
        unit: gigabytes,
        citations: Vec::new(),
        ..evidence("memory-high", "over-limit", 0.0, 0.0, "")
    };
    let mut contributing =
        finding("memory-high", "A collector uses much memory", Class::Effect, Role::Contributing, vec![memory]);
    contributing.scope = "1 of 16 ReplicaSet pods".to_owned();
    contributing.contrast = Some("0 of 40 DaemonSet pods".to_owned());
    let mut cause = finding(
        "config-missing",
        "No configuration reaches the cluster",
        Class::Cause,
        Role::Root,
        vec![evidence(
            "config-missing",
            "denied",
            1440.0,
            1.0,
            "403 InvalidAccess \u{1b}[31m<b>no data collection rule</b>",
        )],
    );
    cause.contrast = Some("0 of 40 DaemonSet pods".to_owned());
    cause.distinguishing_attributes = vec!["agentversion=6.21.0".to_owned()];
    let mut lost = finding("data-loss", "Data is lost", Class::Impact, Role::Consequence, vec![]);
    lost.scope = "16 of 24 pods".to_owned();
    lost.flapping = true;
    lost.earlier = 3;
    let mut complaint = finding("pipeline-down", "No metrics arrive", Class::Complaint, Role::Consequence, vec![]);
    complaint.reported = true;
    complaint.onset = Onset { earliest: Time::MIN, latest: Time::MAX };
    complaint.reported_since = Some(at("2025-08-05T09:00:00Z"));
    complaint.reported_until = Some(at("2025-08-05T11:30:00Z"));
    Diagnosis {
        status: Status::Diagnosed,
        roots,
        findings: vec![
            cause,
            finding(
                "certificate-unreadable",
                "A scrape job cannot read its certificate",
                Class::Cause,
                Role::Independent,
                vec![evidence("certificate-unreadable", "unreadable", 3.0, 1.0, "unable to read CA cert /etc/`x`")],
            ),
            finding(
                "token-missing",
                "The token file is missing",
                Class::Effect,
                Role::Consequence,
                vec![evidence("token-missing", "missing", 1440.0, 1.0, "TokenConfig.json does not exist")],
            ),
            finding(
                "export-refused",
                "The exporter is not listening",
                Class::Effect,
                Role::Consequence,
                vec![
                    Evidence {
                        weak: true,
                        citations: Vec::new(),
                        ..evidence("export-refused", "shape", 0.5, 0.25, "")
                    },
                    evidence("export-refused", "refused", 1_700_000.0, 3.0, refused),
                ],
            ),
            lost,
            complaint,
            contributing,
            finding("publication-failing", "Publishing fails now and then", Class::Benign, Role::Noise, vec![]),
            finding("token-present", "The token file is there", Class::Fact, Role::Fact, vec![]),
        ],
        unresolved: vec![
            Unresolved {
                pattern: "target-unreachable".to_owned(),
                entities: pods(1),
                scope: "1 of 16 ReplicaSet pods".to_owned(),
                reasons: vec![UnknownReason::MissingTable("podEvents".to_owned()), UnknownReason::WindowTooShort],
                holds: false,
            },
            Unresolved {
                pattern: "rare".to_owned(),
                entities: Vec::new(),
                scope: "the cluster".to_owned(),
                reasons: vec![UnknownReason::Silent],
                holds: false,
            },
            Unresolved {
                pattern: "queue-full".to_owned(),
                entities: pods(1),
                scope: "1 of 24 pods".to_owned(),
                reasons: vec![UnknownReason::Truncated("traces".to_owned(), "truncated")],
                holds: true,
            },
        ],
        hypotheses: vec![Hypothesis {
            pattern: "pods-restarted".to_owned(),
            explains: vec!["config-missing".to_owned(), "certificate-unreadable".to_owned()],
            reasons: vec![UnknownReason::Unobservable],
        }],
        conflicts: vec![Conflict {
            pattern: "token-missing".to_owned(),
            other: "token-present".to_owned(),
            entities: pods(1),
            what: "both hold for rs-1 at 2025-08-05 09:00Z".to_owned(),
        }],
        remedy: vec![
            Remedy {
                pattern: "config-missing".to_owned(),
                id: "associate".to_owned(),
                text: "Associate the data collection rule and its endpoint with the cluster, then wait a few minutes"
                    .to_owned(),
                verifies: false,
                caution: Some("replaces an association of the same name".to_owned()),
                changes_state: true,
                run: ["az", "monitor", "data-collection", "rule", "association", "create", "--name", "it's mine"]
                    .map(str::to_owned)
                    .to_vec(),
            },
            Remedy {
                pattern: "config-missing".to_owned(),
                id: "check".to_owned(),
                text: "Exports succeed".to_owned(),
                verifies: true,
                caution: None,
                changes_state: false,
                run: Vec::new(),
            },
        ],
        coverage: Coverage {
            visible: 0.925,
            blind: vec!["traces of 3 of 24 pods".to_owned()],
            unobservable: vec!["proxy-malformed".to_owned()],
            unmatched: vec![
                unmatched("attempt <n> of <quoted> failed: `no such \u{1b}[1mthing`", 1_700_000, 24),
                unmatched("out of luck", 1, 1),
            ],
            unmatched_more: 12,
            unmatched_news: 2,
            unmatched_reasons: vec![UnknownReason::Truncated("traces".to_owned(), "templates")],
        },
        history: vec![PastIncident {
            pattern: "dns-failing".to_owned(),
            title: "Names are not resolved".to_owned(),
            role: Role::Root,
            grade: Grade::Provisional,
            why_not_confirmed: vec!["its cause proxy-malformed is unknown".to_owned()],
            entities: pods(2),
            scope: "2 of 24 pods".to_owned(),
            onset: Onset { earliest: at("2025-08-04T13:00:00Z"), latest: at("2025-08-04T13:05:00Z") },
            last: at("2025-08-04T14:00:00Z"),
            resolved: true,
            chain: vec![link("export-failing", &["dns-failing"])],
            explains: Vec::new(),
            impact: vec![Impact {
                pattern: "data-loss".to_owned(),
                magnitude: 1_200.0,
                unit: Some("points".to_owned()),
                at_least: true,
            }],
        }],
        indicators: vec![
            IndicatorState {
                id: "a".to_owned(),
                healthy: true,
                text: "Exports succeed".to_owned(),
                holds: Some(false),
            },
            IndicatorState {
                id: "b".to_owned(),
                healthy: false,
                text: "Connections are refused".to_owned(),
                holds: Some(true),
            },
            IndicatorState { id: "c".to_owned(), healthy: false, text: "Queues grow | spill".to_owned(), holds: None },
        ],
        impact: vec![Impact {
            pattern: "data-loss".to_owned(),
            magnitude: 11_900_000_000.0,
            unit: Some("points".to_owned()),
            at_least: true,
        }],
        assumptions: vec![Assumption {
            parameter: "hpa_max_replicas".to_owned(),
            value: Quantity::count(24.0),
            because: "the chart's default".to_owned(),
        }],
        sources: vec![
            SourceState {
                table: "customMetrics".to_owned(),
                completeness: TableCompleteness::Complete,
                request_ids: vec!["id-1".to_owned(), "id-2".to_owned()],
            },
            SourceState {
                table: "traces".to_owned(),
                completeness: TableCompleteness::Incomplete(vec![TableGap::Partial(GapReason::Truncated)]),
                request_ids: Vec::new(),
            },
        ],
        problems: (1..=7)
            .map(|line| RowProblem { origin: "traces.ndjson".to_owned(), line, what: "no time in this row".to_owned() })
            .collect(),
        ..quiet()
    }
}

/// The chain of [`storm`] without its cause.
pub(super) fn partial() -> Diagnosis {
    let mut open = root(
        "export-refused",
        "The exporter is not listening",
        Role::Root,
        1,
        vec![link("data-loss", &["export-refused"])],
    );
    open.grade = Grade::Open;
    open.why_not_confirmed = vec!["it is an effect by nature: what brought it about was not seen".to_owned()];
    open.in_loop = vec!["export-refused".to_owned(), "restarts".to_owned()];
    open.chain[0].order_verifiable = true;
    let mut found = finding(
        "export-refused",
        "The exporter is not listening",
        Class::Effect,
        Role::Root,
        vec![evidence("export-refused", "refused", 30.0, 3.0, "connection refused")],
    );
    found.grade = Some(Grade::Open);
    Diagnosis {
        status: Status::DiagnosedPartial,
        roots: vec![open],
        findings: vec![found],
        indicators: Vec::new(),
        ..quiet()
    }
}

/// An explanation with one counterfactual and one query.
pub(super) fn explained() -> Explanation {
    Explanation {
        counterfactuals: vec![Counterfactual {
            pattern: "config-missing".to_owned(),
            symptom: "denied".to_owned(),
            from: Verdict::True,
            to: false,
            status: Status::DiagnosedPartial,
            roots: vec![("token-missing".to_owned(), Role::Root, Grade::Open)],
        }],
        next_queries: vec![NextQuery {
            name: "pod-events".to_owned(),
            kql: "PodEvents | take 1".to_owned(),
            decides: vec!["target-unreachable.event".to_owned()],
            would_separate: 3,
        }],
    }
}
