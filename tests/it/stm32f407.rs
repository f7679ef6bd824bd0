//! Firmware brought from outside: right ones, planted defects, and candidates of realistic kinds, all fed through
//! `assay verify --tasks` and run on the board's emulation.
//!
//! A folder of `tests/stm32f407/firmwares/` or `defects/` is a candidate with its `check.json`; a defect's `expect.json` names
//! its right twin, the findings of which one must be made, the lines, and why. `tour/problems/NAME/` is a task, some with a
//! second, hidden check; a candidate's first line names its problem, and in `wrong/` the reason.

use crate::lab::{Lab, ROOT};
use crate::tours::{called, names, text, verify};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(ROOT).join("tests/stm32f407")
}

fn parsed(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A folder as a task: every source is the candidate's.
fn task(set: &str, name: &str) -> Value {
    let folder = root().join(set).join(name);
    let sources = files_below(&folder).into_iter().filter(|file| !file.ends_with(".json"));
    let candidate: Vec<Value> = sources
        .map(|file| json!({"path": file, "content": text(&folder.join(&file))}))
        .collect();
    json!({"id": format!("{set}/{name}"), "sandbox": "stm32f407", "check": on_the_board(&folder.join("check.json")), "candidate": candidate})
}

/// Files of a folder and of the folders in it, by their paths there.
fn files_below(folder: &Path) -> Vec<String> {
    let below = |name: String| match folder.join(&name) {
        path if path.is_dir() => files_below(&path).iter().map(|file| format!("{name}/{file}")).collect(),
        _ => vec![name],
    };
    names(folder).into_iter().flat_map(below).collect()
}

/// A check that asks for no Renode, whether or not there is one.
fn on_the_board(path: &Path) -> Value {
    let mut check = parsed(path);
    check["engine"] = "board".into();
    check
}

fn about(answer: &Value) -> String {
    format!(
        "{} {}",
        answer["evidence"]["metrics"]["findings"], answer["evidence"]["log"]
    )
}

#[test]
fn right_firmwares_pass_and_are_accused_of_nothing() {
    let tasks: Vec<Value> = names(&root().join("firmwares"))
        .iter()
        .map(|name| task("firmwares", name))
        .collect();
    assert!(tasks.len() >= 30);
    let answers = verify(&Lab::new(), &tasks);
    let mut odd = Vec::new();
    for (id, answer) in &answers {
        if called(answer) != "pass" {
            odd.push(format!("{id}: {}: {}", called(answer), about(answer)));
            continue;
        }
        let metrics = &answer["evidence"]["metrics"];
        assert_eq!(
            (&metrics["engine"], &metrics["verified_by"]),
            (&json!("board"), &json!("board")),
            "{id}"
        );
        let regions = metrics["memory"].as_object().unwrap();
        assert!(
            metrics["instructions"].as_u64().unwrap() > 0 && !regions.is_empty(),
            "{id}"
        );
    }
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), tasks.len(), odd.join("\n"));
}

#[test]
fn defective_twins_fail_with_the_right_explanation() {
    let all = names(&root().join("defects"));
    assert!(all.len() >= 30);
    let tasks: Vec<Value> = all.iter().map(|name| task("defects", name)).collect();
    let answers = verify(&Lab::new(), &tasks);
    let (mut odd, mut kinds) = (Vec::new(), std::collections::BTreeSet::new());
    for name in &all {
        let answer = &answers[&format!("defects/{name}")];
        let expect = parsed(&root().join("defects").join(name).join("expect.json"));
        let said = |list: &Value| -> Vec<String> {
            list.as_array()
                .into_iter()
                .flatten()
                .map(|v| v.as_str().unwrap().to_string())
                .collect()
        };
        let (wanted, lines) = (said(&expect["kinds"]), said(&expect["lines"]));
        let findings = answer["evidence"]["metrics"]["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found = findings.iter().any(|f| {
            let kind = f["kind"].as_str().unwrap().to_string();
            let there = lines.is_empty() || lines.iter().any(|line| f["line"] == line.as_str());
            let named = wanted.contains(&kind) && there;
            if named {
                kinds.insert(kind);
            }
            named
        });
        // What the chip does as it is told, and yet may not be meant, is a note.
        let notes = said(&answer["evidence"]["metrics"]["notes"]);
        let noted = notes
            .iter()
            .any(|note| wanted.iter().any(|kind| note.starts_with(kind.as_str())));
        if answer["verdict"] != "fail" || !(wanted.is_empty() || found || noted) {
            odd.push(format!(
                "{name}: {}, wanted {wanted:?} at {lines:?} ({}): {}",
                called(answer),
                expect["why"],
                about(answer)
            ));
        }
    }
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), all.len(), odd.join("\n"));
    assert!(kinds.len() >= 12, "{kinds:?}");
}

