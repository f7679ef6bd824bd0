//! Control groups: what bounds a whole tree of processes, accounts for it, and kills it at once.
//!
//! Three layouts are known. v1: `memory`, `pids` and `cpuacct` are hierarchies of their own. Hybrid: the same, and a v2
//! tree without controllers beside them, used for `cgroup.kill` and pressure. v2: one tree. In each, a slot is the folder
//! `assay/slot-N` (root) or `assay-USER/slot-N` (a user whom the folder `assay-USER` was handed to).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::layout::{Layout, enable, make_folder, may_join, writable};
use crate::job::Limits;

/// Processes of the sandbox itself, beside the job's: the driver, and its fork before that becomes a step.
pub(crate) const OWN_PIDS: u32 = 2;
/// Memory of ended jobs that may still be charged to a slot when the next begins, bytes: the kernel counts in batches.
const LINGERING_BYTES: u64 = 1 << 20;

/// A group that is killed at its own limit got this close to it, bytes: memory is charged in batches, and huge pages whole.
const NEAR_LIMIT_BYTES: u64 = 4 << 20;

/// What a job has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    pub cpu_ms: u64,
    pub peak_bytes: u64,
    /// The kernel killed for want of memory.
    pub out_of_memory: bool,
    /// The job's own limit was reached; otherwise it was the machine, or a group above ours, that had no more.
    pub own_memory_limit: bool,
    /// A fork was refused.
    pub out_of_pids: bool,
    /// Time for which some process waited for a CPU since the group was made, milliseconds; `None` where unknown.
    pub waited_ms: Option<u64>,
}

/// The groups of one slot.
#[derive(Debug)]
pub(crate) struct SlotGroup {
    layout: Layout,
    name: String,
    files: Option<Files>,
}

/// The files read while a job runs, kept open.
#[derive(Debug)]
pub(crate) struct Files {
    v2: bool,
    cpu: File,
    peak: Option<File>,
    /// What is charged now (v1).
    charged: Option<File>,
    oom: File,
    /// The memory limit (v1; in v2 the file `oom` tells how often it was reached).
    limit_bytes: u64,
    pids: File,
    pressure: Option<File>,
    /// Events from before the job: groups of v1 are kept and reset.
    oom_base: u64,
    pids_base: u64,
    /// What was charged already when the job began: files of the image that an earlier job was the first to read, bytes.
    charged_base: u64,
}

impl Files {
    /// Of a group in v1 hierarchies; `unified` is its folder in the v2 tree of a hybrid machine.
    pub fn v1(memory: &Path, pids: &Path, cpuacct: &Path, unified: Option<&Path>) -> io::Result<Files> {
        let oom = File::open(memory.join("memory.oom_control"))?;
        let pids = File::open(pids.join("pids.events"))?;
        let charged = Some(File::open(memory.join("memory.usage_in_bytes"))?);
        let limit = fs::read_to_string(memory.join("memory.limit_in_bytes"))?;
        Ok(Files {
            v2: false,
            cpu: File::open(cpuacct.join("cpuacct.usage"))?,
            peak: Some(File::open(memory.join("memory.max_usage_in_bytes"))?),
            oom_base: field(&oom, "oom_kill ")?,
            pids_base: field(&pids, "max ")?,
            charged_base: number_in(&charged)?,
            charged,
            oom,
            limit_bytes: first_number(&limit)?,
            pids,
            pressure: unified.and_then(|folder| File::open(folder.join("cpu.pressure")).ok()),
        })
    }

    /// Of a group in a v2 tree that was made for this job.
    pub fn v2(group: &Path) -> io::Result<Files> {
        Ok(Files {
            v2: true,
            cpu: File::open(group.join("cpu.stat"))?,
            peak: File::open(group.join("memory.peak")).ok(),
            charged: None,
            limit_bytes: 0,
            oom: File::open(group.join("memory.events"))?,
            pids: File::open(group.join("pids.events"))?,
            pressure: File::open(group.join("cpu.pressure")).ok(),
            oom_base: 0,
            pids_base: 0,
            charged_base: 0,
        })
    }

    pub fn usage(&self) -> io::Result<Usage> {
        let cpu_ms = if self.v2 {
            field(&self.cpu, "usage_usec ")? / 1_000
        } else {
            first_number(&read(&self.cpu)?)? / 1_000_000
        };
        // Of what was there before, that which still is was part of the peak all the time.
        let before = self.charged_base.min(number_in(&self.charged)?);
        let own_memory_limit = if self.v2 {
            field(&self.oom, "oom ")? > 0
        } else {
            // Its counter of failures stays 0 in recent kernels.
            number_in(&self.peak)? + NEAR_LIMIT_BYTES >= self.limit_bytes
        };
        let pressure = self.pressure.as_ref();
        Ok(Usage {
            cpu_ms,
            peak_bytes: number_in(&self.peak)?.saturating_sub(before),
            out_of_memory: field(&self.oom, "oom_kill ")? > self.oom_base,
            own_memory_limit,
            out_of_pids: field(&self.pids, "max ")? > self.pids_base,
            waited_ms: pressure
                .and_then(|file| read(file).ok())
                .and_then(|text| waited_ms(&text)),
        })
    }
}

