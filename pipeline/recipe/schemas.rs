//! JSON Schemas for editors: the whole recipe, with each stage's keys behind its `use`.

use super::StageInfo;
use super::plan::{COMMON_KEYS, Head};
use super::strict::schema_of;
use super::tasks::task_schema;
use serde_json::{Map, Value, json};

/// The schemas that describe what people write here: `recipe` and `task`, each with its name.
pub fn schemas(stages: &[StageInfo]) -> Vec<(&'static str, Value)> {
    vec![("recipe", recipe_schema(stages)), ("task", task_schema())]
}

/// A schema as it is checked in: indented, keys sorted, ended by a newline.
pub fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// The schema of a whole recipe. A node is one of the stages, told apart by `use`.
pub fn recipe_schema(stages: &[StageInfo]) -> Value {
    let mut schema = schema_of::<Head>();
    let (mut nodes, mut definitions) = (Vec::new(), Map::new());
    for stage in stages {
        let prefix = stage.name.replace('.', "_");
        let mut node = node_schema(stage);
        rename_references(&mut node, &prefix);
        if let Some(Value::Object(own)) = node.as_object_mut().and_then(|n| n.remove("$defs")) {
            definitions.extend(own.into_iter().map(|(name, d)| (format!("{prefix}_{name}"), d)));
        }
        definitions.insert(prefix.clone(), node);
        nodes.push(json!({"$ref": format!("#/$defs/{prefix}")}));
    }
    schema["properties"]["nodes"]["additionalProperties"] = json!({"type": "object", "oneOf": nodes});
    schema["properties"]["nodes"]["propertyNames"] = json!({"pattern": "^[a-z][a-z0-9_]*$", "maxLength": 64});
    schema["properties"]["nodes"]["minProperties"] = json!(1);
    schema["$defs"] = Value::Object(definitions);
    schema
}

/// The schema of a node that uses a stage: the stage's own keys and those that every node has.
pub fn node_schema(stage: &StageInfo) -> Value {
    let mut schema = match &stage.schema {
        Value::Object(own) => Value::Object(own.clone()),
        _ => json!({"type": "object"}),
    };
    let common = common(stage);
    // An alternative that is closed must know the common keys too, as editors read it by itself.
    for key in ["oneOf", "anyOf"] {
        for branch in schema.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            let closed = branch.get("additionalProperties") == Some(&Value::Bool(false));
            if let Some(properties) = branch
                .get_mut("properties")
                .and_then(Value::as_object_mut)
                .filter(|_| closed)
            {
                properties.extend(common.keys().map(|k| (k.clone(), json!(true))));
            }
        }
    }
    extend(&mut schema, "properties", |p| match p {
        Value::Object(own) => own.extend(common.clone()),
        _ => *p = Value::Object(common.clone()),
    });
    let required = COMMON_KEYS
        .iter()
        .take(if stage.is_source { 1 } else { 2 })
        .map(|k| json!(k));
    extend(&mut schema, "required", |r| match r {
        Value::Array(own) => own.extend(required),
        _ => *r = required.collect(),
    });
    if let Some(map) = schema.as_object_mut() {
        map.remove("$schema");
        map.insert("type".into(), json!("object"));
    }
    schema
}

fn extend(schema: &mut Value, key: &str, change: impl FnOnce(&mut Value)) {
    if let Some(map) = schema.as_object_mut() {
        change(map.entry(key).or_insert(Value::Null));
    }
}

fn common(stage: &StageInfo) -> Map<String, Value> {
    let mut common = Map::new();
    common.insert(
        "use".into(),
        json!({"const": stage.name, "description": "The stage that this node runs."}),
    );
    let node = |description| json!({"type": "string", "description": description});
    if !stage.is_source {
        let names = json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true});
        common.insert(
            "input".into(),
            json!({"description": "The node, or nodes, whose samples this one reads.", "anyOf": [{"type": "string"}, names]}),
        );
    }
    if stage.takes_library {
        common.insert(
            "library".into(),
            node("The node whose samples references are resolved in."),
        );
    }
    common
}

/// Definitions move to the recipe's root, under the stage's name, so that stages cannot take each other's.
fn rename_references(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(target) if key == "$ref" => {
                        if let Some(name) = target.strip_prefix("#/$defs/") {
                            *target = format!("#/$defs/{prefix}_{name}");
                        }
                    }
                    _ => rename_references(value, prefix),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|i| rename_references(i, prefix)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{Checker, Language};
    use super::super::plan::tests::{RECIPE, stages};
    use super::super::tree::parse_toml;
    use super::*;

    fn against_whole(text: &str) -> Vec<String> {
        let schema = recipe_schema(&stages());
        let tree = parse_toml(text).ok().unwrap().tree;
        Checker::new(&schema, Language::Toml)
            .check(&tree)
            .into_iter()
            .map(|p| p.message)
            .collect()
    }

    #[test]
    fn the_whole_schema_agrees_with_the_parser() {
        assert_eq!(against_whole(RECIPE), [""; 0]);
        let wrong = RECIPE
            .replace("min_chars = 10", "min_char = 10")
            .replace("\"dedup\"", "\"dedupe\"");
        assert_eq!(
            against_whole(&wrong),
            [
                "unknown key `min_char` in `nodes.filter`",
                "unknown value `dedupe` for `nodes.distinct.use`"
            ]
        );
    }

    #[test]
    fn every_reference_has_a_target() {
        let schema = recipe_schema(&stages());
        let text = pretty(&schema);
        let references: Vec<_> = text
            .split("\"$ref\": \"#")
            .skip(1)
            .filter_map(|r| r.split('"').next())
            .collect();
        assert!(references.len() > stages().len());
        assert!(references.iter().all(|r| schema.pointer(r).is_some()), "{references:?}");
    }

    #[test]
    fn same_stages_same_bytes() {
        assert_eq!(pretty(&recipe_schema(&stages())), pretty(&recipe_schema(&stages())));
    }
}
