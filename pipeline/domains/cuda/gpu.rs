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

/// Errors of launches (`cudaError`) that say nothing of a program: devices unavailable, no kernel image for the device,
/// invalid PTX, no compiler for PTX, a version of PTX that is too new for the driver.
const FOREIGN: [u64; 5] = [46, 209, 218, 221, 222];

/// What a GPU made of a program.
struct Native {
    /// Name, compute capability, versions: what `device` told.
    device: Value,
    /// What the first run left.
    report: Report,
    failure: Option<Failure>,
}

/// What the emulation made of it.
#[derive(Default)]
struct Emulated {
    /// What the natural order of threads left.
    report: Report,
    /// Its failure; `None` where it was not emulated, or not to the end.
    found: Option<Option<Failure>>,
    /// Why it was not.
    unable: Option<String>,
}

/// Judges a program that was compiled, and ran on a GPU.
pub(super) fn judge(judge: &Judge) -> Result<Ruling, String> {
    let emulated = emulated(judge)?;
    let native = match native(judge) {
        Ok(native) => native,
        Err(Unable::Cannot(why)) => return emulated_alone(judge, emulated, why),
        Err(Unable::Fault(why)) => return Err(why),
    };
    let mut metrics = judge.metrics(&emulated.report);
    let engine = if emulated.found.is_some() {
        "gpu+emulated"
    } else {
        "gpu"
    };
    metrics.insert("engine".into(), engine.into());
    metrics.insert("gpu".into(), about(&native));
    if let Some(why) = emulated.unable {
        metrics.insert("not_emulated".into(), why.into());
    }
    let printed = tidy(judge.log("gpu_run_0"));
    let failure = match (native.failure, emulated.found) {
        (failure, None) | (failure @ None, Some(None)) => failure,
        (_, Some(Some(found))) if lasts(&found) => Some(found),
        (Some(cheat), _) if cheat.reason == FailReason::HarnessTampered => Some(cheat),
        (Some(failed), Some(Some(_))) => Some(failed),
        (Some(failed), Some(None)) => return Ok(disagreement(metrics, Some(&failed), None)),
        (None, Some(Some(found))) => return Ok(disagreement(metrics, None, Some(&found))),
    };
    Ok(ruling(metrics, failure, printed))
}

fn emulated(judge: &Judge) -> Result<Emulated, String> {
    if !judge.plan.emulated {
        return Ok(Emulated::default());
    }
    match judge.emulation() {
        Ok((report, found)) => Ok(Emulated {
            report,
            found: Some(found),
            unable: None,
        }),
        // A limit that ended it ended the job, and the GPU was not asked.
        Err(Unable::Cannot(why)) if judge.done.ended.is_none() => Ok(Emulated {
            unable: Some(why),
            ..Emulated::default()
        }),
        Err(why) => Err(why.into()),
    }
}

/// The GPU here cannot tell, and another engine is asked unless the task requires a GPU.
fn emulated_alone(judge: &Judge, emulated: Emulated, why: String) -> Result<Ruling, String> {
    let found = match (emulated.found, emulated.unable) {
        (Some(found), _) if judge.plan.check.gpu == CudaGpu::Auto || found.as_ref().is_some_and(lasts) => found,
        (_, Some(unable)) => return Err(format!("{why}; {unable}")),
        _ => return Err(why),
    };
    let mut metrics = judge.metrics(&emulated.report);
    metrics.insert("not_on_gpu".into(), why.into());
    Ok(ruling(metrics, found, tidy(judge.log("run_0"))))
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
        let report = judge.report("gpu_", n);
        failed = match judge.replaced("gpu_", n) {
            Some(cheat) => Some(cheat),
            None => run(judge, n, &report)?,
        };
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
    if let Some(code) = report.number("launch_error").filter(|code| FOREIGN.contains(code)) {
        return Err(Unable::Cannot(format!(
            "the GPU here, or its driver, does not take what nvcc made (error {code})"
        )));
    }
    let reason = match step.status {
        // what `timeout` comes to
        Status::Exit(124) | Status::Signal(9) => {
            return Err(Unable::Cannot(
                "it did not come to an end in two minutes on the GPU".into(),
            ));
        }
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
