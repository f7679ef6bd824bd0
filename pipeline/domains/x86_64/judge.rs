//! From a completion to a verdict. Pure: the same completion always gives the same verdict.

use super::check::Case;
use super::jobs::Plan;
use super::report::{Abi, How, Report, Run};
use super::stats::{Unmeasured, speed};
use crate::domains::ended_reason;
use crate::domains::output::{self, difference, normal};
use crate::model::{FailReason, VerdictKind};
use crate::worker::{Request, Ruling};
use sandboxes::{Completion, Ended, Status, StepResult};
use serde_json::{Map, Value, json};

/// What is broken by each bit of the checking code (sandboxes/x86_64/abi.s).
const ABI_BITS: [&str; 12] = [
    "rbx is not preserved",
    "rbp is not preserved",
    "r12 is not preserved",
    "r13 is not preserved",
    "r14 is not preserved",
    "r15 is not preserved",
    "rsp is not restored",
    "the direction flag is left set",
    "the control bits of mxcsr are changed",
    "the x87 control word is changed",
    "x87 or mmx registers are left in use",
    "the stack is not aligned to 16 bytes at a call",
];

/// A failure of the candidate's own.
struct Failure {
    reason: FailReason,
    detail: Value,
    log: String,
}

impl Failure {
    fn new(reason: FailReason, detail: Value, log: String) -> Failure {
        Failure { reason, detail, log }
    }
}

/// What a stage of the judgement comes to: the candidate goes on, fails, or nothing was learnt (`Err`).
type Stage = Result<Option<Failure>, String>;

/// Judges what [`super::jobs::request`] made.
pub fn judge(request: &Request, done: &Completion) -> Result<Ruling, String> {
    let plan: Plan = serde_json::from_value(request.params.clone()).map_err(|e| e.to_string())?;
    let step = |name: &str| done.steps.iter().find(|s| s.name == name);
    let log = |name: &str| step(name).map_or(&[][..], |s| &s.log);
    let built = build(done, step("harness"), step("compile"))?;
    let report = Report::read(log("measure"));
    let mut metrics = Map::new();
    metrics.insert(
        "inputs".into(),
        (plan.check.inputs().len() + plan.check.hidden as usize).into(),
    );
    metrics.insert("hidden".into(), plan.check.hidden.into());
    let failure = match built {
        Some(failure) => Some(failure),
        None => {
            measured_to_the_end(done, step("measure"), &report)?;
            let taken = taken(log("compile"));
            let stages: [&dyn Fn() -> Stage; 4] = [
                &|| {
                    Ok(taken.clone().map(|names| {
                        let why = format!(
                            "the candidate defines what the testbench relies on: {}",
                            names.join(", ")
                        );
                        Failure::new(FailReason::HarnessTampered, json!({"defines": names}), why)
                    }))
                },
                &|| outputs(&plan, &report, done, request.job.limits.memory_bytes),
                &|| abi(&plan, &report),
                &|| Ok(sanitizers(&plan, done, step("sanitize"))),
            ];
            let mut found = None;
            for stage in stages {
                found = stage()?;
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(failure) => Some(failure),
                None => faster(&plan, &report, log("compile"), &mut metrics)?,
            }
        }
    };
    if let Some(counts) = instructions(&Report::read(log("count"))) {
        measured(&mut metrics, Map::from_iter([("instructions".to_string(), counts)]));
    }
    let Some(failure) = failure else {
        let said = metrics.get("measured").map_or(String::new(), |m| format!("{m}\n"));
        return Ok(Ruling {
            verdict: VerdictKind::Pass,
            reason: None,
            metrics: metrics.into(),
            log: said,
        });
    };
    if let Value::Object(detail) = failure.detail {
        metrics.extend(detail);
    }
    Ok(Ruling {
        verdict: VerdictKind::Fail,
        reason: Some(failure.reason),
        metrics: metrics.into(),
        log: failure.log,
    })
}

/// Adds to what was measured, and differs from one time to the next.
fn measured(metrics: &mut Map<String, Value>, figures: Map<String, Value>) {
    let mut all = metrics
        .remove("measured")
        .and_then(|m| m.as_object().cloned())
        .unwrap_or_default();
    all.extend(figures);
    metrics.insert("measured".into(), all.into());
}

