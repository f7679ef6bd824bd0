//! Defects of time: sensitivity, blocking, reset, state.

use super::logic::assignment_in;
use super::site::{Assignment, Block, Site, reset_like};
use crate::domains::verilog::syntax::{edge_events, first_branch, head_if, is_constant, literal_bits, statements};
use crate::domains::verilog::types::DefectType::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Lists every defect of this category.
pub fn operators(site: &mut Site<'_>) {
    let reads: Vec<BTreeSet<&str>> = site.blocks.iter().map(|b| reads(site, b)).collect();
    for (n, block) in site.blocks.clone().into_iter().enumerate() {
        sensitivity(site, block);
        blocking(site, block, &reads[n + 1..]);
        if block.clocked {
            reset(site, block.node);
        }
    }
    states(site);
}

fn sensitivity(site: &mut Site<'_>, block: Block) {
    let Block {
        node: always,
        body,
        clocked,
    } = block;
    let f = site.flat;
    let Some(control) = f.find(always, "event_control") else {
        return;
    };
    let control_nodes = f.descendants(control);
    let events: Vec<usize> = control_nodes
        .clone()
        .filter(|&i| f.kind(i) == "event_expression" && f.child(i, "event_expression").is_none())
        .collect();
    for edge in control_nodes
        .clone()
        .filter(|&i| matches!(f.kind(i), "posedge" | "negedge"))
    {
        let other = if f.kind(edge) == "posedge" {
            "negedge"
        } else {
            "posedge"
        };
        site.semantic(SensitivityList, "opposite_edge", always, f.bytes(edge), other);
        if events.len() == 1 {
            let gap = f.source()[f.end(edge)..].bytes().take_while(|b| *b == b' ').count();
            site.semantic(
                SensitivityList,
                "edge_dropped",
                always,
                f.start(edge)..f.end(edge) + gap,
                "",
            );
            let name = f
                .parent(edge)
                .and_then(|e| f.parent(e))
                .map(|e| f.text(e))
                .unwrap_or_default();
            if let Some(clock) = name.strip_prefix("posedge ").filter(|c| c.len() < 40) {
                let both = format!("{name} or negedge {}", clock.trim());
                let event = f.start(edge)..f.start(edge) + name.len();
                site.semantic(NonSynthesizable, "both_clock_edges", always, event, &both);
            }
        }
    }
    for (n, &event) in events.iter().enumerate().filter(|_| events.len() > 1) {
        // With the separator before it, or after it for the first.
        let bytes = match n {
            0 => f.start(event)..f.start(events[1]),
            _ => f.end(events[n - 1])..f.end(event),
        };
        // In damaged text events may overlap.
        if f.source().get(bytes.clone()).is_none_or(|text| text.contains("//")) {
            continue;
        }
        if !clocked {
            site.semantic(SensitivityList, "signal_missing", always, bytes, "");
        } else if n > 0 {
            site.semantic(ResetLogic, "asynchronous_reset_dropped", always, bytes, "");
        }
    }
    if f.text(control).contains('*') && !clocked {
        partial_list(site, control, body);
    }
}

/// `@*` spelt out with one signal forgotten.
fn partial_list(site: &mut Site<'_>, control: usize, body: usize) {
    let f = site.flat;
    let assigned: BTreeSet<String> = f
        .descendants(body)
        .filter_map(|i| site.assignment(i))
        .filter_map(|a| site.first_name(a.left))
        .collect();
    let mut read: Vec<&str> = Vec::new();
    for i in f.descendants(body).filter(|&i| f.kind(i) == "simple_identifier") {
        let name = f.text(i);
        let signal = site.ports.contains_key(name) || site.decls.get(name).is_some_and(|d| !d.memory);
        if signal && !assigned.contains(name) && !read.contains(&name) {
            read.push(name);
        }
    }
    if read.len() < 2 || read.len() > 6 {
        return;
    }
    let control_text = f.text(control);
    let at = control_text.find('@').unwrap_or(0);
    for missing in 0..read.len() {
        let kept: Vec<&str> = read
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != missing)
            .map(|(_, r)| *r)
            .collect();
        let list = format!("@({})", kept.join(" or "));
        site.semantic(
            SensitivityList,
            "signal_missing",
            control,
            f.start(control) + at..f.end(control),
            &list,
        );
    }
}

/// Names that a clocked block reads; nothing for others.
fn reads<'t>(site: &Site<'t>, block: &Block) -> BTreeSet<&'t str> {
    let f = site.flat;
    let nodes = f.descendants(block.body).filter(|_| block.clocked);
    nodes
        .filter(|&i| f.kind(i) == "simple_identifier" && !on_left(site, i))
        .map(|i| f.text(i))
        .collect()
}

