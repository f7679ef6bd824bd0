//! The job that judges a CadQuery task.

use super::SANDBOX;
use super::check::CadqueryCheck;
use super::judge::JUDGE_VERSION;
use crate::domains::shell::step;
use crate::domains::{OUTSIDE, limits};
use crate::model::hash_parts;
use crate::recipe::tasks::{Role, Task};
use crate::worker::Request;
use sandboxes::{Job, JobFile, Limits, MAX_ARGV_BYTES, When};
use serde_json::{Map, Value, json};

/// What runs it, as the evidence says.
const ENGINE: &str = "cadquery";
const RUN: &str = include_str!("programs/run.py");
const JUDGE: &str = include_str!("programs/judge.py");
/// Bytes of an exported file that are read. A part of some thousand faces takes a few million.
const EXPORT_BYTES: u64 = 16 << 20;
/// Removes what the script left but for the files that are to be judged: Python would read some of it (`.local`).
const SWEEP: &str = "cd /job
find . /tmp -mindepth 1 -path ./in -prune -o -type d ! -perm -700 -exec chmod u+rwx {} +
find . /tmp -mindepth 1 -maxdepth 1 ! -path ./in ! -path ./out -exec rm -rf {} +
[ \"$(find . /tmp -mindepth 1 -maxdepth 1 ! -path ./in ! -path ./out)\" = '' ] && [ -d out ]";

/// What the domain allows a job. An import of CadQuery alone takes 460 MB and 2 s in each of three processes.
fn base() -> Limits {
    Limits {
        cpu_ms: 60_000,
        wall_ms: 180_000,
        memory_bytes: 2 << 30,
        pids: 128,
        disk_bytes: 128 << 20,
        ..Limits::default()
    }
}

/// The job of a task; the error says why it cannot be judged here.
pub fn request(task: &Task, check: &CadqueryCheck) -> Result<Request, String> {
    let script = &task.candidate.first().ok_or("the task has no candidate")?.path;
    let references: Vec<_> = task.files_as(Role::Reference).collect();
    // The candidate's process holds one of them, and could find it there.
    let (run_token, judge_token) = (token(task, check, "run"), token(task, check, "judge"));
    let run = |folder: &str, script: &str| -> Vec<String> {
        [
            "python3",
            "/job/in/assay/run.py",
            folder,
            &check.result,
            &run_token,
            script,
        ]
        .map(String::from)
        .to_vec()
    };
    let mut steps = vec![
        step("run", run("/job/out", script), When::Ok),
        step("sweep", ["sh", "-c", SWEEP].map(String::from).to_vec(), When::Ok),
    ];
    if let Some(first) = references.first() {
        // As an argument, for a file could be read, and executed, by the candidate.
        let texts: Map<String, Value> = references
            .iter()
            .map(|f| (f.path.clone(), f.content.clone().into()))
            .collect();
        let texts = Value::Object(texts).to_string();
        if texts.len() > MAX_ARGV_BYTES - 4096 {
            return Err(format!("the reference has more than {} bytes", MAX_ARGV_BYTES - 4096));
        }
        let mut argv = run("/job/reference", &first.path);
        argv.push(texts);
        steps.push(step("reference", argv, When::Ok));
    }
    let options = json!({"reference": !references.is_empty(), "align": check.align, "max_bytes": EXPORT_BYTES});
    let judge = ["python3", "/job/in/assay/judge.py", &judge_token, &options.to_string()];
    steps.push(step("judge", judge.map(String::from).to_vec(), When::Ok));
    let mut files = vec![file("assay/run.py", RUN), file("assay/judge.py", JUDGE)];
    let support = task.files.iter().filter(|f| f.role != Role::Reference);
    files.extend(support.map(|f| file(&format!("support/{}", f.path), &f.content)));
    files.extend(
        task.candidate
            .iter()
            .map(|f| file(&format!("candidate/{}", f.path), &f.content)),
    );
    Ok(Request {
        job: Job {
            sandbox: SANDBOX.into(),
            files,
            steps,
            limits: limits(base(), &task.limits),
        },
        check: OUTSIDE.into(),
        engine: ENGINE.into(),
        judge_version: JUDGE_VERSION,
        seed: 0,
        trials: 1,
        params: json!({"check": check, "run_token": run_token, "judge_token": judge_token}),
    })
}

/// Names the job's own lines in its logs; of the task, so that it is the same each time.
fn token(task: &Task, check: &CadqueryCheck, of: &str) -> String {
    let files = task.files.iter().map(|f| (&f.path, &f.content));
    let files = files.chain(task.candidate.iter().map(|f| (&f.path, &f.content)));
    let check = json!(check).to_string();
    let parts = files.flat_map(|(path, content)| [path.as_bytes(), content.as_bytes()]);
    hash_parts(parts.chain([check.as_bytes(), of.as_bytes()]))
}

fn file(path: &str, content: &str) -> JobFile {
    JobFile {
        path: path.into(),
        content: content.into(),
    }
}
