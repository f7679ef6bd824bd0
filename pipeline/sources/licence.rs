//! Under which licence a file is: by its own words first, then by the nearest notice, then by the package.
//!
//! A permissive package can hold files of others under other terms, so the answer belongs to the file. Results are
//! SPDX expressions; what SPDX has no name for is a `LicenseRef-…`; what nobody says is [`UNKNOWN`].

pub use super::expression::allowed;
use super::expression::as_expression;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The class of files about whose licence nothing was found, or nothing that is understood.
pub const UNKNOWN: &str = "unknown";

/// Where the answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// An SPDX tag in the file.
    Tag,
    /// A licence notice in the file.
    Header,
    /// A licence file in the file's folder or the nearest one above it.
    Nearest,
    /// The package's own metadata.
    Package,
    /// Nowhere.
    Nowhere,
}

/// A file's licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// An SPDX expression, or [`UNKNOWN`].
    pub spdx: String,
    pub from: From,
    /// The file that says so: the file itself, a licence file, or package metadata.
    pub path: Option<String>,
}

impl Licence {
    /// As it stands in a sample's metadata: `{spdx, from, path}`.
    pub fn to_json(&self) -> Value {
        let from = match self.from {
            From::Tag => "tag",
            From::Header => "header",
            From::Nearest => "nearest",
            From::Package => "package",
            From::Nowhere => "nowhere",
        };
        json!({"spdx": self.spdx, "from": from, "path": self.path})
    }
}

/// How much of a source file is searched for a tag or a notice: 8 KiB.
const HEAD_BYTES: usize = 8 << 10;
/// How much of a licence file is searched for its title or its words: 32 KiB.
const NOTICE_BYTES: usize = 32 << 10;

