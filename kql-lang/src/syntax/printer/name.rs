//! Names: which can stand as they are, and which need brackets.

use super::super::lexer::{is_name_part, is_name_start};
use super::super::words;
use super::{Printer, literal};

impl Printer {
    /// A name of a column, variable or table.
    pub(super) fn name(&mut self, name: &str) {
        let plain = is_word(name) && !words::is_bracketed(name);
        if plain || matches!(name, "$left" | "$right") { self.text(name) } else { self.bracketed(name) }
    }

    /// The name of a function; the names of types are literals where a bracket follows.
    pub(super) fn function_name(&mut self, name: &str) {
        let special = matches!(name, "toscalar" | "materialize" | "totable" | "range" | "view");
        let literal = name == "typeof" || words::type_named(name).is_some();
        let plain = is_word(name) && !words::is_bracketed(name) && !literal;
        if plain || special { self.text(name) } else { self.bracketed(name) }
    }

    /// A name in which `*` stands for any letters.
    pub(super) fn pattern(&mut self, name: &str) {
        let parts_fit = name.split('*').all(|part| part.is_empty() || is_word(part));
        if name.contains('*') && parts_fit { self.text(name) } else { self.name(name) }
    }

    fn bracketed(&mut self, name: &str) {
        self.text("[");
        literal::text(&mut self.out, name, '\'');
        self.text("]");
    }
}

/// Whether a name is one word and not mistaken for a number.
pub(super) fn is_word(name: &str) -> bool {
    let starts = name.starts_with(|first| is_name_start(first) && first != '$');
    starts && name.chars().all(is_name_part)
}
