//! Comments as facts: what stands beside a port, above a group of ports, above the module.

/// Words that mark a header line as legal, bookkeeping or advice, not description.
const NOT_PROSE: [&str; 53] = [
    "replace",
    "following",
    "note",
    "this file",
    "should",
    "must",
    "you",
    "to be ",
    "based on",
    "copyright",
    "license",
    "licence",
    "warrant",
    "permission",
    "redistribut",
    "spdx",
    "author",
    "http",
    "www.",
    "@",
    "merchantab",
    "liab",
    "all rights",
    "file:",
    "version",
    "revision",
    "history",
    "created",
    "modified",
    "$id",
    "todo",
    "fixme",
    "xxx",
    "gnu ",
    "foundation",
    "software",
    "iverilog",
    "readme",
    "see ",
    "auto-generated",
    "generated",
    ".v",
    "terms",
    "notice",
    "conditions",
    "opencores",
    "company",
    "engineer",
    "project",
    "date",
    "tool",
    "verilator",
    "lint",
];

fn has_letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_ascii_alphabetic()).count()
}

/// Whether a comment reads as a remark of a person, not as code or decoration.
fn is_remark(text: &str) -> bool {
    let codey = text.contains([';', '=', '{', '`', '"', '<', '>', '\\', '|', '*']) || text.contains("//");
    let lower = text.to_ascii_lowercase();
    has_letters(text) >= 3
        && text.len() <= 90
        && !codey
        && text.is_ascii()
        && !NOT_PROSE.iter().any(|w| lower.contains(w))
        && text.matches('(').count() == text.matches(')').count()
}

fn undress(line: &str) -> &str {
    line.trim()
        .trim_matches(['/', '*', '#', '-', '=', '~', '!', '|', '+'])
        .trim()
        .trim_matches(['#', '*'])
        .trim()
}

/// The remark on the rest of the line after byte `end` (past `,` and `;`), if there is one.
pub fn beside(text: &str, end: usize) -> Option<String> {
    let rest = text.get(end..)?;
    let line = rest.lines().next()?.trim_start_matches([' ', '\t', ',', ';', ')']);
    let inner = match line.strip_prefix("//") {
        Some(inner) => inner,
        None => line.strip_prefix("/*")?.split("*/").next()?,
    };
    let remark = undress(inner).trim_end_matches(['.', ',', ':']);
    (is_remark(remark)).then(|| remark.to_string())
}

/// The comment-only line that heads the group of lines in which byte `start` stands: no blank line between.
pub fn group_above(text: &str, start: usize) -> Option<String> {
    let above = text.get(..start)?;
    for line in above.lines().rev().skip(1).take(40) {
        let line = line.trim();
        if line.is_empty() {
            return None;
        }
        // `(//RF Interface` opens a port list in some styles.
        if let Some(remark) = line.trim_start_matches('(').trim_start().strip_prefix("//") {
            let remark = undress(remark).trim_end_matches([':', '.']);
            return is_remark(remark).then(|| remark.to_string());
        }
        if line.ends_with('(') || line.starts_with("module") {
            return None;
        }
    }
    None
}

fn labelled(line: &str) -> Option<&str> {
    let (label, rest) = line.split_once(':')?;
    let label = label.trim().to_ascii_lowercase();
    ["function", "description", "purpose", "abstract", "brief", "overview"]
        .contains(&label.as_str())
        .then(|| rest.trim())
}

