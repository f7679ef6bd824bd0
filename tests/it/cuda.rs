//! CUDA programs brought from outside: right and wrong candidates of realistic kinds, planted defects and their clean twins,
//! all fed through `assay verify --tasks`, each judged with the reason that an engineer would give.
//!
//! `tests/fixtures/cuda/problems/NAME/` is a task; a candidate's first line names its problem, and in `wrong/` the reason.
//! In `tests/cuda/defects/NAME/bad.cu` the lines that the report must name end in `// defect: KIND`.

use crate::lab::{Lab, ROOT};
use crate::tours::{called, names, text, verify};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn fixtures() -> PathBuf {
    Path::new(ROOT).join("tests/fixtures/cuda")
}

fn defects() -> PathBuf {
    Path::new(ROOT).join("tests/cuda/defects")
}

/// A task of a candidate's file, and what must be said of it.
fn task(set: &str, name: &str) -> (Value, String) {
    let candidate = text(&fixtures().join(set).join(name));
    let said = candidate.lines().next().unwrap().trim_start_matches(['/', ' ']);
    let (problem, reason) = said.split_once(": ").unwrap_or((said, "pass"));
    let folder = fixtures().join("problems").join(problem);
    let mut check: Value = serde_json::from_str(&text(&folder.join("check.json"))).unwrap();
    check["gpu"] = "emulate".into();
    let files: Vec<Value> = names(&folder)
        .iter()
        .filter(|file| *file != "check.json")
        .map(|file| {
            let role = if file.starts_with("testbench") {
                "testbench"
            } else {
                "support"
            };
            json!({"path": file, "role": role, "content": text(&folder.join(file))})
        })
        .collect();
    // Emulated, only a limit of the task's own counts.
    let limits = match reason {
        "timeout" => json!({"cpu_ms": 20_000}),
        "out_of_memory" => json!({"memory_bytes": 3_u64 << 30}),
        _ => json!({}),
    };
    let task = json!({"id": format!("{set}/{name}"), "sandbox": "cuda", "check": check, "limits": limits, "files": files,
        "candidate": [{"path": format!("answer/{name}"), "content": candidate}]});
    (task, reason.to_string())
}

#[test]
fn right_and_wrong_candidates_get_the_reason_an_engineer_would_give() {
    // Two of each problem and two of each reason, and every cheat; benches/cuda.py takes all of them.
    let mut tasks = Vec::new();
    for set in ["right", "wrong"] {
        let mut seen = BTreeMap::<String, u32>::new();
        for name in names(&fixtures().join(set)) {
            let (task, reason) = task(set, &name);
            let kind = if set == "right" {
                name.split('_').next().unwrap_or_default()
            } else {
                &reason
            };
            let count = seen.entry(kind.to_string()).or_default();
            *count += 1;
            if *count <= 2 || reason == "harness_tampered" {
                tasks.push((task, reason));
            }
        }
    }
    let count = |set: &str| {
        tasks
            .iter()
            .filter(|(t, _)| t["id"].as_str().unwrap().starts_with(set))
            .count()
    };
    assert!(count("right") >= 20 && count("wrong") >= 20);
    let lab = Lab::new();
    let answers = verify(&lab, &tasks.iter().map(|(t, _)| t.clone()).collect::<Vec<_>>());
    let mut odd = Vec::new();
    for (task, expected) in &tasks {
        let answer = &answers[task["id"].as_str().unwrap()];
        let got = called(answer);
        if got != *expected {
            let log = answer["evidence"]["log"].as_str().unwrap_or_default();
            odd.push(format!("{}: {got}, not {expected}: {log}", task["id"]));
        }
        let metrics = &answer["evidence"]["metrics"];
        if expected == "pass" {
            assert_eq!(metrics["engine"], "emulated", "{answer}");
            assert!(
                metrics["compiled"].as_object().is_some_and(|archs| !archs.is_empty()),
                "{answer}"
            );
        }
        if expected == "data_race" {
            let race = &metrics["findings"][0];
            assert!(race["line"].is_u64() && race["other"].is_object(), "{answer}");
        }
    }
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), tasks.len(), odd.join("\n"));
}

/// The lines that a report must name, and the kind of the defect.
fn marks(source: &str) -> (BTreeSet<u64>, String) {
    let marked = source
        .lines()
        .zip(1..)
        .filter_map(|(line, n)| Some((n, line.rsplit_once("// defect: ")?.1)));
    let (lines, kinds): (BTreeSet<u64>, BTreeSet<&str>) = marked.unzip();
    assert_eq!(kinds.len(), 1, "{source}");
    (lines, kinds.into_iter().next().unwrap().trim().to_string())
}

