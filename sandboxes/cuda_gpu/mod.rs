//! The `cuda_gpu` sandbox: what is in `cuda`, and the machine's GPU.
//!
//! `nvcc -optf /usr/local/lib/gpu/link` links a program that counts and times its launches (`watch.cpp`);
//! `/usr/local/lib/gpu/device` tells of the GPU. Programs run with `LD_LIBRARY_PATH=/usr/local/nvidia`, where each job finds
//! the driver's libraries ([`crate::runtime`]).

use crate::canary::{Canary, Expect};
use crate::cuda;
use crate::job::{Job, Status, Step, When};
use crate::runtime::Runtime;
use crate::table::SandboxSpec;

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "cuda_gpu",
    base: Some(&cuda::SPEC),
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    // It adds no package.
    lock: cuda::SPEC.lock,
    files: &[
        ("watch.cpp", include_str!("watch.cpp")),
        ("device.cpp", include_str!("device.cpp")),
    ],
    tools: cuda::SPEC.tools,
    preload: &[],
    apart: Some("it is for machines with an NVIDIA GPU and its driver"),
    served: None,
    gpu: true,
    canaries,
};

/// The command that tells of the GPU.
const DEVICE: [&str; 3] = ["env", "LD_LIBRARY_PATH=/usr/local/nvidia", "/usr/local/lib/gpu/device"];

/// Whether a job under this runtime sees a GPU that answers; the error says what is in the way.
pub async fn answers(runtime: &dyn Runtime) -> Result<(), String> {
    let job = Job {
        sandbox: SPEC.name.to_string(),
        files: Vec::new(),
        steps: vec![Step {
            name: "device".into(),
            argv: DEVICE.map(String::from).into(),
            when: When::Ok,
        }],
        limits: cuda::canary_limits(),
    };
    let done = runtime.run(&job).await.map_err(|error| error.to_string())?;
    match done.steps.first() {
        Some(step) if step.status == Status::Exit(0) => Ok(()),
        Some(step) => Err(String::from_utf8_lossy(&step.log).trim().to_string()),
        None => Err("nothing was run".to_string()),
    }
}

/// Reads what a program left of its launches, as a process of its own.
const JUDGE: &str = "\
import json
lines = [json.loads(line) for line in open('/job/report')]
end = lines[-1] if lines else {}
right = end.get('kind') == 'end' and end['launches'] > 0 and end['launch_errors'] == 0
print('CANARY PASS' if right else 'CANARY FAIL unfinished')
";

/// Those of the emulation, and three programs on the GPU: one that is right, one that is wrong, one that only says so.
fn canaries() -> Vec<Canary> {
    let names = [
        "cuda_gpu_emulated_good",
        "cuda_gpu_emulated_bad",
        "cuda_gpu_emulated_race",
        "cuda_gpu_broken",
        "cuda_gpu_emulated_cheat",
    ];
    let mut all = cuda::canaries_in(SPEC.name, names);
    let nvcc = [
        "/usr/local/cuda/bin/nvcc",
        // Code for every GPU there is: a driver may be too old to compile what nvcc leaves to it.
        "-arch=all-major",
        "-optf",
        "/usr/local/lib/gpu/link",
        "-o",
        "canary",
        "in/canary.cu",
    ];
    let run = [
        "env",
        "LD_LIBRARY_PATH=/usr/local/nvidia",
        "ASSAY_GPU_REPORT=/job/report",
        "/job/canary",
    ];
    let canary = |name, program: &str, judged: bool, expect| {
        let files = [("canary.cu", program), ("judge.py", JUDGE)];
        let steps: [(&str, &[&str]); 4] = [
            ("device", &DEVICE),
            ("compile", &nvcc),
            ("run", &run),
            ("judge", &["python3", "/job/in/judge.py"]),
        ];
        let steps = if judged { &steps[..] } else { &steps[..3] };
        let mut canary = Canary::new(name, SPEC.name, &files, steps, expect);
        canary.job.limits = cuda::canary_limits();
        canary
    };
    let wrong = cuda::GOOD.replace("a[i] + b[i]", "a[i] - b[i]");
    all.extend([
        canary("cuda_gpu_good", cuda::GOOD, true, Expect::Passes("CANARY PASS")),
        canary("cuda_gpu_bad", &wrong, false, Expect::Passes("CANARY FAIL 0 999")),
        canary("cuda_gpu_cheat", cuda::CHEAT, true, Expect::FailsAt("judge")),
    ]);
    all
}
