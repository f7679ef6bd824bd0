//! What a sandbox costs beside the bare tools, which must be on the `PATH`.
//!   cargo bench -p sandboxes --bench overhead
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use sandboxes::Runtime;

const JOBS: usize = 200;

/// User and system time of ended children, milliseconds.
fn children_cpu_ms() -> f64 {
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut used) };
    own(&used)
}

fn own_cpu_ms() -> f64 {
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) };
    own(&used)
}

fn own(used: &libc::rusage) -> f64 {
    let millis = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    millis(used.ru_utime) + millis(used.ru_stime)
}

/// The same two commands, unconfined, with the image's binaries' twins on this machine.
fn bare(folder: &std::path::Path) {
    let run = |argv: &[&str]| {
        let status = Command::new(argv[0])
            .args(&argv[1..])
            .current_dir(folder)
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("bare tool").success());
    };
    run(&["iverilog", "-g2012", "-o", "t.vvp", "t.v"]);
    run(&["vvp", "-n", "t.vvp"]);
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let runtime = Arc::new(common::open(2));
    let job = Arc::new(common::simulation());
    for _ in 0..10 {
        runtime.run(&job).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.v"), &job.files[0].content).unwrap();
    let (before, began) = (children_cpu_ms(), Instant::now());
    for _ in 0..JOBS {
        bare(folder.path());
    }
    let bare_ms = (children_cpu_ms() - before) / JOBS as f64;
    println!(
        "bare: {bare_ms:.2} ms CPU a job, {:.2} ms wall",
        began.elapsed().as_secs_f64() * 1e3 / JOBS as f64
    );
    let (before, before_own, began) = (children_cpu_ms(), own_cpu_ms(), Instant::now());
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let (runtime, job) = (Arc::clone(&runtime), Arc::clone(&job));
        tasks.push(tokio::spawn(async move {
            let mut counted = 0;
            for _ in 0..JOBS / 2 {
                counted += runtime.run(&job).await.unwrap().cpu_ms;
            }
            counted
        }));
    }
    let mut counted = 0;
    for task in tasks {
        counted += task.await.unwrap();
    }
    let boxed_ms = (children_cpu_ms() - before) / JOBS as f64;
    let own_ms = (own_cpu_ms() - before_own) / JOBS as f64;
    println!(
        "boxed: {boxed_ms:.2} ms CPU a job (group says {:.2}), supervisor {own_ms:.2} ms, {:.1} jobs/s",
        counted as f64 / JOBS as f64,
        JOBS as f64 / began.elapsed().as_secs_f64()
    );
    println!("ratio: {:.2}", (boxed_ms + own_ms) / bare_ms);
}
