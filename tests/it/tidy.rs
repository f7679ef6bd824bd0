//! Rules about the source that a machine can check.

use crate::lab::ROOT;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest source file, lines.
const LINES: usize = 500;
/// Longest file of tests.
const TEST_LINES: usize = 600;

/// The text files of the repository, by path.
fn files() -> BTreeMap<String, String> {
    let git = Command::new("git").args(["-C", ROOT, "ls-files", "-z"]).output();
    let listed = git.ok().filter(|out| out.status.success() && !out.stdout.is_empty());
    let paths: Vec<String> = match &listed {
        Some(out) => String::from_utf8_lossy(&out.stdout)
            .split_terminator('\0')
            .map(String::from)
            .collect(),
        // not a checkout: an unpacked archive
        None => walk(Path::new(ROOT)),
    };
    let read = |path: String| {
        let bytes = std::fs::read(Path::new(ROOT).join(&path)).ok()?;
        Some((path, String::from_utf8(bytes).ok()?))
    };
    let files: BTreeMap<_, _> = paths.into_iter().filter_map(read).collect();
    assert!(
        files.len() > 100 && files.contains_key("Cargo.toml"),
        "these are not the project's files: {} of them",
        files.len()
    );
    files
}

fn walk(folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let skipped = [".git", "target", "out", ".assay"].iter().any(|s| name == *s);
        match entry.file_type().unwrap() {
            t if t.is_dir() && !skipped => paths.extend(walk(&path)),
            t if t.is_file() => paths.push(path.strip_prefix(ROOT).unwrap().to_str().unwrap().into()),
            _ => {}
        }
    }
    paths
}

fn has_extension(path: &str, wanted: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, e)| wanted.contains(&e))
}

/// A file that holds nothing but tests.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("tests/") || path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
}

/// A Rust source without its comments and the tests at its end.
fn code(text: &str) -> String {
    let text = text.find("#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at]);
    let line = |l: &str| {
        format!(
            "{}\n",
            l.find("//")
                .filter(|at| !l[..*at].contains('"'))
                .map_or(l, |at| &l[..at])
        )
    };
    text.lines().map(line).collect()
}

/// Lines of Rust code outside of tests that hold one of these, but for files that may: `path:line: text`.
fn found(words: &[&str], may: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut seen = 0;
    for (path, text) in files().iter().filter(|(p, _)| has_extension(p, &["rs"]) && !is_test(p)) {
        for (n, line) in code(text).lines().enumerate() {
            if words.iter().any(|w| line.contains(w)) {
                seen += 1;
                if !may(path) {
                    out.push(format!("{path}:{}: {}", n + 1, line.trim()));
                }
            }
        }
    }
    assert!(seen > 0, "nothing holds any of {words:?}: the rule checks nothing");
    out
}

fn none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn sql_is_in_the_store_only() {
    // the listener of the worker's loop speaks no SQL of its own, but the client's type is named there
    let wrong = found(&["sqlx::query", "query_as(", "query_scalar(", "raw_sql("], &|p| {
        p.starts_with("pipeline/store/")
    });
    none(&wrong, "SQL belongs into pipeline/store/");
}

#[test]
fn processes_are_started_where_they_are_watched() {
    let may = |path: &str| {
        path.starts_with("sandboxes/")
            || path.starts_with("pipeline/store/cluster")
            || matches!(path, "pipeline/sinks/exec/process.rs" | "pipeline/cli/db.rs")
    };
    let wrong = found(
        &[
            "process::Command",
            "Command::new",
            "libc::fork",
            "libc::execv",
            "libc::posix_spawn",
        ],
        &may,
    );
    none(
        &wrong,
        "processes belong into sandboxes/ (or the few files named in this test)",
    );
}

#[test]
fn files_stay_readable_in_length() {
    let mut wrong = Vec::new();
    for (path, text) in files().iter().filter(|(p, _)| has_extension(p, &["rs", "py", "sh"])) {
        let (lines, most) = (text.lines().count(), if is_test(path) { TEST_LINES } else { LINES });
        if lines > most {
            wrong.push(format!("{path}: {lines} lines, at most {most}"));
        }
    }
    none(&wrong, "a file that is longer than a person reads is split");
}

/// Recipes under a folder of the repository.
fn recipes(folder: &str) -> Vec<PathBuf> {
    let is_recipe = |(path, text): &(&String, &String)| {
        path.starts_with(folder) && path.ends_with(".toml") && text.lines().any(|l| l.starts_with("recipe = "))
    };
    files()
        .iter()
        .filter(is_recipe)
        .map(|(path, _)| Path::new(ROOT).join(path))
        .collect()
}

#[test]
fn every_stage_and_source_has_a_recipe() {
    let infos = assay::stages::infos();
    let names: BTreeSet<&str> = infos.iter().map(|s| s.name).collect();
    assert_eq!(names.len(), infos.len(), "two stages or sources share a name");
    let mut used = BTreeSet::new();
    let all: Vec<PathBuf> = ["recipes/", "tests/fixtures/recipes/"]
        .iter()
        .flat_map(|f| recipes(f))
        .collect();
    assert!(all.len() >= 2, "too few recipes: {all:?}");
    for path in all {
        let name = path.display().to_string();
        let plan = assay::recipe::parse(&name, &std::fs::read_to_string(&path).unwrap(), &infos);
        let plan = plan.unwrap_or_else(|found| panic!("{}", assay::recipe::render(&found)));
        used.extend(plan.nodes.into_iter().map(|n| n.use_));
    }
    let unused: Vec<&&str> = names.iter().filter(|n| !used.contains(**n)).collect();
    assert!(unused.is_empty(), "no recipe shows how to use {unused:?}");
}

#[test]
fn every_file_under_recipes_checks_clean() {
    let infos = assay::stages::infos();
    let mixture = |file: &str, text: &str| match assay::mixtures::Mixture::parse(text, file) {
        Ok(_) => Vec::new(),
        Err(e) => vec![assay::recipe::Diagnostic::whole_file(file, e.to_string())],
    };
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in files().keys().filter(|p| has_extension(p, &["toml"])) {
        if path.starts_with("recipes/") || path.starts_with("tests/fixtures/recipes/") {
            checked += 1;
            let said = assay::recipe::check_file(&Path::new(ROOT).join(path), &infos, &mixture);
            wrong.extend(said.iter().map(ToString::to_string));
        }
    }
    assert!(checked >= 4, "only {checked} files were checked");
    none(&wrong, "recipes are what people learn from: no error and no warning");
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let mut names: Vec<String> = files()
        .keys()
        .filter_map(|p| p.strip_prefix("migrations/").map(String::from))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "there are no migrations");
    let shape = regex::Regex::new(r"^\d{4}_[a-z]+(_[a-z]+)+\.sql$").unwrap();
    for (i, name) in names.iter().enumerate() {
        assert!(shape.is_match(name), "{name} is not called NNNN_verb_noun.sql");
        assert_eq!(
            name[..4],
            format!("{:04}", i + 1),
            "a number is missing before {name}, or taken twice"
        );
    }
}

