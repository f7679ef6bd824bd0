//! Builds and their batches: launching, claiming, leases.

use super::{Store, StoreError};
use serde_json::Value;
use sqlx::postgres::PgListener;
use sqlx::{Postgres, Transaction};

/// How long a claim holds without a heartbeat.
const LEASE_SECONDS: f64 = 30.0;
/// Faults after which a batch fails for good.
pub const MAX_FAULTS: i64 = 5;
/// Claims after which a batch fails, whatever ended the earlier ones: it may be what kills its workers.
const MAX_CLAIMS: i32 = 50;

/// A node to be stored with a new build.
#[derive(Clone, Debug)]
pub struct NewNode {
    pub name: String,
    pub use_: String,
    pub stage_version: i32,
    pub config: Value,
    pub fingerprint: String,
    pub inputs: Vec<i16>,
    pub library: Option<i16>,
    pub is_barrier: bool,
    /// Units of work of a source; empty elsewhere.
    pub units: Vec<Value>,
}

/// A node of a stored build.
#[derive(Clone, Debug)]
pub struct NodeRow {
    pub node: i16,
    pub name: String,
    pub use_: String,
    pub stage_version: i32,
    pub config: Value,
    pub fingerprint: String,
    pub inputs: Vec<i16>,
    pub library: Option<i16>,
    pub is_barrier: bool,
    pub scope: String,
}

