//! Network addresses, hardware addresses, and hosts.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::kind::Check::Place;
use super::kind::{Kind, kinds};
use super::shape::{after, before, is_numbered, is_separate, lookback, word_before};

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    "ipv4-address", Address, ["."], r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", Place(ipv4),
        "RFC 6943, section 3.1.1";
    "ipv4-address-in-host-name", Address, ["-"], r"(?:\b[A-Za-z]+[0-9]{1,2}-)?([0-9]{1,3}(?:-[0-9]{1,3}){3})", Place(dashed),
        "not verified: AWS: instance naming; Kubernetes: DNS for pods";
    "ipv6-address", Address, [":"], r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})", Place(ipv6),
        "RFC 4291, section 2.2; RFC 4007, section 11";
    "ipv6-address-in-host-name", Address, [".ip6.arpa", "ipv6-literal", "--"], r"(?i)(?:[0-9a-f]\.){32}ip6\.arpa|[0-9a-f]{1,4}(?:-[0-9a-f]{0,4}){2,7}(?:s[0-9]+)?\.ipv6-literal|([0-9a-f]{1,4}(?:-[0-9a-f]{0,4}){3,7})\.[a-z]", Place(dashed_ipv6),
        "RFC 3596, section 2.5; Microsoft: IPv6 in the Windows shell";
    "mac-address", Mac, [":", "-"], r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}", Place(mac),
        "IEEE: registration authority (EUI-48)";
    "mac-address-with-dots", Mac, ["."], r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}", Place(mac),
        "not verified: Cisco IOS: notation of hardware addresses";
    "mac-address-by-name", Mac, ["mac"], r#"(?i)(?:^|[^a-z])(?:mac|macaddr(?:ess)?|mac[ _-]addr(?:ess)?|hwaddr|physical[ _-]?address|link/ether)\\*["']?\s*[=:]?\s*\\*["']?([0-9A-F]{12})\b"#, Place(whole),
        "IEEE: registration authority (EUI-48)";
    "host", Host, ["."], r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}", Place(host),
        "RFC 1123, section 2.1";
};

/// The last parts of host names. Other dotted words may be files or fields.
const ENDINGS: &[&str] = &[
    "com", "net", "org", "io", "cloud", "azure", "internal", "local", "us", "cn", "de", "uk", "eu", "gov", "edu",
    "dev", "ms", "mil", "arpa", "corp", "lan",
];

/// Whether an IPv4 address is the same everywhere, or a pseudonym.
fn is_common(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        // The wire server: <https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>.
        || address == Ipv4Addr::new(168, 63, 129, 16)
        // Netmasks, and the ranges of pseudonyms: benchmarks (RFC 2544) and reserved (RFC 1112).
        || first == 255
        || (first == 198 && (second == 18 || second == 19))
        || first >= 240
}

/// Whether an IPv4 address is of a private network: RFC 1918, RFC 6598.
fn is_private(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private() || (first == 100 && (64..128).contains(&second))
}

fn ipv4(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let address: Ipv4Addr = text.get(range.clone())?.parse().ok()?;
    if is_common(address) || !is_separate(text, &range) || is_version(text, &range, address) {
        return None;
    }
    let next = text.get(range.end..)?;
    let joined_after = match after(text, &range) {
        Some('.') => {
            let is_zone = [".nip.io", ".sslip.io", ".xip.io", ".in-addr"].iter().any(|zone| next.starts_with(zone));
            let continues = next.chars().nth(1).is_some_and(char::is_alphanumeric);
            continues && !is_zone && (next.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) || !is_private(address))
        }
        Some('-' | '_' | '+') => {
            let is_range = next.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) && next.contains('.');
            next.len() > 1 && !is_private(address) && !is_range
        }
        _ => false,
    };
    let joined_before = match before(text, &range) {
        Some('.') => true,
        Some('-' | '_') => {
            let is_range = lookback(text, range.start, 2).starts_with(|c: char| c.is_ascii_digit());
            !is_private(address) && !is_range
        }
        _ => false,
    };
    (!joined_after && !joined_before).then_some(range)
}

/// Whether four numbers are a version by what stands before them.
fn is_version(text: &str, range: &Range<usize>, address: Ipv4Addr) -> bool {
    let near = lookback(text, range.start, 24).to_lowercase();
    let name = near.trim_end_matches(|c: char| !c.is_alphanumeric());
    let named = ["version", "ver", "build", "release", "rev", "revision", "tag", "v"].iter().any(|word| {
        name.strip_suffix(word).is_some_and(|rest| *word == "version" || !rest.ends_with(|c: char| c.is_alphanumeric()))
    });
    let word = word_before(text, range.start);
    let product = |mark: char| word.strip_suffix(mark).filter(|rest| rest.ends_with(|c: char| c.is_ascii_alphabetic()));
    let is_product = product('/').is_some_and(|rest| !rest.contains(['/', ':', '=']));
    let is_image = product(':').is_some_and(|rest| rest.contains('/') && !rest.contains("://"));
    named || (!is_private(address) && (is_product || is_image))
}

