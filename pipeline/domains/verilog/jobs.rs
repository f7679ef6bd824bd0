//! The jobs of the differential testbench: recording the reference, checking a candidate.

use super::harness::{BENCH, Bench, Design, Golden, HarnessError, IVERILOG, SANDBOX, compile_argv};
use super::judge::{our_fault, tidy_log};
use crate::domains::shell::step;
use crate::model::sha256_hex;
use sandboxes::{Completion, Ended, Job, JobFile, Limits, Status, When};
use std::collections::BTreeSet;

/// Limits of a recording: its log holds every output of every cycle.
pub fn record_limits() -> Limits {
    Limits {
        cpu_ms: 20_000,
        output_bytes: 24 << 20,
        ..Limits::default()
    }
}

/// Limits of a check. A run of the reference that takes over [`MAX_REFERENCE_MS`] is not worth checking against.
pub fn check_limits() -> Limits {
    Limits {
        cpu_ms: 3_000,
        wall_ms: 30_000,
        output_bytes: 256 << 10,
        ..Limits::default()
    }
}

/// CPU time of both recordings together beyond which a module is dropped as too slow: a candidate gets half a
/// dozen times what the reference takes.
pub const MAX_REFERENCE_MS: u64 = 2_000;

fn bench_file(name: &str, content: &str) -> JobFile {
    JobFile {
        path: format!("{BENCH}{name}"),
        content: content.into(),
    }
}

/// Compiles testbench, design and (with `init`) the file that seeds its state. The testbench comes first, so
/// that files without a time scale of their own get its.
fn compile(design: &Design, init: bool, out: &str) -> Vec<String> {
    let tops: &[&str] = if init {
        &["assay_tb", "assay_init"]
    } else {
        &["assay_tb"]
    };
    let mut argv = compile_argv(design, tops, out);
    argv.push(format!("/job/in/{BENCH}tb.v"));
    argv.extend(design.module_paths());
    if init {
        argv.push(format!("/job/in/{BENCH}init.v"));
    }
    argv
}

fn simulate(out: &str, flags: &[String]) -> Vec<String> {
    let mut argv: Vec<String> = ["vvp", "-n", out].map(String::from).into();
    argv.extend_from_slice(flags);
    argv
}

/// Runs the reference twice, with seeded state and without, and prints its outputs. Judge with [`recorded`].
pub fn record_job(design: &Design, bench: &Bench, limits: &Limits) -> Job {
    let mut files = design.job_files();
    files.extend([
        bench_file("tb.v", &bench.tb),
        bench_file("init.v", &bench.init),
        bench_file("stimulus.hex", &bench.stimulus),
    ]);
    let flags = ["+record".to_string()];
    Job {
        sandbox: SANDBOX.into(),
        files,
        steps: vec![
            step("compile", compile(design, true, "/job/sim.vvp"), When::Ok),
            step("simulate", simulate("/job/sim.vvp", &flags), When::Ok),
            step("compile_plain", compile(design, false, "/job/plain.vvp"), When::Always),
            step("simulate_plain", simulate("/job/plain.vvp", &flags), When::Ok),
        ],
        limits: limits.clone(),
    }
}

/// What a recording came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    Golden(Box<Golden>),
    /// These 1-based lines of `init.v` do not compile: go on with [`Bench::without_init_lines`].
    DropInitLines(BTreeSet<usize>),
    /// Nothing to check against, by the design's own doing.
    Refused(HarnessError),
}

/// Judges [`record_job`]. The error is ours: retry.
pub fn recorded(bench: &Bench, done: &Completion) -> Result<Recorded, String> {
    let [compile, simulate, plain, simulate_plain] = done.steps.as_slice() else {
        return Err("the completion lacks the steps of a recording".into());
    };
    if let Some(fault) = our_fault(done, compile, IVERILOG) {
        return Err(fault);
    }
    match done.ended {
        None => {}
        Some(Ended::CpuTime | Ended::WallTime | Ended::Memory) if done.starved => {
            return Err("the recording was starved of cpu".into());
        }
        Some(_) => return Ok(Recorded::Refused(HarnessError::TooSlow)),
    }
    if compile.status != Status::Exit(0) {
        let lines = init_lines(&compile.log);
        return Ok(match plain.status {
            Status::Exit(0) if !lines.is_empty() => Recorded::DropInitLines(lines),
            _ => Recorded::Refused(HarnessError::BenchDoesNotCompile(tidy_log(&plain.log))),
        });
    }
    if done.cpu_ms > MAX_REFERENCE_MS {
        return Ok(Recorded::Refused(HarnessError::TooSlow));
    }
    Ok(match Golden::new(bench, &simulate.log, &simulate_plain.log) {
        Ok(golden) => Recorded::Golden(Box::new(golden)),
        Err(why) => Recorded::Refused(why),
    })
}

/// Line numbers of `init.v` that the compiler's log complains of.
fn init_lines(log: &[u8]) -> BTreeSet<usize> {
    let log = String::from_utf8_lossy(log);
    let place = format!("/{BENCH}init.v:");
    let numbers = log
        .lines()
        .filter_map(|l| l.split_once(place.as_str()))
        .filter_map(|(_, rest)| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
    numbers.collect()
}

/// Checks a candidate: the same design with one file's text replaced, say.
///
/// With the seeded state if it can be compiled in; else (a register renamed) without, against that part of the
/// expected outputs which does not depend on it. If neither compiles, the candidate is compiled alone, for clean
/// messages. Judge with [`super::judge::judge`].
pub fn check_job(candidate: &Design, bench: &Bench, golden: &Golden, limits: &Limits) -> Job {
    let token = sha256_hex(format!("{}\n{}\n{}", bench.tb, bench.stimulus, golden.hex).as_bytes());
    let token = format!("+token={}", &token[..16]);
    let mut files = candidate.job_files();
    files.extend([
        bench_file("tb.v", &bench.tb),
        bench_file("init.v", &bench.init),
        bench_file("stimulus.hex", &bench.stimulus),
        bench_file("golden.hex", &golden.hex),
    ]);
    let mut alone = compile_argv(candidate, &[&candidate.top], "/job/alone.vvp");
    alone.extend(candidate.module_paths());
    let no_init = || When::Failed("compile".into());
    Job {
        sandbox: SANDBOX.into(),
        files,
        steps: vec![
            step("compile", compile(candidate, true, "/job/sim.vvp"), When::Ok),
            step(
                "simulate",
                simulate("/job/sim.vvp", std::slice::from_ref(&token)),
                When::Ok,
            ),
            step("compile_plain", compile(candidate, false, "/job/plain.vvp"), no_init()),
            step("compile_alone", alone, When::Failed("compile_plain".into())),
            step(
                "simulate_plain",
                simulate("/job/plain.vvp", &["+plain".into(), token]),
                no_init(),
            ),
        ],
        limits: limits.clone(),
    }
}
