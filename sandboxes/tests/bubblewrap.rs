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
use sandboxes::{Bubblewrap, Runtime, hostile};

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

fn assert_nothing_left(runtime: &Bubblewrap, mounts_before: usize) {
    assert_eq!(processes(runtime.slots()), BTreeMap::new());
    assert_eq!(occupied(runtime.slots()), Vec::<String>::new());
    assert_eq!(mounts(), mounts_before);
}

conformance!(common::open);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_programs_are_contained_and_leave_nothing() {
    let mounts_before = mounts();
    let runtime = common::open(1);
    let results = hostile::run(&runtime).await;
    for result in &results {
        println!(
            "{} {}: {}",
            if result.contained { "held  " } else { "FAILED" },
            result.name,
            result.detail
        );
    }
    assert!(results.iter().all(|result| result.contained));
    assert_nothing_left(&runtime, mounts_before);
    let after = runtime.run(&simulation()).await.unwrap();
    assert_eq!(log(&after, 1), "n= 44\n");
}

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
