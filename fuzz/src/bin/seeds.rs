//! Writes the seeds of a target into a folder: `seeds TARGET FOLDER`. Without arguments, lists the targets.

use std::path::PathBuf;
use std::process::ExitCode;

use amp_rules_fuzz::TARGETS;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        return ExitCode::SUCCESS;
    };
    let Some(target) = TARGETS.iter().find(|target| *target.name == *name) else {
        eprintln!("unknown target `{}`; without arguments, `seeds` lists them", name.display());
        return ExitCode::from(2);
    };
    let folder = PathBuf::from(folder);
    let written = std::fs::create_dir_all(&folder).and_then(|()| {
        let all = (target.seeds)();
        all.iter().enumerate().try_for_each(|(at, seed)| std::fs::write(folder.join(format!("seed-{at:03}")), seed))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the seeds to `{}`: {error}", folder.display());
            ExitCode::from(2)
        }
    }
}
