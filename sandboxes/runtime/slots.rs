//! The pool of slots: each has a number, a uid and control groups, and holds one job at a time.
//!
//! A slot belongs to whoever holds the lock on it, over the whole machine: the lock is `flock` on the slot's control
//! group folder (or, without groups, on a file in a folder of the user's own), so it vanishes with its owner.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::cgroup::SlotGroup;
use super::layout::Layout;

/// Most slots of one machine (as many uids are set aside).
pub(crate) const MAX_SLOTS: u32 = 256;
/// How long a slot may take to become empty after a kill.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// One place for one job.
#[derive(Debug)]
pub(crate) struct Slot {
    pub number: u32,
    pub group: Option<SlotGroup>,
    _lock: File,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            group.remove();
        }
    }
}

impl Slot {
    /// Takes slot `number` if nobody has it, and ends whatever a dead owner left in it.
    fn take(number: u32, layout: Option<&Layout>, reap: &dyn Fn(u32)) -> io::Result<Option<Slot>> {
        let lock = match layout {
            Some(layout) => {
                let folder = layout.primary().join(format!("slot-{number}"));
                match fs::create_dir(&folder) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                    _ => lock(&folder)?,
                }
            }
            None => lock(&lock_file(number)?)?,
        };
        let Some(lock) = lock else { return Ok(None) };
        let group = layout.map(|layout| SlotGroup::new(layout, number)).transpose()?;
        reap(number);
        if let Some(group) = &group {
            group.kill(PATIENCE)?;
        }
        Ok(Some(Slot {
            number,
            group,
            _lock: lock,
        }))
    }
}

/// Locks a file or folder; `None` if someone else has, or removed it meanwhile.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    // SAFETY: plain system call on a descriptor that we hold.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::WouldBlock {
            Ok(None)
        } else {
            Err(error)
        };
    }
    let same = fs::metadata(path).is_ok_and(|now| file.metadata().is_ok_and(|ours| ours.ino() == now.ino()));
    Ok(same.then_some(file))
}

/// The lock of a slot without control groups. The folder must be ours: anyone can create one of that name first.
fn lock_file(number: u32) -> io::Result<PathBuf> {
    // SAFETY: plain system call.
    let uid = unsafe { libc::geteuid() };
    let parent = ["/run/lock", "/tmp"]
        .into_iter()
        .find(|path| Path::new(path).is_dir())
        .unwrap_or("/tmp");
    let folder = Path::new(parent).join(format!("assay-{uid}"));
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != uid {
        return Err(io::Error::other(format!(
            "{} belongs to someone else",
            folder.display()
        )));
    }
    let path = folder.join(format!("slot-{number}.lock"));
    OpenOptions::new().create(true).append(true).open(&path)?;
    Ok(path)
}

/// Slots, and who waits for one.
#[derive(Debug)]
pub(crate) struct Pool {
    free: Mutex<Vec<Slot>>,
    count: Semaphore,
    /// Of all its slots, free or not.
    pub numbers: Vec<u32>,
}

impl Pool {
    /// Takes `wanted` slots that nobody else has, after ending what dead owners left in any.
    pub fn open(wanted: u32, layout: Option<&Layout>, reap: &dyn Fn(u32)) -> io::Result<Pool> {
        let mut free = Vec::new();
        for number in 0..MAX_SLOTS {
            let enough = free.len() as u32 >= wanted;
            // Beyond what we need, only slots that exist are of interest: their owner may be dead.
            if enough && !layout.is_some_and(|layout| layout.primary().join(format!("slot-{number}")).exists()) {
                continue;
            }
            if let Some(slot) = Slot::take(number, layout, reap)?
                && !enough
            {
                free.push(slot);
            }
        }
        if (free.len() as u32) < wanted {
            return Err(io::Error::other(format!(
                "{wanted} slots wanted, {} are free on this machine",
                free.len()
            )));
        }
        free.reverse();
        let numbers = free.iter().rev().map(|slot| slot.number).collect();
        Ok(Pool {
            count: Semaphore::new(free.len()),
            free: Mutex::new(free),
            numbers,
        })
    }

    /// Waits for a free slot.
    pub async fn acquire(self: &Arc<Pool>) -> io::Result<Lease> {
        let permit = self.count.acquire().await.map_err(io::Error::other)?;
        permit.forget();
        let slot = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match slot {
            Some(slot) => Ok(Lease {
                slot: Some(slot),
                pool: Arc::clone(self),
            }),
            None => Err(io::Error::other("the slot pool is empty")),
        }
    }
}

/// A slot on loan; dropped, it goes back to the pool.
#[derive(Debug)]
pub(crate) struct Lease {
    slot: Option<Slot>,
    pool: Arc<Pool>,
}

impl Lease {
    pub fn number(&self) -> u32 {
        self.slot.as_ref().map_or(0, |slot| slot.number)
    }

    pub fn group(&self) -> Option<&SlotGroup> {
        self.slot.as_ref()?.group.as_ref()
    }

    pub fn group_mut(&mut self) -> Option<&mut SlotGroup> {
        self.slot.as_mut()?.group.as_mut()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
            self.pool.count.add_permits(1);
        }
    }
}
