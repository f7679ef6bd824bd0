//! Interpreters that have imported what scripts need, and fork a child for each script.
//!
//! Importing CadQuery costs 3 s of CPU, a whole script a tenth of that. So for an image that declares modules to preload
//! there is one trusted parent process, [`parent.py`](parent.py), which only imports. A job's sandbox is made
//! as ever, with the shell driver as its first process; where a step is `python3 FILE …`, the driver asks the parent
//! over a socket of the job's own, and the parent forks a child that enters the sandbox: its control groups, its limits,
//! the slot's uid, its namespaces, no capabilities, the seccomp filter. Only then does the child read which script it
//! is to run. What it sees, and what a job comes to, is the same as without a parent, but for
//! - the time of the imports and the memory that they fill, which are not the job's;
//! - the process that started it, which is outside its process namespace: `getppid` tells 0, and it leads a session;
//! - hashes of texts, which a fresh interpreter draws by lot and a child inherits, the same in every parent;
//! - four frames of the interpreter's stack, and the last words of objects of preloaded modules, which do not end.
//!
//! The driver's message carries its process id, attested by the kernel (`SCM_CREDENTIALS`): whose namespaces to enter.
//! A child can enter only namespaces of its slot's uid, since it becomes that uid first.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, c_int, c_uint};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Mutex;

use super::namespaces::{DEVICES, memory_file, pipe};
use super::spawn::{ADDR_NO_RANDOMIZE, lower, reset_signals};
use super::users::Uids;
use super::{ENVIRONMENT, STACK_BYTES};
use crate::error::SandboxError;
use crate::hash::hex;
use crate::job::{Job, Step};

/// The parent's program.
const PROGRAM: &str = include_str!("parent.py");
/// How long the imports may take; generous, since the machine may be busy with jobs.
const PATIENCE: Duration = Duration::from_secs(180);
/// Settings for the parent alone, which removes them before a script can see them: hashes of texts are to be the same in
/// every parent. That the imports start no threads is for the image to see to, whose fresh interpreters start none either.
const SETTINGS: [(&str, &str); 1] = [("PYTHONHASHSEED", "0")];
/// Most that is kept of what a parent says, bytes.
const SAID_BYTES: usize = 64 << 10;

/// Whether a step is a script that a parent can run: `python3 FILE ARGUMENT…`.
pub(crate) fn is_script(step: &Step) -> bool {
    match step.argv.as_slice() {
        [program, file, ..] => program == "python3" && !file.is_empty() && !file.starts_with('-'),
        _ => false,
    }
}

/// The parents of a runtime, one per root folder.
pub(crate) struct Preloads {
    bwrap: CString,
    /// The seccomp filter of jobs.
    filter: Vec<u8>,
    uids: Arc<Uids>,
    /// Held while a parent starts: whoever needs it waits.
    parents: Mutex<BTreeMap<PathBuf, Arc<Parent>>>,
}

impl Preloads {
    pub fn new(bwrap: CString, filter: Vec<u8>, uids: Arc<Uids>) -> Arc<Preloads> {
        Arc::new(Preloads {
            bwrap,
            filter,
            uids,
            parents: Mutex::default(),
        })
    }

    /// A parent that has imported `modules` in `rootfs`; started, if none lives.
    pub async fn parent(self: &Arc<Self>, rootfs: &Path, modules: &[&str]) -> Result<Arc<Parent>, SandboxError> {
        let mut parents = self.parents.lock().await;
        if let Some(parent) = parents.get(rootfs) {
            if parent.lives() {
                return Ok(Arc::clone(parent));
            }
            tracing::warn!(rootfs = %rootfs.display(), said = parent.said(), "a preloaded interpreter has ended; starting another");
        }
        let (preloads, place) = (Arc::clone(self), rootfs.to_path_buf());
        let modules: Vec<String> = modules.iter().map(|module| module.to_string()).collect();
        let start = tokio::task::spawn_blocking(move || preloads.start(&place, &modules));
        let started = start.await.map_err(|error| SandboxError::Spawn(error.to_string()))?;
        let parent = Arc::new(started.map_err(|error| {
            SandboxError::Spawn(format!("the preloaded interpreter of {}: {error}", rootfs.display()))
        })?);
        parents.insert(rootfs.to_path_buf(), Arc::clone(&parent));
        Ok(parent)
    }

