use super::super::jobs;
use super::*;
use crate::recipe::tasks::{Check, Task, parse_line};
use sandboxes::Ended;

const PTXAS: &str = "\
ptxas info    : Compiling entry function '_Z3addPf' for 'sm_75'
ptxas info    : Function properties for _Z3addPf
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers, 352 bytes cmem[0]
";
const KERNEL: &str = r#"{"kind":"kernel","kernel":"add(float*)","launches":1,"max_block_threads":256}"#;
const DEVICE: &str = r#"{"name": "a GPU", "capability": 90, "driver": 13000, "runtime": 13000, "memory_bytes": 1}"#;
const END: &str = r#"{"kind":"end","how":"exit","launches":1,"copied_back_bytes":{"kernel":64,"copy":0}}"#;
/// How the last line of a report begins; a program that forges one does not know the job's token.
const END_LINE: &str = r#"{"kind":"end","#;
const RACE: &str = r#"{"kind":"race","space":"shared","hazard":"RAW","by":"kernel","kernel":"add(float*)","file":"FILE","line":9,"other":{"by":"kernel","file":"FILE","line":8},"count":1}"#;

fn task(check: Value) -> Task {
    let task = json!({
        "id": "t", "sandbox": "cuda", "check": check,
        "files": [{"path": "main.cu", "role": "testbench", "content": "#include \"add.cuh\"\nint main() {}\n"}],
        "candidate": [{"path": "add.cuh", "content": ""}, {"path": "add.cu", "content": ""}],
    });
    parse_line("t.jsonl", 1, &task.to_string()).unwrap()
}

/// What comes of a job whose steps all end well, but for these.
fn ruling(check: Value, changed: &[(&str, Status, &str)]) -> Result<Ruling, String> {
    ruling_of(check, None, changed)
}

fn ruling_of(check: Value, ended: Option<Ended>, changed: &[(&str, Status, &str)]) -> Result<Ruling, String> {
    ruling_where(&[], check, ended, changed)
}

/// The same on a machine with these sandboxes.
pub(in crate::domains::cuda) fn ruling_where(
    built: &[String],
    check: Value,
    ended: Option<Ended>,
    changed: &[(&str, Status, &str)],
) -> Result<Ruling, String> {
    let Check::Cuda(cuda) = &task(check.clone()).check else {
        panic!()
    };
    let request = jobs::request(&task(check.clone()), cuda, built)?;
    let genuine = |step: &str| {
        let run = step.replace("report_", "run_");
        let token = jobs::token_of(request.params["token"].as_str().unwrap(), &run);
        format!("{END_LINE}\"token\":\"{token}\",")
    };
    let steps = request.job.steps.iter().map(|step| {
        let log = match step.name.as_str() {
            "compile" => PTXAS.to_string(),
            "device" | "device_after" => DEVICE.to_string(),
            name if name.contains("report_") => format!("{KERNEL}\n{END}\n"),
            name if name.contains("run_") => "sum 3 \n".to_string(),
            _ => String::new(),
        };
        let other = changed.iter().find(|(name, ..)| *name == step.name);
        let log = other.map_or(log, |(.., log)| log.to_string());
        StepResult {
            name: step.name.clone(),
            status: other.map_or(Status::Exit(0), |(_, status, _)| status.clone()),
            log: log.replace(END_LINE, &genuine(&step.name)).into_bytes(),
        }
    });
    let done = Completion {
        steps: steps.collect(),
        ended,
        cpu_ms: 1,
        wall_ms: 1,
        peak_bytes: 1,
        starved: false,
        slot: 0,
        tier: "none".into(),
    };
    judge(&request, &done)
}

fn reason(changed: &[(&str, Status, &str)]) -> Result<Option<FailReason>, String> {
    ruling(json!({}), changed).map(|r| r.reason)
}

#[test]
fn a_right_program_passes_with_what_its_kernels_take() {
    let ruling = ruling(json!({"stdout": "sum 3"}), &[]).unwrap();
    assert_eq!(ruling.verdict, VerdictKind::Pass);
    let kernel = &ruling.metrics["compiled"]["sm_75"]["_Z3addPf"];
    assert_eq!(
        (&kernel["registers"], &kernel["occupancy"]["share"]),
        (&json!(32), &json!(1.0))
    );
    assert_eq!(ruling.metrics["kernels"][0]["launches"], 1);
}

