//! Numbers as text.

/// Formats a finite number with the fewest digits that read back as the same number: `24` for 24.0, `0` for negative zero.
pub(crate) fn number_text(number: f64) -> String {
    format!("{}", number + 0.0)
}
