//! Lessons: training samples made of judged candidates by the built-in teacher.

use super::task::{self, CHECK, Loaded};
use super::text::{self, DirectInput, Evidence, ModuleFacts, RepairInput};
use super::types::{Mismatch, Mutation};
use super::unit::{broken, decided};
use super::verify::BROKEN;
use crate::chat::{self, Message};
use crate::domains::LessonConfig;
use crate::model::{
    Decided, Decision, DomainId, Draft, FailReason, Judgement, Kind, Parent, Sample, VerdictKind, derive_seed,
};
use crate::stages::{Context, StageError};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the samples' evidence was made with.
const PLATFORM: &str = "Icarus Verilog 11, -g2012";

/// A task with what its lessons rest on.
struct Class {
    task: Sample,
    loaded: Loaded,
    facts: ModuleFacts,
}

/// Makes a lesson of each candidate that has one to teach.
pub async fn make(ctx: &Context, candidates: Vec<Sample>, config: &LessonConfig) -> Result<Vec<Decided>, StageError> {
    let text = |s: &Sample, key: &str| {
        s.metadata
            .get(key)
            .and_then(Value::as_str)
            .map(String::from)
            .ok_or_else(|| broken(&s.id, key, "missing"))
    };
    let jobs = candidates
        .iter()
        .map(|c| text(c, "job"))
        .collect::<Result<Vec<_>, _>>()?;
    let verdicts = ctx.store.known_verdicts(&jobs, None).await?;
    let mut classes: BTreeMap<String, Class> = BTreeMap::new();
    let mut out = Vec::with_capacity(candidates.len());
    for (c, job) in candidates.iter().zip(&jobs) {
        let verdict = verdicts
            .get(job)
            .ok_or_else(|| broken(&c.id, "job", "its verdict is not in the ledger"))?;
        let task_id = text(c, "task")?;
        if !classes.contains_key(&task_id) {
            classes.insert(task_id.clone(), class(ctx, &task_id).await?);
        }
        let class = &classes[&task_id];
        let seed = derive_seed(ctx.seed, &c.content, "lesson");
        let made = tokio::task::block_in_place(|| match c.metadata.get("mutation") {
            None => direct(c, class, verdict, config, seed),
            Some(m) => repair(c, class, verdict, m, config, seed),
        });
        out.push(match made {
            Ok(draft) => decided(&c.id, Decision::Derive(vec![draft]), json!({})),
            Err((reason, detail)) => decided(&c.id, Decision::Drop(reason), detail),
        });
    }
    Ok(out)
}

async fn class(ctx: &Context, id: &str) -> Result<Class, StageError> {
    let task = ctx.store.samples(&[id.to_string()]).await?.remove(0);
    let loaded = task::load(ctx, &task).await?;
    let record = &loaded.record;
    let facts = tokio::task::block_in_place(|| text::facts(loaded.reference(), &record.unit.module, &record.ports));
    let facts = facts.ok_or_else(|| broken(id, "facts", "the reference cannot be read"))?;
    Ok(Class { task, loaded, facts })
}

