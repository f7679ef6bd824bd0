//! The requirement text of a module, from its facts.

use super::behaviour::{Behaviour, Speaker};
use super::english::{list, tick};
use super::facts::*;
use super::structure::{Shape, shape};
use super::trace::latency;
use super::wording::{Pick, capital, count, lower, stop};
use crate::domains::verilog::types::{Direction, PortRole};
use std::collections::{BTreeMap, BTreeSet};

/// A requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// One or two sentences: what the module is.
    pub summary: String,
    /// All that is needed to write it, in Markdown.
    pub text: String,
    /// 0..=1: how much of what the outputs depend on is stated, in words. Below [`ENOUGH`] the text does not
    /// suffice to write the module.
    pub completeness: f64,
    /// What is missing, where something is.
    pub reason: Option<String>,
}

/// The completeness from which on a requirement can stand alone.
pub const ENOUGH: f64 = 0.95;
/// Characters beyond which a requirement is a listing and no longer a description.
const MAX_TEXT: usize = 9_000;

/// Every signal that the outputs depend on, with what it does; inputs are left out.
pub fn needed(m: &ModuleFacts) -> Vec<(String, Behaviour)> {
    let speaker = Speaker::new(m);
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut todo: Vec<String> = m.outputs().map(|p| p.name.clone()).collect();
    for i in &m.instances {
        let exprs = i.connections.iter().filter_map(|(_, e)| super::expr::parse(e));
        todo.extend(exprs.flat_map(|e| super::expr::names(&e)));
    }
    todo.reverse();
    while let Some(name) = todo.pop() {
        if !seen.insert(name.clone()) || m.is_constant(&name) {
            continue;
        }
        let Some(b) = speaker.behaviour(&name) else { continue };
        todo.extend(b.reads.iter().rev().cloned());
        out.push((name, b));
    }
    out
}

/// The requirement of a module. The seed varies wording and order, never content.
pub fn describe(m: &ModuleFacts, seed: u64) -> Requirement {
    let mut pick = Pick::new(seed);
    let shape = shape(m);
    let all = needed(m);
    let (mut completeness, mut reason) = judge(m, &all);
    let summary = summary(m, &shape, &mut pick);
    let mut text = format!("{}\n", opening(m, &summary, &mut pick));
    text.push_str(&parameters(m));
    text.push_str(&ports(m));
    text.push_str(&clocking(m, &mut pick));
    text.push_str(&state(m, &all));
    text.push_str(&behaviours(m, &all));
    text.push_str(&composition(m));
    text.push_str(&idle_inputs(m, &all));
    text.push_str(&closing(m, &shape));
    if text.len() > MAX_TEXT && completeness >= ENOUGH {
        (completeness, reason) = (ENOUGH - 0.2, Some("too long to be read as a requirement".into()));
    }
    Requirement {
        summary,
        text: text.trim_end().to_string(),
        completeness,
        reason,
    }
}

fn judge(m: &ModuleFacts, all: &[(String, Behaviour)]) -> (f64, Option<String>) {
    let total = all.len().max(1) as f64;
    let mut score = all.iter().map(|(_, b)| b.clarity).sum::<f64>() / total;
    let mut reason = all
        .iter()
        .find_map(|(n, b)| b.reason.as_ref().map(|r| format!("{n}: {r}")));
    let driven: BTreeSet<&String> = all.iter().map(|(n, _)| n).collect();
    if let Some(p) = m.outputs().find(|p| !driven.contains(&p.name)) {
        score *= 0.5;
        reason = Some(format!("{}: nothing is known to drive it", p.name));
    }
    // A name that is read but neither declared nor driven comes from somewhere we do not see.
    let unknown = all
        .iter()
        .flat_map(|(_, b)| &b.reads)
        .find(|n| !m.is_constant(n) && m.port(n).is_none() && !m.signals.contains_key(*n) && !is_loop_variable(m, n));
    if let Some(n) = unknown {
        score *= 0.7;
        reason = Some(format!("{n}: declared elsewhere"));
    }
    let undriven = all
        .iter()
        .flat_map(|(_, b)| &b.reads)
        .find(|n| m.signals.contains_key(*n) && m.port(n).is_none() && !driven.contains(n) && !is_loop_variable(m, n));
    if let Some(n) = undriven {
        score *= 0.8;
        reason = Some(format!("{n}: read, but never driven"));
    }
    if let Some(r) = m.unread.iter().next() {
        score *= 0.6;
        reason = Some(r.clone());
    }
    if m.processes.iter().any(|p| p.trigger == Trigger::Initial) {
        score *= 0.9;
        reason = reason.or_else(|| Some("initial values".into()));
    }
    if all.is_empty() {
        return (0.0, Some("nothing to describe".into()));
    }
    ((score * 1000.0).round() / 1000.0, reason.filter(|_| score < 1.0))
}

