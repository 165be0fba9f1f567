//! The path of a cell in a row.

/// The path of a cell in a row: a column and, in a dynamic column, property names.
///
/// `customDimensions.podname` is `["customDimensions", "podname"]`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<String>);

impl Path {
    /// A path from its dotted text.
    #[must_use]
    pub fn dotted(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }

    /// The path of a column; its name may contain dots.
    pub(crate) fn column_of(column: &str) -> Self {
        Self(vec![column.to_owned()])
    }

    /// The path of a property of a dynamic column; the property name may contain dots.
    #[must_use]
    pub fn of(column: &str, property: &str) -> Self {
        Self(vec![column.to_owned(), property.to_owned()])
    }

    /// The parts, column first.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The column.
    #[must_use]
    pub fn column(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0.join("."))
    }
}
