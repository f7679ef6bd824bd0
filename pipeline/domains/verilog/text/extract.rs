//! Reads [`ModuleFacts`] off the syntax tree.

use super::comments::{beside, group_above, purpose};
use super::directives::settle;
use super::expr::{self, Expr};
use super::facts::*;
use super::statements::{self, Reader};
use crate::domains::verilog::types::Port;
use std::collections::BTreeSet;
use tree_sitter::{Node, Parser};

/// Bytes of source beyond which a module is not read.
const MAX_SOURCE: usize = 400_000;

/// Reads what is known of the module `name` in `text`; `ports` are its elaborated ports, in order.
/// `None` where the text holds no such module, or is too large to be read.
pub fn facts(text: &str, name: &str, ports: &[Port]) -> Option<ModuleFacts> {
    if text.len() > MAX_SOURCE {
        return None;
    }
    let settled = settle(text);
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_systemverilog::LANGUAGE.into()).ok()?;
    let tree = parser.parse(&settled.text, None)?;
    let reader = Reader { src: &settled.text };
    let module = statements::find_all(tree.root_node(), &["module_declaration"])
        .into_iter()
        .find(|m| module_name(&reader, *m) == Some(name))?;
    let lines = (reader.line(module), module.end_position().row as u32 + 1);
    let mut out = ModuleFacts {
        name: name.into(),
        lines,
        ..Default::default()
    };
    out.purpose = purpose(text, module.start_byte());
    out.code_lines = code_lines(&settled.text[module.byte_range()]);
    collect(&reader, text, module, &Vec::new(), &mut out);
    for p in ports {
        let fact = PortFact {
            name: p.name.clone(),
            direction: p.direction,
            width: p.width,
            signed: p.signed,
            role: p.role,
            range: out.signals.get(&p.name).and_then(|s| s.range.clone()),
            comment: declared_at(&reader, module, &p.name).and_then(|n| beside(text, n.end_byte())),
            group: declared_at(&reader, module, &p.name).and_then(|n| group_above(text, n.start_byte())),
        };
        out.ports.push(fact);
    }
    note_doubts(&mut out, &settled.doubtful, module);
    Some(out)
}

fn module_name<'a>(r: &Reader<'a>, module: Node) -> Option<&'a str> {
    statements::find_all(module, &["module_ansi_header", "module_nonansi_header"])
        .first()
        .and_then(|h| h.child_by_field_name("name"))
        .map(|n| r.text(n))
}

fn code_lines(text: &str) -> u32 {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|l| !l.is_empty() && !l.starts_with("//") && !l.starts_with('*') && !l.starts_with("/*"))
        .count() as u32
}

fn declared_at<'t>(r: &Reader, module: Node<'t>, name: &str) -> Option<Node<'t>> {
    let kinds = ["ansi_port_declaration", "port_declaration"];
    statements::find_all(module, &kinds).into_iter().find(|n| {
        let names = statements::find_all(*n, &["simple_identifier"]);
        // The declared names come last; those of a range come before them and are inside a dimension.
        names
            .iter()
            .any(|i| r.text(*i) == name && !statements::inside(*i, "packed_dimension", *n))
    })
}

fn note_doubts(out: &mut ModuleFacts, doubtful: &BTreeSet<u32>, module: Node) {
    let (first, last) = out.lines;
    let doubtful: Vec<u32> = doubtful.range(first..=last).copied().collect();
    if !doubtful.is_empty() {
        out.unread
            .insert("conditional compilation on a macro from elsewhere".into());
        let hit = |line: u32, span: (usize, usize), text_lines: u32| {
            span.1 > 0 && doubtful.iter().any(|d| (line..=line + text_lines).contains(d))
        };
        let named: Vec<String> = out
            .assigns
            .iter()
            .filter(|a| hit(a.line, a.span, 3))
            .flat_map(|a| a.targets.iter().map(|t| t.name.clone()))
            .chain(
                out.processes
                    .iter()
                    .filter(|p| hit(p.line, p.span, 400))
                    .flat_map(|p| p.body.assigned()),
            )
            .collect();
        out.tainted.extend(named);
    }
    if module.has_error() {
        out.unread.insert("syntax that the grammar does not read".into());
    }
}

