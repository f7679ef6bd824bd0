//! Whose fault it is, read off completions.

use super::*;
use crate::domains::x86_64::jobs;
use crate::recipe::tasks::{Check, Task, TaskLimits, parse_line};

fn task(check: serde_json::Value) -> Task {
    let line = json!({"id": "t", "sandbox": "x86_64", "check": check,
        "files": [{"path": "b.c", "content": "int main(void) { return 0; }", "role": "baseline"}],
        "candidate": [{"path": "c.s", "content": ".globl main\nmain: ret"}]});
    parse_line("tasks", 1, &line.to_string()).unwrap()
}

fn request(check: serde_json::Value) -> Request {
    let task = task(check);
    let Check::X86(check) = &task.check else {
        panic!("another check")
    };
    jobs::request(&task, check).unwrap()
}

/// A completion whose steps ended with 0 unless said otherwise.
fn done(request: &Request, logs: &[(&str, &str)], odd: &[(&str, Status)]) -> Completion {
    let steps = request.job.steps.iter().map(|s| StepResult {
        name: s.name.clone(),
        status: odd
            .iter()
            .find(|(n, _)| *n == s.name)
            .map_or(Status::Exit(0), |(_, status)| status.clone()),
        log: logs
            .iter()
            .find(|(n, _)| *n == s.name)
            .map_or(Vec::new(), |(_, log)| log.as_bytes().to_vec()),
    });
    Completion {
        steps: steps.collect(),
        ended: None,
        cpu_ms: 1,
        wall_ms: 1,
        peak_bytes: 1,
        starved: false,
        slot: 0,
        tier: "test".into(),
    }
}

const RIGHT: &str = "begin baseline 0\nrun baseline 0 exit 0 900 900 2 0\n6\n\n\nbegin candidate 0\nrun candidate 0 exit 0 900 900 3 0\n6 \n\n\n";

fn pairs(candidate: u64, baseline: u64) -> String {
    format!(
        "{RIGHT}{}done\n",
        format!("pair 0 {candidate} {baseline} 500 9 9\n").repeat(20)
    )
}

fn reason(request: &Request, completion: &Completion) -> Result<Option<FailReason>, String> {
    judge(request, completion).map(|ruling| ruling.reason)
}

#[test]
fn only_an_interval_above_the_wanted_speedup_passes() {
    let wanted = request(json!({"min_speedup": 1.2}));
    let measured = |c, b| done(&wanted, &[("measure", &pairs(c, b))], &[]);
    assert_eq!(reason(&wanted, &measured(1500, 1800)), Ok(None));
    assert_eq!(reason(&wanted, &measured(1500, 1690)), Ok(Some(FailReason::NotFaster)));
    assert_eq!(reason(&wanted, &measured(1500, 540)), Ok(Some(FailReason::NotFaster)));
    // Recognised before it is timed, and nothing else is wrong with it.
    let same = done(
        &wanted,
        &[("compile", "unchanged\n"), ("measure", &format!("{RIGHT}done\n"))],
        &[],
    );
    let ruling = judge(&wanted, &same).unwrap();
    assert_eq!(
        (ruling.reason, &ruling.metrics["unchanged"]),
        (Some(FailReason::NotFaster), &json!(true))
    );
    // No pairs are no evidence, for or against.
    let unmeasured = done(&wanted, &[("measure", &format!("{RIGHT}done\n"))], &[]);
    assert!(reason(&wanted, &unmeasured).is_err());
}

#[test]
fn our_faults_and_the_tasks_are_no_verdicts() {
    let wanted = request(json!({}));
    let right = format!("{RIGHT}done\n");
    assert_eq!(reason(&wanted, &done(&wanted, &[("measure", &right)], &[])), Ok(None));
    let faults = [
        done(&wanted, &[("measure", &right)], &[("harness", Status::Exit(1))]),
        done(&wanted, &[("measure", &right)], &[("compile", Status::Exit(127))]),
        done(
            &wanted,
            &[("measure", "broken candidate: Cannot allocate memory\n")],
            &[("measure", Status::Exit(3))],
        ),
        done(&wanted, &[("measure", RIGHT)], &[]),
        done(&wanted, &[("measure", "")], &[]),
        done(
            &wanted,
            &[("measure", &right.replace("baseline 0 exit 0", "baseline 0 exit 1"))],
            &[],
        ),
        Completion {
            ended: Some(Ended::CpuTime),
            starved: true,
            ..done(
                &wanted,
                &[("measure", "begin candidate 0\n")],
                &[("measure", Status::Killed)],
            )
        },
        Completion {
            ended: Some(Ended::Memory),
            ..done(
                &wanted,
                &[("measure", "begin baseline 0\n")],
                &[("measure", Status::Killed)],
            )
        },
    ];
    for fault in faults {
        assert!(judge(&wanted, &fault).is_err(), "{fault:?}");
    }
    let contradicted = request(json!({"stdout": "7"}));
    assert!(judge(&contradicted, &done(&contradicted, &[("measure", &right)], &[])).is_err());
}

