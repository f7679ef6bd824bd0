//! The pool of slots: each has a number, a uid and control groups, and holds one job at a time.
//!
//! A slot belongs to whoever holds the lock on it, over the whole machine: the lock is `flock` on the slot's control
//! group folder (or, without groups, on a file in a folder of the user's own), so it vanishes with its owner.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::cgroup::SlotGroup;
use super::layout::Layout;

/// Most slots of one machine (as many uids are set aside).
pub(crate) const MAX_SLOTS: u32 = 256;
/// How long a slot may take to become empty after a kill.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

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

/// Slots, and who waits for one. A job is started only on a slot that it holds, and its clock runs from then on, so
/// nobody's time passes in the queue.
#[derive(Debug)]
pub(crate) struct Pool {
    state: Mutex<State>,
    /// Of all its slots, free or not.
    pub numbers: Vec<u32>,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<Slot>,
    retired: BTreeSet<u32>,
    /// First come, first served.
    waiting: VecDeque<Waiter>,
}

/// Somebody who waits for a slot, or for this very one.
#[derive(Debug)]
struct Waiter {
    wanted: Option<u32>,
    answer: oneshot::Sender<io::Result<Lease>>,
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
        Ok(Pool::of(free))
    }

    fn of(mut free: Vec<Slot>) -> Pool {
        free.reverse();
        let numbers = free.iter().rev().map(|slot| slot.number).collect();
        Pool {
            state: Mutex::new(State {
                free,
                ..State::default()
            }),
            numbers,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a free slot, or for this very one. An error where it is retired, or all are.
    pub async fn acquire(self: &Arc<Pool>, wanted: Option<u32>) -> io::Result<Lease> {
        let reply = {
            let mut state = self.state();
            if let Some(gone) = self.out_of_service(&state, wanted) {
                return Err(gone);
            }
            let place = match wanted {
                None => state.free.len().checked_sub(1),
                Some(number) => state.free.iter().position(|slot| slot.number == number),
            };
            if let Some(place) = place {
                return Ok(self.lend(state.free.remove(place)));
            }
            let (answer, reply) = oneshot::channel();
            state.waiting.push_back(Waiter { wanted, answer });
            reply
        };
        reply.await.map_err(|_| io::Error::other("the pool is gone"))?
    }

    fn lend(self: &Arc<Pool>, slot: Slot) -> Lease {
        Lease {
            slot: Some(slot),
            pool: Arc::clone(self),
        }
    }

    /// The error for whoever wants a slot that will never come.
    fn out_of_service(&self, state: &State, wanted: Option<u32>) -> Option<io::Error> {
        let (gone, what) = match wanted {
            Some(number) => (
                state.retired.contains(&number) || !self.numbers.contains(&number),
                format!("slot {number}"),
            ),
            None => (state.retired.len() == self.numbers.len(), "every slot".to_string()),
        };
        gone.then(|| io::Error::other(format!("{what} is out of service")))
    }

    /// Hands a slot to whoever has waited longest for one like it.
    fn give_back(self: &Arc<Pool>, mut slot: Slot) {
        let mut state = self.state();
        if state.retired.contains(&slot.number) {
            // Dropped without the lock: it removes control groups.
            drop(state);
            return drop(slot);
        }
        let suits = |waiter: &Waiter, number| waiter.wanted.is_none_or(|wanted| wanted == number);
        while let Some(place) = state.waiting.iter().position(|waiter| suits(waiter, slot.number)) {
            let Some(waiter) = state.waiting.remove(place) else {
                break;
            };
            match waiter.answer.send(Ok(self.lend(slot))) {
                Ok(()) => return,
                // It went away. The lease is taken apart here: dropped, it would come back through this very lock.
                Err(Ok(mut lease)) => match lease.slot.take() {
                    Some(returned) => slot = returned,
                    None => return,
                },
                Err(Err(_)) => return,
            }
        }
        state.free.push(slot);
    }

    /// Takes a slot out of service for good.
    pub fn retire(&self, number: u32) {
        let mut state = self.state();
        if self.numbers.contains(&number) {
            state.retired.insert(number);
        }
        let (gone, free) = std::mem::take(&mut state.free)
            .into_iter()
            .partition(|slot| slot.number == number);
        state.free = free;
        for waiter in std::mem::take(&mut state.waiting) {
            match self.out_of_service(&state, waiter.wanted) {
                Some(error) => drop(waiter.answer.send(Err(error))),
                None => state.waiting.push_back(waiter),
            }
        }
        drop(state);
        drop::<Vec<Slot>>(gone);
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

    /// Waits until nothing of the last job counts any more.
    pub async fn settle(&self) -> io::Result<()> {
        let Some(group) = self.group() else { return Ok(()) };
        let deadline = Instant::now() + PATIENCE;
        while !group.settled()? {
            if Instant::now() > deadline {
                return Err(io::Error::other(format!(
                    "memory of an ended job is still held in slot {}",
                    self.number()
                )));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.pool.give_back(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots without control groups or locks that anyone else sees.
    fn pool(slots: u32) -> Arc<Pool> {
        let slot = |number| Slot {
            number,
            group: None,
            _lock: tempfile::tempfile().unwrap(),
        };
        Arc::new(Pool::of((0..slots).map(slot).collect()))
    }

    #[tokio::test]
    async fn who_waits_longest_is_served_first() {
        let pool = pool(1);
        let first = pool.acquire(None).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiters = tokio::task::JoinSet::new();
        for number in 0..50 {
            let (pool, order) = (Arc::clone(&pool), Arc::clone(&order));
            waiters.spawn(async move {
                let lease = pool.acquire((number % 2 == 0).then_some(0)).await.unwrap();
                order.lock().unwrap().push(number);
                tokio::task::yield_now().await;
                drop(lease);
            });
            tokio::task::yield_now().await;
        }
        drop(first);
        waiters.join_all().await;
        assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
        assert_eq!(pool.state().free.len(), 1);
    }

    #[tokio::test]
    async fn a_slot_is_not_lost_with_who_waited_for_it() {
        let pool = pool(1);
        let lease = pool.acquire(None).await.unwrap();
        let gone = tokio::time::timeout(Duration::from_millis(1), pool.acquire(None)).await;
        assert!(gone.is_err());
        // One that is served, and dropped before it looks.
        let mut served = Box::pin(pool.acquire(Some(0)));
        let pending = tokio::time::timeout(Duration::from_millis(1), &mut served).await;
        assert!(pending.is_err());
        drop(lease);
        assert_eq!(pool.state().free.len(), 0);
        drop(served);
        assert_eq!(pool.state().free.len(), 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_retired_slot() {
        let pool = pool(2);
        let (zero, one) = (
            pool.acquire(Some(0)).await.unwrap(),
            pool.acquire(Some(1)).await.unwrap(),
        );
        let mut waits_for_one = Box::pin(pool.acquire(Some(1)));
        let mut waits_for_any = Box::pin(pool.acquire(None));
        for waiting in [&mut waits_for_one, &mut waits_for_any] {
            assert!(tokio::time::timeout(Duration::from_millis(1), waiting).await.is_err());
        }
        pool.retire(1);
        let error = waits_for_one.await.unwrap_err();
        assert!(error.to_string().contains("slot 1 is out of service"), "{error}");
        drop(one);
        assert_eq!(pool.state().free.len(), 0);
        drop(zero);
        let lease = waits_for_any.await.unwrap();
        assert_eq!(lease.number(), 0);
        pool.retire(0);
        assert!(pool.acquire(None).await.is_err());
        drop(lease);
        assert_eq!(pool.state().free.len(), 0);
    }
}
