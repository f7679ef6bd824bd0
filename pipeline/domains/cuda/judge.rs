//! From a completion to a verdict. Pure: the same completion always gives the same verdict.

use super::gpu;
use super::jobs::{Plan, token_of};
use super::report::{Finding, Report};
use super::resources;
use crate::domains::{ended_reason, output};
use crate::model::{FailReason, VerdictKind};
use crate::worker::{Request, Ruling};
use sandboxes::{Completion, Status, StepResult};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Findings that are kept in the metrics, and compiler messages.
const FINDINGS: usize = 20;
const MESSAGES: usize = 8;
/// Exit status of `build.py` for what it does not have.
const UNSUPPORTED: i32 = 3;
/// Exit status of an emulated program that came to something that the emulation does not have.
const UNSUPPORTED_AT_RUN: i32 = 86;

/// Libraries and languages that come with the toolkit, or are installed beside it, and are not in the image: by the
/// beginnings of their headers' names.
const ABSENT: [&str; 24] = [
    "cublas", "curand", "cufft", "cusparse", "cusolver", "cudnn", "cutensor", "cudss", "cutlass", "cute/", "nccl",
    "nvshmem", "npp", "nvjpeg", "nvml", "optix", "nvtiff", "torch/", "ATen/", "c10/", "opencv", "mpi.h", "GL/",
    "Python.h",
];

/// The library that a message misses, and that nobody but the image could have brought.
fn absent(message: &str) -> Option<&str> {
    let name = if let Some((_, library)) = message.split_once("cannot find -l") {
        if library.starts_with("cuda") {
            return Some("the driver's library");
        }
        library
    } else if message.contains("No such file") {
        message.split_once("error: ")?.1
    } else {
        let function = message.split_once("undefined reference to `")?.1;
        // `cuInit`, and not `cudaMalloc` or `cube`
        let rest = function.strip_prefix("cu").unwrap_or_default();
        if rest.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Some("the driver's library");
        }
        function
    };
    ABSENT.iter().copied().find(|prefix| name.starts_with(prefix))
}

/// A failure of the candidate's own.
#[derive(Debug)]
pub(super) struct Failure {
    pub reason: FailReason,
    pub detail: Value,
    pub log: String,
}

pub(super) fn failure(reason: FailReason, detail: Value, log: String) -> Option<Failure> {
    Some(Failure { reason, detail, log })
}

/// Why an engine comes to nothing.
#[derive(Debug)]
pub(super) enum Unable {
    /// It cannot run such a program. Another engine may.
    Cannot(String),
    /// A fault of the machine's, or of the task's.
    Fault(String),
}

fn cannot(what: &str) -> Unable {
    Unable::Cannot(format!("cannot be emulated without a GPU: {what}"))
}

impl From<String> for Unable {
    fn from(why: String) -> Self {
        Unable::Fault(why)
    }
}

impl From<Unable> for String {
    fn from(unable: Unable) -> Self {
        match unable {
            Unable::Cannot(why) | Unable::Fault(why) => why,
        }
    }
}

/// What a stage of the judgement comes to: the candidate goes on, fails, or nothing was learnt.
pub(super) type Stage = Result<Option<Failure>, Unable>;

/// Judges what [`super::jobs::request`] made.
pub fn judge(request: &Request, done: &Completion) -> Result<Ruling, String> {
    let plan: Plan = serde_json::from_value(request.params.clone()).map_err(|e| e.to_string())?;
    let judge = Judge { plan: &plan, done };
    if let Some(failure) = judge.compiled()? {
        return Ok(ruling(judge.metrics(&Report::default()), Some(failure), String::new()));
    }
    if plan.gpu {
        return gpu::judge(&judge);
    }
    let (natural, failure) = judge.emulation()?;
    Ok(ruling(judge.metrics(&natural), failure, tidy(judge.log("run_0"))))
}

/// A verdict; `log` is what a program printed that is right.
pub(super) fn ruling(mut metrics: Map<String, Value>, failure: Option<Failure>, log: String) -> Ruling {
    let Some(failure) = failure else {
        return Ruling {
            verdict: VerdictKind::Pass,
            reason: None,
            metrics: metrics.into(),
            log,
        };
    };
    if let Value::Object(detail) = failure.detail {
        metrics.extend(detail);
    }
    Ruling {
        verdict: VerdictKind::Fail,
        reason: Some(failure.reason),
        metrics: metrics.into(),
        log: failure.log,
    }
}

