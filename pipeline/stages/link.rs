//! `link`: finds what each file needs from its own package and makes units of code that stand on their own.

use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::domains;
use crate::model::{Decided, DomainId, Sample};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resolve references inside each package; one sample per module goes on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the code is for.
    #[serde(default = "chip")]
    pub domain: DomainId,
}

fn chip() -> DomainId {
    DomainId::Chip
}

pub static SPEC: StageSpec = StageSpec {
    name: "link",
    version: 1,
    scope: Scope::Population,
    fused: false,
    batch: 1000,
    forgets_text: false,
    needs: &[],
    schema: || schemars::schema_for!(Config),
    build: |v| super::configure::<Config>(v).map(|c| Box::new(c) as Box<dyn Stage>),
};

impl Stage for Config {
    fn run<'a>(&'a self, ctx: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        self.run_population(ctx, samples.into_iter().map(|s| s.id).collect())
    }

    fn run_population<'a>(
        &'a self,
        ctx: &'a Context,
        ids: Vec<String>,
    ) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            let library = ctx.library.as_ref().map(|l| l.ids.as_slice()).unwrap_or_default();
            domains::get(self.domain)?.link(ctx, ids, library).await
        })
    }
}
