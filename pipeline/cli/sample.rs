//! `assay sample`.

use super::{Failure, environment};
use crate::chat;
use crate::model::{Kind, Sample};
use crate::store::SampleFilter;
use serde_json::Value;

/// Show some samples to read.
#[derive(clap::Args)]
pub struct Args {
    /// Only this kind: source, code, task, candidate, sft_repair, sft_direct, …
    #[arg(long)]
    pub kind: Option<Kind>,
    /// Only samples that some node dropped or failed for this reason
    #[arg(long)]
    pub reason: Option<String>,
    /// Only samples of this build
    #[arg(long, value_name = "ID")]
    pub build: Option<i64>,
    /// How many
    #[arg(short, default_value_t = 20)]
    pub n: u32,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let (store, _) = environment::store().await?;
    let filter = SampleFilter {
        kind: args.kind.map(|k| k.to_string()),
        reason: args.reason,
        build: args.build,
        limit: i64::from(args.n),
    };
    let ids = store.pick(&filter).await?;
    if ids.is_empty() {
        eprintln!("no sample matches");
    }
    for (i, sample) in store.samples(&ids).await?.iter().enumerate() {
        if args.json {
            println!(
                "{}",
                serde_json::json!({"id": sample.id, "kind": sample.kind, "domain": sample.domain, "content": sample.content,
                "origin": sample.origin, "metadata": sample.metadata})
            );
        } else {
            print!("{}", render(sample, i + 1, ids.len()));
        }
    }
    Ok(())
}

/// A sample as a person wants to see it: a head line, its turns or its text, its metadata in short.
fn render(s: &Sample, i: usize, n: usize) -> String {
    let bar = "─".repeat(100);
    let origin = [
        s.origin.source.as_str(),
        s.origin.version.as_str(),
        s.origin.path.as_str(),
    ]
    .join(" ");
    let mut out = format!(
        "{bar}\n{i}/{n}  {}  {}  {}\n{}\n{bar}\n",
        s.kind,
        s.domain,
        s.id,
        origin.trim()
    );
    match chat::parse(&s.content) {
        Some(messages) => {
            for m in messages {
                out.push_str(&format!("▌{}\n\n{}\n\n", m.role, m.content));
            }
        }
        None => {
            out.push_str(&s.content);
            out.push_str("\n\n");
        }
    }
    for (key, value) in &s.metadata {
        let text = value.to_string();
        let short: String = text.chars().take(160).collect();
        if !matches!(value, Value::Null) {
            out.push_str(&format!(
                "  {key}: {short}{}\n",
                if short.len() < text.len() { "…" } else { "" }
            ));
        }
    }
    out.push('\n');
    out
}
