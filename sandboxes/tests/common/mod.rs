//! What the integration tests share: the image, and short ways to write jobs.
#![allow(dead_code)] // each test binary uses its own part

#[macro_use]
pub mod conformance;

use std::path::PathBuf;
use std::sync::OnceLock;

use sandboxes::{Completion, Docker, Job, JobFile, Limits, Namespaces, Options, Step, When, images};

/// `ASSAY_STATE`, or where the program itself keeps its images.
pub fn state_dir() -> PathBuf {
    static STATE: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let root = unsafe { libc::geteuid() } == 0;
        let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME")).join(".local/share/assay");
        let state = std::env::var_os("ASSAY_STATE").map(PathBuf::from);
        let state = state.unwrap_or_else(|| if root { PathBuf::from("/var/lib/assay") } else { home() });
        images::build("verilog", &state, &|line| eprintln!("{line}")).expect("image");
        state
    };
    STATE.get_or_init(find).clone()
}

/// The full tier, unless `ASSAY_TIER` allows a weaker one.
pub fn open(slots: u32) -> Namespaces {
    let allow_weaker = std::env::var("ASSAY_TIER")
        .ok()
        .map(|name| name.parse().expect("ASSAY_TIER"));
    Namespaces::open(Options {
        state_dir: state_dir(),
        slots,
        allow_weaker,
    })
    .expect("sandbox")
}

/// On the engine of `DOCKER_HOST`.
pub fn open_docker(slots: u32) -> Docker {
    Docker::open(Options {
        state_dir: state_dir(),
        slots,
        allow_weaker: None,
    })
    .expect("docker")
}

pub fn step(name: &str, argv: &[&str], when: When) -> Step {
    Step {
        name: name.into(),
        argv: argv.iter().map(|arg| arg.to_string()).collect(),
        when,
    }
}

pub fn job(files: &[(&str, &str)], steps: Vec<Step>) -> Job {
    let files = files.iter().map(|(path, content)| JobFile {
        path: path.to_string(),
        content: content.to_string(),
    });
    Job {
        sandbox: "verilog".into(),
        files: files.collect(),
        steps,
        limits: Limits::default(),
    }
}

/// A job of one shell script.
pub fn sh(script: &str) -> Job {
    job(&[], vec![step("run", &["sh", "-c", script], When::Ok)])
}

/// Icarus over one file, as a real job does it.
pub fn simulation() -> Job {
    let text = "module t; reg [7:0] n = 0; initial begin repeat (100) begin #1 n = n + 3; end $display(\"n=%d\", n); end endmodule\n";
    let steps = vec![
        step("compile", &["iverilog", "-g2012", "-o", "t.vvp", "in/t.v"], When::Ok),
        step("simulate", &["vvp", "-n", "t.vvp"], When::Ok),
    ];
    job(&[("t.v", text)], steps)
}

pub fn log(completion: &Completion, step: usize) -> String {
    String::from_utf8_lossy(&completion.steps[step].log).into_owned()
}