#[test]
fn faults_of_the_candidate_have_their_reasons() {
    let wanted = request(json!({}));
    let with = |log: &str| done(&wanted, &[("measure", log)], &[]);
    let run = |how: &str| {
        format!(
            "{}done\n",
            RIGHT.replace("candidate 0 exit 0", &format!("candidate 0 {how}"))
        )
    };
    for (log, expected) in [
        (run("signal 11"), FailReason::Crash),
        (run("timeout 24"), FailReason::Timeout),
        (run("output 25"), FailReason::OutputLimit),
        (run("exit 1"), FailReason::WrongAnswer),
        (
            format!("{}done\n", RIGHT.replace("\n6 \n", "\n7 \n")),
            FailReason::WrongAnswer,
        ),
        (format!("{RIGHT}unstable candidate 0\ndone\n"), FailReason::WrongAnswer),
    ] {
        assert_eq!(reason(&wanted, &with(&log)), Ok(Some(expected)), "{log}");
    }
    let killed = |ended| Completion {
        ended: Some(ended),
        ..done(
            &wanted,
            &[("measure", &RIGHT[..RIGHT.find("run candidate").unwrap()])],
            &[("measure", Status::Killed)],
        )
    };
    assert_eq!(
        reason(&wanted, &killed(Ended::Memory)),
        Ok(Some(FailReason::OutOfMemory))
    );
    let full = Completion {
        peak_bytes: 1 << 30,
        ..with(&run("signal 9"))
    };
    assert_eq!(reason(&wanted, &full), Ok(Some(FailReason::OutOfMemory)));
    assert_eq!(reason(&wanted, &with(&run("signal 9"))), Ok(Some(FailReason::Crash)));
    assert_eq!(reason(&wanted, &killed(Ended::WallTime)), Ok(Some(FailReason::Timeout)));
    let broken = done(
        &wanted,
        &[("compile", "c.s:1: Error: no such instruction\n")],
        &[("compile", Status::Exit(1))],
    );
    assert_eq!(reason(&wanted, &broken), Ok(Some(FailReason::CompileError)));
}

#[test]
fn tasks_that_cannot_be_judged_say_why() {
    let refused = |change: &dyn Fn(&mut Task)| {
        let mut task = task(json!({}));
        change(&mut task);
        let Check::X86(check) = task.check.clone() else {
            panic!("another check")
        };
        jobs::request(&task, &check).unwrap_err()
    };
    let check = |change: &dyn Fn(&mut super::super::check::X86Check)| {
        refused(&|task| {
            if let Check::X86(check) = &mut task.check {
                change(check)
            }
        })
    };
    assert!(refused(&|t| t.candidate[0].path = "answer.txt".into()).contains("no file of the candidate"));
    assert!(check(&|c| c.generator = Some("gone.c".into())).contains("`gone.c`"));
    let mut task = task(json!({"hidden": 2}));
    task.files.clear();
    let Check::X86(hidden) = task.check.clone() else {
        panic!("another check")
    };
    assert!(jobs::request(&task, &hidden).unwrap_err().contains("check.hidden"));
    // One run's own limits, and room for all runs in the job's.
    task.limits = TaskLimits {
        cpu_ms: Some(2500),
        ..TaskLimits::default()
    };
    let job = jobs::request(&task, &Default::default()).unwrap().job;
    assert!(job.steps.iter().any(|s| s.argv.iter().any(|a| a == "cpu_s=3")) && job.limits.cpu_ms > 100_000);
}
