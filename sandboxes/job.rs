//! What goes into a sandbox and what comes out of it.

use serde::{Deserialize, Serialize};

/// One unit of work: files, the commands to run over them, and how much they may use.
/// The same job under the same image gives the same answer; [`Job::hash`] names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The image that runs it: `verilog`, `cuda`, …
    pub sandbox: String,
    /// Laid out read-only under `/job/in/`.
    pub files: Vec<JobFile>,
    /// Run in order, in `/job` (a writable scratch folder), by one process that the steps cannot kill.
    pub steps: Vec<Step>,
    pub limits: Limits,
}

/// A file of a job. Paths are relative, `/`-separated, without `..`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobFile {
    pub path: String,
    pub content: String,
}

/// One command. Its stdout and stderr go, merged, to a log of its own that later steps cannot reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// A short name, `[a-z0-9_]+`, unique in the job: `compile`, `simulate`.
    pub name: String,
    pub argv: Vec<String>,
    #[serde(default)]
    pub when: When,
}

/// Whether a step runs, given what came before. A step that does not run has no status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Every earlier step that ran has exited 0.
    #[default]
    Ok,
    /// The named step ran and did not exit 0.
    Failed(String),
    Always,
}

/// What a job may use, in all of its processes together. Nothing is unlimited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// CPU time of the whole tree, milliseconds.
    pub cpu_ms: u64,
    /// Wall time, milliseconds; generous, it only ends what sleeps.
    pub wall_ms: u64,
    /// Memory of the whole tree, page cache of its scratch folder included, bytes.
    pub memory_bytes: u64,
    pub pids: u32,
    /// All logs together, bytes; what goes beyond ends the job.
    pub output_bytes: u64,
    /// One file, bytes.
    pub file_bytes: u64,
    /// The scratch folder, bytes and inodes.
    pub disk_bytes: u64,
    pub inodes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            cpu_ms: 10_000,
            wall_ms: 60_000,
            memory_bytes: 512 << 20,
            pids: 64,
            output_bytes: 8 << 20,
            file_bytes: 64 << 20,
            disk_bytes: 64 << 20,
            inodes: 4096,
        }
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Exit(i32),
    Signal(i32),
    /// It was running when the job was ended (see [`Completion::ended`]).
    Killed,
    NotRun,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    pub name: String,
    pub status: Status,
    /// Raw bytes of stdout and stderr, merged; cut at the job's `output_bytes`.
    pub log: Vec<u8>,
}

/// Which limit ended the job before its steps did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    CpuTime,
    WallTime,
    Memory,
    Output,
    Pids,
}

/// What happened. It says nothing of right or wrong: a judge does that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// One per step of the job, in order.
    pub steps: Vec<StepResult>,
    pub ended: Option<Ended>,
    /// CPU time of the whole tree, the sandbox's own included.
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub peak_bytes: u64,
    /// True where `ended` proves nothing: the slot got too little CPU for its wall time, or the machine, not the job, had
    /// no memory left.
    pub starved: bool,
    /// The slot it ran on: where, not what; it belongs in no evidence.
    #[serde(default)]
    pub slot: u32,
    /// The isolation tier it ran under: `namespaces+cgroup`, `namespaces` (no cgroup, by request), …
    pub tier: String,
}
