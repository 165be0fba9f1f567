//! Finds identifiers of tenants, people and hosts, and secrets, in texts.
//!
//! Input: a text. Output: the ranges of identifiers with their kinds, from left to right, without overlap. Not identifiers
//! are similar texts (version numbers, times of day, `a::b`) and values that are the same everywhere (loopback and
//! link-local addresses, the wire server of Azure, the zero GUID).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The kind of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// A token, key or password.
    Secret,
    /// A GUID, such as that of a subscription, a tenant, a workspace or a row.
    Id,
    /// An e-mail address.
    Mail,
    /// An IP address.
    Address,
    /// A fully qualified host name.
    Host,
    /// A name of the subject, or a given word.
    Name,
}

impl IdentifierKind {
    /// Returns the name of the kind in reports, in the plural.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Id => "ids",
            Self::Mail => "e-mail addresses",
            Self::Address => "IP addresses",
            Self::Host => "hosts",
            Self::Name => "names",
        }
    }
}

/// The prefix of the pseudonyms of secrets.
pub(super) const REPLACED: &str = "REDACTED-";

/// The last parts of host names. Other dotted words may be files or fields.
const ENDINGS: &[&str] = &[
    "com", "net", "org", "io", "cloud", "azure", "internal", "local", "us", "cn", "de", "uk", "eu", "gov", "edu", "dev",
];

static CANDIDATES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
          (?P<token> \beyJ[A-Za-z0-9_-]{8,} \. [A-Za-z0-9_-]{4,} (?: \. [A-Za-z0-9_-]*)? )
        | (?i: \bbearer \s+) (?P<bearer> [A-Za-z0-9._~+/=-]{16,} )
        | (?i: \b (?: sig | signature | accountkey | sharedaccesskey | sharedaccesssignature | client_?secret | password
              | passwd | pwd | api[_-]?key | (?: access | refresh | id )_token ) )
          ["']? \s* [=:] \s* ["']? (?P<secret> [^\s"'&;,<>{}()\[\]\\]{6,} )
        | (?P<id> [0-9A-Fa-f]{8} - (?: [0-9A-Fa-f]{4} - ){3} [0-9A-Fa-f]{12} )
        | (?P<mail> [A-Za-z0-9._%+-]+ @ (?: [A-Za-z0-9-]+ \. )+ [A-Za-z]{2,} )
        | (?P<four> [0-9]{1,3} (?: \. [0-9]{1,3} ){3} )
        | (?P<six> (?: [0-9A-Fa-f]{0,4} : ){2,7} [0-9A-Fa-f]{0,4} )
        | (?P<host> (?: [A-Za-z0-9] (?: [A-Za-z0-9-]* [A-Za-z0-9] )? \. )+ [A-Za-z]{2,} )
        "#,
    )
    .ok()
});

/// Calls `each` with every identifier of a text.
pub(super) fn each(text: &str, mut each: impl FnMut(IdentifierKind, Range<usize>)) {
    // The regex is a constant, and a test compiles it.
    let Some(candidates) = CANDIDATES.as_ref() else { return };
    for found in candidates.captures_iter(text) {
        if let Some((kind, range)) = classify(text, &found) {
            each(kind, range);
        }
    }
}

/// The kind and the range of a candidate; `None` if it is not an identifier.
fn classify(text: &str, found: &Captures<'_>) -> Option<(IdentifierKind, Range<usize>)> {
    let group = |name: &str| found.name(name);
    if let Some(secret) = group("token").or_else(|| group("bearer")).or_else(|| group("secret")) {
        // A pseudonym is not a secret.
        let is_secret = !secret.as_str().starts_with(REPLACED);
        return is_secret.then(|| (IdentifierKind::Secret, secret.range()));
    }
    if let Some(id) = group("id") {
        let is_zero = id.as_str().bytes().all(|byte| matches!(byte, b'0' | b'-'));
        return (!is_zero && is_separate(text, id.range(), "")).then(|| (IdentifierKind::Id, id.range()));
    }
    if let Some(mail) = group("mail") {
        return Some((IdentifierKind::Mail, mail.range()));
    }
    if let Some(four) = group("four") {
        let address: Ipv4Addr = four.as_str().parse().ok()?;
        let common = address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified()
            || address.is_broadcast()
            // The wire server: <https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>.
            || address == Ipv4Addr::new(168, 63, 129, 16);
        return (!common && is_separate(text, four.range(), "._-")).then(|| (IdentifierKind::Address, four.range()));
    }
    if let Some(six) = group("six") {
        let address: Ipv6Addr = six.as_str().parse().ok()?;
        let is_long = six.as_str().len() > 4 && six.as_str().bytes().any(|byte| byte.is_ascii_digit());
        let common = address.is_loopback() || address.is_unspecified();
        return (is_long && !common && is_separate(text, six.range(), ":."))
            .then(|| (IdentifierKind::Address, six.range()));
    }
    let host = group("host")?;
    let (_, ending) = host.as_str().rsplit_once('.')?;
    let known = ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending));
    // A host without a scheme and followed by a path is a package, such as `k8s.io/client-go`.
    let scheme = text.get(..host.start()).is_some_and(|before| before.ends_with("//"));
    let path = text.get(host.end()..).is_some_and(|after| after.starts_with('/'));
    (known && (scheme || !path) && is_separate(text, host.range(), "_/@")).then(|| (IdentifierKind::Host, host.range()))
}

