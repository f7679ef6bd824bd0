//! Verdicts of the last while. Batches hold theirs until canaries stand behind them, so the ledger does not know them yet:
//! whoever asks for the same job meanwhile shares them instead of running it again.

use crate::model::Trail;
use crate::store::NewVerdict;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Verdicts that are remembered: more than are judged while one is held.
const REMEMBERED: usize = 512;

/// A verdict, and where its job ran.
pub type Shared = (NewVerdict, Trail);
/// A verdict, or the promise of one.
pub type Entry = Arc<OnceCell<Shared>>;

#[derive(Default)]
pub struct Recent(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    entries: HashMap<String, Entry>,
    /// Oldest first.
    order: VecDeque<String>,
}

impl Recent {
    /// The entry of a job; a new one is empty, for its asker to fill.
    pub fn entry(&self, hash: &str) -> Entry {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = inner.entries.get(hash) {
            return entry.clone();
        }
        if inner.order.len() >= REMEMBERED
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.entries.remove(&oldest);
        }
        let entry = Entry::default();
        inner.order.push_back(hash.to_string());
        inner.entries.insert(hash.to_string(), entry.clone());
        entry
    }

    /// Forgets an entry that is not to be believed.
    pub fn forget(&self, hash: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.remove(hash);
        inner.order.retain(|known| known != hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_only_so_many() {
        let recent = Recent::default();
        let first = recent.entry("0");
        assert!(Arc::ptr_eq(&first, &recent.entry("0")));
        for n in 1..=REMEMBERED {
            recent.entry(&n.to_string());
        }
        assert!(!Arc::ptr_eq(&first, &recent.entry("0")));
        let one = recent.entry("x");
        recent.forget("x");
        assert!(!Arc::ptr_eq(&one, &recent.entry("x")));
        let inner = recent.0.lock().unwrap();
        assert_eq!((inner.order.len(), inner.entries.len()), (REMEMBERED, REMEMBERED));
    }
}
