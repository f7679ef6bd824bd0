//! Reading samples, texts and decisions.

use super::{Store, StoreError, object};
use crate::model::{Origin, Sample};
use std::collections::{BTreeMap, HashMap};

/// A decision that the ledger already holds.
#[derive(Clone, Debug)]
pub struct KnownDecision {
    pub sample: String,
    pub outcome: String,
    pub children: Vec<String>,
}

impl Store {
    /// Samples with their texts, in the order asked for. An id that is not stored is an error.
    pub async fn samples(&self, ids: &[String]) -> Result<Vec<Sample>, StoreError> {
        let rows = sqlx::query!(
            r#"select id as "id!", kind as "kind!", domain as "domain!", content, origin as "origin!", metadata as "metadata!"
               from samples where id = any($1)"#,
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        let mut found: HashMap<String, Sample> = HashMap::with_capacity(rows.len());
        for r in rows {
            let sample = Sample {
                kind: r.kind.parse().map_err(StoreError::Unreadable)?,
                domain: r.domain.parse().map_err(StoreError::Unreadable)?,
                content: r.content.unwrap_or_default(),
                origin: serde_json::from_value(r.origin).map_err(|e| StoreError::Unreadable(e.to_string()))?,
                metadata: object(r.metadata),
                id: r.id,
            };
            found.insert(sample.id.clone(), sample);
        }
        ids.iter()
            .map(|id| {
                found
                    .remove(id)
                    .ok_or_else(|| StoreError::Unreadable(format!("sample {id} is not there")))
            })
            .collect()
    }

    /// Where samples come from, without their texts, sorted by id.
    pub async fn origins(&self, ids: &[String]) -> Result<Vec<(String, Origin)>, StoreError> {
        let rows = sqlx::query!(
            "select id, origin from stored_samples where id = any($1) order by id",
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        let read = |v| serde_json::from_value(v).map_err(|e| StoreError::Unreadable(e.to_string()));
        rows.into_iter().map(|r| Ok((r.id, read(r.origin)?))).collect()
    }

    /// Texts by sha256; those that are not stored are absent.
    pub async fn texts(&self, hashes: &[String]) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = sqlx::query!("select hash, text from contents where hash = any($1)", hashes)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|r| (r.hash, r.text)).collect())
    }

    /// What a node has already decided about these samples, in this build or another.
    pub async fn known_decisions(
        &self,
        fingerprint: &str,
        scope: &str,
        ids: &[String],
    ) -> Result<HashMap<String, KnownDecision>, StoreError> {
        let rows = sqlx::query_as!(
            KnownDecision,
            "select sample_id as sample, outcome, children from decisions where fingerprint = $1 and scope = $2 and sample_id = any($3)",
            fingerprint,
            scope,
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| (r.sample.clone(), r)).collect())
    }

    /// Samples that a node of a build kept, sorted.
    pub async fn kept_by(&self, build: i64, node: i16) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select distinct o.sample_id as "id!" from outcomes o
               join build_nodes n on n.build_id = o.build_id and n.name = o.node
               where n.build_id = $1 and n.node = $2 and o.outcome = 'keep' order by 1"#,
            build,
            node
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
