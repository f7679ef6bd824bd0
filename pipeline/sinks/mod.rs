//! Where verified samples go: shards on disk, or a trainer that takes them from a pipe.
//!
//! [`export`] is the one way through: it reads light keys of every sample, lets the mixture select, order
//! and split them, then reads the texts of the selected ones in that order and hands them to a [`Sink`].
//! Memory is bounded by one page of texts plus one key per sample.

pub mod exec;
pub mod row;
pub mod shards;

use crate::mixtures::select::{Facts, Key, TakeReport, select};
use crate::mixtures::split::{Side, split};
use crate::mixtures::tokens::{TokenCounter, TokenRule};
use crate::mixtures::{Loaded, Mixture, MixtureError, Shards};
use crate::model::{Sample, VerdictKind, hash_parts};
use futures::future::BoxFuture;
use row::{Body, Row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Samples read at a time, in both passes.
pub const PAGE: usize = 256;

/// A verdict that speaks for a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRef {
    /// The check's name.
    pub check: String,
    pub verdict: VerdictKind,
    /// The key of the ledger.
    pub job_hash: String,
}

/// A sample with what an export needs to know beside it.
#[derive(Clone, Debug)]
pub struct ExportSample {
    pub sample: Sample,
    /// SPDX expression.
    pub licence: String,
    /// Verdicts on what the sample teaches, under the verdict policy. One that is no pass keeps the sample
    /// out; an `sft_*` sample without any stays out too. (Verdicts on the broken code belong into metadata.)
    pub verdicts: Vec<VerdictRef>,
    /// What a split never tears apart: the origin's source.
    pub repository: String,
}

impl ExportSample {
    fn verified(&self) -> bool {
        use crate::model::Kind::{SftDirect, SftOptimize, SftRepair};
        let must = matches!(self.sample.kind, SftDirect | SftRepair | SftOptimize);
        self.verdicts.iter().all(|v| v.verdict == VerdictKind::Pass) && !(must && self.verdicts.is_empty())
    }
}

/// Where an export reads samples from; the same samples at each call, however often it is called.
pub trait SampleSource: Send + Sync {
    /// The next samples after an id (from the first where `None`), at most `limit`, in rising order of id.
    /// An empty page is the end.
    fn page<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ExportSample>, ExportError>>;

    /// The samples with these ids, in any order.
    fn fetch<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<ExportSample>, ExportError>>;
}

/// A named file, pinned by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pinned {
    pub name: String,
    /// sha256 of the file's bytes, hex.
    pub sha256: String,
}

/// Which verdicts speak for a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictPolicy {
    /// Those that the build was decided by.
    #[default]
    AsBuilt,
    /// The newest per check.
    Latest,
}

/// What the caller knows of an export and the mixture does not say.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// The recipe of the build that is exported.
    pub recipe: Pinned,
    pub verdicts: VerdictPolicy,
    /// Nodes whose outputs are recorded inputs (wall-clock verdicts, model replies), sorted.
    pub recorded_inputs: Vec<String>,
}

/// One selected sample: its place in the order is its offset.
#[derive(Clone, Debug)]
pub struct Pick {
    pub id: String,
    pub side: Side,
    pub tokens: u64,
    /// The weight of the entry that took it.
    pub weight: f64,
}

/// All that a sink is told before the first sample.
#[derive(Clone, Debug)]
pub struct ExportPlan {
    pub mixture: Pinned,
    pub seed: u64,
    pub job: ExportJob,
    pub tokens: TokenRule,
    pub shards: Shards,
    /// Hash over the ids, sides and weights in order: two exports with the same one send the same samples.
    pub digest: String,
    pub picks: Vec<Pick>,
}

/// A finished shard, and which samples are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenShard {
    pub shard: shards::manifest::Shard,
    /// Ids in order.
    pub samples: Vec<String>,
}

/// What a sink has to say in the end.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The folder's manifest, from a sink that writes one.
    pub manifest: Option<shards::manifest::Manifest>,
    pub shards: Vec<WrittenShard>,
}

/// What an export did.
#[derive(Clone, Debug)]
pub struct ExportReport {
    /// Samples of the mixture's kinds that were looked at.
    pub seen: usize,
    /// Of those, left out for want of a passing verdict.
    pub unverified: usize,
    /// One per `[[take]]`.
    pub takes: Vec<TakeReport>,
    /// Samples in the export.
    pub samples: usize,
    /// Samples that the sink had already, from an earlier run that was interrupted.
    pub resumed_from: u64,
    pub written: Written,
}

