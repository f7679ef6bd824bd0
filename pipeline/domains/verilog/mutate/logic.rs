//! Defects of function: wrong operators, wrong conditions, wrong signals, latches.

use super::site::{Assignment, Site, reset_like};
use crate::domains::verilog::syntax::{literal_bits, statements, unwrap};
use crate::domains::verilog::types::DefectType::{self, *};

/// Binary operators and what they are mistaken for: (from, to, defect, operator).
const BINARY: [(&str, &str, DefectType, &str); 25] = [
    ("+", "-", Algorithm, "minus_for_plus"),
    ("-", "+", Algorithm, "plus_for_minus"),
    ("*", "+", Algorithm, "sum_for_product"),
    ("<<", ">>", Algorithm, "shift_direction"),
    (">>", "<<", Algorithm, "shift_direction"),
    (">>>", ">>", Algorithm, "logical_shift"),
    ("<<<", ">>>", Algorithm, "shift_direction"),
    ("&", "|", GateLogic, "or_for_and"),
    ("|", "&", GateLogic, "and_for_or"),
    ("^", "~^", GateLogic, "xnor_for_xor"),
    ("^", "|", GateLogic, "or_for_xor"),
    ("~^", "^", GateLogic, "xor_for_xnor"),
    ("^~", "^", GateLogic, "xor_for_xnor"),
    ("==", "!=", Condition, "inverted_equality"),
    ("!=", "==", Condition, "inverted_equality"),
    ("===", "!==", Condition, "inverted_equality"),
    ("<", "<=", Condition, "inclusive_comparison"),
    ("<=", "<", Condition, "strict_comparison"),
    (">", ">=", Condition, "inclusive_comparison"),
    (">=", ">", Condition, "strict_comparison"),
    ("<", ">", Condition, "reversed_comparison"),
    (">", "<", Condition, "reversed_comparison"),
    (">=", "<=", Condition, "reversed_comparison"),
    ("&&", "||", Condition, "or_for_and_condition"),
    ("||", "&&", Condition, "and_for_or_condition"),
];

/// Lists every defect of this category.
pub fn operators(site: &mut Site<'_>) {
    for i in site.open.clone() {
        binary(site, i);
        unary(site, i);
        gate(site, i);
    }
    for i in site.of_kind("conditional_expression") {
        swapped_branches(site, i);
    }
    for i in site.of_kind("cond_predicate") {
        condition(site, i);
    }
    wrong_signals(site);
    latches(site);
}

fn binary(site: &mut Site<'_>, i: usize) {
    let f = site.flat;
    let Some((left, op, right)) = site.binary(i) else {
        return;
    };
    let (word, bytes) = (f.text(op), f.bytes(op));
    for (_, to, defect, name) in BINARY.iter().filter(|b| b.0 == word) {
        site.semantic(*defect, name, i, bytes.clone(), to);
    }
    let start = f.source()[..f.start(op)].trim_end().len();
    let literal = literal_bits(f.text(right)).filter(|_| !f.text(right).contains(['x', 'z', '?']));
    match word {
        "+" | "-" if literal.as_ref().is_some_and(|(d, _)| value(d) == Some(1)) => {
            site.semantic(Algorithm, "increment_dropped", i, start..f.end(right), "");
            stepped(site, i, right, Algorithm, "wrong_increment");
        }
        "-" | "<<" | ">>" | "/" | "%" if literal.is_none() && f.text(left) != f.text(right) => {
            let text = format!(
                "{}{}{}",
                f.text(right),
                &f.source()[f.end(left)..f.start(right)],
                f.text(left)
            );
            site.semantic(Algorithm, "swapped_operands", i, f.start(left)..f.end(right), &text);
        }
        "==" | "!=" | "<" | "<=" | ">" | ">=" if literal.is_some() => {
            stepped(site, i, right, Condition, "constant_off_by_one");
        }
        "&&" | "||" => {
            only(site, i, left, Condition, "dropped_term");
            only(site, i, right, Condition, "dropped_first_term");
        }
        "&" | "|" | "^" => only(site, i, left, GateLogic, "dropped_operand"),
        _ => {}
    }
    if word == "==" && f.ancestors(i).take(3).any(|a| f.kind(a) == "cond_predicate") {
        site.broken(Condition, "assignment_in_condition", i, bytes, "=");
    }
}

/// Keeps one operand of a binary expression, without the parentheses that it then no longer needs.
fn only(site: &mut Site<'_>, binary: usize, kept: usize, defect: DefectType, operator: &str) {
    let f = site.flat;
    let outer = f.ancestors(binary).take(2).last().filter(|&o| f.kind(o) == "primary");
    let outer = outer.filter(|&o| site.binary(kept).is_none() && f.text(o).starts_with('('));
    let (all, kept) = (f.bytes(binary), f.bytes(kept));
    match outer {
        Some(o) => site.semantic(defect, operator, binary, f.bytes(o), &f.source()[kept]),
        None if kept.start == all.start => site.semantic(defect, operator, binary, kept.end..all.end, ""),
        None => site.semantic(defect, operator, binary, all.start..kept.start, ""),
    }
}