impl SlotGroup {
    pub fn new(layout: &Layout, slot: u32) -> io::Result<SlotGroup> {
        let name = format!("slot-{slot}");
        for folder in layout.folders() {
            let unified = matches!(layout, Layout::V1 { unified: Some(unified), .. } if unified == folder);
            let made = make_folder(&folder.join(&name));
            // The v2 tree of a hybrid machine is a convenience.
            if !unified {
                made?;
            } else if let Err(error) = make_folder(folder).and_then(|()| make_folder(&folder.join(&name))) {
                tracing::debug!(folder = %folder.display(), %error, "no v2 group beside the v1 groups");
            }
        }
        let mut group = SlotGroup {
            layout: layout.clone(),
            name,
            files: None,
        };
        if let Layout::V2 { .. } = layout {
            enable(&group.folder(layout.primary()))?;
        }
        group.drop_unusable_unified();
        Ok(group)
    }

    /// A user may create groups in a v2 tree and yet be forbidden to move processes there: then the tree is left alone.
    fn drop_unusable_unified(&mut self) {
        if let Layout::V1 { unified, .. } = &mut self.layout
            && let Some(folder) = unified.take()
        {
            let group = folder.join(&self.name);
            let kill = writable(&group.join("cgroup.kill"));
            if kill.is_ok() && may_join(&group) {
                *unified = Some(folder);
            } else {
                let _ = fs::remove_dir(&group);
            }
        }
    }

    fn folder(&self, base: &Path) -> PathBuf {
        base.join(&self.name)
    }

