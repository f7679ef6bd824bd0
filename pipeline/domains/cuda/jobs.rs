//! The job that judges a candidate: compiled by nvcc as it is, run on a GPU where there is one, and built for the emulation
//! and run in several orders.

use super::check::{CudaCheck, CudaGpu};
use crate::domains::shell::{quote, script, step};
use crate::domains::{OUTSIDE, limits};
use crate::model::sha256_hex;
use crate::recipe::tasks::{Role, Task, TaskFile};
use crate::worker::Request;
use sandboxes::{Job, JobFile, Limits, Step, When};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// The sandbox, and its name in tasks.
pub const SANDBOX: &str = "cuda";
/// The sandbox that has a GPU as well.
pub const WITH_GPU: &str = "cuda_gpu";
/// Raised whenever the same completion would be judged otherwise.
pub const JUDGE_VERSION: i32 = 3;

/// Where the task's files are.
pub const FILES: &str = "/job/in/task";
/// What compiling for the GPU and beginning there may take beside the task's own limits, milliseconds.
const GPU_MS: u64 = 60_000;
/// Bytes of a run's report, and of what it writes to stderr, that are read.
const REPORT_BYTES: u64 = 2 << 20;
const STDERR_BYTES: u64 = 16 << 10;

/// Compiles units as they are. What ptxas says of kernels is in the log.
const COMPILE: &str = "\
cd /job/in/task && mkdir -p /job/build || exit 125
group=$1 flags=$2 n=0; shift 2
for unit; do n=$((n + 1)); eval \"/usr/local/cuda/bin/nvcc $flags -Xptxas -v -c -o /job/build/$group-$n.o \\\"\\$unit\\\"\" || exit $?; done";
/// Another architecture needs no host code.
const COMPILE_MORE: &str = "\
cd /job/in/task || exit 125
archs=$1 flags=$2; shift 2
for arch in $archs; do for unit; do eval \"/usr/local/cuda/bin/nvcc -arch=$arch $flags -Xptxas -v -cubin -o /dev/null \\\"\\$unit\\\"\" || exit $?; done; done";
/// With the flags, as one command that compiles and links would have them; libraries come last.
const LINK: &str = "eval \"/usr/local/cuda/bin/nvcc $1 -o /job/build/program /job/build/*.o $2\"";
/// What has a GPU is linked with what counts and times its launches.
const WATCHED: [&str; 2] = ["-optf", "/usr/local/lib/gpu/link"];
/// Tells of the GPU, if there is a program that asks for it.
const DEVICE: &str = "\
[ -x /job/build/program ] || exit 0
export LD_LIBRARY_PATH=/usr/local/nvidia
[ \"$1\" ] || exec /usr/local/lib/gpu/device
/usr/local/lib/gpu/device >\"$1\"; status=$?; cat \"$1\"; exit $status";
/// A GPU later than the task's architecture runs its code by way of the driver's compiler, which may be older than nvcc and
/// refuse. So the program is also compiled for the GPU at hand; where that is not possible, nobody is to blame.
const NATIVE: &str = "\
has=$(sed -n 's/.*\"capability\": \\([0-9]*\\).*/\\1/p' /job/device)
[ \"$has\" -ge \"$1\" ] && /usr/local/cuda/bin/nvcc --list-gpu-code | grep -qx \"sm_$has\" || exit 0
cd /job/in/task && mkdir -p /job/native || exit 125
flags=$2 link=$3 libraries=$4 n=0; shift 4
for unit; do n=$((n + 1)); eval \"/usr/local/cuda/bin/nvcc -arch=sm_$has $flags -c -o /job/native/$n.o \\\"\\$unit\\\"\" || exit 0; done
eval \"/usr/local/cuda/bin/nvcc -arch=sm_$has $link -o /job/native/program /job/native/*.o $libraries\" || exit 0";
/// Each run has a folder of its own, with the task's files, and on a GPU two minutes: one that hangs there would take the job
/// along.
const RUN_ON_GPU: &str = "\
program=/job/native/program; [ -x $program ] || program=/job/build/program
[ -x $program ] || exit 125
cp -r --no-preserve=mode /job/in/task \"/job/gpu-$1\" && cd \"/job/gpu-$1\" || exit 125
n=$1 token=$2; shift 2
export LD_LIBRARY_PATH=/usr/local/nvidia ASSAY_GPU_REPORT=/job/gpu-report-$n
exec timeout --kill-after 5 120 $program \"$@\" 2>\"/job/gpu-stderr-$n\" 3<<TOKEN
$token
TOKEN
";
const RUN: &str = "\
[ -x /job/program ] || exit 125
cp -r --no-preserve=mode /job/in/task \"/job/run-$1\" && cd \"/job/run-$1\" || exit 125
n=$1; shift
export EMULATE_SEED=$n EMULATE_TOKEN=$1 EMULATE_REPORT=/job/report-$n; shift
exec /job/program \"$@\" 2>\"/job/stderr-$n\"";
/// What was built is what runs each time: a program that is run could replace it.
const PROGRAMS: &str = "sha256sum /job/program /job/build/program /job/native/program 2>/dev/null; exit 0";
const SHOW: &str = "[ -f \"$1\" ] && [ ! -L \"$1\" ] && exec head -c \"$2\" -- \"$1\"; exit 0";

/// What the judge must know beyond the completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub check: CudaCheck,
    /// Paths of the candidate, and of what the task brings.
    pub candidate: Vec<String>,
    pub harness: Vec<String>,
    /// Whether the task has a program of its own around the candidate, and whether its files include the candidate's.
    pub called: bool,
    /// Whether it runs on a GPU, and whether emulated: one of them, or both.
    pub gpu: bool,
    pub emulated: bool,
    /// What the last line of a run's report repeats comes of it: the program is not told ([`token_of`]).
    pub token: String,
    pub included: bool,
    /// Which limits of time and of memory are the task's own.
    pub own_time: bool,
    pub own_memory: bool,
}

/// Whether nvcc compiles a file of this name by itself.
fn is_unit(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name.rsplit_once('.').map(|(_, suffix)| suffix),
        Some("cu" | "cpp" | "cc" | "cxx" | "c")
    )
}

