//! Executing what a sample teaches: the code is taken from its text, as a trainer will read it.

use super::task::{self, CHECK, Loaded};
use super::unit::{broken, decided};
use crate::chat;
use crate::model::{Decided, Decision, Sample, VerdictKind};
use crate::stages::{Context, StageError};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a verdict is called that is about the broken code of a repair sample, which must fail.
pub const BROKEN: &str = "broken";

/// Judges samples by the testbench of the task that each belongs to. A repair passes only if its broken code is
/// seen to fail as well.
pub async fn verify(ctx: &Context, samples: Vec<Sample>, trials: u32) -> Result<Vec<Decided>, StageError> {
    let mut tasks: BTreeMap<String, Loaded> = BTreeMap::new();
    let mut out = Vec::with_capacity(samples.len());
    for s in samples {
        let task_id = s
            .metadata
            .get("task")
            .and_then(Value::as_str)
            .ok_or_else(|| broken(&s.id, "task", "missing"))?
            .to_string();
        if !tasks.contains_key(&task_id) {
            let sample = ctx.store.samples(std::slice::from_ref(&task_id)).await?.remove(0);
            tasks.insert(task_id.clone(), task::load(ctx, &sample).await?);
        }
        out.push(one(ctx, &s, &tasks[&task_id], trials).await?);
    }
    Ok(out)
}

async fn one(ctx: &Context, s: &Sample, task: &Loaded, trials: u32) -> Result<Decided, StageError> {
    let messages = chat::parse(&s.content).unwrap_or_default();
    let turn = |role: &str| {
        messages
            .iter()
            .rev()
            .find(|m| m.role == role)
            .and_then(|m| code_block(&m.content))
    };
    let Some(answer) = turn("assistant") else {
        return Ok(decided(&s.id, Decision::Drop("no_code_in_answer"), json!({})));
    };
    let good = ctx.judge_all(&[task.request(&answer, trials)]).await?.remove(0);
    let mut detail = json!({});
    if s.metadata.contains_key("defects") {
        let Some(asked) = turn("user") else {
            return Ok(decided(&s.id, Decision::Drop("no_code_in_question"), json!({})));
        };
        let bad = ctx.judge_all(&[task.request(&asked, trials)]).await?.remove(0);
        detail = json!({"broken": {"job": bad.job_hash, "verdict": bad.verdict, "reason": bad.reason}});
        if bad.verdict != VerdictKind::Fail {
            return Ok(decided(&s.id, Decision::Drop("broken_code_does_not_fail"), detail));
        }
    }
    let judge = Decision::Judge {
        check: CHECK.into(),
        verdict: good.verdict,
        reason: good.reason,
        job_hash: good.job_hash,
    };
    Ok(decided(&s.id, judge, detail))
}

/// The last fenced block of a message: its code, as written. A fence may be longer than three backticks.
pub fn code_block(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let (mut found, mut open): (Option<String>, Option<(usize, usize)>) = (None, None);
    for (i, line) in lines.iter().enumerate() {
        let ticks = line.bytes().take_while(|&b| b == b'`').count();
        match open {
            None if ticks >= 3 => open = Some((i, ticks)),
            Some((start, n)) if ticks >= n && line[ticks..].trim().is_empty() => {
                let info = lines[start].trim_start_matches('`').trim();
                if matches!(info, "verilog" | "systemverilog") {
                    found = Some(lines[start + 1..i].join("\n") + "\n");
                }
                open = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::code_block;

    #[test]
    fn the_last_verilog_block_counts() {
        let text = "see\n```\nlog\n```\n```verilog\nmodule a;\nendmodule\n```\nand\n````verilog\n`define X ```\nmodule b;\n````";
        assert_eq!(code_block(text).as_deref(), Some("`define X ```\nmodule b;\n"));
        assert_eq!(code_block("none"), None);
        assert_eq!(code_block("```verilog\nunclosed"), None);
    }
}
