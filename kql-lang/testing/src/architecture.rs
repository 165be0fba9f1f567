//! Compares the imports of a crate with its module table in `ARCHITECTURE.md`.
//!
//! The table follows a heading `## Modules of <crate>`, in reading order. Each row has a module at the root of the crate, its
//! purpose, and the modules it uses, which must be in earlier rows. Paths that start with `crate::`, `super::` or `self::` are
//! resolved, in `use` items and in code; comments and tests are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The path of a module from the root of its crate; empty for the root.
type Module = Vec<String>;

/// The imported files per file.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Asserts that the modules of a crate import each other as listed in its table, and that there is no import cycle between
/// files.
///
/// `folder` is the crate's `CARGO_MANIFEST_DIR`; `root` is the folder of `ARCHITECTURE.md`.
pub fn assert_modules(folder: &str, root: &Path, heading: &str) {
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let rows = table(&text, heading);
    let imports = imports(&sources(&Path::new(folder).join("src")));
    let modules: BTreeSet<&str> = imports.keys().filter_map(|module| module.first()).map(String::as_str).collect();
    let listed: BTreeSet<&str> = rows.iter().map(|(module, _)| module.as_str()).collect();
    assert_eq!(modules, listed, "every module has a row, and every row is a module");
    let mut earlier: BTreeSet<&str> = BTreeSet::new();
    for (module, allowed) in &rows {
        let later: Vec<&String> = allowed.iter().filter(|used| !earlier.contains(used.as_str())).collect();
        assert!(later.is_empty(), "`{module}` uses {later:?}, which are not in earlier rows of ARCHITECTURE.md");
        earlier.insert(module);
        let used: BTreeSet<String> = imports
            .iter()
            .filter(|(file, _)| file.first() == Some(module))
            .flat_map(|(_, used)| used.iter().filter_map(|file| file.first().cloned()))
            .filter(|used| used != module)
            .collect();
        assert_eq!(&used, allowed, "imports of `{module}`, compared with its row in ARCHITECTURE.md");
    }
    let cycle = cycle(&imports);
    assert!(cycle.is_empty(), "import cycle: {cycle:?}");
}

/// Returns the rows below a heading: each module and the modules it uses.
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

/// Returns the code of every file by its module, without tests.
fn sources(folder: &Path) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    walk(folder, &Vec::new(), &mut found);
    found
}

fn walk(folder: &Path, parent: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("a folder can be listed").path();
        let stem = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        if stem == "tests" {
            continue;
        }
        let mut module = parent.clone();
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

/// Returns the text of a file without comments and tests.
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

/// Returns every path in the code that starts with `crate`, `super` or `self`, with lists in braces expanded.
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

/// Parses one path, or a list of paths in braces, with the prefix `before`. Returns the rest of the text.
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
    // Skip an alias.
    let alias = rest.find([',', '}', ';', '\n', ')', ' ']).unwrap_or(rest.len());
    let tail = rest.get(alias..).unwrap_or_default();
    match tail.trim_start().strip_prefix("as ") {
        Some(alias) => alias.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => tail,
    }
}

/// Returns the file that a path in a module refers to.
fn resolve(module: &Module, path: &[String], sources: &BTreeMap<Module, String>) -> Option<Module> {
    let mut names = path.iter().peekable();
    let mut at = match names.next()?.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        _ => module.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default(),
    };
    while names.next_if(|name| *name == "super").is_some() {
        at.pop();
    }
    for name in names {
        let mut child = at.clone();
        child.push(name.clone());
        if !sources.contains_key(&child) {
            break;
        }
        at = child;
    }
    Some(at)
}

/// Returns the files that are part of an import cycle or import one.
fn cycle(imports: &Imports) -> Vec<String> {
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
    fn paths_are_found_in_use_items_and_in_code() {
        let text = "use crate::{a::{B, c}, d::E as F, g};\nfn f(x: super::h::I) {} // crate::i\nuse self::j::K;\n#[cfg(test)]\nmod tests {\n use crate::k;";
        let found: BTreeSet<String> = paths(&code(text)).iter().map(|path| path.join("::")).collect();
        let wanted = ["crate::a::B", "crate::a::c", "crate::d::E", "crate::g", "super::h::I", "self::j::K"];
        assert_eq!(found, wanted.map(str::to_owned).into());
    }

    #[test]
    fn paths_resolve_to_files() {
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
        assert_eq!(cycle(&found), Vec::<String>::new());
    }

    #[test]
    fn cycles_are_found() {
        let files = sources(&[("a", "use super::b::B;"), ("b", "use crate::c;"), ("c", "use crate::a::A;"), ("d", "")]);
        assert_eq!(cycle(&imports(&files)), ["a", "b", "c"]);
    }
}
