//! Checks of ids, accounts, personal numbers and some tokens against false friends.

use std::ops::Range;

use super::shape::{after, before, is_numbered, is_random, is_separate, lookback, word_before};

/// A GUID. Not the zero GUID, not a pseudonym.
pub(super) fn guid(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    // Letters before it are a word, as in `oid` and `pod`, unless all of them could be digits of a longer number.
    let word = lookback(text, range.start, 16).rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let joined = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let joined_after = after(text, &range).is_some_and(|c| c.is_ascii_alphanumeric());
    (!joined && !joined_after && is_own_id(found)).then_some(range)
}

/// 32 hexadecimal digits with a letter. Not the zero GUID, not a pseudonym, not a digest with its algorithm.
pub(super) fn hex_id(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let start = range.start + usize::from(found.starts_with('_'));
    let range = start..start + 32;
    let found = text.get(range.clone())?;
    let has_letter =
        found.bytes().any(|byte| byte.is_ascii_alphabetic()) && found.bytes().any(|byte| byte.is_ascii_digit());
    let near = lookback(text, range.start, 8).to_lowercase();
    let is_digest = ["md5:", "md5-", "md5=", "sha256:"].iter().any(|name| near.trim_end().ends_with(name));
    (has_letter && !is_digest && is_own_id(found)).then_some(range)
}

/// Whether an id is neither zero nor a pseudonym.
fn is_own_id(found: &str) -> bool {
    let digits: String = found.chars().filter(char::is_ascii_hexdigit).collect();
    !digits.bytes().all(|byte| byte == b'0') && !digits.starts_with("0000000000004000800")
}

/// An e-mail address. Not a version of a package, not a unit of systemd, not the password of an URL, not a pseudonym.
pub(super) fn mail(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    const UNITS: &[&str] = &[
        "service", "socket", "mount", "timer", "target", "slice", "scope", "go", "py", "js", "ts", "json", "md", "yaml",
    ];
    let found = text.get(range.clone())?;
    let (name, domain) = found.rsplit_once('@')?;
    let trimmed = name.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    // What stands before the last separator is another word, as in `user=a@b.com`, unless the user name is quoted.
    let local = trimmed.rsplit(['/', '=', '&', '?', '|', '{', '}', '#', '$', '*', '!', '^']).next()?;
    // A quote, unless it is the apostrophe of a name such as O'Brien.
    let local = match local.rsplit_once('\'') {
        Some((first, _)) if first.len() == 1 && first.bytes().all(|byte| byte.is_ascii_alphabetic()) => local,
        Some((_, rest)) => rest,
        None => local,
    };
    let start = range.start + name.len() - local.len();
    let is_version = domain.strip_prefix('v').unwrap_or(domain).starts_with(|c: char| c.is_ascii_digit())
        && domain.bytes().filter(|byte| *byte == b'.').count() > 1;
    let ending = domain.rsplit_once('.')?.1;
    let word = word_before(text, start);
    let is_password = word.rsplit_once("://").is_some_and(|(_, rest)| rest.contains(':') && !rest.contains('/'));
    let is_pseudonym = is_numbered(local, "user") && domain == "example.com";
    // The account of code hosts for SSH, the same for everyone.
    let is_git = local == "git";
    (!local.is_empty() && !is_git && !is_version && !UNITS.contains(&ending) && !is_password && !is_pseudonym)
        .then_some(start..range.end)
}

/// The name of a home folder. Not a folder that many machines have, not a part of an URL.
pub(super) fn home(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    const COMMON: &[&str] = &[
        "public",
        "default",
        "all",
        "shared",
        "root",
        "ubuntu",
        "azureuser",
        "runner",
        "vsts",
        "node",
        "app",
        "ec2-user",
        "nonroot",
        "user",
        "vscode",
        "containeradministrator",
        "containeruser",
        "administrator",
        "users",
        "site",
        "vsts_azpcontainer",
        "admin",
        "default.migrated",
        "jenkins",
        "linuxbrew",
        "codespace",
        "runneradmin",
        "home",
        "me",
    ];
    let found = text.get(range.clone())?;
    let first = found.split(' ').next()?;
    // A name with a space counts only if a path continues after it.
    let name = found.strip_suffix('\\').unwrap_or(first).trim_end_matches(['.', ':']);
    let word = word_before(text, range.start).rsplit(['?', '&', '=']).next()?;
    let is_url = word.contains("://") && !word.contains("file://");
    // A folder called `home` within a relative path.
    let is_relative = word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'));
    let is_common = COMMON.contains(&name.to_lowercase().as_str())
        || is_numbered(name, "account-")
        || name.starts_with(['$', '~', '.', '%']);
    (!name.is_empty() && !is_url && !is_relative && !is_common).then(|| range.start..range.start + name.len())
}

/// A user name in a message of a login.
pub(super) fn account(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?.trim_end_matches(['.', '-']);
    (found != "root" && !is_numbered(found, "account-")).then(|| range.start..range.start + found.len())
}

/// The range of a match without adjacent letters, digits and joints.
fn apart(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let joins = |c: char| matches!(c, '.' | '-' | '_' | ':' | '/' | '+');
    let next = text.get(range.end..)?;
    let continues = next.starts_with(joins) && next.chars().nth(1).is_some_and(char::is_alphanumeric);
    (is_separate(text, &range) && !before(text, &range).is_some_and(|c| joins(c) && c != ':') && !continues)
        .then_some(range)
}

