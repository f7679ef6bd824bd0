//! The hostile suite against the default runtime, and against runtimes that are broken on purpose: a suite that never
//! fails proves nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bare;
#[path = "../common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use sandboxes::hostile::{self, HostileResult, Outcome};
use sandboxes::{Completion, ImageInfo, Job, Namespaces, RunFuture, Runtime, SandboxError, Status, Tier};

/// The suite counts what this process holds, so one test at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn show(result: &HostileResult) {
    println!("{:?} {}: {}", result.outcome, result.name, result.detail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attack_is_contained() {
    let _alone = ALONE.lock().await;
    every_attack_is_contained_by(&common::open(2), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: scripts/docker-engine.sh start"]
async fn every_attack_is_contained_by_docker() {
    let _alone = ALONE.lock().await;
    // An engine's filter goes by names, and so cannot refuse calls that have none yet.
    every_attack_is_contained_by(&common::open_docker(2), &["unknown_calls"]).await;
}

async fn every_attack_is_contained_by(runtime: &dyn Runtime, but: &[&str]) {
    let results = hostile::run_chosen(runtime, &|name| !but.contains(&name), &mut show).await;
    let wrong: Vec<_> = results
        .iter()
        .filter(|result| result.outcome == Outcome::NotContained)
        .map(|result| (result.name, &result.detail))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let not_run = results
        .iter()
        .filter(|result| result.outcome == Outcome::NotRun)
        .count();
    println!("{} held, {not_run} not run", results.len() - not_run);
    assert!(
        results
            .iter()
            .filter(|result| result.sandbox == "verilog" && result.outcome == Outcome::Held)
            .count()
            > 60,
        "attacks on the verilog image are missing"
    );
}

/// What the suite says of one attack under a runtime.
async fn detail(runtime: &dyn Runtime, attack: &str) -> (Outcome, String) {
    let results = hostile::run_chosen(runtime, &|name| name == attack, &mut show).await;
    let found = results.iter().find(|result| result.name == attack).expect(attack);
    (found.outcome, found.detail.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_without_walls_does_not_hold() {
    let _alone = ALONE.lock().await;
    let bare = bare::Bare::new(common::open(1).image("verilog").unwrap());
    // Harmless ones only: nothing here is contained.
    for (attack, seen) in [
        ("sockets", "ESCAPED: socket of family 2, kind 1 was carried out"),
        ("tracing", "ESCAPED: ptrace TRACEME was carried out"),
        ("priorities", "ESCAPED: nice 19 was carried out"),
        ("core_limit", "ESCAPED: the limit is"),
        ("host_files", "ESCAPED: "),
        ("namespaces", "ESCAPED: "),
        ("io_uring", "ESCAPED: "),
        ("daemon", "left: process"),
    ] {
        let (outcome, detail) = detail(&bare, attack).await;
        assert_eq!(outcome, Outcome::NotContained, "{attack}: {detail}");
        assert!(detail.contains(seen), "{attack}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_runtime_loses_is_found() {
    let _alone = ALONE.lock().await;
    let sound = common::open(2);
    let spoilt = |spoil| Spoilt {
        inner: &sound,
        spoil,
        neighbours: AtomicU32::new(0),
    };
    assert_eq!(detail(&spoilt(Spoil::Nothing), "output_pipe").await.0, Outcome::Held);
    for (spoil, attack, seen) in [
        (Spoil::Descriptor, "output_pipe", "left: descriptor /dev/zero"),
        (Spoil::Child, "output_pipe", "left: child true (Z)"),
        (Spoil::Remains, "output_pipe", "left: container x"),
        (Spoil::Secret, "output_pipe", "it read another job's file"),
        (Spoil::Neighbour, "output_pipe", "the neighbour: "),
        (Spoil::Ended, "sleeper", "it was not ended by the right limit"),
        (Spoil::Starved, "sleeper", "its slot is said to have been starved"),
        (Spoil::Peak, "output_pipe", "bytes of memory"),
        (Spoil::Status, "suicide", "its status is not its own"),
        (Spoil::OneSlot, "output_pipe", "the runtime needs two slots"),
    ] {
        let (outcome, detail) = detail(&spoilt(spoil), attack).await;
        assert_eq!(outcome, Outcome::NotContained, "{spoil:?}: {detail}");
        assert!(detail.contains(seen), "{spoil:?}: {detail}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spoil {
    Nothing,
    Descriptor,
    Child,
    Remains,
    Secret,
    Neighbour,
    Ended,
    Starved,
    Peak,
    Status,
    OneSlot,
}

/// The default runtime, with one thing about it wrong.
struct Spoilt<'a> {
    inner: &'a Namespaces,
    spoil: Spoil,
    /// Runs of the neighbour; the first three show how it does alone.
    neighbours: AtomicU32,
}

impl Spoilt<'_> {
    fn spoil(&self, job: &Job, mut completion: Completion) -> Completion {
        let neighbour = job.files.iter().any(|file| file.path == "secret");
        match self.spoil {
            Spoil::Neighbour if neighbour && self.neighbours.fetch_add(1, Ordering::Relaxed) >= 3 => {
                completion.steps[0].log.push(b'!')
            }
            _ if neighbour => {}
            Spoil::Descriptor => std::mem::forget(std::fs::File::open("/dev/zero").unwrap()),
            Spoil::Child => {
                let child = std::process::Command::new("true").spawn().unwrap();
                std::mem::forget(child);
            }
            Spoil::Secret => completion.steps[0].log.extend(b"the neighbour's secret 6d1f0c"),
            Spoil::Ended => completion.ended = None,
            Spoil::Starved => completion.starved = true,
            Spoil::Peak => completion.peak_bytes = 1 << 40,
            Spoil::Status => completion.steps[0].status = Status::Killed,
            Spoil::Nothing | Spoil::Remains | Spoil::Neighbour | Spoil::OneSlot => {}
        }
        if self.spoil == Spoil::OneSlot {
            completion.slot = self.inner.slots()[0];
        }
        completion
    }
}

impl Runtime for Spoilt<'_> {
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move { self.inner.run(job).await.map(|completion| self.spoil(job, completion)) })
    }

    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a> {
        self.inner.run_on(slot, job)
    }

    fn slots(&self) -> Vec<u32> {
        self.inner.slots().to_vec()
    }

    fn retire(&self, slot: u32) {
        self.inner.retire(slot);
    }

    fn image(&self, sandbox: &str) -> Result<ImageInfo, SandboxError> {
        self.inner.image(sandbox)
    }

    fn tier(&self) -> Tier {
        self.inner.tier()
    }

    fn remains(&self, slot: u32) -> Result<Vec<String>, SandboxError> {
        match self.spoil {
            Spoil::Remains => Ok(vec!["container x".to_string()]),
            _ => self.inner.remains(slot),
        }
    }
}
