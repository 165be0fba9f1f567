//! Printing of names, in brackets where needed.

use super::super::lexer::{is_name_part, is_name_start};
use super::super::words;
use super::{Printer, literal};

impl Printer {
    /// Writes the name of a column, variable or table.
    pub(super) fn name(&mut self, name: &str) {
        let plain = is_word(name) && !words::is_bracketed(name);
        if plain || matches!(name, "$left" | "$right") { self.text(name) } else { self.bracketed(name) }
    }

    /// Writes the name of a function. Type names are bracketed, since `type(…)` is a literal.
    pub(super) fn function_name(&mut self, name: &str) {
        let special = matches!(name, "toscalar" | "materialize" | "totable" | "range" | "view");
        let literal = name == "typeof" || words::type_named(name).is_some();
        let plain = is_word(name) && !words::is_bracketed(name) && !literal;
        if plain || special { self.text(name) } else { self.bracketed(name) }
    }

    /// Writes a name in which `*` is a wildcard.
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

/// Whether a name is a single word that starts with a letter or `_`.
pub(super) fn is_word(name: &str) -> bool {
    is_token(name) && !name.starts_with('$')
}

/// Whether a text is read as a single word.
pub(super) fn is_token(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().skip(1).all(is_name_part)
}
