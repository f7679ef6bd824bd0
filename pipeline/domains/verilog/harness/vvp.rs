//! A reader of the text that Icarus 11 compiles to (`vvp` assembly): scopes, ports, variables, arrays, nets,
//! functors and events. Lines it does not know are skipped; nothing in the text can make it fail but size.

use super::HarnessError;
use super::elaborate::{EdgeUse, Elaborated, MAX_STATE, State, check_ports, data_port};
use super::names::{hierarchical, identifier};
use crate::domains::verilog::types::{Direction, Port};
use std::collections::{BTreeMap, BTreeSet};

/// Functors followed backwards from a clock pin before giving up.
const TRACE_DEPTH: usize = 6;
/// Nodes visited for one clock pin.
const TRACE_NODES: usize = 256;

/// One scope of the design; `None` where nothing inside can be named from outside.
struct Scope {
    path: Option<Vec<String>>,
    top: bool,
}

/// An event: whether it is a rising edge, and what it waits for. `None` for an `or` of other events.
struct Event {
    rising: Option<bool>,
    inputs: Vec<String>,
}

#[derive(Default)]
pub(super) struct Reader {
    scopes: BTreeMap<String, Scope>,
    current: String,
    ports: Vec<Port>,
    signed: BTreeSet<String>,
    reals: Vec<String>,
    state: Vec<State>,
    /// Label of a net to what drives it; labels of functors to their inputs.
    drivers: BTreeMap<String, Vec<String>>,
    /// Labels through which a port of the top is seen.
    port_labels: BTreeMap<String, String>,
    events: BTreeMap<String, Event>,
}

impl Reader {
    pub(super) fn read(mut self, text: &str) -> Result<Elaborated, HarnessError> {
        for line in text.lines() {
            self.line(line);
        }
        for port in &mut self.ports {
            port.signed = self.signed.contains(&port.name);
        }
        if self.ports.is_empty() {
            return Err(HarnessError::NoInputs);
        }
        check_ports(&self.ports, &self.reals)?;
        let (edges, clocked_events) = self.edge_uses();
        Ok(Elaborated {
            ports: self.ports,
            state: self.state,
            edges,
            clocked_events,
        })
    }

    fn line(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("    .port_info ") {
            self.port(rest);
            return;
        }
        let Some((label, rest)) = line.split_once(' ') else {
            return;
        };
        let Some((op, args)) = rest.split_once(' ') else { return };
        if label.is_empty() {
            return;
        }
        let (op, kind) = op.split_once('/').unwrap_or((op, ""));
        match op {
            ".scope" => self.scope(label, args),
            ".var" => self.variable(kind, args),
            ".array" => self.array(kind, args),
            ".net" | ".net8" => self.net(label, kind, args),
            ".event" => self.event(label, kind, args),
            _ if op.starts_with('.') => self.functor(label, args),
            _ => {}
        }
    }

    /// `module, "u" "sub" 3 20, 3 2 0, S_0x55c1486d7ac0;`
    fn scope(&mut self, label: &str, args: &str) {
        self.current = label.to_string();
        let kind = args.split(',').next().unwrap_or("");
        let parent = args
            .trim_end_matches(';')
            .rsplit(", ")
            .next()
            .filter(|p| p.starts_with("S_"));
        let top = parent.is_none() && kind == "module";
        let inherited = match parent {
            None if top => Some(Vec::new()),
            None => None,
            Some(p) => self.scopes.get(p).and_then(|s| s.path.clone()),
        };
        let path = match (inherited, kind, quoted(args)) {
            (Some(path), "module", Some(_)) if top => Some(path),
            (Some(mut path), "module" | "generate", Some((name, _))) => hierarchical(name).map(|n| {
                path.push(n);
                path
            }),
            _ => None,
        };
        // Named blocks, functions and tasks are not entered: what they hold is scratch more often than state.
        self.scopes.insert(label.to_string(), Scope { path, top });
    }

    fn in_top(&self) -> bool {
        self.scopes.get(&self.current).is_some_and(|s| s.top)
    }

    /// `2 /INPUT 8 "a.b";`
    fn port(&mut self, args: &str) {
        if !self.in_top() {
            return;
        }
        let mut words = args.split_whitespace();
        let direction = match words.nth(1) {
            Some("/INPUT") => Direction::Input,
            Some("/OUTPUT") => Direction::Output,
            Some("/INOUT") => Direction::Inout,
            _ => return,
        };
        let width = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
        if let Some((name, _)) = quoted(args) {
            self.ports.push(data_port(name.to_string(), direction, width));
        }
    }

    /// `"vec", 7 -8;` (`kind`: empty, `s`, `i`, `2u`, `real`, `str` …)
    fn variable(&mut self, kind: &str, args: &str) {
        let Some((name, rest)) = quoted(args) else { return };
        if self.in_top() {
            self.note_port_type(name, kind);
        }
        let Some(&[bounds]) = ranges(rest).first_chunk::<1>() else {
            return;
        };
        if four_state(kind) {
            self.push_state(name, bounds, None);
        }
    }

    /// `"mem", 15 0, 7 0;`. An array of nets has no second range.
    fn array(&mut self, kind: &str, args: &str) {
        let Some((name, rest)) = quoted(args) else { return };
        let Some(&[words, bounds]) = ranges(rest).first_chunk::<2>() else {
            return;
        };
        if four_state(kind) {
            self.push_state(name, bounds, Some((words.0.min(words.1), words.0.max(words.1))));
        }
    }

