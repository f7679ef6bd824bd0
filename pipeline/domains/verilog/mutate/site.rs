//! The module under change: what may be touched, what is declared, and how a change is described.

use crate::domains::verilog::syntax::{Flat, Live, Unit, always_body, edge_events, ports, statements};
use crate::domains::verilog::types::{Category, DefectType, Mutation};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Subtrees that no operator enters: constants that configure, simulation-only code, what the grammar did not get.
const CLOSED: [&str; 21] = [
    "initial_construct",
    "final_construct",
    "parameter_declaration",
    "local_parameter_declaration",
    "parameter_port_list",
    "parameter_value_assignment",
    "specify_block",
    "specparam_declaration",
    "attribute_instance",
    "concurrent_assertion_item",
    "assertion_item",
    "procedural_assertion_statement",
    "genvar_initialization",
    "genvar_iteration",
    "genvar_declaration",
    "system_tf_call_statement",
    "text_macro_definition",
    "text_macro_usage",
    "include_compiler_directive",
    "parameter_override",
    "ERROR",
];

/// An internal signal: not a port.
#[derive(Clone, Debug)]
pub struct Decl {
    /// The declaration that it stands in.
    pub node: usize,
    pub is_reg: bool,
    /// Text of the packed range without white space, empty for a scalar.
    pub range: String,
    /// It has an unpacked dimension.
    pub memory: bool,
}

/// An assignment in parts.
#[derive(Clone, Copy, Debug)]
pub struct Assignment {
    pub node: usize,
    pub left: usize,
    /// The `=` or `<=`.
    pub sign: usize,
    pub right: usize,
}

/// A module with what operators need, and the mutations found so far.
pub struct Site<'t> {
    pub flat: &'t Flat<'t>,
    pub unit: &'t Unit,
    /// Nodes that may be changed, in order.
    pub open: Vec<usize>,
    /// Ports with their direction keyword.
    pub ports: BTreeMap<String, String>,
    /// Internal signals by name.
    pub decls: BTreeMap<String, Decl>,
    /// Names assigned in procedural code.
    pub procedural: BTreeSet<String>,
    /// Every identifier of the file, so that a misspelt one is new.
    pub names: BTreeSet<&'t str>,
    /// `always` blocks that may be changed.
    pub blocks: Vec<Block>,
    live: &'t Live,
    seed: u64,
    found: Vec<Mutation>,
}

/// An `always` block in parts.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub node: usize,
    /// The statement behind the event control.
    pub body: usize,
    /// It waits for an edge.
    pub clocked: bool,
}

