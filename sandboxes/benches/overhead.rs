//! What a sandbox costs beside the bare tools, which must be on the `PATH`, and how many jobs a second it does beside
//! `docker run` with every layer of hardening, where a Docker engine answers (scripts/docker-engine.sh starts one).
//!   cargo bench -p sandboxes --bench overhead
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use sandboxes::{Docker, Options, Runtime};

const JOBS: usize = 200;
/// Of which `docker run` does fewer: they take long.
const DOCKER_JOBS: usize = 30;
const PARALLEL: usize = 2;
/// How a careful person runs a stranger's job in a container.
const HARDENED: [&str; 23] = [
    "run",
    "--rm",
    "--network",
    "none",
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--user",
    "1000:1000",
    "--pids-limit",
    "64",
    "--memory",
    "512m",
    "--memory-swap",
    "512m",
    "--tmpfs",
    "/job:uid=1000,size=64m",
    "--tmpfs",
    "/tmp:uid=1000,size=64m",
    "--workdir",
    "/job",
];

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
fn bare(folder: &Path) {
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

/// Jobs a second of a runtime.
async fn rate(runtime: Arc<dyn Runtime>) -> f64 {
    let job = Arc::new(common::simulation());
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..PARALLEL {
        let (runtime, job) = (Arc::clone(&runtime), Arc::clone(&job));
        tasks.spawn(async move {
            for _ in 0..JOBS / PARALLEL {
                assert_eq!(common::log(&runtime.run(&job).await.unwrap(), 1), "n= 44\n");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    JOBS as f64 / begun.elapsed().as_secs_f64()
}

/// Jobs a second of `docker run`; `None` without an engine.
async fn docker_rate(folder: &Path) -> Option<f64> {
    let options = Options {
        state_dir: common::state_dir(),
        slots: 1,
        allow_weaker: None,
    };
    let docker = Docker::open(options).ok()?;
    // The first job gives the engine the image.
    docker.run(&common::simulation()).await.ok()?;
    let image = docker.image("verilog").ok()?;
    let (tag, input) = (
        format!("assay-sandbox-verilog:{}", image.id),
        format!("{}:/job/in:ro", folder.display()),
    );
    let script = "iverilog -g2012 -o t.vvp in/t.v && vvp -n t.vvp";
    let one = || {
        let command = Command::new("docker")
            .args(HARDENED)
            .args(["--volume", &input, &tag, "sh", "-c", script])
            .output()
            .expect("docker");
        assert_eq!(String::from_utf8_lossy(&command.stdout), "n= 44\n", "{command:?}");
    };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| (0..DOCKER_JOBS / PARALLEL).for_each(|_| one()));
        }
    });
    Some(DOCKER_JOBS as f64 / begun.elapsed().as_secs_f64())
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let runtime: Arc<dyn Runtime> = Arc::new(common::open(PARALLEL as u32));
    let job = common::simulation();
    for _ in 0..10 {
        runtime.run(&job).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.v"), &job.files[0].content).unwrap();
    let before = children_cpu_ms();
    (0..JOBS).for_each(|_| bare(folder.path()));
    let bare_ms = (children_cpu_ms() - before) / JOBS as f64;
    let (before, before_own) = (children_cpu_ms(), own_cpu_ms());
    let jobs_per_s = rate(runtime).await;
    let boxed_ms = (children_cpu_ms() - before) / JOBS as f64;
    let own_ms = (own_cpu_ms() - before_own) / JOBS as f64;
    println!("CPU a job: bare {bare_ms:.2} ms, boxed {boxed_ms:.2} ms, supervisor {own_ms:.2} ms");
    println!("CPU, boxed / bare: {:.2}", (boxed_ms + own_ms) / bare_ms);
    match docker_rate(folder.path()).await {
        Some(docker) => println!(
            "jobs/s at {PARALLEL} in parallel: {jobs_per_s:.1}, `docker run` {docker:.1}: {:.1} times as many (wanted >= 12)",
            jobs_per_s / docker
        ),
        None => println!("NOT MEASURED: `docker run`, for want of a Docker engine"),
    }
}
