//! Watches one running sandbox: reads its logs, meters it, ends it at its limits, and leaves the slot clean.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{sleep_until, timeout};

use super::cgroup::{SlotGroup, Usage, waited_ms};
use super::driver::Report;
use super::logs::{Drained, Logs, Pipes};
use super::slots::{Lease, PATIENCE};
use super::spawn::{self, Started, await_end};
use crate::error::SandboxError;
use crate::job::{Completion, Ended, Job, StepResult};

/// The first look at the accounts comes this soon; later ones at twice the distance, up to `SLOWEST_POLL`.
const FIRST_POLL: Duration = Duration::from_millis(20);
const SLOWEST_POLL: Duration = Duration::from_millis(250);
/// A sandbox whose first process was killed ends this soon, or is killed harder.
const SOON: Duration = Duration::from_millis(500);

/// A sandbox that runs. Dropped, it dies, and its slot is empty before it goes back to the pool.
pub(crate) struct Running {
    started: Option<Started>,
    lease: Lease,
    kill_stray: KillStray,
}

/// Kills what a slot's uid runs, where no control group can.
pub(crate) type KillStray = std::sync::Arc<dyn Fn(u32) + Send + Sync>;

impl Running {
    pub fn new(started: Started, lease: Lease, kill_stray: KillStray) -> Running {
        Running {
            started: Some(started),
            lease,
            kill_stray,
        }
    }

    fn kill(&self) {
        if let Some(started) = &self.started {
            spawn::kill(started);
        }
    }

    /// Kills everything in the slot, one by one.
    fn kill_hard(&self) {
        self.kill();
        match self.lease.group() {
            Some(group) => group.kill_once(),
            None => (self.kill_stray)(self.lease.number()),
        }
    }

    /// Reaps the driver and empties the slot. Returns the driver's exit code and what wait4 says that it used.
    fn finish(&mut self) -> io::Result<(Option<i32>, Usage)> {
        let (code, usage) = match self.started.take() {
            // It cannot be waited for without end: it goes only after everything in its process namespace has.
            Some(started) if !await_end(&started, PATIENCE) => return Err(io::Error::other("it does not die")),
            Some(started) => reap(&started)?,
            None => (None, Usage::default()),
        };
        match self.lease.group() {
            Some(group) => group.kill(PATIENCE)?,
            None => (self.kill_stray)(self.lease.number()),
        }
        Ok((code, usage))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(started) = &self.started {
            self.kill();
            if !await_end(started, SOON) {
                self.kill_hard();
            }
            if let Err(error) = self.finish() {
                tracing::error!(slot = self.lease.number(), %error, "a sandbox did not die");
            }
        }
    }
}

fn reap(started: &Started) -> io::Result<(Option<i32>, Usage)> {
    let mut status = 0;
    // SAFETY: plain system call that fills two structures of ours; the pid is our unreaped child's.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        if libc::wait4(started.pid, &mut status, 0, &mut used) < 0 {
            return Err(io::Error::last_os_error());
        }
        used
    };
    let millis = |time: libc::timeval| time.tv_sec as u64 * 1000 + time.tv_usec as u64 / 1000;
    let usage = Usage {
        cpu_ms: millis(used.ru_utime) + millis(used.ru_stime),
        peak_bytes: used.ru_maxrss as u64 * 1024,
        ..Usage::default()
    };
    Ok((libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)), usage))
}

/// Time for which something on this machine waited for a CPU, milliseconds since it started.
fn machine_pressure() -> Option<u64> {
    std::fs::read_to_string("/proc/pressure/cpu")
        .ok()
        .and_then(|text| waited_ms(&text))
}

/// Runs a started sandbox to its end.
pub(crate) async fn supervise(
    mut running: Running,
    pipes: Pipes,
    job: &Job,
    tier: &str,
) -> Result<Completion, SandboxError> {
    let begun = Instant::now();
    let mut logs = Logs::new(pipes, job.limits.output_bytes as usize)
        .map_err(|error| SandboxError::supervisor("open the pipes", error))?;
    let watched = guard(&running, &mut logs, job, begun).await?;
    let wall_ms = begun.elapsed().as_millis() as u64;
    let (code, waited) = running
        .finish()
        .map_err(|error| SandboxError::supervisor("end the sandbox", error))?;
    // Everyone who could write is dead, so this ends at once.
    let drained = timeout(PATIENCE, logs.rest()).await.unwrap_or(Drained::Closed);
    let usage = if running.lease.group().is_some() {
        running.usage()?
    } else {
        waited
    };
    let ended = watched
        .ended
        .or_else(|| over(&usage, job))
        .or((drained == Drained::Overflow).then_some(Ended::Output));
    let mut report = Report::parse(logs.report(), job.steps.len());
    if ended.is_some() {
        report.cut_short(watched.step);
    }
    if ended.is_none() && (!report.ready || code != Some(0)) {
        return Err(SandboxError::Spawn(complaint(logs.talk(), code)));
    }
    let starved = watched.starved(ended, wall_ms, &usage);
    Ok(Completion {
        steps: results(job, report, logs),
        ended,
        cpu_ms: usage.cpu_ms,
        wall_ms,
        peak_bytes: usage.peak_bytes,
        starved,
        slot: running.lease.number(),
        tier: tier.to_string(),
    })
}