#[test]
fn what_the_compiler_refuses_is_the_candidates_fault_and_what_is_not_there_is_ours() {
    let at = |log| ("compile", Status::Exit(2), log);
    assert_eq!(
        reason(&[at("add.cu(3): error: expected a \";\"\n")]),
        Ok(Some(FailReason::CompileError))
    );
    let absent = reason(&[at("add.cu:1:10: fatal error: cublas_v2.h: No such file or directory\n")]).unwrap_err();
    assert!(absent.contains("cublas"), "{absent}");
    for log in [
        "ld: cannot find -lcuda: No such file\n",
        "undefined reference to `cuInit'\n",
        "undefined reference to `cublasCreate_v2'\n",
    ] {
        assert!(reason(&[("link", Status::Exit(1), log)]).is_err(), "{log}");
    }
    assert!(reason(&[("compile", Status::Exit(127), "sh: nvcc: not found")]).is_err());
    // the task's file includes the candidate's, which may lack what it calls
    let interface = [(
        "harness",
        Status::Exit(2),
        "main.cu(9): error: identifier \"solve\" is undefined\n",
    )];
    assert_eq!(reason(&interface), Ok(Some(FailReason::CompileError)));
    let link = [(
        "link",
        Status::Exit(1),
        "main.cu: undefined reference to `solve(float*)'\n",
    )];
    assert_eq!(reason(&link), Ok(Some(FailReason::CompileError)));
}

#[test]
fn what_the_emulation_lacks_is_an_error_by_name() {
    let why = reason(&[("emulate", Status::Exit(3), "unsupported: textures: add.cu:4\n")]).unwrap_err();
    assert!(why.contains("textures: add.cu:4"), "{why}");
    let why = reason(&[("emulate", Status::Exit(1), "add.cu:4:2: error: no match\n")]).unwrap_err();
    assert!(why.contains("add.cu:4:2"), "{why}");
    let at_run = [(
        "report_0",
        Status::Exit(0),
        "{\"kind\":\"unsupported\",\"name\":\"cudaGraphLaunch\"}\n",
    )];
    assert!(reason(&at_run).unwrap_err().contains("cudaGraphLaunch"));
}

#[test]
fn how_a_run_ends_decides() {
    let run = |status| reason(&[("run_0", status, "")]);
    assert_eq!(run(Status::Exit(1)), Ok(Some(FailReason::WrongAnswer)));
    assert_eq!(run(Status::Signal(11)), Ok(Some(FailReason::Crash)));
    assert!(run(Status::Exit(125)).is_err());
    assert_eq!(
        reason(&[("run_1", Status::Exit(1), "")]),
        Ok(Some(FailReason::OrderDependent))
    );
    let printed = ruling(json!({"stdout": "sum 4"}), &[]).unwrap();
    assert_eq!(printed.reason, Some(FailReason::WrongAnswer));
    assert_eq!(
        printed.metrics["mismatch"],
        json!({"line": 1, "expected": "sum 4", "got": "sum 3"})
    );
}

#[test]
fn a_time_out_counts_only_against_the_tasks_own_limits() {
    let killed = [("run_0", Status::Killed, "")];
    let ended = |ended| ruling_of(json!({}), Some(ended), &killed);
    assert!(ended(Ended::CpuTime).unwrap_err().contains("limits"));
    assert!(ended(Ended::Memory).is_err());
    assert_eq!(ended(Ended::Output).unwrap().reason, Some(FailReason::OutputLimit));
}

#[test]
fn findings_count_where_they_are_the_candidates() {
    let report = |file: &str| format!("{}\n{KERNEL}\n{END}\n", RACE.replace("FILE", file));
    let found = ruling(json!({}), &[("report_0", Status::Exit(0), &report("add.cu"))]).unwrap();
    assert_eq!(found.reason, Some(FailReason::DataRace));
    assert!(found.log.contains("RAW race in shared memory"), "{}", found.log);
    let theirs = ruling(json!({}), &[("report_0", Status::Exit(0), &report("main.cu"))]).unwrap_err();
    assert!(theirs.contains("the task's own files"), "{theirs}");
    let ignored = ruling(
        json!({"sanitize": false}),
        &[("report_0", Status::Exit(0), &report("add.cu"))],
    )
    .unwrap();
    assert_eq!(ignored.reason, None);
}

#[test]
fn right_numbers_that_no_kernel_made_are_cheating() {
    let ends = |end: &str| reason(&[("report_0", Status::Exit(0), &format!("{KERNEL}\n{end}\n"))]);
    for end in [
        "",
        r#"{"kind":"end","how":"exit","launches":0}"#,
        r#"{"kind":"end","how":"exit","launches":1,"copied_back_bytes":{"kernel":0,"copy":64}}"#,
        r#"{"kind":"end","how":"exit","launches":1,"exit_file":"add.cu"}"#,
        r#"{"kind":"end","how":"_exit","launches":1}"#,
        r#"{"how":"exit","kind":"end","launches":1,"token":"0123456789abcdef"}"#,
        r#"{"how":"exit","kind":"end","launches":1}"#,
    ] {
        assert_eq!(ends(end), Ok(Some(FailReason::HarnessTampered)), "{end}");
    }
    assert_eq!(
        ends(r#"{"kind":"end","how":"exit","launches":1,"exit_file":"main.cu"}"#),
        Ok(None)
    );
}
