//! Verilog as a syntax tree: parsing within limits, and what other rooms ask of a tree.
//!
//! [`parse`] sees what Icarus would compile: branches of `` `ifdef `` that are not taken are blanked (offsets stay),
//! because conditional compilation in a port list breaks any grammar. [`parse_whole`] sees every byte, for comparisons.

mod facts;
mod live;
mod scan;
mod tree;

pub use facts::*;
pub use live::{Live, live};
pub use scan::{Comment, Piece, comments, scan};
pub use tree::Flat;

use super::types::ModuleInfo;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, Parser, Tree};

/// Texts longer than this are not parsed, in bytes. The largest of 500 hand-written files has 0.11 MB.
pub const MAX_BYTES: usize = 4 << 20;

/// Progress reports granted to any text; tree-sitter reports once per 100 parse actions.
const BASE_REPORTS: u64 = 2_000;

/// Bytes for which one more report is granted. 500 real files needed at most one per 48 bytes; in error recovery a report
/// can stand for a millisecond of work.
const BYTES_PER_REPORT: u64 = 10;

/// Why a text has no tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    #[error("text of {0} bytes exceeds {MAX_BYTES}: split it or filter by size first")]
    TooLarge(usize),
    #[error("parsing exceeded its work limit: drop the file")]
    TooHard,
    #[error("grammar does not fit the parser library: align the versions of tree-sitter and its grammar")]
    Grammar,
}

/// A text with its syntax tree. Offsets of the tree are offsets of `text`.
pub struct Parsed {
    /// The text as given.
    pub text: String,
    /// The tree, of the text with dead branches blanked, or of all of it.
    pub tree: Tree,
    /// What was blanked and what is in doubt.
    pub live: Live,
}

impl Parsed {
    /// The tree as a list in source order.
    pub fn flat(&self) -> Flat<'_> {
        Flat::new(&self.tree, &self.text)
    }
}

/// Parses what Icarus would compile. Errors: too large, or too much work (both bounds are deterministic).
pub fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    check_size(text)?;
    let live = live(text);
    let tree = parse_bytes(live.text.as_bytes())?;
    Ok(Parsed {
        text: text.into(),
        tree,
        live,
    })
}

/// Parses every byte, dead branches included. Errors as [`parse`].
pub fn parse_whole(text: &str) -> Result<Parsed, SyntaxError> {
    check_size(text)?;
    let tree = parse_bytes(text.as_bytes())?;
    Ok(Parsed {
        text: text.into(),
        tree,
        live: Live {
            text: text.into(),
            doubtful: Vec::new(),
        },
    })
}

fn check_size(text: &str) -> Result<(), SyntaxError> {
    if text.len() > MAX_BYTES {
        Err(SyntaxError::TooLarge(text.len()))
    } else {
        Ok(())
    }
}

fn parse_bytes(bytes: &[u8]) -> Result<Tree, SyntaxError> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_systemverilog::LANGUAGE.into())
        .map_err(|_| SyntaxError::Grammar)?;
    let mut left = BASE_REPORTS + bytes.len() as u64 / BYTES_PER_REPORT;
    let mut progress = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let read = &mut |at: usize, _| bytes.get(at..).unwrap_or_default();
    parser
        .parse_with_options(read, None, Some(options))
        .ok_or(SyntaxError::TooHard)
}

/// Share of a text's code bytes (comments and blanks aside) that no rule of the grammar covers, 0..=1.
///
/// Well-formed constructs inside an error region count as good; a missing token counts as one byte. A text that
/// cannot be parsed at all is all error; one without code is none.
pub fn error_share(text: &str) -> f64 {
    let Ok(parsed) = parse(text) else { return 1.0 };
    let flat = parsed.flat();
    let (mut all, mut bad) = (0usize, 0usize);
    for i in flat.leaves().filter(|&i| !flat.is_comment(i)) {
        let bytes = flat.text(i).bytes().filter(|b| !b.is_ascii_whitespace()).count();
        let missing = flat.node(i).is_missing();
        all += bytes + usize::from(missing);
        let lost = flat.node(i).is_error() || flat.parent(i).is_some_and(|p| flat.node(p).is_error());
        bad += if missing {
            1
        } else if lost {
            bytes
        } else {
            0
        };
    }
    if all == 0 { 0.0 } else { bad as f64 / all as f64 }
}

