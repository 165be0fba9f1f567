//! Rule files as the compiler gets them: a name and a text.

/// The text of a rule file with its name.
///
/// - `name`: normally a path relative to the pack (`collector/memory-high/pattern.yaml`). Its last segment determines the
///   kind of the file.
/// - `text`: the whole content. A byte order mark and CRLF line ends are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// The name of the file in messages.
    pub name: String,
    /// Its content.
    pub text: String,
}

impl RuleFile {
    /// Creates a rule file from its name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}
