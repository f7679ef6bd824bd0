//! Attacks that want more of something than a job may have.

use super::Attack;
use super::Program::{Perl, Shell};
use super::outcome::Expect;
use crate::job::Ended;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::ends("fork_bomb", Shell(include_str!("fork_bomb.sh")), Ended::Pids),
        Attack::ends("zombie_storm", Perl(include_str!("zombie_storm.pl")), Ended::Pids),
        Attack::ends("memory_hog", Perl(include_str!("memory_hog.pl")), Ended::Memory),
        Attack::ends(
            "memory_in_many",
            Shell(include_str!("memory_in_many.sh")),
            Ended::Memory,
        ),
        // More disk than memory: the scratch folder is memory, and counts as such.
        Attack::ends(
            "memory_in_files",
            Shell(include_str!("memory_in_files.sh")),
            Ended::Memory,
        )
        .under(|limits| (limits.memory_bytes, limits.disk_bytes) = (64 << 20, 512 << 20)),
        Attack::ends(
            "memory_in_memfd",
            Perl(include_str!("memory_in_memfd.pl")),
            Ended::Memory,
        ),
        Attack::ends(
            "memory_in_pipes",
            Perl(include_str!("memory_in_pipes.pl")),
            Ended::Memory,
        )
        .under(|limits| limits.memory_bytes = 64 << 20),
        Attack::ends("memory_shared", Perl(include_str!("memory_shared.pl")), Ended::Memory),
        Attack::ends("cpu_in_one", Shell(include_str!("cpu_in_one.sh")), Ended::CpuTime)
            .under(|limits| limits.cpu_ms = 700),
        Attack::ends("cpu_in_many", Shell(include_str!("cpu_in_many.sh")), Ended::CpuTime)
            .under(|limits| limits.cpu_ms = 1_500),
        Attack::ends(
            "cpu_in_short_lives",
            Shell(include_str!("cpu_in_short_lives.sh")),
            Ended::CpuTime,
        )
        .under(|limits| limits.cpu_ms = 700),
        Attack::ends("sleeper", Shell(include_str!("sleeper.sh")), Ended::WallTime)
            .under(|limits| limits.wall_ms = 1_500),
        Attack::ends("stopped", Shell(include_str!("stopped.sh")), Ended::WallTime)
            .under(|limits| limits.wall_ms = 1_500),
        Attack::ends("stdout_flood", Shell(include_str!("stdout_flood.sh")), Ended::Output),
        Attack::ends("stderr_flood", Shell(include_str!("stderr_flood.sh")), Ended::Output),
        Attack::held("disk_flood", Shell(include_str!("disk_flood.sh"))),
        Attack::held("inode_flood", Perl(include_str!("inode_flood.pl"))),
        Attack::held("deep_folders", Perl(include_str!("deep_folders.pl"))),
        Attack::held("big_file", Shell(include_str!("big_file.sh"))).under(|limits| limits.file_bytes = 8 << 20),
        Attack::held("sparse_file", Perl(include_str!("sparse_file.pl"))),
        Attack::held("descriptors", Perl(include_str!("descriptors.pl"))),
        Attack::new(
            "sparse_output",
            Perl(include_str!("sparse_output.pl")),
            Expect::LittleCollected,
        ),
    ]
}
