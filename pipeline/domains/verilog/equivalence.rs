//! Proofs that a mutant which survived simulation cannot be told from its original.
//!
//! Two proofs, and either will do:
//! - **Same code**: Icarus compiles both to the same program, labels renumbered in order of appearance.
//! - **Same next state**: Yosys cuts both designs at their flip-flops, which pair by name, and a SAT solver shows
//!   that for every state and every input all outputs agree, and every flip-flop's next value, clock (with
//!   its edge) and asynchronous reset agree. So two runs that start in the same state never part: the proof
//!   has no bound in time. X is modelled, and must agree as well.
//!
//! Both are sound for how the testbench runs (equal names start with equal values), and neither is complete: a
//! difference that only unreachable states show stays unproved. What is not proved counts as survived.
//! That they start in the same state is checked apart: declared and `initial` values are compared as Yosys sees
//! them; all others the testbench seeds by name.
//! Yosys reads Verilog as hardware, so the second proof says nothing of sensitivity lists or of races between
//! blocks: [`provable`] turns away what changes them.

use super::harness::{Design, IVERILOG, SANDBOX, compile_argv};
use super::judge::our_fault;
use sandboxes::{Completion, Ended, Job, JobFile, Limits, Status, Step, When};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write;

/// CPU seconds for one mutant's proof; beyond it the answer is unknown.
pub const PROOF_SECONDS: u32 = 4;
/// Address space of one proof, kilobytes.
const PROOF_KB: u32 = 900_000;
/// Compiled code beyond this many bytes is not compared (a large core's is shown once per mutant).
const SHOWN_BYTES: usize = 3 << 20;

const PROVED: &str = "SAT proof finished - no model found: SUCCESS!";
const REFUTED: &str = "SAT proof finished - model found: FAIL!";

/// What is known of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It compiles to the same code, or its outputs, next states and first states are the same functions.
    Equivalent,
    /// Some state and input tell it from the original. The state may be out of reach, so this does not say
    /// that a better testbench would: it survived.
    Different,
    /// Nothing was proved: too hard, or not for Yosys to read or to say. It survived.
    Unknown,
}

/// Limits of [`equivalence_job`] over `mutants` of them.
pub fn equivalence_limits(mutants: usize) -> Limits {
    let n = mutants as u64 + 1;
    Limits {
        cpu_ms: n * u64::from(PROOF_SECONDS + 1) * 1000,
        wall_ms: n * u64::from(PROOF_SECONDS + 1) * 4000,
        memory_bytes: 1 << 30,
        output_bytes: (n + 1) * SHOWN_BYTES as u64,
        ..Limits::default()
    }
}

/// Tries to prove each mutant (the text that replaces the file at `path`) equivalent to the design. The Yosys
/// proof is left out for those that are not [`provable`].
pub fn equivalence_job(design: &Design, path: &str, mutants: &[String], limits: &Limits) -> Job {
    let original = design
        .files
        .iter()
        .find(|f| f.path == path)
        .map_or("", |f| f.text.as_str());
    let mut files = design.job_files();
    let mut steps: Vec<Step> = code_steps("gold", design, design.module_paths()).into();
    steps.push(proof_step("gold", &script(design, &design.module_paths(), false)));
    for (i, text) in mutants.iter().enumerate() {
        let name = format!("m{i}");
        let place = format!("mutants/{i}/{path}");
        let paths = replaced(design, path, &place);
        steps.extend(code_steps(&name, design, paths.clone()));
        if provable(original, text) {
            steps.push(proof_step(&name, &script(design, &paths, true)));
        }
        files.push(JobFile {
            path: place,
            content: text.clone(),
        });
    }
    Job {
        sandbox: SANDBOX.into(),
        files,
        steps,
        limits: limits.clone(),
    }
}

/// One answer per mutant of an [`equivalence_job`], in order; the error is ours (retry).
pub fn judge_equivalence(mutants: usize, done: &Completion) -> Result<Vec<Proof>, String> {
    let seen = |name: String| done.steps.iter().find(|s| s.name == name);
    let Some(gold) = seen("gold_code".into()) else {
        return Err("the completion lacks the original's step".into());
    };
    if let Some(fault) = our_fault(done, gold, IVERILOG) {
        return Err(fault);
    }
    let proofs = done.steps.iter().filter(|s| s.name.ends_with("_proof"));
    if let Some(fault) = proofs.filter_map(|s| our_fault(done, s, "yosys")).next() {
        return Err(fault);
    }
    if done.starved && matches!(done.ended, Some(Ended::CpuTime | Ended::WallTime | Ended::Memory)) {
        return Err("the proofs were starved of cpu".into());
    }
    let shown = |name: &str| {
        let ok = |kind: &str| seen(format!("{name}_{kind}")).filter(|s| s.status == Status::Exit(0));
        ok("code")?;
        ok("show")
            .filter(|s| s.log.len() < SHOWN_BYTES)
            .map(|s| shape(&String::from_utf8_lossy(&s.log)))
    };
    let gold = shown("gold");
    let start = seen("gold_proof".into()).map(|s| String::from_utf8_lossy(&s.log));
    let start = start.as_deref().and_then(first_state).map(String::from);
    let proof = |i: usize| {
        let name = format!("m{i}");
        if gold.is_some() && shown(&name) == gold {
            return Proof::Equivalent;
        }
        let Some(step) = seen(format!("{name}_proof")) else {
            return Proof::Unknown;
        };
        let log = String::from_utf8_lossy(&step.log);
        let same_start = first_state(&log).is_some_and(|s| Some(s) == start.as_deref());
        // Yosys exits 0 only if the proof succeeded (`sat -verify`); the line is a second witness.
        match step.status {
            Status::Exit(0) if same_start && log.contains(PROVED) => Proof::Equivalent,
            Status::Exit(_) if log.contains(REFUTED) => Proof::Different,
            _ => Proof::Unknown,
        }
    };
    Ok((0..mutants).map(proof).collect())
}

