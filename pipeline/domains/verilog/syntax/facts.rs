//! What a testbench wants to know of a module: clocks, resets, and constants that its behaviour turns on.

use super::{Flat, Unit, parse, units};
use std::collections::{BTreeMap, BTreeSet};

/// More constants than this are not reported.
const MAX_CONSTANTS: usize = 256;

/// Literals wider than this are not reported, in bits.
const MAX_WIDTH: u32 = 512;

/// An input that decides the first `if` of a clocked block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResetUse {
    pub name: String,
    /// The first branch is taken while the input is high.
    pub active_high: bool,
    /// The input also stands in the sensitivity list, with an edge.
    pub asynchronous: bool,
    /// The first branch assigns constants only, as a reset does and an enable does not.
    pub constants: bool,
}

/// Runs `look` on a module of a text; `None` if the text does not parse or has no such module.
pub fn with_module<T>(text: &str, module: &str, look: impl FnOnce(&Flat<'_>, &Unit) -> T) -> Option<T> {
    let parsed = parse(text).ok()?;
    let flat = parsed.flat();
    let unit = units(&flat).into_iter().find(|u| u.name == module)?;
    Some(look(&flat, &unit))
}

/// Names used under `posedge` or `negedge` in a module. Empty if there is no such module.
pub fn clocked_signals(text: &str, module: &str) -> BTreeSet<String> {
    edges(text, module).into_keys().collect()
}

/// Names used under an edge, with (`posedge` seen, `negedge` seen).
pub fn edges(text: &str, module: &str) -> BTreeMap<String, (bool, bool)> {
    let look = |flat: &Flat<'_>, unit: &Unit| {
        let mut found: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        for i in unit.nodes.clone().filter(|&i| flat.kind(i) == "always_construct") {
            for (edge, name) in edge_events(flat, i) {
                let seen = found.entry(name).or_default();
                seen.0 |= edge != "negedge";
                seen.1 |= edge != "posedge";
            }
        }
        found
    };
    with_module(text, module, look).unwrap_or_default()
}

/// (edge, signal) pairs of an `always` block's sensitivity list; empty for combinational blocks.
pub fn edge_events(flat: &Flat<'_>, always: usize) -> Vec<(String, String)> {
    let Some(control) = flat.find(always, "event_control") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for i in flat.descendants(control).filter(|&i| flat.kind(i) == "edge_identifier") {
        let name = flat.parent(i).and_then(|event| flat.find(event, "simple_identifier"));
        found.extend(name.map(|n| (flat.text(i).to_string(), flat.text(n).to_string())));
    }
    found
}

/// Steps through the wrappers around a statement.
pub fn unwrap(flat: &Flat<'_>, mut i: usize) -> usize {
    while matches!(
        flat.kind(i),
        "statement_or_null" | "statement" | "statement_item" | "function_statement_or_null"
    ) {
        let inner = flat
            .children(i)
            .find(|&c| matches!(flat.kind(c), "statement" | "statement_item"));
        match inner.or_else(|| flat.children(i).next()) {
            Some(child) => i = child,
            None => break,
        }
    }
    i
}

/// The statements of a block, or the statement itself, unwrapped.
pub fn statements(flat: &Flat<'_>, i: usize) -> Vec<usize> {
    let i = unwrap(flat, i);
    if flat.kind(i) != "seq_block" {
        return vec![i];
    }
    flat.children(i)
        .filter(|&c| flat.kind(c) == "statement_or_null")
        .map(|c| unwrap(flat, c))
        .collect()
}

/// The body of an `always` block behind its event control.
pub fn always_body(flat: &Flat<'_>, always: usize) -> Option<usize> {
    let timed = flat.find(always, "procedural_timing_control_statement");
    match timed {
        Some(t) => flat.child(t, "statement_or_null"),
        None => flat.child(always, "statement"),
    }
}

/// The conditional statement that a block starts with.
pub fn head_if(flat: &Flat<'_>, always: usize) -> Option<usize> {
    let first = *statements(flat, always_body(flat, always)?).first()?;
    (flat.kind(first) == "conditional_statement").then_some(first)
}

