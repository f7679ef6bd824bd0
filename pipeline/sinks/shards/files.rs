//! Files that are hashed as they are written, and a folder that appears at once or not at all.

use super::manifest::{FORMAT, Manifest};
use crate::sinks::ExportError;
use sha2::{Digest, Sha256};
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Larger manifests are not ours.
const MAX_MANIFEST_BYTES: u64 = 256 << 20;

/// Files beside the shards in every export.
pub const MANIFEST: &str = "manifest.json";
pub const CARD: &str = "README.md";
pub const ATTRIBUTION: &str = "ATTRIBUTION.md";

/// A file being written, with the hash and length of what it holds so far.
pub struct HashedFile {
    file: File,
    hash: Sha256,
    bytes: u64,
}

/// A file that is whole and durable.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Hex.
    pub sha256: String,
    pub bytes: u64,
}

impl HashedFile {
    /// Opens a file for writing, from its start.
    pub fn create(path: &Path) -> io::Result<HashedFile> {
        Ok(HashedFile {
            file: File::create(path)?,
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    /// Makes the file durable; nothing may be written after.
    pub fn seal(&mut self) -> io::Result<Sealed> {
        self.file.sync_all()?;
        let sha256 = self.hash.finalize_reset().iter().map(|b| format!("{b:02x}")).collect();
        Ok(Sealed {
            sha256,
            bytes: self.bytes,
        })
    }
}

impl Write for HashedFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.file.write(buf)?;
        self.hash.update(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A folder beside the final one, locked while it is filled. Dropped without [`Staging::publish`], it vanishes.
pub struct Staging {
    target: PathBuf,
    path: PathBuf,
    published: bool,
    /// Holds the lock; closing it lets go.
    _lock: File,
}

impl Staging {
    /// Prepares a folder that will become `target`, which must be new, empty, or an earlier export.
    /// What a killed export left behind is cleared away.
    pub fn new(target: &Path) -> Result<Staging, ExportError> {
        let target = resolve(target)?;
        check_replaceable(&target)?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(ExportError::Foreign {
                dir: target,
                file: "..".into(),
            });
        };
        fs::create_dir_all(parent).map_err(|e| ExportError::io(parent, e))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(".part");
        let path = parent.join(hidden);
        let lock = lock_folder(&path, &target)?;
        let staging = Staging {
            target,
            path,
            published: false,
            _lock: lock,
        };
        staging.clear().map_err(|e| ExportError::io(&staging.path, e))?;
        Ok(staging)
    }

    /// Where to write; only until [`Staging::publish`].
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let is_folder = entry.file_type()?.is_dir();
            if is_folder {
                fs::remove_dir_all(entry.path())?
            } else {
                fs::remove_file(entry.path())?
            }
        }
        Ok(())
    }

    /// Puts the folder in place in one step; an earlier export there is exchanged for it, then removed.
    /// Files must be durable already; names are made so here.
    pub fn publish(&mut self, folders: &[&str]) -> Result<(), ExportError> {
        let sync = |path: &Path| {
            File::open(path)
                .and_then(|f| f.sync_all())
                .map_err(|e| ExportError::io(path, e))
        };
        folders.iter().try_for_each(|f| sync(&self.path.join(f)))?;
        sync(&self.path)?;
        // Somebody may have put files there since the start.
        check_replaceable(&self.target)?;
        let occupied = self.target.read_dir().is_ok_and(|mut d| d.next().is_some());
        let moved = if occupied {
            exchange(&self.path, &self.target)
        } else {
            fs::rename(&self.path, &self.target)
        };
        moved.map_err(|e| ExportError::io(&self.target, e))?;
        self.published = true;
        if occupied {
            fs::remove_dir_all(&self.path).map_err(|e| ExportError::io(&self.path, e))?;
        }
        self.target.parent().map_or(Ok(()), sync)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            // Best effort: a leftover is cleared by the next export.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// An absolute path, links followed where it exists, so that its parent is where it really lies.
fn resolve(target: &Path) -> Result<PathBuf, ExportError> {
    match target.canonicalize() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => std::path::absolute(target),
        other => other,
    }
    .map_err(|e| ExportError::io(target, e))
}

fn lock_folder(path: &Path, target: &Path) -> Result<File, ExportError> {
    let failed = |e| ExportError::io(path, e);
    match fs::create_dir(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
        _ => {}
    }
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let folder = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(failed)?;
    let busy = || ExportError::Busy { dir: target.into() };
    // SAFETY: flock takes a descriptor that `folder` keeps open, and no memory.
    if unsafe { libc::flock(folder.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        return Err(busy());
    }
    // Another export may have moved this folder into place between the open and the lock.
    let (held, named) = (
        folder.metadata().map_err(failed)?,
        fs::symlink_metadata(path).map_err(|_| busy())?,
    );
    if (held.dev(), held.ino()) == (named.dev(), named.ino()) {
        Ok(folder)
    } else {
        Err(busy())
    }
}

/// Swaps two folders in one step.
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    let (a, b) = (
        CString::new(a.as_os_str().as_bytes())?,
        CString::new(b.as_os_str().as_bytes())?,
    );
    // SAFETY: both are NUL-terminated strings that outlive the call.
    let rc = unsafe {
        libc::renameat2(
            libc::AT_FDCWD,
            a.as_ptr(),
            libc::AT_FDCWD,
            b.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    if rc == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Refuses a folder that holds anything that its own manifest does not list.
fn check_replaceable(target: &Path) -> Result<(), ExportError> {
    let foreign = |file: String| ExportError::Foreign {
        dir: target.into(),
        file,
    };
    let found = match files_under(target) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => return Err(foreign(".".into())),
        other => other.map_err(|e| ExportError::io(target, e))?,
    };
    let ours: Vec<String> = read_manifest(target)
        .map(|m| m.shards.into_iter().map(|s| s.path).collect())
        .unwrap_or_default();
    let known =
        |f: &String| !ours.is_empty() && [MANIFEST, CARD, ATTRIBUTION].contains(&f.as_str()) || ours.contains(f);
    match found.into_iter().find(|f| !known(f)) {
        Some(file) => Err(foreign(file)),
        None => Ok(()),
    }
}

/// The manifest of an earlier export; `None` where there is none of ours.
fn read_manifest(dir: &Path) -> Option<Manifest> {
    let path = dir.join(MANIFEST);
    if fs::metadata(&path).ok()?.len() > MAX_MANIFEST_BYTES {
        return None;
    }
    let manifest: Manifest = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (manifest.format == FORMAT).then_some(manifest)
}

/// Files and links under a folder, two levels deep, relative to it, sorted; deeper folders count as files.
fn files_under(dir: &Path) -> io::Result<Vec<String>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_dir() {
            out.push(name);
            continue;
        }
        let inner: io::Result<Vec<_>> = fs::read_dir(entry.path())?.collect();
        out.extend(
            inner?
                .iter()
                .map(|e| format!("{name}/{}", e.file_name().to_string_lossy())),
        );
    }
    out.sort();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staging_folder_is_locked_and_vanishes_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let staging = Staging::new(&target).unwrap();
        fs::write(staging.path().join("x"), "x").unwrap();
        assert!(matches!(Staging::new(&target), Err(ExportError::Busy { .. })));
        drop(staging);
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_stale_staging_folder_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".out.part/data")).unwrap();
        fs::write(dir.path().join(".out.part/data/half"), "x").unwrap();
        let mut staging = Staging::new(&dir.path().join("out")).unwrap();
        fs::write(staging.path().join("whole"), "x").unwrap();
        staging.publish(&[]).unwrap();
        assert_eq!(files_under(&dir.path().join("out")).unwrap(), ["whole"]);
    }

    #[test]
    fn foreign_folders_files_and_links_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let refused = |t: &Path| matches!(Staging::new(t), Err(ExportError::Foreign { .. }));
        fs::write(&target, "a file").unwrap();
        assert!(refused(&target));
        fs::remove_file(&target).unwrap();
        fs::create_dir(&target).unwrap();
        assert!(!refused(&target));
        fs::write(target.join(MANIFEST), "{}").unwrap();
        assert!(refused(&target));
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("precious"), "x").unwrap();
        std::os::unix::fs::symlink(&elsewhere, dir.path().join(".new.part")).unwrap();
        assert!(Staging::new(&dir.path().join("new")).is_err());
        assert!(elsewhere.join("precious").exists());
    }
}
