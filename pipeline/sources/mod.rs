//! Where raw material comes in. Everything read here is hostile: it is opened only with limits, and
//! scrubbed of personal data and credentials before it goes anywhere.

pub mod directory;
mod expression;
pub mod glob;
mod index;
pub mod licence;
pub mod pypi;
pub mod scrub;
pub mod unpack;

use crate::model::{Metadata, Origin, sha256_hex};
use futures::future::BoxFuture;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Read;
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
    fn read<'a>(
        &'a self,
        unit: &'a serde_json::Value,
        cache: PathBuf,
    ) -> BoxFuture<'a, Result<Vec<RawFile>, SourceError>>;
}

/// One line of the table of sources.
pub struct SourceSpec {
    /// What a recipe's `use` says, e.g. `source.pypi`.
    pub name: &'static str,
    pub version: u32,
    /// Keys that list what is read; see [`crate::recipe::StageInfo::lists`].
    pub lists: &'static [&'static str],
    pub schema: fn() -> schemars::Schema,
    pub build: fn(&serde_json::Value) -> Result<Box<dyn Source>, String>,
}

/// The table of sources. Adding one is a file and a line here.
pub fn table() -> &'static [&'static SourceSpec] {
    &[&directory::SPEC, &pypi::SPEC]
}

/// The source that a recipe's `use` names.
pub fn find(name: &str) -> Option<&'static SourceSpec> {
    table().iter().copied().find(|s| s.name == name)
}

/// What can go wrong while raw material is read. A file that cannot be taken is no error: it is a
/// [`RawFile`] with a reason.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The configuration cannot be used; the text names the remedy.
    #[error("{0}")]
    Config(String),
    /// A package, file or folder is not where the recipe says.
    #[error("{what} not found: {remedy}")]
    NotFound { what: String, remedy: String },
    /// The bytes are not those that the recipe pins.
    #[error("{what} has sha256 {got}, the recipe pins {expected}: check where it came from, then correct the pin")]
    Sha256Mismatch {
        what: String,
        expected: String,
        got: String,
    },
    /// The package index could not be reached or gave no usable answer; worth another try later.
    #[error("cannot fetch {what}: {message}; check the connection and pip's index-url, proxy and cert settings")]
    Network { what: String, message: String },
    /// An archive that does not decode: truncated, wrong checksum, or of a kind not known here.
    #[error("archive {what} is corrupt or unsupported: {message}")]
    Corrupt { what: String, message: String },
    /// An archive entry that points out of the archive, or is no plain file.
    #[error("archive {what} refused: unsafe entry `{entry}` ({why})")]
    UnsafeEntry {
        what: String,
        entry: String,
        why: &'static str,
    },
    /// More than the limits allow: files, bytes, or bytes out per byte in (a bomb).
    #[error("{what} exceeds the limit on {limit} ({max}): raise it in the recipe if the input is trusted")]
    LimitExceeded {
        what: String,
        limit: &'static str,
        max: u64,
    },
    /// The file system failed us.
    #[error("cannot read {what}: {source}")]
    Io { what: String, source: std::io::Error },
}

impl SourceError {
    /// Whether the same call may succeed later with nothing changed.
    pub fn retryable(&self) -> bool {
        matches!(self, SourceError::Network { .. } | SourceError::Io { .. })
    }
}

/// Why a file was not taken as text: the values of [`RawFile::refused`].
pub mod refused {
    /// It holds NUL bytes.
    pub const BINARY: &str = "binary";
    /// It is not UTF-8.
    pub const NOT_UTF8: &str = "not_utf8";
    /// It is larger than `max_file_bytes`; only its hash and size are known.
    pub const TOO_LARGE: &str = "too_large";
    /// It is a symbolic or hard link; links are never followed.
    pub const LINK: &str = "link";
    /// It is a device, a pipe or a socket.
    pub const NOT_A_FILE: &str = "not_a_file";
    /// The file system refused to read it.
    pub const UNREADABLE: &str = "unreadable";
}

/// Files larger than this are not read as text unless a recipe says otherwise: 2 MiB.
pub const MAX_FILE_BYTES: u64 = 2 << 20;

/// What was found at a path: bytes, or a reason why not.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Bytes(Vec<u8>),
    /// Hashed to its end, but not kept.
    TooLarge {
        bytes: u64,
        sha256: String,
    },
    /// Never opened, or not readable: one of [`refused`].
    Refused(&'static str),
}

