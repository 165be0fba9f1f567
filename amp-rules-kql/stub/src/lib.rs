//! A local stub of the services: it runs posted queries on given rows and responds in the real wire formats.
//!
//! Input: tables. Output: a [`Server`] that responds with Azure Monitor tables under `/v1/…/query` and with Data Explorer frames
//! under `/v2/rest/query`, refuses what the services refuse (no token, no content type, a missing table), and records the
//! requests. For tests only: it keeps everything in memory and trusts its callers.

mod server;

use std::io;
use std::sync::Arc;

use amp_rules_core::telemetry::schema;
use amp_rules_core::telemetry::source::rows::{Number, Row, number_of, text_of};
use serde_json::{Value as Json, json};

pub use self::server::{Delivery, RecordedRequest, Reply, Server};

use amp_rules_kql::convert::scalar_type;
use kql_lang::bind::{self, Catalog};
use kql_lang::datetime::DateTime;
use kql_lang::datetime::parse as text;
use kql_lang::run::{self, Settings, Tables};
use kql_lang::syntax;
use kql_lang::value::{Column, Table, Type, Value, convert, json as values};

/// The tables of a stub service.
#[derive(Clone, Debug, Default)]
pub struct Stub {
    catalog: Catalog,
    tables: Tables,
    max_rows: Option<usize>,
    denied: Vec<String>,
}

impl Stub {
    /// Creates a stub without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table.
    #[must_use]
    pub fn table(mut self, name: &str, table: Table) -> Self {
        self.catalog = self.catalog.with_table(name, table.columns.clone());
        self.tables = self.tables.with(name, table);
        self
    }

    /// Adds a table of a pack from rows as JSON objects. A cell that does not match its column type is null.
    ///
    /// Rows without a valid time are dropped, as services do. `names` maps column names of the pack to names on the service.
    #[must_use]
    pub fn telemetry(self, name: &str, table: &schema::Table, rows: &[Json], names: &[(&str, &str)]) -> Self {
        let own = |ours: &str| {
            names.iter().find(|(name, _)| *name == ours).map_or_else(|| ours.to_owned(), |(_, own)| (*own).to_owned())
        };
        let kinds: Vec<(&String, Type)> = table.columns.iter().map(|(name, kind)| (name, scalar_type(*kind))).collect();
        let columns = kinds.iter().map(|(ours, kind)| Column { name: Arc::from(own(ours)), kind: *kind }).collect();
        let dated = rows.iter().filter_map(|row| Row::from_json(table, row.as_object()?.clone()).ok());
        let cells = |row: Row| kinds.iter().map(|(name, kind)| cell_of(table, &row, name, *kind)).collect();
        self.table(name, Table { rows: dated.map(cells).collect(), columns })
    }

    /// Truncates results to this number of rows, and reports it as the services do.
    #[must_use]
    pub fn truncate_at(mut self, rows: usize) -> Self {
        self.max_rows = Some(rows);
        self
    }

    /// Lists a table as denied in responses to requests for permissions.
    #[must_use]
    pub fn deny(mut self, table: &str) -> Self {
        self.denied.push(table.to_owned());
        self
    }

    /// Serves the tables until the server is dropped.
    ///
    /// # Errors
    ///
    /// An I/O error if no port can be bound.
    pub fn start(self) -> io::Result<Server> {
        Server::start(move |request| self.reply(request))
    }

