//! Programs that attack the sandbox, and whether a runtime held. Every runtime must hold against all of them.
//!
//! An attack is one small file, whose first comment says what it tries, and one line in the table of its folder, which
//! says what must come of it: `limits/` wants more than its share, `kernel/` knocks at doors of the kernel, `files/`
//! reads and writes what is not its own, `processes/` outlives or deceives its supervisor, `tools/` goes through a
//! compiler or interpreter. An attack prints `ESCAPED: …` where it gets somewhere and `held` where it got nowhere.
//!
//! Beside each attack a neighbour runs on another slot, and after it the same neighbour on the attacked slot: both must
//! give the answer that they gave before ([`neighbour`]). Nothing of the attack may be left on the machine ([`traces`]).

mod files;
mod kernel;
mod limits;
mod neighbour;
mod outcome;
mod processes;
mod tools;
pub(crate) mod traces;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use serde::Serialize;

use crate::error::SandboxError;
use crate::images;
use crate::job::{Completion, Ended, Job, JobFile, Limits, Step, When};
use crate::runtime::Runtime;
use neighbour::Quiet;
use outcome::Expect;
use traces::Traces;

/// Rest between two runs of the neighbour while an attack goes on.
const NEIGHBOUR_PAUSE: Duration = Duration::from_millis(100);

/// What became of one attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Contained, told apart rightly, nothing left, and nobody else disturbed.
    Held,
    /// Some of that is not so.
    NotContained,
    /// Its image is not there, so nothing is known.
    NotRun,
}

/// How one attack went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostileResult {
    pub name: &'static str,
    /// The image that it ran on.
    pub sandbox: &'static str,
    /// What it tries, for people.
    pub tries: String,
    pub outcome: Outcome,
    /// What was seen, or why it did not run, for people.
    pub detail: String,
}

/// One hostile job, and what must come of it.
pub(crate) struct Attack {
    name: &'static str,
    program: Program,
    limits: Limits,
    expect: Expect,
}

