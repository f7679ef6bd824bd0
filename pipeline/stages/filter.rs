//! `filter`: may a file be used, and is it worth learning from?
//!
//! What its authors say about it (licence, generated) comes first, because it explains most; then the cheap measures;
//! parsing is the dearest and comes last.

pub mod markers;
pub mod shape;

use super::{Context, Scope, Stage, StageError, StageSpec};
use crate::model::{Decided, Decision, DomainId, Metadata, Sample};
use crate::sources::licence::{UNKNOWN, allowed};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// This stage's line in the table.
pub const SPEC: StageSpec = StageSpec {
    name: "filter",
    version: 1,
    scope: Scope::Sample,
    fused: true,
    batch: 500,
    forgets_text: false,
    needs: &[],
    schema: || schemars::schema_for!(Config),
    build: |value| {
        let config: Config = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        config.check()?;
        Ok(Box::new(Filter { config }))
    },
};

/// Drops files by size, line shape, generated-file markers, licence and syntax.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The fewest characters.
    pub min_chars: usize,
    /// The most characters.
    pub max_chars: usize,
    /// The fewest lines that are not blank.
    pub min_lines: usize,
    /// The most lines.
    pub max_lines: usize,
    /// The longest line, characters.
    pub max_line_chars: usize,
    /// The longest average line, characters, over lines that are not blank.
    pub max_mean_line_chars: f64,
    /// The least share of letters and digits among characters that are not blank, outside comments (0 to 1).
    pub min_alnum_share: f64,
    /// The greatest share of lines that hold hardly more than numbers (0 to 1): tables, memory images.
    pub max_data_share: f64,
    /// Whether files that say they were generated may stay.
    pub allow_generated: bool,
    /// Whether files whose every module is an empty shell may stay.
    pub allow_stubs: bool,
    /// Licences that may stay: SPDX ids, `LicenseRef-…`, or `unknown` for files about which nothing is known.
    pub licences: Vec<String>,
    /// The greatest share of the code inside syntax errors (0 to 1). Of 533 Verilog files in eight packages,
    /// four templates lie above 0.3, one port-alias shell at 0.09, and the others under 0.015. SystemVerilog verification
    /// code that the grammar does not cover can lie above 0.05: raise it to keep such files.
    pub max_parse_error_share: f64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            min_chars: 20,
            max_chars: 200_000,
            min_lines: 2,
            max_lines: 8_000,
            max_line_chars: 1_000,
            max_mean_line_chars: 150.0,
            min_alnum_share: 0.4,
            max_data_share: 0.85,
            allow_generated: false,
            allow_stubs: false,
            licences: PERMISSIVE.iter().map(|s| s.to_string()).collect(),
            max_parse_error_share: 0.05,
        }
    }
}

/// What the allow list holds by default: licences that ask for attribution at most.
pub const PERMISSIVE: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CERN-OHL-P-2.0",
    "ISC",
    "MIT",
    "SHL-0.5",
    "SHL-0.51",
    "SHL-2.0",
    "SHL-2.1",
    "Unlicense",
    "Zlib",
];

impl Config {
    fn check(&self) -> Result<(), String> {
        let shares = [
            ("min_alnum_share", self.min_alnum_share),
            ("max_data_share", self.max_data_share),
            ("max_parse_error_share", self.max_parse_error_share),
        ];
        if let Some((name, value)) = shares.iter().find(|(_, v)| !(0.0..=1.0).contains(v)) {
            return Err(format!("{name} {value} is not a share between 0 and 1"));
        }
        if self.min_chars > self.max_chars || self.min_lines > self.max_lines {
            return Err("a minimum exceeds its maximum: nothing could pass".into());
        }
        if self.licences.is_empty() {
            return Err("licences is empty: nothing could pass; name at least one, or `unknown`".into());
        }
        Ok(())
    }
}

/// Why filter drops a file.
pub mod reason {
    /// Nobody says under which licence it is, and the recipe does not allow that.
    pub const LICENCE_UNKNOWN: &str = "licence_unknown";
    /// Its licence is not on the recipe's list.
    pub const LICENCE_DENIED: &str = "licence_denied";
    /// Fewer than `min_chars` or `min_lines`.
    pub const TOO_SHORT: &str = "too_short";
    /// More than `max_chars` or `max_lines`.
    pub const TOO_LONG: &str = "too_long";
    /// A line, or lines on average, beyond `max_line_chars` or `max_mean_line_chars`.
    pub const LONG_LINES: &str = "long_lines";
    /// It says itself that a tool wrote it.
    pub const GENERATED: &str = "generated";
    /// Mostly numbers.
    pub const DATA_TABLE: &str = "data_table";
    /// Hardly any letters or digits: drawings, encoded blobs.
    pub const LOW_ALNUM: &str = "low_alnum";
    /// Modules with ports and no behaviour.
    pub const STUB: &str = "stub";
    /// Too much of it does not parse.
    pub const PARSE_ERRORS: &str = "parse_errors";
}

