//! A pack, telemetry and a scope, which can be changed and diagnosed.
//!
//! Input: numbers from a property test. Output: a [`Scenario`]. The number of cases of every property test comes from
//! `AMP_RULES_CASES`, 256 by default.

use std::collections::BTreeMap;

use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::rules::diagnostic::Severity;
use amp_rules_core::telemetry::source::TelemetrySource;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::time::{Time, Window, duration_of};
use amp_rules_core::{Diagnosis, Observations, RuleSet, collect, compile, evaluate, plan};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::dice::Dice;
use super::pack::{Pack, id, pack};
use super::telemetry::{Pod, Rows, pods, rows};

/// Length of the window in minutes.
pub(crate) const WINDOW: i64 = 120;

/// The input of a diagnosis.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) pack: Pack,
    pub(crate) rows: Rows,
    pub(crate) scope: Scope,
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "now {}, reported {:?}\n{:?}{:?}", self.now(), self.scope.reports, self.pack, self.rows)
    }
}

/// The cases of one property test: by default the same 256 in every run, so that a failure comes from a change and not
/// from chance; new ones if `AMP_RULES_CASES` sets their number.
#[expect(clippy::disallowed_methods, reason = "tests may read a setting from the environment; core may not")]
pub(crate) fn cases() -> ProptestConfig {
    let wanted = std::env::var("AMP_RULES_CASES").ok().and_then(|text| text.parse().ok());
    let cases = wanted.unwrap_or(256);
    let drawn = ProptestConfig::default();
    ProptestConfig {
        cases,
        rng_seed: if wanted.is_some() { drawn.rng_seed } else { RngSeed::Fixed(25) },
        max_shrink_iters: 4096,
        failure_persistence: None,
        max_global_rejects: cases * 200,
        ..drawn
    }
}

/// The numbers for a pack and for its telemetry.
pub(crate) fn numbers() -> impl Strategy<Value = (Vec<u16>, Vec<u16>)> {
    (prop::collection::vec(any::<u16>(), 40..400), prop::collection::vec(any::<u16>(), 40..300))
}

/// Random scenarios of one cluster. Their packs compile.
pub(crate) fn scenarios() -> impl Strategy<Value = Scenario> {
    numbers().prop_map(|(pack, telemetry)| Scenario::new(&pack, &telemetry))
}

impl Scenario {
    pub(crate) fn new(pack_numbers: &[u16], telemetry: &[u16]) -> Self {
        let mut dice = Dice::new(pack_numbers);
        let pack = pack(&mut dice);
        let mut dice = Dice::new(telemetry);
        let pods = pods(&mut dice, "one");
        let rows = rows(&mut dice, &pods, WINDOW);
        let minutes = dice.pick(&[0, 2, 4]);
        let now = "2025-08-05T12:00:00Z"
            .parse::<Time>()
            .unwrap()
            .saturating_add(std::time::Duration::from_secs(60 * minutes));
        let window = Window {
            from: now.saturating_sub(duration_of(WINDOW * 60 * amp_rules_core::time::TICKS_PER_SECOND)),
            to: now,
        };
        let reported = reports(&mut dice, &pack, &pods, now);
        let subject = BTreeMap::from([("cluster".to_owned(), "one".to_owned())]);
        let mut scope = Scope::new(window);
        scope.subject = subject;
        scope.reports = reported;
        Self { pack, rows, scope }
    }

    pub(crate) fn now(&self) -> Time {
        self.scope.window.to
    }

    /// The compiled rules.
    #[track_caller]
    pub(crate) fn rules(&self) -> RuleSet {
        compile(&self.pack.files()).unwrap_or_else(|problems| {
            let errors: Vec<&str> = problems
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .map(|problem| problem.message.as_str())
                .collect();
            panic!("the generated pack does not compile: {errors:?}\n{self:?}")
        })
    }

    /// The observations of a source.
    pub(crate) fn observe(&self, rules: &RuleSet, source: &dyn TelemetrySource) -> Observations {
        futures::executor::block_on(collect(&plan(rules, &self.scope).unwrap(), source))
    }

    pub(crate) fn source(&self) -> MemorySource {
        self.rows.source(self.now())
    }

    /// The diagnosis of its rows; all tables are complete.
    #[track_caller]
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        self.diagnosis_by(&self.rules())
    }

    /// The same with rules that are already compiled.
    pub(crate) fn diagnosis_by(&self, rules: &RuleSet) -> Diagnosis {
        evaluate(rules, &self.observe(rules, &self.source()))
    }
}

/// User reports of some of the complaints and impacts.
fn reports(dice: &mut Dice<'_>, pack: &Pack, pods: &[Pod], now: Time) -> Vec<UserReport> {
    let mut reported = Vec::new();
    for pattern in
        pack.patterns.iter().filter(|pattern| ["complaint", "impact"].contains(&pattern["class"].as_str().unwrap()))
    {
        if !dice.chance(1, 2) {
            continue;
        }
        let pod = dice.pick(pods);
        let entity = match pattern["scope"].as_str() {
            Some("pod") if dice.chance(1, 2) => BTreeMap::from([
                ("controller".to_owned(), pod.controller.to_owned()),
                ("pod".to_owned(), pod.name.clone()),
            ]),
            Some("controller") => BTreeMap::from([("controller".to_owned(), pod.controller.to_owned())]),
            _ => BTreeMap::new(),
        };
        let until = dice.chance(1, 4).then(|| now.saturating_sub(std::time::Duration::from_secs(3600)));
        let since = dice.chance(1, 4).then(|| now.saturating_sub(std::time::Duration::from_secs(5400)));
        let mut report = UserReport::new(id(pattern));
        report.entity = entity;
        report.since = since;
        report.until = until;
        reported.push(report);
    }
    reported
}
