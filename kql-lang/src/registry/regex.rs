//! A per-thread cache of compiled regexes by their text, with a bounded size.
//!
//! The syntax is that of Kusto, which is the syntax of the `regex` crate with octal escapes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::{Regex, RegexBuilder};

/// Maximum number of cached regexes per thread; queries have few, and regexes computed from data must not exhaust the
/// memory.
const KEPT: usize = 128;

/// Maximum size of a compiled regex, and of the states that matching keeps of it, in bytes each. With [`KEPT`] this bounds
/// the cache to 640 MiB. A regex that repeats `\w` a thousand times needs about 1 MiB.
const COMPILED: usize = 4 << 20;
const STATES: usize = 1 << 20;

thread_local! {
    static CACHE: RefCell<HashMap<String, Option<Rc<Regex>>>> = RefCell::new(HashMap::new());
}

/// Checks the syntax of a regex.
///
/// # Errors
///
/// The message of the regex parser, in one line.
pub fn check(text: &str) -> Result<(), String> {
    compile(text).map(|_| ()).map_err(|error| {
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).octal(true).size_limit(COMPILED).dfa_size_limit(STATES).build()
}

/// The regex for a text, compiled now or earlier; `None` if the syntax is invalid.
#[must_use]
pub fn get(text: &str) -> Option<Rc<Regex>> {
    CACHE.with_borrow_mut(|kept| {
        if let Some(regex) = kept.get(text) {
            return regex.clone();
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        // A clone of a regex starts with an empty cache, so the same instance is shared.
        let regex = compile(text).ok().map(Rc::new);
        kept.insert(text.to_owned(), regex.clone());
        regex
    })
}

/// `matches regex`; false if the regex is invalid.
#[must_use]
pub fn is_match(text: &str, regex: &str) -> bool {
    get(regex).is_some_and(|regex| regex.is_match(text))
}
