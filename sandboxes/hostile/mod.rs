//! Programs that attack the sandbox, and whether a runtime held. Every runtime must hold against all of them.

use crate::job::{Completion, Ended, Job, JobFile, Limits, Status, Step, When};
use crate::runtime::Runtime;

/// A limit is noticed at the next look at the accounts, which on a busy machine may come late, milliseconds of CPU.
const CPU_SLACK_MS: u64 = 2_000;

/// One hostile job, and what must come of it.
struct Attack {
    name: &'static str,
    program: Program,
    limits: Limits,
    expect: Expect,
}

/// What attacks.
enum Program {
    Shell(&'static str),
    Perl(&'static str),
    Verilog(&'static str),
}

/// What a runtime that holds does with it.
enum Expect {
    /// It is ended by this limit.
    Ended(Ended),
    /// It ends by itself and says that it achieved nothing. The step after it runs untouched.
    Held,
    /// It ends by itself; the later step must fail as it does by nature.
    LaterStepStillFails,
    /// It ends by itself, and nothing of it lives when the later step runs.
    NothingLeft,
    /// It ends somehow, without an escape.
    NoEscape,
}

/// How one attack went.
#[derive(Clone, Debug, PartialEq)]
pub struct HostileResult {
    pub name: &'static str,
    /// The sandbox held.
    pub contained: bool,
    /// What was seen, for people.
    pub detail: String,
}

/// Runs every attack, one after the other, on the `verilog` image.
pub async fn run(runtime: &dyn Runtime) -> Vec<HostileResult> {
    let mut results = Vec::new();
    for attack in attacks() {
        let job = attack.job();
        let (contained, detail) = match runtime.run(&job).await {
            Ok(completion) => match judge(&attack, &completion) {
                Ok(()) => (true, summary(&completion)),
                Err(why) => (false, format!("{why}; {}", summary(&completion))),
            },
            Err(error) => (false, format!("our fault: {error}")),
        };
        results.push(HostileResult {
            name: attack.name,
            contained,
            detail,
        });
    }
    results
}

fn attacks() -> Vec<Attack> {
    use Expect::{Held, LaterStepStillFails, NoEscape, NothingLeft};
    use Program::{Perl, Shell, Verilog};
    let limits = Limits::default;
    let attack = |name, program, limits, expect| Attack {
        name,
        program,
        limits,
        expect,
    };
    vec![
        attack(
            "fork_bomb",
            Shell(include_str!("fork_bomb.sh")),
            limits(),
            Expect::Ended(Ended::Pids),
        ),
        attack(
            "memory_hog",
            Perl(include_str!("memory_hog.pl")),
            limits(),
            Expect::Ended(Ended::Memory),
        ),
        attack(
            "memory_in_many",
            Shell(include_str!("memory_in_many.sh")),
            limits(),
            Expect::Ended(Ended::Memory),
        ),
        attack(
            "cpu_in_many",
            Shell(include_str!("cpu_in_many.sh")),
            Limits {
                cpu_ms: 1_000,
                ..limits()
            },
            Expect::Ended(Ended::CpuTime),
        ),
        attack(
            "sleeper",
            Shell(include_str!("sleeper.sh")),
            Limits {
                wall_ms: 500,
                ..limits()
            },
            Expect::Ended(Ended::WallTime),
        ),
        attack(
            "stopped",
            Shell(include_str!("stopped.sh")),
            Limits {
                wall_ms: 500,
                ..limits()
            },
            Expect::Ended(Ended::WallTime),
        ),
        attack(
            "stdout_flood",
            Shell(include_str!("stdout_flood.sh")),
            limits(),
            Expect::Ended(Ended::Output),
        ),
        attack("disk_flood", Shell(include_str!("disk_flood.sh")), limits(), Held),
        attack("inode_flood", Perl(include_str!("inode_flood.pl")), limits(), Held),
        attack(
            "big_file",
            Shell(include_str!("big_file.sh")),
            Limits {
                file_bytes: 8 << 20,
                ..limits()
            },
            Held,
        ),
        attack("sockets", Perl(include_str!("sockets.pl")), limits(), Held),
        attack("namespaces", Perl(include_str!("namespaces.pl")), limits(), Held),
        attack("kernel_doors", Perl(include_str!("kernel_doors.pl")), limits(), Held),
        attack("host_files", Shell(include_str!("host_files.sh")), limits(), Held),
        attack("write_rootfs", Shell(include_str!("write_rootfs.sh")), limits(), Held),
        attack("signals", Shell(include_str!("signals.sh")), limits(), NoEscape),
        attack("daemon", Shell(include_str!("daemon.sh")), limits(), NothingLeft),
        attack(
            "forged_verdict",
            Perl(include_str!("forged_verdict.pl")),
            limits(),
            LaterStepStillFails,
        ),
        attack(
            "verilog_system",
            Verilog(include_str!("system_task.v")),
            limits(),
            NoEscape,
        ),
        attack("verilog_fopen", Verilog(include_str!("open_files.v")), limits(), Held),
        attack(
            "verilog_endless",
            Verilog(include_str!("endless.v")),
            Limits {
                cpu_ms: 500,
                ..limits()
            },
            Expect::Ended(Ended::CpuTime),
        ),
    ]
}

/// Fails unless no process but the driver, itself and its children is there, and no file grows.
const CHECK_NOTHING_LEFT: &str = "a=$(wc -c <forged); sleep 0.1; [ \"$a\" = \"$(wc -c <forged)\" ]";

impl Attack {
    fn job(&self) -> Job {
        let step = |name: &str, argv: &[&str], when| Step {
            name: name.to_string(),
            argv: argv.iter().map(|arg| arg.to_string()).collect(),
            when,
        };
        let file = |path: &str, content: &str| JobFile {
            path: path.to_string(),
            content: content.to_string(),
        };
        let (text, mut steps) = match self.program {
            Program::Shell(text) => (text, vec![step("attack", &["sh", "in/program"], When::Ok)]),
            Program::Perl(text) => (text, vec![step("attack", &["perl", "in/program"], When::Ok)]),
            Program::Verilog(text) => (text, vec![step("attack", &["vvp", "-n", "attack.vvp"], When::Ok)]),
        };
        if let Program::Verilog(_) = self.program {
            steps.insert(
                0,
                step(
                    "compile",
                    &["iverilog", "-g2012", "-o", "attack.vvp", "in/program"],
                    When::Ok,
                ),
            );
        }
        let later = match self.expect {
            Expect::LaterStepStillFails => "exit 1",
            Expect::NothingLeft => CHECK_NOTHING_LEFT,
            _ => "echo untouched",
        };
        steps.push(step("later", &["sh", "-c", later], When::Always));
        Job {
            sandbox: "verilog".to_string(),
            files: vec![file("program", text), file("input.txt", "original\n")],
            steps,
            limits: self.limits.clone(),
        }
    }
}

fn judge(attack: &Attack, completion: &Completion) -> Result<(), String> {
    let limits = &attack.limits;
    let log = text(completion, "attack");
    if let Some(line) = log
        .lines()
        .find(|line| line.contains("ESCAPED") || line.contains("pwned"))
    {
        return Err(line.to_string());
    }
    if completion.cpu_ms > limits.cpu_ms + CPU_SLACK_MS {
        return Err(format!("{} ms of CPU, {} allowed", completion.cpu_ms, limits.cpu_ms));
    }
    if completion.peak_bytes > limits.memory_bytes {
        return Err(format!(
            "{} bytes, {} allowed",
            completion.peak_bytes, limits.memory_bytes
        ));
    }
    let output: usize = completion.steps.iter().map(|step| step.log.len()).sum();
    if output as u64 > limits.output_bytes {
        return Err(format!("{output} bytes of output, {} allowed", limits.output_bytes));
    }
    let later = completion.steps.last().map(|step| step.status.clone());
    let ensure = |held: bool, why: &str| if held { Ok(()) } else { Err(why.to_string()) };
    match attack.expect {
        Expect::Ended(limit) => ensure(completion.ended == Some(limit), "not ended by the right limit"),
        Expect::NoEscape => ensure(
            completion.ended.is_none() && later == Some(Status::Exit(0)),
            "the later step suffered",
        ),
        Expect::Held => {
            ensure(log.contains("held"), "it did not say that it failed")?;
            ensure(completion.ended.is_none(), "it was ended by a limit")?;
            ensure(text(completion, "later") == "untouched\n", "the later step suffered")
        }
        Expect::LaterStepStillFails => {
            ensure(log.contains("held"), "it did not say that it failed")?;
            ensure(later == Some(Status::Exit(1)), "the later step's status is not its own")
        }
        Expect::NothingLeft => {
            ensure(log.contains("left"), "it did not get to leave anything")?;
            ensure(later == Some(Status::Exit(0)), "something of it lived on")
        }
    }
}

fn text(completion: &Completion, step: &str) -> String {
    let found = completion.steps.iter().find(|result| result.name == step);
    found
        .map(|result| String::from_utf8_lossy(&result.log).into_owned())
        .unwrap_or_default()
}

fn summary(completion: &Completion) -> String {
    let statuses: Vec<String> = completion
        .steps
        .iter()
        .map(|step| format!("{} {:?}", step.name, step.status))
        .collect();
    let log = text(completion, "attack");
    let tail: String = log
        .chars()
        .rev()
        .take(200)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    format!(
        "ended {:?}, {}, {} ms CPU, {} ms, {} KiB, log ends {tail:?}",
        completion.ended,
        statuses.join(", "),
        completion.cpu_ms,
        completion.wall_ms,
        completion.peak_bytes >> 10
    )
}