    /// Blocks until the imports are done.
    fn start(&self, rootfs: &Path, modules: &[String]) -> io::Result<Parent> {
        let (requests, requests_end) = socket_pair(libc::SOCK_SEQPACKET)?;
        let (said, said_end) = pipe()?;
        let own: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
        let filter = hex(&self.filter);
        let settings = json!({"modules": modules, "filter": filter, "own": own, "socket": requests_end.as_raw_fd()});
        let mut command = Command::new(OsStr::from_bytes(self.bwrap.to_bytes()));
        command.args(arguments()).arg("--ro-bind").arg(rootfs).arg("/");
        for device in DEVICES {
            command.args(["--dev-bind", device, device]);
        }
        command.args(["--chdir", "/job", "--", "python3", "-c", PROGRAM, &settings.to_string()]);
        command
            .env_clear()
            .envs(ENVIRONMENT.iter().filter_map(|pair| pair.split_once('=')));
        command.envs(SETTINGS);
        command
            .stdin(Stdio::null())
            .stdout(said_end.try_clone()?)
            .stderr(said_end);
        let namespace = self.uids.namespace().map(AsRawFd::as_raw_fd);
        // SAFETY: plain system calls, safe between fork and exec.
        unsafe { command.pre_exec(move || prepare(namespace)) };
        let parent = Parent {
            requests,
            said: said.into(),
        };
        keep(command, requests_end)?;
        let pid = parent.ready()?;
        can_fork(&pid)?;
        Ok(parent)
    }
}

