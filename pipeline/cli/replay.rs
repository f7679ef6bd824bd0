//! `assay sandbox replay`: a stored job again, to be looked at.

use super::Failure;
use super::environment::{self, SandboxFlags};
use crate::domains;
use crate::model::Trail;
use crate::store::VerdictRow;
use crate::worker::{self, Request, Ruling, Trial, settle};
use sandboxes::Job;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Run the job behind a verdict again, print what its steps print, and compare.
#[derive(clap::Args)]
pub struct Args {
    /// As `assay explain` and the evidence of `assay verify --tasks` give it
    pub job_hash: String,
    /// Write the job's files there instead, as it finds them, and print its commands
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
}

/// Logs go to stdout, everything else to stderr. Exits 1 where image and judge are those of the newest verdict on record,
/// and the verdict is another.
pub async fn run(flags: &SandboxFlags, args: Args) -> Result<(), Failure> {
    let (store, _) = environment::store().await?;
    let job = args.job_hash;
    if store.job_specs(std::slice::from_ref(&job)).await?.is_empty() {
        return Err(Failure::input(format!(
            "no job has the hash {job}; `assay explain SAMPLE` prints those of its verdicts"
        )));
    }
    let stored = worker::load(&store, std::slice::from_ref(&job)).await?.remove(0);
    let mut request = stored.map_err(Failure::environment)?;
    if let Some(dir) = args.files {
        return lay_out(&request.job, &dir);
    }
    request.judge_version = domains::version_today(&request);
    let (bench, _) = environment::bench_of(flags, 1).await?;
    let image = bench.image(&request.job.sandbox)?;
    let mut trail = Trail::default();
    let trials = bench.trials(&request, domains::judge, &mut trail).await?;
    bench.prove(&trail).await?;
    show(&request, &trials)?;
    let ruling = settle(trials.into_iter().map(|t| t.ruling).collect());
    let ruling = ruling.ok_or_else(|| Failure::environment("the job was not run"))?;
    eprintln!("--- verdict: {}", in_words(&ruling));
    eprintln!("--- image {}, judge {}", image.id, request.judge_version);
    match store.verdicts_of_job(&job).await?.first() {
        Some(before) => compare(before, &ruling, &image.id, request.judge_version),
        None => Ok(()),
    }
}

fn in_words(ruling: &Ruling) -> String {
    let reason = ruling.reason.map(|r| format!(" ({r})")).unwrap_or_default();
    format!("{}{reason}", ruling.verdict)
}

fn show(request: &Request, trials: &[Trial]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for (n, trial) in trials.iter().enumerate() {
        if trials.len() > 1 {
            eprintln!("=== trial {}: {}", n + 1, in_words(&trial.ruling));
        }
        for (step, asked) in trial.completion.steps.iter().zip(&request.job.steps) {
            eprintln!("--- {} {:?}: {}", step.name, step.status, worker::command(asked));
            match out.write_all(&step.log).and_then(|()| out.flush()) {
                Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                    return Err(Failure::environment(format!("cannot write to stdout: {e}")));
                }
                _ => {}
            }
        }
        if let Some(limit) = trial.completion.ended {
            eprintln!("--- ended by its limit: {limit:?}");
        }
    }
    Ok(())
}

/// The same image, judge and seed give the same verdict; where they do not, something is wrong.
fn compare(before: &VerdictRow, now: &Ruling, image: &str, judge_version: i32) -> Result<(), Failure> {
    let reason = before.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
    let was = format!("{}{reason}", before.verdict);
    if was == in_words(now) {
        eprintln!("--- as verdict {} on record", before.seq);
        return Ok(());
    }
    let message = format!("verdict {} on record is {was}", before.seq);
    if before.image_id == image && before.judge_version == judge_version {
        return Err(Failure::short(format!("{message}, under the same image and judge")));
    }
    eprintln!(
        "--- {message}, in image {} by judge {}",
        before.image_id, before.judge_version
    );
    Ok(())
}

/// Puts a job's files where its commands look for them.
fn lay_out(job: &Job, dir: &Path) -> Result<(), Failure> {
    job.validate()?;
    let cannot = |e: io::Error| Failure::input(format!("cannot write to {}: {e}", dir.display()));
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::input(format!("{} is not empty", dir.display())));
    }
    for file in &job.files {
        let path = dir.join("in").join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(dir)).map_err(cannot)?;
        fs::write(path, &file.content).map_err(cannot)?;
    }
    println!("cd {}", dir.display());
    println!("{}", worker::commands(job));
    eprintln!(
        "inside the image, {} is /job: paths that begin with /job/ lie there",
        dir.display()
    );
    Ok(())
}
