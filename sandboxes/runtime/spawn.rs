//! Starts a sandbox for one job.
//!
//! A child that shares our memory until it is done (`CLONE_VM | CLONE_VFORK`) spares copying the page tables of a large
//! process. The child joins the slot's groups, enters the user namespace, lays out the job's files on a tmpfs in a mount
//! namespace of its own, so that nothing is left anywhere when it dies, lowers its limits, becomes the slot's uid, and
//! makes the sandbox's first process ([`super::enter`]).
//!
//! That process dies with the *thread* that started it (`PR_SET_PDEATHSIG`), so one thread of our own starts them all.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::sync::oneshot;

use super::enter;
use super::mounts::{Bind, SEALED, move_mount, open_tree, restrict};
use super::slots::Lease;

/// Where the job is laid out, in the child's own mount namespace: any folder that every system has.
pub(crate) const STAGE: &str = "/tmp";
pub(crate) const STAGE_FOLDER: &CStr = c"/tmp";
/// The stacks of the child and of the first process, half of it each, bytes.
const STACK_BYTES: usize = 256 << 10;
/// First descriptor that cannot be one that the sandbox is given.
const HIGH_FD: c_int = 128;
/// The same addresses in every run.
pub(crate) const ADDR_NO_RANDOMIZE: libc::c_ulong = 0x0040000;

/// A file to lay out: an absolute path under [`STAGE`], and its bytes.
#[derive(Debug)]
pub(crate) struct Staged {
    pub path: CString,
    pub content: Vec<u8>,
}

/// Everything the child does, prepared so that it need not allocate.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Open `cgroup.procs` files; writing `0` moves the writer.
    pub groups: Vec<OwnedFd>,
    pub user_namespace: Option<RawFd>,
    pub uid: u32,
    /// The image's root folder.
    pub rootfs: CString,
    /// What of the machine's the job sees, mounted in this order.
    pub binds: Vec<Bind>,
    /// Options of the stage's tmpfs: its size and inodes.
    pub tmpfs: CString,
    /// Made in this order; those of the second list are given to the slot's uid.
    pub folders: Vec<CString>,
    pub own_folders: Vec<CString>,
    pub files: Vec<Staged>,
    /// Resource and its new hard limit.
    pub limits: Vec<(c_uint, u64)>,
    /// The n-th becomes descriptor n of the sandbox.
    pub descriptors: Vec<OwnedFd>,
    /// The seccomp filter.
    pub filter: Arc<[libc::sock_filter]>,
    /// It talks to itself over loopback.
    pub loopback: bool,
    /// It sees `/proc`, of its own processes.
    pub proc: bool,
    pub program: CString,
    pub argv: Vec<CString>,
    pub environment: Vec<CString>,
}

/// The first process of a sandbox: our child, which takes everything in it along when it dies.
#[derive(Debug)]
pub(crate) struct Started {
    pub pid: i32,
    pub pidfd: OwnedFd,
}

/// One request to the starting thread.
struct Request {
    plan: Plan,
    lease: Lease,
    answer: oneshot::Sender<io::Result<(Started, Lease)>>,
    abandon: Abandon,
}

/// Ends a sandbox that nobody waits for.
pub(crate) type Abandon = Box<dyn FnOnce(Started, Lease) + Send>;

/// The thread that starts sandboxes, and lives as long as they may.
#[derive(Debug)]
pub(crate) struct Starter {
    requests: mpsc::Sender<Request>,
}

impl Starter {
    pub fn new() -> io::Result<Starter> {
        let (requests, inbox) = mpsc::channel::<Request>();
        std::thread::Builder::new()
            .name("sandbox-starter".into())
            .spawn(move || {
                let mut stack = vec![0_u128; STACK_BYTES / 16];
                while let Ok(Request {
                    plan,
                    lease,
                    answer,
                    abandon,
                }) = inbox.recv()
                {
                    let started = start(&plan, &mut stack).map(|started| (started, lease));
                    drop(plan);
                    // Nobody waits any more: whoever asked was dropped, so the job must die.
                    if let Err(Ok((started, lease))) = answer.send(started) {
                        abandon(started, lease);
                    }
                }
            })?;
        Ok(Starter { requests })
    }

