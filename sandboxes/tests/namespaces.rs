//! The default runtime, for real: what comes back, what limits do, and that nothing is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{log, sh, simulation};
use sandboxes::{Namespaces, Runtime};

/// The uid of slot 0 on this machine: fixed for root, the start of the subordinate range for a user.
fn first_uid() -> u32 {
    match user() {
        None => 200_000,
        Some(user) => {
            let ranges = fs::read_to_string("/etc/subuid").unwrap();
            let range = ranges.lines().find_map(|line| line.strip_prefix(&format!("{user}:")));
            range
                .and_then(|range| range.split(':').next())
                .unwrap()
                .parse()
                .unwrap()
        }
    }
}

/// The user's name; none for root.
fn user() -> Option<String> {
    let name = Command::new("id").arg("-un").output().unwrap().stdout;
    Some(String::from_utf8(name).unwrap().trim().to_string()).filter(|name| name != "root")
}

/// Processes whose uid is one of the slots': id, and what they are. Without the dead that wait for their parent.
fn processes(slots: &[u32]) -> BTreeMap<u32, String> {
    let first = first_uid();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(entry.path().join("status")).ok()?;
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))?
                .split_whitespace()
                .next()
        };
        let uid: u32 = field("Uid:")?.parse().ok()?;
        let (name, state) = (field("Name:")?, field("State:")?);
        (slots.iter().any(|slot| uid == first + slot) && state != "Z").then(|| (pid, name.to_string()))
    });
    found.collect()
}

/// Folders of the slots that still hold processes, in any hierarchy.
fn occupied(slots: &[u32]) -> Vec<String> {
    let subtree = user().map_or("assay".to_string(), |user| format!("assay-{user}"));
    let mut found = Vec::new();
    for hierarchy in ["memory/", "pids/", "cpuacct/", "unified/", ""] {
        for slot in slots {
            let path = format!("/sys/fs/cgroup/{hierarchy}{subtree}/slot-{slot}/cgroup.procs");
            if fs::read_to_string(&path).is_ok_and(|text| !text.trim().is_empty()) {
                found.push(path);
            }
        }
    }
    found
}

fn mounts() -> usize {
    fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count()
}

fn assert_nothing_left(runtime: &Namespaces, mounts_before: usize) {
    assert_eq!(processes(runtime.slots()), BTreeMap::new());
    assert_eq!(occupied(runtime.slots()), Vec::<String>::new());
    assert_eq!(mounts(), mounts_before);
}

conformance!(common::open);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_future_kills_its_job() {
    let mounts_before = mounts();
    let runtime = common::open(1);
    // From before it starts to well after.
    for wait_ms in [0, 1, 3, 10, 30, 100] {
        let endless = sh("setsid sh -c 'while :; do :; done' & while :; do :; done");
        let cut = tokio::time::timeout(Duration::from_millis(wait_ms), runtime.run(&endless)).await;
        assert!(cut.is_err());
    }
    let completion = runtime.run(&simulation()).await.unwrap();
    assert_eq!(log(&completion, 1), "n= 44\n");
    assert_nothing_left(&runtime, mounts_before);
}

/// Each runtime starts its sandboxes on a thread of its own, and all of them lend their children the same memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runtimes_of_one_process_do_not_hinder_each_other() {
    let starts = (0..4).map(|_| {
        tokio::spawn(async {
            let runtime = common::open(1);
            for _ in 0..150 {
                assert_eq!(runtime.run(&sh("true")).await.unwrap().ended, None);
            }
        })
    });
    for task in starts.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// What a job may keep in files and in shared memory is most of what a job may use at all, so the next one on the slot
