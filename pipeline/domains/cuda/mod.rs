//! CUDA programs: compiled by nvcc as they are, run on a GPU where there is one, and emulated on the CPU.

pub mod check;
mod gpu;
pub mod jobs;
pub mod judge;
pub mod report;
pub mod resources;

use super::{Domain, OUTSIDE};
use crate::model::DomainId;
use crate::recipe::tasks::{Check, Task};
use crate::worker::{Request, Ruling};
use sandboxes::Completion;

/// The domain of code for GPUs.
pub struct Gpu;

impl Domain for Gpu {
    fn id(&self) -> DomainId {
        DomainId::Gpu
    }

    fn sandbox(&self) -> &'static str {
        jobs::SANDBOX
    }

    fn judges_in(&self, sandbox: &str) -> bool {
        [jobs::SANDBOX, jobs::WITH_GPU].contains(&sandbox)
    }

    fn judge_version(&self) -> i32 {
        jobs::JUDGE_VERSION
    }

    fn outside(&self, task: &Task, built: &[String]) -> Option<Result<Request, String>> {
        match &task.check {
            Check::Cuda(check) => Some(jobs::request(task, check, built)),
            _ => None,
        }
    }

    fn judge(&self, request: &Request, completion: &Completion) -> Option<Result<Ruling, String>> {
        let ours = request.check == OUTSIDE && self.judges_in(&request.job.sandbox);
        ours.then(|| judge::judge(request, completion))
    }
}
