//! How a command fails: a message for people and an exit code for scripts.

use crate::recipe::Diagnostic;
use crate::stages::StageError;
use crate::store::StoreError;
use crate::store::cluster::ClusterError;
use crate::worker::WorkerError;
use sandboxes::SandboxError;

/// A failed command. An empty message means that everything has been said already.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    /// It ran, and something fell short.
    pub fn short(message: impl Into<String>) -> Failure {
        Failure {
            code: 1,
            message: message.into(),
        }
    }
    /// The input is wrong.
    pub fn input(message: impl Into<String>) -> Failure {
        Failure {
            code: 2,
            message: message.into(),
        }
    }
    /// The environment is wrong.
    pub fn environment(message: impl Into<String>) -> Failure {
        Failure {
            code: 3,
            message: message.into(),
        }
    }
    /// The user stopped it.
    pub fn interrupted(message: impl Into<String>) -> Failure {
        Failure {
            code: 130,
            message: message.into(),
        }
    }
    /// Problems in an input file, already one per line.
    pub fn diagnostics(found: &[Diagnostic]) -> Failure {
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        Failure::input(format!(
            "{}\n{} problem{} found",
            lines.join("\n"),
            found.len(),
            if found.len() == 1 { "" } else { "s" }
        ))
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Failure::environment(e.to_string())
    }
}
impl From<ClusterError> for Failure {
    fn from(e: ClusterError) -> Self {
        Failure::environment(e.to_string())
    }
}
impl From<SandboxError> for Failure {
    fn from(e: SandboxError) -> Self {
        Failure::environment(e.to_string())
    }
}
impl From<StageError> for Failure {
    fn from(e: StageError) -> Self {
        Failure::environment(e.to_string())
    }
}
impl From<WorkerError> for Failure {
    fn from(e: WorkerError) -> Self {
        Failure::environment(e.to_string())
    }
}
