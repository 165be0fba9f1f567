//! Answers of incident folders.
//!
//! Each `testdata/folders/<fact>` is opened and gets the same requests; `<fact>.out` holds the answers. `UPDATE=1` rewrites
//! the expected answers.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::TelemetrySource;
use amp_rules_core::telemetry::predicate::Aggregate;
use amp_rules_core::telemetry::source::{Answer, AnswerData, Completeness, SourceError};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::form::{FileOptions, GivenKey};
use amp_rules_fixtures::input::{Limit, Limits};

use crate::support::{MINUTE, at, differs, file_name, gzip, hour, lines, rows, schema, series};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/folders")
}

/// What `.options` of a folder adds to its files: `timezone ZONE`, or `key [FILE@]KEY=VALUE`, one per line.
fn options(folder: &Path) -> FileOptions {
    let mut options = FileOptions::default();
    for line in fs::read_to_string(folder.join(".options")).unwrap_or_default().lines() {
        match line.split_once(' ').unwrap() {
            ("timezone", zone) => options.timezone = Some(zone.parse().unwrap()),
            ("key", given) => {
                let (left, value) = given.split_once('=').unwrap();
                let (file, key) = left.split_once('@').map_or((None, left), |(file, key)| (Some(file), key));
                let path = file.map(|file| folder.join(file).display().to_string());
                options.keys.push(GivenKey { path, key: key.to_owned(), value: value.to_owned() });
            }
            (other, _) => panic!("{}: no option `{other}`", folder.display()),
        }
    }
    options
}

/// The answers of a folder as text.
fn describe(folder: &Path) -> String {
    let schema = schema();
    let opened = FixtureSource::open_paths(&[folder.to_owned()], &schema, &options(folder), Limits::default());
    let source = match opened {
        Ok(source) => source,
        Err(error) => return format!("{:?}: {error}\n", error.kind()).replace(&folder.display().to_string(), "FOLDER"),
    };
    let labelled = [
        ("lines with `boom`", lines(&schema, "boom", None, hour())),
        ("the agent's lines with `boom`", lines(&schema, "boom", Some("agent"), hour())),
        ("sum of memory", series(&schema, "memory", Aggregate::Sum, MINUTE * 60, hour())),
        ("events", rows(&schema, "events", hour())),
    ];
    let requests: Vec<_> = labelled.iter().map(|(_, request)| request.clone()).collect();
    let answers = futures::executor::block_on(source.fetch(&requests));
    assert_eq!(answers.len(), requests.len());
    let mut out = String::new();
    for ((label, _), answer) in labelled.iter().zip(&answers) {
        let _ = writeln!(out, "{label}: {}", describe_answer(answer));
    }
    let mut problems: Vec<_> =
        answers.iter().flatten().flat_map(|answer| &answer.problems).chain(source.problems()).collect();
    problems.sort();
    problems.dedup();
    for problem in problems {
        let _ = writeln!(out, "  {}:{}: {}", problem.origin, problem.line, problem.what);
    }
    out
}

fn describe_answer(answer: &Result<Answer, SourceError>) -> String {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return format!("{}: {error}", error.kind.as_str()),
    };
    let data: Vec<String> = match &answer.data {
        AnswerData::Counts(counts) => {
            counts.cells.iter().map(|cell| format!("{} {}", cell.count, cell.entity)).collect()
        }
        AnswerData::Series(points) => points.iter().map(|point| format!("{} {}", point.value, point.entity)).collect(),
        AnswerData::Properties(_) | AnswerData::Inventory(_) | AnswerData::Unmatched(_) | AnswerData::Table(_) => {
            unreachable!("no request asks for this")
        }
    };
    let completeness = match &answer.completeness {
        Completeness::Complete => "complete".to_owned(),
        Completeness::Partial(gaps) => {
            let gaps: Vec<String> = gaps
                .iter()
                .map(|gap| {
                    gap.range.map_or(gap.reason.as_str().to_owned(), |range| {
                        format!("{} {}..{}", gap.reason.as_str(), range.from, range.to)
                    })
                })
                .collect();
            format!("partial({})", gaps.join(", "))
        }
    };
    format!("{}; {completeness}", if data.is_empty() { "none".to_owned() } else { data.join(", ") })
}

