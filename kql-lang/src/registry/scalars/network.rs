//! Functions of IPv4 addresses and version numbers.

use rust_decimal::Decimal;

use super::scalar;
use crate::registry::arguments::{as_text, as_truth, at, long, long_at, returns, text_at};
use crate::registry::{Argument, EvalContext, Scalar};
use crate::value::{Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "parse_ipv4",
        1..=1,
        returns!(Long; text),
        |_, _, row| long(network(&text_at(row, 0)).map(|(address, mask)| i64::from(address & mask))),
        "An IPv4 address as a number, masked by an optional `/prefix`; null if the address is invalid.",
    ),
    scalar(
        "ipv4_compare",
        2..=3,
        returns!(Long; text, text, whole),
        |_, _, row| long(compared(row)),
        "-1, 0 or 1 if one IPv4 network is less than, equal to or greater than another, by the shorter of the prefixes.",
    ),
    scalar(
        "ipv4_is_match",
        2..=3,
        returns!(Bool; text, text, whole),
        |_, _, row| as_truth(compared(row).map(|order| order == 0)),
        "Whether two IPv4 networks are equal, by the shorter of the prefixes.",
    ),
    scalar(
        "ipv4_is_in_range",
        2..=2,
        returns!(Bool; text, text),
        is_in_range,
        "Whether an IPv4 address is in a network `address/prefix`.",
    ),
    scalar(
        "ipv4_is_in_any_range",
        2..=64,
        returns!(Bool; text; ..any),
        |_, _, row| in_any_range(row, |address, range| is_in(network(address)?, network(range)?)),
        "Whether an IPv4 address is in one of several networks, given one by one or as an array.",
    ),
    scalar(
        "parse_ipv4_mask",
        2..=2,
        returns!(Long; text, whole),
        |_, _, row| long(masked(row).map(|(address, mask)| i64::from(address & mask))),
        "An IPv4 address as a number, masked by a prefix (and by its own, if it is shorter); null if one is invalid.",
    ),
    scalar(
        "ipv4_netmask_suffix",
        1..=1,
        returns!(Long; text),
        |_, _, row| long(network(&text_at(row, 0)).map(|(_, mask)| i64::from(mask.count_ones()))),
        "The length of the prefix of an IPv4 network, 32 if it has none; null if the address is invalid.",
    ),
    scalar(
        "ipv4_range_to_cidr_list",
        2..=2,
        returns!(Dynamic; text, text),
        range_to_networks,
        "The networks that together contain the IPv4 addresses from the first to the second.",
    ),
    scalar(
        "format_ipv4",
        1..=2,
        returns!(String; any, whole),
        |_, _, row| as_text(formatted(row).map(|(address, mask)| dotted(address & mask))),
        "The IPv4 address of a string or number, masked by a prefix; empty if it is invalid.",
    ),
    scalar(
        "format_ipv4_mask",
        2..=2,
        returns!(String; any, whole),
        |_, _, row| {
            as_text(formatted(row).map(|(address, mask)| format!("{}/{}", dotted(address & mask), mask.count_ones())))
        },
        "The IPv4 network of a string or number in the form `address/prefix`; empty if it is invalid.",
    ),
    scalar(
        "ipv4_is_private",
        1..=1,
        returns!(Bool; text),
        |_, _, row| as_truth(network(&text_at(row, 0)).map(is_private)),
        "Whether an IPv4 address belongs to a private network.",
    ),
    scalar(
        "parse_version",
        1..=1,
        returns!(Decimal; text),
        parse_version,
        "A version of up to four numbers as one number with the same order; null if the version is invalid.",
    ),
];

/// An address and the mask of its prefix.
pub(super) type Network = (u32, u32);

pub(super) fn network(text: &str) -> Option<Network> {
    let (address, prefix) = match text.trim().split_once('/') {
        Some((address, prefix)) => (address, prefix.parse::<u32>().ok().filter(|prefix| *prefix <= 32)?),
        None => (text.trim(), 32),
    };
    let parts: Vec<u32> =
        address.split('.').map(|part| part.parse::<u8>().ok().map(u32::from)).collect::<Option<_>>()?;
    (parts.len() == 4).then(|| (parts.into_iter().fold(0, |address, part| address << 8 | part), mask(prefix)))
}

