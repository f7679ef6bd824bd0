//! The default runtime: fresh namespaces for each job, in a slot.

use std::collections::BTreeMap;
use std::ffi::{CString, c_uint};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::cgroup::OWN_PIDS;
use super::driver::{self, Beyond};
use super::gpu::{Gpus, Seat};
use super::layout::{Layout, subtree_name};
use super::logs::Pipes;
use super::mounts::Bind;
use super::preload::{Line, Parent, Preloads, is_script};
use super::serve::{self, Server, Servers, Serving, is_served};
use super::slots::{Lease, MAX_SLOTS, Pool};
use super::spawn::{Plan, STAGE, Staged, Started, Starter, kill_uid, remedy};
use super::supervise::{KillStray, Running, supervise};
use super::users::Uids;
use super::{ENVIRONMENT, OPEN_FILES, RunFuture, Runtime, STACK_BYTES, Tier, seccomp};
use crate::error::SandboxError;
use crate::hash::ancestors;
use crate::hostile::traces;
use crate::images::{self, ImageInfo};
use crate::job::{Completion, Job, Limits};
use crate::table;

/// Where bwrap is looked for.
const BWRAP: [&str; 3] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];
/// Devices that a job sees; the image holds an empty file for each.
pub(super) const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const PAGE_BYTES: u64 = 4096;

/// How to open a [`Namespaces`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Holds the images, in `images/`. Need not be readable by the slots' uids.
    pub state_dir: PathBuf,
    /// Jobs at a time, 1..=256.
    pub slots: u32,
    /// The weakest tier that will do, where the full one cannot be had. `None`: only the full one.
    pub allow_weaker: Option<Tier>,
}

/// Runs jobs in namespaces of their own. Cheap to share behind an `Arc`; dropped, it ends its jobs.
pub struct Namespaces {
    state_dir: PathBuf,
    tier: Tier,
    /// As evidence names it.
    tier_name: &'static str,
    pub(super) uids: Arc<Uids>,
    pub(super) layout: Option<Layout>,
    pub(super) pool: Arc<Pool>,
    pub(super) starter: Starter,
    filter: Arc<[libc::sock_filter]>,
    pub(super) kill_stray: KillStray,
    /// None in a weaker tier: without groups, a child of another process would not be accounted for.
    preloads: Option<Arc<Preloads>>,
    pub(super) servers: Arc<Servers>,
    /// The servers' own slots, taken when the first one starts.
    pub(super) server_slots: tokio::sync::OnceCell<Arc<Pool>>,
    images: Mutex<BTreeMap<String, ImageInfo>>,
}

impl Namespaces {
    /// Finds out what this machine and this user offer, takes the slots, and ends what dead owners left in them.
    /// A missing layer is an error that names it and the remedy, unless `options` allow the weaker tier.
    pub fn open(options: Options) -> Result<Namespaces, SandboxError> {
        let fault = |what: &'static str| move |error| SandboxError::supervisor(what, error);
        if !(1..=MAX_SLOTS).contains(&options.slots) {
            return Err(SandboxError::Spawn(format!(
                "{} slots; between 1 and {MAX_SLOTS} are possible",
                options.slots
            )));
        }
        let weaker = options.allow_weaker == Some(Tier::NoCgroup);
        let layout = match groups() {
            Ok(layout) => Some(layout),
            Err(why) if weaker => {
                tracing::warn!(%why, "no control groups: total memory and CPU time of a job are not bounded");
                None
            }
            Err(why) => return Err(missing("cgroup", &cgroup_remedy(&why))),
        };
        let uids = match Uids::open() {
            Ok(uids) => uids,
            Err(_) if weaker => Uids::open_own().map_err(|why| missing("user-namespace", &why))?,
            Err(why) => return Err(missing("uid-range", &why)),
        };
        let uids = Arc::new(uids);
        let kill_stray = stray_killer(&uids);
        let reap = Arc::clone(&kill_stray);
        let pool = Pool::open(options.slots, layout.as_ref(), &|slot| reap(slot)).map_err(fault("take the slots"))?;
        let (tier, tier_name) = match (&layout, uids.exclusive()) {
            (Some(_), true) => (Tier::Full, "namespaces+cgroup"),
            (Some(_), false) => (Tier::NoCgroup, "namespaces+cgroup+own-uid"),
            (None, true) => (Tier::NoCgroup, "namespaces"),
            (None, false) => (Tier::NoCgroup, "namespaces+own-uid"),
        };
        let filter = seccomp::program(seccomp::JOB_SOCKETS).map_err(SandboxError::Spawn)?;
        let preloads = match tier {
            Tier::Full => Some(Preloads::new(bwrap()?, seccomp::bytes(&filter), Arc::clone(&uids))),
            Tier::NoCgroup => None,
        };
        Ok(Namespaces {
            state_dir: options.state_dir,
            tier,
            tier_name,
            uids,
            layout,
            pool: Arc::new(pool),
            starter: Starter::new().map_err(fault("start the starting thread"))?,
            filter: filter.into(),
            kill_stray,
            preloads,
            servers: Arc::default(),
            server_slots: tokio::sync::OnceCell::new(),
            images: Mutex::default(),
        })
    }

