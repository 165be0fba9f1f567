//! Hash index over rows of key values for groups and joins. All nulls are one key, and so are all NaNs.

use std::hash::{Hash, Hasher};

use crate::value::Value;

/// A map from keys to numbers, assigned in order of first use.
#[derive(Debug, Default)]
pub(crate) struct Index {
    keys: Vec<Vec<Value>>,
    hashes: Vec<u64>,
    /// An open-addressing table with the number of a key plus one per slot; 0 is free. The length is a power of two, at
    /// most half of the slots are used.
    places: Vec<u32>,
}

impl Index {
    pub(crate) fn into_keys(self) -> Vec<Vec<Value>> {
        self.keys
    }

    /// The number of a known key.
    pub(crate) fn find(&self, key: &[Value]) -> Option<usize> {
        self.look(key, hash(key)).ok()
    }

    /// Returns the number of a key, and whether it is new.
    pub(crate) fn put(&mut self, key: &[Value]) -> (usize, bool) {
        if self.places.len() < 2 * (self.keys.len() + 1) {
            self.grow();
        }
        let hash = hash(key);
        match self.look(key, hash) {
            Ok(number) => (number, false),
            Err(place) => {
                self.keys.push(key.to_vec());
                self.hashes.push(hash);
                if let (Some(slot), Ok(number)) = (self.places.get_mut(place), u32::try_from(self.keys.len())) {
                    *slot = number;
                }
                (self.keys.len() - 1, true)
            }
        }
    }

    /// The slot of a key, or the free slot where it belongs.
    fn look(&self, key: &[Value], hash: u64) -> Result<usize, usize> {
        let Some(mask) = self.places.len().checked_sub(1) else { return Err(0) };
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
        let mut place = hash as usize & mask;
        loop {
            match self.places.get(place).copied() {
                None | Some(0) => return Err(place),
                Some(number) => {
                    let at = number as usize - 1;
                    let found = self.hashes.get(at) == Some(&hash)
                        && self.keys.get(at).is_some_and(|known| same_all(known, key));
                    if found {
                        return Ok(at);
                    }
                }
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(16);
        self.places = vec![0; size];
        for (hash, number) in self.hashes.iter().zip(1_u32..) {
            #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
            let mut place = *hash as usize & (size - 1);
            while self.places.get(place).is_some_and(|taken| *taken != 0) {
                place = (place + 1) & (size - 1);
            }
            if let Some(slot) = self.places.get_mut(place) {
                *slot = number;
            }
        }
    }
}

fn same_all(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// Whether two values are the same key. Whole numbers are compared independently of their width.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Long(b)) | (Value::Long(b), Value::Int(a)) => i64::from(*a) == *b,
        (Value::Real(a), Value::Real(b)) => a == b || (a.is_nan() && b.is_nan()),
        (a, b) => a == b,
    }
}

/// A hash that is equal for equal keys and does not depend on the process.
fn hash(key: &[Value]) -> u64 {
    let mut hasher = Mix(0);
    for value in key {
        put(value, &mut hasher);
    }
    hasher.finish()
}

fn put(value: &Value, into: &mut Mix) {
    match value {
        Value::Null => into.write_u8(0),
        Value::Bool(truth) => into.write_u8(1 + u8::from(*truth)),
        Value::Int(number) => into.write_i64(i64::from(*number)),
        Value::Long(number) | Value::DateTime(number) | Value::TimeSpan(number) => into.write_i64(*number),
        Value::Real(number) => {
            let bits = if number.is_nan() {
                1
            } else if *number == 0.0 {
                0
            } else {
                number.to_bits()
            };
            into.write_u64(bits);
        }
        Value::Decimal(number) => number.hash(into),
        Value::String(text) => into.write(text.as_bytes()),
        Value::Guid(guid) => into.write_u128(*guid),
        // Arrays and bags hash by length only and are distinguished by comparison; they are rare as keys.
        Value::Array(items) => into.write_usize(items.len()),
        Value::Bag(bag) => into.write_usize(bag.len()),
    }
}

/// A multiply-and-fold hash of eight bytes at a time. Keys come from telemetry, and the budget bounds the size of the table.
struct Mix(u64);

impl Mix {
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded into one")]
        let folded = (product ^ (product >> 64)) as u64;
        self.0 = folded.rotate_left(23).wrapping_add(0x2545_f491_4f6c_dd1d);
    }
}

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.add(u64::from_le_bytes(word));
        }
        self.add(bytes.len() as u64);
    }

    fn write_u8(&mut self, number: u8) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_i64(&mut self, number: i64) {
        self.add(number.cast_unsigned());
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::Index;
    use crate::value::Value;

    #[test]
    fn keys_are_numbered_in_order_of_first_use() {
        let mut index = Index::default();
        for round in 0..2 {
            for number in 0..1000_i64 {
                let (at, new) = index.put(&[Value::Long(number * 7), Value::String("x".into())]);
                assert_eq!((at, new), (usize::try_from(number).unwrap(), round == 0));
            }
        }
        assert_eq!(index.keys.len(), 1000);
        assert_eq!(index.find(&[Value::Int(7), Value::String("x".into())]), Some(1));
        assert_eq!(index.find(&[Value::Long(8), Value::String("x".into())]), None);
    }

    #[test]
    fn nulls_nans_and_zeros_are_each_one_key() {
        let mut index = Index::default();
        assert_eq!(index.put(&[Value::Null]), (0, true));
        assert_eq!(index.put(&[Value::Null]), (0, false));
        assert_eq!(index.put(&[Value::Real(f64::NAN)]), (1, true));
        assert_eq!(index.put(&[Value::Real(-f64::NAN)]), (1, false));
        assert_eq!(index.put(&[Value::Real(0.0)]), (2, true));
        assert_eq!(index.put(&[Value::Real(-0.0)]), (2, false));
        assert_eq!(index.put(&[Value::String("".into())]), (3, true));
    }
}
