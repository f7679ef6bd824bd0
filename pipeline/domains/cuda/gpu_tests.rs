use super::super::jobs::WITH_GPU;
use super::super::judge::tests::ruling_where;
use super::*;
use sandboxes::Ended;

const RACE: &str = r#"{"kind":"race","space":"shared","by":"kernel","file":"add.cu","line":9,"count":1}"#;
const WRONG: (&str, Status, &str) = ("gpu_run_0", Status::Exit(1), "sum 4\n");
const EMULATED_WRONG: (&str, Status, &str) = ("run_0", Status::Exit(1), "sum 5\n");

fn on_gpu(check: Value, changed: &[(&str, Status, &str)]) -> Result<Ruling, String> {
    ruling_where(&[WITH_GPU.into()], check, None, changed)
}

fn reason(ruling: Result<Ruling, String>) -> (VerdictKind, Option<FailReason>) {
    let ruling = ruling.unwrap();
    (ruling.verdict, ruling.reason)
}

const PASS: (VerdictKind, Option<FailReason>) = (VerdictKind::Pass, None);
const FLAKY: (VerdictKind, Option<FailReason>) = (VerdictKind::Flaky, None);

fn fails(reason: FailReason) -> (VerdictKind, Option<FailReason>) {
    (VerdictKind::Fail, Some(reason))
}

#[test]
fn where_both_engines_agree_the_verdict_rests_on_both() {
    let ruling = on_gpu(json!({"stdout": "sum 3"}), &[]).unwrap();
    assert_eq!(ruling.verdict, VerdictKind::Pass);
    assert_eq!(ruling.metrics["engine"], "gpu+emulated");
    assert_eq!(ruling.metrics["gpu"]["device"]["name"], "a GPU");
    let both = [WRONG, EMULATED_WRONG];
    assert_eq!(reason(on_gpu(json!({}), &both)), fails(FailReason::WrongAnswer));
}

#[test]
fn where_one_has_a_right_result_and_the_other_a_wrong_one_there_is_no_verdict() {
    for changed in [
        WRONG,
        EMULATED_WRONG,
        ("run_0", Status::Signal(11), ""),
        ("gpu_run_1", Status::Exit(1), ""),
    ] {
        let ruling = on_gpu(json!({}), std::slice::from_ref(&changed)).unwrap();
        assert_eq!((ruling.verdict, ruling.reason), FLAKY, "{changed:?}");
        assert!(ruling.metrics["engine_disagreement"]["gpu"].is_string());
    }
    let printed = [("gpu_run_0", Status::Exit(0), "sum 4\n")];
    assert_eq!(reason(on_gpu(json!({"stdout": "sum 3"}), &printed)), FLAKY);
}

#[test]
fn what_the_checker_finds_counts_on_a_lucky_gpu_too() {
    let race = format!("{RACE}\n{{\"kind\":\"end\",\"how\":\"exit\",\"launches\":1}}\n");
    let found = [("report_0", Status::Exit(0), race.as_str())];
    assert_eq!(reason(on_gpu(json!({}), &found)), fails(FailReason::DataRace));
    let order = [("run_1", Status::Exit(1), "")];
    assert_eq!(reason(on_gpu(json!({}), &order)), fails(FailReason::OrderDependent));
    // unchecked, nothing is emulated
    let ruling = on_gpu(json!({"sanitize": false}), &[]).unwrap();
    assert_eq!(
        (ruling.verdict, &ruling.metrics["engine"]),
        (VerdictKind::Pass, &json!("gpu"))
    );
}

#[test]
fn what_cannot_be_emulated_is_judged_by_the_gpu_alone() {
    let texture = ("emulate", Status::Exit(3), "unsupported: surfaces\n");
    let ruling = on_gpu(json!({}), std::slice::from_ref(&texture)).unwrap();
    assert_eq!(ruling.verdict, VerdictKind::Pass);
    assert_eq!(ruling.metrics["engine"], "gpu");
    assert!(ruling.metrics["not_emulated"].as_str().unwrap().contains("surfaces"));
    assert_eq!(
        reason(on_gpu(json!({}), &[texture, WRONG])),
        fails(FailReason::WrongAnswer)
    );
}

