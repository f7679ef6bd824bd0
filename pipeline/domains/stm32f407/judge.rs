//! The verdict on a firmware: built, run to its end, nothing misused, and everything as the check asks.

use super::check::Engine;
use super::expect::{self, Difference};
use super::jobs::{FILES, Plan};
use super::renode::{self, Opinion};
use super::report::{Finding, Report, Waiting};
use crate::domains::{ended_reason, output};
use crate::model::{FailReason, VerdictKind};
use crate::worker::{Request, Ruling};
use sandboxes::{Completion, Status, StepResult};
use serde_json::{Map, Value, json};

/// Findings and messages that are kept.
const FINDINGS: usize = 10;
const MESSAGES: usize = 5;
/// Characters of a port's text that are kept.
const TEXT: usize = 2000;
/// A firmware that waits in one loop for more than this share of the run is said to hang.
const HANGS: f64 = 0.5;

/// A failure of the candidate's own.
struct Failure {
    reason: FailReason,
    detail: Value,
    log: String,
}

/// What a stage of the judgement comes to: the candidate goes on, fails, or nothing was learnt (`Err`).
type Stage = Result<Option<Failure>, String>;

/// Judges what [`super::jobs::request`] made.
pub fn judge(request: &Request, done: &Completion) -> Result<Ruling, String> {
    let plan: Plan = serde_json::from_value(request.params.clone()).map_err(|e| e.to_string())?;
    let step = |name: &str| done.steps.iter().find(|s| s.name == name && s.status != Status::NotRun);
    let compile = step("compile").ok_or("the completion lacks its compile step")?;
    let mut metrics = Map::from_iter([
        ("engine".to_string(), Value::from("board")),
        ("verified_by".to_string(), "board".into()),
    ]);
    if let Some(failure) = built(done, compile, step("harness"))? {
        return Ok(fail(metrics, failure));
    }
    metrics.insert("memory".into(), json!(regions(&compile.log)));
    let run = step("run").ok_or("the completion lacks its run step")?;
    if run.status == Status::Killed {
        return Ok(fail(metrics, limit(&plan, done)?));
    }
    if run.status != Status::Exit(0) {
        return Err(format!("the board ended with {:?}: {}", run.status, tidy(&run.log)));
    }
    let report = Report::read(&run.log).ok_or_else(|| format!("the board gave no report: {}", tidy(&run.log)))?;
    metrics.extend(measured(&report));
    let failure = ruled(&plan, &report)?;
    if let Some(step) = step("renode") {
        let renode = second(step)?;
        metrics.insert("engine".into(), "board+renode".into());
        metrics.insert("renode".into(), renode.renode.clone().unwrap_or_default());
        match renode::weigh(&plan.check, &report, &renode) {
            Opinion::Agrees(right) if right == failure.is_none() => {
                metrics.insert("verified_by".into(), "board+renode".into());
            }
            // Of what the board alone can tell, it alone is the witness.
            Opinion::Agrees(_) => {}
            Opinion::Silent(why) if plan.check.engine == Engine::Renode => {
                return Err(format!(
                    "`check.engine` is `renode`, and Renode says nothing of this firmware: {why}"
                ));
            }
            Opinion::Silent(why) => metrics["renode"]["silent"] = why.into(),
            Opinion::Disagrees { board, renode } => return Ok(disagreement(metrics, &board, &renode)),
        }
    }
    match failure {
        Some(failure) => Ok(fail(metrics, failure)),
        None => Ok(Ruling {
            verdict: VerdictKind::Pass,
            reason: None,
            metrics: metrics.into(),
            log: sent(&report),
        }),
    }
}

/// What Renode's driver told.
fn second(step: &StepResult) -> Result<Report, String> {
    match step.status {
        Status::Exit(0) => {
            Report::read(&step.log).ok_or_else(|| format!("Renode's driver gave no report: {}", tidy(&step.log)))
        }
        ref status => Err(format!("Renode came to no end ({status:?}): {}", tidy(&step.log))),
    }
}

