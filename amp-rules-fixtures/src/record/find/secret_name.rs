//! Names whose values are always secret.

use std::sync::LazyLock;

use regex::Regex;

/// The ends of names whose values are always secret.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:password|passwd|passphrase|passcode|pwd|(?:^|[_. -])pass|secret|(?:client|app|api|shared)_?secret|secret_?(?:access_?)?key|api[_. -]?key|(?:account|access|storage|shared|private|sharedaccess|primary|secondary|subscription|master)[_. -]?key|sharedaccesssignature|connection[_. -]?string|(?:access|refresh|auth|bearer|id|api|sas|oauth)[_. -]?token|authorization|cookie|credentials?)[0-9]{0,2}$",
    )
    .ok()
});

/// Whether the value of a JSON key is always secret.
pub(crate) fn is_secret_name(key: &str) -> bool {
    NAMES.as_ref().is_some_and(|names| names.is_match(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_secret_by_their_ends() {
        for key in ["password", "DB_PASSWORD", "clientSecret", "x-api-key", "AccountKey", "Authorization", "user_pass"]
        {
            assert!(is_secret_name(key), "{key}");
        }
        for key in ["passwordExpiry", "token_count", "partitionKey", "secretName", "compass", "key", "cluster"] {
            assert!(!is_secret_name(key), "{key}");
        }
    }
}
