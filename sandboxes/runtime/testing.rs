//! What tests of the runtime's rooms share.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::images;

/// Where images are, as for the integration tests.
pub fn state_dir() -> PathBuf {
    let root = unsafe { libc::geteuid() } == 0;
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".local/share/assay");
    let usual = if root { PathBuf::from("/var/lib/assay") } else { home() };
    std::env::var_os("ASSAY_STATE").map_or(usual, PathBuf::from)
}

/// A folder with a `rootfs` like that of a sandbox's image, whose files it shares: new ones may be added, and old ones
/// replaced, but not changed.
pub fn copy(sandbox: &str, state: &Path) -> tempfile::TempDir {
    let image = images::build(sandbox, state, &|line| eprintln!("{line}")).unwrap();
    let folder = tempfile::Builder::new()
        .prefix(".stand-in-")
        .tempdir_in(state.join("images"))
        .unwrap();
    let copied = Command::new("cp")
        .args(["-al"])
        .arg(&image.rootfs)
        .arg(folder.path().join("rootfs"))
        .status()
        .unwrap();
    assert!(copied.success());
    folder
}
