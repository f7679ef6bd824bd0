//! One sample as a trainer sees it.

use super::{ExportError, ExportSample, Pick};
use crate::chat::{self, Message};
use crate::mixtures::split::Side;
use crate::mixtures::tokens::TokenRule;
use crate::model::{DomainId, Kind, Metadata, Sample};
use serde::Serialize;
use serde_json::{Value, json};

/// Copyright lines kept of one sample; a file that claims more is a list of contributors.
const MAX_NOTICES: usize = 20;
/// Characters kept of one copyright line.
const MAX_NOTICE_CHARS: usize = 300;

/// A sample's text, as messages where it is a chat.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    Messages(Vec<Message>),
    Text(String),
}

impl Body {
    /// The body of a sample. `sft_*` must be chats that end with an assistant's turn; `qa` and
    /// `trajectory` may be; everything else is text.
    pub fn of(sample: &Sample) -> Result<Body, ExportError> {
        let chat = || chat::parse(&sample.content).filter(|m| m.last().is_some_and(|last| last.role == "assistant"));
        match sample.kind {
            Kind::SftDirect | Kind::SftRepair | Kind::SftOptimize => chat()
                .map(Body::Messages)
                .ok_or_else(|| ExportError::NotChat { id: sample.id.clone() }),
            Kind::Qa | Kind::Trajectory => {
                Ok(chat().map_or_else(|| Body::Text(sample.content.clone()), Body::Messages))
            }
            _ => Ok(Body::Text(sample.content.clone())),
        }
    }
}

/// To whom a sample is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub source: String,
    pub version: String,
    pub licence: String,
    /// Copyright lines, from the sample's `metadata.copyright` (a string or a list of them).
    pub notices: Vec<String>,
}

/// A row of an export.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Place in the mixture's order, from 0.
    #[serde(skip)]
    pub offset: u64,
    #[serde(skip)]
    pub side: Side,
    #[serde(skip)]
    pub tokens: u64,
    #[serde(skip)]
    pub credit: Credit,
    pub id: String,
    pub kind: Kind,
    pub domain: DomainId,
    /// The programming language, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(flatten)]
    pub body: Body,
    /// The sample's own metadata with `origin`, `verdicts`, `tokens`, `tokens_estimated` and `weight`.
    pub metadata: Metadata,
}

impl Row {
    /// The row of a picked sample.
    pub fn new(offset: u64, pick: &Pick, rule: &TokenRule, item: ExportSample) -> Result<Row, ExportError> {
        let body = Body::of(&item.sample)?;
        let ExportSample {
            sample,
            licence,
            mut verdicts,
            ..
        } = item;
        let notices = notices(&sample.metadata);
        let language = language(&sample);
        let mut metadata = sample.metadata;
        let origin = sample.origin;
        verdicts.sort_by(|a, b| (&a.check, &a.job_hash).cmp(&(&b.check, &b.job_hash)));
        let origin_json = json!({
            "source": origin.source, "version": origin.version, "path": origin.path, "sha256": origin.sha256,
            "licence": licence,
        });
        metadata.insert("origin".into(), origin_json);
        metadata.insert("verdicts".into(), json!(verdicts));
        metadata.insert("tokens".into(), pick.tokens.into());
        metadata.insert("tokens_estimated".into(), (*rule == TokenRule::Estimated).into());
        metadata.insert("weight".into(), pick.weight.into());
        Ok(Row {
            offset,
            side: pick.side,
            tokens: pick.tokens,
            credit: Credit {
                source: origin.source,
                version: origin.version,
                licence,
                notices,
            },
            id: sample.id,
            kind: sample.kind,
            domain: sample.domain,
            language,
            body,
            metadata,
        })
    }