    /// Starts a sandbox in the lease's slot. If the caller goes away first, `abandon` gets what was started.
    pub async fn start(&self, plan: Plan, lease: Lease, abandon: Abandon) -> io::Result<(Started, Lease)> {
        let gone = || io::Error::other("the starting thread has ended");
        let (answer, reply) = oneshot::channel();
        self.requests
            .send(Request {
                plan,
                lease,
                answer,
                abandon,
            })
            .map_err(|_| gone())?;
        reply.await.map_err(|_| gone())?
    }
}

/// What parent, child and first process share.
pub(crate) struct Shared<'a> {
    pub plan: &'a Plan,
    pub argv: Vec<*const c_char>,
    pub environment: Vec<*const c_char>,
    pub filter: libc::sock_fprog,
    /// Where the first process has its stack.
    stack: *mut c_void,
    /// The first process, once it is made.
    pub first: c_int,
    /// What failed, and how.
    pub failed: Option<(&'static str, c_int)>,
}

/// Held while a child has our memory. Whether memory is dumpable, and with it whose the files in `/proc/self` are, belongs
/// to the memory, not to the process: a second child that changed its uid meanwhile would take them from the first.
static LENT: Mutex<()> = Mutex::new(());

fn start(plan: &Plan, stack: &mut [u128]) -> io::Result<Started> {
    let _lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
    let pointers = |list: &[CString]| list.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect();
    let half = stack.len() / 2;
    let mut shared = Shared {
        plan,
        argv: pointers(&plan.argv),
        environment: pointers(&plan.environment),
        filter: libc::sock_fprog {
            len: plan.filter.len() as libc::c_ushort,
            filter: plan.filter.as_ptr().cast_mut(),
        },
        stack: ptr::null_mut(),
        first: -1,
        failed: None,
    };
    // SAFETY: the child runs `child` on a stack of its own while this thread sleeps (CLONE_VFORK), and what it makes runs
    // on another while the child sleeps, so `shared` and `stack` outlive their use of them. Signals are blocked meanwhile,
    // so that no handler of ours runs in the child.
    unsafe {
        let middle = stack.as_mut_ptr().add(half).cast::<c_void>();
        let top = stack.as_mut_ptr().add(stack.len()).cast::<c_void>();
        shared.stack = middle;
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(child, top, flags, (&raw mut shared).cast::<c_void>());
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        // Changing its uid made the shared memory, ours, undumpable.
        libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0);
        if pid < 0 {
            return Err(error);
        }
        libc::waitpid(pid, ptr::null_mut(), 0);
    }
    started(&shared)
}

/// What helps where a sandbox could not be started: a word to go on with, or nothing.
pub(crate) fn remedy(error: &io::Error) -> &'static str {
    // .NET and the CUDA driver need it.
    if error.to_string().starts_with("mount /proc") {
        "; a container hides parts of its /proc: give it the security option systempaths=unconfined, and mount nothing below \
         /proc (NVIDIA's container toolkit does)"
    } else {
        ""
    }
}

/// What the child has left us: the first process, or the reason why there is none.
fn started(shared: &Shared) -> io::Result<Started> {
    let pid = shared.first;
    let failed = |what, error: io::Error| {
        if pid > 0 {
            // SAFETY: plain system calls on our own child.
            unsafe {
                libc::kill(pid, libc::SIGKILL);
                libc::waitpid(pid, ptr::null_mut(), 0);
            }
        }
        io::Error::new(error.kind(), format!("{what}: {error}"))
    };
    if let Some((what, errno)) = shared.failed {
        return Err(failed(what, io::Error::from_raw_os_error(errno)));
    }
    if pid <= 0 {
        return Err(io::Error::other("the child that makes a sandbox was killed"));
    }
    // SAFETY: plain system call; nobody reaps our child but us, so the number is still its own.
    let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) as c_int };
    if pidfd < 0 {
        return Err(failed("pidfd_open", io::Error::last_os_error()));
    }
    // SAFETY: the descriptor is new and ours.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Started { pid, pidfd })
}

