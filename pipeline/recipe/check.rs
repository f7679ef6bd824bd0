//! Checks a document against a JSON Schema as schemars writes them, and says everything that is wrong at once.
//!
//! Stricter than the standard in two ways: an object that lists its properties takes no others unless it says so,
//! and a number must fit the machine type that its `format` names.

use super::diagnostics::{Problem, did_you_mean, near, quote, quote_all};
use super::fields::{Fields, Held, Path};
use super::schema_parts::Parts;
use super::tree::{Entry, Node, Val};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What a document's tables are called in its own language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Toml,
    Json,
}

/// A check of one document, or of one part of it that has a schema of its own.
#[derive(Clone)]
pub struct Checker<'s> {
    schema: Parts<'s>,
    language: Language,
    /// What the part is called in messages: ``node `filter` ``. `None` for a whole document.
    owner: Option<String>,
    problems: Vec<Problem>,
}

impl<'s> Checker<'s> {
    /// A check against a schema; references are resolved inside it.
    pub fn new(schema: &'s Value, language: Language) -> Checker<'s> {
        Checker {
            schema: Parts::new(schema),
            language,
            owner: None,
            problems: Vec::new(),
        }
    }

    /// Names the part that is checked, for messages.
    pub fn owned_by(mut self, owner: String) -> Checker<'s> {
        self.owner = Some(owner);
        self
    }

    /// Everything wrong with a document.
    pub fn check(mut self, node: &Node) -> Vec<Problem> {
        self.value(self.schema.root, node, &mut Path::default());
        self.problems
    }

    fn value(&mut self, schema: &'s Value, node: &Node, path: &mut Path) {
        if let Some(choices) = self.schema.choices(schema).filter(|c| !c.is_empty()) {
            return self.choice(schema, &choices, node, path);
        }
        let Some(Held { parts, undecided }) = self.parts(schema, node, path) else {
            return;
        };
        let misfit = parts.iter().any(|p| !fits(self.schema.types_of(p).as_ref(), node));
        if misfit {
            return self.wrong_type(schema, node, path);
        }
        self.constant(&parts, node, path);
        match &node.value {
            Val::Int(_) | Val::Float(_) => self.number(&parts, node, path),
            Val::Text(text) => self.text(&parts, text, node, path),
            Val::List(items) => self.list(&parts, items, node, path),
            Val::Table(entries) => self.table(Fields::of(&parts, undecided), entries, node, path),
            Val::Null | Val::Bool(_) => {}
        }
    }

    /// One of a fixed set of words.
    fn choice(&mut self, schema: &'s Value, choices: &[&str], node: &Node, path: &Path) {
        match &node.value {
            Val::Text(word) if choices.contains(&word.as_str()) => {}
            Val::Text(word) => self.unknown_word(word, choices, node.at, path),
            _ if fits(self.schema.types(schema).as_ref(), node) => {}
            _ => {
                let message = format!(
                    "{} must be one of {}",
                    self.named(path),
                    quote_all(choices.iter().copied())
                );
                self.report(node.at, format!("{message}, not {}", self.kind(node)), None);
            }
        }
    }

    fn unknown_word(&mut self, word: &str, choices: &[&str], at: usize, path: &Path) {
        let help = did_you_mean(word, choices.iter().copied())
            .unwrap_or_else(|| format!("it takes {}", quote_all(choices.iter().copied())));
        self.report(
            at,
            format!("unknown value {} for {}", quote(word), self.named(path)),
            Some(help),
        );
    }

