//! One file per subcommand. stdout is data, stderr is talk.

mod build;
mod check;
mod db;
mod environment;
mod explain;
mod export;
mod failure;
mod progress;
mod replay;
mod sample;
mod sandbox;
mod schema;
mod status;
mod summary;
mod verify;
mod worker;

pub use failure::Failure;

use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::process::ExitCode;

/// Turns raw industrial code into training data whose every claim has been executed.
///
/// A recipe describes a DAG of stages; workers run it; everything that happens to every sample is a row in
/// Postgres. The database is DATABASE_URL if that is set, else a local one that assay runs for you.
#[derive(Parser)]
#[command(
    name = "assay",
    version,
    max_term_width = 110,
    after_help = "\
Exit codes:
  0    done
  1    it ran, and something fell short (incomplete build, failed verification under --strict)
  2    the input is wrong (recipe, arguments, tasks)
  3    the environment is wrong (database, sandbox, a tool is missing)
  130  interrupted

A first tour:
  assay build recipes/quickstart.toml
  assay export recipes/mixtures/quickstart.toml --out out/quickstart
  assay sample --kind sft_repair -n 3
  assay psql -c \"select node, outcome, reason, count(*) from outcomes group by 1, 2, 3 order by 1, 4 desc\""
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check, plan and run a recipe until it is done; the same command resumes an interrupted build
    Build(build::Args),
    /// Join whatever builds need work, from any process or machine that reaches the database
    Worker(worker::Args),
    /// Progress, rates, ETA and error counts of a build, per node
    Status(status::Args),
    /// Where a sample came from, what every node decided and why, and what its verdicts rest on
    Explain(explain::Args),
    /// Re-verify samples chosen in SQL, or judge tasks brought from outside
    Verify(verify::Args),
    /// Write a mixture as shards, or feed it to a trainer
    Export(export::Args),
    /// Show some samples to read
    Sample(sample::Args),
    /// Validate recipes, mixtures and task files without running them
    Check(check::Args),
    /// Build, list and test sandbox images; run a stored job again
    Sandbox(sandbox::Args),
    /// Open psql on the database in use; arguments are psql's own
    Psql(db::PsqlArgs),
    /// Start, stop or locate the local database
    Db(db::Args),
    /// Print the JSON Schema of recipe, mixture, task, sample, verdict or manifest
    Schema(schema::Args),
}

/// Parses the arguments, runs the command and says how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("ASSAY_LOG").unwrap_or_else(|_| "warn,sqlx=error".into()),
        )
        .init();
    // failpoints exist for tests that break a build on purpose; without FAILPOINTS nothing is armed
    let _failpoints = std::env::var_os("FAILPOINTS").map(|_| fail::FailScenario::setup());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(r) => r,
        Err(e) => {
            eprintln!("assay: cannot start: {e}");
            return ExitCode::from(3);
        }
    };
    let code = match runtime.block_on(dispatch(cli.command)) {
        Ok(()) => 0,
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("assay: {}", failure.message);
            }
            failure.code
        }
    };
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    ExitCode::from(code)
}

async fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Build(a) => build::run(a).await,
        Command::Worker(a) => worker::run(a).await,
        Command::Status(a) => status::run(a).await,
        Command::Explain(a) => explain::run(a).await,
        Command::Verify(a) => verify::run(a).await,
        Command::Export(a) => export::run(a).await,
        Command::Sample(a) => sample::run(a).await,
        Command::Check(a) => check::run(a),
        Command::Sandbox(a) => sandbox::run(a).await,
        Command::Psql(a) => db::psql(a).await,
        Command::Db(a) => db::run(a).await,
        Command::Schema(a) => schema::run(a),
    }
}
