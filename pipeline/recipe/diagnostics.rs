//! What is wrong with a file, said so that a person can go there and mend it.

use std::fmt;

/// Problems shown for one file; the rest is only counted, so that a hostile file cannot flood a terminal.
pub const MAX_DIAGNOSTICS: usize = 100;

/// Characters of a name that a message quotes.
const QUOTED_CHARS: usize = 80;

/// Whether a finding stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but probably not as meant.
    Warning,
}

/// One finding about one place in one file.
///
/// Displays as ``recipes/x.toml:12:3: unknown key `min_char` in node `filter`; did you mean `min_chars`?``
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as the caller named it.
    pub file: String,
    /// 1-based; 0 where the finding is about the file as a whole.
    pub line: u32,
    /// 1-based, in characters; 0 where only the line is known.
    pub column: u32,
    pub severity: Severity,
    /// A lowercase fragment that names the thing.
    pub message: String,
    /// What would mend it, where that can be told.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding about a file as a whole: it cannot be read, say.
    pub fn whole_file(file: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            file: file.into(),
            line: 0,
            column: 0,
            severity: Severity::Error,
            message: message.into(),
            help: None,
        }
    }

    /// Whether this finding stops the work.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        let warning = if self.is_error() { "" } else { "warning: " };
        write!(f, ": {warning}{}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// One line per finding, each ended by a newline.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|d| format!("{d}\n")).collect()
}

/// A finding before it knows its file: `at` is a byte offset into the text, or 0 where a text has no positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub at: usize,
    pub severity: Severity,
    pub message: String,
    pub help: Option<String>,
}

impl Problem {
    /// An error without a remedy.
    pub fn new(at: usize, message: impl Into<String>) -> Problem {
        Problem {
            at,
            severity: Severity::Error,
            message: message.into(),
            help: None,
        }
    }

    /// The same as a warning.
    pub fn warning(self) -> Problem {
        Problem {
            severity: Severity::Warning,
            ..self
        }
    }

    /// The same with a remedy, where there is one.
    pub fn help(self, help: Option<String>) -> Problem {
        Problem { help, ..self }
    }
}

/// Turns byte offsets into lines and columns.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    /// Offset of each line's first byte.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Indexes a text.
    pub fn new(text: &'t str) -> Lines<'t> {
        let after_newlines = text
            .bytes()
            .enumerate()
            .filter(|(_, b)| *b == b'\n')
            .map(|(i, _)| i + 1);
        Lines {
            text,
            starts: std::iter::once(0).chain(after_newlines).collect(),
        }
    }

    /// 1-based line and column (in characters) of a byte offset; an offset beyond the end is the end.
    pub fn position(&self, at: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|s| *s <= at).max(1);
        let start = self.starts[line - 1];
        let before = self
            .text
            .as_bytes()
            .get(start..at.min(self.text.len()))
            .unwrap_or_default();
        // A character's first byte is the one that is no continuation byte.
        let column = before.iter().filter(|b| (**b & 0xC0) != 0x80).count() + 1;
        (line as u32, column as u32)
    }

    /// The whole line that an offset lies on, without its newline.
    pub fn line_at(&self, at: usize) -> &'t str {
        let (line, _) = self.position(at);
        self.text.lines().nth(line as usize - 1).unwrap_or_default()
    }

    /// The 1-based number of the first line that is wanted.
    pub fn find(&self, wanted: impl Fn(&str) -> bool) -> Option<u32> {
        self.text.lines().position(wanted).map(|n| n as u32 + 1)
    }

    /// Places problems in a file: sorted by place, without repeats, capped at [`MAX_DIAGNOSTICS`].
    pub fn place(&self, file: &str, problems: Vec<Problem>) -> Vec<Diagnostic> {
        let placed = problems.into_iter().map(|p| {
            let (line, column) = self.position(p.at);
            Diagnostic {
                file: file.into(),
                line,
                column,
                severity: p.severity,
                message: p.message,
                help: p.help,
            }
        });
        tidy(file, placed.collect())
    }
}

