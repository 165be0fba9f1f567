//! The diagnosis that the README shows is the one that its first command prints. `UPDATE=1` writes it anew.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const BEGIN: &str = "<!-- diagnosis -->\n```text\n";
const END: &str = "```\n<!-- /diagnosis -->";

/// The part that answers the question: all before what to do is long.
const LINES: usize = 36;

#[test]
fn the_readme_shows_what_its_first_command_prints() {
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
        assert_eq!(old, shown, "UPDATE=1 writes the README anew");
    }
}
