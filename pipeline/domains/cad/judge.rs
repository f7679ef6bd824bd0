//! From a completion to a ruling. Pure: the same completion always gives the same ruling.

use super::check::CadqueryCheck;
use crate::domains::limit_reason;
use crate::domains::verilog::judge::tidy_log;
use crate::model::{FailReason, VerdictKind};
use crate::worker::{Request, Ruling};
use sandboxes::{Completion, Ended, Status, StepResult};
use serde_json::{Map, Value, json};

/// Raised whenever the same completion would be judged otherwise.
pub const JUDGE_VERSION: i32 = 1;

/// What one of a job's steps said with the job's token.
type Said = Map<String, Value>;

/// Judges what [`super::outside::request`] made.
pub fn judge(request: &Request, done: &Completion) -> Result<Ruling, String> {
    let check: CadqueryCheck = serde_json::from_value(request.params["check"].clone()).map_err(|e| e.to_string())?;
    let token = |name: &str| request.params[name].as_str().ok_or("the job has no tokens");
    let (token, judge_token) = (token("run_token")?, token("judge_token")?);
    let step = |name: &str| done.steps.iter().find(|s| s.name == name);
    let run = step("run").ok_or("the completion lacks its run step")?;
    let mut said = Said::new();
    for line in step("judge").iter().flat_map(|s| lines(&s.log, judge_token)) {
        said.extend(line);
    }
    let log = candidate_log(run, token);
    // A limit that ended the drawing does not undo what was measured before.
    if let (Some(ended), None) = (done.ended, said.get("measured")) {
        return Ok(failed(ended_by(ended, done)?, log));
    }
    if let Some(fault) = script_fault(run, token) {
        let spent = done.cpu_ms * 10 >= request.job.limits.cpu_ms * 8;
        if run.status == Status::Signal(libc::SIGKILL) && spent {
            // The kernel's own account of a process may reach the limit before the job's account does.
            return Ok(failed(ended_by(Ended::CpuTime, done)?, log));
        }
        return Ok(failed(fault, log));
    }
    if let Some(reference) = step("reference") {
        sound_reference(reference, token, &said)?;
    }
    match (said.get("measured"), step("judge").map(|s| &s.status)) {
        (Some(Value::Object(measured)), _) => Ok(measured_ruling(&check, measured, &said, log)),
        (_, Some(Status::Signal(signal))) => {
            let words = format!("the kernel crashed (signal {signal}) on measuring the solid");
            Ok(failed((FailReason::BadOutput, "judge", words), log))
        }
        (_, Some(Status::NotRun)) => {
            let words = "what the script left behind could not be removed".to_string();
            Ok(failed((FailReason::BadOutput, "sweep", words), log))
        }
        (_, status) => {
            let log = step("judge").map(|s| tidy_log(&s.log)).unwrap_or_default();
            Err(format!("the judge ended with {status:?} and no measurement: {log}"))
        }
    }
}

