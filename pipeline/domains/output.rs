//! What programs print: compared, and shown to people.

use serde_json::{Value, json};

/// Bytes of a log that are kept.
const LOG_BYTES: usize = 6 << 10;
/// Bytes of a line that are shown in metrics.
const SHOWN_BYTES: usize = 300;

/// A program's output without white space at the ends of lines and of the text.
pub fn normal(text: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = text
        .split(|b| *b == b'\n')
        .map(|line| line.trim_ascii_end().to_vec())
        .collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    let blank = lines.iter().take_while(|line| line.is_empty()).count();
    lines.split_off(blank)
}

/// The first line in which two outputs differ, for people.
pub fn difference(expected: &[Vec<u8>], got: &[Vec<u8>]) -> Value {
    let at = expected
        .iter()
        .zip(got)
        .position(|(e, g)| e != g)
        .unwrap_or(expected.len().min(got.len()));
    let show = |lines: &[Vec<u8>]| {
        lines
            .get(at)
            .map(|line| String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES)]).replace('\0', "\u{fffd}"))
    };
    json!({"line": at + 1, "expected": show(expected), "got": show(got)})
}

/// The beginning of a log, without control characters and without these paths.
pub fn tidy(log: &[u8], paths: &[&str]) -> String {
    let mut text = String::from_utf8_lossy(log).into_owned();
    for path in paths {
        text = text.replace(path, "");
    }
    text.retain(|c| c == '\n' || c == '\t' || !c.is_control());
    let end = text.floor_char_boundary(LOG_BYTES);
    text.truncate(end);
    text.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_at_ends_is_no_difference() {
        assert_eq!(normal(b"\n 1 2 \t\r\n3\n\n"), normal(b" 1 2\n3"));
        assert_ne!(normal(b"1  2"), normal(b"1 2"));
        assert_ne!(normal(b"1\n\n2"), normal(b"1\n2"));
        assert_eq!(normal(b"\n \n"), normal(b""));
    }
}