fn build(done: &Completion, harness: Option<&StepResult>, compile: Option<&StepResult>) -> Stage {
    let (Some(harness), Some(compile)) = (harness, compile) else {
        return Err("the completion lacks its build steps".into());
    };
    if harness.status != Status::Exit(0) {
        let log = tidy(&harness.log);
        return Err(format!(
            "the task's own files cannot be built ({:?}): {log}",
            harness.status
        ));
    }
    match compile.status {
        Status::Exit(0) => Ok(None),
        Status::Exit(126 | 127) => Err(format!("the image lacks a tool: {}", tidy(&compile.log))),
        Status::Exit(_) | Status::Signal(_) => {
            let log = tidy(&compile.log);
            let first = log
                .lines()
                .find(|l| l.contains("rror") || l.contains("undefined"))
                .unwrap_or("")
                .to_string();
            Ok(Some(Failure::new(
                FailReason::CompileError,
                json!({"message": first}),
                log,
            )))
        }
        Status::Killed => Ok(Some(Failure::new(
            ended_reason(done)?,
            json!({"step": "compile"}),
            "the compiler was ended by a limit".into(),
        ))),
        Status::NotRun => Err("the candidate was not compiled".into()),
    }
}

/// Whether the measuring program came to its end, or was stopped while the candidate ran.
fn measured_to_the_end(done: &Completion, step: Option<&StepResult>, report: &Report) -> Result<(), String> {
    let Some(step) = step else {
        return Err("the completion lacks its measure step".into());
    };
    if let Some(what) = report.broken {
        return Err(format!("the measuring program could not go on: {what}"));
    }
    match (step.status.clone(), report.done, report.begun) {
        // Memory may have run out for one call of the candidate, and the program have come to its end before the job did.
        (Status::Exit(0) | Status::Killed, true, _) => Ok(()),
        (Status::Killed, false, Some(("candidate" | "abi" | "warm", _))) => ended_reason(done).map(drop),
        (Status::Killed, false, Some((who, case))) => Err(format!(
            "{who} exceeded the job's limits on input {case}: the task's own fault"
        )),
        (status, ..) => Err(format!("the measuring program ended before its time: {status:?}")),
    }
}

/// Names of the C library that the candidate defines in its place.
fn taken(log: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(log);
    let names: Vec<String> = text
        .lines()
        .filter_map(|l| l.strip_prefix("taken ").map(String::from))
        .collect();
    (!names.is_empty()).then_some(names)
}

/// Every input's output, in order; the first that is wrong decides.
fn outputs(plan: &Plan, report: &Report, done: &Completion, memory_bytes: u64) -> Stage {
    let cases = plan.check.inputs();
    for n in 0..cases.len() + plan.check.hidden as usize {
        if let Some(run) = report.runs.iter().find(|r| r.who == "generator" && r.case == n) {
            return Err(format!("`check.generator` fails on input {n}: {:?}", run.how));
        }
        let baseline = report.run("baseline", n);
        // A check of the calls that finds something ends the measurement before the next input: that stage says what.
        if baseline.is_none() && report.begun.is_some_and(|(who, case)| who == "abi" && case + 1 == n) {
            return Ok(None);
        }
        let expected = expected(plan, &cases, n, baseline)?;
        let Some(run) = report.run("candidate", n) else {
            // The limits of the job ended it while it ran.
            let reason = match done.ended {
                Some(Ended::Memory) => FailReason::OutOfMemory,
                Some(Ended::Output | Ended::Pids) => FailReason::OutputLimit,
                Some(Ended::CpuTime | Ended::WallTime) => FailReason::Timeout,
                None => return Err(format!("input {n} was not run on the candidate")),
            };
            return Ok(Some(Failure::new(
                reason,
                json!({"input": n}),
                format!("ended on input {n}"),
            )));
        };
        // A crash may be the caller's, whose registers were not kept.
        if matches!(run.how, How::Signal(_))
            && let Some(seen) = report.abi.iter().find(|a| a.case == n && a.broken != 0)
        {
            return Ok(Some(violation(broken(seen), n)));
        }
        // The kernel ends the largest process where memory runs out, and lets the rest of the job go on.
        if run.how == How::Signal(9) && done.peak_bytes >= memory_bytes / 10 * 9 {
            let log = format!("out of memory on input {n}");
            return Ok(Some(Failure::new(FailReason::OutOfMemory, json!({"input": n}), log)));
        }
        if let Some(failure) = ended_badly(run, n) {
            return Ok(Some(failure));
        }
        let got = normal(run.stdout);
        if let Some(expected) = expected
            && expected != got
        {
            let mut detail = difference(&expected, &got);
            detail["input"] = n.into();
            detail["hidden_input"] = (n >= cases.len()).into();
            let log = format!("wrong output on input {n}: {detail}");
            return Ok(Some(Failure::new(FailReason::WrongAnswer, detail, log)));
        }
    }
    match report.unstable {
        Some(("baseline", n)) => Err(format!("the baseline gives another output each time on input {n}")),
        Some((_, n)) => Ok(Some(Failure::new(
            FailReason::WrongAnswer,
            json!({"input": n, "unstable": true}),
            format!("the output on input {n} is another one each time"),
        ))),
        None => Ok(None),
    }
}

