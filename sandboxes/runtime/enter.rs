//! The last steps into a sandbox: from a child that has laid out a job to its first process, the driver.
//!
//! What bubblewrap does for anyone, done for us alone and in a third of the time: the child of [`super::spawn`] has staged
//! the whole root folder and is the slot's uid by now; here it makes a process in namespaces of that uid's own, which turns
//! its back on the machine's files, gives up every privilege and execs. It is our child, not the child's
//! (`CLONE_PARENT`), so nothing stands between it and the supervisor.

use std::ffi::{CStr, c_int, c_uint, c_ulong, c_void};
use std::ptr;

use super::mounts::{move_mount, open_tree};
use super::spawn::{STAGE_FOLDER, Shared, call};

/// The uid and gid that a job sees itself run as.
const INNER_ID: u32 = 1000;
/// The stage's folder that becomes `/`.
pub(crate) const ROOT_FOLDER: &CStr = c"/tmp/root";
const NAMESPACES: c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWCGROUP;
/// Longest line of an id map, bytes.
const MAP_BYTES: usize = 40;

/// Makes the first process of the sandbox, and sleeps until it has execed or failed.
///
/// # Safety
/// Only in the child of `spawn::start`, once it is what the sandbox's owner is to be. It neither allocates nor locks.
pub(crate) unsafe fn make(shared: &mut Shared, stack: *mut c_void) -> Result<(), &'static str> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PARENT | NAMESPACES;
    unsafe {
        let argument = (&raw mut *shared).cast::<c_void>();
        shared.first = call!("make namespaces", libc::clone(first, stack, flags, argument));
    }
    Ok(())
}

extern "C" fn first(shared: *mut c_void) -> c_int {
    // SAFETY: `make` passes a `Shared` that nobody touches until we are gone: both that wait for us sleep.
    let shared = unsafe { &mut *shared.cast::<Shared>() };
    // SAFETY: we are a process of one thread, on a stack of our own.
    let Err(what) = unsafe { become_first(shared) };
    // SAFETY: plain system calls; `_exit` runs no destructor of the parent.
    unsafe {
        shared.failed = Some((what, *libc::__errno_location()));
        libc::_exit(127)
    }
}

/// # Safety
/// Only in the process that `make` makes: it changes the process for good.
unsafe fn become_first(shared: &Shared) -> Result<std::convert::Infallible, &'static str> {
    unsafe {
        // The thread that started us lives as long as the supervisor.
        call!(
            "die with the supervisor",
            prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as c_ulong, 0)
        );
        map_ids(shared.plan.uid)?;
        if shared.plan.loopback {
            raise_loopback()?;
        }
        if shared.plan.proc {
            mount_proc()?;
        }
        turn_root()?;
        call!("sethostname", libc::sethostname(c"sandbox".as_ptr(), 7));
        give_up_privileges(&shared.filter)?;
        let plan = shared.plan;
        libc::execve(plan.program.as_ptr(), shared.argv.as_ptr(), shared.environment.as_ptr());
    }
    Err("exec the driver's shell")
}

/// In a namespace of its own a process may map its own ids, and nobody else's (user_namespaces(7)). Changing its uid took
/// its files in /proc from it; being dumpable gives them back. The memory is the supervisor's, which is dumpable anyway.
unsafe fn map_ids(outer: u32) -> Result<(), &'static str> {
    let mut line = [0; MAP_BYTES];
    let length = map_line(&mut line, outer);
    unsafe {
        call!("dumpable", prctl(libc::PR_SET_DUMPABLE, 1, 0));
        tell(c"/proc/self/setgroups", b"deny")?;
        tell(c"/proc/self/uid_map", &line[..length])?;
        tell(c"/proc/self/gid_map", &line[..length])
    }
}

