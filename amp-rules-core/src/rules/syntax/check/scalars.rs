//! Checks of scalars: ids, durations, quantities, words, regexes.
//!
//! Input: a scalar and the shape that it should have. Output: diagnostics. Nothing here changes a value.

use std::sync::Arc;

use super::spelling::{UNITS, is_digits, is_id, is_name, kebab, respelt, short, version_bounds};
use crate::file_name;
use crate::rules::codes;
use crate::rules::diagnostic::{Code, Diagnostic, Span};
use crate::rules::syntax::node::{Bytes, Node, Style, Value, is_number};
use crate::rules::syntax::retired::current_format;
use crate::rules::syntax::scalar::{locate, look_alike, misread};
use crate::rules::syntax::shape::Shape;
use crate::suggest::nearest;
use crate::time::{Time, parse_duration};
use crate::unit::{Quantity, Unit};

/// Checks one scalar against the shape that it should have. `file` and `source` are the name and text of the file, `key`
/// is the key whose value the scalar is.
///
/// Returns nothing for a list or map, and for a shape that only lists and maps have; `checker` handles those.
pub(super) fn check_scalar(file: &Arc<str>, source: &str, node: &Node, shape: &Shape, key: &str) -> Vec<Diagnostic> {
    let mut check = ScalarCheck { file, source, node, key, problems: Vec::new() };
    check.scalar(shape);
    check.problems
}

/// One scalar under check, and what was found.
struct ScalarCheck<'a> {
    file: &'a Arc<str>,
    source: &'a str,
    node: &'a Node,
    key: &'a str,
    problems: Vec<Diagnostic>,
}