/// Decides about one text. `licence` is an SPDX expression or `unknown`. Returns the reason to drop it, if any, and
/// what was measured against which threshold.
pub fn judge(config: &Config, domain: DomainId, licence: &str, text: &str) -> (Option<&'static str>, Metadata) {
    let found = licence_reason(config, licence)
        .or_else(|| generated_reason(config, text))
        .or_else(|| shape_reason(config, text))
        .or_else(|| content_reason(config, text))
        .or_else(|| syntax_reason(config, domain, text));
    match found {
        Some((reason, Value::Object(detail))) => (Some(reason), detail),
        Some((reason, _)) => (Some(reason), Metadata::new()),
        None => (None, Metadata::new()),
    }
}

type Found = Option<(&'static str, Value)>;

/// A measured value beyond its threshold.
fn beyond(reason: &'static str, what: &str, value: impl Into<Value>, threshold: impl Into<Value>) -> Found {
    Some((
        reason,
        json!({ "measure": what, "value": value.into(), "threshold": threshold.into() }),
    ))
}

fn rounded(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

fn licence_reason(config: &Config, licence: &str) -> Found {
    let unknown_allowed = config.licences.iter().any(|l| l == UNKNOWN);
    let detail = json!({ "licence": licence });
    match licence {
        UNKNOWN if unknown_allowed => None,
        UNKNOWN => Some((reason::LICENCE_UNKNOWN, detail)),
        known if allowed(known, &config.licences) => None,
        _ => Some((reason::LICENCE_DENIED, detail)),
    }
}

fn shape_reason(c: &Config, text: &str) -> Found {
    let s = shape::lines(text);
    match () {
        () if s.chars < c.min_chars => beyond(reason::TOO_SHORT, "chars", s.chars, c.min_chars),
        () if s.filled < c.min_lines => beyond(reason::TOO_SHORT, "lines", s.filled, c.min_lines),
        () if s.chars > c.max_chars => beyond(reason::TOO_LONG, "chars", s.chars, c.max_chars),
        () if s.lines > c.max_lines => beyond(reason::TOO_LONG, "lines", s.lines, c.max_lines),
        () if s.longest > c.max_line_chars => beyond(reason::LONG_LINES, "line_chars", s.longest, c.max_line_chars),
        () if s.mean > c.max_mean_line_chars => beyond(
            reason::LONG_LINES,
            "mean_line_chars",
            rounded(s.mean),
            c.max_mean_line_chars,
        ),
        () => None,
    }
}

fn generated_reason(config: &Config, text: &str) -> Found {
    let (line, marker) = (!config.allow_generated).then(|| markers::generated(text)).flatten()?;
    Some((reason::GENERATED, json!({ "line": line, "marker": marker })))
}

fn content_reason(c: &Config, text: &str) -> Found {
    let code = shape::without_comments(text);
    let (data, alnum) = (shape::data_share(&code), shape::alnum_share(&code));
    match () {
        () if data > c.max_data_share => beyond(reason::DATA_TABLE, "data_share", rounded(data), c.max_data_share),
        () if alnum < c.min_alnum_share => beyond(reason::LOW_ALNUM, "alnum_share", rounded(alnum), c.min_alnum_share),
        () if !c.allow_stubs && shape::is_stub(&code) => Some((reason::STUB, json!({}))),
        () => None,
    }
}

fn syntax_reason(config: &Config, domain: DomainId, text: &str) -> Found {
    let share = match domain {
        DomainId::Chip => crate::domains::verilog::syntax::error_share(text),
        _ => return None,
    };
    (share > config.max_parse_error_share)
        .then(|| {
            beyond(
                reason::PARSE_ERRORS,
                "parse_error_share",
                rounded(share),
                config.max_parse_error_share,
            )
        })
        .flatten()
}

struct Filter {
    config: Config,
}

impl Stage for Filter {
    fn run<'a>(&'a self, _: &'a Context, samples: Vec<Sample>) -> BoxFuture<'a, Result<Vec<Decided>, StageError>> {
        Box::pin(async move {
            let decide = |s: Sample| {
                let licence = s
                    .metadata
                    .get("licence")
                    .and_then(|l| l["spdx"].as_str())
                    .unwrap_or(UNKNOWN);
                let (reason, detail) = judge(&self.config, s.domain, licence, &s.content);
                Decided {
                    decision: reason.map_or(Decision::Keep, Decision::Drop),
                    detail,
                    sample: s.id,
                }
            };
            Ok(samples.into_iter().map(decide).collect())
        })
    }
}

#[cfg(test)]
mod tests;
