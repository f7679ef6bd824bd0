//! The second runtime: a fresh container of a Docker engine per job, which is removed with everything in it.
//!
//! It isolates as our own namespaces do, with the engine's means. What differs, and cannot be had from an engine: all slots
//! share one uid; `/job` and `/tmp` are two scratch folders, each of the job's size; `/proc` is there, with all that it
//! tells about the machine masked; calls newer than the kernel's names are not refused by number;
//! process numbers vary, since the engine's own start takes some. The engine must run on
//! this machine and see its files: its processes and control groups are read directly.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

mod account;
mod build;
mod config;
mod engine;
mod exchange;
mod home;

pub(crate) use build::build_tree;

use self::account::Account;
use self::engine::{Engine, complete};
use self::exchange::{DONE, Exchange, OPENED, prefix};
use self::home::{Home, LABEL, SLOT_LABEL};
use super::driver::Report;
use super::logs::{Drained, Logs, Pipes};
use super::namespaces::Options;
use super::serve::is_served;
use super::slots::{Lease, MAX_SLOTS, PATIENCE, Pool};
use super::supervise::{Metered, exit_of, exited, over, results, watch};
use super::{RunFuture, Runtime, Tier, seccomp};
use crate::error::SandboxError;
use crate::images::{self, ImageInfo};
use crate::job::{Completion, Ended, Job};
use crate::table;

/// As evidence names it.
const TIER_NAME: &str = "docker";
/// A container that was started opens its FIFOs this soon, or it is our fault.
const OPENING: Duration = Duration::from_secs(60);

/// Runs jobs in containers. Cheap to share behind an `Arc`.
pub struct Docker {
    engine: Engine,
    options: Options,
    home: Home,
    pool: Arc<Pool>,
    profile: String,
    images: Mutex<BTreeMap<String, ImageInfo>>,
    /// Tags of the images that the engine has. Held while one is imported.
    imported: tokio::sync::Mutex<BTreeSet<String>>,
    /// Containers so far.
    count: AtomicU64,
}

impl Docker {
    /// Connects to the engine (`DOCKER_HOST`, or the machine's socket), checks that it can hold every limit, and removes
    /// what dead owners left. An engine or a layer that is missing is an error that names it and the remedy.
    pub fn open(options: Options) -> Result<Docker, SandboxError> {
        if !(1..=MAX_SLOTS).contains(&options.slots) {
            let slots = options.slots;
            return Err(SandboxError::Spawn(format!(
                "{slots} slots; between 1 and {MAX_SLOTS} are possible"
            )));
        }
        let home = complete(async {
            let engine = Engine::connect().await?;
            engine.check().await?;
            Home::open(&options.state_dir, &engine).await
        })?;
        // A connection of its own: the first one's tasks ended with the runtime that it was made in.
        let engine = complete(Engine::connect())?;
        let pool = Pool::open(options.slots, None, &|_| ());
        Ok(Docker {
            engine,
            home,
            pool: Arc::new(pool.map_err(|error| SandboxError::supervisor("take the slots", error))?),
            profile: seccomp::profile(),
            images: Mutex::default(),
            imported: tokio::sync::Mutex::default(),
            count: AtomicU64::new(0),
            options,
        })
    }

    /// Where it lays out its jobs; also the label `assay.owner` of its containers.
    pub fn folder(&self) -> &Path {
        self.home.path()
    }

    async fn run_job(&self, job: &Job, slot: Option<u32>) -> Result<Completion, SandboxError> {
        job.validate()?;
        let spec = table::spec(&job.sandbox)?;
        if spec.gpu {
            let what = "a job that sees a GPU runs under the runtime `namespaces` only";
            return Err(SandboxError::InvalidJob(what.to_string()));
        }
        if spec.served.is_some() && job.steps.iter().any(is_served) {
            let what = "a step of a warm server runs under the runtime `namespaces` only";
            return Err(SandboxError::InvalidJob(what.to_string()));
        }
        let image = self.image(&job.sandbox)?;
        match self.run_in(job, &image, slot).await {
            // It had it, and somebody removed it.
            Err(SandboxError::ImageMissing { name, .. }) => {
                self.imported.lock().await.remove(&name);
                self.run_in(job, &image, slot).await
            }
            other => other,
        }
    }

