use super::*;
use crate::domains::stm32f407::check::Stm32Check;
use sandboxes::{Ended, Job, Limits};

fn said(check: Value, own_time: bool, steps: &[(&str, Status, &str)], ended: Option<Ended>) -> Result<Ruling, String> {
    let check: Stm32Check = serde_json::from_value(check).unwrap();
    let plan = Plan {
        check,
        own_time,
        own_memory: false,
    };
    let job = Job {
        sandbox: "stm32f407".into(),
        files: vec![],
        steps: vec![],
        limits: Limits::default(),
    };
    let (name, engine) = (crate::domains::OUTSIDE.to_string(), "board".to_string());
    let request = Request {
        job,
        check: name,
        engine,
        judge_version: 1,
        seed: 0,
        trials: 1,
        params: json!(plan),
    };
    let step = |(name, status, log): &(&str, Status, &str)| StepResult {
        name: name.to_string(),
        status: status.clone(),
        log: log.as_bytes().to_vec(),
    };
    let steps = steps.iter().map(step).collect();
    let (cpu_ms, wall_ms, peak_bytes, starved, slot, tier) = (1, 1, 1, false, 0, String::new());
    judge(
        &request,
        &Completion {
            steps,
            ended,
            cpu_ms,
            wall_ms,
            peak_bytes,
            starved,
            slot,
            tier,
        },
    )
}

const BUILT: (&str, Status, &str) = (
    "compile",
    Status::Exit(0),
    "RAM:  16 B  128 KB  0.01%\nFLASH:  2 KB  1 MB  0.20%\n",
);

#[test]
fn our_faults_are_no_verdicts() {
    let run = |status: Status, log| said(json!({}), false, &[BUILT, ("run", status, log)], None);
    assert!(
        run(Status::Exit(2), "board: no such pin")
            .unwrap_err()
            .contains("no such pin")
    );
    assert!(run(Status::Signal(11), "").is_err() && run(Status::Exit(0), "").is_err());
    let lacks = r#"{"ended": "unsupported", "unsupported": ["CAN1: write of MCR"]}"#;
    assert!(run(Status::Exit(0), lacks).unwrap_err().contains("CAN1"));
    let killed = |own| {
        said(
            json!({}),
            own,
            &[BUILT, ("run", Status::Killed, "")],
            Some(Ended::CpuTime),
        )
    };
    assert!(killed(false).is_err());
    assert_eq!(killed(true).unwrap().reason, Some(FailReason::Timeout));
    let broken = ("compile", Status::Exit(1), "main.c:1: error: x");
    let alone = ("harness", Status::Exit(1), "support.c:1: error: y");
    assert!(
        said(json!({}), false, &[broken.clone(), alone], None)
            .unwrap_err()
            .contains("support.c")
    );
    let ruling = said(json!({}), false, &[broken, ("harness", Status::Exit(0), "")], None).unwrap();
    assert_eq!(
        (ruling.reason, &ruling.metrics["messages"]),
        (Some(FailReason::CompileError), &json!(["main.c:1: error: x"]))
    );
}

#[test]
fn what_an_engineer_would_name_first_is_the_reason() {
    let reason = |check: Value, report: &str| {
        let ruling = said(check, false, &[BUILT, ("run", Status::Exit(0), report)], None).unwrap();
        ruling.reason
    };
    let asks = || json!({"uart": {"usart2": "ok"}, "uses": ["USART2"]});
    let sent = r#""uart": {"usart2": {"text": "ok", "bytes": 2}}"#;
    let used = r#""touched": {"USART2": {"reads": 0, "writes": 3}}"#;
    let with = |more: &str| format!(r#"{{"ended": "time", "virtual_ms": 10, {sent}, {used}{more}}}"#);
    assert_eq!(reason(asks(), &with("")), None);
    assert_eq!(
        reason(asks(), &format!(r#"{{"ended": "time", {sent}}}"#)),
        Some(FailReason::HarnessTampered)
    );
    let misuse = with(r#", "findings": [{"kind": "unclocked_peripheral", "severity": "error"}]"#);
    assert_eq!(reason(asks(), &misuse), Some(FailReason::Misuse));
    let mut lenient = asks();
    lenient["strict"] = false.into();
    assert_eq!(reason(lenient, &misuse), None);
    assert_eq!(
        reason(asks(), &with(r#", "findings": [{"kind": "x", "severity": "note"}]"#)),
        None
    );
    assert_eq!(
        reason(asks(), &with(r#", "faults": [{"kind": "bus_fault"}]"#)),
        Some(FailReason::Crash)
    );
    assert_eq!(reason(asks(), r#"{"ended": "time"}"#), Some(FailReason::WrongAnswer));
    let waits = r#"{"ended": "time", "virtual_ms": 10, "waiting": {"registers": ["USART2.SR"], "ms": 9}}"#;
    assert_eq!(reason(asks(), waits), Some(FailReason::Timeout));
}

#[test]
fn two_engines_have_to_agree() {
    let report = |text: &str| {
        format!(
            r#"{{"ended": "time", "virtual_ms": 10, "uart": {{"usart2": {{"text": "{text}"}}}}, "touched": {{"USART2": {{"reads": 0, "writes": 1}}}}, "renode": {{"version": "x"}}}}"#
        )
    };
    let both = |check: Value, board: &str, renode: &str, status: Status| {
        let (board, renode) = (report(board), report(renode));
        let steps = [
            BUILT,
            ("run", Status::Exit(0), board.as_str()),
            ("renode", status, renode.as_str()),
        ];
        said(check, false, &steps, None)
    };
    let asks = || json!({"uart": {"usart2": "ok"}});
    let ruling = both(asks(), "ok", "ok", Status::Exit(0)).unwrap();
    assert_eq!(
        (ruling.verdict, &ruling.metrics["verified_by"]),
        (VerdictKind::Pass, &json!("board+renode"))
    );
    let ruling = both(asks(), "no", "no", Status::Exit(0)).unwrap();
    assert_eq!(
        (ruling.reason, &ruling.metrics["verified_by"]),
        (Some(FailReason::WrongAnswer), &json!("board+renode"))
    );
    let ruling = both(asks(), "ok", "no", Status::Exit(0)).unwrap();
    assert_eq!((ruling.verdict, ruling.reason), (VerdictKind::Flaky, None));
    insta::assert_snapshot!(ruling.log);
    assert_eq!(ruling.metrics["engine_disagreement"]["board"], json!([]));
    // Only the board knows the port's rate: its verdict stands, and Renode is no witness of it.
    let ruling = both(
        json!({"uart": {"usart2": "ok"}, "baud": {"usart2": [9000, 9700]}}),
        "ok",
        "ok",
        Status::Exit(0),
    )
    .unwrap();
    assert_eq!(
        (ruling.reason, &ruling.metrics["verified_by"]),
        (Some(FailReason::WrongAnswer), &json!("board"))
    );
    assert!(both(asks(), "ok", "ok", Status::Killed).is_err());
}

#[test]
fn memory_is_read_as_the_linker_tells_it() {
    assert_eq!(
        Value::from(regions(BUILT.2.as_bytes())),
        json!({"ram": 16, "flash": 2048})
    );
}