/// Assignments of the wrong sort, where somebody reads the value before the time step ends.
fn blocking(site: &mut Site<'_>, block: Block, later_blocks: &[BTreeSet<&str>]) {
    let f = site.flat;
    let used: Vec<(usize, &str)> = f
        .descendants(block.body)
        .filter(|&i| f.kind(i) == "simple_identifier" && !on_left(site, i))
        .map(|i| (i, f.text(i)))
        .collect();
    let list: Vec<Assignment> = f.descendants(block.body).filter_map(|i| site.assignment(i)).collect();
    for a in list {
        let Some(name) = site.first_name(a.left) else { continue };
        let end = f.descendants(a.node).end;
        let later = used.iter().any(|(i, n)| *i >= end && *n == name);
        match (f.text(a.sign), block.clocked) {
            ("<=", true) if later => site.semantic(BlockingMisuse, "blocking_in_clocked", a.node, f.bytes(a.sign), "="),
            ("<=", true) if later_blocks.iter().any(|r| r.contains(name.as_str())) => {
                site.semantic(Race, "blocking_read_elsewhere", a.node, f.bytes(a.sign), "=");
            }
            ("=", false) if later && f.enclosing(a.node, &["for_step", "for_initialization"]).is_none() => {
                site.semantic(
                    BlockingMisuse,
                    "nonblocking_in_combinational",
                    a.node,
                    f.bytes(a.sign),
                    "<=",
                );
            }
            _ => {}
        }
    }
}

fn on_left(site: &Site<'_>, i: usize) -> bool {
    let f = site.flat;
    f.enclosing(i, &["variable_lvalue", "net_lvalue", "select"])
        .is_some_and(|a| f.kind(a) != "select")
}

/// Condition and branch of the reset that a clocked block starts with.
fn reset_branch(site: &Site<'_>, always: usize) -> Option<(usize, usize)> {
    let f = site.flat;
    let head = head_if(f, always)?;
    let (condition, branch) = (f.child(head, "cond_predicate")?, first_branch(f, head)?);
    let events = edge_events(f, always);
    let mut names = f
        .descendants(condition)
        .filter(|&i| f.kind(i) == "simple_identifier")
        .map(|i| f.text(i));
    let asynchronous = events.len() > 1;
    let resets = names.any(|n| reset_like(n) || (asynchronous && events.iter().any(|e| e.1 == n)));
    resets.then_some((condition, branch))
}

fn reset(site: &mut Site<'_>, always: usize) {
    let f = site.flat;
    let Some((condition, branch)) = reset_branch(site, always) else {
        return;
    };
    if let Some(e) = f.child(condition, "expression") {
        match site.unary(e) {
            Some((op, argument)) => {
                site.semantic(
                    ResetLogic,
                    "reset_polarity",
                    condition,
                    f.start(op)..f.start(argument),
                    "",
                );
            }
            None if site.binary(e).is_none() => {
                let text = format!("!{}", f.text(e));
                site.semantic(ResetLogic, "reset_polarity", condition, f.bytes(e), &text);
            }
            None => {}
        }
    }
    for statement in statements(f, branch) {
        let Some(a) = assignment_in(site, statement) else {
            continue;
        };
        if let Some(bytes) = site.removable(statement) {
            site.semantic(ResetLogic, "register_not_reset", a.node, bytes, "");
        }
        if let Some(wrong) = wrong_reset(f.text(a.right)) {
            site.semantic(ResetLogic, "wrong_reset_value", a.node, f.bytes(a.right), &wrong);
        }
    }
}

/// Another constant in the same style: all zeroes to one, anything else to zero.
fn wrong_reset(value: &str) -> Option<String> {
    let (bits, width) = literal_bits(value)?;
    let (head, digits) = match value.find('\'') {
        Some(q) => value.split_at_checked(q + 2)?,
        None => ("", value),
    };
    let zero = !bits.contains('1');
    match (zero, width, digits.chars().all(|c| c.is_ascii_alphanumeric())) {
        (_, _, false) => None,
        (true, _, _) => Some(format!("{head}{}1", &digits[..digits.len() - 1])),
        (false, _, _) => Some(format!("{head}{}", "0".repeat(digits.len()))),
    }
}

