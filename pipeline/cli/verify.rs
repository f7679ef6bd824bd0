//! `assay verify`.

use super::Failure;
use super::environment::{self, SandboxFlags};
use crate::domains;
use crate::recipe::{Task, TaskReader};
use crate::store::{Chosen, Store};
use crate::worker::{Bench, from_store};
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Re-verify samples chosen in SQL, or judge tasks brought from outside.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Args {
    /// A predicate over latest_verdicts, e.g. "verdict = 'fail' and reason = 'timeout'"
    #[arg(long, value_name = "PREDICATE", group = "what")]
    pub r#where: Option<String>,
    /// A file of tasks, one JSON object per line
    #[arg(long, value_name = "FILE", group = "what")]
    pub tasks: Option<PathBuf>,
    /// Machine-readable output
    #[arg(long)]
    pub json: bool,
    /// Exit 1 unless every verdict is a pass
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub sandbox: SandboxFlags,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    match (&args.r#where, &args.tasks) {
        (Some(predicate), _) => again(&args, predicate).await,
        (_, Some(file)) => outside(&args, file).await,
        _ => Err(Failure::input("give --where or --tasks")),
    }
}

/// Runs the jobs behind the chosen verdicts again, under the image of today, and says what changed.
async fn again(args: &Args, predicate: &str) -> Result<(), Failure> {
    let (store, _) = environment::store().await?;
    let chosen = store
        .choose(predicate)
        .await
        .map_err(|e| Failure::input(format!("the predicate cannot be used: {e}")))?;
    let (bench, _) = environment::bench(&args.sandbox).await?;
    let jobs: BTreeSet<&str> = chosen.iter().map(|c| c.job_hash.as_str()).collect();
    eprintln!("{} verdicts on {} jobs", chosen.len(), jobs.len());
    let (mut changed, mut fell_short, total) = (0usize, 0usize, jobs.len());
    let (store, bench) = (&store, &bench);
    let runs = jobs.into_iter().map(|job| async move {
        let result = run_again(store, bench, job).await;
        (job, result.unwrap_or_else(|f| ("error".into(), Some(f.message))))
    });
    let mut runs = futures::stream::iter(runs).buffered(environment::parallelism() + 1);
    let mut done = 0;
    while let Some((job, (verdict, reason))) = runs.next().await {
        done += 1;
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K{done}/{total}");
        }
        for c in chosen.iter().filter(|c| c.job_hash == job) {
            let same = c.verdict.as_deref() == Some(&verdict) && c.reason == reason;
            changed += usize::from(!same);
            fell_short += usize::from(verdict != "pass");
            report_change(args.json, c, &verdict, reason.as_deref(), same);
        }
    }
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    eprintln!("{changed} of {} verdicts changed", chosen.len());
    if args.strict && fell_short > 0 {
        return Err(Failure::short(format!("{fell_short} verdicts are not a pass")));
    }
    Ok(())
}

fn report_change(as_json: bool, c: &Chosen, verdict: &str, reason: Option<&str>, same: bool) {
    if as_json {
        let row = json!({"sample_id": c.sample_id, "check_name": c.check_name, "job_hash": c.job_hash, "changed": !same,
            "before": {"verdict": c.verdict, "reason": c.reason}, "after": {"verdict": verdict, "reason": reason}});
        println!("{row}");
    } else if !same {
        let show = |v: Option<&str>, r: Option<&str>| {
            format!(
                "{}{}",
                v.unwrap_or("never judged"),
                r.map(|r| format!(" ({r})")).unwrap_or_default()
            )
        };
        println!(
            "{} {}: {} → {}",
            c.sample_id,
            c.check_name,
            show(c.verdict.as_deref(), c.reason.as_deref()),
            show(Some(verdict), reason)
        );
    }
}

async fn run_again(store: &Store, bench: &Arc<Bench>, job: &str) -> Result<(String, Option<String>), Failure> {
    let missing = || Failure::short(format!("job {job} is not stored: build its samples again"));
    let spec = store.job_spec(job).await?.ok_or_else(missing)?;
    let hashes: Vec<String> = spec["files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|f| f["sha256"].as_str().map(String::from))
        .collect();
    let request = from_store(&spec, &store.texts(&hashes).await?).map_err(Failure::short)?;
    // under the hash that its samples are linked to, whatever the image is today: the evidence names the image
    let new = bench.judge_new(&request, job, domains::judge).await?;
    let (verdict, reason) = (
        new.judgement.verdict.to_string(),
        new.judgement.reason.map(|r| r.to_string()),
    );
    store.add_verdicts(&[new]).await?;
    Ok((verdict, reason))
}

/// Judges tasks from a file: one JSON line each on stdout, in the order of the file, as they come.
async fn outside(args: &Args, file: &Path) -> Result<(), Failure> {
    let open = std::fs::File::open(file)
        .map_err(|e| Failure::input(format!("cannot read task file {}: {e}", file.display())))?;
    let (bench, labels) = environment::bench(&args.sandbox).await?;
    let (mut bad_lines, mut fell_short, mut n) = (Vec::new(), 0usize, 0usize);
    for (_, read) in TaskReader::new(&file.display().to_string(), BufReader::new(open)) {
        let task = match read {
            Ok(t) => t,
            Err(problems) => {
                bad_lines.extend(problems);
                continue;
            }
        };
        let result = judge_task(&bench, &labels, &task).await;
        n += 1;
        fell_short += usize::from(result["verdict"] != "pass");
        if args.json || !std::io::stdout().is_terminal() {
            println!("{result}");
        } else {
            println!(
                "{:30} {:6} {}",
                task.id,
                result["verdict"].as_str().unwrap_or(""),
                result["reason"].as_str().unwrap_or("")
            );
        }
        let _ = std::io::stdout().flush();
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K{n} judged");
        }
    }
    if !bad_lines.is_empty() {
        return Err(Failure::diagnostics(&bad_lines));
    }
    if args.strict && fell_short > 0 {
        return Err(Failure::short(format!("{fell_short} of {n} tasks did not pass")));
    }
    Ok(())
}

/// The result line of one task. A fault of ours is an `error`, never a verdict.
async fn judge_task(bench: &Bench, labels: &[String], task: &Task) -> Value {
    let error = |message: String| json!({"id": task.id, "verdict": "error", "reason": message, "evidence": {}});
    let request = match domains::outside(task) {
        Ok(r) => r,
        Err(message) => return error(message),
    };
    if !labels.contains(&request.job.sandbox) {
        return error(format!(
            "sandbox `{0}` is not built here: assay sandbox build {0}",
            request.job.sandbox
        ));
    }
    let hash = match bench.job_hash(&request) {
        Ok(h) => h,
        Err(e) => return error(e.to_string()),
    };
    match bench.judge_new(&request, &hash, domains::judge).await {
        Ok(v) => {
            json!({"id": task.id, "verdict": v.judgement.verdict, "reason": v.judgement.reason, "evidence": v.judgement.evidence})
        }
        Err(e) => error(e.to_string()),
    }
}
