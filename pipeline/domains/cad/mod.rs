//! Everything that makes CadQuery CadQuery: a script is run, and the solid that it leaves is measured.
//!
//! A job has four steps, each a process of its own. `run` executes the candidate's script and exports the solid; `sweep`
//! removes all else that it left; `reference` does the same as `run` with the reference's script, which is nowhere in the
//! sandbox before; `judge` reads the exported files and measures them. Only what `judge` says is believed.

pub mod check;
mod judge;
mod outside;

use super::{Domain, OUTSIDE};
use crate::model::DomainId;
use crate::recipe::tasks::{Check, Task};
use crate::worker::{Request, Ruling};
use sandboxes::Completion;

/// The sandbox that runs it.
const SANDBOX: &str = "cadquery";

/// The CAD domain.
pub struct Cad;

impl Domain for Cad {
    fn id(&self) -> DomainId {
        DomainId::Cad
    }

    fn sandbox(&self) -> &'static str {
        SANDBOX
    }

    fn judge_version(&self) -> i32 {
        judge::JUDGE_VERSION
    }

    fn outside(&self, task: &Task, _built: &[String]) -> Option<Result<Request, String>> {
        match &task.check {
            Check::Cadquery(check) => Some(outside::request(task, check)),
            _ => None,
        }
    }

    fn judge(&self, request: &Request, completion: &Completion) -> Option<Result<Ruling, String>> {
        let ours = request.check == OUTSIDE && request.job.sandbox == SANDBOX;
        ours.then(|| judge::judge(request, completion))
    }
}
