//! What code is for. One folder per domain holds everything that makes Verilog Verilog; one table lists them.

pub mod cad;
pub mod cuda;
pub mod output;
pub mod shell;
pub mod stm32f407;
pub mod verilog;
pub mod x86_64;

use crate::model::{Decided, DomainId, FailReason, Sample};
use crate::recipe::tasks::{Task, TaskLimits};
use crate::stages::{Context, StageError};
use crate::worker::{Request, Ruling};
use futures::future::BoxFuture;
use sandboxes::{Completion, Ended, Limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a limit that ended a job says of the sample; the error, where it says nothing: a starved slot proves nothing of time
/// and memory.
pub fn limit_reason(ended: Ended, starved: bool) -> Result<FailReason, String> {
    match ended {
        Ended::CpuTime | Ended::WallTime | Ended::Memory if starved => {
            Err(format!("ended by {ended:?} on a starved slot"))
        }
        Ended::CpuTime | Ended::WallTime => Ok(FailReason::Timeout),
        Ended::Memory => Ok(FailReason::OutOfMemory),
        Ended::Output | Ended::Pids => Ok(FailReason::OutputLimit),
    }
}

/// The same of a job in which a step was killed.
pub fn ended_reason(done: &Completion) -> Result<FailReason, String> {
    let ended = done.ended.ok_or("a step was killed, and no limit says why")?;
    limit_reason(ended, done.starved)
}

/// How tasks are made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskConfig {
    /// Clock cycles (or input vectors) that a testbench drives.
    #[schemars(range(min = 16, max = 100_000))]
    pub cycles: u32,
    /// Largest share of output bits that may be unknown (X) in the reference, 0..=1: those are never compared.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_x_share: f64,
}

impl Default for TaskConfig {
    fn default() -> Self {
        TaskConfig {
            cycles: 1500,
            max_x_share: 0.5,
        }
    }
}

/// How an oracle proves that it can fail.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OracleConfig {
    /// Least share of non-equivalent mutants that the testbench must kill, 0..=1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub gate: f64,
    /// Mutants expected to compile, per task; half of them decide, the other half measures the decision.
    #[schemars(range(min = 4, max = 200))]
    pub mutants: u32,
    /// Mutants expected not to compile, per task: material for repair samples, no evidence for the oracle.
    #[schemars(range(min = 0, max = 100))]
    pub broken: u32,
    /// Least number of mutants that compile.
    pub min_mutants: u32,
    /// Least number of operators that these come from.
    pub min_operators: u32,
    /// Whether survivors are tried to be proved equivalent; what is not proved counts as survived.
    pub prove_equivalence: bool,
}

impl Default for OracleConfig {
    fn default() -> Self {
        OracleConfig {
            gate: 0.8,
            mutants: 24,
            broken: 6,
            min_mutants: 10,
            min_operators: 4,
            prove_equivalence: true,
        }
    }
}

/// What a synthesis makes of candidates.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LessonConfig {
    /// Longest prompt that is made, characters.
    pub max_prompt_chars: usize,
    /// Least completeness of a requirement from which a module could be written, 0..=1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_completeness: f64,
}

impl Default for LessonConfig {
    fn default() -> Self {
        LessonConfig {
            max_prompt_chars: 32_000,
            min_completeness: 0.95,
        }
    }
}

/// What a domain of which nothing is built yet says to the stages that build.
fn unbuilt<T: Send + 'static>(id: DomainId, what: &str) -> BoxFuture<'static, Result<T, StageError>> {
    let message = format!("domain `{id}` does not {what} yet: it judges tasks from outside only");
    Box::pin(async move {
        Err(StageError::Other {
            kind: "domain",
            message,
            retry: false,
        })
    })
}

/// Everything that a domain brings. It must judge tasks from outside; what builds a corpus is optional.
pub trait Domain: Send + Sync {
    fn id(&self) -> DomainId;

    /// The sandbox that runs its jobs, as `assay sandbox list` names it.
    fn sandbox(&self) -> &'static str;

    /// Whether its judge reads what comes out of a sandbox.
    fn judges_in(&self, sandbox: &str) -> bool {
        sandbox == self.sandbox()
    }

    /// The version of its judge; raised whenever the same completion may be judged otherwise. Verdicts by an earlier one
    /// are stale, and none of them is reused.
    fn judge_version(&self) -> i32;

    /// The same for tasks from outside, where another judge reads them.
    fn outside_version(&self) -> i32 {
        self.judge_version()
    }

    /// The job that judges a task brought from outside, on a machine whose sandboxes are `built`; `None` where the check is
    /// not this domain's. The error says what is wrong with the task, or cannot be judged here.
    fn outside(&self, task: &Task, built: &[String]) -> Option<Result<Request, String>>;

    /// Judges a completion of one of this domain's jobs; `None` where the check is not this domain's. Pure: the same
    /// completion gives the same ruling. The error is a fault of ours, to be tried again.
    fn judge(&self, request: &Request, completion: &Completion) -> Option<Result<Ruling, String>>;

