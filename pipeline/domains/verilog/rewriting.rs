//! Rewriting a unit: accepted only where the parser sees the same tree but for comments, and Icarus as good a
//! compilation as before.

use super::harness::{Design, compile_argv};
use super::normalise::{Normalised, normalise};
use super::syntax::same_but_for_comments;
use super::unit::{UnitRecord, decided, design, draft};
use crate::model::{Decided, Decision, Parent, Sample};
use crate::stages::{Context, StageError};
use sandboxes::{Job, Limits, Status, Step, When};
use serde_json::json;

/// Normalises a unit, or lets the original go on and says why.
pub async fn rewrite(ctx: &Context, unit: Sample) -> Result<Decided, StageError> {
    let keep = |why: &str| Ok(decided(&unit.id, Decision::Keep, json!({"rewrite": why})));
    let record = UnitRecord::of(&unit)?;
    let Some(new) = tokio::task::block_in_place(|| normalise(&unit.content)) else {
        return keep("nothing_to_change");
    };
    if !tokio::task::block_in_place(|| same_but_for_comments(&unit.content, &new.text)) {
        return keep("syntax_tree_changed");
    }
    let (before, dut) = design(ctx, &unit, &record).await?;
    let after = before.with_text(&dut, &new.text);
    match compiles(ctx, &before, &after, &dut).await? {
        (_, true) => {}
        (true, false) => return keep("does_not_compile_any_more"),
        (false, false) => return keep("did_not_compile_before"),
    }
    let detail = json!({"rewrite": "accepted", "lines_before": unit.content.lines().count(), "lines_after": new.text.lines().count(),
                        "commented_out_code": new.removed.len()});
    let Some(moved) = moved(&record, &new) else {
        return keep("module_moved_away");
    };
    let lines = Some((1, unit.content.lines().count().max(1) as u32));
    let mut d = draft(&unit, moved, new.text, vec![Parent::new(&unit.id, "from", lines)]);
    d.metadata.insert("rewritten".into(), detail.clone());
    Ok(decided(&unit.id, Decision::Derive(vec![d]), detail))
}

/// Where the module's lines are in the new text; what they were in the original file stays.
fn moved(record: &UnitRecord, new: &Normalised) -> Option<UnitRecord> {
    let (first, last) = record.module_lines;
    let inside = |line: &u32| (first..=last).contains(line);
    let start = new.line_map.iter().position(inside)? as u32 + 1;
    let end = new.line_map.iter().rposition(inside)? as u32 + 1;
    Some(UnitRecord {
        module_lines: (start, end),
        ..record.clone()
    })
}

/// Whether Icarus compiles the one and the other, in one sandbox.
async fn compiles(ctx: &Context, before: &Design, after: &Design, dut: &str) -> Result<(bool, bool), StageError> {
    let step = |name: &str, design: &Design, replace: Option<&str>| {
        let mut argv = compile_argv(design, &[&design.top], &format!("/job/{name}.vvp"));
        let own = format!("/job/in/rtl/{dut}");
        argv.extend(
            design
                .module_paths()
                .into_iter()
                .map(|p| if p == own { replace.map_or(p, String::from) } else { p }),
        );
        Step {
            name: name.into(),
            argv,
            when: When::Always,
        }
    };
    let mut files = before.job_files();
    let text = after
        .files
        .iter()
        .find(|f| f.path == dut)
        .map(|f| f.text.clone())
        .unwrap_or_default();
    let place = format!("new/{dut}");
    files.push(sandboxes::JobFile {
        path: place.clone(),
        content: text,
    });
    let job = Job {
        sandbox: super::harness::SANDBOX.into(),
        files,
        steps: vec![
            step("before", before, None),
            step("after", after, Some(&format!("/job/in/{place}"))),
        ],
        limits: Limits::default(),
    };
    let done = ctx.run(&job).await?;
    let ok = |i: usize| done.steps.get(i).is_some_and(|s| s.status == Status::Exit(0));
    Ok((ok(0), ok(1)))
}
