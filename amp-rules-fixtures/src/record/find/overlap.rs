//! Removes overlap between finds.

use super::kind::{Class, Found};
use super::replaced::pseudonyms;
use super::shape::is_pseudonym;

/// The finds without those within others. Overlapping ones become one, so that no part of either remains.
///
/// A find within a pseudonym is dropped. A host is dropped if it overlaps anything: it is replaced on request only.
pub(super) fn without_overlap(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    let rank = |one: &Found| match one.class {
        Class::Id => 0,
        Class::Host => 2,
        _ => 1,
    };
    found.retain(|one| !one.range.is_empty() && !text.get(one.range.clone()).is_some_and(is_pseudonym));
    if found.is_empty() {
        return found;
    }
    let pseudonyms = pseudonyms(text);
    found.retain(|one| {
        let last = pseudonyms.partition_point(|of| of.start <= one.range.start).checked_sub(1);
        last.and_then(|last| pseudonyms.get(last)).is_none_or(|of| of.end < one.range.end)
    });
    found.sort_by(|a, b| {
        let is_host = |one: &Found| one.class == Class::Host;
        is_host(a)
            .cmp(&is_host(b))
            .then(a.range.start.cmp(&b.range.start))
            .then(b.range.end.cmp(&a.range.end))
            .then(rank(a).cmp(&rank(b)))
            .then(b.decoded.is_some().cmp(&a.decoded.is_some()))
    });
    let first_host = found.partition_point(|one| one.class != Class::Host);
    let hosts = found.split_off(first_host);
    let mut out: Vec<Found> = Vec::new();
    for one in found {
        match out.last_mut() {
            Some(last) if one.range.start < last.range.end => {
                if one.range.end > last.range.end {
                    last.range.end = one.range.end;
                    last.decoded = None;
                    if one.class == Class::Secret {
                        last.class = Class::Secret;
                    }
                }
            }
            _ => out.push(one),
        }
    }
    let mut next = 0;
    let count = out.len();
    for host in hosts {
        while next < count && out.get(next).is_some_and(|one| one.range.end <= host.range.start) {
            next += 1;
        }
        let is_free = next >= count || out.get(next).is_some_and(|one| one.range.start >= host.range.end);
        let is_first = out.last().is_none_or(|last| last.class != Class::Host || last.range.end <= host.range.start);
        if is_free && is_first {
            out.push(host);
        }
    }
    out.sort_by_key(|one| one.range.start);
    out
}
