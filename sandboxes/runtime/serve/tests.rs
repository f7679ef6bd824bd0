//! Warm servers, with a stand-in for Renode ([`stand_in.py`](stand_in.py)) in a real sandbox: the real one is on no
//! machine that has only package registries.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::job::{Completion, Ended, JobFile, Status, When};
use crate::runtime::testing::{copy, state_dir};
use crate::runtime::{Namespaces, Options, Runtime};

/// An image with Python and Renode's stand-in.
fn image(state: &Path) -> tempfile::TempDir {
    let folder = copy("cuda", state);
    let rootfs = folder.path().join("rootfs");
    let home = rootfs.join("usr/local/lib/renode");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("serve.sh"), include_str!("../../renode/serve.sh")).unwrap();
    let program = rootfs.join("usr/bin/renode");
    fs::write(&program, include_str!("stand_in.py")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(program, mode).unwrap();
    folder
}

/// A job that builds a firmware of these orders and has it run.
fn job(orders: &str) -> Job {
    let step = |name: &str, argv: &[&str]| Step {
        name: name.into(),
        argv: argv.iter().map(|word| word.to_string()).collect(),
        when: When::Ok,
    };
    let file = |path: &str, content: &str| JobFile {
        path: path.into(),
        content: content.into(),
    };
    Job {
        sandbox: "renode".into(),
        files: vec![
            file("orders", orders),
            file("plan.json", r#"{"run_ms": 10, "ports": ["usart2"]}"#),
        ],
        steps: vec![
            step("build", &["cp", "in/orders", "/job/fw.elf"]),
            step("renode", &["renode", "plan.json", "/job/fw.elf"]),
            step("after", &["echo", "after"]),
        ],
        limits: Limits::default(),
    }
}

fn report(completion: &Completion) -> Value {
    assert_eq!(completion.steps[1].status, Status::Exit(0), "{completion:?}");
    serde_json::from_slice(&completion.steps[1].log).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_serves_many_and_is_replaced_on_any_doubt() {
    let state = state_dir();
    let image = image(&state);
    let rootfs = image.path().join("rootfs");
    let options = Options {
        state_dir: state,
        slots: 1,
        allow_weaker: None,
    };
    let runtime = Namespaces::open(options).unwrap();
    let run = async |orders: &str| runtime.run_served(&job(orders), &rootfs, None).await;
    // Machines that this server has made: how many jobs it has had.
    let had = |report: &Value| report["instructions"].as_u64().unwrap();

    for n in 1..=3 {
        let completion = run("SAY hello").await.unwrap();
        let report = report(&completion);
        assert_eq!(
            (had(&report), &report["uart"]["usart2"]["text"]),
            (n, &Value::from("hello\n"))
        );
        assert_eq!(completion.steps[2].log, b"after\n");
    }
    // Its core gives up: that is told, and the server is not used again.
    let completion = run("SAY before\nABORT").await.unwrap();
    let gave_up = report(&completion);
    assert_eq!(
        (&gave_up["ended"], &gave_up["uart"]["usart2"]["text"]),
        (&"fault".into(), &"before\n".into())
    );
    assert_eq!(had(&report(&run("SAY again").await.unwrap())), 1);
    // It ends: our fault.
    let error = run("DIE").await.unwrap_err();
    assert!(
        error.retryable() && error.to_string().contains("warm server"),
        "{error}"
    );
    assert_eq!(had(&report(&run("SAY again").await.unwrap())), 1);
    // It answers no more: the job ends at its own limit, in that step.
    let mut slow = job("SLEEP");
    slow.limits.wall_ms = 1500;
    let completion = runtime.run_served(&slow, &rootfs, None).await.unwrap();
    assert_eq!(
        (completion.ended, &completion.steps[1].status),
        (Some(Ended::WallTime), &Status::Killed)
    );
    assert_eq!(had(&report(&run("SAY again").await.unwrap())), 1);
    // A job that hands over nothing is told so.
    let mut empty = job("");
    empty.steps[0].argv = vec!["true".into()];
    let error = runtime.run_served(&empty, &rootfs, None).await.unwrap_err();
    assert!(error.to_string().contains("no file /job/fw.elf"), "{error}");
    // Cut off in the middle, it leaves nothing on the job's slot.
    let slow = job("SLEEP");
    let cut = tokio::time::timeout(Duration::from_millis(500), runtime.run_served(&slow, &rootfs, None)).await;
    assert!(cut.is_err());
    assert_eq!(runtime.remains(runtime.slots()[0]).unwrap(), Vec::<String>::new());
    assert_eq!(had(&report(&run("SAY again").await.unwrap())), 1);
}
