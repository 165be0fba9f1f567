//! Hostile text in every position of rules, telemetry, queries, file names, options and responses of services: no output of
//! any command controls a terminal, hides text, or is a command of a CI system.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod input;
mod safe;

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use amp_rules_kql_stub::{Reply, Server};

use crate::program::program;
use input::{FILE, HOSTILE, Input};
use safe::assert_safe;

/// Runs the binary in the folder of the input, with and without colours, and checks its output.
fn safe(input: &Input, arguments: &[&str]) -> Output {
    let run = |colour: &str| {
        let mut command = program(arguments);
        command.current_dir(input.folder()).args(["--color", colour]).output().unwrap()
    };
    assert_safe(arguments, &run("always"));
    let plain = run("never");
    assert_safe(arguments, &plain);
    plain
}

/// Runs the binary with a text on stdin.
fn safe_with_stdin(input: &Input, arguments: &[&str], stdin: &str) -> Output {
    let mut command = program(arguments);
    command.current_dir(input.folder()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_safe(arguments, &output);
    output
}

#[track_caller]
fn exits(output: &Output, code: i32) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(code), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn reports_of_an_incident() {
    let input = Input::new();
    let incident = ["--rules", "pack", "--fixture", "incident"];
    for format in ["text", "markdown", "json"] {
        let output = safe(&input, &[&["diagnose", "--explain", "--format", format], &incident[..]].concat());
        exits(&output, 1);
        // The input reaches the report at all.
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("boiled dry") && text.contains("fdp"), "{text}");
        if format == "json" {
            let report: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(report["roots"][0]["title"], HOSTILE, "JSON is exact");
        }
        for command in ["why", "why-not"] {
            exits(&safe(&input, &[&[command, "water-missing", "--format", format], &incident[..]].concat()), 0);
        }
    }
    for format in ["text", "json"] {
        exits(&safe(&input, &[&["plan", "--format", format], &incident[..]].concat()), 0);
        exits(&safe(&input, &[&["plan", "--kql", "--format", format], &incident[..]].concat()), 0);
        let out = format!("record-{format}");
        safe(&input, &[&["record", "--out", &out, "--format", format], &incident[..]].concat());
    }
    exits(&safe(&input, &["diagnose", "--rules", "pack", "--fixture", "bare"]), 1);
    exits(&safe(&input, &[&["why", "water-missing", "--entity", "kettle=none"], &incident[..]].concat()), 2);
}

#[test]
fn pages_of_the_rules() {
    let input = Input::new();
    for format in ["text", "json"] {
        for command in ["list", "workflow", "doctor"] {
            exits(&safe(&input, &[command, "--rules", "pack", "--format", format]), 0);
        }
    }
    for what in ["water-missing", "boils", "AMP016", "AMP017"] {
        exits(&safe(&input, &["explain", what, "--rules", "pack"]), 0);
    }
    exits(&safe(&input, &["test", "pack"]), 1);
    safe(&input, &["test", "--strict", "incident", "--rules", "pack"]);
}

#[test]
fn diagnostics() {
    let input = Input::new();
    for (folder, code) in [("pack", 0), ("broken", 3)] {
        for format in ["full", "concise", "json", "jsonl", "github", "sarif"] {
            exits(&safe(&input, &["check", folder, "--output", format]), code);
        }
        let command = &["check", folder];
        let mut on_github = program(command);
        let output = on_github.current_dir(input.folder()).env("GITHUB_ACTIONS", "true").output().unwrap();
        assert_safe(command, &output);
        let annotations = String::from_utf8(output.stdout).unwrap();
        assert!(annotations.lines().filter(|line| line.starts_with("::")).count() > 3, "{annotations}");
        let file = format!("sarif={folder}.sarif");
        exits(&safe(&input, &["check", folder, "--output", &file]), code);
        let written = fs::read_to_string(input.folder().join(format!("{folder}.sarif"))).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok());
    }
    exits(&safe(&input, &["list", "--rules", "broken"]), 3);
    exits(&safe(&input, &["diagnose", "--rules", "pack", "--fixture", "broken-incident"]), 2);
}

