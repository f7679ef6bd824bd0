//! The system calls that a job may not make.
//!
//! Everything is allowed but what reaches beyond the sandbox's namespaces: other socket families (`AF_VSOCK` ignores the
//! network namespace), new namespaces, mounts, io_uring (it makes calls that no filter sees), tracing and stealing
//! descriptors from other processes, kernel keys, BPF, priorities, and calls newer than this list.
//!
//! One list, two forms: the BPF program that the first process of a sandbox loads ([`program`]), and the profile that a Docker engine compiles
//! ([`profile`]). The profile goes by names, so it cannot refuse calls that have none yet, and it lets `personality` turn
//! off the randomization of addresses, which the engine does not do by itself.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};
use serde_json::{Value, json};

/// A call's name and number.
type Call = (&'static str, c_long);

macro_rules! calls {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), libc::$name)),*] };
}

/// Refused whatever their arguments, with `EPERM`.
const DENIED: &[Call] = calls![
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_process_mrelease,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_perf_event_open,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_fanotify_init,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_iopl,
    SYS_ioperm,
    SYS_personality,
    SYS_vhangup,
    SYS_lookup_dcookie,
    SYS_move_pages,
    SYS_migrate_pages,
    // With a priority of its own choice a job would make itself wait, and then be taken for one that was starved.
    SYS_setpriority,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    SYS_ioprio_set,
    // Writes back everyone's files, for which everyone waits.
    SYS_sync,
    SYS_syncfs,
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

/// The limit on core dumps that every job gets and keeps, bytes. Where the machine pipes core dumps to a program (systemd,
/// apport), the kernel starts it, as root and outside of the sandbox, at every limit but this one, 0 included; to a file
/// it writes nothing below a page.
pub(crate) const CORE_BYTES: u64 = 1;

/// The last call of Linux 6.6, `map_shadow_stack`; what came later is answered as by an older kernel.
const LAST_KNOWN: u32 = 453;
/// Calls of the x32 ABI carry this bit, and would slip past a list of numbers.
const X32_BIT: u32 = 0x4000_0000;

/// Families of sockets that a job may make, and those that a warm server may, which talks over loopback in a network of
/// its own.
pub(crate) const JOB_SOCKETS: &[i32] = &[libc::AF_UNIX];
pub(crate) const SERVER_SOCKETS: &[i32] = &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// The filter as the kernel takes it.
pub(crate) fn program(sockets: &[i32]) -> Result<Vec<libc::sock_filter>, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let filter = SeccompFilter::new(
        rules(sockets).map_err(|error| error.to_string())?,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        arch,
    )
    .map_err(|error| error.to_string())?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error: seccompiler::BackendError| error.to_string())?;
    let kernel = |op: sock_filter| libc::sock_filter {
        code: op.code,
        jt: op.jt,
        jf: op.jf,
        k: op.k,
    };
    Ok(prelude().into_iter().chain(program).map(kernel).collect())
}

/// When a call is refused, by one of its arguments.
#[derive(Clone, Copy)]
enum Test {
    /// It is anything else.
    Not(u64),
    Is(u64),
    HasBit(u64),
}

/// Refused with `EPERM` where one of these finds its argument so.
fn conditional() -> Vec<(Call, u8, Test)> {
    let unix = libc::AF_UNIX as u64;
    let mut list = vec![
        (("SYS_socketpair", libc::SYS_socketpair), 0, Test::Not(unix)),
        // Limits of other processes: the driver has the same uid as the steps.
        (("SYS_prlimit64", libc::SYS_prlimit64), 0, Test::Not(0)),
        (("SYS_ioctl", libc::SYS_ioctl), 1, Test::Is(libc::TIOCSTI)),
        (("SYS_ioctl", libc::SYS_ioctl), 1, Test::Is(TIOCLINUX)),
    ];
    let bits = CLONE_NAMESPACES.map(|bit| u64::from(bit as u32));
    list.extend(bits.map(|bit| (("SYS_clone", libc::SYS_clone), 0, Test::HasBit(bit))));
    list
}

