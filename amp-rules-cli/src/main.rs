//! The binary `amp-rules`. All code is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    amp_rules_cli::main()
}
