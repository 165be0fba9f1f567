//! The forms of pseudonyms: a number of a class as text, and the numbers of the pseudonyms in a text.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::super::find::{Class, REPLACED};

/// The numbers of pseudonyms, by the class that [`counted`] returns.
pub(super) type Numbers = BTreeMap<Class, BTreeSet<u32>>;

/// The class with which a class shares its numbers, because their pseudonyms have the same form.
pub(super) fn counted(class: Class) -> Class {
    match class {
        Class::Secret | Class::Personal | Class::Doubtful => Class::Secret,
        Class::Id | Class::Mail | Class::Address | Class::Mac | Class::Account | Class::Host | Class::Name => class,
    }
}

/// The pseudonym of a class with a number. `digits`: the minimum number of digits. `protected`: the texts of rules.
pub(super) fn pseudonym(class: Class, original: &str, number: u32, digits: usize, protected: &str) -> String {
    match class {
        Class::Secret | Class::Personal | Class::Doubtful => format!("{REPLACED}{number:0digits$}"),
        Class::Id => format!("00000000-0000-4000-8000-{number:012}"),
        Class::Mail => format!("user{number:0digits$}@example.com"),
        Class::Address => address(original, number),
        Class::Mac => mac(number),
        Class::Account => format!("account-{number:0digits$}"),
        Class::Host => host(original, number, digits, protected),
        Class::Name => format!("name-{number:0digits$}"),
    }
}

/// An address that is not in use: of 198.18.0.0/15 (benchmarks, RFC 2544), then of 240.0.0.0/4 (reserved, RFC 1112); an IPv6
/// address of 2001:db8::/32 (documentation, RFC 3849).
fn address(original: &str, number: u32) -> String {
    if original.contains(':') {
        return Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(number)).to_string();
    }
    Ipv4Addr::from(if number < 1 << 17 { BENCHMARKS + number } else { RESERVED.wrapping_add(number) }).to_string()
}

/// The first address of 198.18.0.0/15.
const BENCHMARKS: u32 = u32::from_be_bytes([198, 18, 0, 0]);

/// The first address of 240.0.0.0/4.
const RESERVED: u32 = u32::from_be_bytes([240, 0, 0, 0]);

/// The number of an address; `None` if it is no pseudonym.
fn number_of_address(address: IpAddr) -> Option<u32> {
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            match bits.checked_sub(BENCHMARKS).filter(|number| *number < 1 << 17) {
                Some(number) => Some(number),
                None => bits.checked_sub(RESERVED),
            }
        }
        IpAddr::V6(address) => u32::try_from(u128::from(address).checked_sub(0x2001_0db8_u128 << 96)?).ok(),
    }
}

/// A hardware address that is not in use: locally administered, unicast (IEEE 802).
fn mac(number: u32) -> String {
    let [_, first, second, third] = number.to_be_bytes();
    format!("02:00:00:{first:02x}:{second:02x}:{third:02x}")
}

/// A host name with the longest ending that a rule contains, else with the last three parts of the original.
pub(super) fn host(original: &str, number: u32, digits: usize, protected: &str) -> String {
    let mut ending = original;
    while let Some((_, rest)) = ending.split_once('.') {
        ending = rest;
        if ending.contains('.') && (protected.contains(ending) || ending.matches('.').count() < 3) {
            break;
        }
    }
    format!("host-{number:0digits$}.{ending}")
}

/// A GUID with dashes. Other texts are unchanged.
pub(super) fn dashed(id: &str) -> String {
    match [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| id.get(part)) {
        [Some(a), Some(b), Some(c), Some(d), Some(e)] if id.len() == 32 => [a, b, c, d, e].join("-"),
        _ => id.to_owned(),
    }
}

/// Texts that may be pseudonyms, in any of their notations.
static PSEUDONYMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?P<Secret>REDACTED-)(?P<n1>[0-9]+)|(?P<Account>account-)(?P<n2>[0-9]+)|(?P<Name>name-)(?P<n3>[0-9]+)|(?P<Host>host-)(?P<n4>[0-9]+)|(?P<Mail>user)(?P<n5>[0-9]+)|00000000[-_]?0000[-_]?4000[-_]?8000[-_]?(?P<id>[0-9]{12})|02:?-?00:?-?00(?P<mac>(?:[:-]?[0-9a-f]{2}){3})|(?P<v4>(?:198[.-]1[89]|2[45][0-9][.-][0-9]{1,3})[.-][0-9]{1,3}[.-][0-9]{1,3})|(?P<v6>2001:0?db8:[0-9a-f:]{1,30})",
    )
    .ok()
});

