//! The one loop: claim, run, commit. Any number of these, in any number of processes, build one corpus together.

mod bench;
mod identity;
mod node;
mod process;

pub use bench::{AtWork, Bench, HELD, Judge, Request, Ruling, Tally, Trial, command, commands, load, settle};
pub use identity::worker_name;
pub use node::{Node, Op, Plan, set_up};

use crate::stages::StageError;
use crate::store::{BuildState, Claim, CommitError, Store, StoreError};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::{Instrument, info_span, warn};

/// How a worker behaves.
#[derive(Clone)]
pub struct Options {
    /// Work for this build only, and stop when it has ended; `None` serves whatever needs work.
    pub build: Option<i64>,
    /// Batches worked on at a time. Others may wait for their closing canaries meanwhile.
    pub parallel: usize,
    /// What this worker can run.
    pub labels: Vec<String>,
    /// Downloads, by hash.
    pub cache: PathBuf,
    /// Where the local database lives, if it is ours to revive.
    pub local_db: Option<PathBuf>,
}

/// Something a worker cannot get over.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "build {build} was planned by another version of assay: {what}; start it again with this version, or finish it with that one"
    )]
    Version { build: i64, what: String },
    #[error("build {0} does not exist")]
    NoBuild(i64),
    #[error("node `{node}` cannot be set up: {message}")]
    Node { node: String, message: String },
    #[error("{0}")]
    NoSlots(StageError),
    #[error("the database went away and did not come back within {0} s")]
    DatabaseGone(u64),
}

/// Asks every loop of this process to stop: what is running is given back.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>, Arc<Notify>);

impl Stop {
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
        self.1.notify_waiters();
    }
    pub fn stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
    async fn wait(&self) {
        let notified = self.1.notified();
        if !self.stopped() {
            notified.await;
        }
    }
}

/// Everything that the loops of one process share.
pub(crate) struct Shared {
    pub store: Store,
    pub bench: Arc<Bench>,
    pub options: Options,
    pub name: String,
    /// One permit per batch that is being worked on; a batch that only waits for its canaries holds none.
    seats: Arc<Semaphore>,
    plans: Mutex<HashMap<i64, Arc<Plan>>>,
    wake: Notify,
}

impl Shared {
    async fn plan(&self, build: i64) -> Result<Arc<Plan>, WorkerError> {
        let mut plans = self.plans.lock().await;
        if let Some(p) = plans.get(&build) {
            return Ok(p.clone());
        }
        let stored = self.store.plan(build).await?.ok_or(WorkerError::NoBuild(build))?;
        let plan = Arc::new(Plan::load(stored)?);
        plans.insert(build, plan.clone());
        Ok(plan)
    }
}

/// Batches that may wait for their closing canaries beside those that are worked on.
const WAITING: usize = 16;

/// Works until the build has ended, or until stopped.
pub async fn run(store: Store, bench: Arc<Bench>, options: Options, stop: Stop) -> Result<(), WorkerError> {
    let parallel = options.parallel.max(1);
    let shared = Arc::new(Shared {
        store,
        bench,
        options,
        name: worker_name(),
        seats: Arc::new(Semaphore::new(parallel)),
        plans: Default::default(),
        wake: Notify::new(),
    });
    if let Some(build) = shared.options.build {
        shared.plan(build).await?;
    }
    let listener = tokio::spawn(listen(shared.clone(), stop.clone()));
    let mut loops = JoinSet::new();
    for _ in 0..parallel + WAITING {
        loops.spawn(work(shared.clone(), stop.clone()));
    }
    let mut result = Ok(());
    // In the order in which they end, panics too: what one loop cannot get over, the others need not try.
    while let Some(ended) = loops.join_next().await {
        let ended = ended.unwrap_or_else(|panic| {
            Err(WorkerError::Node {
                node: "loop".into(),
                message: panic.to_string(),
            })
        });
        if let Err(e) = ended {
            stop.stop();
            result = result.and(Err(e));
        }
    }
    listener.abort();
    result
}

