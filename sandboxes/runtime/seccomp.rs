//! The system calls that a job may not make.
//!
//! Everything is allowed but what reaches beyond the sandbox's namespaces: other socket families (`AF_VSOCK` ignores the
//! network namespace), new namespaces, mounts, io_uring (it makes calls that no filter sees), tracing and stealing
//! descriptors from other processes, kernel keys, BPF, and calls newer than this list.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

/// Refused whatever their arguments, with `EPERM`.
const DENIED: &[c_long] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_userfaultfd,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_personality,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
];

/// Bits of `clone`'s flags that ask for a new namespace.
const CLONE_NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// The last call of Linux 6.6, `map_shadow_stack`; what came later is answered as by an older kernel.
const LAST_KNOWN: u32 = 453;
/// Calls of the x32 ABI carry this bit, and would slip past a list of numbers.
const X32_BIT: u32 = 0x4000_0000;

/// The filter as `bwrap --seccomp` takes it: an array of `struct sock_filter`.
pub(crate) fn program() -> Result<Vec<u8>, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let filter = SeccompFilter::new(
        rules().map_err(|error| error.to_string())?,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        arch,
    )
    .map_err(|error| error.to_string())?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error: seccompiler::BackendError| error.to_string())?;
    let all = prelude().into_iter().chain(program);
    Ok(all.flat_map(encode).collect())
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let only = |argument: u8, op: SeccompCmpOp, value: u64| -> Result<SeccompRule, seccompiler::BackendError> {
        SeccompRule::new(vec![SeccompCondition::new(
            argument,
            SeccompCmpArgLen::Dword,
            op,
            value,
        )?])
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = DENIED.iter().map(|call| (*call, vec![])).collect();
    let unix = libc::AF_UNIX as u64;
    rules.insert(libc::SYS_socket, vec![only(0, SeccompCmpOp::Ne, unix)?]);
    rules.insert(libc::SYS_socketpair, vec![only(0, SeccompCmpOp::Ne, unix)?]);
    // Limits of other processes: the driver has the same uid as the steps.
    rules.insert(libc::SYS_prlimit64, vec![only(0, SeccompCmpOp::Ne, 0)?]);
    rules.insert(
        libc::SYS_ioctl,
        vec![
            only(1, SeccompCmpOp::Eq, libc::TIOCSTI)?,
            only(1, SeccompCmpOp::Eq, TIOCLINUX)?,
        ],
    );
    let mut clone = Vec::new();
    for bit in CLONE_NAMESPACES {
        let bit = bit as u32 as u64;
        clone.push(only(0, SeccompCmpOp::MaskedEq(bit), bit)?);
    }
    rules.insert(libc::SYS_clone, clone);
    Ok(rules)
}

const TIOCLINUX: u64 = 0x541c;

/// Checked before the rules: `clone3` hides its flags in memory, so it is answered as by a kernel that lacks it, and
/// libc falls back to `clone`. The rules after it kill on a foreign architecture by themselves, yet the numbers tested
/// here mean other calls there, so the architecture comes first here too.
fn prelude() -> Vec<sock_filter> {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    let enosys = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    let op = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        op(LOAD, 0, 0, 4),
        op(EQUAL, 1, 0, native_arch()),
        op(RETURN, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        op(LOAD, 0, 0, 0),
        op(AT_LEAST, 0, 1, X32_BIT),
        op(RETURN, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        op(AT_LEAST, 1, 0, LAST_KNOWN + 1),
        op(EQUAL, 0, 1, libc::SYS_clone3 as u32),
        op(RETURN, 0, 0, enosys),
    ]
}

/// `AUDIT_ARCH_X86_64` or `AUDIT_ARCH_AARCH64`, from linux/audit.h.
fn native_arch() -> u32 {
    if cfg!(target_arch = "aarch64") {
        0xc000_00b7
    } else {
        0xc000_003e
    }
}

fn encode(op: sock_filter) -> [u8; 8] {
    let [c0, c1] = op.code.to_ne_bytes();
    let [k0, k1, k2, k3] = op.k.to_ne_bytes();
    [c0, c1, op.jt, op.jf, k0, k1, k2, k3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_whole_and_within_the_kernels_limit() {
        let program = program().unwrap();
        assert_eq!(program.len() % 8, 0);
        assert!(program.len() / 8 < 4096, "{} instructions", program.len() / 8);
    }
}