/// A consumer of samples. Every sink passes one conformance suite: whatever is killed in between, each
/// sample arrives exactly once and in order.
pub trait Sink: Send {
    /// Called once, before anything else. Returns the offset to start from: 0, or what an interrupted run
    /// of the same plan left off at.
    fn begin<'a>(&'a mut self, plan: &'a ExportPlan) -> BoxFuture<'a, Result<u64, ExportError>>;

    /// Takes the next rows, whose offsets follow on without a gap. Returning may wait (backpressure).
    fn write<'a>(&'a mut self, rows: &'a [Row]) -> BoxFuture<'a, Result<(), ExportError>>;

    /// Called once, after the last row: makes everything durable and visible. Dropping a sink without it
    /// leaves nothing half-written in place.
    fn finish<'a>(&'a mut self) -> BoxFuture<'a, Result<Written, ExportError>>;
}

/// What the command line gives a sink.
pub struct SinkOptions {
    /// The folder of shards, or where a trainer's progress is kept.
    pub out: PathBuf,
    /// The trainer's command, for `exec`.
    pub command: Option<String>,
    /// Where `exec` keeps its progress; a file in `out` where `None`.
    pub checkpoint: Option<Box<dyn exec::Checkpoint>>,
}

/// One line of the table of sinks.
pub struct SinkSpec {
    /// What `--sink` says.
    pub name: &'static str,
    pub about: &'static str,
    /// Builds the sink; fails where an option is missing.
    pub build: fn(SinkOptions) -> Result<Box<dyn Sink>, ExportError>,
}

/// Every sink there is.
pub const SINKS: &[SinkSpec] = &[
    SinkSpec {
        name: "shards",
        about: "writes shards, a dataset card and a manifest",
        build: shards::build,
    },
    SinkSpec {
        name: "exec",
        about: "runs a trainer and streams samples to it",
        build: exec::build,
    },
];

/// Builds the sink of that name.
pub fn sink(name: &str, options: SinkOptions) -> Result<Box<dyn Sink>, ExportError> {
    match SINKS.iter().find(|s| s.name == name) {
        Some(spec) => (spec.build)(options),
        None => Err(ExportError::UnknownSink {
            name: name.into(),
            known: SINKS.iter().map(|s| s.name).collect(),
        }),
    }
}