/// Writes `1000 OUTER 1`, without allocating; its length.
fn map_line(line: &mut [u8; MAP_BYTES], outer: u32) -> usize {
    let mut length = 0;
    for (number, end) in [(INNER_ID, b' '), (outer, b' '), (1, b'\n')] {
        let mut power = 1;
        while number / power >= 10 {
            power *= 10;
        }
        while power > 0 {
            line[length] = b'0' + (number / power % 10) as u8;
            length += 1;
            power /= 10;
        }
        line[length] = end;
        length += 1;
    }
    length
}

unsafe fn tell(path: &CStr, text: &[u8]) -> Result<(), &'static str> {
    unsafe {
        let file = call!(
            "map the uid",
            libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC)
        );
        let written = libc::write(file, text.as_ptr().cast(), text.len());
        call!("map the uid", written);
        libc::close(file);
    }
    Ok(())
}

/// The network's only device, which is down at first (netdevice(7)).
unsafe fn raise_loopback() -> Result<(), &'static str> {
    unsafe {
        let socket = call!(
            "raise loopback",
            libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0)
        );
        let mut request: libc::ifreq = std::mem::zeroed();
        for (place, byte) in request.ifr_name.iter_mut().zip(*b"lo") {
            *place = byte as libc::c_char;
        }
        request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
        call!(
            "raise loopback",
            libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw mut request)
        );
        libc::close(socket);
    }
    Ok(())
}

/// The processes of this sandbox alone. Where the machine hides parts of its own `/proc`, as containers do, the kernel
/// refuses (mount_namespaces(7)).
unsafe fn mount_proc() -> Result<(), &'static str> {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    let (name, place) = (c"proc".as_ptr(), c"/tmp/root/proc".as_ptr());
    unsafe {
        call!("mount /proc", libc::mount(name, place, name, flags, ptr::null()));
    }
    Ok(())
}

/// Makes the staged root folder all there is. Its mounts came here with the namespace, locked together, so they are taken
/// as one tree; the machine's are let go of whole.
unsafe fn turn_root() -> Result<(), &'static str> {
    unsafe {
        let tree = open_tree(ROOT_FOLDER, libc::AT_RECURSIVE as c_uint)?;
        move_mount(tree, STAGE_FOLDER)?;
        call!("enter the root folder", libc::chdir(STAGE_FOLDER.as_ptr()));
        let here = c".".as_ptr();
        call!("pivot_root", libc::syscall(libc::SYS_pivot_root, here, here));
        call!("let go of the machine's files", libc::umount2(here, libc::MNT_DETACH));
        call!("enter /job", libc::chdir(c"/job".as_ptr()));
    }
    Ok(())
}

/// As a uid that is not 0 it loses its capabilities at the exec; here it loses the means to get any, and calls that reach
/// beyond the sandbox.
unsafe fn give_up_privileges(filter: &libc::sock_fprog) -> Result<(), &'static str> {
    unsafe {
        for capability in 0..64 {
            if prctl(libc::PR_CAPBSET_DROP, capability, 0) < 0 {
                break; // The kernel knows no more.
            }
        }
        let ambient = libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong;
        call!("ambient capabilities", prctl(libc::PR_CAP_AMBIENT, ambient, 0));
        call!("no new privileges", prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0));
        let (mode, program) = (libc::SECCOMP_MODE_FILTER as c_ulong, ptr::from_ref(filter) as c_ulong);
        call!("load the seccomp filter", prctl(libc::PR_SET_SECCOMP, mode, program));
    }
    Ok(())
}

/// The kernel reads whole words, and some operations refuse words that they do not use.
unsafe fn prctl(operation: c_int, second: c_ulong, third: c_ulong) -> c_int {
    let none: c_ulong = 0;
    unsafe { libc::prctl(operation, second, third, none, none) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_one_line_of_numbers() {
        for (outer, text) in [
            (0, "1000 0 1\n"),
            (7, "1000 7 1\n"),
            (200_010, "1000 200010 1\n"),
            (u32::MAX, "1000 4294967295 1\n"),
        ] {
            let mut line = [0; MAP_BYTES];
            let length = map_line(&mut line, outer);
            assert_eq!(&line[..length], text.as_bytes());
        }
    }
}
