//! The nouns every room shares: samples, drafts, decisions, verdicts.
//!
//! Nothing here does I/O. Identity is frozen by the first migration: change a hash below and every
//! stored id stops matching.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Free-form facts about a sample; keys are sorted, so that the same facts are the same bytes.
pub type Metadata = Map<String, Value>;

/// What a sample is. The text form is what Postgres, recipes and exports use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A recalled file, as it came (after scrubbing).
    Source,
    /// A cleaned, linked or rewritten unit of code.
    Code,
    /// A fill-in-the-middle sample.
    Fim,
    /// A commit: message, files before, files after.
    Commit,
    /// A file that belongs to another one: a testbench, constraints, a log.
    Artefact,
    /// A question with one defensible answer.
    Qa,
    /// Thought, action, observation, until the check passes.
    Trajectory,
    /// A requirement with an interface and the means to judge an answer.
    Task,
    /// An attempt at a task: right or wrong is for a verdict to say.
    Candidate,
    /// Requirement in, complete unit out.
    SftDirect,
    /// Broken code and real tool output in, fixed code out.
    SftRepair,
    /// Correct code in, faster or smaller code out.
    SftOptimize,
}

/// What code is *for*. What runs it is a sandbox, which is another thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DomainId {
    Chip,
    Gpu,
    Embedded,
    Codeopt,
    Cad,
    General,
}

macro_rules! text_form {
    ($t:ty) => {
        impl std::fmt::Display for $t {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match serde_json::to_value(self) {
                    Ok(Value::String(s)) => f.write_str(&s),
                    _ => Err(std::fmt::Error),
                }
            }
        }
        impl std::str::FromStr for $t {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> {
                serde_json::from_value(Value::String(s.into())).map_err(|_| format!("unknown {} `{s}`", stringify!($t)))
            }
        }
    };
}
text_form!(Kind);
text_form!(DomainId);
text_form!(VerdictKind);
text_form!(FailReason);

/// Where a sample's bytes came from, before anything was done to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The package or directory, e.g. `pypi:pythondata-cpu-picorv32`.
    pub source: String,
    /// The package's version, or empty where the source has none.
    pub version: String,
    /// sha256 of the original bytes of the file (before scrubbing), hex.
    pub sha256: String,
    /// The path inside the source, `/`-separated.
    pub path: String,
}

/// A row of `samples` with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// 32 hex digits, see [`sample_id`].
    pub id: String,
    pub kind: Kind,
    pub domain: DomainId,
    /// Readable text. Empty for a sample whose text is not kept (a recall reject).
    pub content: String,
    pub origin: Origin,
    pub metadata: Metadata,
}

/// An edge of the lineage: a parent and the part of it that the child rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The parent sample's id.
    pub id: String,
    /// What the parent is to the child: `from`, `dependency`, `origin`, `task`, …
    pub role: String,
    /// 1-based, inclusive lines in the parent's content; `None` for all of it.
    pub span: Option<(u32, u32)>,
}

impl Parent {
    pub fn new(id: &str, role: &str, span: Option<(u32, u32)>) -> Parent {
        Parent {
            id: id.into(),
            role: role.into(),
            span,
        }
    }
}

/// A sample not yet stored: what a stage derives. Its id follows from what it is.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: Kind,
    pub domain: DomainId,
    pub content: String,
    pub origin: Origin,
    pub metadata: Metadata,
    pub parents: Vec<Parent>,
    /// Texts that the sample refers to by hash (testbench, vectors); stored once in `contents`.
    pub attachments: Vec<String>,
    /// Verdicts that this sample rests on: (check name, job hash).
    pub judged_by: Vec<(String, String)>,
}

impl Draft {
    pub fn new(kind: Kind, domain: DomainId, content: String, origin: Origin) -> Draft {
        Draft {
            kind,
            domain,
            content,
            origin,
            metadata: Metadata::new(),
            parents: Vec::new(),
            attachments: Vec::new(),
            judged_by: Vec::new(),
        }
    }
}

/// How well a testbench tells wrong from right: a row of `oracles`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OracleRecord {
    /// Mutants that compiled.
    pub mutants: i32,
    pub killed: i32,
    /// Survivors proved equivalent to the reference.
    pub equivalent: i32,
    /// Survivors not proved equivalent: they count as survived.
    pub unknown: i32,
    /// killed / (mutants - equivalent), 0..=1, over all of them.
    pub kill_rate: f64,
    /// The same over the half that the gate looks at.
    pub judged_rate: f64,
    /// The same over the other half, which no decision has seen; `None` where it was not run.
    pub held_out_rate: Option<f64>,
    pub accepted: bool,
    /// Toggled output bits and the like.
    pub coverage: Value,
}

