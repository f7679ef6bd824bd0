//! What leaves the ledger, and the record of it.

use super::{Store, StoreError};
use serde_json::Value;
use std::collections::BTreeMap;

/// A finished export.
#[derive(Clone, Debug)]
pub struct ExportRow {
    pub build: i64,
    pub mixture_name: String,
    pub mixture_sha256: String,
    pub sink: String,
    /// `as-built` or `latest`.
    pub verdict_policy: String,
}

/// A shard and the samples in it.
#[derive(Clone, Debug)]
pub struct ShardRow {
    pub path: String,
    pub sha256: String,
    pub bytes: i64,
    pub tokens: i64,
    pub samples: Vec<String>,
}

/// A verdict as an export refers to it.
#[derive(Clone, Debug)]
pub struct VerdictOf {
    pub sample: String,
    pub check: String,
    pub verdict: String,
    pub job: String,
}

fn group(rows: Vec<VerdictOf>) -> BTreeMap<String, Vec<VerdictOf>> {
    let mut groups: BTreeMap<String, Vec<VerdictOf>> = BTreeMap::new();
    for r in rows {
        groups.entry(r.sample.clone()).or_default().push(r);
    }
    groups
}

impl Store {
    /// Samples of a build that may be exported, sorted: those that no node dropped, failed or went on from. What they
    /// must have passed is for [`Store::as_built`] and [`Store::latest`] to show.
    pub async fn exportable(&self, build: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select o.sample_id as "id!" from outcomes o join stored_samples s on s.id = o.sample_id
               where o.build_id = $1 and s.content_hash is not null
               group by o.sample_id having bool_and(o.outcome in ('keep', 'pass')) order by 1"#,
            build
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// The verdicts that a build's verify nodes decided by: (check, verdict, job) by sample id.
    pub async fn as_built(&self, build: i64, ids: &[String]) -> Result<BTreeMap<String, Vec<VerdictOf>>, StoreError> {
        let rows = sqlx::query_as!(
            VerdictOf,
            r#"select distinct d.sample_id as "sample!", coalesce(d.detail ->> 'check', '') as "check!", d.outcome as "verdict!",
                 coalesce(d.detail ->> 'job', '') as "job!"
               from decisions d join build_nodes n on n.fingerprint = d.fingerprint and n.scope = d.scope
               where n.build_id = $1 and d.sample_id = any($2) and d.outcome in ('pass', 'fail', 'flaky') order by 1, 2, 4"#,
            build,
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(group(rows))
    }

    /// The newest verdict per check on what samples teach; one that was never judged shows as `never`.
    pub async fn latest(&self, ids: &[String]) -> Result<BTreeMap<String, Vec<VerdictOf>>, StoreError> {
        let rows = sqlx::query_as!(
            VerdictOf,
            r#"select sample_id as "sample!", check_name as "check!", coalesce(verdict, 'never') as "verdict!", job_hash as "job!"
               from latest_verdicts where sample_id = any($1) and check_name <> 'broken' order by 1, 2, 4"#,
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(group(rows))
    }

    /// Records a finished export and what it wrote, all at once.
    pub async fn record_export(&self, e: &ExportRow, manifest: &Value, shards: &[ShardRow]) -> Result<i64, StoreError> {
        let mut tx = self.pool.begin().await?;
        let export = sqlx::query_scalar!(
            "insert into exports (build_id, mixture_name, mixture_sha256, sink, verdict_policy, manifest)
             values ($1, $2, $3, $4, $5, nullif($6::jsonb, 'null'::jsonb)) returning id",
            e.build,
            e.mixture_name,
            e.mixture_sha256,
            e.sink,
            e.verdict_policy,
            manifest
        )
        .fetch_one(&mut *tx)
        .await?;
        for s in shards {
            sqlx::query!(
                "insert into shards (export_id, path, sha256, bytes, samples, tokens) values ($1, $2, $3, $4, $5, $6)",
                export,
                s.path,
                s.sha256,
                s.bytes,
                s.samples.len() as i64,
                s.tokens
            )
            .execute(&mut *tx)
            .await?;
            sqlx::query!(
                "insert into shard_samples (export_id, path, sample_id) select $1, $2, unnest($3::text[])",
                export,
                s.path,
                &s.samples
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(export)
    }
}