fn rules(sockets: &[i32]) -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = DENIED.iter().map(|(_, call)| (*call, vec![])).collect();
    let other = |family: &i32| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *family as u64);
    let none = sockets.iter().map(other).collect::<Result<_, _>>()?;
    rules.insert(libc::SYS_socket, vec![SeccompRule::new(none)?]);
    for ((_, call), argument, test) in conditional() {
        let (op, value) = match test {
            Test::Not(value) => (SeccompCmpOp::Ne, value),
            Test::Is(value) => (SeccompCmpOp::Eq, value),
            Test::HasBit(bit) => (SeccompCmpOp::MaskedEq(bit), bit),
        };
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)?;
        rules.entry(call).or_default().push(SeccompRule::new(vec![condition])?);
    }
    Ok(rules)
}

/// The same as a Docker engine takes it (`--security-opt seccomp=`), JSON.
pub(crate) fn profile() -> String {
    /// `personality`'s argument for addresses that are the same in every run.
    const ADDR_NO_RANDOMIZE: u64 = 0x0004_0000;
    let own = ("SYS_personality", libc::SYS_personality);
    let name = |call: &Call| call.0.trim_start_matches("SYS_").to_string();
    let refused = |names: Vec<String>, errno: i32, args: Vec<Value>| json!({"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": errno, "args": args});
    let always = DENIED.iter().filter(|call| **call != own).map(name).collect();
    let mut list = vec![
        refused(vec!["clone3".to_string()], libc::ENOSYS, vec![]),
        refused(always, libc::EPERM, vec![]),
    ];
    let families = JOB_SOCKETS
        .iter()
        .map(|family| (("SYS_socket", libc::SYS_socket), 0, Test::Not(*family as u64)));
    for (call, argument, test) in
        conditional()
            .into_iter()
            .chain(families)
            .chain([(own, 0, Test::Not(ADDR_NO_RANDOMIZE))])
    {
        // The engine compares 64 bits, of which the kernel looks at 32.
        let (op, value, second) = match test {
            Test::Not(value) => ("SCMP_CMP_NE", value, 0),
            Test::Is(value) => ("SCMP_CMP_MASKED_EQ", u64::from(u32::MAX), value),
            Test::HasBit(bit) => ("SCMP_CMP_MASKED_EQ", bit, bit),
        };
        let compared = json!({"index": argument, "value": value, "valueTwo": second, "op": op});
        list.push(refused(vec![name(&call)], libc::EPERM, vec![compared]));
    }
    // Answered with success and not carried out, as in `prelude`.
    let equal = |index: u8, value: u64| json!({"index": index, "value": value, "op": "SCMP_CMP_EQ"});
    let core = u64::from(libc::RLIMIT_CORE);
    let given = json!({"index": 2, "value": 0, "op": "SCMP_CMP_NE"});
    list.push(refused(vec!["setrlimit".to_string()], 0, vec![equal(0, core)]));
    list.push(refused(
        vec!["prlimit64".to_string()],
        0,
        vec![equal(0, 0), equal(1, core), given],
    ));
    // Calls of any other architecture, x32 among them, kill.
    let native = if cfg!(target_arch = "aarch64") {
        "SCMP_ARCH_AARCH64"
    } else {
        "SCMP_ARCH_X86_64"
    };
    json!({"defaultAction": "SCMP_ACT_ALLOW", "architectures": [native], "syscalls": list}).to_string()
}

const TIOCLINUX: u64 = 0x541c;