    /// Returns the response to one request.
    #[must_use]
    pub fn reply(&self, request: &RecordedRequest) -> Reply {
        if request.header("authorization").is_none_or(|value| !value.starts_with("Bearer ") || value.len() < 8) {
            return refusal(401, "AuthenticationFailed", "the header `Authorization` is missing");
        }
        if request.header("content-type").is_none_or(|value| !value.contains("json")) {
            // The real services do the same: status 200 with an empty body.
            return Reply::new(200, Vec::new());
        }
        let Ok(body) = serde_json::from_slice::<Json>(&request.body) else {
            return refusal(400, "BadArgumentError", "the body is no JSON");
        };
        if request.path.ends_with("/v2/rest/query") {
            let now = body.pointer("/properties/Options/query_now").and_then(Json::as_str).and_then(text::datetime);
            match body.get("csl").and_then(Json::as_str) {
                Some(query) => self
                    .run(query, now)
                    .map_or_else(|rejection| rejection.reply(true), |result| self.frames_response(&result)),
                None => refusal(400, "BadRequest", "`csl` is missing"),
            }
        } else if request.path.starts_with("/v1/") && request.path.ends_with("/query") {
            let span = body.get("timespan").and_then(Json::as_str);
            let Some(now) = span.and_then(|span| span.split_once('/')).and_then(|(_, to)| text::datetime(to)) else {
                return refusal(400, "BadArgumentError", "`timespan` is missing");
            };
            match body.get("query").and_then(Json::as_str) {
                Some(query) => self
                    .run(query, Some(now))
                    .map_or_else(|rejection| rejection.reply(false), |result| self.tables_response(&result, request)),
                None => refusal(400, "BadArgumentError", "`query` is missing"),
            }
        } else {
            refusal(404, "PathNotFoundError", "there is no such path")
        }
    }

    fn run(&self, query: &str, now: Option<i64>) -> Result<Table, QueryRejection> {
        let parsed = syntax::parse(query);
        let bound = bind::bind(&parsed.query, &self.catalog);
        if let Some(problem) = parsed.diagnostics.first().or_else(|| bound.diagnostics.first()) {
            // The services use other codes than Microsoft's language service, and another message for an unknown table.
            let name = problem.message.split('`').nth(1).unwrap_or_default();
            let (code, message) = match problem.kusto {
                Some("KS204") => ("SEM0100", format!("Failed to resolve table or column expression named '{name}'")),
                Some(code) => (code, problem.message.clone()),
                None => ("SYN0002", problem.message.clone()),
            };
            return Err(QueryRejection { code: code.to_owned(), message });
        }
        let failed = |message: String| QueryRejection { code: "E_RUNAWAY_QUERY".to_owned(), message };
        let plan = bound.plan.ok_or_else(|| failed("the query cannot be run".to_owned()))?;
        let settings = Settings { now: now.map_or(DateTime::UNIX_EPOCH, DateTime::from_ticks), ..Settings::default() };
        let outcome = run::run(&plan, &self.tables, &settings).map_err(|error| failed(error.to_string()))?;
        outcome.tables.into_iter().next_back().map(|(_, table)| table).ok_or_else(|| failed("no result".to_owned()))
    }

