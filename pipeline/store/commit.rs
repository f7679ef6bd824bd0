//! The one transaction in which a batch's work takes effect, or none of it does.

use super::queue::advance;
use super::{Claim, NewVerdict, Store, StoreError, rows};
use crate::model::{Decided, Draft, OracleRecord, Trail, sample_id};
use fail::fail_point;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Why a commit had no effect.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("the lease was lost: another worker owns the batch now, and this result was thrown away")]
    Stale,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CommitError {
    fn from(e: sqlx::Error) -> Self {
        CommitError::Store(StoreError::Sql(e))
    }
}

/// What one node decided about the samples of a batch: for progress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    #[serde(rename = "in")]
    pub entered: u64,
    pub kept: u64,
    pub dropped: u64,
    pub derived: u64,
    pub passed: u64,
    pub failed: u64,
    pub flaky: u64,
    pub reused: u64,
}

/// One node's part of a batch. Fused stages give several, in order.
#[derive(Clone, Debug, Default)]
pub struct NodeStep {
    pub node: i16,
    pub fingerprint: String,
    pub scope: String,
    /// Samples that entered the node, sorted.
    pub members: Vec<String>,
    /// New decisions; those already in the ledger are not repeated.
    pub decided: Vec<Decided>,
    /// Samples that leave the node, sorted: for whom, `routes` says.
    pub outputs: Vec<String>,
    pub counts: Counts,
}

/// What a batch learned beside its decisions: committed with them, or not at all.
#[derive(Default)]
pub struct Findings {
    pub verdicts: Vec<NewVerdict>,
    /// Oracle strengths by the id of the task.
    pub oracles: Vec<(String, OracleRecord)>,
    /// Where jobs ran that any of this rests on, intermediate ones as well.
    pub trail: Trail,
}

/// Everything that a batch did.
#[derive(Default)]
pub struct Commit {
    /// The first step belongs to the claimed batch itself.
    pub steps: Vec<NodeStep>,
    /// Samples made by a source, with the fingerprint that made them (already in `steps[0].members`).
    pub sources: Vec<(String, Draft)>,
    /// Sources whose text is not kept.
    pub forgotten: BTreeSet<String>,
    pub findings: Findings,
    /// Where outputs go: (from node, to node, batch size, held at a barrier, labels needed).
    pub routes: Vec<Route>,
}

/// An edge of the plan, as far as the commit needs to know it.
#[derive(Clone, Debug)]
pub struct Route {
    pub from: i16,
    pub to: i16,
    pub batch: usize,
    pub held: bool,
    pub needs: Vec<String>,
}

/// The id that a draft gets from the node that makes it.
pub fn draft_id(draft: &Draft, fingerprint: &str) -> String {
    sample_id(draft.kind, fingerprint, &draft.parents, &draft.content)
}

impl Store {
    /// Applies a batch's work, fenced by the claim's attempt.
    pub async fn commit(
        &self,
        claim: &Claim,
        work: &Commit,
        node_names: &BTreeMap<i16, String>,
    ) -> Result<(), CommitError> {
        fail_point!("before_commit");
        let mut tx = self.pool.begin().await?;
        let Some(first) = work.steps.first() else {
            return Err(CommitError::Stale);
        };
        let counts = serde_json::to_value(&first.counts).unwrap_or_default();
        let members: &[String] = if claim.is_barrier { &[] } else { &first.members };
        let fenced = sqlx::query!(
            "update batches set state = 'done', finished_at = now(), worker = null, lease_until = null, counts = $3, samples = $4
             where id = $1 and state = 'running' and attempt = $2",
            claim.batch,
            claim.attempt,
            counts,
            members
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if fenced != 1 {
            return Err(CommitError::Stale);
        }
        if claim.is_barrier {
            sqlx::query!(
                "update batches set state = 'done', finished_at = now() where build_id = $1 and node = $2 and state = 'held'",
                claim.build,
                claim.node
            )
            .execute(&mut *tx)
            .await?;
        }
        rows::write(&mut tx, work, node_names).await?;
        fail_point!("mid_commit");
        for step in &work.steps[1..] {
            let counts = serde_json::to_value(&step.counts).unwrap_or_default();
            sqlx::query!(
                "insert into batches (build_id, node, state, samples, counts, finished_at) values ($1, $2, 'done', $3, $4, now())",
                claim.build,
                step.node,
                &step.members,
                counts
            )
            .execute(&mut *tx)
            .await?;
        }
        for route in &work.routes {
            let Some(step) = work.steps.iter().find(|s| s.node == route.from) else {
                continue;
            };
            for chunk in step.outputs.chunks(route.batch.max(1)) {
                sqlx::query!(
                    "insert into batches (build_id, node, state, samples, needs) values ($1, $2, $3, $4, $5)",
                    claim.build,
                    route.to,
                    if route.held { "held" } else { "ready" },
                    chunk,
                    &route.needs
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        advance(&mut tx, claim.build).await?;
        sqlx::query!("select pg_notify('assay', $1)", claim.build.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        fail_point!("after_commit");
        Ok(())
    }
}
