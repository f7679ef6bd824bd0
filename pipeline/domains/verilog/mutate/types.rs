//! Defects of width, index, type and connection.

use super::site::{Decl, Site};
use crate::domains::verilog::syntax::literal_bits;
use crate::domains::verilog::types::DefectType::*;
use std::ops::Range;

/// Lists every defect of this category.
pub fn operators(site: &mut Site<'_>) {
    declarations(site);
    literal_sizes(site);
    concatenations(site);
    selects(site);
    signs(site);
    names(site);
    instances(site);
}

/// Names declared by a declaration.
fn declared<'a>(site: &'a Site<'_>, node: usize) -> Vec<(&'a String, &'a Decl)> {
    site.decls.iter().filter(|(_, d)| d.node == node).collect()
}

fn declarations(site: &mut Site<'_>) {
    let f = site.flat;
    let mut nodes: Vec<usize> = site.decls.values().map(|d| d.node).collect();
    nodes.sort();
    nodes.dedup();
    for node in nodes {
        let all = declared(site, node);
        let names: Vec<String> = all.iter().map(|(n, _)| n.to_string()).collect();
        let (plain, is_reg) = (all.iter().all(|(_, d)| !d.memory), all.iter().all(|(_, d)| d.is_reg));
        let list = f
            .children(node)
            .find(|&c| f.kind(c).starts_with("list_of"))
            .unwrap_or(node);
        let dimension = f
            .descendants(node)
            .take_while(|&d| d < list)
            .find(|&d| f.kind(d) == "packed_dimension");
        if names.len()
            < f.children(list)
                .filter(|&c| f.kind(c).ends_with("decl_assignment"))
                .count()
        {
            continue; // some of them are ports
        }
        if let Some(d) = dimension {
            if let Some((bytes, text)) = narrowed(site, d) {
                site.semantic(BitWidthMismatch, "narrow_declaration", node, bytes, &text);
            }
            if plain && !names.iter().any(|n| selected(site, n)) {
                let gap = f.source()[f.end(d)..].bytes().take_while(|b| *b == b' ').count();
                site.semantic(
                    BitWidthMismatch,
                    "drop_declared_range",
                    node,
                    f.start(d)..f.end(d) + gap,
                    "",
                );
            }
        }
        let driven = names.iter().any(|n| site.procedural.contains(n));
        if let Some(reg) = f
            .descendants(node)
            .find(|&d| f.kind(d) == "reg")
            .filter(|_| plain && is_reg && driven)
        {
            site.broken(TypeError, "reg_declared_as_wire", node, f.bytes(reg), "wire");
            site.broken(
                TypeError,
                "missing_declaration",
                node,
                site.with_line(f.bytes(node)),
                "",
            );
        }
    }
    for port in site.of_kind("ansi_port_declaration") {
        let name = f.field(port, "port_name").map(|n| f.text(n)).unwrap_or_default();
        let reg = f.descendants(port).find(|&d| f.kind(d) == "reg");
        if let Some(reg) = reg.filter(|_| site.procedural.contains(name)) {
            let gap = f.source()[f.end(reg)..].bytes().take_while(|b| *b == b' ').count();
            site.broken(TypeError, "output_not_reg", port, f.start(reg)..f.end(reg) + gap, "");
        }
    }
}

/// Whether a signal is used with a bit or part select.
fn selected(site: &Site<'_>, name: &str) -> bool {
    let f = site.flat;
    let uses = site
        .unit
        .nodes
        .clone()
        .filter(|&i| f.kind(i) == "simple_identifier" && f.text(i) == name);
    uses.into_iter()
        .any(|i| f.source()[f.end(i)..].trim_start().starts_with('['))
}

/// A range with its left bound one lower: `[7:0]` to `[6:0]`, `[W-1:0]` to `[W-2:0]`.
fn narrowed(site: &Site<'_>, dimension: usize) -> Option<(Range<usize>, String)> {
    let f = site.flat;
    let range = f.find(dimension, "constant_range")?;
    let (left, right) = bounds(site, range)?;
    let (l, r) = (f.text(left), f.text(right));
    if let (Ok(l), Ok(r)) = (l.parse::<u32>(), r.parse::<u32>()) {
        return (l > r).then(|| (f.bytes(left), (l - 1).to_string()));
    }
    let last = f.descendants(left).rfind(|&d| f.kind(d) == "unsigned_number")?;
    let minus = f.field(left, "operator").is_some_and(|o| f.text(o) == "-");
    (minus && f.end(last) == f.end(left) && f.text(last) == "1").then(|| (f.bytes(last), "2".into()))
}