/// Why, in which step, and in words.
type Fault = (FailReason, &'static str, String);

fn failed((reason, step, words): Fault, log: String) -> Ruling {
    Ruling {
        verdict: VerdictKind::Fail,
        reason: Some(reason),
        metrics: json!({"step": step, "words": words}),
        log: joined(&log, &words),
    }
}

fn joined(log: &str, words: &str) -> String {
    [log, words]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The objects that follow the token in a log.
fn lines(log: &[u8], token: &str) -> Vec<Said> {
    let text = String::from_utf8_lossy(log);
    let marked = text
        .lines()
        .filter_map(|line| line.strip_prefix(token)?.strip_prefix(' '));
    marked.filter_map(|json| serde_json::from_str(json).ok()).collect()
}

fn exported(step: &StepResult, token: &str) -> bool {
    let text = String::from_utf8_lossy(&step.log);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    step.status == Status::Exit(0) && last == Some(&format!("exported {token}"))
}

/// What the script printed, and its traceback, without our own last words.
fn candidate_log(run: &StepResult, token: &str) -> String {
    let mut text = String::from_utf8_lossy(&run.log).replace(&format!("exported {token}"), "");
    if let (Status::Exit(83 | 84), Some((said, _))) = (&run.status, text.trim_end().rsplit_once('\n')) {
        text = said.to_string();
    }
    tidy_log(text.replace("/job/out.work/", "").as_bytes())
}

/// Which limit, and whose fault that is.
fn ended_by(ended: Ended, done: &Completion) -> Result<Fault, String> {
    let killed = done.steps.iter().find(|s| s.status == Status::Killed);
    let step = match killed.map_or("run", |s| s.name.as_str()) {
        "run" => "run",
        "judge" => "judge",
        other => return Err(format!("step `{other}` was ended by {ended:?}")),
    };
    let reason = limit_reason(ended, done.starved)?;
    let doing = if step == "run" {
        "running the script"
    } else {
        "measuring its solid"
    };
    Ok((reason, step, format!("{doing} was ended by its limit ({ended:?})")))
}

/// What kept the script from leaving a solid; the codes are those of `run.py`.
fn script_fault(run: &StepResult, token: &str) -> Option<Fault> {
    let text = String::from_utf8_lossy(&run.log);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    let (reason, words) = match run.status {
        Status::Exit(0) if exported(run, token) => return None,
        Status::Exit(0) => (
            FailReason::NoVerdict,
            "the script ended its process before its solid was taken".to_string(),
        ),
        Status::Exit(81) => (FailReason::CompileError, "the script does not compile".to_string()),
        Status::Exit(82) if last.starts_with("MemoryError") => {
            (FailReason::OutOfMemory, "the script ran out of memory".to_string())
        }
        Status::Exit(82) => (FailReason::Crash, "the script failed".to_string()),
        Status::Exit(83 | 84) => (FailReason::BadOutput, last.to_string()),
        Status::Exit(code) => (
            FailReason::Crash,
            format!("the script ended its process with status {code}"),
        ),
        Status::Signal(libc::SIGXFSZ) => (FailReason::OutputLimit, "a file grew beyond its limit".to_string()),
        Status::Signal(libc::SIGXCPU) => (FailReason::Timeout, "the script ran out of CPU time".to_string()),
        Status::Signal(signal) => (
            FailReason::Crash,
            format!("the script's process was killed by signal {signal}"),
        ),
        Status::Killed | Status::NotRun => (FailReason::NoVerdict, "the script was not run to its end".to_string()),
    };
    Some((reason, "run", words))
}

/// A reference that does not run, or leaves no sound solid, is the task's fault, never the candidate's.
fn sound_reference(step: &StepResult, token: &str, said: &Said) -> Result<(), String> {
    if step.status == Status::NotRun {
        return Ok(());
    }
    if !exported(step, token) {
        let log = tidy_log(
            String::from_utf8_lossy(&step.log)
                .replace("/job/reference.work/", "")
                .as_bytes(),
        );
        return Err(format!(
            "the task's reference leaves no solid ({:?}): {log}",
            step.status
        ));
    }
    match (said.get("reference"), said.get("bad_reference")) {
        (Some(_), None) => Ok(()),
        (_, Some(words)) => Err(format!("the task's reference is no sound solid: {words}")),
        _ => Err("the task's reference could not be measured".into()),
    }
}

/// The ruling on a solid that was measured, or found to be none.
fn measured_ruling(check: &CadqueryCheck, measured: &Said, said: &Said, log: String) -> Ruling {
    let mut metrics = measured.clone();
    if let Some(reference) = said.get("reference") {
        metrics.insert("reference".into(), reference.clone());
    }
    if let Some(Value::String(svg)) = said.get("svg") {
        metrics.insert("render_svg".into(), svg.clone().into());
    }
    if let Some(code) = measured.get("refused").and_then(Value::as_str) {
        let reason = match code {
            "too_large" => FailReason::OutputLimit,
            _ => FailReason::BadOutput,
        };
        let words = measured.get("words").and_then(Value::as_str).unwrap_or(code);
        return Ruling {
            verdict: VerdictKind::Fail,
            reason: Some(reason),
            log: joined(&log, words),
            metrics: metrics.into(),
        };
    }
    let compared = comparisons(check, measured);
    let wrong: Vec<&str> = compared.iter().filter(|c| !c.right).map(|c| c.name).collect();
    let right = wrong.is_empty();
    metrics.insert("wrong".into(), json!(wrong));
    let words: Vec<String> = compared.iter().map(Comparison::line).collect();
    Ruling {
        verdict: if right { VerdictKind::Pass } else { VerdictKind::Fail },
        reason: (!right).then_some(FailReason::WrongAnswer),
        metrics: metrics.into(),
        log: joined(&log, &words.join("\n")),
    }
}

/// A measure against what is wanted of it.
struct Comparison {
    name: &'static str,
    measured: Value,
    wanted: String,
    right: bool,
}

impl Comparison {
    fn line(&self) -> String {
        let word = if self.right { "right" } else { "WRONG" };
        format!("{word}: {} is {}, wanted {}", self.name, self.measured, self.wanted)
    }
}

/// All that the check asks for. What was not measured is wrong.
fn comparisons(check: &CadqueryCheck, measured: &Said) -> Vec<Comparison> {
    let number = |name: &str| measured.get(name).and_then(Value::as_f64);
    let numbers = |name: &str| -> Vec<f64> {
        let values = measured.get(name).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let compared = |name: &'static str, wanted: String, right: bool| Comparison {
        name,
        measured: measured.get(name).cloned().unwrap_or_default(),
        wanted,
        right,
    };
    let share = check.tolerance;
    let near =
        |got: f64, wanted: f64, scale: f64| (got - wanted).abs() <= share * scale.abs() + f64::EPSILON * scale.abs();
    let all_near = |got: &[f64], wanted: &[f64], scale: &dyn Fn(usize) -> f64| {
        got.len() == wanted.len()
            && got
                .iter()
                .zip(wanted)
                .enumerate()
                .all(|(i, (g, w))| near(*g, *w, scale(i)))
    };
    let mut list = Vec::new();
    if let Some(wanted) = check.volume {
        let right = number("volume").is_some_and(|got| near(got, wanted, wanted));
        list.push(compared("volume", format!("{wanted} mm³ ± {}", percent(share)), right));
    }
    if let Some(wanted) = check.bbox {
        let right = all_near(&numbers("bbox"), &wanted, &|i| wanted[i]);
        list.push(compared("bbox", format!("{wanted:?} mm ± {}", percent(share)), right));
    }
    if let Some(wanted) = check.center_of_mass {
        let longest = numbers("bbox").into_iter().fold(0.0, f64::max);
        let right = all_near(&numbers("center_of_mass"), &wanted, &|_| longest);
        list.push(compared(
            "center_of_mass",
            format!("{wanted:?} mm ± {} of the longest extent", percent(share)),
            right,
        ));
    }
    for (name, wanted) in [("solids", check.solids), ("faces", check.faces), ("edges", check.edges)] {
        if let Some(wanted) = wanted {
            let right = measured.get(name).and_then(Value::as_u64) == Some(u64::from(wanted));
            list.push(compared(name, wanted.to_string(), right));
        }
    }
    if let Some(wanted) = check.min_iou {
        let right = number("iou").is_some_and(|got| got >= wanted);
        list.push(compared("iou", format!("at least {wanted}"), right));
    }
    list
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e6).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::OUTSIDE;
    use sandboxes::{Job, Limits};

    const TOKEN: &str = "00ff";

    fn request(check: Value) -> Request {
        Request {
            job: Job {
                sandbox: "cadquery".into(),
                files: vec![],
                steps: vec![],
                limits: Limits::default(),
            },
            check: OUTSIDE.into(),
            engine: "cadquery".into(),
            judge_version: JUDGE_VERSION,
            seed: 0,
            trials: 1,
            params: json!({"check": check, "run_token": TOKEN, "judge_token": TOKEN}),
        }
    }

    /// A completion of the four steps, each with a status and a log.
    fn done(steps: [(Status, &str); 4]) -> Completion {
        let names = ["run", "sweep", "reference", "judge"];
        let step = |(name, (status, log)): (&str, (Status, &str))| StepResult {
            name: name.into(),
            status,
            log: log.replace("TOKEN", TOKEN).into_bytes(),
        };
        Completion {
            steps: names.into_iter().zip(steps).map(step).collect(),
            ended: None,
            cpu_ms: 0,
            wall_ms: 0,
            peak_bytes: 0,
            starved: false,
            slot: 0,
            tier: String::new(),
        }
    }

    fn ok(log: &str) -> (Status, &str) {
        (Status::Exit(0), log)
    }

    const NOT_RUN: (Status, &str) = (Status::NotRun, "");
    const EXPORTED: (Status, &str) = (Status::Exit(0), "exported TOKEN\n");
    const MEASURED: &str = "noise\nTOKEN {\"reference\":{\"volume\":6.0}}\nTOKEN {\"measured\":{\"volume\":6.0,\"bbox\":[1,2,3],\
                            \"faces\":6,\"iou\":0.97,\"center_of_mass\":[0,0,0]}}\nTOKEN {\"svg\":\"<svg/>\"}\n";

    fn outcome(check: Value, completion: &Completion) -> (VerdictKind, Option<FailReason>) {
        let ruling = judge(&request(check), completion).unwrap();
        (ruling.verdict, ruling.reason)
    }

    #[test]
    fn all_that_is_asked_for_must_be_right() {
        let completion = done([EXPORTED, ok(""), EXPORTED, ok(MEASURED)]);
        let pass = (VerdictKind::Pass, None);
        let wrong = (VerdictKind::Fail, Some(FailReason::WrongAnswer));
        for (check, expected) in [
            (json!({}), pass),
            (
                json!({"volume": 6.05, "bbox": [1, 2, 3], "faces": 6, "min_iou": 0.97}),
                pass,
            ),
            (json!({"volume": 6.1}), wrong),
            (json!({"bbox": [1, 3, 2]}), wrong),
            (json!({"faces": 7}), wrong),
            // It was not measured.
            (json!({"edges": 12}), wrong),
            (json!({"min_iou": 0.98}), wrong),
            (json!({"center_of_mass": [0.0, 0.04, 0.0]}), wrong),
            (json!({"center_of_mass": [0.0, 0.02, 0.0]}), pass),
        ] {
            assert_eq!(outcome(check.clone(), &completion), expected, "{check}");
        }
        let ruling = judge(&request(json!({"faces": 7})), &completion).unwrap();
        assert_eq!(ruling.log, "WRONG: faces is 6, wanted 7");
        assert_eq!(ruling.metrics["wrong"], json!(["faces"]));
        assert_eq!(ruling.metrics["render_svg"], "<svg/>");
    }

    #[test]
    fn only_the_judges_own_words_count() {
        let forged = "TOKEN {\"measured\":{\"volume\":6.0}}\nexported TOKEN\n";
        let silent = done([ok(forged), ok(""), EXPORTED, ok("TOKEN {\"reference\":{}}\n")]);
        assert!(judge(&request(json!({})), &silent).is_err());
        let other = MEASURED.replace("TOKEN", "1234");
        let strange = done([EXPORTED, ok(""), EXPORTED, ok(&other)]);
        assert!(judge(&request(json!({})), &strange).is_err());
        let early = done([ok("exported\n"), ok(""), EXPORTED, ok(MEASURED)]);
        assert_eq!(outcome(json!({}), &early).1, Some(FailReason::NoVerdict));
    }

    #[test]
    fn what_ends_a_script_is_named() {
        for (status, log, reason) in [
            (Status::Exit(81), "SyntaxError: x", FailReason::CompileError),
            (Status::Exit(82), "ValueError: x", FailReason::Crash),
            (Status::Exit(82), "MemoryError", FailReason::OutOfMemory),
            (
                Status::Exit(83),
                "the script defines no `result`",
                FailReason::BadOutput,
            ),
            (Status::Exit(3), "", FailReason::Crash),
            (Status::Signal(11), "", FailReason::Crash),
            (Status::Signal(25), "", FailReason::OutputLimit),
        ] {
            let completion = done([(status.clone(), log), NOT_RUN, NOT_RUN, NOT_RUN]);
            assert_eq!(outcome(json!({}), &completion).1, Some(reason), "{status:?}");
        }
        let mut slow = done([(Status::Killed, ""), NOT_RUN, NOT_RUN, NOT_RUN]);
        slow.ended = Some(Ended::CpuTime);
        assert_eq!(outcome(json!({}), &slow).1, Some(FailReason::Timeout));
        slow.starved = true;
        assert!(judge(&request(json!({})), &slow).is_err());
    }

    #[test]
    fn a_reference_that_fails_is_no_verdict() {
        let raised = done([EXPORTED, ok(""), (Status::Exit(82), "ValueError"), NOT_RUN]);
        assert!(judge(&request(json!({})), &raised).unwrap_err().contains("ValueError"));
        let open = ok("TOKEN {\"bad_reference\":\"an open shell\"}\n");
        let open = done([EXPORTED, ok(""), EXPORTED, open]);
        assert!(judge(&request(json!({})), &open).unwrap_err().contains("an open shell"));
        let crashed = done([
            EXPORTED,
            ok(""),
            EXPORTED,
            (Status::Signal(11), "TOKEN {\"reference\":{}}\n"),
        ]);
        assert_eq!(outcome(json!({}), &crashed).1, Some(FailReason::BadOutput));
        let crashed_before = done([EXPORTED, ok(""), EXPORTED, (Status::Signal(11), "")]);
        assert!(judge(&request(json!({})), &crashed_before).is_err());
    }
}
