//! What happens to a claimed batch between claim and commit: pure work, no transaction open.

use super::node::{Node, Op, Plan};
use super::{Shared, StageError};
use crate::model::{Decided, Decision, Draft, Kind, Parent, Sample, hash_parts};
use crate::sources::RawFile;
use crate::stages::{Context, LibraryRef, Scope, Stage, StageSpec};
use crate::store::{Claim, Commit, Counts, Findings, NodeStep, draft_id};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Samples in flight: ids always, texts where a fused stage will want them.
struct Flow {
    ids: Vec<String>,
    texts: Vec<Sample>,
}

/// Runs the claimed node, and the cheap ones fused behind it.
pub(super) async fn process(shared: Arc<Shared>, plan: Arc<Plan>, claim: Claim) -> Result<Commit, StageError> {
    let mut work = Commit::default();
    let mut node = &plan.nodes[claim.node as usize];
    let findings = Arc::new(Mutex::new(Findings::default()));
    let mut flow = match &node.op {
        Op::Source(source) => {
            let unit = claim.payload.clone().unwrap_or_default();
            let files = source
                .read(&unit, shared.options.cache.clone())
                .await
                .map_err(|e| StageError::Other {
                    kind: "source",
                    retry: e.retryable(),
                    message: e.to_string(),
                })?;
            take_in(files, node, &mut work)
        }
        Op::Stage(..) => {
            run_stage(
                &shared,
                &plan,
                node,
                Flow {
                    ids: claim.samples.clone(),
                    texts: Vec::new(),
                },
                &findings,
                &mut work,
            )
            .await?
        }
    };
    while let Some(next) = plan.fused_after(node).filter(|_| !flow.ids.is_empty()) {
        node = next;
        flow = run_stage(&shared, &plan, node, flow, &findings, &mut work).await?;
    }
    work.routes = plan.routes(node);
    work.findings = std::mem::take(&mut *findings.lock().unwrap_or_else(|p| p.into_inner()));
    Ok(work)
}

/// Makes samples of a source's files. A file's place and what is known of it are part of its identity: the same
/// text under another licence is another sample.
fn take_in(files: Vec<RawFile>, node: &Node, work: &mut Commit) -> Flow {
    let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
    for file in files {
        let mut metadata = file.metadata;
        metadata.insert("bytes".into(), file.bytes.into());
        if let Some(reason) = file.refused {
            metadata.insert("refused".into(), reason.into());
        }
        let place = serde_json::to_vec(&(&file.origin, &metadata)).unwrap_or_default();
        let mut draft = Draft::new(
            Kind::Source,
            crate::model::DomainId::General,
            file.text.unwrap_or_default(),
            file.origin,
        );
        draft.metadata = metadata;
        draft.parents = vec![Parent::new(&hash_parts([&place[..]]), "origin", None)];
        let id = draft_id(&draft, &node.row.fingerprint);
        samples.insert(
            id.clone(),
            Sample {
                id: id.clone(),
                kind: draft.kind,
                domain: draft.domain,
                content: draft.content.clone(),
                origin: draft.origin.clone(),
                metadata: draft.metadata.clone(),
            },
        );
        work.sources.push((id, draft));
    }
    let ids: Vec<String> = samples.keys().cloned().collect();
    let counts = Counts {
        entered: ids.len() as u64,
        kept: ids.len() as u64,
        ..Counts::default()
    };
    work.steps.push(NodeStep {
        node: node.row.node,
        fingerprint: node.row.fingerprint.clone(),
        members: ids.clone(),
        outputs: ids.clone(),
        counts,
        ..NodeStep::default()
    });
    Flow {
        ids,
        texts: samples.into_values().collect(),
    }
}

