//! Stored jobs, run again under the image and the judge of today.

use super::ordered::{self, CHUNK, Starter};
use super::{Args, say};
use crate::cli::progress::{self, Ticker};
use crate::cli::{Failure, environment};
use crate::domains;
use crate::model::VerdictKind;
use crate::stages::StageError;
use crate::store::{Chosen, NewVerdict, Store};
use crate::worker::{self, Bench};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// What came of one job.
struct Done {
    job: String,
    outcome: Result<NewVerdict, StageError>,
}

/// Runs the jobs behind the chosen verdicts again and says what changed.
pub async fn run(args: &Args, predicate: &str) -> Result<(), Failure> {
    let (store, _) = environment::store().await?;
    environment::record_versions(&store).await?;
    let chosen = store
        .choose(predicate)
        .await
        .map_err(|e| Failure::input(format!("the predicate cannot be used: {e}")))?;
    let mut rows: BTreeMap<String, Vec<Chosen>> = BTreeMap::new();
    let verdicts = chosen.len();
    for c in chosen {
        rows.entry(c.job_hash.clone()).or_default().push(c);
    }
    eprintln!("{verdicts} verdicts on {} jobs", rows.len());
    if rows.is_empty() {
        return Ok(());
    }
    let (bench, _) = environment::bench(&args.sandbox).await?;
    let (starter, mut results) = ordered::channel();
    let jobs: Vec<String> = rows.keys().cloned().collect();
    let counted = bench.clone();
    let feeder = tokio::spawn(feed(store.clone(), bench, jobs, starter));
    let (mut changed, mut fell_short, mut done, mut ticker) = (0usize, 0usize, 0usize, Ticker::new("jobs"));
    loop {
        let ready = results.ready().await?;
        if ready.is_empty() {
            break;
        }
        let fatal = ready.iter().find_map(|d| fatal(&d.outcome));
        let new: Vec<NewVerdict> = ready.iter().filter_map(|d| d.outcome.as_ref().ok().cloned()).collect();
        store.add_verdicts(&new).await?;
        if let Some(why) = fatal {
            return Err(why);
        }
        let mut lines = String::new();
        for d in &ready {
            let (verdict, reason) = match &d.outcome {
                Ok(v) => (
                    v.judgement.verdict.to_string(),
                    v.judgement.reason.map(|r| r.to_string()),
                ),
                Err(e) => ("error".to_string(), Some(e.to_string())),
            };
            for c in rows.get(&d.job).into_iter().flatten() {
                let same = c.verdict.as_deref() == Some(&verdict) && c.reason == reason;
                changed += usize::from(!same);
                fell_short += usize::from(verdict != VerdictKind::Pass.to_string());
                lines.push_str(&change(args.json, c, &verdict, reason.as_deref(), same));
            }
        }
        done += ready.len();
        ticker.advance(ready.len() as u64, 0, done as f64 / rows.len() as f64);
        if !say(&lines)? {
            return Ok(());
        }
    }
    progress::clear();
    feeder.await.map_err(|e| Failure::environment(e.to_string()))??;
    eprintln!("{changed} of {verdicts} verdicts changed");
    eprintln!("sandbox jobs: {}", counted.tally());
    if args.strict && fell_short > 0 {
        return Err(Failure::short(format!("{fell_short} verdicts are not a pass")));
    }
    Ok(())
}

/// What ends the whole run: nothing that this machine says can be believed, or recorded.
pub fn fatal<T>(outcome: &Result<T, StageError>) -> Option<Failure> {
    match outcome {
        Err(e @ (StageError::NoSlots(_) | StageError::Store(_))) => Some(Failure::environment(e.to_string())),
        _ => None,
    }
}

/// Starts every job, chunk by chunk.
async fn feed(store: Store, bench: Arc<Bench>, jobs: Vec<String>, starter: Starter<Done>) -> Result<(), Failure> {
    for chunk in jobs.chunks(CHUNK) {
        for (job, stored) in chunk.iter().zip(worker::load(&store, chunk).await?) {
            let (job, bench) = (job.clone(), bench.clone());
            let one = async move {
                let outcome = again(&bench, stored, &job).await;
                Done { job, outcome }
            };
            if !starter.start(one).await {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Judges a job anew, under the hash that its samples are linked to, whatever image and judge are today: the evidence
/// names them.
async fn again(bench: &Bench, stored: Result<worker::Request, String>, job: &str) -> Result<NewVerdict, StageError> {
    let mut request = stored.map_err(|message| StageError::Other {
        kind: "not_stored",
        message,
        retry: false,
    })?;
    request.judge_version = domains::version_today(&request);
    let new = bench.judge_proved(&request, job, domains::judge).await?;
    Ok(NewVerdict { job: None, ..new })
}

fn change(as_json: bool, c: &Chosen, verdict: &str, reason: Option<&str>, same: bool) -> String {
    let mut line = String::new();
    if as_json {
        let row = json!({"sample_id": c.sample_id, "check_name": c.check_name, "job_hash": c.job_hash, "changed": !same,
            "before": {"verdict": c.verdict, "reason": c.reason}, "after": {"verdict": verdict, "reason": reason}});
        let _ = writeln!(line, "{row}");
    } else if !same {
        let show = |v: Option<&str>, r: Option<&str>| {
            format!(
                "{}{}",
                v.unwrap_or("never judged"),
                r.map(|r| format!(" ({r})")).unwrap_or_default()
            )
        };
        let before = show(c.verdict.as_deref(), c.reason.as_deref());
        let after = show(Some(verdict), reason);
        let _ = writeln!(line, "{} {}: {before} → {after}", c.sample_id, c.check_name);
    }
    line
}