/// Ports of a module with their direction keyword (`input`, `output`, `inout`).
pub fn ports(flat: &Flat<'_>, unit: &Unit) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut direction = String::from("inout");
    for i in unit.nodes.clone() {
        match flat.kind(i) {
            "ansi_port_declaration" => {
                if let Some(d) = flat.find(i, "port_direction") {
                    direction = flat.text(d).to_string();
                }
                if let Some(name) = flat.field(i, "port_name") {
                    found.insert(flat.text(name).to_string(), direction.clone());
                }
            }
            "input_declaration" | "output_declaration" | "inout_declaration" => {
                let direction = flat.kind(i).trim_end_matches("_declaration");
                let lists = flat.children(i).filter(|&c| flat.kind(c).starts_with("list_of"));
                for name in lists
                    .flat_map(|l| flat.children(l))
                    .filter(|&n| flat.kind(n) == "simple_identifier")
                {
                    found.insert(flat.text(name).to_string(), direction.to_string());
                }
            }
            _ => {}
        }
    }
    found
}

/// Inputs of a module that decide the first `if` of a clocked block, with their polarity there; sorted, distinct.
pub fn reset_uses(text: &str, module: &str) -> Vec<ResetUse> {
    let look = |flat: &Flat<'_>, unit: &Unit| {
        let ports = ports(flat, unit);
        let mut found = BTreeSet::new();
        for always in unit.nodes.clone().filter(|&i| flat.kind(i) == "always_construct") {
            let events = edge_events(flat, always);
            let Some(head) = head_if(flat, always).filter(|_| !events.is_empty()) else {
                continue;
            };
            let constants = first_branch(flat, head).is_some_and(|b| assigns_constants(flat, b));
            let Some(condition) = flat.child(head, "cond_predicate") else {
                continue;
            };
            for (name, active_high) in polarities(flat, condition) {
                if ports.get(&name).is_some_and(|d| d == "input") {
                    let asynchronous = events.iter().any(|e| e.1 == name);
                    found.insert(ResetUse {
                        name,
                        active_high,
                        asynchronous,
                        constants,
                    });
                }
            }
        }
        found.into_iter().collect()
    };
    with_module(text, module, look).unwrap_or_default()
}

/// The statement under the first `if`.
pub fn first_branch(flat: &Flat<'_>, conditional: usize) -> Option<usize> {
    flat.child(conditional, "statement_or_null")
}

fn assigns_constants(flat: &Flat<'_>, branch: usize) -> bool {
    let assigns = |&i: &usize| matches!(flat.kind(i), "nonblocking_assignment" | "operator_assignment");
    let mut all = flat.descendants(branch).filter(assigns).peekable();
    all.peek().is_some() && all.all(|i| flat.child(i, "expression").is_some_and(|e| is_constant(flat, e)))
}

/// Whether an expression reads no signal: literals, parameters by their upper case, replications of them.
pub fn is_constant(flat: &Flat<'_>, expression: usize) -> bool {
    let lower = |&i: &usize| flat.kind(i) == "simple_identifier" && flat.text(i).contains(|c: char| c.is_lowercase());
    !flat.descendants(expression).any(|i| lower(&i))
}

/// Each identifier of a condition with whether it makes the condition true when high.
fn polarities(flat: &Flat<'_>, condition: usize) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for i in flat
        .descendants(condition)
        .filter(|&i| flat.kind(i) == "simple_identifier")
    {
        let mut high = true;
        for a in flat.ancestors(i).take_while(|&a| a >= condition) {
            if let Some(op) = flat.field(a, "operator").map(|o| flat.text(o)) {
                let low_side = flat
                    .children(a)
                    .any(|c| matches!(flat.text(c), "0" | "1'b0" | "1'h0" | "1'd0"));
                high ^= matches!(op, "!" | "~") || (op == "==" && low_side) || (op == "!=" && !low_side);
            }
        }
        found.push((flat.text(i).to_string(), high));
    }
    found
}

/// Places in which a literal decides something.
const DECIDING: [&str; 3] = ["case_item_expression", "param_assignment", "cond_predicate"];

