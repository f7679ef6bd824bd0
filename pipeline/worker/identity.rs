//! Who holds a lease, and whether that process of this host is still alive.

use std::sync::atomic::{AtomicU32, Ordering};

/// `host/pid/start time of the process (ticks since boot)/n`: never the same twice on a host.
pub fn worker_name() -> String {
    static N: AtomicU32 = AtomicU32::new(0);
    let pid = std::process::id();
    format!(
        "{}/{pid}/{}/{}",
        host(),
        start_time(pid).unwrap_or(0),
        N.fetch_add(1, Ordering::Relaxed)
    )
}

/// The machine's name together with its boot: a pid says nothing across either.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("{}-{}", name.trim(), boot.trim().get(..8).unwrap_or(""))
}

/// Field 22 of /proc/PID/stat; the command before it may hold anything, so count from its last parenthesis.
fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = &stat[stat.rfind(')')? + 1..];
    let mut fields = rest.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Those workers that ran on this host since its boot and are gone.
pub fn dead_among(workers: &[String]) -> Vec<String> {
    let here = host();
    let dead = |w: &&String| {
        let mut parts = w.rsplitn(4, '/');
        let (_, start, pid, machine) = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(start), Some(pid), Some(machine)) = (start, pid, machine) else {
            return false;
        };
        let (Ok(start), Ok(pid)) = (start.parse::<u64>(), pid.parse::<u32>()) else {
            return false;
        };
        machine == here && start_time(pid) != Some(start)
    };
    workers.iter().filter(dead).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_not_dead() {
        let me = worker_name();
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        let ghost = format!("{}/{}/{}/0", host(), gone.id(), start_time(gone.id()).unwrap_or(1));
        gone.wait().unwrap();
        let elsewhere = "other-host-12345678/1/1/0".to_string();
        assert_eq!(dead_among(&[me, ghost.clone(), elsewhere]), [ghost]);
    }
}