/// A module (or interface, package, primitive) and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `module`, `interface`, `package` or `primitive`.
    pub keyword: &'static str,
    pub name: String,
    /// Bytes from the keyword to the end of the closing one.
    pub bytes: std::ops::Range<usize>,
    /// The same in the list of nodes.
    pub nodes: std::ops::Range<usize>,
}

const UNITS: [(&str, &str, &str); 5] = [
    ("module", "module", "endmodule"),
    ("macromodule", "module", "endmodule"),
    ("interface", "interface", "endinterface"),
    ("package", "package", "endpackage"),
    ("primitive", "primitive", "endprimitive"),
];

/// The design units of a text, in order; found by their keywords, so that an error elsewhere hides none.
pub fn units(flat: &Flat<'_>) -> Vec<Unit> {
    let mut found: Vec<Unit> = Vec::new();
    let mut open: Option<(&'static str, &'static str, usize, Option<String>)> = None;
    for i in flat.leaves().filter(|&i| !flat.is_comment(i)) {
        let word = flat.text(i);
        match &mut open {
            None => {
                open = UNITS.iter().find(|u| u.0 == word).map(|u| (u.1, u.2, i, None));
            }
            Some((_, _, _, name @ None)) => match flat.kind(i) {
                "simple_identifier" | "escaped_identifier" => *name = Some(word.to_string()),
                _ if word == "automatic" || word == "static" => {}
                _ => open = None,
            },
            Some((keyword, close, start, Some(name))) if word == *close => {
                let bytes = flat.node(*start).start_byte()..flat.node(i).end_byte();
                found.push(Unit {
                    keyword,
                    name: std::mem::take(name),
                    bytes,
                    nodes: *start..i + 1,
                });
                open = None;
            }
            Some(_) => {}
        }
    }
    found
}

/// Modules declared in a text, in order, with the modules that each instantiates.
pub fn modules(parsed: &Parsed) -> Vec<ModuleInfo> {
    let flat = parsed.flat();
    units(&flat)
        .into_iter()
        .filter(|u| u.keyword == "module")
        .map(|u| module_info(&flat, &u))
        .collect()
}

pub fn module_info(flat: &Flat<'_>, unit: &Unit) -> ModuleInfo {
    let lines = (
        flat.line_at(unit.bytes.start),
        flat.line_at(unit.bytes.end.saturating_sub(1)),
    );
    ModuleInfo {
        name: unit.name.clone(),
        lines,
        instances: instances(flat, unit).into_iter().collect(),
    }
}

/// Kinds of node that name a module, interface or primitive and place it.
const INSTANCE_KINDS: [&str; 4] = [
    "module_instantiation",
    "udp_instantiation",
    "interface_instantiation",
    "program_instantiation",
];

/// Names of what a unit instantiates, gate primitives and macros aside.
pub fn instances(flat: &Flat<'_>, unit: &Unit) -> BTreeSet<String> {
    unit.nodes
        .clone()
        .filter(|&i| INSTANCE_KINDS.contains(&flat.kind(i)))
        // After a `)`, what looks like a type is the instance's name, and the type was a macro.
        .filter(|&i| !flat.source()[..flat.start(i)].trim_end().ends_with(')'))
        .filter_map(|i| flat.children(i).find(|&c| flat.kind(c).ends_with("identifier")))
        .map(|c| flat.text(c).to_string())
        .collect()
}

/// Leaf tokens without comments: (grammar kind, text).
pub fn strip_to_tokens(parsed: &Parsed) -> Vec<(&'static str, String)> {
    let flat = parsed.flat();
    let tokens = flat.leaves().filter(|&i| !flat.is_comment(i));
    tokens
        .map(|i| (kind_name(&flat, i), flat.text(i).to_string()))
        .collect()
}

