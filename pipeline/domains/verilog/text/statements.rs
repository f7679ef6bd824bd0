//! Small readers over the syntax tree: names, ranges, targets, procedural statements.

use super::expr;
use super::facts::{Assign, Case, Stmt, Target, Trigger};
use std::collections::BTreeSet;
use tree_sitter::Node;

/// Nesting of statements beyond which they are not read.
const MAX_NESTING: usize = 60;

/// Node kinds that declare one name.
const DECLARATORS: [&str; 2] = ["variable_decl_assignment", "net_decl_assignment"];
/// Node kinds that list plain names.
const NAME_LISTS: [&str; 3] = [
    "list_of_port_identifiers",
    "list_of_variable_port_identifiers",
    "list_of_variable_identifiers",
];

/// What a declaration declares: (name, the node that holds its dimensions and value).
pub fn declared<'t>(node: Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
    if node.kind() == "ansi_port_declaration" {
        return declared_name(node).map(|n| (n, node)).into_iter().collect();
    }
    let mut out = Vec::new();
    for d in find_all(node, &DECLARATORS) {
        out.extend(declared_name(d).map(|n| (n, d)));
    }
    for l in find_all(node, &NAME_LISTS) {
        out.extend(
            kids(l)
                .into_iter()
                .filter(|n| n.kind() == "simple_identifier")
                .map(|n| (n, l)),
        );
    }
    out
}

/// Named children that are not comments.
pub fn kids<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|n| !n.kind().ends_with("comment"))
        .collect()
}

/// The outermost descendants of these kinds, in source order (the node itself is not looked at).
pub fn find_all<'t>(node: Node<'t>, kinds: &[&str]) -> Vec<Node<'t>> {
    let mut out = Vec::new();
    let mut todo = vec![node];
    while let Some(n) = todo.pop() {
        if n != node && kinds.contains(&n.kind()) {
            out.push(n);
            continue;
        }
        let mut cursor = n.walk();
        let children: Vec<_> = n.named_children(&mut cursor).collect();
        todo.extend(children.into_iter().rev());
    }
    out
}

/// Whether `node` has an ancestor of this kind below `top`.
pub fn inside(node: Node, kind: &str, top: Node) -> bool {
    let mut at = node.parent();
    while let Some(n) = at.filter(|n| *n != top) {
        if n.kind() == kind {
            return true;
        }
        at = n.parent();
    }
    false
}

/// The name a declarator declares.
fn declared_name(node: Node) -> Option<Node> {
    node.child_by_field_name("port_name")
        .or_else(|| node.child_by_field_name("name"))
        .or_else(|| kids(node).into_iter().find(|n| n.kind() == "simple_identifier"))
}

/// Reads nodes as text.
pub struct Reader<'a> {
    /// The settled source.
    pub src: &'a str,
}