    async fn run_in(&self, job: &Job, image: &ImageInfo, slot: Option<u32>) -> Result<Completion, SandboxError> {
        let tag = self.ensure(image).await?;
        let fault = |error| SandboxError::supervisor("prepare a slot", error);
        let lease = self.pool.acquire(slot).await.map_err(fault)?;
        let (exchange, pipes) = Exchange::new(self.home.path(), lease.number(), job, &image.rootfs).map_err(fault)?;
        let container = self.start(job, &tag, lease, exchange).await?;
        supervise(container, pipes, job).await
    }

    /// Starts a job's container. If the caller goes away meanwhile, it is removed.
    async fn start(&self, job: &Job, image: &str, lease: Lease, exchange: Exchange) -> Result<Container, SandboxError> {
        let owner = self.home.path().display().to_string();
        let labels = HashMap::from([
            (LABEL.to_string(), owner),
            (
                SLOT_LABEL.to_string(),
                format!("{} {}", self.home.path().display(), lease.number()),
            ),
        ]);
        let body = config::container(job, image, &exchange, &self.profile, labels);
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("assay-{}-{}-{count}", std::process::id(), lease.number());
        let engine = self.engine.clone();
        // A task of its own, which goes on when its caller is dropped: the engine would go on as well.
        let started = tokio::spawn(async move {
            let (id, pid) = engine.start(&name, body).await?;
            let held = Some((exchange, lease));
            Ok(Container { engine, id, pid, held })
        });
        started
            .await
            .unwrap_or_else(|error| Err(SandboxError::Spawn(error.to_string())))
    }

    /// Gives the engine the image unless it has it. The tag is the image's id.
    async fn ensure(&self, image: &ImageInfo) -> Result<String, SandboxError> {
        let repository = format!("assay-sandbox-{}", image.name);
        let tag = format!("{repository}:{}", image.id);
        let mut imported = self.imported.lock().await;
        if !imported.contains(&tag) {
            if !self.engine.has_image(&tag).await? {
                tracing::info!(tag, "giving the engine the image");
                self.engine.import(&image.rootfs, &repository, &image.id).await?;
            }
            imported.insert(tag.clone());
        }
        Ok(tag)
    }
}

impl Runtime for Docker {
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a> {
        Box::pin(self.run_job(job, None))
    }

    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a> {
        Box::pin(self.run_job(job, Some(slot)))
    }

    fn slots(&self) -> Vec<u32> {
        self.pool.numbers.clone()
    }

    fn retire(&self, slot: u32) {
        self.pool.retire(slot);
    }

    fn image(&self, sandbox: &str) -> Result<ImageInfo, SandboxError> {
        let mut known = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = known.get(sandbox) {
            return Ok(image.clone());
        }
        let image = images::load(sandbox, &self.options.state_dir)?;
        known.insert(sandbox.to_string(), image.clone());
        Ok(image)
    }

    fn tier(&self) -> Tier {
        Tier::Full
    }

    /// Of all slots together: their containers have one uid.
    fn remains(&self, slot: u32) -> Result<Vec<String>, SandboxError> {
        let owner = format!("{} {slot}", self.home.path().display());
        let containers = complete(async { Engine::connect().await?.labelled(SLOT_LABEL).await })?;
        let containers = containers.into_iter().filter(|(_, of)| *of == owner);
        let mut found: Vec<String> = containers.map(|(id, _)| format!("container {id}")).collect();
        let folders = self.home.jobs(&prefix(slot));
        found.extend(folders.map_err(|error| SandboxError::supervisor("list the jobs' folders", error))?);
        Ok(found)
    }
}

/// A container that runs. Dropped, it is removed, and only then are its folder and its slot given back.
struct Container {
    engine: Engine,
    id: String,
    /// Its first process, in our numbers.
    pid: i32,
    held: Option<(Exchange, Lease)>,
}

