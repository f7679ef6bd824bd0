//! Where this machine keeps its control groups, and which part of them is ours.
//!
//! Root makes its subtree `assay` by itself. For an ordinary user USER an administrator prepares, after each boot:
//! - v1 and hybrid: folders `assay-USER` in the hierarchies `memory`, `pids` and `cpuacct`, owned by the user with all of
//!   their files (`chown -R`). The v2 tree of a hybrid machine needs nothing.
//! - v2: `+memory +pids` in the root's `cgroup.subtree_control`; a folder `assay-USER` owned by the user with its files;
//!   and the shell that starts the program moved into `assay-USER/supervisor`, a folder owned by the user as well.
//! - both, once: the package uidmap, and a range of at least 256 ids in `/etc/subuid` and `/etc/subgid` for the user.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::users;

/// Where the groups of this machine are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Layout {
    /// Folders of our subtree in each hierarchy; `unified` is the v2 tree of a hybrid machine.
    V1 {
        memory: PathBuf,
        pids: PathBuf,
        cpuacct: PathBuf,
        unified: Option<PathBuf>,
    },
    V2 {
        base: PathBuf,
    },
}

impl Layout {
    /// Finds the hierarchies in a mount table (`/proc/self/mounts`), and our subtree, named `subtree`, in each.
    pub fn detect(mounts: &str, subtree: &str) -> Result<Layout, String> {
        let mounted = |kind: &str, option: &str| -> Option<PathBuf> {
            let found = mounts.lines().filter_map(|line| {
                let mut words = line.split(' ').skip(1);
                let (folder, fstype, options) = (words.next()?, words.next()?, words.next()?);
                let has = |wanted: &str| options.split(',').any(|word| word == wanted);
                (fstype == kind && (option.is_empty() || has(option))).then(|| (has("rw"), PathBuf::from(folder)))
            });
            // A container sees the machine's hierarchies read-only, and beside them the part that was handed to it.
            let mut found: Vec<_> = found.collect();
            found.sort_by_key(|(writable, _)| !writable);
            found.into_iter().next().map(|(_, folder)| folder)
        };
        let unified = mounted("cgroup2", "");
        if let (Some(memory), Some(pids), Some(cpuacct)) = (
            mounted("cgroup", "memory"),
            mounted("cgroup", "pids"),
            mounted("cgroup", "cpuacct"),
        ) {
            return Ok(Layout::V1 {
                memory: memory.join(subtree),
                pids: pids.join(subtree),
                cpuacct: cpuacct.join(subtree),
                unified: unified.map(|root| root.join(subtree)),
            });
        }
        let Some(root) = unified else {
            return Err("no cgroup hierarchy with memory, pids and cpuacct is mounted".to_string());
        };
        let offered = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
        for needed in ["memory", "pids"] {
            if !offered.split_whitespace().any(|controller| controller == needed) {
                return Err(format!(
                    "the cgroup tree at {} lacks the controller `{needed}`",
                    root.display()
                ));
            }
        }
        Ok(Layout::V2 {
            base: root.join(subtree),
        })
    }

