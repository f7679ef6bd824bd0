//! Where jobs meet sandboxes: what the ledger already knows is not run again, what is ours to blame is run again, and
//! nothing counts before canaries stand behind it.

mod recent;
mod request;
mod watch;

pub use request::{Judge, Request, Ruling, command, commands, load};
pub use watch::{AtWork, HELD};

use crate::model::{Evidence, Judgement, Trail, VerdictKind, hash_parts};
use crate::stages::StageError;
use crate::store::{Findings, NewVerdict, Store};
use recent::{Recent, Shared};
use request::store_form;
use sandboxes::{Completion, ImageInfo, Job, Runtime};
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use watch::Watch;

/// How often a job is run again when a completion proves nothing (starved slot, broken sandbox).
const RETRIES: u32 = 4;

/// Runs jobs on a runtime and answers from the ledger where it can.
pub struct Bench {
    watch: Option<Watch>,
    /// As many as there are slots: a job is handed over only where it can start at once, in the order of asking.
    turns: Semaphore,
    recent: Recent,
    executed: AtomicU64,
    reused: AtomicU64,
}

/// What a bench has done since the start of this process.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    /// Jobs executed, and answered from the ledger.
    pub executed: u64,
    pub reused: u64,
    /// CPU time of jobs and of the canaries around them, milliseconds.
    pub job_ms: u64,
    pub canary_ms: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |ms: u64| ms as f64 / 1000.0;
        write!(
            f,
            "{} executed here, {} answered by the ledger; {:.1} s of CPU, and {:.1} s for canaries around them",
            self.executed,
            self.reused,
            seconds(self.job_ms),
            seconds(self.canary_ms)
        )
    }
}

/// One run of a job and what its judge made of it.
pub struct Trial {
    pub ruling: Ruling,
    pub completion: Completion,
}

impl Bench {
    /// A bench over a runtime; with `None` every job is refused by name.
    pub fn new(runtime: Option<Arc<dyn Runtime>>) -> Bench {
        let slots = runtime.as_ref().map_or(0, |r| r.slots().len());
        Bench {
            watch: runtime.map(Watch::new),
            turns: Semaphore::new(slots.max(1)),
            recent: Recent::default(),
            executed: AtomicU64::new(0),
            reused: AtomicU64::new(0),
        }
    }

    pub fn tally(&self) -> Tally {
        let of = |n: fn(&Watch) -> &AtomicU64| self.watch.as_ref().map_or(0, |w| n(w).load(Ordering::Relaxed));
        Tally {
            executed: self.executed.load(Ordering::Relaxed),
            reused: self.reused.load(Ordering::Relaxed),
            job_ms: of(|w| &w.job_ms),
            canary_ms: of(|w| &w.canary_ms),
        }
    }

    fn watch(&self) -> Result<&Watch, StageError> {
        self.watch.as_ref().ok_or_else(|| StageError::Other {
            kind: "sandbox",
            message: "this worker has no sandbox runtime; run `assay sandbox test` to see why".into(),
            retry: false,
        })
    }

    /// The image that jobs of a sandbox run in here.
    pub fn image(&self, sandbox: &str) -> Result<ImageInfo, StageError> {
        Ok(self.watch()?.runtime().image(sandbox)?)
    }

