//! Generates the rows of incident folders from their `scenario.yaml`: `generate-incident PACK FOLDER…`.
//!
//! `PACK` is the folder of the rules, with backgrounds as `*.scenario.yaml`. Each `FOLDER` has a `scenario.yaml` and an
//! `incident.yaml` with the defaults for subject, now, window and tables. Equal scenarios give equal bytes. Exit codes: 0
//! all rows are written, 1 a folder failed, 2 usage error, 3 the pack does not load.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use amp_rules_core::escape::{Printable, inline};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folders = arguments.next().map(|pack| (pack, arguments.collect::<Vec<_>>()));
    let mut out = std::io::stderr().lock();
    let Some((pack, folders)) = folders.filter(|(_, folders)| !folders.is_empty()) else {
        drop(writeln!(out, "usage: generate-incident PACK FOLDER…"));
        return ExitCode::from(2);
    };
    let schema = match amp_rules_fixtures::pack::schema(&pack) {
        Ok(schema) => schema,
        Err(error) => {
            drop(writeln!(out, "{}", Printable::lines(&error.to_string())));
            return ExitCode::from(3);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for folder in folders {
        match amp_rules_fixtures::pack::generate(&pack, &schema, &folder) {
            Ok(written) => {
                for file in written {
                    let line = format!("{}/{}: {} rows, {} bytes", folder.display(), file.name, file.rows, file.bytes);
                    drop(writeln!(out, "{}", Printable::lines(&inline(&line))));
                }
            }
            Err(error) => {
                let message = format!("{}: {error}", inline(&folder.display().to_string()));
                drop(writeln!(out, "{}", Printable::lines(&message)));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