impl ScalarCheck<'_> {
    fn span(&self, bytes: Bytes) -> Span {
        Span { file: Arc::clone(self.file), start: bytes.start, end: bytes.end }
    }

    fn scalar(&mut self, shape: &Shape) {
        let Value::Scalar { text, style } = &self.node.value else { return };
        match shape {
            Shape::Text => self.text(text, *style),
            Shape::Regex => self.regex(text, *style),
            Shape::Literal => {
                self.text(text, *style);
                self.hazards(text);
                if text.contains('\n') {
                    self.block("a line has no line break, so this is never found");
                }
            }
            Shape::Id => self.id(text),
            Shape::Name => self.name(text),
            Shape::Table => self.table(text),
            Shape::Column | Shape::Telemetry => {
                if text.is_empty()
                    || text.chars().any(char::is_whitespace)
                    || (matches!(shape, Shape::Column) && text.split('.').any(str::is_empty))
                {
                    self.misspelt(shape);
                }
            }
            Shape::SymptomRef => {
                let parts: Vec<&str> = text.split('.').collect();
                if parts.len() > 2 || !parts.iter().all(|part| is_id(part)) {
                    self.misspelt(shape);
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
                    self.misspelt(shape);
                }
            }
            Shape::Integer(least) => {
                if *style == Style::Plain && text.parse::<u32>().is_ok_and(|number| number >= *least) {
                    self.misread(text, *style);
                } else {
                    self.misspelt(shape);
                }
            }
            Shape::Bool => self.boolean(text, *style),
            Shape::Duration => self.duration(text, false),
            Shape::DurationOrZero => self.duration(text, true),
            Shape::DurationSetting => {
                if !self.parameter(text) {
                    self.duration(text, false);
                }
            }
            Shape::Setting => {
                if !self.parameter(text) {
                    self.quantity(text, *style, shape);
                }
            }
            Shape::Quantity => self.quantity(text, *style, shape),
            Shape::Lag => self.lag(text),
            Shape::Instant => {
                if text.parse::<Time>().is_err() {
                    self.misspelt(shape);
                }
            }
            Shape::Offset => {
                if parse_duration(text.trim_start_matches(['-', '+'])).is_none() || text.starts_with("--") {
                    self.misspelt_as(&codes::INVALID_DURATION, shape);
                }
            }
            Shape::Version => {
                let parts: Vec<&str> = text.split('.').collect();
                if parts.len() != 3 || !parts.iter().all(|part| is_digits(part)) {
                    self.misspelt(shape);
                }
            }
            Shape::VersionRange => {
                if version_bounds(text).is_none() {
                    self.misspelt(shape);
                }
            }
            Shape::Unit => self.unit(text, shape),
            Shape::Tag(tag) => self.tag(text, tag),
            Shape::Words(words) => self.words(text, words),
            Shape::Scalar => self.misread(text, *style),
            // Whatever expands the notation into samples reports what is wrong with it.
            Shape::Notation => {}
            Shape::List(_)
            | Shape::AnyList(_)
            | Shape::OneOrMany(_)
            | Shape::Map(..)
            | Shape::Object(_)
            | Shape::Variants(_)
            | Shape::Same(_)
            | Shape::Either(_) => {}
        }
    }

    fn table(&mut self, text: &str) {
        if text.is_empty() || text.chars().any(char::is_whitespace) {
            self.misspelt(&Shape::Table);
        } else if let Some(why) = file_name::problem(text) {
            let problem = Diagnostic::new(&codes::UNSAFE_NAME, self.span(self.node.bytes), format!("`{text}` {why}"))
                .label("expected letters, digits, `_`, `-` and `.`, such as `traces`")
                .help("a table is also a file of an incident folder: `TABLE.ndjson`");
            self.problems.push(problem);
        }
    }

    fn misspelt(&mut self, shape: &Shape) {
        self.misspelt_as(&codes::WRONG_TYPE, shape);
    }

    fn misspelt_as(&mut self, code: &'static Code, shape: &Shape) {
        let problem =
            Diagnostic::new(code, self.span(self.node.bytes), format!("`{}` is {}", self.key, self.node.describe()))
                .label(format!("expected {}", shape.expected()));
        self.problems.push(problem);
    }

    fn text(&mut self, text: &str, style: Style) {
        if style == Style::Plain && misread(text).is_none() && (is_number(text) || matches!(text, "true" | "false")) {
            let problem = Diagnostic::new(
                &codes::WRONG_TYPE,
                self.span(self.node.bytes),
                format!("`{}` is {}", self.key, self.node.describe()),
            )
            .label("expected a text")
            .help(format!("quote it: `'{text}'`"))
            .fix(self.span(self.node.bytes), format!("'{text}'"));
            self.problems.push(problem);
            return;
        }
        self.misread(text, style);
        if text.trim().is_empty() && style != Style::Plain && self.key != "is" && self.key != "line" {
            let problem = Diagnostic::new(
                &codes::WRONG_TYPE,
                self.span(self.node.bytes),
                format!("`{}` is an empty text", self.key),
            )
            .help("write a text, or remove the key");
            self.problems.push(problem);
        }
    }

    fn misread(&mut self, text: &str, style: Style) {
        if style != Style::Plain {
            return;
        }
        if let Some(how) = misread(text) {
            let problem = Diagnostic::new(
                &codes::AMBIGUOUS_SCALAR,
                self.span(self.node.bytes),
                format!("`{text}` is easily misread"),
            )
            .label(how.reads_as())
            .help(format!("quote it if it is a text: `'{text}'`"))
            .fix(self.span(self.node.bytes), format!("'{text}'"));
            self.problems.push(problem);
        }
    }

    fn regex(&mut self, text: &str, style: Style) {
        self.hazards(text);
        match style {
            Style::Literal | Style::Folded if text.contains('\n') => {
                self.block("the block adds a line break, so the regex matches no line");
            }
            Style::Double => {
                let raw = self.source.get(self.node.bytes.start..self.node.bytes.end).unwrap_or("").to_owned();
                let mut characters = raw.chars();
                let mut escaped = None;
                while let Some(c) = characters.next() {
                    if c == '\\'
                        && let Some(next) = characters.next()
                        && !matches!(next, '\\' | '"')
                    {
                        escaped = Some(next);
                        break;
                    }
                }
                if let Some(escaped) = escaped {
                    let inner = raw.trim_matches('"').replace('\'', "''");
                    let problem = Diagnostic::new(
                        &codes::REGEX_IN_BLOCK_SCALAR,
                        self.span(self.node.bytes),
                        format!("`\\{escaped}` is an escape in double quotes"),
                    )
                    .help("write regexes in single quotes, where a backslash is not an escape")
                    .unsafe_fix(self.span(self.node.bytes), format!("'{inner}'"));
                    self.problems.push(problem);
                }
            }
            Style::Plain => self.misread(text, style),
            Style::Literal | Style::Folded | Style::Single => {}
        }
        if text.is_empty() {
            let problem = Diagnostic::new(
                &codes::MATCHES_EVERYTHING,
                self.span(self.node.bytes),
                "an empty regex matches every line",
            );
            self.problems.push(problem);
        }
    }

    fn block(&mut self, why: &str) {
        let Some(text) = self.node.text() else { return };
        let head = self.node.head(self.source);
        let mut problem =
            Diagnostic::new(&codes::REGEX_IN_BLOCK_SCALAR, self.span(head), "a regex in a block scalar").label(why);
        let trimmed = text.trim_end();
        problem = if trimmed.contains('\n') {
            problem.help("write it in single quotes on one line")
        } else {
            problem
                .help("write it in single quotes")
                .fix(self.span(self.node.bytes), format!("'{}'", trimmed.replace('\'', "''")))
        };
        self.problems.push(problem);
    }

    fn hazards(&mut self, text: &str) {
        for (at, c) in text.char_indices() {
            if let Some(what) = look_alike(c) {
                let bytes = locate(self.source, self.node, at, at + c.len_utf8());
                let problem = Diagnostic::new(&codes::UNICODE_HAZARD, self.span(bytes), format!("`{c}` is {what}"))
                    .help(format!("if it is intended, write it as `\\x{{{:04X}}}`", u32::from(c)));
                self.problems.push(problem);
            }
        }
    }

    fn id(&mut self, text: &str) {
        if is_id(text) {
            return;
        }
        let mut problem =
            Diagnostic::new(&codes::ID_FORMAT, self.span(self.node.bytes), format!("`{text}` is not a valid id"))
                .label("expected lower case letters, digits and hyphens");
        let better = kebab(text);
        if is_id(&better) {
            problem = problem.help(format!("write `{better}`")).unsafe_fix(self.span(self.node.bytes), better);
        }
        self.problems.push(problem);
    }

    fn name(&mut self, text: &str) {
        if is_name(text) {
            return;
        }
        let mut problem =
            Diagnostic::new(&codes::ID_FORMAT, self.span(self.node.bytes), format!("`{text}` is not a valid name"))
                .label("expected letters, digits and `_`, a letter first");
        let better = text.replace(['-', ' ', '.'], "_");
        if is_name(&better) {
            problem = problem.help(format!("write `{better}`"));
        }
        self.problems.push(problem);
    }

    fn boolean(&mut self, text: &str, style: Style) {
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
            self.span(self.node.bytes),
            format!("`{}` is {}", self.key, self.node.describe()),
        )
        .label("expected `true` or `false`");
        if let Some(meant) = meant {
            problem = problem.help(format!("write `{meant}`")).fix(self.span(self.node.bytes), meant);
        }
        self.problems.push(problem);
    }

    /// Returns whether the text is `$parameter`, and reports one that is invalid.
    fn parameter(&mut self, text: &str) -> bool {
        let Some(name) = text.strip_prefix('$') else { return false };
        if !is_name(name) {
            let problem = Diagnostic::new(
                &codes::ID_FORMAT,
                self.span(self.node.bytes),
                format!("`{text}` is not a valid parameter"),
            )
            .label("expected `$` and a name of letters, digits and `_`");
            self.problems.push(problem);
        }
        true
    }

    fn duration(&mut self, text: &str, zero: bool) {
        let (message, help) = match parse_duration(text) {
            Some(duration) if !duration.is_zero() || zero => return,
            Some(_) => (format!("`{}` is zero", self.key), Some("remove the key if there is no such time".to_owned())),
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
                (format!("`{}` is {}", self.key, self.node.describe()), help)
            }
        };
        let mut problem = Diagnostic::new(&codes::INVALID_DURATION, self.span(self.node.bytes), message)
            .label("expected a duration such as `15m`");
        problem.help = help;
        self.problems.push(problem);
    }

    fn lag(&mut self, text: &str) {
        let (least, greatest) = text.split_once("..").unwrap_or((text, ""));
        let least = parse_duration(least.trim());
        let greatest = greatest.trim();
        let fits =
            least.is_some() && text.contains("..") && (greatest.is_empty() || parse_duration(greatest).is_some());
        if !fits {
            self.misspelt_as(&codes::INVALID_DURATION, &Shape::Lag);
        }
    }

    fn quantity(&mut self, text: &str, style: Style, shape: &Shape) {
        if Quantity::parse(text).is_some() {
            self.misread_quantity(text, style);
            return;
        }
        let mut problem = Diagnostic::new(
            &codes::WRONG_TYPE,
            self.span(self.node.bytes),
            format!("`{}` is {}", self.key, self.node.describe()),
        )
        .label(format!("expected {}", shape.expected()));
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
        self.problems.push(problem);
    }

    /// Numbers are read as written; only spellings that other readers take for something else are reported.
    fn misread_quantity(&mut self, text: &str, style: Style) {
        let old_octal = text.len() > 1 && text.starts_with('0') && is_digits(text);
        if style == Style::Plain && old_octal {
            self.misread(text, style);
        }
    }

    fn unit(&mut self, text: &str, shape: &Shape) {
        if Unit::named(text).is_some() && !text.is_empty() {
            return;
        }
        let mut problem = Diagnostic::new(
            &codes::INVALID_ENUM,
            self.span(self.node.bytes),
            format!("`{}` is {}", self.key, self.node.describe()),
        )
        .label(format!("expected {}", shape.expected()));
        if let Some(near) = nearest(text, UNITS.iter().copied()) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(self.span(self.node.bytes), near);
        }
        self.problems.push(problem);
    }

    fn tag(&mut self, text: &str, tag: &str) {
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
            self.span(self.node.bytes),
            format!("unknown format `{text}`"),
        )
        .label(format!("expected `{tag}`"));
        problem = match current_format(text) {
            Some(new) if new == tag => {
                problem.help(format!("`{text}` is called `{new}`")).fix(self.span(self.node.bytes), tag)
            }
            _ if newer => problem.help("the file requires a newer version of this program"),
            _ => problem.fix(self.span(self.node.bytes), tag),
        };
        self.problems.push(problem);
    }

    fn words(&mut self, text: &str, words: &[(&str, &str)]) {
        if words.iter().any(|(word, _)| *word == text) {
            return;
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mut problem = Diagnostic::new(
            &codes::INVALID_ENUM,
            self.span(self.node.bytes),
            format!("`{}` cannot be `{}`", self.key, short(text)),
        )
        .label(format!("expected one of `{}`", all.join("`, `")));
        let within =
            all.iter().copied().filter(|word| word.len() >= 4 && text.contains(word)).max_by_key(|word| word.len());
        if let Some(near) = nearest(text, all.iter().copied()).or(within) {
            problem = problem.help(format!("did you mean `{near}`?")).fix(self.span(self.node.bytes), near);
        }
        self.problems.push(problem);
    }
}
