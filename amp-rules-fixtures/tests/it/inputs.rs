//! What an incident folder does with files that are no files, are too large, or cannot be read.
//!
//! Limits are lowered, so that small files reach them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use amp_rules_core::TelemetrySource;
use amp_rules_core::telemetry::predicate::Aggregate;
use amp_rules_core::telemetry::source::{AnswerData, Completeness, SourceErrorKind};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::input::{Limit, Limits};
use tempfile::TempDir;

use crate::support::{MINUTE, gzip, hour, lines, series, unweighted as schema};

fn row(second: usize, message: &str) -> String {
    format!(
        "{{\"timestamp\":\"2025-01-01T00:{:02}:{:02}Z\",\"message\":\"{message}\",\"customDimensions\":{{\"podname\":\"p1\"}}}}\n",
        second / 60 % 60,
        second % 60
    )
}

fn rows(number: usize) -> String {
    (0..number).map(|second| row(second, "boom")).collect()
}

/// A saved response with this many rows.
fn response(number: usize) -> String {
    let row = "[\"2025-01-01T00:00:00Z\",\"boom\",{\"podname\":\"p1\"}]";
    let columns = ["timestamp", "message", "customDimensions"].map(|name| format!("{{\"name\":\"{name}\"}}")).join(",");
    let rows = vec![row; number].join(",");
    format!("{{\"tables\":[{{\"name\":\"PrimaryResult\",\"columns\":[{columns}],\"rows\":[{rows}]}}]}}")
}

/// A folder with a file of metrics that can be read.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let metrics =
        "timestamp,name,value,customDimensions\n2025-01-01T00:00:00Z,memory,1.5,\"{\"\"podname\"\": \"\"p1\"\"}\"\n";
    fs::write(folder.path().join("customMetrics.csv"), metrics).unwrap();
    folder
}

/// The answers to a request for lines and one for the metric as text, and the problems.
fn described(folder: &Path, limits: Limits) -> String {
    let schema = schema();
    let source = match FixtureSource::open_within(folder, &schema, limits) {
        Ok(source) => source,
        Err(error) => return format!("{:?}: {error}", error.kind()).replace(&folder.display().to_string(), "FOLDER"),
    };
    let requests =
        [lines(&schema, "boom", None, hour()), series(&schema, "memory", Aggregate::Sum, MINUTE * 60, hour())];
    let mut out = String::new();
    let mut problems = Vec::new();
    for answer in futures::executor::block_on(source.fetch(&requests)) {
        match answer {
            Ok(answer) => {
                let many = match &answer.data {
                    AnswerData::Counts(counts) => counts.cells.iter().map(|cell| cell.count).sum(),
                    AnswerData::Series(points) => points.len() as u64,
                    other => panic!("{other:?}"),
                };
                let complete = if answer.completeness == Completeness::Complete { "complete" } else { "partial" };
                let _ = write!(out, "{many} {complete}; ");
                problems.extend(answer.problems);
            }
            Err(error) => {
                let _ = write!(out, "{}: {error}; ", error.kind.as_str());
            }
        }
    }
    for problem in problems {
        let _ = write!(out, "{}:{}: {}; ", problem.origin, problem.line, problem.what);
    }
    out
}

#[track_caller]
fn check(folder: &TempDir, limits: Limits, want: &str) {
    let found = described(folder.path(), limits);
    assert!(found.contains(want), "expected {want}\nfound {found}");
}

fn limit(limit: Limit, value: u64) -> Limits {
    Limits::DEFAULT.with(limit, value)
}