/// What a stage decided about one sample.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The sample goes on unchanged.
    Keep,
    /// The sample ends here; the reason is a code that people count by.
    Drop(&'static str),
    /// The sample ends here and these go on in its place.
    Derive(Vec<Draft>),
    /// The sample was judged by the job with this hash; it goes on only if it passed.
    Judge {
        check: String,
        verdict: VerdictKind,
        reason: Option<FailReason>,
        job_hash: String,
    },
}

/// A decision about one sample, with what a person would want to know about it.
#[derive(Clone, Debug)]
pub struct Decided {
    pub sample: String,
    pub decision: Decision,
    /// Scores, thresholds, survivors: an object.
    pub detail: Metadata,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    Pass,
    Fail,
    /// Trials disagreed.
    Flaky,
}

/// Why a sample failed: always the sample's own fault, never ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    CompileError,
    WrongAnswer,
    Crash,
    Timeout,
    OutOfMemory,
    /// More output, files or processes than the limits allow.
    OutputLimit,
    /// It ended without an explicit pass line.
    NoVerdict,
    NotFaster,
    BadOutput,
    NotSynthesizable,
    NotEquivalent,
    /// A function does not keep what the calling convention promises its caller.
    AbiViolation,
    /// A sanitizer found an access out of bounds, an overflow, …
    UndefinedBehavior,
    /// It replaces what judges it, or goes around it.
    HarnessTampered,
    /// Two threads touch the same memory, one of them writing, and nothing orders them.
    DataRace,
    /// An access out of bounds, to freed, uninitialised or misaligned memory, or to memory of the other side.
    MemoryError,
    /// Threads of a block that wait at different barriers, or a warp operation that names the wrong lanes.
    BarrierError,
    /// A kernel was not launched, and the program did not notice.
    LaunchError,
    /// It is right in some orders of its threads, and wrong in others.
    OrderDependent,
    /// The chip would not do what the code means: a peripheral without a clock, a pin with the wrong function, a flag that
    /// is never cleared, …
    Misuse,
}

/// A verdict with its evidence: a row of the append-only ledger. Keyed by the job, never by the sample.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub job_hash: String,
    pub check_name: String,
    pub verdict: VerdictKind,
    pub reason: Option<FailReason>,
    pub evidence: Evidence,
}

/// Where results were made, and how far along: the number of the last job on each slot and sandbox that they rest on.
/// They count once canaries have come out right there afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail(BTreeMap<(u32, String), u64>);

impl Trail {
    /// Notes job `number` of a sandbox on a slot.
    pub fn note(&mut self, slot: u32, sandbox: &str, number: u64) {
        let last = self.0.entry((slot, sandbox.to_string())).or_default();
        *last = number.max(*last);
    }

    pub fn join(&mut self, other: &Trail) {
        for (slot, sandbox, number) in other.ends() {
            self.note(slot, sandbox, number);
        }
    }

    /// (slot, sandbox, number of the last job) of each.
    pub fn ends(&self) -> impl Iterator<Item = (u32, &str, u64)> {
        self.0
            .iter()
            .map(|((slot, sandbox), number)| (*slot, sandbox.as_str(), *number))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a verdict rests on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Evidence {
    pub sandbox: String,
    pub engine: String,
    pub image_id: String,
    /// The isolation tier that the job ran under.
    pub tier: String,
    pub judge_version: i32,
    pub tools: Value,
    /// The commands as they were run, one a line.
    pub command: String,
    pub limits: Value,
    pub seed: i64,
    pub trials: i32,
    /// Numbers and structured findings, deterministic given the job (first mismatch, cells, …).
    pub metrics: Value,
    pub cpu_ms: i64,
    pub wall_ms: i64,
    pub peak_bytes: i64,
    /// Tool output, trimmed; no host path or temporary name in it.
    pub log: String,
}

/// sha256 of a text, hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A hash over parts that cannot run into each other: each is preceded by its length. 32 hex digits.
pub fn hash_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut h = Sha256::new();
    for p in parts {
        h.update((p.len() as u64).to_le_bytes());
        h.update(p);
    }
    h.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect()
}

/// A sample's id: what it is, who made it, from what, and its text.
pub fn sample_id(kind: Kind, fingerprint: &str, parents: &[Parent], content: &str) -> String {
    let kind = kind.to_string();
    let parents = serde_json::to_vec(parents).unwrap_or_default();
    let content = sha256_hex(content.as_bytes());
    hash_parts([kind.as_bytes(), fingerprint.as_bytes(), &parents, content.as_bytes()])
}

/// A seed for one purpose, from the recipe's seed and the text that it is for (a sample's content); never from a clock,
/// batch or thread, nor from a sample's id: the id follows from the images that made the sample, and an image with a
/// newer package would make other tasks of the same code.
pub fn derive_seed(recipe_seed: u64, of: &str, purpose: &str) -> u64 {
    let h = hash_parts([&recipe_seed.to_le_bytes()[..], of.as_bytes(), purpose.as_bytes()]);
    u64::from_str_radix(&h[..16], 16).unwrap_or(0)
}
