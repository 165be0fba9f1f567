//! Sizes in bytes as text.

/// The units with their sizes in bytes, the greatest first.
const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// A size in the greatest unit of which it has one, with one decimal unless that is zero: `16 GiB`, `1.5 KiB`, `7 B`.
pub(crate) fn size(bytes: u64) -> String {
    let Some((unit, one)) = UNITS.iter().find(|(_, one)| bytes >= *one) else { return format!("{bytes} B") };
    let tenths = u128::from(bytes) * 10 / u128::from(*one);
    match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        tenth => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

/// Parses a size: a whole number with or without one of the units `KiB`, `MiB`, `GiB`, `TiB`, `B`.
pub(super) fn parse_bytes(text: &str) -> Option<u64> {
    let unit = |text: &str| UNITS.iter().find_map(|(unit, one)| Some((text.strip_suffix(unit)?.to_owned(), *one)));
    let (number, one) = unit(text).unwrap_or_else(|| (text.strip_suffix('B').unwrap_or(text).to_owned(), 1));
    parse_count(number.trim_end())?.checked_mul(one)
}

/// Parses a whole number; underscores are ignored.
pub(super) fn parse_count(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_and_read() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (16 << 30, "16 GiB"), (u64::MAX, "16777215.9 TiB")]
        {
            assert_eq!(size(bytes), text);
        }
        for (text, bytes) in
            [("7", Some(7)), ("7B", Some(7)), ("2 MiB", Some(2 << 20)), ("1GB", None), ("", None), ("MiB", None)]
        {
            assert_eq!(parse_bytes(text), bytes, "{text}");
        }
    }
}
