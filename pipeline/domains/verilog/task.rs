//! Tasks: a requirement, an interface, and a testbench recorded from the original.

use super::harness::{
    Bench, Design, DesignFile, Edge, Elaborated, FileRole, Golden, Hints, classify, elaborate_job, flip_resets,
};
use super::jobs::{Recorded, check_limits, record_job, record_limits, recorded};
use super::types::Port;
use super::unit::{UnitRecord, broken, decided, design};
use super::{syntax, text};
use crate::domains::TaskConfig;
use crate::model::{Decided, Decision, DomainId, Draft, Kind, Parent, Sample, derive_seed, sha256_hex};
use crate::stages::{Context, StageError};
use crate::worker::Request;
use sandboxes::Limits;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The check that a differential testbench answers.
pub const CHECK: &str = "testbench";
/// What runs it.
pub const ENGINE: &str = "icarus";

/// A file of the design under test, by hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRef {
    pub path: String,
    pub sha256: String,
    /// `module` or `include`.
    pub role: String,
}

/// Everything needed to judge an answer to a task; its texts are attachments of the sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    pub unit: UnitRecord,
    pub ports: Vec<Port>,
    pub cycles: u32,
    /// The stimulus' seed, as text: JSON numbers cannot hold it.
    pub seed: String,
    pub design: Vec<FileRef>,
    pub include_dirs: Vec<String>,
    /// Path of the file that an answer replaces.
    pub dut: String,
    pub tb: String,
    pub init: String,
    pub stimulus: String,
    pub golden: String,
}

/// A task with its texts at hand.
pub struct Loaded {
    pub record: TaskRecord,
    pub design: Design,
    pub bench: Bench,
    pub golden: Golden,
    pub seed: u64,
}

impl Loaded {
    /// The reference: the text of the file that an answer replaces.
    pub fn reference(&self) -> &str {
        self.design
            .files
            .iter()
            .find(|f| f.path == self.record.dut)
            .map_or("", |f| f.text.as_str())
    }

    /// The job that judges an answer.
    pub fn request(&self, answer: &str, trials: u32) -> Request {
        let candidate = self.design.with_text(&self.record.dut, answer);
        Request {
            job: super::jobs::check_job(&candidate, &self.bench, &self.golden, &check_limits()),
            check: CHECK.into(),
            engine: ENGINE.into(),
            judge_version: super::judge::JUDGE_VERSION,
            seed: self.seed,
            trials,
            params: Value::Null,
        }
    }
}

/// Reads a task's record and texts.
pub async fn load(ctx: &Context, task: &Sample) -> Result<Loaded, StageError> {
    let value = task.metadata.get("task").cloned().unwrap_or(Value::Null);
    let record: TaskRecord = serde_json::from_value(value).map_err(|e| broken(&task.id, "task", &e.to_string()))?;
    let mut hashes: Vec<String> = record.design.iter().map(|f| f.sha256.clone()).collect();
    hashes.extend([&record.tb, &record.init, &record.stimulus, &record.golden].map(String::clone));
    let texts = ctx.store.texts(&hashes).await?;
    let text = |sha: &String| {
        texts
            .get(sha)
            .cloned()
            .ok_or_else(|| broken(&task.id, sha, "the text is not stored"))
    };
    let mut files = Vec::new();
    for f in &record.design {
        let role = if f.role == "include" {
            FileRole::Include
        } else {
            FileRole::Module
        };
        files.push(DesignFile {
            path: f.path.clone(),
            text: text(&f.sha256)?,
            role,
        });
    }
    let design = Design {
        top: record.unit.module.clone(),
        files,
        include_dirs: record.include_dirs.clone(),
    };
    let bench = Bench {
        top: record.unit.module.clone(),
        ports: record.ports.clone(),
        cycles: record.cycles,
        tb: text(&record.tb)?,
        init: text(&record.init)?,
        stimulus: text(&record.stimulus)?,
    };
    let golden = Golden {
        hex: text(&record.golden)?,
        coverage: Default::default(),
    };
    let seed = record
        .seed
        .parse()
        .map_err(|_| broken(&task.id, "seed", "not a number"))?;
    Ok(Loaded {
        record,
        design,
        bench,
        golden,
        seed,
    })
}