#[cfg(unix)]
#[test]
fn what_is_no_file_makes_only_its_table_unreadable_and_is_never_waited_for() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let pipe = |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let sockets = tempfile::tempdir().unwrap();
    let _listener = UnixListener::bind(sockets.path().join("socket")).unwrap();
    type Make<'m> = (&'m str, &'m dyn Fn(&Path));
    let make: [Make<'_>; 6] = [
        ("it is a named pipe, not a regular file", &|path| pipe(path)),
        ("it is a device, not a regular file", &|path| symlink("/dev/zero", path).unwrap()),
        ("it is a socket, not a regular file", &|path| symlink(sockets.path().join("socket"), path).unwrap()),
        ("it is a link to `nowhere`, which does not exist", &|path| symlink("nowhere", path).unwrap()),
        ("it is a loop of links", &|path| symlink(path.file_name().unwrap(), path).unwrap()),
        ("it is a folder; a file is expected here", &|path| fs::create_dir(path).unwrap()),
    ];
    for (reason, make) in make {
        for name in ["traces.ndjson", "traces.csv.gz", "traces.response.json", "traces/1.ndjson"] {
            let folder = folder();
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            make(&path);
            let found = described(folder.path(), Limits::DEFAULT);
            assert!(
                found.starts_with(&format!("source_error: cannot read traces: `{name}`: {reason}")),
                "{name}: {found}"
            );
            assert!(found.contains("1 complete; "), "{name}: {found}");
        }
    }
    let folder = folder();
    pipe(&folder.path().join("incident.yaml"));
    check(&folder, Limits::DEFAULT, "Path: cannot read `FOLDER/incident.yaml`: it is a named pipe");
    let here = tempfile::tempdir().unwrap();
    pipe(&here.path().join("pipe"));
    let error = FixtureSource::open(&here.path().join("pipe"), &schema()).unwrap_err().to_string();
    assert!(error.contains("it is not a folder") || error.contains("a named pipe"), "{error}");
}

#[cfg(unix)]
#[test]
fn one_of_several_files_that_is_no_file_makes_the_table_partial() {
    let folder = folder();
    fs::create_dir(folder.path().join("traces")).unwrap();
    fs::write(folder.path().join("traces/1.ndjson"), rows(3)).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("traces/2.ndjson")).unwrap();
    fs::write(folder.path().join("traces/3.ndjson"), rows(4)).unwrap();
    check(&folder, Limits::DEFAULT, "7 partial; 1 complete; traces/2.ndjson:0: it is a link to `nowhere`");
}

/// A file of the kernel states to be a regular file and never ends, or waits.
#[cfg(target_os = "linux")]
#[test]
fn a_file_of_the_kernel_ends_at_a_limit_or_is_refused() {
    let folder = folder();
    std::os::unix::fs::symlink("/proc/kmsg", folder.path().join("traces.ndjson")).unwrap();
    let found = described(folder.path(), limit(Limit::TableRows, 1000));
    assert!(found.contains("cannot read traces: ") && found.contains("1 complete"), "{found}");
}

#[test]
fn a_gzip_bomb_stops_at_the_size_of_a_table() {
    for (name, text) in [
        ("traces.ndjson.gz", rows(2000)),
        ("traces.csv.gz", format!("timestamp,message\n{}", "2025-01-01T00:00:00Z,boom\n".repeat(20_000))),
        ("traces.response.json.gz", response(20_000)),
        ("traces.ndjson.gz", "x".repeat(1 << 20)),
    ] {
        let folder = folder();
        fs::write(folder.path().join(name), gzip(text.as_bytes())).unwrap();
        check(
            &folder,
            limit(Limit::TableBytes, 64 << 10),
            "more than the limit `table-bytes` of 64 KiB (docs/limits.md)",
        );
        check(&folder, limit(Limit::TableBytes, 64 << 10), "1 complete");
        check(&folder, limit(Limit::TableBytes, 4 << 20).with(Limit::RowBytes, 2 << 20), "1 complete; ");
    }
    let folder = folder();
    fs::write(folder.path().join("traces.ndjson.gz"), gzip("\n".repeat(4 << 20).as_bytes())).unwrap();
    let ratio = limit(Limit::RatioFrom, 1 << 20).with(Limit::Ratio, 100);
    check(&folder, ratio, ", which is more than the limit `ratio` of 100 (docs/limits.md)");
    check(&folder, Limits::DEFAULT, "its files are empty");
    drop(folder);
    let zstd = zstd::encode_all(rows(2000).as_bytes(), 19).unwrap();
    let folder = self::folder();
    fs::write(folder.path().join("traces.ndjson.zst"), zstd).unwrap();
    check(&folder, limit(Limit::TableBytes, 64 << 10), "more than the limit `table-bytes`");
    check(&folder, Limits::DEFAULT, "2000 complete; 1 complete; ");
}

