//! Whom a sandbox runs as: uids of the slots, and the user namespace that lends them to an ordinary user.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::slots::MAX_SLOTS;

/// Root's slots run as this uid and the ones after it: above ordinary users (from 1000), below the ranges of
/// `systemd-nspawn` (from 524288); useradd's subordinate ranges begin at 100000 and take 65536 each.
const FIRST_UID: u32 = 200_000;
/// The same for root in a container, beside which the machine's own root may run slots.
const FIRST_CONTAINED_UID: u32 = 201_000;
/// The bit of `CAP_SYS_ADMIN` in a set of capabilities.
const SYS_ADMIN: u64 = 1 << 21;
/// Inside the user namespace, 0 is the user and the slots follow.
const FIRST_MAPPED_UID: u32 = 1;

/// Whom the slots run as.
#[derive(Debug)]
pub(crate) enum Uids {
    /// We are root: slots have uids of the machine.
    Root,
    /// Slots have uids from the user's subordinate range, which begins at `first`, inside this user namespace.
    Range { namespace: OwnedFd, first: u32 },
    /// Slots share the user's own uid (the weaker tier, where there is no range).
    Own(OwnedFd),
}

impl Uids {
    /// Root, or a user with a subordinate range. The error is what to do about it.
    pub fn open() -> Result<Uids, String> {
        let (uid, gid) = ids();
        if uid == 0 {
            return if may_mount() {
                Ok(Uids::Root)
            } else {
                Uids::open_contained()
            };
        }
        let name = name_of(uid).unwrap_or_else(|| uid.to_string());
        let range = |path: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            subordinate(&text, &name, uid)
                .ok_or_else(|| format!("{path} gives {name} fewer than {MAX_SLOTS} ids: usermod --add-subuids 300000-365535 --add-subgids 300000-365535 {name}"))
        };
        let (uids, gids) = (range("/etc/subuid")?, range("/etc/subgid")?);
        let lent = with_namespace(|pid| {
            map("newuidmap", pid, uid, uids)?;
            map("newgidmap", pid, gid, gids)
        });
        lent.map(|namespace| Uids::Range { namespace, first: uids })
            .map_err(|error| format!("no user namespace with a range of uids ({error}); install the package uidmap"))
    }

    /// Root in a container may give its ids away and mount nothing: both can be done in a user namespace of its own.
    fn open_contained() -> Result<Uids, String> {
        let first = FIRST_CONTAINED_UID;
        let ids = format!("0 0 1\n{FIRST_MAPPED_UID} {first} {MAX_SLOTS}\n");
        let lent = with_namespace(|pid| {
            fs::write(format!("/proc/{pid}/uid_map"), &ids)?;
            fs::write(format!("/proc/{pid}/gid_map"), &ids)
        });
        lent.map(|namespace| Uids::Range { namespace, first }).map_err(|error| {
            format!(
                "root without CAP_SYS_ADMIN, and no user namespace ({error}); in a container, give it CAP_SETUID, CAP_SETGID and \
                 CAP_SETFCAP, and a seccomp profile that allows unshare and mount (sandboxes/worker-seccomp.json)"
            )
        })
    }

    /// The user's own uid in a user namespace, which every user may make.
    pub fn open_own() -> Result<Uids, String> {
        let (uid, gid) = ids();
        let own = with_namespace(|pid| {
            fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
            fs::write(format!("/proc/{pid}/uid_map"), format!("0 {uid} 1"))?;
            fs::write(format!("/proc/{pid}/gid_map"), format!("0 {gid} 1"))
        });
        own.map(Uids::Own)
            .map_err(|error| format!("this user may not make user namespaces ({error})"))
    }

    /// The uid (and gid) of a slot, as seen from inside [`Uids::namespace`].
    pub fn of_slot(&self, slot: u32) -> u32 {
        match self {
            Uids::Root => FIRST_UID + slot,
            Uids::Range { .. } => FIRST_MAPPED_UID + slot,
            Uids::Own(_) => 0,
        }
    }

    /// The same uid as the machine sees it; `None` where it is not the slot's alone.
    pub fn on_machine(&self, slot: u32) -> Option<u32> {
        match self {
            Uids::Root => Some(FIRST_UID + slot),
            Uids::Range { first, .. } => Some(first + slot),
            Uids::Own(_) => None,
        }
    }

    pub fn namespace(&self) -> Option<&OwnedFd> {
        match self {
            Uids::Root => None,
            Uids::Range { namespace, .. } | Uids::Own(namespace) => Some(namespace),
        }
    }

    /// Whether a uid belongs to one slot alone, so that all of its processes are that slot's.
    pub fn exclusive(&self) -> bool {
        !matches!(self, Uids::Own(_))
    }
}

fn ids() -> (u32, u32) {
    // SAFETY: plain system calls.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// Whether we may mount in the user namespace that we are in.
fn may_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set & SYS_ADMIN != 0)
}

/// The login name of a uid, from /etc/passwd.
pub(crate) fn name_of(uid: u32) -> Option<String> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut words = line.split(':');
        let name = words.next()?;
        (words.nth(1)?.parse() == Ok(uid)).then(|| name.to_string())
    })
}

/// The first range of /etc/subuid or /etc/subgid that is long enough for all slots: `name:first:count`.
fn subordinate(text: &str, name: &str, uid: u32) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut words = line.trim().split(':');
        let owner = words.next()?;
        let first: u32 = words.next()?.parse().ok()?;
        let count: u32 = words.next()?.parse().ok()?;
        ((owner == name || owner.parse() == Ok(uid)) && count >= MAX_SLOTS).then_some(first)
    })
}

/// Maps 0 to the user and the slots to the range, with the setuid helper that checks the range.
fn map(helper: &str, pid: u32, own: u32, first: u32) -> io::Result<()> {
    let [pid, own, first, slots] = [pid, own, first, MAX_SLOTS].map(|number| number.to_string());
    let output = Command::new(helper)
        .args([
            pid.as_str(),
            "0",
            &own,
            "1",
            &FIRST_MAPPED_UID.to_string(),
            &first,
            &slots,
        ])
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("{helper}: {error}")))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).trim().to_string(),
        ))
    }
}

/// A new user namespace with the maps that `fill` writes for a process inside it. The namespace lives as long as the
/// descriptor; the process does not.
fn with_namespace(fill: impl Fn(u32) -> io::Result<()>) -> io::Result<OwnedFd> {
    let mut holder = hold()?;
    let pid = holder.id();
    let made = fill(pid).and_then(|()| File::open(format!("/proc/{pid}/ns/user")));
    drop(holder.stdin.take());
    let _ = holder.wait();
    Ok(made?.into())
}

/// A process in a new user namespace, which ends when its standard input does.
fn hold() -> io::Result<Child> {
    let mut command = Command::new("cat");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // SAFETY: one system call, safe between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::unshare(libc::CLONE_NEWUSER) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
    command.spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subordinate_ranges() {
        let text = "alice:100000:65536\nbob:165536:10\n1001:300000:65536\nbob:231072:65536\n";
        assert_eq!(subordinate(text, "alice", 1000), Some(100_000));
        assert_eq!(subordinate(text, "bob", 1002), Some(231_072));
        assert_eq!(subordinate(text, "carol", 1001), Some(300_000));
        assert_eq!(subordinate(text, "dave", 1003), None);
    }

    #[test]
    fn root_is_found_by_number() {
        assert_eq!(name_of(0).as_deref(), Some("root"));
    }
}