#[test]
fn queries() {
    let input = Input::new();
    let file = "pack/queries/boils.kql";
    for format in ["table", "json", "csv"] {
        exits(&safe(&input, &["kql", "run", file, "--rules", "pack", "--fixture", "incident", "--format", format]), 0);
    }
    for format in ["full", "concise", "json", "jsonl", "github", "sarif"] {
        exits(&safe(&input, &["kql", "check", file, "queries/wrong.kql", "--rules", "pack", "--output", format]), 1);
        safe(&input, &["kql", "check", FILE, "--rules", "pack", "--output", format]);
    }
    exits(&safe(&input, &["kql", "run", "queries/wrong.kql", "--rules", "pack"]), 1);
    exits(&safe(&input, &["kql", "run", file, "--rules", "pack", "--param", HOSTILE]), 2);
    exits(&safe(&input, &["kql", "run", file, "--rules", "pack"]), 2);
    exits(&safe(&input, &["kql", "fmt", "--check", file, FILE]), 1);
    let text = fs::read_to_string(input.folder().join(file)).unwrap();
    let formatted = safe_with_stdin(&input, &["kql", "fmt", "-"], &text);
    exits(&formatted, 1);
    assert_eq!(formatted.stdout, b"", "a formatted query is exact or not printed");
    let command = "print a = ```\n::set-output name=a::b\n```";
    exits(&safe_with_stdin(&input, &["kql", "fmt", "-"], command), 1);
    exits(&safe_with_stdin(&input, &["kql", "check", "-", "--rules", "pack"], &text), 0);
}

#[test]
fn options_and_paths() {
    let input = Input::new();
    let incident = ["--rules", "pack", "--fixture", "incident"];
    for arguments in [
        &[HOSTILE][..],
        &["--color", HOSTILE],
        &["diagnose", "--format", HOSTILE],
        &["test", "--run", HOSTILE, "("],
        &["explain", HOSTILE, "--rules", "pack"],
        &["why", HOSTILE, "--rules", "pack", "--fixture", "incident"],
        &["check", HOSTILE],
        &["check", "--select", HOSTILE],
        &["check", "--output", HOSTILE],
        &["check", "pack", "--output", "json=missing/\u{1b}[2J\n::error::x"],
        &["test", HOSTILE],
        &["list", "--rules", HOSTILE],
        &["diagnose", "--fixture", HOSTILE],
        &["kql", "run", HOSTILE],
        &["kql", "fmt", HOSTILE],
        &["sweep", "--clusters", HOSTILE, "--kusto", "http://127.0.0.1:1/db"],
        &["doctor", "--live", "--kusto", HOSTILE],
        &["doctor", "--live", "--app-insights", HOSTILE],
        &["doctor", "--live", "--kusto", "http://127.0.0.1:1/db", "--deadline", HOSTILE],
        &["doctor", "--live", "--kusto", "http://127.0.0.1:1/db", "--trust-host", HOSTILE],
    ] {
        exits(&safe(&input, arguments), 2);
    }
    for option in ["--now", "--from", "--last", "--set", "--subject", "--reported", "--cluster"] {
        safe(&input, &[&["diagnose", option, HOSTILE], &incident[..]].concat());
        let pair = format!("a={HOSTILE}");
        safe(&input, &[&["diagnose", option, &pair], &incident[..]].concat());
    }
    safe(&input, &[&["why", "water-missing", "--entity", HOSTILE], &incident[..]].concat());
    safe(&input, &[&["record", "--out", HOSTILE], &incident[..]].concat());
}

#[test]
fn responses_of_services() {
    let input = Input::new();
    let error =
        serde_json::json!({ "error": { "code": HOSTILE, "message": HOSTILE, "innererror": { "message": HOSTILE } } });
    let body = error.to_string();
    let replies: [fn(&str) -> Reply; 5] = [
        |body| Reply::new(400, body).with("Content-Type", "application/json"),
        |body| {
            Reply::new(403, body)
                .with("Content-Type", "application/json")
                .with("WWW-Authenticate", "::error::x ##[error]x")
        },
        |_| Reply::new(500, HOSTILE),
        |_| Reply::new(200, HOSTILE).with("Content-Type", "::error::x ##vso[x]y"),
        |_| Reply::new(307, "").with("Location", "https://evil.example/##[error]x::error::y"),
    ];
    for reply in replies {
        let text = body.clone();
        let server = Server::start(move |_| reply(&text)).unwrap();
        let place = format!("{}/kitchen", server.url());
        let services = ["--rules", "pack", "--kusto", &place, "--auth", "fixed", "--deadline", "2s"];
        for format in ["text", "json"] {
            safe(&input, &[&["doctor", "--live", "--format", format], &services[..]].concat());
        }
        let subject = format!("kitchen={HOSTILE}");
        let live = ["--subject", &subject, "--now", "2025-08-05T12:00:00Z"];
        let output = safe(&input, &[&["diagnose"], &live[..], &services].concat());
        exits(&output, 4);
        assert!(String::from_utf8(output.stderr).unwrap().contains("cannot read journal"));
        safe(&input, &[&["sweep", "--clusters", "clusters.txt"], &live[2..4], &services].concat());
        assert!(!server.requests().is_empty());
    }
}
