//! What a commit writes, table by table. One statement per table and slice, never one per row.

use super::commit::{Commit, NodeStep, draft_id};
use super::{NewVerdict, StoreError};
use crate::model::{Decision, Draft, OracleRecord, sha256_hex};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};
use std::collections::BTreeMap;

/// Applies everything but the batches themselves.
pub(super) async fn write(
    tx: &mut Transaction<'_, Postgres>,
    work: &Commit,
    names: &BTreeMap<i16, String>,
) -> Result<(), StoreError> {
    write_rows(tx, work, names).await?;
    write_verdicts(tx, &work.findings.verdicts).await?;
    write_oracles(tx, &work.findings.oracles).await?;
    for step in &work.steps {
        write_decisions(tx, step).await?;
    }
    Ok(())
}

struct Row<'a> {
    id: String,
    fingerprint: &'a str,
    node: &'a str,
    draft: &'a Draft,
    keep_text: bool,
}

/// New samples with their texts, attachments and edges.
async fn write_rows(
    tx: &mut Transaction<'_, Postgres>,
    work: &Commit,
    names: &BTreeMap<i16, String>,
) -> Result<(), StoreError> {
    let source_fp = work.steps.first().map(|s| s.fingerprint.as_str()).unwrap_or_default();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (id, draft) in &work.sources {
        let keep_text = !work.forgotten.contains(id);
        rows.insert(
            id.clone(),
            Row {
                id: id.clone(),
                fingerprint: source_fp,
                node: "",
                draft,
                keep_text,
            },
        );
    }
    for step in &work.steps {
        let node = names.get(&step.node).map(String::as_str).unwrap_or_default();
        for d in &step.decided {
            if let Decision::Derive(drafts) = &d.decision {
                for draft in drafts {
                    let id = draft_id(draft, &step.fingerprint);
                    rows.insert(
                        id.clone(),
                        Row {
                            id,
                            fingerprint: &step.fingerprint,
                            node,
                            draft,
                            keep_text: true,
                        },
                    );
                }
            }
        }
    }
    let rows: Vec<Row> = rows.into_values().collect();
    // in slices, so that a large batch does not become one message of hundreds of megabytes
    for rows in rows.chunks(500) {
        write_contents(tx, rows).await?;
        write_samples(tx, rows).await?;
    }
    Ok(())
}

async fn write_contents(tx: &mut Transaction<'_, Postgres>, rows: &[Row<'_>]) -> Result<(), StoreError> {
    let mut texts: BTreeMap<String, &str> = BTreeMap::new();
    for r in rows {
        if r.keep_text {
            texts.insert(sha256_hex(r.draft.content.as_bytes()), &r.draft.content);
        }
        for a in &r.draft.attachments {
            texts.insert(sha256_hex(a.as_bytes()), a);
        }
    }
    put_texts(tx, texts).await
}

/// Stores texts that are not there yet; sorted by hash, so that two writers cannot deadlock.
async fn put_texts(tx: &mut Transaction<'_, Postgres>, texts: BTreeMap<String, &str>) -> Result<(), StoreError> {
    let (hashes, texts): (Vec<String>, Vec<String>) = texts.into_iter().map(|(h, t)| (h, t.to_string())).unzip();
    sqlx::query!(
        "insert into contents (hash, text) select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        &hashes,
        &texts
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_samples(tx: &mut Transaction<'_, Postgres>, rows: &[Row<'_>]) -> Result<(), StoreError> {
    let col = |f: &dyn Fn(&Row) -> String| rows.iter().map(f).collect::<Vec<String>>();
    let sha: Vec<String> = rows.iter().map(|r| sha256_hex(r.draft.content.as_bytes())).collect();
    let kept: Vec<bool> = rows.iter().map(|r| r.keep_text).collect();
    let origins: Vec<Value> = rows
        .iter()
        .map(|r| serde_json::to_value(&r.draft.origin).unwrap_or_default())
        .collect();
    let metas: Vec<Value> = rows.iter().map(|r| Value::Object(r.draft.metadata.clone())).collect();
    sqlx::query!(
        "insert into stored_samples (id, kind, domain, fingerprint, content_sha256, content_hash, origin, metadata)
         select id, kind, domain, fp, sha, case when kept then sha end, origin, metadata
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::jsonb[], $8::jsonb[])
           as t (id, kind, domain, fp, sha, kept, origin, metadata)
         on conflict (id) do update set content_hash = excluded.content_hash
           where stored_samples.content_hash is null and excluded.content_hash is not null and stored_samples.redacted_at is null",
        &col(&|r| r.id.clone()),
        &col(&|r| r.draft.kind.to_string()),
        &col(&|r| r.draft.domain.to_string()),
        &col(&|r| r.fingerprint.to_string()),
        &sha,
        &kept,
        &origins,
        &metas
    )
    .execute(&mut **tx)
    .await?;
    write_edges(tx, rows).await
}