/// The job; the error says what the task lacks, or this machine, whose sandboxes are `built`.
pub fn request(task: &Task, check: &CudaCheck, built: &[String]) -> Result<Request, String> {
    let there = built.iter().any(|name| name == WITH_GPU);
    if check.gpu == CudaGpu::Require && !there {
        return Err(
            "`check.gpu` is `require`, and no sandbox has a GPU here: where there is one, `assay sandbox build cuda_gpu` \
             makes it; `auto` or `emulate` runs it emulated"
                .into(),
        );
    }
    let gpu = there && check.gpu != CudaGpu::Emulate;
    // What the checker finds, a GPU does not tell; unchecked, a GPU says all there is.
    let emulated = !gpu || check.sanitize;
    let (sandbox, engine) = match (gpu, emulated) {
        (false, _) => (SANDBOX, "emulated"),
        (true, false) => (WITH_GPU, "gpu"),
        (true, true) => (WITH_GPU, "gpu+emulated"),
    };
    let harness: Vec<&str> = [Role::Testbench, Role::Support]
        .into_iter()
        .flat_map(|role| task.files_as(role))
        .map(|f| f.path.as_str())
        .collect();
    let candidate: Vec<&str> = task.candidate.iter().map(|f| f.path.as_str()).collect();
    let within = pulled_in(task);
    let units = |paths: &[&str]| -> Vec<String> {
        let units = paths.iter().filter(|path| is_unit(path) && !within.contains(**path));
        units.map(|path| path.to_string()).collect()
    };
    let (of_harness, of_candidate) = (units(&harness), units(&candidate));
    if of_harness.is_empty() && of_candidate.is_empty() {
        return Err("no file is a program by its name (.cu, .cpp, .cc, .cxx, .c)".into());
    }
    let folders: BTreeSet<&str> = harness.iter().chain(&candidate).map(|path| folder(path)).collect();
    let files = files(task);
    let token = token(&files);
    let mut job = Job {
        sandbox: sandbox.into(),
        steps: steps(check, &folders, of_harness, of_candidate, (gpu, emulated), &token),
        files,
        limits: limits(base_limits(check), &task.limits),
    };
    if gpu {
        job.limits.cpu_ms += GPU_MS;
        job.limits.wall_ms += 2 * GPU_MS;
    }
    let plan = Plan {
        check: check.clone(),
        candidate: candidate.iter().map(|p| p.to_string()).collect(),
        harness: harness.iter().map(|p| p.to_string()).collect(),
        called: task.files_as(Role::Testbench).any(|f| is_unit(&f.path)),
        included: included(task),
        gpu,
        emulated,
        token,
        own_time: task.limits.cpu_ms.or(task.limits.wall_ms).is_some(),
        own_memory: task.limits.memory_bytes.is_some(),
    };
    Ok(Request {
        job,
        check: OUTSIDE.into(),
        engine: engine.into(),
        judge_version: JUDGE_VERSION,
        seed: 0,
        trials: 1,
        params: json!(plan),
    })
}

