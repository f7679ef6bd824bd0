//! Tasks brought from outside: the user's own testbench, and regular expressions over what it prints.
//!
//! A testbench says how it went in its log, and every house says it otherwise. So the patterns are the user's to
//! give; the defaults know the usual ways, and are strict: **failure wins** over success where both are found, and a
//! log that says neither is no pass. What the defaults read:
//! - failure: a line with the word `FAIL`, `FAILED`, `FAILURE`, `ERROR`, `FATAL`, `MISMATCH` or `TIMEOUT` (any case),
//!   unless a zero count says there were none (`0 errors`, `no mismatch`, `Mismatches: 0 in 439 samples`);
//! - success: a line with the word `PASS`, `PASSED`, `SUCCESS` (any case), or a count of zero errors, failures or
//!   mismatches.
//!
//! A candidate shares its simulation with the testbench and could print the words of success itself, or end the run:
//! [`refusals`] names what speaks against it before it is run.

use super::{Design, DesignFile, FileRole, SANDBOX, compile_argv, policy};
use crate::domains::verilog::judge::{Judged, Verdict, ended_verdict, our_fault, tidy_log};
use crate::model::FailReason;
use regex::Regex;
use sandboxes::{Completion, Job, Limits, Status, Step, When};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// `check` of a task for the sandbox `verilog`. Every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalCheck {
    /// The module to elaborate. Left out, Icarus takes every module that no other instantiates.
    pub top: Option<String>,
    /// What runs the simulation.
    pub simulator: Simulator,
    /// Regular expression over the log: found means passed, unless `fail` is found too.
    pub pass: Option<String>,
    /// Regular expression over the log: found means failed.
    pub fail: Option<String>,
    /// The candidate (without the testbench) must also synthesise.
    pub synthesizable: bool,
    /// The candidate must also be proved equivalent to the file of role `reference`.
    pub equivalence: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Simulator {
    /// Icarus.
    #[default]
    Auto,
    Icarus,
    Verilator,
}

/// A file of a task from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalFile {
    pub path: String,
    pub content: String,
    /// `testbench`, `reference`, `support`, `baseline`, or `candidate`.
    pub role: String,
}

/// Why a task cannot be judged here. It is never a verdict.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    #[error("simulator `{0}` is not in this image; use `icarus`")]
    SimulatorMissing(&'static str),
    #[error("`{key}` is not a regular expression: {why}")]
    Pattern { key: &'static str, why: String },
    #[error("a `verilog` task needs a file of role `{0}`")]
    FileMissing(&'static str),
    #[error("`equivalence` needs `top`, the module that candidate and reference both declare")]
    TopMissing,
    #[error("path `{0}` appears twice; paths of files and candidate must differ")]
    SamePath(String),
}

/// Words of failure.
const FAIL: &str = r"(?i)\b(fail(ed|ure|ures|s)?|errors?|fatal|mismatch(es|ed)?|time(d)?[ -]?out)\b";
/// Words that a count of zero makes harmless: `0 errors`, `no mismatches`, `errors: 0`, `mismatched samples is 0 out of 439`.
const NONE: &str = r"(?ix)
    \b(0|no|zero|without)(\s+\w+)?\s+(fail(ed|ure|ures|s)?|errors?|mismatch(es|ed)?|time(d)?[\ -]?out)\b
  | \b(fail(ed|ure|ures|s)?|errors?|mismatch(es|ed)?)(\s+\w+)?\s*([:=]+|\bis\b|\bare\b)\s*0([.,;)\]]*(\s|$)|/\d)";
/// Words of success.
const PASS: &str = r"(?i)\b(pass(ed|es)?|success(ful|fully)?)\b";

/// Patterns, checked.
pub struct Patterns {
    pass: Option<Regex>,
    fail: Option<Regex>,
}

impl ExternalCheck {
    /// Compiles the user's patterns, with a bound to their size.
    pub fn patterns(&self) -> Result<Patterns, ExternalError> {
        let compile = |key, text: &Option<String>| {
            let build = |t: &String| regex::RegexBuilder::new(t).multi_line(true).size_limit(1 << 20).build();
            text.as_ref()
                .map(build)
                .transpose()
                .map_err(|e| ExternalError::Pattern {
                    key,
                    why: e.to_string(),
                })
        };
        Ok(Patterns {
            pass: compile("pass", &self.pass)?,
            fail: compile("fail", &self.fail)?,
        })
    }
}