/// Where there is a Renode, firmwares are judged by both engines. A difference is no verdict; each is a fault of one of the
/// engines, to be found by the manual.
#[test]
#[ignore = "needs the image `renode`"]
fn renode_agrees_with_the_board() {
    let mut tasks = Vec::new();
    for set in ["firmwares", "defects"] {
        tasks.extend(names(&root().join(set)).iter().map(|name| task(set, name)));
    }
    for task in &mut tasks {
        task["check"]["engine"] = "auto".into();
    }
    let answers = verify(&Lab::new(), &tasks);
    let (mut odd, mut both) = (Vec::new(), 0);
    for (id, answer) in &answers {
        let metrics = &answer["evidence"]["metrics"];
        both += u32::from(metrics["verified_by"] == "board+renode");
        if !matches!(answer["verdict"].as_str(), Some("pass" | "fail")) {
            odd.push(format!("{id}: {}: {}", called(answer), metrics["engine_disagreement"]));
        }
    }
    println!("{both} of {} verified by both engines", tasks.len());
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), tasks.len(), odd.join("\n"));
    assert!(both >= 30, "{both} of {}", tasks.len());
}

#[test]
fn candidates_get_the_reason_an_engineer_would_give() {
    let tour = root().join("tour");
    let (mut tasks, mut wanted) = (Vec::new(), Vec::new());
    for set in ["right", "wrong"] {
        for name in names(&tour.join(set)) {
            let content = text(&tour.join(set).join(&name));
            let said = content.lines().next().unwrap().trim_start_matches(['/', ' ']).trim();
            let (problem, reason) = said.split_once(": ").unwrap_or((said, "pass"));
            let folder = tour.join("problems").join(problem);
            let id = format!("{set}/{name}");
            // A second run with other inputs: constants that fit the first are no answer.
            for run in ["check", "hidden"]
                .into_iter()
                .filter(|run| folder.join(format!("{run}.json")).is_file())
            {
                tasks.push(json!({"id": format!("{id} {run}"), "sandbox": "stm32f407",
                    "check": on_the_board(&folder.join(format!("{run}.json"))), "prompt": text(&folder.join("prompt.md")),
                    "candidate": [{"path": format!("answer/{name}"), "content": content}]}));
            }
            wanted.push((id, reason.to_string()));
        }
    }
    let count = |set: &str| wanted.iter().filter(|(id, _)| id.starts_with(set)).count();
    assert!(count("right") >= 20 && count("wrong") >= 20);
    let answers = verify(&Lab::new(), &tasks);
    let mut odd = Vec::new();
    for (id, reason) in &wanted {
        let mut answer = &answers[&format!("{id} check")];
        if let Some(hidden) = answers
            .get(&format!("{id} hidden"))
            .filter(|_| called(answer) == "pass")
        {
            answer = hidden;
        }
        if called(answer) != *reason {
            odd.push(format!("{id}: {}, not {reason}: {}", called(answer), about(answer)));
        }
    }
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), tasks.len(), odd.join("\n"));
}

#[test]
fn what_the_board_lacks_and_what_is_not_here_is_ours() {
    let lab = Lab::new();
    let program = |body: &str| format!("#include \"stm32f4xx.h\"\nint main(void) {{ {body} for (;;) __WFI(); }}\n");
    let of = |id: &str, check: Value, files: Value, body: &str| {
        json!({"id": id, "sandbox": "stm32f407", "check": check, "files": files,
            "candidate": [{"path": "main.c", "content": program(body)}]})
    };
    let broken = json!([{"path": "support.c", "role": "support", "content": "int x = ;\n"}]);
    let tasks = [
        of(
            "usb",
            json!({}),
            json!([]),
            "RCC->AHB2ENR |= RCC_AHB2ENR_OTGFSEN; *(volatile uint32_t *)0x50000008 = 1;",
        ),
        of("renode", json!({"engine": "renode"}), json!([]), ""),
        of("broken task", json!({}), broken, ""),
    ];
    let answers = verify(&lab, &tasks);
    for (id, word) in [("usb", "OTG_FS"), ("renode", "renode"), ("broken task", "support.c")] {
        let answer = &answers[id];
        assert_eq!(answer["verdict"], "error", "{answer}");
        assert!(answer.to_string().contains(word), "{answer}");
    }
}
