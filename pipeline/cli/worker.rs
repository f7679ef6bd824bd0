//! `assay worker`.

use super::environment::{self, SandboxFlags};
use super::{Failure, build};
use crate::worker::{self, Options, Stop};

/// Join whatever builds need work.
#[derive(clap::Args)]
pub struct Args {
    /// Work for this build only, and end with it
    #[arg(long, value_name = "ID")]
    pub build: Option<i64>,
    /// Batches worked on at a time [default: cores + 1]
    #[arg(long, value_name = "N")]
    pub parallel: Option<usize>,
    #[command(flatten)]
    pub sandbox: SandboxFlags,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let (store, local_db) = environment::store().await?;
    environment::record_versions(&store).await?;
    let (bench, labels) = environment::bench(&args.sandbox).await?;
    let parallel = args.parallel.unwrap_or(environment::parallelism() + 1);
    eprintln!(
        "worker with {parallel} loops; sandboxes: {}",
        if labels.is_empty() {
            "none".into()
        } else {
            labels.join(", ")
        }
    );
    let stop = Stop::default();
    let watcher = tokio::spawn(build::interrupt(stop.clone()));
    let options = Options {
        build: args.build,
        parallel,
        labels,
        cache: build::cache_dir()?,
        local_db,
    };
    worker::run(store, bench, options, stop.clone()).await?;
    watcher.abort();
    if stop.stopped() {
        Err(Failure::interrupted("stopped"))
    } else {
        Ok(())
    }
}
