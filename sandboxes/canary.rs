//! Jobs whose outcome is known beforehand, to be run around real ones: if one of them comes out otherwise, the sandbox
//! is broken, and what it said of others is worth nothing.

use crate::job::{Completion, Job, JobFile, Limits, Status, Step, When};

/// What a canary does where all is well.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// Every step exits 0, and the last step's log holds this line.
    Passes(&'static str),
    /// The named step ends with anything but `Exit(0)`.
    FailsAt(&'static str),
    /// Every step exits 0, and the last step's log holds no verdict line (`CANARY …`) at all.
    Silent,
}

/// A job whose outcome is known.
#[derive(Clone, Debug)]
pub struct Canary {
    pub name: &'static str,
    pub job: Job,
    pub expect: Expect,
    /// It takes seconds: asked now and then, not around every run of jobs.
    pub dear: bool,
}

impl Canary {
    /// A job of files (path, text) and steps (name, argv) under the usual limits.
    pub fn new(
        name: &'static str,
        sandbox: &str,
        files: &[(&str, &str)],
        steps: &[(&str, &[&str])],
        expect: Expect,
    ) -> Canary {
        let file = |(path, content): &(&str, &str)| JobFile {
            path: path.to_string(),
            content: content.to_string(),
        };
        let step = |(name, argv): &(&str, &[&str])| Step {
            name: name.to_string(),
            argv: argv.iter().map(|arg| arg.to_string()).collect(),
            when: When::Ok,
        };
        let job = Job {
            sandbox: sandbox.to_string(),
            files: files.iter().map(file).collect(),
            steps: steps.iter().map(step).collect(),
            limits: Limits::default(),
        };
        Canary {
            name,
            job,
            expect,
            dear: false,
        }
    }

    /// The same canary, said to be dear.
    pub fn dear(self) -> Canary {
        Canary { dear: true, ..self }
    }

    /// Checks what came of it. The error says what was expected and what was seen.
    pub fn check(&self, completion: &Completion) -> Result<(), String> {
        let last = completion.steps.last();
        let log = last
            .map(|step| String::from_utf8_lossy(&step.log).into_owned())
            .unwrap_or_default();
        let clean = completion.ended.is_none() && completion.steps.iter().all(|step| step.status == Status::Exit(0));
        let right = match self.expect {
            Expect::Passes(line) => clean && log.lines().any(|found| found.trim() == line),
            Expect::Silent => clean && !log.contains("CANARY"),
            Expect::FailsAt(step) => {
                let found = completion.steps.iter().find(|result| result.name == step);
                completion.ended.is_none()
                    && found.is_some_and(|result| match result.status {
                        Status::Exit(code) => code != 0,
                        Status::Signal(_) => true,
                        Status::Killed | Status::NotRun => false,
                    })
            }
        };
        if right {
            return Ok(());
        }
        let seen: Vec<String> = completion
            .steps
            .iter()
            .map(|s| format!("{} {:?}", s.name, s.status))
            .collect();
        Err(format!(
            "canary {}: expected {:?}, saw {} and {log:?}",
            self.name,
            self.expect,
            seen.join(", ")
        ))
    }
}
