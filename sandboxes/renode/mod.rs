//! The `renode` sandbox: what is in `stm32f407`, and Renode with a platform file of ours for the same chip.
//!
//! A step `renode PLAN FIRMWARE KNOWN` is not run in the job's sandbox. The job hands over the firmware that it has built
//! and what the board said of it, and a Renode that is kept warm in a sandbox of its own runs it ([`crate::runtime`]); the
//! step's log is the report ([`drive`]). PLAN is a file of the job's own, by its path below `/job/in`.

pub mod drive;
mod log;
pub mod monitor;
pub mod plan;
mod times;
mod values;

use crate::canary::{Canary, Expect};
use crate::job::Limits;
use crate::stm32f407;
use crate::table::SandboxSpec;

/// The first word of the steps that a warm server does.
pub(crate) const PROGRAM: &str = "renode";
/// What runs in a server's sandbox.
pub(crate) const SERVER: [&str; 2] = ["/bin/bash", "/usr/local/lib/renode/serve.sh"];
/// Jobs after which a server is replaced, whatever state it is in.
pub(crate) const MOST_JOBS: u32 = 200;

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "renode",
    base: Some(&stm32f407::SPEC),
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    // It adds no package.
    lock: stm32f407::SPEC.lock,
    files: &[
        ("renode.lock", include_str!("renode.lock")),
        ("serve.sh", include_str!("serve.sh")),
    ],
    tools: &[
        ("arm-none-eabi-gcc", &["arm-none-eabi-gcc", "--version"]),
        ("board", &["board", "--version"]),
        // As it was fetched; what a server says of itself is in each report.
        ("renode", &["head", "-n", "1", "/usr/local/lib/renode/VERSION"]),
    ],
    preload: &[],
    apart: Some("Renode is in no package registry: it comes from its project's releases, or from ASSAY_RENODE=ARCHIVE"),
    served: Some(PROGRAM),
    gpu: false,
    canaries,
};

const PLAN: &str = "{\"run_ms\": 10, \"ports\": [\"usart2\"]}\n";

/// Those of the board, and three firmwares in Renode: one that is right, one that is wrong, one that says nothing.
fn canaries() -> Vec<Canary> {
    let build = [
        "/usr/local/lib/firmware/build-firmware",
        "/job/canary.elf",
        "in/canary.c",
    ];
    let run = ["renode", "plan.json", "/job/canary.elf"];
    let canary = |name, program: &str, expect| {
        let files = [("canary.c", program), ("plan.json", PLAN)];
        let steps: [(&str, &[&str]); 2] = [("compile", &build), ("renode", &run)];
        let mut canary = Canary::new(name, "renode", &files, &steps, expect).dear();
        canary.job.limits = Limits {
            memory_bytes: 1 << 30,
            ..Limits::default()
        };
        canary
    };
    let good = stm32f407::CANARY;
    let wrong = good.replace("GPIOD->BSRR = 1u << 12", "GPIOD->BSRR = 1u << 28");
    let mute = good.replace("USART_CR1_UE | USART_CR1_TE", "0");
    let mut all = stm32f407::canaries_in(
        "renode",
        [
            "renode_board_good",
            "renode_board_bad",
            "renode_board_misuse",
            "renode_broken",
            "renode_board_cheat",
        ],
    );
    all.extend([
        canary("renode_good", good, Expect::Passes("\"text\": \"CANARY PASS\\n\"")),
        canary("renode_bad", &wrong, Expect::Passes("\"text\": \"CANARY FAIL\\n\"")),
        canary("renode_mute", &mute, Expect::Silent),
    ]);
    all
}