/// A licence and the words that give it away: one phrase of the first list, and all of the second anywhere. Of several
/// licences the one whose phrase comes first counts: full texts mention others further down, never in their titles.
struct Rule(&'static str, &'static [&'static str], &'static [&'static str]);

/// Phrases are compared as lower-case words without punctuation, dots within version numbers apart.
const RULES: &[Rule] = &[
    Rule(
        "Unlicense",
        &["free and unencumbered software released into the public domain"],
        &[],
    ),
    Rule(
        "CC0-1.0",
        &[
            "cc0 1.0",
            "creative commons zero",
            "creativecommons org publicdomain zero 1.0",
        ],
        &[],
    ),
    Rule(
        "CERN-OHL-P-2.0",
        &["cern ohl p v2", "cern open hardware licence version 2 permissive"],
        &[],
    ),
    Rule(
        "CERN-OHL-W-2.0",
        &[
            "cern ohl w v2",
            "cern open hardware licence version 2 weakly reciprocal",
        ],
        &[],
    ),
    Rule(
        "CERN-OHL-S-2.0",
        &[
            "cern ohl s v2",
            "cern open hardware licence version 2 strongly reciprocal",
        ],
        &[],
    ),
    Rule(
        "CERN-OHL-1.2",
        &[
            "cern ohl v1.2",
            "cern ohl v.1.2",
            "cern open hardware licence v1.2",
            "cern open hardware licence v.1.2",
        ],
        &[],
    ),
    Rule("LicenseRef-OHDL-1.0", &["open hardware description license"], &[]),
    Rule("SHL-2.1", SOLDERPAD, &["2.1"]),
    Rule("SHL-2.0", SOLDERPAD, &["2.0"]),
    Rule("SHL-0.51", SOLDERPAD, &["0.51"]),
    Rule("SHL-0.5", SOLDERPAD, &["0.5"]),
    Rule(
        "LicenseRef-Lattice-Open-Source",
        &["lattice semiconductor corporation open source license agreement"],
        &[],
    ),
    Rule(
        "LicenseRef-Lattice",
        &[
            "latticemico tm system license agreement",
            "lattice semiconductor corporation license",
        ],
        &[],
    ),
    Rule("AGPL-3.0", &["gnu affero general public license"], &[]),
    Rule("LGPL-2.1", LGPL, &["2.1"]),
    Rule("LGPL-3.0", LGPL, &["version 3"]),
    Rule("LGPL-2.0", LGPL, &["version 2"]),
    Rule("LGPL-2.1", LGPL, &[]),
    Rule("GPL-3.0", GPL, &["version 3"]),
    Rule("GPL-2.0", GPL, &["version 2"]),
    Rule("GPL-1.0", GPL, &[]),
    Rule(
        "MPL-2.0",
        &[
            "mozilla public license version 2.0",
            "mozilla public license v. 2.0",
            "mozilla public license v 2.0",
        ],
        &[],
    ),
    Rule(
        "EPL-2.0",
        &[
            "eclipse public license v 2.0",
            "eclipse public license v2.0",
            "eclipse public license version 2.0",
        ],
        &[],
    ),
    Rule("EPL-1.0", &["eclipse public license"], &[]),
    Rule(
        "Apache-2.0",
        &[
            "apache license version 2.0",
            "apache license 2.0",
            "apache org licenses license 2.0",
        ],
        &[],
    ),
    Rule("BSL-1.0", &["boost software license version 1.0"], &[]),
    Rule("Zlib", &["altered source versions must be plainly marked as such"], &[]),
    Rule("BSD-4-Clause", BSD, &["all advertising materials mentioning"]),
    Rule("BSD-3-Clause", BSD, &["to endorse or promote products"]),
    Rule("BSD-2-Clause", BSD, &["redistributions in binary form must reproduce"]),
    Rule(
        "MIT",
        &["permission is hereby granted free of charge to any person obtaining a copy"],
        &[],
    ),
    Rule("ISC", ISC, &["provided that the above copyright notice"]),
    Rule("0BSD", ISC, &[]),
    Rule(
        "MIT",
        &["license mit", "licence mit", "the mit license", "mit licensed"],
        &[],
    ),
    Rule("ISC", &["license isc", "the isc license"], &[]),
    Rule(
        "BSD-3-Clause",
        &["license bsd 3 clause", "the bsd 3 clause license"],
        &[],
    ),
    Rule(
        "BSD-2-Clause",
        &["license bsd 2 clause", "the bsd 2 clause license"],
        &[],
    ),
];
const SOLDERPAD: &[&str] = &["solderpad hardware license", "solderpad hardware licence"];
const LGPL: &[&str] = &[
    "gnu lesser general public license",
    "gnu library general public license",
    "gnu lesser public license",
];
const GPL: &[&str] = &["gnu general public license"];
const BSD: &[&str] = &["redistributions of source code must retain the above copyright notice"];
const ISC: &[&str] = &[
    "permission to use copy modify and or distribute this software for any purpose with or without fee",
    "permission to use copy modify and distribute this software for any purpose with or without fee",
];

/// Looked for only where no rule above applies: notices that stand beside real licences, and refusals.
const WEAK_RULES: &[Rule] = &[
    Rule(
        "LicenseRef-Proprietary",
        &["confidential and proprietary", "proprietary and confidential"],
        &[],
    ),
    Rule(
        "LicenseRef-Proprietary",
        &["your use of altera corporation s", "your use of intel corporation s"],
        &[],
    ),
    Rule("LicenseRef-Proprietary", &["all rights reserved"], &["confidential"]),
    Rule("LicenseRef-Proprietary", &["all rights reserved"], &["proprietary"]),
    Rule(
        "LicenseRef-OpenCores",
        &["this source file may be used and distributed without restriction"],
        &["copyright statement is not removed"],
    ),
];

/// Licences that come as "this version only" or "or any later version".
const WITH_LATER: [&str; 7] = [
    "AGPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0", "GPL-1.0", "GPL-2.0", "GPL-3.0",
];

/// Words in lower case, one space between them; punctuation and comment marks are gone, dots inside numbers stay.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        let digit_after = bytes.get(i + 1).is_some_and(u8::is_ascii_digit);
        if b.is_ascii_alphanumeric() || (*b == b'.' && digit_after && !out.ends_with(' ')) {
            out.push(b.to_ascii_lowercase() as char);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

fn head(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The licence that a text's words speak of, as an SPDX id.
fn recognise(text: &str) -> Option<String> {
    let words = words(text);
    let first = |rules: &'static [Rule]| {
        let applies = |r: &&Rule| r.2.iter().all(|w| words.contains(w));
        let position = |r: &Rule| r.1.iter().filter_map(|p| words.find(p)).min();
        // min_by_key takes the first of equals: rules of one family are listed from the special to the general.
        rules
            .iter()
            .filter(applies)
            .filter_map(|r| Some((position(r)?, r.0)))
            .min_by_key(|(at, _)| *at)
    };
    let (_, id) = first(RULES).or_else(|| first(WEAK_RULES))?;
    if !WITH_LATER.contains(&id) {
        return Some(id.to_string());
    }
    let later = words.contains("any later version") || words.contains("or later");
    Some(format!("{id}-{}", if later { "or-later" } else { "only" }))
}

static TAG: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant pattern, exercised by the tests")]
    {
        Regex::new(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+)").expect("a constant pattern")
    }
});

/// What a source file says about its own licence, in its first 8 KiB.
pub fn of_source(text: &str) -> Option<(String, From)> {
    let head = head(text, HEAD_BYTES);
    // A tag with words after it on the same line ("MIT see LICENSE") is not an expression: its first id counts.
    let tag = TAG.captures(head).and_then(|c| {
        let said = c.get(1)?.as_str().trim();
        as_expression(said).or_else(|| as_expression(said.split_whitespace().next()?))
    });
    tag.map(|t| (t, From::Tag))
        .or_else(|| recognise(head).map(|id| (id, From::Header)))
}

/// Whether a path names a licence file: `LICENSE`, `COPYING.LESSER`, `license-mit.txt`, `COPYRIGHT` …, no source code.
pub fn is_notice(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let stem = stem.to_ascii_lowercase();
    let named = ["license", "licence", "copying", "copyright", "unlicense"]
        .iter()
        .any(|n| stem.starts_with(n));
    named && (matches!(extension, "txt" | "md" | "rst") || !extension.bytes().any(|b| b.is_ascii_lowercase()))
}

/// Whether a path is a package's metadata: a wheel's `METADATA`, an sdist's `PKG-INFO`.
pub fn is_package_metadata(path: &str) -> bool {
    path.ends_with(".dist-info/METADATA") || path.split_once('/').is_some_and(|(_, file)| file == "PKG-INFO")
}

/// All that the files around a file say about licences.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    /// By folder (`""` is the root): what its licence files say, and the first of them.
    folders: BTreeMap<String, (BTreeSet<String>, String)>,
    /// By how much it is trusted: what the package says about itself, and where.
    package: BTreeMap<u8, (String, String)>,
}

impl Notices {
    /// Takes a licence file or a package's metadata into account; other paths are ignored. Call in path order.
    pub fn add(&mut self, path: &str, text: &str) {
        if is_package_metadata(path) {
            return self.add_package_metadata(path, text);
        }
        if !is_notice(path) {
            return;
        }
        let found = recognise(head(text, NOTICE_BYTES));
        if path.split('/').any(|part| part.ends_with(".dist-info")) {
            if let Some(id) = found {
                self.package.entry(1).or_insert((id, path.into()));
            }
            return;
        }
        // A COPYRIGHT file may hold nothing but names; a LICENSE that is not understood must not be passed over.
        let only_names = path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.to_ascii_lowercase().starts_with("copyright"));
        if found.is_none() && only_names {
            return;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let entry = self
            .folders
            .entry(folder.into())
            .or_insert_with(|| (BTreeSet::new(), path.into()));
        entry.0.insert(found.unwrap_or_else(|| UNKNOWN.into()));
    }

    fn add_package_metadata(&mut self, path: &str, text: &str) {
        let headers = text.split("\n\n").next().unwrap_or_default();
        let field = |name: &str| headers.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
        let mut put = |rank, spdx: Option<String>| {
            if let Some(spdx) = spdx {
                self.package.entry(rank).or_insert((spdx, path.into()));
            }
        };
        put(0, field("License-Expression:").and_then(as_expression));
        let said = field("License:").unwrap_or_default();
        let is_id = !said.contains(char::is_whitespace) && said != "UNKNOWN";
        put(
            2,
            is_id
                .then(|| as_expression(said))
                .flatten()
                .or_else(|| recognise(&format!("license {said}"))),
        );
        let classifier = field("Classifier: License :: OSI Approved ::").unwrap_or_default();
        put(
            3,
            CLASSIFIERS
                .iter()
                .find(|(name, _)| classifier.starts_with(name))
                .map(|(_, id)| id.to_string()),
        );
    }

    /// The licence of the file at `path` with this text.
    pub fn resolve(&self, path: &str, text: &str) -> Licence {
        if let Some((spdx, from)) = of_source(text) {
            return Licence {
                spdx,
                from,
                path: Some(path.into()),
            };
        }
        let mut folder = path;
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            if let Some((ids, notice)) = self.folders.get(folder) {
                // Several licence files in one folder: which holds for which file is not said, so all must suit.
                let spdx = if ids.contains(UNKNOWN) {
                    UNKNOWN.into()
                } else {
                    Vec::from_iter(ids.iter().cloned()).join(" AND ")
                };
                return Licence {
                    spdx,
                    from: From::Nearest,
                    path: Some(notice.clone()),
                };
            }
        }
        match self.package.values().next() {
            Some((spdx, at)) => Licence {
                spdx: spdx.clone(),
                from: From::Package,
                path: Some(at.clone()),
            },
            None => Licence {
                spdx: UNKNOWN.into(),
                from: From::Nowhere,
                path: None,
            },
        }
    }
}

/// Package index classifiers that name one licence.
const CLASSIFIERS: [(&str, &str); 8] = [
    ("MIT License", "MIT"),
    ("ISC License", "ISC"),
    ("Apache Software License", "Apache-2.0"),
    ("Mozilla Public License 2.0", "MPL-2.0"),
    ("Eclipse Public License 1.0", "EPL-1.0"),
    ("Eclipse Public License 2.0", "EPL-2.0"),
    ("The Unlicense", "Unlicense"),
    ("Zero-Clause BSD", "0BSD"),
];

#[cfg(test)]
#[path = "licence_tests.rs"]
mod tests;