/// Runs one stage over the samples that no earlier build has decided about.
async fn run_stage(
    shared: &Arc<Shared>,
    plan: &Plan,
    node: &Node,
    flow: Flow,
    findings: &Arc<Mutex<Findings>>,
    work: &mut Commit,
) -> Result<Flow, StageError> {
    let Op::Stage(spec, stage) = &node.op else {
        return Err(StageError::Other {
            kind: "plan",
            message: "a source cannot have an input".into(),
            retry: false,
        });
    };
    let mut members = flow.ids;
    members.sort();
    members.dedup();
    let row = &node.row;
    // the scope of a barrier is set when it opens, after the plan was loaded
    let scope = if row.is_barrier {
        shared.store.scope(plan.id, row.node).await?
    } else {
        String::new()
    };
    let known = shared.store.known_decisions(&row.fingerprint, &scope, &members).await?;
    let todo: Vec<String> = members.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
    let library = match row.library {
        Some(lib) if !todo.is_empty() => Some(LibraryRef {
            ids: shared.store.kept_by(plan.id, lib).await?,
        }),
        _ => None,
    };
    let ctx = Context {
        store: shared.store.clone(),
        seed: plan.seed,
        fingerprint: row.fingerprint.clone(),
        library,
        bench: shared.bench.clone(),
        findings: findings.clone(),
    };
    let texts: BTreeMap<String, Sample> = flow.texts.into_iter().map(|s| (s.id.clone(), s)).collect();
    let decided = decide(spec, stage.as_ref(), &ctx, &todo, &texts).await?;
    if spec.forgets_text {
        let dropped = decided.iter().filter(|d| matches!(d.decision, Decision::Drop(_)));
        work.forgotten.extend(dropped.map(|d| d.sample.clone()));
        work.forgotten
            .extend(known.values().filter(|k| k.outcome == "drop").map(|k| k.sample.clone()));
    }
    let step = step_of(row.node, &row.fingerprint, scope, members, decided, &known);
    let flow = Flow {
        texts: step.outputs.iter().filter_map(|id| texts.get(id).cloned()).collect(),
        ids: step.outputs.clone(),
    };
    work.steps.push(step);
    Ok(flow)
}

async fn decide(
    spec: &StageSpec,
    stage: &dyn Stage,
    ctx: &Context,
    todo: &[String],
    texts: &BTreeMap<String, Sample>,
) -> Result<Vec<Decided>, StageError> {
    if todo.is_empty() {
        return Ok(Vec::new());
    }
    let mut decided = match spec.scope {
        Scope::Population => stage.run_population(ctx, todo.to_vec()).await?,
        Scope::Sample => {
            let at_hand: Option<Vec<Sample>> = todo.iter().map(|id| texts.get(id).cloned()).collect();
            let samples = match at_hand {
                Some(samples) => samples,
                None => ctx.store.samples(todo).await?,
            };
            stage.run(ctx, samples).await?
        }
    };
    decided.sort_by(|a, b| a.sample.cmp(&b.sample));
    // a sample without a decision would be lost, one with two would be counted twice
    if !decided.iter().map(|d| &d.sample).eq(todo.iter()) {
        let message = format!(
            "stage `{}` decided about {} of {} samples",
            spec.name,
            decided.len(),
            todo.len()
        );
        return Err(StageError::Other {
            kind: "stage",
            message,
            retry: false,
        });
    }
    Ok(decided)
}

/// Adds up decisions, new and known, and finds what goes on.
fn step_of(
    node: i16,
    fingerprint: &str,
    scope: String,
    members: Vec<String>,
    decided: Vec<Decided>,
    known: &std::collections::HashMap<String, crate::store::KnownDecision>,
) -> NodeStep {
    let mut counts = Counts {
        entered: members.len() as u64,
        reused: known.len() as u64,
        ..Counts::default()
    };
    let mut outputs = BTreeSet::new();
    for k in known.values() {
        match k.outcome.as_str() {
            "keep" => counts.kept += 1,
            "drop" => counts.dropped += 1,
            "derive" => counts.derived += k.children.len() as u64,
            "pass" => counts.passed += 1,
            "fail" => counts.failed += 1,
            _ => counts.flaky += 1,
        }
        if matches!(k.outcome.as_str(), "keep" | "pass") {
            outputs.insert(k.sample.clone());
        }
        outputs.extend(k.children.iter().cloned());
    }
    for d in &decided {
        match &d.decision {
            Decision::Keep => {
                counts.kept += 1;
                outputs.insert(d.sample.clone());
            }
            Decision::Drop(_) => counts.dropped += 1,
            Decision::Derive(drafts) => {
                counts.derived += drafts.len() as u64;
                outputs.extend(drafts.iter().map(|x| draft_id(x, fingerprint)));
            }
            Decision::Judge { verdict, .. } => match verdict {
                crate::model::VerdictKind::Pass => {
                    counts.passed += 1;
                    outputs.insert(d.sample.clone());
                }
                crate::model::VerdictKind::Fail => counts.failed += 1,
                crate::model::VerdictKind::Flaky => counts.flaky += 1,
            },
        }
    }
    NodeStep {
        node,
        fingerprint: fingerprint.into(),
        scope,
        members,
        decided,
        outputs: outputs.into_iter().collect(),
        counts,
    }
}