/// Walks module items, with the generate conditions around them.
fn collect(r: &Reader, original: &str, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    for child in statements::kids(node) {
        match child.kind() {
            "parameter_port_list" | "parameter_declaration" => params(r, original, child, out),
            "local_parameter_declaration" => constants(r, child, out),
            "ansi_port_declaration" | "port_declaration" | "data_declaration" | "net_declaration" => {
                declaration(r, child, scope, out)
            }
            "continuous_assign" => {
                for a in statements::find_all(child, &["net_assignment", "variable_assignment"]) {
                    continuous(r, a, scope, out);
                }
            }
            "always_construct" | "initial_construct" => process(r, child, scope, out),
            "module_instantiation" => instances(r, child, scope, out),
            "loop_generate_construct" => generate_loop(r, original, child, scope, out),
            "if_generate_construct" => generate_if(r, original, child, scope, out),
            "case_generate_construct" => generate_case(r, original, child, scope, out),
            "genvar_declaration" | "timeunits_declaration" => {}
            "function_declaration" => {}
            "task_declaration"
            | "gate_instantiation"
            | "udp_instantiation"
            | "checker_instantiation"
            | "text_macro_usage" => unread(r, child, out),
            "ERROR" => unread(r, child, out),
            _ => collect(r, original, child, scope, out),
        }
    }
}

/// What is not understood taints each name in it.
fn unread(r: &Reader, node: Node, out: &mut ModuleFacts) {
    out.unread.insert(node.kind().replace('_', " ").to_lowercase());
    let names = statements::find_all(node, &["simple_identifier"]);
    out.tainted.extend(names.into_iter().map(|n| r.text(n).to_string()));
}

fn params(r: &Reader, original: &str, node: Node, out: &mut ModuleFacts) {
    for d in statements::find_all(node, &["param_assignment"]) {
        if let Some(p) = param(r, original, d) {
            let target = if statements::inside(d, "local_parameter_declaration", node) {
                &mut out.constants
            } else {
                &mut out.params
            };
            target.push(p);
        }
    }
}

fn constants(r: &Reader, node: Node, out: &mut ModuleFacts) {
    let found = statements::find_all(node, &["param_assignment"]);
    out.constants.extend(found.into_iter().filter_map(|d| param(r, "", d)));
}

fn param(r: &Reader, original: &str, node: Node) -> Option<Param> {
    let name = statements::kids(node)
        .into_iter()
        .find(|n| n.kind() == "simple_identifier")?;
    let (_, value) = r.text(node).split_once('=')?;
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let range = node.parent().and_then(|l| l.parent()).and_then(|d| r.range_in(d));
    Some(Param {
        name: r.text(name).into(),
        value,
        range,
        comment: beside(original, node.end_byte()),
    })
}

fn declaration(r: &Reader, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let head = r.text(node);
    let words: Vec<&str> = head
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .take(4)
        .collect();
    let mut range = r.range_in(node);
    let bare = !["input", "output", "inout"].contains(&words[0]);
    if node.kind() == "ansi_port_declaration" && bare && range.is_none() {
        // `input [3:0] a, b`: b takes after a.
        let before = node
            .prev_named_sibling()
            .filter(|p| p.kind() == "ansi_port_declaration");
        let name = before
            .and_then(|p| p.child_by_field_name("port_name"))
            .map(|n| r.text(n).to_string());
        range = name.and_then(|n| out.signals.get(&n)?.range.clone());
    }
    let has = |w: &str| words.contains(&w);
    let odd = ["integer", "real", "time", "int", "byte", "enum", "struct", "event"]
        .iter()
        .any(|w| has(w));
    for (name, d) in statements::declared(node) {
        let memory = statements::kids(d)
            .into_iter()
            .find(|c| c.kind() == "unpacked_dimension");
        let value = statements::kids(d).into_iter().rfind(|c| c.kind() == "expression");
        let entry = out.signals.entry(r.text(name).into()).or_default();
        entry.range = entry.range.take().or_else(|| range.clone());
        entry.memory = entry
            .memory
            .take()
            .or_else(|| memory.map(|m| r.text(m).trim_matches(['[', ']']).to_string()));
        entry.is_reg |= has("reg") || has("logic");
        entry.signed |= has("signed");
        entry.odd |= odd;
        if node.kind() == "data_declaration" {
            entry.initial = value.map(|v| r.line_text(v));
        }
        if let (Some(v), "net_declaration") = (value, node.kind()) {
            let targets = vec![Target {
                name: r.text(name).into(),
                select: None,
            }];
            match expr::parse(r.text(v)) {
                Some(value) => out.assigns.push(Continuous {
                    targets,
                    value,
                    scope: scope.clone(),
                    span: (d.start_byte(), d.end_byte()),
                    line: r.line(d),
                }),
                None => unread(r, d, out),
            }
        }
    }
}

