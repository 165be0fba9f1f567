//! Why a scope does not fit a rule set.

use std::fmt;

use crate::time::Time;

/// One reason why a scope does not fit a rule set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The pack has no such parameter.
    #[error("unknown parameter `{name}`{}", suggestion.as_ref().map_or(String::new(), |known| format!(": did you mean `{known}`?")))]
    #[non_exhaustive]
    UnknownParameter {
        /// The name in the scope.
        name: String,
        /// The nearest name that the pack has, if one is near.
        suggestion: Option<String>,
    },
    /// The value does not fit the parameter.
    #[error("parameter `{name}` cannot be `{text}`: expected {expected}")]
    #[non_exhaustive]
    WrongValue {
        /// The parameter.
        name: String,
        /// The value in the scope.
        text: String,
        /// What fits, such as `a quantity in bytes`.
        expected: String,
    },
    /// The window is empty.
    #[error("the window is empty: {from} is not before {to}")]
    #[non_exhaustive]
    EmptyWindow {
        /// Its start.
        from: Time,
        /// Its end.
        to: Time,
    },
    /// A user report does not fit the pack.
    #[error("cannot take `{pattern}` as reported: {reason}")]
    #[non_exhaustive]
    BadReport {
        /// The pattern in the report.
        pattern: String,
        /// Why it does not fit.
        reason: String,
    },
    /// No entity kind of the pack has this key.
    #[error("unknown subject key `{name}`: the pack knows {known}")]
    #[non_exhaustive]
    UnknownSubjectKey {
        /// The key in the scope.
        name: String,
        /// The keys that the pack has, quoted and comma-separated.
        known: String,
    },
}

/// Every reason why a scope does not fit a rule set; at least one.
///
/// [`Display`](fmt::Display) joins them with `; `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanErrors(Vec<PlanError>);

impl PlanErrors {
    /// `Err` with the errors, or `Ok` if there are none.
    pub(super) fn check(errors: Vec<PlanError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The errors, in the order of the scope's fields.
    pub fn iter(&self) -> std::slice::Iter<'_, PlanError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a PlanErrors {
    type Item = &'a PlanError;
    type IntoIter = std::slice::Iter<'a, PlanError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for PlanErrors {
    type Item = PlanError;
    type IntoIter = std::vec::IntoIter<PlanError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for PlanErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            if index > 0 {
                out.write_str("; ")?;
            }
            write!(out, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_in_the_message() {
        let unknown = |name: &str| PlanError::UnknownParameter { name: name.to_owned(), suggestion: None };
        let errors = PlanErrors::check(vec![unknown("a"), unknown("b")]).unwrap_err();
        assert_eq!(errors.to_string(), "unknown parameter `a`; unknown parameter `b`");
        assert_eq!(errors.into_iter().count(), 2);
    }
}