/// The two engines do not agree on what both can tell: no verdict either way, and a person has to look.
fn disagreement(mut metrics: Map<String, Value>, board: &[String], renode: &[String]) -> Ruling {
    metrics.insert("verified_by".into(), Value::Null);
    metrics.insert("engine_disagreement".into(), json!({"board": board, "renode": renode}));
    let side = |name: &str, against: &[String]| match against {
        [] => format!("{name}: nothing against it"),
        against => format!("{name}: {}", against.join("; ")),
    };
    Ruling {
        verdict: VerdictKind::Flaky,
        reason: None,
        metrics: metrics.into(),
        log: format!(
            "the engines disagree\n{}\n{}",
            side("board", board),
            side("renode", renode)
        ),
    }
}

fn fail(mut metrics: Map<String, Value>, failure: Failure) -> Ruling {
    if let Value::Object(detail) = failure.detail {
        metrics.extend(detail);
    }
    Ruling {
        verdict: VerdictKind::Fail,
        reason: Some(failure.reason),
        metrics: metrics.into(),
        log: failure.log,
    }
}

/// Whether the compiler and the linker take the files.
fn built(done: &Completion, compile: &StepResult, harness: Option<&StepResult>) -> Stage {
    let log = tidy(&compile.log);
    match compile.status {
        Status::Exit(0) => Ok(None),
        Status::Exit(1) => {
            if let Some(alone) = harness.filter(|step| step.status != Status::Exit(0)) {
                return Err(format!("the task's own files do not compile: {}", tidy(&alone.log)));
            }
            let telling = |line: &&str| {
                ["error", "undefined reference", "overflowed", "note: "]
                    .iter()
                    .any(|w| line.contains(w))
            };
            let messages: Vec<&str> = log.lines().filter(telling).take(MESSAGES).collect();
            let detail = json!({"messages": messages});
            Ok(Some(Failure {
                reason: FailReason::CompileError,
                detail,
                log: log.clone(),
            }))
        }
        Status::Killed => {
            let log = format!("the compiler was ended by a limit: {:?}", done.ended);
            Ok(Some(Failure {
                reason: ended_reason(done)?,
                detail: json!({"step": "compile"}),
                log,
            }))
        }
        ref status => Err(format!("the firmware could not be built ({status:?}): {log}")),
    }
}

/// The board is no chip: only what the task allows itself counts.
fn limit(plan: &Plan, done: &Completion) -> Result<Failure, String> {
    let reason = ended_reason(done)?;
    let own = match reason {
        FailReason::Timeout => plan.own_time,
        FailReason::OutOfMemory => plan.own_memory,
        _ => false,
    };
    if !own {
        return Err(format!(
            "the board did not come to an end within the sandbox's limits ({:?})",
            done.ended
        ));
    }
    let log = format!("the run was ended by a limit of the task: {:?}", done.ended);
    Ok(Failure {
        reason,
        detail: json!({"step": "run"}),
        log,
    })
}

/// What comes first decides: what the board lacks is ours; then faults, then misuse, then what came out, then by which
/// means.
fn ruled(plan: &Plan, report: &Report) -> Stage {
    let check = &plan.check;
    if report.ended == "unsupported" {
        return Err(format!(
            "the board lacks what the firmware uses: {}",
            report.unsupported.join("; ")
        ));
    }
    let wrong = expect::outcomes(check, report);
    // One that means to fault may end in the handler.
    let handled = report.faults.len() as u64 <= check.faults[1] && report.ended != "lockup";
    if !handled {
        let told: Vec<&Finding> = report.faults.iter().chain(errors(report)).take(FINDINGS).collect();
        return Ok(Some(accused(FailReason::Crash, &told, &wrong, report)));
    }
    let told: Vec<&Finding> = errors(report).take(FINDINGS).collect();
    if check.strict && (!told.is_empty() || report.ended == "storm") {
        return Ok(Some(accused(FailReason::Misuse, &told, &wrong, report)));
    }
    if !wrong.is_empty() && report.ended == "fault" {
        let told: Vec<&Finding> = report.faults.iter().take(FINDINGS).collect();
        return Ok(Some(accused(FailReason::Crash, &told, &wrong, report)));
    }
    if !wrong.is_empty() {
        // A loop that waits for an interrupt's work is how many firmwares idle; one that waits for a flag is not, if
        // something is missing.
        let for_a_flag = |w: &Waiting| w.ms > report.virtual_ms * HANGS && !w.registers.is_empty();
        let missing = wrong.iter().any(|d| {
            matches!(
                d.what,
                "uart" | "gpio" | "symbols" | "memory" | "can" | "i2s" | "lcd" | "blocks"
            )
        });
        let hangs = missing && report.waiting.as_ref().is_some_and(for_a_flag);
        let reason = if hangs {
            FailReason::Timeout
        } else {
            FailReason::WrongAnswer
        };
        return Ok(Some(accused(reason, &[], &wrong, report)));
    }
    if !matches!(report.ended.as_str(), "time" | "fault") {
        return Err(format!("the run ended by `{}` and not in time", report.ended));
    }
    let around = expect::means(check, report);
    if !around.is_empty() {
        return Ok(Some(accused(FailReason::HarnessTampered, &[], &around, report)));
    }
    Ok(None)
}

