//! Token counts: by a pinned tokenizer, or by an estimate that says so.

use super::{MixtureError, Tokens};
use crate::model::sha256_hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use tokenizers::Tokenizer;

/// Characters per token in an estimate: between the 3.0 to 3.5 that common code tokenizers show on Verilog
/// and the 4 of English prose. An estimate orders budgets of magnitude, not of precision.
pub const CHARS_PER_TOKEN: f64 = 3.3;

/// Larger tokenizer files are refused; the largest in common use is below 35 MiB.
const MAX_TOKENIZER_BYTES: u64 = 128 << 20;

/// How tokens were counted, as the manifest and every row say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "counted_by", rename_all = "lowercase")]
pub enum TokenRule {
    /// ceil(characters / 3.3), summed over a sample's messages.
    Estimated,
    /// By a tokenizer file, without special tokens, summed over a sample's messages.
    Tokenizer {
        /// sha256 of the tokenizer's file, hex.
        sha256: String,
    },
}

/// Counts tokens of texts.
pub struct TokenCounter {
    tokenizer: Option<Box<Tokenizer>>,
    rule: TokenRule,
}

impl TokenCounter {
    /// The counter that a mixture asks for; `folder` is what its tokenizer's path is relative to.
    /// Fails where the file cannot be read, is no tokenizer, or is not the one that was pinned.
    pub fn new(tokens: &Tokens, folder: &Path) -> Result<TokenCounter, MixtureError> {
        let (Some(file), Some(pinned)) = (&tokens.tokenizer, &tokens.sha256) else {
            return Ok(TokenCounter {
                tokenizer: None,
                rule: TokenRule::Estimated,
            });
        };
        let path = folder.join(file);
        let read = |source| MixtureError::Read {
            path: path.clone(),
            source,
        };
        let bad = |message: String| MixtureError::Tokenizer {
            path: path.clone(),
            message,
        };
        if std::fs::metadata(&path).map_err(read)?.len() > MAX_TOKENIZER_BYTES {
            return Err(bad(format!("it is larger than {MAX_TOKENIZER_BYTES} bytes")));
        }
        let bytes = std::fs::read(&path).map_err(read)?;
        let found = sha256_hex(&bytes);
        if found != pinned.to_ascii_lowercase() {
            return Err(MixtureError::TokenizerHash {
                path,
                found,
                pinned: pinned.clone(),
            });
        }
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| bad(e.to_string()))?;
        // A tokenizer file may ask for truncation or padding: counts would then be wrong.
        tokenizer.with_truncation(None).map_err(|e| bad(e.to_string()))?;
        tokenizer.with_padding(None);
        Ok(TokenCounter {
            tokenizer: Some(Box::new(tokenizer)),
            rule: TokenRule::Tokenizer { sha256: found },
        })
    }

    /// How this counter counts.
    pub fn rule(&self) -> &TokenRule {
        &self.rule
    }

    /// Tokens of one text, without special tokens.
    pub fn count(&self, text: &str) -> Result<u64, String> {
        match &self.tokenizer {
            None => Ok((text.chars().count() as f64 / CHARS_PER_TOKEN).ceil() as u64),
            Some(t) => t
                .encode_fast(text, false)
                .map(|e| e.len() as u64)
                .map_err(|e| e.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
        "model":{"type":"WordLevel","vocab":{"[UNK]":0,"module":1},"unk_token":"[UNK]"}}"#;

    fn pinned(sha256: &str) -> Tokens {
        Tokens {
            tokenizer: Some("t.json".into()),
            sha256: Some(sha256.into()),
        }
    }

    #[test]
    fn an_estimate_is_characters_over_3_3_rounded_up() {
        let c = TokenCounter::new(&Tokens::default(), Path::new("")).unwrap();
        assert_eq!(
            [c.count("").unwrap(), c.count("abc").unwrap(), c.count("äbcd").unwrap()],
            [0, 1, 2]
        );
        assert_eq!(*c.rule(), TokenRule::Estimated);
    }

    #[test]
    fn a_pinned_tokenizer_counts_and_a_wrong_hash_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.json"), WORDS).unwrap();
        let hash = sha256_hex(WORDS.as_bytes());
        let c = TokenCounter::new(&pinned(&hash), dir.path()).unwrap();
        assert_eq!(c.count("module fifo ( a )").unwrap(), 5);
        assert!(matches!(
            TokenCounter::new(&pinned("00"), dir.path()),
            Err(MixtureError::TokenizerHash { .. })
        ));
        std::fs::write(dir.path().join("t.json"), "{}").unwrap();
        let bad = TokenCounter::new(&pinned(&sha256_hex(b"{}")), dir.path());
        assert!(matches!(bad, Err(MixtureError::Tokenizer { .. })));
    }
}
