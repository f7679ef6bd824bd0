//! An oracle must prove that it can fail: the testbench of a task against mutants of its own reference.

use super::equivalence::{self, Proof};
use super::mutate::{self, Caps};
use super::task::{self, CHECK, Loaded};
use super::types::Mutation;
use super::unit::decided;
use crate::domains::OracleConfig;
use crate::model::{
    Decided, Decision, DomainId, Draft, FailReason, Judgement, Kind, OracleRecord, Parent, Sample, VerdictKind,
    derive_seed,
};
use crate::stages::{Context, StageError};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A mutant with the verdict on it.
struct Mutant {
    mutation: Mutation,
    text: String,
    judgement: Judgement,
    proof: Option<Proof>,
}

impl Mutant {
    fn compiled(&self) -> bool {
        self.judgement.reason != Some(FailReason::CompileError)
    }
    fn killed(&self) -> bool {
        self.compiled() && self.judgement.verdict == VerdictKind::Fail
    }
    fn equivalent(&self) -> bool {
        !self.killed() && self.proof == Some(Proof::Equivalent)
    }
}

/// killed / (compiled − proved equivalent) over some mutants; 0 where there is nothing to divide by.
fn rate<'m>(mutants: impl Iterator<Item = &'m Mutant>) -> f64 {
    let (mut killed, mut of) = (0u32, 0u32);
    for m in mutants.filter(|m| m.compiled() && !m.equivalent()) {
        of += 1;
        killed += u32::from(m.killed());
    }
    if of == 0 {
        0.0
    } else {
        f64::from(killed) / f64::from(of)
    }
}

/// Bounds on the choice of mutants. Most changes between `<=` and `=` change nothing that a simulation can show, and no
/// proof covers them: more than one of each kind would measure the mutants, not the testbench.
const CAPS: Caps = Caps {
    per_operator: 4,
    per_defect: 8,
    per_line: 2,
    blocking: 1,
};

/// Below this share killed among the judged half, proofs of equivalence cannot save an oracle often enough to pay for.
const HOPELESS: f64 = 0.55;

/// Measures a task's oracle. Accepted: every candidate it was tried on goes on, with the reference. Rejected: the
/// task is dropped as `weak_oracle`. The strength is recorded in either case.
pub async fn measure(ctx: &Context, sample: Sample, config: &OracleConfig) -> Result<Decided, StageError> {
    let task = task::load(ctx, &sample).await?;
    let reference = task.reference().to_string();
    let original = judge(ctx, &task, std::slice::from_ref(&reference)).await?.remove(0);
    if original.verdict != VerdictKind::Pass {
        let detail = json!({"verdict": original.verdict, "reason": original.reason, "log": original.evidence.log});
        return Ok(decided(&sample.id, Decision::Drop("reference_fails"), detail));
    }
    let seed = derive_seed(ctx.seed, &sample.content, "mutants");
    let module = task.record.unit.module.clone();
    let all = tokio::task::block_in_place(|| mutate::mutations(&reference, &module, seed));
    let chosen = mutate::select(&all, seed, config.mutants as usize, config.broken as usize, CAPS);
    let (semantic, broken): (Vec<Mutation>, Vec<Mutation>) = chosen.into_iter().partition(|m| m.semantic);
    if semantic.len() < config.min_mutants as usize {
        let detail = json!({"mutants_offered": semantic.len(), "threshold": config.min_mutants});
        return Ok(decided(&sample.id, Decision::Drop("too_few_mutants"), detail));
    }
    // every other one, in an order that spreads operators: the first half decides, the second has no say
    let (judged, held_out): (Vec<_>, Vec<_>) = semantic.into_iter().enumerate().partition(|(i, _)| i % 2 == 0);
    let strip = |half: Vec<(usize, Mutation)>| half.into_iter().map(|(_, m)| m).collect::<Vec<_>>();

    let mut judged = run(ctx, &task, &reference, strip(judged)).await?;
    if rate(judged.iter()) < HOPELESS {
        return Ok(reject(ctx, &sample, &judged, &[], "weak_oracle"));
    }
    let mut held_out = run(ctx, &task, &reference, strip(held_out)).await?;
    prove(ctx, &task, &mut judged, config).await?;
    prove(ctx, &task, &mut held_out, config).await?;
    let compiled = judged.iter().chain(&held_out).filter(|m| m.compiled());
    let operators: BTreeSet<&str> = compiled.clone().map(|m| m.mutation.operator.as_str()).collect();
    if compiled.count() < config.min_mutants as usize || operators.len() < config.min_operators as usize {
        return Ok(reject(ctx, &sample, &judged, &held_out, "too_few_mutants"));
    }
    if rate(judged.iter()) < config.gate {
        return Ok(reject(ctx, &sample, &judged, &held_out, "weak_oracle"));
    }
    let strength = record(&judged, &held_out, true, &sample);
    let broken = run(ctx, &task, &reference, broken).await?;
    let detail = json!({"kill_rate": strength.kill_rate, "mutants": strength.mutants});
    let mut drafts = vec![candidate(&sample, &task, &reference, &original, None, &strength)];
    for m in judged.iter().chain(&held_out).chain(&broken) {
        let mut d = candidate(&sample, &task, &m.text, &m.judgement, Some(m), &strength);
        d.metadata.insert("reference_job".into(), json!(original.job_hash));
        drafts.push(d);
    }
    ctx.record_oracle(&sample.id, strength);
    Ok(decided(&sample.id, Decision::Derive(drafts), detail))
}

