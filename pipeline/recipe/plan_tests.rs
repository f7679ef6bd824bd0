use super::super::render;
use super::*;
use proptest::prelude::*;
use serde_json::json;

/// A recipe with everything that a recipe can say.
pub(crate) const RECIPE: &str = r#"
recipe = 1
name = "small"
seed = 7

[nodes.packages]
use = "source.pypi"
packages = [{ name = "a", version = "1.0" }]

[nodes.filter]
use = "filter"
input = "packages"
min_chars = 10

[nodes.link]
use = "link"
input = ["distinct"]
library = "filter"

[nodes.distinct]
use = "dedup"
input = "filter"
"#;

/// Stages to test with; the real ones change for reasons that are not this room's.
pub(crate) fn stages() -> Vec<StageInfo> {
    let stage = |name, schema| StageInfo {
        name,
        version: 1,
        is_source: false,
        takes_library: false,
        seeded: false,
        lists: &[],
        schema,
    };
    let package = json!({"type": "object", "additionalProperties": false, "required": ["name"],
        "properties": {"name": {"type": "string"}, "version": {"type": "string"}}});
    let packages = json!({"type": "array", "items": {"$ref": "#/$defs/Package"}, "minItems": 1});
    let object = |properties| json!({"type": "object", "additionalProperties": false, "properties": properties});
    let mut source = object(json!({"packages": packages}));
    source["required"] = json!(["packages"]);
    source["$defs"] = json!({"Package": package});
    let filter = object(json!({
        "min_chars": {"type": "integer", "format": "uint32", "minimum": 0, "default": 64},
        "max_chars": {"type": "integer", "format": "uint32", "minimum": 0, "default": 100_000},
        "licences": {"type": "array", "items": {"type": "string"}, "default": []},
    }));
    let verify = object(
        json!({"gate": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.8},
        "mode": {"enum": ["oracle", "judge"], "default": "judge"}}),
    );
    vec![
        StageInfo {
            is_source: true,
            ..stage("source.pypi", source)
        },
        stage("filter", filter),
        stage(
            "dedup",
            object(json!({"threshold": {"type": "number", "default": 0.7}})),
        ),
        StageInfo {
            takes_library: true,
            ..stage("link", object(json!({})))
        },
        StageInfo {
            seeded: true,
            ..stage("verify", verify)
        },
    ]
}

fn plan(text: &str) -> Plan {
    parse("recipes/small.toml", text, &stages()).unwrap_or_else(|e| panic!("{}", render(&e)))
}

fn errors(nodes: &str) -> String {
    let text = format!("recipe = 1\nname = 'x'\n{nodes}");
    render(&parse("x.toml", &text, &stages()).unwrap_err())
}

fn prints(plan: &Plan) -> Vec<String> {
    plan.nodes.iter().map(|n| n.fingerprint.clone()).collect()
}

#[test]
fn nodes_in_order_with_edges() {
    let plan = plan(RECIPE);
    let seen: Vec<_> = plan
        .nodes
        .iter()
        .map(|n| (n.name.as_str(), n.inputs.clone(), n.library, n.line))
        .collect();
    assert_eq!(
        seen,
        [
            ("packages", vec![], None, 6),
            ("filter", vec![0], None, 10),
            ("distinct", vec![1], None, 20),
            ("link", vec![2], Some(1), 15),
        ]
    );
    assert_eq!((plan.name.as_str(), plan.seed), ("small", 7));
    assert_eq!(plan.resolve("rtl"), Path::new("recipes/rtl"));
    assert_eq!(plan.nodes[1].config, json!({"min_chars": 10}));
    assert_eq!(plan.position("link"), Some(3));
}

#[test]
fn how_it_is_written_does_not_matter() {
    let one = plan(RECIPE);
    let comments = RECIPE
        .replace('\n', " # said aside\n")
        .replace("min_chars = 10", "min_chars = 0xA");
    let other = plan(&comments);
    assert_eq!(
        (prints(&one), &one.recipe_sha256),
        (prints(&other), &other.recipe_sha256)
    );
    let moved = parse("/elsewhere/r.toml", RECIPE, &stages()).unwrap();
    assert_eq!(
        (prints(&one), &one.recipe_sha256),
        (prints(&moved), &moved.recipe_sha256)
    );
}