fn is_loop_variable(m: &ModuleFacts, n: &str) -> bool {
    let scopes = m
        .assigns
        .iter()
        .map(|a| &a.scope)
        .chain(m.processes.iter().map(|p| &p.scope));
    scopes.flatten().any(|g| matches!(g, Guard::For(v, ..) if v == n))
}

/// What the module is, in one or two sentences.
pub fn summary(m: &ModuleFacts, shape: &Shape, pick: &mut Pick) -> String {
    let name = tick(&m.name);
    let what = shape.noun_phrase(pick);
    match &m.purpose {
        Some(p) => {
            let p = lower(p);
            pick.of(vec![
                format!("{name} (“{p}”, as its header puts it) is {what}."),
                format!("{name} is described in its header as “{p}”; it is {what}."),
                format!("The module {name} is {what}. Its stated purpose: {p}."),
                format!("{name}: {p}. It is {what}."),
            ])
        }
        None => pick.of(vec![
            format!("{name} is {what}."),
            format!("The module {name} is {what}."),
            format!("The Verilog module {name} implements {what}."),
        ]),
    }
}

fn opening(m: &ModuleFacts, summary: &str, pick: &mut Pick) -> String {
    let name = tick(&m.name);
    let ask = pick.of(vec![
        format!("Write the Verilog module {name} to the requirement below."),
        format!("Implement {name} in synthesisable Verilog."),
        format!("I need a Verilog implementation of {name}; the specification follows."),
        format!("Design the module {name} described here and give the complete Verilog source."),
        format!("Below is the specification of a block called {name}. Provide the RTL for it."),
        format!("Please code {name} in Verilog-2001, with exactly this interface and behaviour."),
    ]);
    format!("{ask} {summary}")
}

fn parameters(m: &ModuleFacts) -> String {
    if m.params.is_empty() {
        return String::new();
    }
    let rows: Vec<String> = m
        .params
        .iter()
        .map(|p| {
            let range = p.range.as_ref().map(|r| format!(" (`[{r}]`)")).unwrap_or_default();
            let comment = p.comment.as_ref().map(|c| format!(": {c}")).unwrap_or_default();
            format!("- `{}`{range}, default `{}`{comment}", p.name, p.value)
        })
        .collect();
    format!("\nParameters, in this order:\n{}\n", rows.join("\n"))
}

/// What a port is for, by its role and the remarks beside it.
fn role(p: &PortFact) -> String {
    let role = match p.role {
        PortRole::Clock => "clock",
        PortRole::AuxClock => "clock",
        PortRole::ResetHigh => "reset, active high",
        PortRole::ResetLow => "reset, active low",
        PortRole::Data => "",
    };
    let group = p.group.as_deref().filter(|_| role.is_empty());
    let said = p.comment.as_deref().or(group).unwrap_or("");
    match (role.is_empty(), said.is_empty()) {
        (true, _) => said.to_string(),
        (false, true) => role.to_string(),
        (false, false) if said.to_ascii_lowercase().contains(&role[..5]) => said.to_string(),
        (false, false) => format!("{role}; {said}"),
    }
}

/// The port table.
pub fn ports(m: &ModuleFacts) -> String {
    let mut out = String::from("\nPorts:\n\n| port | direction | width | role |\n|---|---|---|---|\n");
    for p in &m.ports {
        let direction = match p.direction {
            Direction::Input => "input",
            Direction::Output => "output",
            Direction::Inout => "inout",
        };
        let plain = |r: &str| r.chars().all(|c| c.is_ascii_digit() || c == ':' || c == ' ');
        let width = match &p.range {
            Some(r) if plain(r) && *r == format!("{}:0", p.width.saturating_sub(1)) => p.width.to_string(),
            Some(r) if plain(r) => format!("`[{r}]`"),
            Some(r) => format!("`[{r}]` ({} by default)", p.width),
            None => p.width.to_string(),
        };
        let signed = if p.signed { ", signed" } else { "" };
        out.push_str(&format!(
            "| `{}` | {direction} | {width}{signed} | {} |\n",
            p.name,
            role(p)
        ));
    }
    out
}