    /// Creates (root) or checks (a user) our subtree. The error names the folder that is missing or closed.
    pub fn prepare(&self) -> Result<(), String> {
        let fail = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        match self {
            Layout::V1 {
                memory, pids, cpuacct, ..
            } => {
                for folder in [memory, pids, cpuacct] {
                    make_folder(folder).map_err(|error| fail(folder, error))?;
                    writable(&folder.join("cgroup.procs")).map_err(|error| fail(folder, error))?;
                }
            }
            Layout::V2 { base } => {
                if !base.exists()
                    && let Some(root) = base.parent()
                {
                    enable(root).map_err(|error| fail(root, error))?;
                }
                make_folder(base).map_err(|error| fail(base, error))?;
                enable(base).map_err(|error| fail(base, error))?;
                // Moving a process takes write access to the nearest group above both places, so a user's own shell must
                // have been moved into the subtree beforehand.
                let supervisor = base.join("supervisor");
                make_folder(&supervisor).map_err(|error| fail(&supervisor, error))?;
                if !may_join(&supervisor) {
                    let file = supervisor.join("cgroup.procs").display().to_string();
                    return Err(format!(
                        "no process may be moved into {file}; run once per shell: echo $$ | sudo tee {file}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Processes in the groups of a slot, in any hierarchy, by the file that names them.
    pub fn members(&self, slot: u32) -> Vec<String> {
        let groups = self.folders().into_iter().map(|base| base.join(format!("slot-{slot}")));
        // In v2 the processes are one level below.
        let files = groups.flat_map(|group| [group.join("cgroup.procs"), group.join("job/cgroup.procs")]);
        files
            .filter_map(|file| {
                let members = fs::read_to_string(&file).ok()?;
                let members: Vec<&str> = members.split_whitespace().collect();
                (!members.is_empty()).then(|| format!("{} holds {}", file.display(), members.join(" ")))
            })
            .collect()
    }

    /// The hierarchy whose slot folders are locked: one per machine, whatever mounts or state folders its users see.
    pub fn primary(&self) -> &Path {
        match self {
            Layout::V1 { memory, .. } => memory,
            Layout::V2 { base } => base,
        }
    }

    /// Our subtree in every hierarchy.
    pub fn folders(&self) -> Vec<&Path> {
        match self {
            Layout::V1 {
                memory,
                pids,
                cpuacct,
                unified,
            } => {
                let mut all = vec![memory.as_path(), pids, cpuacct];
                all.extend(unified.as_deref());
                all
            }
            Layout::V2 { base } => vec![base],
        }
    }
}

/// Hands `memory` and `pids` on to the groups below `folder`.
pub(crate) fn enable(folder: &Path) -> io::Result<()> {
    let control = folder.join("cgroup.subtree_control");
    let enabled = fs::read_to_string(&control)?;
    let has = |name| enabled.split_whitespace().any(|word| word == name);
    if has("memory") && has("pids") {
        Ok(())
    } else {
        fs::write(&control, "+memory +pids")
    }
}

pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

pub(crate) fn writable(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path).map(drop)
}

/// Whether a process of ours may move into a v2 group; tried with one that waits for it.
pub(crate) fn may_join(group: &Path) -> bool {
    let Ok(mut child) = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
    else {
        return false;
    };
    let joined = fs::write(group.join("cgroup.procs"), child.id().to_string()).is_ok();
    drop(child.stdin.take());
    let _ = child.wait();
    joined
}

/// The name of our subtree: `assay` for root, `assay-USER` for anyone else.
pub(crate) fn subtree_name() -> String {
    // SAFETY: plain system call.
    let uid = unsafe { libc::geteuid() };
    if uid == 0 {
        return "assay".to_string();
    }
    format!("assay-{}", users::name_of(uid).unwrap_or_else(|| uid.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n\
        cgroup /sys/fs/cgroup/cpuacct cgroup rw,relatime,cpuacct 0 0\n\
        cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n\
        cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0\n\
        cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n";

    #[test]
    fn layouts_are_told_apart() {
        let Layout::V1 { memory, unified, .. } = Layout::detect(HYBRID, "assay").unwrap() else {
            panic!("not v1")
        };
        assert_eq!(memory, Path::new("/sys/fs/cgroup/memory/assay"));
        assert_eq!(unified.unwrap(), Path::new("/sys/fs/cgroup/unified/assay"));

        let contained = HYBRID.replace(" rw,", " ro,") + &HYBRID.replace("/sys/fs", "/run");
        let Layout::V1 { memory, .. } = Layout::detect(&contained, "assay").unwrap() else {
            panic!("not v1")
        };
        assert_eq!(memory, Path::new("/run/cgroup/memory/assay"));

        let joint = HYBRID
            .replace("rw,relatime,cpu 0", "rw,relatime,cpu,cpuacct 0")
            .lines()
            .take(4)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(matches!(
            Layout::detect(&joint, "a").unwrap(),
            Layout::V1 { unified: None, .. }
        ));

        let folder = tempfile::tempdir().unwrap();
        let pure = format!("cgroup2 {} cgroup2 rw 0 0\n", folder.path().display());
        fs::write(folder.path().join("cgroup.controllers"), "cpu memory pids\n").unwrap();
        assert!(matches!(Layout::detect(&pure, "assay-me").unwrap(), Layout::V2 { .. }));
        fs::write(folder.path().join("cgroup.controllers"), "cpu pids\n").unwrap();
        assert!(Layout::detect(&pure, "assay").unwrap_err().contains("`memory`"));
        assert!(Layout::detect("proc /proc proc rw 0 0\n", "assay").is_err());
    }
}
