//! `source.directory`: the files under a folder of this machine.

use super::glob::Globs;
use super::licence::{Notices, is_notice};
use super::{Found, MAX_FILE_BYTES, RawFile, Source, SourceError, SourceSpec, add_licences, raw_file, refused, take};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// This source's line in the table.
pub const SPEC: SourceSpec = SourceSpec {
    name: "source.directory",
    version: 1,
    lists: &["path"],
    schema: || schemars::schema_for!(Config),
    build: |value| {
        let config: Config = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        let include = Globs::new(&config.include)?;
        Ok(Box::new(Directory { config, include }))
    },
};

/// The files under a folder. Links are never followed; `.git` and its like are passed over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder; a relative path counts from the recipe's own folder.
    pub path: PathBuf,
    /// What lineage calls it: samples come from `dir:NAME`.
    pub name: String,
    /// Its version, if it has one: a tag, a date.
    #[serde(default)]
    pub version: String,
    /// Which files to take: patterns over paths inside the folder (`*.v`, `rtl/**`); all by default.
    #[serde(default)]
    pub include: Vec<String>,
    /// Larger files keep a row with their hash but are not read as text, bytes.
    #[serde(default = "max_file_bytes")]
    pub max_file_bytes: u64,
}

fn max_file_bytes() -> u64 {
    MAX_FILE_BYTES
}

/// Files per unit of work.
const UNIT: usize = 256;
/// The most files one source may list: five million.
const MAX_FILES: u64 = 5_000_000;
/// The deepest folder that is entered.
const MAX_DEPTH: usize = 64;
/// The largest licence file read: 1 MiB.
const NOTICE_BYTES: u64 = 1 << 20;

struct Directory {
    config: Config,
    include: Globs,
}

impl Source for Directory {
    /// The files' paths, sorted, 256 a unit.
    fn expand(&self) -> Result<Vec<Value>, SourceError> {
        let mut paths = Vec::new();
        self.list(&self.config.path, "", 0, &mut paths)?;
        paths.sort();
        Ok(paths.chunks(UNIT).map(|files| json!({ "files": files })).collect())
    }

    fn read<'a>(&'a self, unit: &'a Value, _cache: PathBuf) -> BoxFuture<'a, Result<Vec<RawFile>, SourceError>> {
        Box::pin(async move {
            let paths: Vec<&str> = unit["files"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let row = |path: &&str| {
                let found = open(&self.config.path.join(path), self.config.max_file_bytes);
                raw_file(
                    &format!("dir:{}", self.config.name),
                    &self.config.version,
                    path.to_string(),
                    found,
                )
            };
            let mut files: Vec<_> = paths.iter().map(row).collect();
            files.sort_by(|a, b| a.origin.path.cmp(&b.origin.path));
            add_licences(&mut files, &self.notices(&paths));
            Ok(files)
        })
    }
}

impl Directory {
    /// Lists a folder and those below it. Only a root that cannot be read is an error: a folder inside that cannot be
    /// is a row of its own, read as [`refused::UNREADABLE`].
    fn list(&self, folder: &Path, prefix: &str, depth: usize, paths: &mut Vec<String>) -> Result<(), SourceError> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(_) if depth > 0 => {
                paths.push(prefix.trim_end_matches('/').to_string());
                return Ok(());
            }
            Err(_) => {
                let what = format!(
                    "folder `{}` of source `{}`",
                    self.config.path.display(),
                    self.config.name
                );
                return Err(SourceError::NotFound {
                    what,
                    remedy: "`path` must name a folder that can be read".into(),
                });
            }
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            let is_folder = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_folder && depth < MAX_DEPTH {
                if !matches!(name.to_str(), Some(".git" | ".hg" | ".svn")) {
                    self.list(&entry.path(), &format!("{path}/"), depth + 1, paths)?;
                }
            } else if self.include.matches(&path) {
                paths.push(path);
            }
            if paths.len() as u64 > MAX_FILES {
                return Err(SourceError::LimitExceeded {
                    what: format!("source `{}`", self.config.name),
                    limit: "number of files",
                    max: MAX_FILES,
                });
            }
        }
        Ok(())
    }

    /// The licence files in the folders of these paths and in all above them, up to the source's own.
    fn notices(&self, paths: &[&str]) -> Notices {
        let mut folders = BTreeSet::from([""]);
        for path in paths {
            let mut folder = *path;
            while let Some((above, _)) = folder.rsplit_once('/') {
                folder = above;
                folders.insert(folder);
            }
        }
        let mut notices = Notices::default();
        for folder in folders {
            let entries = std::fs::read_dir(self.config.path.join(folder))
                .into_iter()
                .flatten()
                .flatten();
            let mut names: Vec<_> = entries
                .filter_map(|e| e.file_name().into_string().ok())
                .filter(|n| is_notice(n))
                .collect();
            names.sort();
            for name in names {
                let path = if folder.is_empty() {
                    name
                } else {
                    format!("{folder}/{name}")
                };
                if let Found::Bytes(bytes) = open(&self.config.path.join(&path), NOTICE_BYTES) {
                    notices.add(&path, &String::from_utf8_lossy(&bytes));
                }
            }
        }
        notices
    }
}

