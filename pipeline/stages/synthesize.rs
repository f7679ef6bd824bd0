//! `synthesize`: makes tasks of code, and training samples of judged candidates.

use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::domains::{self, LessonConfig, TaskConfig};
use crate::model::{Decided, DomainId, Sample};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Make new samples with the built-in teacher: no model is asked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What to make.
    pub make: Make,
    /// How tasks are made (`make = "tasks"`).
    #[serde(default)]
    pub task: TaskConfig,
    /// How lessons are made (`make = "lessons"`).
    #[serde(default)]
    pub lesson: LessonConfig,
}

/// What a synthesize node makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Make {
    /// Of each unit of code a task: requirement, interface, testbench.
    Tasks,
    /// Of each judged candidate a training sample: `sft_repair` of a defective one, `sft_direct` of the reference.
    Lessons,
}

pub static SPEC: StageSpec = StageSpec {
    name: "synthesize",
    version: 2,
    scope: Scope::Sample,
    fused: false,
    batch: 8,
    forgets_text: false,
    needs: &["verilog"],
    schema: || schemars::schema_for!(Config),
    build: |v| super::configure::<Config>(v).map(|c| Box::new(c) as Box<dyn Stage>),
};

/// Samples by domain, in the domains' order.
pub(super) fn by_domain(samples: Vec<Sample>) -> BTreeMap<DomainId, Vec<Sample>> {
    let mut groups: BTreeMap<DomainId, Vec<Sample>> = BTreeMap::new();
    for s in samples {
        groups.entry(s.domain).or_default().push(s);
    }
    groups
}

impl Stage for Config {
    fn run<'a>(&'a self, ctx: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            let mut out = Vec::with_capacity(samples.len());
            for (id, group) in by_domain(samples) {
                let domain = domains::get(id)?;
                match self.make {
                    Make::Lessons => out.extend(domain.lesson(ctx, group, &self.lesson).await?),
                    Make::Tasks => {
                        for s in group {
                            out.push(domain.task(ctx, s, &self.task).await?);
                        }
                    }
                }
            }
            Ok(out)
        })
    }
}
