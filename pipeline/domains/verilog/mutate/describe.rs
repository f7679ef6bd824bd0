//! What a change is about, in words of the source: the construct around it, and what that drives.

use super::site::Site;
use crate::domains::verilog::syntax::{Piece, scan};
use std::ops::Range;

/// Longest context kept with a mutation, in characters.
const MAX_CONTEXT: usize = 200;

/// Statements and items that an explanation can speak of, innermost first.
const CONSTRUCTS: [&str; 24] = [
    "nonblocking_assignment",
    "operator_assignment",
    "blocking_assignment",
    "variable_assignment",
    "net_assignment",
    "continuous_assign",
    "net_declaration",
    "data_declaration",
    "named_port_connection",
    "ordered_port_connection",
    "hierarchical_instance",
    "module_instantiation",
    "gate_instantiation",
    "conditional_statement",
    "case_item",
    "case_statement",
    "loop_statement",
    "always_construct",
    "ansi_port_declaration",
    "port_declaration",
    "function_declaration",
    "task_declaration",
    "module_ansi_header",
    "module_nonansi_header",
];

impl Site<'_> {
    fn construct(&self, node: usize) -> usize {
        let inner = self.flat.enclosing(node, &CONSTRUCTS).unwrap_or(node);
        match self.flat.parent(inner) {
            // `assign a = b;` rather than `a = b`, unless several share the keyword.
            Some(list) if self.flat.kind(inner) == "net_assignment" && self.flat.children(list).count() == 1 => {
                self.flat.parent(list).unwrap_or(inner)
            }
            _ => inner,
        }
    }

    /// What the changed construct drives or names.
    pub fn subject(&self, about: usize) -> Option<String> {
        let (f, node) = (self.flat, self.construct(about));
        match f.kind(node) {
            "named_port_connection" | "ordered_port_connection" | "hierarchical_instance" | "module_instantiation" => {
                let instance = f
                    .enclosing(node, &["hierarchical_instance"])
                    .or_else(|| f.find(node, "hierarchical_instance"));
                instance.and_then(|i| self.first_name(i))
            }
            "net_declaration" | "data_declaration" => f
                .children(node)
                .find(|&c| f.kind(c).starts_with("list_of"))
                .and_then(|l| self.first_name(l)),
            "ansi_port_declaration" => f.field(node, "port_name").map(|n| f.text(n).to_string()),
            "conditional_statement" | "case_item" | "case_statement" | "loop_statement" | "always_construct" => {
                self.driven(self.branch_from(node, about))
            }
            "module_ansi_header" | "module_nonansi_header" => Some(self.unit.name.clone()),
            kind if CONSTRUCTS.contains(&kind) => self.first_name(node),
            _ => None,
        }
    }

    /// The branch that follows a changed condition, or the whole construct.
    fn branch_from(&self, construct: usize, about: usize) -> usize {
        let after =
            |c: &usize| self.flat.start(*c) >= self.flat.start(about) && self.flat.kind(*c) == "statement_or_null";
        self.flat.children(construct).find(after).unwrap_or(construct)
    }

    /// The first signal assigned under a node.
    pub fn driven(&self, node: usize) -> Option<String> {
        self.flat
            .descendants(node)
            .find_map(|i| self.assignment(i))
            .and_then(|a| self.first_name(a.left))
    }

    /// The construct around a change on one line: all of an assignment, the header of a compound statement.
    pub fn context(&self, about: usize) -> String {
        let (f, node) = (self.flat, self.construct(about));
        let all = f.bytes(node);
        let until = |kind: &str| {
            f.children(node)
                .find(|&c| f.kind(c) == kind)
                .map(|c| all.start..f.start(c))
        };
        let bytes = match f.kind(node) {
            "conditional_statement" => Some(self.condition_bytes(node, about)),
            "case_statement" => f.child(node, "case_expression").map(|c| all.start..f.end(c) + 1),
            "case_item" | "loop_statement" => until("statement_or_null"),
            "always_construct" => f.find(node, "event_control").map(|e| all.start..f.end(e)),
            "module_instantiation" => until("hierarchical_instance"),
            "function_declaration" | "task_declaration" => {
                Some(all.start..f.text(node).find(';').map_or(all.end, |n| all.start + n))
            }
            _ => None,
        };
        let bytes = bytes.unwrap_or(all);
        clip(&without_comments(
            f.source()
                .get(bytes.start..bytes.end.min(f.source().len()))
                .unwrap_or_default(),
        ))
    }

    /// `if (…)` of the condition that holds a node, or of the last one before it.
    fn condition_bytes(&self, node: usize, about: usize) -> Range<usize> {
        let f = self.flat;
        let mut found = f.bytes(node);
        let mut start = found.start;
        for c in f.children(node) {
            match f.kind(c) {
                "if" => start = f.start(c),
                "cond_predicate" if f.start(c) <= f.start(about) || found == f.bytes(node) => {
                    found = start..f.end(c) + 1
                }
                _ => {}
            }
        }
        found
    }
}

fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    for piece in scan(text) {
        if let Piece::Comment(r) = piece {
            plain.push_str(&text[at..r.start]);
            plain.push(' ');
            at = r.end;
        }
    }
    plain.push_str(&text[at..]);
    plain
}

/// On one line, at most [`MAX_CONTEXT`] characters.
fn clip(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_CONTEXT - 2) {
        Some((at, _)) => format!("{} …", &line[..at]),
        None => line,
    }
}
