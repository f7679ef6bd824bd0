//! Tests of the judge: over what a testbench prints, and what a hostile design might print.

use super::tests::{bench, completion, design, golden};
use crate::domains::verilog::jobs::check_job;
use crate::domains::verilog::judge::{Judged, judge, mismatch};
use crate::model::{FailReason, VerdictKind};
use proptest::prelude::*;
use sandboxes::{Ended, Limits, Status};

fn ruled(steps: &[(&str, Status, &str)]) -> Judged {
    let job = check_job(&design(), &bench(), &golden(), &Limits::default());
    judge(&job, &completion(&job, steps))
}

fn token() -> String {
    let job = check_job(&design(), &bench(), &golden(), &Limits::default());
    job.steps[1]
        .argv
        .last()
        .unwrap()
        .strip_prefix("+token=")
        .unwrap()
        .to_string()
}

fn simulated(log: &str) -> Judged {
    ruled(&[("compile", Status::Exit(0), ""), ("simulate", Status::Exit(0), log)])
}

#[test]
fn only_the_whole_line_with_the_token_is_a_pass() {
    let pass = format!("PASS cycles=16 samples=32 token={}\n", token());
    assert_eq!(simulated(&pass).verdict.unwrap().kind, VerdictKind::Pass);
    assert_eq!(
        simulated(&format!("noise\n{pass}\n\n")).verdict.unwrap().kind,
        VerdictKind::Pass
    );
    for (log, reason) in [
        (String::new(), FailReason::NoVerdict),
        ("PASS\n".into(), FailReason::NoVerdict),
        ("PASS cycles=16 samples=32 token=none\n".into(), FailReason::NoVerdict),
        (pass.replace("32", "31"), FailReason::NoVerdict),
        (format!("{pass}and more\n"), FailReason::NoVerdict),
        (
            format!("FAIL mismatches=8 x_only=0 cycles=3\n{pass}"),
            FailReason::WrongAnswer,
        ),
        (format!("MISMATCH cycle=1\n{pass}"), FailReason::WrongAnswer),
    ] {
        let verdict = simulated(&log).verdict.unwrap();
        assert_eq!(
            (verdict.kind, verdict.reason),
            (VerdictKind::Fail, Some(reason)),
            "{log}"
        );
    }
    let crashed = ruled(&[
        ("compile", Status::Exit(0), ""),
        ("simulate", Status::Signal(11), &pass),
    ]);
    assert_eq!(crashed.verdict.unwrap().reason, Some(FailReason::Crash));
}

#[test]
fn mismatches_are_kept_as_they_were_printed() {
    let log = "MISMATCH cycle=3 phase=after_edge signal=a.full expected=1'h1 got=1'h0 x_only=0\n\
               INPUTS cycle=3 rst_n=1'h1 push=1'h1 din=8'h5c\n\
               MISMATCH cycle=4 phase=before_edge signal=dout expected=8'hxx got=8'hXz x_only=1\n\
               FAIL mismatches=2 x_only=1 cycles=16\n";
    let judged = simulated(log);
    assert!(judged.killed());
    let metrics = judged.verdict.unwrap().metrics;
    insta::assert_snapshot!(serde_json::to_string_pretty(&metrics).unwrap(), @r##"
    {
      "compiled": true,
      "inputs": {
        "din": "8'h5c",
        "push": "1'h1",
        "rst_n": "1'h1"
      },
      "mismatches": [
        {
          "cycle": 3,
          "expected": "1'h1",
          "got": "1'h0",
          "phase": "after_edge",
          "signal": "a.full"
        },
        {
          "cycle": 4,
          "expected": "8'hxx",
          "got": "8'hXz",
          "phase": "before_edge",
          "signal": "dout"
        }
      ],
      "mismatching_samples": 2,
      "seeded": true,
      "x_only": false
    }
    "##);
    assert_eq!(mismatch("MISMATCH cycle=-1 phase=a signal=b expected=c got=d"), None);
}

#[test]
fn compile_errors_come_from_the_design_alone() {
    let alone = "/job/in/rtl/fifo.v:1: syntax error\nI give up.\n";
    let failed = |log| Status::Exit(log);
    let judged = ruled(&[
        ("compile", failed(2), "with the bench"),
        ("compile_plain", failed(2), "with the bench"),
        ("compile_alone", failed(2), alone),
    ]);
    assert!(!judged.compiled() && !judged.killed());
    assert_eq!(judged.log, "fifo.v:1: syntax error\nI give up.");
    let interface = ruled(&[
        ("compile", failed(1), ""),
        (
            "compile_plain",
            failed(1),
            "/job/in/bench/tb.v:30: error: port ``din'' is not a port of dut.\n",
        ),
        ("compile_alone", failed(0), ""),
    ]);
    assert_eq!(interface.log, "tb.v:30: error: port ``din'' is not a port of dut.");
    assert_eq!(interface.verdict.unwrap().metrics["interface_changed"], true);
}

#[test]
fn a_renamed_register_falls_back_to_what_does_not_rest_on_it() {
    let pass = format!("PASS cycles=16 samples=32 token={}\n", token());
    let judged = ruled(&[
        ("compile", Status::Exit(1), "init.v:7: error"),
        ("compile_plain", Status::Exit(0), ""),
        ("simulate_plain", Status::Exit(0), &pass),
    ]);
    let verdict = judged.verdict.unwrap();
    assert_eq!(
        (verdict.kind, &verdict.metrics["seeded"]),
        (VerdictKind::Pass, &false.into())
    );
}

#[test]
fn our_own_faults_are_never_verdicts() {
    let missing = "sh: 1: iverilog: not found";
    assert!(ruled(&[("compile", Status::Exit(127), missing)]).verdict.is_err());
    assert!(ruled(&[]).verdict.is_err());
    let job = check_job(&design(), &bench(), &golden(), &Limits::default());
    let mut done = completion(
        &job,
        &[("compile", Status::Exit(0), ""), ("simulate", Status::Killed, "x")],
    );
    for (ended, reason) in [
        (Ended::CpuTime, FailReason::Timeout),
        (Ended::Memory, FailReason::OutOfMemory),
        (Ended::Output, FailReason::OutputLimit),
    ] {
        (done.ended, done.starved) = (Some(ended), false);
        assert_eq!(judge(&job, &done).verdict.unwrap().reason, Some(reason));
        done.starved = true;
        assert_eq!(judge(&job, &done).verdict.is_err(), ended != Ended::Output);
    }
}

#[test]
fn a_flood_of_output_is_cut_and_stripped_of_paths() {
    let judged = simulated(&format!(
        "/job/in/rtl/fifo.v:3 {}\u{7}\u{1b}[31m\u{fffd}é",
        "é".repeat(20_000)
    ));
    assert!(judged.log.len() <= crate::domains::verilog::judge::LOG_BYTES + 100);
    assert!(judged.log.starts_with("fifo.v:3") && !judged.log.contains('\u{7}'));
}

proptest! {
    /// No log makes the judge panic, or pass without the token.
    #[test]
    fn no_log_without_the_token_passes(log in "[A-Z =0-9a-z\n]{0,200}") {
        for log in [log.clone(), format!("PASS cycles=16 samples=32 token={log}"), format!("MISMATCH {log}")] {
            prop_assert_ne!(simulated(&log).verdict.unwrap().kind, VerdictKind::Pass);
        }
    }
}