async fn judge(ctx: &Context, task: &Loaded, answers: &[String]) -> Result<Vec<Judgement>, StageError> {
    let requests: Vec<_> = answers.iter().map(|a| task.request(a, 1)).collect();
    ctx.judge_all(&requests).await
}

async fn run(
    ctx: &Context,
    task: &Loaded,
    reference: &str,
    mutations: Vec<Mutation>,
) -> Result<Vec<Mutant>, StageError> {
    let texts: Vec<String> = mutations.iter().map(|m| mutate::apply(reference, m)).collect();
    let judgements = judge(ctx, task, &texts).await?;
    let mutants = mutations.into_iter().zip(texts).zip(judgements);
    Ok(mutants
        .map(|((mutation, text), judgement)| Mutant {
            mutation,
            text,
            judgement,
            proof: None,
        })
        .collect())
}

/// Tries to prove survivors equivalent. What is not proved counts as survived.
async fn prove(ctx: &Context, task: &Loaded, mutants: &mut [Mutant], config: &OracleConfig) -> Result<(), StageError> {
    let survivors: Vec<usize> = (0..mutants.len())
        .filter(|&i| mutants[i].compiled() && !mutants[i].killed())
        .collect();
    if survivors.is_empty() || !config.prove_equivalence {
        return Ok(());
    }
    let texts: Vec<String> = survivors.iter().map(|&i| mutants[i].text.clone()).collect();
    let limits = equivalence::equivalence_limits(texts.len());
    let job = equivalence::equivalence_job(&task.design, &task.record.dut, &texts, &limits);
    let done = ctx.run(&job).await?;
    let fault = |message| StageError::Other {
        kind: "tool",
        message,
        retry: true,
    };
    let proofs = equivalence::judge_equivalence(texts.len(), &done).map_err(fault)?;
    for (i, proof) in survivors.into_iter().zip(proofs) {
        mutants[i].proof = Some(proof);
    }
    Ok(())
}

fn record(judged: &[Mutant], held_out: &[Mutant], accepted: bool, sample: &Sample) -> OracleRecord {
    let all = || judged.iter().chain(held_out);
    let count = |f: &dyn Fn(&Mutant) -> bool| all().filter(|m| m.compiled() && f(m)).count() as i32;
    OracleRecord {
        mutants: count(&|_| true),
        killed: count(&Mutant::killed),
        equivalent: count(&Mutant::equivalent),
        unknown: count(&|m| !m.killed() && !m.equivalent()),
        kill_rate: rate(all()),
        judged_rate: rate(judged.iter()),
        held_out_rate: (!held_out.is_empty()).then(|| rate(held_out.iter())),
        accepted,
        coverage: sample.metadata.get("coverage").cloned().unwrap_or(Value::Null),
    }
}

fn reject(ctx: &Context, sample: &Sample, judged: &[Mutant], held_out: &[Mutant], reason: &'static str) -> Decided {
    let strength = record(judged, held_out, false, sample);
    let detail = json!({"kill_rate": strength.kill_rate, "mutants": strength.mutants, "killed": strength.killed});
    ctx.record_oracle(&sample.id, strength);
    decided(&sample.id, Decision::Drop(reason), detail)
}

/// An answer with its verdict: the reference (`mutant` is `None`) or a defective variant.
fn candidate(
    task: &Sample,
    loaded: &Loaded,
    text: &str,
    judgement: &Judgement,
    mutant: Option<&Mutant>,
    oracle: &OracleRecord,
) -> Draft {
    let mut d = Draft::new(Kind::Candidate, DomainId::Chip, text.to_string(), task.origin.clone());
    d.parents = vec![Parent::new(&task.id, "task", None), loaded.record.unit.origin_edge()];
    d.judged_by = vec![(CHECK.into(), judgement.job_hash.clone())];
    let mut put = |key: &str, value: Value| drop(d.metadata.insert(key.into(), value));
    for key in ["licence", "copyright", "language", "module_key"] {
        if let Some(value) = task.metadata.get(key) {
            put(key, value.clone());
        }
    }
    put("task", json!(task.id));
    put("job", json!(judgement.job_hash));
    put(
        "oracle",
        json!({"kill_rate": round(oracle.kill_rate), "mutants": oracle.mutants}),
    );
    if let Some(m) = mutant {
        put("mutation", json!(m.mutation));
        put("compiled", json!(m.compiled()));
        put("equivalent", json!(m.equivalent()));
    }
    d
}

/// Four decimals are enough for a rate.
pub fn round(x: f64) -> f64 {
    (x * 10_000.0).round() / 10_000.0
}
