//! The job that judges a firmware: built as it is, then run on the board's emulation.

use super::check::{Engine, Stm32Check};
use super::devices::LcdCheck;
use super::renode;
use crate::domains::shell::{script, step};
use crate::domains::{OUTSIDE, limits};
use crate::recipe::tasks::{Role, Task};
use crate::worker::Request;
use sandboxes::{Job, JobFile, Limits, Step, When};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The sandbox, and its name in tasks.
pub const SANDBOX: &str = "stm32f407";
/// Raised whenever the same completion would be judged otherwise.
pub const JUDGE_VERSION: i32 = 2;

/// The sandbox that has a Renode as well.
pub const WITH_RENODE: &str = "renode";

/// What the board is told, and what Renode is, in the job's folder.
const PLAN: &str = "plan.json";
const RENODE_PLAN: &str = "renode.json";
/// What the board tells, for Renode's driver: rates, and where variables are.
const TOLD: &str = "/job/board.json";
const RUN_AND_KEEP: &str = "board \"$1\" >/job/board.json; s=$?; cat /job/board.json; exit $s";
/// How much longer a job may take that Renode runs as well, milliseconds.
const RENODE_MS: u64 = 120_000;
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

/// The job; the error says what the task lacks, or this machine, whose sandboxes are `built`.
pub fn request(task: &Task, check: &Stm32Check, built: &[String]) -> Result<Request, String> {
    let second = second_opinion(check, built)?;
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
    let mut own_units: Vec<String> = own
        .iter()
        .map(|f| f.path.clone())
        .filter(|path| is_unit(path))
        .collect();
    let rate = check.hse_hz.map(|rate| format!("-DHSE_VALUE={rate}u"));
    if !own_units.is_empty() {
        own_units.extend(rate.clone());
    }
    // A linker script of the candidate's comes last, and is the one that counts.
    let arguments: Vec<String> = all()
        .map(|(path, _)| path.clone())
        .filter(|path| is_unit(path) || path.ends_with(".ld"))
        .chain(rate)
        .collect();
    let with_renode = second.is_some();
    if let Some(plan) = second {
        files.push(JobFile {
            path: RENODE_PLAN.into(),
            content: format!("{plan:#}\n"),
        });
    }
    let mut base = base_limits(check, arguments.len() + own_units.len());
    base.wall_ms += if with_renode { RENODE_MS } else { 0 };
    let (sandbox, engine) = match with_renode {
        true => (WITH_RENODE, "board+renode"),
        false => (SANDBOX, "board"),
    };
    let plan = Plan {
        check: check.clone(),
        own_time: task.limits.cpu_ms.or(task.limits.wall_ms).is_some(),
        own_memory: task.limits.memory_bytes.is_some(),
    };
    Ok(Request {
        job: Job {
            sandbox: sandbox.into(),
            files,
            steps: steps(own_units, arguments, with_renode),
            limits: limits(base, &task.limits),
        },
        check: OUTSIDE.into(),
        engine: engine.into(),
        judge_version: JUDGE_VERSION,
        seed: 0,
        trials: 1,
        params: json!(plan),
    })
}

/// What Renode is told, if it is to run the firmware as well.
fn second_opinion(check: &Stm32Check, built: &[String]) -> Result<Option<Value>, String> {
    let there = built.iter().any(|name| name == WITH_RENODE);
    match (check.engine, there) {
        (Engine::Board, _) | (Engine::Auto, false) => Ok(None),
        (Engine::Auto, true) => Ok(renode::plan(check).ok()),
        (Engine::Renode, true) => match renode::plan(check) {
            Ok(plan) => Ok(Some(plan)),
            Err(why) => Err(format!(
                "`check.engine` is `renode`, and Renode cannot judge this: {why}; `auto` or `board` can"
            )),
        },
        (Engine::Renode, false) => Err(
            "`check.engine` is `renode`, and there is none here: `assay sandbox build renode` fetches it (or takes \
             ASSAY_RENODE=ARCHIVE); `auto` or `board` runs on the board's emulation alone"
                .into(),
        ),
    }
}

fn steps(own: Vec<String>, all: Vec<String>, with_renode: bool) -> Vec<Step> {
    let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    let mut steps = vec![step("compile", script(BUILD, all), When::Ok)];
    if !own.is_empty() {
        steps.push(step("harness", script(ALONE, own), When::Failed("compile".into())));
    }
    let plan = format!("/job/in/{PLAN}");
    if with_renode {
        steps.push(step("run", script(RUN_AND_KEEP, vec![plan]), When::Ok));
        steps.push(step(
            "renode",
            words(&["renode", RENODE_PLAN, FIRMWARE, TOLD]),
            When::Ok,
        ));
    } else {
        steps.push(step("run", words(&["board", &plan]), When::Ok));
    }
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
    plan["strict"] = check.strict.into();
    if let Some(rate) = check.hse_hz {
        plan["hse_hz"] = rate.into();
    }
    plan["memory"] = json!(addresses);
    plan["symbols"] = json!(check.symbols.keys().collect::<Vec<_>>());
    plan["registers"] = json!(check.registers.keys().collect::<Vec<_>>());
    let pixels = |asked: &LcdCheck| asked.at.iter().map(|p| [p.x, p.y]).collect::<Vec<_>>();
    let pixels = check.lcd.iter().map(|(bank, asked)| (bank, pixels(asked)));
    plan["pixels"] = json!(pixels.collect::<BTreeMap<_, _>>());
    plan["blocks"] = json!(check.blocks.iter().map(|b| b.block).collect::<Vec<_>>());
    plan
}

/// The chip computes 168 million instructions a second; the board, a good part of that. A source file takes the compiler
/// 0.1 s or so, one that brings in a vendor's whole library of headers 0.3 s.
fn base_limits(check: &Stm32Check, compiled: usize) -> Limits {
    let cpu_ms = 20_000 + (20.0 * check.run_ms) as u64 + 1_500 * compiled as u64;
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
    fn renode_is_asked_where_there_is_one_and_it_can_tell() {
        let asked = |check: Value, built: &[&str]| {
            let check: Stm32Check = serde_json::from_value(check).unwrap();
            let built: Vec<String> = built.iter().map(|name| name.to_string()).collect();
            second_opinion(&check, &built).map(|plan| plan.is_some())
        };
        let tells = || json!({"uart": {"usart2": "ok"}});
        assert_eq!(asked(tells(), &["stm32f407"]), Ok(false));
        assert_eq!(asked(tells(), &["renode", "stm32f407"]), Ok(true));
        assert_eq!(asked(json!({"baud": {"usart2": [1, 2]}}), &["renode"]), Ok(false));
        let mut only_board = tells();
        only_board["engine"] = "board".into();
        assert_eq!(asked(only_board, &["renode"]), Ok(false));
        let mut required = tells();
        required["engine"] = "renode".into();
        assert!(
            asked(required.clone(), &[])
                .unwrap_err()
                .contains("assay sandbox build renode")
        );
        required["stimulus"] = json!({"spi": {"spi1": [{"replies": "ff"}]}});
        assert!(asked(required, &["renode"]).unwrap_err().contains("stimulus.spi"));
    }

    #[test]
    fn sources_are_told_by_their_names() {
        assert!(is_unit("src/main.c") && is_unit("startup.s") && is_unit("a.cpp"));
        assert!(!is_unit("a.h") && !is_unit("memory.ld") && !is_unit("c"));
    }
}
