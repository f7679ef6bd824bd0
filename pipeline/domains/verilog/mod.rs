//! Everything that makes Verilog Verilog: what it looks like, how it breaks, what runs it, who judges.

pub mod equivalence;
pub mod harness;
pub mod jobs;
pub mod judge;
pub mod lesson;
pub mod link;
pub mod mutate;
pub mod normalise;
pub mod oracle;
pub mod outside;
pub mod rewriting;
pub mod rules;
pub mod syntax;
pub mod task;
pub mod text;
pub mod types;
pub mod unit;
pub mod verify;

use super::{Domain, LessonConfig, OUTSIDE, OracleConfig, TaskConfig};
use crate::model::{Decided, DomainId, Sample};
use crate::recipe::tasks::{Check, Task};
use crate::stages::{Context, StageError};
use crate::worker::{Request, Ruling};
use futures::future::BoxFuture;
use sandboxes::Completion;

/// The chip domain.
pub struct Chip;

impl Domain for Chip {
    fn id(&self) -> DomainId {
        DomainId::Chip
    }

    fn sandbox(&self) -> &'static str {
        harness::SANDBOX
    }

    fn judge_version(&self) -> i32 {
        judge::JUDGE_VERSION
    }

    fn outside_version(&self) -> i32 {
        outside::VERSION
    }

    fn outside(&self, task: &Task, _built: &[String]) -> Option<Result<Request, String>> {
        match &task.check {
            Check::Verilog(check) => Some(outside::request(task, check)),
            _ => None,
        }
    }

    fn link<'a>(
        &'a self,
        ctx: &'a Context,
        files: Vec<String>,
        library: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(unit::link(ctx, files, library))
    }

    fn rewrite<'a>(&'a self, ctx: &'a Context, sample: Sample) -> BoxFuture<'a, Result<Decided, StageError>> {
        Box::pin(rewriting::rewrite(ctx, sample))
    }

    fn task<'a>(
        &'a self,
        ctx: &'a Context,
        sample: Sample,
        config: &'a TaskConfig,
    ) -> BoxFuture<'a, Result<Decided, StageError>> {
        Box::pin(task::make(ctx, sample, config))
    }

    fn oracle<'a>(
        &'a self,
        ctx: &'a Context,
        sample: Sample,
        config: &'a OracleConfig,
    ) -> BoxFuture<'a, Result<Decided, StageError>> {
        Box::pin(oracle::measure(ctx, sample, config))
    }

    fn lesson<'a>(
        &'a self,
        ctx: &'a Context,
        candidates: Vec<Sample>,
        config: &'a LessonConfig,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(lesson::make(ctx, candidates, config))
    }

    fn verify<'a>(
        &'a self,
        ctx: &'a Context,
        samples: Vec<Sample>,
        trials: u32,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(verify::verify(ctx, samples, trials))
    }

    fn judge(&self, request: &Request, completion: &Completion) -> Option<Result<Ruling, String>> {
        match request.check.as_str() {
            task::CHECK => Some(rule(request, completion)),
            OUTSIDE if request.job.sandbox == harness::SANDBOX => Some(outside::judge(request, completion)),
            _ => None,
        }
    }
}

/// The judge's word in the ledger's terms.
fn rule(request: &Request, completion: &Completion) -> Result<Ruling, String> {
    let judged = judge::judge(&request.job, completion);
    let verdict = judged.verdict?;
    Ok(Ruling {
        verdict: verdict.kind,
        reason: verdict.reason,
        metrics: verdict.metrics,
        log: judged.log,
    })
}