#[test]
fn planted_defects_are_found_on_their_lines_and_clean_twins_are_not_accused() {
    // One of each family here; benches/cuda.py takes all of them.
    let mut families = BTreeSet::new();
    let chosen = names(&defects());
    let chosen = chosen
        .iter()
        .filter(|name| families.insert(name.split('_').next().unwrap().to_string()));
    let mut tasks = Vec::new();
    for name in chosen {
        for twin in ["bad", "clean"] {
            let content = text(&defects().join(name).join(format!("{twin}.cu")));
            tasks.push(of_file(&format!("{name}/{twin}"), &content, "emulate"));
        }
    }
    assert!(tasks.len() >= 20);
    let answers = verify(&Lab::new(), &tasks);
    for (task, answer) in tasks.iter().map(|t| (t, &answers[t["id"].as_str().unwrap()])) {
        if task["id"].as_str().unwrap().ends_with("/clean") {
            assert_eq!(called(answer), "pass", "{answer}");
            continue;
        }
        let (lines, kind) = marks(task["candidate"][0]["content"].as_str().unwrap());
        let findings = answer["evidence"]["metrics"]["findings"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"));
        let named = |f: &Value| {
            [&f["line"], &f["other"]["line"]]
                .iter()
                .any(|l| l.as_u64().is_some_and(|l| lines.contains(&l)))
        };
        assert!(
            findings.iter().any(|f| f["kind"] == kind.as_str() && named(f)),
            "{kind} at {lines:?}: {answer}"
        );
    }
}

#[test]
fn programs_of_every_kind_run_right() {
    // The first of each kind of which there are several, by the first word of the name; benches/cuda.py takes all of them.
    let folder = Path::new(ROOT).join("tests/cuda/programs");
    let mut kinds = BTreeMap::<String, Vec<String>>::new();
    for name in names(&folder).into_iter().filter(|name| name.ends_with(".cu")) {
        let kind = name.split('_').next().unwrap_or_default().to_string();
        kinds.entry(kind).or_default().push(name);
    }
    let chosen: Vec<&String> = kinds.values().filter(|of| of.len() > 1).map(|of| &of[0]).collect();
    assert!(chosen.len() >= 10);
    let tasks: Vec<Value> = chosen
        .iter()
        .map(|name| of_file(name, &text(&folder.join(name)), "emulate"))
        .collect();
    let answers = verify(&Lab::new(), &tasks);
    for task in &tasks {
        let answer = &answers[task["id"].as_str().unwrap()];
        let does_wrong = !said(task["candidate"][0]["content"].as_str().unwrap(), "Reports").is_empty();
        assert_eq!(answer["verdict"], if does_wrong { "fail" } else { "pass" }, "{answer}");
    }
}

/// A task of one program, with the flags and the architecture that it says it needs.
fn of_file(id: &str, content: &str, gpu: &str) -> Value {
    let arch = said(content, "Arch").pop().unwrap_or("sm_75".into());
    json!({"id": id, "sandbox": "cuda", "check": {"flags": said(content, "Flags"), "arch": arch, "gpu": gpu},
        "candidate": [{"path": "program.cu", "content": content}]})
}

/// What a program says of itself in a line of its comments.
fn said(program: &str, key: &str) -> Vec<String> {
    let lines = program
        .lines()
        .filter_map(|line| line.strip_prefix("// ")?.strip_prefix(key)?.strip_prefix(':'));
    let words = lines
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_end_matches('.').to_string());
    words.collect()
}

/// The same suites on a GPU, with the emulation beside it: each program, each candidate, each defect and its clean twin comes
/// to the verdict that it has without a GPU, and nowhere do the engines disagree.
#[test]
#[ignore = "needs a GPU and the image `cuda_gpu`"]
fn a_gpu_agrees_with_the_emulation() {
    let (mut tasks, mut wanted) = (Vec::new(), BTreeMap::new());
    let mut add = |mut task: Value, reason: &str| {
        task["check"]["gpu"] = "require".into();
        wanted.insert(task["id"].as_str().unwrap().to_string(), reason.to_string());
        tasks.push(task);
    };
    let programs = Path::new(ROOT).join("tests/cuda/programs");
    for name in names(&programs).iter().filter(|name| name.ends_with(".cu")) {
        let content = text(&programs.join(name));
        let reason = if said(&content, "Reports").is_empty() {
            "pass"
        } else {
            "crash"
        };
        add(of_file(&format!("programs/{name}"), &content, "require"), reason);
    }
    for set in ["right", "wrong"] {
        for name in names(&fixtures().join(set)) {
            let (task, reason) = task(set, &name);
            add(task, &reason);
        }
    }
    for name in names(&defects()) {
        for (twin, reason) in [("bad", ""), ("clean", "pass")] {
            let content = text(&defects().join(&name).join(format!("{twin}.cu")));
            add(of_file(&format!("{name}/{twin}"), &content, "require"), reason);
        }
    }
    let answers = verify(&Lab::new(), &tasks);
    let (mut odd, mut both) = (Vec::new(), 0);
    for (id, reason) in &wanted {
        let (answer, metrics) = (&answers[id], &answers[id]["evidence"]["metrics"]);
        both += u32::from(metrics["engine"] == "gpu+emulated");
        let got = called(answer);
        // which of several defects comes first is the engines' own
        let agreed = got == *reason || reason.is_empty() && answer["verdict"] == "fail";
        if !agreed {
            odd.push(format!("{id}: {got}, not {reason}: {}", metrics["engine_disagreement"]));
        }
    }
    println!("{both} of {} verified by both engines", tasks.len());
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), tasks.len(), odd.join("\n"));
    assert!(both >= 150, "{both} of {}", tasks.len());
}

#[test]
fn the_comparison_of_testbenches_accepts_what_is_right_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("compare_test");
    let built = Command::new("g++")
        .args([
            "-std=c++17",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-I",
            "sandboxes/cuda/judge",
        ])
        .args(["tests/cuda/compare_test.cpp", "-o"])
        .arg(&program)
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let out = Command::new(program).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}
