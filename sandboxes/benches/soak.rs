//! Many trivial jobs through one pool: what must stay flat is printed at intervals, and compared at the end.
//!
//! `SOAK_JOBS` (100,000) jobs, `SOAK_PARALLEL` (3) at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sandboxes::{Ended, Job, JobFile, Limits, Namespaces, Options, Runtime, Status, Step, When, images};

/// Lines printed, the first and the last included.
const INTERVALS: u64 = 10;
/// Memory may grow by this much from the first interval to the end, bytes: allocators keep what they once had.
const GROWTH_BYTES: u64 = 4 << 20;

/// What this process, and the machine on its behalf, holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    rss_bytes: u64,
    descriptors: usize,
    children: usize,
    mounts: usize,
    groups: usize,
}

impl Held {
    fn now() -> Held {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = rss.and_then(|rss| rss.split_whitespace().next()?.parse::<u64>().ok());
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let children = threads.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
        Held {
            rss_bytes: kib.unwrap_or(0) << 10,
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            children: children.map(|list| list.split_whitespace().count()).sum(),
            mounts: fs::read_to_string("/proc/self/mounts")
                .unwrap_or_default()
                .lines()
                .count(),
            groups: groups(Path::new("/sys/fs/cgroup"), 4),
        }
    }
}

/// Control groups below a folder, some levels deep.
fn groups(folder: &Path, depth: usize) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .map(|entry| {
            if depth > 1 {
                1 + groups(&entry.path(), depth - 1)
            } else {
                1
            }
        })
        .sum()
}

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

fn state_dir() -> PathBuf {
    let given = std::env::var_os("ASSAY_STATE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME")).join(".local/share/assay");
    // SAFETY: plain system call.
    let root = unsafe { libc::geteuid() } == 0;
    given.unwrap_or_else(|| if root { PathBuf::from("/var/lib/assay") } else { home() })
}

fn trivial() -> Job {
    Job {
        sandbox: "verilog".into(),
        files: vec![JobFile {
            path: "text".into(),
            content: "hello\n".into(),
        }],
        steps: vec![Step {
            name: "read".into(),
            argv: vec!["cat".into(), "in/text".into()],
            when: When::Ok,
        }],
        limits: Limits::default(),
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(soak())
}

async fn soak() -> ExitCode {
    let (jobs, parallel) = (number("SOAK_JOBS", 100_000), number("SOAK_PARALLEL", 3) as u32);
    let state_dir = state_dir();
    images::build("verilog", &state_dir, &|line| eprintln!("{line}")).expect("image");
    let options = Options {
        state_dir,
        slots: parallel,
        allow_weaker: None,
    };
    let runtime = Arc::new(Namespaces::open(options).expect("sandbox"));
    let (begun, done, wrong) = (Instant::now(), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    println!("    jobs  jobs/s   RSS MiB   fds  children  mounts  cgroups");
    let mut seen = Vec::new();
    let interval = jobs.div_ceil(INTERVALS);
    for _ in 0..INTERVALS {
        let goal = (done.load(Ordering::Relaxed) + interval).min(jobs);
        let started = Arc::new(AtomicU64::new(done.load(Ordering::Relaxed)));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..parallel {
            let (runtime, done, wrong, started) = (runtime.clone(), done.clone(), wrong.clone(), started.clone());
            workers.spawn(async move {
                let job = trivial();
                while started.fetch_add(1, Ordering::Relaxed) < goal {
                    if !right(&*runtime, &job).await {
                        wrong.fetch_add(1, Ordering::Relaxed);
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        workers.join_all().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (held, count) = (Held::now(), done.load(Ordering::Relaxed));
        let rate = count as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{count:8} {rate:7.1} {:9.1} {:5} {:9} {:7} {:8}",
            held.rss_bytes as f64 / f64::from(1 << 20),
            held.descriptors,
            held.children,
            held.mounts,
            held.groups
        );
        seen.push(held);
    }
    report(&seen, &runtime, wrong.load(Ordering::Relaxed))
}

async fn right(runtime: &dyn Runtime, job: &Job) -> bool {
    match runtime.run(job).await {
        Ok(completion) => {
            let none: Option<Ended> = None;
            completion.ended == none
                && completion.steps[0].status == Status::Exit(0)
                && completion.steps[0].log == b"hello\n"
        }
        Err(error) => {
            eprintln!("{error}");
            false
        }
    }
}

/// Compares the first interval, after which everything is warm, with the last.
fn report(seen: &[Held], runtime: &Namespaces, wrong: u64) -> ExitCode {
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
        return ExitCode::FAILURE;
    };
    let remains = runtime
        .slots()
        .iter()
        .flat_map(|slot| runtime.remains(*slot).expect("remains"));
    let mut faults: Vec<String> = remains.collect();
    for (what, before, after) in [
        ("bytes of memory", first.rss_bytes + GROWTH_BYTES, last.rss_bytes),
        ("descriptors", first.descriptors as u64, last.descriptors as u64),
        ("children", first.children as u64, last.children as u64),
        ("wrong answers", 0, wrong),
    ] {
        if after > before {
            faults.push(format!("{after} {what}, {before} at most"));
        }
    }
    if faults.is_empty() {
        println!("flat");
        return ExitCode::SUCCESS;
    }
    println!("NOT FLAT: {}", faults.join("; "));
    ExitCode::FAILURE
}
