//! Which file of a crate uses which other file of the same crate.
//!
//! Paths that start with `crate::`, `super::` or `self::` are resolved to the file that holds the named module, wherever
//! they stand: in `use` declarations, in code and in the tokens of macros. Code under `#[cfg(test)]` does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// A module path within a crate, without `crate`; empty for the root.
pub type Module = Vec<String>;

/// The files of one crate and the uses between them.
#[derive(Debug, Default)]
pub struct Crate {
    /// Per module that has a file of its own, the modules with files that it uses, without itself.
    pub uses: BTreeMap<Module, BTreeSet<Module>>,
}

impl Crate {
    /// Reads every file below a crate's `src` folder.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or that is no Rust.
    pub fn read(src: &Path) -> io::Result<Self> {
        let mut texts: BTreeMap<Module, String> = BTreeMap::new();
        for path in crate::files(src)? {
            let relative = path.strip_prefix(src).unwrap_or(&path).with_extension("");
            let mut module: Module =
                relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            let is_rust = path.extension().is_some_and(|ending| ending == "rs");
            if !is_rust || module.first().is_some_and(|first| first == "bin" || first == "main") {
                continue;
            }
            if module.last().is_some_and(|last| last == "lib") {
                module.pop();
            }
            texts.insert(module, fs::read_to_string(&path)?);
        }
        let modules: BTreeSet<Module> = texts.keys().cloned().collect();
        let mut uses = BTreeMap::new();
        let mut test_only: BTreeSet<Module> = BTreeSet::new();
        for (module, text) in &texts {
            let file =
                syn::parse_file(text).map_err(|error| io::Error::other(format!("{}: {error}", module.join("::"))))?;
            let mut finder =
                Finder { modules: &modules, here: module.clone(), used: BTreeSet::new(), test_only: &mut test_only };
            finder.visit_file(&file);
            let mut used = finder.used;
            used.remove(module);
            uses.insert(module.clone(), used);
        }
        uses.retain(|module, _| !test_only.iter().any(|test| module.starts_with(test)));
        Ok(Self { uses })
    }

    /// Groups of files that use each other in a circle, each sorted; empty where there is none.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<String>> {
        let reach = |from: &Module| {
            let mut seen: BTreeSet<&Module> = BTreeSet::new();
            let mut open: Vec<&Module> = self.uses.get(from).into_iter().flatten().collect();
            while let Some(module) = open.pop() {
                if seen.insert(module) {
                    open.extend(self.uses.get(module).into_iter().flatten());
                }
            }
            seen
        };
        let reached: BTreeMap<&Module, BTreeSet<&Module>> =
            self.uses.keys().map(|module| (module, reach(module))).collect();
        let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
        for (module, seen) in &reached {
            if seen.contains(module) {
                let circle = seen.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(*module)));
                found.insert(circle.map(|other| other.join("::")).collect());
            }
        }
        found.into_iter().collect()
    }
}

struct Finder<'a> {
    modules: &'a BTreeSet<Module>,
    here: Module,
    used: BTreeSet<Module>,
    test_only: &'a mut BTreeSet<Module>,
}

impl Finder<'_> {
    /// Records the file that a path leads to.
    fn path(&mut self, segments: &[String]) {
        // `crate` alone, as in `pub(crate)` among the tokens of a macro, names no module.
        if segments.len() < 2 {
            return;
        }
        let mut module: Module = match segments.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self" | "super") => self.here.clone(),
            _ => return,
        };
        for (position, segment) in segments.iter().enumerate() {
            match segment.as_str() {
                "crate" | "self" if position == 0 => {}
                "super" => {
                    module.pop();
                }
                name => {
                    module.push(name.to_owned());
                    if !self.modules.contains(&module) {
                        module.pop();
                        break;
                    }
                }
            }
        }
        self.used.insert(module);
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        let depth = prefix.len();
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(&path.tree, prefix);
            }
            syn::UseTree::Name(name) => {
                prefix.push(name.ident.to_string());
                self.path(prefix);
            }
            syn::UseTree::Rename(rename) => {
                prefix.push(rename.ident.to_string());
                self.path(prefix);
            }
            syn::UseTree::Glob(_) => self.path(prefix),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, prefix)),
        }
        prefix.truncate(depth);
    }

    /// Paths in the tokens of a macro call.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                TokenTree::Group(group) => {
                    self.path(&std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.path(&std::mem::take(&mut path)),
            }
        }
        self.path(&path);
    }
}

/// Whether an item is compiled for tests or for the conformance suite's own tests only.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes: &[syn::Attribute] = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            syn::visit::visit_item(self, item);
        } else if let syn::Item::Mod(item) = item {
            let mut module = self.here.clone();
            module.push(item.ident.to_string());
            self.test_only.insert(module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.path(&segments);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        syn::visit::visit_macro(self, call);
    }

    // `pub(crate)` and `pub(in path)` name a module without using it.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
