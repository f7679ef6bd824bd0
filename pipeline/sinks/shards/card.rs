//! What a person reads first: the dataset card and the list of whom the samples are owed to.

use super::manifest::{Count, Manifest};
use crate::mixtures::ShardFormat;
use crate::mixtures::split::Side;
use crate::mixtures::tokens::TokenRule;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Licence identifiers that the dataset hub knows, by lower-case SPDX identifier. Others become `other`.
const HUB_LICENCES: &[&str] = &[
    "apache-2.0",
    "mit",
    "isc",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsl-1.0",
    "unlicense",
    "zlib",
    "cc0-1.0",
    "cc-by-4.0",
    "cc-by-sa-4.0",
    "mpl-2.0",
    "epl-2.0",
    "lgpl-2.1",
    "lgpl-3.0",
    "gpl-2.0",
    "gpl-3.0",
    "agpl-3.0",
];

/// The dataset card: YAML that a loader reads, then text that a person reads.
pub fn card(m: &Manifest) -> String {
    let mut out = String::from("---\n");
    line(&mut out, format_args!("pretty_name: {}", m.mixture.name));
    out.push_str("license:\n");
    hub_licences(m)
        .iter()
        .for_each(|l| line(&mut out, format_args!("- {l}")));
    out.push_str("language:\n- en\ntask_categories:\n- text-generation\ntags:\n- code\n");
    let tags = m
        .languages
        .keys()
        .filter(|l| l.chars().all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c)));
    tags.for_each(|l| line(&mut out, format_args!("- {l}")));
    let total = total(m);
    line(
        &mut out,
        format_args!("size_categories:\n- {}", size_category(total.samples)),
    );
    out.push_str("configs:\n- config_name: default\n  data_files:\n");
    let format = m.shards.iter().map(|s| s.format).max().unwrap_or(ShardFormat::Jsonl);
    for side in m.splits.keys() {
        line(
            &mut out,
            format_args!("  - split: {}\n    path: {}", side.name(), pattern(format, *side)),
        );
    }
    out.push_str("---\n\n");
    text(&mut out, m, total);
    out
}

fn text(out: &mut String, m: &Manifest, total: Count) {
    line(out, format_args!("# {}\n", m.mixture.name));
    line(
        out,
        format_args!(
            "{} samples, {} tokens ({}).",
            total.samples,
            total.tokens,
            counted(&m.tokens)
        ),
    );
    out.push_str(
        "Each instruction sample carries a verdict on the very code that it teaches: a tool ran it, and it passed.\n",
    );
    out.push_str("`manifest.json` names every shard with its hash; `ATTRIBUTION.md` names the sources.\n\n");
    let splits: BTreeMap<String, Count> = m.splits.iter().map(|(s, c)| (s.name().into(), *c)).collect();
    table(out, "Split", &splits);
    table(out, "Kind", &m.kinds);
    table(out, "Domain", &m.domains);
    table(out, "Licence", &m.licences);
    line(
        out,
        format_args!(
            "Recipe `{}` (sha256 `{}`), mixture `{}` (sha256 `{}`).",
            cell(&m.recipe.name),
            m.recipe.sha256,
            m.mixture.name,
            m.mixture.sha256
        ),
    );
    out.push_str("The same recipe, mixture and inputs give the same bytes");
    match m.recorded_inputs.is_empty() {
        true => out.push_str(".\n"),
        false => line(
            out,
            format_args!(
                ", given the recorded results of: {}.",
                cell(&m.recorded_inputs.join(", "))
            ),
        ),
    }
}

/// The list of sources with their licences and copyright lines.
pub fn attribution(m: &Manifest) -> String {
    let mut out =
        String::from("# Attribution\n\nThe samples rest on code from these sources, each under its own licence.\n");
    for a in &m.attribution {
        let version = if a.version.is_empty() {
            String::new()
        } else {
            format!(" {}", a.version)
        };
        line(&mut out, format_args!("\n## {}{}\n", cell(&a.source), cell(&version)));
        line(
            &mut out,
            format_args!("- licence: {}\n- samples: {}", cell(&a.licence), a.samples),
        );
        a.notices
            .iter()
            .for_each(|n| line(&mut out, format_args!("- {}", cell(n))));
    }
    out
}

/// Where the shards of one side are, as a pattern.
fn pattern(format: ShardFormat, side: Side) -> String {
    let (folder, extension) = format.place();
    format!("{folder}/{}-*.{extension}", side.name())
}

fn total(m: &Manifest) -> Count {
    let add = |a: Count, b: &Count| Count {
        samples: a.samples + b.samples,
        tokens: a.tokens + b.tokens,
    };
    m.splits.values().fold(Count::default(), add)
}

fn counted(rule: &TokenRule) -> String {
    match rule {
        TokenRule::Estimated => "estimated: characters / 3.3".into(),
        TokenRule::Tokenizer { sha256 } => format!("counted by the tokenizer with sha256 `{sha256}`"),
    }
}

fn table(out: &mut String, title: &str, counts: &BTreeMap<String, Count>) {
    line(out, format_args!("| {title} | samples | tokens |\n|---|---:|---:|"));
    counts
        .iter()
        .for_each(|(k, c)| line(out, format_args!("| {} | {} | {} |", cell(k), c.samples, c.tokens)));
    out.push('\n');
}

/// Text that cannot break a table, a heading or a paragraph, nor smuggle in markup.
fn cell(text: &str) -> String {
    let escape = |c: char| match c {
        '|' | '`' | '<' | '>' | '[' | ']' | '\\' | '*' | '_' => format!("\\{c}"),
        c if c.is_control() => " ".into(),
        c => c.into(),
    };
    text.chars().map(escape).collect()
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    // Writing into a String has no way to fail.
    let _ = writeln!(out, "{text}");
}

/// The hub's identifiers for the licences in the manifest; each part of an expression counts.
fn hub_licences(m: &Manifest) -> BTreeSet<String> {
    let parts = m.licences.keys().flat_map(|l| l.split([' ', '(', ')']));
    let words = parts.filter(|w| !w.is_empty() && !["AND", "OR", "WITH"].contains(w));
    let known = words.map(|w| {
        let plain = w.to_ascii_lowercase();
        let plain = plain.trim_end_matches("-only").trim_end_matches("-or-later");
        HUB_LICENCES
            .iter()
            .find(|l| **l == plain)
            .map_or("other", |l| l)
            .to_string()
    });
    known.collect()
}

/// The hub's size classes.
fn size_category(samples: u64) -> &'static str {
    match samples {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        1_000_000..10_000_000 => "1M<n<10M",
        10_000_000..100_000_000 => "10M<n<100M",
        _ => "n>100M",
    }
}
