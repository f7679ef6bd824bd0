//! Tasks brought from outside: the user's own testbench decides, by what it prints.
//!
//! [`suite`] puts the files in order, [`steps`] makes the job, [`ruling`] judges what came of it: with [`said`] (the log),
//! [`conduct`] (cheats), [`synthesis`] (Yosys) and [`wave`] (the record of a failure).

pub mod check;
mod conduct;
mod lex;
mod ruling;
mod said;
mod steps;
mod suite;
mod synthesis;
mod wave;

use super::task::ENGINE;
use crate::domains::{OUTSIDE, limits};
use crate::recipe::tasks::{CandidateFile, Role, Task, TaskFile};
use crate::worker::{Request, Ruling};
use check::{ExternalCheck, Simulator};
use sandboxes::{Completion, Limits};
use serde_json::json;
use suite::Suite;

/// Raised whenever the same completion would be judged otherwise.
pub(super) const VERSION: i32 = 2;

/// The limits of a task that sets none: a simulation may take a minute of CPU, a build by Verilator half a gigabyte.
fn base() -> Limits {
    Limits {
        cpu_ms: 60_000,
        wall_ms: 120_000,
        memory_bytes: 1 << 30,
        ..Limits::default()
    }
}

/// The job that judges a task; the error says why it cannot be judged here.
pub fn request(task: &Task, check: &ExternalCheck) -> Result<Request, String> {
    check.patterns().map_err(|e| e.to_string())?;
    let suite = Suite::new(&task.files, &task.candidate, check).map_err(|e| e.to_string())?;
    let job = steps::job(&suite, check, &limits(base(), &task.limits)).map_err(|e| e.to_string())?;
    let roles = task.files.iter().map(|f| json!({"path": f.path, "role": f.role}));
    let candidate = task.candidate.iter().map(|f| json!({"path": f.path}));
    Ok(Request {
        job,
        check: OUTSIDE.into(),
        engine: match check.simulator {
            Simulator::Verilator => "verilator".into(),
            // What decided where Icarus refuses the files is in the metrics: it is not known before.
            _ => ENGINE.into(),
        },
        judge_version: VERSION,
        seed: 0,
        trials: 1,
        params: json!({"check": check, "files": roles.chain(candidate).collect::<Vec<_>>()}),
    })
}

/// A file as the judge remembers it; its text is the job's. Without a role it is the candidate's.
#[derive(serde::Deserialize)]
struct Remembered {
    path: String,
    role: Option<Role>,
}

/// Judges what [`request`] made.
pub fn judge(request: &Request, completion: &Completion) -> Result<Ruling, String> {
    let read = |key: &str| request.params[key].clone();
    let check: ExternalCheck = serde_json::from_value(read("check")).map_err(|e| e.to_string())?;
    let files: Vec<Remembered> = serde_json::from_value(read("files")).map_err(|e| e.to_string())?;
    let (mut given, mut candidate) = (Vec::new(), Vec::new());
    for Remembered { path, role } in files {
        let file = request.job.files.iter().find(|f| f.path == path);
        let content = file.ok_or_else(|| format!("the job lacks `{path}`"))?.content.clone();
        match role {
            Some(role) => given.push(TaskFile { path, content, role }),
            None => candidate.push(CandidateFile { path, content }),
        }
    }
    let suite = Suite::new(&given, &candidate, &check).map_err(|e| e.to_string())?;
    ruling::rule(&suite, &check, completion)
}