    /// Whether the slot is as good as new. Memory of an ended job (its scratch folder, its shared memory) is given back
    /// some time after its last process is gone, and would be counted as the next job's.
    pub fn settled(&self) -> io::Result<bool> {
        match &self.layout {
            Layout::V1 { memory, .. } => {
                let folder = self.folder(memory);
                let charged = first_number(&fs::read_to_string(folder.join("memory.usage_in_bytes"))?)?;
                if charged <= LINGERING_BYTES {
                    return Ok(true);
                }
                // The rest is cached files, which make room for whoever needs it.
                let stat = fs::read_to_string(folder.join("memory.stat"))?;
                let lingering = number_after(&stat, "rss ")? + number_after(&stat, "shmem ")?;
                Ok(lingering <= LINGERING_BYTES)
            }
            Layout::V2 { base } => match fs::remove_dir(self.folder(base).join("job")) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
                // A process is still on its way out.
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => Ok(false),
                other => other.map(|()| true),
            },
        }
    }

    /// Sets the limits, resets the accounts, and returns the files through which a process joins (by writing `0`).
    pub fn begin(&mut self, limits: &Limits) -> io::Result<Vec<OwnedFd>> {
        let pids = (limits.pids + OWN_PIDS).to_string();
        let memory_bytes = limits.memory_bytes.to_string();
        match self.layout.clone() {
            Layout::V1 {
                memory,
                pids: pids_base,
                cpuacct,
                unified,
            } => {
                let (memory, pids_dir, cpuacct) =
                    (self.folder(&memory), self.folder(&pids_base), self.folder(&cpuacct));
                limit_memory_v1(&memory, &memory_bytes)?;
                fs::write(memory.join("memory.max_usage_in_bytes"), "0")?;
                fs::write(cpuacct.join("cpuacct.usage"), "0")?;
                fs::write(pids_dir.join("pids.max"), pids)?;
                let unified = unified.map(|base| self.folder(&base));
                self.files = Some(Files::v1(&memory, &pids_dir, &cpuacct, unified.as_deref())?);
                [Some(memory), Some(pids_dir), Some(cpuacct), unified]
                    .iter()
                    .flatten()
                    .map(|dir| join_file(dir))
                    .collect()
            }
            Layout::V2 { base } => {
                // CPU time cannot be reset in v2, so each job gets a group of its own below the slot's. The last job's is
                // gone: `settled` said so.
                let job = self.folder(&base).join("job");
                fs::create_dir(&job)?;
                fs::write(job.join("memory.max"), memory_bytes)?;
                let _ = fs::write(job.join("memory.swap.max"), "0");
                fs::write(job.join("memory.oom.group"), "1")?;
                fs::write(job.join("pids.max"), pids)?;
                self.files = Some(Files::v2(&job)?);
                Ok(vec![join_file(&job)?])
            }
        }
    }

    /// What the job has used since [`SlotGroup::begin`].
    pub fn usage(&self) -> io::Result<Usage> {
        self.files.as_ref().map_or(Ok(Usage::default()), Files::usage)
    }

    /// Kills everything in the slot, and returns once nothing is left or `patience` has passed.
    pub fn kill(&self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        while !self.is_empty()? {
            self.kill_once();
            if Instant::now() > deadline {
                return Err(io::Error::other(format!(
                    "processes remain in {}",
                    self.folder(self.layout.primary()).display()
                )));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Sends the kill, without waiting for its effect.
    pub fn kill_once(&self) {
        let v2 = match &self.layout {
            Layout::V1 { unified, .. } => unified.as_ref().map(|base| self.folder(base)),
            Layout::V2 { base } => Some(self.folder(base)),
        };
        if v2.is_some_and(|folder| fs::write(folder.join("cgroup.kill"), "1").is_ok()) {
            return;
        }
        for pid in self.members().unwrap_or_default() {
            // SAFETY: plain system call. The pid was a member a moment ago; only a job's processes are ever members.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }

    /// For how long the process that waited longest, of those now in the slot, was ready to run and had no CPU.
    pub fn waiting_ms(&self) -> u64 {
        longest_wait_ms(&self.members().unwrap_or_default())
    }

    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.members()?.is_empty())
    }

    fn members(&self) -> io::Result<Vec<i32>> {
        let mut group = self.folder(self.layout.primary());
        if let Layout::V2 { .. } = self.layout {
            group.push("job");
        }
        members(&group)
    }

    /// Removes the slot's groups, which must be empty.
    pub fn remove(&self) {
        for base in self.layout.folders() {
            let folder = self.folder(base);
            let _ = fs::remove_dir(folder.join("job"));
            let _ = fs::remove_dir(&folder);
        }
    }
}

/// For how long the process that waited longest, of these, was ready to run and had no CPU, milliseconds.
pub(crate) fn longest_wait_ms(pids: &[i32]) -> u64 {
    let delay = |pid: &i32| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    };
    pids.iter().filter_map(delay).max().unwrap_or(0) / 1_000_000
}

/// The processes in a group, not those in groups below it.
pub(crate) fn members(group: &Path) -> io::Result<Vec<i32>> {
    match fs::read_to_string(group.join("cgroup.procs")) {
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| line.parse().ok())
            .filter(|pid| *pid > 0)
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// v1 refuses a total of memory and swap below the memory limit, so the order depends on which way it moves.
fn limit_memory_v1(folder: &Path, bytes: &str) -> io::Result<()> {
    let memory = folder.join("memory.limit_in_bytes");
    let total = folder.join("memory.memsw.limit_in_bytes");
    if !total.exists() {
        return fs::write(&memory, bytes);
    }
    if fs::write(&memory, bytes).is_err() {
        fs::write(&total, bytes)?;
        return fs::write(&memory, bytes);
    }
    fs::write(&total, bytes)
}

fn join_file(group: &Path) -> io::Result<OwnedFd> {
    Ok(OpenOptions::new().write(true).open(group.join("cgroup.procs"))?.into())
}

fn read(file: &File) -> io::Result<String> {
    let mut bytes = [0; 1024];
    let length = file.read_at(&mut bytes, 0)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

fn first_number(text: &str) -> io::Result<u64> {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.parse()
        .map_err(|_| io::Error::other(format!("not a number: {word:?}")))
}

/// The number that an account's file holds; 0 where this layout has no such file.
fn number_in(file: &Option<File>) -> io::Result<u64> {
    file.as_ref().map_or(Ok(0), |file| first_number(&read(file)?))
}

/// The number after `key` at the start of a line; 0 where there is no such line.
fn field(file: &File, key: &str) -> io::Result<u64> {
    number_after(&read(file)?, key)
}

fn number_after(text: &str, key: &str) -> io::Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .map_or(Ok(0), first_number)
}

/// The total of the line `some` of a pressure file, whose unit is microseconds.
pub(crate) fn waited_ms(text: &str) -> Option<u64> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    let total = some.split_whitespace().find_map(|word| word.strip_prefix("total="))?;
    total.parse::<u64>().ok().map(|micros| micros / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_read() {
        let text = "some avg10=1.65 avg60=0.60 avg300=0.97 total=28916445\nfull avg10=0.00 total=0\n";
        assert_eq!(waited_ms(text), Some(28916));
        assert_eq!(waited_ms("nothing"), None);
    }
}
