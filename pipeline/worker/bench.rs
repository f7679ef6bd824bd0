//! Where jobs meet sandboxes: what the ledger already knows is not run again, what is ours to blame is run again.

use crate::model::{Evidence, FailReason, Judgement, VerdictKind, hash_parts, sha256_hex};
use crate::stages::StageError;
use crate::store::{Findings, NewVerdict, Store};
use sandboxes::{Completion, Job, Runtime};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

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
    /// Findings that are the same each time: first mismatch, cells, … What is measured, and is not, stands under the key
    /// `measured`, which trials need not agree on.
    pub metrics: Value,
    /// Tool output as a person wants to read it.
    pub log: String,
}

/// A judge: pure; `Err` says what was our own fault.
pub type Judge = fn(&Request, &Completion) -> Result<Ruling, String>;

/// How often a job is run again when a completion proves nothing (starved slot, broken sandbox).
const RETRIES: u32 = 4;

/// Runs jobs on a runtime and answers from the ledger where it can.
pub struct Bench {
    runtime: Option<Arc<dyn Runtime>>,
    executed: AtomicU64,
    reused: AtomicU64,
}

impl Bench {
    /// A bench over a runtime; with `None` every job is refused by name.
    pub fn new(runtime: Option<Arc<dyn Runtime>>) -> Bench {
        Bench {
            runtime,
            executed: AtomicU64::new(0),
            reused: AtomicU64::new(0),
        }
    }

