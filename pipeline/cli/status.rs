//! `assay status`.

use super::{Failure, environment, progress};
use crate::store::{BuildState, Store};
use serde_json::{Value, json};
use std::time::Duration;

/// Progress, rates, ETA and error counts of a build, per node.
#[derive(clap::Args)]
pub struct Args {
    /// The build [default: the newest]
    pub build: Option<i64>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Print again every two seconds until the build has ended
    #[arg(long)]
    pub watch: bool,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let (store, _) = environment::store().await?;
    let build = build_or_newest(&store, args.build).await?;
    loop {
        let state = store.build_state(build).await?;
        let report = report(&store, build, state).await?;
        if args.json {
            println!("{report}")
        } else {
            println!("{}", render(&report))
        }
        if !args.watch || state != BuildState::Running {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// The build named, which must exist, or the newest one.
pub async fn build_or_newest(store: &Store, build: Option<i64>) -> Result<i64, Failure> {
    match build {
        Some(b) if store.plan(b).await?.is_some() => Ok(b),
        Some(b) => Err(Failure::input(format!(
            "there is no build {b}; `assay psql -c 'table builds'` lists them"
        ))),
        None => store
            .newest_build(None)
            .await?
            .ok_or_else(|| Failure::input("there is no build yet: assay build recipes/quickstart.toml")),
    }
}

async fn report(store: &Store, build: i64, state: BuildState) -> Result<Value, Failure> {
    let nodes = store.node_status(build).await?;
    let seconds = store.build_seconds(build).await?;
    let state = match state {
        BuildState::Running => "running",
        BuildState::Done => "done",
        BuildState::Failed => "failed",
    };
    let waiting: i64 = nodes.iter().map(|n| n.waiting).sum();
    Ok(
        json!({"build": build, "state": state, "seconds": (seconds * 10.0).round() / 10.0, "waiting": waiting, "nodes": nodes,
              "faults": store.fault_summary(build).await?}),
    )
}

fn render(report: &Value) -> String {
    let seconds = report["seconds"].as_f64().unwrap_or(0.0);
    let mut out = format!(
        "build {} is {} after {seconds:.0} s\n",
        report["build"],
        report["state"].as_str().unwrap_or("")
    );
    out.push_str(&format!(
        "{:14} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8} {:>8}\n",
        "node", "in", "kept", "dropped", "derived", "passed", "failed", "flaky", "faults", "waiting", "per s", "eta"
    ));
    for n in report["nodes"].as_array().into_iter().flatten() {
        let int = |k: &str| n[k].as_i64().unwrap_or(0);
        let rate = int("in") as f64 / seconds.max(0.001);
        out.push_str(&format!(
            "{:14} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8.1} {:>8}\n",
            n["node"].as_str().unwrap_or(""),
            int("in"),
            int("kept"),
            int("dropped"),
            int("derived"),
            int("passed"),
            int("failed"),
            int("flaky"),
            int("errors"),
            int("waiting"),
            rate,
            progress::eta(int("waiting"), rate).unwrap_or_default()
        ));
    }
    for f in report["faults"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "fault ({}×) at {}: {}: {}\n",
            f["count"],
            f["node"].as_str().unwrap_or("-"),
            f["kind"].as_str().unwrap_or(""),
            f["message"].as_str().unwrap_or("")
        ));
    }
    out
}
