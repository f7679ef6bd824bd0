//! What leaves the ledger, and the record of it.

use super::{Store, StoreError};
use serde_json::Value;
use std::collections::BTreeMap;

/// A finished or running export.
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

impl Store {
    /// Samples of a build that may be exported, sorted: everything that no node dropped or failed; what a verify node
    /// saw must have passed, and `sft_*` samples must have been seen by one. With `latest`, every newest verdict on
    /// the sample's own code must be a pass as well.
    pub async fn exportable(&self, build: i64, latest: bool) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select o.sample_id as "id!" from outcomes o join stored_samples s on s.id = o.sample_id
               where o.build_id = $1 and s.content_hash is not null
               group by o.sample_id, s.kind
               having bool_and(o.outcome in ('keep', 'pass')) and (s.kind not like 'sft_%' or bool_or(o.outcome = 'pass'))
                 and (not $2 or not exists (select 1 from latest_verdicts v where v.sample_id = o.sample_id
                      and v.check_name not in ('broken') and v.verdict is distinct from 'pass'))
               order by 1"#,
            build,
            latest
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Newest verdicts of samples: (check, verdict, job) by sample id.
    pub async fn verdict_refs(&self, ids: &[String]) -> Result<BTreeMap<String, Vec<(String, String, String)>>, StoreError> {
        let rows = sqlx::query!(
            r#"select sample_id as "sample!", check_name as "check!", verdict as "verdict!", job_hash as "job!" from latest_verdicts
               where sample_id = any($1) and verdict is not null order by 1, 2, 4"#,
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        let mut refs: BTreeMap<String, Vec<(String, String, String)>> = BTreeMap::new();
        for r in rows {
            refs.entry(r.sample).or_default().push((r.check, r.verdict, r.job));
        }
        Ok(refs)
    }

    /// Records an export as begun.
    pub async fn begin_export(&self, e: &ExportRow) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            "insert into exports (build_id, mixture_name, mixture_sha256, sink, verdict_policy, state) values ($1, $2, $3, $4, $5, 'running') returning id",
            e.build,
            e.mixture_name,
            e.mixture_sha256,
            e.sink,
            e.verdict_policy
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Records what an export wrote, all at once.
    pub async fn finish_export(&self, export: i64, manifest: &Value, shards: &[ShardRow]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
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
        sqlx::query!("update exports set state = 'done', finished_at = now(), manifest = $2 where id = $1", export, manifest)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// How far a trainer has acknowledged, with the digest of the sample list that it was fed.
    pub async fn trainer_offset(&self, build: i64, mixture_sha256: &str, command: &str) -> Result<Option<(String, u64)>, StoreError> {
        let row = sqlx::query!(
            "select samples_digest, acknowledged from trainer_offsets where build_id = $1 and mixture_sha256 = $2 and command = $3",
            build,
            mixture_sha256,
            command
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| (r.samples_digest, r.acknowledged as u64)))
    }

    pub async fn save_trainer_offset(&self, build: i64, mixture_sha256: &str, command: &str, digest: &str, acknowledged: u64) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into trainer_offsets (build_id, mixture_sha256, command, samples_digest, acknowledged) values ($1, $2, $3, $4, $5)
             on conflict (build_id, mixture_sha256, command) do update
             set samples_digest = excluded.samples_digest, acknowledged = excluded.acknowledged, updated_at = now()",
            build,
            mixture_sha256,
            command,
            digest,
            acknowledged as i64
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
