//! Firmware for the STM32F407: built by the real compiler, run on a strict emulation of the board, and in Renode as well
//! where there is one.

pub mod check;
pub mod devices;
mod expect;
pub mod jobs;
pub mod judge;
pub mod names;
mod renode;
pub mod report;

use super::{Domain, OUTSIDE};
use crate::model::DomainId;
use crate::recipe::tasks::{Check, Task};
use crate::worker::{Request, Ruling};
use sandboxes::Completion;

/// The domain of code for microcontrollers.
pub struct Embedded;

impl Domain for Embedded {
    fn id(&self) -> DomainId {
        DomainId::Embedded
    }

    fn sandbox(&self) -> &'static str {
        jobs::SANDBOX
    }

    fn judges_in(&self, sandbox: &str) -> bool {
        [jobs::SANDBOX, jobs::WITH_RENODE].contains(&sandbox)
    }

    fn judge_version(&self) -> i32 {
        jobs::JUDGE_VERSION
    }

    fn outside(&self, task: &Task, built: &[String]) -> Option<Result<Request, String>> {
        match &task.check {
            Check::Stm32f407(check) => Some(jobs::request(task, check, built)),
            _ => None,
        }
    }

    fn judge(&self, request: &Request, completion: &Completion) -> Option<Result<Ruling, String>> {
        let ours = request.check == OUTSIDE && self.judges_in(&request.job.sandbox);
        ours.then(|| judge::judge(request, completion))
    }
}