fn continuous(r: &Reader, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let kids = statements::kids(node);
    let (Some(left), Some(right)) = (kids.first(), kids.last()) else {
        return;
    };
    match (r.targets(*left), expr::parse(r.text(*right))) {
        (Some(targets), Some(value)) => out.assigns.push(Continuous {
            targets,
            value,
            scope: scope.clone(),
            span: (node.start_byte(), node.end_byte()),
            line: r.line(node),
        }),
        _ => unread(r, node, out),
    }
}

fn process(r: &Reader, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let (trigger, body) = r.process(node);
    let Some(trigger) = trigger else {
        return unread(r, node, out);
    };
    let p = Process {
        trigger,
        body,
        scope: scope.clone(),
        span: (node.start_byte(), node.end_byte()),
        line: r.line(node),
    };
    for (what, names) in p.body.others() {
        if p.trigger != Trigger::Initial {
            out.unread.insert(what.to_string());
            out.tainted.extend(names.iter().cloned());
        }
    }
    out.processes.push(p);
}

fn instances(r: &Reader, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let Some(module) = node.child_by_field_name("instance_type") else {
        return unread(r, node, out);
    };
    let first = |n: Node, kind: &str| statements::find_all(n, &[kind]).first().map(|n| r.line_text(*n));
    let params: Vec<(String, String)> = statements::find_all(node, &["named_parameter_assignment"])
        .into_iter()
        .filter_map(|p| {
            Some((
                first(p, "simple_identifier")?,
                first(p, "param_expression").unwrap_or_default(),
            ))
        })
        .collect();
    for inst in statements::find_all(node, &["hierarchical_instance"]) {
        let mut connections = Vec::new();
        for (i, c) in statements::find_all(inst, &["named_port_connection", "ordered_port_connection"])
            .iter()
            .enumerate()
        {
            let port = c
                .child_by_field_name("port_name")
                .map_or(i.to_string(), |n| r.text(n).into());
            let value = c
                .child_by_field_name("connection")
                .or_else(|| c.named_child(0).filter(|n| n.kind() == "expression"));
            connections.push((port, value.map(|v| r.line_text(v)).unwrap_or_default()));
        }
        if r.text(inst).contains(".*") {
            out.unread.insert("wildcard port connection".into());
        }
        out.instances.push(Instance {
            module: r.text(module).into(),
            name: first(inst, "name_of_instance").unwrap_or_default(),
            params: params.clone(),
            connections,
            scope: scope.clone(),
            span: (node.start_byte(), node.end_byte()),
            line: r.line(inst),
        });
    }
}

fn generate_loop(r: &Reader, original: &str, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let mut parts = ["", "", "", ""].map(String::from);
    for k in statements::kids(node) {
        match k.kind() {
            "genvar_initialization" => {
                if let Some((var, start)) = r.text(k).split_once('=') {
                    parts[0] = var.trim().trim_start_matches("genvar").trim().into();
                    parts[1] = start.trim().into();
                }
            }
            "constant_expression" => parts[2] = r.line_text(k),
            "genvar_iteration" => parts[3] = r.line_text(k),
            _ => {
                let [var, start, test, step] = parts.clone();
                let mut inner = scope.clone();
                inner.push(Guard::For(var, start, test, step));
                block(r, original, k, &inner, out);
            }
        }
    }
}

/// A generate block, or a lone item in its place.
fn block(r: &Reader, original: &str, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    if node.kind() == "generate_block" {
        collect(r, original, node, scope, out);
    } else if node.kind() != "simple_identifier" {
        unread(r, node, out);
    }
}

fn generate_if(r: &Reader, original: &str, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let kids = statements::kids(node);
    let Some(test) = kids.first().and_then(|k| expr::parse(r.text(*k))) else {
        return unread(r, node, out);
    };
    for (i, k) in kids[1..].iter().enumerate() {
        let mut inner = scope.clone();
        inner.push(Guard::If(test.clone(), i == 0));
        block(r, original, *k, &inner, out);
    }
}

fn generate_case(r: &Reader, original: &str, node: Node, scope: &Scope, out: &mut ModuleFacts) {
    let kids = statements::kids(node);
    let Some(subject) = kids.first().and_then(|k| expr::parse(r.text(*k))) else {
        return unread(r, node, out);
    };
    for item in &kids[1..] {
        let parts = statements::kids(*item);
        let labels: Vec<Expr> = parts
            .iter()
            .filter(|p| p.kind() == "constant_expression")
            .filter_map(|p| expr::parse(r.text(*p)))
            .collect();
        let mut inner = scope.clone();
        inner.push(Guard::Case(subject.clone(), labels));
        if let Some(body) = parts.iter().find(|p| p.kind() == "generate_block") {
            block(r, original, *body, &inner, out);
        }
    }
}
