//! The trainer's process: spawned, spoken to, listened to, and gone when we are.

use super::ExecConfig;
use serde::Deserialize;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// The longest line a trainer may say, in bytes.
const MAX_LINE: u64 = 64 << 10;
/// How much of an unintelligible line a message quotes, in characters.
const MAX_QUOTE: usize = 120;
/// How long a trainer that closed its output gets to exit before its status is no longer waited for.
const GRACE: Duration = Duration::from_secs(5);

/// What can go wrong with a trainer.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    #[error("cannot run the trainer: {0}")]
    Spawn(#[source] io::Error),
    #[error("cannot talk to the trainer: {0}")]
    Pipe(#[source] io::Error),
    #[error("the trainer did not {what} within {seconds} s; it was ended after acknowledging {acknowledged} samples")]
    Slow {
        what: &'static str,
        seconds: u64,
        acknowledged: u64,
    },
    #[error("the trainer broke the protocol: {0}")]
    Protocol(String),
    #[error(
        "the trainer ended early ({status}) after acknowledging {acknowledged} of {total} samples; run the same command again to resume"
    )]
    Ended {
        status: String,
        acknowledged: u64,
        total: u64,
    },
    #[error(
        "`{place}` is the progress ({next} samples) of mixture `{mixture}` over other samples than these; choose another \
         --out for a new start, or export the build that it belongs to"
    )]
    OtherSamples { mixture: String, next: u64, place: String },
    #[error("the sink was not begun, or failed before")]
    NotBegun,
}

/// What a trainer may say.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Said {
    Ready { resume_from: u64 },
    Ack(u64),
}

/// The sum of what a trainer has said; only the newest matters, so listening never falls behind.
#[derive(Clone, Debug, Default)]
struct Heard {
    ready: Option<u64>,
    /// The first offset that is not acknowledged.
    next: u64,
    ended: bool,
    broken: Option<String>,
}

/// A running trainer. Dropping it kills it, with all that it started.
pub struct Trainer {
    child: Child,
    stdin: Option<ChildStdin>,
    heard: watch::Receiver<Heard>,
    /// Samples below this offset were sent: nothing above may be acknowledged.
    sent: Arc<AtomicU64>,
    /// Where this run began.
    from: u64,
    total: u64,
    window: u64,
    ready_timeout: Duration,
    ack_timeout: Duration,
}

impl Trainer {
    /// Starts the command in a process group of its own.
    pub fn spawn(config: &ExecConfig, total: u64) -> Result<Trainer, TrainerError> {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(&config.command)
            .process_group(0)
            .kill_on_drop(true);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        die_with_us(&mut command);
        let mut child = command.spawn().map_err(TrainerError::Spawn)?;
        let stdin = child.stdin.take();
        let (say, heard) = watch::channel(Heard::default());
        let sent = Arc::new(AtomicU64::new(0));
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(listen(stdout, say, sent.clone()));
        }
        let (window, ready_timeout, ack_timeout) = (config.window.max(1), config.ready_timeout, config.ack_timeout);
        Ok(Trainer {
            child,
            stdin,
            heard,
            sent,
            from: 0,
            total,
            window,
            ready_timeout,
            ack_timeout,
        })
    }

    /// The first offset that is not acknowledged, as far as is known now.
    pub fn acknowledged(&self) -> u64 {
        self.heard.borrow().next.max(self.from)
    }

    /// Waits until it is ready; returns the offset to start from: the lower of ours and its own.
    pub async fn ready(&mut self, ours: u64) -> Result<u64, TrainerError> {
        let heard = self
            .wait(self.ready_timeout, "get ready", |h| h.ready.is_some())
            .await?;
        self.from = ours.min(heard.ready.unwrap_or(0)).min(self.total);
        self.sent.store(self.from, Ordering::SeqCst);
        Ok(self.from)
    }

    /// Sends a sample once the window has room for it.
    pub async fn send_sample(&mut self, offset: u64, line: String) -> Result<(), TrainerError> {
        let (from, window) = (self.from, self.window);
        let room = |h: &Heard| offset < h.next.max(from).saturating_add(window);
        self.wait(self.ack_timeout, "acknowledge a sample", room).await?;
        self.sent.store(offset + 1, Ordering::SeqCst);
        self.send(line).await
    }

    /// Sends one line.
    pub async fn send(&mut self, mut line: String) -> Result<(), TrainerError> {
        line.push('\n');
        let Some(stdin) = &mut self.stdin else {
            return Err(TrainerError::NotBegun);
        };
        match timeout(self.ack_timeout, stdin.write_all(line.as_bytes())).await {
            Err(_) => Err(self.slow("read a sample", self.ack_timeout)),
            Ok(Err(e)) if e.kind() == io::ErrorKind::BrokenPipe => Err(self.gone().await),
            Ok(other) => other.map_err(TrainerError::Pipe),
        }
    }

    /// Says that this was all; expects the last acknowledgement and exit status 0.
    pub async fn end(&mut self) -> Result<(), TrainerError> {
        self.send(serde_json::json!({"end": {"samples": self.total}}).to_string())
            .await?;
        self.stdin = None;
        let Some(heard) = self.hear(self.ack_timeout, |h| h.ended).await else {
            return Err(self.slow("end", self.ack_timeout));
        };
        if let Some(why) = heard.broken {
            return Err(TrainerError::Protocol(why));
        }
        let status = self.status(self.ack_timeout).await?;
        let good = status.is_some_and(|s| s.success());
        if good && self.acknowledged() == self.total {
            Ok(())
        } else {
            Err(self.ended(status))
        }
    }

    /// What was heard once it is as wished, or ended, or broken; `None` where that takes too long.
    async fn hear(&mut self, limit: Duration, until: impl Fn(&Heard) -> bool) -> Option<Heard> {
        let event = |h: &Heard| h.broken.is_some() || h.ended || until(h);
        match timeout(limit, self.heard.wait_for(event)).await {
            Err(_) => None,
            Ok(Ok(heard)) => Some(heard.clone()),
            // The listener ends only after saying so; without it, nothing more can be heard.
            Ok(Err(_)) => Some(Heard {
                ended: true,
                ..Heard::default()
            }),
        }
    }

    /// Waits until something was heard, or it has ended, or said something it should not have.
    async fn wait(
        &mut self,
        limit: Duration,
        what: &'static str,
        until: impl Fn(&Heard) -> bool,
    ) -> Result<Heard, TrainerError> {
        let Some(heard) = self.hear(limit, until).await else {
            return Err(self.slow(what, limit));
        };
        match heard.broken {
            Some(why) => Err(TrainerError::Protocol(why)),
            None if heard.ended => Err(self.gone().await),
            None => Ok(heard),
        }
    }

    fn slow(&self, what: &'static str, limit: Duration) -> TrainerError {
        TrainerError::Slow {
            what,
            seconds: limit.as_secs(),
            acknowledged: self.acknowledged(),
        }
    }

    /// It went away: hears it out first, so that no acknowledgement is lost.
    async fn gone(&mut self) -> TrainerError {
        self.stdin = None;
        if let Some(why) = self.hear(GRACE, |h| h.ended).await.and_then(|h| h.broken) {
            return TrainerError::Protocol(why);
        }
        match self.status(GRACE).await {
            Ok(status) => self.ended(status),
            Err(e) => e,
        }
    }

    fn ended(&self, status: Option<ExitStatus>) -> TrainerError {
        let status = status.map_or_else(|| "it still runs, but closed its output".into(), |s| s.to_string());
        TrainerError::Ended {
            status,
            acknowledged: self.acknowledged(),
            total: self.total,
        }
    }

    /// The exit status; `None` where it does not exit in time.
    async fn status(&mut self, limit: Duration) -> Result<Option<ExitStatus>, TrainerError> {
        timeout(limit, self.child.wait())
            .await
            .ok()
            .transpose()
            .map_err(TrainerError::Pipe)
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        // An id is there only while the child was not reaped, so that it names this group and no other.
        if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // SAFETY: kill takes two numbers and no memory.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
}

