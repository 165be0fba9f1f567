//! Inputs that are no files, cannot be read, or are too large, as the program reports them.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use crate::program::{below, program, run};

/// A copy of the rules of the tests, with a wrong reference in one more pattern.
fn rules() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&below("tests/data/kettle"), folder.path());
    fs::create_dir_all(folder.path().join("wrong")).unwrap();
    fs::write(folder.path().join("wrong/pattern.yaml"), "format: nothing\n").unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.as_ref().unwrap().file_name());
        if path.is_dir() {
            fs::create_dir_all(to.join(&name)).unwrap();
            copy(&path, &to.join(&name));
        } else {
            fs::copy(&path, to.join(&name)).unwrap();
        }
    }
}

#[cfg(unix)]
fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Everything that cannot be read is named at once, nothing is waited for, and the rest is checked.
#[cfg(unix)]
#[test]
fn unreadable_rule_files_hide_no_other_problem() {
    let folder = rules();
    let at = |name: &str| folder.path().join(name);
    pipe(&at("pipe.yaml"));
    std::os::unix::fs::symlink("/dev/zero", at("device.yml")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling.kql")).unwrap();
    std::os::unix::fs::symlink("loop.yaml", at("loop.yaml")).unwrap();
    fs::create_dir(at("folder.yaml")).unwrap();
    fs::write(at("latin.yaml"), b"title: caf\xe9\n").unwrap();
    fs::write(at("wide.yaml"), b"\xff\xfet\0i\0").unwrap();
    let path = folder.path().display().to_string();
    let reasons = [
        ("dangling.kql", "it is a link to `nowhere`, which does not exist"),
        ("device.yml", "it is a device, not a regular file"),
        ("folder.yaml", "it is a folder; a file is expected here"),
        ("latin.yaml", "line 1, column 11: the byte 0xe9 is not UTF-8"),
        ("loop.yaml", "it is a loop of links"),
        ("pipe.yaml", "it is a named pipe, not a regular file"),
        ("wide.yaml", "line 1, column 1: the text is UTF-16"),
    ];
    let (output, out, err) = run(&["check", &path]);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(out.contains("wrong/pattern.yaml"), "{out}");
    for (name, reason) in reasons {
        assert!(err.contains(&format!("{name}`: {reason}")), "{name}: {err}");
    }
    let (output, out, err) = run(&["diagnose", "--rules", &path, "--fixture", "incidents/dry"]);
    assert_eq!((output.status.code(), out.as_str()), (Some(2), ""));
    assert_eq!(err.lines().count(), reasons.len(), "{err}");
    // A path that is such a file itself, beside one that can be read.
    let (output, out, err) = run(&["check", &format!("{path}/pipe.yaml"), &format!("{path}/wrong")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(out.contains("wrong/pattern.yaml") && err.contains("it is a named pipe"), "{out}{err}");
}

#[cfg(unix)]
#[test]
fn unreadable_queries_lists_and_corpora_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    pipe(&at("pipe.kql"));
    pipe(&at("log-lines.jsonl"));
    fs::write(at("wrong.kql"), "['journal'] | wehre true").unwrap();
    fs::write(at("right.kql"), "['journal']|where true").unwrap();
    let path = folder.path().display().to_string();
    let (output, out, err) = run(&["kql", "check", "--rules", "kettle", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(out.contains("wrong.kql") && err.contains("pipe.kql`: it is a named pipe"), "{out}{err}");
    let (output, _, err) = run(&["kql", "fmt", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("pipe.kql`: it is a named pipe"), "{err}");
    assert_eq!(fs::read_to_string(at("right.kql")).unwrap(), "['journal']\n| where true\n");
    let pipe = at("pipe.kql").display().to_string();
    for arguments in [
        ["kql", "run", &pipe, "--rules", "kettle"].as_slice(),
        &["diagnose", "--rules", "kettle", "--fixture", &pipe],
        &["diagnose", "--rules", &pipe, "--fixture", "incidents/dry"],
        &["sweep", "--rules", "kettle", "--kusto", "https://help.kusto.windows.net/db", "--clusters", &pipe],
        &["test", &path, "--rules", "kettle", "--allow-empty"],
    ] {
        let (output, _, err) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains("a named pipe"), "{arguments:?}: {err}");
    }
}

/// An `incident.yaml` that cannot be read is reported, and hides no incident beside it or below it, and no rule.
#[cfg(unix)]
#[test]
fn unreadable_incidents_hide_no_other() {
    let folder = tempfile::tempdir().unwrap();
    copy(&below("tests/data/kettle"), folder.path());
    let at = |name: &str| folder.path().join(name);
    for (name, title) in [("incidents/a", "first"), ("incidents/m/below", "below one"), ("incidents/z", "last")] {
        fs::create_dir_all(at(name)).unwrap();
        copy(&below("tests/data/incidents/dry"), &at(name));
        let text = fs::read_to_string(at(name).join("incident.yaml")).unwrap();
        fs::write(at(name).join("incident.yaml"), text.replace("no tea on Tuesday", title)).unwrap();
    }
    let bad =
        ["incidents", "incidents/b", "incidents/c", "incidents/d", "incidents/e", "incidents/f", "incidents/m", "."];
    for name in bad {
        fs::create_dir_all(at(name)).unwrap();
    }
    pipe(&at("incidents/incident.yaml"));
    pipe(&at("incidents/b/incident.yaml"));
    fs::create_dir(at("incidents/c/incident.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("incidents/d/incident.yaml")).unwrap();
    fs::write(at("incidents/e/incident.yaml"), b"\x7fELF\x02\x01\x01\x00\xff").unwrap();
    fs::File::create(at("incidents/f/incident.yaml")).unwrap().set_len(65 << 20).unwrap();
    fs::write(at("incidents/m/incident.yaml"), "title: [broken\n").unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("incident.yaml")).unwrap();
    let path = folder.path().display().to_string();
    let (output, out, err) = run(&["test", &path]);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    let reasons = [
        "it is a named pipe",
        "it is a folder; a file is expected here",
        "it is a link to `nowhere`, which does not exist",
        "is not UTF-8",
        "`text-bytes` of 64 MiB",
        "AMP001",
        "it is a device",
    ];
    for reason in reasons {
        assert!(out.contains(reason) || err.contains(reason), "{reason}: {out}{err}");
    }
    // The cases of the rules and the three incidents.
    let (_, clean, _) = run(&["test", "kettle"]);
    let passed =
        |text: &str| text.lines().rev().find_map(|line| line.split_once(" passed")?.0.rsplit(' ').next()?.parse().ok());
    let (cases, all): (Option<usize>, Option<usize>) = (passed(&clean), passed(&out));
    assert_eq!(all, cases.map(|cases| cases + 3), "{clean}{out}{err}");
    let (output, out, err) = run(&["check", &path]);
    assert_eq!(output.status.code(), Some(2), "{out}{err}");
    assert!(out.contains("incidents/m/incident.yaml"), "{out}{err}");
    for name in ["incidents/b", "incidents/c", "incidents/d", "incidents/e", "incidents/f", "incidents"] {
        assert!(err.contains(&format!("{name}/incident.yaml`: ")), "{name}: {err}");
    }
    for (name, reason) in
        [("b", "a named pipe"), ("c", "a folder"), ("d", "a link to"), ("e", "UTF-8"), ("f", "64 MiB")]
    {
        let fixture = format!("{path}/incidents/{name}");
        let (output, _, err) = run(&["diagnose", "--rules", "kettle", "--fixture", &fixture]);
        assert_eq!(output.status.code(), Some(2), "{name}: {err}");
        assert!(err.contains(reason), "{name}: {err}");
    }
}

/// Stdin may be a pipe that never ends.
#[test]
fn stdin_is_read_up_to_its_limit() {
    let mut child = program(&["kql", "fmt", "-", "--limit", "text-bytes=1KiB"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The program ends before it has read everything, so the write may fail.
    drop(stdin.write_all(&vec![b' '; 1 << 20]));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("cannot read stdin: more than the limit `text-bytes` of 1 KiB (docs/limits.md)"), "{err}");
}

/// A table that cannot be read to its end is never taken for one without problems.
#[test]
fn a_folder_beyond_a_limit_is_not_healthy() {
    let diagnose =
        |limit: &str| run(&["diagnose", "--rules", "kettle", "--fixture", "incidents/quiet", "--limit", limit]);
    let (output, _, err) = diagnose("table-bytes=1GiB");
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    for limit in ["table-rows=1", "table-bytes=100", "row-bytes=20", "answer-bytes=1"] {
        let (output, out, err) = diagnose(limit);
        let name = limit.split('=').next().unwrap();
        assert_eq!(output.status.code(), Some(4), "{limit}: {out}{err}");
        // The report names a table whose requests have no answer, and not yet why.
        let is_named = out.contains(name) || err.contains(name) || out.contains("journal: missing: source_error");
        assert!(is_named, "{limit}: {out}{err}");
    }
}
