//! The tour of the CadQuery sandbox: right and wrong scripts of realistic kinds, each judged, with the reason that an
//! engineer would give. `tests/fixtures/cad/PART/` holds a task, its reference, and its candidates, whose names begin with
//! what must come of them: `pass.` or a reason.

use crate::lab::{Lab, fixtures};
use crate::tours::names;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A candidate is a script, or a folder of which `main.py` comes first.
fn candidate(path: &Path, name: &str) -> Value {
    let file = |path: &Path, name: &str| json!({"path": name, "content": std::fs::read_to_string(path).unwrap()});
    if path.is_file() {
        return json!([file(path, name.split_once('.').unwrap().1)]);
    }
    let mut inner = names(path);
    inner.sort_by_key(|n| n != "main.py");
    inner.iter().map(|n| file(&path.join(n), n)).collect()
}

/// Each task with what must come of it, by its id.
fn tour() -> (String, BTreeMap<String, String>) {
    let (mut lines, mut wanted) = (String::new(), BTreeMap::new());
    for part in names(&fixtures().join("cad")) {
        let folder = fixtures().join("cad").join(&part);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let task: Value = serde_json::from_str(&read("task.json")).unwrap();
        for name in names(&folder) {
            if name == "task.json" || name == "reference.py" {
                continue;
            }
            let id = format!("{part}/{name}");
            let mut task = task.clone();
            task["id"] = json!(id);
            task["sandbox"] = json!("cadquery");
            task["files"] = json!([{"path": "reference.py", "role": "reference", "content": read("reference.py")}]);
            task["candidate"] = candidate(&folder.join(&name), &name);
            lines += &format!("{task}\n");
            wanted.insert(id, name.split('.').next().unwrap().to_string());
        }
    }
    (lines, wanted)
}

#[test]
fn every_candidate_is_judged_as_an_engineer_would() {
    let (tasks, wanted) = tour();
    let right = wanted.values().filter(|w| *w == "pass").count();
    assert!(right >= 20 && wanted.len() - right >= 20, "{right} of {}", wanted.len());
    let lab = Lab::new();
    let file = lab.write("tour.jsonl", &tasks);
    let out = lab.ok(&["verify", "--tasks", file.to_str().unwrap(), "--json"]);
    let mut wrong = Vec::new();
    let mut judged = 0;
    for line in out.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        let (id, evidence) = (answer["id"].as_str().unwrap(), &answer["evidence"]);
        let got = match answer["verdict"].as_str().unwrap() {
            "pass" => "pass",
            "fail" => answer["reason"].as_str().unwrap(),
            other => other,
        };
        judged += 1;
        if got != wanted[id] {
            wrong.push(format!("{id}: {got}: {answer}"));
        }
        if got == "pass" {
            assert!(evidence["metrics"]["iou"].as_f64().unwrap() >= 0.99, "{id}");
            assert!(
                evidence["metrics"]["render_svg"].as_str().unwrap().contains("<path"),
                "{id}"
            );
            assert_eq!(evidence["metrics"]["stl"]["closed"], true, "{id}");
        } else {
            assert!(
                !evidence["log"].as_str().unwrap_or("").is_empty(),
                "{id} fails without a word"
            );
        }
        assert!(
            !evidence["log"].to_string().contains("/job/"),
            "{id} tells where it ran: {evidence}"
        );
    }
    assert_eq!(judged, wanted.len());
    assert!(wrong.is_empty(), "{} of {judged}:\n{}", wrong.len(), wrong.join("\n"));
}

/// A reference that is wrong says nothing about the candidate.
#[test]
fn a_broken_reference_is_no_verdict() {
    let lab = Lab::new();
    let good = "import cadquery as cq\nresult = cq.Workplane().box(1, 2, 3)\n";
    let references = [
        (
            "raises",
            "import cadquery as cq\nresult = cq.Workplane().box(1, 2, 3).edges().fillet(9)\n",
        ),
        ("open", "import cadquery as cq\nresult = cq.Workplane().rect(1, 2)\n"),
    ];
    let mut lines = String::new();
    for (id, reference) in references {
        let task = json!({"id": id, "sandbox": "cadquery", "check": {"min_iou": 0.9},
            "files": [{"path": "reference.py", "role": "reference", "content": reference}],
            "candidate": [{"path": "part.py", "content": good}]});
        lines += &format!("{task}\n");
    }
    let file = lab.write("tasks.jsonl", &lines);
    let out = lab.ok(&["verify", "--tasks", file.to_str().unwrap(), "--json"]);
    for line in out.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["verdict"], "error", "{answer}");
        assert!(
            answer["reason"].as_str().unwrap().contains("the task's reference"),
            "{answer}"
        );
    }
    assert_eq!(out.lines().count(), 2);
}