    /// The schemas that hold for this value together, or `None` after reporting that none can be told.
    fn parts(&mut self, schema: &'s Value, node: &Node, path: &Path) -> Option<Held<'s>> {
        let (mut held, mut open) = (Held::default(), vec![schema]);
        while let Some(next) = open.pop() {
            let words = self.schema.choices(next).unwrap_or_default();
            if !words.is_empty() {
                self.choice(next, &words, node, path);
                continue;
            }
            let Some(map) = self.schema.resolve(next).as_object() else {
                if next == &Value::Bool(false) {
                    self.report(node.at, format!("{} is not allowed", self.named(path)), None);
                    return None;
                }
                continue;
            };
            // What stands beside a reference holds too.
            if let Some(beside) = next.as_object().filter(|beside| !std::ptr::eq(*beside, map)) {
                held.parts.push(beside);
            }
            held.parts.push(map);
            if let Some(all) = map.get("allOf").and_then(Value::as_array) {
                open.extend(all);
            }
            for key in ["anyOf", "oneOf"] {
                let Some(branches) = map.get(key).and_then(Value::as_array) else {
                    continue;
                };
                match self.branch(branches, node, path) {
                    Some(branch) => open.push(branch),
                    // The keys beside the tag can still be checked; those of the alternatives are let pass.
                    None if self.schema.tag(branches).is_some() && matches!(node.value, Val::Table(_)) => {
                        held.undecided.extend(branches.iter().flat_map(|b| self.schema.keys(b)));
                    }
                    None => return None,
                }
            }
        }
        Some(held)
    }

    /// The alternative that the value is meant to be.
    fn branch(&mut self, branches: &'s [Value], node: &Node, path: &Path) -> Option<&'s Value> {
        if let (Some(tag), Val::Table(_)) = (self.schema.tag(branches), &node.value) {
            return self.tagged(branches, tag, node, path);
        }
        let able: Vec<&Value> = branches
            .iter()
            .filter(|b| fits(self.schema.types(b).as_ref(), node))
            .collect();
        match able[..] {
            [] => {
                let wanted = branches.iter().filter_map(|b| self.schema.types(b)).flatten().collect();
                self.wrong_type_of(&wanted, node, path);
                None
            }
            [one] => Some(one),
            // The one with least against it is the one that was meant.
            _ => able.into_iter().min_by_key(|b| {
                let mut trial = Checker {
                    problems: Vec::new(),
                    ..self.clone()
                };
                trial.value(b, node, &mut path.clone());
                trial.problems.len()
            }),
        }
    }

    /// The alternative that a table names by a key of its own, such as `make = "tasks"`.
    fn tagged(&mut self, branches: &'s [Value], tag: &str, node: &Node, path: &Path) -> Option<&'s Value> {
        let words: Vec<&str> = branches.iter().filter_map(|b| self.schema.tag_value(b, tag)).collect();
        let Some(named) = node.get(tag) else {
            let help = format!("it takes {}", quote_all(words.iter().copied()));
            self.report(
                node.at,
                format!("missing key {}{}", quote(tag), self.inside(path)),
                Some(help),
            );
            return None;
        };
        let at = path.to(tag);
        let Some(word) = named.text() else {
            self.wrong_type_of(&BTreeSet::from(["string"]), named, &at);
            return None;
        };
        let branch = branches.iter().find(|b| self.schema.tag_value(b, tag) == Some(word));
        if branch.is_none() {
            self.unknown_word(word, &words, named.at, &at);
        }
        branch
    }

    fn constant(&mut self, parts: &[&'s Map<String, Value>], node: &Node, path: &Path) {
        for part in parts {
            let Some(wanted) = part.get("const") else { continue };
            if node.to_json() != *wanted {
                self.report(node.at, format!("{} must be {wanted}", self.named(path)), None);
            }
        }
    }

    fn number(&mut self, parts: &[&'s Map<String, Value>], node: &Node, path: &Path) {
        let (value, shown) = match node.value {
            Val::Int(i) => (i as f64, i.to_string()),
            Val::Float(f) => (f, f.to_string()),
            _ => return,
        };
        let mut broken = None;
        for part in parts {
            let bound = |key: &str| part.get(key).and_then(Value::as_f64);
            broken = broken
                .or(bound("minimum").filter(|b| value < *b).map(|b| format!("at least {b}")))
                .or(bound("exclusiveMinimum")
                    .filter(|b| value <= *b)
                    .map(|b| format!("more than {b}")))
                .or(bound("maximum").filter(|b| value > *b).map(|b| format!("at most {b}")))
                .or(bound("exclusiveMaximum")
                    .filter(|b| value >= *b)
                    .map(|b| format!("less than {b}")));
        }
        if let Val::Int(i) = node.value {
            let format = parts.iter().find_map(|p| p.get("format")?.as_str()).unwrap_or_default();
            let (low, high) = machine_range(format);
            broken = broken
                .or((i < low).then(|| format!("at least {low}")))
                .or((i > high).then(|| format!("at most {high}")));
        }
        if let Some(wanted) = broken {
            self.report(
                node.at,
                format!("{} is {shown}, but must be {wanted}", self.named(path)),
                None,
            );
        }
    }

    fn text(&mut self, parts: &[&'s Map<String, Value>], text: &str, node: &Node, path: &Path) {
        let length = text.chars().count() as u64;
        for part in parts {
            let bound = |key: &str| part.get(key).and_then(Value::as_u64);
            if bound("minLength").is_some_and(|min| length < min) {
                self.report(node.at, format!("{} must not be empty", self.named(path)), None);
            }
            if let Some(max) = bound("maxLength").filter(|max| length > *max) {
                self.report(
                    node.at,
                    format!("{} is longer than {max} characters", self.named(path)),
                    None,
                );
            }
            let Some(pattern) = part.get("pattern").and_then(Value::as_str) else {
                continue;
            };
            // A pattern is the program's own; one that does not compile is found by the test over all schemas.
            if regex::Regex::new(pattern).is_ok_and(|r| !r.is_match(text)) {
                let message = format!(
                    "{} is {}, which does not match `{pattern}`",
                    self.named(path),
                    quote(text)
                );
                self.report(node.at, message, None);
            }
        }
    }

    fn list(&mut self, parts: &[&'s Map<String, Value>], items: &[Node], node: &Node, path: &mut Path) {
        for part in parts {
            let bound = |key: &str| part.get(key).and_then(Value::as_u64);
            let length = items.len() as u64;
            if let Some(min) = bound("minItems").filter(|min| length < *min) {
                let wanted = if min == 1 {
                    "must not be empty".into()
                } else {
                    format!("must have at least {min} items")
                };
                self.report(node.at, format!("{} {wanted}", self.named(path)), None);
            }
            if let Some(max) = bound("maxItems").filter(|max| length > *max) {
                self.report(
                    node.at,
                    format!("{} must have at most {max} items", self.named(path)),
                    None,
                );
            }
            if part.get("uniqueItems") == Some(&Value::Bool(true)) {
                self.unique(items, path);
            }
            for (i, item) in items.iter().enumerate() {
                if let Some(schema) = item_schema(part, i) {
                    path.0.push(format!("[{i}]"));
                    self.value(schema, item, path);
                    path.0.pop();
                }
            }
        }
    }

    fn unique(&mut self, items: &[Node], path: &Path) {
        let mut seen = BTreeSet::new();
        for item in items {
            let shown = item.to_json().to_string();
            if !seen.insert(shown.clone()) {
                self.report(
                    item.at,
                    format!("{} is named twice in {}", quote(&shown), self.named(path)),
                    None,
                );
            }
        }
    }

    fn table(&mut self, fields: Fields<'s>, entries: &[Entry], node: &Node, path: &mut Path) {
        let mut meant = BTreeSet::new();
        for entry in entries {
            let schemas = fields.schemas(&entry.key);
            if fields.refuses(&entry.key) {
                let absent = fields.known.keys().copied().filter(|k| node.get(k).is_none());
                let suggestion = near(&entry.key, absent);
                meant.extend(suggestion);
                let message = format!("unknown key {}{}", quote(&entry.key), self.inside(path));
                let help = suggestion.map(|s| format!("did you mean {}?", quote(s)));
                self.report(entry.at, message, help);
            }
            path.0.push(entry.key.clone());
            for schema in schemas {
                self.value(schema, &entry.node, path);
            }
            path.0.pop();
        }
        // A key that was only mistyped is not also missing.
        for key in fields
            .required
            .iter()
            .filter(|k| node.get(k).is_none() && !meant.contains(*k))
        {
            self.report(
                node.at,
                format!("missing key {}{}", quote(key), self.inside(path)),
                None,
            );
        }
    }

    fn wrong_type(&mut self, schema: &'s Value, node: &Node, path: &Path) {
        let wanted = self.schema.types(schema).unwrap_or_default();
        self.wrong_type_of(&wanted, node, path);
    }

    fn wrong_type_of(&mut self, wanted: &BTreeSet<&str>, node: &Node, path: &Path) {
        let words: Vec<_> = wanted
            .iter()
            .filter(|t| **t != "null")
            .map(|t| self.type_word(t))
            .collect();
        let message = format!(
            "{} must be {}, not {}",
            self.named(path),
            words.join(" or "),
            self.kind(node)
        );
        let bare = node.text().filter(|t| {
            let numeric = wanted.contains("integer") && t.parse::<i64>().is_ok()
                || wanted.contains("number") && t.parse::<f64>().is_ok_and(f64::is_finite);
            numeric || wanted.contains("boolean") && matches!(*t, "true" | "false")
        });
        self.report(node.at, message, bare.map(|t| format!("write {t} without quotes")));
    }

    fn type_word(&self, name: &str) -> &'static str {
        match name {
            "boolean" => "true or false",
            "integer" => "a whole number",
            "number" => "a number",
            "string" => "a string",
            "array" => "a list",
            "object" if self.language == Language::Toml => "a table",
            "object" => "an object",
            _ => "null",
        }
    }

    fn kind(&self, node: &Node) -> &'static str {
        match &node.value {
            Val::Null => "null",
            Val::Bool(true) => "true",
            Val::Bool(false) => "false",
            Val::Int(_) => "a whole number",
            Val::Float(_) => "a fraction",
            Val::Text(_) => "a string",
            Val::List(_) => "a list",
            Val::Table(_) => self.type_word("object"),
        }
    }

    /// The value at a path, as messages call it.
    fn named(&self, path: &Path) -> String {
        match (path.0.is_empty(), &self.owner) {
            (true, Some(owner)) => owner.clone(),
            (true, None) => "the document".into(),
            (false, Some(owner)) => format!("{} in {owner}", path.shown()),
            (false, None) => path.shown(),
        }
    }

    /// Where a key is, as messages say it after the key; nothing at the top of a document.
    fn inside(&self, path: &Path) -> String {
        match (path.0.is_empty(), &self.owner) {
            (true, Some(owner)) => format!(" in {owner}"),
            (true, None) => String::new(),
            (false, Some(owner)) => format!(" in {} of {owner}", path.shown()),
            (false, None) => format!(" in {}", path.shown()),
        }
    }

    fn report(&mut self, at: usize, message: String, help: Option<String>) {
        self.problems.push(Problem::new(at, message).help(help));
    }
}

fn item_schema(part: &Map<String, Value>, index: usize) -> Option<&Value> {
    let fixed = part
        .get("prefixItems")
        .and_then(Value::as_array)
        .and_then(|p| p.get(index));
    fixed.or_else(|| part.get("items")).filter(|s| s.is_object())
}

/// Whether a value has one of these types; any does where there is no list.
fn fits(types: Option<&BTreeSet<&str>>, node: &Node) -> bool {
    let Some(types) = types else { return true };
    match node.value {
        Val::Null => types.contains("null"),
        Val::Bool(_) => types.contains("boolean"),
        Val::Int(_) => types.contains("integer") || types.contains("number"),
        Val::Float(_) => types.contains("number"),
        Val::Text(_) => types.contains("string"),
        Val::List(_) => types.contains("array"),
        Val::Table(_) => types.contains("object"),
    }
}

/// What fits the machine type that a `format` names; anything that JSON can hand over where it names none.
fn machine_range(format: &str) -> (i128, i128) {
    match format {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        _ => (i64::MIN.into(), u64::MAX.into()),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