pub(super) struct Judge<'a> {
    pub plan: &'a Plan,
    pub done: &'a Completion,
}

impl Judge<'_> {
    pub(super) fn step(&self, name: &str) -> Option<&StepResult> {
        let mut steps = self.done.steps.iter();
        steps.find(|s| s.name == name && s.status != Status::NotRun)
    }

    pub(super) fn log(&self, name: &str) -> &[u8] {
        self.step(name).map_or(&[], |s| &s.log)
    }

    /// Whether nvcc takes the files as they are.
    fn compiled(&self) -> Stage {
        for name in ["harness", "compile", "more_archs", "link"] {
            let Some(step) = self.step(name) else { continue };
            let log = tidy(&step.log);
            match step.status {
                Status::Exit(0) | Status::NotRun => {}
                Status::Exit(125..=127) => return Err(format!("the image lacks a tool, or has no room: {log}").into()),
                Status::Exit(_) | Status::Signal(_) => return self.refused(name, &log),
                Status::Killed => {
                    let reason = ended_reason(self.done)?;
                    let log = format!("the compiler was ended by a limit: {:?}", self.done.ended);
                    return Ok(failure(reason, json!({"step": name}), log));
                }
            }
        }
        match self.step("link") {
            Some(_) => Ok(None),
            None => Err("the completion lacks its link step".to_string().into()),
        }
    }

    /// A compiler's refusal: the candidate's fault, unless it is about what the task itself brings.
    fn refused(&self, step: &str, log: &str) -> Stage {
        let errors: Vec<&str> = log
            .lines()
            .filter(|l| l.contains("error") || l.contains("undefined reference") || l.contains("cannot find"))
            .collect();
        let first = errors.first().copied().unwrap_or_default();
        if let Some(absent) = errors.iter().find_map(|line| absent(line)) {
            return Err(format!("what the program needs is not in the image: {absent}: {first}").into());
        }
        // What does not include the candidate cannot be broken by it.
        if step == "harness" && !self.plan.included {
            return Err(format!("the task's own files do not compile: {first}").into());
        }
        let messages: Vec<&str> = errors.into_iter().take(MESSAGES).collect();
        let detail = json!({"step": step, "messages": messages});
        Ok(failure(FailReason::CompileError, detail, log.to_string()))
    }

    /// The program emulated, in all orders: what the natural one reports, and the first failure.
    pub(super) fn emulation(&self) -> Result<(Report, Option<Failure>), Unable> {
        self.emulated()?;
        let mut natural = Report::default();
        for n in 0..self.plan.check.orders {
            let report = self.report("", n);
            let failure = match self.replaced("", n) {
                Some(cheat) => Some(cheat),
                None => self.run(n, &report)?,
            };
            if n == 0 {
                natural = report;
            }
            if failure.is_some() {
                return Ok((natural, failure));
            }
        }
        Ok((natural, None))
    }

    /// What a run left.
    pub(super) fn report(&self, prefix: &str, n: u32) -> Report {
        let log = self.log(&format!("{prefix}report_{n}"));
        Report::read(log, &token_of(&self.plan.token, &format!("{prefix}run_{n}")))
    }

    /// Whether what runs is no longer what was built.
    pub(super) fn replaced(&self, prefix: &str, n: u32) -> Option<Failure> {
        let first = if self.plan.emulated {
            "programs_0"
        } else {
            "gpu_programs_0"
        };
        if self.log(first) == self.log(&format!("{prefix}programs_{n}")) {
            return None;
        }
        let why = "a run of the program replaced the program";
        failure(FailReason::HarnessTampered, json!({"why": why}), why.to_string())
    }

    /// What the emulation's own compiler says is ours: nvcc took the program.
    fn emulated(&self) -> Result<(), Unable> {
        let lacks = || "the completion lacks its emulate step".to_string();
        let step = self.step("emulate").ok_or_else(lacks)?;
        let log = tidy(&step.log);
        match step.status {
            Status::Exit(0) => Ok(()),
            Status::Exit(UNSUPPORTED) => {
                let names: Vec<&str> = log.lines().filter_map(|l| l.strip_prefix("unsupported: ")).collect();
                Err(cannot(&names.join("; ")))
            }
            Status::Killed => Err(Unable::Cannot(format!(
                "building the emulated program was ended by {:?}",
                self.done.ended
            ))),
            _ => {
                let first = log
                    .lines()
                    .find(|l| l.contains("error") || l.contains("undefined reference"));
                Err(Unable::Cannot(format!(
                    "the emulation does not build what nvcc takes: {}",
                    first.unwrap_or(&log)
                )))
            }
        }
    }

    /// One order of threads: how the program ended, what the checker found, what it printed, and who did the work.
    fn run(&self, n: u32, report: &Report) -> Stage {
        let name = format!("run_{n}");
        let step = self
            .step(&name)
            .ok_or_else(|| format!("the completion lacks step `{name}`"))?;
        let others = n > 0;
        let said = || {
            let both = [self.log(&name), self.log(&format!("stderr_{n}"))].concat();
            tidy(&both)
        };
        if step.status == Status::Exit(125) {
            return Err(format!("the run could not be prepared: {}", said()).into());
        }
        if let Some(found) = self.findings(report)? {
            return Ok(Some(found));
        }
        if let Some(what) = &report.unsupported {
            return Err(cannot(what));
        }
        match step.status {
            Status::Exit(UNSUPPORTED_AT_RUN) => return Err(cannot("a call of the runtime")),
            Status::Killed => return self.ended(n, said()),
            _ => {}
        }
        let reason = match step.status {
            Status::Exit(0) => None,
            // what `abort`, a failed assertion and a bad access come to
            Status::Signal(_) => Some(FailReason::Crash),
            _ => Some(FailReason::WrongAnswer),
        };
        if let Some(reason) = reason {
            let refused = report.number("launch_errors").unwrap_or(0);
            let reason = match reason {
                // the program may have noticed: what is wrong is the launch all the same
                FailReason::WrongAnswer if refused > 0 => FailReason::LaunchError,
                _ if others => FailReason::OrderDependent,
                _ => reason,
            };
            let detail = json!({"order": n, "status": format!("{:?}", step.status), "launch_errors": refused});
            return Ok(failure(reason, detail, said()));
        }
        // One that was cut off tells what was found until then, and no more.
        let proper = |end: &&Map<String, Value>| end.get("how").and_then(Value::as_str) == Some("exit");
        let Some(end) = report.end.as_ref().filter(proper) else {
            let why = "the program exits 0 without coming to its end";
            return Ok(failure(
                FailReason::HarnessTampered,
                json!({"why": why}),
                format!("{why}\n{}", said()),
            ));
        };
        if let Some(wrong) = self.printed(&name, others) {
            return Ok(Some(wrong));
        }
        Ok(self.worked(report, end))
    }

    /// A limit in a run. Emulated, a program takes far longer than on a GPU: only what the task allows itself counts.
    fn ended(&self, n: u32, said: String) -> Stage {
        let reason = ended_reason(self.done)?;
        if !self.limit_counts(reason) {
            return Err(Unable::Cannot(format!(
                "emulated, it did not come to an end within the sandbox's limits ({:?}): set `limits` in the task to judge it by them",
                self.done.ended
            )));
        }
        Ok(failure(reason, json!({"order": n}), said))
    }

    /// Whether a limit is the task's own, and not the sandbox's.
    pub(super) fn limit_counts(&self, reason: FailReason) -> bool {
        match reason {
            FailReason::Timeout => self.plan.own_time,
            FailReason::OutOfMemory => self.plan.own_memory,
            _ => true,
        }
    }

    /// What the checker found; in the task's own files alone, it is the task that is wrong.
    fn findings(&self, report: &Report) -> Stage {
        if !self.plan.check.sanitize {
            return Ok(None);
        }
        let ours = |f: &&Finding| {
            let named: Vec<&str> = f.files().collect();
            named.is_empty() || named.iter().any(|file| !self.is_of_harness(file))
        };
        let Some(first) = report.findings.iter().find(ours) else {
            return match report.findings.first() {
                Some(finding) => Err(format!("the task's own files are wrong: {}", finding.text()).into()),
                None => Ok(None),
            };
        };
        let kept: Vec<&Finding> = report.findings.iter().filter(ours).take(FINDINGS).collect();
        let log: Vec<String> = kept.iter().map(|f| f.text()).collect();
        let detail = json!({"findings": kept});
        Ok(failure(first.reason(), detail, log.join("\n")))
    }

    fn is_of_harness(&self, file: &str) -> bool {
        self.plan
            .harness
            .iter()
            .any(|path| file == path || file.ends_with(&format!("/{path}")))
    }

    pub(super) fn printed(&self, run: &str, others: bool) -> Option<Failure> {
        let expected = output::normal(self.plan.check.stdout.as_ref()?.as_bytes());
        let got = output::normal(self.log(run));
        if expected == got {
            return None;
        }
        let reason = if others {
            FailReason::OrderDependent
        } else {
            FailReason::WrongAnswer
        };
        let detail = json!({"mismatch": output::difference(&expected, &got)});
        failure(reason, detail, tidy(self.log(run)))
    }

    /// Right numbers prove nothing of a kernel that did not make them. A program that is a candidate as a whole may do as it
    /// likes.
    fn worked(&self, report: &Report, end: &Map<String, Value>) -> Option<Failure> {
        if !self.plan.called {
            return None;
        }
        let cheat = |why: String| failure(FailReason::HarnessTampered, json!({"why": why}), why.clone());
        let left = end.get("exit_file").and_then(Value::as_str);
        if let Some(file) = left.filter(|file| !self.is_of_harness(file)) {
            return cheat(format!("the candidate ends the program itself: exit in {file}"));
        }
        if report.number("launches") == Some(0) {
            return cheat("no kernel ran: what is right was computed on the host".into());
        }
        if !self.plan.check.sanitize {
            return None; // who wrote what is not known
        }
        let came_back = end.get("copied_back_bytes").and_then(Value::as_object)?;
        let bytes: u64 = came_back.values().filter_map(Value::as_u64).sum();
        if bytes > 0 && came_back.get("kernel").and_then(Value::as_u64) == Some(0) {
            return cheat(format!(
                "no kernel wrote any of the {bytes} bytes that came back from the device"
            ));
        }
        None
    }

    pub(super) fn metrics(&self, report: &Report) -> Map<String, Value> {
        let mut metrics = Map::new();
        metrics.insert("engine".into(), "emulated".into());
        if !report.notes.is_empty() {
            let notes: Vec<String> = report.notes.iter().take(FINDINGS).map(Finding::text).collect();
            metrics.insert("notes".into(), json!(notes));
        }
        let logs = ["harness", "compile", "more_archs"].map(|s| String::from_utf8_lossy(self.log(s)).into_owned());
        let warnings = logs
            .iter()
            .flat_map(|l| l.lines())
            .filter(|l| l.contains(" warning"))
            .count();
        metrics.insert("warnings".into(), warnings.into());
        let mut archs: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for ((arch, kernel), takes) in logs.iter().flat_map(|log| resources::read(log)) {
            let mut about = takes.json();
            if let Some((threads, dynamic)) = launched(report, &kernel) {
                about["threads"] = threads.into();
                if let Some((share, limit)) = resources::occupancy(&arch, &takes, threads, dynamic) {
                    about["occupancy"] = json!({"share": share, "limited_by": limit});
                }
            }
            archs.entry(arch).or_default().insert(kernel, about);
        }
        metrics.insert("compiled".into(), json!(archs));
        if !report.kernels.is_empty() {
            metrics.insert("kernels".into(), json!(report.kernels));
        }
        if let Some(end) = &report.end {
            metrics.insert("run".into(), json!(end));
        }
        metrics
    }
}