#[test]
fn folders_give_the_expected_answers() {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 20, "only {} folders", folders.len());
    let mut wrong = Vec::new();
    for folder in folders {
        wrong.extend(differs(&folder.with_extension("out"), &describe(&folder)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn compressed_and_split_files_answer_like_the_plain_one() {
    let plain = root().join("rows-of-objects-are-read");
    let expected = describe(&plain);
    let text = fs::read(plain.join("traces.ndjson")).unwrap();
    let with_file = |name: &str, bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(&plain).unwrap() {
            let path = entry.unwrap().path();
            if file_name(&path) != "traces.ndjson" {
                fs::copy(&path, folder.path().join(file_name(&path))).unwrap();
            }
        }
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        folder
    };
    let zstd = zstd::encode_all(text.as_slice(), 1).unwrap();
    let half = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let mut members = gzip(&text[..half]);
    members.extend(gzip(&text[half..]));
    for (name, bytes) in [
        ("traces.ndjson.gz", gzip(&text)),
        ("traces.ndjson.zst", zstd.clone()),
        ("traces/1.ndjson.gz", gzip(&text)),
        ("traces.ndjson.gz", members),
        ("traces.jsonl", text.clone()),
        // The bytes determine the compression, not the name.
        ("traces.ndjson", zstd),
    ] {
        assert_eq!(describe(with_file(name, &bytes).path()), expected, "{name}");
    }
    let parts = with_file("traces/1.ndjson", &text[..half]);
    fs::write(parts.path().join("traces/2.ndjson.gz"), gzip(&text[half..])).unwrap();
    assert_eq!(describe(parts.path()), expected);
}

/// The files of a ZIP archive are read like those of a folder, whatever the archive states about their sizes.
#[test]
fn an_archive_is_read_like_a_folder() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let archive = |entries: &[(&str, &str)]| {
        let mut writer = zip::ZipWriter::new(fs::File::create(folder.path().join("bundle.zip")).unwrap());
        for (name, text) in entries {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
    };
    let row =
        "{\"timestamp\":\"2025-01-01T00:00:00Z\",\"message\":\"boom\",\"customDimensions\":{\"podname\":\"p1\"}}\n";
    archive(&[
        ("logs/p2.log", "2025/01/01 00:20:00 boom\n"),
        ("traces.ndjson", row),
        ("../evil.ndjson", row),
        ("x.png", ""),
    ]);
    let found = describe(folder.path());
    assert!(found.starts_with("lines with `boom`: 1 podname=p1, 1 podname=p2; partial("), "{found}");
    assert!(found.contains("bundle.zip/x.png:0: not read") && !found.contains("evil"), "{found}");
    let small = Limits::default().with(Limit::TextBytes, 10);
    let source = FixtureSource::open_paths(&[folder.path().to_owned()], &schema(), &FileOptions::default(), small);
    assert!(source.unwrap_err().to_string().contains("more than the limit `text-bytes` of 10 B"));
    fs::write(folder.path().join("bundle.zip"), "PK\x03\x04 and no archive").unwrap();
    assert!(describe(folder.path()).contains("no file of a table that the rules know; found bundle.zip"));
}

/// A compressed file that is cut off gives the rows before the end, and a problem.
#[test]
fn a_cut_off_compressed_file_is_partial_and_reported() {
    let mut text = String::new();
    for second in 0..5_000 {
        let _ = writeln!(
            text,
            "{{\"timestamp\":\"2025-01-01T00:{:02}:{:02}Z\",\"message\":\"boom {second}\",\"customDimensions\":{{\"podname\":\"p1\"}}}}",
            second / 60 % 60,
            second % 60
        );
    }
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (name, bytes) in [("traces.ndjson.gz", gzip(text.as_bytes())), ("traces.ndjson.zst", zstd)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), &bytes[..bytes.len() / 2]).unwrap();
        let schema = schema();
        let Ok(source) = FixtureSource::open(folder.path(), &schema) else {
            // One zstd block may hold all rows. Then no row can be read, which is an error.
            continue;
        };
        let answers = futures::executor::block_on(source.fetch(&[lines(&schema, "boom", None, hour())]));
        let answer = answers[0].as_ref().unwrap();
        assert!(
            matches!(&answer.completeness, Completeness::Partial(gaps) if gaps.iter().any(|gap| gap.reason.as_str() == "truncated")),
            "{name}"
        );
        assert!(answer.problems.iter().any(|problem| problem.origin == name && problem.line > 1), "{name}");
    }
}

