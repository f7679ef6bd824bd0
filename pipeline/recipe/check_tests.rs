use super::super::schema_parts::canonical_text;
use super::super::tree::parse_toml;
use super::*;
use serde_json::json;

/// What a check says about a JSON value, one message a line.
fn said(schema: Value, document: Value) -> String {
    let problems = Checker::new(&schema, Language::Json).check(&Node::from(&document));
    problems
        .into_iter()
        .map(|p| {
            [Some(p.message), p.help]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("; ")
                + "\n"
        })
        .collect()
}

fn canonical(schema: &Value, toml: &str) -> String {
    let tree = parse_toml(toml).ok().unwrap().tree;
    canonical_text(&Parts::new(schema).canonical(&tree))
}

#[test]
fn references_options_and_tuples() {
    let schema = json!({
        "type": "object",
        "properties": {
            "limit": {"anyOf": [{"$ref": "#/$defs/Limit"}, {"type": "null"}]},
            "box": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "integer"}], "minItems": 2, "maxItems": 2},
        },
        "additionalProperties": false,
        "$defs": {"Limit": {"type": "integer", "format": "uint32", "minimum": 1}},
    });
    assert_eq!(said(schema.clone(), json!({"limit": null, "box": [1, 2]})), "");
    assert_eq!(
        said(schema.clone(), json!({"limit": 0, "box": [1.5, 2.5, 3]})),
        "`box` must have at most 2 items\n`box[1]` must be a whole number, not a fraction\n`limit` is 0, but must be at least 1\n"
    );
    assert_eq!(
        said(schema.clone(), json!({"limit": 1u64 << 32})),
        "`limit` is 4294967296, but must be at most 4294967295\n"
    );
    assert_eq!(said(schema, json!([])), "the document must be an object, not a list\n");
}

#[test]
fn alternatives_by_type_and_by_least_trouble() {
    let schema = json!({"properties": {"input": {"anyOf": [
        {"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]}}});
    assert_eq!(said(schema.clone(), json!({"input": ["a"]})), "");
    assert_eq!(
        said(schema.clone(), json!({"input": [7]})),
        "`input[0]` must be a string, not a whole number\n"
    );
    assert_eq!(
        said(schema.clone(), json!({"input": []})),
        "`input` must not be empty\n"
    );
    assert_eq!(
        said(schema, json!({"input": 7})),
        "`input` must be a list or a string, not a whole number\n"
    );
    let shapes = json!({"oneOf": [
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]},
        {"type": "object", "properties": {"c": {"type": "string"}}, "required": ["c"]},
    ]});
    assert_eq!(said(shapes, json!({"a": "x"})), "missing key `b`\n");
}

#[test]
fn tagged_alternatives_share_the_keys_beside_them() {
    let schema = json!({
        "type": "object",
        "properties": {"use": {"const": "synthesize"}},
        "oneOf": [
            {"properties": {"make": {"const": "tasks"}, "cycles": {"type": "integer"}}, "required": ["make"]},
            {"properties": {"make": {"const": "repair"}, "per_module": {"type": "integer"}}, "required": ["make"]},
        ],
    });
    assert_eq!(
        said(
            schema.clone(),
            json!({"use": "synthesize", "make": "tasks", "cycles": 4})
        ),
        ""
    );
    assert_eq!(
        said(
            schema.clone(),
            json!({"use": "synthesize", "make": "tasks", "per_module": 4})
        ),
        "unknown key `per_module`\n"
    );
    assert_eq!(
        said(schema.clone(), json!({"make": "task"})),
        "unknown value `task` for `make`; did you mean `tasks`?\n"
    );
    assert_eq!(
        said(schema, json!({"use": "synthesize"})),
        "missing key `make`; it takes `tasks`, `repair`\n"
    );
}

#[test]
fn texts_and_lists() {
    let schema = json!({"properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3},
        "licences": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true},
    }});
    assert_eq!(
        said(schema, json!({"name": "ABCD", "licences": ["MIT", "MIT", ""]})),
        "`\"MIT\"` is named twice in `licences`\n\
         `licences[2]` must not be empty\n\
         `name` is longer than 3 characters\n\
         `name` is `ABCD`, which does not match `^[a-z]+$`\n"
    );
}

#[test]
fn a_misspelt_key_is_not_also_missing() {
    let schema = json!({"properties": {"input": {"type": "string"}, "domain": {"type": "string"}}, "required": ["input", "domain"]});
    assert_eq!(
        said(schema, json!({"inptu": "x"})),
        "unknown key `inptu`; did you mean `input`?\nmissing key `domain`\n"
    );
}

#[test]
fn canonical_form_drops_defaults_and_sorts() {
    let schema = json!({"type": "object", "properties": {
        "gate": {"type": "number", "default": 1.0},
        "keys": {"type": "array", "items": {"type": "string"}, "default": []},
        "range": {"$ref": "#/$defs/Range", "default": {"min": 0, "max": 9}},
        "b": {"type": "number"},
    }, "$defs": {"Range": {"type": "object", "properties": {
        "min": {"type": "integer", "default": 0}, "max": {"type": "integer", "default": 9},
    }}}});
    assert_eq!(canonical(&schema, "gate = 1\nkeys = []\nrange = { max = 9 }\n"), "{}");
    assert_eq!(
        canonical(&schema, "keys = ['z', 'a']\ngate = 2\nb = 3\n"),
        r#"{"b":3.0,"gate":2.0,"keys":["z","a"]}"#
    );
    assert_eq!(
        canonical(&schema, "[range]\nmax = 5\nmin = 0\n"),
        r#"{"range":{"max":5}}"#
    );
}
