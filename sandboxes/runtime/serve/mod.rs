//! Warm servers: an image's emulator that takes seconds to start is started once, in a sandbox of its own, and serves one
//! job after another.
//!
//! A server has a slot to itself (uid, control groups, namespaces) as a job does, and beyond that only a loopback device
//! and `/proc`. A job never meets it: where a step is served, the job's driver hands over the files that the step names
//! through a socket, and waits; the server runs them and we write the step's log. A server that was killed, ended, or
//! answered oddly is thrown away, and so is one that has served often. While a server works for a job, it is that job's
//! alone, and dies with it.

mod start;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::pipe::{Receiver, Sender};

use super::supervise::Running;
use crate::error::SandboxError;
use crate::job::{Job, Limits, Step};
use crate::renode::drive;
use crate::renode::monitor::{Link, Monitor, Trouble};
use crate::renode::plan::{Known, Plan};
use crate::renode::{MOST_JOBS, PROGRAM};

/// How long a server may take to start: 2 to 5 s, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long after its job a server may take to be free.
pub(crate) const GRACE: Duration = Duration::from_millis(200);
/// Most that a job may hand over in one file, and that a server's file may hold, bytes.
const FILE_BYTES: u64 = 32 << 20;
/// Longest line of a driver or of a server, bytes.
const LINE_BYTES: u64 = 100;

/// Whether a step is a server's to run: `renode PLAN FIRMWARE [KNOWN]`.
pub(crate) fn is_served(step: &Step) -> bool {
    step.argv.first().is_some_and(|program| program == PROGRAM) && matches!(step.argv.len(), 3 | 4)
}

/// What a server may use, over all of its jobs.
pub(crate) fn limits() -> Limits {
    let day_ms = 24 * 3600 * 1000;
    Limits {
        cpu_ms: day_ms,
        wall_ms: day_ms,
        memory_bytes: 3 << 30,
        pids: 256,
        file_bytes: FILE_BYTES,
        disk_bytes: 256 << 20,
        ..Limits::default()
    }
}

/// A Renode that waits for work.
pub(crate) struct Server {
    monitor: Monitor<Streams>,
    rootfs: PathBuf,
    served: u32,
    /// Dropped, it dies.
    _running: Running,
}

impl Server {
    /// Waits until a started server can be asked.
    pub async fn open(rootfs: &Path, running: Running, streams: Streams) -> Result<Server, SandboxError> {
        let monitor = Monitor::open(streams, PATIENCE).await;
        let monitor = monitor.map_err(|trouble| SandboxError::Spawn(format!("the warm server: {trouble}")))?;
        Ok(Server {
            monitor,
            rootfs: rootfs.to_path_buf(),
            served: 0,
            _running: running,
        })
    }
}

/// Servers that are free.
#[derive(Default)]
pub(crate) struct Servers {
    idle: Mutex<Vec<Server>>,
}

impl Servers {
    /// A free server of an image; `None` if one has to be started.
    pub fn take(&self, rootfs: &Path) -> Option<Server> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let place = idle.iter().position(|server| server.rootfs == rootfs)?;
        Some(idle.swap_remove(place))
    }

    fn put_back(&self, server: Server) {
        if server.served < MOST_JOBS {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(server);
        }
    }
}

/// A job's served steps: the line to its driver, and where each step's log goes.
pub(crate) struct Serving {
    servers: Arc<Servers>,
    server: Server,
    line: BufReader<UnixStream>,
    logs: Vec<Option<Sender>>,
}

impl Serving {
    /// `logs` are the writing ends of the logs of all steps. Returns the driver's end of the line as well.
    pub fn new(servers: Arc<Servers>, server: Server, job: &Job, logs: &[OwnedFd]) -> io::Result<(Serving, OwnedFd)> {
        let (line, driver) = std::os::unix::net::UnixStream::pair()?;
        line.set_nonblocking(true)?;
        let steps = job.steps.iter().zip(logs);
        let logs = steps.map(|(step, log)| {
            is_served(step)
                .then(|| Sender::from_owned_fd(log.try_clone()?))
                .transpose()
        });
        let serving = Serving {
            servers,
            server,
            line: BufReader::new(UnixStream::from_std(line)?),
            logs: logs.collect::<io::Result<_>>()?,
        };
        Ok((serving, driver.into()))
    }

