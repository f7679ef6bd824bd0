//! `manifest.json`: what is in a folder of shards, and what it rests on.

use super::super::{Pinned, VerdictPolicy};
use crate::mixtures::ShardFormat;
use crate::mixtures::split::Side;
use crate::mixtures::tokens::TokenRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `format` says in every manifest of ours.
pub const FORMAT: &str = "assay-shards";
/// The manifest's version.
pub const VERSION: u32 = 1;

/// The contents of an export. It holds no time, host, build id or absolute path: same input, same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// `assay-shards`.
    pub format: String,
    /// The version of this layout: 1.
    pub version: u32,
    pub mixture: Pinned,
    /// The mixture's seed, which orders the samples.
    pub seed: u64,
    pub recipe: Pinned,
    pub verdicts: VerdictPolicy,
    pub tokens: TokenRule,
    /// Hash over the ids, sides and weights of all samples in order.
    pub digest: String,
    /// Samples and tokens on each side of the split.
    pub splits: BTreeMap<Side, Count>,
    /// By kind of sample.
    pub kinds: BTreeMap<String, Count>,
    /// By domain.
    pub domains: BTreeMap<String, Count>,
    /// By programming language; samples whose language is unknown are not listed.
    pub languages: BTreeMap<String, Count>,
    /// By SPDX licence expression.
    pub licences: BTreeMap<String, Count>,
    /// Nodes whose outputs are recorded inputs: a fresh ledger may give other samples there, and nowhere else.
    pub recorded_inputs: Vec<String>,
    /// Every shard, sorted by path.
    pub shards: Vec<Shard>,
    /// To whom the samples are owed, sorted by source, version and licence.
    pub attribution: Vec<Attribution>,
}

/// How much of something there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    pub samples: u64,
    pub tokens: u64,
}

impl Count {
    /// Counts one more sample.
    pub fn add(&mut self, tokens: u64) {
        self.samples += 1;
        self.tokens += tokens;
    }
}

/// One file of samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Relative to the manifest, `/`-separated.
    pub path: String,
    pub split: Side,
    pub format: ShardFormat,
    /// Hex.
    pub sha256: String,
    /// Length of the file.
    pub bytes: u64,
    pub samples: u64,
    pub tokens: u64,
}

/// What came from one source under one licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    pub source: String,
    pub version: String,
    /// SPDX expression.
    pub licence: String,
    pub samples: u64,
    /// Copyright lines found in the files, sorted.
    pub notices: Vec<String>,
}
