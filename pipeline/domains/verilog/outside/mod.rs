//! Tasks brought from outside: the user's testbench decides, by the patterns that the user gives.

use super::harness::external::{ExternalCheck, ExternalFile, external_job, judge_external, refusals};
use super::judge::JUDGE_VERSION;
use super::task::ENGINE;
use crate::domains::{OUTSIDE, limits};
use crate::model::{FailReason, VerdictKind};
use crate::recipe::tasks::Task;
use crate::worker::{Request, Ruling};
use sandboxes::{Completion, Limits};
use serde_json::{Value, json};

/// The job that judges a task; the error says why it cannot be judged here.
pub fn request(task: &Task, check: &ExternalCheck) -> Result<Request, String> {
    let role = |r| {
        serde_json::to_value(r)
            .ok()
            .and_then(|v| v.as_str().map(String::from))
            .unwrap_or_default()
    };
    let mut files: Vec<ExternalFile> = task
        .files
        .iter()
        .map(|f| ExternalFile {
            path: f.path.clone(),
            content: f.content.clone(),
            role: role(f.role),
        })
        .collect();
    files.extend(task.candidate.iter().map(|f| ExternalFile {
        path: f.path.clone(),
        content: f.content.clone(),
        role: "candidate".into(),
    }));
    let base = Limits {
        cpu_ms: 60_000,
        wall_ms: 120_000,
        ..Limits::default()
    };
    let job = external_job(check, &files, &limits(base, &task.limits)).map_err(|e| e.to_string())?;
    let params = json!({"check": check, "refused": refusals(&files)});
    Ok(Request {
        job,
        check: OUTSIDE.into(),
        engine: ENGINE.into(),
        judge_version: JUDGE_VERSION,
        seed: 0,
        trials: 1,
        params,
    })
}

/// Judges what [`request`] made. A candidate that could print its own verdict does not pass.
pub fn judge(request: &Request, completion: &Completion) -> Result<Ruling, String> {
    let check: ExternalCheck = serde_json::from_value(request.params["check"].clone()).map_err(|e| e.to_string())?;
    let judged = judge_external(&check, completion).map_err(|e| e.to_string())?;
    let verdict = judged.verdict?;
    let refused = request.params["refused"].as_array().cloned().unwrap_or_default();
    if verdict.kind == VerdictKind::Pass && !refused.is_empty() {
        let metrics = json!({"refused": Value::Array(refused)});
        return Ok(Ruling {
            verdict: VerdictKind::Fail,
            reason: Some(FailReason::BadOutput),
            metrics,
            log: judged.log,
        });
    }
    Ok(Ruling {
        verdict: verdict.kind,
        reason: verdict.reason,
        metrics: verdict.metrics,
        log: judged.log,
    })
}
