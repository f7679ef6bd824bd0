//! Mixtures: which verified samples a training set is made of, in which order and proportion.
//!
//! A mixture is a TOML file. [`Mixture::parse`] reads it strictly; [`select`] turns it and a stream of
//! light keys into an ordered list of sample ids; [`split`] sends whole repositories to one side;
//! [`tokens`] counts. Everything here is a pure function of the mixture, its seed and the samples.

pub mod select;
pub mod split;
pub mod tokens;

use crate::model::{DomainId, Kind, sha256_hex};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The only format version there is: what `mixture = …` must say.
pub const FORMAT: u32 = 1;

/// What can be wrong with a mixture, or with a mixture for these samples. All of it is the user's to mend.
#[derive(Debug, thiserror::Error)]
pub enum MixtureError {
    #[error("cannot read `{path}`: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The text is no mixture: wrong syntax, type or key.
    #[error("{file}: {message}")]
    Syntax { file: String, message: String },
    /// The text is a mixture that makes no sense; every mistake is listed, one a line.
    #[error("{file}: {}", mistakes.join("\n"))]
    Invalid { file: String, mistakes: Vec<String> },
    #[error("tokenizer `{path}` has sha256 {found}, the mixture pins {pinned}; mend `tokens.sha256` or the file")]
    TokenizerHash {
        path: PathBuf,
        found: String,
        pinned: String,
    },
    #[error("tokenizer `{path}` cannot be used: {message}")]
    Tokenizer { path: PathBuf, message: String },
    /// A share cap that no non-empty selection can meet.
    #[error(
        "take {take}: `max_share = {share}` of `{field}` leaves nothing of {samples} samples, because only {values} \
         values occur; raise the share to at least 1/{values} or drop the cap"
    )]
    CapCannotHold {
        take: usize,
        field: String,
        share: f64,
        samples: usize,
        values: usize,
    },
}

/// A training mixture: what to take of a build's verified samples, and how to write it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// The version of this format: 1.
    pub mixture: u32,
    /// A name of `a-z 0-9 - _`, at most 64 long; it goes into the manifest and the dataset card.
    pub name: String,
    /// Decides the order of the samples and every choice among equals.
    pub seed: u64,
    /// What to take. A sample goes to the first entry that matches it, and to no other.
    pub take: Vec<Take>,
    /// How to hold samples out for validation.
    #[serde(default)]
    pub split: Split,
    /// How tokens are counted. Without it they are estimated, and marked so.
    #[serde(default)]
    pub tokens: Tokens,
    /// How shards are written.
    #[serde(default)]
    pub shards: Shards,
}

/// One ingredient of a mixture.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// The kind, or kinds, of sample.
    pub kind: OneOrMany<Kind>,
    /// The domain, or domains; all of them where it is left out.
    #[serde(default)]
    pub domain: Option<OneOrMany<DomainId>>,
    /// Conditions that a sample must meet, all of them.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// Written into each row as the weight that a trainer should give it; above 0.
    #[serde(default = "one")]
    pub weight: f64,
    /// This entry's part of the tokens of all entries that have a share (they need not add up to 1).
    /// The scarcest entry is taken whole, and the others are cut to match, to within one sample.
    #[serde(default)]
    pub share: Option<f64>,
    /// At most so many tokens.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// At most so many samples.
    #[serde(default)]
    pub max_samples: Option<u64>,
    /// At most `n` samples with the same value of a field. Where a `max_share` is given too, the places
    /// are dealt round-robin over that field's values, so that a rare value is not crowded out.
    #[serde(default)]
    pub max_per: OneOrMany<MaxPer>,
    /// No value of a field on more than this share of the entry's samples; it holds in the output.
    #[serde(default)]
    pub max_share: OneOrMany<MaxShare>,
}

/// A cap on how many samples share a value. A sample without any of the fields is not capped.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxPer {
    /// JSON pointer, or several whose values count together (`n = 1` then removes near-duplicates).
    pub field: OneOrMany<String>,
    /// At least 1.
    pub n: u64,
}

/// A cap on the part of the samples that share a value. A sample without the field counts, but is not capped.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxShare {
    /// JSON pointer, see [`Condition::field`].
    pub field: String,
    /// Above 0, at most 1.
    pub share: f64,
}

/// A condition on one field. Several tests in one condition must all hold.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A JSON pointer: `/metadata/…`, `/origin/source|version|path|sha256`, `/licence`, `/repository`,
    /// `/tokens`, `/kind`, `/domain`, `/id`.
    pub field: String,
    /// The field equals this.
    #[serde(default)]
    pub equals: Option<Value>,
    /// The field equals one of these.
    #[serde(default)]
    pub one_of: Option<Vec<Value>>,
    /// The field is a number and at least this.
    #[serde(default)]
    pub min: Option<f64>,
    /// The field is a number and at most this.
    #[serde(default)]
    pub max: Option<f64>,
    /// Whether the field is there at all.
    #[serde(default)]
    pub present: Option<bool>,
}