    fn push_state(&mut self, name: &str, (left, right): (i64, i64), words: Option<(i64, i64)>) {
        let Some(Scope { path: Some(scopes), .. }) = self.scopes.get(&self.current) else {
            return;
        };
        let Some(name) = identifier(name) else { return };
        let width = u32::try_from(left.abs_diff(right).saturating_add(1)).unwrap_or(u32::MAX);
        if self.state.len() < MAX_STATE && width <= 1 << 16 {
            let mut path = scopes.clone();
            path.push(name);
            self.state.push(State {
                path: path.join("."),
                width,
                words,
            });
        }
    }

    /// `"clk", 0 0, o0x7fccc58a7198;  alias, 0 drivers`
    fn net(&mut self, label: &str, kind: &str, args: &str) {
        let Some((name, rest)) = quoted(args) else { return };
        let source = rest
            .split(';')
            .next()
            .unwrap_or("")
            .rsplit(", ")
            .next()
            .unwrap_or("")
            .trim();
        self.drivers
            .entry(label.to_string())
            .or_default()
            .push(source.to_string());
        if self.in_top() {
            self.note_port_type(name, kind);
            if self
                .ports
                .iter()
                .any(|p| p.name == name && p.direction == Direction::Input)
            {
                self.port_labels.insert(source.to_string(), name.to_string());
                self.port_labels.insert(label.to_string(), name.to_string());
            }
        }
    }

    fn note_port_type(&mut self, name: &str, kind: &str) {
        if kind.contains('s') && kind != "str" {
            self.signed.insert(name.to_string());
        }
        if matches!(kind, "real" | "str") {
            self.reals.push(name.to_string());
        }
    }

    /// `AND 1, L_0x1, o0x2, C4<1>, C4<1>;` and every other node of the netlist: its labels are its inputs.
    fn functor(&mut self, label: &str, args: &str) {
        let inputs = args
            .split([',', ';', ' '])
            .filter(|a| is_label(a))
            .take(16)
            .map(str::to_string);
        self.drivers.entry(label.to_string()).or_default().extend(inputs);
    }

    /// `posedge, v0x55c14870b0c0_0;` or, with kind `or`, `E_0x55c1486d2dd0/0, E_0x55c1486d2dd0/1;`
    fn event(&mut self, label: &str, kind: &str, args: &str) {
        let mut words = args.split(';').next().unwrap_or("").split(", ").map(str::trim);
        let rising = match (kind, words.clone().next()) {
            ("or", _) => None,
            (_, Some("posedge")) => Some(true),
            (_, Some("negedge")) => Some(false),
            _ => return,
        };
        if rising.is_some() {
            words.next();
        }
        self.events.insert(
            label.to_string(),
            Event {
                rising,
                inputs: words.map(str::to_string).collect(),
            },
        );
    }

    /// Which ports the edge-sensitive events rest on.
    fn edge_uses(&self) -> (BTreeMap<String, EdgeUse>, u32) {
        let mut uses: BTreeMap<String, EdgeUse> = BTreeMap::new();
        let members: BTreeSet<&str> = self
            .events
            .values()
            .filter(|e| e.rising.is_none())
            .flat_map(|e| &e.inputs)
            .map(String::as_str)
            .collect();
        let mut clocked = 0;
        for (label, event) in &self.events {
            let Some(rising) = event.rising else { continue };
            clocked += 1;
            for input in &event.inputs {
                let (direct, gated) = self.trace(input);
                for port in gated {
                    uses.entry(port).or_default().gated += 1;
                }
                let Some(port) = direct else { continue };
                let entry = uses.entry(port).or_default();
                *if rising { &mut entry.posedge } else { &mut entry.negedge } += 1;
                entry.alone += u32::from(!members.contains(label.as_str()));
            }
        }
        (uses, clocked)
    }

    /// The input port that a label is another name of, or else those that reach it through logic.
    fn trace(&self, label: &str) -> (Option<String>, BTreeSet<String>) {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut layer = vec![label.to_string()];
        let mut plain = true;
        for _ in 0..TRACE_DEPTH {
            let mut next = Vec::new();
            for label in layer {
                if seen.len() >= TRACE_NODES || !seen.insert(label.clone()) {
                    continue;
                }
                match self.port_labels.get(&label) {
                    Some(port) if plain => return (Some(port.clone()), BTreeSet::new()),
                    Some(port) => {
                        found.insert(port.clone());
                    }
                    None => {
                        let inputs = self.drivers.get(&label).map(Vec::as_slice).unwrap_or_default();
                        plain &= inputs.len() == 1;
                        next.extend(inputs.iter().cloned());
                    }
                }
            }
            layer = next;
        }
        (None, found)
    }
}

/// Variables that can hold X and be assigned as a vector.
fn four_state(kind: &str) -> bool {
    matches!(kind, "" | "s" | "i")
}

fn is_label(word: &str) -> bool {
    ["v0x", "L_0x", "o0x"].iter().any(|p| word.starts_with(p))
}

/// The first quoted string and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('"')?.1.split_once('"')?;
    (!name.is_empty() && !name.contains('\\')).then_some((name, rest))
}

/// The pairs of numbers in `, 15 0, 7 0;`.
fn ranges(text: &str) -> Vec<(i64, i64)> {
    let pair = |part: &str| {
        let mut numbers = part.split_whitespace().map(str::parse::<i64>);
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(a)), Some(Ok(b)), None) => Some((a, b)),
            _ => None,
        }
    };
    text.split(';')
        .next()
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .skip_while(|p| p.is_empty())
        .map_while(pair)
        .collect()
}
