//! A user's own SQL: run read-only, under a role that may only look, with a time limit.

use super::{Store, StoreError};

/// How long a predicate may run.
const TIMEOUT: &str = "30s";

/// A row of `latest_verdicts` that a predicate chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    pub sample_id: String,
    pub check_name: String,
    pub job_hash: String,
    /// As it stands now; `None` when never judged.
    pub verdict: Option<String>,
    pub reason: Option<String>,
}

impl Store {
    /// Rows of `latest_verdicts` for which `predicate` holds, sorted. The predicate is the user's: one expression, no statement.
    pub async fn choose(&self, predicate: &str) -> Result<Vec<Chosen>, StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("set transaction read only").execute(&mut *tx).await?;
        sqlx::query(&format!("set local statement_timeout = '{TIMEOUT}'"))
            .execute(&mut *tx)
            .await?;
        sqlx::query("set local role assay_reader").execute(&mut *tx).await?;
        // a prepared statement holds one command: whatever closes the parenthesis and goes on is refused by Postgres itself
        let sql = format!(
            "select sample_id, check_name, job_hash, verdict, reason from latest_verdicts where (\n{predicate}\n) order by sample_id, check_name, job_hash"
        );
        type Row = (String, String, String, Option<String>, Option<String>);
        let rows: Vec<Row> = sqlx::query_as(&sql).fetch_all(&mut *tx).await?;
        tx.rollback().await?;
        let chosen = |(sample_id, check_name, job_hash, verdict, reason)| Chosen {
            sample_id,
            check_name,
            job_hash,
            verdict,
            reason,
        };
        Ok(rows.into_iter().map(chosen).collect())
    }
}