/// Integer literals in comparisons, case items and parameters of a module: (binary digits, width in bits), distinct,
/// sorted. Unsized literals get the width that their value needs; don't-care digits count as 0.
pub fn mined_constants(text: &str, module: &str) -> Vec<(String, u32)> {
    let look = |flat: &Flat<'_>, unit: &Unit| {
        let mut found = BTreeSet::new();
        for i in unit.nodes.clone().filter(|&i| flat.kind(i) == "integral_number") {
            let compared = |a: usize| {
                let op = flat.field(a, "operator").map(|o| flat.text(o)).unwrap_or("");
                matches!(op, "==" | "!=" | "===" | "!==" | "<" | ">" | "<=" | ">=" | "==?")
            };
            if flat
                .ancestors(i)
                .take(12)
                .any(|a| DECIDING.contains(&flat.kind(a)) || compared(a))
            {
                found.extend(literal_bits(flat.text(i)).filter(|b| b.1 <= MAX_WIDTH));
            }
        }
        let mut found: Vec<_> = found.into_iter().map(|(digits, width)| (width, digits)).collect();
        found.sort();
        found.truncate(MAX_CONSTANTS);
        found.into_iter().map(|(width, digits)| (digits, width)).collect()
    };
    with_module(text, module, look).unwrap_or_default()
}

/// The bits of a Verilog integer literal, most significant first, as many as its width; `None` if it is not one.
pub fn literal_bits(text: &str) -> Option<(String, u32)> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '_')
        .collect::<String>()
        .to_lowercase();
    let (size, rest) = match text.split_once('\'') {
        Some((size, rest)) => (size, rest.trim_start_matches('s')),
        None => ("", text.as_str()),
    };
    let (base, digits) = match rest.chars().next()? {
        c @ ('b' | 'o' | 'd' | 'h') => (c, &rest[1..]),
        _ => ('d', rest),
    };
    let digits = digits.replace(['x', 'z', '?'], "0");
    let bits: String = match base {
        'b' => digits,
        'o' => digits
            .chars()
            .map(|c| c.to_digit(8).map(|d| format!("{d:03b}")))
            .collect::<Option<_>>()?,
        'h' => digits
            .chars()
            .map(|c| c.to_digit(16).map(|d| format!("{d:04b}")))
            .collect::<Option<_>>()?,
        _ => format!("{:b}", digits.parse::<u128>().ok()?),
    };
    if bits.is_empty() || bits.len() > MAX_WIDTH as usize * 4 || bits.contains(|c| c != '0' && c != '1') {
        return None;
    }
    let value = bits.trim_start_matches('0');
    let width = size.parse::<usize>().unwrap_or(value.len()).max(1);
    if width > MAX_WIDTH as usize {
        return None;
    }
    let kept = &value[value.len().saturating_sub(width)..];
    Some((format!("{kept:0>width$}"), width as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: &str = "module m #(parameter W = 8) (input clk, input rst_n, en, input [7:0] a, output reg [7:0] q);\n\
        localparam S = 4'hA;\n\
        always @(posedge clk or negedge rst_n) if (!rst_n) q <= 0; else if (a == 8'd200) q <= a;\n\
        always @(negedge clk) begin if (en) r <= a; end\n\
        always @* case (a) 8'b1?1: x = 1; default: x = 0; endcase\nendmodule\n";

    #[test]
    fn clocks_and_edges() {
        assert_eq!(
            clocked_signals(M, "m").into_iter().collect::<Vec<_>>(),
            ["clk", "rst_n"]
        );
        assert_eq!(edges(M, "m")["clk"], (true, true));
        assert!(clocked_signals(M, "absent").is_empty());
    }

    #[test]
    fn resets_have_polarity_and_are_told_from_enables() {
        let uses = reset_uses(M, "m");
        let expected = [("en", true, false, false), ("rst_n", false, true, true)];
        let got: Vec<_> = uses
            .iter()
            .map(|u| (&*u.name, u.active_high, u.asynchronous, u.constants))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn constants_come_from_decisions() {
        let found = mined_constants(M, "m");
        let expect = [("1000", 4), ("1010", 4), ("00000101", 8), ("11001000", 8)];
        assert_eq!(found, expect.map(|(d, w)| (d.to_string(), w)));
    }

    #[test]
    fn literals_become_bits() {
        assert_eq!(literal_bits("8'hF_f"), Some(("11111111".into(), 8)));
        assert_eq!(literal_bits("2'd7"), Some(("11".into(), 2)));
        assert_eq!(literal_bits("0"), Some(("0".into(), 1)));
        assert_eq!(literal_bits("4'sb1x"), Some(("0010".into(), 4)));
        assert_eq!(literal_bits("99999999999'd1"), None);
        assert_eq!(literal_bits("'hG"), None);
    }
}
