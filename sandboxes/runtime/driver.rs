//! The program that runs a job's steps: process 1 of the sandbox, which the steps cannot signal.
//!
//! It is a shell script read from standard input. Its standard output carries its reports, which no step inherits;
//! descriptor 3 + n is the log of step n, which only step n inherits. After each step everything else in the sandbox is
//! killed, so a step leaves nothing behind but files.
//!
//! A script for which there is a preloaded interpreter is run by a child of that ([`super::preload`]), and a step that a warm
//! server does, by that ([`super::serve`]); the driver then only asks for it, over the descriptor after the last log, and
//! waits.

use super::preload::is_script;
use super::serve::is_served;
use crate::job::{Job, Status, Step, When};

/// Where the driver reports.
pub(crate) const REPORT_FD: usize = 1;
/// Where the first step's log goes.
pub(crate) const FIRST_LOG_FD: usize = 3;

/// What the driver holds after the logs. No step inherits it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beyond {
    Nothing,
    /// The line to a preloaded interpreter, which is asked to run steps that are Python scripts.
    Preloaded,
    /// The line to a warm server, which is asked to run the steps that are its.
    Served,
    /// A descriptor of the runtime's own.
    Other,
}

/// dash knows descriptors of one digit only; bash takes the same script with more of them, and starts more slowly.
pub(crate) fn shell(descriptors: usize) -> &'static str {
    if descriptors <= 10 { "/bin/dash" } else { "/bin/bash" }
}

/// The script that runs `job`'s steps.
pub(crate) fn script(job: &Job, beyond: Beyond) -> String {
    let mut script = "echo ready\nok=1\n".to_string();
    for (index, step) in job.steps.iter().enumerate() {
        let fd = FIRST_LOG_FD + index;
        let run = match beyond {
            Beyond::Preloaded if is_script(step) => request(index, job.steps.len(), &[], "preloaded interpreter"),
            Beyond::Served if is_served(step) => request(index, job.steps.len(), &step.argv[2..], "warm server"),
            _ => command(step, index, descriptors(job, beyond)),
        };
        script.push_str(&format!(
            "if {condition}; then\necho begin {index}\n{run}\n\
             echo end {index} $s{index}\n[ $s{index} = 0 ] || ok=0\nkill -9 -1 2>/dev/null\nfi\n\
             exec {fd}>&-\n",
            condition = condition(job, step),
        ));
    }
    script.push_str("exit 0\n");
    script
}

/// How many descriptors the driver holds.
pub(crate) fn descriptors(job: &Job, beyond: Beyond) -> usize {
    FIRST_LOG_FD + job.steps.len() + usize::from(beyond != Beyond::Nothing)
}

/// A subshell that execs, so that no word of a step is ever taken for a shell builtin.
fn command(step: &Step, index: usize, descriptors: usize) -> String {
    let fd = FIRST_LOG_FD + index;
    let argv: Vec<String> = step.argv.iter().map(|arg| quote(arg)).collect();
    // Logs of earlier steps are closed already; standard output, the report, is replaced.
    let closed: Vec<String> = (fd..descriptors).map(|n| format!("{n}>&-")).collect();
    format!(
        "(exec {}) </dev/null >&{fd} 2>&1 {}\ns{index}=$?",
        argv.join(" "),
        closed.join(" ")
    )
}

/// Asks for step `index` to be run, hands over files (how many bytes, a line, and they; -1 where there is no such file),
/// and waits for its status. Without one the fault is ours, and there is no verdict.
fn request(index: usize, steps: usize, files: &[String], whom: &str) -> String {
    let fd = FIRST_LOG_FD + steps;
    let mut script = format!("echo {index} >&{fd}\n");
    for file in files.iter().map(|file| quote(file)) {
        let send = format!("wc -c <{file} >&{fd}; cat {file} >&{fd}");
        script.push_str(&format!("if [ -f {file} ]; then {send}; else echo -1 >&{fd}; fi\n"));
    }
    script
        + &format!(
            "read -r s{index} why <&{fd} || s{index}=fault\n\
         if [ $s{index} = fault ]; then echo \"{whom}: ${{why:-gone}}\" >&2; exit 1; fi"
        )
}

fn condition(job: &Job, step: &Step) -> String {
    match &step.when {
        When::Ok => "[ $ok = 1 ]".to_string(),
        When::Always => "true".to_string(),
        When::Failed(name) => match job.steps.iter().position(|other| other.name == *name) {
            Some(index) => format!("[ \"${{s{index}:-0}}\" != 0 ]"),
            None => "false".to_string(),
        },
    }
}

fn quote(arg: &str) -> String {
    format!("'{}'", arg.replace('\'', r"'\''"))
}

/// What the driver reported.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Report {
    /// The driver was reached: from here on, what goes wrong is the job's doing.
    pub ready: bool,
    /// One per step.
    pub statuses: Vec<Status>,
}

