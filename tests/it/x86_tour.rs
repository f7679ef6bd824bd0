//! Right and wrong candidates of realistic kinds for the domain of code optimisation, each judged for its reason.
//!
//! `tests/fixtures/x86_64/problems/NAME/` is a task; a candidate's first line names its problem, and in `wrong/` the reason.

use crate::lab::{Lab, ROOT};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(ROOT).join("tests/fixtures/x86_64")
}

/// Names and texts of a folder's files, in order.
fn folder(path: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// A task of a candidate's file, and the verdict and reason that it must get.
fn task(set: &str, name: &str, text: &str) -> (Value, (String, String)) {
    let said = text.lines().next().unwrap().trim_start_matches(['/', '#', ' ']);
    let (problem, reason) = said.split_once(": ").unwrap_or((said, ""));
    let mut files = folder(&fixtures().join("problems").join(problem));
    let check: Value = serde_json::from_str(&files.remove("check.json").unwrap()).unwrap();
    let role = |name: &str| match name {
        "testbench.c" => "testbench",
        "baseline.c" => "baseline",
        _ => "support",
    };
    let files: Vec<Value> = files
        .iter()
        .map(|(name, text)| json!({"path": name, "content": text, "role": role(name)}))
        .collect();
    let id = format!("{set}/{name}");
    let limits = match reason {
        "timeout" => json!({"cpu_ms": 1000}),
        "out_of_memory" => json!({"memory_bytes": 64 << 20}),
        _ => json!({}),
    };
    let candidate = json!([{"path": format!("answer/{name}"), "content": text}]);
    let verdict = if reason.is_empty() { "pass" } else { "fail" };
    let task = json!({"id": id, "sandbox": "x86_64", "files": files, "candidate": candidate, "check": check, "limits": limits});
    (task, (verdict.into(), reason.into()))
}

#[test]
fn twenty_right_and_twenty_wrong_candidates_are_told_apart() {
    let (mut lines, mut wanted) = (Vec::new(), BTreeMap::new());
    for set in ["right", "wrong"] {
        for (name, text) in folder(&fixtures().join(set)) {
            let (task, expected) = task(set, &name, &text);
            wanted.insert(task["id"].as_str().unwrap().to_string(), expected);
            lines.push(task.to_string());
        }
    }
    let count = |set: &str| wanted.keys().filter(|id| id.starts_with(set)).count();
    assert!(count("right") >= 20 && count("wrong") >= 20);
    let lab = Lab::new();
    let file = lab.write("tasks.jsonl", &(lines.join("\n") + "\n"));
    let out = lab.run(&["verify", "--tasks", file.to_str().unwrap(), "--json"]);
    let stdout = String::from_utf8_lossy(&out.stdout);
    let mut odd = Vec::new();
    for line in stdout.lines() {
        let said: Value = serde_json::from_str(line).unwrap();
        let id = said["id"].as_str().unwrap();
        let (verdict, reason) = wanted.remove(id).unwrap();
        if said["verdict"] != verdict.as_str() || said["reason"].as_str().unwrap_or("") != reason {
            odd.push(format!("{id}: wanted {verdict} {reason}, got {said}"));
        }
        // What decided is in the evidence.
        let evidence = &said["evidence"];
        if reason == "not_faster" && evidence["metrics"]["unchanged"] != true {
            assert!(evidence["metrics"]["measured"]["lower"].is_f64(), "{said}");
        }
        if verdict == "pass" && !evidence["metrics"]["min_speedup"].is_null() {
            let measured = &evidence["metrics"]["measured"];
            assert!(measured["instructions"]["candidate"].is_u64(), "{said}");
            assert!(
                measured["lower"].as_f64() >= evidence["metrics"]["min_speedup"].as_f64(),
                "{said}"
            );
        }
    }
    assert!(odd.is_empty(), "{}", odd.join("\n"));
    assert!(
        wanted.is_empty(),
        "not judged: {wanted:?}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
}
