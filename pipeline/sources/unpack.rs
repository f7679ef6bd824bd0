//! Opens archives in memory, entry by entry, believing nothing they say about themselves.
//!
//! What an archive declares (sizes, counts) is never trusted: limits are kept over what really comes
//! out. Nothing is written to disk, so there is nothing to escape to; entries that try are refused all the same,
//! with the whole archive, because no honest packager writes them.

use super::{Found, SourceError, refused, take};
use std::cell::Cell;
use std::io::{Cursor, Read};

/// How much an archive may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all entries together, decompressed.
    pub total_bytes: u64,
    /// Bytes of an entry beyond which it is hashed but not kept.
    pub file_bytes: u64,
    /// Entries.
    pub files: u64,
    /// Bytes out per byte in, over the whole archive (overlapping entries count each time).
    pub ratio: u64,
}

impl Default for Limits {
    /// 1 GiB in 100,000 files of 2 MiB, expanding at most 100 to 1: ten wheels measured lay between 1.4 and 4.2.
    fn default() -> Limits {
        Limits {
            total_bytes: 1 << 30,
            file_bytes: super::MAX_FILE_BYTES,
            files: 100_000,
            ratio: 100,
        }
    }
}

/// What small archives may expand to whatever their ratio: 1 MiB.
const RATIO_SLACK: u64 = 1 << 20;

/// The gzip magic number; anything else is tried as zip (wheels are zip files).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Calls `sink` for every file of a zip (wheel) or tar.gz archive, in the archive's order, with its path.
/// Links within the archive are handed over as [`refused::LINK`]. `what` names the archive in errors.
pub fn unpack(
    what: &str,
    archive: &[u8],
    limits: &Limits,
    sink: &mut dyn FnMut(String, Found),
) -> Result<(), SourceError> {
    let meter = Meter::new(what, archive.len() as u64, limits);
    if archive.starts_with(&GZIP) {
        unpack_tar(archive, &meter, sink)
    } else {
        unpack_zip(archive, &meter, sink)
    }
}

/// Counts what comes out of an archive and stops it at the limits.
struct Meter<'a> {
    what: &'a str,
    limits: &'a Limits,
    ratio_bytes: u64,
    bytes: Cell<u64>,
    files: Cell<u64>,
}

impl<'a> Meter<'a> {
    fn new(what: &'a str, archive_bytes: u64, limits: &'a Limits) -> Meter<'a> {
        let ratio_bytes = archive_bytes.saturating_mul(limits.ratio).saturating_add(RATIO_SLACK);
        Meter {
            what,
            limits,
            ratio_bytes,
            bytes: Cell::new(0),
            files: Cell::new(0),
        }
    }

    fn count_file(&self) -> Result<(), SourceError> {
        self.files.set(self.files.get() + 1);
        if self.files.get() > self.limits.files {
            return Err(self.exceeded("number of files", self.limits.files));
        }
        Ok(())
    }

    fn count_bytes(&self, n: u64) -> std::io::Result<()> {
        self.bytes.set(self.bytes.get().saturating_add(n));
        match self.over() {
            Some(_) => Err(std::io::Error::other("over the limit")),
            None => Ok(()),
        }
    }

    fn over(&self) -> Option<SourceError> {
        if self.bytes.get() > self.limits.total_bytes {
            Some(self.exceeded("unpacked bytes", self.limits.total_bytes))
        } else if self.bytes.get() > self.ratio_bytes {
            Some(self.exceeded("compression ratio", self.limits.ratio))
        } else {
            None
        }
    }

    fn exceeded(&self, limit: &'static str, max: u64) -> SourceError {
        SourceError::LimitExceeded {
            what: format!("archive {}", self.what),
            limit,
            max,
        }
    }

    /// A read error is a limit of ours if one was passed, else the archive's fault.
    fn error(&self, e: impl std::fmt::Display) -> SourceError {
        self.over().unwrap_or_else(|| SourceError::Corrupt {
            what: self.what.into(),
            message: e.to_string(),
        })
    }

    fn unsafe_entry(&self, entry: &str, why: &'static str) -> SourceError {
        let entry = entry.chars().take(200).flat_map(char::escape_default).collect();
        SourceError::UnsafeEntry {
            what: self.what.into(),
            entry,
            why,
        }
    }

    /// A path that stays inside: relative, without `..`, backslashes, drives or control characters.
    fn safe_path(&self, path: &str) -> Result<String, SourceError> {
        let plain = path.strip_prefix("./").unwrap_or(path);
        if plain.is_empty() || plain.chars().any(|c| c.is_control() || c == '\\') {
            return Err(self.unsafe_entry(path, "not a plain name"));
        }
        if plain.starts_with('/') || plain.as_bytes().get(1) == Some(&b':') {
            return Err(self.unsafe_entry(path, "absolute path"));
        }
        if plain.split('/').any(|part| part == "..") {
            return Err(self.unsafe_entry(path, "leads out of the archive"));
        }
        Ok(plain.to_string())
    }

    /// Whether a link at `path` to `target` stays inside the archive.
    fn check_link(&self, path: &str, target: &str) -> Result<(), SourceError> {
        let mut depth = path.matches('/').count() as i64;
        for part in target.split('/') {
            depth += if part == ".." {
                -1
            } else {
                i64::from(!part.is_empty() && part != ".")
            };
            if depth < 0 {
                return Err(self.unsafe_entry(path, "link out of the archive"));
            }
        }
        if target.starts_with('/') || target.contains('\\') {
            return Err(self.unsafe_entry(path, "link out of the archive"));
        }
        Ok(())
    }
}

