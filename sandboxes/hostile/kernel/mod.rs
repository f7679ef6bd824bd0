//! Attacks that knock at doors of the kernel, one program per door.
//!
//! Most call `door` (door.pl), for which it is not enough that the kernel refuses: it must refuse without having looked.

use super::Attack;
use super::Program::{C, Perl, Shell};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::held("sockets", Perl(include_str!("sockets.pl"))),
        Attack::held("local_sockets", Perl(include_str!("local_sockets.pl"))),
        Attack::held("io_uring", Perl(include_str!("io_uring.pl"))),
        Attack::held("userfaultfd", Perl(include_str!("userfaultfd.pl"))),
        Attack::held("tracing", Perl(include_str!("tracing.pl"))),
        Attack::held("keys", Perl(include_str!("keys.pl"))),
        Attack::held("bpf", Perl(include_str!("bpf.pl"))),
        Attack::held("perf_events", Perl(include_str!("perf_events.pl"))),
        Attack::held("mounts", Perl(include_str!("mounts.pl"))),
        Attack::held("namespaces", Perl(include_str!("namespaces.pl"))),
        Attack::held("file_handles", Perl(include_str!("file_handles.pl"))),
        Attack::held("process_handles", Perl(include_str!("process_handles.pl"))),
        Attack::held("modules", Perl(include_str!("modules.pl"))),
        Attack::held("machine", Perl(include_str!("machine.pl"))),
        Attack::held("hardware", Perl(include_str!("hardware.pl"))),
        Attack::held("other_abi", Perl(include_str!("other_abi.pl"))),
        Attack::held("unknown_calls", Perl(include_str!("unknown_calls.pl"))),
        Attack::held("terminals", Perl(include_str!("terminals.pl"))),
        Attack::held("driver_limits", Perl(include_str!("driver_limits.pl"))),
        Attack::held("priorities", Perl(include_str!("priorities.pl"))),
        Attack::held("sync", Perl(include_str!("sync.pl"))),
        Attack::held("privileges", Perl(include_str!("privileges.pl"))),
        Attack::held("devices", Perl(include_str!("devices.pl"))),
        Attack::held("proc_and_sys", Shell(include_str!("proc_and_sys.sh"))),
        Attack::held("c_system_calls", C(include_str!("c_system_calls.c"))),
    ]
}