    /// Returns the rows to send, and whether the result is truncated.
    fn sent_rows<'t>(&self, table: &'t Table) -> (&'t [Vec<Value>], bool) {
        match self.max_rows.and_then(|most| table.rows.get(..most)) {
            Some(rows) => (rows, rows.len() < table.rows.len()),
            None => (&table.rows, false),
        }
    }

    /// Returns a response in the Azure Monitor format: `dynamic` values are strings of JSON.
    fn tables_response(&self, table: &Table, request: &RecordedRequest) -> Reply {
        let (rows, cut) = self.sent_rows(table);
        let columns: Vec<Json> =
            table.columns.iter().map(|column| json!({ "name": &*column.name, "type": column.kind.as_str() })).collect();
        let cell = |column: &Column, value: &Value| match (column.kind, value) {
            (Type::Dynamic, Value::Null) => Json::Null,
            (Type::Dynamic, value) => Json::String(values::write(value)),
            (_, value) => values::cell(value),
        };
        let rows: Vec<Vec<Json>> = rows
            .iter()
            .map(|row| table.columns.iter().zip(row).map(|(column, value)| cell(column, value)).collect())
            .collect();
        let table = json!({ "name": "PrimaryResult", "columns": columns, "rows": rows });
        let mut body = serde_json::Map::from_iter([("tables".to_owned(), json!([table]))]);
        if cut {
            let inner = json!({ "code": "-2133196797", "message": TOO_LARGE });
            let engine = json!({ "code": "EngineError", "message": "Something went wrong.", "innererror": inner });
            let message = "There were some errors when processing your query.";
            let error = json!({ "code": "PartialError", "message": message, "details": [engine] });
            body.insert("error".to_owned(), error);
        }
        if request.header("prefer").is_some_and(|value| value.contains("include-permissions=true")) {
            let permissions = json!({
                "resources": [{ "resourceId": "/resource", "dataSources": ["/workspace"] }],
                "dataSources": [{ "resourceId": "/workspace", "denyTables": &self.denied }],
            });
            body.insert("permissions".to_owned(), permissions);
        }
        Reply::json(200, &Json::Object(body))
    }

    /// Returns a response in Data Explorer frames: `dynamic` values are JSON values.
    fn frames_response(&self, table: &Table) -> Reply {
        let (rows, cut) = self.sent_rows(table);
        let columns: Vec<Json> = table
            .columns
            .iter()
            .map(|column| json!({ "ColumnName": &*column.name, "ColumnType": column.kind.as_str() }))
            .collect();
        let mut rows: Vec<Json> = rows.iter().map(|row| Json::Array(row.iter().map(values::cell).collect())).collect();
        if cut {
            rows.push(json!({ "OneApiErrors": [{ "error": { "code": "LimitsExceeded", "@message": TOO_LARGE } }] }));
        }
        let information = json!([4, "S_OK", "{\"Count\":1,\"Text\":\"Query completed successfully\"}"]);
        Reply::json(
            200,
            &json!([
                { "FrameType": "DataSetHeader", "IsProgressive": false, "Version": "v2.0" },
                { "FrameType": "DataTable", "TableId": 0, "TableKind": "QueryProperties", "TableName": "@ExtendedProperties",
                  "Columns": [{ "ColumnName": "TableId", "ColumnType": "int" }], "Rows": [[1]] },
                { "FrameType": "DataTable", "TableId": 1, "TableKind": "PrimaryResult", "TableName": "PrimaryResult",
                  "Columns": columns, "Rows": rows },
                { "FrameType": "DataTable", "TableId": 2, "TableKind": "QueryCompletionInformation",
                  "TableName": "QueryCompletionInformation",
                  "Columns": [{ "ColumnName": "Level", "ColumnType": "int" }, { "ColumnName": "StatusCodeName", "ColumnType": "string" },
                              { "ColumnName": "Payload", "ColumnType": "string" }],
                  "Rows": [information] },
                { "FrameType": "DataSetCompletion", "HasErrors": cut, "Cancelled": false },
            ]),
        )
    }
}

/// The message of the services for a result that exceeds their limit.
const TOO_LARGE: &str = "Query result set has exceeded the internal record count limit (E_QUERY_RESULT_SET_TOO_LARGE)";

/// The error of a refused query.
struct QueryRejection {
    code: String,
    message: String,
}

impl QueryRejection {
    fn reply(&self, kusto: bool) -> Reply {
        if kusto {
            let error = json!({ "error": { "code": "General_BadRequest", "@message": format!("{} ({})", self.message, self.code), "@permanent": true } });
            return Reply::json(400, &error);
        }
        refusal(400, &self.code, &self.message)
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "code": code, "message": message } }))
}

/// Returns a cell of a row as a value of its column type.
fn cell_of(table: &schema::Table, row: &Row, name: &str, kind: Type) -> Value {
    if table.time.parts().len() == 1 && table.time.column() == name {
        return Value::DateTime(DateTime::from_unix_ticks(row.time().ticks()).ticks());
    }
    let cell = row.cells().get(name).unwrap_or(&Json::Null);
    match kind {
        Type::String => Value::text(text_of(cell).unwrap_or_default().into_owned()),
        Type::Dynamic => values::from_json(cell),
        Type::Real | Type::Int | Type::Long => match number_of(cell) {
            Number::Is(number) => convert::to(kind, &Value::Real(number)),
            Number::NotFinite if kind == Type::Real => Value::Real(f64::NAN),
            Number::NotFinite | Number::Absent => Value::Null,
        },
        Type::Bool | Type::Decimal | Type::DateTime | Type::TimeSpan | Type::Guid => {
            convert::to(kind, &values::from_json(cell))
        }
    }
}
