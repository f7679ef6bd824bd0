//! The `shards` sink: a folder that dataset loaders read as it is.
//!
//! ```text
//! README.md  ATTRIBUTION.md  manifest.json
//! data/train-00000-of-00002.jsonl.zst …      parquet/train-00000-of-00002.parquet …
//! ```
//!
//! The folder is built beside its place and moved there in one step; a killed export starts over and, as
//! everything here is a function of the samples, ends with the same bytes.

pub mod card;
pub mod files;
pub mod jsonl;
pub mod manifest;
pub mod parquet;

use super::row::{Credit, Row};
use super::{ExportError, ExportPlan, Sink, SinkOptions, Written, WrittenShard};
use crate::mixtures::ShardFormat;
use crate::mixtures::split::Side;
use files::{ATTRIBUTION, CARD, HashedFile, MANIFEST, Sealed, Staging};
use futures::future::BoxFuture;
use manifest::{Attribution, Manifest, Shard};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;

/// Copyright lines listed per source and licence.
const MAX_NOTICES: usize = 200;

impl ShardFormat {
    /// The folder and extension of its files.
    pub fn place(self) -> (&'static str, &'static str) {
        match self {
            ShardFormat::Jsonl => ("data", "jsonl.zst"),
            ShardFormat::Parquet => ("parquet", "parquet"),
        }
    }
}

/// Builds the sink; for the table.
pub fn build(options: SinkOptions) -> Result<Box<dyn Sink>, ExportError> {
    Ok(Box::new(ShardsSink::new(options.out)))
}

/// Writes shards into a folder.
pub struct ShardsSink {
    out: PathBuf,
    run: Option<Run>,
}

impl ShardsSink {
    /// A sink that will fill `out`, which must be new, empty, or an earlier export.
    pub fn new(out: PathBuf) -> ShardsSink {
        ShardsSink { out, run: None }
    }
}

impl Sink for ShardsSink {
    fn begin<'a>(&'a mut self, plan: &'a ExportPlan) -> BoxFuture<'a, Result<u64, ExportError>> {
        Box::pin(async move {
            self.run = Some(Run::new(Staging::new(&self.out)?, plan)?);
            Ok(0)
        })
    }

    fn write<'a>(&'a mut self, rows: &'a [Row]) -> BoxFuture<'a, Result<(), ExportError>> {
        Box::pin(async move {
            let Some(run) = &mut self.run else {
                return Err(not_begun(&self.out));
            };
            rows.iter().try_for_each(|row| run.write(row))
        })
    }

    fn finish<'a>(&'a mut self) -> BoxFuture<'a, Result<Written, ExportError>> {
        Box::pin(async move { self.run.take().ok_or_else(|| not_begun(&self.out))?.finish() })
    }
}

fn not_begun(out: &std::path::Path) -> ExportError {
    ExportError::io(out, io::Error::other("the sink was not begun"))
}

/// A shard being written, in every format.
struct Open {
    files: Vec<(ShardFormat, PathBuf, Writer)>,
    /// Length of its rows as JSON.
    json_bytes: u64,
    tokens: u64,
    ids: Vec<String>,
}

enum Writer {
    Jsonl(jsonl::JsonlShard),
    Parquet(Box<parquet::ParquetShard>),
}

/// A shard that is whole but for its name, which says how many there are.
struct Closed {
    side: Side,
    index: usize,
    files: Vec<(ShardFormat, PathBuf, Sealed)>,
    tokens: u64,
    ids: Vec<String>,
}

struct Run {
    staging: Staging,
    formats: BTreeSet<ShardFormat>,
    max_bytes: u64,
    open: BTreeMap<Side, Open>,
    closed: Vec<Closed>,
    manifest: Manifest,
    /// By source, version and licence.
    owed: BTreeMap<(String, String, String), (u64, BTreeSet<String>)>,
}

