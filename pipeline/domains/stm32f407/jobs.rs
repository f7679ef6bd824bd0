//! The job that judges a firmware: built as it is, then run on the board's emulation.

use super::check::{Engine, Stm32Check};
use crate::domains::shell::{script, step};
use crate::domains::{OUTSIDE, limits};
use crate::recipe::tasks::{Role, Task};
use crate::worker::Request;
use sandboxes::{Job, JobFile, Limits, Step, When};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The sandbox, and its name in tasks.
pub const SANDBOX: &str = "stm32f407";
/// Raised whenever the same completion would be judged otherwise.
pub const JUDGE_VERSION: i32 = 1;

/// What the board is told, in the job's folder.
const PLAN: &str = "plan.json";
const FIRMWARE: &str = "/job/firmware.elf";
/// Where the task's files are.
pub const FILES: &str = "/job/in/task/";
const BUILD: &str = "cd /job/in/task && exec /usr/local/lib/firmware/build-firmware /job/firmware.elf \"$@\"";
/// Each of the task's own sources by itself: what does not compile here is the task's fault.
const ALONE: &str = "cd /job/in/task && exec /usr/local/lib/firmware/build-firmware --compile-only \"$@\"";

/// What the judge must know beyond the completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub check: Stm32Check,
    /// Which limits of time and of memory are the task's own.
    pub own_time: bool,
    pub own_memory: bool,
}

/// Whether the compiler takes a file of this name by itself.
fn is_unit(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name.rsplit_once('.').map(|(_, suffix)| suffix),
        Some("c" | "s" | "S" | "cpp" | "cc" | "cxx")
    )
}

/// The job; the error says what the task lacks, or this machine.
pub fn request(task: &Task, check: &Stm32Check) -> Result<Request, String> {
    if check.engine == Engine::Renode {
        return Err(
            "`check.engine` is `renode`, and this version runs firmware on the board's emulation only; `auto` or `board` runs it there"
                .into(),
        );
    }
    let brought = |file: &&crate::recipe::tasks::TaskFile| matches!(file.role, Role::Testbench | Role::Support);
    let own: Vec<_> = task.files.iter().filter(brought).collect();
    let all = || {
        own.iter()
            .copied()
            .map(|f| (&f.path, &f.content))
            .chain(task.candidate.iter().map(|f| (&f.path, &f.content)))
    };
    if !all().any(|(path, _)| is_unit(path)) {
        return Err("no file is a source by its name (.c, .s, .S, .cpp, .cc, .cxx)".into());
    }
    let mut files: Vec<JobFile> = all()
        .map(|(path, content)| JobFile {
            path: format!("task/{path}"),
            content: content.clone(),
        })
        .collect();
    files.push(JobFile {
        path: PLAN.into(),
        content: format!("{:#}\n", board_plan(check)),
    });
    let own_units: Vec<String> = own
        .iter()
        .map(|f| f.path.clone())
        .filter(|path| is_unit(path))
        .collect();
    // A linker script of the candidate's comes last, and is the one that counts.
    let arguments: Vec<String> = all()
        .map(|(path, _)| path.clone())
        .filter(|path| is_unit(path) || path.ends_with(".ld"))
        .collect();
    let plan = Plan {
        check: check.clone(),
        own_time: task.limits.cpu_ms.or(task.limits.wall_ms).is_some(),
        own_memory: task.limits.memory_bytes.is_some(),
    };
    Ok(Request {
        job: Job {
            sandbox: SANDBOX.into(),
            files,
            steps: steps(own_units, arguments),
            limits: limits(base_limits(check), &task.limits),
        },
        check: OUTSIDE.into(),
        engine: "board".into(),
        judge_version: JUDGE_VERSION,
        seed: 0,
        trials: 1,
        params: json!(plan),
    })
}

fn steps(own: Vec<String>, all: Vec<String>) -> Vec<Step> {
    let mut steps = vec![step("compile", script(BUILD, all), When::Ok)];
    if !own.is_empty() {
        steps.push(step("harness", script(ALONE, own), When::Failed("compile".into())));
    }
    steps.push(step(
        "run",
        ["board", "/job/in/plan.json"].map(String::from).into(),
        When::Ok,
    ));
    steps
}

/// What the board is to do, and to tell at the end (`sandboxes/stm32f407/board`).
fn board_plan(check: &Stm32Check) -> Value {
    let mut plan = json!(check.stimulus);
    let watched: Vec<String> = check
        .gpio
        .iter()
        .filter(|pin| pin.asks_for_edges())
        .map(|pin| pin.name())
        .collect();
    let addresses: Vec<u32> = check.memory.iter().map(|word| word.address).collect();
    plan["elf"] = FIRMWARE.into();
    plan["run_ms"] = check.run_ms.into();
    plan["watch"] = json!(watched);
    plan["memory"] = json!(addresses);
    plan["symbols"] = json!(check.symbols.keys().collect::<Vec<_>>());
    plan["registers"] = json!(check.registers.keys().collect::<Vec<_>>());
    plan
}

/// The chip computes 168 million instructions a second; the board, a good part of that.
fn base_limits(check: &Stm32Check) -> Limits {
    let cpu_ms = 20_000 + (20.0 * check.run_ms) as u64;
    Limits {
        cpu_ms,
        wall_ms: cpu_ms * 2,
        memory_bytes: 1 << 30,
        ..Limits::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_is_told_what_the_check_asks() {
        let check: Stm32Check = serde_json::from_value(json!({
            "run_ms": 20,
            "gpio": [{"port": "D", "pin": 12, "level": 1}, {"port": "C", "pin": 6, "high_us": [1, 2]}],
            "memory": [{"address": 0x2000_0000_u32, "value": 1}],
            "symbols": {"counter": {"min": 3}},
            "stimulus": {"uart": {"usart2": [{"at_ms": 5, "text": "x"}]}, "spi": {"spi1": [{"replies": "ff"}]}}
        }))
        .unwrap();
        let plan = board_plan(&check);
        assert_eq!(plan["watch"], json!(["C6"]));
        assert_eq!(plan["symbols"], json!(["counter"]));
        assert_eq!(plan["uart"]["usart2"], json!([{"at_ms": 5.0, "text": "x"}]));
        assert_eq!(plan["spi"]["spi1"], json!([{"replies": "ff"}]));
        assert_eq!((&plan["run_ms"], &plan["elf"]), (&json!(20.0), &json!(FIRMWARE)));
    }

    #[test]
    fn sources_are_told_by_their_names() {
        assert!(is_unit("src/main.c") && is_unit("startup.s") && is_unit("a.cpp"));
        assert!(!is_unit("a.h") && !is_unit("memory.ld") && !is_unit("c"));
    }
}
