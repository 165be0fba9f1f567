//! The spelling of single values: ids, durations, quantities, words, regexes.
//!
//! Input: a scalar and the shape it should have. Output: diagnostics. A value is never changed here.

use super::{Checker, Context};
use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic};
use crate::rules::syntax::node::{Bytes, Node, Style, Value, is_number};
use crate::rules::syntax::scalar::{hazard, locate, misread};
use crate::rules::syntax::shape::Shape;
use crate::suggest::nearest;
use crate::time::{Time, parse_duration};
use crate::unit::{Quantity, Unit};

const UNITS: &[&str] = &[
    "kB",
    "MB",
    "GB",
    "TB",
    "KiB",
    "MiB",
    "GiB",
    "TiB",
    "bytes",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "%",
    "percent",
    "ratio",
    "count",
    "cores",
    "k",
    "M",
    "G",
    "seconds",
    "milliseconds",
    "nanocores",
];

impl<'n> Checker<'_, 'n> {
    pub(super) fn scalar(&mut self, node: &Node, shape: &Shape, context: &Context<'n>) {
        let Value::Scalar { text, style } = &node.value else { return };
        if node.is_null() {
            self.wrong_type(node, shape, context);
            return;
        }
        match shape {
            Shape::Text => self.text(node, text, *style, context),
            Shape::Regex => self.regex(node, text, *style),
            Shape::Literal => {
                self.text(node, text, *style, context);
                self.hazards(node, text);
                if text.contains('\n') {
                    self.block(node, "a line holds no line break, so this is never found");
                }
            }
            Shape::Id => self.id(node, text),
            Shape::Name => self.name(node, text),
            Shape::Column | Shape::Telemetry => {
                if text.is_empty()
                    || text.chars().any(char::is_whitespace)
                    || (matches!(shape, Shape::Column) && text.split('.').any(str::is_empty))
                {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::SymptomRef => {
                let parts: Vec<&str> = text.split('.').collect();
                if parts.len() > 2 || !parts.iter().all(|part| is_id(part)) {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::Capture => {
                let parts: Vec<&str> = text.split('.').collect();
                let fits = match parts.as_slice() {
                    [symptom, capture] => is_id(symptom) && is_name(capture),
                    [pattern, symptom, capture] => is_id(pattern) && is_id(symptom) && is_name(capture),
                    _ => false,
                };
                if !fits {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::Integer(least) => {
                if *style == Style::Plain && text.parse::<u32>().is_ok_and(|number| number >= *least) {
                    self.misread(node, text, *style);
                } else {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::Bool => self.boolean(node, text, *style, context),
            Shape::Duration => self.duration(node, text, false, context),
            Shape::DurationOrZero => self.duration(node, text, true, context),
            Shape::DurationSetting => {
                if !self.parameter(node, text) {
                    self.duration(node, text, false, context);
                }
            }
            Shape::Setting => {
                if !self.parameter(node, text) {
                    self.quantity(node, text, *style, shape, context);
                }
            }
            Shape::Quantity => self.quantity(node, text, *style, shape, context),
            Shape::Lag => self.lag(node, text, context),
            Shape::Instant => {
                if text.parse::<Time>().is_err() {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::Offset => {
                if parse_duration(text.trim_start_matches(['-', '+'])).is_none() || text.starts_with("--") {
                    self.misspelt_as(&codes::INVALID_DURATION, node, shape, context);
                }
            }
            Shape::Version => {
                let parts: Vec<&str> = text.split('.').collect();
                if parts.len() != 3 || !parts.iter().all(|part| is_digits(part)) {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::VersionRange => {
                if version_bounds(text).is_none() {
                    self.misspelt(node, shape, context);
                }
            }
            Shape::Unit => self.unit(node, text, shape, context),
            Shape::Tag(tag) => self.tag(node, text, tag),
            Shape::Words(words) => self.words(node, text, words, context),
            Shape::Scalar => self.misread(node, text, *style),
            // Numbers are read as they stand; who tells the story says what is wrong with them.
            Shape::Notation => {}
            // The others are lists and maps, which `check` has told apart.
            _ => self.wrong_type(node, shape, context),
        }
    }

    /// Characters anywhere in the file, comments included, that change what a reader sees.
    pub(super) fn invisible(&mut self) {
        let text = self.text;
        for (at, c) in text.char_indices() {
            if c.is_ascii() || at == 0 && c == '\u{feff}' {
                continue;
            }
            if let Some((what, true)) = hazard(c) {
                let bytes = Bytes { start: at, end: at + c.len_utf8() };
                let problem = Diagnostic::new(
                    &codes::UNICODE_HAZARD,
                    self.span(bytes),
                    format!("U+{:04X} is {what}", u32::from(c)),
                )
                .help("remove it; where a log really has it, write the escape `\\x{…}` in a regex")
                .unsafe_fix(self.span(bytes), "");
                self.problems.push(problem);
            }
        }
    }

    fn misspelt(&mut self, node: &Node, shape: &Shape, context: &Context<'n>) {
        self.misspelt_as(&codes::WRONG_TYPE, node, shape, context);
    }

    fn misspelt_as(&mut self, code: &'static Code, node: &Node, shape: &Shape, context: &Context<'n>) {
        let problem = Diagnostic::new(code, self.span(node.bytes), format!("`{}` is {}", context.key, node.describe()))
            .saying(format!("expected {}", shape.expected()));
        self.report(node.bytes, problem);
    }

    fn text(&mut self, node: &Node, text: &str, style: Style, context: &Context<'n>) {
        if style == Style::Plain && misread(text).is_none() && (is_number(text) || matches!(text, "true" | "false")) {
            let problem = Diagnostic::new(
                &codes::WRONG_TYPE,
                self.span(node.bytes),
                format!("`{}` is {}", context.key, node.describe()),
            )
            .saying("expected a text")
            .help(format!("quote it: `'{text}'`"))
            .fix(self.span(node.bytes), format!("'{text}'"));
            self.report(node.bytes, problem);
            return;
        }
        self.misread(node, text, style);
        if text.trim().is_empty() && style != Style::Plain && context.key != "is" && context.key != "line" {
            let problem = Diagnostic::new(
                &codes::WRONG_TYPE,
                self.span(node.bytes),
                format!("`{}` is an empty text", context.key),
            )
            .help("write it, or leave the key out");
            self.report(node.bytes, problem);
        }
    }

    fn misread(&mut self, node: &Node, text: &str, style: Style) {
        if style != Style::Plain {
            return;
        }
        if let Some(how) = misread(text) {
            let problem =
                Diagnostic::new(&codes::AMBIGUOUS_SCALAR, self.span(node.bytes), format!("`{text}` is easily misread"))
                    .saying(how.reads_as())
                    .help(format!("quote it if it is a text: `'{text}'`"))
                    .fix(self.span(node.bytes), format!("'{text}'"));
            self.report(node.bytes, problem);
        }
    }

    fn regex(&mut self, node: &Node, text: &str, style: Style) {
        self.hazards(node, text);
        match style {
            Style::Literal | Style::Folded if text.contains('\n') => {
                self.block(node, "the block adds a line break, so the regex never matches a line");
            }
            Style::Double => {
                let raw = self.text.get(node.bytes.start..node.bytes.end).unwrap_or("").to_owned();
                let mut characters = raw.chars();
                let mut eaten = None;
                while let Some(c) = characters.next() {
                    if c == '\\'
                        && let Some(next) = characters.next()
                        && !matches!(next, '\\' | '"')
                    {
                        eaten = Some(next);
                        break;
                    }
                }
                if let Some(eaten) = eaten {
                    let inner = raw.trim_matches('"').replace('\'', "''");
                    let problem = Diagnostic::new(
                        &codes::REGEX_IN_BLOCK_SCALAR,
                        self.span(node.bytes),
                        format!("double quotes turn `\\{eaten}` into a character"),
                    )
                    .help("write regexes in single quotes, where a backslash is a backslash")
                    .unsafe_fix(self.span(node.bytes), format!("'{inner}'"));
                    self.report(node.bytes, problem);
                }
            }
            Style::Plain => self.misread(node, text, style),
            Style::Literal | Style::Folded | Style::Single => {}
        }
        if text.is_empty() {
            let problem =
                Diagnostic::new(&codes::MATCHES_EVERYTHING, self.span(node.bytes), "an empty regex matches every line");
            self.report(node.bytes, problem);
        }
    }

    fn block(&mut self, node: &Node, why: &str) {
        let Some(text) = node.text() else { return };
        let head = self.head(node);
        let mut problem =
            Diagnostic::new(&codes::REGEX_IN_BLOCK_SCALAR, self.span(head), "a regex in a block").saying(why);
        let trimmed = text.trim_end();
        problem = if trimmed.contains('\n') {
            problem.help("write it in single quotes on one line")
        } else {
            problem
                .help("write it in single quotes")
                .fix(self.span(node.bytes), format!("'{}'", trimmed.replace('\'', "''")))
        };
        self.report(node.bytes, problem);
    }

    fn hazards(&mut self, node: &Node, text: &str) {
        for (at, c) in text.char_indices() {
            if let Some((what, false)) = hazard(c) {
                let bytes = locate(self.text, node, at, at + c.len_utf8());
                let problem = Diagnostic::new(&codes::UNICODE_HAZARD, self.span(bytes), format!("`{c}` is {what}"))
                    .help(format!("if it is meant, write it as `\\x{{{:04X}}}`", u32::from(c)));
                self.report(node.bytes, problem);
            }
        }
    }

    fn id(&mut self, node: &Node, text: &str) {
        if is_id(text) {
            return;
        }
        let mut problem = Diagnostic::new(&codes::ID_FORMAT, self.span(node.bytes), format!("`{text}` is no id"))
            .saying("expected lower case letters, digits and hyphens");
        let better = kebab(text);
        if is_id(&better) {
            problem = problem.help(format!("write `{better}`")).unsafe_fix(self.span(node.bytes), better);
        }
        self.report(node.bytes, problem);
    }

    fn name(&mut self, node: &Node, text: &str) {
        if is_name(text) {
            return;
        }
        let mut problem = Diagnostic::new(&codes::ID_FORMAT, self.span(node.bytes), format!("`{text}` is no name"))
            .saying("expected letters, digits and `_`, a letter first");
        let better = text.replace(['-', ' ', '.'], "_");
        if is_name(&better) {
            problem = problem.help(format!("write `{better}`"));
        }
        self.report(node.bytes, problem);
    }

    fn boolean(&mut self, node: &Node, text: &str, style: Style, context: &Context<'n>) {
        if style == Style::Plain && matches!(text, "true" | "false") {
            return;
        }
        let meant = match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "true" | "1" => Some("true"),
            "no" | "off" | "n" | "false" | "0" => Some("false"),
            _ => None,
        };
        let mut problem = Diagnostic::new(
            &codes::WRONG_TYPE,
            self.span(node.bytes),
            format!("`{}` is {}", context.key, node.describe()),
        )
        .saying("expected `true` or `false`");
        if let Some(meant) = meant {
            problem = problem.help(format!("write `{meant}`")).fix(self.span(node.bytes), meant);
        }
        self.report(node.bytes, problem);
    }

    /// Whether the text is `$parameter`; says so if it wants to be one and is not well formed.
    fn parameter(&mut self, node: &Node, text: &str) -> bool {
        let Some(name) = text.strip_prefix('$') else { return false };
        if !is_name(name) {
            let problem =
                Diagnostic::new(&codes::ID_FORMAT, self.span(node.bytes), format!("`{text}` names no parameter"))
                    .saying("expected `$` and a name of letters, digits and `_`");
            self.report(node.bytes, problem);
        }
        true
    }

    fn duration(&mut self, node: &Node, text: &str, zero: bool, context: &Context<'n>) {
        let (message, help) = match parse_duration(text) {
            Some(duration) if !duration.is_zero() || zero => return,
            Some(_) => {
                (format!("`{}` is zero", context.key), Some("leave the key out if there is no such time".to_owned()))
            }
            None => {
                let help = if is_digits(text) {
                    Some(format!("a duration has a unit: `{text}s` or `{text}m`"))
                } else if text.starts_with('-') {
                    Some("a duration has no sign".to_owned())
                } else if text.contains(':') {
                    Some("write hours and minutes as `1h30m`".to_owned())
                } else {
                    parse_duration(&respelt(text)).map(|_| format!("write `{}`", respelt(text)))
                };
                (format!("`{}` is {}", context.key, node.describe()), help)
            }
        };
        let mut problem = Diagnostic::new(&codes::INVALID_DURATION, self.span(node.bytes), message)
            .saying("expected a duration such as `15m`");
        problem.help = help;
        self.report(node.bytes, problem);
    }

    fn lag(&mut self, node: &Node, text: &str, context: &Context<'n>) {
        let (least, greatest) = text.split_once("..").unwrap_or((text, ""));
        let least = parse_duration(least.trim());
        let greatest = greatest.trim();
        let fits =
            least.is_some() && text.contains("..") && (greatest.is_empty() || parse_duration(greatest).is_some());
        if !fits {
            self.misspelt_as(&codes::INVALID_DURATION, node, &Shape::Lag, context);
        }
    }

    fn quantity(&mut self, node: &Node, text: &str, style: Style, shape: &Shape, context: &Context<'n>) {
        if Quantity::parse(text).is_some() {
            self.misread_quantity(node, text, style);
            return;
        }
        let mut problem = Diagnostic::new(
            &codes::WRONG_TYPE,
            self.span(node.bytes),
            format!("`{}` is {}", context.key, node.describe()),
        )
        .saying(format!("expected {}", shape.expected()));
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+' | ' '));
        if unit.len() < text.len() && !unit.is_empty() {
            problem.message = format!("unknown unit `{unit}`");
            if let Some(near) = UNITS
                .iter()
                .find(|known| known.eq_ignore_ascii_case(unit))
                .copied()
                .or_else(|| nearest(unit, UNITS.iter().copied()))
            {
                problem = problem.help(format!("did you mean `{near}`?"));
            }
        }
        self.report(node.bytes, problem);
    }

    /// Numbers are read as they stand; only spellings that other readers take for something else are remarked on.
    fn misread_quantity(&mut self, node: &Node, text: &str, style: Style) {
        let old_octal = text.len() > 1 && text.starts_with('0') && is_digits(text);
        if style == Style::Plain && old_octal {
            self.misread(node, text, style);
        }
    }

    fn unit(&mut self, node: &Node, text: &str, shape: &Shape, context: &Context<'n>) {
        if Unit::named(text).is_some() && !text.is_empty() {
            return;
        }
        let mut problem = Diagnostic::new(
            &codes::INVALID_ENUM,
            self.span(node.bytes),
            format!("`{}` is {}", context.key, node.describe()),
        )
        .saying(format!("expected {}", shape.expected()));
        if let Some(near) = nearest(text, UNITS.iter().copied()) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(self.span(node.bytes), near);
        }
        self.report(node.bytes, problem);
    }

    fn tag(&mut self, node: &Node, text: &str, tag: &str) {
        if text == tag {
            return;
        }
        let (family, version) = tag.rsplit_once("/v").unwrap_or((tag, "1"));
        let newer = text
            .strip_prefix(family)
            .and_then(|rest| rest.strip_prefix("/v"))
            .and_then(|number| number.parse::<u32>().ok())
            .is_some_and(|number| version.parse::<u32>().is_ok_and(|known| number > known));
        let mut problem = Diagnostic::new(
            &codes::UNSUPPORTED_SCHEMA_VERSION,
            self.span(node.bytes),
            format!("the format `{text}` is not known here"),
        )
        .saying(format!("expected `{tag}`"));
        problem = if newer {
            problem.help("the file needs a newer version of this program")
        } else {
            problem.fix(self.span(node.bytes), tag)
        };
        self.report(node.bytes, problem);
    }

    fn words(&mut self, node: &Node, text: &str, words: &[(&str, &str)], context: &Context<'n>) {
        if words.iter().any(|(word, _)| *word == text) {
            return;
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mut problem = Diagnostic::new(
            &codes::INVALID_ENUM,
            self.span(node.bytes),
            format!("`{}` cannot be `{}`", context.key, short(text)),
        )
        .saying(format!("expected one of `{}`", all.join("`, `")));
        let within =
            all.iter().copied().filter(|word| word.len() >= 4 && text.contains(word)).max_by_key(|word| word.len());
        if let Some(near) = nearest(text, all.iter().copied()).or(within) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(self.span(node.bytes), near);
        }
        self.report(node.bytes, problem);
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is an id: `kebab-case`.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn kebab(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_uppercase() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// A duration in words, respelt: `15 min`, `2 hours`.
fn respelt(text: &str) -> String {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_ascii_lowercase();
    let unit = match unit.trim_end_matches('s') {
        "min" | "minute" => "m",
        "hour" | "hr" => "h",
        "day" => "d",
        "week" => "w",
        "sec" | "second" | "" => "s",
        "m" => "m",
        "h" => "h",
        "d" => "d",
        _ => "?",
    };
    format!("{digits}{unit}")
}

/// The bounds of a version range: comparison sign and numbers.
pub(crate) fn version_bounds(text: &str) -> Option<Vec<(&str, Vec<u64>)>> {
    let mut bounds = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        let sign = [">=", "<=", "==", ">", "<", "="].into_iter().find(|sign| part.starts_with(sign))?;
        let numbers: Option<Vec<u64>> =
            part.get(sign.len()..)?.trim().split('.').map(|number| number.parse().ok()).collect();
        bounds.push((sign, numbers?));
    }
    Some(bounds)
}

#[cfg(test)]
mod tests {
    use super::{is_id, kebab, version_bounds};

    #[test]
    fn an_id_is_kebab_case() {
        assert!(is_id("memory-high-2"));
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "a b", "ä"] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_better_id_is_offered() {
        assert_eq!(kebab("OomKilled"), "oom-killed");
        assert_eq!(kebab("memory_high "), "memory-high");
    }

    #[test]
    fn version_bounds_are_read() {
        assert_eq!(version_bounds(">=6.20.0, <6.22.0").unwrap(), [(">=", vec![6, 20, 0]), ("<", vec![6, 22, 0])]);
        assert!(version_bounds("6.20").is_none());
        assert!(version_bounds(">=six").is_none());
    }
}