/// What is right for an input: as the task says, else as the baseline does. A baseline that fails is the task's fault.
fn expected(plan: &Plan, cases: &[Case], n: usize, baseline: Option<&Run>) -> Result<Option<Vec<Vec<u8>>>, String> {
    let said = cases
        .get(n)
        .and_then(|case| case.stdout.as_deref())
        .map(|text| normal(text.as_bytes()));
    if !plan.compared {
        return Ok(said);
    }
    let Some(run) = baseline else {
        return Err(format!("input {n} was not run on the baseline"));
    };
    if run.how != How::Exit(0) {
        return Err(format!("the baseline fails on input {n}: {:?}", run.how));
    }
    let printed = normal(run.stdout);
    match said {
        Some(said) if said != printed => Err(format!(
            "the baseline does not print what the task says is right on input {n}: {}",
            difference(&said, &printed)
        )),
        _ => Ok(Some(printed)),
    }
}

/// A run that did not exit 0.
fn ended_badly(run: &Run, n: usize) -> Option<Failure> {
    let stderr = tidy(run.stderr);
    let (reason, how) = match run.how {
        How::Exit(0) => return None,
        How::Exit(code) => (FailReason::Crash, json!({"input": n, "exit": code})),
        How::Signal(signal) => (FailReason::Crash, json!({"input": n, "signal": signal})),
        How::Timeout => (FailReason::Timeout, json!({"input": n})),
        How::Output => (FailReason::OutputLimit, json!({"input": n})),
    };
    // A testbench that counts errors says so with its exit code.
    let reason = match (reason, run.how) {
        (FailReason::Crash, How::Exit(_)) => FailReason::WrongAnswer,
        (reason, _) => reason,
    };
    Some(Failure::new(
        reason,
        how.clone(),
        format!("{how}\n{}\n{stderr}", tidy(run.stdout)),
    ))
}

/// What the checked calls were seen to break.
fn broken(seen: &Abi) -> Vec<&'static str> {
    let bits = ABI_BITS.iter().enumerate();
    bits.filter(|(bit, _)| seen.broken >> bit & 1 == 1)
        .map(|(_, what)| *what)
        .collect()
}

fn violation(what: Vec<&str>, case: usize) -> Failure {
    let log = format!("ABI violated on input {case}: {}", what.join("; "));
    Failure::new(FailReason::AbiViolation, json!({"abi": what, "input": case}), log)
}

fn abi(plan: &Plan, report: &Report) -> Stage {
    if !plan.called {
        return Ok(None);
    }
    if report.abi.is_empty() {
        return match report.begun {
            Some(("abi", n)) => Ok(Some(violation(vec!["it does not end when its calls are checked"], n))),
            _ => Err("the calls were not checked".into()),
        };
    }
    for seen in &report.abi {
        if !seen.began {
            return Err("the code that checks calls did not run".into());
        }
        let broken = broken(seen);
        if !broken.is_empty() {
            return Ok(Some(violation(broken, seen.case)));
        }
        // Right when left alone, wrong when registers and the stack below the red zone hold something else.
        if report.runs.iter().any(|r| r.who == "abi" && r.case == seen.case) {
            let what = "it depends on the stack below the red zone, or on registers that it does not set";
            return Ok(Some(violation(vec![what], seen.case)));
        }
    }
    Ok(None)
}

