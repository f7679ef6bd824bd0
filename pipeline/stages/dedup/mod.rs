//! `dedup`: of samples that are the same or nearly so, one survives.
//!
//! Samples are taken in a fixed order (source, version, path, text's hash, id). Each is compared with the survivors
//! before it, and dropped only if it equals one, or if its own similarity to one reaches the threshold: never because
//! it is like something that was itself dropped. So the outcome depends on the population alone, not on batches or threads.
//! With `key`, samples are compared by facts in their metadata instead of by their text.

mod keyed;
pub mod minhash;

use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::model::{Decided, Decision, Metadata, Sample};
use futures::future::BoxFuture;
use minhash::{BANDS, Sketch, jaccard, shingles, sketches};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// This stage's line in the table.
pub const SPEC: StageSpec = StageSpec {
    name: "dedup",
    version: 2,
    scope: Scope::Population,
    fused: false,
    batch: 1,
    forgets_text: false,
    needs: &[],
    schema: || schemars::schema_for!(Config),
    build: |value| {
        let config: Config = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        config.check()?;
        Ok(Box::new(Dedup { config }))
    },
};

/// Of samples that are the same or nearly so, keeps the first by source, version and path.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The Jaccard similarity of five-token shingles from which two texts count as the same (over 0, up to 1).
    /// 1 drops exact duplicates and texts that differ in comments and spacing only.
    pub threshold: f64,
    /// Compare these facts instead of texts: dotted paths such as `metadata.module` or `origin.path`. Samples that agree
    /// in all of them are duplicates; a sample that has none of them has no duplicates.
    pub key: Vec<String>,
    /// With `key`: the facts that decide who comes first, smallest first; a leading `-` turns one around.
    pub order: Vec<String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            threshold: 0.7,
            key: Vec::new(),
            order: Vec::new(),
        }
    }
}

impl Config {
    fn check(&self) -> Result<(), String> {
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(format!("threshold {} is not over 0 and up to 1", self.threshold));
        }
        if self.key.is_empty() && !self.order.is_empty() {
            return Err("order is given without key: texts are ordered by source, version and path".into());
        }
        let known = ["metadata.", "origin.", "kind", "domain"];
        let paths = self
            .key
            .iter()
            .map(String::as_str)
            .chain(self.order.iter().map(|o| o.strip_prefix('-').unwrap_or(o)));
        match paths.into_iter().find(|p| !known.iter().any(|k| p.starts_with(k))) {
            Some(path) => Err(format!(
                "`{path}` names no fact of a sample: begin with `metadata.` or `origin.`"
            )),
            None => Ok(()),
        }
    }
}

/// Why dedup drops a sample. `detail.level` says more: `exact`, `near`, `key`, or `fork` where the survivor comes from
/// another source (one project vendored or forked by another).
pub mod reason {
    /// Byte for byte the survivor's text.
    pub const DUPLICATE: &str = "duplicate";
    /// Similar to the survivor by at least the threshold.
    pub const NEAR_DUPLICATE: &str = "near_duplicate";
    /// The same key as the survivor.
    pub const SAME_KEY: &str = "same_key";
}

/// Samples whose texts are in memory at once.
const CHUNK: usize = 512;

/// What is remembered about a sample once its text is gone.
struct Doc {
    id: String,
    source: String,
    version: String,
    path: String,
    sketch: Sketch,
}

impl Doc {
    /// Where it stands in the order. An id comes last: it follows from the images that made the sample.
    fn place(&self) -> (&str, &str, &str, u128, &str) {
        (&self.source, &self.version, &self.path, self.sketch.exact, &self.id)
    }
}

fn docs(samples: &[Sample]) -> Vec<Doc> {
    let texts: Vec<&str> = samples.iter().map(|s| s.content.as_str()).collect();
    let doc = |(s, sketch): (&Sample, Sketch)| Doc {
        id: s.id.clone(),
        source: s.origin.source.clone(),
        version: s.origin.version.clone(),
        path: s.origin.path.clone(),
        sketch,
    };
    samples.iter().zip(sketches(&texts)).map(doc).collect()
}