/// What is at a path, without following a link or waiting for a pipe.
fn open(path: &Path, max: u64) -> Found {
    match std::fs::symlink_metadata(path) {
        Ok(m) if m.is_symlink() => return Found::Refused(refused::LINK),
        Ok(m) if m.is_file() => {}
        Ok(m) if !m.is_dir() => return Found::Refused(refused::NOT_A_FILE),
        _ => return Found::Refused(refused::UNREADABLE),
    }
    // The path may have become something else since: the flags and the second look are about the file that was opened.
    let opened = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path);
    match opened {
        Ok(file) if file.metadata().is_ok_and(|m| m.is_file()) => {
            take(file, max).unwrap_or(Found::Refused(refused::UNREADABLE))
        }
        _ => Found::Refused(refused::UNREADABLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &Path, include: &[&str]) -> Box<dyn Source> {
        (SPEC.build)(&json!({"path": path, "name": "mine", "include": include, "max_file_bytes": 100}))
            .map_err(|e| panic!("{e}"))
            .unwrap()
    }

    fn read(source: &dyn Source) -> Vec<RawFile> {
        let units = source.expand().unwrap();
        units
            .iter()
            .flat_map(|u| wait(source.read(u, PathBuf::new())).unwrap())
            .collect()
    }

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let at = |p: &str| dir.path().join(p);
        std::fs::create_dir_all(at("rtl/deep")).unwrap();
        std::fs::create_dir(at(".git")).unwrap();
        for (path, bytes) in [
            (
                "LICENSE",
                &b"Permission is hereby granted, free of charge, to any person obtaining a copy"[..],
            ),
            ("rtl/deep/a.v", b"\xef\xbb\xbfmodule a; endmodule"),
            ("rtl/b.v", b"caf\xe9"),
            ("rtl/c.v", b"\0\0"),
            ("rtl/d.v", &[b'x'; 101]),
            (".git/config", b"x"),
        ] {
            std::fs::write(at(path), bytes).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", at("rtl/link.v")).unwrap();
        std::os::unix::fs::symlink("/etc", at("rtl/links")).unwrap();
        dir
    }

    #[test]
    fn every_path_becomes_a_row() {
        let dir = tree();
        let files = read(&*source(dir.path(), &[]));
        let rows: Vec<_> = files.iter().map(|f| (f.origin.path.as_str(), f.refused)).collect();
        let expected = [
            ("LICENSE", None),
            ("rtl/b.v", Some("not_utf8")),
            ("rtl/c.v", Some("binary")),
            ("rtl/d.v", Some("too_large")),
            ("rtl/deep/a.v", None),
            ("rtl/link.v", Some("link")),
            ("rtl/links", Some("link")),
        ];
        assert_eq!(rows, expected);
        assert_eq!(files[4].text.as_deref(), Some("module a; endmodule"));
        assert_eq!(
            files[4].metadata["licence"],
            json!({"spdx": "MIT", "from": "nearest", "path": "LICENSE"})
        );
        assert_eq!(
            (files[3].bytes, files[3].origin.sha256.as_str()),
            (101, crate::model::sha256_hex(&[b'x'; 101]).as_str())
        );
        assert_eq!(files[0].origin.source, "dir:mine");
    }

    #[test]
    fn patterns_choose() {
        let dir = tree();
        let files = read(&*source(dir.path(), &["rtl/deep/**"]));
        assert_eq!(files.len(), 1);
    }

    #[test]
    fn units_are_sorted_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        for i in 0..600 {
            std::fs::write(dir.path().join(format!("f{i:03}.v")), "x").unwrap();
        }
        let units = source(dir.path(), &[]).expand().unwrap();
        let sizes: Vec<_> = units.iter().map(|u| u["files"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [256, 256, 88]);
        assert_eq!(units[1]["files"][0], "f256.v");
    }

    #[test]
    fn what_vanished_or_never_was() {
        let dir = tree();
        let gone = json!({"files": ["rtl/gone.v"]});
        let files = wait(source(dir.path(), &[]).read(&gone, PathBuf::new())).unwrap();
        assert_eq!(files[0].refused, Some("unreadable"));
        assert!(matches!(
            source(&dir.path().join("no"), &[]).expand(),
            Err(SourceError::NotFound { .. })
        ));
    }

    #[test]
    fn a_pipe_does_not_block() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::ffi::CString::new(dir.path().join("pipe.v").to_str().unwrap()).unwrap();
        // SAFETY: `path` is a valid C string that outlives the call.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
        assert_eq!(read(&*source(dir.path(), &[]))[0].refused, Some("not_a_file"));
    }
}
