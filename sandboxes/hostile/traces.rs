//! What a job can leave on the machine: processes, mounts, files, shared memory, and descriptors of ours.
//!
//! Two kinds are looked for. What this process holds is compared with before: its descriptors, its children (the dead
//! that nobody reaped among them), and the mounts that it sees. What belongs to a slot is found by the slot's uid, which
//! nobody else uses; a runtime tells of it through [`Runtime::remains`].

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::runtime::Runtime;

/// What is closed or killed may take this long to be gone.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Folders of the machine in which anyone may leave a file.
const OPEN_FOLDERS: [&str; 5] = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue"];
/// How far below them is looked.
const DEPTH: usize = 2;
/// A mount below such a folder belongs to an image that somebody builds meanwhile.
const UNFINISHED_IMAGE: &str = "/.build-";

/// What this process holds: counts by kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Traces(BTreeMap<String, usize>);

impl Traces {
    pub(crate) fn now() -> Traces {
        let mut found = BTreeMap::new();
        let all = descriptors().into_iter().chain(children()).chain(mounts());
        for kind in all {
            *found.entry(kind).or_default() += 1;
        }
        Traces(found)
    }

    /// What is there more of than before.
    fn more(&self, now: &Traces) -> Vec<String> {
        let grown = |(kind, count): (&String, &usize)| {
            let before = self.0.get(kind).copied().unwrap_or(0);
            (*count > before).then(|| format!("left: {kind} ({before} before, {count} after)"))
        };
        now.0.iter().filter_map(grown).collect()
    }

    /// What an ended job has left, after a moment's patience.
    pub(crate) async fn left(&self, runtime: &dyn Runtime, slot: u32) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut found = self.more(&Traces::now());
            match runtime.remains(slot) {
                Ok(remains) => found.extend(remains.into_iter().map(|what| format!("left: {what}"))),
                Err(error) => found.push(format!("cannot tell what is left: {error}")),
            }
            if found.is_empty() || Instant::now() > deadline {
                return found;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Our open descriptors, by what they are: `descriptor pipe`, `descriptor /some/file`.
fn descriptors() -> Vec<String> {
    let target = |entry: fs::DirEntry| fs::read_link(entry.path()).ok();
    let listed = entries("/proc/self/fd").filter_map(target);
    // The folder that is just being listed is one of them.
    let listed = listed.filter(|target| !target.starts_with("/proc"));
    listed
        .map(|target| {
            let target = target.to_string_lossy().into_owned();
            // Pipes and sockets are `pipe:[INODE]`; other names without files are `anon_inode:[NAME]`.
            match target.split_once(":[") {
                Some((kind @ ("pipe" | "socket"), _)) => format!("descriptor {kind}"),
                _ => format!("descriptor {target}"),
            }
        })
        .collect()
}

/// Our children, by name and state.
fn children() -> Vec<String> {
    let of_thread = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("children")).ok();
    let listed: Vec<String> = entries("/proc/self/task").filter_map(of_thread).collect();
    let pids = listed.iter().flat_map(|text| text.split_whitespace());
    pids.filter_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Some(format!(
            "child {} ({})",
            field(&status, "Name:")?,
            field(&status, "State:")?
        ))
    })
    .collect()
}

/// What is mounted where we see it.
fn mounts() -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let ours = table.lines().filter(|line| !line.contains(UNFINISHED_IMAGE));
    ours.filter_map(|line| {
        let mut words = line.split(' ');
        let (_, place, kind) = (words.next()?, words.next()?, words.next()?);
        Some(format!("mount {kind} on {place}"))
    })
    .collect()
}

/// What a uid that one slot alone uses has on this machine: processes, files in open folders and in `state_dir`, and
/// shared memory, queues and semaphores.
pub(crate) fn of_uid(uid: u32, state_dir: &Path) -> Vec<String> {
    let mut found = processes(uid);
    for folder in OPEN_FOLDERS.iter().map(Path::new).chain([state_dir]) {
        files(uid, folder, DEPTH, &mut found);
    }
    for kind in ["shm", "msg", "sem"] {
        found.extend(ipc(kind, uid));
    }
    found
}

/// Without the dead that wait for their parent: a sandbox that was killed hard leaves some to the machine's init, which
/// may take its time. Dead children of ours are found otherwise.
fn processes(uid: u32) -> Vec<String> {
    let named = |entry: fs::DirEntry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let ours = field(&status, "Uid:")?.parse() == Ok(uid) && field(&status, "State:")? != "Z";
        ours.then(|| format!("process {pid} {}", field(&status, "Name:").unwrap_or_default()))
    };
    entries("/proc").filter_map(named).collect()
}

fn files(uid: u32, folder: &Path, depth: usize, found: &mut Vec<String>) {
    for entry in entries(folder) {
        // Others come and go meanwhile.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.uid() == uid {
            found.push(format!("file {}", entry.path().display()));
        } else if metadata.is_dir() && depth > 1 {
            files(uid, &entry.path(), depth - 1, found);
        }
    }
}

/// System V objects of a uid; the kernel's table names the owner in the column `uid`.
fn ipc(kind: &str, uid: u32) -> Vec<String> {
    let table = fs::read_to_string(PathBuf::from("/proc/sysvipc").join(kind)).unwrap_or_default();
    let mut lines = table.lines();
    let column = lines
        .next()
        .and_then(|head| head.split_whitespace().position(|word| word == "uid"));
    let owner = |line: &str| line.split_whitespace().nth(column?)?.parse::<u32>().ok();
    lines
        .filter(|line| owner(line) == Some(uid))
        .map(|line| format!("System V {kind} {}", line.trim()))
        .collect()
}

fn entries(folder: impl AsRef<Path>) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_named() {
        let count = |list: &[(&str, usize)]| Traces(list.iter().map(|(kind, n)| (kind.to_string(), *n)).collect());
        let before = count(&[("descriptor pipe", 2), ("mount tmpfs on /tmp", 1)]);
        assert_eq!(before.more(&before), Vec::<String>::new());
        let after = count(&[("descriptor pipe", 3), ("child dash (Z)", 1)]);
        assert_eq!(
            before.more(&after),
            [
                "left: child dash (Z) (0 before, 1 after)",
                "left: descriptor pipe (2 before, 3 after)"
            ]
        );
    }

    #[test]
    fn files_are_found_by_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), "").unwrap();
        // SAFETY: plain system call.
        let uid = unsafe { libc::geteuid() };
        let mut found = Vec::new();
        files(uid, folder.path(), 2, &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        found.clear();
        files(uid + 12345, folder.path(), 2, &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