/// Shingle sets of the texts under comparison, by index of the document.
type Sets = BTreeMap<usize, Vec<u64>>;

/// One pass over a population in order.
struct Pass {
    docs: Vec<Doc>,
    threshold: f64,
    /// Survivors by the hash of their text, and by band. Only looked up, never iterated: their order decides nothing.
    exact: HashMap<u128, usize>,
    buckets: HashMap<(usize, u64), Vec<usize>>,
}

impl Pass {
    fn new(mut docs: Vec<Doc>, threshold: f64) -> Pass {
        docs.sort_by(|a, b| a.place().cmp(&b.place()));
        Pass {
            docs,
            threshold,
            exact: HashMap::new(),
            buckets: HashMap::new(),
        }
    }

    /// The whole population in order, cut into ranges.
    fn blocks(&self, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let len = self.docs.len();
        (0..len).step_by(size).map(move |start| start..(start + size).min(len))
    }

    fn bands(&self, doc: usize) -> impl Iterator<Item = (usize, u64)> + use<> {
        self.docs[doc]
            .sketch
            .bands
            .into_iter()
            .flat_map(|bands: [u64; BANDS]| bands.into_iter().enumerate())
    }

    /// Survivors so far that share a band with a document.
    fn candidates(&self, doc: usize) -> BTreeSet<usize> {
        self.bands(doc)
            .filter_map(|band| self.buckets.get(&band))
            .flatten()
            .copied()
            .collect()
    }

    /// The documents whose texts [`Pass::decide`] may have to compare for this block.
    fn needed(&self, block: std::ops::Range<usize>) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        let mut here: HashMap<(usize, u64), usize> = HashMap::new();
        for doc in block {
            if self.exact.contains_key(&self.docs[doc].sketch.exact) {
                continue;
            }
            let mut others = self.candidates(doc);
            // Which of the block will survive is not known yet; that one document of each bucket is needed makes all of
            // them needed in turn, as each is compared on its own account.
            others.extend(self.bands(doc).filter_map(|band| here.insert(band, doc)));
            if !others.is_empty() {
                needed.insert(doc);
                needed.extend(others);
            }
        }
        needed
    }

    /// Decides about one document, given the shingles of all that [`Pass::needed`] named.
    fn decide(&mut self, doc: usize, sets: &Sets) -> Decided {
        let found = match self.exact.get(&self.docs[doc].sketch.exact) {
            Some(&survivor) => Some((survivor, 1.0, reason::DUPLICATE)),
            None => self
                .most_similar(doc, sets)
                .map(|(survivor, j)| (survivor, j, reason::NEAR_DUPLICATE)),
        };
        let sample = self.docs[doc].id.clone();
        let Some((survivor, similarity, reason)) = found else {
            self.exact.insert(self.docs[doc].sketch.exact, doc);
            for band in self.bands(doc) {
                self.buckets.entry(band).or_default().push(doc);
            }
            return Decided {
                sample,
                decision: Decision::Keep,
                detail: Metadata::new(),
            };
        };
        let level = match reason {
            _ if self.docs[survivor].source != self.docs[doc].source => "fork",
            reason::DUPLICATE => "exact",
            _ => "near",
        };
        let similarity = (similarity * 1e4).round() / 1e4;
        let detail = drop_detail(&self.docs[survivor].id, similarity, level);
        Decided {
            sample,
            decision: Decision::Drop(reason),
            detail,
        }
    }

    /// The survivor most similar to a document, the earliest of equals, if it reaches the threshold.
    fn most_similar(&self, doc: usize, sets: &Sets) -> Option<(usize, f64)> {
        let own = sets.get(&doc)?;
        let mut best: Option<(usize, f64)> = None;
        for candidate in self.candidates(doc) {
            let similarity = sets.get(&candidate).map_or(0.0, |set| jaccard(own, set));
            if similarity >= self.threshold && best.is_none_or(|(_, b)| similarity > b) {
                best = Some((candidate, similarity));
            }
        }
        best
    }
}

