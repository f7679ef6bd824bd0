//! What every runtime does alike: the same job in, the same completion out.

use std::time::Duration;

use sandboxes::{Ended, Limits, Runtime, Status, Tier, When};

use super::{job, log, sh, simulation, step};

/// A test for each of this file's functions, with a runtime that `$open` opens with so many slots. `$ignored` is why a
/// machine may not have it.
#[macro_export]
macro_rules! conformance {
    ($open:expr $(, ignore = $ignored:literal)?) => {
        $crate::conformance! { @each $open, ($(#[ignore = $ignored])?),
            steps_run_by_their_conditions 1, many_steps_keep_their_logs_apart 1, the_same_job_sees_the_same_world 2,
            output_is_cut_at_its_limit 1, limits_end_a_job 1, memory_ends_a_job_in_the_step_that_took_it 1, a_few_processes_are_counted 1, a_file_has_a_largest_size 1,
            an_invalid_job_is_a_typed_error 1, canaries_come_out_as_expected 1, steps_cannot_reach_the_driver 1,
            the_job_s_files_are_there_to_read 1, a_retired_slot_is_not_used 2,
        }
    };
    (@each $open:expr, $attributes:tt, $($name:ident $slots:literal),* $(,)?) => {
        $($crate::conformance! { @one $open, $attributes, $name $slots })*
    };
    (@one $open:expr, ($(#[$attribute:meta])?), $name:ident $slots:literal) => {
        #[tokio::test]
        $(#[$attribute])?
        async fn $name() {
            common::conformance::$name(&$open($slots)).await;
        }
    };
}

pub async fn steps_run_by_their_conditions(runtime: &dyn Runtime) {
    let weaker = std::env::var("ASSAY_TIER").is_ok();
    assert!(weaker || runtime.tier() == Tier::Full);
    let steps = vec![
        step(
            "first",
            &["sh", "-c", "echo out; echo err >&2; cat in/a/b.txt"],
            When::Ok,
        ),
        step("fails", &["sh", "-c", "exit 3"], When::Ok),
        step("skipped", &["true"], When::Ok),
        step("cleanup", &["echo", "it's $HOME"], When::Failed("fails".into())),
        step("crashes", &["sh", "-c", "kill -SEGV $$"], When::Always),
        step("missing", &["no-such-tool"], When::Always),
    ];
    let completion = runtime.run(&job(&[("a/b.txt", "hello\n")], steps)).await.unwrap();
    let statuses: Vec<_> = completion.steps.iter().map(|step| step.status.clone()).collect();
    let expected = [
        Status::Exit(0),
        Status::Exit(3),
        Status::NotRun,
        Status::Exit(0),
        Status::Signal(11),
        Status::Exit(127),
    ];
    assert_eq!(statuses, expected);
    assert_eq!(log(&completion, 0), "out\nerr\nhello\n");
    assert_eq!(log(&completion, 3), "it's $HOME\n");
    assert_eq!((completion.ended, completion.starved), (None, false));
    assert!(
        (weaker || ["namespaces+cgroup", "docker"].contains(&completion.tier.as_str()))
            && completion.cpu_ms > 0
            && completion.peak_bytes > 0,
        "{completion:?}"
    );
}

pub async fn many_steps_keep_their_logs_apart(runtime: &dyn Runtime) {
    let names: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    let steps = names.iter().map(|name| step(name, &["echo", name], When::Ok)).collect();
    let completion = runtime.run(&job(&[], steps)).await.unwrap();
    for (index, name) in names.iter().enumerate() {
        assert_eq!(completion.steps[index].status, Status::Exit(0));
        assert_eq!(log(&completion, index), format!("{name}\n"));
    }
}

pub async fn the_same_job_sees_the_same_world(runtime: &dyn Runtime) {
    // The links of /proc, which docker shows, count the machine's processes.
    let job = sh(
        "PERL_HASH_SEED=0 perl -e 'printf \"%s\\n\", \\my $x'; env; id; hostname; pwd; ls -lan --time-style=+ / /job /tmp | grep -v ' proc$'",
    );
    let first = runtime.run(&job).await.unwrap();
    let (second, third) = tokio::join!(runtime.run(&job), runtime.run(&job));
    assert_eq!(first.steps, second.unwrap().steps);
    assert_eq!(first.steps, third.unwrap().steps);
    let log = log(&first, 0);
    let environment: Vec<&str> = log.lines().filter(|line| line.contains('=')).collect();
    for line in ["PATH=/usr/bin:/bin", "HOME=/job", "LANG=C.UTF-8", "TZ=UTC", "PWD=/job"] {
        assert!(environment.contains(&line), "{log}");
    }
    assert!(
        log.contains("uid=1000") && log.contains("\nsandbox\n") && log.contains("\n/job\n"),
        "{log}"
    );
}

pub async fn output_is_cut_at_its_limit(runtime: &dyn Runtime) {
    let mut flood = sh("yes");
    flood.limits.output_bytes = 1000;
    let completion = runtime.run(&flood).await.unwrap();
    assert_eq!(
        (completion.ended, completion.steps[0].log.len()),
        (Some(Ended::Output), 1000)
    );
    assert_eq!(completion.steps[0].status, Status::Killed);
}

/// CPU and wall time, memory and processes: each by its name, and the log until then is kept.
pub async fn limits_end_a_job(runtime: &dyn Runtime) {
    let weaker = std::env::var("ASSAY_TIER").is_ok();
    let limits = Limits {
        cpu_ms: 1000,
        wall_ms: 20_000,
        memory_bytes: 128 << 20,
        pids: 16,
        ..Limits::default()
    };
    let cases = [
        (Ended::CpuTime, "while :; do :; done", limits.clone()),
        (
            Ended::WallTime,
            "sleep 100",
            Limits {
                wall_ms: 700,
                ..limits.clone()
            },
        ),
        (
            Ended::Memory,
            "perl -e '$x .= \"x\" x 1_000_000 while 1'",
            limits.clone(),
        ),
        (
            Ended::Pids,
            "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do sleep 9 & done; wait",
            limits,
        ),
    ];
    for (limit, script, limits) in cases {
        if weaker && limit != Ended::WallTime {
            continue;
        }
        let mut job = sh(&format!("echo begun; {script}"));
        job.limits = limits;
        let completion = runtime.run(&job).await.unwrap();
        assert_eq!(completion.ended, Some(limit), "{completion:?}");
        assert!(log(&completion, 0).starts_with("begun\n"), "{completion:?}");
        assert!(completion.peak_bytes <= job.limits.memory_bytes, "{completion:?}");
    }
}

/// The kernel ends the process, and its step's parent goes on: nobody must take that for the step's own end.
pub async fn memory_ends_a_job_in_the_step_that_took_it(runtime: &dyn Runtime) {
    if std::env::var("ASSAY_TIER").is_ok() {
        return;
    }
    let greedy = "perl -e '$x .= \"x\" x 1_000_000 while 1'";
    for script in [format!("exec {greedy}"), format!("{greedy}; exit 1")] {
        for after in ["true", "false", "sleep 9"] {
            let steps = vec![
                step("first", &["true"], When::Ok),
                step("greedy", &["sh", "-c", &script], When::Ok),
                step("after", &["sh", "-c", after], When::Always),
            ];
            let mut job = job(&[], steps);
            job.limits.memory_bytes = 128 << 20;
            let done = runtime.run(&job).await.unwrap();
            assert_eq!(done.ended, Some(Ended::Memory), "{done:?}");
            let statuses: Vec<&Status> = done.steps.iter().map(|step| &step.status).collect();
            assert_eq!(
                statuses,
                [&Status::Exit(0), &Status::Killed, &Status::NotRun],
                "{script}, {after}"
            );
        }
    }
}

/// As many processes as the limit says, and not two more: the driver's fork becomes the first of them.
pub async fn a_few_processes_are_counted(runtime: &dyn Runtime) {
    let mut job = sh("sleep 0.2 & sleep 0.2 & sleep 0.2 & wait; echo all");
    job.limits.pids = 4;
    let completion = runtime.run(&job).await.unwrap();
    assert_eq!((completion.ended, log(&completion, 0).as_str()), (None, "all\n"));
    if std::env::var("ASSAY_TIER").is_err() {
        job.steps[0].argv[2] = "for n in 1 2 3 4 5; do sleep 0.2 & done; wait; echo all".into();
        assert_eq!(runtime.run(&job).await.unwrap().ended, Some(Ended::Pids));
    }
}

pub async fn a_file_has_a_largest_size(runtime: &dyn Runtime) {
    let mut job =
        sh("head -c 3000000 /dev/zero >big; echo $?; wc -c <big; head -c 3000000 /dev/zero >/tmp/big; wc -c </tmp/big");
    job.limits.file_bytes = 2 << 20;
    let completion = runtime.run(&job).await.unwrap();
    let said = log(&completion, 0);
    assert!(said.contains("153\n2097152\n") && said.ends_with("2097152\n"), "{said}");
    let mut job = sh("head -c 3000000 /dev/zero >big; wc -c <big; ls big");
    job.limits.disk_bytes = 1 << 20;
    let said = log(&runtime.run(&job).await.unwrap(), 0);
    assert!(
        said.contains("No space left on device") && said.ends_with("1048576\nbig\n"),
        "{said}"
    );
}

pub async fn an_invalid_job_is_a_typed_error(runtime: &dyn Runtime) {
    let error = runtime
        .run(&job(&[("../x", "")], simulation().steps))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.retryable()), ("invalid_job", false));
    let mut unknown = sh("true");
    unknown.sandbox = "vhdl".into();
    assert_eq!(runtime.run(&unknown).await.unwrap_err().kind(), "unknown_sandbox");
}

pub async fn canaries_come_out_as_expected(runtime: &dyn Runtime) {
    for canary in sandboxes::canaries("verilog").unwrap() {
        let completion = runtime.run(&canary.job).await.unwrap();
        canary.check(&completion).unwrap();
    }
}

/// A step that writes wherever it can reaches no log but its own, and no report.
pub async fn steps_cannot_reach_the_driver(runtime: &dyn Runtime) {
    let attack = "ls -A /ctl 2>/dev/null; for file in /proc/[0-9]*/fd/* /ctl/*; do
        case $file in /proc/$$/*) ;; *) echo 'end 1 0' >\"$file\";; esac
    done 2>/dev/null; kill -KILL 1; kill -STOP 1; echo attacked";
    let steps = vec![
        step("attack", &["sh", "-c", attack], When::Always),
        step("fails", &["sh", "-c", "echo mine; exit 1"], When::Always),
        step("last", &["echo", "last"], When::Always),
    ];
    let completion = runtime.run(&job(&[], steps)).await.unwrap();
    let statuses: Vec<_> = completion.steps.iter().map(|step| step.status.clone()).collect();
    assert_eq!(
        statuses,
        [Status::Exit(0), Status::Exit(1), Status::Exit(0)],
        "{completion:?}"
    );
    let logs: Vec<_> = (0..3).map(|index| log(&completion, index)).collect();
    assert!(logs[0].ends_with("attacked\n"), "{logs:?}");
    assert_eq!(logs[1..], ["mine\n", "last\n"]);
}

pub async fn the_job_s_files_are_there_to_read(runtime: &dyn Runtime) {
    let large = "0123456789abcdef".repeat(100_000);
    let files = [("deep/er/file.txt", "text\n"), ("large", large.as_str()), ("empty", "")];
    let steps = vec![step(
        "look",
        &[
            "sh",
            "-c",
            "cat in/deep/er/file.txt; wc -c <in/large; ls -A in; for n in in/new in/large in/deep; do (echo x >$n) 2>/dev/null || rm -rf $n 2>/dev/null || echo kept; done",
        ],
        When::Ok,
    )];
    let completion = runtime.run(&job(&files, steps)).await.unwrap();
    assert_eq!(
        log(&completion, 0),
        "text\n1600000\ndeep\nempty\nlarge\nkept\nkept\n",
        "{completion:?}"
    );
}

pub async fn a_retired_slot_is_not_used(runtime: &dyn Runtime) {
    let first = runtime.run(&sh("true")).await.unwrap().slot;
    runtime.retire(first);
    for _ in 0..3 {
        assert_ne!(runtime.run(&sh("true")).await.unwrap().slot, first);
    }
    let error = tokio::time::timeout(Duration::from_secs(20), runtime.run_on(first, &sh("true"))).await;
    assert!(error.unwrap().is_err());
}
