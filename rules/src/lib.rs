//! The Azure Managed Prometheus pack as text: every rule file, embedded.
//!
//! Input: nothing. Output: [`files`], names and texts, ready to be compiled by `amp-rules-core`. Nothing here reads a file
//! at run time or interprets its content; incidents are test data and are not embedded.
#![doc = include_str!("../README.md")]

/// Returns every file of the pack: pack, patterns, cases, indicators, workflow and queries.
///
/// - Shape: one `(name, text)` per file, sorted by name.
/// - `name`: path relative to the pack's folder, separated by `/`, such as `memory/memory-high/pattern.yaml`.
/// - `text`: the unmodified file content.
#[must_use]
pub fn files() -> Vec<(&'static str, &'static str)> {
    FILES.to_vec()
}

const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::files;

    /// Collects the rule files on disk, independently of the build script.
    fn on_disk(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                on_disk(&path, names);
            } else if path.extension().is_some_and(|end| end == "yaml" || end == "kql") {
                let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().replace('\\', "/");
                if !name.starts_with("incidents/") {
                    names.insert(name);
                }
            }
        }
    }

    fn field<'t>(text: &'t str, key: &str) -> &'t str {
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).unwrap_or_default().trim_matches('\'')
    }

    #[test]
    fn every_file_on_disk_is_embedded_unmodified() {
        let mut names = BTreeSet::new();
        on_disk(Path::new(env!("CARGO_MANIFEST_DIR")), &mut names);
        let embedded: BTreeMap<&str, &str> = files().into_iter().collect();
        assert_eq!(embedded.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), names);
        for (name, text) in embedded {
            assert_eq!(fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn files_are_sorted_and_distinct() {
        assert!(files().is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn every_observable_pattern_has_cases_and_every_folder_is_named_after_its_pattern() {
        let names: BTreeSet<&str> = files().iter().map(|(name, _)| *name).collect();
        for (name, text) in files() {
            let Some(folder) = name.strip_suffix("/pattern.yaml") else { continue };
            assert_eq!(folder.rsplit('/').next(), Some(field(text, "id")), "{name}");
            let observable = text.lines().any(|line| line == "symptoms:" || line.starts_with("when:"));
            assert_eq!(names.contains(format!("{folder}/cases.yaml").as_str()), observable, "{name}");
        }
    }

    /// The table of the README is generated from the patterns. `UPDATE=1` rewrites it.
    #[test]
    fn the_readme_lists_every_pattern() {
        const BEGIN: &str = "<!-- patterns -->\n";
        const END: &str = "<!-- /patterns -->";
        let mut table = String::from("\n| pattern | class | title |\n|---|---|---|\n");
        for (name, text) in files() {
            if name.ends_with("/pattern.yaml") {
                let (id, class, title) = (field(text, "id"), field(text, "class"), field(text, "title"));
                table.push_str(&format!("| [`{id}`]({name}) | {class} | {title} |\n"));
            }
        }
        table.push('\n');
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let readme = fs::read_to_string(&path).unwrap();
        let (before, rest) = readme.split_once(BEGIN).unwrap();
        let (found, after) = rest.split_once(END).unwrap();
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        } else {
            assert_eq!(found, table, "run the test with UPDATE=1 and review the diff");
        }
    }
}