/// How samples are held out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The wanted share of samples in `validation`: 0 (none, the default) to 0.5.
    #[serde(default)]
    pub validation: f64,
    /// What is never torn apart.
    #[serde(default)]
    pub by: SplitBy,
}

/// The unit that goes to one side of a split as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SplitBy {
    /// Everything from one source, whatever its version.
    #[default]
    Repository,
    /// Each sample by itself. Near relatives then land on both sides; only for sources without a repository.
    Sample,
}

/// How tokens are counted: by a tokenizer file pinned by its hash, or by estimate.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// A `tokenizer.json`, relative to the mixture's file. Left out: tokens are estimated.
    #[serde(default)]
    pub tokenizer: Option<String>,
    /// sha256 of that file, hex; required with it.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// How shards are written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shards {
    /// Each shard is written in each of these.
    pub formats: Vec<ShardFormat>,
    /// A shard ends before its rows, as uncompressed JSON, exceed so many bytes (at least 65,536);
    /// a single larger row gets a shard of its own.
    pub max_bytes: u64,
}

impl Default for Shards {
    fn default() -> Shards {
        Shards {
            formats: vec![ShardFormat::Jsonl, ShardFormat::Parquet],
            max_bytes: 256 << 20,
        }
    }
}

/// A file format of shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ShardFormat {
    /// One JSON object a line, zstd-compressed.
    #[serde(rename = "jsonl.zst")]
    Jsonl,
    /// Parquet with zstd pages.
    #[serde(rename = "parquet")]
    Parquet,
}

/// One value, or a list of them: `kind = "code"` and `kind = ["code", "fim"]` are both accepted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A value by itself.
    One(T),
    /// A list of values.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// The values, however they were written.
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(v) => std::slice::from_ref(v),
            OneOrMany::Many(v) => v,
        }
    }
}

/// By hand, because an untagged enum would hide what is wrong with the value.
impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Value::deserialize(d)? {
            list @ Value::Array(_) => serde_json::from_value(list)
                .map(OneOrMany::Many)
                .map_err(D::Error::custom),
            one => serde_json::from_value(one)
                .map(OneOrMany::One)
                .map_err(D::Error::custom),
        }
    }
}

fn one() -> f64 {
    1.0
}

impl<T> Default for OneOrMany<T> {
    fn default() -> OneOrMany<T> {
        OneOrMany::Many(Vec::new())
    }
}

/// A mixture with what is known of the file it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The checked mixture.
    pub mixture: Mixture,
    /// sha256 of the file's bytes, hex.
    pub sha256: String,
    /// The file's folder: a tokenizer's path is relative to it.
    pub folder: PathBuf,
}

impl Mixture {
    /// Reads and checks a mixture file.
    pub fn load(path: &Path) -> Result<Loaded, MixtureError> {
        let read = |source| MixtureError::Read {
            path: path.into(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(read)?;
        Ok(Loaded {
            mixture: Mixture::parse(&text, &path.display().to_string())?,
            sha256: sha256_hex(text.as_bytes()),
            folder: path.parent().unwrap_or(Path::new("")).into(),
        })
    }

    /// Reads and checks a mixture; `file` is what messages call it. A [`MixtureError::Invalid`] lists every
    /// mistake of sense at once; a syntax error, unknown key or wrong type is reported alone, with its line.
    pub fn parse(text: &str, file: &str) -> Result<Mixture, MixtureError> {
        let mixture: Mixture = toml::from_str(text).map_err(|e| {
            let hint = near_miss(e.message())
                .map(|n| format!("did you mean `{n}`?\n"))
                .unwrap_or_default();
            MixtureError::Syntax {
                file: file.into(),
                message: format!("{e}{hint}"),
            }
        })?;
        let mistakes = mixture.mistakes();
        if mistakes.is_empty() {
            Ok(mixture)
        } else {
            Err(MixtureError::Invalid {
                file: file.into(),
                mistakes,
            })
        }
    }

    /// Every kind that some entry takes, sorted: a source need not read the others.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.take.iter().flat_map(|t| t.kind.as_slice()).copied().collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    fn mistakes(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut check = |ok: bool, message: String| {
            if !ok {
                out.push(message);
            }
        };
        check(
            self.mixture == FORMAT,
            format!("`mixture = {}` is not known here; this program reads 1", self.mixture),
        );
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let name_ok = (1..=64).contains(&self.name.len()) && self.name.chars().all(named);
        check(name_ok, "`name` must be 1 to 64 of a-z, 0-9, `-`, `_`".into());
        check(!self.take.is_empty(), "there is no `[[take]]`; add at least one".into());
        check(
            (0.0..=0.5).contains(&self.split.validation),
            "`split.validation` must be 0 to 0.5".into(),
        );
        let paired = self.tokens.tokenizer.is_some() == self.tokens.sha256.is_some();
        check(
            paired,
            "`tokens` needs both `tokenizer` and `sha256`, or neither".into(),
        );
        check(
            !self.shards.formats.is_empty(),
            "`shards.formats` is empty; name `jsonl.zst`, `parquet` or both".into(),
        );
        check(
            self.shards.max_bytes >= 1 << 16,
            "`shards.max_bytes` must be at least 65536".into(),
        );
        for (i, take) in self.take.iter().enumerate() {
            take.mistakes(&mut |ok, message| check(ok, format!("take {}: {message}", i + 1)));
        }
        out
    }
}

