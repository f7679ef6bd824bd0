//! What a container uses, read from its control group as the kernel writes it down.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::error::SandboxError;
use crate::runtime::cgroup::{Files, Usage, longest_wait_ms, members};
use crate::runtime::layout::Layout;
use crate::runtime::supervise::Metered;

/// The accounts of a container that runs.
#[derive(Debug)]
pub(crate) struct Account {
    files: Files,
    group: PathBuf,
    /// What making the container took, which is not the job's.
    base_cpu_ms: u64,
    /// The accounts end with the container's first process, and a job may be what ended it.
    last: Mutex<Usage>,
}

impl Account {
    /// Of the container whose first process is `pid`. The accounts begin here.
    pub fn open(pid: i32, container: &str) -> io::Result<Account> {
        let text = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
        let place = |controller: &str| {
            let line = text.lines().find_map(|line| {
                let (_, rest) = line.split_once(':')?;
                let (controllers, path) = rest.split_once(':')?;
                controllers.split(',').any(|name| name == controller).then_some(path)
            });
            // Anything else would be another process of that number: the engine's are not ours.
            line.filter(|path| path.contains(container))
                .map(|path| path.trim_start_matches('/').to_string())
                .ok_or_else(|| {
                    io::Error::other("the engine does not share this machine's processes and control groups")
                })
        };
        let mounts = fs::read_to_string("/proc/self/mounts")?;
        let (files, group) = match Layout::detect(&mounts, "").map_err(io::Error::other)? {
            Layout::V1 {
                memory,
                pids,
                cpuacct,
                unified,
            } => {
                let memory = memory.join(place("memory")?);
                let unified = unified.zip(place("").ok()).map(|(root, path)| root.join(path));
                let (pids, cpuacct) = (pids.join(place("pids")?), cpuacct.join(place("cpuacct")?));
                (Files::v1(&memory, &pids, &cpuacct, unified.as_deref())?, memory)
            }
            Layout::V2 { base } => {
                let group = base.join(place("")?);
                (Files::v2(&group)?, group)
            }
        };
        let before = files.usage()?;
        let account = Account {
            files,
            group,
            base_cpu_ms: before.cpu_ms,
            last: Mutex::new(Usage { cpu_ms: 0, ..before }),
        };
        Ok(account)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Usage> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Metered for Account {
    const ENDS_WITH_LOGS: bool = true;

    fn usage(&self) -> Result<Usage, SandboxError> {
        match self.files.usage() {
            Ok(usage) => {
                let cpu_ms = usage.cpu_ms.saturating_sub(self.base_cpu_ms);
                *self.last() = Usage { cpu_ms, ..usage };
            }
            // The group is gone.
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => {}
            Err(error) => return Err(SandboxError::supervisor("read the accounts", error)),
        }
        Ok(*self.last())
    }

    fn waiting_ms(&self) -> u64 {
        longest_wait_ms(&members(&self.group).unwrap_or_default())
    }
}