/// Left and right bound of `a:b`.
fn bounds(site: &Site<'_>, range: usize) -> Option<(usize, usize)> {
    let mut sides = site
        .flat
        .children(range)
        .filter(|&c| site.flat.kind(c) == "constant_expression");
    Some((sides.next()?, sides.next()?))
}

fn literal_sizes(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.open.clone() {
        if !matches!(f.kind(i), "binary_number" | "hex_number" | "decimal_number") {
            continue;
        }
        let Some(size) = f.field(i, "size") else { continue };
        let Some((digits, width)) = literal_bits(f.text(i)) else {
            continue;
        };
        let needed = digits.trim_start_matches('0').len() as u32;
        let joined = f.ancestors(i).nth(3).is_some_and(|a| f.kind(a) == "concatenation");
        if needed >= 2 && width < 65 {
            let smaller = if width / 2 < needed && width >= 4 {
                width / 2
            } else {
                needed - 1
            };
            site.semantic(
                BitWidthMismatch,
                "truncated_literal",
                i,
                f.bytes(size),
                &smaller.to_string(),
            );
        } else if joined && width > 1 {
            site.semantic(
                BitWidthMismatch,
                "literal_width_in_concat",
                i,
                f.bytes(size),
                &(width - 1).to_string(),
            );
        }
    }
}

fn concatenations(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.of_kind("concatenation") {
        let parts: Vec<usize> = f.children(i).filter(|&c| f.kind(c) == "expression").collect();
        let repeated = f.parent(i).is_some_and(|p| f.kind(p) == "multiple_concatenation");
        let differ = parts.len() >= 2 && f.text(parts[0]) != f.text(parts[1]);
        if differ && parts.len() <= 4 && !repeated {
            let (a, b) = (parts[0], parts[1]);
            let between = &f.source()[f.end(a)..f.start(b)];
            let text = format!("{}{between}{}", f.text(b), f.text(a));
            site.semantic(Algorithm, "swapped_concatenation", i, f.start(a)..f.end(b), &text);
        }
    }
    for i in site.of_kind("multiple_concatenation") {
        let Some(count) = f.children(i).find(|&c| f.kind(c).ends_with("expression")) else {
            continue;
        };
        if let Some(n) = f.text(count).parse::<u32>().ok().filter(|n| *n > 1) {
            site.semantic(
                BitWidthMismatch,
                "replication_count",
                i,
                f.bytes(count),
                &(n - 1).to_string(),
            );
        }
    }
}

fn selects(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.open.clone() {
        match f.kind(i) {
            "constant_range"
                if f.parent(i)
                    .is_some_and(|p| f.kind(p).ends_with("select") || f.kind(p).contains("part_select")) =>
            {
                part_select(site, i)
            }
            "bit_select" | "constant_bit_select" => bit_select(site, i),
            "indexed_range" => {
                if let Some(sign) = f.children(i).find(|&c| matches!(f.kind(c), "+:" | "-:")) {
                    let other = if f.kind(sign) == "+:" { "-:" } else { "+:" };
                    site.semantic(FaultyIndexing, "indexed_select_direction", i, f.bytes(sign), other);
                }
            }
            _ => {}
        }
    }
}

