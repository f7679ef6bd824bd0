//! Where raw material comes in. Everything read here is hostile: it is opened only with limits, and
//! scrubbed of personal data and credentials before it goes anywhere.

use crate::model::{Metadata, Origin};
use futures::future::BoxFuture;
use std::path::PathBuf;

/// A file as a source hands it over.
#[derive(Clone, Debug, PartialEq)]
pub struct RawFile {
    pub origin: Origin,
    /// Size of the original, bytes.
    pub bytes: u64,
    /// Scrubbed text; `None` where the file could not be taken as text.
    pub text: Option<String>,
    /// Why it was not taken (`binary`, `not_utf8`, `too_large`, `link`, …) with `text: None`.
    pub refused: Option<&'static str>,
    /// Licence as found (`licence`: {spdx, from, path}), what was scrubbed (`scrubbed`: counts by kind), …
    pub metadata: Metadata,
}

/// A source, configured.
pub trait Source: Send + Sync {
    /// Units of work in a fixed order, each small enough for memory: a package, a few hundred files.
    fn expand(&self) -> Result<Vec<serde_json::Value>, SourceError>;
    /// Reads one unit; files come sorted by path.
    fn read<'a>(&'a self, unit: &'a serde_json::Value, cache: PathBuf) -> BoxFuture<'a, Result<Vec<RawFile>, SourceError>>;
}

/// One line of the table of sources.
pub struct SourceSpec {
    /// What a recipe's `use` says, e.g. `source.pypi`.
    pub name: &'static str,
    pub version: u32,
    pub schema: fn() -> schemars::Schema,
    pub build: fn(&serde_json::Value) -> Result<Box<dyn Source>, String>,
}
