//! `rewrite`: normalises units of code; a rewrite that changes the program is refused, and the original goes on.

use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::domains;
use crate::model::{Decided, Sample};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Normalise whitespace and remove commented-out code.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

pub static SPEC: StageSpec = StageSpec {
    name: "rewrite",
    version: 1,
    scope: Scope::Sample,
    fused: false,
    batch: 16,
    forgets_text: false,
    needs: &["verilog"],
    schema: || schemars::schema_for!(Config),
    build: |v| super::configure::<Config>(v).map(|c| Box::new(c) as Box<dyn Stage>),
};

impl Stage for Config {
    fn run<'a>(&'a self, ctx: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            let mut out = Vec::with_capacity(samples.len());
            for s in samples {
                out.push(domains::get(s.domain)?.rewrite(ctx, s).await?);
            }
            Ok(out)
        })
    }
}