    /// Jobs executed and answered from the ledger since the start of this process.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.executed.load(Ordering::Relaxed),
            self.reused.load(Ordering::Relaxed),
        )
    }

    fn runtime(&self) -> Result<&Arc<dyn Runtime>, StageError> {
        self.runtime.as_ref().ok_or_else(|| StageError::Other {
            kind: "sandbox",
            message: "this worker has no sandbox runtime; run `assay sandbox test` to see why".into(),
            retry: false,
        })
    }

    /// The name of a job under the image that this worker has: the key of its verdict.
    pub fn job_hash(&self, r: &Request) -> Result<String, StageError> {
        let image = self.runtime()?.image(&r.job.sandbox)?;
        let job = r.job.hash(&image.id);
        Ok(hash_parts([
            job.as_bytes(),
            r.check.as_bytes(),
            r.engine.as_bytes(),
            &r.judge_version.to_le_bytes(),
            &r.seed.to_le_bytes(),
            &r.trials.to_le_bytes(),
            r.params.to_string().as_bytes(),
        ]))
    }

    /// Runs a job whose result is an intermediate (an elaboration, a recording), not a verdict.
    pub async fn run(&self, job: &Job) -> Result<Completion, StageError> {
        let runtime = self.runtime()?;
        let mut last = None;
        for attempt in 0..RETRIES {
            if attempt > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(100 << attempt)).await;
            }
            match runtime.run(job).await {
                Ok(c) if c.ended.is_some() && c.starved => last = Some(starved()),
                Ok(c) => {
                    self.executed.fetch_add(1, Ordering::Relaxed);
                    return Ok(c);
                }
                Err(e) if e.retryable() => last = Some(e.into()),
                Err(e) => return Err(e.into()),
            }
        }
        Err(last.unwrap_or_else(starved))
    }

    /// Judges jobs in order, each once however often it is asked for; new verdicts are added to `pending`, to be
    /// committed with the work that asked for them.
    pub async fn judge_all(
        &self,
        store: &Store,
        pending: &Mutex<Findings>,
        requests: &[Request],
        judge: Judge,
    ) -> Result<Vec<Judgement>, StageError> {
        let hashes = requests
            .iter()
            .map(|r| self.job_hash(r))
            .collect::<Result<Vec<_>, _>>()?;
        let mut known = store.known_verdicts(&hashes).await?;
        for v in pending.lock().unwrap_or_else(|p| p.into_inner()).verdicts.iter() {
            known
                .entry(v.judgement.job_hash.clone())
                .or_insert_with(|| v.judgement.clone());
        }
        let mut out = Vec::with_capacity(requests.len());
        for (request, hash) in requests.iter().zip(hashes) {
            if let Some(j) = known.get(&hash) {
                self.reused.fetch_add(1, Ordering::Relaxed);
                out.push(j.clone());
                continue;
            }
            let verdict = self.judge_new(request, &hash, judge).await?;
            out.push(verdict.judgement.clone());
            known.insert(hash, verdict.judgement.clone());
            pending.lock().unwrap_or_else(|p| p.into_inner()).verdicts.push(verdict);
        }
        Ok(out)
    }

    /// Runs a job although the ledger may know it: for re-verification.
    pub async fn judge_new(&self, request: &Request, hash: &str, judge: Judge) -> Result<NewVerdict, StageError> {
        let runtime = self.runtime()?;
        let image = runtime.image(&request.job.sandbox)?;
        let (mut ruling, mut cpu_ms, mut wall_ms, mut peak_bytes, mut tier) = (None::<Ruling>, 0, 0, 0, String::new());
        for _ in 0..request.trials.max(1) {
            let (this, c) = self.one_trial(request, judge).await?;
            cpu_ms += c.cpu_ms;
            wall_ms += c.wall_ms;
            peak_bytes = peak_bytes.max(c.peak_bytes);
            tier = c.tier;
            ruling = Some(match ruling {
                None => this,
                Some(first)
                    if first.verdict == this.verdict
                        && first.reason == this.reason
                        && stable(&first.metrics) == stable(&this.metrics) =>
                {
                    first
                }
                Some(first) => Ruling {
                    verdict: VerdictKind::Flaky,
                    reason: None,
                    ..first
                },
            });
        }
        let Some(ruling) = ruling else { return Err(starved()) };
        let evidence = Evidence {
            sandbox: request.job.sandbox.clone(),
            engine: request.engine.clone(),
            image_id: image.id.clone(),
            tier,
            judge_version: request.judge_version,
            tools: json!(image.tools),
            command: request
                .job
                .steps
                .iter()
                .map(|s| s.argv.join(" "))
                .collect::<Vec<_>>()
                .join("\n"),
            limits: json!(request.job.limits),
            seed: request.seed as i64,
            trials: request.trials.max(1) as i32,
            metrics: ruling.metrics,
            cpu_ms: cpu_ms as i64,
            wall_ms: wall_ms as i64,
            peak_bytes: peak_bytes as i64,
            log: ruling.log,
        };
        let judgement = Judgement {
            job_hash: hash.into(),
            check_name: request.check.clone(),
            verdict: ruling.verdict,
            reason: ruling.reason,
            evidence,
        };
        let (spec, files) = store_form(request);
        Ok(NewVerdict { judgement, spec, files })
    }

    async fn one_trial(&self, request: &Request, judge: Judge) -> Result<(Ruling, Completion), StageError> {
        let mut last = String::new();
        for _ in 0..RETRIES {
            let completion = self.run(&request.job).await?;
            match judge(request, &completion) {
                Ok(ruling) => return Ok((ruling, completion)),
                Err(fault) => last = fault,
            }
        }
        Err(StageError::Other {
            kind: "tool",
            message: last,
            retry: true,
        })
    }
}

/// What trials must agree on.
fn stable(metrics: &Value) -> Value {
    let mut metrics = metrics.clone();
    if let Some(map) = metrics.as_object_mut() {
        map.remove("measured");
    }
    metrics
}

fn starved() -> StageError {
    StageError::Other {
        kind: "starved",
        message: "the machine is too busy for a time-out to prove anything".into(),
        retry: true,
    }
}

/// A request as the ledger keeps it: files by hash, and their texts.
fn store_form(r: &Request) -> (Value, Vec<String>) {
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
pub fn from_store(spec: &Value, texts: &BTreeMap<String, String>) -> Result<Request, String> {
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
