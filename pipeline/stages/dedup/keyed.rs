//! Duplicates by facts instead of by text: samples that agree in all key fields count once.

use super::{Config, drop_detail, fact, reason};
use crate::model::{Decided, Decision, Metadata, Sample};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_128;

/// What is remembered about a sample: its key's hash and what orders it.
pub struct Keyed {
    id: String,
    /// `None` for a sample that has none of the facts: it is like no other.
    key: Option<u128>,
    /// Facts to sort by, with whether they are turned around.
    order: Vec<(Value, bool)>,
    origin: [String; 3],
    /// The text's hash.
    text: u128,
}

impl Keyed {
    /// Reads the facts that the configuration names.
    pub fn of(config: &Config, sample: &Sample) -> Keyed {
        let facts: Vec<Value> = config.key.iter().map(|path| fact(sample, path)).collect();
        let some = facts.iter().any(|f| !f.is_null());
        let text = Value::from(facts).to_string();
        let order = |field: &String| match field.strip_prefix('-') {
            Some(path) => (fact(sample, path), true),
            None => (fact(sample, field), false),
        };
        let o = &sample.origin;
        Keyed {
            id: sample.id.clone(),
            key: some.then(|| xxh3_128(text.as_bytes())),
            order: config.order.iter().map(order).collect(),
            origin: [o.source.clone(), o.version.clone(), o.path.clone()],
            text: xxh3_128(sample.content.as_bytes()),
        }
    }

    fn cmp(&self, other: &Keyed) -> Ordering {
        let facts = self.order.iter().zip(&other.order).map(|((a, turned), (b, _))| {
            let order = compare(a, b);
            if *turned { order.reverse() } else { order }
        });
        let facts = facts.fold(Ordering::Equal, Ordering::then);
        facts.then_with(|| (&self.origin, self.text, &self.id).cmp(&(&other.origin, other.text, &other.id)))
    }
}

/// Numbers by value, texts by their characters; of different types: null, booleans, numbers, texts, the rest as written.
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |v: &Value| match v {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        _ => 4,
    };
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x
            .as_f64()
            .unwrap_or_default()
            .total_cmp(&y.as_f64().unwrap_or_default()),
        (Value::String(x), Value::String(y)) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)).then_with(|| a.to_string().cmp(&b.to_string())),
    }
}

/// Keeps the first of each key.
pub fn decide(mut all: Vec<Keyed>) -> Vec<Decided> {
    all.sort_by(Keyed::cmp);
    let mut first: HashMap<u128, String> = HashMap::new();
    let decide = |k: Keyed| match k.key.and_then(|key| first.get(&key)) {
        Some(survivor) => {
            let detail = drop_detail(survivor, 1.0, "key");
            Decided {
                sample: k.id,
                decision: Decision::Drop(reason::SAME_KEY),
                detail,
            }
        }
        None => {
            first.extend(k.key.map(|key| (key, k.id.clone())));
            Decided {
                sample: k.id,
                decision: Decision::Keep,
                detail: Metadata::new(),
            }
        }
    };
    all.into_iter().map(decide).collect()
}
