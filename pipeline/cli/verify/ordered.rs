//! Many jobs at once, their results in the order of the jobs, and never more than a window of them in memory.

use crate::cli::Failure;
use crate::cli::environment::parallelism;
use crate::worker::HELD;
use std::future::Future;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Jobs looked up in the ledger together.
pub const CHUNK: usize = 32;

/// Results that are waited for at once: as many as the lanes may hold unproved, so that no lane runs dry before.
fn window() -> usize {
    (parallelism() + 2) * HELD as usize
}

/// Where jobs are started.
pub struct Starter<T>(mpsc::Sender<JoinHandle<T>>);

impl<T: Send + 'static> Starter<T> {
    /// Starts one, once the window has room; false where nobody wants its result any more.
    pub async fn start(&self, job: impl Future<Output = T> + Send + 'static) -> bool {
        match self.0.reserve().await {
            Ok(room) => {
                room.send(tokio::spawn(job));
                true
            }
            Err(_) => false,
        }
    }
}

/// Where results come out, in the order in which their jobs were started.
pub struct Results<T> {
    started: mpsc::Receiver<JoinHandle<T>>,
    next: Option<JoinHandle<T>>,
}

pub fn channel<T>() -> (Starter<T>, Results<T>) {
    let (send, started) = mpsc::channel(window());
    (Starter(send), Results { started, next: None })
}

impl<T> Results<T> {
    /// The next result, and whatever is ready behind it; empty at the end.
    pub async fn ready(&mut self) -> Result<Vec<T>, Failure> {
        let first = match self.next.take() {
            Some(job) => Some(job),
            None => self.started.recv().await,
        };
        let mut out = Vec::new();
        let Some(first) = first else { return Ok(out) };
        let panicked = |e: tokio::task::JoinError| Failure::environment(format!("a job's task ended early: {e}"));
        out.push(first.await.map_err(panicked)?);
        while out.len() < window() {
            match self.started.try_recv() {
                Ok(job) if job.is_finished() => out.push(job.await.map_err(panicked)?),
                Ok(job) => {
                    self.next = Some(job);
                    break;
                }
                Err(_) => break,
            }
        }
        Ok(out)
    }
}