/// The same for the same files, so that the job is; and nothing that they could hold themselves.
fn token(files: &[JobFile]) -> String {
    let parts = files.iter().flat_map(|f| [f.path.as_str(), f.content.as_str()]);
    let all: Vec<&str> = ["report of a cuda job"].into_iter().chain(parts).collect();
    sha256_hex(all.join("\0").as_bytes())[..32].to_string()
}

/// That of a run: what one run leaves is of no use to another.
pub fn token_of(token: &str, run: &str) -> String {
    sha256_hex(format!("{token} {run}").as_bytes())[..32].to_string()
}

/// References and baselines are kept out: a candidate could include them.
fn files(task: &Task) -> Vec<JobFile> {
    let file = |path: &str, content: &str| JobFile {
        path: format!("task/{path}"),
        content: content.to_string(),
    };
    let brought = task
        .files
        .iter()
        .filter(|f| matches!(f.role, Role::Testbench | Role::Support));
    let brought = brought.map(|f| file(&f.path, &f.content));
    brought
        .chain(task.candidate.iter().map(|f| file(&f.path, &f.content)))
        .collect()
}

/// Sources that another file includes, and that are no units by themselves then. A file of the task's own stays one whatever
/// the candidate includes.
fn pulled_in(task: &Task) -> BTreeSet<&str> {
    let brought = |file: &&TaskFile| matches!(file.role, Role::Testbench | Role::Support);
    let own: Vec<_> = task
        .files
        .iter()
        .filter(brought)
        .map(|f| (f.path.as_str(), f.content.as_str()))
        .collect();
    let candidate: Vec<_> = task
        .candidate
        .iter()
        .map(|f| (f.path.as_str(), f.content.as_str()))
        .collect();
    let including = |files: &[(&str, &str)], path: &str| {
        let others = files.iter().filter(|(other, _)| *other != path);
        let mut named = others.flat_map(|(other, content)| includes(content).map(move |name| (*other, name)));
        named.any(|(other, name)| names(other, name, path))
    };
    let both: Vec<_> = own.iter().chain(&candidate).copied().collect();
    let of_own = own.iter().filter(|(path, _)| including(&own, path));
    let of_candidate = candidate.iter().filter(|(path, _)| including(&both, path));
    of_own.chain(of_candidate).map(|(path, _)| *path).collect()
}

/// What a text includes by name, in quotation marks.
fn includes(content: &str) -> impl Iterator<Item = &str> {
    content.lines().filter_map(|line| {
        let rest = line
            .trim_start()
            .strip_prefix('#')?
            .trim_start()
            .strip_prefix("include")?;
        rest.trim_start().strip_prefix('"')?.split('"').next()
    })
}

