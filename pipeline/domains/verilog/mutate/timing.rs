//! Defects of time: sensitivity, blocking, reset, state.

use super::logic::assignment_in;
use super::site::{Assignment, Site};
use crate::domains::verilog::syntax::{edge_events, first_branch, head_if, is_constant, literal_bits, statements};
use crate::domains::verilog::types::DefectType::*;
use std::collections::BTreeSet;
use std::ops::Range;

/// Lists every defect of this category.
pub fn operators(site: &mut Site<'_>) {
    for (always, body, clocked) in site.blocks() {
        sensitivity(site, always, body, clocked);
        blocking(site, always, body, clocked);
        if clocked {
            reset(site, always);
        }
    }
    states(site);
}

fn sensitivity(site: &mut Site<'_>, always: usize, body: usize, clocked: bool) {
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
        if f.source()[bytes.clone()].contains("//") {
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

fn blocking(site: &mut Site<'_>, always: usize, body: usize, clocked: bool) {
    let f = site.flat;
    let list: Vec<Assignment> = f.descendants(body).filter_map(|i| site.assignment(i)).collect();
    for a in list {
        let Some(name) = site.first_name(a.left) else { continue };
        let read = |range: Range<usize>| {
            range
                .into_iter()
                .any(|i| f.kind(i) == "simple_identifier" && f.text(i) == name && !on_left(site, i))
        };
        let later = read(f.descendants(a.node).end..f.descendants(always).end);
        match (f.text(a.sign), clocked) {
            ("<=", true) if later => site.semantic(BlockingMisuse, "blocking_in_clocked", a.node, f.bytes(a.sign), "="),
            ("<=", true) => {
                let mut others = site.blocks().into_iter().filter(|(o, _, c)| *c && *o > always);
                if others.any(|(o, _, _)| read(f.descendants(o))) {
                    site.semantic(Race, "blocking_read_elsewhere", a.node, f.bytes(a.sign), "=");
                }
            }
            ("=", false) if later => {
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

/// Names under which designers reset things.
fn reset_like(name: &str) -> bool {
    let name = name.to_lowercase();
    ["rst", "reset", "clr", "clear", "init"]
        .iter()
        .any(|r| name.contains(r))
        && !name.contains("burst")
}

fn reset(site: &mut Site<'_>, always: usize) {
    let f = site.flat;
    let Some(head) = head_if(f, always) else { return };
    let (Some(condition), Some(branch)) = (f.child(head, "cond_predicate"), first_branch(f, head)) else {
        return;
    };
    let events = edge_events(f, always);
    let mut names = f
        .descendants(condition)
        .filter(|&i| f.kind(i) == "simple_identifier")
        .map(|i| f.text(i));
    let asynchronous = events.len() > 1;
    if !names.any(|n| reset_like(n) || (asynchronous && events.iter().any(|e| e.1 == n))) {
        return;
    }
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

/// A register that a `case` steps through, with the labels of its states.
struct Machine {
    /// The register and what feeds it.
    registers: BTreeSet<String>,
    labels: Vec<String>,
}

fn states(site: &mut Site<'_>) {
    let f = site.flat;
    for machine in machines(site) {
        let moves: Vec<Assignment> = site
            .assignments()
            .filter(|a| f.enclosing(a.node, &["always_construct"]).is_some())
            .filter(|a| site.first_name(a.left).is_some_and(|n| machine.registers.contains(&n)))
            .collect();
        for a in moves {
            let target = f.text(a.right);
            if !machine.labels.iter().any(|l| l == target) {
                continue;
            }
            let others: Vec<&String> = machine.labels.iter().filter(|l| *l != target).collect();
            let n = site.pick(a.node, "state", others.len());
            if let Some(wrong) = others.get(n) {
                site.semantic(StateMachine, "wrong_next_state", a.node, f.bytes(a.right), wrong);
            }
            if let Some(bytes) = site.removable(a.node) {
                site.semantic(StateMachine, "transition_dropped", a.node, bytes, "");
            }
            transition(site, a);
        }
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

fn machines(site: &Site<'_>) -> Vec<Machine> {
    let f = site.flat;
    let mut found: Vec<Machine> = Vec::new();
    for case in site.of_kind("case_statement") {
        let Some(selector) = f.child(case, "case_expression").map(|c| f.text(c).trim().to_string()) else {
            continue;
        };
        let Some(decl) = site.decls.get(&selector) else {
            continue;
        };
        let items = f.children(case).filter(|&c| f.kind(c) == "case_item");
        let labels = items
            .flat_map(|i| f.children(i))
            .filter(|&c| f.kind(c) == "case_item_expression");
        let mut labels: Vec<String> = labels
            .filter(|&c| is_constant(f, c))
            .map(|c| f.text(c).to_string())
            .collect();
        labels.dedup();
        if labels.len() < 2 || decl.memory {
            continue;
        }
        let feeds = |a: &Assignment| site.first_name(a.left).as_deref() == Some(selector.as_str());
        let mut registers: BTreeSet<String> = site
            .assignments()
            .filter(feeds)
            .map(|a| f.text(a.right).to_string())
            .collect();
        registers.retain(|r| site.decls.contains_key(r));
        registers.insert(selector);
        found.push(Machine { registers, labels });
    }
    found
}