impl Container {
    fn exchange(&mut self) -> io::Result<&mut Exchange> {
        let gone = || io::Error::other("the container was removed");
        self.held.as_mut().map(|held| &mut held.0).ok_or_else(gone)
    }

    fn slot(&self) -> u32 {
        self.held.as_ref().map_or(0, |held| held.1.number())
    }

    /// Its first process, to wait for.
    fn process(&self) -> io::Result<OwnedFd> {
        // SAFETY: plain system call; the descriptor is new and ours.
        unsafe {
            let descriptor = libc::syscall(libc::SYS_pidfd_open, self.pid, 0) as i32;
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(OwnedFd::from_raw_fd(descriptor))
        }
    }

    /// Kills everything in it, and returns once nothing is left.
    async fn remove(&mut self) -> Result<(), SandboxError> {
        self.engine.remove(&self.id).await?;
        self.held = None;
        Ok(())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let (engine, id) = (self.engine.clone(), self.id.clone());
        let remove = async move {
            if let Err(error) = engine.remove(&id).await {
                tracing::error!(id, %error, "a container was not removed; the next start will");
            }
            drop(held);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(remove)),
            Err(_) => tracing::error!(id = self.id, "a container was left behind; the next start removes it"),
        }
    }
}

/// Runs a started container to its end.
async fn supervise(mut container: Container, pipes: Pipes, job: &Job) -> Result<Completion, SandboxError> {
    let fault = |what: &'static str| move |error| SandboxError::supervisor(what, error);
    let mut logs = Logs::new(pipes, job.limits.output_bytes as usize).map_err(fault("open the pipes"))?;
    let exit = container.process().and_then(exit_of);
    let exit = exit.map_err(|error| SandboxError::Spawn(format!("the container ended at once: {error}")))?;
    let opened = tokio::select! {
        opened = timeout(OPENING, logs.reported(OPENED)) => opened == Ok(true),
        _ = exited(&exit) => false,
    };
    if !opened {
        let said = String::from_utf8_lossy(logs.talk()).into_owned();
        return Err(SandboxError::Spawn(format!("the driver did not start: {said}")));
    }
    if config::pids_come_later(&job.limits) {
        let pids = i64::from(config::pids(&job.limits));
        container.engine.limit_pids(&container.id, pids).await?;
    }
    let account = Account::open(container.pid, &container.id).map_err(fault("find the container's accounts"))?;
    let begun = Instant::now();
    container
        .exchange()
        .and_then(|exchange| {
            exchange.seal()?;
            exchange.go()
        })
        .map_err(fault("start the driver"))?;
    let watched = watch(&account, exited(&exit), &mut logs, job, begun).await?;
    let wall_ms = begun.elapsed().as_millis() as u64;
    let usage = account.usage()?;
    let done = logs.report().split(|byte| *byte == b'\n').any(|line| line == DONE);
    let mut ended = watched.ended.or_else(|| over(&usage, job));
    if ended.is_none() && !done && container.engine.out_of_memory(&container.id).await? {
        // The driver itself was chosen.
        ended = Some(Ended::Memory);
    }
    let slot = container.slot();
    container.remove().await?;
    // Everyone who could write is dead, so this ends at once.
    let drained = timeout(PATIENCE, logs.rest()).await.unwrap_or(Drained::Closed);
    ended = ended.or((drained == Drained::Overflow).then_some(Ended::Output));
    let mut report = Report::parse(logs.report(), job.steps.len());
    if ended.is_some() {
        report.cut_short(watched.step);
    }
    if ended.is_none() && !(done && report.ready) {
        let said = String::from_utf8_lossy(logs.talk()).into_owned();
        return Err(SandboxError::Spawn(format!(
            "the driver did not get to its end: {said}"
        )));
    }
    Ok(Completion {
        starved: watched.starved(ended, wall_ms, &usage),
        steps: results(job, report, logs),
        ended,
        cpu_ms: usage.cpu_ms,
        wall_ms,
        peak_bytes: usage.peak_bytes,
        slot,
        tier: TIER_NAME.to_string(),
    })
}