/// What attacks.
#[derive(Clone, Copy)]
enum Program {
    Shell(&'static str),
    /// May `require "./in/door.pl"`, which makes system calls.
    Perl(&'static str),
    Verilog(&'static str),
    Yosys(&'static str),
    C(&'static str),
    Assembly(&'static str),
    Python(&'static str),
}

/// Names of all attacks and of the images that they run on.
pub fn names() -> Vec<(&'static str, &'static str)> {
    let named = |attack: Attack| (attack.name, attack.program.sandbox());
    attacks().into_iter().map(named).collect()
}

/// Runs every attack, one after the other. The runtime needs at least two slots, one of them for the neighbour, and the
/// process should do nothing else meanwhile: its descriptors, children and mounts are counted.
pub async fn run(runtime: &dyn Runtime) -> Vec<HostileResult> {
    run_chosen(runtime, &|_| true, &mut |_| {}).await
}

/// The same for the attacks whose name is chosen. Each result is told as soon as it is there.
pub async fn run_chosen(
    runtime: &dyn Runtime,
    chosen: &(dyn Fn(&str) -> bool + Sync),
    tell: &mut (dyn FnMut(&HostileResult) + Send),
) -> Vec<HostileResult> {
    let mut quiet: BTreeMap<&str, Result<Quiet, SandboxError>> = BTreeMap::new();
    let mut results = Vec::new();
    for attack in attacks().into_iter().filter(|attack| chosen(attack.name)) {
        let sandbox = attack.program.sandbox();
        if !quiet.contains_key(sandbox) {
            quiet.insert(sandbox, Quiet::measure(runtime, sandbox).await);
        }
        let (outcome, detail) = match &quiet[sandbox] {
            Ok(quiet) => match attack.run(runtime, quiet).await {
                Ok(detail) => (Outcome::Held, detail),
                Err(detail) => (Outcome::NotContained, detail),
            },
            Err(error) => not_run(error),
        };
        let result = attack.result(outcome, detail);
        tell(&result);
        results.push(result);
    }
    for sandbox in quiet
        .into_iter()
        .filter_map(|(name, quiet)| quiet.is_ok().then_some(name))
    {
        if let Some(result) = image_is_whole(runtime, sandbox) {
            tell(&result);
            results.push(result);
        }
    }
    results
}

fn attacks() -> Vec<Attack> {
    [
        limits::attacks(),
        kernel::attacks(),
        files::attacks(),
        processes::attacks(),
        tools::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Without an image nothing is known; anything else is a fault, and a fault proves nothing.
fn not_run(error: &SandboxError) -> (Outcome, String) {
    match error {
        SandboxError::ImageMissing { .. } | SandboxError::UnknownSandbox { .. } => (Outcome::NotRun, error.to_string()),
        _ => (Outcome::NotContained, format!("our fault: {error}")),
    }
}

/// Whether all attacks together left the image as its id says. `None` where the runtime keeps it elsewhere.
fn image_is_whole(runtime: &dyn Runtime, sandbox: &'static str) -> Option<HostileResult> {
    let image = runtime.image(sandbox).ok().filter(|image| image.rootfs.is_dir())?;
    let (outcome, detail) = match images::verify(&image) {
        Ok(()) => (Outcome::Held, format!("its tree still hashes to {}", &image.id[..12])),
        Err(error) => (Outcome::NotContained, error.to_string()),
    };
    Some(HostileResult {
        name: "image",
        sandbox,
        tries: "All of them together, to change the image.".to_string(),
        outcome,
        detail,
    })
}

impl Attack {
    fn new(name: &'static str, program: Program, expect: Expect) -> Attack {
        Attack {
            name,
            program,
            limits: Limits::default(),
            expect,
        }
    }

    /// It is ended by this limit.
    fn ends(name: &'static str, program: Program, limit: Ended) -> Attack {
        Attack::new(name, program, Expect::Ended(limit))
    }

    /// It ends by itself, and says that it achieved nothing.
    fn held(name: &'static str, program: Program) -> Attack {
        Attack::new(name, program, Expect::Held)
    }

    /// Under other limits than the usual ones.
    fn under(mut self, change: fn(&mut Limits)) -> Attack {
        change(&mut self.limits);
        self
    }

    fn result(&self, outcome: Outcome, detail: String) -> HostileResult {
        HostileResult {
            name: self.name,
            sandbox: self.program.sandbox(),
            tries: self.program.tries(),
            outcome,
            detail,
        }
    }

    /// Runs it beside a neighbour. `Ok` says what was seen of an attack that was contained, `Err` why it was not.
    async fn run(&self, runtime: &dyn Runtime, quiet: &Quiet) -> Result<String, String> {
        let before = Traces::now();
        let (completion, disturbed) = self.beside_neighbour(runtime, quiet).await;
        let completion = completion.map_err(|error| format!("our fault: {error}"))?;
        let mut wrong: Vec<String> = outcome::judge(self, &completion).err().into_iter().collect();
        if outcome::logs(&completion).any(|log| log.contains(neighbour::SECRET)) {
            wrong.push("it read another job's file".to_string());
        }
        wrong.extend(disturbed);
        let next = quiet.check(runtime.run_on(completion.slot, quiet.job()).await);
        wrong.extend(next.err().map(|why| format!("the next job on its slot: {why}")));
        wrong.extend(before.left(runtime, completion.slot).await);
        let seen = outcome::summary(&completion);
        if wrong.is_empty() {
            return Ok(seen);
        }
        Err(format!("{}; {seen}", wrong.join("; ")))
    }

    /// The attack's end, and what happened to the neighbours that ran meanwhile.
    async fn beside_neighbour(
        &self,
        runtime: &dyn Runtime,
        quiet: &Quiet,
    ) -> (Result<Completion, SandboxError>, Vec<String>) {
        let job = self.job();
        let mut attack = pin!(runtime.run(&job));
        let mut ended: Option<Result<Completion, SandboxError>> = None;
        let mut disturbed = Vec::new();
        let mut slots = Vec::new();
        loop {
            let mut neighbour = pin!(runtime.run(quiet.job()));
            let seen = loop {
                tokio::select! {
                    biased;
                    done = &mut attack, if ended.is_none() => ended = Some(done),
                    done = &mut neighbour => break done,
                }
            };
            slots.extend(seen.as_ref().ok().map(|completion| completion.slot));
            let checked = quiet.check(seen);
            disturbed.extend(checked.err().map(|why| format!("the neighbour: {why}")));
            if ended.is_none() {
                tokio::select! {
                    done = &mut attack => ended = Some(done),
                    () = tokio::time::sleep(NEIGHBOUR_PAUSE) => {}
                }
            }
            let Some(end) = ended.take() else { continue };
            if end.as_ref().is_ok_and(|completion| slots.contains(&completion.slot)) {
                disturbed.push("it had no neighbour: the runtime needs two slots".to_string());
            }
            disturbed.dedup();
            return (end, disturbed);
        }
    }

    fn job(&self) -> Job {
        let file = |path: &str, content: &str| JobFile {
            path: path.to_string(),
            content: content.to_string(),
        };
        let mut files = vec![file("program", self.program.text()), file("input.txt", "original\n")];
        if let Program::Perl(_) = self.program {
            files.push(file("door.pl", include_str!("kernel/door.pl")));
        }
        let mut steps = self.program.steps();
        steps.push(step("later", &["sh", "-c", self.expect.later()], When::Always));
        Job {
            sandbox: self.program.sandbox().to_string(),
            files,
            steps,
            limits: self.limits.clone(),
        }
    }
}

fn step(name: &str, argv: &[&str], when: When) -> Step {
    Step {
        name: name.to_string(),
        argv: argv.iter().map(|arg| arg.to_string()).collect(),
        when,
    }
}

impl Program {
    fn text(self) -> &'static str {
        match self {
            Program::Shell(text)
            | Program::Perl(text)
            | Program::Verilog(text)
            | Program::Yosys(text)
            | Program::C(text)
            | Program::Assembly(text)
            | Program::Python(text) => text,
        }
    }

    /// The image that has its interpreter.
    fn sandbox(self) -> &'static str {
        match self {
            Program::Shell(_) | Program::Perl(_) | Program::Verilog(_) | Program::Yosys(_) => "verilog",
            Program::C(_) | Program::Assembly(_) => "x86_64",
            Program::Python(_) => "cadquery",
        }
    }

    /// The first sentence of the comment at its top.
    fn tries(self) -> String {
        let comment = self.text().lines().map_while(|line| {
            let text = line.strip_prefix('#').or_else(|| line.strip_prefix("//"))?;
            Some(text.trim())
        });
        let comment = comment.collect::<Vec<_>>().join(" ");
        let end = comment.find(". ").map_or(comment.len(), |at| at + 1);
        comment[..end].to_string()
    }

    /// The step `attack`, and before it what makes its program.
    fn steps(self) -> Vec<Step> {
        let make = |argv: &[&str]| step("compile", argv, When::Ok);
        let attack = |argv: &[&str]| step("attack", argv, When::Ok);
        match self {
            Program::Shell(_) => vec![attack(&["sh", "in/program"])],
            Program::Perl(_) => vec![attack(&["perl", "in/program"])],
            Program::Python(_) => vec![attack(&["python3", "in/program"])],
            Program::Yosys(_) => vec![attack(&["yosys", "-s", "in/program"])],
            Program::Verilog(_) => vec![
                make(&["iverilog", "-g2012", "-o", "attack.vvp", "in/program"]),
                attack(&["vvp", "-n", "attack.vvp"]),
            ],
            Program::C(_) => vec![
                make(&["gcc", "-O1", "-pthread", "-x", "c", "in/program", "-o", "attack"]),
                attack(&["./attack"]),
            ],
            Program::Assembly(_) => vec![
                make(&["gcc", "-c", "-x", "assembler", "in/program", "-o", "attack.o"]),
                attack(&["sh", "-c", "cat attack.o; echo; echo held"]),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attack_is_named_once_and_says_what_it_tries() {
        let mut seen = std::collections::BTreeSet::new();
        for attack in attacks() {
            assert!(seen.insert(attack.name), "`{}` is there twice", attack.name);
            let tries = attack.program.tries();
            assert!(tries.len() > 10 && tries.ends_with('.'), "{}: {tries:?}", attack.name);
            attack.job().validate().unwrap();
        }
        assert!(seen.len() >= 50, "{} attacks", seen.len());
    }

    #[test]
    fn an_image_that_is_missing_proves_nothing() {
        let missing = crate::images::load("verilog", std::path::Path::new("/nonexistent")).unwrap_err();
        assert_eq!(not_run(&missing).0, Outcome::NotRun);
        let broken = SandboxError::Spawn("it is broken".to_string());
        assert_eq!(not_run(&broken).0, Outcome::NotContained);
    }
}
