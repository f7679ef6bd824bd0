//! A document as one tree with positions, whatever it was written in: TOML or JSON.

use super::diagnostics::{Problem, quote};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use toml::de::{DeInteger, DeTable, DeValue};

/// Tables and lists inside each other; deeper documents are refused.
pub const MAX_DEPTH: usize = 64;

/// Dots in one key. The parser's own guard counts brackets, not dotted keys.
const MAX_DOTS: usize = 16;

/// A value and where it starts: a byte offset in TOML, 0 in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: usize,
    pub value: Val,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file.
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    /// Where the key starts.
    pub at: usize,
    pub node: Node,
}

impl Node {
    /// The value under a key, where this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The entries of a table; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Val::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Val::Text(s) => Some(s),
            _ => None,
        }
    }

    /// The same table without some keys.
    pub fn without(&self, keys: &[&str]) -> Node {
        let kept = self
            .entries()
            .iter()
            .filter(|e| !keys.contains(&e.key.as_str()))
            .cloned()
            .collect();
        Node {
            at: self.at,
            value: Val::Table(kept),
        }
    }

    /// As JSON. Integers beyond 64 bits become floats, and numbers that are not finite become null.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Val::Null => Value::Null,
            Val::Bool(b) => Value::Bool(*b),
            Val::Int(i) => match (i64::try_from(*i), u64::try_from(*i)) {
                (Ok(i), _) => i.into(),
                (_, Ok(u)) => u.into(),
                _ => (*i as f64).into(),
            },
            Val::Float(f) => (*f).into(),
            Val::Text(s) => Value::String(s.clone()),
            Val::List(items) => items.iter().map(Node::to_json).collect(),
            Val::Table(entries) => entries.iter().map(|e| (e.key.clone(), e.node.to_json())).collect(),
        }
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Node {
        let value = match value {
            Value::Null => Val::Null,
            Value::Bool(b) => Val::Bool(*b),
            Value::Number(n) => number(n),
            Value::String(s) => Val::Text(s.clone()),
            Value::Array(items) => Val::List(items.iter().map(Node::from).collect()),
            Value::Object(map) => Val::Table(
                map.iter()
                    .map(|(k, v)| Entry {
                        key: k.clone(),
                        at: 0,
                        node: Node::from(v),
                    })
                    .collect(),
            ),
        };
        Node { at: 0, value }
    }
}

