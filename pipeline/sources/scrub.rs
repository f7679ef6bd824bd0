//! Takes personal data and credentials out of a text before it is stored anywhere.
//!
//! Replaced by a placeholder in angle brackets: e-mail addresses, keys and tokens of well-known shapes, private
//! key blocks, credentials in URLs, passwords and random-looking values given to names that say so, and user names
//! in home folders. A placeholder holds no quote, backslash or line end, so a comment stays a comment and a string
//! a string. Names in copyright notices stay (attribution needs them), and so do network addresses: in device code
//! they are data. Plain hashes, UUIDs and Verilog literals are not credentials and stay.

use regex::Regex;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// A text without personal data and credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrubbed {
    pub text: String,
    /// How many were replaced, by kind: `email`, `token`, `private_key`, `password`, `credentials`, `user`.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Replaces all that [the module](self) names. Idempotent; linear in the text's length.
pub fn scrub(text: &str) -> Scrubbed {
    let mut counts = BTreeMap::new();
    let mut current = None;
    // One replacement can uncover another (a key beside an address), so it is repeated until nothing is found.
    // The bound guards against replacements that would uncover others for ever.
    for _ in 0..16 {
        let source = current.as_deref().unwrap_or(text);
        let hits = find(source);
        if hits.is_empty() {
            break;
        }
        let mut out = String::with_capacity(source.len());
        let mut from = 0;
        for hit in hits {
            out.push_str(&source[from..hit.span.start]);
            out.push_str(&format!("<{}>", hit.kind));
            from = hit.span.end;
            *counts.entry(hit.kind).or_default() += 1;
        }
        out.push_str(&source[from..]);
        current = Some(out);
    }
    Scrubbed {
        text: current.unwrap_or_else(|| text.to_string()),
        counts,
    }
}

struct Hit {
    span: Range<usize>,
    kind: &'static str,
}

/// All that is to be replaced: in order, without overlaps; of two that overlap the first, longest wins.
fn find(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    find_addresses(text, &mut hits);
    find_tokens(text, &mut hits);
    find_private_keys(text, &mut hits);
    find_assignments(text, &mut hits);
    find_home_folders(text, &mut hits);
    hits.sort_by_key(|h| (h.span.start, usize::MAX - h.span.end));
    let mut end = 0;
    hits.retain(|h| {
        let keep = h.span.start >= end;
        end = end.max(h.span.end);
        keep
    });
    hits
}

/// E-mail addresses, and `user:password` in URLs: both have an `@`, which is rare enough to look for alone.
fn find_addresses(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('@') {
        if let Some(span) = url_credentials(bytes, at) {
            hits.push(Hit {
                span,
                kind: "credentials",
            });
        } else if let Some(span) = email(bytes, at) {
            hits.push(Hit { span, kind: "email" });
        }
    }
}

/// The longest local part and host name looked at (RFC 5321: 64 and 255 bytes).
const LOCAL_MAX: usize = 64;
const HOST_MAX: usize = 255;

fn email(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_local = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
    let mut start = at
        - text[..at]
            .iter()
            .rev()
            .take(LOCAL_MAX)
            .take_while(|b| is_local(b))
            .count();
    start += text[start..at]
        .iter()
        .take_while(|b| !b.is_ascii_alphanumeric())
        .count();
    let is_host = |b: &u8| b.is_ascii_alphanumeric() || b".-".contains(b);
    let mut end = at + 1 + text[at + 1..].iter().take(HOST_MAX).take_while(|b| is_host(b)).count();
    while end > at + 1 && !text[end - 1].is_ascii_alphanumeric() {
        end -= 1;
    }
    let (local, host) = (&text[start..at], &text[at + 1..end]);
    let top = host.rsplit(|b| *b == b'.').next()?;
    let plausible = !local.is_empty()
        && local != b"git" // `git@host:path` is how repositories are named
        && top.len() < host.len()
        && host.first().is_some_and(u8::is_ascii_alphanumeric)
        && (2..=24).contains(&top.len())
        && top.iter().all(u8::is_ascii_alphabetic)
        && text.get(end) != Some(&b'('); // a call on a matrix product, not a host
    // `Name <a@b.c>` is to become `Name <email>`, not `Name <<email>>`.
    let bracketed = start > 0 && text[start - 1] == b'<' && text.get(end) == Some(&b'>');
    plausible.then_some(if bracketed { start - 1..end + 1 } else { start..end })
}

fn url_credentials(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |b: &u8| b.is_ascii_graphic() && !b"/@\"'<>{}$()".contains(b);
    let start = at
        - text[..at]
            .iter()
            .rev()
            .take(2 * LOCAL_MAX)
            .take_while(|b| is_part(b))
            .count();
    let part = &text[start..at];
    (text[..start].ends_with(b"://") && part.contains(&b':')).then_some(start..at)
}

/// Shapes that issuers chose so that they can be found.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r"\b(?:(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}",
        r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}",
        r"|glpat-[A-Za-z0-9_-]{20,64}",
        r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}",
        r"|AIza[A-Za-z0-9_-]{35}",
        r"|sk_live_[A-Za-z0-9]{16,128}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,200}",
        r"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|hf_[A-Za-z0-9]{30,64}",
        r"|eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000})"
    ))
});