    /// Serves until the driver has gone. The server goes back to the others if all went well.
    pub async fn run(mut self, job: &Job) {
        let mut clean = true;
        while clean {
            let index = match self.next_line().await {
                Ok(Some(index)) => index,
                Ok(None) => break,
                Err(_) => return,
            };
            let answer = match self.step(job, index).await {
                Ok(well) => {
                    clean = well;
                    "0\n".to_string()
                }
                Err(trouble) => {
                    clean = false;
                    tracing::warn!(%trouble, "a warm server is thrown away");
                    format!("fault {}\n", trouble.to_string().replace(['\n', '\r'], " "))
                }
            };
            if self.line.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
        if clean {
            self.servers.put_back(self.server);
        }
    }

    /// A number that the driver tells; `None` once it has gone.
    async fn next_line(&mut self) -> io::Result<Option<i64>> {
        number(&mut self.line).await
    }

    /// Runs a step, and writes its log. False if the server is not to be used again.
    async fn step(&mut self, job: &Job, index: i64) -> Result<bool, Trouble> {
        let unknown = || Trouble::OutOfStep(format!("the driver asks for step {index}"));
        let index = usize::try_from(index).map_err(|_| unknown())?;
        let mut log = self.logs.get_mut(index).and_then(Option::take).ok_or_else(unknown)?;
        let argv = job.steps.get(index).map_or(&[][..], |step| &step.argv);
        let [_, plan, rest @ ..] = argv else {
            return Err(unknown());
        };
        let mut files = Vec::new();
        for path in rest {
            files.push(self.file(path).await?);
        }
        let plan: Plan = plan_of(job, plan)?;
        let known: Known = match files.get(1) {
            Some(text) => {
                serde_json::from_slice(text).map_err(|error| io::Error::other(format!("what is known: {error}")))?
            }
            None => Known::default(),
        };
        self.server.served += 1;
        let name = format!("job{}", self.server.served);
        let firmware = files.first().map_or(&[][..], Vec::as_slice);
        let outcome = drive::run(&mut self.server.monitor, &name, firmware, &plan, &known).await?;
        self.server.monitor.link().forget(&name).await?;
        let text = serde_json::to_string_pretty(&outcome.report).map_err(io::Error::other)?;
        log.write_all(text.as_bytes()).await?;
        log.write_all(b"\n").await?;
        Ok(outcome.clean)
    }

    /// A file that the driver sends: how many bytes, a line, and they.
    async fn file(&mut self, path: &str) -> Result<Vec<u8>, Trouble> {
        let size = self.next_line().await?.and_then(|size| u64::try_from(size).ok());
        let size = size.ok_or_else(|| io::Error::other(format!("the job has no file {path}")))?;
        if size > FILE_BYTES {
            return Err(io::Error::other(format!("{path} has {size} bytes, more than {FILE_BYTES}")).into());
        }
        let mut content = vec![0; size as usize];
        self.line.read_exact(&mut content).await?;
        Ok(content)
    }
}

fn plan_of(job: &Job, path: &str) -> Result<Plan, Trouble> {
    let file = job.files.iter().find(|file| file.path == path);
    let file = file.ok_or_else(|| io::Error::other(format!("the job has no file in/{path}")))?;
    serde_json::from_str(&file.content).map_err(|error| io::Error::other(format!("in/{path}: {error}")).into())
}

/// A line that is a number; `None` at the end.
async fn number(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<i64>> {
    let mut line = Vec::new();
    stream.take(LINE_BYTES).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&line);
    match text.trim().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(io::Error::other(format!("no number: {text:?}"))),
    }
}

/// The streams of a server's script (`sandboxes/renode/serve.sh`).
pub(crate) struct Streams {
    commands: Sender,
    monitor: Receiver,
    answers: BufReader<Receiver>,
}

impl Streams {
    /// Our ends of the pipes that are its standard input, output and error.
    pub fn new(commands: OwnedFd, monitor: OwnedFd, answers: OwnedFd) -> io::Result<Streams> {
        Ok(Streams {
            commands: Sender::from_owned_fd(commands)?,
            monitor: Receiver::from_owned_fd(monitor)?,
            answers: BufReader::new(Receiver::from_owned_fd(answers)?),
        })
    }

    async fn command(&mut self, line: String) -> io::Result<()> {
        self.commands.write_all(line.as_bytes()).await
    }

    /// Removes a job's files.
    async fn forget(&mut self, name: &str) -> io::Result<()> {
        self.command(format!("forget {name}\n")).await
    }
}

impl Link for Streams {
    fn folder(&self) -> &str {
        "/job"
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.command(format!("say {line}\n")).await
    }

    async fn hear(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(4096);
        self.monitor.read_buf(&mut bytes).await?;
        if bytes.is_empty() {
            // Why it went, if it could still say so.
            self.answers.read_to_end(&mut bytes).await?;
            return Err(io::Error::other(format!(
                "Renode's server is gone; {}",
                String::from_utf8_lossy(&bytes).trim()
            )));
        }
        Ok(bytes)
    }

    async fn put(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.command(format!("put {name} {}\n", content.len())).await?;
        self.commands.write_all(content).await
    }

    async fn get(&mut self, name: &str, from: u64) -> io::Result<Vec<u8>> {
        self.command(format!("get {name} {from}\n")).await?;
        let size = number(&mut self.answers)
            .await?
            .and_then(|size| u64::try_from(size).ok());
        let size = size.filter(|size| *size <= FILE_BYTES);
        let size = size.ok_or_else(|| io::Error::other(format!("the server does not tell the size of {name}")))?;
        let mut content = vec![0; size as usize];
        self.answers.read_exact(&mut content).await?;
        Ok(content)
    }
}

#[cfg(test)]
mod tests;
