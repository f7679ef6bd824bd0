//! temp
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use crate::error::SandboxError;
/// info
#[derive(Clone, Debug, PartialEq)]
pub struct ImageInfo {
    pub name: String,
    pub id: String,
    pub bytes: u64,
    pub tools: BTreeMap<String, String>,
    pub rootfs: PathBuf,
}
/// load
pub fn load(name: &str, state_dir: &Path) -> Result<ImageInfo, SandboxError> {
    Ok(ImageInfo { name: name.into(), id: "x".into(), bytes: 0, tools: BTreeMap::new(), rootfs: state_dir.join("root") })
}