/// A telephone number with its country. Not a clock reading such as `m=+1234.567`.
pub(super) fn phone(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let digits = found.bytes().filter(u8::is_ascii_digit).count();
    let is_decimal = found.matches('.').count() == 1 && !found.contains([' ', '-', '(']);
    let joined = before(text, &range).is_some_and(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'));
    ((8..=15).contains(&digits)
        && !is_decimal
        && !joined
        && !text.get(range.end..)?.starts_with(|c: char| c.is_alphanumeric()))
    .then_some(range)
}

/// A telephone number of North America with its area.
pub(super) fn north_american_phone(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    apart(text, range)
}

/// Whether a value has at least four digits.
pub(super) fn has_four_digits(found: &str) -> bool {
    found.bytes().filter(u8::is_ascii_digit).count() > 3
}

/// A telephone number after its name.
pub(super) fn dotted_phone(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let digits = found.bytes().filter(u8::is_ascii_digit).count();
    let is_time = found.contains('.') && found.matches('.').count() == 1 && !found.contains([' ', '-', '(']);
    // The number of a function call.
    let is_call = lookback(text, range.start, 6).to_lowercase().ends_with("call=");
    ((7..=15).contains(&digits)
        && !is_time
        && !is_call
        && !text.get(range.end..)?.starts_with(|c: char| c.is_alphanumeric() || c == ':'))
    .then_some(range)
}

/// A payment card number with a valid check digit.
pub(super) fn card(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let digits: Vec<u32> = found.chars().filter_map(|c| c.to_digit(10)).collect();
    let number: u32 = digits.iter().take(4).fold(0, |sum, digit| sum * 10 + digit);
    let is_issued = match digits.len() {
        15 => matches!(number / 100, 34 | 37),
        14 => matches!(number, 3000..=3059 | 3600..=3699 | 3800..=3999),
        16 => {
            matches!(number, 2221..=2720 | 3528..=3589 | 4000..=5019 | 5100..=5599 | 6011 | 6200..=6299 | 6440..=6599)
                || matches!(number / 100, 50 | 56..=58 | 63 | 67)
        }
        13 | 19 => found.contains([' ', '-']) && matches!(number / 1000, 4 | 6),
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            if at % 2 == 1 {
                let twice = digit * 2;
                twice / 10 + twice % 10
            } else {
                *digit
            }
        })
        .sum();
    let is_uniform = digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let range = apart(text, range)?;
    (is_issued && sum.is_multiple_of(10) && !is_uniform).then_some(range)
}

/// A social security number of the United States.
pub(super) fn social_security(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let mut parts = found.split(['-', ' ']);
    let (area, group, serial) = (parts.next()?, parts.next()?, parts.next()?);
    let is_valid = area != "000" && area != "666" && !area.starts_with('9') && group != "00" && serial != "0000";
    let named = || {
        let near = lookback(text, range.start, 32).to_lowercase();
        near.contains("ssn") || near.contains("social")
    };
    let range = apart(text, range.clone())?;
    (is_valid && (found.contains('-') || named())).then_some(range)
}

/// An international bank account number with valid check digits.
pub(super) fn iban(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let mut end = found.len();
    // A word after the number may have been matched too.
    loop {
        let compact: String = found.get(..end)?.chars().filter(|c| *c != ' ').collect();
        if compact.len() < 15 {
            return None;
        }
        let (start, rest) = compact.split_at_checked(4)?;
        let value = rest
            .chars()
            .chain(start.chars())
            .filter_map(|c| c.to_digit(36))
            .fold(0_u32, |sum, digit| (sum * if digit > 9 { 100 } else { 10 } + digit) % 97);
        if value == 1 && compact.len() <= 34 {
            return Some(range.start..range.start + end);
        }
        end = found.get(..end)?.rfind(' ')?;
    }
}

/// Base64 of 32 bytes. Not a digest with its algorithm.
pub(super) fn is_not_a_digest(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let near = lookback(text, range.start, 16).to_lowercase();
    let is_digest = ["sha256", "sha-256", "digest", "integrity", "hash"].iter().any(|name| near.contains(name));
    let ends = !after(text, &range).is_some_and(|c| c.is_alphanumeric() || c == '=');
    (!is_digest && ends && text.get(range.clone()).is_some_and(is_random)).then_some(range)
}

/// A bootstrap token of Kubernetes: digits and letters in both parts, and not a name or a part of a path.
pub(super) fn is_bootstrap_token(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let mixed = |part: &str| {
        part.bytes().any(|byte| byte.is_ascii_digit()) && part.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let (id, secret) = found.split_once('.')?;
    // The name of an event ends with 16 hexadecimal digits.
    let is_event = secret.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !lookback(text, range.start, 32).to_lowercase().contains("token");
    let range = apart(text, range.clone())?;
    (mixed(id) && mixed(secret) && !is_event).then_some(range)
}

/// A token of a Discord bot: its first part is base64 of digits.
pub(super) fn is_discord_token(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let first = text.get(range.clone())?.split('.').next()?;
    let bytes = super::encoded::decode(first)?;
    (bytes.len() > 14 && bytes.iter().all(u8::is_ascii_digit)).then_some(range)
}
