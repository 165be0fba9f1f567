//! Functions of IPv6 addresses. An IPv4 address is compared as the IPv6 address `::ffff:a.b.c.d`.

use std::cmp::Ordering;
use std::net::Ipv6Addr;

use super::network::{self, in_any_range};
use super::scalar;
use crate::registry::Scalar;
use crate::registry::arguments::{as_text, as_truth, long, long_at, returns, text_at};
use crate::value::Value;

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "parse_ipv6",
        1..=1,
        returns!(String; text),
        |_, _, row| as_text(network(&text_at(row, 0)).map(|(address, mask)| canonical(address & mask))),
        "An IPv6 or IPv4 address in full length, masked by an optional `/prefix`; empty if the address is invalid.",
    ),
    scalar(
        "parse_ipv6_mask",
        2..=2,
        returns!(String; text, whole),
        |_, _, row| as_text(masked(row).map(|(address, mask)| canonical(address & mask))),
        "An IPv6 or IPv4 address in full length, masked by a prefix of 128 bits; empty if one is invalid.",
    ),
    scalar(
        "ipv6_compare",
        2..=3,
        returns!(Long; text, text, whole),
        |_, _, row| {
            long(compared(row).map(|order| match order {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            }))
        },
        "-1, 0 or 1 if one IPv6 or IPv4 network is less than, equal to or greater than another, by the shorter of the prefixes.",
    ),
    scalar(
        "ipv6_is_match",
        2..=3,
        returns!(Bool; text, text, whole),
        |_, _, row| as_truth(compared(row).map(Ordering::is_eq)),
        "Whether two IPv6 or IPv4 networks are equal, by the shorter of the prefixes.",
    ),
    scalar(
        "ipv6_is_in_range",
        2..=2,
        returns!(Bool; text, text),
        |_, _, row| as_truth(is_in(&text_at(row, 0), &text_at(row, 1))),
        "Whether an IPv6 or IPv4 address is in a network `address/prefix`.",
    ),
    scalar(
        "ipv6_is_in_any_range",
        2..=64,
        returns!(Bool; text; ..any),
        |_, _, row| in_any_range(row, is_in),
        "Whether an IPv6 or IPv4 address is in one of several networks, given one by one or as an array.",
    ),
];

/// An address and the mask of its prefix.
type Network = (u128, u128);

fn network(text: &str) -> Option<Network> {
    let text = text.trim();
    if let Some((address, v4_mask)) = network::network(text) {
        return Some((u128::from(address) | 0xffff << 32, mask(96 + v4_mask.count_ones())));
    }
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse::<u32>().ok().filter(|prefix| *prefix <= 128)?),
        None => (text, 128),
    };
    let parsed: Ipv6Addr = address.parse().ok()?;
    // The prefix of an address in the notation of IPv4 (`::10.0.0.1/24`) counts the bits of that notation.
    let prefix = if address.contains('.') && prefix <= 32 && text.contains('/') { 96 + prefix } else { prefix };
    Some((u128::from(parsed), mask(prefix)))
}

fn mask(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

fn canonical(address: u128) -> String {
    Ipv6Addr::from(address).segments().map(|segment| format!("{segment:04x}")).join(":")
}

fn given(row: &[Value], place: usize) -> Option<u128> {
    match row.get(place) {
        None => Some(u128::MAX),
        Some(_) => u32::try_from(long_at(row, place)?).ok().filter(|prefix| *prefix <= 128).map(mask),
    }
}

fn masked(row: &[Value]) -> Option<Network> {
    let (address, own) = network(&text_at(row, 0))?;
    Some((address, own & given(row, 1)?))
}

fn compared(row: &[Value]) -> Option<Ordering> {
    let ((one, one_mask), (two, two_mask)) = network(&text_at(row, 0)).zip(network(&text_at(row, 1)))?;
    let mut mask = one_mask & two_mask & given(row, 2)?;
    // As recorded from the service: an IPv4-compatible address (`::10.0.0.1`) equals the mapped one (`::ffff:10.0.0.1`).
    let is_v4 = |address: u128| {
        address >> 48 == 0 && matches!(address >> 32 & 0xffff, 0 | 0xffff) && address >> 32 != 0
            || address >> 32 == 0 && address > 1
    };
    if is_v4(one) && is_v4(two) {
        mask &= 0xffff_ffff;
    }
    Some((one & mask).cmp(&(two & mask)))
}

fn is_in(address: &str, range: &str) -> Option<bool> {
    let ((address, own), (network, mask)) = network(address).zip(network(range))?;
    Some(own & mask == mask && address & mask == network & mask)
}