/// Columns of `lineage`, as `unnest` takes them.
#[derive(Default)]
struct EdgeColumns {
    child: Vec<String>,
    parent: Vec<String>,
    node: Vec<String>,
    role: Vec<String>,
    fingerprint: Vec<String>,
    first: Vec<Option<i32>>,
    last: Vec<Option<i32>>,
}

async fn write_edges(tx: &mut Transaction<'_, Postgres>, rows: &[Row<'_>]) -> Result<(), StoreError> {
    let mut attached: Vec<(String, String)> = Vec::new();
    let mut judged: Vec<(String, String, String)> = Vec::new();
    let mut edges = EdgeColumns::default();
    for r in rows {
        attached.extend(
            r.draft
                .attachments
                .iter()
                .map(|a| (r.id.clone(), sha256_hex(a.as_bytes()))),
        );
        judged.extend(
            r.draft
                .judged_by
                .iter()
                .map(|(check, job)| (r.id.clone(), check.clone(), job.clone())),
        );
        // a source's pseudo parent is part of its identity only
        for p in r.draft.parents.iter().filter(|_| !r.node.is_empty()) {
            edges.child.push(r.id.clone());
            edges.parent.push(p.id.clone());
            edges.node.push(r.node.to_string());
            edges.role.push(p.role.clone());
            edges.fingerprint.push(r.fingerprint.to_string());
            edges.first.push(p.span.map(|s| s.0 as i32));
            edges.last.push(p.span.map(|s| s.1 as i32));
        }
    }
    let (ids, hashes): (Vec<String>, Vec<String>) = attached.into_iter().unzip();
    sqlx::query!(
        "insert into attachments (sample_id, hash) select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        &ids,
        &hashes
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into lineage (child_id, parent_id, node, role, fingerprint, span)
         select c, p, n, r, f, case when a is not null then int4range(a, b, '[]') end
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int4[], $7::int4[]) as t (c, p, n, r, f, a, b)
         on conflict do nothing",
        &edges.child,
        &edges.parent,
        &edges.node,
        &edges.role,
        &edges.fingerprint,
        &edges.first as &[Option<i32>],
        &edges.last as &[Option<i32>]
    )
    .execute(&mut **tx)
    .await?;
    link_jobs(tx, judged).await
}

