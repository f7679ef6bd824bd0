//! `assay explain`.

use super::{Failure, environment};
use crate::store::{ExplainedDecision, LineageRow, VerdictRow};
use serde_json::{Value, json};

/// Where a sample came from, what every node decided and why, and what its verdicts rest on.
#[derive(clap::Args)]
pub struct Args {
    /// The sample's id, or an unambiguous beginning of it; or the hash of a job, such as a task from outside has
    pub sample: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let (store, _) = environment::store().await?;
    let on_job = store.verdicts_of_job(&args.sample).await?;
    if !on_job.is_empty() {
        if args.json {
            println!("{}", json!({"job": args.sample, "verdicts": on_job}));
        } else {
            print!("{}", render_verdicts(&on_job));
        }
        return Ok(());
    }
    let id = environment::find_sample(&store, &args.sample).await?;
    let sample = store.samples(std::slice::from_ref(&id)).await?.remove(0);
    let lineage = store.ancestry(&id).await?;
    let mut decisions: Vec<(String, ExplainedDecision)> = Vec::new();
    let mut line: Vec<String> = vec![id.clone()];
    for edge in &lineage {
        if edge.role != "dependency" && !line.contains(&edge.parent) {
            line.push(edge.parent.clone());
        }
    }
    for ancestor in line.iter().rev() {
        decisions.extend(
            store
                .decisions_of(ancestor)
                .await?
                .into_iter()
                .map(|d| (ancestor.clone(), d)),
        );
    }
    decisions.sort_by_key(|(_, d)| (d.build, d.place));
    let verdicts = store.verdicts_of(&id).await?;
    let mut oracle = None;
    for ancestor in &line {
        if let Some(o) = store.oracle_of(ancestor).await? {
            oracle = Some(o);
            break;
        }
    }
    if args.json {
        let decisions: Vec<Value> = decisions
            .iter()
            .map(|(s, d)| json!({"sample": s, "decision": d}))
            .collect();
        println!(
            "{}",
            json!({"id": id, "kind": sample.kind, "domain": sample.domain, "origin": sample.origin, "metadata": sample.metadata,
                   "lineage": lineage, "decisions": decisions, "verdicts": verdicts, "oracle": oracle})
        );
        return Ok(());
    }
    println!("{} {} ({})", sample.kind, id, sample.domain);
    println!(
        "origin: {} {} {} (sha256 {})",
        sample.origin.source, sample.origin.version, sample.origin.path, sample.origin.sha256
    );
    print!(
        "{}{}{}",
        render_lineage(&id, &lineage),
        render_decisions(&decisions),
        render_verdicts(&verdicts)
    );
    if let Some(o) = oracle {
        println!(
            "\noracle: {} mutants, {} killed, {} proved equivalent, {} unknown; kill rate {}",
            o["mutants"], o["killed"], o["equivalent"], o["unknown"], o["kill_rate"]
        );
    }
    Ok(())
}

fn render_lineage(id: &str, lineage: &[LineageRow]) -> String {
    let mut out = String::from("\nmade of\n");
    for e in lineage {
        let lines = e.lines.map(|(a, b)| format!(" lines {a}-{b}")).unwrap_or_default();
        let child = if e.child == id {
            "this".into()
        } else {
            e.child[..12].to_string()
        };
        let path = e.origin["path"].as_str().unwrap_or("");
        out.push_str(&format!(
            "  {child} ← {} {} {}{lines} (by {}; {path})\n",
            e.role,
            e.parent_kind,
            &e.parent[..12],
            e.node
        ));
    }
    if lineage.is_empty() {
        out.push_str("  nothing: it came in as it is\n");
    }
    out
}

fn render_decisions(decisions: &[(String, ExplainedDecision)]) -> String {
    let mut out = String::from("\ndecided\n");
    for (sample, d) in decisions {
        let reason = d.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
        let detail = d.detail.to_string();
        let short: String = detail.chars().take(140).collect();
        let detail = if detail == "{}" {
            String::new()
        } else {
            format!(" {short}")
        };
        out.push_str(&format!(
            "  {} {} [{}]: {}{reason}{detail}\n",
            &sample[..12],
            d.node,
            d.use_,
            d.outcome
        ));
    }
    out
}

fn render_verdicts(verdicts: &[VerdictRow]) -> String {
    let mut out = String::new();
    for v in verdicts {
        let reason = v.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
        out.push_str(&format!(
            "\nverdict {} on `{}`: {}{reason}, {}\n",
            v.seq, v.check_name, v.verdict, v.created_at
        ));
        out.push_str(&format!(
            "  {} in {}, image {}, tier {}, judge {}\n",
            v.engine, v.sandbox, v.image_id, v.tier, v.judge_version
        ));
        out.push_str(&format!(
            "  {} ms CPU, {} ms wall, peak {} KiB, {} trial(s), seed {}\n",
            v.cpu_ms,
            v.wall_ms,
            v.peak_bytes / 1024,
            v.trials,
            v.seed
        ));
        let mut limits: Vec<String> = v
            .limits
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, n)| format!("{k} {n}"))
            .collect();
        limits.sort();
        out.push_str(&format!("  limits: {}\n", limits.join(", ")));
        for line in v.command.lines() {
            out.push_str(&format!("  $ {line}\n"));
        }
        for line in v.log.lines().take(30) {
            out.push_str(&format!("  | {line}\n"));
        }
        out.push_str(&format!(
            "  run it again: assay sandbox replay {0}; by hand: assay sandbox replay {0} --files DIR\n",
            v.job_hash
        ));
    }
    out
}
