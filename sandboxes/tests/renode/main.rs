//! The driver of Renode: against recordings of a real one everywhere, and against the `renode` on the `PATH` where there is
//! one (`cargo test -p sandboxes --test renode -- --ignored`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod player;
mod real;

use std::time::Duration;

use player::Player;
use sandboxes::renode::drive::{self, Outcome};
use sandboxes::renode::monitor::{Link, Monitor, Trouble};
use sandboxes::renode::plan::{Known, Plan};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(2);

async fn monitor(recording: &str) -> Monitor<Player> {
    Monitor::open(Player::new(recording), SOON).await.unwrap()
}

/// Runs a firmware whose recording this is.
async fn run(monitor: &mut Monitor<Player>, name: &str, run_ms: f64, more: Value) -> Outcome {
    let mut plan = json!({"run_ms": run_ms, "ports": ["usart2"]});
    for (key, value) in more.as_object().unwrap() {
        plan[key] = value.clone();
    }
    let plan: Plan = serde_json::from_value(plan).unwrap();
    let known: Known = serde_json::from_value(json!({"clock": {"hclk": 168_000_000}})).unwrap();
    drive::run(monitor, name, b"an ELF", &plan, &known).await.unwrap()
}

#[tokio::test]
async fn a_firmware_runs_and_the_next_one_in_the_same_renode() {
    let mut renode = monitor(include_str!("good.jsonl")).await;
    assert!(renode.version().starts_with("Renode, version 1.16.1"));
    let plan: Plan = serde_json::from_value(json!({
        "run_ms": 350, "ports": ["usart2"], "gpio": ["D"], "memory": [0x4002_0C14_u32],
    }))
    .unwrap();
    let known: Known = serde_json::from_value(json!({
        "clock": {"hclk": 168_000_000}, "symbols": {"ticks": {"address": 0x2000_0000_u32, "size": 16}, "gone": null},
    }))
    .unwrap();
    let outcome = drive::run(&mut renode, "job1", b"an ELF", &plan, &known).await.unwrap();
    let report = &outcome.report;
    assert!(outcome.clean);
    assert_eq!(
        (&report["ended"], &report["virtual_ms"], &report["instructions"]),
        (&json!("time"), &json!(350.0), &json!(0xE4E))
    );
    assert!(
        report["uart"]["usart2"]["text"]
            .as_str()
            .unwrap()
            .starts_with("boot\ntick 100\n")
    );
    assert_eq!(
        (&report["pins"]["D12"]["level"], &report["pins"]["D13"]["level"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(report["memory"]["0x40020c14"], 0x1000);
    assert_eq!(report["symbols"]["ticks"]["hex"], "5e010000000000000000000000000000");
    assert_eq!(report["symbols"]["gone"], Value::Null);
    assert_eq!((&report["faults"], &report["unsupported"]), (&json!([]), &json!([])));
    // Bits that its models ignore are remarks, and accuse nobody.
    assert_eq!(report["renode"]["remarks"].as_object().unwrap().len(), 2);
    assert_eq!(renode.link().stored, ["job1.elf", "board.repl"]);

    eprintln!("driver: {} ms of its own", report["renode"]["own_ms"]);
    let again = run(&mut renode, "job2", 100.0, json!({})).await;
    assert!(again.clean);
    assert_eq!(again.report["uart"]["usart2"]["text"], "boot\ntick \n");
    let said = renode
        .link()
        .said
        .iter()
        .filter(|command| command.contains("AdvanceImmediately"));
    assert_eq!(said.count(), 2, "`Clear` takes it back");
}

#[tokio::test]
async fn faults_are_read_where_renode_keeps_them() {
    let mut renode = monitor(include_str!("undefined_instruction.jsonl")).await;
    let outcome = run(&mut renode, "job1", 500.0, json!({"gpio": ["D"]})).await;
    assert!(outcome.clean);
    assert_eq!(outcome.report["ended"], "fault");
    let fault = &outcome.report["faults"][0];
    assert_eq!(fault["pc"], 0x0800_004A);
    assert!(
        fault["text"].as_str().unwrap().starts_with("CFSR 0x00010000"),
        "{fault}"
    );
    assert_eq!(outcome.report["renode"]["pc"], "0x0800004a");

    let mut renode = monitor(include_str!("unmapped_write.jsonl")).await;
    let outcome = run(&mut renode, "job1", 500.0, json!({})).await;
    let fault = &outcome.report["faults"][0];
    assert_eq!(
        (&fault["kind"], &fault["address"], &fault["pc"]),
        (&json!("bus_fault"), &json!(0x9000_0000_u32), &json!(0x0800_01EC))
    );
    assert_eq!(outcome.report["ended"], "time", "Renode went on");
}

#[tokio::test]
async fn a_core_that_gives_up_costs_the_server_and_no_more() {
    let mut renode = monitor(include_str!("runfor_hangs.jsonl")).await;
    let outcome = run(&mut renode, "job1", 500.0, json!({})).await;
    assert!(!outcome.clean);
    assert_eq!(outcome.report["ended"], "fault");
    let fault = &outcome.report["faults"][0];
    assert_eq!(
        (&fault["kind"], &fault["pc"]),
        (&json!("cpu_abort"), &json!(0x7000_0000))
    );
    assert!(
        fault["text"]
            .as_str()
            .unwrap()
            .starts_with("Trying to execute code outside RAM")
    );
}

#[tokio::test]
async fn what_renode_refuses_is_an_error_of_ours() {
    let mut renode = monitor(include_str!("errors.jsonl")).await;
    let refused = [
        "nosuch",
        "machine LoadPlatformDescription @/job/missing.repl",
        "sysbus LoadELF @/job/missing.elf",
        "sysbus.usart9 CreateFileBackend @/job/x true",
        "emulation RunFor \"abc\"",
        "sysbus GetSymbolAddress \"no_such_symbol\"",
        "quit 3 4 5",
    ];
    for (place, command) in refused.into_iter().enumerate() {
        if place == 1 {
            renode.expect_prompt("e");
            renode.ask("mach create \"e\"", SOON).await.unwrap();
        }
        let trouble = renode.ask(command, SOON).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Refused { .. }), "{command}: {trouble}");
    }
    assert_eq!(
        renode.ask("sysbus ReadDoubleWord 0x90000000", SOON).await.unwrap(),
        "0x00000000"
    );
    renode.expect_prompt("monitor");
    assert_eq!(renode.ask("Clear", SOON).await.unwrap(), "");
}

#[tokio::test]
async fn a_started_machine_is_asked_while_it_stands_still() {
    let mut renode = monitor(include_str!("jump_outside_memory.jsonl")).await;
    renode.expect_prompt("jump");
    for command in [
        "mach create \"jump\"",
        "machine LoadPlatformDescription @/job/board.repl",
        "start",
    ] {
        renode.ask(command, SOON).await.unwrap();
    }
    for _ in 0..3 {
        let said = renode.ask("machine ElapsedVirtualTime", SOON).await.unwrap();
        assert!(said.ends_with("TimeElapsed = 00:00:00.300100000]"), "{said}");
        assert_eq!(renode.ask("sysbus.cpu PC", SOON).await.unwrap(), "0x70000000");
    }
    assert_eq!(renode.ask("pause", SOON).await.unwrap(), "Pausing emulation...");
    renode.expect_prompt("monitor");
    renode.ask("Clear", SOON).await.unwrap();
    renode.expect_prompt("next");
    renode.ask("mach create \"next\"", SOON).await.unwrap();
    renode.ask("emulation RunFor \"0.1\"", SOON).await.unwrap();
    let sent = renode.link().get("next.usart2", 0).await.unwrap();
    assert_eq!(sent, b"boot\ntick \n");
}

#[tokio::test]
async fn a_reply_out_of_step_is_no_answer() {
    let mut renode = monitor(include_str!("good.jsonl")).await;
    // Somebody else's machine: its prompt never comes.
    renode.expect_prompt("other");
    let trouble = renode
        .ask("mach create \"good\"", Duration::from_millis(100))
        .await
        .unwrap_err();
    assert!(matches!(trouble, Trouble::Silent { .. }), "{trouble}");
    // And what it said meanwhile is in the way of the next command.
    let trouble = renode.ask("Clear", SOON).await.unwrap_err();
    assert!(matches!(trouble, Trouble::OutOfStep(_)), "{trouble}");
}