/// Makes the row for one path. The text is scrubbed here, before anything else sees it.
fn raw_file(source: &str, version: &str, path: String, found: Found) -> RawFile {
    let origin = |sha256| Origin {
        source: source.into(),
        version: version.into(),
        sha256,
        path,
    };
    let refuse = |origin, bytes, why| RawFile {
        origin,
        bytes,
        text: None,
        refused: Some(why),
        metadata: Metadata::new(),
    };
    let data = match found {
        Found::TooLarge { bytes, sha256 } => return refuse(origin(sha256), bytes, refused::TOO_LARGE),
        Found::Refused(why) => return refuse(origin(String::new()), 0, why),
        Found::Bytes(data) => data,
    };
    let (bytes, origin) = (data.len() as u64, origin(sha256_hex(&data)));
    if data.contains(&0) {
        return refuse(origin, bytes, refused::BINARY);
    }
    let Ok(text) = String::from_utf8(data) else {
        return refuse(origin, bytes, refused::NOT_UTF8);
    };
    let scrubbed = scrub::scrub(text.strip_prefix('\u{feff}').unwrap_or(&text));
    let mut metadata = Metadata::new();
    if !scrubbed.counts.is_empty() {
        metadata.insert(
            "scrubbed".into(),
            scrubbed
                .counts
                .into_iter()
                .map(|(k, n)| (k.to_string(), Value::from(n)))
                .collect(),
        );
    }
    RawFile {
        origin,
        bytes,
        text: Some(scrubbed.text),
        refused: None,
        metadata,
    }
}

/// Reads a stream to its end, keeping at most `max` bytes.
fn take(mut from: impl Read, max: u64) -> std::io::Result<Found> {
    let mut kept = Vec::new();
    from.by_ref().take(max.saturating_add(1)).read_to_end(&mut kept)?;
    if kept.len() as u64 <= max {
        return Ok(Found::Bytes(kept));
    }
    let mut hash = Sha256::new_with_prefix(&kept);
    let (mut bytes, mut buffer) = (kept.len() as u64, vec![0; 64 << 10]);
    drop(kept);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Found::TooLarge {
        bytes,
        sha256: hash.finalize().iter().map(|b| format!("{b:02x}")).collect(),
    })
}

/// Records each text's licence, from its own words or the notices around it.
fn add_licences(files: &mut [RawFile], notices: &licence::Notices) {
    for file in files {
        if let Some(text) = &file.text {
            let found = notices.resolve(&file.origin.path, text);
            file.metadata.insert("licence".into(), found.to_json());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8]) -> RawFile {
        raw_file("dir:x", "", "a.v".into(), Found::Bytes(bytes.to_vec()))
    }

    #[test]
    fn names_are_distinct() {
        let names: std::collections::BTreeSet<_> = table().iter().map(|s| s.name).collect();
        assert_eq!(names.len(), table().len());
        assert!(find("source.pypi").is_some() && find("source.nothing").is_none());
    }

    #[test]
    fn bytes_become_text_or_a_reason() {
        assert_eq!(row(b"module a;").text.as_deref(), Some("module a;"));
        assert_eq!(row(b"\xef\xbb\xbfmodule a;").text.as_deref(), Some("module a;"));
        assert_eq!(row(b"a\0b").refused, Some(refused::BINARY));
        assert_eq!(row(b"caf\xe9").refused, Some(refused::NOT_UTF8));
        assert_eq!(row(b"").text.as_deref(), Some(""));
    }

    #[test]
    fn the_hash_is_of_the_original_and_the_text_is_scrubbed() {
        let file = row(b"// by a.b@example.org\n");
        assert_eq!(file.origin.sha256, sha256_hex(b"// by a.b@example.org\n"));
        assert_eq!(file.text.as_deref(), Some("// by <email>\n"));
        assert_eq!(file.metadata["scrubbed"]["email"], 1);
    }

    #[test]
    fn a_large_stream_is_hashed_but_not_kept() {
        let data = vec![7u8; 300_000];
        let expected = Found::TooLarge {
            bytes: 300_000,
            sha256: sha256_hex(&data),
        };
        assert_eq!(take(&data[..], 299_999).unwrap(), expected);
        assert_eq!(take(&data[..], 300_000).unwrap(), Found::Bytes(data.clone()));
    }
}
