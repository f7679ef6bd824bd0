//! The identity of a folder tree: what it holds, whenever and by whomever it was made.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::hash::hex;

/// SHA-256 over the sorted paths of a tree with mode and content (or link target) each, as 64 hex digits, and the bytes
/// in its files. Owners and times do not count.
pub(crate) fn measure(root: &Path) -> io::Result<(String, u64)> {
    let mut paths = Vec::new();
    collect(root, Path::new(""), &mut paths)?;
    paths.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    let mut hash = Sha256::new();
    let mut bytes = 0;
    for path in &paths {
        bytes += add(&mut hash, root, path)?;
    }
    Ok((hex(&hash.finalize()), bytes))
}

fn collect(root: &Path, folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, paths)?;
        }
        paths.push(path);
    }
    Ok(())
}

/// Adds one entry: kind, mode, length of the path, path, length of the content, content.
fn add(hash: &mut Sha256, root: &Path, path: &Path) -> io::Result<u64> {
    let full = root.join(path);
    let found = fs::symlink_metadata(&full)?;
    let kind = found.file_type();
    let name = path.as_os_str().as_bytes();
    let mode = if kind.is_symlink() {
        0
    } else {
        found.permissions().mode() & 0o7777
    };
    let letter = if kind.is_dir() {
        b'd'
    } else if kind.is_symlink() {
        b'l'
    } else if kind.is_file() {
        b'f'
    } else {
        return Err(io::Error::other(format!(
            "{} is neither file, folder nor link",
            full.display()
        )));
    };
    hash.update([letter]);
    hash.update(mode.to_le_bytes());
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    if kind.is_symlink() {
        let target = fs::read_link(&full)?;
        hash.update((target.as_os_str().len() as u64).to_le_bytes());
        hash.update(target.as_os_str().as_bytes());
    } else if kind.is_file() {
        hash.update(found.len().to_le_bytes());
        return io::copy(&mut File::open(&full)?, hash);
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/x"), "one").unwrap();
        fs::write(root.path().join("b"), "two").unwrap();
        symlink("a/x", root.path().join("link")).unwrap();
        root
    }

    #[test]
    fn two_builds_agree_and_every_change_shows() {
        let (base, bytes) = measure(tree().path()).unwrap();
        assert_eq!(bytes, 6);
        assert_eq!(measure(tree().path()).unwrap().0, base);
        let edits: Vec<fn(&Path)> = vec![
            |root| fs::write(root.join("b"), "twO").unwrap(),
            |root| fs::write(root.join("c"), "").unwrap(),
            |root| fs::rename(root.join("b"), root.join("bb")).unwrap(),
            |root| fs::set_permissions(root.join("b"), fs::Permissions::from_mode(0o755)).unwrap(),
            |root| {
                fs::remove_file(root.join("link")).unwrap();
                symlink("b", root.join("link")).unwrap();
            },
        ];
        for edit in edits {
            let root = tree();
            edit(root.path());
            assert_ne!(measure(root.path()).unwrap().0, base);
        }
    }
}
