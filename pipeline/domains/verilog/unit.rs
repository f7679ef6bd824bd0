//! A unit: one module with the file that it stands in and what that needs from its package.

use super::harness::{Design, DesignFile, FileRole};
use super::link::Package;
use super::types::SourceFile;
use crate::model::{Decided, Decision, DomainId, Draft, Kind, Metadata, Origin, Parent, Sample, sha256_hex};
use crate::stages::{Context, StageError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A file that a unit needs, by hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Needed {
    /// The source sample.
    pub sample: String,
    pub path: String,
    pub sha256: String,
    /// `module` or `include`.
    pub role: String,
}

/// What a unit's metadata says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitRecord {
    pub module: String,
    /// Lines of the module in the unit's content, 1-based, inclusive.
    pub module_lines: (u32, u32),
    /// Lines of the module in the file that it came from.
    pub origin_lines: (u32, u32),
    /// The source sample that the lines are of.
    pub file: String,
    pub needs: Vec<Needed>,
    /// Names that the package does not hold.
    pub unresolved: Vec<String>,
}

impl UnitRecord {
    /// Reads it from a sample's metadata (key `unit`).
    pub fn of(sample: &Sample) -> Result<UnitRecord, StageError> {
        let value = sample.metadata.get("unit").cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|e| broken(&sample.id, "unit", &e.to_string()))
    }

    /// The edge to the lines that a sample goes back to.
    pub fn origin_edge(&self) -> Parent {
        Parent::new(&self.file, "origin", Some(self.origin_lines))
    }

    /// Source package and module, as caps and keys count them.
    pub fn key(&self, origin: &Origin) -> String {
        format!("{}/{}#{}", origin.source, origin.path, self.module)
    }
}

/// A stored sample that lacks what its kind must have: a fault of ours.
pub fn broken(sample: &str, what: &str, why: &str) -> StageError {
    StageError::Other {
        kind: "sample",
        message: format!("sample {sample} has no usable `{what}`: {why}"),
        retry: false,
    }
}

/// One decision, with details.
pub fn decided(sample: &str, decision: Decision, detail: Value) -> Decided {
    let detail = match detail {
        Value::Object(map) => map,
        _ => Metadata::new(),
    };
    Decided {
        sample: sample.into(),
        decision,
        detail,
    }
}

/// Links files package by package: each module of an input file becomes a unit.
pub async fn link(ctx: &Context, files: Vec<String>, library: &[String]) -> Result<Vec<Decided>, StageError> {
    let inputs: BTreeSet<&String> = files.iter().collect();
    let mut all: Vec<String> = files.iter().chain(library).cloned().collect();
    all.sort();
    all.dedup();
    let mut packages: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (id, origin) in ctx.store.origins(&all).await? {
        packages.entry((origin.source, origin.version)).or_default().push(id);
    }
    let mut out = Vec::with_capacity(files.len());
    for ids in packages.into_values() {
        let mut samples = ctx.store.samples(&ids).await?;
        samples.sort_by(|a, b| (&a.origin.path, &a.id).cmp(&(&b.origin.path, &b.id)));
        let sources: Vec<SourceFile> = samples
            .iter()
            .map(|s| SourceFile {
                sample: s.id.clone(),
                path: s.origin.path.clone(),
                text: s.content.clone(),
            })
            .collect();
        let package = tokio::task::block_in_place(|| Package::new(&sources));
        for (i, s) in samples.iter().enumerate().filter(|(_, s)| inputs.contains(&s.id)) {
            out.push(units_of(&package, i, s, &samples));
        }
    }
    Ok(out)
}

fn units_of(package: &Package<'_>, index: usize, file: &Sample, samples: &[Sample]) -> Decided {
    let modules = package.links(index).modules;
    if modules.is_empty() {
        return decided(&file.id, Decision::Drop("no_module"), json!({}));
    }
    let lines = file.content.lines().count().max(1) as u32;
    let drafts = modules.iter().map(|m| {
        let links = package.module_links(index, &m.name);
        let needs: Vec<Needed> = links
            .needs
            .iter()
            .map(|n| {
                let s = &samples[n.file];
                Needed {
                    sample: s.id.clone(),
                    path: s.origin.path.clone(),
                    sha256: sha256_hex(s.content.as_bytes()),
                    role: n.role.clone(),
                }
            })
            .collect();
        let record = UnitRecord {
            module: m.name.clone(),
            module_lines: m.lines,
            origin_lines: m.lines,
            file: file.id.clone(),
            needs,
            unresolved: links.unresolved,
        };
        draft(
            file,
            record,
            file.content.clone(),
            vec![Parent::new(&file.id, "from", Some((1, lines)))],
        )
    });
    decided(
        &file.id,
        Decision::Derive(drafts.collect()),
        json!({"modules": modules.len()}),
    )
}