impl Run {
    fn new(staging: Staging, plan: &ExportPlan) -> Result<Run, ExportError> {
        let formats: BTreeSet<ShardFormat> = plan.shards.formats.iter().copied().collect();
        for format in &formats {
            let folder = staging.path().join(format.place().0);
            std::fs::create_dir(&folder).map_err(|e| ExportError::io(&folder, e))?;
        }
        let manifest = Manifest {
            format: manifest::FORMAT.into(),
            version: manifest::VERSION,
            mixture: plan.mixture.clone(),
            seed: plan.seed,
            recipe: plan.job.recipe.clone(),
            verdicts: plan.job.verdicts,
            tokens: plan.tokens.clone(),
            digest: plan.digest.clone(),
            splits: BTreeMap::new(),
            kinds: BTreeMap::new(),
            domains: BTreeMap::new(),
            languages: BTreeMap::new(),
            licences: BTreeMap::new(),
            recorded_inputs: plan.job.recorded_inputs.clone(),
            shards: Vec::new(),
            attribution: Vec::new(),
        };
        let max_bytes = plan.shards.max_bytes;
        Ok(Run {
            staging,
            formats,
            max_bytes,
            open: BTreeMap::new(),
            closed: Vec::new(),
            manifest,
            owed: BTreeMap::new(),
        })
    }

    fn write(&mut self, row: &Row) -> Result<(), ExportError> {
        let json = row.to_json();
        let length = json.len() as u64 + 1;
        if self
            .open
            .get(&row.side)
            .is_some_and(|o| o.json_bytes + length > self.max_bytes)
        {
            self.close(row.side)?;
        }
        if !self.open.contains_key(&row.side) {
            let opened = self.start(row.side)?;
            self.open.insert(row.side, opened);
        }
        if let Some(open) = self.open.get_mut(&row.side) {
            open.write(row, &json)?;
        }
        self.count(row);
        Ok(())
    }

    fn count(&mut self, row: &Row) {
        let m = &mut self.manifest;
        m.splits.entry(row.side).or_default().add(row.tokens);
        m.kinds.entry(row.kind.to_string()).or_default().add(row.tokens);
        m.domains.entry(row.domain.to_string()).or_default().add(row.tokens);
        m.licences
            .entry(row.credit.licence.clone())
            .or_default()
            .add(row.tokens);
        if let Some(language) = &row.language {
            m.languages.entry(language.clone()).or_default().add(row.tokens);
        }
        let Credit {
            source,
            version,
            licence,
            notices,
        } = row.credit.clone();
        let (samples, known) = self.owed.entry((source, version, licence)).or_default();
        *samples += 1;
        known.extend(notices);
    }