    /// The numbers of its slots, each this machine's over while it lives: slot N is the control group `slot-N` and, as
    /// root, the uid 200000 + N.
    pub fn slots(&self) -> &[u32] {
        &self.pool.numbers
    }

    /// The same, but that it starts every Python script anew, whatever an image declares. For comparison.
    pub fn without_preload(self) -> Namespaces {
        Namespaces { preloads: None, ..self }
    }

    async fn run_job(&self, job: &Job, slot: Option<u32>) -> Result<Completion, SandboxError> {
        job.validate()?;
        let image = self.image(&job.sandbox)?;
        let spec = table::spec(&job.sandbox)?;
        if spec.served.is_some() && job.steps.iter().any(is_served) {
            return self.run_served(job, &image.rootfs, slot).await;
        }
        if spec.gpu {
            let gpus = Gpus::find(Path::new("/")).map_err(|why| missing("gpu", &why))?;
            return self.run_on_gpu(job, &image.rootfs, slot, &gpus).await;
        }
        let modules = spec.preload;
        let parent = match &self.preloads {
            Some(preloads) if !modules.is_empty() && job.steps.iter().any(is_script) => {
                Some(preloads.parent(&image.rootfs, modules).await?)
            }
            _ => None,
        };
        let helper = parent.map_or(Helper::None, Helper::Parent);
        self.run_with(job, &image.rootfs, slot, helper).await
    }

    /// Runs a job that sees a GPU, and nobody else's job meanwhile. It waits for the GPU first, and then for a slot.
    pub(crate) async fn run_on_gpu(
        &self,
        job: &Job,
        rootfs: &Path,
        slot: Option<u32>,
        gpus: &Gpus,
    ) -> Result<Completion, SandboxError> {
        // The driver maps far more than it uses.
        if self.tier != Tier::Full {
            let why = "a GPU is handed on in the tier `full` only, where memory is not bounded by addresses";
            return Err(missing("cgroup", why));
        }
        let seat = gpus.take().await?;
        self.run_with(job, rootfs, slot, Helper::Gpu(seat)).await
    }

    /// Runs a job in a root folder that need not be an image yet.
    pub(crate) async fn run_in(&self, job: &Job, rootfs: &Path, slot: Option<u32>) -> Result<Completion, SandboxError> {
        self.run_with(job, rootfs, slot, Helper::None).await
    }

    pub(super) async fn run_with(
        &self,
        job: &Job,
        rootfs: &Path,
        slot: Option<u32>,
        helper: Helper,
    ) -> Result<Completion, SandboxError> {
        let fault = |error| SandboxError::supervisor("prepare a slot", error);
        let mut lease = self.pool.acquire(slot).await.map_err(fault)?;
        lease.settle().await.map_err(fault)?;
        let groups = match lease.group_mut() {
            Some(group) => group.begin(&job.limits).map_err(fault)?,
            None => Vec::new(),
        };
        let (mut descriptors, pipes) = self.descriptors(job, helper.beyond()).map_err(fault)?;
        let mut tier = self.tier_name;
        let (mut serving, mut gpu) = (None, None);
        match helper {
            Helper::None => {}
            Helper::Gpu(seat) => gpu = Some(seat),
            Helper::Parent(parent) => {
                let line = Line::new(job).map_err(fault)?;
                let (uid, limits) = (self.uids.of_slot(lease.number()), self.resource_limits(&job.limits));
                let logs = &descriptors[driver::FIRST_LOG_FD..];
                let admitted = parent.admit(&line, uid, &limits, logs, &groups);
                admitted.map_err(|error| SandboxError::Spawn(format!("the preloaded interpreter: {error}")))?;
                descriptors.push(line.driver);
                tier = "namespaces+cgroup+fork";
            }
            Helper::Server(server) => {
                let logs = &descriptors[driver::FIRST_LOG_FD..];
                let made = Serving::new(Arc::clone(&self.servers), *server, job, logs).map_err(fault)?;
                descriptors.push(made.1);
                serving = Some(made.0);
            }
        }
        let mut plan = self.plan(job, rootfs, lease.number(), groups, descriptors)?;
        if let Some(seat) = &gpu {
            seat.enter(&mut plan)?;
        }
        let started = self.starter.start(plan, lease, abandon(&self.kill_stray)).await;
        let (started, lease) = started.map_err(|error| SandboxError::Spawn(format!("{error}{}", remedy(&error))))?;
        let running = Running::new(started, lease, Arc::clone(&self.kill_stray));
        let watched = supervise(running, pipes, job, tier);
        let Some(serving) = serving else {
            return watched.await;
        };
        let (mut watched, mut serving) = (std::pin::pin!(watched), std::pin::pin!(serving.run(job)));
        tokio::select! {
            completion = &mut watched => {
                // It notices that the driver has gone, or still works for a job that was ended, and dies with it.
                let _ = tokio::time::timeout(serve::GRACE, serving).await;
                completion
            }
            () = &mut serving => watched.await,
        }
    }

