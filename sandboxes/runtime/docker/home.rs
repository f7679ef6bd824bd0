//! The folder of one owner of containers, below `STATE/docker/`. Its lock says that the owner lives, so containers and
//! folders of the dead can be told and removed.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::engine::Engine;
use crate::error::SandboxError;

/// The label of every container of ours: its owner's folder.
pub(crate) const LABEL: &str = "assay.owner";
/// Another label: the same folder, a blank, and the slot's number.
pub(crate) const SLOT_LABEL: &str = "assay.slot";
const PREFIX: &str = "owner-";

/// An owner's folder; removed when dropped.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    _lock: File,
}

impl Home {
    /// Makes a folder, and removes what dead owners left, their containers first.
    pub async fn open(state_dir: &Path, engine: &Engine) -> Result<Home, SandboxError> {
        let fail = |error| SandboxError::supervisor("make a folder for the containers' files", error);
        let all = state_dir.join("docker");
        fs::create_dir_all(&all).map_err(fail)?;
        // The engine knows folders by their real names.
        let all = all.canonicalize().map_err(fail)?;
        // Between making a folder and locking it, nobody may look.
        let _alone = lock(&all, true).map_err(fail)?;
        reap(&all, engine).await?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&all).map_err(fail)?;
        let lock = lock(folder.path(), false).map_err(fail)?;
        let _lock = lock.ok_or_else(|| fail(io::Error::other("a new folder is locked")))?;
        Ok(Home { folder, _lock })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What is in the folder under names that begin so.
    pub fn jobs(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path())? {
            let path = entry?.path();
            if path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
            {
                found.push(path.display().to_string());
            }
        }
        Ok(found)
    }
}

/// Removes the containers and folders of owners that are dead.
async fn reap(all: &Path, engine: &Engine) -> Result<(), SandboxError> {
    let fail = |error| SandboxError::supervisor("remove what dead owners left", error);
    for (container, owner) in engine.labelled(LABEL).await? {
        let owner = PathBuf::from(owner);
        // Those of another state folder are others' to reap.
        if owner.parent() == Some(all) && dead(&owner).map_err(fail)? {
            tracing::warn!(container, owner = %owner.display(), "removing a container of a dead owner");
            engine.remove(&container).await?;
        }
    }
    for entry in fs::read_dir(all).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let ours = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if ours && dead(&path).map_err(fail)? {
            fs::remove_dir_all(&path).map_err(fail)?;
        }
    }
    Ok(())
}

fn dead(owner: &Path) -> io::Result<bool> {
    match lock(owner, false) {
        Ok(lock) => Ok(lock.is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Locks a folder until the file is dropped; `None` where someone else has and we do not `wait`.
fn lock(folder: &Path, wait: bool) -> io::Result<Option<File>> {
    let file = File::open(folder)?;
    let how = libc::LOCK_EX | if wait { 0 } else { libc::LOCK_NB };
    // SAFETY: plain system call on a descriptor that we hold.
    if unsafe { libc::flock(file.as_raw_fd(), how) } == 0 {
        return Ok(Some(file));
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        error => Err(error),
    }
}
