//! Attacks on files: the machine's, the image's, the neighbour's, and on what collects a job's outputs.

use super::Attack;
use super::Program::{Perl, Shell};
use super::outcome::Expect;

pub(super) fn attacks() -> Vec<Attack> {
    let output = |name, program| Attack::new(name, program, Expect::NothingCollected);
    vec![
        Attack::held("host_files", Shell(include_str!("host_files.sh"))),
        Attack::held("write_rootfs", Shell(include_str!("write_rootfs.sh"))),
        Attack::held("another_job", Perl(include_str!("another_job.pl"))),
        Attack::held("setuid_file", Perl(include_str!("setuid_file.pl"))),
        Attack::held("poisoned_tools", Shell(include_str!("poisoned_tools.sh"))),
        Attack::held("locks", Perl(include_str!("locks.pl"))),
        Attack::held("dot_dot", Perl(include_str!("dot_dot.pl"))),
        Attack::held("messages", Perl(include_str!("messages.pl"))),
        output("output_symlink", Shell(include_str!("output_symlink.sh"))),
        output("output_hard_link", Shell(include_str!("output_hard_link.sh"))),
        output("output_device", Perl(include_str!("output_device.pl"))),
        output("output_pipe", Perl(include_str!("output_pipe.pl"))),
        output("output_folder", Shell(include_str!("output_folder.sh"))),
        output("output_socket", Perl(include_str!("output_socket.pl"))),
    ]
}
