//! The pseudonyms in a text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// All forms that a record contains: see `pseudonyms::forms`.
static PSEUDONYMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)REDACTED-[0-9]+|\b(?:account|name)-[0-9]{1,7}\b|\bhost-[0-9]{1,7}(?:\.[A-Za-z0-9-]+)+|\buser[0-9]{1,7}(?:@|%40)example\.com\b|00000000([-_]?)0000[-_]?4000[-_]?8000[-_]?[0-9]{12}|\b02:00:00(?::[0-9a-f]{2}){3}\b|\b198[.-]1[89][.-][0-9]{1,3}[.-][0-9]{1,3}\b|\b2001:db8:[0-9a-f:]{1,30}",
    )
    .ok()
});

/// The ranges of the pseudonyms in a text, from left to right.
pub(super) fn pseudonyms(text: &str) -> Vec<Range<usize>> {
    // The regex is a constant, and a test matches it.
    let Some(regex) = PSEUDONYMS.as_ref() else { return Vec::new() };
    regex.find_iter(text).map(|found| found.range()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_and_nothing_similar() {
        for text in [
            "REDACTED-12",
            "account-1",
            "name-07",
            "host-1.shop.example.com",
            "user3@example.com",
            "user3%40example.com",
            "00000000-0000-4000-8000-000000000012",
            "00000000000040008000000000000012",
            "02:00:00:00:01:0a",
            "198.19.0.7",
            "198-18-0-7",
            "2001:db8::1f",
        ] {
            let longer = format!("x={text} y");
            assert_eq!(pseudonyms(&longer), vec![2..2 + text.len()], "{text}");
        }
        for text in ["hostname-1", "account-12345678", "user3@contoso.com", "10.18.0.1", "name-", "02:00:01:00:00:01"] {
            assert!(pseudonyms(text).is_empty(), "{text}");
        }
    }
}
