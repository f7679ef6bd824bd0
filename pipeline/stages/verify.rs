//! `verify`: executes. As an oracle, a task's testbench on defective variants of its own reference; else what
//! a sample teaches.

use super::synthesize::by_domain;
use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::domains::{self, OracleConfig};
use crate::model::{Decided, Sample};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Execute samples in a sandbox and judge what comes out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is verified.
    #[serde(default)]
    pub mode: Mode,
    /// How often each job is run; verdicts that disagree are `flaky`.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100))]
    pub trials: u32,
    /// How an oracle proves that it can fail (`mode = "oracle"`).
    #[serde(default)]
    pub oracle: OracleConfig,
}

fn one() -> u32 {
    1
}

/// What a verify node looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Does what this sample teaches hold?
    #[default]
    Sample,
    /// Does this task's testbench tell wrong from right? Candidates go on, if it does.
    Oracle,
}

pub static SPEC: StageSpec = StageSpec {
    name: "verify",
    version: 2,
    scope: Scope::Sample,
    fused: false,
    batch: 4,
    forgets_text: false,
    needs: &["verilog"],
    schema: || schemars::schema_for!(Config),
    build: |v| super::configure::<Config>(v).map(|c| Box::new(c) as Box<dyn Stage>),
};

impl Stage for Config {
    fn run<'a>(&'a self, ctx: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            let mut out = Vec::with_capacity(samples.len());
            for (id, group) in by_domain(samples) {
                let domain = domains::get(id)?;
                match self.mode {
                    Mode::Sample => out.extend(domain.verify(ctx, group, self.trials).await?),
                    Mode::Oracle => {
                        for s in group {
                            out.push(domain.oracle(ctx, s, &self.oracle).await?);
                        }
                    }
                }
            }
            Ok(out)
        })
    }
}