/// Runs a parent on a thread that lives as long as it: bwrap dies with the thread that started it. The socket comes to the
/// parent under the number that it has here, and not as standard input: of that bwrap would keep a copy, and hide from us
/// that the parent has ended.
fn keep(mut command: Command, socket: OwnedFd) -> io::Result<()> {
    let number = socket.as_raw_fd();
    let inherit = move || {
        // SAFETY: plain system call on a descriptor that `socket` holds open until the child has been made.
        match unsafe { libc::fcntl(number, libc::F_SETFD, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: one system call, safe between fork and exec.
    unsafe { command.pre_exec(inherit) };
    let (tell, told) = mpsc::channel();
    std::thread::Builder::new().name("preload".into()).spawn(move || {
        let spawned = command.spawn();
        // Its ends of the pipes are the parent's alone from here on.
        drop((command, socket));
        match spawned {
            Ok(mut child) => {
                let _ = tell.send(Ok(()));
                let _ = child.wait();
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        }
    })?;
    told.recv().map_err(io::Error::other)?
}

/// A process that has imported, and forks when asked. Dropped, it ends, since nobody can ask any more.
#[derive(Debug)]
pub(crate) struct Parent {
    requests: OwnedFd,
    /// Whatever it says, it says before it is ready or when it ends.
    said: File,
}

/// What a sandbox is given of a parent, and the parent of a sandbox.
pub(crate) struct Line {
    /// The driver's end of the socket through which it asks.
    pub driver: OwnedFd,
    parents_end: OwnedFd,
    /// The steps' arguments, which only a child reads.
    scripts: OwnedFd,
    /// Which steps are scripts.
    steps: Vec<usize>,
}

impl Line {
    pub fn new(job: &Job) -> io::Result<Line> {
        let (driver, parents_end) = socket_pair(libc::SOCK_STREAM)?;
        // Before anything is written to it: what was written earlier comes without the writer's id.
        attest(&parents_end)?;
        let scripts = job.steps.iter().enumerate().filter(|(_, step)| is_script(step));
        let table: BTreeMap<usize, &[String]> = scripts.map(|(n, step)| (n, step.argv.as_slice())).collect();
        Ok(Line {
            driver,
            parents_end,
            scripts: memory_file(&serde_json::to_vec(&table)?)?.into(),
            steps: table.into_keys().collect(),
        })
    }
}

impl Parent {
    /// Waits until the imports are done; the process id of the parent.
    fn ready(&self) -> io::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut said = String::new();
        let mut reply = [0; 16];
        loop {
            if readable(&self.requests, Duration::from_millis(100)) {
                // SAFETY: plain system call that fills an array of ours.
                let length =
                    unsafe { libc::recv(self.requests.as_raw_fd(), reply.as_mut_ptr().cast(), reply.len(), 0) };
                if length > 0 {
                    return Ok(String::from_utf8_lossy(&reply[..length as usize]).into_owned());
                }
                return Err(io::Error::other(format!("it ended and said: {said}{}", self.said())));
            }
            said.push_str(&self.said());
            if Instant::now() > deadline {
                let seconds = PATIENCE.as_secs();
                return Err(io::Error::other(format!(
                    "not ready after {seconds} s; it said: {said}"
                )));
            }
        }
    }

    /// Whether it can still be asked.
    pub fn lives(&self) -> bool {
        !readable(&self.requests, Duration::ZERO)
    }

    /// What it has said since the last time, without waiting for more.
    fn said(&self) -> String {
        let mut text = Vec::new();
        let mut space = [0; 4096];
        while text.len() < SAID_BYTES && readable(&self.said, Duration::ZERO) {
            match (&self.said).read(&mut space) {
                Ok(length) if length > 0 => text.extend_from_slice(&space[..length]),
                _ => break,
            }
        }
        String::from_utf8_lossy(&text).trim().to_string()
    }

    /// Tells it of a sandbox that may ask for scripts: whose uid, limits, logs and control groups its children take on.
    pub fn admit(
        &self,
        line: &Line,
        uid: u32,
        limits: &[(c_uint, u64)],
        logs: &[OwnedFd],
        groups: &[OwnedFd],
    ) -> io::Result<()> {
        let text = json!({"uid": uid, "limits": limits, "steps": line.steps}).to_string();
        let logs = line.steps.iter().filter_map(|step| logs.get(*step));
        let all = [&line.parents_end, &line.scripts].into_iter().chain(logs).chain(groups);
        send(
            &self.requests,
            text.as_bytes(),
            &all.map(AsRawFd::as_raw_fd).collect::<Vec<_>>(),
        )
    }
}

/// Its world is the jobs' but for namespaces that a child could not enter from, and with all privileges.
fn arguments() -> [&'static str; 9] {
    [
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--die-with-parent",
        "--new-session",
        "--tmpfs",
        "/job",
        "--tmpfs",
        "/tmp",
    ]
}

/// What a process keeps over an exec and has to be as in a job: signals, the addresses and the stack. An ordinary user's
/// parent has its privileges in the user namespace that lends the slots' uids.
fn prepare(namespace: Option<RawFd>) -> io::Result<()> {
    // SAFETY: plain system calls on a process that is about to exec.
    unsafe {
        reset_signals();
        if libc::personality(ADDR_NO_RANDOMIZE) < 0 || lower(libc::RLIMIT_STACK, STACK_BYTES).is_err() {
            return Err(io::Error::last_os_error());
        }
        match namespace {
            Some(namespace) if libc::setns(namespace, libc::CLONE_NEWUSER) != 0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

/// A process can be forked into strangers if it has one thread and shares no memory that can be written to.
fn can_fork(pid: &str) -> io::Result<()> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    if !status.lines().any(|line| line.split_whitespace().eq(["Threads:", "1"])) {
        return Err(io::Error::other(
            "an import started threads, which do not survive a fork",
        ));
    }
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    match maps.lines().find(|line| line.split(' ').nth(1) == Some("rw-s")) {
        Some(line) => Err(io::Error::other(format!(
            "an import shares memory with its children: {line}"
        ))),
        None => Ok(()),
    }
}

fn socket_pair(kind: c_int) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: plain system call that fills an array of ours; the descriptors are new and ours.
    unsafe {
        if libc::socketpair(libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0, ends.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// Has the kernel add the writer's process id to whatever comes in here.
fn attest(socket: &OwnedFd) -> io::Result<()> {
    let on: c_int = 1;
    let size = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: plain system call that reads an integer of ours.
    let done = unsafe {
        let (option, value) = (libc::SO_PASSCRED, (&raw const on).cast());
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, value, size)
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether something can be read, or the other end is gone.
fn readable(descriptor: &impl AsRawFd, patience: Duration) -> bool {
    let mut poll = libc::pollfd {
        fd: descriptor.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: plain system call on a structure of ours.
    unsafe { libc::poll(&mut poll, 1, patience.as_millis() as c_int) == 1 }
}

/// Sends one message with copies of descriptors; fails rather than wait for a parent that does not read.
fn send(socket: &OwnedFd, text: &[u8], descriptors: &[RawFd]) -> io::Result<()> {
    let bytes = size_of_val(descriptors) as c_uint;
    // SAFETY: plain computation.
    let space = unsafe { libc::CMSG_SPACE(bytes) } as usize;
    // u64: aligned as a control message wants it.
    let mut control = vec![0_u64; space.div_ceil(8)];
    let mut part = libc::iovec {
        iov_base: text.as_ptr().cast_mut().cast(),
        iov_len: text.len(),
    };
    // SAFETY: the message refers to `part`, `text` and `control`, which outlive the call; the control message lies
    // within `control`, which has the space that its length asks for.
    let sent = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = space as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(bytes) as _;
        std::ptr::copy_nonoverlapping(descriptors.as_ptr(), libc::CMSG_DATA(header).cast(), descriptors.len());
        libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT)
    };
    match sent {
        0.. => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::job::{Limits, When};

    /// Not in an image, and with nothing imported: it can be asked, but its children enter no sandbox.
    fn bare_parent() -> Parent {
        let (requests, requests_end) = socket_pair(libc::SOCK_SEQPACKET).unwrap();
        let (said, said_end) = pipe().unwrap();
        let socket = requests_end.as_raw_fd();
        let settings = json!({"modules": [], "filter": "", "own": [], "socket": socket}).to_string();
        let mut command = Command::new("python3");
        command.args(["-c", PROGRAM, &settings]);
        command
            .stdin(Stdio::null())
            .stdout(said_end.try_clone().unwrap())
            .stderr(said_end);
        keep(command, requests_end).unwrap();
        let parent = Parent {
            requests,
            said: said.into(),
        };
        parent.ready().unwrap();
        parent
    }

    /// A sandbox of one script, whose driver is this process.
    fn sandbox(parent: &Parent) -> File {
        let script = Step {
            name: "script".into(),
            argv: vec!["python3".into(), "in/script.py".into()],
            when: When::Ok,
        };
        let job = Job {
            sandbox: "cadquery".into(),
            files: Vec::new(),
            steps: vec![script],
            limits: Limits::default(),
        };
        let line = Line::new(&job).unwrap();
        let log = memory_file(b"").unwrap().into();
        parent.admit(&line, 65_534, &[], &[log], &[]).unwrap();
        line.driver.into()
    }

    fn ask(driver: &mut File, text: &str) {
        driver.write_all(text.as_bytes()).unwrap();
        assert!(readable(driver, Duration::from_secs(10)), "no answer to {text:?}");
    }

    #[test]
    fn nothing_that_a_sandbox_does_ends_the_parent() {
        let parent = bare_parent();
        for text in ["0\n", "1\n", "-1\n", "zero\n", "\0\n"] {
            // One is killed before it reads the answer: what it leaves unread resets the connection.
            ask(&mut sandbox(&parent), text);
            let mut driver = sandbox(&parent);
            for _ in 0..2 {
                ask(&mut driver, text);
                let mut answer = [0; 64];
                let length = driver.read(&mut answer).unwrap();
                let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
                assert!(answer.starts_with("fault "), "{answer}");
            }
        }
        assert!(parent.lives(), "{}", parent.said());
    }
}
