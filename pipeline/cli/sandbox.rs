//! `assay sandbox`.

mod test;

use super::environment::{self, SandboxFlags};
use super::{Failure, replay};
use crate::store::cluster::state_dir;
use sandboxes::images;
use serde_json::json;

/// Images and their digests; canaries and hostile programs; stored jobs run again.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub action: Action,
    #[command(flatten)]
    pub sandbox: SandboxFlags,
}

#[derive(clap::Subcommand)]
pub enum Action {
    /// Build images (those named, or all but what no package registry has); what is built already is kept
    Build {
        names: Vec<String>,
        /// What makes the tree: the install script by itself, or a Docker engine from the Dockerfile; the image is the same
        #[arg(long, value_name = "BUILDER", value_parser = ["script", "docker"], default_value = "script")]
        with: String,
    },
    /// List images with id, size and tools
    List {
        #[arg(long)]
        json: bool,
    },
    /// Run the canaries and the hostile programs of all sandboxes, or what is named: sandboxes, canaries, programs
    Test {
        names: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    /// Run the job behind a verdict again, print what its steps print, and compare
    Replay(replay::Args),
}

pub async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Build { names, with } => build(names, &with).await,
        Action::List { json } => list(json),
        Action::Test { names, json } => test::run(&args.sandbox, names, json).await,
        Action::Replay(replay) => replay::run(&args.sandbox, replay).await,
    }
}

async fn build(names: Vec<String>, with: &str) -> Result<(), Failure> {
    let builder = match with {
        "docker" => images::Builder::Docker,
        _ => images::Builder::Script,
    };
    let names: Vec<String> = if names.is_empty() {
        let (apart, usual): (Vec<_>, Vec<_>) = sandboxes::names()
            .into_iter()
            .partition(|name| sandboxes::apart(name).is_some());
        for name in apart {
            let why = sandboxes::apart(name).unwrap_or_default();
            eprintln!("left out: {name} ({why}): assay sandbox build {name}");
        }
        usual.into_iter().map(String::from).collect()
    } else {
        names
    };
    let state = state_dir();
    for name in names {
        let state = state.clone();
        let built = tokio::task::spawn_blocking(move || {
            images::build_with(builder, &name, &state, &|line| eprintln!("{line}"))
        });
        let image = built.await.map_err(|e| Failure::environment(e.to_string()))??;
        println!("{} {} {} MB", image.name, image.id, image.bytes >> 20);
    }
    // verdicts of earlier images are stale from now on; without a database there are none, and a worker says so later
    match environment::store().await {
        Ok((store, _)) => environment::record_versions(&store).await,
        Err(why) => {
            eprintln!("not recorded in the ledger: {}", why.message);
            Ok(())
        }
    }
}

fn list(as_json: bool) -> Result<(), Failure> {
    let found = images::list(&state_dir())?;
    if as_json {
        println!("{}", json!(found));
        return Ok(());
    }
    if found.is_empty() {
        eprintln!("no image is built yet: assay sandbox build");
    }
    for i in found {
        let tools: Vec<String> = i.tools.iter().map(|(k, v)| format!("{k} {v}")).collect();
        println!("{:10} {} {:5} MB  {}", i.name, i.id, i.bytes >> 20, tools.join(", "));
    }
    Ok(())
}
