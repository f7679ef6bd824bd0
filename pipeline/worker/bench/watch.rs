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
pub const HELD: u64 = 128;
/// Longest that a result waits for them while others still run. Both together bound the canaries' share of the CPU.
const WINDOW: Duration = Duration::from_secs(4);
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
    /// Cheap ones that must print what they should, and cheap ones that must not succeed, or must stay silent.
    speaks: Vec<Canary>,
    refuses: Vec<Canary>,
}

impl Kinds {
    /// Sorts canaries by what they show, and keeps in each half those that cost at most twice its cheapest.
    fn of(measured: Vec<(Canary, u64)>) -> Kinds {
        let (speaks, refuses): (Vec<_>, Vec<_>) = measured
            .into_iter()
            .partition(|(c, _)| matches!(c.expect, Expect::Passes(_)));
        let cheap = |half: Vec<(Canary, u64)>| {
            let least = half.iter().map(|(_, cpu_ms)| *cpu_ms).min().unwrap_or(0).max(20);
            let kept = half.into_iter().filter(|(_, cpu_ms)| *cpu_ms <= 2 * least);
            kept.map(|(c, _)| c).collect()
        };
        Kinds {
            speaks: cheap(speaks),
            refuses: cheap(refuses),
        }
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

    /// The opening canaries of a sandbox, on every slot, once: every kind at least once, one of each half per slot.
    pub async fn open(&self, sandbox: &str) -> Result<(), StageError> {
        self.kinds(sandbox).await.map(|_| ())
    }

    async fn kinds(&self, sandbox: &str) -> Result<Kinds, StageError> {
        let cell = locked(&self.opened).entry(sandbox.to_string()).or_default().clone();
        cell.get_or_try_init(|| self.first_canaries(sandbox)).await.cloned()
    }

    async fn first_canaries(&self, sandbox: &str) -> Result<Kinds, StageError> {
        let all = sandboxes::canaries(sandbox)?;
        self.runtime.image(sandbox)?;
        self.any_left()?;
        let slots: Vec<u32> = {
            let retired = locked(&self.retired);
            let serves = |slot: &u32| !retired.contains_key(slot);
            self.runtime.slots().into_iter().filter(serves).collect()
        };
        let on_slot = |place: usize, slot: u32| {
            let own = all.iter().skip(place).step_by(slots.len());
            async move {
                let mut measured = Vec::new();
                for canary in own {
                    measured.push((canary.clone(), self.ask(slot, canary).await?));
                }
                Ok::<_, Alarm>(measured)
            }
        };
        let answers = futures::future::join_all(slots.iter().enumerate().map(|(i, s)| on_slot(i, *s))).await;
        let (mut measured, mut missed) = (Vec::new(), false);
        for (slot, answer) in slots.iter().zip(answers) {
            match answer {
                Ok(some) => measured.extend(some),
                Err(Alarm::Fault(e)) => return Err(e),
                Err(Alarm::Wrong(why)) => {
                    self.retire(*slot, &why);
                    missed = true;
                }
            }
        }
        if missed {
            // what the lost slot was to measure counts as cheap: the others still have to answer it
            let known: Vec<&str> = measured.iter().map(|(c, _)| c.name).collect();
            let rest: Vec<Canary> = all.iter().filter(|c| !known.contains(&c.name)).cloned().collect();
            measured.extend(rest.into_iter().map(|c| (c, 0)));
        }
        measured.sort_by_key(|(c, _)| all.iter().position(|known| known.name == c.name));
        let kinds = Kinds::of(measured);
        let pairs = slots.iter().filter(|s| self.why_retired(**s).is_none());
        let asked = pairs.map(|slot| {
            let kinds = &kinds;
            async move { (*slot, self.ask_pair(*slot, sandbox, kinds).await) }
        });
        for (slot, answer) in futures::future::join_all(asked).await {
            // a slot found out is one less; anything else says that the sandbox could not be tried
            if self.why_retired(slot).is_none() {
                answer?;
            }
        }
        self.any_left()?;
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

    async fn ask_pair(&self, slot: u32, sandbox: &str, kinds: &Kinds) -> Result<(), StageError> {
        let turn = self.lane(slot, sandbox).turn.fetch_add(1, Ordering::Relaxed);
        for canary in kinds.pair(turn) {
            match self.ask(slot, canary).await {
                Ok(_) => {}
                Err(Alarm::Wrong(why)) => {
                    self.retire(slot, &why);
                    self.any_left()?;
                    return Err(distrusted(slot, &why));
                }
                Err(Alarm::Fault(e)) => return Err(self.why_retired(slot).unwrap_or(e)),
            }
        }
        Ok(())
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
        self.run_over(&lane).await;
        if let Some(why) = self.why_retired(slot) {
            return Err(why);
        }
        let kinds = self.kinds(sandbox).await?;
        // whatever has ended by now, ended before the canaries begin
        let upto = lane.ran.load(Ordering::SeqCst);
        self.ask_pair(slot, sandbox, &kinds).await?;
        lane.proved.store(upto, Ordering::SeqCst);
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

    async fn run_over(&self, lane: &Lane) {
        loop {
            let held = lane.ran.load(Ordering::SeqCst) - lane.proved.load(Ordering::SeqCst);
            let old = locked(&lane.since).is_none_or(|since| since.elapsed() >= WINDOW);
            let lull = self.at_work.load(Ordering::SeqCst) == 0 && locked(&self.lull_since).elapsed() >= LULL;
            if held >= HELD || old || lull {
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