#[test]
fn a_plain_file_that_is_too_large_is_refused_before_it_is_read() {
    let folder = folder();
    fs::create_dir(folder.path().join("traces")).unwrap();
    fs::write(folder.path().join("traces/1.ndjson"), rows(10)).unwrap();
    fs::write(folder.path().join("traces/2.ndjson"), rows(100)).unwrap();
    check(
        &folder,
        limit(Limit::TableBytes, 4096),
        "10 partial; 1 complete; traces/2.ndjson:0: 9.6 KiB, which is more than the limit `table-bytes` of 4 KiB",
    );
    check(
        &folder,
        limit(Limit::DiskBytes, 4096),
        "Path: cannot use the incident folder `FOLDER`: its files have 9.7 KiB",
    );
}

#[test]
fn rows_columns_and_their_sizes_have_limits() {
    let long = [rows(2), row(3, &"x".repeat(5000)), row(4, "boom")].concat();
    let wide: String = (0..50).map(|number| format!("\"c{number}\":1,")).collect();
    let wide = [rows(2), format!("{{{wide}\"timestamp\":\"2025-01-01T00:00:00Z\"}}\n"), row(4, "boom")].concat();
    for (name, text, limits, want) in [
        (
            "traces.ndjson",
            rows(9),
            limit(Limit::TableRows, 5),
            "5 partial; 1 complete; traces.ndjson:6: the table has more than the limit `table-rows` of 5",
        ),
        ("traces.ndjson", rows(5), limit(Limit::TableRows, 5), "5 complete"),
        (
            "traces.ndjson",
            long,
            limit(Limit::RowBytes, 4096),
            "3 partial; 1 complete; traces.ndjson:3: the line has more than the limit `row-bytes` of 4 KiB",
        ),
        (
            "traces.ndjson",
            wide,
            limit(Limit::Columns, 10),
            "3 partial; 1 complete; traces.ndjson:3: too many columns: 51, which is more than the limit `columns` of 10",
        ),
        (
            "traces.csv",
            format!("timestamp,{}message\n", "x,".repeat(20)),
            limit(Limit::Columns, 10),
            "traces.csv line 1: too many columns: 22, which is more than",
        ),
        (
            "traces.csv",
            format!("timestamp,message\n2025-01-01T00:00:00Z,\"{}", "x".repeat(20_000)),
            limit(Limit::RowBytes, 4096),
            "a record has more than the limit `row-bytes` of 4 KiB",
        ),
        (
            "traces.response.json",
            response(3).replace("\"columns\":[", &format!("\"columns\":[{}", "{\"name\":\"x\"},".repeat(9))),
            limit(Limit::Columns, 10),
            "too many columns: 12, which is more than",
        ),
        (
            "traces.response.json",
            response(3),
            limit(Limit::RowBytes, 32),
            "a row, or all that is not a row, has more than the limit `row-bytes` of 32 B",
        ),
        (
            "traces.response.json",
            response(9),
            limit(Limit::TableRows, 5),
            "5 partial; 1 complete; traces.response.json:0: the table has more",
        ),
    ] {
        let folder = folder();
        fs::write(folder.path().join(name), text).unwrap();
        check(&folder, limits, want);
    }
}