/// Whether a proof over hardware says all there is to say of a mutant: its event controls are the original's,
/// and it has as many blocking and nonblocking assignments.
pub fn provable(original: &str, mutant: &str) -> bool {
    event_controls(original) == event_controls(mutant)
}

/// All `@(…)` and `@*` of a text, without blanks.
fn event_controls(text: &str) -> Vec<String> {
    let control = |rest: &str| {
        let end = rest.find([')', ';']).unwrap_or(rest.len());
        rest[..end].split_whitespace().collect::<String>()
    };
    text.split('@').skip(1).map(control).collect()
}

/// The design's paths with one file taken from another place.
fn replaced(design: &Design, path: &str, place: &str) -> Vec<String> {
    let own = format!("/job/in/{}{path}", super::harness::RTL);
    design
        .module_paths()
        .into_iter()
        .map(|p| if p == own { format!("/job/in/{place}") } else { p })
        .collect()
}

fn code_steps(name: &str, design: &Design, paths: Vec<String>) -> [Step; 2] {
    let mut compile = compile_argv(design, &[&design.top], &format!("/job/{name}.vvp"));
    compile.extend(paths);
    let show = ["head", "-c", &SHOWN_BYTES.to_string(), &format!("/job/{name}.vvp")]
        .map(String::from)
        .into();
    [
        Step {
            name: format!("{name}_code"),
            argv: compile,
            when: When::Always,
        },
        Step {
            name: format!("{name}_show"),
            argv: show,
            when: When::Always,
        },
    ]
}

/// Runs Yosys with limits of its own, so that one hard proof does not cost the others theirs.
fn proof_step(name: &str, script: &str) -> Step {
    let limited = format!("ulimit -t {PROOF_SECONDS}; ulimit -v {PROOF_KB}; exec yosys -Q -T -p \"$1\"");
    let argv = ["sh", "-c", &limited, "sh", script].map(String::from).into();
    Step {
        name: format!("{name}_proof"),
        argv,
        when: When::Always,
    }
}

/// The original is only prepared and stored; a mutant is prepared and compared.
fn script(design: &Design, paths: &[String], mutant: bool) -> String {
    let mut s = String::from("read_verilog -sv");
    for dir in design.include_paths() {
        let _ = write!(s, " -I{dir}");
    }
    for path in paths {
        let _ = write!(s, " {path}");
    }
    let name = if mutant { "assay_gate" } else { "assay_gold" };
    // No `opt`: it would merge clock enables and resets into the flip-flops, which are then not cut.
    let _ = write!(
        s,
        "; hierarchy -check -top {}; proc; flatten; memory_collect; memory_map; clean; rename -top {name}; \
         setattr -unset src a:init; log assay first state; dump a:init; log assay end; ",
        design.top
    );
    s += if mutant {
        "read_rtlil /job/gold.il; expose -evert-dff -shared assay_gold assay_gate; \
         miter -equiv -flatten assay_gold assay_gate assay_miter; hierarchy -top assay_miter; opt_merge; clean; \
         sat -verify -enable_undef -set-def-inputs -prove trigger 0 assay_miter"
    } else {
        "write_rtlil /job/gold.il"
    };
    s
}

/// Compiled code with its labels renumbered in order of appearance and source positions left out.
///
/// Blanking the labels instead would call programs equal that read other operands.
fn shape(vvp: &str) -> String {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut out = String::with_capacity(vvp.len());
    for line in vvp.lines().take_while(|l| !l.starts_with(":file_names")) {
        let line = without_position(line);
        let mut rest = line;
        while let Some(at) = rest.find("0x") {
            let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
            let (label, tail) = rest[at..].split_at(2 + digits);
            let next = numbers.len();
            let number = *numbers.entry(label).or_insert(next);
            let _ = write!(out, "{}#{number}", &rest[..at]);
            rest = tail;
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// `.scope module, "u" "sub" 3 20, 3 2 0, S_0x1;` ends in file and line numbers, which move when a line is
/// inserted. (Those of a `$display` move too, and then the code counts as different: the safe side.)
fn without_position(line: &str) -> &str {
    if line.contains(" .scope ") {
        line.rfind("\" ").map_or(line, |at| &line[..=at])
    } else {
        line
    }
}

/// What Yosys printed of the registers' first values, between two markers on lines of their own.
fn first_state(log: &str) -> Option<&str> {
    log.split_once("\nassay first state\n")?
        .1
        .split_once("\nassay end\n")
        .map(|(state, _)| state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_renumbered_not_blanked() {
        let a = "L_0x10 .functor AND 1, L_0x20, L_0x30;\n";
        let renamed = "L_0x7f .functor AND 1, L_0x8f, L_0x9f;\n";
        let other = "L_0x10 .functor AND 1, L_0x20, L_0x20;\n";
        assert_eq!(shape(a), shape(renamed));
        assert_ne!(shape(a), shape(other));
    }

    #[test]
    fn what_changes_scheduling_is_not_for_a_proof_over_hardware() {
        let original = "always @(posedge clk) q <= d;";
        assert!(provable(original, "always @( posedge clk ) q <= ~d;"));
        assert!(!provable(original, "always @(negedge clk) q <= d;"));
    }
}
