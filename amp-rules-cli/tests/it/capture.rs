//! `capture` with a stand-in for `kubectl` on the PATH, which replays outputs and fails in every way.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const POD: &str = "ama-metrics-7d9c6b5f48-x2k4p";

/// Prints what `kubectl` would. `FAILS` is a part of the call that fails, `MESSAGE` what it then prints.
const STAND_IN: &str = r#"#!/bin/sh
if [ -n "$FAILS" ]; then
    case "$*" in *"$FAILS"*) echo "$MESSAGE" >&2; exit 1;; esac
fi
now=$(date -u +%Y-%m-%dT%H:%M)
case "$*" in
*"get pods"*) cat <<END
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ama-metrics-7d9c6b5f48-x2k4p", "namespace": "kube-system"},
   "spec": {"containers": [{"name": "prometheus-collector"}, {"name": "addon-token-adapter"}]},
   "status": {"containerStatuses": [{"name": "prometheus-collector", "restartCount": 2, "state": {"running": {}}}]}},
  {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "coredns-1", "namespace": "kube-system"},
   "spec": {"containers": [{"name": "coredns"}]}, "status": {}}
]}
END
;;
*"get events"*) echo '{"apiVersion": "v1", "kind": "List", "items": []}';;
*"get hpa"*) echo '{"apiVersion": "v1", "kind": "List", "items": []}';;
*"get configmaps"*) echo '{"apiVersion": "v1", "kind": "List", "items": [{"metadata": {"name": "ama-metrics-settings-configmap"}}, {"metadata": {"name": "other"}}]}';;
*"--container prometheus-collector"*"--previous"*) echo "${now}:00.000000001Z 2025/01/01 00:00:00 bye from 52.168.112.64";;
*"--container prometheus-collector"*)
    for second in 00 10 20; do
        echo "${now}:${second}.123456789Z 2025/01/01 00:00:00 TokenConfig.json does not exist, see 52.168.112.64"
    done;;
*"--container addon-token-adapter"*) echo "${now}:00.123456789Z I0101 00:00:00.000000 1 main.go:1] listening";;
*) echo "error: unexpected call: $*" >&2; exit 1;;
esac
"#;

fn capture(work: &Path, more: &[&str], fails: &str, message: &str) -> Output {
    let programs = work.join("programs");
    fs::create_dir_all(&programs).unwrap();
    let kubectl = programs.join("kubectl");
    fs::write(&kubectl, STAND_IN).unwrap();
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    Command::new(env!("CARGO_BIN_EXE_amp-rules"))
        .args(["capture", "--kubectl", "--out"])
        .arg(work.join("out"))
        .args(more)
        .env("PATH", path)
        .env("FAILS", fails)
        .env("MESSAGE", message)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_cluster_is_captured_and_diagnosed() {
    let work = tempfile::tempdir().unwrap();
    let output = capture(work.path(), &["--context", "c"], "", "");
    let remarks = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{remarks}");
    assert!(
        remarks.contains("kubectl --context c --namespace kube-system --request-timeout=60s get pods"),
        "{remarks}"
    );
    assert!(
        remarks.contains(&format!("logs {POD} --container prometheus-collector --timestamps --tail=-1 --since=6h"))
    );
    assert!(!remarks.contains("coredns"), "{remarks}");
    for verb in ["delete", "apply", "patch", "exec", "edit", "create"] {
        assert!(!remarks.contains(verb), "{remarks}");
    }
    let out = work.path().join("out");
    let mut files: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let log = |container: &str| format!("{POD}_{container}.log");
    let expected = [
        log("addon-token-adapter"),
        log("prometheus-collector"),
        log("prometheus-collector_previous"),
        "configmaps.json".to_owned(),
        "events.json".to_owned(),
        "hpa.json".to_owned(),
        "incident.yaml".to_owned(),
        "pods.json".to_owned(),
    ];
    assert_eq!(files, expected);
    let maps = fs::read_to_string(out.join("configmaps.json")).unwrap();
    assert!(maps.contains("ama-metrics-settings-configmap") && !maps.contains("other"), "{maps}");
    let diagnose = Command::new(env!("CARGO_BIN_EXE_amp-rules")).arg("diagnose").arg(&out).output().unwrap();
    let (report, remarks) = (text(&diagnose.stdout), text(&diagnose.stderr));
    assert!(report.contains("token-config-missing"), "{report}{remarks}");
    let again = capture(work.path(), &[], "", "");
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("already exists and is not empty"), "{}", text(&again.stderr));
}

#[test]
fn what_cannot_be_read_is_declared() {
    for (fails, message, declared) in [
        ("get events", "Error from server (Forbidden): events is forbidden", "\"pod_events\": { missing: denied }"),
        ("get events", "Unable to connect to the server", "\"pod_events\": { missing: unreachable }"),
        (
            "--container addon",
            "Error from server (Forbidden): pods/log is forbidden",
            "\"traces\": { partial: denied }",
        ),
    ] {
        let work = tempfile::tempdir().unwrap();
        let output = capture(work.path(), &[], fails, message);
        let remarks = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{remarks}");
        assert!(remarks.contains(&format!("failed: {message}")), "{remarks}");
        let incident = fs::read_to_string(work.path().join("out/incident.yaml")).unwrap();
        assert!(incident.contains(declared), "{incident}");
    }
}

#[test]
fn without_pods_there_is_nothing_to_capture() {
    let work = tempfile::tempdir().unwrap();
    let output = capture(work.path(), &[], "get pods", "error: context \"x\" does not exist");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("cannot read the pods: error: context \"x\" does not exist"));
    assert!(!work.path().join("out").exists());
}

#[test]
fn without_kubectl_the_next_step_is_named() {
    let work = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_amp-rules"))
        .args(["capture", "--kubectl", "--out"])
        .arg(work.path().join("out"))
        .env("PATH", work.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot run `kubectl`: install it, or add its folder to PATH"));
}

#[test]
fn identifiers_are_replaced_on_request() {
    let work = tempfile::tempdir().unwrap();
    let output = capture(work.path(), &["--redact"], "", "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let log = fs::read_to_string(work.path().join(format!("out/{POD}_prometheus-collector.log"))).unwrap();
    assert!(log.contains("TokenConfig.json does not exist") && !log.contains("52.168.112.64"), "{log}");
}