/// What the sanitizers found. Where they could not be built or run to an end, nothing was learnt.
fn sanitizers(plan: &Plan, done: &Completion, step: Option<&StepResult>) -> Option<Failure> {
    let step = step.filter(|_| plan.sanitized && done.ended.is_none())?;
    let report = Report::read(&step.log);
    if report.begun.is_some() && !report.done {
        let why = "it ended the program that ran it under sanitizers";
        return Some(Failure::new(
            FailReason::HarnessTampered,
            json!({"step": "sanitize"}),
            why.into(),
        ));
    }
    let run = report
        .runs
        .iter()
        .find(|r| r.who == "sanitized" && r.how != How::Exit(0))?;
    let text = tidy(run.stderr);
    // That it found no memory for itself says nothing of the candidate.
    let starved = |line: &str| {
        ["out of memory", "out-of-memory", "Out of memory", "allocat"]
            .iter()
            .any(|w| line.contains(w))
    };
    let found = text
        .lines()
        .find(|l| (l.contains("ERROR: AddressSanitizer: ") && !starved(l)) || l.contains("runtime error:"))?;
    let what = found
        .rsplit_once("AddressSanitizer: ")
        .or(found.rsplit_once("runtime error: "))
        .map_or(found, |(_, what)| what);
    let what = what
        .split(" on address")
        .next()
        .unwrap_or(what)
        .split(" on unknown")
        .next()
        .unwrap_or(what)
        .to_string();
    Some(Failure::new(
        FailReason::UndefinedBehavior,
        json!({"input": run.case, "sanitizer": what}),
        text,
    ))
}

/// Whether it is as fast as it must be. Figures go under `measured`.
fn faster(plan: &Plan, report: &Report, compile: &[u8], metrics: &mut Map<String, Value>) -> Stage {
    let Some(wanted) = plan.check.min_speedup else {
        return Ok(None);
    };
    metrics.insert("min_speedup".into(), wanted.into());
    let unchanged = compile.split(|b| *b == b'\n').any(|line| line == b"unchanged");
    if unchanged {
        let log = "its machine code is the baseline's".to_string();
        let same = Failure::new(FailReason::NotFaster, json!({"unchanged": true}), log);
        return Ok((wanted >= 1.0).then_some(same));
    }
    if report.begun.is_some_and(|(who, _)| who == "warm") && !report.done {
        return Err("the job's limits ended the measurement: give it more `limits.cpu_ms`".into());
    }
    let speed = match speed(&report.pairs) {
        Ok(speed) => speed,
        Err(why @ Unmeasured::TooFew(_)) => return Err(why.to_string()),
        Err(why @ Unmeasured::TooShort) => {
            return Ok(Some(Failure::new(
                FailReason::NotFaster,
                json!({"too_short": true}),
                why.to_string(),
            )));
        }
    };
    let Value::Object(mut figures) = json!(speed) else {
        return Err("figures are no object".into());
    };
    let mut walls: Vec<f64> = report
        .walls
        .iter()
        .map(|(c, b)| *b as f64 / (*c).max(1) as f64)
        .collect();
    walls.sort_by(f64::total_cmp);
    figures.insert("wall_speedup".into(), json!(walls.get(walls.len() / 2)));
    let log = format!(
        "{:.3} times as fast, between {:.3} and {:.3} ({} pairs); wanted {wanted}",
        speed.speedup, speed.lower, speed.upper, speed.pairs
    );
    measured(metrics, figures);
    Ok((!speed.reaches(wanted)).then(|| Failure::new(FailReason::NotFaster, Value::Null, log)))
}

/// Instructions that callgrind counted over the first input.
fn instructions(report: &Report) -> Option<Value> {
    let count = |who: &str| -> Option<u64> {
        let text = String::from_utf8_lossy(report.run(who, 0)?.stderr).into_owned();
        text.lines()
            .find_map(|l| l.split_once("Collected : ")?.1.trim().parse().ok())
    };
    Some(json!({"candidate": count("candidate")?, "baseline": count("baseline")?}))
}

/// A log without the paths of the job.
fn tidy(log: &[u8]) -> String {
    output::tidy(log, &["/job/in/task/", "/job/build/"])
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
