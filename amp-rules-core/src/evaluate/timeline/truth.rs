//! Strong Kleene logic, with reasons for the unknown.

use super::reason_interner::{ReasonInterner, Reasons};

/// True, false, or unknown for a set of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// True for every possible content of the missing data.
    True,
    /// False for every possible content of the missing data.
    False,
    /// Undecided: the missing data could make it true or false.
    Unknown(Reasons),
}

impl Truth {
    pub(crate) fn is_true(self) -> bool {
        matches!(self, Self::True)
    }

    pub(crate) fn is_false(self) -> bool {
        matches!(self, Self::False)
    }

    pub(crate) fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    pub(crate) fn and(self, other: Self, reasons: &ReasonInterner) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(reasons.union(a, b)),
            (Self::Unknown(a), Self::True) | (Self::True, Self::Unknown(a)) => Self::Unknown(a),
        }
    }

    pub(crate) fn or(self, other: Self, reasons: &ReasonInterner) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(reasons.union(a, b)),
            (Self::Unknown(a), Self::False) | (Self::False, Self::Unknown(a)) => Self::Unknown(a),
        }
    }

    /// The disjunction of several truths; false if there are none.
    pub(crate) fn any(truths: impl IntoIterator<Item = Self>, reasons: &ReasonInterner) -> Self {
        truths.into_iter().fold(Self::False, |any, truth| any.or(truth, reasons))
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown(reasons) => Self::Unknown(reasons),
        }
    }
}