/// Whether no letter, digit or character of `joints` is adjacent. A full stop at the end of a sentence does not count.
fn is_separate(text: &str, range: Range<usize>, joints: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || joints.contains(c);
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let mut after = text.get(range.end..).unwrap_or_default().chars();
    let (next, second) = (after.next(), after.next());
    // A path or a port may follow a host. A full stop joins only if a letter or digit follows it.
    let joined_after = match next {
        Some('.') if joints.contains('.') => second.is_some_and(char::is_alphanumeric),
        Some('/' | '@') => false,
        Some(':') => second.is_some_and(|c| c == ':' || c.is_ascii_hexdigit()) && joints.contains(':'),
        Some(c) => joins(c),
        None => false,
    };
    let slash =
        joints.contains('/') && before == Some('/') && text.get(..range.start).is_some_and(|t| t.ends_with("//"));
    !(joined_after || before.is_some_and(|c| joins(c) && !slash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(IdentifierKind, &str)> {
        let mut all = Vec::new();
        each(text, |kind, range| all.push((kind, &text[range])));
        all
    }

    #[test]
    fn identifiers_are_found_everywhere() {
        use IdentifierKind::{Address, Host, Id, Mail, Secret};
        let id = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
        for (text, want) in [
            (format!("/subscriptions/{id}/resourceGroups/g"), vec![(Id, id)]),
            (format!("tenant_{id}.log"), vec![(Id, id)]),
            (format!("InstrumentationKey={id};"), vec![(Id, id)]),
            ("mail a.b+c@shop.example.com now".to_owned(), vec![(Mail, "a.b+c@shop.example.com")]),
            ("dial tcp 10.0.3.7:443: refused".to_owned(), vec![(Address, "10.0.3.7")]),
            ("from 10.0.3.7. Then".to_owned(), vec![(Address, "10.0.3.7")]),
            ("route 10.0.0.0/16".to_owned(), vec![(Address, "10.0.0.0")]),
            ("[fe80::1c2d]:80".to_owned(), vec![(Address, "fe80::1c2d")]),
            ("Authorization: Bearer abcdefghijklmnop123".to_owned(), vec![(Secret, "abcdefghijklmnop123")]),
            ("jwt eyJhbGciOiJI.eyJzdWIi.c2ln ok".to_owned(), vec![(Secret, "eyJhbGciOiJI.eyJzdWIi.c2ln")]),
            ("https://x?sig=AbC%2Fdef123&se=1".to_owned(), vec![(Secret, "AbC%2Fdef123")]),
            (r#"{"password":"hunter22"}"#.to_owned(), vec![(Secret, "hunter22")]),
            (
                "get https://amw-shop-x1.eastus-1.metrics.ingest.monitor.azure.com/v1".to_owned(),
                vec![(Host, "amw-shop-x1.eastus-1.metrics.ingest.monitor.azure.com")],
            ),
        ] {
            assert_eq!(found(&text), want, "{text}");
        }
    }

    #[test]
    fn texts_that_identify_no_one_are_left_alone() {
        for text in [
            "agent 6.18.0 and v1.2.3.4 and 1.2.3.4-rc1 and 1.2.3.4.5 and 999.1.1.1",
            "127.0.0.1:55680 0.0.0.0 169.254.169.254 168.63.129.16 [::1]:80 ::",
            "at 12:30:45 std::fmt a::b 00000000-0000-0000-0000-000000000000",
            "otelcol.component.kind TokenConfig.json k8s.io/client-go/rest.go:12 error.message",
            "Bearer token expired; password: x; sig: y",
        ] {
            assert_eq!(found(text), Vec::new(), "{text}");
        }
    }
}
