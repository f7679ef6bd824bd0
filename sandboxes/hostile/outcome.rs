//! What must come of an attack, and whether it did: the limit that a judge will be told of, the status of the step, and
//! the state in which a later step finds the sandbox.

use super::Attack;
use crate::job::{Completion, Ended, Status};

/// A limit is noticed at the next look at the accounts, which on a busy machine may come late, milliseconds of CPU.
const CPU_SLACK_MS: u64 = 2_000;
/// What the collecting step returns at most, bytes; the number in [`COLLECT`].
const COLLECTED_BYTES: usize = 1_000_000;

/// What a runtime that holds does with an attack.
pub(super) enum Expect {
    /// It is ended by this limit, which counts against it: the slot was not starved.
    Ended(Ended),
    /// It ends by itself and says that it achieved nothing. The step after it runs untouched.
    Held,
    /// The step itself ends like this, by its own doing. The step after it runs untouched.
    Dies(Status),
    /// It ends by itself; the later step must fail as it does by nature.
    LaterStepStillFails,
    /// It ends by itself, and nothing of it lives when the later step runs.
    NothingLeft,
    /// A later step that collects `/job/out` as judges do finds nothing to take.
    NothingCollected,
    /// The same step takes no more than its share.
    LittleCollected,
    /// It ends somehow, without an escape.
    NoEscape,
}

/// Takes an output as domains do: a plain file only, and not all of it.
const COLLECT: &str = "[ -f out ] && [ ! -L out ] && exec head -c 1000000 -- out";

/// Fails unless `forged` is there and does not grow: a process of an earlier step that lived on would write to it.
const CHECK_NOTHING_LEFT: &str =
    "[ -s forged ] && a=$(wc -c <forged) && sleep 0.1 && [ \"$a\" = \"$(wc -c <forged)\" ]";

impl Expect {
    /// The script of the step after the attack.
    pub(super) fn later(&self) -> &'static str {
        match self {
            Expect::LaterStepStillFails => "exit 1",
            Expect::NothingLeft => CHECK_NOTHING_LEFT,
            Expect::NothingCollected | Expect::LittleCollected => COLLECT,
            _ => "echo untouched",
        }
    }
}

/// The error says what went wrong.
pub(super) fn judge(attack: &Attack, completion: &Completion) -> Result<(), String> {
    if let Some(line) = escape(completion) {
        return Err(line);
    }
    within_limits(attack, completion)?;
    let log = text(completion, "attack");
    let later = completion.steps.last();
    let later_status = later.map(|step| &step.status);
    let ensure = |held: bool, why: &str| if held { Ok(()) } else { Err(why.to_string()) };
    let by_itself = || ensure(completion.ended.is_none(), "it was ended by a limit");
    let said = || ensure(log.contains("held"), "it did not say that it failed");
    match &attack.expect {
        Expect::Ended(limit) => {
            ensure(completion.ended == Some(*limit), "it was not ended by the right limit")?;
            ensure(!completion.starved, "its slot is said to have been starved")
        }
        Expect::NoEscape => {
            by_itself()?;
            ensure(later_status == Some(&Status::Exit(0)), "the later step suffered")
        }
        Expect::Held => {
            said()?;
            by_itself()?;
            ensure(text(completion, "later") == "untouched\n", "the later step suffered")
        }
        Expect::Dies(status) => {
            by_itself()?;
            let found = completion.steps.iter().find(|step| step.name == "attack");
            ensure(
                found.is_some_and(|step| step.status == *status),
                "its status is not its own",
            )?;
            ensure(text(completion, "later") == "untouched\n", "the later step suffered")
        }
        Expect::LaterStepStillFails => {
            said()?;
            by_itself()?;
            ensure(
                later_status == Some(&Status::Exit(1)),
                "the later step's status is not its own",
            )
        }
        Expect::NothingLeft => {
            ensure(log.contains("left"), "it did not get to leave anything")?;
            by_itself()?;
            ensure(later_status == Some(&Status::Exit(0)), "something of it lived on")
        }
        Expect::NothingCollected => {
            said()?;
            by_itself()?;
            let empty = later.is_some_and(|step| step.log.is_empty() && step.status != Status::Exit(0));
            ensure(empty, "something was collected")
        }
        Expect::LittleCollected => {
            said()?;
            by_itself()?;
            let little = later.is_some_and(|step| step.log.len() <= COLLECTED_BYTES && step.status == Status::Exit(0));
            ensure(little, "too much was collected, or nothing")
        }
    }
}

/// A line of a log that tells of an escape, or comes from the machine's `/etc/shadow`, as a compiler would print it.
fn escape(completion: &Completion) -> Option<String> {
    const SIGNS: [&str; 3] = ["ESCAPED", "pwned", ":0:99999:7:"];
    logs(completion).find_map(|log| {
        let line = log.lines().find(|line| SIGNS.iter().any(|sign| line.contains(sign)))?;
        Some(line.trim().to_string())
    })
}

