//! A runtime without any isolation: it shows what the suite says where nothing holds. For harmless attacks only.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sandboxes::{Completion, Ended, ImageInfo, Job, RunFuture, Runtime, SandboxError, Status, StepResult, Tier, When};

/// As root, jobs run as this uid, which nobody has.
const UID: u32 = 64_123;

pub struct Bare {
    image: ImageInfo,
    folder: tempfile::TempDir,
    free: Mutex<Vec<u32>>,
}

impl Bare {
    pub fn new(image: ImageInfo) -> Bare {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Bare {
            image,
            folder,
            free: Mutex::new(vec![1, 0]),
        }
    }

    /// Processes that stand in our folder.
    fn strays(&self) -> Vec<i32> {
        let inside = |pid: &i32| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder.starts_with(self.folder.path()))
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(inside).collect()
    }

    fn run_now(&self, slot: u32, job: &Job) -> Completion {
        let folder = self.folder.path().join(format!("slot-{slot}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("in")).unwrap();
        for file in &job.files {
            fs::write(folder.join("in").join(&file.path), &file.content).unwrap();
        }
        // SAFETY: plain system call.
        let root = unsafe { libc::geteuid() } == 0;
        if root {
            chown(&folder, Some(UID), Some(UID)).unwrap();
        }
        let begun = Instant::now();
        let deadline = begun + Duration::from_millis(job.limits.wall_ms);
        let (mut ended, mut failed) = (None, false);
        let mut steps = Vec::new();
        for step in &job.steps {
            let runs = ended.is_none() && (step.when == When::Always || !failed);
            let (status, log) = if runs {
                run_step(&folder, &step.argv, root, deadline, &mut ended)
            } else {
                (Status::NotRun, Vec::new())
            };
            failed |= status != Status::Exit(0);
            steps.push(StepResult {
                name: step.name.clone(),
                status,
                log,
            });
        }
        Completion {
            steps,
            ended,
            cpu_ms: 0,
            wall_ms: begun.elapsed().as_millis() as u64,
            peak_bytes: 0,
            starved: false,
            slot,
            tier: "bare".to_string(),
        }
    }
}

fn run_step(
    folder: &Path,
    argv: &[String],
    root: bool,
    deadline: Instant,
    ended: &mut Option<Ended>,
) -> (Status, Vec<u8>) {
    let path: PathBuf = folder.join("in/.log");
    let log = fs::File::create(&path).unwrap();
    let mut command = Command::new(&argv[0]);
    command
        .args(&argv[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0);
    if root {
        command.uid(UID).gid(UID);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        // As a shell says it: the machine need not have what the image has.
        Err(error) => return (Status::Exit(127), error.to_string().into_bytes()),
    };
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status
                .code()
                .map_or_else(|| Status::Signal(status.signal().unwrap()), Status::Exit);
        }
        if Instant::now() > deadline {
            // SAFETY: plain system call on the group of a child that has not been waited for.
            unsafe { libc::kill(-(child.id() as i32), libc::SIGKILL) };
            child.wait().unwrap();
            *ended = Some(Ended::WallTime);
            break Status::Killed;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    (status, fs::read(path).unwrap())
}

impl Runtime for Bare {
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move {
            let slot = loop {
                let free = self.free.lock().unwrap().pop();
                match free {
                    Some(slot) => break slot,
                    None => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            };
            // Once given up, so that a second future can take the other slot meanwhile.
            tokio::task::yield_now().await;
            let completion = tokio::task::block_in_place(|| self.run_now(slot, job));
            self.free.lock().unwrap().push(slot);
            Ok(completion)
        })
    }

    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move { Ok(tokio::task::block_in_place(|| self.run_now(slot, job))) })
    }

    fn slots(&self) -> Vec<u32> {
        vec![0, 1]
    }

    fn retire(&self, _: u32) {}

    fn image(&self, _: &str) -> Result<ImageInfo, SandboxError> {
        Ok(self.image.clone())
    }

    fn tier(&self) -> Tier {
        Tier::NoCgroup
    }

    fn remains(&self, _: u32) -> Result<Vec<String>, SandboxError> {
        Ok(self.strays().iter().map(|pid| format!("process {pid}")).collect())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        for pid in self.strays() {
            // SAFETY: plain system call; the process stands in a folder that only our jobs have.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}
