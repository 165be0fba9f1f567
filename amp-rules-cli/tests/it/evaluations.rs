//! The number of evaluations of a command.

use amp_rules_cli::command::diagnose::{self, ReportFormat};
use amp_rules_cli::terminal::Terminal;
use amp_rules_cli::{Arguments, Command};
use amp_rules_core::evaluation::counter::evaluations;
use clap::Parser;

#[test]
fn a_json_report_with_explanations_evaluates_the_rules_once() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let rules = format!("{data}/kettle");
    let folder = format!("{data}/incidents/dry");
    let options = ["amp-rules", "diagnose", "--rules", &rules, "--fixture", &folder, "--format", "json"];
    let Command::Diagnose(arguments) = Arguments::parse_from(options).command else { panic!("another command") };
    let before = evaluations();
    let diagnosed = diagnose::run(&arguments, &Terminal::PLAIN).unwrap();
    let report = diagnosed.render(ReportFormat::Json, &Terminal::PLAIN).answer;
    assert!(report.contains("\"counterfactuals\": [\n"), "{report}");
    assert_eq!(evaluations() - before, 1);
}