/// would be short of it, if it were still counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_inherits_no_memory() {
    let runtime = common::open(1);
    let slot = runtime.slots()[0];
    let mut hoarder = sh("head -c 100000000 /dev/zero >hoard; perl -e \
        'for (1 .. 2) { my $id = shmget(0, 50 << 20, 01600); shmwrite($id, \"x\" x (50 << 20), 0, 50 << 20) }'; echo hoarded");
    (hoarder.limits.disk_bytes, hoarder.limits.file_bytes) = (120 << 20, 120 << 20);
    let mut next = sh("perl -e 'my $x = \"y\" x (100 << 20); print \"had it\\n\"'");
    next.limits.memory_bytes = 240 << 20;
    for _ in 0..10 {
        let completion = runtime.run_on(slot, &hoarder).await.unwrap();
        assert_eq!((completion.ended, log(&completion, 0).as_str()), (None, "hoarded\n"));
        let completion = runtime.run_on(slot, &next).await.unwrap();
        assert_eq!((completion.ended, log(&completion, 0).as_str()), (None, "had it\n"));
        let small = runtime.run_on(slot, &sh("true")).await.unwrap();
        assert!(small.peak_bytes < 50 << 20, "{} bytes for nothing", small.peak_bytes);
    }
}

/// Fifty jobs that sleep wait for one slot: together for many times the wall time that each of them has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobodys_time_passes_in_the_queue() {
    let runtime = common::open(1);
    let mut short = sh("sleep 0.05; echo done");
    short.limits.wall_ms = 1_000;
    let begun = Instant::now();
    let runs = (0..50).map(|_| async {
        let completion = runtime.run(&short).await.unwrap();
        assert_eq!((completion.ended, log(&completion, 0).as_str()), (None, "done\n"));
        assert!(completion.wall_ms < 1_000, "{} ms", completion.wall_ms);
    });
    futures_join(runs).await;
    assert!(begun.elapsed() > Duration::from_millis(2_500));
}

/// Runs all of them at once, on this task.
async fn futures_join(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut all: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        all.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn two_owners_share_no_slot() {
    let (first, second) = (common::open(2), common::open(2));
    assert!(
        first.slots().iter().all(|slot| !second.slots().contains(slot)),
        "{:?} {:?}",
        first.slots(),
        second.slots()
    );
    let job = simulation();
    let (one, two) = tokio::join!(first.run(&job), second.run(&job));
    assert_eq!(one.unwrap().steps, two.unwrap().steps);
}

/// Not a test of its own: the owner that the next test kills.
#[tokio::test]
#[ignore = "run by a_killed_owner_takes_its_sandboxes_along"]
async fn owner_to_be_killed() {
    let runtime = common::open(1);
    let endless = sh("trap '' TERM HUP; setsid sleep 1000 & sleep 1000");
    println!("\nslot {}", runtime.slots()[0]);
    runtime.run(&endless).await.unwrap();
}

#[tokio::test]
async fn a_killed_owner_takes_its_sandboxes_along() {
    common::state_dir();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "owner_to_be_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let slot = lines
        .into_iter()
        .find_map(|line| line.strip_prefix("slot ").map(|slot| slot.parse::<u32>().unwrap()));
    let slots = [slot.unwrap()];
    let deadline = Instant::now() + Duration::from_secs(20);
    while processes(&slots).values().filter(|name| *name == "sleep").count() < 2 {
        assert!(Instant::now() < deadline, "the owner's sandbox did not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    let before = processes(&slots);
    owner.kill().unwrap();
    owner.wait().unwrap();
    // Someone else may have the slot by now: what counts is that the owner's processes are gone.
    let left = || {
        processes(&slots)
            .into_iter()
            .filter(|(pid, _)| before.contains_key(pid))
            .collect::<BTreeMap<_, _>>()
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while !left().is_empty() {
        assert!(Instant::now() < deadline, "{:?}", left());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn a_job_has_the_same_process_numbers() {
    let runtime = common::open(2);
    let job = sh("echo $$; sh -c 'echo $$'");
    let (first, second) = tokio::join!(runtime.run(&job), runtime.run(&job));
    assert_eq!(log(&first.unwrap(), 0), log(&second.unwrap(), 0));
}