impl Take {
    fn mistakes(&self, check: &mut dyn FnMut(bool, String)) {
        check(!self.kind.as_slice().is_empty(), "`kind` is empty".into());
        check(
            self.weight > 0.0 && self.weight.is_finite(),
            "`weight` must be above 0".into(),
        );
        let share_ok = self.share.is_none_or(|s| s > 0.0 && s <= 1.0);
        check(share_ok, "`share` must be above 0 and at most 1".into());
        let counts_ok = self.max_tokens != Some(0) && self.max_samples != Some(0);
        check(counts_ok, "`max_tokens` and `max_samples` must be at least 1".into());
        for c in &self.conditions {
            check(select::is_field(&c.field), unknown_field(&c.field));
            let tests = c.equals.is_some() || c.one_of.is_some() || c.min.is_some() || c.max.is_some();
            let hint = "say `equals`, `one_of`, `min`, `max` or `present`";
            check(
                tests || c.present.is_some(),
                format!("the condition on `{}` tests nothing; {hint}", c.field),
            );
        }
        for cap in self.max_per.as_slice() {
            check(cap.n >= 1, "`max_per.n` must be at least 1".into());
            check(!cap.field.as_slice().is_empty(), "`max_per.field` is empty".into());
            cap.field
                .as_slice()
                .iter()
                .for_each(|f| check(select::is_field(f), unknown_field(f)));
        }
        for cap in self.max_share.as_slice() {
            check(
                cap.share > 0.0 && cap.share <= 1.0,
                "`max_share.share` must be above 0 and at most 1".into(),
            );
            check(select::is_field(&cap.field), unknown_field(&cap.field));
        }
    }
}

fn unknown_field(field: &str) -> String {
    format!("`{field}` is no field of a sample; {}", select::FIELDS)
}

/// The known name nearest to the unknown one in a message of serde's, where one is near.
fn near_miss(message: &str) -> Option<String> {
    let (unknown, known) = message.strip_prefix("unknown ")?.split_once(", expected ")?;
    let unknown = unknown.split('`').nth(1)?;
    let known = known.split('`').skip(1).step_by(2);
    let best = known
        .map(|k| (strsim::jaro_winkler(unknown, k), k))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then(|| best.1.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "mixture = 1\nname = \"m\"\nseed = 1\n[[take]]\nkind = \"sft_repair\"\n";

    fn message(text: &str) -> String {
        Mixture::parse(text, "m.toml").unwrap_err().to_string()
    }

    #[test]
    fn one_or_many_are_both_read() {
        let m = Mixture::parse(
            &format!("{GOOD}max_per = {{ field = [\"/id\", \"/licence\"], n = 2 }}\n"),
            "m",
        )
        .unwrap();
        assert_eq!(m.take[0].max_per.as_slice()[0].field.as_slice(), ["/id", "/licence"]);
        assert_eq!(m.kinds(), [Kind::SftRepair]);
        assert_eq!(m.shards.formats.len(), 2);
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_near_miss() {
        insta::assert_snapshot!(message(&format!("{GOOD}max_sample = 3\n")), @r"
        m.toml: TOML parse error at line 6, column 1
          |
        6 | max_sample = 3
          | ^^^^^^^^^^
        unknown field `max_sample`, expected one of `kind`, `domain`, `where`, `weight`, `share`, `max_tokens`, `max_samples`, `max_per`, `max_share`
        did you mean `max_samples`?
        ");
    }

    #[test]
    fn an_unknown_key_inside_a_cap_is_an_error_too() {
        assert!(message(&format!("{GOOD}max_per = {{ field = \"/id\", m = 2 }}\n")).contains("unknown field `m`"));
        assert!(message(&GOOD.replace("sft_repair", "sft_repairs")).contains("unknown variant `sft_repairs`"));
    }

    #[test]
    fn mistakes_are_listed_together() {
        let text = GOOD.replace("mixture = 1", "mixture = 2").replace("\"m\"", "\"M m\"");
        insta::assert_snapshot!(message(&format!("{text}weight = 0\nwhere = [{{ field = \"/meta/x\" }}]\n[tokens]\ntokenizer = \"t\"\n")), @r"
        m.toml: `mixture = 2` is not known here; this program reads 1
        `name` must be 1 to 64 of a-z, 0-9, `-`, `_`
        `tokens` needs both `tokenizer` and `sha256`, or neither
        take 1: `weight` must be above 0
        take 1: `/meta/x` is no field of a sample; fields begin with /metadata/, /origin/, /licence, /repository, /tokens, /kind, /domain or /id
        take 1: the condition on `/meta/x` tests nothing; say `equals`, `one_of`, `min`, `max` or `present`
        ");
    }
}