/// Adds the numbers of all pseudonyms in a text. Numbers above [`u32::MAX`] are left out: none is ever assigned.
pub(super) fn numbers_in(text: &str, numbers: &mut Numbers) {
    // The regex is a constant, and a test matches it.
    let Some(regex) = PSEUDONYMS.as_ref() else { return };
    for found in regex.captures_iter(text) {
        let part = |name: &str| found.name(name).map(|part| part.as_str());
        let named = [
            (Class::Secret, "n1"),
            (Class::Account, "n2"),
            (Class::Name, "n3"),
            (Class::Host, "n4"),
            (Class::Mail, "n5"),
            (Class::Id, "id"),
        ];
        let mut known = named.into_iter().find_map(|(class, name)| Some((class, part(name)?.parse().ok())));
        if let Some(digits) = part("mac") {
            let digits: String = digits.chars().filter(char::is_ascii_hexdigit).collect();
            known = Some((Class::Mac, u32::from_str_radix(&digits, 16).ok()));
        }
        if let Some(address) = part("v4").map(|text| text.replace('-', ".")).or(part("v6").map(str::to_owned)) {
            let address = address.trim_end_matches(':').parse().or_else(|_| address.parse());
            known = Some((Class::Address, address.ok().and_then(number_of_address)));
        }
        if let Some((class, Some(number))) = known {
            numbers.entry(class).or_default().insert(number);
        }
    }
}

/// The class of a pseudonym, [`counted`]; `None` if the text is no pseudonym.
pub(super) fn class_of(pseudonym: &str) -> Option<Class> {
    if pseudonym.contains('@') {
        let local = pseudonym.strip_suffix("@example.com")?.strip_prefix("user")?;
        return local.bytes().all(|byte| byte.is_ascii_digit()).then_some(Class::Mail);
    }
    let mut numbers = Numbers::new();
    numbers_in(pseudonym, &mut numbers);
    let (class, of_class) = numbers.pop_first()?;
    let number = *of_class.first()?;
    let is_whole = match class {
        Class::Host => pseudonym.starts_with("host-"),
        Class::Address => pseudonym.parse().ok().and_then(number_of_address) == Some(number),
        Class::Secret
        | Class::Personal
        | Class::Doubtful
        | Class::Id
        | Class::Mail
        | Class::Mac
        | Class::Account
        | Class::Name => {
            let prefix = pseudonym.trim_end_matches(|c: char| c.is_ascii_hexdigit() || c == ':');
            [REPLACED, "account-", "name-", "00000000-0000-4000-8000-", ""].contains(&prefix)
        }
    };
    (numbers.is_empty() && of_class.len() == 1 && is_whole).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_its_class_and_its_number() {
        let all = [
            (Class::Secret, "x"),
            (Class::Id, "x"),
            (Class::Mail, "x"),
            (Class::Address, "1.2.3.4"),
            (Class::Address, "fe80::1"),
            (Class::Mac, "x"),
            (Class::Account, "x"),
            (Class::Host, "a.b.example.com"),
            (Class::Name, "x"),
        ];
        for (class, original) in all {
            for number in [1, 17, 131_071, 131_072, 9_999_999] {
                let text = pseudonym(class, original, number, 1, "");
                assert_eq!(class_of(&text), Some(class), "{text}");
                let mut numbers = Numbers::new();
                for text in [text.clone(), format!("x {text}, y"), class.in_notation_of("x", &text)] {
                    numbers_in(&text, &mut numbers);
                }
                assert_eq!(numbers, Numbers::from([(class, BTreeSet::from([number]))]), "{text}");
            }
        }
        for text in
            ["", "shop", "name-1 of 2", "10.1.2.3", "user1@contoso.com", "00:0d:3a:00:00:01", "REDACTED-1 REDACTED-2"]
        {
            assert_eq!(class_of(text), None, "{text}");
        }
    }
}
