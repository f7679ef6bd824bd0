//! Golden output of every stage: it may change only together with the stage's version, because what has been decided
//! once is reused for as long as the version stands.
//!
//! `UPDATE_GOLDEN=1` rewrites tests/golden/stages.txt.

use crate::commands::built;
use crate::lab::{Lab, ROOT};
use assay::model::sha256_hex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a node did: a line per sample that entered it, with what it decided and what it made. Samples go by their
/// content; ids and job hashes, which follow from versions and images, are blanked: an image with a newer package of no
/// consequence changes nothing here.
const OUTPUT: &str = r#"
    with blank as (
        select id, content_sha256 || ' ' || kind || ' ' || regexp_replace(metadata::text, '"[0-9a-f]{32}"', '"id"', 'g') as made
        from stored_samples
    )
    select string_agg(line, E'\n' order by line) from (
        select concat_ws(' ', s.content_sha256, s.kind, s.origin ->> 'path', o.outcome, coalesce(o.reason, '-'),
            regexp_replace(o.detail::text, '"[0-9a-f]{32}"', '"id"', 'g'),
            (select string_agg(b.made, ',' order by b.made) from blank b where b.id = any(o.children))) as line
        from outcomes o join stored_samples s on s.id = o.sample_id
        where o.build_id = {build} and o.node = '{node}'
    ) lines"#;

/// What a source took in.
const INPUT: &str = r"
    select string_agg(line, E'\n' order by line) from (
        select concat_ws(' ', s.content_sha256, s.origin, s.metadata) as line
        from build_members m join stored_samples s on s.id = m.sample_id
        where m.build_id = {build} and m.name = '{node}'
    ) lines";

/// Names of a node's inputs, its library among them.
const UPSTREAM: &str = "
    select up.name from build_nodes n join build_nodes up on up.build_id = n.build_id and (up.node = any(n.inputs) or up.node = n.library)
    where n.build_id = {build} and n.name = '{node}'";

fn file() -> PathBuf {
    Path::new(ROOT).join("tests/golden/stages.txt")
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq)]
struct Golden {
    node: String,
    use_: String,
    version: u32,
    digest: String,
}

fn read(text: &str) -> Vec<Golden> {
    let line = |line: &str| {
        let [node, use_, version, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("bad line: {line}")
        };
        Golden {
            node: node.into(),
            use_: use_.into(),
            version: version.parse().unwrap(),
            digest: digest.into(),
        }
    };
    text.lines().filter(|l| !l.starts_with('#')).map(line).collect()
}

/// The nodes of a build in order, each with its inputs.
fn measure(lab: &Lab, build: &serde_json::Value) -> Vec<(Golden, Vec<String>)> {
    let stages = assay::stages::infos();
    let id = build["build"].to_string();
    let node = |n: &serde_json::Value| {
        let (node, use_) = (n["node"].as_str().unwrap(), n["use"].as_str().unwrap());
        let ask = |sql: &str| lab.sql(&sql.replace("{build}", &id).replace("{node}", node));
        let rows = ask(if use_.starts_with("source.") { INPUT } else { OUTPUT });
        assert!(!rows.is_empty(), "node `{node}` did nothing, and so proves nothing");
        let version = stages
            .iter()
            .find(|s| s.name == use_)
            .expect("the stage is in the table")
            .version;
        let golden = Golden {
            node: node.into(),
            use_: use_.into(),
            version,
            digest: sha256_hex(rows.as_bytes()),
        };
        (golden, ask(UPSTREAM).lines().map(String::from).collect())
    };
    build["nodes"].as_array().unwrap().iter().map(node).collect()
}

/// What is wrong, given what was. A node can be judged only where what it reads is as it was.
fn compare(was: &[Golden], is: &[(Golden, Vec<String>)]) -> Vec<String> {
    let was: BTreeMap<&str, &Golden> = was.iter().map(|g| (g.node.as_str(), g)).collect();
    let (mut wrong, mut moved) = (Vec::new(), BTreeSet::new());
    for (now, inputs) in is {
        let Golden {
            node,
            use_,
            version,
            digest,
        } = now;
        let fed_otherwise = inputs.iter().any(|i| moved.contains(i.as_str()));
        match was.get(node.as_str()) {
            Some(before) if *before == now => continue,
            Some(before)
                if !fed_otherwise && before.use_ == *use_ && before.digest != *digest && *version <= before.version =>
            {
                wrong.push(format!("output of stage {use_} changed: raise its version or undo the change (node {node}, version {version})"));
            }
            Some(_) if fed_otherwise => wrong.push(format!("node {node} ({use_}) was fed otherwise than before")),
            _ => wrong.push(format!(
                "node {node} ({use_}, version {version}) is new, or its stage's version is"
            )),
        }
        moved.insert(node.as_str());
    }
    let names: BTreeSet<&str> = is.iter().map(|(g, _)| g.node.as_str()).collect();
    wrong.extend(
        was.keys()
            .filter(|n| !names.contains(**n))
            .map(|n| format!("node {n} is gone")),
    );
    wrong
}

#[test]
fn a_stage_whose_output_changes_has_a_new_version() {
    let b = built();
    let is = measure(&b.lab, &b.build);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let line = |g: &Golden| format!("{} {} {} {}\n", g.node, g.use_, g.version, g.digest);
        let head = "# The small build: node, stage, the stage's version, sha256 of what the node did. tests/it/golden.rs tells how.\n";
        std::fs::write(
            file(),
            head.to_string() + &is.iter().map(|(g, _)| line(g)).collect::<String>(),
        )
        .unwrap();
    }
    let was = read(&std::fs::read_to_string(file()).unwrap_or_default());
    let wrong = compare(&was, &is);
    assert!(
        wrong.is_empty(),
        "{}\nafter a change that is meant, UPDATE_GOLDEN=1 rewrites tests/golden/stages.txt",
        wrong.join("\n")
    );
}

#[test]
fn every_stage_has_a_golden_output() {
    let lines = read(&std::fs::read_to_string(file()).unwrap());
    for stage in assay::stages::table() {
        let has = lines.iter().any(|g| g.use_ == stage.name);
        assert!(
            has,
            "stage `{}` has none: use it in tests/fixtures/recipes/small.toml",
            stage.name
        );
    }
}

#[test]
fn only_a_new_version_excuses_a_new_output() {
    let golden = |node: &str, version: u32, digest: &str| Golden {
        node: node.into(),
        use_: "filter".into(),
        version,
        digest: digest.into(),
    };
    let was = [golden("a", 1, "x"), golden("b", 1, "y")];
    let chain = |a: Golden, b: Golden| compare(&was, &[(a, vec![]), (b, vec!["a".into()])]);
    assert!(chain(golden("a", 1, "x"), golden("b", 1, "y")).is_empty());
    insta::assert_snapshot!(chain(golden("a", 1, "x"), golden("b", 1, "z")).join("\n"), @"output of stage filter changed: raise its version or undo the change (node b, version 1)");
    insta::assert_snapshot!(chain(golden("a", 1, "w"), golden("b", 1, "z")).join("\n"), @r"
    output of stage filter changed: raise its version or undo the change (node a, version 1)
    node b (filter) was fed otherwise than before
    ");
    insta::assert_snapshot!(chain(golden("a", 2, "w"), golden("b", 1, "z")).join("\n"), @r"
    node a (filter, version 2) is new, or its stage's version is
    node b (filter) was fed otherwise than before
    ");
    insta::assert_snapshot!(compare(&was, &[(golden("a", 1, "x"), vec![])]).join("\n"), @"node b is gone");
}
