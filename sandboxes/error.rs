//! What can go wrong on our side of a sandbox. None of it says anything about the job's code.

use std::io;

/// A fault of the machine, of its set-up, or of whoever composed the job; never a verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A layer of isolation cannot be had here, and no weaker tier was asked for.
    #[error("isolation layer `{layer}` is missing: {remedy}")]
    MissingLayer { layer: &'static str, remedy: String },
    /// The job's image has not been built, or was built by another version.
    #[error("sandbox image `{name}` is missing: run `{remedy}`")]
    ImageMissing { name: String, remedy: String },
    /// No image goes by this name.
    #[error("unknown sandbox `{name}`; known are: {known}")]
    UnknownSandbox { name: String, known: String },
    /// The job cannot be run by anyone.
    #[error("invalid job: {0}")]
    InvalidJob(String),
    /// The sandbox could not be set up; no step ran.
    #[error("could not start a sandbox: {0}")]
    Spawn(String),
    /// The sandbox ran, and we lost hold of it or of its accounts.
    #[error("sandbox supervisor: {what}: {source}")]
    Supervisor {
        what: String,
        #[source]
        source: io::Error,
    },
    /// An image could not be built or read.
    #[error("sandbox image `{name}`: {what}")]
    Image { name: String, what: String },
}

impl SandboxError {
    /// A stable name, for rows and counters.
    pub fn kind(&self) -> &'static str {
        match self {
            SandboxError::MissingLayer { .. } => "missing_layer",
            SandboxError::ImageMissing { .. } => "image_missing",
            SandboxError::UnknownSandbox { .. } => "unknown_sandbox",
            SandboxError::InvalidJob(_) => "invalid_job",
            SandboxError::Spawn(_) => "spawn",
            SandboxError::Supervisor { .. } => "supervisor",
            SandboxError::Image { .. } => "image",
        }
    }

    /// Whether the same job may well run if tried again on this machine, with nothing changed by a person.
    pub fn retryable(&self) -> bool {
        matches!(self, SandboxError::Spawn(_) | SandboxError::Supervisor { .. })
    }

    pub(crate) fn supervisor(what: impl Into<String>, source: io::Error) -> Self {
        SandboxError::Supervisor {
            what: what.into(),
            source,
        }
    }

    pub(crate) fn image(name: &str, what: impl Into<String>) -> Self {
        SandboxError::Image {
            name: name.to_string(),
            what: what.into(),
        }
    }
}