/// The job for a candidate of a task from outside. Steps: `compile`, `simulate`, then `synthesize` and `prove` where
/// they are asked for. Judge with [`judge_external`].
pub fn external_job(check: &ExternalCheck, files: &[ExternalFile], limits: &Limits) -> Result<Job, ExternalError> {
    if check.simulator == Simulator::Verilator {
        return Err(ExternalError::SimulatorMissing("verilator"));
    }
    check.patterns()?;
    let mut paths: Vec<&str> = files.iter().map(|f| f.path.as_str()).collect();
    paths.sort_unstable();
    if let Some(pair) = paths.windows(2).find(|p| p[0] == p[1]) {
        return Err(ExternalError::SamePath(pair[0].to_string()));
    }
    let has = |role: &str| files.iter().any(|f| f.role == role);
    for role in ["candidate", "testbench"] {
        if !has(role) {
            return Err(ExternalError::FileMissing(role));
        }
    }
    let mut roles = vec!["candidate", "support", "testbench"];
    // A testbench may compare with the reference beside the candidate, if both can be compiled into one.
    if !share_a_module(files) {
        roles.push("reference");
    }
    let bench = design(check, files, &roles);
    let alone = design(check, files, &["candidate", "support"]);
    let tops: Vec<&str> = bench_top(check, files).into_iter().collect();
    let mut compile = compile_argv(&bench, &tops, "/job/sim.vvp");
    compile.extend(bench.module_paths());
    let simulate = ["vvp", "-n", "/job/sim.vvp"].map(String::from).into();
    let mut steps = vec![step("compile", compile), step("simulate", simulate)];
    if check.synthesizable {
        steps.push(step(
            "synthesize",
            yosys(&format!("{}; synth -auto-top -flatten; check -assert", read(&alone))),
        ));
    }
    if check.equivalence {
        let top = check.top.as_deref().ok_or(ExternalError::TopMissing)?;
        if !has("reference") {
            return Err(ExternalError::FileMissing("reference"));
        }
        let reference = design(check, files, &["reference", "support"]);
        let gold = yosys(&format!(
            "{}; {}; write_rtlil /job/gold.il",
            read(&reference),
            prepare(top, "assay_gold")
        ));
        let gate = yosys(&format!(
            "{}; {}; read_rtlil /job/gold.il; {PROVE}",
            read(&alone),
            prepare(top, "assay_gate")
        ));
        steps.push(step("prepare", gold));
        steps.push(step("prove", gate));
    }
    let all = design(
        check,
        files,
        &["candidate", "support", "testbench", "reference", "baseline"],
    );
    Ok(Job {
        sandbox: SANDBOX.into(),
        files: all.job_files(),
        steps,
        limits: limits.clone(),
    })
}

/// What a candidate must not do, one line each: print, end the run, read files, reach other files. Empty where nothing
/// speaks against it. What the support files do it may do.
pub fn refusals(files: &[ExternalFile]) -> Vec<String> {
    let texts = |role: &str| {
        files
            .iter()
            .filter(|f| f.role == role)
            .map(|f| f.content.as_str())
            .collect::<Vec<_>>()
    };
    policy::silent_refusals(&texts("support"), &texts("candidate"))
}

fn share_a_module(files: &[ExternalFile]) -> bool {
    let names = |role: &str| -> BTreeSet<String> {
        let texts = files.iter().filter(|f| f.role == role);
        texts.flat_map(|f| declared(&f.content)).collect()
    };
    !names("candidate").is_disjoint(&names("reference"))
}

/// Words that follow the word `module`.
fn declared(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$')
        .filter(|w| !w.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|w| w[0] == "module")
        .map(|w| w[1].to_string())
        .collect()
}

/// From power-up at zero, by induction over time: for all inputs, for ever. A design that differs only in states out
/// of reach can stay unproved.
const PROVE: &str = "miter -equiv -flatten assay_gold assay_gate assay_miter; hierarchy -top assay_miter; \
                     sat -verify -tempinduct -maxsteps 20 -set-init-zero -prove trigger 0 assay_miter";

fn prepare(top: &str, name: &str) -> String {
    format!("hierarchy -check -top {top}; proc; flatten; memory; clk2fflogic; opt -full; rename -top {name}")
}

/// The testbench's own top, where the task's `top` names the design under test: Icarus finds it by itself.
fn bench_top<'a>(check: &'a ExternalCheck, files: &[ExternalFile]) -> Option<&'a str> {
    let top = check.top.as_deref()?;
    files
        .iter()
        .any(|f| f.role == "testbench" && declared(&f.content).iter().any(|m| m == top))
        .then_some(top)
}