/// One line of prose from the comment that precedes the module, without legal text.
pub fn purpose(text: &str, module_start: usize) -> Option<String> {
    let above = text.get(..module_start)?;
    let above = &above[above.rfind("endmodule").map_or(0, |at| at + 9)..];
    let lines: Vec<&str> = above.lines().collect();
    let is_comment = |l: &str| {
        let l = l.trim();
        l.starts_with("//") || l.starts_with("/*") || l.starts_with('*') || l.is_empty()
    };
    // Block comments without a leading star hold prose too: keep any line inside /* */.
    let mut open = false;
    let mut prose: Vec<&str> = Vec::new();
    for line in &lines {
        if open || is_comment(line) {
            prose.push(undress(line));
        }
        open = (open || line.contains("/*")) && !line.contains("*/");
    }
    for (i, line) in prose.iter().enumerate() {
        if let Some(rest) = labelled(line) {
            return sentence(rest, &prose[i + 1..]);
        }
    }
    let start = prose
        .iter()
        .rposition(|l| l.to_ascii_lowercase().contains("documentation"))
        .map_or(0, |i| i + 1);
    let free = prose[start..]
        .iter()
        .position(|l| is_remark(l) && l.split_whitespace().count() >= 3)?;
    // Unlabelled text counts only where no legal text is mixed in after the mark.
    let clean = prose[start..]
        .iter()
        .all(|l| !l.to_ascii_lowercase().contains("licen") && !l.to_ascii_lowercase().contains("warrant"));
    if !clean {
        return None;
    }
    // A line that goes on with what another began says nothing by itself.
    let goes_on = prose[start + free].starts_with(|c: char| c.is_ascii_lowercase());
    let before = free.checked_sub(1).map_or("", |n| prose[start + n]);
    if goes_on && has_letters(before) > 0 && !before.ends_with(['.', ':']) && !before.starts_with('#') {
        return None;
    }
    sentence(prose[start + free], &prose[start + free + 1..])
}

/// A sentence that may run on over the next lines, until a full stop or a blank line.
fn sentence(first: &str, rest: &[&str]) -> Option<String> {
    let mut out = first.to_string();
    for line in rest {
        let starts_new =
            line.is_empty() || line.contains(':') || !line.starts_with(|c: char| c.is_ascii_lowercase() || c == '(');
        if out.ends_with('.') || (starts_new && !out.is_empty()) || out.len() > 140 {
            break;
        }
        out.push(' ');
        out.push_str(line);
    }
    let out = out.trim_start_matches(['-', '+', ' ']).trim();
    let out = out
        .split(". ")
        .next()
        .unwrap_or(out)
        .trim_end_matches(['.', ','])
        .trim();
    let lower = out.to_ascii_lowercase();
    let bad = NOT_PROSE.iter().any(|w| lower.contains(w)) || out.contains(['`', '{', ';', '=', '\\', '|', '"', '*']);
    let whole = out.matches('(').count() == out.matches(')').count();
    let words = out.split_whitespace().count();
    (!bad && whole && out.is_ascii() && (2..=40).contains(&words) && has_letters(out) >= 6).then(|| out.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_prose_and_leaves_law() {
        let src = "//####\n//# Function:  Positive edge-triggered flip-flop with async     #\n//#            active low preset.      #\n//# Copyright: Someone\nmodule x;";
        let at = src.find("module").unwrap();
        assert_eq!(
            purpose(src, at).as_deref(),
            Some("Positive edge-triggered flip-flop with async active low preset")
        );
        let src = "/*\n * Copyright 2020 X\n * See the License for limitations under the License.\n * ##Documentation##\n *\n * - Unpacks 32b command into separate ctrl fields\n */\nmodule x;";
        assert_eq!(
            purpose(src, src.find("module").unwrap()).as_deref(),
            Some("Unpacks 32b command into separate ctrl fields")
        );
        assert_eq!(purpose("// Licensed under X, see the file\nmodule x;", 34), None);
    }

    #[test]
    fn port_remarks() {
        let src = "  // write port\n  input a, // fifo write\n  input b /* x = 1; */";
        assert_eq!(beside(src, src.find("a,").unwrap() + 1).as_deref(), Some("fifo write"));
        assert_eq!(beside(src, src.find("b /").unwrap() + 1), None);
        assert_eq!(
            group_above(src, src.find("input b").unwrap()).as_deref(),
            Some("write port")
        );
    }
}