extern "C" fn child(shared: *mut c_void) -> c_int {
    // SAFETY: `start` passes a `Shared` that it does not touch until we are gone.
    let shared = unsafe { &mut *shared.cast::<Shared>() };
    // SAFETY: we are a process of one thread, on a stack of our own, and leave without running any destructor of the
    // parent.
    unsafe {
        let stack = shared.stack;
        if let Err(what) = prepare(shared.plan).and_then(|()| enter::make(shared, stack)) {
            shared.failed = Some((what, *libc::__errno_location()));
        }
        libc::_exit(0)
    }
}

/// Fails with `what` unless the call returned a non-negative number.
macro_rules! call {
    ($what:expr, $call:expr) => {{
        let result = $call;
        if result < 0 {
            return Err($what);
        }
        result
    }};
}
pub(crate) use call;

/// # Safety
/// Only in the child: it changes the process for good. It neither allocates nor locks.
unsafe fn prepare(plan: &Plan) -> Result<(), &'static str> {
    unsafe {
        reset_signals();
        call!("setsid", libc::setsid());
        for group in &plan.groups {
            call!(
                "join the control group",
                libc::write(group.as_raw_fd(), c"0".as_ptr().cast(), 1)
            );
        }
        if let Some(namespace) = plan.user_namespace {
            call!("enter the user namespace", libc::setns(namespace, libc::CLONE_NEWUSER));
        }
        stage(plan)?;
        descriptors(&plan.descriptors)?;
        for (resource, limit) in &plan.limits {
            lower(*resource, *limit)?;
        }
        call!("personality", libc::personality(ADDR_NO_RANDOMIZE));
        become_uid(plan.uid)
    }
}

/// Signals do what they do by default, and none is blocked, whoever started us: `nohup`, a shell's background, cron.
///
/// # Safety
/// Only in a child: it changes the process for good. It neither allocates nor locks.
pub(crate) unsafe fn reset_signals() {
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=64 {
            // KILL, STOP and libc's own two are refused, which is right.
            libc::sigaction(signal, &action, ptr::null_mut());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
    }
}

/// Lays out the job on a tmpfs that only this process sees, and below it the whole root folder: the image, the job's
/// folders and its files, and a few devices.
unsafe fn stage(plan: &Plan) -> Result<(), &'static str> {
    unsafe {
        call!("new mount namespace", libc::unshare(libc::CLONE_NEWNS));
        let private = libc::MS_REC | libc::MS_PRIVATE;
        call!(
            "make mounts private",
            libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), private, ptr::null())
        );
        // Taken before the tmpfs covers it: the image may be stored below.
        let image = open_tree(&plan.rootfs, 0)?;
        let flags = libc::MS_NOSUID | libc::MS_NODEV;
        let (name, kind) = (c"stage".as_ptr(), c"tmpfs".as_ptr());
        let options = plan.tmpfs.as_ptr().cast();
        call!(
            "mount the scratch tmpfs",
            libc::mount(name, STAGE_FOLDER.as_ptr(), kind, flags, options)
        );
        libc::umask(0);
        for folder in &plan.folders {
            call!("make a folder for the job", libc::mkdir(folder.as_ptr(), 0o755));
        }
        for folder in &plan.own_folders {
            call!("make a folder for the job", libc::mkdir(folder.as_ptr(), 0o755));
            call!(
                "give a folder to the job",
                libc::chown(folder.as_ptr(), plan.uid, plan.uid)
            );
        }
        libc::umask(0o022);
        for file in &plan.files {
            write_file(file)?;
        }
        restrict(image, SEALED)?;
        move_mount(image, enter::ROOT_FOLDER)?;
        for bind in &plan.binds {
            let tree = open_tree(&bind.source, libc::AT_RECURSIVE as c_uint)?;
            restrict(tree, bind.attributes)?;
            move_mount(tree, &bind.place)?;
        }
        move_mount(open_tree(c"/tmp/job", 0)?, c"/tmp/root/job")?;
        move_mount(open_tree(c"/tmp/tmp", 0)?, c"/tmp/root/tmp")?;
        let input = open_tree(c"/tmp/in", 0)?;
        restrict(input, SEALED)?;
        move_mount(input, c"/tmp/root/job/in")
    }
}

