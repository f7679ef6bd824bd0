//! `assay export`.

use super::{Failure, environment, status};
use crate::mixtures::Mixture;
use crate::model::VerdictKind;
use crate::sinks::{
    self, ExportError, ExportJob, ExportSample, Pinned, SampleSource, SinkOptions, VerdictPolicy, VerdictRef,
};
use crate::store::{BuildPlan, ExportRow, ShardRow, Store, VerdictOf};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Write a mixture as shards, or feed it to a trainer.
#[derive(clap::Args)]
pub struct Args {
    /// The mixture (TOML)
    pub mixture: PathBuf,
    /// Where shards and manifest.json go; with --sink exec, where the trainer's progress is kept
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The build to export [default: the newest]
    #[arg(long, value_name = "ID")]
    pub build: Option<i64>,
    /// Which verdicts count
    #[arg(long, value_name = "POLICY", default_value = "as-built", value_parser = ["as-built", "latest"])]
    pub verdicts: String,
    /// Who takes the samples
    #[arg(long, default_value = "shards", value_parser = ["shards", "exec"])]
    pub sink: String,
    /// The trainer, for --sink exec; run by sh
    #[arg(long, value_name = "COMMAND")]
    pub command: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let mixture = Mixture::load(&args.mixture).map_err(|e| Failure::input(e.to_string()))?;
    let (store, _) = environment::store().await?;
    let build = status::build_or_newest(&store, args.build).await?;
    let plan = store
        .plan(build)
        .await?
        .ok_or_else(|| Failure::input(format!("there is no build {build}")))?;
    if store.build_state(build).await? != crate::store::BuildState::Done {
        return Err(Failure::short(format!(
            "build {build} is not done: an export of it would miss samples; resume it first"
        )));
    }
    let latest = args.verdicts == "latest";
    let row = ExportRow {
        build,
        mixture_name: mixture.mixture.name.clone(),
        mixture_sha256: mixture.sha256.clone(),
        sink: args.sink.clone(),
        verdict_policy: args.verdicts.clone(),
    };
    let source = Ledger {
        ids: store.exportable(build).await?,
        store: store.clone(),
        build,
        latest,
    };
    let job = ExportJob {
        recipe: Pinned {
            name: plan.recipe_name.clone(),
            sha256: plan.recipe_sha256.clone(),
        },
        verdicts: if latest {
            VerdictPolicy::Latest
        } else {
            VerdictPolicy::AsBuilt
        },
        recorded_inputs: recorded_inputs(&plan),
    };
    let options = SinkOptions {
        out: args.out.clone(),
        command: args.command.clone(),
        checkpoint: None,
    };
    let mut sink = sinks::sink(&args.sink, options).map_err(failure)?;
    let report = sinks::export(&source, &mixture, job, sink.as_mut())
        .await
        .map_err(failure)?;
    let manifest = json!(report.written.manifest);
    let shards = report.written.shards.iter().map(|w| ShardRow {
        path: w.shard.path.clone(),
        sha256: w.shard.sha256.clone(),
        bytes: w.shard.bytes as i64,
        tokens: w.shard.tokens as i64,
        samples: w.samples.clone(),
    });
    store
        .record_export(&row, &manifest, &shards.collect::<Vec<_>>())
        .await?;
    say(&args, build, &report);
    Ok(())
}

/// Nodes whose decisions rest on measured time: proofs of equivalence end after so many CPU seconds, so another machine
/// may prove one more or one less.
fn recorded_inputs(plan: &BuildPlan) -> Vec<String> {
    let timed = plan
        .nodes
        .iter()
        .filter(|n| n.use_ == "verify" && n.config["mode"] == "oracle");
    let mut names: Vec<String> = timed.map(|n| n.name.clone()).collect();
    names.sort();
    names
}

fn say(args: &Args, build: i64, report: &sinks::ExportReport) {
    let out = args.out.display();
    if args.json {
        let takes: Vec<Value> = report.takes.iter().map(|t| json!(t)).collect();
        println!(
            "{}",
            json!({"build": build, "out": out.to_string(), "samples": report.samples, "seen": report.seen,
            "unverified": report.unverified, "resumed_from": report.resumed_from, "takes": takes})
        );
        return;
    }
    eprintln!(
        "{} samples of build {build} (of {} looked at, {} unverified) → {out}",
        report.samples, report.seen, report.unverified
    );
    for w in &report.written.shards {
        eprintln!(
            "  {} {} samples, {} tokens, {} KB",
            w.shard.path,
            w.shard.samples,
            w.shard.tokens,
            w.shard.bytes / 1024
        );
    }
    eprintln!("\ntry next:");
    eprintln!("  assay sample --kind sft_repair -n 3");
    eprintln!("  assay explain $(assay psql -Atc \"select id from samples where kind = 'sft_repair' limit 1\")");
    eprintln!(
        "  assay psql -c \"select reason, count(*) from outcomes where build_id = {build} and outcome = 'drop' group by 1 order by 2 desc\""
    );
    println!("{out}");
}

/// Whose fault an export's failure is.
fn failure(e: ExportError) -> Failure {
    let message = e.to_string();
    match e {
        ExportError::Empty { .. } => Failure::short(message),
        ExportError::Mixture(_)
        | ExportError::Foreign { .. }
        | ExportError::UnknownSink { .. }
        | ExportError::NoCommand => Failure::input(message),
        ExportError::Trainer(_) => Failure::short(message),
        _ => Failure::environment(message),
    }
}

/// The samples of a build, as an export reads them.
struct Ledger {
    store: Store,
    build: i64,
    latest: bool,
    ids: Vec<String>,
}

impl Ledger {
    async fn load(&self, ids: &[String]) -> Result<Vec<ExportSample>, ExportError> {
        let samples = self.store.samples(ids).await.map_err(ExportError::source)?;
        let found = if self.latest {
            self.store.latest(ids).await
        } else {
            self.store.as_built(self.build, ids).await
        };
        let mut verdicts = found.map_err(ExportError::source)?;
        let to_ref = |v: VerdictOf| VerdictRef {
            check: v.check,
            // never judged is no pass
            verdict: v.verdict.parse().unwrap_or(VerdictKind::Fail),
            job_hash: v.job,
        };
        Ok(samples
            .into_iter()
            .map(|s| ExportSample {
                licence: s
                    .metadata
                    .get("licence")
                    .and_then(|l| l.get("spdx"))
                    .and_then(Value::as_str)
                    .unwrap_or("unknown")
                    .into(),
                repository: s.origin.source.clone(),
                verdicts: verdicts
                    .remove(&s.id)
                    .unwrap_or_default()
                    .into_iter()
                    .map(to_ref)
                    .collect(),
                sample: s,
            })
            .collect())
    }
}

impl SampleSource for Ledger {
    fn page<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ExportSample>, ExportError>> {
        let from = after.map_or(0, |a| self.ids.partition_point(|id| id.as_str() <= a));
        let page = &self.ids[from..self.ids.len().min(from + limit)];
        Box::pin(self.load(page))
    }

    fn fetch<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<ExportSample>, ExportError>> {
        Box::pin(self.load(ids))
    }
}
