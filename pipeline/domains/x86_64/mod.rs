//! Code optimisation: a C, C++ or assembly candidate beside its baseline, right first, then faster.

pub mod check;
pub mod jobs;
pub mod judge;
pub mod report;
pub mod stats;

use super::{Domain, OUTSIDE};
use crate::model::DomainId;
use crate::recipe::tasks::{Check, Task};
use crate::worker::{Request, Ruling};
use sandboxes::Completion;

/// The domain of code optimisation.
pub struct Codeopt;

impl Domain for Codeopt {
    fn id(&self) -> DomainId {
        DomainId::Codeopt
    }

    fn sandbox(&self) -> &'static str {
        jobs::SANDBOX
    }

    fn judge_version(&self) -> i32 {
        jobs::JUDGE_VERSION
    }

    fn outside(&self, task: &Task, _built: &[String]) -> Option<Result<Request, String>> {
        match &task.check {
            Check::X86(check) => Some(jobs::request(task, check)),
            _ => None,
        }
    }

    fn judge(&self, request: &Request, completion: &Completion) -> Option<Result<Ruling, String>> {
        let ours = request.check == OUTSIDE && request.job.sandbox == jobs::SANDBOX;
        ours.then(|| judge::judge(request, completion))
    }
}
