//! What runs jobs. One trait, so that callers do not know which.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use crate::error::SandboxError;
use crate::images::ImageInfo;
use crate::job::{Completion, Job};

mod cgroup;
mod docker;
mod driver;
mod enter;
mod gpu;
mod layout;
mod logs;
mod mounts;
mod namespaces;
mod preload;
mod seccomp;
mod serve;
mod slots;
mod spawn;
mod supervise;
#[cfg(test)]
mod testing;
mod users;

pub use docker::Docker;
pub(crate) use docker::build_tree;
pub(crate) use gpu::Gpus;
pub use namespaces::{Namespaces, Options};

/// All that a step finds in its environment.
const ENVIRONMENT: [&str; 4] = ["PATH=/usr/bin:/bin", "HOME=/job", "LANG=C.UTF-8", "TZ=UTC"];
/// Open files per process.
const OPEN_FILES: u64 = 256;
/// The stack of a process, bytes: the usual default, whatever the caller's is.
const STACK_BYTES: u64 = 8 << 20;

/// What [`Runtime::run`] returns.
pub type RunFuture<'a> = Pin<Box<dyn Future<Output = Result<Completion, SandboxError>> + Send + 'a>>;

/// Runs jobs in sandboxes. Every implementation holds against all of [`crate::hostile`].
pub trait Runtime: Send + Sync {
    /// Runs a job to its end, or to one of its limits. Waits for a free slot first. Dropping the future kills the job.
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a>;

    /// The same on one slot (see [`Completion::slot`]), once it is free. A retired slot is an error.
    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a>;

    /// The numbers of its slots, those out of service included.
    fn slots(&self) -> Vec<u32>;

    /// Takes a slot out of service for good: something about it is wrong. What runs there now goes on.
    fn retire(&self, slot: u32);

    /// The image that jobs of `sandbox` run in.
    fn image(&self, sandbox: &str) -> Result<ImageInfo, SandboxError>;

    /// How strongly jobs are isolated.
    fn tier(&self) -> Tier;

    /// What ended jobs left behind on a slot where none runs now, each thing named for people: processes, members of
    /// control groups, containers, files. Nothing, if all is well.
    fn remains(&self, slot: u32) -> Result<Vec<String>, SandboxError>;
}

/// How strongly jobs are isolated, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Every limit holds for the whole tree of processes: namespaces with a uid and a control group per slot, or docker.
    Full,
    /// No control groups: memory and CPU time are bounded per process only, and process counts per uid. Where the user
    /// has no range of uids, slots share the user's own.
    NoCgroup,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Full => "full",
            Tier::NoCgroup => "no-cgroup",
        })
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "full" => Ok(Tier::Full),
            "no-cgroup" => Ok(Tier::NoCgroup),
            other => Err(format!("unknown isolation tier `{other}`; known are: full, no-cgroup")),
        }
    }
}
