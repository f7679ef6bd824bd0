//! The ledger of verdicts: looking up what is known, adding what is new.

use super::{Store, StoreError};
use crate::model::{Evidence, Judgement};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A verdict to be added, with the job it came from.
#[derive(Clone, Debug)]
pub struct NewVerdict {
    pub judgement: Judgement,
    /// The job with its files by content hash, and the texts of those files; `None` where the ledger has the job.
    pub job: Option<(Value, Vec<String>)>,
}

/// What a sandbox runs with today.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentVersion {
    pub sandbox: String,
    pub image_id: String,
    pub judge_version: i32,
}

impl NewVerdict {
    /// The row as JSON. Postgres text holds no NUL, so a log's are shown as U+2400.
    pub(super) fn row(&self) -> Value {
        let j = &self.judgement;
        let mut row = serde_json::to_value(&j.evidence).unwrap_or_default();
        if let Value::Object(row) = &mut row {
            row.insert("log".into(), json!(j.evidence.log.replace('\0', "\u{2400}")));
            row.insert("job_hash".into(), json!(j.job_hash));
            row.insert("check_name".into(), json!(j.check_name));
            row.insert("verdict".into(), json!(j.verdict));
            row.insert("reason".into(), json!(j.reason));
        }
        row
    }
}

impl Store {
    /// The newest verdict of each of these jobs, by job hash; with `images`, the newest one made in any of them. (A job
    /// keeps its hash when it is verified again in a later image.)
    pub async fn known_verdicts(
        &self,
        hashes: &[String],
        images: Option<&[String]>,
    ) -> Result<BTreeMap<String, Judgement>, StoreError> {
        let rows = sqlx::query!(
            "select distinct on (job_hash) job_hash, check_name, verdict, reason, sandbox, engine, image_id, tier, judge_version, tools,
               command, limits, seed, trials, metrics, cpu_ms, wall_ms, peak_bytes, log
             from verdict_ledger where job_hash = any($1) and ($2::text[] is null or image_id = any($2)) order by job_hash, seq desc",
            hashes,
            images
        )
        .fetch_all(&self.pool)
        .await?;
        let mut found = BTreeMap::new();
        for r in rows {
            let judgement = Judgement {
                check_name: r.check_name,
                verdict: r.verdict.parse().map_err(StoreError::Unreadable)?,
                reason: r
                    .reason
                    .map(|x| x.parse())
                    .transpose()
                    .map_err(StoreError::Unreadable)?,
                evidence: Evidence {
                    sandbox: r.sandbox,
                    engine: r.engine,
                    image_id: r.image_id,
                    tier: r.tier,
                    judge_version: r.judge_version,
                    tools: r.tools,
                    command: r.command,
                    limits: r.limits,
                    seed: r.seed,
                    trials: r.trials,
                    metrics: r.metrics,
                    cpu_ms: r.cpu_ms,
                    wall_ms: r.wall_ms,
                    peak_bytes: r.peak_bytes,
                    log: r.log,
                },
                job_hash: r.job_hash,
            };
            found.insert(judgement.job_hash.clone(), judgement);
        }
        Ok(found)
    }

    /// Adds verdicts outside of a batch: re-verification and tasks from outside.
    pub async fn add_verdicts(&self, verdicts: &[NewVerdict]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        super::rows::write_verdicts(&mut tx, verdicts).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The stored specifications of jobs by hash, as [`NewVerdict::job`] wrote them.
    pub async fn job_specs(&self, hashes: &[String]) -> Result<BTreeMap<String, Value>, StoreError> {
        let rows = sqlx::query!("select job_hash, spec from jobs where job_hash = any($1)", hashes)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|r| (r.job_hash, r.spec)).collect())
    }

    /// Says what runs today; verdicts by anything else are `stale` from now on.
    pub async fn record_versions(&self, versions: &[CurrentVersion]) -> Result<(), StoreError> {
        let sandboxes: Vec<String> = versions.iter().map(|v| v.sandbox.clone()).collect();
        let images: Vec<String> = versions.iter().map(|v| v.image_id.clone()).collect();
        let judges: Vec<i32> = versions.iter().map(|v| v.judge_version).collect();
        sqlx::query!(
            "insert into current_versions (sandbox, image_id, judge_version)
             select * from unnest($1::text[], $2::text[], $3::int[]) order by 1
             on conflict (sandbox) do update set image_id = excluded.image_id, judge_version = excluded.judge_version, recorded_at = now()
               where (current_versions.image_id, current_versions.judge_version) is distinct from (excluded.image_id, excluded.judge_version)",
            &sandboxes,
            &images,
            &judges
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
