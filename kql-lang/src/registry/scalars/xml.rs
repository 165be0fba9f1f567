//! `parse_xml`: the elements of an XML document as bags.

use std::sync::Arc;

use super::scalar;
use crate::registry::Scalar;
use crate::registry::arguments::{returns, text_at};
use crate::value::{Bag, Value, json};

pub(super) static FUNCTIONS: &[Scalar] = &[scalar(
    "parse_xml",
    1..=1,
    returns!(Dynamic; text),
    |_, _, row| document(&text_at(row, 0)).unwrap_or(Value::Null),
    "The elements of XML as bags: attributes as `@name`, text among them as `#text`, repeated elements as arrays; null if the text is not XML.",
)];

/// Maximum nesting of elements.
const DEEPEST: usize = 100;

struct Reader<'t> {
    rest: &'t str,
}

fn document(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    reader.skip_misc()?;
    let (name, value) = reader.element(0)?;
    reader.skip_misc()?;
    reader.rest.is_empty().then(|| Value::bag(Bag::of([(name, value)])))
}

impl<'t> Reader<'t> {
    /// Skips the text up to a mark, and returns it.
    fn until(&mut self, mark: &str) -> Option<&'t str> {
        let (before, after) = self.rest.split_once(mark)?;
        self.rest = after;
        Some(before)
    }

    fn take(&mut self, mark: &str) -> bool {
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Skips blanks, comments, declarations and instructions.
    fn skip_misc(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start();
            if self.take("<?") {
                self.until("?>")?;
            } else if self.take("<!--") {
                self.until("-->")?;
            } else if self.take("<!DOCTYPE") {
                self.until(">")?;
            } else {
                return Some(());
            }
        }
    }

    fn name(&mut self) -> Option<&'t str> {
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':');
        let end = self.rest.find(|letter| !is_part(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    fn element(&mut self, depth: usize) -> Option<(Arc<str>, Value)> {
        if depth > DEEPEST || !self.take("<") {
            return None;
        }
        let name = self.name()?;
        let mut parts: Vec<(Arc<str>, Vec<Value>)> = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.take("/>") {
                return Some((name.into(), content(parts, "")));
            }
            if self.take(">") {
                break;
            }
            let attribute = self.name()?;
            self.rest = self.rest.trim_start();
            if !self.take("=") {
                return None;
            }
            self.rest = self.rest.trim_start();
            let quote = if self.take("\"") {
                "\""
            } else if self.take("'") {
                "'"
            } else {
                return None;
            };
            let value = decoded(self.until(quote)?)?;
            add(&mut parts, format!("@{attribute}").into(), Value::text(value));
        }
        let mut text = String::new();
        loop {
            if self.take("</") {
                if self.name()? != name {
                    return None;
                }
                self.rest = self.rest.trim_start();
                return self.take(">").then(|| (name.into(), content(parts, &text)));
            }
            if self.take("<!--") {
                self.until("-->")?;
            } else if self.take("<![CDATA[") {
                text.push_str(self.until("]]>")?);
            } else if self.take("<?") {
                self.until("?>")?;
            } else if self.rest.starts_with('<') {
                let (child, value) = self.element(depth + 1)?;
                add(&mut parts, child, value);
            } else {
                let end = self.rest.find('<')?;
                let (part, rest) = self.rest.split_at_checked(end)?;
                text.push_str(&decoded(part)?);
                self.rest = rest;
            }
        }
    }
}

fn add(parts: &mut Vec<(Arc<str>, Vec<Value>)>, name: Arc<str>, value: Value) {
    match parts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.push(value),
        None => parts.push((name, vec![value])),
    }
}

/// The value of an element: a bag if it has attributes or elements, otherwise its text.
fn content(mut parts: Vec<(Arc<str>, Vec<Value>)>, text: &str) -> Value {
    let text = text.trim();
    if parts.is_empty() {
        return scalar_of(text);
    }
    if !text.is_empty() {
        add(&mut parts, "#text".into(), scalar_of(text));
    }
    let single = |values: Vec<Value>| match <[Value; 1]>::try_from(values) {
        Ok([one]) => one,
        Err(several) => Value::array(several),
    };
    Value::bag(Bag::of(parts.into_iter().map(|(name, values)| (name, single(values)))))
}

/// Numbers and truth values as such, other texts as strings.
fn scalar_of(text: &str) -> Value {
    match json::read(text) {
        Some(value @ (Value::Long(_) | Value::Real(_) | Value::Bool(_))) => value,
        _ => Value::text(text),
    }
}

/// A text with its entities replaced.
fn decoded(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';')?;
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => match (entity.strip_prefix("#x"), entity.strip_prefix('#')) {
                (Some(digits), _) => number(digits, 16)?,
                (None, Some(digits)) => number(digits, 10)?,
                (None, None) => return None,
            },
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
