//! White space put in order, and commented-out code taken out.
//!
//! A comment goes only if it stands alone on its lines and all of it parses as statements or items of the kinds that
//! people comment out. Whatever reads as prose, licence, banner, example or tool pragma stays: losing a sentence of
//! prose is worse than keeping a line of dead code.

use super::syntax::{Comment, Flat, comments, parse_whole};
use std::collections::BTreeSet;

/// Commented-out code longer than this is left alone, in bytes.
const MAX_DEAD: usize = 64 << 10;

/// A text after normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised {
    pub text: String,
    /// The 1-based original line of each line of `text`.
    pub line_map: Vec<u32>,
    /// Original lines (1-based) that held commented-out code.
    pub removed: Vec<u32>,
}

/// Trailing blanks, tabs, line ends, runs of blank lines, commented-out code, the final newline. `None` when the text is
/// in order already.
pub fn normalise(text: &str) -> Option<Normalised> {
    let dead = dead_lines(text);
    let tab = tab_width(text);
    let mut lines: Vec<(u32, String)> = Vec::new();
    for (n, line) in (1u32..).zip(text.split('\n')) {
        if dead.contains(&n) {
            continue;
        }
        let line = expand_tabs(trim_line(line), tab);
        let blank = line.is_empty();
        if blank && lines.last().is_none_or(|(_, l)| l.is_empty()) {
            continue;
        }
        lines.push((n, line));
    }
    while lines.last().is_some_and(|(_, l)| l.is_empty()) {
        lines.pop();
    }
    let line_map = lines.iter().map(|(n, _)| *n).collect();
    let normal: String = lines.into_iter().flat_map(|(_, l)| [l, "\n".to_string()]).collect();
    (normal != text).then(|| Normalised {
        text: normal,
        line_map,
        removed: dead.into_iter().collect(),
    })
}

/// Without trailing blanks; but blanks after a backslash stay, for without them it would join the lines.
fn trim_line(line: &str) -> &str {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let trimmed = line.trim_end();
    if trimmed.ends_with('\\') { line } else { trimmed }
}

/// Four columns where tabs alone indent, eight where they are mixed with spaces, as editors of old had it.
fn tab_width(text: &str) -> usize {
    let mixed = text
        .lines()
        .any(|l| l.starts_with("  ") && !l.trim_start().starts_with('*'));
    if mixed { 8 } else { 4 }
}

fn expand_tabs(line: &str, width: usize) -> String {
    let (mut out, mut column, mut quoted, mut escaped) = (String::with_capacity(line.len()), 0, false, false);
    for c in line.chars() {
        if c == '\t' && !quoted {
            let gap = width - column % width;
            out.extend(std::iter::repeat_n(' ', gap));
            column += gap;
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        column += 1;
        out.push(c);
    }
    out
}

/// Lines (1-based) that hold nothing but commented-out code.
fn dead_lines(text: &str) -> BTreeSet<u32> {
    let all = comments(text);
    let known = live_words(text, &all);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(i, _)| i + 1))
        .collect();
    let line = |byte: usize| starts.partition_point(|&s| s <= byte) as u32;
    let mut dead = BTreeSet::new();
    let mut before: Option<(u32, String)> = None;
    for group in groups(text, &all, &line) {
        let (first, last) = (line(group.start), line(group.end - 1));
        let body = body(&text[group]);
        let introduced = before
            .as_ref()
            .is_some_and(|(end, b)| end + 2 >= first && introduces(b));
        if !introduced && is_dead_code(&body, &known) {
            dead.extend(first..=last);
        } else {
            before = Some((last, body));
        }
    }
    dead
}

/// Comments that belong together: each block comment, each run of `//` lines at one column.
fn groups(text: &str, all: &[Comment], line: &dyn Fn(usize) -> u32) -> Vec<std::ops::Range<usize>> {
    let tab = tab_width(text);
    let column = |at: usize| expand_tabs(&text[text[..at].rfind('\n').map_or(0, |n| n + 1)..at], tab).len();
    let mut found: Vec<(std::ops::Range<usize>, bool)> = Vec::new();
    for c in all.iter().filter(|c| c.alone) {
        match found.last_mut() {
            Some((last, false))
                if !c.block
                    && line(last.end - 1) + 1 == line(c.bytes.start)
                    && column(last.start) == column(c.bytes.start) =>
            {
                last.end = c.bytes.end;
            }
            _ => found.push((c.bytes.clone(), c.block)),
        }
    }
    found.into_iter().map(|(range, _)| range).collect()
}

