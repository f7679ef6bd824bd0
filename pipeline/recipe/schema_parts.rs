//! Reading a JSON Schema: references, alternatives, types; and a configuration in its one canonical form.

use super::tree::{Node, Val};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// References that may follow each other, and alternatives that may nest; beyond it a schema is taken to allow anything.
const MAX_HOPS: usize = 32;

/// A schema with the definitions that its references point to.
#[derive(Clone, Copy)]
pub struct Parts<'s> {
    pub root: &'s Value,
}

impl<'s> Parts<'s> {
    /// Reads a schema whose references point into itself.
    pub fn new(root: &'s Value) -> Parts<'s> {
        Parts { root }
    }

    /// The schema that a chain of references ends at; the schema itself where it is none.
    pub fn resolve(&self, schema: &'s Value) -> &'s Value {
        let mut at = schema;
        for _ in 0..MAX_HOPS {
            let pointer = at.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
            match pointer.and_then(|p| self.root.pointer(p)) {
                Some(target) => at = target,
                None => return at,
            }
        }
        at
    }

    /// The words that a schema allows, where words (and null) are all it allows.
    pub fn choices(&self, schema: &'s Value) -> Option<Vec<&'s str>> {
        self.choices_within(schema, MAX_HOPS)
    }

    fn choices_within(&self, schema: &'s Value, hops: usize) -> Option<Vec<&'s str>> {
        let schema = self.resolve(schema);
        if schema.get("type").and_then(Value::as_str) == Some("null") || hops == 0 {
            return (hops > 0).then(Vec::new);
        }
        if let Some(word) = schema.get("const") {
            return word.as_str().map(|w| vec![w]);
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return words.iter().filter(|w| !w.is_null()).map(Value::as_str).collect();
        }
        let branches = ["oneOf", "anyOf"].iter().find_map(|k| schema.get(*k)?.as_array())?;
        let words: Option<Vec<_>> = branches.iter().map(|b| self.choices_within(b, hops - 1)).collect();
        words.map(|w| w.concat())
    }

    /// The JSON types that a schema allows; `None` for any.
    pub fn types(&self, schema: &'s Value) -> Option<BTreeSet<&'s str>> {
        self.types_within(self.resolve(schema).as_object()?, MAX_HOPS)
    }

    /// The same for an object schema that is no reference.
    pub fn types_of(&self, schema: &'s Map<String, Value>) -> Option<BTreeSet<&'s str>> {
        self.types_within(schema, MAX_HOPS)
    }

    fn types_within(&self, schema: &'s Map<String, Value>, hops: usize) -> Option<BTreeSet<&'s str>> {
        let hops = hops.checked_sub(1)?;
        match schema.get("type") {
            Some(Value::String(one)) => return Some(BTreeSet::from([one.as_str()])),
            Some(Value::Array(some)) => return Some(some.iter().filter_map(Value::as_str).collect()),
            _ => {}
        }
        if let Some(value) = schema.get("const") {
            return Some(BTreeSet::from([type_of(value)]));
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return Some(values.iter().map(type_of).collect());
        }
        let branches = ["anyOf", "oneOf"].iter().find_map(|k| schema.get(*k)?.as_array())?;
        let types: Option<Vec<_>> = branches
            .iter()
            .map(|b| self.types_within(self.resolve(b).as_object()?, hops))
            .collect();
        Some(types?.into_iter().flatten().collect())
    }

    /// The key by whose fixed word all alternatives can be told apart.
    pub fn tag(&self, branches: &'s [Value]) -> Option<&'s str> {
        let tables: Vec<_> = branches.iter().filter(|b| !is_null(self.resolve(b))).collect();
        let first = self.resolve(tables.first()?).get("properties")?.as_object()?;
        let told_apart = |key: &&String| tables.iter().all(|b| self.tag_value(b, key).is_some());
        first.keys().find(told_apart).map(String::as_str)
    }

    /// The word that an alternative fixes for a key.
    pub fn tag_value(&self, branch: &'s Value, tag: &str) -> Option<&'s str> {
        self.resolve(self.resolve(branch).get("properties")?.get(tag)?)
            .get("const")?
            .as_str()
    }

    /// The keys that an alternative lists.
    pub fn keys(&self, branch: &'s Value) -> impl Iterator<Item = &'s str> + use<'s> {
        let properties = self.resolve(branch).get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(key, _)| key.as_str())
    }

    /// A value that its schema has accepted, in the one form that is hashed and handed to a stage: keys sorted,
    /// keys that only repeat their default left out, whole numbers where fractions are meant written as fractions.
    pub fn canonical(&self, node: &Node) -> Value {
        self.canonical_at(self.root, node)
    }

    fn canonical_at(&self, schema: &'s Value, node: &Node) -> Value {
        match &node.value {
            Val::Int(i) if self.takes_fractions_only(schema) => (*i as f64).into(),
            Val::List(items) => {
                let item = |i| self.item(schema, i).unwrap_or(&Value::Null);
                items
                    .iter()
                    .enumerate()
                    .map(|(i, n)| self.canonical_at(item(i), n))
                    .collect()
            }
            Val::Table(entries) => {
                let kept = entries.iter().filter_map(|e| {
                    let property = self.property(schema, &e.key, node, MAX_HOPS).unwrap_or(&Value::Null);
                    let value = self.canonical_at(property, &e.node);
                    let default = property
                        .get("default")
                        .map(|d| self.canonical_at(property, &Node::from(d)));
                    (default.as_ref() != Some(&value)).then(|| (e.key.clone(), value))
                });
                Value::Object(kept.collect())
            }
            _ => node.to_json(),
        }
    }

    fn takes_fractions_only(&self, schema: &'s Value) -> bool {
        self.types(schema)
            .is_some_and(|t| t.contains("number") && !t.contains("integer"))
    }

    fn item(&self, schema: &'s Value, index: usize) -> Option<&'s Value> {
        let schema = self.resolve(schema);
        let fixed = schema.get("prefixItems").and_then(|p| p.get(index));
        fixed.or_else(|| schema.get("items")).or_else(|| {
            let branches = ["anyOf", "oneOf"].iter().find_map(|k| schema.get(*k)?.as_array())?;
            branches.iter().find_map(|b| self.resolve(b).get("items"))
        })
    }

    /// The schema of a key of a table, through references and alternatives.
    fn property(&self, schema: &'s Value, key: &str, table: &Node, hops: usize) -> Option<&'s Value> {
        let hops = hops.checked_sub(1)?;
        let schema = self.resolve(schema);
        let own = schema.get("properties").and_then(|p| p.get(key));
        if own.is_some_and(Value::is_object) {
            return own;
        }
        let branches = ["allOf", "anyOf", "oneOf"]
            .iter()
            .filter_map(|k| schema.get(*k)?.as_array());
        let chosen = branches.flat_map(|b| {
            let tag = self.tag(b);
            b.iter().filter(move |branch| {
                tag.is_none_or(|t| self.tag_value(branch, t) == table.get(t).and_then(Node::text))
            })
        });
        chosen
            .into_iter()
            .find_map(|b| self.property(b, key, table, hops))
            .or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// JSON with sorted keys and no spaces: the same content is the same bytes.
pub fn canonical_text(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical_text).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            let entry = |k: &String| format!("{}:{}", Value::String(k.clone()), canonical_text(&map[k]));
            format!("{{{}}}", keys.into_iter().map(entry).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}