    /// The row as one line of JSON, without the line's end.
    pub fn to_json(&self) -> String {
        // Serialising strings, numbers and string-keyed maps into memory has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn notices(metadata: &Metadata) -> Vec<String> {
    let lines: Vec<&str> = match metadata.get("copyright") {
        Some(Value::String(one)) => one.lines().collect(),
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).flat_map(str::lines).collect(),
        _ => Vec::new(),
    };
    let clean = |line: &str| {
        line.chars()
            .filter(|c| !c.is_control())
            .take(MAX_NOTICE_CHARS)
            .collect::<String>()
    };
    let clean = lines.into_iter().map(|l| clean(l.trim())).filter(|l| !l.is_empty());
    clean.take(MAX_NOTICES).collect()
}

fn language(sample: &Sample) -> Option<String> {
    if let Some(said) = sample.metadata.get("language").and_then(Value::as_str) {
        return Some(said.into());
    }
    let (_, extension) = sample.origin.path.rsplit_once('.')?;
    let known = match extension.to_ascii_lowercase().as_str() {
        "v" | "vh" => "verilog",
        "sv" | "svh" => "systemverilog",
        "vhd" | "vhdl" => "vhdl",
        "c" | "h" => "c",
        "cc" | "cpp" | "cxx" | "hpp" => "cpp",
        "cu" | "cuh" => "cuda",
        "py" => "python",
        "rs" => "rust",
        "s" | "asm" => "assembly",
        _ => return None,
    };
    Some(known.into())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{Origin, VerdictKind};
    use crate::sinks::VerdictRef;

    /// A small verified sample.
    pub(crate) fn item(n: usize, kind: Kind, content: String) -> ExportSample {
        let source = format!("pypi:p{}", n % 3);
        let origin = Origin {
            source: source.clone(),
            version: "1.0".into(),
            sha256: "ab".into(),
            path: "rtl/a.v".into(),
        };
        let metadata = json!({"copyright": ["(c) A | B\n(c) C"], "x": n})
            .as_object()
            .cloned()
            .unwrap();
        let sample = Sample {
            id: format!("{n:032x}"),
            kind,
            domain: DomainId::Chip,
            content,
            origin,
            metadata,
        };
        let verdicts = vec![VerdictRef {
            check: "fixed".into(),
            verdict: VerdictKind::Pass,
            job_hash: "j".into(),
        }];
        ExportSample {
            sample,
            licence: "ISC".into(),
            verdicts,
            repository: source,
        }
    }

    pub(crate) fn pick(n: usize) -> Pick {
        Pick {
            id: format!("{n:032x}"),
            side: Side::Train,
            tokens: 7,
            weight: 1.5,
        }
    }

    #[test]
    fn a_row_has_the_documented_shape() {
        let text = chat::render(&[Message::new("user", "fix"), Message::new("assistant", "done")]);
        let row = Row::new(0, &pick(1), &TokenRule::Estimated, item(1, Kind::SftRepair, text)).unwrap();
        insta::assert_snapshot!(row.to_json(), @r#"{"id":"00000000000000000000000000000001","kind":"sft_repair","domain":"chip","language":"verilog","messages":[{"role":"user","content":"fix"},{"role":"assistant","content":"done"}],"metadata":{"copyright":["(c) A | B\n(c) C"],"origin":{"licence":"ISC","path":"rtl/a.v","sha256":"ab","source":"pypi:p1","version":"1.0"},"tokens":7,"tokens_estimated":true,"verdicts":[{"check":"fixed","job_hash":"j","verdict":"pass"}],"weight":1.5,"x":1}}"#);
        assert_eq!(row.credit.notices, ["(c) A | B", "(c) C"]);
    }

    #[test]
    fn text_kinds_stay_text_and_a_broken_chat_is_refused() {
        let row = Row::new(0, &pick(1), &TokenRule::Estimated, item(1, Kind::Code, "module".into())).unwrap();
        assert_eq!(row.body, Body::Text("module".into()));
        for bad in ["module", "=== user ===\nonly a question\n"] {
            let refused = Row::new(0, &pick(1), &TokenRule::Estimated, item(1, Kind::SftDirect, bad.into()));
            assert!(matches!(refused, Err(ExportError::NotChat { .. })));
        }
    }
}
