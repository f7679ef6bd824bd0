//! Tasks from outside: JSONL, one task a line, each with files, an answer and how to judge it.
//!
//! The types are the documentation of the format: `assay schema task` prints what is generated from them.

mod checks;
mod reader;

pub use checks::{Align, CadqueryCheck, Check, CudaCheck, CudaGpu, Simulator, Stm32Check, VerilogCheck, X86Check};
pub use reader::{MAX_LINE_BYTES, TaskReader, parse_line};

use super::strict::schema_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Files of one task, candidate included.
pub const MAX_FILES: usize = 1000;

/// A task to be judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Names the task in the answer; unique in a file of tasks.
    pub id: String,
    /// What was asked; empty where nobody said. It is not needed to judge.
    pub prompt: String,
    /// Files that the task brings: testbench, reference, and so on.
    pub files: Vec<TaskFile>,
    /// The answer that is judged.
    pub candidate: Vec<CandidateFile>,
    /// How it is judged, by the sandbox that judges it.
    pub check: Check,
    /// Limits other than the sandbox's own.
    pub limits: TaskLimits,
}

impl Task {
    /// The files with a role, in the order of the task.
    pub fn files_as(&self, role: Role) -> impl Iterator<Item = &TaskFile> {
        self.files.iter().filter(move |f| f.role == role)
    }
}

/// A task brought from outside: what was asked, an answer, and how to judge it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "assay task")]
struct RawTask {
    /// Names the task in the answer; unique in a file of tasks.
    #[schemars(length(min = 1, max = 256))]
    id: String,
    /// What judges it.
    sandbox: Sandbox,
    /// What was asked; it is not needed to judge. Empty by default.
    #[serde(default)]
    prompt: String,
    /// Files that the task brings. None by default.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    files: Vec<TaskFile>,
    /// The answer that is judged.
    #[schemars(length(min = 1, max = 1000))]
    candidate: Vec<CandidateFile>,
    /// How it is judged; which keys there are depends on the sandbox. Its defaults where left out.
    #[serde(default = "no_keys")]
    check: Value,
    /// Limits other than the sandbox's own.
    #[serde(default)]
    limits: TaskLimits,
}

fn no_keys() -> Value {
    json!({})
}

/// What runs the code of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    Verilog,
    Cuda,
    Stm32f407,
    #[serde(rename = "x86_64")]
    X86_64,
    Cadquery,
}

/// A file that a task brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskFile {
    /// Relative, `/`-separated, without `..`; unique in the task, candidate included.
    #[schemars(length(min = 1, max = 255))]
    pub path: String,
    /// Text.
    pub content: String,
    /// What the file is for; `support` by default.
    #[serde(default)]
    pub role: Role,
}

/// What a file of a task is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Judges the candidate: its verdict is the task's.
    Testbench,
    /// A right answer to compare with.
    Reference,
    /// Needed by the others: a header, a library, data.
    #[default]
    Support,
    /// What the candidate must be faster than.
    Baseline,
}

/// A file of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateFile {
    /// Relative, `/`-separated, without `..`; unique in the task, its files included.
    #[schemars(length(min = 1, max = 255))]
    pub path: String,
    /// Text.
    pub content: String,
}

/// Limits other than the sandbox's own. What is left out keeps the sandbox's value; nothing is ever unlimited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskLimits {
    /// CPU time of all processes together, milliseconds.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub cpu_ms: Option<u64>,
    /// Wall time, milliseconds.
    #[schemars(range(min = 1, max = 7_200_000))]
    pub wall_ms: Option<u64>,
    /// Memory of all processes together, bytes: 1 MiB to 64 GiB.
    #[schemars(range(min = 1_048_576u64, max = 68_719_476_736u64))]
    pub memory_bytes: Option<u64>,
    /// Processes and threads at once.
    #[schemars(range(min = 1, max = 4096))]
    pub pids: Option<u32>,
    /// All output together, bytes: at most 256 MiB.
    #[schemars(range(min = 1, max = 268_435_456))]
    pub output_bytes: Option<u64>,
    /// One file, bytes: at most 4 GiB.
    #[schemars(range(min = 1, max = 4_294_967_296u64))]
    pub file_bytes: Option<u64>,
    /// The scratch folder, bytes: at most 16 GiB.
    #[schemars(range(min = 1, max = 17_179_869_184u64))]
    pub disk_bytes: Option<u64>,
    /// Files and folders in the scratch folder.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub inodes: Option<u64>,
}

/// The JSON Schema of a task; `check` is told apart by `sandbox`.
pub fn task_schema() -> Value {
    let mut schema = schema_of::<RawTask>();
    let mut branches = Vec::new();
    for (sandbox, name, mut check) in checks::schemas() {
        let own = check.as_object_mut().and_then(|c| c.remove("$defs"));
        if let Some(map) = check.as_object_mut() {
            map.remove("$schema");
        }
        if let (Some(Value::Object(own)), Some(all)) = (own, schema["$defs"].as_object_mut()) {
            all.extend(own);
        }
        schema["$defs"][name] = check;
        let check = json!({"$ref": format!("#/$defs/{name}")});
        branches.push(json!({"properties": {"sandbox": {"const": sandbox}, "check": check}, "required": ["sandbox"]}));
    }
    schema["oneOf"] = Value::Array(branches);
    schema
}

#[cfg(test)]
#[path = "tasks/tests.rs"]
mod tests;