fn kind_name(flat: &Flat<'_>, i: usize) -> &'static str {
    flat.static_kind(i)
}

/// Whether two texts have the same syntax tree once comments are taken out, dead branches included.
///
/// White space inside macro bodies is compared loosely, inside strings exactly. False also when either cannot be parsed.
pub fn same_but_for_comments(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (parse_whole(a), parse_whole(b)) else {
        return false;
    };
    let (a, b) = (a.flat(), b.flat());
    if a.truncated() || b.truncated() {
        return false;
    }
    let shape = |f: &Flat<'_>| (0..f.len()).filter(|&i| !f.is_comment(i)).collect::<Vec<_>>();
    let (left, right) = (shape(&a), shape(&b));
    left.len() == right.len() && left.iter().zip(&right).all(|(&i, &j)| same_node(&a, i, &b, j))
}

fn same_node(a: &Flat<'_>, i: usize, b: &Flat<'_>, j: usize) -> bool {
    if a.kind(i) != b.kind(j) || a.depth(i) != b.depth(j) || a.is_leaf(i) != b.is_leaf(j) {
        return false;
    }
    if !a.is_leaf(i) {
        return true;
    }
    let (x, y) = (a.text(i), b.text(j));
    x == y || (!a.kind(i).starts_with("quoted") && x.split_whitespace().eq(y.split_whitespace()))
}

/// Distinct identifiers under a node, sorted; names of ports in connections and of macros included.
pub fn identifiers(flat: &Flat<'_>, node: usize) -> BTreeSet<String> {
    flat.descendants(node)
        .filter(|&i| flat.kind(i) == "simple_identifier")
        .map(|i| flat.text(i).to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn modules_survive_conditional_headers() {
        let text = "module a (\n`ifdef X\n input x,\n`endif\n input y);\n sub u (.y(y));\n and (q, y, y);\nendmodule\n\
                    module b; endmodule\n";
        let found = modules(&parse(text).expect("parses"));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), found[0].lines), ("a", (1, 8)));
        assert_eq!(found[0].instances, ["sub"]);
        assert_eq!(found[1].lines, (9, 9));
    }

    #[test]
    fn error_share_tells_code_from_noise() {
        assert_eq!(error_share("module a; endmodule\n"), 0.0);
        assert_eq!(error_share("// only a comment\n"), 0.0);
        assert!(error_share("the quick brown fox ] jumps ) over } the lazy dog") > 0.3);
        assert!(error_share("module a; wire x = ; assign y = 1; endmodule") < 0.3);
    }

    #[test]
    fn comparison_ignores_comments_and_blanks_only() {
        let a = "module m; /* x */ assign y = a + b; // c\nendmodule\n";
        assert!(same_but_for_comments(a, "module m;\n assign y = a +\n b;\nendmodule"));
        assert!(!same_but_for_comments(a, "module m; assign y = a - b;\nendmodule"));
        let define = "`define M(x) \\\n\t\tx + 1\nmodule m; initial $display(\"a  b\"); endmodule\n";
        assert!(same_but_for_comments(define, &define.replace('\t', "  ")));
        assert!(!same_but_for_comments(define, &define.replace("a  b", "a b")));
    }

    #[test]
    fn size_is_limited() {
        assert_eq!(
            parse(&" ".repeat(MAX_BYTES + 1)).err(),
            Some(SyntaxError::TooLarge(MAX_BYTES + 1))
        );
    }

    #[test]
    fn deep_nesting_does_not_overflow() {
        let text = format!(
            "module m; assign a = {}1{}; endmodule",
            "(".repeat(60_000),
            ")".repeat(60_000)
        );
        let _ = error_share(&text);
        let _ = same_but_for_comments(&text, &text);
    }

    proptest! {
        #[test]
        fn noise_never_panics(text in "[a-z`(){};:=<\"'/*@#\\[\\]0-9\\\\ \n]{0,200}") {
            let share = error_share(&text);
            prop_assert!((0.0..=1.0).contains(&share));
            if let Ok(parsed) = parse(&text) { let _ = modules(&parsed); let _ = strip_to_tokens(&parsed); }
        }
    }
}