    /// Says that more jobs are to come for as long as the guard lives: closing canaries wait for a lull, within bounds.
    pub fn at_work(&self) -> Option<AtWork<'_>> {
        self.watch.as_ref().map(Watch::at_work)
    }

    /// Waits until canaries stand behind everything on the trail. An error of kind `canary` says that a slot was found
    /// out: what rests on it must be run again.
    pub async fn prove(&self, trail: &Trail) -> Result<(), StageError> {
        match &self.watch {
            Some(watch) if !trail.is_empty() => watch.prove(trail).await,
            _ => Ok(()),
        }
    }

    /// The name of a job under the image that this worker has: the key of its verdict.
    pub fn job_hash(&self, r: &Request) -> Result<String, StageError> {
        let job = r.job.hash(&self.image(&r.job.sandbox)?.id);
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

    /// Runs a job. The trail says where: the completion counts once that is proved.
    pub async fn run(&self, job: &Job, trail: &mut Trail) -> Result<Completion, StageError> {
        let watch = self.watch()?;
        watch.open(&job.sandbox).await?;
        let mut last = starved();
        for attempt in 0..RETRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            watch.any_left()?;
            let turn = self.turns.acquire().await;
            let ended = watch.runtime().run(job).await;
            drop(turn);
            let done = match ended {
                Ok(done) => done,
                Err(e) if e.retryable() => {
                    last = e.into();
                    continue;
                }
                Err(e) => return Err(e.into()),
            };
            let number = match watch.record(&job.sandbox, &done) {
                Ok(number) => number,
                Err(found_out) => {
                    last = found_out;
                    continue;
                }
            };
            if done.ended.is_some() && done.starved {
                last = starved();
                continue;
            }
            match watch.bound(done.slot, &job.sandbox, number).await {
                Ok(()) => {
                    self.executed.fetch_add(1, Ordering::Relaxed);
                    trail.note(done.slot, &job.sandbox, number);
                    return Ok(done);
                }
                Err(e) => last = e,
            }
        }
        watch.any_left()?;
        Err(last)
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
        let mut hashes = Vec::with_capacity(requests.len());
        let mut images = BTreeSet::new();
        for r in requests {
            hashes.push(self.job_hash(r)?);
            images.insert(self.image(&r.job.sandbox)?.id);
        }
        let images: Vec<String> = images.into_iter().collect();
        let mut known = store.known_verdicts(&hashes, Some(&images)).await?;
        for v in pending.lock().unwrap_or_else(|p| p.into_inner()).verdicts.iter() {
            known
                .entry(v.judgement.job_hash.clone())
                .or_insert_with(|| v.judgement.clone());
        }
        let mut out = Vec::with_capacity(requests.len());
        for (request, hash) in requests.iter().zip(hashes) {
            if let Some(j) = known.get(&hash) {
                self.count_reused();
                out.push(j.clone());
                continue;
            }
            let ((verdict, trail), _) = self.judge_once(request, &hash, judge).await?;
            out.push(verdict.judgement.clone());
            known.insert(hash, verdict.judgement.clone());
            let mut pending = pending.lock().unwrap_or_else(|p| p.into_inner());
            pending.verdicts.push(verdict);
            pending.trail.join(&trail);
        }
        Ok(out)
    }

    /// Judges a job unless someone here has, or is about to: the ledger knows only what is proved. Says whether this call
    /// ran it.
    async fn judge_once(&self, request: &Request, hash: &str, judge: Judge) -> Result<(Shared, bool), StageError> {
        loop {
            let entry = self.recent.entry(hash);
            let ran = AtomicBool::new(false);
            let judged = entry
                .get_or_try_init(|| async {
                    ran.store(true, Ordering::Relaxed);
                    let mut trail = Trail::default();
                    let verdict = self.judge_new(request, hash, judge, &mut trail).await?;
                    Ok::<_, StageError>((verdict, trail))
                })
                .await?;
            if self.watch()?.believes(&judged.1) {
                let ran = ran.into_inner();
                self.reused.fetch_add(u64::from(!ran), Ordering::Relaxed);
                return Ok((judged.clone(), ran));
            }
            self.recent.forget(hash);
            self.watch()?.any_left()?;
        }
    }

    /// Judges a job that others may be asking for as well, and waits for the canaries behind it. Says whether this call ran
    /// it: then it is this caller's to keep. Where a slot is found out, it is judged again elsewhere.
    pub async fn judge_shared(
        &self,
        request: &Request,
        hash: &str,
        judge: Judge,
    ) -> Result<(NewVerdict, bool), StageError> {
        loop {
            let working = self.at_work();
            let ((verdict, trail), ran) = self.judge_once(request, hash, judge).await?;
            drop(working);
            match self.prove(&trail).await {
                Ok(()) => return Ok((verdict, ran)),
                Err(StageError::Other { kind: "canary", .. }) => self.watch()?.any_left()?,
                Err(e) => return Err(e),
            }
        }
    }

    pub fn count_reused(&self) {
        self.reused.fetch_add(1, Ordering::Relaxed);
    }

    /// Judges a job by itself, whatever the ledger knows, and waits for the canaries behind it. Where a slot is found out,
    /// it is judged again elsewhere.
    pub async fn judge_proved(&self, request: &Request, hash: &str, judge: Judge) -> Result<NewVerdict, StageError> {
        loop {
            let mut trail = Trail::default();
            let working = self.at_work();
            let verdict = self.judge_new(request, hash, judge, &mut trail).await?;
            drop(working);
            match self.prove(&trail).await {
                Ok(()) => return Ok(verdict),
                // ends: each time round there is one slot less
                Err(StageError::Other { kind: "canary", .. }) => self.watch()?.any_left()?,
                Err(e) => return Err(e),
            }
        }
    }

    /// Runs a job although the ledger may know it. Not proved yet: see [`Bench::prove`].
    pub async fn judge_new(
        &self,
        request: &Request,
        hash: &str,
        judge: Judge,
        trail: &mut Trail,
    ) -> Result<NewVerdict, StageError> {
        let image = self.image(&request.job.sandbox)?;
        let trials = self.trials(request, judge, trail).await?;
        let used = |of: fn(&Completion) -> u64| trials.iter().map(|t| of(&t.completion)).sum::<u64>() as i64;
        let peak_bytes = trials.iter().map(|t| t.completion.peak_bytes).max().unwrap_or(0) as i64;
        let tier = trials.last().map(|t| t.completion.tier.clone()).unwrap_or_default();
        let (cpu_ms, wall_ms) = (used(|c| c.cpu_ms), used(|c| c.wall_ms));
        let ruling = settle(trials.into_iter().map(|t| t.ruling).collect()).ok_or_else(starved)?;
        let evidence = Evidence {
            sandbox: request.job.sandbox.clone(),
            engine: request.engine.clone(),
            image_id: image.id,
            tier,
            judge_version: request.judge_version,
            tools: json!(image.tools),
            command: commands(&request.job),
            limits: json!(request.job.limits),
            seed: request.seed as i64,
            trials: request.trials.max(1) as i32,
            metrics: ruling.metrics,
            cpu_ms,
            wall_ms,
            peak_bytes,
            log: ruling.log,
        };
        let judgement = Judgement {
            job_hash: hash.into(),
            check_name: request.check.clone(),
            verdict: ruling.verdict,
            reason: ruling.reason,
            evidence,
        };
        Ok(NewVerdict {
            judgement,
            job: Some(store_form(request)),
        })
    }

    /// Runs a job as often as its request says.
    pub async fn trials(&self, request: &Request, judge: Judge, trail: &mut Trail) -> Result<Vec<Trial>, StageError> {
        let mut trials = Vec::new();
        for _ in 0..request.trials.max(1) {
            trials.push(self.one_trial(request, judge, trail).await?);
        }
        Ok(trials)
    }

    async fn one_trial(&self, request: &Request, judge: Judge, trail: &mut Trail) -> Result<Trial, StageError> {
        let mut last = None;
        for _ in 0..RETRIES {
            let completion = self.run(&request.job, trail).await?;
            match judge(request, &completion) {
                Ok(ruling) => return Ok(Trial { ruling, completion }),
                // an undecided proof, say: it would come to the same each time
                Err(fault) if last.as_ref() == Some(&fault) => return Err(unjudged(fault, false)),
                Err(fault) => last = Some(fault),
            }
        }
        Err(unjudged(last.unwrap_or_default(), true))
    }
}