fn states(site: &mut Site<'_>) {
    let f = site.flat;
    let branches = site.blocks.iter().filter_map(|b| reset_branch(site, b.node));
    let resets: Vec<Range<usize>> = branches.map(|(_, branch)| f.descendants(branch)).collect();
    for (register, labels) in machines(site) {
        let moves: Vec<Assignment> = site
            .assignments()
            .filter(|a| f.enclosing(a.node, &["always_construct"]).is_some())
            .filter(|a| site.first_name(a.left).is_some_and(|n| n == register))
            .filter(|a| labels.contains(f.text(a.right)))
            .collect();
        for a in moves {
            let reset = resets.iter().any(|r| r.contains(&a.node));
            wrong_state(site, a, &labels, reset);
            if !reset {
                if let Some(bytes) = site.removable(a.node) {
                    site.semantic(StateMachine, "transition_dropped", a.node, bytes, "");
                }
                transition(site, a);
            }
        }
    }
}

/// Another state of the same style: a number is not mistaken for a name.
fn wrong_state(site: &mut Site<'_>, a: Assignment, labels: &BTreeSet<String>, reset: bool) {
    let target = site.flat.text(a.right);
    let number = |l: &str| l.starts_with(|c: char| c.is_ascii_digit());
    let others: Vec<&String> = labels
        .iter()
        .filter(|l| *l != target && number(l) == number(target))
        .collect();
    if let Some(wrong) = others.get(site.pick(a.node, "state", others.len())) {
        let (defect, operator) = if reset {
            (ResetLogic, "wrong_reset_state")
        } else {
            (StateMachine, "wrong_next_state")
        };
        site.semantic(defect, operator, a.node, site.flat.bytes(a.right), wrong);
    }
}

/// Negates the condition right above a state change.
fn transition(site: &mut Site<'_>, a: Assignment) {
    let f = site.flat;
    let outer = f.enclosing(a.node, &["conditional_statement", "case_item"]);
    let Some(conditional) = outer.filter(|&o| f.kind(o) == "conditional_statement") else {
        return;
    };
    let before = |c: &usize| f.kind(*c) == "cond_predicate" && f.start(*c) < f.start(a.node);
    let Some(condition) = f.children(conditional).filter(before).last() else {
        return;
    };
    let names = f.descendants(condition).filter(|&i| f.kind(i) == "simple_identifier");
    if names.into_iter().any(|i| reset_like(f.text(i))) {
        return;
    }
    if let Some(e) = f.child(condition, "expression") {
        match site.unary(e) {
            Some((op, argument)) if matches!(f.text(op), "!" | "~") => {
                site.semantic(
                    StateMachine,
                    "transition_inverted",
                    condition,
                    f.start(op)..f.start(argument),
                    "",
                );
            }
            _ => super::logic::negate(site, e, condition, StateMachine, "transition_inverted"),
        }
    }
}

/// Registers that hold states, with the constants that they are compared with; what feeds such a register counts too.
fn machines(site: &Site<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let f = site.flat;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |register: &str, label: usize| {
        let output = site.ports.get(register).is_some_and(|d| d == "output");
        let internal = site
            .decls
            .get(register)
            .is_some_and(|d| !d.memory && !d.range.is_empty());
        if (output || internal) && is_constant(f, label) {
            found
                .entry(register.into())
                .or_default()
                .insert(f.text(label).trim().into());
        }
    };
    for &i in &site.open {
        if f.kind(i) == "case_item_expression" {
            let selector = f
                .enclosing(i, &["case_statement"])
                .and_then(|c| f.child(c, "case_expression"));
            selector.into_iter().for_each(|s| note(f.text(s).trim(), i));
        } else if let Some((left, op, right)) = site.binary(i)
            && matches!(f.text(op), "==" | "===")
            && f.find(right, "simple_identifier").is_some()
        {
            note(f.text(left), right);
        }
    }
    found.retain(|_, labels| labels.len() >= 2);
    for a in site.assignments() {
        let source = f.text(a.right);
        let Some(target) = site.first_name(a.left) else {
            continue;
        };
        if let Some(labels) = found.get(source).cloned() {
            found.entry(target).or_insert(labels);
        } else if let Some(labels) = found.get(&target).cloned().filter(|_| site.decls.contains_key(source)) {
            found.entry(source.into()).or_insert(labels);
        }
    }
    // A state that only `default` handles has no label, but is assigned by name.
    for a in site.assignments() {
        let name = f.text(a.right);
        let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let named = word && !name.starts_with(|c: char| c.is_ascii_digit()) && is_constant(f, a.right);
        if let Some(labels) = site
            .first_name(a.left)
            .filter(|_| named)
            .and_then(|n| found.get_mut(&n))
        {
            labels.insert(name.into());
        }
    }
    found
}
