//! The reference documentation of the format.
//!
//! Input: the definition in `document`. Output: markdown, one section per kind of file, with a table for every map. A test
//! compares it with the file in the documentation.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::document::FORMATS;
use super::shape::{Field, Object, Shape, Variants};

/// Returns the reference of all kinds of files, as markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(
        "# Keys of the rule format\n\nGenerated from the definition that the parser uses. Keys are listed in the conventional order; \
         a key in **bold** is required.\n",
    );
    let mut seen = BTreeSet::new();
    for (kind, _) in FORMATS {
        let Some(object) = kind.object() else { continue };
        // Writing into a string cannot fail.
        let _ = write!(out, "\n## `{}`\n", kind.file_name());
        let mut queue = vec![Section::Object(object, &[])];
        while !queue.is_empty() {
            let section = queue.remove(0);
            if !seen.insert(section.name()) {
                continue;
            }
            section.write(&mut out, &mut queue);
        }
    }
    out
}

#[derive(Clone, Copy)]
enum Section {
    Object(&'static Object, &'static [Field]),
    Variants(&'static Variants),
}

impl Section {
    fn name(self) -> String {
        match self {
            Self::Object(object, _) => object.name.to_owned(),
            Self::Variants(variants) => variants.name.to_owned(),
        }
    }

    fn write(self, out: &mut String, queue: &mut Vec<Self>) {
        match self {
            Self::Object(object, common) => {
                let _ = write!(
                    out,
                    "\n### {}\n\n{}\n\n| key | value | meaning |\n|---|---|---|\n",
                    object.name, object.doc
                );
                for field in object.fields.iter().chain(common) {
                    row(out, field);
                    push(&field.shape, queue);
                }
                for group in object.at_least_one {
                    let _ = write!(out, "\nAt least one of `{}`.\n", group.join("`, `"));
                }
                for group in object.exactly_one {
                    let _ = write!(out, "\nExactly one of `{}`.\n", group.join("`, `"));
                }
                for group in object.at_most_one {
                    let _ = write!(out, "\nAt most one of `{}`.\n", group.join("`, `"));
                }
            }
            Self::Variants(variants) => {
                let _ = write!(
                    out,
                    "\n### {}\n\n{} One of these keys determines the kind:\n\n| key | value | meaning |\n|---|---|---|\n",
                    variants.name, variants.doc
                );
                for kind in variants.kinds {
                    if let Some(first) = kind.fields.first() {
                        let _ = writeln!(out, "| `{}` | {} | {} |", first.name, summary(&first.shape), kind.doc);
                        push(&first.shape, queue);
                    }
                }
                if !variants.common.is_empty() {
                    let _ = write!(out, "\nWith any of them:\n\n| key | value | meaning |\n|---|---|---|\n");
                    for field in variants.common {
                        row(out, field);
                        push(&field.shape, queue);
                    }
                }
                let mut same: Vec<&[Field]> = Vec::new();
                for kind in variants.kinds {
                    let Some((first, rest)) = kind.fields.split_first() else { continue };
                    if rest.is_empty() || same.iter().any(|other| names(other) == names(rest)) {
                        continue;
                    }
                    same.push(rest);
                    let shared: Vec<&str> = variants
                        .kinds
                        .iter()
                        .filter(|other| {
                            other.fields.split_first().is_some_and(|(_, other)| names(other) == names(rest))
                        })
                        .map(|other| Variants::key(other))
                        .collect();
                    let with = if shared.len() > 1 { shared.join("`, `") } else { first.name.to_owned() };
                    let _ = write!(out, "\nWith `{with}`:\n\n| key | value | meaning |\n|---|---|---|\n");
                    for field in rest {
                        row(out, field);
                        push(&field.shape, queue);
                    }
                    for group in kind.exactly_one {
                        let _ = write!(out, "\nExactly one of `{}`.\n", group.join("`, `"));
                    }
                }
            }
        }
    }
}

fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).collect()
}