impl<'a> Reader<'a> {
    /// The node's text.
    pub fn text(&self, node: Node) -> &'a str {
        self.src.get(node.byte_range()).unwrap_or("")
    }

    /// The node's text on one line.
    pub fn line_text(&self, node: Node) -> String {
        self.text(node).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The node's first line, 1-based.
    pub fn line(&self, node: Node) -> u32 {
        node.start_position().row as u32 + 1
    }

    /// The packed range inside a declaration, without brackets.
    pub fn range_in(&self, node: Node) -> Option<String> {
        let dims = find_all(node, &["packed_dimension"]);
        let text = self.line_text(*dims.first()?);
        let inner = text.strip_prefix('[')?.strip_suffix(']')?.trim().to_string();
        // Two packed dimensions are no plain vector: say both.
        if dims.len() > 1 { None } else { Some(inner) }
    }

    /// The targets of a left side; a concatenation gives several.
    pub fn targets(&self, node: Node) -> Option<Vec<Target>> {
        let text = self.line_text(node);
        let inner = match text.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}')?,
            None => &text,
        };
        split_commas(inner).into_iter().map(|t| target(t.trim())).collect()
    }

    /// The trigger and body of an `always` or `initial`.
    pub fn process(&self, node: Node) -> (Option<Trigger>, Stmt) {
        let keyword = self
            .text(node)
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or("");
        let top = find_all(node, &["statement", "statement_or_null"]).first().copied();
        let Some(top) = top else { return (None, Stmt::Nothing) };
        if keyword == "initial" {
            return (Some(Trigger::Initial), self.stmt(top, 0));
        }
        let timed = kids(top).first().and_then(|i| kids(*i).first().copied());
        match timed.filter(|t| t.kind() == "procedural_timing_control_statement") {
            Some(t) => {
                let parts = kids(t);
                let trigger = parts.first().and_then(|e| self.trigger(*e));
                (trigger, parts.get(1).map_or(Stmt::Nothing, |b| self.stmt(*b, 0)))
            }
            None if keyword == "always_comb" => (Some(Trigger::Levels(None)), self.stmt(top, 0)),
            None if keyword == "always_latch" => (Some(Trigger::Latch), self.stmt(top, 0)),
            None => (None, self.stmt(top, 0)),
        }
    }

    fn trigger(&self, node: Node) -> Option<Trigger> {
        let text = self.line_text(node);
        let list = text.strip_prefix('@')?.trim();
        if list == "*" || list.replace(' ', "") == "(*)" {
            return Some(Trigger::Levels(None));
        }
        let inner = list.strip_prefix('(')?.strip_suffix(')')?.replace(',', " or ");
        let events: Vec<Vec<&str>> = inner.split(" or ").map(|e| e.split_whitespace().collect()).collect();
        if events.iter().all(|e| matches!(e[..], ["posedge" | "negedge", _])) {
            return Some(Trigger::Edges(
                events.iter().map(|e| (e[0].into(), e[1].into())).collect(),
            ));
        }
        let plain = events.iter().all(|e| e.len() == 1);
        plain.then(|| Trigger::Levels(Some(events.iter().map(|e| e[0].to_string()).collect())))
    }

    /// Reads a statement; what is no branch, block or assignment becomes [`Stmt::Other`].
    pub fn stmt(&self, node: Node, depth: usize) -> Stmt {
        if depth > MAX_NESTING {
            return self.other(node, "statements nested too deep");
        }
        match node.kind() {
            "statement" | "statement_or_null" | "statement_item" | "function_statement_or_null" => {
                let inner = kids(node).into_iter().rfind(|n| n.kind() != "simple_identifier");
                inner.map_or(Stmt::Nothing, |n| self.stmt(n, depth + 1))
            }
            "seq_block" => {
                let body = kids(node)
                    .into_iter()
                    .filter(|n| !matches!(n.kind(), "simple_identifier" | "block_item_declaration"));
                Stmt::Block(body.map(|n| self.stmt(n, depth + 1)).collect())
            }
            "conditional_statement" => self
                .conditional(&kids(node), depth)
                .unwrap_or_else(|| self.other(node, "condition")),
            "case_statement" => self.case(node, depth).unwrap_or_else(|| self.other(node, "case")),
            "nonblocking_assignment" => self
                .assign(node, false)
                .unwrap_or_else(|| self.other(node, "assignment")),
            "blocking_assignment" => self
                .assign(node, true)
                .unwrap_or_else(|| self.other(node, "assignment")),
            "loop_statement" => self.other(node, "procedural loop"),
            "subroutine_call_statement" if self.text(node).starts_with('$') => Stmt::Nothing,
            _ => self.other(node, node.kind()),
        }
    }

    fn other(&self, node: Node, what: &str) -> Stmt {
        let lefts = find_all(node, &["variable_lvalue"]);
        let mut names: BTreeSet<String> = lefts
            .iter()
            .flat_map(|n| self.targets(*n).unwrap_or_default())
            .map(|t| t.name)
            .collect();
        if lefts.is_empty() || node.has_error() {
            let all = find_all(node, &["simple_identifier"]);
            names.extend(all.into_iter().map(|n| self.text(n).to_string()));
        }
        Stmt::Other(what.replace('_', " "), names)
    }

    fn conditional(&self, parts: &[Node], depth: usize) -> Option<Stmt> {
        let parts: Vec<Node> = parts
            .iter()
            .copied()
            .filter(|n| n.kind() != "unique_priority")
            .collect();
        let mut rest = &parts[..];
        let mut chain = Vec::new();
        let mut last = None;
        while let [first, tail @ ..] = rest {
            if first.kind() == "cond_predicate" {
                let (body, tail) = tail.split_first()?;
                chain.push((expr::parse(self.text(*first))?, self.stmt(*body, depth + 1)));
                rest = tail;
            } else {
                last = Some(Box::new(self.stmt(*first, depth + 1)));
                rest = tail;
            }
        }
        for (test, body) in chain.into_iter().rev() {
            last = Some(Box::new(Stmt::If(test, body.into(), last)));
        }
        last.map(|b| *b)
    }

    fn case(&self, node: Node, depth: usize) -> Option<Stmt> {
        let mut case = Case {
            keyword: "case".into(),
            subject: expr::parse("0")?,
            items: Vec::new(),
            default: None,
        };
        for k in kids(node) {
            match k.kind() {
                "case_keyword" => case.keyword = self.text(k).into(),
                "case_expression" => case.subject = expr::parse(self.text(k))?,
                "case_item" => {
                    let labels: Option<Vec<_>> = find_all(k, &["case_item_expression", "statement_or_null"])
                        .into_iter()
                        .filter(|n| n.kind() == "case_item_expression")
                        .map(|n| expr::parse(self.text(n)))
                        .collect();
                    let labels = labels?;
                    let body = kids(k).into_iter().find(|n| n.kind() == "statement_or_null");
                    let body = body.map_or(Stmt::Nothing, |b| self.stmt(b, depth + 1));
                    if labels.is_empty() {
                        case.default = Some(body.into());
                    } else {
                        case.items.push((labels, body));
                    }
                }
                "unique_priority" => {}
                _ => return None,
            }
        }
        Some(Stmt::Case(case))
    }

    fn assign(&self, node: Node, blocking: bool) -> Option<Stmt> {
        let node = if blocking {
            kids(node)
                .first()
                .copied()
                .filter(|n| n.kind() == "operator_assignment")?
        } else {
            node
        };
        let parts = kids(node);
        let plain = parts
            .iter()
            .find(|n| n.kind() == "assignment_operator")
            .is_none_or(|n| self.text(*n) == "=");
        let (left, right) = (parts.first()?, parts.last()?);
        if !plain || !matches!(right.kind(), "expression") {
            return None;
        }
        Some(Stmt::Assign(Assign {
            targets: self.targets(*left)?,
            value: expr::parse(self.text(*right))?,
            blocking,
            span: (node.start_byte(), node.end_byte()),
            line: self.line(node),
        }))
    }
}

fn target(text: &str) -> Option<Target> {
    let (name, select) = match text.find('[') {
        Some(at) => (
            text[..at].trim(),
            Some(text[at..].split_whitespace().collect::<String>()),
        ),
        None => (text, None),
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    plain.then(|| Target {
        name: name.into(),
        select,
    })
}

/// Splits at commas outside brackets.
pub fn split_commas(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0i32, 0, Vec::new());
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}
