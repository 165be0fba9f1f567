//! A custom telemetry source: rows from any store, aggregated into answers by the code that all backends share.
#![expect(clippy::print_stdout, reason = "an example prints to the terminal")]

use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::telemetry::source::{
    Answer, Capabilities, SourceError, SourceErrorKind, TelemetrySource, answer_from_rows,
};
use amp_rules_core::{Request, RuleFile, Scope, Time, Window, collect, compile, evaluate, plan, report};
use serde_json::{Value, json};

/// A table in memory.
#[derive(Debug)]
struct Journal(Vec<Value>);

#[async_trait::async_trait]
impl TelemetrySource for Journal {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of_rows()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        // A request contains the definition of its table, so a source needs nothing else from the rules.
        let table = requests.iter().map(|request| &request.reading().table).find(|table| table.name == "journal");
        let objects = self.0.iter().filter_map(Value::as_object).cloned();
        let rows: Vec<Row> = match table {
            Some(table) => objects.filter_map(|object| Row::from_json(table, object).ok()).collect(),
            None => Vec::new(),
        };
        let answers = answer_from_rows(requests, rows.iter().map(|row| ("journal", row)));
        let checked =
            requests.iter().zip(answers).map(|(request, answer)| match request.reading().table.name.as_str() {
                "journal" => answer,
                // Never return an empty answer here: it would be proof that nothing happened.
                other => Err(SourceError::read(
                    SourceErrorKind::NotConfigured,
                    other,
                    "only the table `journal` is available",
                )),
            });
        checked.collect()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = compile(&[
        RuleFile::new("pack.yaml", include_str!("kettle/pack.yaml")),
        RuleFile::new("water-missing/pattern.yaml", include_str!("kettle/water-missing.yaml")),
    ])?;
    let at = |text: &str| text.parse::<Time>();
    let window = Window { from: at("2025-08-05T11:00:00Z")?, to: at("2025-08-05T12:00:00Z")? };
    let scope = Scope::new(window);
    let plan = plan(&rules, &scope)?;
    let journal = Journal(vec![
        json!({ "at": "2025-08-05T11:20:00Z", "kettle": "k1", "message": "switched on" }),
        json!({ "at": "2025-08-05T11:50:00Z", "kettle": "k1", "message": "kettle boiled dry" }),
    ]);
    let seen = futures::executor::block_on(collect(&plan, &journal));
    print!("{}", report::text(&evaluate(&rules, &seen), None, &report::TextOptions::default()));
    Ok(())
}
