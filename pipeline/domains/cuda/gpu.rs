//! The verdict where a GPU ran the program: what it came to there, held against what the emulation found.
//!
//! A GPU is the authority on what a program does; it may be lucky. So a race, an access out of bounds or a cheat that the
//! emulation finds counts whatever the GPU came to. Where the emulation cannot run a program, the GPU alone decides. Where
//! one engine has a right result and the other a wrong one, the verdict is neither.

use super::check::CudaGpu;
use super::judge::{Failure, Judge, Stage, Unable, failure, ruling, tidy};
use super::report::Report;
use crate::domains::ended_reason;
use crate::model::{FailReason, VerdictKind};
use crate::worker::Ruling;
use sandboxes::Status;
use serde_json::{Map, Value, json};

/// What a GPU made of a program.
struct Native {
    /// Name, compute capability, versions: what `device` told.
    device: Value,
    /// What the first run left.
    report: Report,
    failure: Option<Failure>,
}

/// Judges a program that was compiled, and ran on a GPU.
pub(super) fn judge(judge: &Judge) -> Result<Ruling, String> {
    let native = match native(judge) {
        Ok(native) => native,
        Err(Unable::Cannot(why)) if judge.plan.emulated && judge.plan.check.gpu == CudaGpu::Auto => {
            return emulated_alone(judge, why);
        }
        Err(why) => return Err(why.into()),
    };
    // A limit that ended it there ended the job.
    let over = judge.done.ended.is_some() && native.failure.is_some();
    let emulated = (judge.plan.emulated && !over).then(|| judge.emulation());
    let (report, found, unable) = match emulated {
        Some(Ok((report, found))) => (report, Some(found), None),
        Some(Err(Unable::Cannot(why))) => (Report::default(), None, Some(why)),
        Some(Err(Unable::Fault(why))) => return Err(why),
        None => (Report::default(), None, None),
    };
    let mut metrics = judge.metrics(&report);
    let engine = if found.is_some() { "gpu+emulated" } else { "gpu" };
    metrics.insert("engine".into(), engine.into());
    metrics.insert("gpu".into(), about(&native));
    if let Some(why) = unable {
        metrics.insert("not_emulated".into(), why.into());
    }
    let printed = tidy(judge.log("gpu_run_0"));
    let failure = match (native.failure, found) {
        (failure, None) | (failure @ None, Some(None)) => failure,
        (_, Some(Some(found))) if lasts(&found) => Some(found),
        (Some(failed), Some(Some(_))) => Some(failed),
        (Some(failed), Some(None)) => return Ok(disagreement(metrics, Some(&failed), None)),
        (None, Some(Some(found))) => return Ok(disagreement(metrics, None, Some(&found))),
    };
    Ok(ruling(metrics, failure, printed))
}

/// The GPU here is not one that the task asks for, and none is required.
fn emulated_alone(judge: &Judge, why: String) -> Result<Ruling, String> {
    let (report, failure) = judge.emulation()?;
    let mut metrics = judge.metrics(&report);
    metrics.insert("not_on_gpu".into(), why.into());
    Ok(ruling(metrics, failure, tidy(judge.log("run_0"))))
}

/// Whether what the emulation has against a program counts even where a GPU has nothing against it: it was found, or
/// another order of threads brings it out.
fn lasts(found: &Failure) -> bool {
    let luck = [
        FailReason::WrongAnswer,
        FailReason::Crash,
        FailReason::Timeout,
        FailReason::OutOfMemory,
    ];
    found.detail.get("findings").is_some() || !luck.contains(&found.reason)
}

fn about(native: &Native) -> Value {
    let mut about = json!({"device": native.device, "passed": native.failure.is_none()});
    if !native.report.kernels.is_empty() {
        about["kernels"] = json!(native.report.kernels);
    }
    about
}

/// Each run on the GPU, until one fails.
fn native(judge: &Judge) -> Result<Native, Unable> {
    let device = device(judge)?;
    let (mut first, mut failed) = (Report::default(), None);
    for n in 0..judge.plan.check.orders {
        let report = Report::read(judge.log(&format!("gpu_report_{n}")), &judge.plan.token);
        failed = run(judge, n, &report)?;
        if n == 0 {
            first = report;
        }
        if failed.is_some() {
            break;
        }
    }
    // After a limit there is nobody left to ask.
    if judge.done.ended.is_none() && judge.step("device_after").is_none_or(|s| s.status != Status::Exit(0)) {
        let said = tidy(judge.log("device_after"));
        return Err(Unable::Fault(format!(
            "the GPU does not answer after the program: {said}"
        )));
    }
    Ok(Native {
        device,
        report: first,
        failure: failed,
    })
}

