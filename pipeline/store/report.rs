//! What people ask: how far a build is, where a sample came from, what its verdict rests on.

use super::{Store, StoreError, object};
use crate::model::Metadata;
use serde::Serialize;
use serde_json::Value;

/// Progress of one node.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NodeStatus {
    pub node: String,
    #[serde(rename = "use")]
    pub use_: String,
    #[serde(rename = "in")]
    pub entered: i64,
    pub kept: i64,
    pub dropped: i64,
    pub derived: i64,
    pub passed: i64,
    pub failed: i64,
    pub flaky: i64,
    /// Faults of ours, retried or not.
    pub errors: i64,
    pub reused: i64,
    /// Samples in batches not yet done.
    pub waiting: i64,
    pub running_batches: i64,
    pub failed_batches: i64,
    pub done: bool,
}

/// A decision about a sample, with the node and build it was made for first.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedDecision {
    pub build: i64,
    /// Position of the node in the build's plan.
    #[serde(skip)]
    pub place: i16,
    pub node: String,
    #[serde(rename = "use")]
    pub use_: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub detail: Value,
}

/// An edge towards a parent.
#[derive(Clone, Debug, Serialize)]
pub struct LineageRow {
    pub child: String,
    pub parent: String,
    pub parent_kind: String,
    pub node: String,
    pub role: String,
    /// First and last line, inclusive.
    pub lines: Option<(i32, i32)>,
    pub origin: Value,
}

/// A verdict with its evidence.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictRow {
    pub seq: i64,
    pub job_hash: String,
    pub check_name: String,
    pub verdict: String,
    pub reason: Option<String>,
    pub sandbox: String,
    pub engine: String,
    pub image_id: String,
    pub tier: String,
    pub judge_version: i32,
    pub tools: Value,
    pub command: String,
    pub limits: Value,
    pub seed: i64,
    pub trials: i32,
    pub metrics: Value,
    pub cpu_ms: i64,
    pub wall_ms: i64,
    pub peak_bytes: i64,
    pub log: String,
    pub created_at: String,
}

/// A fault of ours.
#[derive(Clone, Debug, Serialize)]
pub struct FaultRow {
    pub node: Option<String>,
    pub kind: String,
    pub message: String,
    pub count: i64,
}

/// Which samples to show.
#[derive(Clone, Debug, Default)]
pub struct SampleFilter {
    pub kind: Option<String>,
    pub reason: Option<String>,
    pub build: Option<i64>,
    pub limit: i64,
}