#[test]
fn defaults_and_names_are_in_no_fingerprint() {
    let one = plan(RECIPE);
    let spelt = plan(&RECIPE.replace("min_chars = 10", "min_chars = 10\nmax_chars = 100000"));
    assert_eq!(prints(&one), prints(&spelt));
    assert_ne!(one.recipe_sha256, spelt.recipe_sha256);
    assert_eq!(prints(&one), prints(&plan(&RECIPE.replace("distinct", "unlike"))));
}

#[test]
fn a_change_reaches_everything_downstream_and_nothing_else() {
    let changed = |from: &str, to: &str| {
        let (a, b) = (prints(&plan(RECIPE)), prints(&plan(&RECIPE.replace(from, to))));
        a.iter().zip(&b).map(|(a, b)| a != b).collect::<Vec<_>>()
    };
    assert_eq!(changed("version = \"1.0\"", "version = \"1.1\""), [true; 4]);
    assert_eq!(changed("min_chars = 10", "min_chars = 11"), [false, true, true, true]);
    assert_eq!(
        changed("input = \"filter\"", "input = \"filter\"\nthreshold = 0.9"),
        [false, false, true, true]
    );
    assert_eq!(changed("library = \"filter\"", ""), [false, false, false, true]);
}

#[test]
fn seed_version_and_extras_count_where_they_matter() {
    let text = format!("{RECIPE}\n[nodes.verify]\nuse = 'verify'\ninput = 'link'\n");
    let (one, other) = (
        prints(&plan(&text)),
        prints(&plan(&text.replace("seed = 7", "seed = 8"))),
    );
    assert_eq!(one[..4], other[..4]);
    assert_ne!(one[4], other[4]);
    let mut raised = stages();
    raised[2].version = 2;
    let raised = prints(&parse("x.toml", &text, &raised).unwrap());
    assert_eq!(
        (one[..2] == raised[..2], one[2] == raised[2], one[4] == raised[4]),
        (true, false, false)
    );
    let grammar = |s: &StageInfo, _: &Value| {
        if s.name == "filter" {
            vec!["grammar".to_string()]
        } else {
            vec![]
        }
    };
    let with = prints(&parse_with("x.toml", &text, &stages(), &grammar).unwrap());
    assert_eq!((one[0] == with[0], one[1] == with[1]), (true, false));
}

