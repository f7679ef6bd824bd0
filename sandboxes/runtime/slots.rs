//! The pool of slots: each has a number, a uid and control groups, and holds one job at a time.
//!
//! A slot belongs to whoever holds the lock on it, over the whole machine: the lock is `flock` on the slot's control
//! group folder (or, without groups, on a file in a folder of the user's own), so it vanishes with its owner.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

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
    state: Mutex<State>,
    /// A slot came back, or one was retired.
    changed: Notify,
    /// Of all its slots, free or not.
    pub numbers: Vec<u32>,
}

#[derive(Debug)]
struct State {
    free: Vec<Slot>,
    retired: BTreeSet<u32>,
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
            state: Mutex::new(State {
                free,
                retired: BTreeSet::new(),
            }),
            changed: Notify::new(),
            numbers,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a free slot, or for this very one. An error where it is retired, or all are.
    pub async fn acquire(self: &Arc<Pool>, wanted: Option<u32>) -> io::Result<Lease> {
        loop {
            // Registered before the look, so that no change between the two is missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(slot) = self.take(wanted)? {
                return Ok(Lease {
                    slot: Some(slot),
                    pool: Arc::clone(self),
                });
            }
            changed.await;
        }
    }

    fn take(&self, wanted: Option<u32>) -> io::Result<Option<Slot>> {
        let mut state = self.state();
        let gone = match wanted {
            Some(number) => state.retired.contains(&number) || !self.numbers.contains(&number),
            None => state.retired.len() == self.numbers.len(),
        };
        if gone {
            let what = wanted.map_or("every slot".to_string(), |number| format!("slot {number}"));
            return Err(io::Error::other(format!("{what} is out of service")));
        }
        Ok(match wanted {
            None => state.free.pop(),
            Some(number) => {
                let place = state.free.iter().position(|slot| slot.number == number);
                place.map(|place| state.free.remove(place))
            }
        })
    }

    /// Takes a slot out of service for good.
    pub fn retire(&self, number: u32) {
        let mut state = self.state();
        if self.numbers.contains(&number) {
            state.retired.insert(number);
            state.free.retain(|slot| slot.number != number);
        }
        drop(state);
        self.changed.notify_waiters();
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
            let mut state = self.pool.state();
            if !state.retired.contains(&slot.number) {
                state.free.push(slot);
            }
            drop(state);
            self.pool.changed.notify_waiters();
        }
    }
}
