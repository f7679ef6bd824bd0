//! `assay build`.

use super::environment::{self, SandboxFlags};
use super::{Failure, progress, summary};
use crate::recipe;
use crate::stages::{self, Scope};
use crate::store::{BuildState, NewNode, Store};
use crate::worker::{self, Op, Options, Stop, Tally};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Check, plan and run a recipe until it is done.
#[derive(clap::Args)]
pub struct Args {
    /// The recipe (TOML)
    pub recipe: PathBuf,
    /// Print one JSON object instead of the build id
    #[arg(long)]
    pub json: bool,
    /// Batches worked on at a time [default: cores + 1]
    #[arg(long, value_name = "N")]
    pub parallel: Option<usize>,
    #[command(flatten)]
    pub sandbox: SandboxFlags,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let plan = load(&args.recipe, &environment::images())?;
    let nodes = nodes(&plan)?;
    let (store, local_db) = environment::store().await?;
    let needs = stages::needs(nodes.iter().map(|n| n.use_.as_str()));
    environment::record_versions(&store).await?;
    let (bench, labels) = environment::bench(&args.sandbox).await?;
    if let Some(missing) = needs.iter().find(|n| !labels.contains(n)) {
        return Err(Failure::environment(format!(
            "the recipe needs the sandbox `{missing}`, which is not built here: assay sandbox build {missing}"
        )));
    }
    let base = plan.base_dir.to_string_lossy().into_owned();
    let (build, resumed) = store
        .launch(&plan.name, &plan.recipe_sha256, plan.seed, &base, &nodes)
        .await?;
    eprintln!(
        "{} build {build} of recipe `{}`",
        if resumed { "resuming" } else { "starting" },
        plan.name
    );
    let stop = Stop::default();
    let watcher = tokio::spawn(interrupt(stop.clone()));
    let shown = tokio::spawn(progress::show(store.clone(), build));
    let parallel = args.parallel.unwrap_or(environment::parallelism() + 1);
    let options = Options {
        build: Some(build),
        parallel,
        labels,
        cache: cache_dir()?,
        local_db,
    };
    let ran = worker::run(store.clone(), bench.clone(), options, stop.clone()).await;
    shown.abort();
    watcher.abort();
    progress::clear();
    ran?;
    if stop.stopped() {
        return Err(Failure::interrupted(format!(
            "interrupted; `assay build {}` resumes build {build}",
            args.recipe.display()
        )));
    }
    finish(&store, build, &args, bench.tally()).await
}

/// Says how a build ended.
async fn finish(store: &Store, build: i64, args: &Args, jobs: Tally) -> Result<(), Failure> {
    let done = store.build_state(build).await? == BuildState::Done;
    summary::print(store, build).await?;
    eprintln!("sandbox jobs: {jobs}");
    if args.json {
        let seconds = (store.build_seconds(build).await? * 10.0).round() / 10.0;
        let nodes = store.node_status(build).await?;
        println!(
            "{}",
            json!({"build": build, "state": if done { "done" } else { "failed" }, "seconds": seconds, "nodes": nodes})
        );
    } else {
        println!("{build}");
    }
    if !done {
        let message = format!(
            "build {build} is incomplete: some batches used up their attempts (`assay status {build}` says why); run it again to retry them"
        );
        return Err(Failure::short(message));
    }
    Ok(())
}

/// Reads and checks a recipe. A node's fingerprint holds the grammars that it parses with and the images that it runs.
fn load(path: &Path, images: &BTreeMap<String, String>) -> Result<recipe::Plan, Failure> {
    let extras = |stage: &recipe::StageInfo, _: &Value| stages::extras(stage.name, images);
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::input(format!("cannot read recipe {}: {e}", path.display())))?;
    let mut plan = recipe::parse_with(&path.display().to_string(), &text, &stages::infos(), &extras)
        .map_err(|d| Failure::diagnostics(&d))?;
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    plan.base_dir = folder
        .canonicalize()
        .map_err(|e| Failure::input(format!("cannot find the folder of {}: {e}", path.display())))?;
    Ok(plan)
}

/// The plan as the store wants it: sources expanded into units of work.
fn nodes(plan: &recipe::Plan) -> Result<Vec<NewNode>, Failure> {
    let mut out = Vec::new();
    for n in &plan.nodes {
        let bad = |m: String| Failure::input(format!("node `{}`: {m}", n.name));
        let (op, version) = worker::set_up(&n.use_, &n.config, &plan.base_dir).map_err(bad)?;
        let (is_barrier, units) = match &op {
            Op::Source(s) => (false, s.expand().map_err(|e| bad(e.to_string()))?),
            Op::Stage(spec, _) => (spec.scope == Scope::Population, Vec::new()),
        };
        out.push(NewNode {
            name: n.name.clone(),
            use_: n.use_.clone(),
            stage_version: version as i32,
            config: n.config.clone(),
            fingerprint: n.fingerprint.clone(),
            inputs: n.inputs.iter().map(|&i| i as i16).collect(),
            library: n.library.map(|i| i as i16),
            is_barrier,
            units,
        });
    }
    Ok(out)
}

/// Downloads are kept by hash, beside the database's state.
pub fn cache_dir() -> Result<PathBuf, Failure> {
    Ok(crate::store::cluster::state_dir().join("downloads"))
}

/// The first interrupt asks the loops to stop and give back what they hold; the second ends the process.
pub async fn interrupt(stop: Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return;
    };
    tokio::select! { _ = int.recv() => {}, _ = term.recv() => {} }
    eprintln!("\nstopping: giving back what is running (interrupt again to end at once)");
    stop.stop();
    tokio::select! { _ = int.recv() => {}, _ = term.recv() => {} }
    std::process::exit(130);
}