fn row(out: &mut String, field: &Field) {
    let name = if field.required { format!("**`{}`**", field.name) } else { format!("`{}`", field.name) };
    let mut doc = field.doc.to_owned();
    if let Shape::Words(list) = field.shape {
        let all: Vec<String> = list.iter().map(|(word, means)| format!("`{word}`: {means}")).collect();
        doc = format!("{doc} {}", all.join(" "));
    }
    let _ = writeln!(out, "| {name} | {} | {} |", summary(&field.shape), doc.replace('|', "\\|"));
}

fn push(shape: &Shape, queue: &mut Vec<Section>) {
    match shape {
        Shape::Object(object) => queue.push(Section::Object(object, &[])),
        Shape::Variants(variants) => queue.push(Section::Variants(variants)),
        Shape::List(inner) | Shape::AnyList(inner) | Shape::OneOrMany(inner) | Shape::Same(inner) => push(inner, queue),
        Shape::Map(_, value) => push(value, queue),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| push(shape, queue)),
        _ => {}
    }
}

/// Returns a short form of a shape, with links to the sections of maps.
fn summary(shape: &Shape) -> String {
    let link = |name: &str| format!("[{name}](#{})", name.to_lowercase().replace(' ', "-"));
    match shape {
        Shape::Text => "text".to_owned(),
        Shape::Regex => "regex".to_owned(),
        Shape::Literal => "text".to_owned(),
        Shape::Id => "id".to_owned(),
        Shape::Name => "name".to_owned(),
        Shape::Column => "column".to_owned(),
        Shape::Table => "table".to_owned(),
        Shape::Telemetry => "name".to_owned(),
        Shape::SymptomRef => "symptom".to_owned(),
        Shape::Capture => "`symptom.capture`".to_owned(),
        Shape::Integer(least) => format!("whole number ≥ {least}"),
        Shape::Bool => "`true` \\| `false`".to_owned(),
        Shape::Duration | Shape::DurationOrZero => "duration".to_owned(),
        Shape::DurationSetting => "duration or `$parameter`".to_owned(),
        Shape::Setting => "quantity or `$parameter`".to_owned(),
        Shape::Quantity => "quantity".to_owned(),
        Shape::Lag => "`0s..30m`".to_owned(),
        Shape::Instant => "time".to_owned(),
        Shape::Offset => "`-10m`".to_owned(),
        Shape::Version => "version".to_owned(),
        Shape::VersionRange => "`>=1.2, <1.4`".to_owned(),
        Shape::Unit => "unit".to_owned(),
        Shape::Tag(tag) => format!("`{tag}`"),
        Shape::Words(words) => words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(" \\| "),
        Shape::Scalar => "text or number".to_owned(),
        Shape::Notation => "numbers".to_owned(),
        Shape::List(inner) | Shape::AnyList(inner) => format!("list of {}", summary(inner)),
        Shape::OneOrMany(inner) => format!("{}, or a list", summary(inner)),
        Shape::Map(key, value) => format!("map {} → {}", summary(key), summary(value)),
        Shape::Object(object) => link(object.name),
        Shape::Variants(variants) => link(variants.name),
        Shape::Same(shape) => summary(shape),
        Shape::Either(shapes) => shapes.iter().map(summary).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn the_reference_names_every_kind_of_symptom_and_links_to_sections_that_exist() {
        let text = reference();
        for key in [
            "log", "metric", "ratio", "property", "absent", "drop", "ceases", "repeats", "sequence", "persists",
            "event", "query",
        ] {
            assert!(text.contains(&format!("| `{key}` |")), "{key}");
        }
        let headings: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .map(|name| name.to_lowercase().replace(' ', "-"))
            .collect();
        for part in text.split("](#").skip(1) {
            let anchor = part.split(')').next().unwrap().to_owned();
            assert!(headings.contains(&anchor), "{anchor}");
        }
    }
}
