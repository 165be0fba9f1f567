//! The format as JSON Schema (draft 2020-12), for editors.
//!
//! Input: the definition in `document`. Output: one schema per kind of file. The schema accepts every file that the
//! compiler accepts; what it cannot express (ids that exist, units that fit) only the compiler checks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::FileKind;
use super::shape::{Field, Object, Shape, Variants};

/// Returns the JSON Schema of a kind of file; `None` for queries, which are KQL.
///
/// Named objects are under `$defs` in alphabetical order, so equal formats give equal bytes.
#[must_use]
pub fn json_schema(kind: FileKind) -> Option<Value> {
    let object = kind.object()?;
    let mut writer = Writer { definitions: BTreeMap::new() };
    let mut root = writer.object(object);
    let definitions: Map<String, Value> =
        writer.definitions.into_iter().map(|(name, value)| (name, value.unwrap_or(Value::Bool(true)))).collect();
    let map = root.as_object_mut()?;
    map.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    map.insert("title".to_owned(), json!(kind.file_name()));
    if !definitions.is_empty() {
        map.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Some(root)
}

struct Writer {
    /// `None` while a definition is being written, which ends the recursion.
    definitions: BTreeMap<String, Option<Value>>,
}

const DURATION: &str = r"^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+)$";
const PARAMETER: &str = r"^\$[A-Za-z_][A-Za-z0-9_]*$";

impl Writer {
    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Text | Shape::Regex | Shape::Literal => json!({"type": "string"}),
            Shape::Id => json!({"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}),
            Shape::Name => json!({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}),
            Shape::Column | Shape::Telemetry | Shape::Unit => json!({"type": "string", "pattern": r"^\S+$"}),
            Shape::Table => json!({"type": "string", "pattern": r"^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$"}),
            Shape::SymptomRef => json!({"type": "string", "pattern": r"^[a-z0-9-]+(\.[a-z0-9-]+)?$"}),
            Shape::Capture => {
                json!({"type": "string", "pattern": r"^[a-z0-9-]+(\.[a-z0-9-]+)?\.[A-Za-z_][A-Za-z0-9_]*$"})
            }
            Shape::Integer(least) => json!({"type": "integer", "minimum": least}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Duration | Shape::DurationOrZero => json!({"type": ["string", "integer"], "pattern": DURATION}),
            Shape::DurationSetting => {
                json!({"anyOf": [{"type": "string", "pattern": DURATION}, {"type": "string", "pattern": PARAMETER}]})
            }
            Shape::Setting => {
                json!({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[-+]?[0-9]"}, {"type": "string", "pattern": PARAMETER}]})
            }
            Shape::Quantity => json!({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[-+]?[0-9]"}]}),
            Shape::Lag => json!({"type": "string", "pattern": r"^[0-9][0-9a-z.]*\.\.([0-9][0-9a-z.]*)?$"}),
            Shape::Instant => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"}),
            Shape::Offset => json!({"type": ["string", "integer"], "pattern": "^[-+]?[0-9]"}),
            Shape::Version => json!({"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"}),
            Shape::VersionRange => json!({"type": "string", "pattern": "^[<>=]"}),
            Shape::Tag(tag) => json!({"const": tag}),
            Shape::Words(words) => {
                let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                // `false` without quotes is a boolean in YAML.
                if all.contains(&"false") {
                    json!({"enum": all.iter().map(|word| json!(word)).chain([json!(false)]).collect::<Vec<_>>()})
                } else {
                    json!({"enum": all})
                }
            }
            Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
            Shape::Notation => json!({"type": ["string", "number"]}),
            Shape::List(inner) => json!({"type": "array", "minItems": 1, "items": self.shape(inner)}),
            Shape::AnyList(inner) => json!({"type": "array", "items": self.shape(inner)}),
            Shape::OneOrMany(inner) => {
                let one = self.shape(inner);
                json!({"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]})
            }
            Shape::Map(key, value) => {
                let key = self.shape(key);
                json!({"type": "object", "propertyNames": key, "additionalProperties": self.shape(value)})
            }
            Shape::Object(object) => self.define(object.name, |writer| writer.object(object)),
            Shape::Variants(variants) => self.define(variants.name, |writer| writer.variants(variants)),
            Shape::Same(shape) => self.shape(shape),
            Shape::Either(shapes) => json!({"anyOf": shapes.iter().map(|shape| self.shape(shape)).collect::<Vec<_>>()}),
        }
    }

    fn define(&mut self, name: &str, write: impl FnOnce(&mut Self) -> Value) -> Value {
        let name = name.replace(' ', "");
        if !self.definitions.contains_key(&name) {
            self.definitions.insert(name.clone(), None);
            let value = write(self);
            self.definitions.insert(name.clone(), Some(value));
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn field(&mut self, field: &Field) -> Value {
        let mut value = self.shape(&field.shape);
        if let Some(map) = value.as_object_mut() {
            map.insert("description".to_owned(), json!(field.doc));
        }
        value
    }

    fn object(&mut self, object: &Object) -> Value {
        self.keys(object.doc, object.fields, &[], object)
    }

    fn keys(&mut self, doc: &str, fields: &[Field], common: &[Field], object: &Object) -> Value {
        let mut properties = Map::new();
        for field in fields.iter().chain(common) {
            let value = self.field(field);
            properties.insert(field.name.to_owned(), value);
        }
        let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let mut out =
            json!({"type": "object", "description": doc, "additionalProperties": false, "properties": properties});
        if let Some(map) = out.as_object_mut() {
            if !required.is_empty() {
                map.insert("required".to_owned(), json!(required));
            }
            let mut rules: Vec<Value> = Vec::new();
            for group in object.at_least_one {
                let any: Vec<Value> = group.iter().map(|key| json!({"required": [key]})).collect();
                rules.push(json!({"anyOf": any}));
            }
            for group in object.exactly_one {
                let one: Vec<Value> = group.iter().map(|key| json!({"required": [key]})).collect();
                rules.push(json!({"oneOf": one}));
            }
            for group in object.at_most_one {
                let both: Vec<Value> = group
                    .iter()
                    .enumerate()
                    .flat_map(|(index, one)| {
                        group.iter().skip(index + 1).map(move |other| json!({"required": [one, other]}))
                    })
                    .collect();
                rules.push(json!({"not": {"anyOf": both}}));
            }
            if !rules.is_empty() {
                map.insert("allOf".to_owned(), json!(rules));
            }
        }
        out
    }

    fn variants(&mut self, variants: &Variants) -> Value {
        let kinds: Vec<Value> =
            variants.kinds.iter().map(|kind| self.keys(kind.doc, kind.fields, variants.common, kind)).collect();
        json!({"description": variants.doc, "oneOf": kinds})
    }
}

#[cfg(test)]
mod tests {
    use super::json_schema;
    use crate::rules::syntax::document::FORMATS;

    #[test]
    fn every_reference_has_its_definition() {
        for (kind, _) in FORMATS {
            let schema = json_schema(*kind).unwrap();
            let text = schema.to_string();
            for part in text.split("\"#/$defs/").skip(1) {
                let name = part.split('"').next().unwrap();
                assert!(schema["$defs"][name].is_object(), "{kind:?} lacks {name}");
            }
        }
    }

    #[test]
    fn a_schema_names_the_required_keys_of_a_pattern() {
        let schema = json_schema(crate::rules::syntax::FileKind::Pattern).unwrap();
        assert_eq!(schema["required"], serde_json::json!(["format", "id", "title", "class", "severity", "scope"]));
        assert_eq!(schema["additionalProperties"], false);
    }
}