/// A unit's draft. Its identity holds the module and everything it needs, through its parents.
pub fn draft(from: &Sample, record: UnitRecord, content: String, mut parents: Vec<Parent>) -> Draft {
    let mut d = Draft::new(Kind::Code, DomainId::Chip, content, from.origin.clone());
    parents.push(record.origin_edge());
    parents.extend(record.needs.iter().map(|n| Parent::new(&n.sample, "dependency", None)));
    d.metadata.insert("language".into(), language(&from.origin.path).into());
    for key in ["licence", "copyright"] {
        if let Some(value) = from.metadata.get(key) {
            d.metadata.insert(key.into(), value.clone());
        }
    }
    d.metadata.insert("unit".into(), json!(record));
    d.parents = parents;
    d
}

/// `verilog` or `systemverilog`, by extension.
pub fn language(path: &str) -> &'static str {
    if path.ends_with(".sv") || path.ends_with(".svh") {
        "systemverilog"
    } else {
        "verilog"
    }
}

/// The design of a unit: the unit's own text last, what it needs before it. Paths lose the folders that all share.
pub async fn design(ctx: &Context, unit: &Sample, record: &UnitRecord) -> Result<(Design, String), StageError> {
    let hashes: Vec<String> = record.needs.iter().map(|n| n.sha256.clone()).collect();
    let texts = ctx.store.texts(&hashes).await?;
    let mut files = Vec::with_capacity(record.needs.len() + 1);
    for n in &record.needs {
        let text = texts
            .get(&n.sha256)
            .ok_or_else(|| broken(&unit.id, &n.path, "the text of a dependency is not stored"))?;
        let role = if n.role == "include" {
            FileRole::Include
        } else {
            FileRole::Module
        };
        files.push(DesignFile {
            path: n.path.clone(),
            text: text.clone(),
            role,
        });
    }
    files.push(DesignFile {
        path: unit.origin.path.clone(),
        text: unit.content.clone(),
        role: FileRole::Module,
    });
    let cut = shared_folder(files.iter().map(|f| f.path.as_str()));
    for f in &mut files {
        f.path.drain(..cut);
    }
    let dut = unit.origin.path[cut..].to_string();
    let include_dirs = ancestors(
        files
            .iter()
            .filter(|f| f.role == FileRole::Include)
            .map(|f| f.path.as_str()),
    );
    Ok((
        Design {
            top: record.module.clone(),
            files,
            include_dirs,
        },
        dut,
    ))
}

/// Length of the folder prefix (with its slash) that all paths have in common.
fn shared_folder<'a>(paths: impl Iterator<Item = &'a str>) -> usize {
    let mut shared: Option<&str> = None;
    for p in paths {
        let folder = &p[..p.rfind('/').map_or(0, |i| i + 1)];
        shared = Some(match shared {
            None => folder,
            Some(s) => {
                let same = s.bytes().zip(folder.bytes()).take_while(|(a, b)| a == b).count();
                &s[..s.as_bytes()[..same]
                    .iter()
                    .rposition(|&b| b == b'/')
                    .map_or(0, |i| i + 1)]
            }
        });
    }
    shared.map_or(0, str::len)
}

/// Every folder above these paths, the nearest of each first, then sorted.
fn ancestors<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut dirs = BTreeSet::new();
    for p in paths {
        let mut at = p;
        while let Some((dir, _)) = at.rsplit_once('/') {
            dirs.insert(dir.to_string());
            at = dir;
        }
    }
    let mut dirs: Vec<String> = dirs.into_iter().collect();
    dirs.sort_by_key(|d| std::cmp::Reverse(d.matches('/').count()));
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_all_share_go() {
        assert_eq!(shared_folder(["a/b/x.v", "a/b/c/y.v"].into_iter()), 4);
        assert_eq!(shared_folder(["a/bc/x.v", "a/bd/y.v"].into_iter()), 2);
        assert_eq!(shared_folder(["x.v", "a/y.v"].into_iter()), 0);
        assert_eq!(ancestors(["a/b/c.vh", "a/d.vh"].into_iter()), ["a/b", "a"]);
    }
}