/// Turns notifications into wake-ups, and reaps what dead workers held. Polling alone would do; this is only faster.
async fn listen(shared: Arc<Shared>, stop: Stop) {
    while !stop.stopped() {
        let dead = identity::dead_among(&shared.store.lease_holders().await.unwrap_or_default());
        if let Err(e) = shared.store.reap(&dead).await {
            warn!("cannot take back lost leases: {e}");
        }
        let woken = async {
            let mut listener = shared.store.listen().await?;
            loop {
                listener.recv().await?;
                shared.wake.notify_waiters();
            }
            #[allow(unreachable_code)]
            Ok::<(), StoreError>(())
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), woken).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn work(shared: Arc<Shared>, stop: Stop) -> Result<(), WorkerError> {
    while !stop.stopped() {
        let seat = tokio::select! {
            seat = shared.seats.clone().acquire_owned() => seat.ok(),
            _ = stop.wait() => return Ok(()),
        };
        let claim = match shared
            .store
            .claim(&shared.name, &shared.options.labels, shared.options.build)
            .await
        {
            Ok(c) => c,
            Err(e) if e.is_connection() => {
                revive(&shared, &stop).await?;
                continue;
            }
            Err(e) => return Err(e.into()),
        };
        fail::fail_point!("after_claim");
        match claim {
            Some(claim) => one_batch(&shared, claim, seat, &stop).await?,
            None => {
                if let Some(build) = shared.options.build {
                    match shared.store.build_state(build).await {
                        Ok(BuildState::Running) => {}
                        Ok(_) => return Ok(()),
                        Err(e) if e.is_connection() => revive(&shared, &stop).await?,
                        Err(e) => return Err(e.into()),
                    }
                }
                let pause = Duration::from_millis(250);
                tokio::select! { _ = shared.wake.notified() => {}, _ = stop.wait() => {}, _ = tokio::time::sleep(pause) => {} }
            }
        }
    }
    Ok(())
}

/// How long a database may be away before a worker gives up.
const GONE_SECONDS: u64 = 120;

/// Waits for the database, starting the local one again if it is ours.
async fn revive(shared: &Shared, stop: &Stop) -> Result<(), WorkerError> {
    warn!("the database went away; waiting for it");
    for _ in 0..GONE_SECONDS {
        if stop.stopped() {
            return Ok(());
        }
        if let Some(dir) = &shared.options.local_db {
            let dir = dir.clone();
            let started =
                tokio::task::spawn_blocking(move || crate::store::cluster::Cluster::open(&dir)?.ensure()).await;
            if let Ok(Err(e)) = started {
                warn!("{e}");
            }
        }
        if shared.store.ping().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(WorkerError::DatabaseGone(GONE_SECONDS))
}

/// Runs one claimed batch to its commit, to a fault on record, or gives it back when asked to stop.
async fn one_batch(
    shared: &Arc<Shared>,
    claim: Claim,
    seat: Option<OwnedSemaphorePermit>,
    stop: &Stop,
) -> Result<(), WorkerError> {
    let plan = match shared.plan(claim.build).await {
        Ok(p) => p,
        Err(WorkerError::Store(e)) if e.is_connection() => return Ok(()),
        Err(e) => {
            let _ = shared.store.release(&claim).await;
            return Err(e);
        }
    };
    let node = plan.nodes[claim.node as usize].row.name.clone();
    let span = info_span!("batch", id = claim.batch, node = %node, attempt = claim.attempt);
    let task = tokio::spawn(proved(shared.clone(), plan.clone(), claim.clone(), seat).instrument(span));
    let abort = task.abort_handle();
    let outcome = tokio::select! {
        done = task => match done {
            Ok(r) => r,
            Err(e) if e.is_panic() => Err(StageError::Other { kind: "panic", message: panic_text(e.into_panic()), retry: true }),
            Err(_) => return Ok(()),
        },
        lost = keep_lease(shared, &claim) => {
            abort.abort();
            warn!("batch {}: {lost}", claim.batch);
            return Ok(());
        }
        _ = stop.wait() => {
            abort.abort();
            let _ = shared.store.release(&claim).await;
            return Ok(());
        }
    };
    let error = match outcome {
        Ok(work) => match commit(shared, &claim, &work, &plan, stop).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Stale) => {
                warn!("batch {}: {}", claim.batch, CommitError::Stale);
                return Ok(());
            }
            Err(CommitError::Store(e)) => StageError::Store(e),
        },
        Err(e @ StageError::NoSlots(_)) => {
            let _ = shared.store.release(&claim).await;
            return Err(WorkerError::NoSlots(e));
        }
        Err(e) => e,
    };
    warn!("node `{node}`, batch {}: {error}", claim.batch);
    let (kind, retry) = error.blame();
    loop {
        match shared
            .store
            .give_back(&claim, &node, kind, &error.to_string(), retry)
            .await
        {
            Err(e) if e.is_connection() && !stop.stopped() => revive(shared, stop).await?,
            Err(e) => return Err(e.into()),
            Ok(()) => return Ok(()),
        }
    }
}

/// Works on a batch, then gives up its seat and waits until canaries stand behind every job that it rests on.
async fn proved(
    shared: Arc<Shared>,
    plan: Arc<Plan>,
    claim: Claim,
    seat: Option<OwnedSemaphorePermit>,
) -> Result<crate::store::Commit, StageError> {
    let working = shared.bench.at_work();
    let work = process::process(shared.clone(), plan, claim).await?;
    drop(working);
    drop(seat);
    shared.bench.prove(&work.findings.trail).await?;
    Ok(work)
}

/// Commits, again if the connection broke: should the first try have gone through after all, the fence says `Stale`.
async fn commit(
    shared: &Shared,
    claim: &Claim,
    work: &crate::store::Commit,
    plan: &Plan,
    stop: &Stop,
) -> Result<(), CommitError> {
    loop {
        match shared.store.commit(claim, work, &plan.names).await {
            Err(CommitError::Store(e)) if e.is_connection() && !stop.stopped() => {
                if revive(shared, stop).await.is_err() {
                    return Err(CommitError::Store(e));
                }
            }
            other => return other,
        }
    }
}

/// Renews the lease until it is lost; says why.
async fn keep_lease(shared: &Shared, claim: &Claim) -> String {
    loop {
        tokio::time::sleep(Duration::from_secs(8)).await;
        if let Ok(false) = shared.store.heartbeat(claim).await {
            return "lease lost; its sandboxes are stopped and its result thrown away".into();
        }
    }
}

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| s.to_string())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("a stage panicked: {}", text.unwrap_or_else(|| "no message".into()))
}
