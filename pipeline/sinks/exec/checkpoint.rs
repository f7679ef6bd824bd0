//! How far a trainer has got, kept on our side.

use crate::sinks::ExportError;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A larger file is no checkpoint.
const MAX_BYTES: u64 = 64 << 10;

/// A trainer's progress through one export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecState {
    /// The protocol's version.
    pub version: u32,
    /// The mixture's name.
    pub mixture: String,
    /// Which samples in which order: [`crate::sinks::ExportPlan::digest`].
    pub digest: String,
    /// The first offset that was not acknowledged.
    pub next: u64,
}

/// A place that keeps one [`ExecState`].
pub trait Checkpoint: Send {
    /// What was saved last; `None` at first.
    fn load<'a>(&'a mut self) -> BoxFuture<'a, Result<Option<ExecState>, ExportError>>;

    /// Keeps this instead, durably and in one step.
    fn save<'a>(&'a mut self, state: &'a ExecState) -> BoxFuture<'a, Result<(), ExportError>>;

    /// How a message tells the user where it is, e.g. a path.
    fn place(&self) -> String;
}

/// A checkpoint in a file, replaced in one step.
pub struct FileCheckpoint {
    path: PathBuf,
    saved: Option<ExecState>,
}

impl FileCheckpoint {
    /// `exec-state.json` in a folder, which is created on the first save.
    pub fn in_folder(folder: &Path) -> FileCheckpoint {
        FileCheckpoint {
            path: folder.join("exec-state.json"),
            saved: None,
        }
    }

    fn read(&self) -> io::Result<Option<ExecState>> {
        match fs::metadata(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
            Ok(m) if m.len() > MAX_BYTES => return Err(io::Error::other("it is no checkpoint; move it away")),
            Ok(_) => {}
        }
        let text = fs::read(&self.path)?;
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| io::Error::other(format!("it is no checkpoint ({e}); move it away")))
    }

    fn write(&self, state: &ExecState) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let part = self.path.with_extension("json.part");
        let mut file = fs::File::create(&part)?;
        file.write_all(&serde_json::to_vec(state)?)?;
        file.sync_all()?;
        fs::rename(&part, &self.path)?;
        fs::File::open(folder)?.sync_all()
    }
}

impl Checkpoint for FileCheckpoint {
    fn load<'a>(&'a mut self) -> BoxFuture<'a, Result<Option<ExecState>, ExportError>> {
        Box::pin(async move { self.read().map_err(|e| ExportError::io(&self.path, e)) })
    }

    fn save<'a>(&'a mut self, state: &'a ExecState) -> BoxFuture<'a, Result<(), ExportError>> {
        Box::pin(async move {
            if self.saved.as_ref() != Some(state) {
                self.write(state).map_err(|e| ExportError::io(&self.path, e))?;
                self.saved = Some(state.clone());
            }
            Ok(())
        })
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_saved_is_loaded_and_rubbish_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("new");
        let mut c = FileCheckpoint::in_folder(&folder);
        assert_eq!(c.load().await.unwrap(), None);
        let state = ExecState {
            version: 1,
            mixture: "m".into(),
            digest: "d".into(),
            next: 7,
        };
        c.save(&state).await.unwrap();
        assert_eq!(FileCheckpoint::in_folder(&folder).load().await.unwrap(), Some(state));
        fs::write(folder.join("exec-state.json"), "{}").unwrap();
        assert!(c.load().await.unwrap_err().to_string().contains("no checkpoint"));
    }
}
