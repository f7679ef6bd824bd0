//! Attacks that outlive, stop, kill or deceive what watches them.

use super::Attack;
use super::Program::{Perl, Shell};
use super::outcome::Expect;
use crate::job::Status;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::new("signals", Shell(include_str!("signals.sh")), Expect::NoEscape),
        Attack::new("daemon", Shell(include_str!("daemon.sh")), Expect::NothingLeft),
        Attack::new("subreaper", Perl(include_str!("subreaper.pl")), Expect::NothingLeft),
        Attack::new(
            "stopped_children",
            Shell(include_str!("stopped_children.sh")),
            Expect::NothingLeft,
        ),
        Attack::new("runner", Perl(include_str!("runner.pl")), Expect::NothingLeft),
        Attack::held("held_log", Shell(include_str!("held_log.sh"))),
        Attack::new(
            "forged_verdict",
            Perl(include_str!("forged_verdict.pl")),
            Expect::LaterStepStillFails,
        ),
        // It may not pass for a job that was killed by us, or that the machine failed.
        Attack::new(
            "suicide",
            Shell(include_str!("suicide.sh")),
            Expect::Dies(Status::Signal(9)),
        ),
        Attack::new(
            "fake_limit",
            Perl(include_str!("fake_limit.pl")),
            Expect::Dies(Status::Signal(24)),
        ),
        Attack::new(
            "core_dump",
            Perl(include_str!("core_dump.pl")),
            Expect::Dies(Status::Signal(6)),
        ),
        Attack::held("core_limit", Perl(include_str!("core_limit.pl"))),
    ]
}
