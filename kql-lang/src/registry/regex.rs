//! Regexes by their text: each is compiled once and kept, up to a number of them.
//!
//! The syntax is that of Kusto, which is that of the `regex` crate with octal escapes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::{Regex, RegexBuilder};

/// How many regexes a thread keeps; queries have few, and one that is made of data must not fill the memory.
const KEPT: usize = 1024;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Option<Rc<Regex>>>> = RefCell::new(HashMap::new());
}

/// Whether a regex is one, and if not, why.
///
/// # Errors
///
/// What the regex's own parser says, in one line.
pub fn check(text: &str) -> Result<(), String> {
    compile(text).map(|_| ()).map_err(|error| {
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).octal(true).build()
}

/// The regex of a text, compiled now or earlier; none if it is no regex.
#[must_use]
pub fn get(text: &str) -> Option<Rc<Regex>> {
    COMPILED.with_borrow_mut(|kept| {
        if let Some(regex) = kept.get(text) {
            return regex.clone();
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        // A clone of a regex begins with an empty cache, so the same one is handed out.
        let regex = compile(text).ok().map(Rc::new);
        kept.insert(text.to_owned(), regex.clone());
        regex
    })
}

/// `matches regex`; false if it is no regex.
#[must_use]
pub fn is_match(text: &str, regex: &str) -> bool {
    get(regex).is_some_and(|regex| regex.is_match(text))
}
