//! Writes the public API of a crate, one line per item, from rustdoc's JSON.
//!
//! Usage: `list-public-api rustdoc.json`. Implementations that are derived, automatic or blanket are left out. The last
//! line counts the named items: types, traits, free functions, constants and macros.

use std::error::Error;
use std::path::PathBuf;

use public_api::tokens::Token;

/// Words that introduce a named item; fields, variants, methods and modules are not counted.
const KINDS: [&str; 7] = ["struct", "enum", "union", "trait", "type", "const", "static"];

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args().nth(1).ok_or("usage: list-public-api RUSTDOC_JSON")?);
    let api = public_api::Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    let mut named = std::collections::BTreeSet::new();
    for item in api.items() {
        println!("{item}");
        named.extend(name_of(item));
    }
    println!("# {} named items", named.len());
    Ok(())
}

/// The path of a named item, or `None` for anything that belongs to another item.
fn name_of(item: &public_api::PublicItem) -> Option<String> {
    let tokens: Vec<&Token> = item.tokens().filter(|token| !token.text().trim().is_empty()).collect();
    let kind = tokens.iter().find_map(|token| match token {
        Token::Kind(kind) => Some(kind.as_str()),
        _ => None,
    })?;
    let path: Vec<&str> = tokens
        .iter()
        .skip_while(|token| !matches!(token, Token::Kind(_)))
        .skip(1)
        .take_while(|token| matches!(token, Token::Identifier(_) | Token::Function(_) | Token::Type(_)) || token.text() == "::")
        .map(|token| token.text())
        .collect();
    let parent_is_type = path.iter().rev().nth(2).is_some_and(|name| name.starts_with(char::is_uppercase));
    let counts = KINDS.contains(&kind) || kind == "fn" || kind == "macro";
    (counts && !parent_is_type).then(|| path.concat())
}