fn drop_detail(survivor: &str, similarity: f64, level: &str) -> Metadata {
    let facts = [
        ("survivor", json!(survivor)),
        ("similarity", json!(similarity)),
        ("level", json!(level)),
    ];
    facts.into_iter().map(|(k, v)| (k.to_string(), v)).collect()
}

/// Decides about a population that fits into memory.
pub fn dedup(config: &Config, samples: &[Sample]) -> Vec<Decided> {
    match config.key.is_empty() {
        true => in_blocks(config, samples, CHUNK),
        false => keyed::decide(samples.iter().map(|s| keyed::Keyed::of(config, s)).collect()),
    }
}

/// By text, in blocks; their size decides about memory and nothing else.
fn in_blocks(config: &Config, samples: &[Sample], size: usize) -> Vec<Decided> {
    let texts: BTreeMap<&str, &str> = samples.iter().map(|s| (s.id.as_str(), s.content.as_str())).collect();
    let mut pass = Pass::new(docs(samples), config.threshold);
    let mut decided = Vec::with_capacity(samples.len());
    for block in pass.blocks(size) {
        let set = |doc: usize| Some((doc, shingles(texts.get(pass.docs[doc].id.as_str())?)));
        let sets: Sets = pass.needed(block.clone()).into_iter().filter_map(set).collect();
        decided.extend(block.map(|doc| pass.decide(doc, &sets)));
    }
    decided
}

struct Dedup {
    config: Config,
}

impl Dedup {
    /// Decides about a population of any size: texts are read in chunks, twice at most for those that have candidates.
    async fn stream(&self, ctx: &Context, ids: &[String]) -> Result<Vec<Decided>, StageError> {
        let mut all = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            all.extend(docs(&ctx.store.samples(chunk).await?));
        }
        let mut pass = Pass::new(all, self.config.threshold);
        let mut decided = Vec::with_capacity(ids.len());
        for block in pass.blocks(CHUNK) {
            let needed: Vec<usize> = pass.needed(block.clone()).into_iter().collect();
            let mut sets = Sets::new();
            for part in needed.chunks(CHUNK) {
                let ids: Vec<String> = part.iter().map(|doc| pass.docs[*doc].id.clone()).collect();
                let samples = ctx.store.samples(&ids).await?;
                sets.extend(part.iter().zip(&samples).map(|(doc, s)| (*doc, shingles(&s.content))));
            }
            decided.extend(block.map(|doc| pass.decide(doc, &sets)));
        }
        Ok(decided)
    }

    async fn stream_keys(&self, ctx: &Context, ids: &[String]) -> Result<Vec<Decided>, StageError> {
        let mut all = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            all.extend(
                ctx.store
                    .samples(chunk)
                    .await?
                    .iter()
                    .map(|s| keyed::Keyed::of(&self.config, s)),
            );
        }
        Ok(keyed::decide(all))
    }
}

impl Stage for Dedup {
    fn run<'a>(&'a self, _: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move { Ok(dedup(&self.config, &samples)) })
    }

    fn run_population<'a>(
        &'a self,
        ctx: &'a Context,
        ids: Vec<String>,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            match self.config.key.is_empty() {
                true => self.stream(ctx, &ids).await,
                false => self.stream_keys(ctx, &ids).await,
            }
        })
    }
}

/// The fact of a sample at a dotted path; `Null` where it has none.
fn fact(sample: &Sample, path: &str) -> Value {
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let root = match head {
        "metadata" => Value::Object(sample.metadata.clone()),
        "origin" => serde_json::to_value(&sample.origin).unwrap_or_default(),
        "kind" => json!(sample.kind),
        "domain" => json!(sample.domain),
        _ => Value::Null,
    };
    let step = |value: &Value, key: &str| match value {
        Value::Array(items) => key
            .parse()
            .ok()
            .and_then(|i: usize| items.get(i).cloned())
            .unwrap_or_default(),
        other => other.get(key).cloned().unwrap_or_default(),
    };
    rest.split('.')
        .filter(|k| !k.is_empty())
        .fold(root, |value, key| step(&value, key))
}

#[cfg(test)]
mod tests;
