//! The built binary and the paths of the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A path below the crate.
pub(crate) fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    below("..")
}

/// The binary with arguments, in `tests/data`, without an inherited environment that changes its output.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amp-rules"));
    command.args(arguments).current_dir(below("tests/data")).stdin(Stdio::null());
    command.env_remove("GITHUB_ACTIONS").env_remove("NO_COLOR").env("COLUMNS", "100");
    command
}

/// Runs the binary and returns its output, stdout and stderr.
#[expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]
pub(crate) fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = program(arguments).output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    (output, out, err)
}