/// What can keep an export from being done. Nothing half-written is in place after any of these.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Mixture(#[from] MixtureError),
    #[error("cannot read samples: {0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the source gave `{id}` out of order or twice; ids must rise from page to page")]
    Unordered { id: String },
    #[error("sample `{id}` vanished between selection and export; run the export again")]
    Vanished { id: String },
    #[error(
        "mixture `{mixture}` selects no sample: {seen} were looked at, {unverified} of them lack a passing verdict; \
         build first, or loosen the conditions of its `[[take]]` entries"
    )]
    Empty {
        mixture: String,
        seen: usize,
        unverified: usize,
    },
    #[error("sample `{id}` is a chat but its text is not: it must end with an assistant's turn")]
    NotChat { id: String },
    #[error("cannot count tokens of sample `{id}`: {message}")]
    Tokens { id: String, message: String },
    #[error("unknown sink `{name}`; use one of: {}", known.join(", "))]
    UnknownSink { name: String, known: Vec<&'static str> },
    #[error("cannot write `{path}`: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("no space left for `{path}`; free some, or choose another --out: nothing was left in place")]
    DiskFull { path: PathBuf },
    #[error("`{dir}` holds `{file}`, which no export wrote; choose an empty or new --out")]
    Foreign { dir: PathBuf, file: String },
    #[error("another export is writing `{dir}`; wait for it, or choose another --out")]
    Busy { dir: PathBuf },
    #[error("sink `exec` needs a trainer's command; add --command")]
    NoCommand,
    #[error(transparent)]
    Trainer(#[from] exec::TrainerError),
}

impl ExportError {
    /// An error of the source's own.
    pub fn source(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ExportError {
        ExportError::Source(e.into())
    }

    /// An error of the file system, told apart by whether the disk is full.
    pub fn io(path: &Path, source: std::io::Error) -> ExportError {
        match source.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => ExportError::DiskFull { path: path.into() },
            _ => ExportError::Io {
                path: path.into(),
                source,
            },
        }
    }
}

/// Selects from `source` what the mixture asks for and hands it to `sink`, from wherever an interrupted
/// export of the same samples left off.
pub async fn export(
    source: &dyn SampleSource,
    loaded: &Loaded,
    job: ExportJob,
    sink: &mut dyn Sink,
) -> Result<ExportReport, ExportError> {
    let counter = TokenCounter::new(&loaded.mixture.tokens, &loaded.folder)?;
    let population = read_keys(source, &loaded.mixture, &counter).await?;
    let (seen, unverified) = (population.seen, population.unverified);
    let (keys, takes) = select(&loaded.mixture, population.keys)?;
    if keys.is_empty() {
        return Err(ExportError::Empty {
            mixture: loaded.mixture.name.clone(),
            seen,
            unverified,
        });
    }
    let plan = plan(loaded, job, counter.rule().clone(), keys);
    let resumed_from = sink.begin(&plan).await?;
    let mut offset = resumed_from;
    for picks in plan.picks.get(resumed_from as usize..).unwrap_or(&[]).chunks(PAGE) {
        let rows = rows(source, picks, offset, &plan).await?;
        sink.write(&rows).await?;
        offset += rows.len() as u64;
    }
    let written = sink.finish().await?;
    Ok(ExportReport {
        seen,
        unverified,
        takes,
        samples: plan.picks.len(),
        resumed_from,
        written,
    })
}

struct Population {
    keys: Vec<Key>,
    seen: usize,
    unverified: usize,
}

/// The first pass: a light key of every verified sample that the mixture may take.
async fn read_keys(
    source: &dyn SampleSource,
    mixture: &Mixture,
    counter: &TokenCounter,
) -> Result<Population, ExportError> {
    let kinds = mixture.kinds();
    let mut repositories: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut all = Population {
        keys: Vec::new(),
        seen: 0,
        unverified: 0,
    };
    let mut after: Option<String> = None;
    loop {
        let page = source.page(after.as_deref(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        for item in page {
            let sample = &item.sample;
            if after.as_ref().is_some_and(|last| *last >= sample.id) {
                return Err(ExportError::Unordered { id: sample.id.clone() });
            }
            after = Some(sample.id.clone());
            if !kinds.contains(&sample.kind) {
                continue;
            }
            all.seen += 1;
            if !item.verified() {
                all.unverified += 1;
                continue;
            }
            let tokens = count_tokens(sample, counter)?;
            let repository = match repositories.get(item.repository.as_str()) {
                Some(known) => known.clone(),
                None => Arc::from(item.repository.as_str()),
            };
            repositories.insert(repository.clone());
            let facts = Facts {
                sample,
                licence: &item.licence,
                repository: &item.repository,
                tokens,
            };
            all.keys.extend(Key::new(mixture, &facts, repository));
        }
    }
}

fn count_tokens(sample: &Sample, counter: &TokenCounter) -> Result<u64, ExportError> {
    let count = |text: &str| {
        counter.count(text).map_err(|message| ExportError::Tokens {
            id: sample.id.clone(),
            message,
        })
    };
    match Body::of(sample)? {
        Body::Text(text) => count(&text),
        Body::Messages(messages) => messages.iter().map(|m| count(&m.content)).sum(),
    }
}

fn plan(loaded: &Loaded, job: ExportJob, tokens: TokenRule, keys: Vec<Key>) -> ExportPlan {
    let mixture = &loaded.mixture;
    let sides = split(&mixture.split, mixture.seed, &keys);
    let pick = |(key, side): (Key, Side)| Pick {
        weight: mixture.take[key.take].weight,
        id: key.id,
        side,
        tokens: key.tokens,
    };
    let picks: Vec<Pick> = keys.into_iter().zip(sides).map(pick).collect();
    let said: Vec<String> = picks
        .iter()
        .map(|p| format!("{} {} {}", p.id, p.side.name(), p.weight))
        .collect();
    ExportPlan {
        mixture: Pinned {
            name: mixture.name.clone(),
            sha256: loaded.sha256.clone(),
        },
        seed: mixture.seed,
        job,
        tokens,
        shards: mixture.shards.clone(),
        digest: hash_parts(said.iter().map(|s| s.as_bytes())),
        picks,
    }
}

/// The second pass, one page of it: rows in the order of the picks.
async fn rows(
    source: &dyn SampleSource,
    picks: &[Pick],
    first: u64,
    plan: &ExportPlan,
) -> Result<Vec<Row>, ExportError> {
    let ids: Vec<String> = picks.iter().map(|p| p.id.clone()).collect();
    let mut found: BTreeMap<String, ExportSample> = source
        .fetch(&ids)
        .await?
        .into_iter()
        .map(|s| (s.sample.id.clone(), s))
        .collect();
    let row = |(offset, pick): (u64, &Pick)| {
        let sample = found
            .remove(&pick.id)
            .ok_or_else(|| ExportError::Vanished { id: pick.id.clone() })?;
        Row::new(offset, pick, &plan.tokens, sample)
    };
    (first..).zip(picks).map(row).collect()
}
