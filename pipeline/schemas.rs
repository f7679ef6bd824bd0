//! JSON Schemas of everything that people write for assay or read from it. Checked in under schemas/.

use crate::{mixtures, model, recipe, sinks, stages};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A sample as `assay sample --json` prints it and the view `samples` holds it.
#[derive(Serialize, JsonSchema)]
struct Sample {
    /// 32 hex digits: hash of kind, producing node, parents and content.
    id: String,
    kind: model::Kind,
    domain: model::DomainId,
    /// Readable text; a conversation has a line `=== role ===` before each turn. Null where it was not kept.
    content: Option<String>,
    origin: model::Origin,
    /// Facts about the sample; the keys depend on its kind.
    metadata: serde_json::Map<String, Value>,
}

/// A verdict with its evidence, as `assay explain --json` prints it and the view `verdicts` holds it.
#[derive(Serialize, JsonSchema)]
struct Verdict {
    /// Position in the ledger: newer is greater.
    seq: i64,
    /// Hash of everything that was run.
    job_hash: String,
    check_name: String,
    verdict: model::VerdictKind,
    /// Why the sample failed: its own fault, never ours.
    reason: Option<model::FailReason>,
    sandbox: String,
    engine: String,
    image_id: String,
    /// The isolation tier.
    tier: String,
    judge_version: i32,
    /// Tool versions.
    tools: Value,
    /// One command a line.
    command: String,
    limits: Value,
    seed: i64,
    trials: i32,
    metrics: Value,
    cpu_ms: i64,
    wall_ms: i64,
    peak_bytes: i64,
    log: String,
    /// UTC, ISO 8601.
    created_at: String,
}

/// All schemas by name, sorted.
pub fn all() -> Vec<(&'static str, Value)> {
    let of = |s: schemars::Schema| s.to_value();
    let mut all = recipe::schemas(&stages::infos());
    all.push(("mixture", of(schemars::schema_for!(mixtures::Mixture))));
    all.push(("manifest", of(schemars::schema_for!(sinks::shards::manifest::Manifest))));
    all.push(("sample", of(schemars::schema_for!(Sample))));
    all.push(("verdict", of(schemars::schema_for!(Verdict))));
    all.sort_by_key(|(name, _)| *name);
    for (name, schema) in &mut all {
        schema["title"] = json!(name);
    }
    all
}

/// A schema as it is checked in.
pub fn text(schema: &Value) -> String {
    recipe::pretty(schema)
}