fn part_select(site: &mut Site<'_>, range: usize) {
    let f = site.flat;
    let Some((left, right)) = bounds(site, range) else {
        return;
    };
    let (l, r, bytes) = (f.text(left), f.text(right), f.bytes(range));
    let (Ok(high), Ok(low)) = (l.parse::<u32>(), r.parse::<u32>()) else {
        let one = f.descendants(left).rfind(|&d| f.kind(d) == "unsigned_number");
        let minus = f.field(left, "operator").is_some_and(|o| f.text(o) == "-");
        if let Some(one) = one.filter(|&o| minus && f.text(o) == "1" && f.end(o) == f.end(left)) {
            site.semantic(FaultyIndexing, "part_select_short", range, f.bytes(one), "2");
        }
        return;
    };
    if high > low {
        site.broken(
            FaultyIndexing,
            "reversed_part_select",
            range,
            bytes.clone(),
            &format!("{low}:{high}"),
        );
        site.semantic(
            FaultyIndexing,
            "part_select_short",
            range,
            f.bytes(left),
            &(high - 1).to_string(),
        );
        if low > 0 {
            site.semantic(
                FaultyIndexing,
                "part_select_shifted",
                range,
                bytes,
                &format!("{}:{}", high - 1, low - 1),
            );
        }
    }
}

fn bit_select(site: &mut Site<'_>, select: usize) {
    let f = site.flat;
    let Some(index) = f.children(select).find(|&c| f.kind(c).ends_with("expression")) else {
        return;
    };
    let (text, bytes) = (f.text(index), f.bytes(index));
    if let Ok(n) = text.parse::<u32>() {
        let wrong = if n > 0 { n - 1 } else { n + 1 };
        let owner = f
            .enclosing(select, &["primary", "variable_lvalue", "net_lvalue"])
            .and_then(|o| site.first_name(o));
        let wide =
            owner.is_some_and(|o| site.decls.get(&o).is_some_and(|d| d.range.len() > 4) || site.ports.contains_key(&o));
        if n > 0 || wide {
            site.semantic(
                FaultyIndexing,
                "bit_index_off_by_one",
                select,
                bytes,
                &wrong.to_string(),
            );
        }
    } else if let (Some(op), Some(right)) = (f.field(index, "operator"), f.field(index, "right")) {
        if matches!(f.text(op), "+" | "-") && f.text(right) == "1" {
            let end = f.source()[..f.start(op)].trim_end().len();
            site.semantic(FaultyIndexing, "index_offset_dropped", select, end..bytes.end, "");
        }
    } else if f
        .descendants(index)
        .filter(|&d| f.kind(d) == "simple_identifier")
        .count()
        == 1
        && !text.contains('(')
    {
        let wrong = if site.pick(select, "index", 2) == 0 {
            format!("{text}+1")
        } else {
            format!("{text}-1")
        };
        site.semantic(FaultyIndexing, "index_off_by_one", select, bytes, &wrong);
    }
}

fn signs(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.of_kind("system_tf_call") {
        let Some(name) = f.child(i, "system_tf_identifier").filter(|&n| f.text(n) == "$signed") else {
            continue;
        };
        if let Some(list) = f.child(i, "list_of_arguments") {
            let argument = f.text(list).to_string();
            site.semantic(
                TypeError,
                "signed_cast_dropped",
                i,
                f.bytes(i),
                &format!("({argument})"),
            );
        }
        site.semantic(TypeError, "unsigned_cast", i, f.bytes(name), "$unsigned");
    }
    for i in site.of_kind("signed") {
        let node = f.enclosing(i, &["net_declaration", "data_declaration"]);
        if let Some(node) = node {
            let gap = f.source()[f.end(i)..].bytes().take_while(|b| *b == b' ').count();
            site.semantic(
                TypeError,
                "signed_declaration_dropped",
                node,
                f.start(i)..f.end(i) + gap,
                "",
            );
        }
    }
}

/// Misspelt signals in procedural code and in right-hand sides, where no implicit net can stand in.
fn names(site: &mut Site<'_>) {
    let f = site.flat;
    let sides: Vec<usize> = site.assignments().map(|a| a.right).collect();
    let conditions = site.of_kind("cond_predicate");
    for side in sides.into_iter().chain(conditions) {
        let uses: Vec<usize> = f
            .descendants(side)
            .filter(|&d| f.kind(d) == "simple_identifier")
            .collect();
        for i in uses {
            let name = f.text(i);
            let signal = site.decls.contains_key(name) || site.ports.contains_key(name);
            if let Some(wrong) = misspelt(site, i).filter(|_| signal) {
                site.broken(TypeError, "undeclared_identifier", i, f.bytes(i), &wrong);
            }
        }
    }
}