impl Store {
    pub async fn node_status(&self, build: i64) -> Result<Vec<NodeStatus>, StoreError> {
        let rows = sqlx::query!(
            r#"select n.name, n.use as "use_", n.state,
                 coalesce(sum((b.counts ->> 'in')::bigint), 0)::bigint as "entered!",
                 coalesce(sum((b.counts ->> 'kept')::bigint), 0)::bigint as "kept!",
                 coalesce(sum((b.counts ->> 'dropped')::bigint), 0)::bigint as "dropped!",
                 coalesce(sum((b.counts ->> 'derived')::bigint), 0)::bigint as "derived!",
                 coalesce(sum((b.counts ->> 'passed')::bigint), 0)::bigint as "passed!",
                 coalesce(sum((b.counts ->> 'failed')::bigint), 0)::bigint as "failed!",
                 coalesce(sum((b.counts ->> 'flaky')::bigint), 0)::bigint as "flaky!",
                 coalesce(sum((b.counts ->> 'reused')::bigint), 0)::bigint as "reused!",
                 coalesce(sum(greatest(cardinality(b.samples), 1)) filter (where b.state in ('held', 'ready', 'running')
                   and not b.is_barrier), 0)::bigint as "waiting!",
                 count(b.id) filter (where b.state = 'running') as "running!",
                 count(b.id) filter (where b.state = 'failed') as "failed_batches!",
                 (select count(*) from faults f where f.build_id = n.build_id and f.node = n.name) as "errors!"
               from build_nodes n left join batches b on b.build_id = n.build_id and b.node = n.node
               where n.build_id = $1 group by n.build_id, n.node order by n.node"#,
            build
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| NodeStatus {
                node: r.name,
                use_: r.use_,
                entered: r.entered,
                kept: r.kept,
                dropped: r.dropped,
                derived: r.derived,
                passed: r.passed,
                failed: r.failed,
                flaky: r.flaky,
                errors: r.errors,
                reused: r.reused,
                waiting: r.waiting,
                running_batches: r.running,
                failed_batches: r.failed_batches,
                done: r.state == "done",
            })
            .collect())
    }

    /// Seconds since a build started, or that it took.
    pub async fn build_seconds(&self, build: i64) -> Result<f64, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select extract(epoch from coalesce(finished_at, now()) - started_at)::float8 as "s!" from builds where id = $1"#,
            build
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Drops (and failures) of a build by node and reason, most frequent first.
    pub async fn drop_reasons(&self, build: i64) -> Result<Vec<(String, String, i64)>, StoreError> {
        let rows = sqlx::query!(
            r#"select node as "node!", reason as "reason!", count(*) as "n!" from outcomes
               where build_id = $1 and reason is not null group by 1, 2 order by 3 desc, 1, 2"#,
            build
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| (r.node, r.reason, r.n)).collect())
    }

    /// Oracles of a build: accepted, rejected, mean kill rate of the accepted, mean held-out rate of the accepted.
    pub async fn oracle_summary(&self, build: i64) -> Result<(i64, i64, f64, f64), StoreError> {
        let r = sqlx::query!(
            r#"select count(*) filter (where o.accepted) as "yes!", count(*) filter (where not o.accepted) as "no!",
                 coalesce(avg(o.kill_rate) filter (where o.accepted), 0)::float8 as "rate!",
                 coalesce(avg(o.held_out_rate) filter (where o.accepted), 0)::float8 as "held!"
               from oracles o where o.sample_id in (
                 select sample_id from build_members where build_id = $1)"#,
            build
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((r.yes, r.no, r.rate, r.held))
    }

    pub async fn fault_summary(&self, build: i64) -> Result<Vec<FaultRow>, StoreError> {
        Ok(sqlx::query_as!(
            FaultRow,
            r#"select node, kind, message, count(*) as "count!" from faults where build_id = $1 group by 1, 2, 3 order by 4 desc, 1, 2 limit 20"#,
            build
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Sample ids that begin with a prefix, at most two.
    pub async fn ids_by_prefix(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            "select id from stored_samples where id >= $1 and starts_with(id, $1) order by id limit 2",
            prefix
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// What every node of every build decided about a sample, oldest build first.
    pub async fn decisions_of(&self, sample: &str) -> Result<Vec<ExplainedDecision>, StoreError> {
        Ok(sqlx::query_as!(
            ExplainedDecision,
            r#"select build as "build!", place as "place!", name as "node!", use_ as "use_!", outcome as "outcome!", reason, detail as "detail!" from (
                 select distinct on (d.fingerprint, d.scope) n.build_id as build, n.node as place, n.name, n.use as use_,
                   d.outcome, d.reason, d.detail
                 from decisions d
                 join build_nodes n on n.fingerprint = d.fingerprint and n.scope = d.scope
                 join batches b on b.build_id = n.build_id and b.node = n.node and b.samples @> array[d.sample_id]
                 where d.sample_id = $1 order by d.fingerprint, d.scope, n.build_id, n.node) first
               order by build, place"#,
            sample
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// All ancestors' edges, nearest first.
    pub async fn ancestry(&self, sample: &str) -> Result<Vec<LineageRow>, StoreError> {
        let rows = sqlx::query!(
            r#"with recursive up as (
                 select l.*, 1 as depth from lineage l where child_id = $1
                 union
                 select l.*, up.depth + 1 from lineage l join up on l.child_id = up.parent_id
                   where up.role in ('from', 'task', 'origin') and up.depth < 20
               )
               select u.child_id as "child!", u.parent_id as "parent!", u.node as "node!", u.role as "role!", lower(u.span) as a, upper(u.span) as b,
                 s.kind, s.origin, min(u.depth) as depth
               from up u join stored_samples s on s.id = u.parent_id
               group by u.child_id, u.parent_id, u.node, u.role, u.span, s.kind, s.origin
               order by min(u.depth), u.role <> 'from', u.role, u.parent_id"#,
            sample
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| LineageRow {
                child: r.child,
                parent: r.parent,
                parent_kind: r.kind,
                node: r.node,
                role: r.role,
                lines: r.a.zip(r.b).map(|(a, b)| (a, b - 1)),
                origin: r.origin,
            })
            .collect())
    }

    /// Every verdict on a sample, newest first.
    pub async fn verdicts_of(&self, sample: &str) -> Result<Vec<VerdictRow>, StoreError> {
        Ok(sqlx::query_as!(
            VerdictRow,
            r#"select seq as "seq!", job_hash as "job_hash!", check_name as "check_name!", verdict as "verdict!", reason, sandbox as "sandbox!",
                 engine as "engine!", image_id as "image_id!", tier as "tier!", judge_version as "judge_version!", tools as "tools!",
                 command as "command!", limits as "limits!", seed as "seed!", trials as "trials!", metrics as "metrics!", cpu_ms as "cpu_ms!",
                 wall_ms as "wall_ms!", peak_bytes as "peak_bytes!", log as "log!",
                 to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "created_at!"
               from verdicts where sample_id = $1 order by seq desc"#,
            sample
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Every verdict on a job, newest first.
    pub async fn verdicts_of_job(&self, job: &str) -> Result<Vec<VerdictRow>, StoreError> {
        Ok(sqlx::query_as!(
            VerdictRow,
            r#"select seq as "seq!", job_hash as "job_hash!", check_name as "check_name!", verdict as "verdict!", reason, sandbox as "sandbox!",
                 engine as "engine!", image_id as "image_id!", tier as "tier!", judge_version as "judge_version!", tools as "tools!",
                 command as "command!", limits as "limits!", seed as "seed!", trials as "trials!", metrics as "metrics!", cpu_ms as "cpu_ms!",
                 wall_ms as "wall_ms!", peak_bytes as "peak_bytes!", log as "log!",
                 to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "created_at!"
               from verdict_ledger where job_hash = $1 order by seq desc"#,
            job
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// The oracle that a task carries.
    pub async fn oracle_of(&self, sample: &str) -> Result<Option<Value>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select to_jsonb(o) as "o!" from oracles o where sample_id = $1"#,
            sample
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Ids of samples to read, spread over the ledger by hash rather than by age.
    pub async fn pick(&self, f: &SampleFilter) -> Result<Vec<String>, StoreError> {
        let ids = if f.build.is_some() || f.reason.is_some() {
            sqlx::query_scalar!(
                r#"select distinct on (md5(s.id), s.id) s.id as "id!" from outcomes o join stored_samples s on s.id = o.sample_id
                   where ($1::text is null or s.kind = $1) and ($2::text is null or o.reason = $2) and ($3::bigint is null or o.build_id = $3)
                   order by md5(s.id), s.id limit $4"#,
                f.kind,
                f.reason,
                f.build,
                f.limit
            )
            .fetch_all(&self.pool)
            .await?
        } else {
            sqlx::query_scalar!(
                "select id from stored_samples where $1::text is null or kind = $1 order by md5(id), id limit $2",
                f.kind,
                f.limit
            )
            .fetch_all(&self.pool)
            .await?
        };
        Ok(ids)
    }

    /// Metadata of one sample without its text.
    pub async fn metadata_of(&self, sample: &str) -> Result<Option<Metadata>, StoreError> {
        let m = sqlx::query_scalar!("select metadata from stored_samples where id = $1", sample)
            .fetch_optional(&self.pool)
            .await?;
        Ok(m.map(object))
    }
}