/// A reader whose output is counted.
struct Metered<'a, R>(R, &'a Meter<'a>);

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.read(buffer)?;
        self.1.count_bytes(n as u64)?;
        Ok(n)
    }
}

fn unpack_zip(archive: &[u8], meter: &Meter<'_>, sink: &mut dyn FnMut(String, Found)) -> Result<(), SourceError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(|e| meter.error(e))?;
    for i in 0..zip.len() {
        meter.count_file()?;
        let entry = zip.by_index(i).map_err(|e| meter.error(e))?;
        if entry.is_dir() {
            meter.safe_path(entry.name().trim_end_matches('/'))?;
            continue;
        }
        let path = meter.safe_path(entry.name())?;
        // The file type bits of a Unix mode, where the archive carries one: 0 or a regular file will do.
        match entry.unix_mode().map_or(0, |mode| mode & 0o170000) {
            0 | 0o100000 => {}
            0o120000 => {
                let mut target = String::new();
                Metered(entry, meter)
                    .take(4096)
                    .read_to_string(&mut target)
                    .map_err(|e| meter.error(e))?;
                meter.check_link(&path, &target)?;
                sink(path, Found::Refused(refused::LINK));
                continue;
            }
            _ => return Err(meter.unsafe_entry(&path, "not a plain file")),
        }
        let found = take(Metered(entry, meter), meter.limits.file_bytes).map_err(|e| meter.error(e))?;
        sink(path, found);
    }
    Ok(())
}

fn unpack_tar(archive: &[u8], meter: &Meter<'_>, sink: &mut dyn FnMut(String, Found)) -> Result<(), SourceError> {
    // Counted twice: the stream (headers can be bombs too) and, for sparse files, what the stream stands for.
    let stream_meter = Meter::new(meter.what, archive.len() as u64, meter.limits);
    let error = |e: std::io::Error| stream_meter.over().unwrap_or_else(|| meter.error(e));
    let mut tar = tar::Archive::new(Metered(flate2::read::MultiGzDecoder::new(archive), &stream_meter));
    for entry in tar.entries().map_err(error)? {
        meter.count_file()?;
        let entry = entry.map_err(error)?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind.is_dir() {
            if !matches!(raw.as_str(), "." | "./") {
                meter.safe_path(raw.trim_end_matches('/'))?;
            }
            continue;
        }
        let path = meter.safe_path(&raw)?;
        if kind.is_symlink() || kind.is_hard_link() {
            let target = entry
                .link_name_bytes()
                .map(|t| String::from_utf8_lossy(&t).into_owned())
                .unwrap_or_default();
            // A hard link's target counts from the archive's root, a symbolic link's from its own folder.
            meter.check_link(if kind.is_symlink() { &path } else { "" }, &target)?;
            sink(path, Found::Refused(refused::LINK));
        } else if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            let found = take(Metered(entry, meter), meter.limits.file_bytes).map_err(error)?;
            sink(path, found);
        } else {
            return Err(meter.unsafe_entry(&path, "not a plain file"));
        }
    }
    // The rest of the stream holds the checksum: without reading it, a damaged archive would pass.
    std::io::copy(&mut tar.into_inner(), &mut std::io::sink()).map_err(error)?;
    Ok(())
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
