//! Diagnoses over sources that never wait.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use amp_rules_core::plan::{PlanErrors, Scope, plan};
use amp_rules_core::{Diagnosis, Observations, RuleSet, TelemetrySource, collect, evaluate};

/// Diagnoses a scope over a source that never waits, such as memory or a folder. Blocks the thread.
///
/// # Errors
///
/// Every reason why the scope does not fit the rules.
pub fn diagnose(rules: &RuleSet, scope: &Scope, source: &dyn TelemetrySource) -> Result<Diagnosis, PlanErrors> {
    Ok(evaluate(rules, &observe(rules, scope, source)?))
}

/// Plans and collects the telemetry for a scope.
///
/// # Errors
///
/// As for [`diagnose`].
pub(super) fn observe(
    rules: &RuleSet,
    scope: &Scope,
    source: &dyn TelemetrySource,
) -> Result<Observations, PlanErrors> {
    let plan = plan(rules, scope)?;
    Ok(block_on(collect(&plan, source)))
}

/// Polls a future until it is ready. The sources of this crate are ready at the first poll.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