fn mask(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

fn compared(row: &[Value]) -> Option<i64> {
    let (one, one_mask) = network(&text_at(row, 0))?;
    let (two, two_mask) = network(&text_at(row, 1))?;
    let given = match row.get(2) {
        None => u32::MAX,
        Some(_) => mask(u32::try_from(long_at(row, 2)?).ok().filter(|prefix| *prefix <= 32)?),
    };
    let mask = one_mask & two_mask & given;
    Some(match (one & mask).cmp(&(two & mask)) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    })
}

fn is_in_range(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    as_truth(network(&text_at(row, 0)).zip(network(&text_at(row, 1))).and_then(|(one, range)| is_in(one, range)))
}

fn is_in((address, own): Network, (network, mask): Network) -> Option<bool> {
    Some(own & mask == mask && address & mask == network & mask)
}

/// Whether an address is in one of the networks, which are single arguments or arrays; null if nothing can be compared.
pub(super) fn in_any_range(row: &[Value], is_in: impl Fn(&str, &str) -> Option<bool>) -> Value {
    let address = text_at(row, 0);
    let ranges = row.iter().skip(1).flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    let found: Vec<bool> = ranges.filter_map(|range| is_in(&address, &convert::text(range))).collect();
    as_truth((!found.is_empty()).then(|| found.contains(&true)))
}

/// The network of the first argument, with the prefix of the second.
fn masked(row: &[Value]) -> Option<Network> {
    let (address, own) = network(&text_at(row, 0))?;
    let prefix = u32::try_from(long_at(row, 1)?).ok().filter(|prefix| *prefix <= 32)?;
    Some((address, own & mask(prefix)))
}

/// The network of a string or a number, with the prefix of the second argument, if there is one.
fn formatted(row: &[Value]) -> Option<Network> {
    let (address, own) = match at(row, 0) {
        Value::String(text) => network(text)?,
        number => (u32::try_from(convert::long(number)?).ok()?, u32::MAX),
    };
    let given = match row.get(1) {
        None => u32::MAX,
        Some(_) => mask(u32::try_from(long_at(row, 1)?).ok().filter(|prefix| *prefix <= 32)?),
    };
    Some((address, own & given))
}

fn dotted(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

fn range_to_networks(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let ends = network(&text_at(row, 0)).zip(network(&text_at(row, 1)));
    let Some(((first, _), (last, _))) = ends else { return Value::Null };
    let mut networks = Vec::new();
    let (mut next, last) = (u64::from(first), u64::from(last));
    while next <= last {
        // The largest aligned block that starts here and does not go beyond the end.
        let aligned = if next == 0 { 32 } else { next.trailing_zeros().min(32) };
        let fits = 63 - (last - next + 1).leading_zeros();
        let bits = aligned.min(fits);
        let Ok(address) = u32::try_from(next) else { break };
        networks.push(Value::text(format!("{}/{}", dotted(address), 32 - bits)));
        next += 1 << bits;
    }
    Value::array(networks)
}

/// 10/8, 172.16/12 and 192.168/16 (RFC 1918); a network is private if it is entirely within one of them.
fn is_private((address, mask): Network) -> bool {
    [(0x0A00_0000, 0xFF00_0000), (0xAC10_0000, 0xFFF0_0000), (0xC0A8_0000, 0xFFFF_0000)]
        .into_iter()
        .any(|(network, of)| mask & of == of && address & of == network)
}

/// Four numbers of eight decimal digits each; missing ones are zero.
fn parse_version(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let text = text_at(row, 0);
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 4 {
        return Value::Null;
    }
    let mut version: i128 = 0;
    for place in 0..4 {
        let part = parts.get(place).copied().unwrap_or("0");
        let digits = !part.is_empty() && part.len() <= 8 && part.bytes().all(|byte| byte.is_ascii_digit());
        let Some(part) = digits.then(|| part.parse::<i128>().ok()).flatten() else { return Value::Null };
        version = version * 100_000_000 + part;
    }
    Decimal::try_from_i128_with_scale(version, 0).map_or(Value::Null, Value::Decimal)
}