    /// What the driver gets as 0, 1, 2 …, and the other ends.
    fn descriptors(&self, job: &Job, beyond: Beyond) -> io::Result<(Vec<OwnedFd>, Pipes)> {
        let script: OwnedFd = memory_file(driver::script(job, beyond).as_bytes())?.into();
        let (talk, talk_end) = pipe()?;
        let (report, report_end) = pipe()?;
        let mut list: Vec<OwnedFd> = vec![script, report_end, talk_end];
        let mut logs = Vec::new();
        for _ in &job.steps {
            let (log, end) = pipe()?;
            logs.push(log);
            list.push(end);
        }
        Ok((list, Pipes { talk, report, logs }))
    }

    pub(super) fn plan(
        &self,
        job: &Job,
        rootfs: &Path,
        slot: u32,
        groups: Vec<OwnedFd>,
        descriptors: Vec<OwnedFd>,
    ) -> Result<Plan, SandboxError> {
        let staged = |path: &str| c_string(format!("{STAGE}/{path}"));
        let mut folders = vec![staged("root")?, staged("in")?];
        let inner: std::collections::BTreeSet<&str> = job.files.iter().flat_map(|file| ancestors(&file.path)).collect();
        for folder in &inner {
            folders.push(staged(&format!("in/{folder}"))?);
        }
        let files = job.files.iter().map(|file| {
            Ok(Staged {
                path: staged(&format!("in/{}", file.path))?,
                content: file.content.clone().into_bytes(),
            })
        });
        let shell = c_string(driver::shell(descriptors.len()))?;
        Ok(Plan {
            groups,
            user_namespace: self.uids.namespace().map(AsRawFd::as_raw_fd),
            uid: self.uids.of_slot(slot),
            rootfs: c_string(rootfs.as_os_str().as_bytes())?,
            binds: DEVICES
                .iter()
                .map(|device| Bind::device(Path::new(device), &format!("root{device}")))
                .collect::<Result<_, _>>()?,
            tmpfs: c_string(tmpfs_options(job, inner.len() as u64))?,
            folders,
            own_folders: vec![staged("job")?, staged("job/in")?, staged("tmp")?],
            files: files.collect::<Result<_, SandboxError>>()?,
            limits: self.resource_limits(&job.limits),
            filter: Arc::clone(&self.filter),
            loopback: false,
            proc: false,
            argv: vec![shell.clone()],
            program: shell,
            descriptors,
            environment: ENVIRONMENT
                .iter()
                .map(|pair| c_string(*pair))
                .collect::<Result<_, _>>()?,
        })
    }

    fn resource_limits(&self, limits: &Limits) -> Vec<(c_uint, u64)> {
        let mut list = vec![
            (libc::RLIMIT_CORE, seccomp::CORE_BYTES),
            (libc::RLIMIT_FSIZE, limits.file_bytes),
            (libc::RLIMIT_NOFILE, OPEN_FILES),
            (libc::RLIMIT_STACK, STACK_BYTES),
            (libc::RLIMIT_MEMLOCK, 0),
            (libc::RLIMIT_MSGQUEUE, 0),
            // A second line behind the group's account, and the only one without groups. Whole seconds.
            (libc::RLIMIT_CPU, limits.cpu_ms.div_ceil(1000) + 1),
        ];
        if self.tier_name != "namespaces+cgroup" {
            list.push((libc::RLIMIT_AS, limits.memory_bytes));
            if self.uids.exclusive() {
                list.push((libc::RLIMIT_NPROC, u64::from(limits.pids) + u64::from(OWN_PIDS)));
            }
        }
        list
    }
}