/// Statuses and logs, by step.
pub(crate) fn results(job: &Job, report: Report, logs: Logs) -> Vec<StepResult> {
    let results = job.steps.iter().zip(report.statuses).zip(logs.into_logs());
    results
        .map(|((step, status), log)| StepResult {
            name: step.name.clone(),
            status,
            log,
        })
        .collect()
}

fn complaint(talk: &[u8], code: Option<i32>) -> String {
    let text = String::from_utf8_lossy(talk);
    let exit = code.map_or("a signal".to_string(), |code| format!("exit {code}"));
    match text.trim() {
        "" => format!("the sandbox ended with {exit} and said nothing"),
        said => format!("the sandbox ended with {exit}: {said}"),
    }
}

/// A sandbox that runs, as [`watch`] sees it.
pub(crate) trait Metered {
    /// Whether it is over once every log is closed. Otherwise its first process has to end.
    const ENDS_WITH_LOGS: bool;

    fn usage(&self) -> Result<Usage, SandboxError>;

    /// For how long the process that waited longest, of those alive, was ready to run and had no CPU, milliseconds.
    fn waiting_ms(&self) -> u64;
}

impl Metered for Running {
    const ENDS_WITH_LOGS: bool = false;

    fn usage(&self) -> Result<Usage, SandboxError> {
        match self.lease.group() {
            Some(group) => group
                .usage()
                .map_err(|error| SandboxError::supervisor("read the accounts", error)),
            None => Ok(Usage {
                waited_ms: machine_pressure(),
                ..Usage::default()
            }),
        }
    }

    fn waiting_ms(&self) -> u64 {
        self.lease.group().map_or(0, SlotGroup::waiting_ms)
    }
}

/// What was seen while the job ran.
pub(crate) struct Watched {
    pub ended: Option<Ended>,
    /// The step that ran then.
    pub step: Option<usize>,
    /// Waiting time at the first look.
    waited_before: Option<u64>,
    /// Waiting time of the processes that were alive at the end, milliseconds.
    waited_alive: u64,
}

impl Watched {
    /// A wall time-out proves nothing if for half of it or more a process of the job was ready and got no CPU. An end for
    /// want of memory proves nothing if it was the machine that had none left. CPU time is counted, not timed, so a
    /// starved machine does not change what it says.
    pub fn starved(&self, ended: Option<Ended>, wall_ms: u64, usage: &Usage) -> bool {
        let waited = usage
            .waited_ms
            .zip(self.waited_before)
            .map_or(0, |(now, before)| now.saturating_sub(before))
            .max(self.waited_alive);
        match ended {
            Some(Ended::WallTime) => waited * 2 >= wall_ms,
            Some(Ended::Memory) => !usage.own_memory_limit,
            _ => false,
        }
    }
}

/// Which limit the accounts say was passed. Checked at the end too, so that the answer does not depend on whether a look
/// came in time.
pub(crate) fn over(usage: &Usage, job: &Job) -> Option<Ended> {
    if usage.out_of_memory {
        Some(Ended::Memory)
    } else if usage.cpu_ms > job.limits.cpu_ms {
        Some(Ended::CpuTime)
    } else if usage.out_of_pids {
        Some(Ended::Pids)
    } else {
        None
    }
}

/// Waits for the driver to end, and ends it at the job's limits.
async fn guard(running: &Running, logs: &mut Logs, job: &Job, begun: Instant) -> Result<Watched, SandboxError> {
    let fail = |error| SandboxError::supervisor("watch the sandbox", error);
    let Some(started) = &running.started else {
        return Err(fail(io::Error::other("it has ended already")));
    };
    let exit = exit_of(started.pidfd.try_clone().map_err(fail)?).map_err(fail)?;
    let watched = watch(running, exited(&exit), logs, job, begun).await?;
    if watched.ended.is_some() {
        running.kill();
        if timeout(SOON, exited(&exit)).await.is_err() {
            running.kill_hard();
            let dead = timeout(PATIENCE, exited(&exit)).await;
            dead.map_err(|_| fail(io::Error::other("it does not die")))?
                .map_err(fail)?;
        }
    }
    Ok(watched)
}

