//! The binary `amp-rules`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    amp_rules_cli::main()
}
