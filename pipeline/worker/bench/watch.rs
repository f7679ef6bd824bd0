//! Canaries around real jobs: what a slot said counts only once it has been seen to tell right from wrong before and after.
//!
//! A *lane* is one sandbox on one slot. Its jobs are numbered as they end. Before the first one the lane answers canaries;
//! after some, it answers them again, and everything numbered up to then is proved: the closing canaries of one run are
//! the opening ones of the next. A lane that gets one wrong loses its slot, and what it has not proved is worth nothing.

use super::starved;
use crate::model::Trail;
use crate::stages::StageError;
use sandboxes::{Canary, Completion, Expect, Runtime};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// Most results of one lane that wait for their closing canaries.
pub const HELD: u64 = 256;
/// CPU time of a lane's jobs after which its run is closed, as a multiple of what a pair of canaries costs: it keeps the
/// canaries' share of the CPU near one per cent, however busy the machine is.
const SHARE: u64 = 80;
/// Longest that a result waits for its canaries while others still run.
const LONGEST: Duration = Duration::from_secs(20);
/// CPU time of jobs after which one dear canary is asked as well, milliseconds.
const DEAR_MS: u64 = 200_000;
/// How long nobody must have been at work for a run of jobs to be over.
const LULL: Duration = Duration::from_millis(40);
/// How often a canary is asked again where what came of it proves nothing.
const RETRIES: u32 = 4;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One sandbox on one slot.
#[derive(Default)]
struct Lane {
    /// Jobs that ended here, and how many of them canaries stand behind.
    ran: AtomicU64,
    proved: AtomicU64,
    /// CPU time of all jobs that ended here, and of those that are proved, milliseconds.
    spent_ms: AtomicU64,
    proved_ms: AtomicU64,
    /// When the first one ended that is not proved.
    since: Mutex<Option<Instant>>,
    /// Which canaries are next.
    turn: AtomicUsize,
    /// Held by whoever closes a run here; the others wait for what comes of it.
    closing: tokio::sync::Mutex<()>,
}

/// The canaries of a sandbox that has been opened.
#[derive(Clone, Default)]
struct Kinds {
    /// Those that must print what they should, and those that must not succeed, or must stay silent.
    speaks: Vec<Canary>,
    refuses: Vec<Canary>,
    dear: Vec<Canary>,
    /// CPU time of one of each half, milliseconds, as it was on the slot where it took longest.
    pair_ms: u64,
}

impl Kinds {
    fn of(all: Vec<Canary>) -> Kinds {
        let (dear, cheap): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| c.dear);
        let (speaks, refuses) = cheap.into_iter().partition(|c| matches!(c.expect, Expect::Passes(_)));
        Kinds {
            speaks,
            refuses,
            dear,
            pair_ms: 0,
        }
    }

    /// CPU time after which a run is closed, milliseconds.
    fn enough_ms(&self) -> u64 {
        SHARE * self.pair_ms.max(1)
    }

    /// One of each half: a slot that calls everything right, or everything wrong, gets one of them wrong.
    fn pair(&self, turn: usize) -> impl Iterator<Item = &Canary> {
        [&self.speaks, &self.refuses]
            .into_iter()
            .filter_map(move |half| half.get(turn % half.len().max(1)))
    }
}

/// What a canary showed.
enum Alarm {
    /// It came out wrong: the slot is not to be believed.
    Wrong(String),
    /// It could not be run.
    Fault(StageError),
}

/// Watches over the slots of a runtime.
pub struct Watch {
    runtime: Arc<dyn Runtime>,
    lanes: Mutex<BTreeMap<(u32, String), Arc<Lane>>>,
    opened: Mutex<BTreeMap<String, Arc<OnceCell<Kinds>>>>,
    /// Slots out of service, and why.
    retired: Mutex<BTreeMap<u32, String>>,
    /// CPU time of jobs at which a dear canary is due, milliseconds.
    dear_due: AtomicU64,
    at_work: AtomicUsize,
    lull_since: Mutex<Instant>,
    /// CPU time of canaries and of jobs, milliseconds.
    pub canary_ms: AtomicU64,
    pub job_ms: AtomicU64,
}