impl<'t> Site<'t> {
    pub fn new(flat: &'t Flat<'t>, live: &'t Live, unit: &'t Unit, seed: u64) -> Site<'t> {
        let identifiers = (0..flat.len())
            .filter(|&i| flat.kind(i) == "simple_identifier")
            .map(|i| flat.text(i));
        let mut names: BTreeSet<&str> = identifiers.collect();
        names.retain(|n| !n.is_empty());
        let (ports, open) = (ports(flat, unit), open_nodes(flat, live, unit));
        let mut site = Site {
            flat,
            unit,
            open,
            ports,
            names,
            live,
            seed,
            decls: BTreeMap::new(),
            blocks: Vec::new(),
            procedural: BTreeSet::new(),
            found: Vec::new(),
        };
        site.procedural = site
            .assignments()
            .filter(|a| flat.kind(a.node) != "net_assignment")
            .filter_map(|a| site.first_name(a.left))
            .collect();
        site.decls = site.declarations();
        let block = |node| {
            let clocked = !edge_events(flat, node).is_empty();
            Some(Block {
                node,
                body: always_body(flat, node)?,
                clocked,
            })
        };
        site.blocks = site.of_kind("always_construct").into_iter().filter_map(block).collect();
        site
    }

    /// Open nodes of a kind.
    pub fn of_kind(&self, kind: &str) -> Vec<usize> {
        self.open
            .iter()
            .copied()
            .filter(|&i| self.flat.kind(i) == kind)
            .collect()
    }

    /// The first identifier at or under a node.
    pub fn first_name(&self, node: usize) -> Option<String> {
        self.flat
            .find(node, "simple_identifier")
            .map(|i| self.flat.text(i).to_string())
    }

    /// Assignments, continuous and procedural, outside closed parts.
    pub fn assignments(&self) -> impl Iterator<Item = Assignment> + '_ {
        self.open.iter().filter_map(|&i| self.assignment(i))
    }

    /// The parts of an assignment node; compound ones (`+=`) are left out.
    pub fn assignment(&self, node: usize) -> Option<Assignment> {
        let f = self.flat;
        let (left, sign) = match f.kind(node) {
            "nonblocking_assignment" => ("variable_lvalue", "<="),
            "operator_assignment" => ("variable_lvalue", "assignment_operator"),
            "blocking_assignment" => ("variable_lvalue", "="),
            "net_assignment" => ("net_lvalue", "="),
            _ => return None,
        };
        let (left, sign) = (f.child(node, left)?, f.child(node, sign)?);
        let right = f
            .children(node)
            .filter(|&c| c > sign)
            .find(|&c| f.kind(c) == "expression")?;
        matches!(f.text(sign), "=" | "<=").then_some(Assignment {
            node,
            left,
            sign,
            right,
        })
    }

    /// Left, operator and right of a binary expression (not of a constant one).
    pub fn binary(&self, node: usize) -> Option<(usize, usize, usize)> {
        let f = self.flat;
        if f.kind(node) != "expression" {
            return None;
        }
        Some((
            f.field(node, "left")?,
            f.field(node, "operator")?,
            f.field(node, "right")?,
        ))
    }

    /// Operator and argument of a unary expression.
    pub fn unary(&self, node: usize) -> Option<(usize, usize)> {
        let f = self.flat;
        if f.kind(node) != "expression" || f.field(node, "left").is_some() {
            return None;
        }
        Some((f.field(node, "operator")?, f.field(node, "argument")?))
    }

    /// A number below `n`, from the seed, a place and a purpose.
    pub fn pick(&self, place: usize, purpose: &str, n: usize) -> usize {
        (mix(self.seed ^ (place as u64) << 8, purpose) % n.max(1) as u64) as usize
    }

    /// A change that should compile.
    pub fn semantic(&mut self, defect: DefectType, operator: &str, about: usize, bytes: Range<usize>, text: &str) {
        self.push(defect, operator, about, bytes, text, true);
    }

    /// A change that no compiler accepts. What only elaboration would notice is left out of generated branches, which may
    /// not be elaborated.
    pub fn broken(&mut self, defect: DefectType, operator: &str, about: usize, bytes: Range<usize>, text: &str) {
        let generated = |i: usize| self.flat.kind(i).ends_with("generate_construct");
        if defect.category() != Category::Syntax && self.flat.ancestors(about).any(generated) {
            return;
        }
        self.push(defect, operator, about, bytes, text, false);
    }

    fn push(
        &mut self,
        defect: DefectType,
        operator: &str,
        about: usize,
        bytes: Range<usize>,
        text: &str,
        semantic: bool,
    ) {
        let source = self.flat.source();
        let (Some(original), seen) = (source.get(bytes.clone()), self.live.text.get(bytes.clone())) else {
            return;
        };
        // What is blanked for parsing must not be swept away with its surroundings.
        if original == text || seen != Some(original) || self.live.in_doubt(bytes.start) {
            return;
        }
        let last = bytes.end.saturating_sub(1).max(bytes.start);
        self.found.push(Mutation {
            defect,
            operator: operator.into(),
            node_kind: self.flat.static_kind(about).into(),
            start: bytes.start,
            end: bytes.end,
            replacement: text.into(),
            lines: (self.flat.line_at(bytes.start), self.flat.line_at(last)),
            original: original.into(),
            subject: self.subject(about),
            context: self.context(about),
            semantic,
        });
    }

    /// Everything found: ordered by operator and place, each change once.
    pub fn finish(mut self) -> Vec<Mutation> {
        self.found.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut seen = BTreeSet::new();
        self.found
            .retain(|m| seen.insert((m.start, m.end, m.replacement.clone())));
        self.found
    }

    fn declarations(&self) -> BTreeMap<String, Decl> {
        let f = self.flat;
        let mut found = BTreeMap::new();
        for &node in self
            .open
            .iter()
            .filter(|&&i| matches!(f.kind(i), "net_declaration" | "data_declaration"))
        {
            if f.enclosing(node, &["function_declaration", "task_declaration", "seq_block"])
                .is_some()
            {
                continue;
            }
            let Some(list) = f.children(node).find(|&c| f.kind(c).starts_with("list_of")) else {
                continue;
            };
            let range = f
                .descendants(node)
                .take_while(|&d| d < list)
                .find(|&d| f.kind(d) == "packed_dimension");
            let range: String = range
                .map(|r| f.text(r).split_whitespace().collect())
                .unwrap_or_default();
            for item in f.children(list).filter(|&c| f.kind(c).ends_with("decl_assignment")) {
                let Some(name) = self.first_name(item).filter(|n| !self.ports.contains_key(n)) else {
                    continue;
                };
                let memory = f.child(item, "unpacked_dimension").is_some();
                let is_reg = f.kind(node) == "data_declaration";
                let decl = Decl {
                    node,
                    is_reg,
                    memory,
                    range: range.clone(),
                };
                found.insert(name, decl);
            }
        }
        found
    }

    /// Bytes of a statement with its line (indent, trailing comment, line end) where it has its lines to itself.
    pub fn with_line(&self, bytes: Range<usize>) -> Range<usize> {
        let source = self.flat.source();
        let start = source[..bytes.start].rfind('\n').map_or(0, |n| n + 1);
        let end = source[bytes.end..]
            .find('\n')
            .map_or(source.len(), |n| bytes.end + n + 1);
        let after = source[bytes.end..end].trim();
        let alone = source[start..bytes.start].trim().is_empty() && (after.is_empty() || after.starts_with("//"));
        if alone { start..end } else { bytes }
    }

    /// Bytes of a statement in a block of several that can go without leaving a hole; `None` if it cannot.
    pub fn removable(&self, statement: usize) -> Option<Range<usize>> {
        let f = self.flat;
        let outer = f.enclosing(statement, &["statement_or_null"])?;
        let block = f.parent(outer).filter(|&b| f.kind(b) == "seq_block")?;
        let alone = statements(f, block).len() < 2;
        let lines = f.line_at(f.end(outer)) - f.line_at(f.start(outer));
        (!alone && lines < 3).then(|| self.with_line(f.bytes(outer)))
    }
}