/// `Bearer` and a value; the value is group 1.
static BEARER: LazyLock<Regex> =
    LazyLock::new(|| compile(r"\b(?:Bearer|bearer|BEARER|Basic)[ \t]+([A-Za-z0-9._~+/-]{20,2000}=*)"));

fn find_tokens(text: &str, hits: &mut Vec<Hit>) {
    hits.extend(TOKEN.find_iter(text).map(|m| Hit {
        span: m.range(),
        kind: "token",
    }));
    for value in BEARER.captures_iter(text).filter_map(|c| c.get(1)) {
        if looks_random(value.as_str()) {
            hits.push(Hit {
                span: value.range(),
                kind: "token",
            });
        }
    }
}

static KEY_BEGIN: LazyLock<Regex> = LazyLock::new(|| compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"));

/// The longest private key block that is searched for its end line.
const KEY_BLOCK_MAX: usize = 64 << 10;

/// What lies between the begin and end lines of a private key, or, where the end is missing, all that looks like
/// base64 after the begin line.
fn find_private_keys(text: &str, hits: &mut Vec<Hit>) {
    for begin in KEY_BEGIN.find_iter(text) {
        let rest = &text.as_bytes()[begin.end()..];
        let near = &rest[..rest.len().min(KEY_BLOCK_MAX)];
        let end = near.windows(8).position(|w| w == b"-----END").unwrap_or_else(|| {
            let is_key = |b: &u8| b.is_ascii_alphanumeric() || b"+/=\\\r\n \t".contains(b);
            let run = near.iter().take_while(|b| is_key(b)).count();
            run - near[..run].iter().rev().take_while(|b| b.is_ascii_whitespace()).count()
        });
        let body = &rest[..end];
        if !body.is_empty() && body != b"<private_key>" {
            hits.push(Hit {
                span: begin.end()..begin.end() + end,
                kind: "private_key",
            });
        }
    }
}

/// A name that says it holds a secret, and the value given to it: group 1 is the word, 2 a quoted value, 3 a bare one.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r"((?i:password|passwd|passphrase|secret|token|api_?-?key|access_?-?key|auth_?-?key|credential))[A-Za-z0-9_]{0,20}",
        r#"["']?[ \t]*(?::=|=>|=|:)[ \t]*"#,
        r#"(?:["']([^"'\\\s<>$%{}]{6,500})["']|([A-Za-z0-9+/=_.-]{20,500}))"#
    ))
});

fn find_assignments(text: &str, hits: &mut Vec<Hit>) {
    for found in ASSIGNMENT.captures_iter(text) {
        let (word, quoted, bare) = (found.get(1).map_or("", |m| m.as_str()), found.get(2), found.get(3));
        if let Some(value) = quoted.filter(|_| word.to_ascii_lowercase().starts_with("pass")) {
            hits.push(Hit {
                span: value.range(),
                kind: "password",
            });
        } else if let Some(value) = quoted.or(bare).filter(|v| looks_random(v.as_str())) {
            hits.push(Hit {
                span: value.range(),
                kind: "token",
            });
        }
    }
}

/// Bits per character from which a value counts as random. A choice, not a measurement: 20 distinct characters have
/// 4.3 bits, and repeated patterns far fewer. The mix of letters and digits asked for beside it keeps plain words out.
const RANDOM_BITS: f64 = 3.5;

/// Whether a value reads like a key: 16 characters or more, letters of both cases and digits mixed, and not a hash
/// (hexadecimal digits and dashes alone, as UUIDs are too).
fn looks_random(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.bytes().any(|b| test(&b));
    value.len() >= 16
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && !value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        && entropy(value) >= RANDOM_BITS
}

fn entropy(value: &str) -> f64 {
    let mut counts = [0u32; 256];
    value.bytes().for_each(|b| counts[usize::from(b)] += 1);
    let total = value.len() as f64;
    counts
        .iter()
        .filter(|n| **n > 0)
        .map(|n| f64::from(*n) / total)
        .map(|p| -p * p.log2())
        .sum()
}

/// The user's name in a home folder; group 1. What precedes must not be part of a host name or path (`x.org/home/a`).
static HOME: LazyLock<Regex> =
    LazyLock::new(|| compile(r"(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z0-9_][A-Za-z0-9._-]{0,63})"));

/// Folder names under `/home` and `/Users` that are nobody's.
const NOBODY: [&str; 5] = ["user", "Shared", "Public", "Default", "runner"];

