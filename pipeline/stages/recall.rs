//! `recall`: does a file belong to the domain at all? Decided by its name, its folder and its words.
//!
//! A file that does not keeps its row with the scores, not its text, so that thresholds can be tried in SQL.

use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::model::{Decided, Decision, DomainId, Metadata, Sample};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// This stage's line in the table.
pub const SPEC: StageSpec = StageSpec {
    name: "recall",
    version: 1,
    scope: Scope::Sample,
    fused: true,
    batch: 2000,
    forgets_text: true,
    needs: &[],
    schema: || schemars::schema_for!(Config),
    build: |value| {
        let config: Config = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        Ok(Box::new(Recall::new(config)?))
    },
};

/// Keeps the files that belong to a domain, by extension, folder and keywords.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The domain whose rules apply.
    #[serde(default = "chip")]
    pub domain: DomainId,
    /// The score to reach, 0 to 1: an extension of the domain is worth 0.5, a folder of it 0.05, keywords up to 0.45.
    #[serde(default = "min_score")]
    pub min_score: f64,
}

fn chip() -> DomainId {
    DomainId::Chip
}

/// An extension and one keyword suffice; keywords alone do not: scripts and manuals quote code.
fn min_score() -> f64 {
    0.6
}

impl Default for Config {
    fn default() -> Config {
        Config {
            domain: chip(),
            min_score: min_score(),
        }
    }
}

/// A domain's signs. Each domain folder holds its own.
#[derive(Clone, Copy, Debug)]
pub struct RecallRules {
    /// File name extensions, lower case, without the dot.
    pub extensions: &'static [&'static str],
    /// Names of folders, lower case.
    pub directories: &'static [&'static str],
    /// Words of the language, case as written.
    pub keywords: &'static [&'static str],
}

/// Why recall drops a file.
pub mod reason {
    /// Nothing, or too little, says that the file belongs to the domain.
    pub const NO_SIGNAL: &str = "no_signal";
    /// The source could not take it as text; `detail.refused` says why.
    pub const NOT_TEXT: &str = "not_text";
    /// Named like code, but it holds bare numbers: a memory image.
    pub const HEX_DUMP: &str = "hex_dump";
}

const EXTENSION_SCORE: f64 = 0.5;
const DIRECTORY_SCORE: f64 = 0.05;
const KEYWORD_SCORE: f64 = 0.45;
/// So many distinct keywords earn the full score; real modules have far more, headers of bare macros one or two.
const KEYWORDS_FULL: usize = 3;
/// How much of a file is searched for keywords: 64 KiB.
const SEARCH_BYTES: usize = 64 << 10;
/// From this share of words that are bare hexadecimal, a file is a memory image.
const HEX_SHARE: f64 = 0.9;

/// The rules of a domain; `None` where it has none yet.
fn rules(domain: DomainId) -> Option<&'static RecallRules> {
    match domain {
        DomainId::Chip => Some(&crate::domains::verilog::rules::RECALL),
        _ => None,
    }
}

/// How a file scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    pub extension: bool,
    pub directory: bool,
    /// Distinct keywords found.
    pub keywords: usize,
    /// Share of words that are bare hexadecimal, 0 to 1.
    pub hex_share: f64,
    /// 0 to 1.
    pub score: f64,
}

