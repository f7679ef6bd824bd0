//! What is asked of a bench, and its stored form: enough to ask it again.

use crate::model::{FailReason, VerdictKind, sha256_hex};
use crate::store::{Store, StoreError};
use sandboxes::{Completion, Job, Step, When};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A job to be judged.
#[derive(Clone, Debug)]
pub struct Request {
    pub job: Job,
    /// The check that the verdict answers: `testbench`, `synthesis`, …
    pub check: String,
    /// What ran it, as the evidence says: `icarus`, `yosys`, …
    pub engine: String,
    pub judge_version: i32,
    /// The seed that the job's stimulus was made from; evidence, and part of the job's identity.
    pub seed: u64,
    /// How often it is run; verdicts that disagree are `flaky`.
    pub trials: u32,
    /// What the judge must know beyond the completion (patterns, thresholds); null where nothing.
    pub params: Value,
}

/// What a judge makes of a completion.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    pub verdict: VerdictKind,
    pub reason: Option<FailReason>,
    /// Findings: first mismatch, cells, … Where trials differ in these alone, they still agree.
    pub metrics: Value,
    /// Tool output as a person wants to read it.
    pub log: String,
}

/// A judge: pure; `Err` says what was our own fault.
pub type Judge = fn(&Request, &Completion) -> Result<Ruling, String>;

/// A step's command as a shell would take it; one that does not simply follow says when it runs.
pub fn command(step: &Step) -> String {
    // only a NUL cannot be quoted, and no job holds one
    let argv = step.argv.iter().map(String::as_str);
    let line = shlex::try_join(argv).unwrap_or_else(|_| step.argv.join(" "));
    match &step.when {
        When::Ok => line,
        When::Failed(step) => format!("{line}  # if {step} failed"),
        When::Always => format!("{line}  # in any case"),
    }
}

/// The commands of a job, one after the other.
pub fn commands(job: &Job) -> String {
    job.steps.iter().map(command).collect::<Vec<_>>().join("\n")
}

/// A request as the ledger keeps it: files by hash, and their texts.
pub(super) fn store_form(r: &Request) -> (Value, Vec<String>) {
    let files: Vec<Value> = r
        .job
        .files
        .iter()
        .map(|f| json!({"path": f.path, "sha256": sha256_hex(f.content.as_bytes())}))
        .collect();
    let spec = json!({
        "sandbox": r.job.sandbox, "steps": r.job.steps, "limits": r.job.limits, "files": files, "check": r.check, "engine": r.engine,
        "judge_version": r.judge_version, "seed": r.seed.to_string(), "trials": r.trials,
        "params": r.params,
    });
    (spec, r.job.files.iter().map(|f| f.content.clone()).collect())
}

/// Rebuilds a request from the ledger; the error names what is missing.
fn from_store(spec: &Value, texts: &BTreeMap<String, String>) -> Result<Request, String> {
    let field = |name: &str| {
        spec.get(name)
            .cloned()
            .ok_or_else(|| format!("the stored job has no `{name}`"))
    };
    let text = |name: &str| {
        field(name).and_then(|v| {
            v.as_str()
                .map(String::from)
                .ok_or_else(|| format!("`{name}` is not text"))
        })
    };
    let mut files = Vec::new();
    for f in field("files")?.as_array().into_iter().flatten() {
        let (path, sha) = (
            f["path"].as_str().unwrap_or_default(),
            f["sha256"].as_str().unwrap_or_default(),
        );
        let content = texts
            .get(sha)
            .cloned()
            .ok_or_else(|| format!("the text of `{path}` is not stored any more"))?;
        files.push(sandboxes::JobFile {
            path: path.into(),
            content,
        });
    }
    Ok(Request {
        job: Job {
            sandbox: text("sandbox")?,
            files,
            steps: serde_json::from_value(field("steps")?).map_err(|e| e.to_string())?,
            limits: serde_json::from_value(field("limits")?).map_err(|e| e.to_string())?,
        },
        check: text("check")?,
        engine: text("engine")?,
        judge_version: field("judge_version")?.as_i64().unwrap_or(0) as i32,
        seed: text("seed")?
            .parse()
            .map_err(|_| "the stored seed is not a number".to_string())?,
        trials: field("trials")?.as_u64().unwrap_or(1) as u32,
        params: field("params")?,
    })
}

/// Jobs as they were stored, in the order asked for; the error names what is missing. One round trip for all of them, and
/// one for their files.
pub async fn load(store: &Store, hashes: &[String]) -> Result<Vec<Result<Request, String>>, StoreError> {
    let specs = store.job_specs(hashes).await?;
    let files: BTreeSet<String> = specs
        .values()
        .flat_map(|spec| spec["files"].as_array().into_iter().flatten())
        .filter_map(|f| f["sha256"].as_str().map(String::from))
        .collect();
    let texts = store.texts(&files.into_iter().collect::<Vec<_>>()).await?;
    let one = |hash: &String| match specs.get(hash) {
        Some(spec) => from_store(spec, &texts),
        None => Err(format!("job {hash} is not stored: build its samples again")),
    };
    Ok(hashes.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandboxes::{JobFile, Limits};

    fn request() -> Request {
        let step = |name: &str, argv: &[&str], when| Step {
            name: name.into(),
            argv: argv.iter().map(|a| a.to_string()).collect(),
            when,
        };
        Request {
            job: Job {
                sandbox: "verilog".into(),
                files: vec![JobFile {
                    path: "a b.v".into(),
                    content: "module a;\n".into(),
                }],
                steps: vec![
                    step("compile", &["iverilog", "in/a b.v", "-DX='1'"], When::Ok),
                    step("tell", &["cat", "log"], When::Failed("compile".into())),
                ],
                limits: Limits::default(),
            },
            check: "outside".into(),
            engine: "icarus".into(),
            judge_version: 3,
            seed: u64::MAX,
            trials: 2,
            params: json!({"pass": "OK"}),
        }
    }

    #[test]
    fn commands_are_for_a_shell() {
        let text = commands(&request().job);
        let (first, second) = text.split_once('\n').unwrap();
        assert_eq!(
            shlex::split(first).unwrap(),
            ["iverilog", "in/a b.v", "-DX='1'"],
            "{first}"
        );
        assert_eq!(second, "cat log  # if compile failed");
    }

    #[test]
    fn what_is_stored_is_asked_again_unchanged() {
        let asked = request();
        let (spec, files) = store_form(&asked);
        let texts = files.iter().map(|f| (sha256_hex(f.as_bytes()), f.clone())).collect();
        let again = from_store(&spec, &texts).unwrap();
        assert_eq!(format!("{again:?}"), format!("{asked:?}"));
        let missing = from_store(&spec, &BTreeMap::new()).unwrap_err();
        assert!(missing.contains("a b.v"), "{missing}");
    }
}