/// Clock, its edge, and the reset: (signal, active high, asynchronous).
type Domain = (String, String, Option<(String, bool, bool)>);

fn clocking(m: &ModuleFacts, pick: &mut Pick) -> String {
    let mut groups: BTreeMap<Domain, BTreeSet<String>> = BTreeMap::new();
    for p in &m.processes {
        let Some((edge, clock)) = m.clock(p) else { continue };
        let reset = m.reset(p).map(|r| (r.signal, r.active_high, r.asynchronous));
        groups
            .entry((clock.into(), edge.into(), reset))
            .or_default()
            .extend(p.body.assigned());
    }
    if groups.is_empty() {
        return String::new();
    }
    let mut out = String::from("\nClock and reset:\n");
    let plain = |p: &&Process| matches!(p.trigger, Trigger::Edges(_)) && m.clock(p).is_none();
    let single =
        groups.len() == 1 && m.instances.is_empty() && m.unread.is_empty() && !m.processes.iter().any(|p| plain(&p));
    for ((clock, edge, reset), registers) in &groups {
        let edge = if edge == "posedge" { "rising" } else { "falling" };
        let names: Vec<String> = registers.iter().map(|r| tick(r)).collect();
        let who = if single && pick.chance(50) {
            "all state".into()
        } else {
            list(&names, "and")
        };
        let verb = if who == "all state" || names.len() == 1 {
            "changes"
        } else {
            "change"
        };
        let reset = match reset {
            Some((signal, high, asynchronous)) => format!(
                "; `{signal}` resets while {}, {}",
                if *high { "high" } else { "low" },
                if *asynchronous {
                    "asynchronously (at once, without a clock edge)"
                } else {
                    "synchronously (sampled at the clock edge)"
                }
            ),
            None if m.processes.iter().any(|p| mentions_reset(m, p, registers)) => String::new(),
            None => "; no reset".into(),
        };
        out.push_str(&format!(
            "- {} {verb} on the {edge} edge of `{clock}`{reset}.\n",
            capital(&who)
        ));
    }
    out
}

/// Whether the process of these registers reads anything that may be a reset.
fn mentions_reset(m: &ModuleFacts, p: &Process, registers: &BTreeSet<String>) -> bool {
    let like = |n: &String| {
        let role = m.port(n).map(|p| p.role);
        let l = n.to_ascii_lowercase();
        matches!(role, Some(PortRole::ResetHigh | PortRole::ResetLow)) || l.contains("rst") || l.contains("reset")
    };
    !p.body.assigned().is_disjoint(registers) && p.body.reads().iter().any(like)
}

/// Widths of what is inside: registers and memories that the behaviour below speaks of.
fn state(m: &ModuleFacts, all: &[(String, Behaviour)]) -> String {
    let mut rows = Vec::new();
    for (name, _) in all.iter().filter(|(n, _)| m.port(n).is_none()) {
        let Some(s) = m.signals.get(name) else { continue };
        let kind = if m.is_register(name) {
            "register"
        } else {
            "internal signal"
        };
        let width = s.range.as_ref().map_or("1 bit".to_string(), |r| format!("`[{r}]`"));
        let start = s
            .initial
            .as_ref()
            .map(|v| format!(", initial value {}", tick(v)))
            .unwrap_or_default();
        let signed = if s.signed { format!(", signed{start}") } else { start };
        match &s.memory {
            Some(d) if m.is_register(name) => rows.push(format!(
                "- `{name}`: memory with words of {width}{signed}, index range `[{d}]`"
            )),
            Some(d) => rows.push(format!(
                "- `{name}`: array of internal signals, each {width}{signed}, index range `[{d}]`"
            )),
            None => rows.push(format!("- `{name}`: {kind}, {width}{signed}")),
        }
    }
    let used: Vec<String> = m
        .constants
        .iter()
        .filter(|c| {
            all.iter()
                .any(|(n, b)| b.reads.contains(&c.name) || m.range(n).is_some_and(|r| r.contains(&c.name)))
        })
        .map(|c| format!("`{} = {}`", c.name, c.value))
        .collect();
    let mut out = String::new();
    if !rows.is_empty() {
        out.push_str(&format!(
            "\nInternal signals that the behaviour below refers to:\n{}\n",
            rows.join("\n")
        ));
    }
    if !used.is_empty() {
        out.push_str(&format!("\nConstants: {}.\n", list(&used, "and")));
    }
    out
}