unsafe fn write_file(file: &Staged) -> Result<(), &'static str> {
    unsafe {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC;
        let descriptor = call!("create a file of the job", libc::open(file.path.as_ptr(), flags, 0o644));
        let mut rest = file.content.as_slice();
        while !rest.is_empty() {
            let written = call!(
                "write a file of the job",
                libc::write(descriptor, rest.as_ptr().cast(), rest.len())
            );
            rest = rest.get(written as usize..).unwrap_or_default();
        }
        libc::close(descriptor);
    }
    Ok(())
}

/// Gives the n-th descriptor the number n. Those that already have a low number step aside first.
unsafe fn descriptors(list: &[OwnedFd]) -> Result<(), &'static str> {
    let mut high = [0; HIGH_FD as usize];
    for (place, descriptor) in high.iter_mut().zip(list) {
        *place = unsafe {
            call!(
                "dup",
                libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, HIGH_FD)
            )
        };
    }
    for (number, descriptor) in high.iter().take(list.len()).enumerate() {
        unsafe { call!("dup2", libc::dup2(*descriptor, number as c_int)) };
    }
    // Whatever else is open, some of it inherited by us from who knows whom, ends at the exec.
    let (first, last) = (list.len() as c_uint, c_uint::MAX);
    unsafe {
        call!(
            "close_range",
            libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC)
        )
    };
    Ok(())
}

/// Limits can be lowered by anyone and raised by few.
///
/// # Safety
/// Only in a child: it changes the process for good. It neither allocates nor locks.
pub(crate) unsafe fn lower(resource: c_uint, limit: u64) -> Result<(), &'static str> {
    unsafe {
        let mut now = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        call!("getrlimit", libc::getrlimit(resource, &mut now));
        let limit = limit.min(now.rlim_max);
        let new = libc::rlimit {
            rlim_cur: limit,
            rlim_max: limit,
        };
        call!("setrlimit", libc::setrlimit(resource, &new));
    }
    Ok(())
}

/// Raw calls: libc's wrappers would tell the parent's threads to change as well. A slot with the user's own uid is 0 in
/// its namespace already, and may not drop groups there.
unsafe fn become_uid(uid: u32) -> Result<(), &'static str> {
    if uid == 0 {
        return Ok(());
    }
    unsafe {
        call!("setgroups", libc::syscall(libc::SYS_setgroups, 0, ptr::null::<u32>()));
        call!("setresgid", libc::syscall(libc::SYS_setresgid, uid, uid, uid));
        call!("setresuid", libc::syscall(libc::SYS_setresuid, uid, uid, uid));
    }
    Ok(())
}

/// Kills the first process of a sandbox, and with it everything inside.
pub(crate) fn kill(started: &Started) {
    let (pidfd, nothing) = (started.pidfd.as_raw_fd(), ptr::null::<c_void>());
    // SAFETY: plain system call on a descriptor that we hold.
    unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd, libc::SIGKILL, nothing, 0);
    }
}

/// Waits until a process has ended; false if it takes longer.
pub(crate) fn await_end(started: &Started, patience: std::time::Duration) -> bool {
    let mut poll = libc::pollfd {
        fd: started.pidfd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: plain system call on a structure of ours.
    unsafe { libc::poll(&mut poll, 1, patience.as_millis() as c_int) == 1 }
}

/// Kills every process of a uid that one slot alone uses, from inside the namespace that maps it.
pub(crate) fn kill_uid(user_namespace: Option<RawFd>, uid: u32) -> io::Result<()> {
    // SAFETY: the child makes plain system calls on values copied at the fork, then exits.
    unsafe {
        let pid = libc::fork();
        if pid == 0 {
            let entered = user_namespace.is_none_or(|namespace| libc::setns(namespace, libc::CLONE_NEWUSER) == 0);
            // Never with uid 0: that would be everything.
            if entered && uid != 0 && become_uid(uid).is_ok() {
                libc::kill(-1, libc::SIGKILL);
            }
            libc::_exit(0);
        }
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::waitpid(pid, ptr::null_mut(), 0);
    }
    Ok(())
}