/// The GPU that answered, if it runs what the task asks for.
fn device(judge: &Judge) -> Result<Value, Unable> {
    let step = judge
        .step("device")
        .ok_or_else(|| "the completion lacks its device step".to_string())?;
    let said = tidy(&step.log);
    if step.status != Status::Exit(0) {
        return Err(Unable::Fault(format!("the GPU does not answer: {said}")));
    }
    let device: Value =
        serde_json::from_str(&said).map_err(|error| format!("what the GPU is cannot be read: {error}: {said}"))?;
    let has = device["capability"].as_u64().unwrap_or_default();
    let wants: u64 = judge.plan.check.capability().parse().unwrap_or_default();
    // Code of an architecture runs on later ones; `a` on none but its own, `f` on its family's (CUDA programming guide,
    // compute capabilities). A virtual architecture is compiled by the driver for what there is.
    let runs = match judge.plan.check.arch.chars().last() {
        Some('a') => has == wants,
        Some('f') => has >= wants && has / 10 == wants / 10,
        _ => has >= wants,
    };
    if !runs {
        let arch = &judge.plan.check.arch;
        return Err(Unable::Cannot(format!(
            "the GPU here is of compute capability {has}, and the task asks for {arch}"
        )));
    }
    Ok(device)
}

/// One run on the GPU: how it ended, what it printed, and whether a kernel was launched at all.
fn run(judge: &Judge, n: u32, report: &Report) -> Stage {
    let name = format!("gpu_run_{n}");
    let step = judge
        .step(&name)
        .ok_or_else(|| format!("the completion lacks step `{name}`"))?;
    let said = || tidy(&[judge.log(&name), judge.log(&format!("gpu_stderr_{n}"))].concat());
    let others = n > 0;
    let reason = match step.status {
        Status::Exit(125) => return Err(format!("the run could not be prepared: {}", said()).into()),
        Status::Exit(0) => None,
        Status::Killed => return ended(judge, n, said()),
        _ if others => Some(FailReason::OrderDependent),
        Status::Signal(_) => Some(FailReason::Crash),
        _ if report.number("launch_errors").unwrap_or(0) > 0 => Some(FailReason::LaunchError),
        _ => Some(FailReason::WrongAnswer),
    };
    if let Some(reason) = reason {
        let detail = json!({"gpu_run": n, "status": format!("{:?}", step.status)});
        return Ok(failure(reason, detail, said()));
    }
    let tampered = |why: &str| {
        failure(
            FailReason::HarnessTampered,
            json!({"why": why}),
            format!("{why}\n{}", said()),
        )
    };
    if report.end.is_none() {
        return Ok(tampered("the program exits 0 without coming to its end"));
    }
    if let Some(wrong) = judge.printed(&name, others) {
        return Ok(Some(wrong));
    }
    if judge.plan.called && report.number("launches") == Some(0) {
        return Ok(tampered("no kernel ran: what is right was computed on the host"));
    }
    Ok(None)
}

/// A limit in a run: what the task allows itself counts.
fn ended(judge: &Judge, n: u32, said: String) -> Stage {
    let reason = ended_reason(judge.done)?;
    if judge.limit_counts(reason) {
        return Ok(failure(reason, json!({"gpu_run": n}), said));
    }
    Err(Unable::Fault(format!(
        "on the GPU, it did not come to an end within the sandbox's limits ({:?}): set `limits` in the task to judge it by them",
        judge.done.ended
    )))
}

/// The GPU and the emulation do not agree: no verdict either way, and a person has to look.
fn disagreement(mut metrics: Map<String, Value>, gpu: Option<&Failure>, emulated: Option<&Failure>) -> Ruling {
    let side = |against: Option<&Failure>| {
        against.map_or("nothing against it".to_string(), |f| {
            format!("{}: {}", f.reason, f.log.trim())
        })
    };
    let (gpu, emulated) = (side(gpu), side(emulated));
    metrics.insert("engine_disagreement".into(), json!({"gpu": gpu, "emulated": emulated}));
    Ruling {
        verdict: VerdictKind::Flaky,
        reason: None,
        metrics: metrics.into(),
        log: format!("the engines disagree\ngpu: {gpu}\nemulated: {emulated}"),
    }
}

#[cfg(test)]
#[path = "gpu_tests.rs"]
mod tests;