#[test]
fn at_most_a_hundred_problems_are_kept_and_the_rest_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut text =
        "{\"timestamp\":\"2025-01-01T00:00:00Z\",\"message\":\"boom\",\"itemCount\":1,\"customDimensions\":{\"podname\":\"p1\"}}\n"
            .to_owned();
    text.push_str(&"garbage\n".repeat(250));
    fs::write(folder.path().join("traces.ndjson"), text).unwrap();
    let schema = schema();
    let source = FixtureSource::open(folder.path(), &schema).unwrap();
    let answers = futures::executor::block_on(source.fetch(&[lines(&schema, "boom", None, hour())]));
    let problems = &answers[0].as_ref().unwrap().problems;
    assert_eq!(problems.len(), 101);
    assert_eq!((problems[0].line, problems[99].line), (2, 101));
    assert_eq!(problems[100].what, "150 more problems like these");
}

#[test]
fn a_path_that_is_missing_or_not_a_folder_is_rejected() {
    let schema = schema();
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| {
        FixtureSource::open(path, &schema)
            .unwrap_err()
            .to_string()
            .replace(&folder.path().display().to_string(), "FOLDER")
    };
    assert_eq!(
        error(&folder.path().join("nowhere")),
        "cannot open the incident folder `FOLDER/nowhere`: it does not exist"
    );
    fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(error(&folder.path().join("file")), "cannot open the incident folder `FOLDER/file`: it is not a folder");
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert_eq!(
        error(&empty),
        "cannot diagnose from `FOLDER/empty`: no file of a table that the rules know; the folder is empty"
    );
}

#[test]
fn a_summary_has_subjects_and_times() {
    let schema = schema();
    let source = FixtureSource::open(&root().join("rows-of-objects-are-read"), &schema).unwrap();
    let summary = source.summary(&["cluster".to_owned()]);
    assert_eq!(summary.rows["traces"], 4);
    assert_eq!(summary.first, Some(at("2025-01-01T00:00:00Z")));
    assert_eq!(
        summary.subjects["cluster"].iter().map(|(name, rows)| (name.as_str(), *rows)).collect::<Vec<_>>(),
        [("/subscriptions/x", 6)]
    );
}

#[test]
fn progress_ends_with_every_byte_read() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static READ: AtomicU64 = AtomicU64::new(0);
    let schema = schema();
    let source = FixtureSource::open(&root().join("rows-of-objects-are-read"), &schema).unwrap().with_progress(
        Box::new(|read, all| {
            assert!(read <= all);
            READ.store(read, Ordering::Relaxed);
        }),
    );
    futures::executor::block_on(source.fetch(&[lines(&schema, "boom", None, hour())]));
    let size = fs::metadata(root().join("rows-of-objects-are-read/traces.ndjson")).unwrap().len();
    assert_eq!(READ.load(Ordering::Relaxed), size);
}

mod random {
    use super::{FixtureSource, fs, hour, lines, rows, schema, series};
    use amp_rules_core::TelemetrySource;
    use amp_rules_core::telemetry::predicate::Aggregate;
    use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A folder of arbitrary bytes answers or is rejected, and never panics.
        #[test]
        fn any_bytes_are_answered_or_rejected(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            cut in 0_usize..600,
            name in prop::sample::select(vec!["traces.ndjson", "traces.csv", "traces.response.json", "customMetrics.csv.gz", "events/1.ndjson.zst"]),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let good = super::root().join("an-api-response-is-read/traces.response.json");
            let mut content = fs::read(good).unwrap();
            content.truncate(cut);
            content.extend(&bytes);
            fs::write(&path, &content).unwrap();
            let schema = schema();
            if let Ok(source) = FixtureSource::open(folder.path(), &schema) {
                let requests = [
                    lines(&schema, ".", None, hour()),
                    series(&schema, "memory", Aggregate::Sum, super::MINUTE, hour()),
                    rows(&schema, "events", hour()),
                ];
                prop_assert!(futures::executor::block_on(source.fetch(&requests)).len() == 3);
            }
        }
    }
}