/// A judge that cannot say whether the sample is right.
fn unjudged(message: String, retry: bool) -> StageError {
    StageError::Other {
        kind: "tool",
        message,
        retry,
    }
}

/// What several trials say together. They agree where verdict and reason do; a job that fails now for this and now for
/// that is flaky too, since nobody could say what is wrong with it. Metrics may differ (times do): the first trial's stay.
pub fn settle(trials: Vec<Ruling>) -> Option<Ruling> {
    let first = trials.first()?;
    if trials
        .iter()
        .all(|t| t.verdict == first.verdict && t.reason == first.reason)
    {
        return trials.into_iter().next();
    }
    let each: Vec<_> = trials
        .iter()
        .map(|t| json!({"verdict": t.verdict, "reason": t.reason, "metrics": t.metrics}))
        .collect();
    let mut log = String::new();
    let mut shown: Vec<&Ruling> = Vec::new();
    for (n, t) in trials.iter().enumerate() {
        // one log of each outcome shows how they differ
        if shown.iter().any(|s| s.verdict == t.verdict && s.reason == t.reason) {
            continue;
        }
        shown.push(t);
        let reason = t.reason.map(|r| format!(" ({r})")).unwrap_or_default();
        log.push_str(&format!(
            "=== trial {}: {}{reason}\n{}\n",
            n + 1,
            t.verdict,
            t.log.trim_end()
        ));
    }
    Some(Ruling {
        verdict: VerdictKind::Flaky,
        reason: None,
        metrics: json!({"trials": each}),
        log,
    })
}

fn starved() -> StageError {
    StageError::Other {
        kind: "starved",
        message: "the machine is too busy for a time-out to prove anything".into(),
        retry: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailReason;

    fn ruling(verdict: VerdictKind, reason: Option<FailReason>, metric: u32) -> Ruling {
        Ruling {
            verdict,
            reason,
            metrics: json!({"n": metric}),
            log: format!("{verdict} {metric}"),
        }
    }

    #[test]
    fn trials_agree_on_verdict_and_reason() {
        let pass = || ruling(VerdictKind::Pass, None, 1);
        let wrong = |n| ruling(VerdictKind::Fail, Some(FailReason::WrongAnswer), n);
        let crash = || ruling(VerdictKind::Fail, Some(FailReason::Crash), 1);
        assert_eq!(settle(vec![]), None);
        assert_eq!(settle(vec![pass(), pass()]), Some(pass()));
        // a measurement may vary
        assert_eq!(settle(vec![wrong(1), wrong(2)]), Some(wrong(1)));
        for trials in [vec![pass(), wrong(1), pass()], vec![wrong(1), crash()]] {
            let n = trials.len();
            let flaky = settle(trials).unwrap();
            assert_eq!((flaky.verdict, flaky.reason), (VerdictKind::Flaky, None));
            assert_eq!(flaky.metrics["trials"].as_array().unwrap().len(), n);
            assert!(flaky.log.contains("=== trial 2: fail ("), "{}", flaky.log);
        }
    }
}
