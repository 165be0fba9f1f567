//! Diagnoses a cluster from its live telemetry.
//!
//! Requires `AMP_RULES_APP_INSIGHTS` (a resource id), `AMP_RULES_CLUSTER` (the cluster as its telemetry identifies it),
//! and an `az login` session. If a variable is missing, it prints which ones are required and exits.
#![expect(clippy::print_stdout, reason = "an example prints to the terminal")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use amp_rules_core::time::ticks_of;
use amp_rules_core::{RuleFile, Scope, Time, Window, collect, compile, evaluate, plan, report};
use amp_rules_kql::live::Live;
use amp_rules_kql::live::entra::{Entra, Way};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(resource), Some(cluster)) = (variable("AMP_RULES_APP_INSIGHTS"), variable("AMP_RULES_CLUSTER")) else {
        println!("skipped: AMP_RULES_APP_INSIGHTS and AMP_RULES_CLUSTER are not set");
        return Ok(());
    };

    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    let rules = compile(&files)?;

    // The source: the services to query, and the identity to use.
    let source = Live::builder()
        .app_insights(&resource)?
        .token_provider(Arc::new(Entra::new(Way::Developer, &variable)?))
        .deadline(Duration::from_secs(120))
        .build()?;

    // The engine never reads the clock; the program reads it once.
    let now = Time::from_ticks(ticks_of(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?));
    let day = Window::ending_at(now, Duration::from_secs(86_400));
    let scope = Scope::new(day).with_subject("cluster", cluster);
    let plan = plan(&rules, &scope)?;
    let seen = collect(&plan, &source).await;
    for error in seen.answers().iter().filter_map(|answer| answer.as_ref().err()) {
        println!("{error}");
    }
    println!("{}", report::text(&evaluate(&rules, &seen), None, &report::TextOptions::default()));
    Ok(())
}