impl Report {
    /// Reads what came from the driver. A step that began and did not end was killed.
    pub fn parse(text: &[u8], steps: usize) -> Report {
        let mut report = Report {
            ready: false,
            statuses: vec![Status::NotRun; steps],
        };
        for line in String::from_utf8_lossy(text).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["ready"] => report.ready = true,
                ["begin", index] => report.set(index, Status::Killed),
                ["end", index, code] => {
                    if let Ok(code) = code.parse() {
                        report.set(index, status(code));
                    }
                }
                _ => {}
            }
        }
        report
    }

    /// The step that has begun and not ended, or else the last one that ran.
    pub fn current(&self) -> Option<usize> {
        self.statuses.iter().rposition(|status| *status != Status::NotRun)
    }

    /// A limit ended the job in `step`: that is `Killed`, and nothing ran after it. What the driver saw of its last moments
    /// must not matter: where memory runs out, the kernel ends the largest process alone (cgroup v1), and until the
    /// supervisor looks, the driver takes its step for one that failed and goes on.
    pub fn cut_short(&mut self, step: Option<usize>) {
        let Some(last) = step.or(self.current()) else {
            return;
        };
        self.statuses[last] = Status::Killed;
        self.statuses[last + 1..].fill(Status::NotRun);
    }

    fn set(&mut self, index: &str, status: Status) {
        if let Some(slot) = index
            .parse::<usize>()
            .ok()
            .and_then(|index| self.statuses.get_mut(index))
        {
            *slot = status;
        }
    }
}

/// The step of a line of the report that says it failed.
pub(crate) fn failed(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?;
    let (step, code) = line.strip_prefix("end ")?.split_once(' ')?;
    step.parse().ok().filter(|_| code != "0")
}

/// A shell's `$?`: above 128 it names a signal.
fn status(code: i32) -> Status {
    if (129..=192).contains(&code) {
        Status::Signal(code - 128)
    } else {
        Status::Exit(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Limits;

    fn step(name: &str, argv: &[&str], when: When) -> Step {
        Step {
            name: name.into(),
            argv: argv.iter().map(|arg| arg.to_string()).collect(),
            when,
        }
    }

    #[test]
    fn script_quotes_and_closes() {
        let steps = vec![
            step("a", &["echo", "it's $HOME"], When::Ok),
            step("b", &["exit", "0"], When::Failed("a".into())),
        ];
        let job = Job {
            sandbox: "s".into(),
            files: vec![],
            steps,
            limits: Limits::default(),
        };
        let script = script(&job, Beyond::Nothing);
        assert!(
            script.contains(r"(exec 'echo' 'it'\''s $HOME') </dev/null >&3 2>&1 3>&- 4>&-"),
            "{script}"
        );
        assert!(
            script.contains(r"(exec 'exit' '0') </dev/null >&4 2>&1 4>&-"),
            "{script}"
        );
        assert!(script.contains("\"${s0:-0}\" != 0"), "{script}");
    }

    #[test]
    fn a_script_is_asked_for() {
        let steps = vec![
            step("script", &["python3", "in/it's.py", "1"], When::Ok),
            step("other", &["python3", "-c", "1"], When::Ok),
        ];
        let job = Job {
            sandbox: "s".into(),
            files: vec![],
            steps,
            limits: Limits::default(),
        };
        let text = script(&job, Beyond::Preloaded);
        assert!(text.contains("echo 0 >&5\nread -r s0 why <&5 || s0=fault"), "{text}");
        assert!(!text.contains("it's.py"), "{text}");
        assert!(
            text.contains("(exec 'python3' '-c' '1') </dev/null >&4 2>&1 4>&- 5>&-\ns1=$?"),
            "{text}"
        );
        assert!(!script(&job, Beyond::Other).contains(">&5\n"));
    }

    #[test]
    fn a_limit_ends_the_step_it_was_passed_in_and_all_after_it() {
        use Status::{Exit, Killed, NotRun, Signal};
        let cut = |step, statuses: &[Status]| {
            let statuses = statuses.to_vec();
            let mut report = Report { ready: true, statuses };
            report.cut_short(step);
            report.statuses
        };
        for seen in [
            [Exit(0), Killed, NotRun],
            [Exit(0), Signal(9), Killed],
            [Exit(0), Exit(1), Exit(0)],
        ] {
            assert_eq!(cut(Some(1), &seen), [Exit(0), Killed, NotRun], "{seen:?}");
        }
        assert_eq!(cut(None, &[Exit(1), Exit(0), NotRun]), [Exit(1), Killed, NotRun]);
        assert_eq!(cut(None, &[NotRun, NotRun]), [NotRun, NotRun]);
    }

    #[test]
    fn failures_are_told_by_step() {
        assert_eq!(failed(b"end 2 139"), Some(2));
        for line in [&b"end 2 0"[..], b"begin 2", b"end 2", b"ready", b"end x 1"] {
            assert_eq!(failed(line), None);
        }
    }

    #[test]
    fn report_tells_killed_from_not_run() {
        let report = Report::parse(
            b"ready\nbegin 0\nend 0 1\nbegin 1\nend 1 139\nbegin 2\nnoise\nend 9 0\nend x y\n",
            4,
        );
        assert!(report.ready);
        assert_eq!(
            report.statuses,
            [Status::Exit(1), Status::Signal(11), Status::Killed, Status::NotRun]
        );
    }

    #[test]
    fn shells_by_descriptors() {
        assert_eq!((shell(10), shell(11)), ("/bin/dash", "/bin/bash"));
    }
}