/// What runs some of a job's steps for it.
pub(super) enum Helper {
    None,
    /// The job's Python scripts.
    Parent(Arc<Parent>),
    /// The job's served steps.
    Server(Box<Server>),
    /// Nothing, but all of them see a GPU.
    Gpu(Seat),
}

impl Helper {
    fn beyond(&self) -> Beyond {
        match self {
            Helper::None | Helper::Gpu(_) => Beyond::Nothing,
            Helper::Parent(_) => Beyond::Preloaded,
            Helper::Server(_) => Beyond::Served,
        }
    }
}

impl Runtime for Namespaces {
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
        let image = images::load(sandbox, &self.state_dir)?;
        known.insert(sandbox.to_string(), image.clone());
        Ok(image)
    }

    fn tier(&self) -> Tier {
        self.tier
    }

    fn remains(&self, slot: u32) -> Result<Vec<String>, SandboxError> {
        let mut found = match &self.layout {
            Some(layout) => layout.members(slot),
            None => Vec::new(),
        };
        if let Some(uid) = self.uids.on_machine(slot) {
            found.extend(traces::of_uid(uid, &self.state_dir));
        }
        Ok(found)
    }
}

fn missing(layer: &'static str, remedy: &str) -> SandboxError {
    SandboxError::MissingLayer {
        layer,
        remedy: remedy.to_string(),
    }
}

fn groups() -> Result<Layout, String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").map_err(|error| format!("/proc/self/mounts: {error}"))?;
    let layout = Layout::detect(&mounts, &subtree_name())?;
    layout.prepare()?;
    Ok(layout)
}

fn cgroup_remedy(why: &str) -> String {
    let name = subtree_name();
    format!(
        "{why}; have an administrator hand the control group subtree `{name}` to this user, or ask for the weaker tier `{}` by name",
        Tier::NoCgroup
    )
}

/// Kills whatever runs under a slot's uid. With a shared uid, nothing: the sandbox's own namespace has to do.
fn stray_killer(uids: &Arc<Uids>) -> KillStray {
    let uids = Arc::clone(uids);
    Arc::new(move |slot| {
        if uids.exclusive()
            && let Err(error) = kill_uid(uids.namespace().map(AsRawFd::as_raw_fd), uids.of_slot(slot))
        {
            tracing::warn!(slot, %error, "could not look for stray processes");
        }
    })
}

/// What becomes of a sandbox that started after its caller had gone: built and dropped, which ends it.
pub(super) fn abandon(kill_stray: &KillStray) -> Box<dyn FnOnce(Started, Lease) + Send> {
    let kill_stray = Arc::clone(kill_stray);
    Box::new(move |started, lease| drop(Running::new(started, lease, kill_stray)))
}

/// The size and inodes of the tmpfs that holds the job's files and its scratch folders: what the job may use, and what
/// its own files take.
fn tmpfs_options(job: &Job, folders: u64) -> String {
    let pages: u64 = job
        .files
        .iter()
        .map(|file| (file.content.len() as u64).div_ceil(PAGE_BYTES))
        .sum();
    let size = job.limits.disk_bytes.div_ceil(PAGE_BYTES) + pages;
    // The tmpfs itself, root, in, job, job/in, tmp.
    let inodes = job.limits.inodes + job.files.len() as u64 + folders + 6;
    format!("size={},nr_inodes={inodes},mode=0755", size * PAGE_BYTES)
}

/// What a preloaded interpreter is started with.
fn bwrap() -> Result<CString, SandboxError> {
    let found = BWRAP.iter().find(|path| Path::new(path).exists());
    c_string(*found.ok_or_else(|| missing("bubblewrap", "install the package bubblewrap"))?)
}

pub(super) fn c_string(text: impl Into<Vec<u8>>) -> Result<CString, SandboxError> {
    CString::new(text).map_err(|_| SandboxError::InvalidJob("a path or argument has a NUL".to_string()))
}

/// A pipe's reading end and its writing end, closed at an exec.
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: plain system call that fills an array of ours; the descriptors are new and ours.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// A file without a name, at its beginning, that nobody can change.
pub(super) fn memory_file(content: &[u8]) -> io::Result<File> {
    // SAFETY: plain system call; the descriptor is new and ours.
    let mut file = unsafe {
        let descriptor: RawFd = libc::memfd_create(c"sandbox".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        File::from_raw_fd(descriptor)
    };
    file.write_all(content)?;
    io::Seek::rewind(&mut file)?;
    let seals = libc::F_SEAL_WRITE | libc::F_SEAL_GROW | libc::F_SEAL_SHRINK | libc::F_SEAL_SEAL;
    // SAFETY: plain system call on a descriptor that we hold.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}
