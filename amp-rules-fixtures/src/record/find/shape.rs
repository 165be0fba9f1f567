//! The shape of a text: random, a placeholder, a pseudonym; and what surrounds a range.

use std::ops::Range;

/// The prefix of the pseudonyms of secrets.
pub(crate) const REPLACED: &str = "REDACTED-";

/// Values that are no secrets, in lower case. The words begin sentences about secrets.
const PLACEHOLDERS: &[&str] = &[
    "",
    "true",
    "false",
    "null",
    "none",
    "nil",
    "undefined",
    "unset",
    "empty",
    "string",
    "str",
    "redacted",
    "hidden",
    "masked",
    "removed",
    "required",
    "missing",
    "invalid",
    "expired",
    "incorrect",
    "wrong",
    "unknown",
    "denied",
    "not",
    "is",
    "was",
    "are",
    "has",
    "must",
    "should",
    "cannot",
    "could",
    "and",
    "or",
    "for",
    "from",
    "to",
    "in",
    "of",
    "the",
    "a",
    "an",
    "no",
    "with",
    "file",
    "env",
    "failed",
    "error",
    "bearer",
    "basic",
    "enabled",
    "disabled",
    "optional",
    "default",
    "n/a",
    "on",
    "off",
    "yes",
];

/// The character before a range.
pub(super) fn before(text: &str, range: &Range<usize>) -> Option<char> {
    text.get(..range.start)?.chars().next_back()
}

/// The character after a range.
pub(super) fn after(text: &str, range: &Range<usize>) -> Option<char> {
    text.get(range.end..)?.chars().next()
}

/// The at most `limit` bytes before a position, from a character boundary.
pub(super) fn lookback(text: &str, end: usize, limit: usize) -> &str {
    let mut start = end.saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..end).unwrap_or_default()
}

/// The word without whitespace and quotes that ends at a position, at most 256 bytes of it.
pub(super) fn word_before(text: &str, end: usize) -> &str {
    let before = lookback(text, end, 256);
    before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')).next().unwrap_or_default()
}

/// Whether no letter and no digit is adjacent to a range.
pub(super) fn is_separate(text: &str, range: &Range<usize>) -> bool {
    !before(text, range).into_iter().chain(after(text, range)).any(char::is_alphanumeric)
}

/// Whether a text is a pseudonym of any class.
pub(crate) fn is_pseudonym(text: &str) -> bool {
    let text = text.trim_end_matches(['.', ',', ';']);
    let is_mail =
        || text.split_once('@').is_some_and(|(name, domain)| is_numbered(name, "user") && domain == "example.com");
    let is_id = || {
        text.len() <= 36
            && text.replace(['-', '_'], "").strip_prefix("00000000000040008000").is_some_and(|rest| rest.len() == 12)
    };
    [REPLACED, "account-", "name-"].iter().any(|prefix| is_numbered(text, prefix)) || is_mail() || is_id()
}

/// Whether a text is a prefix with a number.
pub(super) fn is_numbered(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a value stands for a secret, or states that there is none.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    let is_variable = |rest: &str| {
        rest.starts_with(['{', '(']) || rest.starts_with("env:") || {
            let name = rest.trim_end_matches('%');
            !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'_' | b'0'..=b'9'))
        }
    };
    PLACEHOLDERS.contains(&lower.as_str())
        || is_pseudonym(value)
        || value.chars().all(|c| matches!(c, '*' | '•' | '.' | '-' | '_' | '?' | '#' | 'x' | 'X'))
        || value.strip_prefix('$').is_some_and(is_variable)
        || (value.ends_with('%') && value.strip_prefix('%').is_some_and(is_variable))
        || (value.starts_with('%') && value.chars().count() == 2)
        || ["<", "{", "[", "%!", "%(", "%{"].iter().any(|start| value.starts_with(start))
}

/// Whether a value is random rather than a word, a name, a number, a path, a version or a file.
///
/// A value of at least 8 characters that has letters with digits, or capitals within words.
pub(super) fn is_random(value: &str) -> bool {
    is_random_from(value, 8)
}

/// Whether a value has digits, upper and lower case letters, as a random one of 16 characters almost always does.
pub(super) fn is_mixed(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.bytes().any(|byte| test(&byte));
    has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// The same from 16 characters on, for names that also have other meanings.
pub(super) fn is_long_random(value: &str) -> bool {
    is_random_from(value, 16)
}

fn is_random_from(value: &str, length: usize) -> bool {
    if value.len() < length || is_placeholder(value) || is_path(value) {
        return false;
    }
    let count = |test: fn(&char) -> bool| value.chars().filter(test).count();
    let digits = count(char::is_ascii_digit);
    let (upper, lower) = (count(|c| c.is_uppercase()), count(|c| c.is_lowercase()));
    let changes = value.as_bytes().windows(2).filter(|pair| {
        matches!(pair, [a, b] if (a.is_ascii_lowercase() && b.is_ascii_uppercase()) || (a.is_ascii_uppercase() && b.is_ascii_uppercase() && upper < value.len() / 2))
    });
    // A call or an index in code.
    let is_code = digits == 0 && value.contains(['(', ')', '[', ']']);
    let is_number = is_code
        || value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '-' | '+' | '/' | 'T' | 'Z'));
    let symbols = value.chars().any(|c| c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '.' | ':' | '/' | ','));
    !is_number
        && ((digits > 0 && upper + lower > 0)
            || (upper > 1 && lower > 1 && changes.count() > 1)
            || (symbols && upper + lower > 0)
            || value.len() >= 24)
}

/// Whether a value is a path, an URL, a file, or a namespaced name of Kubernetes.
pub(super) fn is_path(value: &str) -> bool {
    const FILES: &[&str] = &[
        "json", "yaml", "yml", "pem", "key", "crt", "cer", "pfx", "txt", "go", "py", "js", "ts", "cs", "cpp", "log",
        "conf", "toml", "xml", "ini", "env", "rs", "java",
    ];
    let starts = [
        "./",
        "../",
        "~/",
        "http://",
        "https://",
        "file:",
        "/etc/",
        "/var/",
        "/run/",
        "/opt/",
        "/usr/",
        "/tmp/",
        "/home/",
        "/mnt/",
        "/root/",
        "/subscriptions/",
    ];
    let is_name = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
    };
    let folders = value.starts_with('/')
        && value.bytes().filter(|byte| *byte == b'/').count() > 1
        && value.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'/' | b'-' | b'.' | b'_')
        });
    starts.iter().any(|start| value.starts_with(start))
        || value.rsplit_once('.').is_some_and(|(name, ending)| !name.is_empty() && FILES.contains(&ending))
        || folders
        || value.split_once('/').is_some_and(|(space, name)| {
            is_name(space) && is_name(name) && space.contains(|c: char| c.is_ascii_lowercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_names_and_numbers_are_not_random() {
        for value in [
            "expired",
            "permission",
            "kube-system",
            "1234567890",
            "2024-01-02T03:04:05Z",
            "kube-system/coredns",
            "/etc/ssl/key1.pem",
            "${TOKEN_1}",
            "ServiceAccount",
            "TokenConfig.json",
            "REDACTED-1",
        ] {
            assert!(!is_random(value), "{value}");
        }
        for value in ["hunter22", "aBcDeFgHiJ", "p@ssword!", "abc/def+1234"] {
            assert!(is_random(value), "{value}");
        }
    }
}
