//! `assay verify`.

mod again;
mod ordered;
mod outside;

use super::Failure;
use super::environment::SandboxFlags;
use std::io::{self, Write};
use std::path::PathBuf;

/// Re-verify samples chosen in SQL, or judge tasks brought from outside.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Args {
    /// A predicate over latest_verdicts, e.g. "stale" or "verdict = 'fail' and reason = 'timeout'"
    #[arg(long, value_name = "PREDICATE", group = "what")]
    pub r#where: Option<String>,
    /// A file of tasks, one JSON object per line. What the ledger knows is not run again
    #[arg(long, value_name = "FILE", group = "what")]
    pub tasks: Option<PathBuf>,
    /// How often each task is run; `flaky` where the runs disagree in verdict or reason
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "where", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub trials: u32,
    /// Run tasks although the ledger knows their verdicts
    #[arg(long, conflicts_with = "where")]
    pub fresh: bool,
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
        (Some(predicate), _) => again::run(&args, predicate).await,
        (_, Some(file)) => outside::run(&args, file).await,
        _ => Err(Failure::input("give --where or --tasks")),
    }
}

/// Writes lines to stdout; false where nobody reads them any more.
fn say(lines: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(lines.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(Failure::environment(format!("cannot write to stdout: {e}"))),
    }
}