/// A stored build with its nodes in topological order.
#[derive(Clone, Debug)]
pub struct BuildPlan {
    pub id: i64,
    pub recipe_name: String,
    pub recipe_sha256: String,
    pub seed: u64,
    pub base_dir: String,
    pub nodes: Vec<NodeRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildState {
    Running,
    Done,
    Failed,
}

/// A batch under our lease. Finishing it is fenced by `attempt`.
#[derive(Clone, Debug)]
pub struct Claim {
    pub batch: i64,
    pub build: i64,
    pub node: i16,
    pub attempt: i32,
    pub payload: Option<Value>,
    pub samples: Vec<String>,
    pub is_barrier: bool,
}

/// A connection that hears of commits.
pub struct Listener(PgListener);

impl Listener {
    /// Waits for the next commit of any worker.
    pub async fn recv(&mut self) -> Result<(), StoreError> {
        self.0.recv().await?;
        Ok(())
    }
}

impl Store {
    /// Starts a build, or finds the running one of the same recipe. Returns its id and whether it was found.
    pub async fn launch(
        &self,
        name: &str,
        sha256: &str,
        seed: u64,
        base_dir: &str,
        nodes: &[NewNode],
    ) -> Result<(i64, bool), StoreError> {
        let mut tx = self.pool.begin().await?;
        let id = sqlx::query_scalar!(
            "insert into builds (recipe_name, recipe_sha256, seed, base_dir) values ($1, $2, $3, $4)
             on conflict (recipe_sha256) where state = 'running' do nothing returning id",
            name,
            sha256,
            seed as i64,
            base_dir
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(id) = id else {
            let id = sqlx::query_scalar!(
                "select id from builds where recipe_sha256 = $1 and state = 'running'",
                sha256
            )
            .fetch_one(&mut *tx)
            .await?;
            return Ok((id, true));
        };
        for (i, n) in nodes.iter().enumerate() {
            sqlx::query!(
                "insert into build_nodes (build_id, node, name, use, stage_version, config, fingerprint, inputs, library, is_barrier)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                id,
                i as i16,
                n.name,
                n.use_,
                n.stage_version,
                n.config,
                n.fingerprint,
                &n.inputs,
                n.library,
                n.is_barrier
            )
            .execute(&mut *tx)
            .await?;
            sqlx::query!(
                "insert into batches (build_id, node, state, payload) select $1, $2, 'ready', u from unnest($3::jsonb[]) u",
                id,
                i as i16,
                &n.units
            )
            .execute(&mut *tx)
            .await?;
        }
        advance(&mut tx, id).await?;
        tx.commit().await?;
        Ok((id, false))
    }

    /// A build's plan, as stored.
    pub async fn plan(&self, build: i64) -> Result<Option<BuildPlan>, StoreError> {
        let Some(b) = sqlx::query!(
            "select id, recipe_name, recipe_sha256, seed, base_dir from builds where id = $1",
            build
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        let nodes = sqlx::query_as!(
            NodeRow,
            r#"select node, name, use as "use_", stage_version, config, fingerprint, inputs, library, is_barrier, scope
               from build_nodes where build_id = $1 order by node"#,
            build
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Some(BuildPlan {
            id: b.id,
            recipe_name: b.recipe_name,
            recipe_sha256: b.recipe_sha256,
            seed: b.seed as u64,
            base_dir: b.base_dir,
            nodes,
        }))
    }

    pub async fn build_state(&self, build: i64) -> Result<BuildState, StoreError> {
        let state = sqlx::query_scalar!("select state from builds where id = $1", build)
            .fetch_one(&self.pool)
            .await?;
        Ok(match state.as_str() {
            "done" => BuildState::Done,
            "failed" => BuildState::Failed,
            _ => BuildState::Running,
        })
    }

    /// The newest build, of a recipe by name if given.
    pub async fn newest_build(&self, recipe: Option<&str>) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar!(
            "select id from builds where $1::text is null or recipe_name = $1 order by id desc limit 1",
            recipe
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Takes the deepest batch that this worker can run; `None` when there is none just now. `build` narrows it to one.
    pub async fn claim(
        &self,
        worker: &str,
        labels: &[String],
        build: Option<i64>,
    ) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query!(
            "update batches set state = 'running', attempt = attempt + 1, worker = $1, lease_until = now() + make_interval(secs => $4)
             where id = (select id from batches where state = 'ready' and run_after <= now() and needs <@ $2
                         and ($3::bigint is null or build_id = $3)
                         order by node desc, id limit 1 for update skip locked)
             returning id, build_id, node, attempt, payload, samples, is_barrier",
            worker,
            labels,
            build,
            LEASE_SECONDS
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(r) = row else { return Ok(None) };
        let mut claim = Claim {
            batch: r.id,
            build: r.build_id,
            node: r.node,
            attempt: r.attempt,
            payload: r.payload,
            samples: r.samples,
            is_barrier: r.is_barrier,
        };
        if claim.is_barrier {
            claim.samples = self.arrived(claim.build, claim.node).await?;
        }
        Ok(Some(claim))
    }

    /// Every sample that has reached a node, sorted.
    pub async fn arrived(&self, build: i64, node: i16) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select distinct u as "u!" from batches b cross join lateral unnest(b.samples) u
               where b.build_id = $1 and b.node = $2 and not b.is_barrier order by 1"#,
            build,
            node
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Hears of commits as they happen. Polling alone would do; this is only faster.
    pub async fn listen(&self) -> Result<Listener, StoreError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen("assay").await?;
        Ok(Listener(listener))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// The scope of a node's decisions: empty but for a barrier that has opened.
    pub async fn scope(&self, build: i64, node: i16) -> Result<String, StoreError> {
        Ok(sqlx::query_scalar!(
            "select scope from build_nodes where build_id = $1 and node = $2",
            build,
            node
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Extends the lease; false when it is lost.
    pub async fn heartbeat(&self, claim: &Claim) -> Result<bool, StoreError> {
        let n = sqlx::query!(
            "update batches set lease_until = now() + make_interval(secs => $3) where id = $1 and state = 'running' and attempt = $2",
            claim.batch,
            claim.attempt,
            LEASE_SECONDS
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(n == 1)
    }

    /// Gives a batch back after a fault of ours: recorded, retried with backoff, failed for good after [`MAX_FAULTS`].
    pub async fn give_back(
        &self,
        claim: &Claim,
        node: &str,
        kind: &str,
        message: &str,
        retry: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        let held = sqlx::query!(
            "select id from batches where id = $1 and state = 'running' and attempt = $2 for update",
            claim.batch,
            claim.attempt
        )
        .fetch_optional(&mut *tx)
        .await?;
        sqlx::query!(
            "insert into faults (build_id, node, batch, attempt, kind, message) values ($1, $2, $3, $4, $5, $6)",
            claim.build,
            node,
            claim.batch,
            claim.attempt,
            kind,
            message
        )
        .execute(&mut *tx)
        .await?;
        if held.is_some() {
            let faults = sqlx::query_scalar!(
                r#"select count(*) as "n!" from faults where batch = $1 and kind <> 'lease_lost'"#,
                claim.batch
            )
            .fetch_one(&mut *tx)
            .await?;
            if !retry || faults >= MAX_FAULTS {
                sqlx::query!("update batches set state = 'failed', finished_at = now(), worker = null, lease_until = null where id = $1", claim.batch)
                    .execute(&mut *tx)
                    .await?;
                advance(&mut tx, claim.build).await?;
            } else {
                let seconds = f64::from(1 << faults.clamp(0, 6) as u32) * 0.5;
                sqlx::query!(
                    "update batches set state = 'ready', worker = null, lease_until = null, run_after = now() + make_interval(secs => $2) where id = $1",
                    claim.batch,
                    seconds
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Puts a batch back without blame: we were asked to stop.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query!(
            "update batches set state = 'ready', worker = null, lease_until = null where id = $1 and state = 'running' and attempt = $2",
            claim.batch,
            claim.attempt
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Workers that hold leases, for telling which of this host's are dead.
    pub async fn lease_holders(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select distinct worker as "worker!" from batches where state = 'running' and worker is not null"#
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Takes back batches whose lease ran out, or whose worker is in `dead`.
    pub async fn reap(&self, dead: &[String]) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await?;
        let lost = sqlx::query!(
            r#"with lost as (
                 select id from batches where state = 'running' and (lease_until < now() or worker = any($1)) for update skip locked
               )
               update batches b set state = case when attempt >= $2 then 'failed' else 'ready' end,
                 finished_at = case when attempt >= $2 then now() end, worker = null, lease_until = null
               from lost where b.id = lost.id returning b.id, b.build_id, b.node, b.attempt, b.state"#,
            dead,
            MAX_CLAIMS
        )
        .fetch_all(&mut *tx)
        .await?;
        for b in &lost {
            sqlx::query!(
                "insert into faults (build_id, node, batch, attempt, kind, message)
                 select $1, name, $3, $4, 'lease_lost', 'the worker died or stopped renewing its lease; the batch is run again'
                 from build_nodes where build_id = $1 and node = $2",
                b.build_id,
                b.node,
                b.id,
                b.attempt
            )
            .execute(&mut *tx)
            .await?;
            if b.state == "failed" {
                advance(&mut tx, b.build_id).await?;
            }
        }
        tx.commit().await?;
        Ok(lost.len() as u64)
    }
}

/// Opens barriers whose population is complete, closes nodes with nothing left to do, ends the build.
/// One transaction at a time per build, so that two last batches cannot both think that the other is still running.
pub(super) async fn advance(tx: &mut Transaction<'_, Postgres>, build: i64) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", build)
        .execute(&mut **tx)
        .await?;
    let nodes = sqlx::query!(
        r#"select n.node, n.inputs, n.library, n.is_barrier, n.state,
             count(b.id) filter (where b.state in ('ready', 'running')) as "busy!",
             count(b.id) filter (where b.state = 'failed') as "failed!",
             count(b.id) filter (where b.is_barrier) as "barriers!"
           from build_nodes n left join batches b on b.build_id = n.build_id and b.node = n.node
           where n.build_id = $1 group by n.build_id, n.node order by n.node"#,
        build
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut done = vec![false; nodes.len()];
    let mut busy = false;
    for (i, n) in nodes.iter().enumerate() {
        let ready = n.inputs.iter().chain(n.library.iter()).all(|&j| done[j as usize]);
        done[i] = n.state == "done";
        busy |= n.busy > 0;
        if done[i] || !ready || n.busy > 0 || n.failed > 0 {
            continue;
        }
        if n.is_barrier && n.barriers == 0 {
            open_barrier(tx, build, n.node, n.library).await?;
            busy = true;
            continue;
        }
        sqlx::query!(
            "update build_nodes set state = 'done' where build_id = $1 and node = $2",
            build,
            n.node
        )
        .execute(&mut **tx)
        .await?;
        done[i] = true;
    }
    let state = if done.iter().all(|d| *d) {
        "done"
    } else if busy {
        return Ok(());
    } else {
        "failed"
    };
    sqlx::query!(
        "update builds set state = $2, finished_at = now() where id = $1 and state = 'running'",
        build,
        state
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Creates the one batch of a barrier and fixes the scope of its decisions: everything that it looks at.
async fn open_barrier(
    tx: &mut Transaction<'_, Postgres>,
    build: i64,
    node: i16,
    library: Option<i16>,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"update build_nodes n set scope = (
             select substr(encode(sha256(convert_to(coalesce(string_agg(side || m.sample_id, ',' order by side, m.sample_id), ''), 'UTF8')), 'hex'), 1, 32)
             from (select distinct 'i' as side, sample_id from build_members where build_id = $1 and node = $2
                   union select 'l', o.sample_id from outcomes o
                   join build_nodes k on k.build_id = o.build_id and k.name = o.node
                   where k.build_id = $1 and k.node = $3 and o.outcome = 'keep') m)
           where n.build_id = $1 and n.node = $2"#,
        build,
        node,
        library
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into batches (build_id, node, state, is_barrier) values ($1, $2, 'ready', true)",
        build,
        node
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
