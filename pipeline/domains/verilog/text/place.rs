//! Where a change sits: the construct around it before and after, and what it drives.

use super::directives::settle;
use super::expr::{self, Expr};
use super::facts::*;
use super::statements::{Reader, find_all, kids};
use crate::domains::verilog::types::Mutation;
use std::collections::BTreeSet;
use tree_sitter::{Node, Parser};

/// What kind of construct was changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Site {
    /// The right side of an assignment.
    Value,
    /// The left side of an assignment.
    Left,
    /// The condition of an `if`.
    Condition,
    /// A label or the subject of a `case`.
    Label,
    /// A port connection: (instance, module, port).
    Connection(String, String, String),
    /// An instance as a whole: (instance, module).
    Instance(String, String),
    /// An event list.
    Sensitivity,
    Declaration,
    /// A whole statement, or its assignment sign.
    Statement,
    Other,
}

/// A change in its place.
#[derive(Clone, Debug)]
pub struct Place {
    pub site: Site,
    /// The line in the broken file, 1-based.
    pub line: u32,
    /// The construct in the original and in the broken text, each on one line.
    pub was: String,
    pub now: String,
    /// The whole expression around the change, before and after, where both can be read.
    pub exprs: Option<(Expr, Expr)>,
    /// What the construct drives, in order of appearance.
    pub targets: Vec<String>,
    /// Index of the process around it.
    pub process: Option<usize>,
    /// The change only took something away, with its line.
    pub gone: bool,
}

const EXPRESSIONS: [&str; 12] = [
    "expression",
    "constant_expression",
    "primary",
    "constant_primary",
    "conditional_expression",
    "concatenation",
    "constant_range",
    "primary_literal",
    "param_expression",
    "mintypmax_expression",
    "multiple_concatenation",
    "select",
];

const CONSTRUCTS: [&str; 20] = [
    "nonblocking_assignment",
    "operator_assignment",
    "blocking_assignment",
    "net_assignment",
    "net_decl_assignment",
    "cond_predicate",
    "case_item_expression",
    "case_expression",
    "named_port_connection",
    "ordered_port_connection",
    "list_of_port_connections",
    "module_instantiation",
    "event_control",
    "packed_dimension",
    "net_declaration",
    "data_declaration",
    "ansi_port_declaration",
    "conditional_statement",
    "case_item",
    "always_construct",
];

/// Finds the place of a mutation; `None` where the original does not parse around it.
pub fn locate(original: &str, mutation: &Mutation, m: &ModuleFacts) -> Option<Place> {
    let settled = settle(original);
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_systemverilog::LANGUAGE.into()).ok()?;
    let tree = parser.parse(&settled.text, None)?;
    let reader = Reader { src: &settled.text };
    let (start, end) = trimmed(original, mutation);
    let line = original.get(..start)?.matches('\n').count() as u32 + 1;
    let gone = mutation.replacement.is_empty() && mutation.original.ends_with('\n');
    let node = tree
        .root_node()
        .named_descendant_for_byte_range(start, end.max(start + 1) - 1)?;
    let Some(construct) = climb(node, &CONSTRUCTS) else {
        // What the parser rejects often lies between constructs: its line says enough.
        let (was, now) = lines(original, mutation, line)?;
        return Some(Place {
            site: Site::Other,
            line,
            was,
            now,
            exprs: None,
            targets: Vec::new(),
            process: None,
            gone,
        });
    };
    let splice = |range: std::ops::Range<usize>| {
        let head = settled.text.get(range.start..mutation.start.max(range.start))?;
        let tail = settled.text.get(mutation.end.min(range.end)..range.end)?;
        Some(format!("{head}{}{tail}", mutation.replacement))
    };
    let inside = construct.start_byte() <= mutation.start && mutation.end <= construct.end_byte();
    let (was, now) = match mutation.semantic {
        false => lines(original, mutation, line)?,
        true if inside => (reader.line_text(construct), one_line(&splice(construct.byte_range())?)),
        true => (reader.line_text(construct), reader.line_text(construct)),
    };
    let process = m.processes.iter().position(|p| p.span.0 <= start && start < p.span.1);
    let exprs = outermost_expression(node, construct)
        .filter(|e| e.start_byte() <= mutation.start && mutation.end <= e.end_byte());
    let exprs = exprs.and_then(|e| Some((read(&reader, e)?, expr::parse(&bare(&splice(e.byte_range())?))?)));
    let (site, targets) = classify(&reader, construct, start, m, mutation);
    Some(Place {
        site,
        line,
        was,
        now,
        exprs,
        targets,
        process,
        gone,
    })
}

/// The changed bytes without white space at their ends.
fn trimmed(original: &str, mutation: &Mutation) -> (usize, usize) {
    let text = original.get(mutation.start..mutation.end).unwrap_or("");
    let start = mutation.start + (text.len() - text.trim_start().len());
    let end = mutation.start + text.trim_end().len();
    if start >= end {
        (mutation.start, mutation.end)
    } else {
        (start, end)
    }
}