/// Makes a task of a unit, or drops it for a reason of the design's own.
pub async fn make(ctx: &Context, unit: Sample, config: &TaskConfig) -> Result<Decided, StageError> {
    let record = UnitRecord::of(&unit)?;
    if !record.unresolved.is_empty() {
        return Ok(decided(
            &unit.id,
            Decision::Drop("unresolved_dependency"),
            json!({"unresolved": record.unresolved}),
        ));
    }
    let (design, dut) = design(ctx, &unit, &record).await?;
    let limits = Limits {
        output_bytes: 32 << 20,
        ..Limits::default()
    };
    let done = ctx.run(&elaborate_job(&design, &limits)).await?;
    let refuse = |code, detail: String| Ok(decided(&unit.id, Decision::Drop(code), json!({"message": detail})));
    let elaborated = match Elaborated::from_completion(&done).map_err(tool)? {
        Ok(e) => e,
        Err(why) => return refuse(why.code(), why.to_string()),
    };
    let seed = derive_seed(ctx.seed, &unit.content, "stimulus");
    let (bench, golden) = match recording(ctx, &unit, &record, &design, &elaborated, config, seed).await? {
        Ok(x) => x,
        Err(why) => return refuse(why.code(), why.to_string()),
    };
    let coverage = json!(golden.coverage);
    if golden.coverage.x_share > config.max_x_share {
        let detail = json!({"coverage": coverage, "threshold": config.max_x_share});
        return Ok(decided(&unit.id, Decision::Drop("outputs_mostly_unknown"), detail));
    }
    if !golden.lively() {
        return Ok(decided(
            &unit.id,
            Decision::Drop("outputs_do_not_toggle"),
            json!({"coverage": coverage}),
        ));
    }
    let facts = tokio::task::block_in_place(|| text::facts(&unit.content, &record.module, &bench.ports));
    let Some(facts) = facts else {
        return Ok(decided(
            &unit.id,
            Decision::Drop("not_understood"),
            json!({"message": "no facts could be read off the module"}),
        ));
    };
    let requirement = text::describe(&facts, seed);
    let draft = draft(&unit, record, &design, dut, bench, golden, requirement, seed);
    Ok(decided(
        &unit.id,
        Decision::Derive(vec![draft]),
        json!({"coverage": coverage}),
    ))
}

fn tool(message: String) -> StageError {
    StageError::Other {
        kind: "tool",
        message,
        retry: true,
    }
}

type Recording = Result<(Bench, Golden), super::harness::HarnessError>;

/// Records the reference under the guessed reset polarity, and the other one where that leaves it asleep: the
/// livelier recording is kept.
async fn recording(
    ctx: &Context,
    unit: &Sample,
    record: &UnitRecord,
    design: &Design,
    elaborated: &Elaborated,
    config: &TaskConfig,
    seed: u64,
) -> Result<Recording, StageError> {
    let hints = hints(&unit.content, &record.module);
    let ports = classify(elaborated, &hints);
    let mut best = record_with(ctx, record, design, elaborated, ports.clone(), &hints, config, seed).await?;
    let asleep = best
        .as_ref()
        .map_or(true, |(_, g)| g.coverage.toggled_bits * 2 < g.coverage.output_bits);
    if let Some(flipped) = flip_resets(&ports).filter(|_| asleep) {
        let other = record_with(ctx, record, design, elaborated, flipped, &hints, config, seed).await?;
        best = match (best, other) {
            (Ok(a), Ok(b)) => Ok(if b.1.much_livelier_than(&a.1) { b } else { a }),
            (Err(_), Ok(b)) => Ok(b),
            (a, _) => a,
        };
    }
    Ok(best)
}

