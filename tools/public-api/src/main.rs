//! Writes the public API of a crate, one line per item, from rustdoc's JSON.
//!
//! Usage: `list-public-api rustdoc.json`. Implementations that are derived, automatic or blanket are left out. The last
//! line counts the named items (types, traits, free functions, constants, macros), each once however often it is
//! re-exported.

use std::collections::BTreeSet;
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
    let mut named: BTreeSet<Vec<String>> = BTreeSet::new();
    for item in api.items() {
        println!("{item}");
        named.extend(name_of(item));
    }
    // A module above the one that defines an item may re-export it.
    let is_re_export = |path: &Vec<String>| {
        let Some((name, module)) = path.split_last() else { return false };
        named.iter().any(|other| other.len() > path.len() && other.last() == Some(name) && other.starts_with(module))
    };
    println!("# {} named items", named.iter().filter(|path| !is_re_export(path)).count());
    Ok(())
}

/// The path of a named item, or `None` for anything that belongs to another item.
fn name_of(item: &public_api::PublicItem) -> Option<Vec<String>> {
    let tokens: Vec<&Token> = item.tokens().filter(|token| !token.text().trim().is_empty()).collect();
    let kind = tokens.iter().find_map(|token| match token {
        Token::Kind(kind) => Some(kind.as_str()),
        _ => None,
    })?;
    let path: Vec<&str> = tokens
        .iter()
        .skip_while(|token| !matches!(token, Token::Kind(_)))
        .skip(1)
        .take_while(|token| {
            matches!(token, Token::Identifier(_) | Token::Function(_) | Token::Type(_)) || token.text() == "::"
        })
        .map(|token| token.text())
        .filter(|text| *text != "::")
        .collect();
    let parent_is_type = path.iter().rev().nth(1).is_some_and(|name| name.starts_with(char::is_uppercase));
    let counts = KINDS.contains(&kind) || kind == "fn" || kind == "macro";
    (counts && !parent_is_type).then(|| path.into_iter().map(str::to_owned).collect())
}