#[test]
fn a_gpu_that_does_not_answer_is_our_fault() {
    let dead = "no GPU answers: unknown error (cudaErrorUnknown)\n";
    for step in ["device", "device_after"] {
        let why = on_gpu(json!({}), &[(step, Status::Exit(3), dead), WRONG]).unwrap_err();
        assert!(why.contains("cudaErrorUnknown"), "{why}");
    }
}

#[test]
fn a_gpu_that_is_too_old_is_not_asked() {
    for arch in ["sm_100", "sm_80a", "sm_80f", "sm_103f"] {
        let ruling = on_gpu(json!({"arch": arch}), &[WRONG]).unwrap();
        assert_eq!(ruling.metrics["engine"], "emulated", "{arch}");
        assert!(ruling.metrics["not_on_gpu"].is_string());
        let why = on_gpu(json!({"arch": arch, "gpu": "require"}), &[]).unwrap_err();
        assert!(why.contains("compute capability 90"), "{why}");
    }
    for arch in ["sm_75", "sm_90", "sm_90a", "sm_90f", "compute_80"] {
        assert_eq!(reason(on_gpu(json!({"arch": arch}), &[])), PASS, "{arch}");
    }
}

#[test]
fn a_program_that_launches_nothing_or_leaves_early_is_a_cheat_on_a_gpu_too() {
    let alone = json!({"sanitize": false});
    let none = r#"{"kind":"end","how":"exit","launches":0}"#;
    for (step, report) in [("gpu_report_0", none), ("gpu_report_0", "")] {
        let changed = [(step, Status::Exit(0), report)];
        assert_eq!(
            reason(on_gpu(alone.clone(), &changed)),
            fails(FailReason::HarnessTampered)
        );
    }
}

#[test]
fn only_the_tasks_own_limits_count_on_a_gpu() {
    for step in ["gpu_run_0", "run_0"] {
        let killed = [(step, Status::Killed, "")];
        let judged = ruling_where(&[WITH_GPU.into()], json!({}), Some(Ended::CpuTime), &killed);
        assert!(judged.unwrap_err().contains("within the sandbox's limits"));
    }
}

#[test]
fn what_the_gpu_cannot_tell_is_left_to_the_emulation() {
    let foreign = r#"{"kind":"end","how":"exit","launches":1,"launch_errors":1,"launch_error":222}"#;
    let hangs = ("gpu_run_0", Status::Exit(124), "");
    for changed in [hangs.clone(), ("gpu_report_0", Status::Exit(0), foreign)] {
        let ruling = on_gpu(json!({}), std::slice::from_ref(&changed)).unwrap();
        assert_eq!(ruling.metrics["engine"], "emulated", "{changed:?}");
        assert!(on_gpu(json!({"gpu": "require"}), std::slice::from_ref(&changed)).is_err());
        assert!(on_gpu(json!({"sanitize": false}), &[changed]).is_err());
    }
    // a hang that the emulation explains
    let race = format!("{RACE}\n{{\"kind\":\"end\",\"how\":\"exit\",\"launches\":1}}\n");
    let explained = [hangs, ("report_0", Status::Exit(0), race.as_str())];
    assert_eq!(
        reason(on_gpu(json!({"gpu": "require"}), &explained)),
        fails(FailReason::DataRace)
    );
}

#[test]
fn a_run_that_replaces_the_program_is_a_cheat() {
    for step in ["programs_1", "gpu_programs_0"] {
        let changed = [(step, Status::Exit(0), "another sum")];
        assert_eq!(
            reason(on_gpu(json!({}), &changed)),
            fails(FailReason::HarnessTampered),
            "{step}"
        );
    }
}

#[test]
fn a_gpu_is_asked_where_there_is_one_and_the_task_lets_it() {
    let there = [WITH_GPU.to_string()];
    let engine =
        |built: &[String], check: Value| ruling_where(built, check, None, &[]).map(|r| r.metrics["engine"].clone());
    assert_eq!(engine(&[], json!({})).unwrap(), "emulated");
    assert_eq!(engine(&there, json!({"gpu": "emulate"})).unwrap(), "emulated");
    assert_eq!(engine(&there, json!({"gpu": "require"})).unwrap(), "gpu+emulated");
    assert!(
        engine(&[], json!({"gpu": "require"}))
            .unwrap_err()
            .contains("assay sandbox build cuda_gpu")
    );
}