/// Has the kernel end the child when the thread that spawned it ends, whatever ends it.
fn die_with_us(command: &mut Command) {
    // SAFETY: getpid, prctl and getppid are async-signal-safe and take no memory.
    unsafe {
        let us = libc::getpid();
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // We may have died before the line above.
            if libc::getppid() == us {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        });
    }
}

/// Takes down what the trainer says until it ends or says something it should not.
async fn listen(stdout: ChildStdout, say: watch::Sender<Heard>, sent: Arc<AtomicU64>) {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line).await;
        let whole = line.last() == Some(&b'\n');
        let heard = match read {
            Ok(_) if whole => understand(line.trim_ascii(), &say.borrow(), sent.load(Ordering::SeqCst)),
            Ok(n) if n as u64 == MAX_LINE => Err(format!("it said a line longer than {MAX_LINE} bytes")),
            // The end, or half a line of a trainer that was killed while it spoke.
            _ => return say.send_modify(|h| h.ended = true),
        };
        match heard {
            Ok(heard) => say.send_modify(|h| *h = heard),
            Err(why) => return say.send_modify(|h| h.broken = Some(why)),
        }
    }
}

fn understand(line: &[u8], before: &Heard, sent: u64) -> Result<Heard, String> {
    let mut heard = before.clone();
    match serde_json::from_slice(line) {
        Ok(Said::Ready { resume_from }) if heard.ready.is_none() => heard.ready = Some(resume_from),
        Ok(Said::Ready { .. }) => return Err("it said that it is ready twice".into()),
        Ok(Said::Ack(offset)) if offset < sent => heard.next = heard.next.max(offset + 1),
        Ok(Said::Ack(offset)) => {
            return Err(format!(
                "it acknowledged offset {offset}, but only {sent} samples were sent"
            ));
        }
        Err(_) => {
            let quote: String = String::from_utf8_lossy(line).chars().take(MAX_QUOTE).collect();
            return Err(format!(
                "it said {quote:?}, which is neither `ready` nor `ack`; print talk to stderr"
            ));
        }
    }
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sent_can_be_acknowledged() {
        let heard = understand(b"{\"ack\":4}", &Heard::default(), 5).unwrap();
        assert_eq!(heard.next, 5);
        assert_eq!(
            understand(b"{\"ack\":2}", &heard, 5).unwrap().next,
            5,
            "an older one takes nothing back"
        );
        assert!(understand(b"{\"ack\":5}", &heard, 5).is_err());
        assert!(understand(b"{\"ack\":-1}", &heard, 5).is_err());
        assert!(understand(b"loss 0.31", &heard, 5).unwrap_err().contains("stderr"));
        let ready = understand(b"{\"ready\":{\"resume_from\":3}}", &Heard::default(), 0).unwrap();
        assert_eq!(ready.ready, Some(3));
        assert!(understand(b"{\"ready\":{\"resume_from\":3}}", &ready, 0).is_err());
    }
}
