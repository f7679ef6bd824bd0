//! Shards of JSON lines, zstd-compressed.

use super::files::{HashedFile, Sealed};
use std::io::{self, Write};

/// Compression level: past it, time grows faster than shards shrink. Part of the bytes, so never changed lightly.
const LEVEL: i32 = 9;

/// Writes one shard: a single zstd frame with a checksum, from a single thread, so that equal rows are equal bytes.
pub struct JsonlShard {
    encoder: zstd::Encoder<'static, HashedFile>,
}

impl JsonlShard {
    /// Starts a shard in an empty file.
    pub fn new(file: HashedFile) -> io::Result<JsonlShard> {
        let mut encoder = zstd::Encoder::new(file, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(JsonlShard { encoder })
    }

    /// Adds a row, given as JSON.
    pub fn write(&mut self, json: &str) -> io::Result<()> {
        self.encoder.write_all(json.as_bytes())?;
        self.encoder.write_all(b"\n")
    }

    /// Ends the frame and makes the file durable.
    pub fn close(self) -> io::Result<Sealed> {
        self.encoder.finish()?.seal()
    }
}
