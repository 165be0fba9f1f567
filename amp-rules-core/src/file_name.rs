//! Which names of tables and queries are names of files on every system, and never paths.
//!
//! A name in, the reason why it is refused out. Nothing here reads a folder.

/// The longest name, in bytes. File systems allow 255, with the endings that writers add.
const LONGEST: usize = 200;

/// Names of devices on Windows, whatever their ending: "Naming Files, Paths, and Namespaces",
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>, read 2026-11-30.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Returns why a name cannot be the name of a file; `None` if it can.
///
/// A name consists of letters, digits, `_`, `-`, `.` and inner blanks, and begins with a letter, a digit or `_`. It does not
/// end with a dot and is not the name of a device, so that it means the same file on every system.
#[must_use]
pub fn problem(name: &str) -> Option<&'static str> {
    let (Some(first), Some(last)) = (name.chars().next(), name.chars().next_back()) else { return Some("is empty") };
    if name.contains(['/', '\\']) || matches!(name, "." | "..") {
        return Some("is a path, not a name");
    }
    if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ')) {
        return Some("has a character that names of files cannot have");
    }
    if !(first.is_alphanumeric() || first == '_') {
        return Some("begins with a character that names of files should not begin with");
    }
    if matches!(last, '.' | ' ') {
        return Some("ends with a dot or a blank, which Windows removes");
    }
    if is_device(name) {
        return Some("is the name of a device on Windows");
    }
    (name.len() > LONGEST).then_some("is longer than 200 bytes")
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|number| {
            let mut digits = number.chars();
            matches!((digits.next(), digits.next()), (Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'), None))
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn names_of_tables_are_names_of_files() {
        for name in [
            "traces",
            "customMetrics",
            "Kube_Pod-Inventory",
            "a.b",
            "1st",
            "_x",
            "my table",
            "Ünï",
            "console",
            "com10",
            "nully",
        ] {
            assert_eq!(problem(name), None, "{name}");
        }
    }

    #[test]
    fn paths_and_what_means_another_file_are_refused() {
        assert_eq!(problem(""), Some("is empty"));
        for name in [
            "../evil",
            "/abs",
            "a/b",
            "a\\b",
            "C:x",
            ".",
            "..",
            "a\0b",
            "a\nb",
            "a:b",
            "a*",
            "a?",
            "a<b",
            "a|b",
            "a\"b",
            ".hidden",
            "-rf",
            " a",
            "a ",
            "a.",
            "...",
            "CON",
            "con.txt",
            "nul .x",
            "LPT1",
            "com\u{b9}",
            "CONIN$",
            "\u{202e}a",
            "a\u{200b}",
        ] {
            assert!(problem(name).is_some(), "{name:?}");
        }
        assert!(problem(&"a".repeat(201)).is_some());
    }
}
