//! Random queries for the comparison with Microsoft's binder: generated from a grammar, and mutated from known ones.

/// A small generator of random numbers (xorshift), equal on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator; equal seeds give equal numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    /// One of some texts.
    pub fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list.get(self.below(list.len())).copied().unwrap_or("")
    }
}

/// The columns of the table `T` of the generated queries, as the service writes a schema.
pub const SCHEMA: &[(&str, &str)] = &[
    ("a", "long"),
    ("b", "string"),
    ("c", "real"),
    ("d", "dynamic"),
    ("e", "datetime"),
    ("f", "bool"),
    ("g", "guid"),
    ("i", "int"),
    ("m", "decimal"),
    ("s", "timespan"),
];

const COLUMNS: &[&str] =
    &["a", "b", "c", "d", "e", "f", "g", "i", "m", "s", "x", "y", "Column1", "count_", "d_p", "a1"];
const LITERALS: &[&str] = &[
    "1",
    "2.5",
    "'x'",
    "true",
    "1h",
    "datetime(2024-01-01)",
    "dynamic([1, 2])",
    "dynamic({'p': 1})",
    "int(3)",
    "real(null)",
];
const OPERATORS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "and",
    "or",
    "contains",
    "has",
    "startswith",
    "=~",
    "!has",
    "endswith",
    "has_cs",
];
const AGGREGATES: &[&str] = &[
    "count()",
    "sum(#)",
    "avg(#)",
    "min(#)",
    "max(#)",
    "dcount(#)",
    "countif(#)",
    "make_list(#)",
    "make_set(#)",
    "percentile(#, 50)",
    "percentiles(#, 50, 90)",
    "arg_max(#, *)",
    "arg_min(#, #)",
    "take_any(#)",
    "stdev(#)",
    "sumif(#, #)",
    "variance(#)",
    "hll(#)",
    "tdigest(#)",
    "make_bag(#)",
    "buildschema(#)",
    "percentilesw(#, #, 50, 75)",
    "count_distinct(#)",
];

/// A random query over the table `T` of [`SCHEMA`]; often invalid.
pub fn query(random: &mut Random, functions: &[&str]) -> String {
    let mut out =
        String::from(random.pick(&["T", "T", "T", "range x from 1 to 5 step 1", "print x = 1, d = dynamic([1])"]));
    for _ in 0..1 + random.below(3) {
        out.push_str(" | ");
        out.push_str(&operator(random, functions));
    }
    out
}

fn operator(random: &mut Random, functions: &[&str]) -> String {
    let value = expression(random, functions, 2);
    let column = random.pick(COLUMNS);
    match random.below(22) {
        0 | 1 => format!("where {value}"),
        2 => format!("extend x = {value}"),
        3 => format!("extend {value}"),
        4 => format!("project {value}, y = {column}"),
        5 => format!("project {column}, {}", random.pick(COLUMNS)),
        6 => format!("project-away {column}"),
        7 => format!("project-rename z = {column}"),
        8 | 9 => format!("summarize {} by {column}", aggregate(random, functions)),
        10 => format!("summarize x = {}, {}", aggregate(random, functions), aggregate(random, functions)),
        11 => format!("sort by {column}"),
        12 => format!("top 3 by {column}"),
        13 => format!("mv-expand {column}"),
        14 => format!("mv-apply {column} on (where {column} > 1)"),
        15 => format!("distinct {column}"),
        16 => format!(
            "join kind={} (T | project a, b) on {column}",
            random.pick(&["inner", "leftouter", "leftsemi", "fullouter"])
        ),
        17 => "union T".to_owned(),
        18 => format!(
            "make-series {} on e from datetime(2024-01-01) to datetime(2024-01-02) step 1h",
            aggregate(random, functions)
        ),
        19 => "count as n".to_owned(),
        20 => format!("parse b with * 'k=' {column}:long *"),
        _ => "getschema".to_owned(),
    }
}

fn aggregate(random: &mut Random, functions: &[&str]) -> String {
    let mut out = String::new();
    for part in random.pick(AGGREGATES).split_inclusive('#') {
        match part.strip_suffix('#') {
            Some(before) => {
                out.push_str(before);
                out.push_str(&expression(random, functions, 1));
            }
            None => out.push_str(part),
        }
    }
    out
}

fn expression(random: &mut Random, functions: &[&str], depth: usize) -> String {
    match random.below(if depth == 0 { 5 } else { 10 }) {
        0..=2 => random.pick(COLUMNS).to_owned(),
        3 => random.pick(LITERALS).to_owned(),
        4 => format!("d.{}", random.pick(&["p", "q", "['r s']"])),
        5 | 6 => {
            let (left, right) = (expression(random, functions, depth - 1), expression(random, functions, depth - 1));
            format!("({left} {} {right})", random.pick(OPERATORS))
        }
        7 => format!(
            "iff({}, {}, {})",
            expression(random, functions, 0),
            expression(random, functions, 0),
            expression(random, functions, 0)
        ),
        _ => {
            let count = random.below(4);
            let arguments: Vec<String> = (0..count).map(|_| expression(random, functions, depth - 1)).collect();
            format!("{}({})", random.pick(functions), arguments.join(", "))
        }
    }
}

/// A query with a few of its words removed, repeated, exchanged or replaced.
pub fn mutated(random: &mut Random, text: &str) -> String {
    let mut words: Vec<&str> = pieces(text);
    for _ in 0..1 + random.below(2) {
        let (at, other) = (random.below(words.len()), random.below(words.len()));
        if words.is_empty() {
            break;
        }
        match random.below(4) {
            0 => {
                words.remove(at);
            }
            1 => {
                if let Some(word) = words.get(at).copied() {
                    words.insert(at, word);
                }
            }
            2 => words.swap(at, other),
            _ => {
                let word = random.pick(COLUMNS);
                if let Some(place) = words.get_mut(at) {
                    *place = word;
                }
            }
        }
    }
    words.concat()
}

/// The words and the single other characters of a text.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end =
            if is_word(first) { rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}