/// An address with dashes: after `ip-`, or before a domain.
fn dashed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let address: Ipv4Addr = text.get(range.clone())?.replace('-', ".").parse().ok()?;
    let next = text.get(range.end..)?;
    let prefix = lookback(text, range.start, 3).to_lowercase();
    let is_named = prefix == "ip-" || prefix.ends_with("ip_");
    let domain = next
        .strip_prefix('.')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('.'));
    let first = before(text, &range);
    let starts = is_named || !first.is_some_and(char::is_alphanumeric);
    // A longer number with dashes; a label such as `ec2-` is none.
    let label =
        lookback(text, range.start, 16).strip_suffix('-').and_then(|label| label.rsplit(['-', '.', ' ', '/']).next());
    let joined = label.is_some_and(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()));
    let continues = next.strip_prefix('-').unwrap_or(next).starts_with(|c: char| c.is_ascii_digit());
    let ends = !continues && !next.starts_with(char::is_alphanumeric);
    (!is_common(address) && starts && ends && !joined && (is_named || domain)).then_some(range)
}

/// An IPv6 address with dashes before a domain, or in a zone for addresses.
fn dashed_ipv6(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    if found.contains('.') {
        return Some(range);
    }
    let address: Ipv6Addr = found.replace('-', ":").parse().ok()?;
    let is_plausible = matches!(address.segments(), [0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80, ..]);
    let joined = before(text, &range).is_some_and(|c| c.is_alphanumeric() || c == '-');
    let is_pseudonym = matches!(address.segments(), [0x2001, 0xdb8, ..]);
    (is_plausible && !joined && !is_pseudonym).then_some(range)
}

/// An IPv6 address without its zone; of an IPv4 address in it, only that.
fn ipv6(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let joined_before = before(text, &range).is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '.'));
    let joined_after = after(text, &range).is_some_and(|c| c.is_alphanumeric())
        || text.get(range.end..)?.strip_prefix([':', '.']).is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_alphanumeric() || c == ':')
                && !rest.starts_with(|c: char| c.is_ascii_digit() && found.contains('.'))
        });
    if joined_before || joined_after {
        return None;
    }
    if let Some((_, last)) = found.rsplit_once(':').filter(|(_, last)| last.contains('.')) {
        let address: Ipv4Addr = last.parse().ok()?;
        found.parse::<Ipv6Addr>().ok()?;
        return (!is_common(address)).then(|| range.end - last.len()..range.end);
    }
    let trimmed = if found.ends_with(':') && !found.ends_with("::") { found.strip_suffix(':')? } else { found };
    let address: Ipv6Addr = trimmed.parse().ok()?;
    let [first, second, ..] = address.segments();
    // A path such as `a1::b2` is no address; global, local, multicast and translated addresses start with these numbers.
    let is_plausible = trimmed.matches(':').count() > 3
        || matches!(first, 0x2000..=0x3fff | 0xfc00..=0xffff | 0x64)
        || (first == 0 && trimmed.starts_with("::") && trimmed.len() > 6);
    let is_pseudonym = first == 0x2001 && second == 0xdb8;
    let common = address.is_loopback() || address.is_unspecified() || is_pseudonym || address.is_multicast();
    let is_long = trimmed.len() > 4 && trimmed.bytes().any(|byte| byte.is_ascii_digit());
    (is_long && is_plausible && !common).then(|| range.start..range.start + trimmed.len())
}

fn mac(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let digits: String = found.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
    let joint = found.chars().find(|c| !c.is_ascii_hexdigit())?;
    let joined = |c: char| c.is_alphanumeric() || c == joint;
    let is_common = digits.bytes().all(|byte| byte == b'0') || digits.bytes().all(|byte| byte == b'f');
    // A date and a time with dashes have no letters, nor has a number with dots; pseudonyms start with 02:00:00.
    let is_number = joint != ':' && !digits.bytes().any(|byte| byte.is_ascii_alphabetic());
    let adjacent = before(text, &range).is_some_and(joined)
        || after(text, &range).is_some_and(joined) && !text.get(range.end + 1..)?.is_empty() && joint != '.';
    (!adjacent && !is_common && !is_number && !digits.starts_with("020000")).then_some(range)
}

fn host(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let (_, ending) = found.rsplit_once('.')?;
    let known = ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending));
    let (first, _) = found.split_once('.')?;
    // A host without a scheme and followed by a path is a package, such as `k8s.io/client-go`.
    let scheme = text.get(..range.start)?.ends_with("//");
    let path = text.get(range.end..)?.starts_with('/');
    let joined_before =
        before(text, &range).is_some_and(|c| c.is_alphanumeric() || c == '_' || (c == '/' && !scheme) || c == '@');
    let joined_after = after(text, &range).is_some_and(|c| c.is_alphanumeric() || c == '_');
    let is_pseudonym = is_numbered(first, "host-");
    if !(known && (scheme || !path) && !joined_before && !joined_after && !is_pseudonym) {
        return None;
    }
    let Some(rest) = after_address(found) else { return Some(range) };
    let is_own = rest.matches('.').count() > 2 && !rest.starts_with("host-");
    is_own.then(|| range.end - rest.len()..range.end)
}

/// The part of a host name after an address: `shop.pod.cluster.local` of `10-0-0-3.shop.pod.cluster.local`. `None` if no
/// address is in it.
fn after_address(host: &str) -> Option<&str> {
    let is_part = |part: &str| part.parse::<u8>().is_ok();
    let (mut rest, mut numbers, mut has_address) = (host, 0, false);
    while let Some((label, next)) = rest.split_once('.') {
        numbers = if is_part(label) { numbers + 1 } else { 0 };
        let mut parts = label.rsplit('-');
        let is_dashed = (0..4).all(|_| parts.next().is_some_and(is_part));
        if !(is_dashed || numbers > 0) {
            break;
        }
        has_address |= is_dashed || numbers == 4;
        rest = next;
    }
    has_address.then_some(rest)
}

/// The whole match.
fn whole(_text: &str, range: Range<usize>) -> Option<Range<usize>> {
    Some(range)
}