/// Strengths of oracles; one measured before under the same task stands.
async fn write_oracles(
    tx: &mut Transaction<'_, Postgres>,
    oracles: &[(String, OracleRecord)],
) -> Result<(), StoreError> {
    for (sample, o) in oracles {
        sqlx::query!(
            "insert into oracles (sample_id, mutants, killed, equivalent, unknown, kill_rate, judged_rate, held_out_rate, accepted, coverage)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
            sample,
            o.mutants,
            o.killed,
            o.equivalent,
            o.unknown,
            o.kill_rate,
            o.judged_rate,
            o.held_out_rate,
            o.accepted,
            o.coverage
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Says which jobs judge which samples.
async fn link_jobs(tx: &mut Transaction<'_, Postgres>, links: Vec<(String, String, String)>) -> Result<(), StoreError> {
    let samples: Vec<String> = links.iter().map(|l| l.0.clone()).collect();
    let checks: Vec<String> = links.iter().map(|l| l.1.clone()).collect();
    let jobs: Vec<String> = links.iter().map(|l| l.2.clone()).collect();
    sqlx::query!(
        "insert into judged_samples (sample_id, check_name, job_hash) select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing",
        &samples,
        &checks,
        &jobs
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Columns of `decisions`, as `unnest` takes them.
#[derive(Default)]
struct DecisionColumns {
    sample: Vec<String>,
    outcome: Vec<String>,
    reason: Vec<Option<String>>,
    detail: Vec<Value>,
    children: Vec<Value>,
}

async fn write_decisions(tx: &mut Transaction<'_, Postgres>, step: &NodeStep) -> Result<(), StoreError> {
    let mut rows = DecisionColumns::default();
    let mut links = Vec::new();
    for d in &step.decided {
        let mut detail = d.detail.clone();
        let (outcome, reason, children) = match &d.decision {
            Decision::Keep => ("keep".to_string(), None, Vec::new()),
            Decision::Drop(reason) => ("drop".into(), Some(reason.to_string()), Vec::new()),
            Decision::Derive(drafts) => (
                "derive".into(),
                None,
                drafts.iter().map(|x| draft_id(x, &step.fingerprint)).collect(),
            ),
            Decision::Judge {
                check,
                verdict,
                reason,
                job_hash,
            } => {
                detail.insert("check".into(), json!(check));
                detail.insert("job".into(), json!(job_hash));
                links.push((d.sample.clone(), check.clone(), job_hash.clone()));
                (verdict.to_string(), reason.map(|r| r.to_string()), Vec::new())
            }
        };
        rows.sample.push(d.sample.clone());
        rows.outcome.push(outcome);
        rows.reason.push(reason);
        rows.detail.push(Value::Object(detail));
        rows.children.push(json!(children));
    }
    sqlx::query!(
        "insert into decisions (fingerprint, scope, sample_id, outcome, reason, detail, children)
         select $1, $2, s, o, r, d, array(select jsonb_array_elements_text(c))
         from unnest($3::text[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[]) as t (s, o, r, d, c)
         on conflict do nothing",
        step.fingerprint,
        step.scope,
        &rows.sample,
        &rows.outcome,
        &rows.reason as &[Option<String>],
        &rows.detail,
        &rows.children
    )
    .execute(&mut **tx)
    .await?;
    link_jobs(tx, links).await
}

/// The jobs of new verdicts with their files, as far as the ledger does not have them.
async fn write_jobs(tx: &mut Transaction<'_, Postgres>, verdicts: &[NewVerdict]) -> Result<(), StoreError> {
    let mut texts: BTreeMap<String, &str> = BTreeMap::new();
    let mut jobs: BTreeMap<&str, &Value> = BTreeMap::new();
    for v in verdicts {
        if let Some((spec, files)) = &v.job {
            texts.extend(files.iter().map(|f| (sha256_hex(f.as_bytes()), f.as_str())));
            jobs.insert(&v.judgement.job_hash, spec);
        }
    }
    if jobs.is_empty() {
        return Ok(());
    }
    put_texts(tx, texts).await?;
    let hashes: Vec<String> = jobs.keys().map(|s| s.to_string()).collect();
    let specs: Vec<Value> = jobs.into_values().cloned().collect();
    sqlx::query!(
        "insert into jobs (job_hash, spec) select * from unnest($1::text[], $2::jsonb[]) on conflict do nothing",
        &hashes,
        &specs
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// New entries of the ledger. Another worker may have judged the same job meanwhile: both are true, the newer one counts.
pub(super) async fn write_verdicts(
    tx: &mut Transaction<'_, Postgres>,
    verdicts: &[NewVerdict],
) -> Result<(), StoreError> {
    if verdicts.is_empty() {
        return Ok(());
    }
    write_jobs(tx, verdicts).await?;
    let rows: Vec<Value> = verdicts.iter().map(|v| v.row()).collect();
    sqlx::query!(
        "insert into verdict_ledger (job_hash, check_name, verdict, reason, sandbox, engine, image_id, tier, judge_version, tools, command,
           limits, seed, trials, metrics, cpu_ms, wall_ms, peak_bytes, log)
         select job_hash, check_name, verdict, reason, sandbox, engine, image_id, tier, judge_version, tools, command,
           limits, seed, trials, metrics, cpu_ms, wall_ms, peak_bytes, log
         from unnest($1::jsonb[]) with ordinality as t (r, n)
         cross join lateral jsonb_to_record(r) as v (job_hash text, check_name text, verdict text, reason text, sandbox text, engine text,
           image_id text, tier text, judge_version int, tools jsonb, command text, limits jsonb, seed bigint, trials int, metrics jsonb,
           cpu_ms bigint, wall_ms bigint, peak_bytes bigint, log text) order by n",
        &rows
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