/// One behaviour as a bullet with its nested rules.
pub fn bullet(name: &str, b: &Behaviour) -> String {
    if let Some(s) = &b.sentence {
        return format!("- `{name}` {}\n", stop(s));
    }
    let mut out = format!("- `{name}`:\n");
    for (depth, rule) in &b.rules {
        out.push_str(&format!("{}- {}\n", "  ".repeat(depth + 1), rule));
    }
    out
}

fn behaviours(m: &ModuleFacts, all: &[(String, Behaviour)]) -> String {
    let known = |b: &Behaviour| b.sentence.is_some() || !b.rules.is_empty();
    let outputs: Vec<_> = all.iter().filter(|(n, b)| m.port(n).is_some() && known(b)).collect();
    let inner: Vec<_> = all.iter().filter(|(n, b)| m.port(n).is_none() && known(b)).collect();
    let mut out = String::from("\nBehaviour of the outputs:\n");
    for (n, b) in outputs {
        let mut text = bullet(n, b);
        if let Some(l) = latency(m, n).filter(|l| *l > 0) {
            text.push_str(&format!("  - latency: {}\n", count(l as usize, "clock cycle")));
        }
        out.push_str(&text);
    }
    if !inner.is_empty() {
        out.push_str("\nBehaviour inside:\n");
        inner.iter().for_each(|(n, b)| out.push_str(&bullet(n, b)));
    }
    out
}

fn composition(m: &ModuleFacts) -> String {
    if m.instances.is_empty() {
        return String::new();
    }
    let mut out = String::from("\nIt is built from these existing modules (do not write them):\n");
    for i in &m.instances {
        let named = |v: &[(String, String)]| {
            let parts = v.iter().map(|(p, e)| format!(".{p}({e})")).collect::<Vec<_>>();
            parts.join(", ")
        };
        let positional = i.connections.first().is_some_and(|(p, _)| p == "0");
        let wires = if positional {
            i.connections
                .iter()
                .map(|(_, e)| e.clone())
                .collect::<Vec<_>>()
                .join(", ")
        } else {
            named(&i.connections)
        };
        let params = if i.params.is_empty() {
            String::new()
        } else {
            format!(" with `#({})`", named(&i.params))
        };
        out.push_str(&format!(
            "- `{}` as `{}`{params}, connected `({wires})`\n",
            i.module, i.name
        ));
    }
    out
}

/// Inputs that nothing depends on: a reader would look for their use.
fn idle_inputs(m: &ModuleFacts, all: &[(String, Behaviour)]) -> String {
    if all.iter().any(|(_, b)| b.clarity == 0.0) || !m.tainted.is_empty() {
        return String::new();
    }
    let mut used: BTreeSet<String> = all.iter().flat_map(|(_, b)| b.reads.clone()).collect();
    for p in &m.processes {
        if let Trigger::Edges(edges) = &p.trigger {
            used.extend(edges.iter().map(|e| e.1.clone()));
        }
    }
    let exprs = m
        .instances
        .iter()
        .flat_map(|i| &i.connections)
        .filter_map(|(_, e)| super::expr::parse(e));
    used.extend(exprs.flat_map(|e| super::expr::names(&e)));
    let bases = m
        .assigns
        .iter()
        .flat_map(|a| a.targets.iter().filter_map(|t| t.select.clone()));
    used.extend(
        bases
            .filter_map(|s| super::expr::parse(&format!("x{s}")))
            .flat_map(|e| super::expr::names(&e)),
    );
    let idle: Vec<String> = m
        .ports
        .iter()
        .filter(|p| p.direction == Direction::Input && !used.contains(&p.name) && m.unread.is_empty())
        .map(|p| tick(&p.name))
        .collect();
    if idle.is_empty() || idle.len() > 12 {
        return String::new();
    }
    let verb = if idle.len() == 1 {
        "is part of the interface but has"
    } else {
        "are part of the interface but have"
    };
    format!("\n{} {verb} no effect.\n", list(&idle, "and"))
}

fn closing(m: &ModuleFacts, shape: &Shape) -> String {
    if m.processes.iter().any(|p| matches!(p.trigger, Trigger::Edges(_))) {
        "\nRegisters hold their value unless a rule above says otherwise.\n".into()
    } else if m.instances.is_empty() && !shape.unclear && !shape.latches {
        "\nThe logic is purely combinational: no latches, no clock.\n".into()
    } else {
        String::new()
    }
}