#[test]
fn fingerprints_are_frozen() {
    // Stored decisions are keyed by these: a change here throws away everything that was ever computed.
    insta::assert_snapshot!(prints(&plan(RECIPE)).join("\n"), @r"
    d1f4f0dcc6fde79138319e7dbb778b7b
    b4a764a919ddca9c8a823d35280cfe8e
    4c46be92412feea009da4379de45f968
    83504b5b04d473c54c498ada1fb68011
    ");
}

#[test]
fn mistakes_of_nodes() {
    let text = "[nodes.Raw]\nuse = 'source.pipy'\n[nodes.raw]\nuse = 'source.pypi'\npackages = []\ninput = 'x'\n\
                [nodes.clean]\nuse = 'filter'\ninput = 'rwa'\nlibrary = 'raw'\nmin_char = 3\nmax_chars = -1\n\
                [nodes.loose]\ninput = 'clean'\n[nodes.open]\nuse = 'filter'\n";
    insta::assert_snapshot!(errors(text), @r"
    x.toml:3:8: `Raw` is no name for a node; lowercase letters, digits and `_`, a letter first, at most 64
    x.toml:4:7: unknown stage `source.pipy` in node `Raw`; did you mean `source.pypi`?
    x.toml:7:12: `packages` in node `raw` must not be empty
    x.toml:8:1: the source `source.pypi` takes no `input`, but node `raw` has one; remove it
    x.toml:11:9: unknown node `rwa` as input of node `clean`; did you mean `raw`?
    x.toml:12:1: the stage `filter` takes no `library`, but node `clean` has one; remove it
    x.toml:13:1: unknown key `min_char` in node `clean`; did you mean `min_chars`?
    x.toml:14:13: `max_chars` in node `clean` is -1, but must be at least 0
    x.toml:15:1: missing key `use` in node `loose`; it takes the name of a stage: `source.pypi`, `filter`, `dedup`, `link`, `verify`
    x.toml:17:1: missing key `input` in node `open`
    ");
}

#[test]
fn every_cycle_is_named() {
    let node = |name: &str, input: &str| format!("[nodes.{name}]\nuse = 'filter'\ninput = '{input}'\n");
    let text = [
        node("a", "c"),
        node("b", "a"),
        node("c", "b"),
        node("d", "c"),
        node("e", "e"),
    ]
    .concat();
    insta::assert_snapshot!(errors(&text), @r"
    x.toml:3:8: a cycle: `a` reads `c` reads `b` reads `a`; break it at one of these inputs
    x.toml:15:8: a cycle: `e` reads `e`; break it at one of these inputs
    ");
}

#[test]
fn mistakes_of_the_head() {
    insta::assert_snapshot!(render(&parse("x.toml", "recipe = 2\nnaem = 1\n", &stages()).unwrap_err()), @"x.toml:1:10: recipe format 2 is not supported; this program reads `recipe = 1`");
    insta::assert_snapshot!(render(&parse("x.toml", "recipe = '1'\nname = 'A b'\nseed = -1\nnodes = {}\n", &stages()).unwrap_err()), @r"
    x.toml:1:10: `recipe` must be a whole number, not a string; write 1 without quotes
    x.toml:2:8: `name` is `A b`, which does not match `^[a-z][a-z0-9_-]*$`
    x.toml:3:8: `seed` is -1, but must be at least 0
    x.toml:4:9: a recipe needs at least one node
    ");
    insta::assert_snapshot!(render(&parse("x.toml", "", &stages()).unwrap_err()), @r"
    x.toml:1:1: missing key `name`
    x.toml:1:1: missing key `nodes`
    x.toml:1:1: missing key `recipe`
    ");
    insta::assert_snapshot!(errors("nodes = 3\n"), @"x.toml:3:9: `nodes` must be a table, not a whole number");
    insta::assert_snapshot!(errors("[nodes]\na = 3\n"), @"x.toml:4:5: node `a` must be a table: `[nodes.a]`");
    insta::assert_snapshot!(errors("[nodes.a]\nuse='dedup'\ninput='a'\n[nodes.a]\nuse='dedup'\n"), @r"
    x.toml:6:8: a cycle: `a` reads `a`; break it at one of these inputs
    x.toml:6:8: duplicate node `a`; the first is on line 3
    x.toml:7:1: duplicate key `use`
    ");
}

#[test]
fn an_unread_source_is_a_warning() {
    let plan = plan(&format!(
        "{RECIPE}\n[nodes.spare]\nuse = 'source.pypi'\npackages = [{{ name = 'b' }}]\n"
    ));
    assert_eq!(
        render(&plan.warnings),
        "recipes/small.toml:24:8: warning: no node reads `spare`\n"
    );
}

#[test]
fn too_many_nodes_are_refused() {
    let nodes: String = (0..=MAX_NODES)
        .map(|i| format!("[nodes.n{i}]\nuse='dedup'\ninput='n0'\n"))
        .collect();
    assert!(errors(&nodes).contains("501 nodes; at most 500 are allowed"));
}

proptest! {
    #[test]
    fn no_edit_of_a_recipe_panics(at in 0usize..330, len in 0usize..20, with in "(\\PC|\\n|[\\[\\]={}\"'.#]){0,12}") {
        let mut text: Vec<char> = RECIPE.chars().collect();
        let at = at.min(text.len());
        text.splice(at..(at + len).min(RECIPE.len()).max(at), with.chars());
        let text: String = text.into_iter().collect();
        match parse("x.toml", &text, &stages()) {
            Ok(plan) => prop_assert!(plan.nodes.iter().all(|n| n.fingerprint.len() == 32)),
            Err(errors) => prop_assert!(!errors.is_empty() && errors.iter().all(Diagnostic::is_error)),
        }
    }
}