/// A name as a tired hand types it, one that occurs nowhere in the file.
fn misspelt(site: &Site<'_>, i: usize) -> Option<String> {
    let name = site.flat.text(i);
    let n = name.len();
    if n < 3 || !name.is_ascii() {
        return None;
    }
    let at = 1 + site.pick(i, "letter", n - 2);
    let dropped = format!("{}{}", &name[..at], &name[at + 1..]);
    let mut swapped = name.as_bytes().to_vec();
    swapped.swap(at, at + 1);
    let swapped = String::from_utf8(swapped).ok()?;
    let joined = name.replacen('_', "", 1);
    let mut variants = [swapped, joined, dropped];
    variants.rotate_left(site.pick(i, "variant", 3));
    let word = |v: &&String| v.as_str() != name && !site.names.contains(v.as_str()) && !v.ends_with('_');
    variants.iter().find(word).cloned()
}

fn instances(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.of_kind("module_instantiation") {
        if let Some(kind) = f.field(i, "instance_type")
            && let Some(wrong) = misspelt(site, kind)
        {
            site.broken(UndefinedModule, "misspelt_module", i, f.bytes(kind), &wrong);
        }
        if let Some(p) = f.child(i, "parameter_value_assignment") {
            let end = f.end(p) + f.source()[f.end(p)..].len() - f.source()[f.end(p)..].trim_start().len();
            if f.line_at(f.start(p)) + 3 > f.line_at(f.end(p)) {
                site.semantic(ModuleConnection, "parameter_override_dropped", i, f.start(p)..end, "");
            }
        }
    }
    for list in site.of_kind("list_of_port_connections") {
        let ports: Vec<usize> = f
            .children(list)
            .filter(|&c| f.kind(c).ends_with("port_connection"))
            .collect();
        for (n, &port) in ports.iter().enumerate() {
            if f.kind(port) == "named_port_connection" {
                named_port(site, port, &ports);
            } else if let Some(&next) = ports.get(n + 1).filter(|&&p| f.text(p) != f.text(port)) {
                swap(site, "swapped_positional_ports", port, next, port);
            }
        }
    }
}

fn named_port(site: &mut Site<'_>, port: usize, all: &[usize]) {
    let f = site.flat;
    let (Some(name), Some(value)) = (f.field(port, "port_name"), f.field(port, "connection")) else {
        return;
    };
    if let Some(wrong) = misspelt(site, name) {
        site.broken(ModuleConnection, "wrong_port_name", port, f.bytes(name), &wrong);
    }
    site.semantic(ModuleConnection, "open_port", port, f.bytes(value), "");
    let line = site.with_line(f.start(port)..f.end(port) + usize::from(f.source()[f.end(port)..].starts_with(',')));
    if f.source()[line.clone()].contains(',') && f.kind(port + 1) == "." && line.start < f.start(port) {
        site.semantic(ModuleConnection, "missing_port", port, line, "");
    }
    let others = all
        .iter()
        .copied()
        .filter(|&o| o > port)
        .filter_map(|o| f.field(o, "connection"));
    let similar = |&v: &usize| f.text(v) != f.text(value) && shape(site, v) == shape(site, value);
    if let Some(v) = others.take(4).find(similar) {
        let near = f.line_at(f.end(v)) - f.line_at(f.start(value)) <= 2;
        if near {
            swap(site, "swapped_ports", value, v, port);
        }
        site.semantic(
            ModuleConnection,
            "wrong_signal_connected",
            port,
            f.bytes(value),
            f.text(v),
        );
    }
}

/// Direction and range where they are known: only alike signals are mixed up.
fn shape(site: &Site<'_>, expression: usize) -> (bool, Option<String>) {
    let name = site.flat.text(expression);
    let decl = site.decls.get(name);
    (
        decl.is_some_and(|d| d.is_reg) || site.ports.get(name).is_some_and(|d| d == "input"),
        decl.map(|d| d.range.clone()),
    )
}

fn swap(site: &mut Site<'_>, operator: &str, a: usize, b: usize, about: usize) {
    let f = site.flat;
    let between = &f.source()[f.end(a)..f.start(b)];
    let text = format!("{}{between}{}", f.text(b), f.text(a));
    site.semantic(ModuleConnection, operator, about, f.start(a)..f.end(b), &text);
}
