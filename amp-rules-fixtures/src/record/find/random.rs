//! Assembles synthetic secrets.

/// Pseudo-random numbers. Equal seeds give equal samples.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn text(&mut self, alphabet: char, length: usize) -> String {
        let letters = "abcdefghijklmnopqrstuvwxyz";
        let (upper, digits) = (letters.to_uppercase(), "0123456789");
        let alphabet: Vec<char> = match alphabet {
            'a' => format!("{letters}{upper}{digits}"),
            'b' => format!("{letters}{upper}{digits}+/"),
            'w' => format!("{letters}{upper}{digits}_-"),
            'm' => format!("{letters}{upper}").replace(['l', 'I', 'O'], ""),
            'l' => format!("{letters}{digits}"),
            'c' => letters.to_owned(),
            'u' => format!("{upper}{digits}"),
            'U' => "0123456789ABCDEF".to_owned(),
            'x' => "0123456789abcdef".to_owned(),
            'd' => "123456789".to_owned(),
            '2' => "abcdefghijklmnopqrstuvwxyz234567".to_owned(),
            other => panic!("alphabet {other}"),
        }
        .chars()
        .collect();
        let text: String = (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect();
        // Joints at the ends are too rare to be tested by chance, and digits too likely.
        let is_typical = alphabet.len() < 30
            || length < 5
            || text.contains(|c: char| c.is_ascii_digit())
            || !alphabet.contains(&'0');
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
        if is_typical && (length == 0 || ends(text.chars().next()) && ends(text.chars().last())) {
            text
        } else {
            self.text_again(alphabet, length)
        }
    }

    fn text_again(&mut self, alphabet: Vec<char>, length: usize) -> String {
        loop {
            let text: String = (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect();
            let is_joint = |c: char| !c.is_alphanumeric();
            if !text.starts_with(is_joint) && !text.ends_with(is_joint) && text.contains(|c: char| c.is_ascii_digit()) {
                return text;
            }
        }
    }

    /// The sample with its random parts.
    pub(crate) fn expand(&mut self, sample: &str) -> String {
        let mut text = sample.to_owned();
        while let Some(start) = text.rfind("@{") {
            let end = start + text[start..].find('}').unwrap();
            let name = &text[start + 2..end];
            let value = match name {
                "G" => ["x8", "x4", "x4", "x4", "x12"].map(|part| self.expand(&format!("@{{{part}}}"))).join("-"),
                "card" => {
                    let digits = format!("4539{}", self.text('d', 11));
                    (0..10).map(|check| format!("{digits}{check}")).find(|card| luhn(card)).unwrap()
                }
                "iban" => {
                    let account = format!("37040044{}", self.text('d', 10));
                    (2..99).map(|check| format!("DE{check:02}{account}")).find(|iban| mod97(iban)).unwrap()
                }
                _ if name.starts_with("B:") => base64(&name[2..]),
                _ => self.text(name.chars().next().unwrap(), name[1..].parse().unwrap()),
            };
            text.replace_range(start..=end, &value);
        }
        text
    }
}

fn luhn(card: &str) -> bool {
    let digit = |(at, c): (usize, char)| {
        let value = c.to_digit(10).unwrap() * (1 + at as u32 % 2);
        value / 10 + value % 10
    };
    card.chars().rev().enumerate().map(digit).sum::<u32>() % 10 == 0
}

fn mod97(iban: &str) -> bool {
    let digits: String =
        format!("{}{}", &iban[4..], &iban[..4]).chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
    digits.bytes().fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97) == 1
}

/// Base64 without padding.
pub(super) fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = text.bytes().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(6)
        .map(|six| char::from(ALPHABET[(0..6).fold(0, |sum, at| sum * 2 + usize::from(*six.get(at).unwrap_or(&0)))]))
        .collect()
}