#[test]
fn a_response_of_many_rows_streams() {
    let folder = folder();
    // More than is kept of a table, less than the whole in one row.
    fs::write(folder.path().join("traces.response.json"), response(5_000)).unwrap();
    check(&folder, limit(Limit::RowBytes, 1 << 10), "5000 complete; 1 complete; ");
    // The error object that a service puts in place of a row, after rows that are read again.
    let text = response(5_000).replace("]]}]}", "],{\"error\":{\"code\":\"LimitsExceeded\"}}]}]}");
    fs::write(folder.path().join("traces.response.json"), text).unwrap();
    check(&folder, limit(Limit::RowBytes, 1 << 10), "5000 partial; 1 complete; ");
    // What is no row has one budget, however it is spread between rows.
    let table = "{\"columns\":[],\"rows\":[[]],\"note\":\"0123456789012345678901234567890123456789\"}";
    fs::write(folder.path().join("traces.response.json"), format!("{{\"tables\":[{}]}}", vec![table; 40].join(",")))
        .unwrap();
    check(&folder, limit(Limit::RowBytes, 1 << 10), "more than the limit `row-bytes` of 1 KiB");
}

#[test]
fn an_answer_that_takes_too_much_memory_is_unknown_and_the_others_are_given() {
    let folder = folder();
    let text: String = (0..200).map(|pod| row(pod, "boom").replace("\"p1\"", &format!("\"pod-{pod}\""))).collect();
    fs::write(folder.path().join("traces.ndjson"), text).unwrap();
    check(
        &folder,
        limit(Limit::AnswerBytes, 4096),
        "source_error: cannot read traces: the answer takes more memory than the limit `answer-bytes`",
    );
    check(&folder, limit(Limit::AnswerBytes, 4096), "; 1 complete; ");
}

#[test]
fn a_folder_with_too_many_entries_is_refused() {
    let folder = folder();
    (0..20).for_each(|number| fs::write(folder.path().join(format!("{number}.md")), "").unwrap());
    check(&folder, limit(Limit::Entries, 10), "Path: cannot read `FOLDER`: more than the limit `entries` of 10");
    fs::write(folder.path().join("incident.yaml"), "x".repeat(100)).unwrap();
    check(&folder, limit(Limit::TextBytes, 10), "Path: cannot read `FOLDER/incident.yaml`: 100 B, which is more than");
}

/// The rights of files do not bind root, so that only another user sees the table denied.
#[cfg(unix)]
#[test]
fn a_file_without_the_right_to_read_it_makes_only_its_table_denied() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("traces.ndjson");
    fs::write(&path, rows(3)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let found = described(folder.path(), Limits::DEFAULT);
    if fs::File::open(&path).is_ok() {
        assert_eq!(found, "3 complete; 1 complete; ");
    } else {
        let denied = SourceErrorKind::Denied.as_str();
        assert_eq!(found, format!("{denied}: cannot read traces: `traces.ndjson`: permission denied; 1 complete; "));
    }
}

/// One reader for all inputs: no other code opens a file or lists a folder.
#[test]
fn files_are_opened_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pending =
        ["amp-rules-cli/src", "amp-rules-fixtures/src", "amp-rules-kql/src"].map(|name| root.join(name)).to_vec();
    let (mut wrong, mut files) = (Vec::new(), 0);
    while let Some(next) = pending.pop() {
        if next.ends_with("amp-rules-fixtures/src/input") || next.ends_with("tests.rs") {
            continue;
        }
        if next.is_dir() {
            pending.extend(fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        files += 1;
        let text = fs::read_to_string(&next).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        // What writes to a folder looks whether it is empty.
        let writes = next.ends_with("amp-rules-fixtures/src/record.rs")
            || next.ends_with("amp-rules-fixtures/src/output_folder.rs");
        for call in ["fs::read(", "read_to_string(", " File::open(", "fs::File::open(", "read_dir(", "io::stdin("] {
            if code.contains(call) && !(writes && call == "read_dir(") {
                wrong.push(format!("{}: {call}", next.display()));
            }
        }
    }
    assert!(files > 100 && wrong.is_empty(), "{files} files; {wrong:?}");
}