    /// Links files of a population into units: one derived sample per module, with what it needs from its package.
    fn link<'a>(
        &'a self,
        _ctx: &'a Context,
        _files: Vec<String>,
        _library: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        unbuilt(self.id(), "link files")
    }

    /// Normalises a unit; accepted only if it is still the same program to the parser and to the compiler.
    fn rewrite<'a>(&'a self, _ctx: &'a Context, _unit: Sample) -> BoxFuture<'a, Result<Decided, StageError>> {
        unbuilt(self.id(), "rewrite code")
    }

    /// Makes a task of a unit: requirement, interface, testbench.
    fn task<'a>(
        &'a self,
        _ctx: &'a Context,
        _unit: Sample,
        _config: &'a TaskConfig,
    ) -> BoxFuture<'a, Result<Decided, StageError>> {
        unbuilt(self.id(), "make tasks")
    }

    /// Measures how well a task's testbench tells wrong from right, and derives the candidates that it was tried on.
    fn oracle<'a>(
        &'a self,
        _ctx: &'a Context,
        _task: Sample,
        _config: &'a OracleConfig,
    ) -> BoxFuture<'a, Result<Decided, StageError>> {
        unbuilt(self.id(), "measure oracles")
    }

    /// Makes a training sample of a judged candidate.
    fn lesson<'a>(
        &'a self,
        _ctx: &'a Context,
        _candidates: Vec<Sample>,
        _config: &'a LessonConfig,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        unbuilt(self.id(), "make lessons")
    }

    /// Executes what a training sample teaches, as it stands in its text.
    fn verify<'a>(
        &'a self,
        _ctx: &'a Context,
        _samples: Vec<Sample>,
        _trials: u32,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        unbuilt(self.id(), "verify samples")
    }
}

/// The table of domains.
pub fn table() -> &'static [&'static dyn Domain] {
    &[
        &verilog::Chip,
        &cad::Cad,
        &cuda::Gpu,
        &stm32f407::Embedded,
        &x86_64::Codeopt,
    ]
}

/// Finds a domain that has everything the stages need.
pub fn get(id: DomainId) -> Result<&'static dyn Domain, StageError> {
    table()
        .iter()
        .copied()
        .find(|d| d.id() == id)
        .ok_or_else(|| StageError::Other {
            kind: "domain",
            message: format!("domain `{id}` cannot be built yet"),
            retry: false,
        })
}

/// Judges a completion by whichever domain knows the check.
pub fn judge(request: &Request, completion: &Completion) -> Result<Ruling, String> {
    table()
        .iter()
        .find_map(|d| d.judge(request, completion))
        .unwrap_or_else(|| {
            Err(format!(
                "no domain judges check `{}` in sandbox `{}`",
                request.check, request.job.sandbox
            ))
        })
}

/// The version of the judge of what a sandbox's jobs say of samples, if a domain uses that sandbox.
pub fn judge_version(sandbox: &str) -> Option<i32> {
    by_sandbox(sandbox).map(|d| d.judge_version())
}

/// The version of the judge that would read a stored job today.
pub fn version_today(request: &Request) -> i32 {
    match by_sandbox(&request.job.sandbox) {
        Some(d) if request.check == OUTSIDE => d.outside_version(),
        Some(d) => d.judge_version(),
        None => request.judge_version,
    }
}

fn by_sandbox(name: &str) -> Option<&'static dyn Domain> {
    table().iter().copied().find(|d| d.judges_in(name))
}

/// The check that a task from outside answers, in every domain.
pub const OUTSIDE: &str = "outside";

/// The job that judges a task brought from outside, on a machine whose sandboxes are `built`; the error names what cannot be
/// judged here.
pub fn outside(task: &Task, built: &[String]) -> Result<Request, String> {
    table().iter().find_map(|d| d.outside(task, built)).unwrap_or_else(|| {
        let sandbox = serde_json::json!(task.check.sandbox());
        Err(format!(
            "tasks for sandbox {sandbox} cannot be judged by this version of assay"
        ))
    })
}

/// A sandbox's limits, but for those that a task sets.
pub fn limits(base: Limits, own: &TaskLimits) -> Limits {
    Limits {
        cpu_ms: own.cpu_ms.unwrap_or(base.cpu_ms),
        wall_ms: own.wall_ms.unwrap_or(base.wall_ms),
        memory_bytes: own.memory_bytes.unwrap_or(base.memory_bytes),
        pids: own.pids.unwrap_or(base.pids),
        output_bytes: own.output_bytes.unwrap_or(base.output_bytes),
        file_bytes: own.file_bytes.unwrap_or(base.file_bytes),
        disk_bytes: own.disk_bytes.unwrap_or(base.disk_bytes),
        inodes: own.inodes.unwrap_or(base.inodes),
    }
}