/// Somebody who will run more jobs; while one lives, runs of jobs are not over.
pub struct AtWork<'a>(&'a Watch);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        *locked(&self.0.lull_since) = Instant::now();
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Watch {
    pub fn new(runtime: Arc<dyn Runtime>) -> Watch {
        Watch {
            runtime,
            lanes: Mutex::default(),
            opened: Mutex::default(),
            retired: Mutex::default(),
            dear_due: AtomicU64::new(DEAR_MS),
            at_work: AtomicUsize::new(0),
            lull_since: Mutex::new(Instant::now()),
            canary_ms: AtomicU64::new(0),
            job_ms: AtomicU64::new(0),
        }
    }

    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.runtime
    }

    pub fn at_work(&self) -> AtWork<'_> {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        AtWork(self)
    }

    fn lane(&self, slot: u32, sandbox: &str) -> Arc<Lane> {
        locked(&self.lanes)
            .entry((slot, sandbox.to_string()))
            .or_default()
            .clone()
    }

    /// The opening canaries of a sandbox, once: one of each half on every slot.
    pub async fn open(&self, sandbox: &str) -> Result<(), StageError> {
        self.kinds(sandbox).await.map(|_| ())
    }

    async fn kinds(&self, sandbox: &str) -> Result<Kinds, StageError> {
        let cell = locked(&self.opened).entry(sandbox.to_string()).or_default().clone();
        cell.get_or_try_init(|| self.first_canaries(sandbox)).await.cloned()
    }

    async fn first_canaries(&self, sandbox: &str) -> Result<Kinds, StageError> {
        let mut kinds = Kinds::of(sandboxes::canaries(sandbox)?);
        self.runtime.image(sandbox)?;
        let known_bad = locked(&self.retired).clone();
        let slots = self.runtime.slots().into_iter().enumerate();
        let asked = slots
            .filter(|(_, slot)| !known_bad.contains_key(slot))
            .map(|(turn, slot)| {
                let pair: Vec<&Canary> = kinds.pair(turn).collect();
                self.lane(slot, sandbox).turn.store(turn + 1, Ordering::Relaxed);
                async move { (slot, self.ask_all(slot, &pair).await) }
            });
        let mut pair_ms = 0;
        for (slot, answer) in futures::future::join_all(asked).await {
            match answer {
                Ok(cpu_ms) => pair_ms = cpu_ms.max(pair_ms),
                // a slot found out is one less; anything else says that the sandbox could not be tried
                Err(e) if self.why_retired(slot).is_none() => return Err(e),
                Err(_) => {}
            }
        }
        self.any_left()?;
        kinds.pair_ms = pair_ms;
        Ok(kinds)
    }

    /// Runs one canary on one slot; its CPU time in milliseconds.
    async fn ask(&self, slot: u32, canary: &Canary) -> Result<u64, Alarm> {
        let mut last = starved();
        for attempt in 0..RETRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            match self.runtime.run_on(slot, &canary.job).await {
                Ok(done) if done.ended.is_some() && done.starved => {}
                Ok(done) => {
                    self.canary_ms.fetch_add(done.cpu_ms, Ordering::Relaxed);
                    return canary.check(&done).map(|()| done.cpu_ms).map_err(Alarm::Wrong);
                }
                Err(e) if e.retryable() => last = e.into(),
                Err(e) => return Err(Alarm::Fault(e.into())),
            }
        }
        Err(Alarm::Fault(last))
    }

    /// Runs canaries on a slot, which is out of service if it gets one wrong; their CPU time in milliseconds.
    async fn ask_all(&self, slot: u32, canaries: &[&Canary]) -> Result<u64, StageError> {
        let mut spent = 0;
        for canary in canaries {
            match self.ask(slot, canary).await {
                Ok(cpu_ms) => spent += cpu_ms,
                Err(Alarm::Wrong(why)) => {
                    self.retire(slot, &why);
                    self.any_left()?;
                    return Err(distrusted(slot, &why));
                }
                Err(Alarm::Fault(e)) => return Err(self.why_retired(slot).unwrap_or(e)),
            }
        }
        Ok(spent)
    }

    /// The canaries that close a lane's run; a dear one among them where enough has been run since the last.
    fn closing<'a>(&self, lane: &Lane, kinds: &'a Kinds) -> Vec<&'a Canary> {
        let turn = lane.turn.fetch_add(1, Ordering::Relaxed);
        let mut canaries: Vec<&Canary> = kinds.pair(turn).collect();
        let due = self.dear_due.load(Ordering::Relaxed);
        let run = self.job_ms.load(Ordering::Relaxed);
        if run >= due
            && self
                .dear_due
                .compare_exchange(due, run + DEAR_MS, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            let number = (run / DEAR_MS) as usize;
            canaries.extend(kinds.dear.get(number % kinds.dear.len().max(1)));
        }
        canaries
    }

    /// Notes a job that ended; an error where its slot has been found out meanwhile.
    pub fn record(&self, sandbox: &str, done: &Completion) -> Result<u64, StageError> {
        self.job_ms.fetch_add(done.cpu_ms, Ordering::Relaxed);
        if let Some(why) = self.why_retired(done.slot) {
            return Err(why);
        }
        let lane = self.lane(done.slot, sandbox);
        let mut since = locked(&lane.since);
        since.get_or_insert_with(Instant::now);
        lane.spent_ms.fetch_add(done.cpu_ms, Ordering::SeqCst);
        Ok(lane.ran.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Closes a lane's run at once if it holds as much as it may.
    pub async fn bound(&self, slot: u32, sandbox: &str, number: u64) -> Result<(), StageError> {
        let lane = self.lane(slot, sandbox);
        if lane.ran.load(Ordering::SeqCst) - lane.proved.load(Ordering::SeqCst) < HELD {
            return Ok(());
        }
        self.close(slot, sandbox, number).await
    }

    /// Waits until canaries stand behind everything on a trail. An error says that some of it is worth nothing.
    pub async fn prove(&self, trail: &Trail) -> Result<(), StageError> {
        let closing = trail
            .ends()
            .map(|(slot, sandbox, number)| self.close(slot, sandbox, number));
        futures::future::try_join_all(closing).await.map(|_| ())
    }

    /// Waits for the run to be over that job `number` belongs to, and for its closing canaries.
    async fn close(&self, slot: u32, sandbox: &str, number: u64) -> Result<(), StageError> {
        let lane = self.lane(slot, sandbox);
        let _closing = lane.closing.lock().await;
        if lane.proved.load(Ordering::SeqCst) >= number {
            return Ok(());
        }
        let kinds = self.kinds(sandbox).await?;
        self.run_over(&lane, kinds.enough_ms()).await;
        if let Some(why) = self.why_retired(slot) {
            return Err(why);
        }
        // whatever has ended by now, ended before the canaries begin
        let (upto, spent_ms) = (lane.ran.load(Ordering::SeqCst), lane.spent_ms.load(Ordering::SeqCst));
        self.ask_all(slot, &self.closing(&lane, &kinds)).await?;
        lane.proved.store(upto, Ordering::SeqCst);
        lane.proved_ms.store(spent_ms, Ordering::SeqCst);
        let mut since = locked(&lane.since);
        *since = (lane.ran.load(Ordering::SeqCst) > upto).then(Instant::now);
        Ok(())
    }

    /// Whether everything on a trail is proved, or may still be.
    pub fn believes(&self, trail: &Trail) -> bool {
        trail.ends().all(|(slot, sandbox, number)| {
            self.why_retired(slot).is_none() || self.lane(slot, sandbox).proved.load(Ordering::SeqCst) >= number
        })
    }

    async fn run_over(&self, lane: &Lane, enough_ms: u64) {
        loop {
            let held = lane.ran.load(Ordering::SeqCst) - lane.proved.load(Ordering::SeqCst);
            let old = locked(&lane.since).is_none_or(|since| since.elapsed() >= LONGEST);
            let spent = lane.spent_ms.load(Ordering::SeqCst) - lane.proved_ms.load(Ordering::SeqCst);
            let lull = self.at_work.load(Ordering::SeqCst) == 0 && locked(&self.lull_since).elapsed() >= LULL;
            if held >= HELD || spent >= enough_ms || old || lull {
                return;
            }
            tokio::time::sleep(LULL / 4).await;
        }
    }

    fn retire(&self, slot: u32, why: &str) {
        self.runtime.retire(slot);
        tracing::error!("{}", distrusted(slot, why));
        locked(&self.retired).insert(slot, why.to_string());
    }

    fn why_retired(&self, slot: u32) -> Option<StageError> {
        locked(&self.retired).get(&slot).map(|why| distrusted(slot, why))
    }

    /// An error where every slot has been taken out of service.
    pub fn any_left(&self) -> Result<(), StageError> {
        let retired = locked(&self.retired);
        if self.runtime.slots().iter().any(|slot| !retired.contains_key(slot)) {
            return Ok(());
        }
        let last = retired.values().next_back().cloned().unwrap_or_default();
        Err(StageError::NoSlots(last))
    }
}

fn distrusted(slot: u32, why: &str) -> StageError {
    StageError::Other {
        kind: "canary",
        message: format!("slot {slot} is out of service, and what it has not proved is thrown away: {why}"),
        retry: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn canaries_of_each_half_take_turns_and_dear_ones_stay_out() {
        for sandbox in sandboxes::names() {
            let mut kinds = Kinds::of(sandboxes::canaries(sandbox).unwrap());
            let mut seen = BTreeSet::new();
            for turn in 0..60 {
                let pair: Vec<&Canary> = kinds.pair(turn).collect();
                assert!(matches!(pair[0].expect, Expect::Passes(_)), "{}", pair[0].name);
                assert!(!matches!(pair[1].expect, Expect::Passes(_)), "{}", pair[1].name);
                seen.extend(pair.iter().map(|c| c.name));
            }
            assert_eq!(seen.len(), kinds.speaks.len() + kinds.refuses.len(), "{sandbox}");
            assert!(kinds.dear.iter().all(|c| !seen.contains(c.name)));
            kinds.pair_ms = 30;
            assert_eq!(kinds.enough_ms(), SHARE * 30);
        }
    }
}
