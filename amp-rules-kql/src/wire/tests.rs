use kql_lang::value::Value;

use super::*;

fn first(decoded: &Decoded) -> &Table {
    &decoded.tables[0].1
}

#[test]
fn complete_response_decodes_to_rows() {
    let body =
        br#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"n","type":"long"},{"name":"s","type":"string"}],
        "rows":[[9007199254740993,"a"],[null,null]]}]}"#;
    let decoded = tables(body).unwrap();
    assert_eq!(decoded.partial_failures, []);
    let text = |text: &str| Value::String(std::sync::Arc::from(text));
    assert_eq!(
        first(&decoded).rows,
        [vec![Value::Long(9_007_199_254_740_993), text("a")], vec![Value::Null, text("")]]
    );
}

#[test]
fn empty_body_is_an_error() {
    assert_eq!(tables(b"").unwrap_err().kind, FailureKind::Malformed);
    assert_eq!(tables(b"  \n").unwrap_err().kind, FailureKind::Malformed);
    assert_eq!(frames(b"").unwrap_err().kind, FailureKind::Malformed);
    assert_eq!(tables(b"{}").unwrap_err().kind, FailureKind::Malformed);
    assert_eq!(tables(b"<html>").unwrap_err().kind, FailureKind::Malformed);
}

#[test]
fn partial_error_keeps_rows_and_is_reported() {
    let body = br#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"s","type":"string"}],"rows":[["a"]]}],
        "error":{"code":"PartialError","message":"some","details":[{"code":"EngineError","message":"else",
        "innererror":{"code":"-2133196797","message":"too many (E_QUERY_RESULT_SET_TOO_LARGE)"}}]}}"#;
    let decoded = tables(body).unwrap();
    assert_eq!(first(&decoded).rows.len(), 1);
    assert_eq!(decoded.partial_failures.iter().map(|one| one.kind).collect::<Vec<_>>(), [FailureKind::Truncated]);
}

#[test]
fn non_finite_numbers_are_decoded_from_strings() {
    let body = br#"{"tables":[{"name":"T","columns":[{"name":"r","type":"real"},{"name":"d","type":"dynamic"},{"name":"b","type":"bool"}],
        "rows":[["NaN","{\"a\":[1,2]}",1],["-Infinity",{"a":[1,2]},false],[1,"plain",null]]}]}"#;
    let decoded = tables(body).unwrap();
    let rows = &first(&decoded).rows;
    assert!(matches!(rows[0][0], Value::Real(number) if number.is_nan()));
    assert_eq!(rows[1][0], Value::Real(f64::NEG_INFINITY));
    assert_eq!(rows[0][1], rows[1][1]);
    assert!(matches!(&rows[2][1], Value::String(text) if &**text == "plain"));
    assert_eq!((&rows[0][2], &rows[1][2], &rows[2][2]), (&Value::Bool(true), &Value::Bool(false), &Value::Null));
}

#[test]
fn type_mismatch_is_an_error_with_row_and_column() {
    let body = br#"{"tables":[{"name":"T","columns":[{"name":"n","type":"long"}],"rows":[[1],["x"]]}]}"#;
    assert_eq!(tables(body).unwrap_err().message, "row 2 of `T`: expected Long in `n`, found `\"x\"`");
    let short = br#"{"tables":[{"name":"T","columns":[{"name":"n","type":"long"}],"rows":[[]]}]}"#;
    assert_eq!(tables(short).unwrap_err().message, "row 1 of `T` has 0 cells for 1 columns");
}

#[test]
fn failure_kind_depends_on_status_and_body() {
    let semantic = br#"{"error":{"code":"BadArgumentError","message":"m","innererror":{"code":"SemanticError",
        "innererror":{"code":"SEM0100","message":"Failed to resolve table or column expression named 'x'"}}}}"#;
    let found = failure(400, semantic);
    assert_eq!((found.kind, found.code.as_str()), (FailureKind::TableMissing, "SEM0100"));
    assert_eq!(failure(403, b"{}").kind, FailureKind::Denied);
    assert_eq!(failure(429, br#"{"error":{"code":"ThrottledError","message":"slow"}}"#).kind, FailureKind::Throttled);
    assert_eq!(failure(504, b"").kind, FailureKind::Timeout);
    let page = failure(502, b"<html><body>Bad gateway</body></html>");
    assert_eq!((page.kind, page.message.as_str()), (FailureKind::Transient, ""));
    assert_eq!(failure(400, b"Bad request: no\nmore").message, "Bad request: no");
}

#[test]
fn fragments_append_to_or_replace_a_table() {
    let body = br#"[{"FrameType":"DataSetHeader"},
        {"FrameType":"TableHeader","TableId":1,"TableKind":"PrimaryResult","TableName":"T","Columns":[{"ColumnName":"n","ColumnType":"int"}]},
        {"FrameType":"TableFragment","TableFragmentType":"DataAppend","TableId":1,"Rows":[[1],[2]]},
        {"FrameType":"TableFragment","TableFragmentType":"DataReplace","TableId":1,"Rows":[[3]]},
        {"FrameType":"TableCompletion","TableId":1,"RowCount":1},
        {"FrameType":"DataSetCompletion","HasErrors":false,"Cancelled":false}]"#;
    let decoded = frames(body).unwrap();
    assert_eq!((first(&decoded).rows.clone(), decoded.partial_failures), (vec![vec![Value::Int(3)]], Vec::new()));
}

