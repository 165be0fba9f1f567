//! Holds the `crate::` paths of the code against the table of modules in `ARCHITECTURE.md`.
#![expect(clippy::disallowed_methods, reason = "what is tested is the text of the code")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Uses = BTreeMap<String, BTreeSet<String>>;

/// The rows of the table: module and what it may use.
fn table() -> Uses {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md")).unwrap();
    let section = text.split("\n## ").find(|part| part.starts_with("Modules of the core")).unwrap();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (names(cells[1]).pop_first().unwrap(), names(cells[3]))
        })
        .collect()
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The modules that a piece of code names behind `crate::`.
fn named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let Some(list) = part.strip_prefix('{') else {
            found.insert(word(part));
            continue;
        };
        // Of `crate::{a, b::{c, d}}` the names at the first level only.
        let (mut depth, mut at_start) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => at_start = true,
                c if at_start && !c.is_whitespace() => {
                    at_start = false;
                    found.insert(word(&list[at..]));
                }
                _ => {}
            }
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

fn walk(folder: &Path, module: Option<&str>, uses: &mut Uses) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.unwrap_or(&stem);
        if path.is_dir() {
            walk(&path, Some(module), uses);
        } else if path.extension().is_some_and(|ending| ending == "rs") && module != "lib" && stem != "tests" {
            let found = named(&code(&fs::read_to_string(&path).unwrap()));
            uses.entry(module.to_owned()).or_default().extend(found.into_iter().filter(|name| name != module));
        }
    }
}

#[test]
fn modules_use_what_the_architecture_says_and_nothing_else() {
    let allowed = table();
    let mut uses = Uses::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), None, &mut uses);
    let modules: BTreeSet<&String> = uses.keys().collect();
    assert_eq!(modules, allowed.keys().collect(), "every module has a row, and every row is a module");
    for (module, used) in &uses {
        let excess: Vec<_> = used.difference(&allowed[module]).collect();
        assert!(excess.is_empty(), "`{module}` uses {excess:?}, which its row in ARCHITECTURE.md does not allow");
    }
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = "use crate::{a::{B, c}, d::E};\nfn f(x: crate::g::H) {} // crate::i\nuse crate::j;\n#[cfg(test)]\nmod tests {\n use crate::k;";
    assert_eq!(named(&code(text)), ["a", "d", "g", "j"].map(str::to_owned).into());
}
