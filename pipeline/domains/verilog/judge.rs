//! From a completion to a verdict. Pure: the same completion always gives the same verdict.

use super::harness::{BENCH, IVERILOG, RTL};
use super::types::Mismatch;
use crate::domains::limit_reason;
use crate::model::{FailReason, VerdictKind};
use sandboxes::{Completion, Ended, Job, Status, StepResult};
use serde_json::{Map, Value, json};

/// Raised whenever the same completion would be judged otherwise.
pub const JUDGE_VERSION: i32 = 1;
/// Bytes of a log that are kept.
pub const LOG_BYTES: usize = 6 << 10;
/// Mismatches kept in the metrics.
const MISMATCHES: usize = 8;
/// Compiler messages kept in the metrics.
const MESSAGES: usize = 20;

/// What a completion comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The verdict, or what went wrong on our side.
    pub verdict: Result<Verdict, String>,
    /// Tool output, trimmed to [`LOG_BYTES`], without the job's own paths.
    pub log: String,
}

/// A verdict with its reason and findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub kind: VerdictKind,
    pub reason: Option<FailReason>,
    /// `mismatches`, `inputs`, `cycles`, `x_only`, `messages`, `compiled`, `seeded`; see ARCHITECTURE.md.
    pub metrics: Value,
}

impl Verdict {
    pub fn pass(metrics: Value) -> Verdict {
        Verdict {
            kind: VerdictKind::Pass,
            reason: None,
            metrics,
        }
    }

    pub fn fail(reason: FailReason, metrics: Value) -> Verdict {
        Verdict {
            kind: VerdictKind::Fail,
            reason: Some(reason),
            metrics,
        }
    }
}

impl Judged {
    /// Whether the candidate compiled together with the testbench: only then can it count for an oracle.
    pub fn compiled(&self) -> bool {
        self.verdict
            .as_ref()
            .is_ok_and(|v| v.reason != Some(FailReason::CompileError))
    }

    /// Whether an oracle may call it killed: it compiled, and did not pass.
    pub fn killed(&self) -> bool {
        self.compiled() && self.verdict.as_ref().is_ok_and(|v| v.kind == VerdictKind::Fail)
    }
}

/// Judges a [`super::jobs::check_job`].
pub fn judge(job: &Job, done: &Completion) -> Judged {
    let seen = |name: &str| done.steps.iter().find(|s| s.name == name);
    let log = whole_log(done);
    let Some(compile) = seen("compile") else {
        return Judged {
            verdict: Err("the completion lacks its compile step".into()),
            log,
        };
    };
    if let Some(fault) = our_fault(done, compile, IVERILOG) {
        return Judged {
            verdict: Err(fault),
            log,
        };
    }
    if let Some(ended) = done.ended {
        return Judged {
            verdict: ended_verdict(ended, done),
            log,
        };
    }
    let seeded = compile.status == Status::Exit(0);
    let plain_compiled = seen("compile_plain").is_some_and(|s| s.status == Status::Exit(0));
    if !seeded && !plain_compiled {
        return compile_failure(seen("compile_alone"), seen("compile_plain").unwrap_or(compile));
    }
    let Some(run) = seen(if seeded { "simulate" } else { "simulate_plain" }) else {
        return Judged {
            verdict: Err("the completion lacks its simulate step".into()),
            log,
        };
    };
    let verdict = match our_fault(done, run, "vvp") {
        Some(fault) => Err(fault),
        None => Ok(simulation(job, run, seeded)),
    };
    Judged {
        verdict,
        log: tidy_log(&run.log),
    }
}

/// The verdict on a simulation that ended by itself.
fn simulation(job: &Job, run: &StepResult, seeded: bool) -> Verdict {
    let text = tidy(&run.log);
    let mut metrics = findings(&text);
    metrics.insert("compiled".into(), true.into());
    metrics.insert("seeded".into(), seeded.into());
    let failed = text
        .lines()
        .any(|l| l.starts_with("FAIL ") || l.starts_with("MISMATCH "));
    let last = text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("");
    if failed {
        return Verdict::fail(FailReason::WrongAnswer, metrics.into());
    }
    if let Status::Signal(signal) = run.status {
        metrics.insert("signal".into(), signal.into());
        return Verdict::fail(FailReason::Crash, metrics.into());
    }
    match expected_pass(job) {
        Some(expected) if run.status == Status::Exit(0) && last == expected => Verdict::pass(metrics.into()),
        _ => Verdict::fail(FailReason::NoVerdict, metrics.into()),
    }
}

/// The one line that says a whole run passed: counts from the job's own files, token from its arguments.
fn expected_pass(job: &Job) -> Option<String> {
    let lines = |name: &str| {
        let path = format!("{BENCH}{name}");
        job.files
            .iter()
            .find(|f| f.path == path)
            .map(|f| f.content.lines().count())
    };
    let (cycles, samples) = (lines("stimulus.hex")?, lines("golden.hex")?);
    let token = job
        .steps
        .iter()
        .flat_map(|s| &s.argv)
        .find_map(|a| a.strip_prefix("+token="))?;
    Some(format!("PASS cycles={cycles} samples={samples} token={token}"))
}