fn find_home_folders(text: &str, hits: &mut Vec<Hit>) {
    for found in HOME.captures_iter(text) {
        let (Some(all), Some(name)) = (found.get(0), found.get(1)) else {
            continue;
        };
        let before = text.as_bytes()[..all.start()].last();
        let is_root = before.is_none_or(|b| !b.is_ascii_alphanumeric() && !b".-_~".contains(b));
        let is_folder = text[name.end()..].starts_with(['/', '\\']);
        if is_root && is_folder && !NOBODY.contains(&name.as_str()) {
            hits.push(Hit {
                span: name.range(),
                kind: "user",
            });
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants above, and the tests exercise them"
)]
fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(scrub(input).text, expected);
        assert_eq!(
            scrub(expected),
            Scrubbed {
                text: expected.into(),
                counts: BTreeMap::new()
            }
        );
    }

    /// Spliced so that no scanner of this file takes the examples for real ones.
    fn glue(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn addresses() {
        check(
            "// Copyright (C) 2017  Ann B. Cee <ann@cee-soft.co.uk>, all",
            "// Copyright (C) 2017  Ann B. Cee <email>, all",
        );
        check("contact: x.y+z@example.org.", "contact: <email>.");
        check("(a@b.de)(c@d.com)", "(<email>)(<email>)");
        for kept in [
            "always @(posedge clk)",
            "@00000000",
            "git@host.org:a/b.git",
            "pkg@1.2.3",
            "w@x.view(2)",
            "a@b",
            "@a.b",
            "x @ y.zz",
        ] {
            check(kept, kept);
        }
    }

    #[test]
    fn url_credentials_go_and_urls_stay() {
        check("https://bob:pw1@host.org/x", "https://<credentials>@host.org/x");
        check("http://host.org:80/a@b", "http://host.org:80/a@b");
    }

    #[test]
    fn tokens_of_known_shapes() {
        let mixed = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5";
        for token in [
            glue(&["AKIA", "IOSFODNN7EXAMPLE"]),
            glue(&["ghp_", mixed]),
            glue(&["glpat-", &mixed[..20]]),
            glue(&["xoxb-", "1234567890-abcdef"]),
            glue(&["AIza", &mixed[..35]]),
            glue(&["sk-", mixed]),
            glue(&["eyJ", &mixed[..12], ".", &mixed[..20], ".", mixed]),
        ] {
            check(&format!("x = \"{token}\";"), "x = \"<token>\";");
        }
        check(
            &format!("Authorization: Bearer {mixed}"),
            "Authorization: Bearer <token>",
        );
    }

    #[test]
    fn private_keys() {
        let begin = glue(&["-----BEGIN RSA ", "PRIVATE KEY-----"]);
        let end = "-----END RSA PRIVATE KEY-----";
        check(
            &format!("// {begin}\n// MIIEow\n// {end}\nx"),
            &format!("// {begin}<private_key>{end}\nx"),
        );
        check(
            &format!("{begin}\nMIIEow+/=\n\nmodule x;"),
            &format!("{begin}<private_key>;"),
        );
        check(
            &format!("{begin}\nMIIEow==\n(end)"),
            &format!("{begin}<private_key>\n(end)"),
        );
    }

    #[test]
    fn secrets_by_name() {
        check("password = \"hunter22\"", "password = \"<password>\"");
        check("{\"db_password\": \"hunter22\"}", "{\"db_password\": \"<password>\"}");
        check("API_KEY=aB3dE5gH7jK9mN1pQ3sT5", "API_KEY=<token>");
        check("secret: 'aB3dE5gH7jK9mN1pQ3sT5'", "secret: '<token>'");
        for kept in [
            "token = \"IDENTIFIER\"",
            "token <= next_token_with_long_name_1;",
            "assign token = 32'hDEADBEEF;",
            "password: \"${PASSWORD}\"",
            "parameter [127:0] SECRET_KEY = 128'h2B7E151628AED2A6ABF7158809CF4F3C;",
            "secret=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "token: 123e4567-e89b-12d3-a456-426614174000",
        ] {
            check(kept, kept);
        }
    }

    #[test]
    fn home_folders() {
        check("`include \"/home/alice/rtl/a.v\"", "`include \"/home/<user>/rtl/a.v\"");
        check(
            "/Users/bob.c/x C:\\Users\\bob\\x",
            "/Users/<user>/x C:\\Users\\<user>\\x",
        );
        for kept in ["http://x.org/home/news/a", "/home/user/x", "a /home/ b", "/home/alice"] {
            check(kept, kept);
        }
    }

    #[test]
    fn counts_are_by_kind() {
        let counts = scrub("a@b.org c@d.org /home/eve/x").counts;
        assert_eq!(counts, BTreeMap::from([("email", 2), ("user", 1)]));
    }

    proptest! {
        #[test]
        fn idempotent(text in "(password|token|secret|=|: |\"|'|<|>|@|a@b\\.org|://|x:y@|/home/|bob|/|-----BEGIN PRIVATE KEY-----|-----END|\n|ghp_|aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5|eyJ|\\.|Bearer |é|\\PC){0,24}") {
            let once = scrub(&text);
            let twice = scrub(&once.text);
            prop_assert_eq!(&twice.text, &once.text);
            prop_assert!(twice.counts.is_empty());
        }

        #[test]
        fn what_has_no_marks_is_untouched(text in "[a-zA-Z0-9_ \n;()\\[\\]]{0,200}") {
            prop_assert_eq!(scrub(&text).text, text);
        }
    }
}
