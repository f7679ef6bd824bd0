//! What a command needs around it: the database in use, the sandboxes of this machine.

use super::Failure;
use crate::domains;
use crate::store::cluster::{Cluster, state_dir};
use crate::store::{CurrentVersion, Store};
use crate::worker::Bench;
use sandboxes::{Docker, Namespaces, Runtime, Tier};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The url of the database in use: `DATABASE_URL`, else the local one, started if need be. The folder is given in
/// the latter case, so that a worker can revive it.
pub fn database() -> Result<(String, Option<PathBuf>), Failure> {
    if let Ok(url) = std::env::var("DATABASE_URL")
        && !url.is_empty()
    {
        return Ok((url, None));
    }
    let dir = state_dir();
    Ok((Cluster::open(&dir)?.ensure()?, Some(dir)))
}

/// Connects to the database in use.
pub async fn store() -> Result<(Store, Option<PathBuf>), Failure> {
    let (url, local) = database()?;
    Ok((Store::connect(&url).await?, local))
}

/// How many jobs run at once here.
pub fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Flags that choose the sandbox.
#[derive(clap::Args, Clone, Debug)]
pub struct SandboxFlags {
    /// What jobs run under: our own namespaces, or an engine on this machine (DOCKER_HOST=unix://… or its usual socket)
    #[arg(long, value_name = "RUNTIME", env = "ASSAY_RUNTIME", value_parser = ["namespaces", "docker"], default_value = "namespaces")]
    pub runtime: String,
    /// Accept a weaker sandbox by name where a layer is missing (recorded in the evidence of every verdict)
    #[arg(long, value_name = "TIER", env = "ASSAY_ALLOW_WEAKER", value_parser = ["no-cgroup"])]
    pub allow_weaker: Option<String>,
}

/// Opens the sandbox runtime of this machine.
pub fn runtime(flags: &SandboxFlags, slots: u32) -> Result<Arc<dyn Runtime>, Failure> {
    let allow_weaker = flags
        .allow_weaker
        .as_deref()
        .map(str::parse::<Tier>)
        .transpose()
        .map_err(Failure::input)?;
    let options = sandboxes::Options {
        state_dir: state_dir(),
        slots,
        allow_weaker,
    };
    Ok(match flags.runtime.as_str() {
        "docker" => Arc::new(Docker::open(options)?),
        _ => Arc::new(Namespaces::open(options)?),
    })
}

/// Ids of the images of this machine, by sandbox.
pub fn images() -> BTreeMap<String, String> {
    sandboxes::images::list(&state_dir())
        .unwrap_or_default()
        .into_iter()
        .map(|i| (i.name, i.id))
        .collect()
}

/// A bench over the runtime with as many slots, and the labels of the images that it has. A sandbox answers canaries
/// before its first job: one that gets them wrong on every slot judges nothing.
pub async fn bench_of(flags: &SandboxFlags, slots: u32) -> Result<(Arc<Bench>, Vec<String>), Failure> {
    let runtime = runtime(flags, slots)?;
    let mut labels = Vec::new();
    for image in sandboxes::images::list(&state_dir())? {
        match unusable(flags, runtime.as_ref(), &image.name).await {
            // A machine without a GPU is nothing to be warned of.
            Some(why) if sandboxes::lacks(&image.name).is_some() => {
                tracing::info!("sandbox `{}` is built, and not used: {why}", image.name);
            }
            Some(why) => tracing::warn!("sandbox `{}` is built, and not used: {why}", image.name),
            None => labels.push(image.name),
        }
    }
    Ok((Arc::new(Bench::new(Some(runtime))), labels))
}

/// Why this machine runs no jobs of a sandbox that it has the image of. Warm servers and GPUs are the default runtime's
/// alone.
async fn unusable(flags: &SandboxFlags, runtime: &dyn Runtime, name: &str) -> Option<String> {
    let apart = sandboxes::is_served(name) || sandboxes::needs_gpu(name);
    if apart && flags.runtime == "docker" {
        return Some("the runtime `docker` does not run its jobs".into());
    }
    match sandboxes::lacks(name) {
        None if sandboxes::needs_gpu(name) => sandboxes::gpu_answers(runtime).await.err(),
        lacks => lacks,
    }
}

/// A bench with a slot per core and one more, so that a core need not wait for us.
pub async fn bench(flags: &SandboxFlags) -> Result<(Arc<Bench>, Vec<String>), Failure> {
    bench_of(flags, parallelism() as u32 + 1).await
}

/// Tells the ledger which images and judges are today's; verdicts by others are `stale` from now on.
pub async fn record_versions(store: &Store) -> Result<(), Failure> {
    let current = images().into_iter().filter_map(|(sandbox, image_id)| {
        let judge_version = domains::judge_version(&sandbox)?;
        Some(CurrentVersion {
            sandbox,
            image_id,
            judge_version,
        })
    });
    Ok(store.record_versions(&current.collect::<Vec<_>>()).await?)
}

/// Finds a sample by its id or an unambiguous beginning of it.
pub async fn find_sample(store: &Store, prefix: &str) -> Result<String, Failure> {
    let found = store.ids_by_prefix(prefix).await?;
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::input(format!(
            "no sample has an id that begins with `{prefix}`; `assay sample` shows some"
        ))),
        _ => Err(Failure::input(format!(
            "more than one sample's id begins with `{prefix}`: give more of it"
        ))),
    }
}
