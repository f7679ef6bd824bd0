//! `assay sandbox test`: whether the sandbox of this machine tells right from wrong, and holds.

use crate::cli::Failure;
use crate::cli::environment::{self, SandboxFlags};
use sandboxes::hostile::{self, HostileResult, Outcome};
use sandboxes::{Canary, Runtime, SandboxError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Jobs at a time: an attack and its neighbour.
const SLOTS: u32 = 2;

/// One line of the table.
#[derive(Serialize)]
struct Row {
    /// `canary` or `hostile`.
    kind: &'static str,
    name: &'static str,
    sandbox: &'static str,
    tries: String,
    result: Outcome,
    detail: String,
}

/// Runs what is named (sandboxes, canaries, attacks), or everything; prints a table, or one JSON object.
pub async fn run(flags: &SandboxFlags, names: Vec<String>, json: bool) -> Result<(), Failure> {
    check_names(&names)?;
    let chosen = |name: &str, sandbox: &str| names.is_empty() || names.iter().any(|n| n == name || n == sandbox);
    let runtime = environment::runtime(flags, SLOTS)?;
    let mut rows = Vec::new();
    if !json {
        println!(
            "{:8} {:20} {:9} {:64} detail",
            "kind", "name", "result", "what it tries"
        );
    }
    let mut add = |row: Row| {
        if !json {
            print_row(&row);
        }
        rows.push(row);
    };
    for sandbox in sandboxes::names() {
        for canary in sandboxes::canaries(sandbox)? {
            if chosen(canary.name, sandbox) {
                add(canary_row(runtime.as_ref(), sandbox, &canary).await);
            }
        }
    }
    let sandbox_of: BTreeMap<_, _> = hostile::names().into_iter().collect();
    hostile::run_chosen(
        runtime.as_ref(),
        &|name| chosen(name, sandbox_of.get(name).copied().unwrap_or_default()),
        &mut |result| add(hostile_row(result)),
    )
    .await;
    finish(&rows, json)
}

fn check_names(names: &[String]) -> Result<(), Failure> {
    let mut known: BTreeSet<&str> = sandboxes::names().into_iter().collect();
    for sandbox in sandboxes::names() {
        known.extend(sandboxes::canaries(sandbox)?.iter().map(|canary| canary.name));
    }
    known.extend(hostile::names().into_iter().map(|(name, _)| name));
    match names.iter().find(|name| !known.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::input(format!(
            "nothing to test is called `{name}`; `assay sandbox test` runs and names everything, `assay sandbox test {}` one sandbox",
            sandboxes::names().first().copied().unwrap_or_default()
        ))),
    }
}

async fn canary_row(runtime: &dyn Runtime, sandbox: &'static str, canary: &Canary) -> Row {
    let (result, detail) = match runtime.run(&canary.job).await {
        Err(SandboxError::MissingLayer { .. }) if sandboxes::lacks(sandbox).is_some() => {
            (Outcome::NotRun, sandboxes::lacks(sandbox).unwrap_or_default())
        }
        Ok(completion) => match canary.check(&completion) {
            Ok(()) => (Outcome::Held, "as expected".to_string()),
            Err(why) => (Outcome::NotContained, why),
        },
        Err(error @ SandboxError::ImageMissing { .. }) => (Outcome::NotRun, error.to_string()),
        Err(error) => (Outcome::NotContained, format!("our fault: {error}")),
    };
    Row {
        kind: "canary",
        name: canary.name,
        sandbox,
        tries: format!("Known to come out as {:?}.", canary.expect),
        result,
        detail,
    }
}

fn hostile_row(result: &HostileResult) -> Row {
    Row {
        kind: "hostile",
        name: result.name,
        sandbox: result.sandbox,
        tries: result.tries.clone(),
        result: result.outcome,
        detail: result.detail.clone(),
    }
}

fn print_row(row: &Row) {
    let result = match row.result {
        Outcome::Held => "held",
        Outcome::NotContained => "WRONG",
        Outcome::NotRun => "not run",
    };
    let tries: String = if row.tries.chars().count() > 64 {
        row.tries.chars().take(63).chain(['…']).collect()
    } else {
        row.tries.clone()
    };
    println!("{:8} {:20} {result:9} {tries:64} {}", row.kind, row.name, row.detail);
}

/// The counts, and the failure if anything was wrong, or nothing was tested. What else did not run is told with its remedy,
/// and is no failure.
fn finish(rows: &[Row], json: bool) -> Result<(), Failure> {
    let count = |wanted: Outcome| rows.iter().filter(|row| row.result == wanted).count();
    let (held, wrong, not_run) = (
        count(Outcome::Held),
        count(Outcome::NotContained),
        count(Outcome::NotRun),
    );
    if json {
        println!(
            "{}",
            serde_json::json!({"held": held, "wrong": wrong, "not_run": not_run, "tests": rows})
        );
    } else {
        println!("{held} held, {wrong} wrong, {not_run} not run");
    }
    let missing: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.result == Outcome::NotRun)
        .map(|row| row.sandbox)
        .collect();
    for sandbox in missing {
        let count = rows
            .iter()
            .filter(|row| row.result == Outcome::NotRun && row.sandbox == sandbox)
            .count();
        match sandboxes::lacks(sandbox) {
            Some(why) => eprintln!("{count} not run because of what `{sandbox}` needs: {why}"),
            None => eprintln!("{count} not run because image `{sandbox}` is not built: assay sandbox build {sandbox}"),
        }
    }
    if wrong > 0 {
        return Err(Failure::environment(format!(
            "{wrong} tests went wrong: do not trust verdicts of this machine"
        )));
    }
    if held == 0 {
        return Err(Failure::environment("nothing was tested: build an image first"));
    }
    Ok(())
}