fn compile_failure(alone: Option<&StepResult>, with_bench: &StepResult) -> Judged {
    let fits = alone.is_some_and(|s| s.status == Status::Exit(0));
    // It compiles alone, so what is wrong lies between it and the testbench: its interface.
    let log = tidy_log(&if fits { with_bench } else { alone.unwrap_or(with_bench) }.log);
    let messages: Vec<&str> = log.lines().filter(|l| !l.trim().is_empty()).take(MESSAGES).collect();
    let metrics = json!({"compiled": false, "interface_changed": fits, "messages": messages});
    Judged {
        verdict: Ok(Verdict::fail(FailReason::CompileError, metrics)),
        log,
    }
}

/// The verdict on a job that a limit ended; a starved slot proves nothing about time and memory.
pub(crate) fn ended_verdict(ended: Ended, done: &Completion) -> Result<Verdict, String> {
    let killed = done.steps.iter().find(|s| s.status == Status::Killed);
    let step = killed.map_or("", |s| s.name.as_str());
    let compiled = !step.starts_with("compile");
    let metrics = json!({"step": step, "compiled": compiled});
    let reason = limit_reason(ended, done.starved)?;
    Ok(Verdict::fail(reason, metrics))
}

/// Whether a step failed because its tool is not there; then nothing was learnt about the sample.
pub(crate) fn our_fault(done: &Completion, step: &StepResult, tool: &str) -> Option<String> {
    match step.status {
        Status::Exit(126 | 127) if silent(&step.log) => Some(format!("`{tool}` could not be run in the sandbox")),
        Status::NotRun if done.ended.is_none() => Some(format!("step `{}` was not run", step.name)),
        _ => None,
    }
}

/// What a failed exec leaves: nothing, or a line about a missing file.
fn silent(log: &[u8]) -> bool {
    let text = String::from_utf8_lossy(log);
    text.trim().is_empty()
        || text.contains("not found")
        || text.contains("No such file")
        || text.contains("ermission denied")
}

/// Mismatches, the inputs at the first of them, and the counts.
fn findings(text: &str) -> Map<String, Value> {
    let mut metrics = Map::new();
    let mismatches: Vec<Mismatch> = text.lines().filter_map(mismatch).take(MISMATCHES).collect();
    if !mismatches.is_empty() {
        metrics.insert(
            "mismatches".into(),
            serde_json::to_value(mismatches).unwrap_or_default(),
        );
    }
    if let Some(inputs) = text.lines().find_map(|l| l.strip_prefix("INPUTS ")) {
        let pairs = inputs
            .split(' ')
            .filter_map(|p| p.split_once('='))
            .filter(|(k, _)| *k != "cycle");
        let inputs: Map<String, Value> = pairs.take(256).map(|(k, v)| (k.into(), short(v).into())).collect();
        metrics.insert("inputs".into(), inputs.into());
    }
    if let Some(line) = text.lines().find(|l| l.starts_with("FAIL ")) {
        let wrong: Option<u64> = number(line, "mismatches");
        metrics.insert("mismatching_samples".into(), wrong.into());
        metrics.insert(
            "x_only".into(),
            (wrong.is_some() && wrong == number(line, "x_only")).into(),
        );
    }
    metrics
}

fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split(' ').find_map(|p| p.strip_prefix(key)?.strip_prefix('='))
}

fn number<N: std::str::FromStr>(line: &str, key: &str) -> Option<N> {
    field(line, key)?.parse().ok()
}

/// A value as it is kept: at most 200 characters of it.
fn short(value: &str) -> String {
    value.chars().take(200).collect()
}

/// `MISMATCH cycle=37 phase=after_edge signal=full expected=1'h1 got=1'h0 x_only=0`
pub fn mismatch(line: &str) -> Option<Mismatch> {
    let line = line.strip_prefix("MISMATCH ")?;
    let text = |key: &str| field(line, key).map(short);
    Some(Mismatch {
        cycle: number(line, "cycle")?,
        phase: text("phase")?,
        signal: text("signal")?,
        expected: text("expected")?,
        got: text("got")?,
    })
}

/// Text of a log without the job's own paths and control characters.
fn tidy(log: &[u8]) -> String {
    let text = String::from_utf8_lossy(log);
    let mut text = text
        .replace(&format!("/job/in/{RTL}"), "")
        .replace(&format!("/job/in/{BENCH}"), "");
    text = text.replace("/job/in/", "").replace("/job/", "");
    text.retain(|c| c == '\n' || c == '\t' || !c.is_control());
    text
}

/// The same, cut to [`LOG_BYTES`]: the beginning, and the last lines.
pub(crate) fn tidy_log(log: &[u8]) -> String {
    let text = tidy(log);
    if text.len() <= LOG_BYTES {
        return text.trim_end().to_string();
    }
    let head = text.floor_char_boundary(LOG_BYTES * 3 / 4);
    let tail = text.ceil_char_boundary(text.len() - LOG_BYTES / 5);
    let cut = tail - head;
    format!(
        "{}\n[{cut} bytes cut]\n{}",
        text[..head].trim_end(),
        text[tail..].trim()
    )
}

fn whole_log(done: &Completion) -> String {
    let all: Vec<u8> = done
        .steps
        .iter()
        .flat_map(|s| s.log.iter().copied().chain([b'\n']))
        .collect();
    tidy_log(&all)
}
