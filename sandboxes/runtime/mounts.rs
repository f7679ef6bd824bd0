//! What is mounted where a sandbox is laid out.

use std::ffi::{CStr, CString, c_int, c_uint};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::namespaces::c_string;
use super::spawn::{STAGE, call};
use crate::error::SandboxError;

const OPEN_TREE_CLONE: c_uint = 1;
const MOVE_MOUNT_F_EMPTY_PATH: c_uint = 4;
/// Nothing on such a mount can be changed, or be more than a file.
pub(crate) const SEALED: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// A file, device or folder of the machine that a job sees.
#[derive(Debug)]
pub(crate) struct Bind {
    pub source: CString,
    /// An absolute path under [`STAGE`].
    pub place: CString,
    /// `MOUNT_ATTR_…`
    pub attributes: u64,
}

impl Bind {
    /// A device, at a path in the stage.
    pub fn device(source: &Path, place: &str) -> Result<Bind, SandboxError> {
        Bind::new(source, place, libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC)
    }

    /// A file or folder, with what is mounted in it.
    pub fn read_only(source: &Path, place: &str) -> Result<Bind, SandboxError> {
        Bind::new(source, place, SEALED)
    }

    fn new(source: &Path, place: &str, attributes: u64) -> Result<Bind, SandboxError> {
        Ok(Bind {
            source: c_string(source.as_os_str().as_bytes())?,
            place: c_string(format!("{STAGE}/{place}"))?,
            attributes,
        })
    }
}

/// A copy of a mount, not yet anywhere.
///
/// # Safety
/// Plain system call; a child's own.
pub(crate) unsafe fn open_tree(path: &CStr, flags: c_uint) -> Result<c_int, &'static str> {
    let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC as c_uint | flags;
    let tree = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
    if tree < 0 {
        return Err("open a tree of mounts");
    }
    Ok(tree as c_int)
}

/// Puts what [`open_tree`] gave at a path, and closes it.
///
/// # Safety
/// Plain system calls; the descriptor is the caller's own, and gone afterwards.
pub(crate) unsafe fn move_mount(tree: c_int, to: &CStr) -> Result<(), &'static str> {
    unsafe {
        let (nothing, here) = (c"".as_ptr(), libc::AT_FDCWD);
        let flags = MOVE_MOUNT_F_EMPTY_PATH;
        call!(
            "mount a part of the sandbox",
            libc::syscall(libc::SYS_move_mount, tree, nothing, here, to.as_ptr(), flags)
        );
        libc::close(tree);
    }
    Ok(())
}

/// Adds to what is forbidden on a mount.
///
/// # Safety
/// Plain system call; a child's own.
pub(crate) unsafe fn restrict(tree: c_int, attributes: u64) -> Result<(), &'static str> {
    unsafe {
        let mut change: libc::mount_attr = std::mem::zeroed();
        change.attr_set = attributes;
        let (nothing, size) = (c"".as_ptr(), size_of_val(&change));
        let flags = libc::AT_EMPTY_PATH;
        call!(
            "restrict a mount",
            libc::syscall(libc::SYS_mount_setattr, tree, nothing, flags, &raw const change, size)
        );
    }
    Ok(())
}
