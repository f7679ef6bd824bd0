//! Recipes that must be accepted, recipes that must be refused with exactly these words, and the schemas that go with
//! them. `UPDATE_GOLDEN=1` rewrites what is expected.

use assay::recipe::diagnostics::Diagnostic;
use assay::recipe::{Plan, check_file, parse, plan::COMMON_KEYS, render};
use assay::stages::infos;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Recipes in a folder, sorted; the test would prove nothing over too few of them.
fn recipes(folder: &str, at_least: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= at_least, "only {} recipes in {folder}", paths.len());
    paths
}

/// Reads a recipe under the name that messages give it: relative to the project, the same on every machine.
fn parsed(path: &Path) -> Result<Plan, Vec<Diagnostic>> {
    let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
    parse(name, &std::fs::read_to_string(path).unwrap(), &infos())
}

#[test]
fn valid_recipes_are_accepted() {
    for path in recipes("tests/recipes/valid", 4)
        .into_iter()
        .chain(recipes("recipes", 1))
    {
        let plan = parsed(&path).unwrap_or_else(|e| panic!("{}", render(&e)));
        assert_eq!(render(&plan.warnings), "", "{}", path.display());
        for (at, node) in plan.nodes.iter().enumerate() {
            assert!(
                node.inputs.iter().chain(&node.library).all(|i| *i < at),
                "{} is not in order",
                node.name
            );
            assert_eq!(node.fingerprint.len(), 32);
        }
    }
}

#[test]
fn invalid_recipes_are_refused_with_these_words() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for path in recipes("tests/recipes/invalid", 12) {
        let said = match parsed(&path) {
            Ok(_) => panic!("{} was accepted", path.display()),
            Err(found) => render(&found),
        };
        let golden = path.with_extension("stderr");
        if update {
            std::fs::write(&golden, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- said\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 rewrites them", wrong.join("\n"));
}

#[test]
fn all_mistakes_of_a_recipe_are_said_at_once() {
    let found = parsed(&root().join("tests/recipes/invalid/many_mistakes.toml")).unwrap_err();
    assert!(found.iter().filter(|d| d.is_error()).count() >= 6, "{}", render(&found));
    assert!(found.iter().all(|d| d.line > 0), "{}", render(&found));
}

#[test]
fn check_tells_files_apart_by_content() {
    let no_mixture = |file: &str, _: &str| -> Vec<Diagnostic> { panic!("{file} was taken for a mixture") };
    for path in recipes("tests/recipes/valid", 4) {
        assert_eq!(render(&check_file(&path, &infos(), &no_mixture)), "");
    }
    for path in recipes("tests/recipes/invalid", 12) {
        assert!(
            check_file(&path, &infos(), &no_mixture)
                .iter()
                .any(Diagnostic::is_error),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_stage_fits_into_a_recipe() {
    let stages = infos();
    let names: BTreeSet<_> = stages.iter().map(|s| s.name).collect();
    assert_eq!(names.len(), stages.len(), "a stage is listed twice");
    for stage in &stages {
        let keys = stage
            .schema
            .get("properties")
            .and_then(|p| p.as_object())
            .into_iter()
            .flatten();
        for (key, _) in keys {
            assert!(
                !COMMON_KEYS.contains(&key.as_str()),
                "{} takes the key `{key}` of every node",
                stage.name
            );
        }
        assert!(
            stage.schema.get("description").is_some(),
            "{} is not described",
            stage.name
        );
    }
    let used: BTreeSet<String> = recipes("tests/recipes/valid", 4)
        .iter()
        .chain(&recipes("recipes", 1))
        .flat_map(|p| parsed(p).map(|plan| plan.nodes).unwrap_or_default())
        .map(|n| n.use_)
        .collect();
    let unused: Vec<_> = names.iter().filter(|n| !used.contains(**n)).collect();
    assert!(unused.is_empty(), "no recipe uses {unused:?}");
}

#[test]
fn patterns_of_the_schemas_compile() {
    fn walk(name: &str, schema: &serde_json::Value) {
        if let Some(pattern) = schema.get("pattern").and_then(|p| p.as_str()) {
            assert!(regex::Regex::new(pattern).is_ok(), "{name}: {pattern}");
        }
        let inner: Vec<&serde_json::Value> = match schema {
            serde_json::Value::Object(fields) => fields.values().collect(),
            serde_json::Value::Array(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        inner.into_iter().for_each(|part| walk(name, part));
    }
    for (name, schema) in assay::recipe::schemas(&infos()) {
        walk(name, &schema);
    }
}