#[test]
fn nothing_is_left_undone_or_points_to_one_place_only() {
    // spelt in two halves, so that this file does not hold them
    let undone = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X "].concat(),
        ["HA", "CK:"].concat(),
        ["todo", "!("].concat(),
    ];
    // where packages come from is for pip's and cargo's own configuration to say; one default stands in sources/
    let host = ["py", "pi.org"].concat();
    let hosts = [
        ["files.pythonhosted", ".org"].concat(),
        ["index.crates", ".io"].concat(),
        ["registry.npmjs", ".org"].concat(),
    ];
    let mut wrong = Vec::new();
    for (path, text) in files() {
        // locks name where their packages came from
        if path == "Cargo.lock" || path.starts_with("tests/fixtures/rtl/") {
            continue;
        }
        for (n, line) in text.lines().enumerate() {
            let elsewhere = line.contains(&host) && !path.starts_with("pipeline/sources/");
            if elsewhere || undone.iter().chain(&hosts).any(|w| line.contains(w.as_str())) {
                wrong.push(format!(
                    "{path}:{}: {}",
                    n + 1,
                    line.trim().chars().take(120).collect::<String>()
                ));
            }
        }
    }
    none(&wrong, "left undone, or a registry's host by name");
}

#[test]
fn the_rules_see_what_they_should() {
    let text = "use x; // sqlx::query in a comment\nlet u = \"http://a\"; run();\n#[cfg(test)]\nmod tests {\n    Command::new(\"x\");\n}\n";
    assert_eq!(code(text), "use x; \nlet u = \"http://a\"; run();\n");
    assert!(
        is_test("pipeline/recipe/check_tests.rs")
            && is_test("sandboxes/tests/common/mod.rs")
            && !is_test("pipeline/recipe/tests_of.rs")
    );
    assert!(has_extension("a/b.rs", &["rs"]) && !has_extension("a.rs/b", &["rs"]));
}
