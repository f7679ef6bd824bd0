//! What our process and a container share: a folder per job, which is mounted into it.
//!
//! `in/` holds the job's files. `ctl/` holds the driver's shell, its script, and a FIFO for everything that it says. The
//! driver opens them all and says `opened`; then `ctl/` is emptied, so that no step finds anything there, and the driver
//! is told to go on. After the last step it says `done` and waits to be killed, since the kernel's accounts of a container
//! end with its first process.
//!
//! The shell is a copy that nobody may read. For such a program the kernel keeps `/proc/1` closed to other processes of
//! the same uid: the steps' uid is the driver's, and they could open its reports through `/proc/1/fd` otherwise.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::hash::ancestors;
use crate::job::Job;
use crate::runtime::driver::{self, Beyond};
use crate::runtime::logs::Pipes;

/// Where the container sees `ctl/`.
pub(crate) const CONTROL: &str = "/ctl";
/// What the driver says once it holds everything.
pub(crate) const OPENED: &[u8] = b"opened";
/// What it says after the last step.
pub(crate) const DONE: &[u8] = b"done";

/// A job's folder; removed when dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    folder: TempDir,
    /// Both ends of every FIFO, so that neither side finds the other missing before the driver has opened its own.
    kept: Vec<File>,
    go: File,
}

impl Exchange {
    /// Lays out a job of a slot in a new folder below `home`. `rootfs` is the image's, for its shell.
    pub fn new(home: &Path, slot: u32, job: &Job, rootfs: &Path) -> io::Result<(Exchange, Pipes)> {
        let folder = tempfile::Builder::new().prefix(&prefix(slot)).tempdir_in(home)?;
        let (input, control) = (folder.path().join("in"), folder.path().join("ctl"));
        for path in [&input, &control] {
            make_folder(path)?;
        }
        for path in job
            .files
            .iter()
            .flat_map(|file| ancestors(&file.path))
            .collect::<std::collections::BTreeSet<_>>()
        {
            make_folder(&input.join(path))?;
        }
        for file in &job.files {
            write(&input.join(&file.path), file.content.as_bytes(), 0o644)?;
        }
        let shell = rootfs.join(shell(job).trim_start_matches('/'));
        write(&control.join("shell"), &fs::read(shell)?, 0o111)?;
        let script = format!("{}{}", prologue(job), driver::script(job, Beyond::Other));
        write(&control.join("script"), script.as_bytes(), 0o444)?;
        let go = fifo(&control.join("go"))?;
        let mut kept = Vec::new();
        let mut listen = |name: &str| -> io::Result<OwnedFd> {
            let path = control.join(name);
            kept.push(fifo(&path)?);
            let mut options = OpenOptions::new();
            Ok(options.read(true).custom_flags(libc::O_NONBLOCK).open(&path)?.into())
        };
        let (talk, report) = (listen("talk")?, listen("report")?);
        let logs = (0..job.steps.len())
            .map(|step| listen(&step.to_string()))
            .collect::<io::Result<_>>()?;
        Ok((Exchange { folder, kept, go }, Pipes { talk, report, logs }))
    }

    /// Folders of this machine, and where the container sees them; it may write to neither.
    pub fn mounts(&self) -> [(PathBuf, &'static str); 2] {
        let path = |name: &str| self.folder.path().join(name);
        [(path("in"), "/job/in"), (path("ctl"), CONTROL)]
    }

    /// The container's command: it opens everything, then becomes the driver. Addresses are not randomized.
    pub fn command(job: &Job) -> Vec<String> {
        let logs: String = (0..job.steps.len())
            .map(|step| format!(" {}>{CONTROL}/{step}", driver::FIRST_LOG_FD + step))
            .collect();
        let open = format!(
            "unset HOSTNAME; exec {CONTROL}/shell 0<{CONTROL}/script {}>{CONTROL}/report 2>{CONTROL}/talk{logs} {}<{CONTROL}/go",
            driver::REPORT_FD,
            go_fd(job)
        );
        ["/usr/bin/setarch", "-R", shell(job), "-c", &open]
            .map(str::to_string)
            .into()
    }

    /// Leaves nothing in `ctl/` that a step could open. The driver must have said that it has everything.
    pub fn seal(&mut self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.path().join("ctl"))? {
            fs::remove_file(entry?.path())?;
        }
        self.kept.clear();
        Ok(())
    }

    /// Lets the driver run the steps.
    pub fn go(&mut self) -> io::Result<()> {
        self.go.write_all(b"\n")
    }
}

fn shell(job: &Job) -> &'static str {
    driver::shell(driver::descriptors(job, Beyond::Other))
}

/// Where the driver is told to go on: after the logs.
fn go_fd(job: &Job) -> usize {
    driver::FIRST_LOG_FD + job.steps.len()
}

/// What the driver does before the job's own script, and at its end.
fn prologue(job: &Job) -> String {
    let go = go_fd(job);
    format!("trap 'echo done; exec >&- 2>&-; read go <&{go}' EXIT\necho opened\nread go <&{go}\n")
}

/// Names of the folders of a slot's jobs begin so.
pub(crate) fn prefix(slot: u32) -> String {
    format!("slot-{slot}-")
}

/// A folder that everyone may look into, whatever our umask.
fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}

fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    fs::write(path, content)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Makes a FIFO that everyone may open, and opens both of its ends, which never blocks.
fn fifo(path: &Path) -> io::Result<File> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: plain system call on a string of ours.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
        return Err(io::Error::last_os_error());
    }
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    let mut both = OpenOptions::new();
    both.read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)
}
