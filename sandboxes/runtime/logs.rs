//! What a sandbox says, read as it comes: its own talk, the driver's reports, and a log per step.

use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;

use super::driver::failed;

/// Most of what the driver may say and report, bytes.
const TALK_BYTES: usize = 64 << 10;

/// The reading ends of a sandbox's pipes.
pub(crate) struct Pipes {
    /// The driver's complaints.
    pub talk: OwnedFd,
    /// The driver's reports.
    pub report: OwnedFd,
    /// One per step.
    pub logs: Vec<OwnedFd>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Drained {
    Closed,
    Overflow,
    /// This step has ended, and not well: time to ask whether memory ran out in it.
    Failed(usize),
}

/// Reads every pipe as it fills.
pub(crate) struct Logs {
    /// Talk, report, then one per step; `None` once closed.
    pipes: Vec<(Option<Receiver>, Vec<u8>)>,
    /// Bytes of the report whose lines were looked at for steps that failed.
    told: usize,
    /// What the steps may still write, bytes.
    left: usize,
    overflow: bool,
}

impl Logs {
    const TALK: usize = 0;
    const REPORT: usize = 1;
    const STEPS: usize = 2;

    pub fn new(pipes: Pipes, output_bytes: usize) -> io::Result<Logs> {
        let all = [pipes.talk, pipes.report].into_iter().chain(pipes.logs);
        let pipes = all
            .map(|fd| Ok((Some(Receiver::from_owned_fd(fd)?), Vec::new())))
            .collect::<io::Result<_>>()?;
        Ok(Logs {
            pipes,
            told: 0,
            left: output_bytes,
            overflow: false,
        })
    }

    pub fn talk(&self) -> &[u8] {
        &self.pipes[Self::TALK].1
    }

    pub fn report(&self) -> &[u8] {
        &self.pipes[Self::REPORT].1
    }

    pub fn into_logs(self) -> impl Iterator<Item = Vec<u8>> {
        self.pipes.into_iter().skip(Self::STEPS).map(|(_, bytes)| bytes)
    }

    /// Reads until every pipe is closed, the steps have written more than they may, or one more of them failed. Safe to
    /// drop and call again.
    pub async fn drain(&mut self) -> Drained {
        poll_fn(|context| {
            let drained = self.poll_drain(context);
            match self.next_failure() {
                Some(step) => Poll::Ready(Drained::Failed(step)),
                None => drained,
            }
        })
        .await
    }

    /// Reads until every pipe is closed, or the steps have written more than they may.
    pub async fn rest(&mut self) -> Drained {
        poll_fn(|context| self.poll_drain(context)).await
    }

    /// The next step in the report, of those not yet told, that failed.
    fn next_failure(&mut self) -> Option<usize> {
        let report = &self.pipes[Self::REPORT].1;
        while let Some(length) = report[self.told..].iter().position(|byte| *byte == b'\n') {
            let line = &report[self.told..self.told + length];
            self.told += length + 1;
            if let Some(step) = failed(line) {
                return Some(step);
            }
        }
        None
    }

    /// Reads until the report holds this line; false if every pipe is closed, or too much was written, before.
    pub async fn reported(&mut self, line: &[u8]) -> bool {
        poll_fn(|context| {
            let drained = self.poll_drain(context);
            if self.report().split(|byte| *byte == b'\n').any(|found| found == line) {
                return Poll::Ready(true);
            }
            drained.map(|_| false)
        })
        .await
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<Drained> {
        let mut open = false;
        for index in 0..self.pipes.len() {
            open |= self.poll_pipe(index, context).is_pending();
            if self.overflow {
                return Poll::Ready(Drained::Overflow);
            }
        }
        if open {
            Poll::Pending
        } else {
            Poll::Ready(Drained::Closed)
        }
    }

    /// Pending while the pipe is open and empty.
    fn poll_pipe(&mut self, index: usize, context: &mut Context<'_>) -> Poll<()> {
        let (pipe, bytes) = &mut self.pipes[index];
        let mut space = [0; 16 << 10];
        while let Some(receiver) = pipe {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(receiver).poll_read(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    let read = buffer.filled();
                    let room = if index < Self::STEPS {
                        TALK_BYTES - bytes.len()
                    } else {
                        self.left
                    };
                    let taken = read.len().min(room);
                    bytes.extend_from_slice(&read[..taken]);
                    if index >= Self::STEPS {
                        self.left -= taken;
                        self.overflow |= taken < read.len();
                        if self.overflow {
                            return Poll::Ready(());
                        }
                    }
                }
                Poll::Ready(_) => *pipe = None,
            }
        }
        Poll::Ready(())
    }
}