/// Whether `#include "name"` in one file means another: from its own folder, or from a folder that is looked in.
fn names(includer: &str, name: &str, path: &str) -> bool {
    let mut parts: Vec<&str> = folder(includer).split('/').filter(|part| *part != ".").collect();
    for part in name.split('/').filter(|part| *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/") == path || path == name || path.ends_with(&format!("/{name}"))
}

/// Whether one of the task's own files names one of the candidate's where it includes others.
fn included(task: &Task) -> bool {
    let named = |line: &str| {
        let names = task.candidate.iter().filter_map(|f| f.path.rsplit('/').next());
        line.trim_start().starts_with('#')
            && line.contains("include")
            && names.into_iter().any(|name| line.contains(name))
    };
    task.files.iter().any(|f| f.content.lines().any(named))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// Without a GPU everything takes longer, and the emulation keeps a shadow of the device's memory.
fn base_limits(check: &CudaCheck) -> Limits {
    let cpu_ms = 120_000 * u64::from(check.orders);
    Limits {
        cpu_ms,
        wall_ms: cpu_ms * 2,
        memory_bytes: 4 << 30,
        output_bytes: 32 << 20,
        file_bytes: 256 << 20,
        disk_bytes: 512 << 20,
        ..Limits::default()
    }
}

fn steps(
    check: &CudaCheck,
    folders: &BTreeSet<&str>,
    harness: Vec<String>,
    candidate: Vec<String>,
    (gpu, emulated): (bool, bool),
    token: &str,
) -> Vec<Step> {
    let quoted = |words: &[String]| words.iter().map(|w| quote(w)).collect::<Vec<_>>().join(" ");
    let include: Vec<String> = folders.iter().map(|folder| format!("-I{folder}")).collect();
    let common = format!("{} {}", quoted(&include), quoted(&check.flags));
    let flags = format!("-arch={} {common}", check.arch);
    let compile = |group: &str, units: &[String]| {
        let head = vec![group.to_string(), flags.clone()];
        script(COMPILE, head.into_iter().chain(units.iter().cloned()).collect())
    };
    let mut steps = Vec::new();
    if !harness.is_empty() {
        steps.push(step("harness", compile("harness", &harness), When::Ok));
    }
    if !candidate.is_empty() {
        steps.push(step("compile", compile("candidate", &candidate), When::Always));
    }
    let units: Vec<String> = harness.into_iter().chain(candidate).collect();
    let more: Vec<&str> = check.all_archs().skip(1).collect();
    if !more.is_empty() {
        let kernels = units.iter().filter(|unit| unit.ends_with(".cu")).cloned();
        let arguments = [more.join(" "), common.clone()].into_iter().chain(kernels).collect();
        steps.push(step("more_archs", script(COMPILE_MORE, arguments), When::Ok));
    }
    let (libraries, mut others): (Vec<String>, Vec<String>) = link_flags(&check.flags)
        .into_iter()
        .partition(|flag| flag.starts_with("-l"));
    others.extend(WATCHED.iter().filter(|_| gpu).map(|word| word.to_string()));
    let (others, libraries) = (quoted(&others), quoted(&libraries));
    let link = vec![format!("-arch={} {others}", check.arch), libraries.clone()];
    steps.push(step("link", script(LINK, link), When::Ok));
    // All is built before anything of it runs.
    let device = |name, file: &str, when| step(name, script(DEVICE, vec![file.to_string()]), when);
    if gpu {
        let head = [check.capability().to_string(), common, others, libraries].into_iter();
        let native = script(NATIVE, head.chain(units.iter().cloned()).collect());
        steps.push(device("device", "/job/device", When::Ok));
        steps.push(step("native", native, When::Ok));
    }
    if emulated {
        steps.push(step("emulate", emulate(check, include, units), When::Ok));
        steps.extend(runs(check, "", RUN, token, When::Ok));
    }
    if gpu {
        // Whatever the emulation made of it; what hangs does so here at last.
        steps.extend(runs(check, "gpu_", RUN_ON_GPU, token, When::Always));
        steps.push(device("device_after", "", When::Always));
    }
    steps
}

/// As many runs as there are orders, with what each says and leaves.
fn runs(check: &CudaCheck, prefix: &str, run: &str, token: &str, when: When) -> Vec<Step> {
    let mut steps = Vec::new();
    let file = prefix.replace('_', "-");
    for n in 0..check.orders {
        let name = format!("{prefix}run_{n}");
        let mut arguments = vec![n.to_string(), token_of(token, &name)];
        arguments.extend(check.args.iter().cloned());
        let programs = format!("{prefix}programs_{n}");
        steps.push(step(&programs, script(PROGRAMS, Vec::new()), When::Always));
        steps.push(step(&name, script(run, arguments), when.clone()));
        for (name, bytes) in [("stderr", STDERR_BYTES), ("report", REPORT_BYTES)] {
            let arguments = vec![format!("/job/{file}{name}-{n}"), bytes.to_string()];
            steps.push(step(
                &format!("{prefix}{name}_{n}"),
                script(SHOW, arguments),
                When::Always,
            ));
        }
    }
    steps
}

/// The command that builds the emulated program.
fn emulate(check: &CudaCheck, include: Vec<String>, units: Vec<String>) -> Vec<String> {
    let mut argv: Vec<String> = [
        "python3",
        "/usr/local/lib/emulate/build.py",
        "--arch",
        check.capability(),
    ]
    .map(String::from)
    .into();
    if !check.sanitize {
        argv.push("--no-check".into());
    }
    argv.extend(include.into_iter().chain(language_flags(&check.flags)));
    argv.extend(["-o".into(), "/job/program".into()]);
    argv.extend(units);
    let line: Vec<String> = argv.iter().map(|word| quote(word)).collect();
    script(
        &format!(
            "[ -x /job/build/program ] || exit 125; cd {FILES} && exec {}",
            line.join(" ")
        ),
        Vec::new(),
    )
}

/// The flags without those that say what the files are.
fn link_flags(flags: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match flag.as_str() {
            "-x" | "--x" | "-include" => drop(flags.next()),
            _ => kept.push(flag.clone()),
        }
    }
    kept
}

/// The flags that say what program it is, and not how it is compiled; their values may stand in a word of their own.
fn language_flags(flags: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match flag.as_str() {
            "-D" | "-U" | "-I" | "-include" => {
                kept.push(flag.clone());
                kept.extend(flags.next().cloned());
            }
            "-Xcompiler" | "--compiler-options" => {
                let openmp = flags.next().is_some_and(|value| value.contains("-fopenmp"));
                kept.extend(openmp.then(|| "-fopenmp".to_string()));
            }
            _ if ["-Xcompiler=", "--compiler-options="]
                .iter()
                .any(|known| flag.starts_with(known)) =>
            {
                kept.extend(flag.contains("-fopenmp").then(|| "-fopenmp".to_string()));
            }
            "-std" | "--std" => kept.extend(flags.next().map(|value| format!("-std={value}"))),
            _ if flag.starts_with("--std=") => kept.push(flag[1..].to_string()),
            _ if ["-D", "-U", "-I", "-std="].iter().any(|known| flag.starts_with(known)) => kept.push(flag.clone()),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_another_includes_is_no_unit() {
        let task = |files: serde_json::Value, candidate: serde_json::Value| -> Task {
            let line = json!({"id": "t", "sandbox": "cuda", "check": {}, "files": files, "candidate": candidate});
            crate::recipe::tasks::parse_line("t.jsonl", 1, &line.to_string()).unwrap()
        };
        let file = |path: &str, content: &str| json!({"path": path, "content": content});
        let one = task(
            json!([]),
            json!([
                file("src/main.cu", "#include <cstdio>\n # include \"../lib/kernel.cu\"\n"),
                file("lib/kernel.cu", ""),
                file("src/other.cu", "// #include \"main.cu\"\n")
            ]),
        );
        assert_eq!(pulled_in(&one), BTreeSet::from(["lib/kernel.cu"]));
        let own = json!({"path": "main.cu", "role": "testbench", "content": "#include \"kernel.cu\"\n"});
        let both = task(json!([own]), json!([file("kernel.cu", "#include \"main.cu\"\n")]));
        assert_eq!(pulled_in(&both), BTreeSet::from(["kernel.cu"]), "the task's own stays");
    }

    #[test]
    fn only_what_says_which_program_it_is_is_passed_on() {
        let flags = [
            "-O3",
            "-DN=4",
            "-D",
            "M=5",
            "--use_fast_math",
            "-std",
            "c++17",
            "--std=c++20",
            "-Xcompiler",
            "-Wall",
            "-Iinc",
            "-Xcompiler=-Wall,-fopenmp",
        ];
        let kept = language_flags(&flags.map(String::from));
        assert_eq!(
            kept,
            ["-DN=4", "-D", "M=5", "-std=c++17", "-std=c++20", "-Iinc", "-fopenmp"]
        );
    }

    #[test]
    fn units_are_told_by_their_names() {
        assert!(is_unit("a/b.cu") && is_unit("main.cpp"));
        assert!(!is_unit("a.cuh") && !is_unit("cu") && !is_unit("a.cu/readme"));
    }
}