fn value(bits: &str) -> Option<u128> {
    u128::from_str_radix(bits, 2).ok()
}

/// Steps a literal by one in its own base, within its width.
fn stepped(site: &mut Site<'_>, about: usize, literal: usize, defect: DefectType, operator: &str) {
    let f = site.flat;
    let text = f.text(literal);
    let Some(n) = literal_bits(text).and_then(|(d, _)| value(&d)) else {
        return;
    };
    let (digits_at, base) = match text.find('\'') {
        Some(q) => match text[q + 1..].chars().next().map(|c| c.to_ascii_lowercase()) {
            Some(c @ ('b' | 'd' | 'h' | 'o')) => (q + 2, c),
            _ => return,
        },
        None => (0, 'd'),
    };
    let (digits, width) = (&text[digits_at..], literal_bits(text).map_or(1, |b| b.1));
    let full = text.contains('\'') && width < 128 && n + 1 >= 1u128 << width;
    let up = n == 0 || site.pick(literal, "step", 2) == 0;
    let n = match (up, full) {
        (true, false) => n + 1,
        (_, _) if n > 0 => n - 1,
        _ => return,
    };
    // Nobody adds nothing.
    let idle = n == 0 && operator == "wrong_increment";
    if idle || digits.contains('_') || digits.starts_with(' ') {
        return;
    }
    let w = digits.len();
    let stepped = match base {
        'b' => format!("{n:0w$b}"),
        'h' if digits.contains(|c: char| c.is_ascii_uppercase()) => format!("{n:0w$X}"),
        'h' => format!("{n:0w$x}"),
        'o' => format!("{n:0w$o}"),
        _ => format!("{n}"),
    };
    let bytes = f.start(literal) + digits_at..f.end(literal);
    site.semantic(defect, operator, about, bytes, &stepped);
}

fn unary(site: &mut Site<'_>, i: usize) {
    let f = site.flat;
    let Some((op, argument)) = site.unary(i) else { return };
    let bytes = f.bytes(op);
    match f.text(op) {
        "~" => site.semantic(GateLogic, "dropped_inversion", i, bytes.start..f.start(argument), ""),
        "!" => {
            let (defect, operator) = sense(site, i, "dropped_negation");
            site.semantic(defect, operator, i, bytes.start..f.start(argument), "");
        }
        "&" => site.semantic(GateLogic, "wrong_reduction", i, bytes, "|"),
        "|" => site.semantic(GateLogic, "wrong_reduction", i, bytes, "&"),
        "^" => site.semantic(GateLogic, "wrong_reduction", i, bytes, "|"),
        "~|" => site.semantic(GateLogic, "wrong_reduction", i, bytes, "~&"),
        "~&" => site.semantic(GateLogic, "wrong_reduction", i, bytes, "~|"),
        _ => {}
    }
}

/// Gate primitives: `and` for `or` and the like.
fn gate(site: &mut Site<'_>, i: usize) {
    let f = site.flat;
    if !matches!(f.kind(i), "n_input_gatetype" | "n_output_gatetype") {
        return;
    }
    let other = match f.text(i) {
        "and" => "or",
        "or" => "and",
        "nand" => "and",
        "nor" => "or",
        "xor" => "xnor",
        "xnor" => "xor",
        "not" => "buf",
        _ => return,
    };
    site.semantic(GateLogic, "wrong_gate", f.parent(i).unwrap_or(i), f.bytes(i), other);
}

fn swapped_branches(site: &mut Site<'_>, i: usize) {
    let f = site.flat;
    let part = |mark: &str| f.children(i).skip_while(|&c| f.kind(c) != mark).nth(1);
    let (Some(yes), Some(no)) = (part("?"), part(":")) else {
        return;
    };
    if f.text(yes) != f.text(no) && f.line_at(f.end(no)) - f.line_at(f.start(yes)) < 3 {
        let between = &f.source()[f.end(yes)..f.start(no)];
        let text = format!("{}{between}{}", f.text(no), f.text(yes));
        // A nested choice on the left would swallow the rest.
        if f.find(no, "conditional_expression").is_none() {
            site.semantic(Condition, "swapped_branches", i, f.start(yes)..f.end(no), &text);
        }
    }
    if let Some(condition) = f.children(i).next() {
        negate(site, condition, i, Condition, "negated_choice");
    }
}

fn condition(site: &mut Site<'_>, i: usize) {
    if let Some(expression) = site.flat.child(i, "expression") {
        let (defect, operator) = sense(site, expression, "negated_condition");
        negate(site, expression, i, defect, operator);
    }
}