#[allow(clippy::too_many_arguments)]
async fn record_with(
    ctx: &Context,
    record: &UnitRecord,
    design: &Design,
    elaborated: &Elaborated,
    ports: Vec<Port>,
    hints: &Hints,
    config: &TaskConfig,
    seed: u64,
) -> Result<Recording, StageError> {
    let mut bench = match Bench::new(&record.module, elaborated, ports, &hints.constants, config.cycles, seed) {
        Ok(b) => b,
        Err(e) => return Ok(Err(e)),
    };
    // each round drops at least one line of init.v that does not compile
    for _ in 0..8 {
        let done = ctx.run(&record_job(design, &bench, &record_limits())).await?;
        match recorded(&bench, &done).map_err(tool)? {
            Recorded::Golden(golden) => return Ok(Ok((bench, *golden))),
            Recorded::DropInitLines(lines) => bench = bench.without_init_lines(&lines),
            Recorded::Refused(why) => return Ok(Err(why)),
        }
    }
    let all: BTreeSet<usize> = (2..bench.init.lines().count()).collect();
    Ok(Err(super::harness::HarnessError::BenchDoesNotCompile(format!(
        "{} lines of init.v are left",
        all.len()
    ))))
}

/// What the syntax tree knows about clocks, resets and constants.
fn hints(text: &str, module: &str) -> Hints {
    let edge = |(pos, neg)| match (pos, neg) {
        (true, true) => Edge::Both,
        (_, true) => Edge::Negedge,
        _ => Edge::Posedge,
    };
    Hints {
        clocked: syntax::edges(text, module)
            .into_iter()
            .map(|(name, e)| (name, edge(e)))
            .collect(),
        resets: syntax::reset_uses(text, module)
            .into_iter()
            .filter(|r| r.constants)
            .map(|r| (r.name, !r.active_high))
            .collect(),
        constants: syntax::mined_constants(text, module)
            .into_iter()
            .map(|(digits, width)| (width, digits))
            .collect(),
    }
}

#[allow(clippy::too_many_arguments)]
fn draft(
    unit: &Sample,
    record: UnitRecord,
    design: &Design,
    dut: String,
    bench: Bench,
    golden: Golden,
    requirement: text::Requirement,
    seed: u64,
) -> Draft {
    let mut d = Draft::new(
        Kind::Task,
        DomainId::Chip,
        requirement.text.clone(),
        unit.origin.clone(),
    );
    let lines = Some(record.module_lines);
    d.parents = vec![Parent::new(&unit.id, "from", lines), record.origin_edge()];
    let file = |f: &DesignFile| FileRef {
        path: f.path.clone(),
        sha256: sha256_hex(f.text.as_bytes()),
        role: if f.role == FileRole::Include {
            "include"
        } else {
            "module"
        }
        .into(),
    };
    let task = TaskRecord {
        ports: bench.ports.clone(),
        cycles: bench.cycles,
        seed: seed.to_string(),
        design: design.files.iter().map(file).collect(),
        include_dirs: design.include_dirs.clone(),
        dut,
        tb: sha256_hex(bench.tb.as_bytes()),
        init: sha256_hex(bench.init.as_bytes()),
        stimulus: sha256_hex(bench.stimulus.as_bytes()),
        golden: sha256_hex(golden.hex.as_bytes()),
        unit: record,
    };
    for key in ["licence", "copyright", "language"] {
        if let Some(value) = unit.metadata.get(key) {
            d.metadata.insert(key.into(), value.clone());
        }
    }
    d.metadata
        .insert("module_key".into(), task.unit.key(&unit.origin).into());
    d.metadata.insert("summary".into(), requirement.summary.into());
    d.metadata
        .insert("completeness".into(), requirement.completeness.into());
    d.metadata.insert("coverage".into(), json!(golden.coverage));
    d.metadata.insert("task".into(), json!(task));
    d.attachments = vec![bench.tb, bench.init, bench.stimulus, golden.hex, unit.content.clone()];
    d
}