fn number(n: &serde_json::Number) -> Val {
    match (n.as_i64(), n.as_u64()) {
        (Some(i), _) => Val::Int(i.into()),
        (_, Some(u)) => Val::Int(u.into()),
        _ => Val::Float(n.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Parses TOML. The tree is whole only if every problem is a repeated key; those are in [`Toml::repeated`].
pub struct Toml {
    pub tree: Node,
    /// Keys and tables written twice; the tree holds the first of them.
    pub repeated: Vec<(usize, String)>,
}

/// Reads TOML, or says everything that its syntax has against it.
pub fn parse_toml(text: &str) -> Result<Toml, Vec<Problem>> {
    if let Some(at) = deep_key(text) {
        return Err(vec![Problem::new(at, format!("a key of more than {MAX_DOTS} dots"))]);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let (mut repeated, mut problems) = (Vec::new(), Vec::new());
    for e in errors {
        let span = e.span().unwrap_or_default();
        match text.get(span.clone()) {
            Some(key) if e.message().starts_with("duplicate key") => {
                repeated.push((span.start, key.trim_matches(['"', '\'']).into()));
            }
            _ => problems.push(Problem::new(span.start, format!("not valid TOML: {}", e.message()))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let tree = Node {
        at: 0,
        value: table(document.get_ref(), 0, &mut problems),
    };
    if problems.is_empty() {
        Ok(Toml { tree, repeated })
    } else {
        Err(problems)
    }
}

/// The first place where a key has more dots than [`MAX_DOTS`]. Each dot is a table inside a table, and a megabyte of
/// them would be deeper than any stack; so this looks before the parser does, at the same tokens.
fn deep_key(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut i, mut dots) = (0, 0);
    while i < bytes.len() {
        match bytes[i] {
            b'"' | b'\'' => i = string_end(bytes, i),
            b'#' => i = find(bytes, i, |b| b == b'\n'),
            b'.' => {
                dots += 1;
                i += 1;
                if dots > MAX_DOTS {
                    return Some(i - 1);
                }
            }
            b'\n' | b'=' | b',' => {
                dots = 0;
                i += 1;
            }
            b'[' | b']' | b'{' | b'}' | b' ' | b'\t' | b'\r' => i += 1,
            // A bare word runs on to the next separator, quotes included.
            _ => i = find(bytes, i, |b| b".=,[]{} \t#\r\n".contains(&b)),
        }
    }
    None
}

fn find(bytes: &[u8], from: usize, stop: impl Fn(u8) -> bool) -> usize {
    bytes[from..]
        .iter()
        .position(|b| stop(*b))
        .map_or(bytes.len(), |n| from + n)
}

/// The offset after the string that starts at `from`; a string on one line also ends with its line.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mark = bytes[from];
    let long = bytes[from..].starts_with(&[mark; 3]);
    let mut i = from + if long { 3 } else { 1 };
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if mark == b'"' => {
                i += if matches!(bytes.get(i + 1), Some(b'"' | b'\\')) {
                    2
                } else {
                    1
                }
            }
            b'\n' if !long => return i,
            b if b == mark && !long => return i + 1,
            b if b == mark && bytes[i..].starts_with(&[mark; 3]) => {
                // One or two more quotes belong to the string.
                let more = bytes[i + 3..].iter().take(2).take_while(|b| **b == mark).count();
                return i + 3 + more;
            }
            _ => i += 1,
        }
    }
    bytes.len()
}

fn table(source: &DeTable<'_>, depth: usize, problems: &mut Vec<Problem>) -> Val {
    let mut entries: Vec<Entry> = source
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            at: key.span().start,
            node: node(value.get_ref(), value.span().start, depth + 1, problems),
        })
        .collect();
    entries.sort_by_key(|e| e.at);
    Val::Table(entries)
}

fn node(source: &DeValue<'_>, at: usize, depth: usize, problems: &mut Vec<Problem>) -> Node {
    if depth > MAX_DEPTH {
        problems.push(Problem::new(at, format!("nested deeper than {MAX_DEPTH} levels")));
        return Node { at, value: Val::Null };
    }
    let value = match source {
        DeValue::String(s) => Val::Text(s.to_string()),
        DeValue::Integer(i) => integer(i, at, problems),
        DeValue::Float(f) => float(f.as_str(), at, problems),
        DeValue::Boolean(b) => Val::Bool(*b),
        // No key of ours takes a date; as text it is either refused or kept as written.
        DeValue::Datetime(d) => Val::Text(d.to_string()),
        DeValue::Array(items) => Val::List(
            items
                .iter()
                .map(|v| node(v.get_ref(), v.span().start, depth + 1, problems))
                .collect(),
        ),
        DeValue::Table(t) => table(t, depth, problems),
    };
    Node { at, value }
}

fn integer(i: &DeInteger<'_>, at: usize, problems: &mut Vec<Problem>) -> Val {
    match i128::from_str_radix(i.as_str(), i.radix()) {
        Ok(n) => Val::Int(n),
        Err(_) => {
            problems.push(Problem::new(
                at,
                format!("the number {} is too large", quote(i.as_str())),
            ));
            Val::Null
        }
    }
}

fn float(text: &str, at: usize, problems: &mut Vec<Problem>) -> Val {
    match text.parse::<f64>() {
        Ok(f) if f.is_finite() => Val::Float(f),
        _ => {
            problems.push(Problem::new(at, format!("{} is not a finite number", quote(text))));
            Val::Null
        }
    }
}

/// Reads JSON; a repeated key is an error, where serde_json's own `Value` would silently take the last.
pub fn parse_json(text: &str) -> Result<Node, serde_json::Error> {
    serde_json::from_str(text)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer
            .deserialize_any(NodeVisitor)
            .map(|value| Node { at: 0, value })
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Val;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Val, E> {
        Ok(Val::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Val, E> {
        Ok(Val::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Val, E> {
        Ok(Val::Int(i.into()))
    }

    fn visit_u64<E>(self, u: u64) -> Result<Val, E> {
        Ok(Val::Int(u.into()))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Val, E> {
        Ok(Val::Float(f))
    }

    fn visit_str<E>(self, s: &str) -> Result<Val, E> {
        Ok(Val::Text(s.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Val, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Val::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Val, A::Error> {
        let (mut entries, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(key) = map.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(serde::de::Error::custom(format!("duplicate key {}", quote(&key))));
            }
            entries.push(Entry {
                at: 0,
                node: map.next_value()?,
                key,
            });
        }
        Ok(Val::Table(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problems(text: &str) -> Vec<String> {
        parse_toml(text)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|p| p.message)
            .collect()
    }

    #[test]
    fn keeps_order_and_places() {
        let tree = parse_toml("b = 1\na = \"x\"\n[t]\nc = [true, 0x10]\n").unwrap().tree;
        let places: Vec<_> = tree
            .entries()
            .iter()
            .map(|e| (e.key.as_str(), e.at, e.node.at))
            .collect();
        assert_eq!(places, [("b", 0, 4), ("a", 6, 10), ("t", 15, 14)]);
        assert_eq!(
            tree.to_json(),
            serde_json::json!({"a": "x", "b": 1, "t": {"c": [true, 16]}})
        );
    }

    #[test]
    fn refuses_what_json_cannot_say() {
        assert_eq!(problems("x = nan"), ["`nan` is not a finite number"]);
        let huge = format!("x = {}", "9".repeat(60));
        assert!(problems(&huge)[0].starts_with("the number `999"));
    }

    #[test]
    fn deep_documents_end_in_a_message() {
        let dots = format!("{}x = 1", "a.".repeat(200_000));
        assert_eq!(problems(&dots), ["a key of more than 16 dots"]);
        assert_eq!(
            problems(&format!("[{}x]", "a .".repeat(100))),
            ["a key of more than 16 dots"]
        );
        assert!(!problems(&format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000))).is_empty());
        let nested = "{a.b.c.d = ".repeat(30);
        assert!(
            problems(&format!("x = {nested}1{}", "}".repeat(30)))
                .iter()
                .any(|p| p.contains("nested deeper"))
        );
    }

    #[test]
    fn dots_in_strings_comments_and_numbers_are_free() {
        let dots = ".".repeat(50);
        let text = format!(
            "a = \"{dots}\" # {dots}\nb = '''\n{dots}'''\nc = [{}]\n",
            "1.5, ".repeat(50)
        );
        assert!(parse_toml(&text).is_ok());
    }

    #[test]
    fn repeated_json_keys_are_refused() {
        let e = parse_json(r#"{"a": 1, "a": 2}"#).unwrap_err();
        assert!(e.to_string().starts_with("duplicate key `a`"), "{e}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = parse_toml(&text);
            let _ = parse_json(&text);
        }

        #[test]
        fn no_soup_of_tokens_panics(tokens in prop::collection::vec(
            prop::sample::select(vec!["a", ".", "=", "[", "]", "{", "}", "\"", "'", "\n", "#", ",", "\\", "\"\"\"", "1", " "]),
            0..120,
        )) {
            let _ = parse_toml(&tokens.concat());
        }

        #[test]
        fn json_survives_the_tree(a in any::<i64>(), b in any::<u64>(), c in any::<i32>(), s in ".{0,20}") {
            // Quarters, because serde_json may read the last bit of a long fraction otherwise than it was written.
            let c = f64::from(c) / 4.0;
            let value = serde_json::json!({"a": a, "b": [b, null, c], "s": {"t": s}});
            prop_assert_eq!(Node::from(&value).to_json(), value.clone());
            prop_assert_eq!(parse_json(&value.to_string()).unwrap().to_json(), value);
        }
    }
}