/// What a comment says, without its marks.
fn body(comment: &str) -> String {
    if let Some(block) = comment.strip_prefix("/*") {
        return block.strip_suffix("*/").unwrap_or(block).to_string();
    }
    let bare = |l: &str| {
        let l = l.trim();
        l.strip_prefix("//")
            .map_or(l, |rest| rest.trim_start_matches('/'))
            .trim()
            .to_string()
    };
    comment.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// Whether a comment announces the code that follows it.
fn introduces(body: &str) -> bool {
    let last = body.trim_end().lines().next_back().unwrap_or("").to_lowercase();
    let words = [
        "example",
        "usage",
        "e.g.",
        "i.e.",
        "such as",
        "equivalent",
        "like this",
        "template",
        "instantiat",
    ];
    last.ends_with(':') || words.iter().any(|w| last.contains(w))
}

/// Words that mark a comment as meant: for people, lawyers or tools.
const KEPT: [&str; 22] = [
    "spdx",
    "copyright",
    "licen",
    "synopsys",
    "synthesis",
    "synth_",
    "verilator",
    "pragma",
    "translate_o",
    "lint",
    "coverage",
    "cadence",
    "xilinx",
    "altera",
    "full_case",
    "parallel_case",
    "quartus",
    "vivado",
    "todo",
    "fixme",
    "example",
    "usage",
];

fn is_dead_code(body: &str, known: &BTreeSet<&str>) -> bool {
    let lower = body.to_lowercase();
    if body.len() > MAX_DEAD || !body.contains([';', ',', ')', 'e']) || KEPT.iter().any(|k| lower.contains(k)) {
        return false;
    }
    if !body.contains([';', ',']) || !body.is_ascii() {
        return false;
    }
    as_units(body) || ((as_items(body) || as_statements(body) || as_list(body)) && speaks_of(body, known))
}

fn clean(text: &str, judge: impl FnOnce(&Flat<'_>) -> bool) -> bool {
    parse_whole(text).is_ok_and(|p| !p.tree.root_node().has_error() && judge(&p.flat()))
}

/// Whole modules.
fn as_units(body: &str) -> bool {
    let starts = body.trim_start().starts_with("module ") && body.contains("endmodule");
    starts && clean(body, |f| f.children(0).all(|c| f.kind(c) == "module_declaration"))
}

/// Module items of the kinds that are commented out; a type that the language does not know is likely a word of prose.
const ITEMS: [&str; 11] = [
    "continuous_assign",
    "always_construct",
    "initial_construct",
    "net_declaration",
    "data_declaration",
    "local_parameter_declaration",
    "parameter_declaration",
    "module_instantiation",
    "generate_region",
    "function_declaration",
    "port_declaration",
];

fn as_items(body: &str) -> bool {
    clean(&format!("module m_;\n{body}\nendmodule\n"), |f| {
        let Some(module) = f.find(0, "module_declaration") else {
            return false;
        };
        let items: Vec<usize> = f
            .children(module)
            .map(|c| {
                if f.kind(c) == "module_item" {
                    f.children(c).next().unwrap_or(c)
                } else {
                    c
                }
            })
            .filter(|&c| !f.kind(c).contains("header") && f.kind(c) != "endmodule" && f.text(c) != ";")
            .collect();
        let fits = |&i: &usize| match f.kind(i) {
            "data_declaration" => {
                f.find(i, "integer_vector_type").is_some() || f.find(i, "integer_atom_type").is_some()
            }
            "module_instantiation" => f.find(i, "named_port_connection").is_some(),
            kind => ITEMS.contains(&kind),
        };
        !items.is_empty() && items.iter().all(fits) && statements_fit(f)
    })
}

fn as_statements(body: &str) -> bool {
    let text = format!("module m_;\nalways @* begin\n{body}\nend\nendmodule\n");
    clean(&text, |f| {
        let block = f.find(0, "seq_block");
        let any = block.is_some_and(|b| f.children(b).any(|c| f.kind(c) == "statement_or_null"));
        any && f.find(0, "data_declaration").is_none() && statements_fit(f)
    })
}

/// Statements that are plainly code: `word;` parses as a call, and is none of them.
fn statements_fit(f: &Flat<'_>) -> bool {
    let plain = |i: usize| match f.kind(i) {
        "nonblocking_assignment" | "blocking_assignment" | "conditional_statement" | "case_statement" => true,
        "seq_block" | "loop_statement" | "procedural_timing_control_statement" => true,
        "subroutine_call_statement" => f.text(i).starts_with('$'),
        _ => false,
    };
    let items = (0..f.len()).filter(|&i| f.kind(i) == "statement_item");
    items.into_iter().all(|i| f.children(i).next().is_some_and(plain))
}

/// Lines of a port or connection list: each `.name(signal),` or `input name,`.
fn as_list(body: &str) -> bool {
    let mut lines = body.lines().map(str::trim).filter(|l| !l.is_empty()).peekable();
    let port = |l: &str| ["input ", "output ", "inout "].iter().any(|p| l.starts_with(p)) && l.ends_with(',');
    let connection = |l: &str| l.starts_with('.') && l.trim_end_matches(',').ends_with(')');
    if lines.peek().is_none() || !lines.all(|l| port(l) || connection(l)) {
        return false;
    }
    let inner = body.trim().trim_end_matches(',');
    let text = match inner.starts_with('.') {
        true => format!("module m_;\nt_ u_ (\n{inner}\n);\nendmodule\n"),
        false => format!("module m_ (\n{inner}\n);\nendmodule\n"),
    };
    clean(&text, |_| true)
}

/// Whether code is about this file: it declares things, or at least half of its names occur in live code.
fn speaks_of(body: &str, known: &BTreeSet<&str>) -> bool {
    let first = body
        .split(|c: char| !c.is_alphanumeric() && c != '$')
        .find(|w| !w.is_empty())
        .unwrap_or("");
    if [
        "reg",
        "wire",
        "input",
        "output",
        "parameter",
        "localparam",
        "always",
        "$display",
        "$write",
    ]
    .contains(&first)
    {
        return true;
    }
    let used: BTreeSet<&str> = words(body).collect();
    let familiar = used.iter().filter(|w| known.contains(*w)).count();
    familiar > 0 && familiar * 2 >= used.len()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.split(part)
        .filter(|w| w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// Words of the text outside comments.
fn live_words<'t>(text: &'t str, all: &[Comment]) -> BTreeSet<&'t str> {
    let mut known = BTreeSet::new();
    let mut at = 0;
    for c in all {
        known.extend(words(&text[at..c.bytes.start]));
        at = c.bytes.end;
    }
    known.extend(words(&text[at..]));
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::verilog::syntax::same_but_for_comments;
    use proptest::prelude::*;

    fn kept(comment: &str) -> bool {
        let text = format!("module m;\n  {comment}\n  assign y = a + b;\nendmodule\n");
        normalise(&text).is_none()
    }

    #[test]
    fn code_goes() {
        for comment in [
            "// assign y = a;",
            "// y <= a;\n  // if (a) y <= b;",
            "/* always @* y = a; */",
            "// .y(a),",
            "// wire [3:0] q;",
        ] {
            assert!(!kept(comment), "{comment}");
        }
    }

    #[test]
    fn what_is_meant_stays() {
        for comment in [
            "// the sum; see below",
            "// done;",
            "// SPDX-License-Identifier: ISC",
            "// verilator lint_off WIDTH",
            "// synopsys translate_off",
            "//---------------",
            "// y is a, then b",
            "// Usage:\n  // foo u (.y(a));",
            "// Example:\n\n  // assign y = a;",
            "// `define FOO 1",
            "// red = green;",
            "// if a is high then y = b",
        ] {
            assert!(kept(comment), "{comment}");
        }
    }

    #[test]
    fn white_space_and_lines() {
        let done =
            normalise("\n\nmodule m;\t// x\r\n\twire a; \n\n\n\n// assign a = a;\n$display(\"a\tb\");\nendmodule")
                .expect("changes");
        assert_eq!(
            done.text,
            "module m;   // x\n    wire a;\n\n$display(\"a\tb\");\nendmodule\n"
        );
        assert_eq!(done.line_map, [3, 4, 5, 9, 10]);
        assert_eq!(done.removed, [8]);
        assert_eq!(normalise(&done.text), None);
    }

    #[test]
    fn a_backslash_keeps_its_blanks() {
        assert_eq!(normalise("`define A \\ \n1\n"), None);
    }

    proptest! {
        #[test]
        fn settles_and_maps(text in "(module m;|endmodule|// a = b;|/\\*|\\*/|\t| |\n|\r\n|wire a;|\"|\\\\|é){0,40}") {
            if let Some(done) = normalise(&text) {
                prop_assert_eq!(done.text.lines().count(), done.line_map.len());
                prop_assert!(done.line_map.windows(2).all(|w| w[0] < w[1]));
            }
        }

        #[test]
        fn keeps_the_tree(gap in "[ \t\n]{1,6}", code in "(wire a;|assign a = b;|// words here|/* x */){1,6}") {
            let text = format!("module m;\n{}\nendmodule", code.replace(';', &format!(";{gap}")).replace("here", "here\n"));
            if let Some(done) = normalise(&text) {
                prop_assert!(same_but_for_comments(&text, &done.text));
            }
        }
    }
}