fn design(check: &ExternalCheck, files: &[ExternalFile], roles: &[&str]) -> Design {
    let role = |f: &ExternalFile| {
        if is_source(&f.path) {
            FileRole::Module
        } else {
            FileRole::Include
        }
    };
    let file = |f: &ExternalFile| DesignFile {
        path: f.path.clone(),
        text: f.content.clone(),
        role: role(f),
    };
    let chosen = files.iter().filter(|f| roles.contains(&f.role.as_str())).map(file);
    Design {
        top: check.top.clone().unwrap_or_default(),
        files: chosen.collect(),
        include_dirs: vec![String::new()],
    }
}

/// `.v` and `.sv` are compiled; anything else (`.vh`, `.svh`, data) is only there to be found.
fn is_source(path: &str) -> bool {
    [".v", ".sv"].iter().any(|e| path.ends_with(e))
}

fn step(name: &str, argv: Vec<String>) -> Step {
    Step {
        name: name.into(),
        argv,
        when: When::Ok,
    }
}

fn yosys(script: &str) -> Vec<String> {
    ["yosys", "-Q", "-T", "-p", script].map(String::from).into()
}

fn read(design: &Design) -> String {
    let dirs: String = design.include_paths().iter().map(|d| format!(" -I{d}")).collect();
    format!("read_verilog -sv{dirs} {}", design.module_paths().join(" "))
}

/// Judges an [`external_job`]. The outer error is the check's (its patterns).
pub fn judge_external(check: &ExternalCheck, done: &Completion) -> Result<Judged, ExternalError> {
    let patterns = check.patterns()?;
    let mut log = String::new();
    let verdict = external_verdict(&patterns, done, &mut log);
    Ok(Judged { verdict, log })
}

fn external_verdict(patterns: &Patterns, done: &Completion, log: &mut String) -> Result<Verdict, String> {
    let mut last = Verdict::fail(FailReason::NoVerdict, json!({}));
    for step in &done.steps {
        if step.status != Status::NotRun {
            *log = tidy_log(&step.log);
        }
        let tool = match step.name.as_str() {
            "compile" => "iverilog",
            "simulate" => "vvp",
            _ => "yosys",
        };
        if let Some(fault) = our_fault(done, step, tool) {
            return Err(fault);
        }
        if let (Some(ended), Status::Killed) = (done.ended, &step.status) {
            let verdict = ended_verdict(ended, done)?;
            // A proof that takes too long is no pass, but says nothing of the candidate's own speed.
            let proof = step.name == "prove";
            return Ok(if proof {
                Verdict::fail(FailReason::NotEquivalent, json!({"refuted": false}))
            } else {
                verdict
            });
        }
        let ok = step.status == Status::Exit(0);
        let messages: Vec<&str> = log.lines().take(20).collect();
        last = match step.name.as_str() {
            "compile" if !ok => return Ok(Verdict::fail(FailReason::CompileError, json!({"messages": messages}))),
            "simulate" => match said(patterns, &String::from_utf8_lossy(&step.log), &step.status) {
                Ok(line) => Verdict::pass(json!({"line": line})),
                Err((reason, line)) => return Ok(Verdict::fail(reason, json!({"line": line}))),
            },
            "synthesize" if !ok => return Ok(Verdict::fail(FailReason::NotSynthesizable, json!({}))),
            "prepare" if !ok => return Err("yosys cannot read the reference".into()),
            "prove" if !ok => {
                return Ok(Verdict::fail(
                    FailReason::NotEquivalent,
                    json!({"refuted": log.contains("model found: FAIL")}),
                ));
            }
            _ => last,
        };
    }
    match done.ended {
        Some(ended) => ended_verdict(ended, done),
        None => Ok(last),
    }
}

