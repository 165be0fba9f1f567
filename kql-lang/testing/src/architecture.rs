//! Compares the imports of a crate with its table of modules in `ARCHITECTURE.md`.
//!
//! The table stands below a heading `## Modules of <crate>`, in reading order: each row is a module at the root of the
//! crate, its purpose, and the modules it uses, all of which stand above it. Paths are resolved from `crate::`, `super::`
//! and `self::`, in `use` items and in code; comments and tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module as the names from the root of its crate to it; the root itself is empty.
type Module = Vec<String>;

/// Files and the files that they import.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Asserts that the modules of a crate import one another as its table says, and that no two files do so in a circle.
///
/// `folder` is the crate's `CARGO_MANIFEST_DIR`; `ARCHITECTURE.md` stands at `root`.
pub fn assert_modules(folder: &str, root: &Path, heading: &str) {
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let rows = table(&text, heading);
    let imports = imports(&sources(&Path::new(folder).join("src")));
    let modules: BTreeSet<&str> = imports.keys().filter_map(|module| module.first()).map(String::as_str).collect();
    let listed: BTreeSet<&str> = rows.iter().map(|(module, _)| module.as_str()).collect();
    assert_eq!(modules, listed, "every module has a row, and every row is a module");
    let mut above: BTreeSet<&str> = BTreeSet::new();
    for (module, allowed) in &rows {
        let below: Vec<&String> = allowed.iter().filter(|used| !above.contains(used.as_str())).collect();
        assert!(below.is_empty(), "`{module}` uses {below:?}, which do not stand above it in ARCHITECTURE.md");
        above.insert(module);
        let used: BTreeSet<String> = imports
            .iter()
            .filter(|(file, _)| file.first() == Some(module))
            .flat_map(|(_, used)| used.iter().filter_map(|file| file.first().cloned()))
            .filter(|used| used != module)
            .collect();
        assert_eq!(&used, allowed, "what `{module}` uses, and what its row in ARCHITECTURE.md says");
    }
    let circle = circle(&imports);
    assert!(circle.is_empty(), "these files import one another: {circle:?}");
}

/// The rows below a heading: module, and the modules it uses.
fn table(text: &str, heading: &str) -> Vec<(String, BTreeSet<String>)> {
    let section = text.split("\n## ").find(|part| part.starts_with(heading)).expect("ARCHITECTURE.md has the heading");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            let cell = |at: usize| names(cells.get(at).copied().unwrap_or_default());
            (cell(1).into_iter().next().expect("a row names a module"), cell(3).into_iter().collect())
        })
        .collect()
}

/// The code of every file by its module, without tests.
fn sources(folder: &Path) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    walk(folder, &Vec::new(), &mut found);
    found
}

fn walk(folder: &Path, above: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("a folder can be listed").path();
        let stem = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        if stem == "tests" {
            continue;
        }
        let mut module = above.clone();
        if stem != "lib" {
            module.push(stem);
        }
        if path.is_dir() {
            walk(&path, &module, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.insert(module, code(&fs::read_to_string(&path).expect("a file can be read")));
        }
    }
}

/// The text of a file without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn imports(sources: &BTreeMap<Module, String>) -> Imports {
    let of = |(module, code): (&Module, &String)| {
        let used =
            paths(code).into_iter().filter_map(|path| resolve(module, &path, sources)).filter(|used| used != module);
        (module.clone(), used.filter(|used| !used.is_empty()).collect())
    };
    sources.iter().map(of).collect()
}

/// Every path of the code that begins with `crate`, `super` or `self`, lists in braces taken apart.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(root) {
            let before = code.get(..at).and_then(|before| before.chars().next_back());
            if before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') {
                continue;
            }
            expand(code.get(at..).unwrap_or_default(), &[], &mut found);
        }
    }
    found
}

/// Reads one path, or a list of paths in braces, behind the names in `before`; returns the rest of the text.
fn expand<'c>(text: &'c str, before: &[String], found: &mut Vec<Vec<String>>) -> &'c str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut list) = rest.strip_prefix('{') {
            loop {
                list = expand(list, &path, found).trim_start();
                match list.strip_prefix(',') {
                    Some(more) if !more.trim_start().starts_with('}') => list = more,
                    Some(end) => return end.trim_start().get(1..).unwrap_or_default(),
                    None => return list.get(1..).unwrap_or_default(),
                }
            }
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !name.is_empty() {
            path.push(name.to_owned());
        }
        match tail.strip_prefix("::") {
            Some(more) if !name.is_empty() => rest = more,
            _ => break,
        }
    }
    found.push(path);
    // An alias belongs to the path.
    let alias = rest.find([',', '}', ';', '\n', ')', ' ']).unwrap_or(rest.len());
    let tail = rest.get(alias..).unwrap_or_default();
    match tail.trim_start().strip_prefix("as ") {
        Some(alias) => alias.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => tail,
    }
}

/// The file in which a path of a module ends.
fn resolve(module: &Module, path: &[String], sources: &BTreeMap<Module, String>) -> Option<Module> {
    let mut names = path.iter().peekable();
    let mut at = match names.next()?.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        _ => module.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default(),
    };
    while names.next_if(|name| *name == "super").is_some() {
        at.pop();
    }
    for name in names {
        let mut below = at.clone();
        below.push(name.clone());
        if !sources.contains_key(&below) {
            break;
        }
        at = below;
    }
    Some(at)
}

/// Files that cannot be put in an order in which each imports only those before it.
fn circle(imports: &Imports) -> Vec<String> {
    let mut left: BTreeSet<&Module> = imports.keys().collect();
    loop {
        let free: Vec<&Module> = left
            .iter()
            .copied()
            .filter(|module| imports.get(*module).is_none_or(|used| used.iter().all(|used| !left.contains(used))))
            .collect();
        if free.is_empty() {
            return left.iter().map(|module| module.join("/")).collect();
        }
        for module in free {
            left.remove(module);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> BTreeMap<Module, String> {
        let module = |name: &str| name.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        files.iter().map(|(name, text)| (module(name), code(text))).collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let text = "use crate::{a::{B, c}, d::E as F, g};\nfn f(x: super::h::I) {} // crate::i\nuse self::j::K;\n#[cfg(test)]\nmod tests {\n use crate::k;";
        let found: BTreeSet<String> = paths(&code(text)).iter().map(|path| path.join("::")).collect();
        let wanted = ["crate::a::B", "crate::a::c", "crate::d::E", "crate::g", "super::h::I", "self::j::K"];
        assert_eq!(found, wanted.map(str::to_owned).into());
    }

    #[test]
    fn paths_end_in_the_file_that_has_the_name() {
        let files = sources(&[
            ("", "mod a;\nmod b;"),
            ("a", "use self::x::X;"),
            ("a/x", "use super::y::{Y, Z};\nuse crate::b;"),
            ("a/y", ""),
            ("b", ""),
        ]);
        let found = imports(&files);
        let of = |name: &str| -> Vec<String> {
            let module: Module = name.split('/').map(str::to_owned).collect();
            found.get(&module).expect("a file").iter().map(|file| file.join("/")).collect()
        };
        assert_eq!(of("a"), ["a/x"]);
        assert_eq!(of("a/x"), ["a/y", "b"]);
        assert_eq!(circle(&found), Vec::<String>::new());
    }

    #[test]
    fn a_circle_is_found() {
        let files = sources(&[("a", "use super::b::B;"), ("b", "use crate::c;"), ("c", "use crate::a::A;"), ("d", "")]);
        assert_eq!(circle(&imports(&files)), ["a", "b", "c"]);
    }
}
