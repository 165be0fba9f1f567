//! The forms in which people have the rows of a table, apart from the table's own columns.
//!
//! Input: the `inputs` and `derived_keys` of a validated `pack.yaml`. Output: what a reader of files needs to turn a line of
//! text, an object or a row with other columns into a row of a table. Nothing here reads a file.

use super::path::Path;

/// A form of the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputForm {
    /// The name in the pack.
    pub name: String,
    /// The table whose rows it has.
    pub table: String,
    /// What a file of this form contains.
    pub content: FormContent,
    /// Regexes on the path of a file, with `/` between its parts. A file whose path matches one is expected to have this
    /// form. Named captures are fields of every row of the file.
    pub files: Vec<String>,
    /// The columns of the table that the form has, each with its derivations: the first that applies counts.
    pub columns: Vec<(Path, Vec<Derivation>)>,
    /// The component of lines whose component cannot be determined.
    pub component: Option<String>,
    /// Whether the channel of an entity is alive from the first to the last line of its file, and blind outside.
    pub alive_by_file: bool,
}

/// What a file of an [`InputForm`] contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormContent {
    /// Rows with columns of other names: CSV, NDJSON, JSON. The fields are the columns.
    Rows,
    /// Lines of containers. The fields are `line`, the line without what `kubectl logs` puts before it, and `pod` and
    /// `container` where `kubectl logs --prefix` names them.
    Lines,
    /// Kubernetes objects of this kind as JSON, alone or in a list. The fields are dotted paths, such as
    /// `involvedObject.name`.
    Objects(String),
}

/// How a value is derived from a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// The name of the field.
    pub from: String,
    /// A regex that the text of the field has to match; `None` for any text.
    pub regex: Option<String>,
    /// The value, in which `$name` and `$1` are captures of the regex. `None` for the first capture, or the text of the field
    /// if the regex has none.
    pub value: Option<String>,
}
