//! Starts bwrap for one job.
//!
//! A child that shares our memory until it execs (`CLONE_VM | CLONE_VFORK`) spares copying the page tables of a large
//! process. The child joins the slot's groups, enters the user namespace, lays out the job's files on a tmpfs in a mount
//! namespace of its own, so that nothing is left anywhere when it dies, lowers its limits, becomes the slot's uid, and
//! execs. bwrap must never run as root, not even with `--uid`: it could write `/proc/sys/kernel/core_pattern`.
//!
//! bwrap dies with the *thread* that started it (`PR_SET_PDEATHSIG`), so one thread of our own starts them all.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::mpsc;

use tokio::sync::oneshot;

use super::slots::Lease;

/// Where the job is laid out, in the child's own mount namespace: any folder that every system has.
pub(crate) const STAGE: &str = "/tmp";
const STAGE_FOLDER: &CStr = c"/tmp";
/// The child's stack, bytes.
const STACK_BYTES: usize = 128 << 10;
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
    /// The image's root folder, and where it appears in the stage.
    pub rootfs: CString,
    pub rootfs_at: CString,
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
    pub program: CString,
    pub argv: Vec<CString>,
    pub environment: Vec<CString>,
}

/// A started bwrap, and the slot that it is in. Dropped before [`Started::reap`], it is killed.
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

    /// Starts bwrap in the lease's slot. If the caller goes away first, `abandon` gets what was started.
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

/// What parent and child share.
struct Shared<'a> {
    plan: &'a Plan,
    argv: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    /// What failed, and how.
    failed: Option<(&'static str, c_int)>,
}

fn start(plan: &Plan, stack: &mut [u128]) -> io::Result<Started> {
    let pointers = |list: &[CString]| list.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect();
    let mut shared = Shared {
        plan,
        argv: pointers(&plan.argv),
        environment: pointers(&plan.environment),
        failed: None,
    };
    let mut pidfd: c_int = -1;
    // SAFETY: the child runs `child` on a stack of its own while this thread sleeps (CLONE_VFORK), so `shared` and
    // `stack` outlive its use of them. Signals are blocked meanwhile, so that no handler of ours runs in the child.
    let pid = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let top = stack.as_mut_ptr().add(stack.len()).cast::<c_void>();
        let pid = libc::clone(child, top, flags, (&raw mut shared).cast::<c_void>(), &raw mut pidfd);
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        // Changing its uid made the shared memory, ours, undumpable.
        libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0);
        if pid < 0 {
            return Err(error);
        }
        pid
    };
    // SAFETY: clone gave us this descriptor.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    if let Some((what, errno)) = shared.failed {
        // SAFETY: plain system call on our own child.
        unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
        let error = io::Error::from_raw_os_error(errno);
        return Err(io::Error::new(error.kind(), format!("{what}: {error}")));
    }
    Ok(Started { pid, pidfd })
}

extern "C" fn child(shared: *mut c_void) -> c_int {
    // SAFETY: `start` passes a `Shared` that it does not touch until we are gone.
    let shared = unsafe { &mut *shared.cast::<Shared>() };
    // SAFETY: we are a process of one thread, on a stack of our own.
    let Err(what) = unsafe { become_sandbox(shared) };
    // SAFETY: plain system calls; `_exit` runs no destructor of the parent.
    unsafe {
        shared.failed = Some((what, *libc::__errno_location()));
        libc::_exit(127)
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

/// # Safety
/// Only in the child: it changes the process for good. It neither allocates nor locks.
unsafe fn become_sandbox(shared: &Shared) -> Result<std::convert::Infallible, &'static str> {
    let plan = shared.plan;
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
        become_uid(plan.uid)?;
        libc::execve(plan.program.as_ptr(), shared.argv.as_ptr(), shared.environment.as_ptr());
    }
    Err("exec bwrap")
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

/// Puts the image and the job's files on a tmpfs that only this process sees.
unsafe fn stage(plan: &Plan) -> Result<(), &'static str> {
    const OPEN_TREE_CLONE: c_uint = 1;
    const MOVE_MOUNT_F_EMPTY_PATH: c_uint = 4;
    unsafe {
        call!("new mount namespace", libc::unshare(libc::CLONE_NEWNS));
        let private = libc::MS_REC | libc::MS_PRIVATE;
        call!(
            "make mounts private",
            libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), private, ptr::null())
        );
        // Taken before the tmpfs covers it: the image may be stored below.
        let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC as c_uint;
        let tree = call!(
            "open the image",
            libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, plan.rootfs.as_ptr(), flags) as c_int
        );
        let flags = libc::MS_NOSUID | libc::MS_NODEV;
        let options = plan.tmpfs.as_ptr().cast();
        call!(
            "mount the scratch tmpfs",
            libc::mount(
                c"stage".as_ptr(),
                STAGE_FOLDER.as_ptr(),
                c"tmpfs".as_ptr(),
                flags,
                options
            )
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
        let to = plan.rootfs_at.as_ptr();
        let moved = libc::syscall(
            libc::SYS_move_mount,
            tree,
            c"".as_ptr(),
            libc::AT_FDCWD,
            to,
            MOVE_MOUNT_F_EMPTY_PATH,
        );
        call!("mount the image", moved);
        for file in &plan.files {
            write_file(file)?;
        }
    }
    Ok(())
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

/// Kills the first process of a sandbox's process namespace, and with it everything inside. Left alone, bwrap then reaps
/// it and ends; killed together with it, bwrap would leave that to the machine's init, and some never do it.
/// False if there is no such process (yet).
pub(crate) fn kill_inner(started: &Started) -> bool {
    let children = format!("/proc/{0}/task/{0}/children", started.pid);
    let first = || {
        std::fs::read_to_string(&children)
            .ok()?
            .split_whitespace()
            .next()?
            .parse::<i32>()
            .ok()
    };
    let Some(inner) = first() else { return false };
    // SAFETY: plain system calls; the descriptor is new and ours.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, inner, 0) as c_int;
        if descriptor < 0 {
            return false;
        }
        let descriptor = OwnedFd::from_raw_fd(descriptor);
        // Still its child, so the descriptor is of the process that we mean.
        first() == Some(inner)
            && libc::syscall(libc::SYS_pidfd_send_signal, descriptor.as_raw_fd(), libc::SIGKILL, 0, 0) == 0
    }
}

/// Kills bwrap itself.
pub(crate) fn kill_outer(started: &Started) {
    // SAFETY: plain system call on a descriptor that we hold.
    unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            started.pidfd.as_raw_fd(),
            libc::SIGKILL,
            0,
            0,
        );
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
