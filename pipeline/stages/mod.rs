//! Stages: each is a function from samples to decisions. One table lists them all.

pub mod dedup;
pub mod filter;
pub mod link;
pub mod recall;
pub mod rewrite;
pub mod synthesize;
pub mod verify;

use crate::model::{Decided, Judgement, OracleRecord, Sample, Trail};
use crate::store::{Findings, Store};
use crate::worker::Request;
use futures::future::BoxFuture;
use sandboxes::{Completion, Job};
use std::sync::{Arc, Mutex};

/// What went wrong on our side while a stage ran. Never a verdict: the batch is retried, and the
/// fault is a row.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("{0}")]
    Store(#[from] crate::store::StoreError),
    #[error("{0}")]
    Sandbox(#[from] sandboxes::SandboxError),
    /// Every slot got a canary wrong: nothing that this machine says can be believed.
    #[error("every slot of this machine is out of service, none told right from wrong: {0}; assay sandbox test")]
    NoSlots(String),
    /// Anything else of ours; `kind` groups it in `faults`.
    #[error("{message}")]
    Other {
        kind: &'static str,
        message: String,
        retry: bool,
    },
}

impl StageError {
    /// A code for `faults`, and whether trying again can help.
    pub fn blame(&self) -> (&'static str, bool) {
        match self {
            StageError::Store(_) => ("database", true),
            StageError::Sandbox(e) => (e.kind(), e.retryable()),
            StageError::NoSlots(_) => ("canary", true),
            StageError::Other { kind, retry, .. } => (kind, *retry),
        }
    }
}

/// The samples of the node that a recipe names as `library`, sorted ids.
#[derive(Clone, Debug, Default)]
pub struct LibraryRef {
    pub ids: Vec<String>,
}

/// What a stage may use while it runs.
pub struct Context {
    pub store: Store,
    /// The recipe's seed.
    pub seed: u64,
    /// This node's fingerprint: what derived samples' ids are made from.
    pub fingerprint: String,
    /// Samples of the node named `library` in the recipe, for stages that resolve references.
    pub library: Option<LibraryRef>,
    /// Runs jobs, reusing what the ledger already holds.
    pub bench: Arc<crate::worker::Bench>,
    /// What this batch has learned beside its decisions: committed with them, or not at all.
    pub findings: Arc<Mutex<Findings>>,
}

impl Context {
    /// Judges jobs, reusing what the ledger holds; see [`crate::worker::Bench::judge_all`].
    pub async fn judge_all(&self, requests: &[Request]) -> Result<Vec<Judgement>, StageError> {
        self.bench
            .judge_all(&self.store, &self.findings, requests, crate::domains::judge)
            .await
    }

    /// Runs a job whose result is an intermediate (an elaboration, a recording), not a verdict. What the batch learns
    /// from it is committed only after the slot's closing canaries.
    pub async fn run(&self, job: &Job) -> Result<Completion, StageError> {
        let mut trail = Trail::default();
        let done = self.bench.run(job, &mut trail).await?;
        self.findings
            .lock()
            .unwrap_or_else(|p| p.into_inner())
            .trail
            .join(&trail);
        Ok(done)
    }

    /// Records the strength of a task's oracle.
    pub fn record_oracle(&self, task: &str, record: OracleRecord) {
        self.findings
            .lock()
            .unwrap_or_else(|p| p.into_inner())
            .oracles
            .push((task.into(), record));
    }
}

/// How widely a decision about one sample looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At the sample alone: decisions are reused across builds, sample by sample.
    Sample,
    /// At every sample that reaches the node: the node waits for them all (a barrier).
    Population,
}

/// A stage, configured.
pub trait Stage: Send + Sync {
    /// Decides about every sample given, one decision each, in any order; for stages of [`Scope::Sample`].
    /// A pure function of the samples, the configuration and the seed.
    fn run<'a>(&'a self, ctx: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>>;

    /// The same for a whole population, given as sorted ids so that texts can be read in chunks
    /// (`ctx.store.samples(&ids)`); for stages of [`Scope::Population`].
    fn run_population<'a>(
        &'a self,
        ctx: &'a Context,
        ids: Vec<String>,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            let samples = ctx.store.samples(&ids).await?;
            self.run(ctx, samples).await
        })
    }
}

/// One line of the table of stages.
pub struct StageSpec {
    /// What a recipe's `use` says.
    pub name: &'static str,
    /// Raised whenever the output for the same input changes; a golden test watches it.
    pub version: u32,
    pub scope: Scope,
    /// Cheap per-sample stages that follow each other run in one batch and one commit.
    pub fused: bool,
    /// Samples per batch.
    pub batch: usize,
    /// Whether samples dropped here keep a row but not their text.
    pub forgets_text: bool,
    /// Capability labels a worker must have (sandbox names).
    pub needs: &'static [&'static str],
    /// JSON Schema of the configuration.
    pub schema: fn() -> schemars::Schema,
    /// Builds the stage from a configuration that the schema has accepted.
    pub build: fn(&serde_json::Value) -> Result<Box<dyn Stage>, String>,
}

/// The table of stages. Adding one is a file and a line here.
pub fn table() -> &'static [&'static StageSpec] {
    static TABLE: [&StageSpec; 7] = [
        &recall::SPEC,
        &filter::SPEC,
        &dedup::SPEC,
        &link::SPEC,
        &rewrite::SPEC,
        &synthesize::SPEC,
        &verify::SPEC,
    ];
    &TABLE
}

/// Sources and stages, as recipes need to know them.
pub fn infos() -> Vec<crate::recipe::StageInfo> {
    let stages = table().iter().map(|s| crate::recipe::StageInfo {
        name: s.name,
        version: s.version,
        is_source: false,
        takes_library: s.name == link::SPEC.name,
        // these draw stimuli, mutants and wordings from the recipe's seed
        seeded: matches!(s.name, "synthesize" | "verify"),
        lists: &[],
        schema: (s.schema)().to_value(),
    });
    let sources = crate::sources::table().iter().map(|s| crate::recipe::StageInfo {
        name: s.name,
        version: s.version,
        is_source: true,
        takes_library: false,
        seeded: false,
        lists: s.lists,
        schema: (s.schema)().to_value(),
    });
    sources.chain(stages).collect()
}

/// Capability labels that these stages need, sorted, distinct.
pub fn needs<'a>(uses: impl Iterator<Item = &'a str>) -> Vec<String> {
    let specs = uses.filter_map(|u| table().iter().find(|s| s.name == u));
    let labels: std::collections::BTreeSet<&str> = specs.flat_map(|s| s.needs.iter().copied()).collect();
    labels.into_iter().map(String::from).collect()
}

/// What a stage's output depends on besides its version, configuration and input: the grammar, and the images it runs.
pub fn extras(name: &str, images: &std::collections::BTreeMap<String, String>) -> Vec<String> {
    let Some(spec) = table().iter().find(|s| s.name == name) else {
        return Vec::new();
    };
    let mut extras = vec![crate::model::sha256_hex(
        tree_sitter_systemverilog::NODE_TYPES.as_bytes(),
    )];
    extras.extend(
        spec.needs
            .iter()
            .map(|n| format!("{n}={}", images.get(*n).map_or("", String::as_str))),
    );
    extras
}

/// Reads a stage's configuration.
pub fn configure<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|e| e.to_string())
}
