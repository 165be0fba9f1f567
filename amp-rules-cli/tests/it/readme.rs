//! Compares the report in the README with the output of its first command. `UPDATE=1` rewrites it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const BEGIN: &str = "<!-- diagnosis -->\n```text\n";
const END: &str = "```\n<!-- /diagnosis -->";

/// How many lines the README shows: up to the first steps of the remedy.
const LINES: usize = 34;

#[test]
fn the_readme_shows_the_output_of_its_first_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let command =
        readme.lines().find_map(|line| line.strip_prefix("cargo run -q --release -p amp-rules-cli -- ")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_amp-rules"))
        .args(command.split(' '))
        .current_dir(&root)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let shown: String = printed.lines().take(LINES).map(|line| format!("{line}\n")).collect();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (old, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root.join("README.md"), format!("{before}{BEGIN}{shown}{END}{after}")).unwrap();
    } else {
        assert_eq!(old, shown, "UPDATE=1 rewrites the README");
    }
}
