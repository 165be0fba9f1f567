//! Binds the operators that take values apart: `mv-expand` and `parse`.

use std::sync::Arc;

use crate::ast::{Expr, Name, Named, Parse, ParsePart, Setting};
use crate::bind::binder::Binder;
use crate::bind::names;
use crate::bind::rows::{Rows, setting_value};
use crate::bind::scope::{Field, Scope, Typed};
use crate::plan::{Action, ExpandItem, Expansion, ParseMode, Pattern, PatternPart, Scalar};
use crate::registry;
use crate::span::Span;
use crate::value::{Bag, Type, Value};

impl<'a> Binder<'a> {
    pub(crate) fn expand(
        &mut self,
        rows: &mut Rows,
        settings: &'a [Setting],
        items: &'a [(Named, Option<Type>)],
        limit: Option<&'a Expr>,
        span: Span,
    ) {
        let (expansion, fields) = self.expansion("mv-expand", rows, settings, items, limit);
        rows.push(Action::Expand(expansion), span);
        rows.fields = fields;
    }

    /// Binds the expanded values of `mv-expand` or `mv-apply`, and returns the columns of the expanded rows.
    pub(crate) fn expansion(
        &mut self,
        operator: &str,
        rows: &Rows,
        settings: &'a [Setting],
        items: &'a [(Named, Option<Type>)],
        limit: Option<&'a Expr>,
    ) -> (Expansion, Vec<Field>) {
        let mut bags_as_arrays = false;
        let mut index_name = None;
        for setting in settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind" | "bagexpansion", Some("array")) => bags_as_arrays = true,
                ("kind" | "bagexpansion", Some("bag")) => bags_as_arrays = false,
                ("with_itemindex", Some(name)) => index_name = Some(name.to_owned()),
                (name, _) if name.starts_with("hint.") => {}
                (name, _) => self.type_error(
                    setting.value.span,
                    "KS005",
                    format!("unsupported `{name}` setting of `{operator}`"),
                ),
            }
        }
        let limit = limit.map(|limit| self.whole_number(limit));
        let mut fields = rows.fields.clone();
        let mut expanded = Vec::new();
        let mut unnamed = 0;
        for (item, kind) in items {
            let typed = self.scalar(&item.value, &rows.scope());
            if typed.kind.is_some_and(|kind| kind != Type::Dynamic) {
                self.type_error(item.value.span, "KS141", format!("`{operator}` needs a `dynamic`"));
            }
            let name = match self.one_name(item) {
                Some(name) => name.item.clone(),
                None => {
                    names::derived(&item.value).unwrap_or_else(|| names::numbered(names::of(&fields), &mut unnamed))
                }
            };
            let result = Some(kind.unwrap_or(Type::Dynamic));
            let column = match fields.iter().position(|field| *field.name == *name) {
                Some(index) => {
                    if let Some(field) = fields.get_mut(index) {
                        field.kind = result;
                    }
                    index
                }
                None => {
                    fields.push(Field::new(&name, result));
                    fields.len() - 1
                }
            };
            expanded.push(ExpandItem { value: typed.scalar, column, kind: *kind });
        }
        let index = index_name.map(|name| {
            fields.push(Field::new(&names::unique(names::of(&fields), &name), Some(Type::Long)));
            fields.len() - 1
        });
        (Expansion { items: expanded, bags_as_arrays, index, limit, width: fields.len() }, fields)
    }

    pub(crate) fn parse_kv(
        &mut self,
        rows: &mut Rows,
        text: &'a Expr,
        keys: &'a [(Name, Type)],
        options: &'a [Setting],
        span: Span,
    ) {
        let typed = self.scalar(text, &rows.scope());
        if let Some(kind) = typed.kind.filter(|kind| !matches!(kind, Type::String | Type::Dynamic)) {
            self.type_error(text.span, "KS107", format!("`parse-kv` needs a `string`, found `{}`", kind.as_str()));
        }
        let mut given: Vec<(Arc<str>, Value)> = Vec::new();
        for option in options {
            let name = option.name.item.as_str();
            let value = self.scalar(&option.value, &Scope::NOTHING);
            let known = matches!(name, "pair_delimiter" | "kv_delimiter" | "quote" | "escape" | "greedy" | "regex");
            match value.value() {
                Some(Value::String(text)) if known && text.is_empty() && name.ends_with("delimiter") => {
                    self.type_error(option.value.span, "KS005", format!("`{name}` must not be empty"));
                }
                Some(value) if known => given.push((name.into(), value.clone())),
                _ => self.type_error(option.name.span, "KS005", format!("unknown option `{name}` of `parse-kv`")),
            }
            if name == "regex" {
                self.regex(&value, option.value.span);
            }
        }
        let names = keys.iter().map(|(name, _)| Value::text(name.item.as_str())).collect();
        let arguments = [Typed { fixed: false, ..typed }, Typed::constant(Value::bag(Bag::of(given)), Type::Dynamic)];
        let arguments = arguments.into_iter().chain([Typed::constant(Value::array(names), Type::Dynamic)]);
        let typed: Vec<Typed> = arguments.map(|one| Typed { kind: one.kind.or(Some(Type::String)), ..one }).collect();
        let described = crate::bind::call::describe(&typed).unwrap_or_default();
        let arguments = typed.into_iter().map(|one| one.scalar).collect();
        let found = Scalar::Call { function: registry::parse_kv(), arguments, described };
        let mut fields = rows.fields.clone();
        let mut row: Vec<Scalar> = (0..fields.len()).map(Scalar::Column).collect();
        for (place, (name, kind)) in keys.iter().enumerate() {
            if keys.iter().take(place).any(|(other, _)| other.item == name.item) {
                self.duplicate_column(name);
                continue;
            }
            let member = Scalar::Member(Box::new(found.clone()), name.item.as_str().into());
            let value = Scalar::Convert(*kind, Box::new(member));
            match fields.iter().position(|field| *field.name == *name.item) {
                Some(index) => {
                    if let (Some(field), Some(cell)) = (fields.get_mut(index), row.get_mut(index)) {
                        field.kind = Some(*kind);
                        *cell = value;
                    }
                }
                None => {
                    fields.push(Field::new(&name.item, Some(*kind)));
                    row.push(value);
                }
            }
        }
        rows.push(Action::Map(row), span);
        rows.fields = fields;
    }

    pub(crate) fn parse(&mut self, rows: &mut Rows, parse: &'a Parse, only_matches: bool, span: Span) {
        let mut mode = ParseMode::Simple;
        let mut flags = String::new();
        for setting in &parse.settings {
            match (setting.name.item.as_str(), setting_value(&setting.value)) {
                ("kind", Some("simple")) => mode = ParseMode::Simple,
                ("kind", Some("relaxed")) => mode = ParseMode::Relaxed,
                ("kind", Some("regex")) => mode = ParseMode::Regex(String::new()),
                ("flags", Some(given)) => given.clone_into(&mut flags),
                (name, _) => {
                    self.type_error(setting.value.span, "KS005", format!("unsupported `{name}` setting of `parse`"))
                }
            }
        }
        if let ParseMode::Regex(of) = &mut mode {
            *of = flags;
        }
        let text = self.scalar(&parse.text, &rows.scope());
        let text = match text.kind {
            Some(kind) if kind != Type::String => Scalar::Convert(Type::String, Box::new(text.scalar)),
            _ => text.scalar,
        };
        let mut fields = rows.fields.clone();
        let mut parts = Vec::new();
        let mut filled = Vec::new();
        let mut after_text_column = false;
        for part in &parse.parts {
            let mut is_text_column = false;
            parts.push(match part {
                ParsePart::Skip => {
                    if after_text_column && !matches!(mode, ParseMode::Regex(_)) {
                        self.type_error(
                            span,
                            "KS103",
                            "`*` after a `string` column: the end of the column is ambiguous",
                        );
                    }
                    PatternPart::Skip
                }
                ParsePart::Text(text) => PatternPart::Text(text.item.clone()),
                ParsePart::Column(name, kind) => {
                    let kind = kind.unwrap_or(Type::String);
                    is_text_column = kind == Type::String;
                    let column = match fields.iter().position(|field| *field.name == *name.item) {
                        Some(index) => {
                            if let Some(field) = fields.get_mut(index) {
                                field.kind = Some(kind);
                            }
                            index
                        }
                        None => {
                            fields.push(Field::new(&name.item, Some(kind)));
                            fields.len() - 1
                        }
                    };
                    filled.push((column, kind));
                    PatternPart::Column(kind)
                }
            });
            after_text_column = is_text_column;
        }
        let pattern = Pattern { text, mode, parts, columns: filled, width: fields.len(), only_matches };
        rows.push(Action::Parse(Box::new(pattern)), span);
        rows.fields = fields;
    }
}