    fn start(&self, side: Side) -> Result<Open, ExportError> {
        let index = self.closed.iter().filter(|c| c.side == side).count();
        let open = |format: &ShardFormat| {
            let (folder, extension) = format.place();
            let path = self
                .staging
                .path()
                .join(folder)
                .join(format!("{}-{index:05}.{extension}", side.name()));
            let writer = HashedFile::create(&path).and_then(|file| match format {
                ShardFormat::Jsonl => jsonl::JsonlShard::new(file).map(Writer::Jsonl),
                ShardFormat::Parquet => parquet::ParquetShard::new(file).map(|p| Writer::Parquet(Box::new(p))),
            });
            writer
                .map(|w| (*format, path.clone(), w))
                .map_err(|e| ExportError::io(&path, e))
        };
        let files = self.formats.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Open {
            files,
            json_bytes: 0,
            tokens: 0,
            ids: Vec::new(),
        })
    }

    fn close(&mut self, side: Side) -> Result<(), ExportError> {
        let Some(open) = self.open.remove(&side) else {
            return Ok(());
        };
        let index = self.closed.iter().filter(|c| c.side == side).count();
        let close = |(format, path, writer): (ShardFormat, PathBuf, Writer)| {
            let sealed = match writer {
                Writer::Jsonl(w) => w.close(),
                Writer::Parquet(w) => w.close(),
            };
            sealed
                .map(|s| (format, path.clone(), s))
                .map_err(|e| ExportError::io(&path, e))
        };
        let files = open.files.into_iter().map(close).collect::<Result<_, _>>()?;
        self.closed.push(Closed {
            side,
            index,
            files,
            tokens: open.tokens,
            ids: open.ids,
        });
        Ok(())
    }

    fn finish(mut self) -> Result<Written, ExportError> {
        let sides: Vec<Side> = self.open.keys().copied().collect();
        sides.into_iter().try_for_each(|side| self.close(side))?;
        let shards = self.name_shards()?;
        self.manifest.shards = shards.iter().map(|s| s.shard.clone()).collect();
        self.manifest.attribution = std::mem::take(&mut self.owed).into_iter().map(attribution).collect();
        let json = serde_json::to_string_pretty(&self.manifest)
            .map_err(|e| ExportError::io(&self.staging.path().join(MANIFEST), e.into()))?;
        self.put(MANIFEST, &(json + "\n"))?;
        self.put(CARD, &card::card(&self.manifest))?;
        self.put(ATTRIBUTION, &card::attribution(&self.manifest))?;
        let folders: Vec<&str> = self.formats.iter().map(|f| f.place().0).collect();
        self.staging.publish(&folders)?;
        Ok(Written {
            manifest: Some(self.manifest),
            shards,
        })
    }

    /// Gives every shard its final name, now that their number is known; sorted by path.
    fn name_shards(&mut self) -> Result<Vec<WrittenShard>, ExportError> {
        let of = |side| self.closed.iter().filter(|c: &&Closed| c.side == side).count();
        let mut out = Vec::new();
        for closed in &self.closed {
            let (side, index, total) = (closed.side, closed.index, of(closed.side));
            for (format, written, sealed) in &closed.files {
                let (folder, extension) = format.place();
                let path = format!("{folder}/{}-{index:05}-of-{total:05}.{extension}", side.name());
                std::fs::rename(written, self.staging.path().join(&path)).map_err(|e| ExportError::io(written, e))?;
                let (sha256, bytes) = (sealed.sha256.clone(), sealed.bytes);
                let samples = closed.ids.len() as u64;
                let shard = Shard {
                    path,
                    split: side,
                    format: *format,
                    sha256,
                    bytes,
                    samples,
                    tokens: closed.tokens,
                };
                out.push(WrittenShard {
                    shard,
                    samples: closed.ids.clone(),
                });
            }
        }
        out.sort_by(|a, b| a.shard.path.cmp(&b.shard.path));
        Ok(out)
    }

    fn put(&self, name: &str, text: &str) -> Result<(), ExportError> {
        let path = self.staging.path().join(name);
        let write = || {
            let mut file = HashedFile::create(&path)?;
            file.write_all(text.as_bytes())?;
            file.seal()
        };
        write().map(drop).map_err(|e| ExportError::io(&path, e))
    }
}

impl Open {
    fn write(&mut self, row: &Row, json: &str) -> Result<(), ExportError> {
        for (_, path, writer) in &mut self.files {
            let written = match writer {
                Writer::Jsonl(w) => w.write(json),
                Writer::Parquet(w) => w.write(row),
            };
            written.map_err(|e| ExportError::io(path, e))?;
        }
        self.json_bytes += json.len() as u64 + 1;
        self.tokens += row.tokens;
        self.ids.push(row.id.clone());
        Ok(())
    }
}

type Owed = ((String, String, String), (u64, BTreeSet<String>));

fn attribution(((source, version, licence), (samples, notices)): Owed) -> Attribution {
    Attribution {
        source,
        version,
        licence,
        samples,
        notices: notices.into_iter().take(MAX_NOTICES).collect(),
    }
}
