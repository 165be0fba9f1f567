//! Hash functions: `hash` (xxHash64, as in Kusto), `hash_sha256`, `hash_sha1` and `hash_md5`.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::scalar;
use crate::registry::arguments::{at, long, long_at, returns, text_at, whole};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "hash",
        1..=2,
        hash_kind,
        hash,
        "The xxHash64 of a value as a `long`; with a second argument, modulo that number.",
    )
    .also(&["hash_xxhash64"]),
    scalar(
        "hash_sha256",
        1..=1,
        returns!(String; plain),
        |_, _, row| Value::text(sha256(&text_at(row, 0))),
        "The SHA-256 of a value's string form, in hexadecimal.",
    ),
    scalar(
        "hash_sha1",
        1..=1,
        returns!(String; plain),
        |_, _, row| Value::text(hexadecimal(&Sha1::digest(text_at(row, 0).as_bytes()))),
        "The SHA-1 of a value's string form, in hexadecimal.",
    ),
    scalar(
        "hash_md5",
        1..=1,
        returns!(String; plain),
        |_, _, row| Value::text(hexadecimal(&Md5::digest(text_at(row, 0).as_bytes()))),
        "The MD5 of a value's string form, in hexadecimal.",
    ),
];

/// Accepts only types for which the bytes hashed by Kusto are known.
fn hash_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    whole(arguments, 1)?;
    match arguments.first().map(|argument| argument.kind) {
        Some(Type::String | Type::Long | Type::DateTime | Type::TimeSpan) => Ok(Type::Long),
        _ => Err(ArgumentError { argument: 0, expected: "a string, long, datetime or timespan".to_owned() }),
    }
}

fn hash(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let digest = match at(row, 0) {
        Value::String(text) => xxhash64(text.as_bytes()),
        Value::Long(number) | Value::DateTime(number) | Value::TimeSpan(number) => xxhash64(&number.to_le_bytes()),
        _ => return Value::Null,
    };
    match row.get(1) {
        None => Value::Long(digest.cast_signed()),
        Some(_) => {
            let parts = long_at(row, 1).and_then(|parts| u64::try_from(parts).ok());
            long(parts.and_then(|parts| digest.checked_rem(parts)).and_then(|rest| i64::try_from(rest).ok()))
        }
    }
}

fn sha256(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_3: u64 = 1_609_587_929_392_839_161;
const PRIME_4: u64 = 9_650_029_242_287_828_579;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

/// xxHash64 with seed 0, as specified.
fn xxhash64(bytes: &[u8]) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        PRIME_5
    } else {
        let mut lanes = [PRIME_1.wrapping_add(PRIME_2), PRIME_2, 0, PRIME_1.wrapping_neg()];
        for stripe in stripes {
            let (words, _) = stripe.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let turns = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
        let joined = turns.fold(0, u64::wrapping_add);
        lanes.iter().fold(joined, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(PRIME_1).wrapping_add(PRIME_4))
    };
    hash = hash.wrapping_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash = (hash ^ round(0, u64::from_le_bytes(*word))).rotate_left(27).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
    }
    let (words, rest) = rest.as_chunks::<4>();
    for word in words {
        let word = u64::from(u32::from_le_bytes(*word)).wrapping_mul(PRIME_1);
        hash = (hash ^ word).rotate_left(23).wrapping_mul(PRIME_2).wrapping_add(PRIME_3);
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIME_5)).rotate_left(11).wrapping_mul(PRIME_1);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(PRIME_2);
    hash = (hash ^ hash >> 29).wrapping_mul(PRIME_3);
    hash ^ hash >> 32
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_match_the_specification() {
        assert_eq!(xxhash64(b""), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxhash64(b"abc"), 0x44BC_2CF5_AD77_0999);
        assert_eq!(
            xxhash64(b"xxhash is a fast non-cryptographic hash algorithm, longer than one stripe"),
            xxhash64_by_steps()
        );
    }

    /// The same hash of the same text, with one stripe computed step by step according to the specification.
    fn xxhash64_by_steps() -> u64 {
        let text = b"xxhash is a fast non-cryptographic hash algorithm, longer than one stripe";
        let word = |at: usize| u64::from_le_bytes(text[at..at + 8].try_into().expect("eight bytes"));
        let mut lanes = [PRIME_1.wrapping_add(PRIME_2), PRIME_2, 0, 0_u64.wrapping_sub(PRIME_1)];
        for stripe in [0, 32] {
            for (place, lane) in lanes.iter_mut().enumerate() {
                *lane = round(*lane, word(stripe + place * 8));
            }
        }
        let mut hash = lanes[0].rotate_left(1).wrapping_add(lanes[1].rotate_left(7));
        hash = hash.wrapping_add(lanes[2].rotate_left(12)).wrapping_add(lanes[3].rotate_left(18));
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
        }
        hash = hash.wrapping_add(text.len() as u64);
        hash = (hash ^ round(0, word(64))).rotate_left(27).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
        for byte in &text[72..] {
            hash = (hash ^ u64::from(*byte).wrapping_mul(PRIME_5)).rotate_left(11).wrapping_mul(PRIME_1);
        }
        hash = (hash ^ hash >> 33).wrapping_mul(PRIME_2);
        hash = (hash ^ hash >> 29).wrapping_mul(PRIME_3);
        hash ^ hash >> 32
    }

    // Values from Kusto's documentation of `hash` and `hash_sha256`, read 2026-11-22.
    #[test]
    fn hashes_match_kusto() {
        assert_eq!(xxhash64(b"World"), 1_846_988_464_401_551_951);
        assert_eq!(xxhash64(&635_556_672_000_000_000_i64.to_le_bytes()), 1_380_966_698_541_616_202);
        let date = "2020-01-01T00:00:00.0000000Z";
        assert_eq!(sha256(date), "ba666752dc1a20eb750b0eb64e780cc4c968bc9fb8813461c1d7e750f302d71d");
    }
}
