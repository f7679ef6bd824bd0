//! Where the cluster's parts are: its folders, its programs, and whom it runs as.

use super::{ClusterError, NAME, PORT, Result, at};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// Longest path of a Unix socket on Linux: `sun_path` is 108 bytes with its final NUL.
pub(super) const SOCKET_PATH_MAX: usize = 107;

/// Where this machine's state lives (the database, sandbox images): `ASSAY_STATE` if set; for root `/var/lib/assay`,
/// because neither Postgres nor sandboxes, which run as other users, could pass through a closed home; for everyone
/// else the `.assay` of the checkout (which `make setup` makes), else `assay` in the user's data folder, else `.assay`
/// here. Decides only; creates nothing. Absolute, and free of symlinks if it exists.
pub fn state_dir() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let for_root = || (euid() == 0).then(|| PathBuf::from("/var/lib/assay"));
    let data_folder = || set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    let found = set("ASSAY_STATE")
        .or_else(for_root)
        .or_else(checkout_state)
        .or_else(|| Some(data_folder()?.join(NAME)));
    resolve(&found.unwrap_or_else(|| ".assay".into()))
}

/// The nearest `.assay` at or above the current folder, if it is ours.
fn checkout_state() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut states = here.ancestors().map(|dir| dir.join(".assay"));
    states.find(|dir| fs::metadata(dir).is_ok_and(|m| m.is_dir() && m.uid() == euid()))
}

pub(super) fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.into())
}

pub(super) fn euid() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// Whom Postgres runs as: ourselves, or `postgres` if we are root.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}
impl Owner {
    pub(super) fn find() -> Result<Owner> {
        let uid = euid();
        if uid != 0 {
            // SAFETY: getegid has no preconditions and cannot fail.
            return Ok(Owner {
                uid,
                gid: unsafe { libc::getegid() },
            });
        }
        let path = Path::new("/etc/passwd");
        passwd_entry(&at(path, fs::read_to_string(path))?, "postgres").ok_or(ClusterError::NoUser)
    }

    /// Makes a folder that only the owner can enter, or makes sure that it is one.
    pub(super) fn make_private(&self, dir: &Path) -> Result<()> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => at(dir, chown(dir, Some(self.uid), Some(self.gid))),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let meta = at(dir, fs::symlink_metadata(dir))?;
                // Ours but not yet given away: we were killed between the lines above.
                if meta.is_dir() && meta.uid() == euid() && self.uid != euid() {
                    at(dir, fs::remove_dir(dir))?;
                    return self.make_private(dir);
                }
                let private = meta.is_dir() && meta.uid() == self.uid && meta.mode() & 0o077 == 0;
                if private {
                    Ok(())
                } else {
                    Err(ClusterError::Socket(dir.into(), self.uid))
                }
            }
            Err(e) => at(dir, Err(e)),
        }
    }

    /// Writes a file that only the owner can read.
    pub(super) fn put(&self, path: &Path, text: &str) -> Result<()> {
        at(path, fs::write(path, text))?;
        at(path, fs::set_permissions(path, fs::Permissions::from_mode(0o600)))?;
        at(path, chown(path, Some(self.uid), Some(self.gid)))
    }
}

/// A user's ids from the text of `/etc/passwd`.
pub(super) fn passwd_entry(passwd: &str, name: &str) -> Option<Owner> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2).map(str::parse);
    Some(Owner {
        uid: fields.next()?.ok()?,
        gid: fields.next()?.ok()?,
    })
}

/// `run` beside the data; a short folder elsewhere where that path would be too long for a socket.
pub(super) fn socket_dir(root: &Path, owner: Owner) -> PathBuf {
    let beside = root.join("run");
    if beside.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len() <= SOCKET_PATH_MAX {
        return beside;
    }
    let hash = xxhash_rust::xxh3::xxh3_64(root.as_os_str().as_encoded_bytes());
    let base = if euid() == 0 { "/run" } else { "/tmp" };
    PathBuf::from(format!("{base}/assay-{}-{hash:016x}", owner.uid))
}

/// The folder with `initdb`, `pg_ctl` and `postgres`: of the version that made the data if there is some, else of the
/// newest; Debian's layout (`DEBIAN/15/bin`) before the folders of `PATH`, where the server itself checks the version.
pub(super) fn find_programs(data: &Path, debian: &Path, path: &OsStr) -> Result<PathBuf> {
    let wanted = fs::read_to_string(data.join("PG_VERSION"))
        .ok()
        .and_then(|v| v.trim().parse::<u32>().ok());
    let entries = fs::read_dir(debian).into_iter().flatten().flatten();
    let mut versions: Vec<u32> = entries.filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    versions.retain(|v| wanted.is_none_or(|w| w == *v));
    versions.sort_unstable_by(|a, b| b.cmp(a));
    let places = versions
        .iter()
        .map(|v| debian.join(v.to_string()).join("bin"))
        .chain(std::env::split_paths(path));
    let complete = |dir: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|p| dir.join(p).is_file());
    let missing = || ClusterError::NotInstalled(wanted.map(|v| format!("{v} ")).unwrap_or_default());
    places.into_iter().find(complete).ok_or_else(missing)
}