type Made = Result<Draft, (&'static str, Value)>;

/// Requirement and interface in, the reference out.
fn direct(c: &Sample, class: &Class, verdict: &Judgement, config: &LessonConfig, seed: u64) -> Made {
    if verdict.verdict != VerdictKind::Pass {
        return Err(("reference_fails", json!({})));
    }
    let requirement = text::describe(&class.facts, seed);
    if requirement.completeness < config.min_completeness {
        let detail = json!({"completeness": requirement.completeness, "threshold": config.min_completeness, "missing": requirement.reason});
        return Err(("requirement_incomplete", detail));
    }
    let input = DirectInput {
        facts: &class.facts,
        requirement: &requirement,
        code: &c.content,
        platform: PLATFORM,
        seed,
    };
    let messages = text::direct(&input);
    if !only_module(class, &c.content) {
        return Err(("more_than_one_module", json!({})));
    }
    let mut d = lesson(Kind::SftDirect, c, class, &messages, config)?;
    d.metadata
        .insert("difficulty".into(), text::direct_difficulty(&class.facts).into());
    d.metadata.insert(
        "evidence".into(),
        json!({"fixed": verdict.job_hash, "oracle": c.metadata.get("oracle")}),
    );
    d.judged_by = vec![(CHECK.into(), verdict.job_hash.clone())];
    Ok(d)
}

/// Defective code and what the tools said about it in, the diagnosis and the reference out.
fn repair(c: &Sample, class: &Class, verdict: &Judgement, mutation: &Value, config: &LessonConfig, seed: u64) -> Made {
    let mutation: Mutation = serde_json::from_value(mutation.clone())
        .map_err(|e| ("mutation_unreadable", json!({"error": e.to_string()})))?;
    if verdict.verdict != VerdictKind::Fail {
        return Err(("survived", json!({"operator": mutation.operator})));
    }
    let log: Vec<String> = verdict.evidence.log.lines().map(String::from).collect();
    let seen = Seen::of(&verdict.evidence.metrics);
    let evidence = match verdict.reason {
        Some(FailReason::CompileError) => Evidence::Compile { log: &log },
        Some(FailReason::WrongAnswer) if !seen.mismatches.is_empty() => Evidence::Simulation {
            mismatches: &seen.mismatches,
            inputs: &seen.inputs,
            cycles: class.loaded.record.cycles,
            log: &[],
        },
        other => return Err(("evidence_too_thin", json!({"reason": other}))),
    };
    if verdict.evidence.metrics.get("interface_changed") == Some(&Value::Bool(true)) {
        return Err(("interface_changed", json!({"operator": mutation.operator})));
    }
    let dut = &class.loaded.record.dut;
    let input = RepairInput {
        facts: &class.facts,
        original: class.loaded.reference(),
        broken: &c.content,
        mutation: &mutation,
        evidence,
        file: dut.rsplit('/').next().unwrap_or(dut),
        platform: PLATFORM,
        seed,
    };
    let messages = text::repair(&input).ok_or(("nothing_honest_to_say", json!({"operator": mutation.operator})))?;
    let mut d = lesson(Kind::SftRepair, c, class, &messages, config)?;
    let compiled = verdict.reason != Some(FailReason::CompileError);
    let first = seen.mismatches.first();
    d.metadata
        .insert("difficulty".into(), text::repair_difficulty(&input).into());
    d.metadata.insert("semantic".into(), compiled.into());
    d.metadata.insert(
        "defects".into(),
        json!([{"type": mutation.defect, "category": mutation.defect.category(), "operator": mutation.operator,
                "node_kind": mutation.node_kind, "lines": mutation.lines, "first_signal": first.map(|m| &m.signal)}]),
    );
    d.metadata.insert(
        "evidence".into(),
        json!({"broken": verdict.job_hash, "fixed": reference_job(c), "oracle": c.metadata.get("oracle"), "first_mismatch": first}),
    );
    d.judged_by = vec![(BROKEN.into(), verdict.job_hash.clone())];
    if let Some(job) = reference_job(c) {
        d.judged_by.push((CHECK.into(), job));
    }
    Ok(d)
}

fn reference_job(c: &Sample) -> Option<String> {
    c.metadata
        .get("reference_job")
        .and_then(Value::as_str)
        .map(String::from)
}

/// Findings of a simulation, as the judge kept them.
struct Seen {
    mismatches: Vec<Mismatch>,
    inputs: Vec<(String, String)>,
}

impl Seen {
    fn of(metrics: &Value) -> Seen {
        let mismatches = metrics
            .get("mismatches")
            .cloned()
            .map(serde_json::from_value)
            .and_then(Result::ok)
            .unwrap_or_default();
        let inputs = metrics.get("inputs").and_then(Value::as_object).into_iter().flatten();
        let inputs = inputs
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_string())))
            .collect();
        Seen { mismatches, inputs }
    }
}

/// Whether the file holds no module but the one that the task asks for.
fn only_module(class: &Class, code: &str) -> bool {
    super::syntax::parse(code).is_ok_and(|p| {
        super::syntax::modules(&p)
            .iter()
            .all(|m| m.name == class.loaded.record.unit.module)
    })
}

/// What all lessons have in common.
fn lesson(
    kind: Kind,
    c: &Sample,
    class: &Class,
    messages: &[Message],
    config: &LessonConfig,
) -> Result<Draft, (&'static str, Value)> {
    let chars = text::prompt_chars(messages);
    if chars > config.max_prompt_chars {
        return Err((
            "prompt_too_long",
            json!({"chars": chars, "threshold": config.max_prompt_chars}),
        ));
    }
    let mut d = Draft::new(kind, DomainId::Chip, chat::render(messages), c.origin.clone());
    let unit = &class.loaded.record.unit;
    d.parents = vec![
        Parent::new(&c.id, "from", None),
        Parent::new(&class.task.id, "task", None),
        unit.origin_edge(),
    ];
    for key in ["licence", "copyright", "language", "module_key"] {
        if let Some(value) = class.task.metadata.get(key) {
            d.metadata.insert(key.into(), value.clone());
        }
    }
    d.metadata.insert("task".into(), class.task.id.clone().into());
    d.metadata.insert("platform".into(), PLATFORM.into());
    d.metadata.insert(
        "interface".into(),
        text::interface(&unit.module, &class.loaded.record.ports),
    );
    d.metadata.insert("weight".into(), 1.0.into());
    Ok(d)
}
