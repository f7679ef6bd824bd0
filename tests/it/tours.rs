//! What the tours of the domains share: tasks made of files, judged by the program itself.

use crate::lab::Lab;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Names in a folder, in order.
pub fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Judges tasks with the program itself; answers by id.
pub fn verify(lab: &Lab, tasks: &[Value]) -> BTreeMap<String, Value> {
    let lines: String = tasks.iter().map(|t| format!("{t}\n")).collect();
    let file = lab.write("tasks.jsonl", &lines);
    let out = lab.ok(&["verify", "--tasks", file.to_str().unwrap(), "--json"]);
    let answers = out.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    answers.map(|a| (a["id"].as_str().unwrap().to_string(), a)).collect()
}

/// What a verdict is called here: its reason, `pass`, or another word and the whole answer.
pub fn called(answer: &Value) -> String {
    match answer["verdict"].as_str() {
        Some("pass") => "pass".into(),
        Some("fail") => answer["reason"].as_str().unwrap().into(),
        other => format!("{}: {answer}", other.unwrap_or_default()),
    }
}