/// A log without the paths of the job.
pub(super) fn tidy(log: &[u8]) -> String {
    output::tidy(log, &["/job/in/task/", "/job/build/"])
}

/// Threads of a block and dynamic shared memory, bytes, of the largest launch of a kernel, by its mangled name; `None` where
/// several kernels share its plain name.
fn launched(report: &Report, mangled: &str) -> Option<(u32, u32)> {
    let plain = |kernel: &Map<String, Value>| {
        let name = kernel.get("kernel")?.as_str()?;
        let name = &name[..name.find(['(', '<']).unwrap_or(name.len())];
        Some(name.rsplit([':', ' ']).next()?.to_string())
    };
    let is_it = |name: &String| mangled.contains(&format!("{}{name}", name.len()));
    let mut of_this_name = report
        .kernels
        .iter()
        .filter(|k| plain(k).is_some_and(|name| is_it(&name)));
    let (kernel, others) = (of_this_name.next()?, of_this_name.next());
    let number = |name: &str| kernel.get(name).and_then(Value::as_u64).map(|n| n as u32);
    others.is_none().then_some(())?;
    Some((number("max_block_threads")?, number("max_dynamic_shared").unwrap_or(0)))
}

#[cfg(test)]
#[path = "judge_tests.rs"]
pub(super) mod tests;
