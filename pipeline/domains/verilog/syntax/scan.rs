//! A lexer that knows only what hides text: comments, strings, escaped names and compiler directives.

use std::ops::Range;

/// What the scanner tells apart; everything else is code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// `// …` without its line end, or `/* … */`.
    Comment(Range<usize>),
    /// A string with its quotes.
    Text(Range<usize>),
    /// `` `name ``; for `` `define `` all of its body, continuation lines included.
    Directive(Range<usize>),
}

/// A comment and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub bytes: Range<usize>,
    /// `/* … */` rather than `// …`.
    pub block: bool,
    /// Nothing else stands on its lines.
    pub alone: bool,
}

/// Comments, strings and directives of a text, in order. Never fails: what is unclosed ends with its line or the text.
pub fn scan(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'/')) => line_end(bytes, at),
            (b'/', Some(b'*')) => text[at + 2..].find("*/").map_or(bytes.len(), |n| at + n + 4),
            (b'"', _) => string_end(bytes, at),
            (b'`', _) => directive_end(text, at),
            (b'\\', Some(c)) if !c.is_ascii_whitespace() => word_end(bytes, at),
            _ => at + 1,
        };
        match bytes[at] {
            b'/' if end > at + 1 => pieces.push(Piece::Comment(at..end)),
            b'"' => pieces.push(Piece::Text(at..end)),
            b'`' => pieces.push(Piece::Directive(at..end)),
            _ => {}
        }
        at = end;
    }
    pieces
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..]
        .iter()
        .position(|&b| b == b'\n')
        .map_or(bytes.len(), |n| at + n);
    if end > at && bytes[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(u8::is_ascii_whitespace)
        .map_or(bytes.len(), |n| at + n)
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 1,
            b'"' => return i + 1,
            b'\n' => return i,
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

fn directive_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$';
    let end = at + 1 + bytes[at + 1..].iter().take_while(|b| name(b)).count();
    if &text[at..end] != "`define" {
        return end;
    }
    let mut stop = line_end(bytes, at);
    while stop > at && bytes[stop - 1] == b'\\' && stop < bytes.len() {
        let next = bytes[stop..]
            .iter()
            .position(|&b| b == b'\n')
            .map_or(bytes.len(), |n| stop + n + 1);
        if next >= bytes.len() {
            return bytes.len();
        }
        stop = line_end(bytes, next);
    }
    // A comment that trails the body is a comment, and may go on below.
    text[at..stop]
        .find("/*")
        .filter(|&n| !text[at + n..stop].contains("*/"))
        .map_or(stop, |n| at + n)
}

/// Comments of a text, in order; dead branches included, macro bodies not.
pub fn comments(text: &str) -> Vec<Comment> {
    let found = scan(text).into_iter().filter_map(|p| match p {
        Piece::Comment(r) => Some(r),
        _ => None,
    });
    found
        .map(|bytes| {
            let before = text[..bytes.start].rsplit('\n').next().unwrap_or("");
            let after = text[bytes.end..].split('\n').next().unwrap_or("");
            let alone = before.trim().is_empty() && after.trim().is_empty();
            Comment {
                block: text[bytes.clone()].starts_with("/*"),
                alone,
                bytes,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_in_strings_are_text() {
        let text = "a \"// no\" // yes\n/* b\n c */ d\n`define X 1 /* in */\n\\esc/*aped w\n";
        let found: Vec<_> = comments(text)
            .into_iter()
            .map(|c| (text[c.bytes].to_string(), c.block, c.alone))
            .collect();
        assert_eq!(
            found,
            [("// yes".into(), false, false), ("/* b\n c */".into(), true, false)]
        );
    }

    proptest! {
        #[test]
        fn pieces_are_ordered_and_within(text in "[a/*\"`\\\\\n\ré ]{0,80}") {
            let mut last = 0;
            for piece in scan(&text) {
                let (Piece::Comment(r) | Piece::Text(r) | Piece::Directive(r)) = piece;
                prop_assert!(r.start >= last && r.end > r.start && text.get(r.clone()).is_some());
                last = r.end;
            }
        }
    }
}