/// Scores a file by its path (inside the source) and text.
pub fn score(rules: &RecallRules, path: &str, text: &str) -> Scores {
    let path = path.to_ascii_lowercase();
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let extension = name
        .rsplit_once('.')
        .is_some_and(|(_, e)| rules.extensions.contains(&e));
    let directory = folders.iter().any(|f| rules.directories.contains(f));
    let mut end = text.len().min(SEARCH_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (mut found, mut words, mut hex) = (BTreeSet::new(), 0u32, 0u32);
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '`' | '$');
    for word in text[..end].split(|c| !in_word(c)).filter(|w| !w.is_empty()) {
        words += 1;
        hex += u32::from(word.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(keyword) = rules.keywords.iter().find(|k| **k == word) {
            found.insert(*keyword);
        }
    }
    let keywords = found.len();
    let score = f64::from(u8::from(extension)) * EXTENSION_SCORE
        + f64::from(u8::from(directory)) * DIRECTORY_SCORE
        + KEYWORD_SCORE * keywords.min(KEYWORDS_FULL) as f64 / KEYWORDS_FULL as f64;
    Scores {
        extension,
        directory,
        keywords,
        hex_share: f64::from(hex) / f64::from(words.max(1)),
        score,
    }
}

struct Recall {
    config: Config,
    rules: &'static RecallRules,
}

impl Recall {
    fn new(config: Config) -> Result<Recall, String> {
        if !(0.0..=1.0).contains(&config.min_score) {
            return Err(format!("min_score {} is not between 0 and 1", config.min_score));
        }
        let rules = rules(config.domain)
            .ok_or_else(|| format!("domain `{}` has no recall rules yet; use `chip`", config.domain))?;
        Ok(Recall { config, rules })
    }

    fn decide(&self, sample: &Sample) -> Decided {
        let mut detail = Metadata::new();
        let mut done = |decision, facts: Value| {
            detail.extend(facts.as_object().cloned().unwrap_or_default());
            Decided {
                sample: sample.id.clone(),
                decision,
                detail: std::mem::take(&mut detail),
            }
        };
        if let Some(why) = sample.metadata.get("refused").and_then(Value::as_str) {
            return done(Decision::Drop(reason::NOT_TEXT), json!({ "refused": why }));
        }
        let s = score(self.rules, &sample.origin.path, &sample.content);
        let decision = match () {
            () if s.extension && s.keywords == 0 && s.hex_share >= HEX_SHARE => Decision::Drop(reason::HEX_DUMP),
            () if s.score < self.config.min_score => Decision::Drop(reason::NO_SIGNAL),
            () => Decision::Keep,
        };
        let rounded = |x: f64| (x * 1e4).round() / 1e4;
        done(
            decision,
            json!({
                "score": rounded(s.score), "min_score": self.config.min_score, "extension": s.extension,
                "directory": s.directory, "keywords": s.keywords, "hex_share": rounded(s.hex_share),
            }),
        )
    }
}

impl Stage for Recall {
    fn run<'a>(&'a self, _: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move { Ok(samples.iter().map(|s| self.decide(s)).collect()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Origin};

    fn decide(path: &str, content: &str, refused: Option<&str>) -> Decided {
        let mut metadata = Metadata::new();
        metadata.extend(refused.map(|r| ("refused".to_string(), Value::from(r))));
        let origin = Origin {
            path: path.into(),
            ..Origin::default()
        };
        let sample = Sample {
            id: "s".into(),
            kind: Kind::Source,
            domain: DomainId::Chip,
            content: content.into(),
            origin,
            metadata,
        };
        Recall::new(Config::default()).unwrap().decide(&sample)
    }

    fn outcome(path: &str, content: &str) -> &'static str {
        match decide(path, content, None).decision {
            Decision::Keep => "keep",
            Decision::Drop(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn files_and_what_becomes_of_them() {
        let module = "module a(input wire x, output y);\nassign y = x;\nendmodule";
        assert_eq!(outcome("rtl/a.v", module), "keep");
        assert_eq!(outcome("A.SV", module), "keep");
        assert_eq!(outcome("defs.vh", "`define WIDTH 8\n"), "keep");
        assert_eq!(outcome("rtl/README.md", module), "no_signal");
        assert_eq!(outcome("LICENSE", "Permission is hereby granted"), "no_signal");
        assert_eq!(outcome("rtl/a.v", ""), "no_signal");
        assert_eq!(
            outcome("proof.v", "Theorem plus_comm : forall n m. Proof. Qed."),
            "no_signal"
        );
        assert_eq!(outcome("rtl/mem.v", "@00000000\n6F 00 C0 04 13 00 00 00\n"), "hex_dump");
    }

    #[test]
    fn what_a_source_refused_is_not_text() {
        let decided = decide("rtl/a.v", "", Some("binary"));
        assert!(matches!(decided.decision, Decision::Drop(reason::NOT_TEXT)));
        assert_eq!(decided.detail["refused"], "binary");
    }

    /// Golden: when this changes, raise the version.
    #[test]
    fn golden_detail() {
        let detail = Value::Object(decide("rtl/a.v", "module a; wire b; endmodule // 0", None).detail);
        insta::assert_snapshot!(format!("v{} {detail}", SPEC.version), @r#"v1 {"directory":true,"extension":true,"hex_share":0.5,"keywords":3,"min_score":0.6,"score":1.0}"#);
    }

    #[test]
    fn configurations() {
        assert!(
            Recall::new(Config {
                domain: DomainId::Cad,
                ..Config::default()
            })
            .is_err()
        );
        assert!(
            Recall::new(Config {
                min_score: 1.5,
                ..Config::default()
            })
            .is_err()
        );
        assert!((SPEC.build)(&json!({"domain": "chip", "min_scor": 1})).is_err());
    }
}
