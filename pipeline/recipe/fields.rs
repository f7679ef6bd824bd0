//! What a schema says about the keys of a table, and the path to a value.

use super::diagnostics::quote;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The keys and indices that lead to a value.
#[derive(Clone, Default)]
pub(super) struct Path(pub(super) Vec<String>);

impl Path {
    pub(super) fn to(&self, key: &str) -> Path {
        Path(
            self.0
                .iter()
                .map(String::as_str)
                .chain([key])
                .map(String::from)
                .collect(),
        )
    }

    pub(super) fn shown(&self) -> String {
        let mut shown = String::new();
        for step in &self.0 {
            if !shown.is_empty() && !step.starts_with('[') {
                shown.push('.');
            }
            shown.push_str(step);
        }
        quote(&shown)
    }
}

/// The schemas that hold for a value.
#[derive(Default)]
pub(super) struct Held<'s> {
    pub(super) parts: Vec<&'s Map<String, Value>>,
    /// Keys of alternatives among which the value does not decide.
    pub(super) undecided: Vec<&'s str>,
}

/// The keys that a table may and must have, over all the schemas that hold for it.
pub(super) struct Fields<'s> {
    pub(super) known: BTreeMap<&'s str, Vec<&'s Value>>,
    pub(super) required: BTreeSet<&'s str>,
    /// Schemas for keys that are not listed; empty with `open: false` means that there are none.
    others: Vec<&'s Value>,
    open: bool,
    listed: bool,
}

impl<'s> Fields<'s> {
    pub(super) fn of(parts: &[&'s Map<String, Value>], undecided: Vec<&'s str>) -> Fields<'s> {
        let mut fields = Fields {
            known: undecided.into_iter().map(|key| (key, Vec::new())).collect(),
            required: BTreeSet::new(),
            others: Vec::new(),
            open: false,
            listed: false,
        };
        for part in parts {
            for (key, schema) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                fields.known.entry(key).or_default().push(schema);
                fields.listed = true;
            }
            fields.required.extend(
                part.get("required")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str),
            );
            // Maps with number keys are written as patterns; what they hold is checked, the key is left to serde.
            let patterns = part
                .get("patternProperties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(_, v)| v);
            let others = part.get("additionalProperties").into_iter().chain(patterns);
            for other in others {
                match other {
                    Value::Bool(open) => (fields.open, fields.listed) = (fields.open || *open, true),
                    schema => fields.others.push(schema),
                }
            }
        }
        fields
    }

    /// What a key's value must satisfy.
    pub(super) fn schemas(&self, key: &str) -> Vec<&'s Value> {
        self.known.get(key).cloned().unwrap_or_else(|| self.others.clone())
    }

    /// Whether a key is a mistake.
    pub(super) fn refuses(&self, key: &str) -> bool {
        self.listed && !self.open && self.others.is_empty() && !self.known.contains_key(key)
    }
}