/// Sorts by place, drops repeats and caps.
pub fn tidy(file: &str, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (a.line, a.column, a.severity, &a.message).cmp(&(b.line, b.column, b.severity, &b.message)));
    found.dedup();
    if found.len() > MAX_DIAGNOSTICS {
        let more = found.len() - MAX_DIAGNOSTICS;
        // Errors must never be capped away behind warnings: a caller asks whether there are any.
        found.sort_by_key(|d| d.severity);
        found.truncate(MAX_DIAGNOSTICS);
        found.push(Diagnostic::whole_file(file, format!("{more} more problems not shown")));
    }
    found
}

/// A name as messages show it: in backticks, on one line, without control characters, at most 80 characters.
pub fn quote(name: &str) -> String {
    let mut shown: String = name.chars().take(QUOTED_CHARS).flat_map(printable).collect();
    if name.chars().nth(QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Letters of any script stay; what could move a cursor or hide text is escaped.
fn printable(c: char) -> Vec<char> {
    match c {
        '"' | '\'' | '\\' => vec![c],
        _ => c.escape_debug().collect(),
    }
}

/// Several names in backticks, joined by commas.
pub fn quote_all<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quote).collect::<Vec<_>>().join(", ")
}

/// The candidate that a mistyped word most likely meant: at most one edit in three characters (two at least for
/// words of four and more), the first among equals.
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A longer word is no typing mistake, and comparing it would cost time squared.
    if word.is_empty() || word.len() > 64 {
        return None;
    }
    let folded = |s: &str| s.to_lowercase().replace('-', "_");
    let typed = folded(word);
    let allowed = |c: &str| {
        let length = typed.chars().count().max(c.chars().count());
        if length < 4 { 1 } else { (length / 3).max(2) }
    };
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&typed, &folded(c)), c))
        .filter(|(distance, c)| *distance <= allowed(c) && *distance < c.chars().count())
        .min_by_key(|(distance, c)| (*distance, strsim::damerau_levenshtein(word, c)))
        .map(|(_, c)| c)
}

/// ``did you mean `x`?``, where a candidate is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    near(word, candidates).map(|c| format!("did you mean {}?", quote(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let lines = Lines::new("a = 1\nnäme = 2\n");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(6), (2, 1));
        assert_eq!(lines.position("a = 1\nnäme".len()), (2, 5));
        assert_eq!(lines.position(usize::MAX), (3, 1));
        assert_eq!(lines.line_at(8), "näme = 2");
    }

    #[test]
    fn near_misses() {
        let keys = ["min_chars", "max_chars", "licences", "gate"];
        assert_eq!(near("min_char", keys), Some("min_chars"));
        assert_eq!(near("Max-Chars", keys), Some("max_chars"));
        assert_eq!(near("gaet", keys), Some("gate"));
        assert_eq!(near("colour", keys), None);
        assert_eq!(near("rwa", ["Raw", "raw"]), Some("raw"));
        assert_eq!(near(&"x".repeat(100_000), keys), None);
    }

    #[test]
    fn rendered_on_one_line_without_control_characters() {
        let d = Diagnostic {
            file: "x.toml".into(),
            line: 12,
            column: 3,
            severity: Severity::Error,
            message: format!("unknown key {}", quote("a\u{1b}[31m\nb")),
            help: Some("did you mean `b`?".into()),
        };
        assert_eq!(
            d.to_string(),
            "x.toml:12:3: unknown key `a\\u{1b}[31m\\nb`; did you mean `b`?"
        );
    }

    #[test]
    fn a_flood_is_capped_and_keeps_its_errors() {
        let mut problems: Vec<_> = (0..300).map(|i| Problem::new(0, format!("w{i}")).warning()).collect();
        problems.push(Problem::new(9, "the error"));
        let placed = Lines::new("0123456789").place("f", problems);
        assert_eq!(placed.len(), MAX_DIAGNOSTICS + 1);
        assert!(placed.iter().any(|d| d.message == "the error"));
        assert_eq!(placed[MAX_DIAGNOSTICS].to_string(), "f: 201 more problems not shown");
    }
}