/// The line of the original and of the broken text, without comments.
fn lines(original: &str, mutation: &Mutation, line: u32) -> Option<(String, String)> {
    let broken = [
        original.get(..mutation.start)?,
        &mutation.replacement,
        original.get(mutation.end..)?,
    ]
    .concat();
    let of = |text: &str| {
        let line = text.lines().nth(line as usize - 1).unwrap_or("");
        one_line(line.split("//").next().unwrap_or(""))
    };
    Some((of(original), of(&broken)))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A range `7:0` is read as `x[7:0]` would be; everything else as it is.
fn bare(text: &str) -> String {
    text.trim().to_string()
}

fn read(r: &Reader, node: Node) -> Option<Expr> {
    expr::parse(r.text(node))
}

fn climb<'t>(node: Node<'t>, kinds: &[&str]) -> Option<Node<'t>> {
    let mut at = Some(node);
    while let Some(n) = at {
        if kinds.contains(&n.kind()) {
            return Some(n);
        }
        at = n.parent();
    }
    None
}

/// The largest expression around `node` below `top`.
fn outermost_expression<'t>(node: Node<'t>, top: Node<'t>) -> Option<Node<'t>> {
    let mut found = None;
    let mut at = Some(node);
    while let Some(n) = at.filter(|n| *n != top) {
        if EXPRESSIONS.contains(&n.kind()) {
            found = Some(n);
        }
        at = n.parent();
    }
    found.filter(|n| !matches!(n.kind(), "constant_range" | "select"))
}

fn names_in(r: &Reader, node: Node) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let lefts = find_all(node, &["variable_lvalue", "net_lvalue"]);
    let all = lefts.iter().filter_map(|n| r.targets(*n)).flatten().map(|t| t.name);
    all.filter(|n| seen.insert(n.clone())).collect()
}

fn classify(r: &Reader, construct: Node, start: usize, m: &ModuleFacts, mu: &Mutation) -> (Site, Vec<String>) {
    let drives = |n: Node| names_in(r, n);
    match construct.kind() {
        "nonblocking_assignment" | "operator_assignment" | "blocking_assignment" | "net_assignment" => {
            let left = kids(construct).first().map_or(0, |l| l.end_byte());
            let sign = mu.original == "<=" || mu.original == "=";
            let whole = mu.start <= construct.start_byte() && mu.end >= construct.end_byte();
            let site = match () {
                _ if sign || whole => Site::Statement,
                _ if start < left => Site::Left,
                _ => Site::Value,
            };
            (site, drives(construct))
        }
        "net_decl_assignment" => {
            let name = kids(construct).first().map(|n| r.text(*n).to_string());
            (Site::Value, name.into_iter().collect())
        }
        "cond_predicate" => {
            let rest = construct.parent().map(|c| kids(c)).unwrap_or_default();
            let branch = rest.into_iter().find(|n| n.start_byte() > construct.start_byte());
            (Site::Condition, branch.map(drives).unwrap_or_default())
        }
        "case_item_expression" | "case_expression" => (Site::Label, construct.parent().map(drives).unwrap_or_default()),
        "conditional_statement" | "case_item" => (Site::Statement, drives(construct)),
        "event_control" => (
            Site::Sensitivity,
            climb(construct, &["always_construct"]).map(drives).unwrap_or_default(),
        ),
        "always_construct" => (Site::Sensitivity, drives(construct)),
        "named_port_connection" | "ordered_port_connection" | "list_of_port_connections" | "module_instantiation" => {
            instance(r, construct, m)
        }
        "packed_dimension" | "net_declaration" | "data_declaration" | "ansi_port_declaration" => {
            let whole = climb(
                construct,
                &[
                    "net_declaration",
                    "data_declaration",
                    "ansi_port_declaration",
                    "port_declaration",
                ],
            );
            let names = whole.map(|n| super::statements::declared(n)).unwrap_or_default();
            (
                Site::Declaration,
                names.into_iter().map(|(n, _)| r.text(n).to_string()).collect(),
            )
        }
        _ => (Site::Other, Vec::new()),
    }
}

fn instance(r: &Reader, construct: Node, m: &ModuleFacts) -> (Site, Vec<String>) {
    let Some(whole) = climb(construct, &["module_instantiation"]) else {
        return (Site::Other, Vec::new());
    };
    let line_span = (whole.start_byte(), whole.end_byte());
    let Some(i) = m.instances.iter().find(|i| i.span == line_span) else {
        return (Site::Other, Vec::new());
    };
    if construct.kind() == "named_port_connection" {
        let port = construct
            .child_by_field_name("port_name")
            .map(|n| r.text(n).to_string())
            .unwrap_or_default();
        let named = climb(construct, &["hierarchical_instance"])
            .and_then(|h| find_all(h, &["name_of_instance"]).first().map(|n| r.line_text(*n)))
            .unwrap_or_else(|| i.name.clone());
        return (Site::Connection(named, i.module.clone(), port), Vec::new());
    }
    (Site::Instance(i.name.clone(), i.module.clone()), Vec::new())
}