fn errors(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.severity == "error")
}

fn accused(reason: FailReason, findings: &[&Finding], wrong: &[Difference], report: &Report) -> Failure {
    let mut lines: Vec<String> = findings.iter().map(|finding| finding.words()).collect();
    lines.extend(wrong.iter().map(|difference| difference.words.clone()));
    let waiting = report.waiting.as_ref().filter(|w| w.ms > report.virtual_ms * HANGS);
    if let Some(waiting) = waiting {
        let what = waiting.what();
        lines.push(format!(
            "it waits at {} in {} for {what}, for the last {:.3} ms",
            waiting.line, waiting.symbol, waiting.ms
        ));
    }
    let differences: Vec<Value> = wrong
        .iter()
        .map(|d| json!({"what": d.what, "words": d.words}))
        .collect();
    let mut detail = Map::new();
    for (name, value) in [
        ("findings", json!(findings)),
        ("differences", json!(differences)),
        ("waiting", json!(waiting)),
    ] {
        if value.as_array().is_some_and(|list| !list.is_empty()) || value.is_object() {
            detail.insert(name.into(), value);
        }
    }
    let log = [lines.join("\n"), sent(report)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>();
    Failure {
        reason,
        detail: detail.into(),
        log: log.join("\n"),
    }
}

/// What each port sent, for people.
fn sent(report: &Report) -> String {
    let ports = report.uart.iter().filter(|(_, port)| port.bytes > 0);
    let shown = ports.map(|(name, port)| {
        let end = port.text.floor_char_boundary(TEXT);
        format!("{name}: {}", port.text[..end].trim_end())
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn measured(report: &Report) -> Map<String, Value> {
    let notes: Vec<String> = report
        .findings
        .iter()
        .filter(|f| f.severity != "error")
        .take(FINDINGS)
        .map(Finding::words)
        .collect();
    let uart = report
        .uart
        .iter()
        .map(|(name, port)| (name, json!({"bytes": port.bytes, "baud": port.baud})));
    let served = report.interrupts.iter().map(|(name, served)| (name, served.count));
    let resets: Vec<&str> = report.reset.causes.iter().map(|r| r.cause.as_str()).collect();
    let all = json!({
        "ended": report.ended, "virtual_ms": report.virtual_ms, "slept_ms": report.slept_ms, "polled_ms": report.polled_ms,
        "instructions": report.instructions, "stack_bytes": report.stack.used, "clock": report.clock,
        "uart": uart.collect::<std::collections::BTreeMap<_, _>>(), "interrupts": served.collect::<std::collections::BTreeMap<_, _>>(),
        "peripherals": report.touched.keys().collect::<Vec<_>>(), "faults": report.faults.len(), "resets": resets, "notes": notes,
    });
    match all {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Bytes used of each memory, as the linker prints them.
fn regions(log: &[u8]) -> Map<String, Value> {
    let text = String::from_utf8_lossy(log);
    let region = |line: &str| {
        let (name, rest) = line.trim().split_once(':')?;
        let mut words = rest.split_whitespace();
        let number: u64 = words.next()?.parse().ok()?;
        let unit = match words.next()? {
            "B" => 1,
            "KB" => 1 << 10,
            "MB" => 1 << 20,
            "GB" => 1 << 30,
            _ => return None,
        };
        Some((name.to_lowercase(), Value::from(number * unit)))
    };
    text.lines().filter_map(region).collect()
}

fn tidy(log: &[u8]) -> String {
    output::tidy(log, &[FILES])
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