/// What a simulation's log says: the line of success, or why not with the line of failure.
fn said(patterns: &Patterns, text: &str, status: &Status) -> Result<String, (FailReason, Option<String>)> {
    let find = |wanted: &dyn Fn(&str) -> bool| {
        text.lines()
            .find(|l| wanted(l))
            .map(|l| l.trim().chars().take(300).collect())
    };
    // The defaults are valid patterns (a test compiles them); without them nothing is found, and nothing passes.
    let (Ok(fail), Ok(none), Ok(pass)) = (Regex::new(FAIL), Regex::new(NONE), Regex::new(PASS)) else {
        return Err((FailReason::NoVerdict, None));
    };
    let failed: Option<String> = match &patterns.fail {
        Some(own) => own.find(text).map(|m| m.as_str().chars().take(300).collect()),
        None => find(&|l| fail.is_match(&none.replace_all(l, " "))),
    };
    if failed.is_some() {
        return Err((FailReason::WrongAnswer, failed));
    }
    if let Status::Signal(_) = status {
        return Err((FailReason::Crash, None));
    }
    let passed: Option<String> = match &patterns.pass {
        Some(own) => own.find(text).map(|m| m.as_str().chars().take(300).collect()),
        None => find(&|l| pass.is_match(l) || none.is_match(l)),
    };
    match (passed, status) {
        (Some(line), Status::Exit(0)) => Ok(line),
        _ => Err((FailReason::NoVerdict, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Result<String, FailReason> {
        let patterns = ExternalCheck::default().patterns().unwrap();
        said(&patterns, text, &Status::Exit(0)).map_err(|(reason, _)| reason)
    }

    #[test]
    fn the_usual_ways_of_saying_so_are_read() {
        for pass in [
            "Hint: Output 'q' has no mismatches.\nHint: Total mismatched samples is 0 out of 439 samples\nMismatches: 0 in 439 samples",
            "===========Your Design Passed===========",
            "all tests passed, 0 failures",
            "5 passed, 0 failed",
            "Errors: 0.",
            "TEST SUCCESSFUL",
            "errors = 0, warnings = 3",
            "error_flag=1 q=0\nPASS",
        ] {
            assert!(says(pass).is_ok(), "{pass}: {:?}", says(pass));
        }
        for fail in [
            "Hint: Output 'q' has 12 mismatches. First mismatch occurred at time 20.\nMismatches: 12 in 439 samples",
            "===========Error===========",
            "PASS\n1 test failed",
            "5 passed, 10 failed",
            "errors: 05",
            "FATAL: tb.v:3: oh",
            "TIMEOUT\nMismatches: 0 in 439 samples",
            "Mismatches: 0 in 439 samples\nMismatches: 10 in 439 samples",
        ] {
            assert_eq!(says(fail), Err(FailReason::WrongAnswer), "{fail}");
        }
        for silent in [
            "",
            "simulation finished",
            "bypass=1",
            "VCD info: dumpfile a.vcd opened for output.",
        ] {
            assert_eq!(says(silent), Err(FailReason::NoVerdict), "{silent}");
        }
    }

    #[test]
    fn own_patterns_replace_the_defaults_and_failure_wins() {
        let check = ExternalCheck {
            pass: Some("^OK$".into()),
            fail: Some("bad".into()),
            ..Default::default()
        };
        let patterns = check.patterns().unwrap();
        assert!(said(&patterns, "ERROR 3\nOK\n", &Status::Exit(0)).is_ok());
        assert_eq!(
            said(&patterns, "bad\nOK", &Status::Exit(0)).unwrap_err().0,
            FailReason::WrongAnswer
        );
        assert_eq!(
            said(&patterns, "OK", &Status::Exit(1)).unwrap_err().0,
            FailReason::NoVerdict
        );
        let wrong = ExternalCheck {
            fail: Some("(".into()),
            ..Default::default()
        };
        assert!(matches!(
            wrong.patterns(),
            Err(ExternalError::Pattern { key: "fail", .. })
        ));
    }

    fn file(path: &str, role: &str, content: &str) -> ExternalFile {
        ExternalFile {
            path: path.into(),
            content: content.into(),
            role: role.into(),
        }
    }

    #[test]
    fn a_reference_is_compiled_beside_the_candidate_only_where_their_names_differ() {
        let mut files = vec![
            file("dut.v", "candidate", "module top(); endmodule"),
            file("tb.v", "testbench", "module tb(); endmodule"),
            file("ref.v", "reference", "module ref_top(); endmodule"),
        ];
        let compiled = |files: &[ExternalFile]| {
            let job = external_job(&ExternalCheck::default(), files, &Limits::default()).unwrap();
            job.steps[0].argv.iter().any(|a| a.ends_with("ref.v"))
        };
        assert!(compiled(&files));
        files[2].content = "module top(); endmodule".into();
        assert!(!compiled(&files));
        files[2].path = "tb.v".into();
        let twice = external_job(&ExternalCheck::default(), &files, &Limits::default());
        assert!(matches!(twice, Err(ExternalError::SamePath(_))));
        let verilator = ExternalCheck {
            simulator: Simulator::Verilator,
            ..Default::default()
        };
        assert!(matches!(
            external_job(&verilator, &files, &Limits::default()),
            Err(ExternalError::SimulatorMissing(_))
        ));
    }

    #[test]
    fn a_candidate_that_prints_its_own_verdict_is_refused() {
        let files = [file(
            "dut.v",
            "candidate",
            "module m; initial begin $display(\"PASS\"); $finish; end endmodule",
        )];
        assert_eq!(refusals(&files).len(), 2);
    }
}