fn key(m: &Mutation) -> (DefectType, &str, usize, usize, &str) {
    (m.defect, &m.operator, m.start, m.end, &m.replacement)
}

fn open_nodes(flat: &Flat<'_>, live: &Live, unit: &Unit) -> Vec<usize> {
    let mut open = Vec::new();
    let mut i = unit.nodes.start;
    while i < unit.nodes.end {
        let generate_condition =
            flat.kind(i) == "constant_expression" && flat.parent(i).is_some_and(|p| flat.kind(p).contains("generate_"));
        if flat.is_comment(i) || generate_condition || CLOSED.contains(&flat.kind(i)) || is_system_task(flat, i) {
            i = flat.descendants(i).end.max(i + 1);
            continue;
        }
        if !live.in_doubt(flat.start(i)) && !flat.node(i).is_missing() {
            open.push(i);
        }
        i += 1;
    }
    open
}

fn is_system_task(flat: &Flat<'_>, i: usize) -> bool {
    flat.kind(i) == "subroutine_call_statement" && flat.text(i).starts_with('$')
}

/// A well-mixed number from a seed and a purpose (FNV-1a, then splitmix64's finaliser).
pub fn mix(seed: u64, purpose: &str) -> u64 {
    let step = |h: u64, b: u8| (h ^ b as u64).wrapping_mul(0x0000_0100_0000_01b3);
    let mut x = seed
        .to_le_bytes()
        .into_iter()
        .chain(purpose.bytes())
        .fold(0xcbf2_9ce4_8422_2325, step);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Names under which designers reset things.
pub fn reset_like(name: &str) -> bool {
    let name = name.to_lowercase();
    ["rst", "reset", "clr", "clear", "init"]
        .iter()
        .any(|r| name.contains(r))
        && !name.contains("burst")
}
