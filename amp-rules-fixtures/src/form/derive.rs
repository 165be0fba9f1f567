//! Derived values: the text of a field, a capture of a regex in it, or a text with captures.

use amp_rules_core::telemetry::form::Derivation;
use regex::Regex;
use serde_json::Value;

/// A [`Derivation`] whose regex is compiled.
#[derive(Clone, Debug)]
pub(crate) struct Deriver {
    /// The field.
    pub(crate) from: String,
    regex: Option<Regex>,
    value: Option<String>,
}

impl Deriver {
    /// Compiles derivations. Those of a validated pack compile; any other regex derives nothing.
    pub(super) fn compile(all: &[Derivation]) -> Vec<Self> {
        all.iter()
            .filter_map(|one| {
                let regex = one.regex.as_deref().map(Regex::new).transpose().ok()?;
                Some(Self { from: one.from.clone(), regex, value: one.value.clone() })
            })
            .collect()
    }

    /// The value that is derived from the text of the field; `None` if the derivation does not apply.
    pub(crate) fn derive(&self, text: &str) -> Option<String> {
        let Some(regex) = &self.regex else { return Some(self.value.clone().unwrap_or_else(|| text.to_owned())) };
        let captures = regex.captures(text)?;
        let derived = match &self.value {
            Some(value) => {
                let mut out = String::new();
                captures.expand(value, &mut out);
                out
            }
            None => captures.get(1).or_else(|| captures.get(0))?.as_str().to_owned(),
        };
        Some(derived).filter(|derived| !derived.is_empty())
    }

    /// Whether the field is taken as it is.
    pub(super) fn is_copy(&self) -> bool {
        self.regex.is_none() && self.value.is_none()
    }
}

/// The first value that one of the derivations gives; `field` returns fields by name.
pub(super) fn first<'f>(all: &[Deriver], field: &dyn Fn(&str) -> Option<std::borrow::Cow<'f, Value>>) -> Option<Value> {
    all.iter().find_map(|one| {
        let value = field(&one.from)?;
        if one.is_copy() {
            let is_empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
            return (!is_empty).then(|| value.into_owned());
        }
        let text = amp_rules_core::telemetry::source::rows::text_of(&value)?;
        one.derive(&text).map(Value::String)
    })
}