/// Checked before the rules: `clone3` hides its flags in memory, so it is answered as by a kernel that lacks it, and
/// libc falls back to `clone`. The rules after it kill on a foreign architecture by themselves, yet the numbers tested
/// here mean other calls there, so the architecture comes first here too.
///
/// Setting the limit on core dumps is answered with success and not carried out (see [`CORE_BYTES`]): a refusal would end
/// programs under the sanitizers, which lower it when they start.
fn prelude() -> Vec<sock_filter> {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    // In `struct seccomp_data`, where the low half of an argument comes first on both architectures.
    const LOW_OF_ARGUMENT: [u32; 3] = [16, 24, 32];
    const HIGH_OF_THIRD: u32 = 36;
    let enosys = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    let core = libc::RLIMIT_CORE;
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
        op(EQUAL, 1, 0, libc::SYS_setrlimit as u32),
        op(EQUAL, 2, 9, libc::SYS_prlimit64 as u32),
        // setrlimit(resource, new)
        op(LOAD, 0, 0, LOW_OF_ARGUMENT[0]),
        op(EQUAL, 6, 7, core),
        // prlimit64(pid, resource, new, old), which only reads where `new` is null
        op(LOAD, 0, 0, LOW_OF_ARGUMENT[1]),
        op(EQUAL, 0, 5, core),
        op(LOAD, 0, 0, LOW_OF_ARGUMENT[2]),
        op(EQUAL, 0, 2, 0),
        op(LOAD, 0, 0, HIGH_OF_THIRD),
        op(EQUAL, 1, 0, 0),
        op(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO),
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

/// The bytes of a program, for who is to load it elsewhere.
pub(crate) fn bytes(program: &[libc::sock_filter]) -> Vec<u8> {
    program.iter().flat_map(encode).collect()
}

fn encode(op: &libc::sock_filter) -> [u8; 8] {
    let [c0, c1] = op.code.to_ne_bytes();
    let [k0, k1, k2, k3] = op.k.to_ne_bytes();
    [c0, c1, op.jt, op.jf, k0, k1, k2, k3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_whole_and_within_the_kernels_limit() {
        let program = program(SERVER_SOCKETS).unwrap();
        assert!(program.len() < 4096, "{} instructions", program.len());
        assert_eq!(bytes(&program).len(), program.len() * 8);
    }

    /// For a container in which sandboxes are made: of what they are denied, all but what making one takes. Kept in a file,
    /// which engines read.
    #[test]
    fn the_worker_s_profile_is_the_committed_one() {
        const TAKEN: [&str; 19] = [
            "chroot",
            "ioprio_set",
            "mount",
            "mount_setattr",
            "move_mount",
            "open_tree",
            "personality",
            "pidfd_open",
            "pivot_root",
            "sched_setattr",
            "sched_setparam",
            "sched_setscheduler",
            "sethostname",
            "setns",
            "setpriority",
            "sync",
            "syncfs",
            "umount2",
            "unshare",
        ];
        let names = DENIED.iter().map(|(name, _)| name.strip_prefix("SYS_").unwrap());
        let mut names: Vec<&str> = names.filter(|name| !TAKEN.contains(name)).collect();
        names.sort_unstable();
        let rule = json!({"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": libc::EPERM});
        let wanted = json!({
            "defaultAction": "SCMP_ACT_ALLOW",
            "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [rule],
        });
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("worker-seccomp.json");
        let text = serde_json::to_string_pretty(&wanted).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            text,
            "run this test with UPDATE=1"
        );
    }

    #[test]
    fn the_profile_refuses_what_the_program_refuses() {
        let profile: Value = serde_json::from_str(&profile()).unwrap();
        let named: std::collections::BTreeSet<&str> = profile["syscalls"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|rule| rule["names"].as_array().unwrap())
            .map(|name| name.as_str().unwrap())
            .collect();
        for (name, _) in DENIED {
            assert!(named.contains(name.strip_prefix("SYS_").unwrap()), "{name}");
        }
        // Every number of the program, and clone3 and setrlimit, which its prelude answers.
        assert_eq!(named.len(), rules(JOB_SOCKETS).unwrap().len() + 2);
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ALLOW");
    }
}