/// What it is to get the sense of a condition wrong: a fault of the reset if it names nothing else.
fn sense<'o>(site: &Site<'_>, expression: usize, operator: &'o str) -> (DefectType, &'o str) {
    let f = site.flat;
    let mut names = f
        .descendants(expression)
        .filter(|&i| f.kind(i) == "simple_identifier")
        .peekable();
    let decides = f.ancestors(expression).take(2).any(|a| f.kind(a) == "cond_predicate");
    // A parameter that says how to reset is no reset.
    let signal = |n: &str| site.ports.contains_key(n) || site.decls.contains_key(n);
    let resets = decides && names.peek().is_some() && names.all(|i| reset_like(f.text(i)) && signal(f.text(i)));
    if resets {
        (ResetLogic, "reset_polarity")
    } else {
        (Condition, operator)
    }
}

/// Negates a condition that is not a negation itself (taking that away is another operator).
pub fn negate(site: &mut Site<'_>, expression: usize, about: usize, defect: DefectType, operator: &str) {
    let f = site.flat;
    let (text, bytes) = (f.text(expression), f.bytes(expression));
    if site.unary(expression).is_some() || text.len() > 60 || text.contains('\n') {
        return;
    }
    if site.binary(expression).is_some() {
        site.semantic(defect, operator, about, bytes, &format!("!({text})"));
    } else {
        site.semantic(defect, operator, about, bytes, &format!("!{text}"));
    }
}

/// A signal of the same kind and range used in the place of another: what copying and pasting does.
fn wrong_signals(site: &mut Site<'_>) {
    let f = site.flat;
    let all: Vec<Assignment> = site.assignments().collect();
    for a in all {
        let driven = site.first_name(a.left);
        for i in f
            .descendants(a.right)
            .filter(|&d| f.kind(d) == "hierarchical_identifier")
        {
            let name = f.text(i);
            let Some(decl) = site.decls.get(name) else { continue };
            let same =
                |d: &super::site::Decl| d.range == decl.range && d.is_reg == decl.is_reg && d.memory == decl.memory;
            let alike: Vec<String> = site
                .decls
                .iter()
                .filter(|(n, d)| n.as_str() != name && Some(*n) != driven.as_ref() && same(d) && akin(n, name))
                .map(|(n, _)| n.clone())
                .collect();
            if !alike.is_empty() {
                let wrong = &alike[site.pick(i, "signal", alike.len())];
                site.semantic(Algorithm, "wrong_signal", i, f.bytes(i), wrong);
            }
        }
    }
}

/// Names that start or end alike are the ones that get mixed up.
fn akin(a: &str, b: &str) -> bool {
    let start = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let end = a.bytes().rev().zip(b.bytes().rev()).take_while(|(x, y)| x == y).count();
    start >= 3 || end >= 3 || (a.len() <= 3 && b.len() <= 3)
}

fn latches(site: &mut Site<'_>) {
    let f = site.flat;
    for body in site.blocks.clone().into_iter().filter(|b| !b.clocked).map(|b| b.body) {
        let assigned: Vec<String> = f
            .descendants(body)
            .filter_map(|i| site.assignment(i))
            .filter_map(|a| site.first_name(a.left))
            .collect();
        for statement in statements(f, body) {
            if let Some(a) = assignment_in(site, statement) {
                let again = site
                    .first_name(a.left)
                    .is_some_and(|n| assigned.iter().filter(|x| **x == n).count() > 1);
                if let Some(bytes) = site.removable(statement).filter(|_| again) {
                    site.semantic(LatchInference, "default_assignment_dropped", a.node, bytes, "");
                }
            }
        }
        for i in f.descendants(body).collect::<Vec<_>>() {
            match f.kind(i) {
                "conditional_statement" => else_dropped(site, i),
                "case_item" if f.kind(i + 1) == "default" && f.line_at(f.end(i)) - f.line_at(f.start(i)) < 4 => {
                    site.semantic(
                        LatchInference,
                        "default_case_dropped",
                        i,
                        site.with_line(f.bytes(i)),
                        "",
                    );
                }
                _ => {}
            }
        }
    }
}

/// The assignment that a statement is.
pub fn assignment_in(site: &Site<'_>, statement: usize) -> Option<Assignment> {
    let inner = unwrap(site.flat, statement);
    let node = match site.flat.kind(inner) {
        "blocking_assignment" => site.flat.child(inner, "operator_assignment").unwrap_or(inner),
        _ => inner,
    };
    site.assignment(node)
}

/// Drops the last, unconditional `else` of a chain.
fn else_dropped(site: &mut Site<'_>, i: usize) {
    let f = site.flat;
    let parts: Vec<usize> = f.children(i).collect();
    let Some(at) = parts.iter().rposition(|&p| f.kind(p) == "else") else {
        return;
    };
    let [_, branch] = parts[at..] else { return };
    let start = f.source()[..f.start(parts[at])].trim_end().len();
    if f.line_at(f.end(branch)) - f.line_at(f.start(parts[at])) < 4 {
        site.semantic(LatchInference, "else_dropped", i, start..f.end(branch), "");
    }
}