#[test]
fn failures_are_found_in_rows_completion_information_and_last_frame() {
    let table = r#"{"FrameType":"DataTable","TableId":1,"TableKind":"PrimaryResult","TableName":"T","Columns":[{"ColumnName":"n","ColumnType":"int"}],"Rows":[[1]ROW]}"#;
    let end = r#"{"FrameType":"DataSetCompletion","HasErrors":false,"Cancelled":false}"#;
    let object = r#",{"OneApiErrors":[{"error":{"code":"LimitsExceeded","@message":"80DA0003"}}]}"#;
    let information = r#"{"FrameType":"DataTable","TableId":2,"TableKind":"QueryCompletionInformation","TableName":"Q",
        "Columns":[{"ColumnName":"Level","ColumnType":"int"},{"ColumnName":"StatusCodeName","ColumnType":"string"},{"ColumnName":"Payload","ColumnType":"string"}],
        "Rows":[[4,"S_OK","fine"],[2,"E_QUERY_RESULT_SET_TOO_LARGE","{\"Text\":\"cut\"}"]]}"#;
    let plain = table.replace("ROW", "");
    let kinds = |body: String| {
        let decoded = frames(body.as_bytes()).unwrap();
        assert_eq!(first(&decoded).rows.len(), 1);
        decoded.partial_failures.iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(format!("[{plain},{end}]")), []);
    assert_eq!(kinds(format!("[{},{end}]", table.replace("ROW", object))), [FailureKind::Truncated]);
    assert_eq!(kinds(format!("[{plain},{information},{end}]")), [FailureKind::Truncated]);
    assert_eq!(
        kinds(format!("[{plain},{}]", end.replace("\"HasErrors\":false", "\"HasErrors\":true"))),
        [FailureKind::Transient]
    );
    assert_eq!(kinds(format!("[{plain}]")), [FailureKind::Malformed]);
}

/// Recorded responses of real services; stored outside the repository.
#[test]
fn recorded_responses_decode() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/responses"));
    let mut read = 0;
    for (part, file) in [
        ("azure-monitor", "all_types.json"),
        ("azure-monitor", "dynamic_as_string_cached.json"),
        ("azure-monitor", "statistics_render_200.json"),
        ("azure-monitor", "partial_error_overflow.json"),
        ("azure-monitor", "partial_error_truncation.json"),
        ("kusto-go/v1", "success.json"),
        ("kusto-go/v1", "booleanInt.json"),
        ("kusto-go/v1", "dataTypeOnly.json"),
        ("kusto-go/v1", "partialError.json"),
        ("kusto-go/v2", "validFrames.json"),
        ("kusto-go/v2", "aliases.json"),
        ("kusto-go/v2", "twoTables.json"),
        ("kusto-go/v2", "partialError.json"),
        ("kusto-python", "deft.json"),
        ("kusto-python", "deft_with_progressive_result.json"),
        ("kusto-python", "progressive_result.json"),
        ("kusto-python", "dynamic.json"),
        ("kusto-python", "null_values.json"),
        ("kusto-python", "zero_results.json"),
        ("kusto-python", "query_partial_results_defer_is_true.json"),
        ("kusto-python", "query_partial_results_defer_is_false.json"),
    ] {
        let Ok(body) = std::fs::read(folder.join(part).join(file)) else { continue };
        read += 1;
        let decoded = match part {
            "azure-monitor" => {
                let recorded: Json = serde_json::from_slice(&body).unwrap();
                tables(recorded["body"].to_string().as_bytes())
            }
            "kusto-go/v1" => tables_v1(&body),
            _ => frames(&body),
        };
        let decoded = decoded.unwrap_or_else(|failure| panic!("{file}: {failure:?}"));
        let partial = file.contains("artial");
        assert_eq!(!decoded.partial_failures.is_empty(), partial, "{file}: {:?}", decoded.partial_failures);
        assert!(!decoded.tables.is_empty(), "{file}");
    }
    println!("{read} of 21 recorded responses decoded{}", if read == 0 { " (skipped: none available)" } else { "" });
}
