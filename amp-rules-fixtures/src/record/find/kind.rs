//! The row of a kind of identifier or secret, and what a search returns.

use std::ops::Range;

/// The class of a kind: what its pseudonyms look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A token, key or password.
    Secret,
    /// A GUID, such as that of a subscription, a tenant, a workspace or a row.
    Id,
    /// An e-mail address.
    Mail,
    /// An IP address.
    Address,
    /// A hardware (MAC) address.
    Mac,
    /// A user name, or the id of an account.
    Account,
    /// A telephone, payment card, bank account, social security or passport number, or a date of birth.
    Personal,
    /// A fully qualified host name.
    Host,
    /// A name of the subject, or a given word. A search for kinds never returns it.
    Name,
    /// A random text of no known kind.
    Doubtful,
}

impl Class {
    /// Returns the name of the class in reports, in the plural.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Id => "ids",
            Self::Mail => "e-mail addresses",
            Self::Address => "IP addresses",
            Self::Mac => "hardware addresses",
            Self::Account => "accounts",
            Self::Personal => "personal numbers",
            Self::Host => "hosts",
            Self::Name => "names",
            Self::Doubtful => "doubtful secrets",
        }
    }

    /// Returns the normalized form of a found text. Texts with equal forms are notations of the same value.
    pub(crate) fn canonical(self, found: &str) -> String {
        match self {
            Self::Secret | Self::Doubtful => found.to_owned(),
            Self::Id => found.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase(),
            Self::Mac => found.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase(),
            Self::Address if !found.contains([':', '.']) => found.replace('-', "."),
            Self::Address => {
                found.parse::<std::net::IpAddr>().map_or_else(|_| found.to_lowercase(), |address| address.to_string())
            }
            Self::Account => found.replace("\\\\", "\\").to_lowercase(),
            Self::Personal => {
                let digits: String = found.chars().filter(|c| c.is_alphanumeric() || *c == '+').collect();
                digits.to_lowercase()
            }
            // Character by character, so that a text and a part of it agree.
            Self::Mail | Self::Host | Self::Name => found.chars().flat_map(char::to_lowercase).collect(),
        }
    }

    /// Returns a pseudonym in the notation of the found text: a GUID without dashes, an IPv4 address with dashes.
    pub(crate) fn in_notation_of(self, found: &str, pseudonym: &str) -> String {
        match self {
            Self::Id if !found.contains(['-', '_']) => pseudonym.replace('-', ""),
            Self::Id if found.contains('_') => pseudonym.replace('-', "_"),
            Self::Address if !found.contains([':', '.']) => pseudonym.replace('.', "-"),
            _ => pseudonym.to_owned(),
        }
    }
}

/// A found identifier or secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The name of the kind.
    pub(crate) kind: &'static str,
    /// The class of the kind.
    pub(crate) class: Class,
    /// The bytes to replace.
    pub(crate) range: Range<usize>,
    /// The value, if the text contains it percent-encoded or escaped.
    pub(crate) decoded: Option<String>,
}

/// What decides whether the part of a text that a regex matched is found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// It always is.
    Any,
    /// It is if its text satisfies a condition.
    Is(fn(&str) -> bool),
    /// The whole text and the range decide; they may return another range.
    Place(fn(&str, Range<usize>) -> Option<Range<usize>>),
    /// The whole text and the range decide; they may return several ranges, from left to right.
    Parts(fn(&str, Range<usize>) -> Vec<Range<usize>>),
}

/// The row of a kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The name in reports.
    pub(super) name: &'static str,
    /// The class.
    pub(super) class: Class,
    /// Texts of which one occurs in every match, in any case. None: every text is searched.
    pub(super) keywords: &'static [&'static str],
    /// The regex. The part to replace is its first group, or else the whole match.
    pub(super) regex: &'static str,
    /// The check of a match.
    pub(super) check: Check,
    /// Where the format is documented: a standard by its number, or a page by its address. Without either, where the format
    /// was observed, or the title of a document that is `not verified`: it was not found when the sources were looked up.
    pub(super) source: &'static str,
}

/// A table of kinds: `name, class, [keywords], regex, check, source;`.
macro_rules! kinds {
    ($($name:literal, $class:ident, [$($keyword:literal),*], $regex:literal, $check:expr, $source:literal;)*) => {
        &[$($crate::record::find::kind::Kind {
            name: $name,
            class: $crate::record::find::kind::Class::$class,
            keywords: &[$($keyword),*],
            regex: $regex,
            check: $check,
            source: $source,
        }),*]
    };
}
pub(super) use kinds;
