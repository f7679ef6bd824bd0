//! The docker runtime, for real, against the same suite as the default one. Ignored where no engine is:
//! `scripts/docker-engine.sh start`, then `DOCKER_HOST=… cargo test -p sandboxes --test docker -- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{log, open_docker as open, sh, simulation, state_dir};
use sandboxes::{Docker, Runtime, images};

/// Ids of the containers, running or not, of the owner with this folder.
fn containers(owner: &str) -> Vec<String> {
    let filter = format!("label=assay.owner={owner}");
    let output = Command::new("docker")
        .args(["ps", "--all", "--quiet", "--filter", &filter])
        .output();
    let output = output.expect("docker's client");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_string)
        .collect()
}

fn assert_nothing_left(runtime: &Docker) {
    assert_eq!(
        containers(&runtime.folder().display().to_string()),
        Vec::<String>::new()
    );
    assert_eq!(fs::read_dir(runtime.folder()).unwrap().count(), 0);
}

conformance!(open, ignore = "needs a Docker engine: scripts/docker-engine.sh start");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: scripts/docker-engine.sh start"]
async fn a_dropped_future_kills_its_job() {
    let runtime = open(1);
    runtime.run(&sh("true")).await.unwrap();
    // From before it starts to well after.
    for wait_ms in [0, 1, 10, 100, 400, 1500] {
        let endless = sh("setsid sh -c 'while :; do :; done' & while :; do :; done");
        let cut = tokio::time::timeout(Duration::from_millis(wait_ms), runtime.run(&endless)).await;
        assert!(cut.is_err());
    }
    // It waits for the slot, which comes back once the last container is gone.
    let completion = runtime.run(&simulation()).await.unwrap();
    assert_eq!(log(&completion, 1), "n= 44\n");
    assert_nothing_left(&runtime);
}

/// Not a test of its own: the owner that the next test kills.
#[tokio::test]
#[ignore = "run by the_next_start_removes_what_a_killed_owner_left"]
async fn owner_to_be_killed() {
    let runtime = open(1);
    println!("\nowner {}", runtime.folder().display());
    runtime
        .run(&sh("trap '' TERM HUP; setsid sleep 1000 & sleep 1000"))
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs a Docker engine: scripts/docker-engine.sh start"]
async fn the_next_start_removes_what_a_killed_owner_left() {
    state_dir();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "owner_to_be_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let folder = lines
        .find_map(|line| line.strip_prefix("owner ").map(str::to_string))
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while containers(&folder).is_empty() {
        assert!(Instant::now() < deadline, "the owner's container did not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    // One that lives is let alone.
    let next = open(1);
    assert_eq!(containers(&folder).len(), 1);
    owner.kill().unwrap();
    owner.wait().unwrap();
    drop(next);
    let next = open(1);
    assert_eq!(containers(&folder), Vec::<String>::new());
    assert!(!fs::exists(&folder).unwrap());
    assert_nothing_left(&next);
}

#[tokio::test]
#[ignore = "needs a Docker engine: scripts/docker-engine.sh start"]
async fn an_image_that_the_engine_lost_is_given_again() {
    let runtime = open(1);
    runtime.run(&sh("true")).await.unwrap();
    let id = runtime.image("verilog").unwrap().id;
    let tag = format!("assay-sandbox-verilog:{id}");
    let removed = Command::new("docker")
        .args(["image", "rm", "--force", &tag])
        .output()
        .unwrap();
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    let completion = runtime.run(&sh("echo back")).await.unwrap();
    assert_eq!(log(&completion, 0), "back\n");
}

/// The Dockerfile and the script make the same tree, here and again.
#[test]
#[ignore = "needs a Docker engine: scripts/docker-engine.sh start"]
fn both_builders_make_the_same_image() {
    let built = images::build("verilog", &state_dir(), &|_| ()).unwrap();
    for builder in [images::Builder::Docker, images::Builder::Script] {
        let elsewhere = tempfile::tempdir().unwrap();
        let again = images::build_with(builder, "verilog", elsewhere.path(), &|line| println!("{line}")).unwrap();
        assert_eq!((&again.id, again.bytes), (&built.id, built.bytes), "{builder:?}");
        assert_eq!(again.tools, built.tools);
    }
}

/// How many jobs a second either runtime does, two at a time: printed, and not asserted, since machines differ.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: scripts/docker-engine.sh start"]
async fn jobs_per_second_are_told() {
    async fn rate(runtime: Arc<dyn Runtime>, jobs: usize) -> f64 {
        runtime.run(&simulation()).await.unwrap();
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let runtime = Arc::clone(&runtime);
            tasks.spawn(async move {
                for _ in 0..jobs / 2 {
                    assert_eq!(log(&runtime.run(&simulation()).await.unwrap(), 1), "n= 44\n");
                }
            });
        }
        tasks.join_all().await;
        jobs as f64 / begun.elapsed().as_secs_f64()
    }
    let docker = rate(Arc::new(open(2)), 20).await;
    let namespaces = rate(Arc::new(common::open(2)), 200).await;
    let ratio = namespaces / docker;
    println!("jobs/s at 2 in parallel: namespaces {namespaces:.1}, docker {docker:.1}: {ratio:.1} times as many");
}