/// A pidfd to be awaited by [`exited`].
pub(crate) fn exit_of(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` names one open descriptor for as long as it lives, and `AsyncFd` owns it.
    let exit = unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) };
    exit.map_err(io::Error::from)
}

/// Waits until the process has ended.
pub(crate) async fn exited(exit: &AsyncFd<OwnedFd>) -> io::Result<()> {
    let _still_readable = exit.readable().await?;
    Ok(())
}

/// Waits for a sandbox to end by itself (`exit`, or its logs' end), or to pass one of the job's limits.
pub(crate) async fn watch<S: Metered>(
    sandbox: &S,
    exit: impl Future<Output = io::Result<()>>,
    logs: &mut Logs,
    job: &Job,
    begun: Instant,
) -> Result<Watched, SandboxError> {
    let mut exit = std::pin::pin!(exit);
    let deadline = begun + Duration::from_millis(job.limits.wall_ms);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let mut pause = FIRST_POLL;
    let mut look = begun + pause;
    let mut closed = false;
    let mut watched = Watched {
        ended: None,
        step: None,
        waited_before: None,
        waited_alive: 0,
    };
    watched.ended = loop {
        tokio::select! {
            biased;
            drained = logs.drain(), if !closed => match drained {
                Drained::Overflow => break Some(Ended::Output),
                Drained::Closed if S::ENDS_WITH_LOGS => break None,
                Drained::Closed => closed = true,
                // The kernel counts before it kills.
                Drained::Failed(step) => if let Some(limit) = over(&sandbox.usage()?, job) {
                    watched.step = Some(step);
                    break Some(limit);
                },
            },
            ended = &mut exit => {
                ended.map_err(|error| SandboxError::supervisor("watch the sandbox", error))?;
                break None;
            }
            () = sleep_until(look.min(deadline).into()) => {
                let usage = sandbox.usage()?;
                watched.waited_before = watched.waited_before.or(usage.waited_ms);
                if let Some(limit) = over(&usage, job) {
                    break Some(limit);
                }
                if Instant::now() >= deadline {
                    break Some(Ended::WallTime);
                }
                pause = (pause * 2).min(SLOWEST_POLL);
                // It cannot use up what is left sooner than on all cores.
                let soonest = Duration::from_millis((job.limits.cpu_ms.saturating_sub(usage.cpu_ms) / cores).max(5));
                look = Instant::now() + pause.min(soonest);
            }
        }
    };
    if watched.ended.is_some() {
        let running = || Report::parse(logs.report(), job.steps.len()).current();
        watched.step = watched.step.or_else(running);
        watched.waited_alive = sandbox.waiting_ms();
    }
    Ok(watched)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Limits;

    #[test]
    fn a_wall_time_out_can_be_starved_of_cpu() {
        let watched = Watched {
            ended: None,
            step: None,
            waited_before: Some(100),
            waited_alive: 0,
        };
        let waited = |waited_ms| Usage {
            waited_ms,
            ..Usage::default()
        };
        assert!(watched.starved(Some(Ended::WallTime), 1000, &waited(Some(600))));
        assert!(!watched.starved(Some(Ended::WallTime), 1000, &waited(Some(599))));
        assert!(!watched.starved(Some(Ended::CpuTime), 1000, &waited(Some(900))));
        assert!(!watched.starved(None, 1000, &waited(Some(900))));
        assert!(!watched.starved(Some(Ended::WallTime), 1000, &waited(None)));
        let alive = Watched {
            ended: None,
            step: None,
            waited_before: None,
            waited_alive: 500,
        };
        assert!(alive.starved(Some(Ended::WallTime), 1000, &waited(None)));
    }

    #[test]
    fn memory_counts_under_the_jobs_own_limit_only() {
        let watched = Watched {
            ended: Some(Ended::Memory),
            step: None,
            waited_before: None,
            waited_alive: 0,
        };
        let killed = |own_memory_limit| Usage {
            out_of_memory: true,
            own_memory_limit,
            ..Usage::default()
        };
        assert!(!watched.starved(Some(Ended::Memory), 1000, &killed(true)));
        assert!(watched.starved(Some(Ended::Memory), 1000, &killed(false)));
    }

    #[test]
    fn accounts_name_the_limit() {
        let limits = Limits {
            cpu_ms: 100,
            ..Limits::default()
        };
        let job = Job {
            sandbox: "s".into(),
            files: vec![],
            steps: vec![],
            limits,
        };
        let usage = Usage {
            cpu_ms: 100,
            ..Usage::default()
        };
        assert_eq!(over(&usage, &job), None);
        assert_eq!(over(&Usage { cpu_ms: 101, ..usage }, &job), Some(Ended::CpuTime));
        assert_eq!(
            over(
                &Usage {
                    out_of_pids: true,
                    ..usage
                },
                &job
            ),
            Some(Ended::Pids)
        );
        assert_eq!(
            over(
                &Usage {
                    out_of_memory: true,
                    cpu_ms: 101,
                    ..usage
                },
                &job
            ),
            Some(Ended::Memory)
        );
    }
}