fn within_limits(attack: &Attack, completion: &Completion) -> Result<(), String> {
    let limits = &attack.limits;
    let output: usize = completion.steps.iter().map(|step| step.log.len()).sum();
    let checks = [
        ("ms of CPU", completion.cpu_ms, limits.cpu_ms + CPU_SLACK_MS),
        ("bytes of memory", completion.peak_bytes, limits.memory_bytes),
        ("bytes of output", output as u64, limits.output_bytes),
    ];
    match checks.iter().find(|(_, used, allowed)| used > allowed) {
        Some((what, used, allowed)) => Err(format!("{used} {what}, {allowed} allowed")),
        None => Ok(()),
    }
}

/// The logs of all steps.
pub(super) fn logs(completion: &Completion) -> impl Iterator<Item = String> {
    completion
        .steps
        .iter()
        .map(|step| String::from_utf8_lossy(&step.log).into_owned())
}

fn text(completion: &Completion, step: &str) -> String {
    let found = completion.steps.iter().position(|result| result.name == step);
    found.and_then(|at| logs(completion).nth(at)).unwrap_or_default()
}

/// One line about a completion, for people.
pub(super) fn summary(completion: &Completion) -> String {
    let statuses: Vec<String> = completion
        .steps
        .iter()
        .map(|step| format!("{} {:?}", step.name, step.status))
        .collect();
    let log = text(completion, "attack");
    let last = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let last: String = last.chars().take(100).collect();
    format!(
        "ended {}, {}, {} ms CPU, {} ms, {} KiB, says {last:?}",
        completion
            .ended
            .map_or("by itself".to_string(), |limit| format!("by {limit:?}")),
        statuses.join(", "),
        completion.cpu_ms,
        completion.wall_ms,
        completion.peak_bytes >> 10
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::Program;
    use crate::job::StepResult;

    fn completion(attack: Status, log: &str, later: Status, later_log: &str) -> Completion {
        let step = |name: &str, status, log: &str| StepResult {
            name: name.into(),
            status,
            log: log.into(),
        };
        Completion {
            steps: vec![step("attack", attack, log), step("later", later, later_log)],
            ended: None,
            cpu_ms: 10,
            wall_ms: 10,
            peak_bytes: 1 << 20,
            starved: false,
            slot: 0,
            tier: "test".into(),
        }
    }

    fn attack(expect: Expect) -> Attack {
        Attack::new("test", Program::Shell("# Tries."), expect)
    }

    #[test]
    fn an_attack_that_says_nothing_has_not_held() {
        let (ok, untouched) = (Status::Exit(0), "untouched\n");
        let held = attack(Expect::Held);
        assert!(judge(&held, &completion(ok.clone(), "held\n", ok.clone(), untouched)).is_ok());
        assert!(judge(&held, &completion(ok.clone(), "", ok.clone(), untouched)).is_err());
        assert!(judge(&held, &completion(ok.clone(), "held\n", ok.clone(), "")).is_err());
        let escaped = completion(ok.clone(), "ESCAPED: sees it\nheld\n", ok, untouched);
        assert_eq!(judge(&held, &escaped), Err("ESCAPED: sees it".to_string()));
    }

    #[test]
    fn a_limit_counts_only_if_it_is_the_right_one_on_a_slot_that_was_not_starved() {
        let mut slept = completion(Status::Killed, "", Status::NotRun, "");
        slept.ended = Some(Ended::WallTime);
        assert!(judge(&attack(Expect::Ended(Ended::WallTime)), &slept).is_ok());
        assert!(judge(&attack(Expect::Ended(Ended::CpuTime)), &slept).is_err());
        slept.starved = true;
        assert!(judge(&attack(Expect::Ended(Ended::WallTime)), &slept).is_err());
    }

    #[test]
    fn what_goes_beyond_a_limit_is_not_contained() {
        let mut grown = completion(Status::Exit(0), "held\n", Status::Exit(0), "untouched\n");
        grown.peak_bytes = (512 << 20) + 1;
        assert!(judge(&attack(Expect::Held), &grown).unwrap_err().contains("memory"));
    }

    #[test]
    fn collecting_must_find_nothing_or_little() {
        let nothing = completion(Status::Exit(0), "held\n", Status::Exit(1), "");
        let much = completion(
            Status::Exit(0),
            "held\n",
            Status::Exit(0),
            &"x".repeat(COLLECTED_BYTES + 1),
        );
        assert!(judge(&attack(Expect::NothingCollected), &nothing).is_ok());
        assert!(judge(&attack(Expect::NothingCollected), &much).is_err());
        assert!(judge(&attack(Expect::LittleCollected), &much).is_err());
        assert!(COLLECT.contains(&COLLECTED_BYTES.to_string()));
    }
}
