//! Direct solutions: a requirement, answered by design notes and the module.

use super::describe::Requirement;
use super::english::{list, tick};
use super::expr::{names as names_of, parse};
use super::facts::*;
use super::structure::{Shape, shape};
use super::trace::latency;
use super::wording::{Pick, capital, count};
use crate::chat::Message;
use crate::domains::verilog::types::Port;
use serde_json::{Value, json};

/// What a direct sample rests on.
#[derive(Clone, Copy, Debug)]
pub struct DirectInput<'a> {
    pub facts: &'a ModuleFacts,
    pub requirement: &'a Requirement,
    /// The complete unit, as executed.
    pub code: &'a str,
    pub platform: &'a str,
    pub seed: u64,
}

/// The dialogue: requirement with constraints, then design notes and the code.
pub fn direct(input: &DirectInput) -> Vec<Message> {
    let mut pick = Pick::new(input.seed);
    let limits = pick.of(vec![
        format!("The code has to compile with {}.", input.platform),
        format!(
            "Target tool: {}. Keep module, port and parameter names as given.",
            input.platform
        ),
        format!(
            "It will be simulated with {}; names and widths must match exactly.",
            input.platform
        ),
        format!(
            "Constraints: synthesisable, accepted by {}, no ports beyond those listed.",
            input.platform
        ),
    ]);
    let user = format!("{}\n\n{limits}", input.requirement.text);
    let notes = notes(input.facts, &mut pick);
    let code = input.code.trim_end_matches('\n');
    vec![
        Message::new("user", user),
        Message::new("assistant", format!("{notes}\n\n```verilog\n{code}\n```")),
    ]
}

/// Two to five sentences on the structure of the solution.
fn notes(m: &ModuleFacts, pick: &mut Pick) -> String {
    let s = shape(m);
    let mut out = Vec::new();
    out.extend(state(m, &s, pick));
    out.extend(control(m, &s, pick));
    out.extend(reset(m, pick));
    out.extend(outputs(m, pick));
    out.extend(configuration(m, pick));
    out.truncate(5);
    if out.len() < 2 {
        let n = m.outputs().count();
        out.push(pick.of(vec![
            format!(
                "There is no state to keep, so {} simply continuous logic.",
                if n == 1 { "the output is" } else { "the outputs are" }
            ),
            "The logic has no memory: what comes out depends on what goes in at the same moment, and on nothing else.".into(),
        ]));
    }
    out.join(" ")
}

fn state(m: &ModuleFacts, s: &Shape, pick: &mut Pick) -> Option<String> {
    let names: Vec<String> = s.registers.iter().map(|r| tick(r)).collect();
    if !s.memories.is_empty() {
        let mem = tick(&s.memories[0]);
        if names.is_empty() {
            return Some(format!("The storage is the array {mem}; there is no other state."));
        }
        return Some(format!(
            "The storage is the array {mem}; {} kept apart from it.",
            if names.len() == 1 {
                "one register is".into()
            } else {
                format!("{} are", count(names.len(), "register"))
            }
        ));
    }
    match names.len() {
        0 if s.instances > 0 && m.assigns.is_empty() && m.processes.is_empty() => Some(format!(
            "The module only connects {}: the work is done in the submodules.",
            count(s.instances, "instance")
        )),
        0 if s.instances > 0 => Some(pick.of(vec![
            format!(
                "Around {} there is plain logic, without state of its own.",
                count(s.instances, "instance")
            ),
            format!(
                "What is written here is combinational; any state lies inside the {}.",
                if s.instances == 1 { "submodule" } else { "submodules" }
            ),
        ])),
        0 => None,
        1..=4 => Some(pick.of(vec![
            format!("The only state is {}.", list(&names, "and")),
            format!("State is held in {}; the rest is derived from it.", list(&names, "and")),
        ])),
        n => Some(format!(
            "The state amounts to {n} registers, updated in {}.",
            count(clocked(m), "clocked block")
        )),
    }
}

fn clocked(m: &ModuleFacts) -> usize {
    m.processes
        .iter()
        .filter(|p| matches!(p.trigger, Trigger::Edges(_)))
        .count()
}

fn control(m: &ModuleFacts, s: &Shape, pick: &mut Pick) -> Option<String> {
    if let Some((r, n)) = s.machines.first() {
        return Some(pick.of(vec![
            format!(
                "Control is a state machine in {} with {n} named states, written as a `case`.",
                tick(r)
            ),
            format!("A `case` over {} sequences the work; it names {n} states.", tick(r)),
        ]));
    }
    if let Some(c) = s.counters.first() {
        return Some(
            format!("{} counts, and the decisions compare against it.", tick(c))
                .replace("counts, and the decisions compare against it", "is a counter"),
        );
    }
    let mut wires: Vec<(usize, String)> = m
        .signals
        .keys()
        .filter(|n| m.port(n).is_none() && !m.is_register(n) && m.assigns_of(n).count() > 0)
        .map(|n| (readers(m, n), tick(n)))
        .collect();
    wires.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let names: Vec<String> = wires.iter().take(2).map(|w| w.1.clone()).collect();
    match wires.len() {
        0 | 1 => wires
            .first()
            .filter(|w| w.0 > 1)
            .map(|(n, w)| format!("The net {w} is computed once and read in {n} places.")),
        2 => Some(format!(
            "The internal nets {} carry the intermediate results.",
            list(&names, "and")
        )),
        n => Some(pick.of(vec![
            format!(
                "{} carry intermediate results, {} among them.",
                capital(&count(n, "internal net")),
                list(&names, "and")
            ),
            format!(
                "Intermediate results go over {}, among them {}.",
                count(n, "named net"),
                list(&names, "and")
            ),
        ])),
    }
}

/// How many assignments, processes and instances read the name.
fn readers(m: &ModuleFacts, name: &str) -> usize {
    let assigns = m.assigns.iter().filter(|a| names_of(&a.value).contains(name)).count();
    let processes = m.processes.iter().filter(|p| p.body.reads().contains(name)).count();
    let connected = |i: &&Instance| {
        i.connections
            .iter()
            .any(|(_, e)| parse(e).is_some_and(|e| names_of(&e).contains(name)))
    };
    assigns + processes + m.instances.iter().filter(connected).count()
}

fn reset(m: &ModuleFacts, pick: &mut Pick) -> Option<String> {
    let r = m.processes.iter().find_map(|p| m.reset(p))?;
    let level = if r.active_high { "high" } else { "low" };
    Some(if r.asynchronous {
        pick.of(vec![
            format!("Since {} acts asynchronously, it stands in the event list beside the clock and is tested first (active {level}).", tick(&r.signal)),
            format!("{} (active {level}) is asynchronous, hence its edge in the sensitivity list.", tick(&r.signal)),
        ])
    } else {
        pick.of(vec![
            format!(
                "{} is sampled on the clock edge and has priority over everything else in its block.",
                tick(&r.signal)
            ),
            format!(
                "The reset {} is synchronous: tested inside the clocked block, active {level}.",
                tick(&r.signal)
            ),
        ])
    })
}

fn outputs(m: &ModuleFacts, pick: &mut Pick) -> Option<String> {
    let outs: Vec<&PortFact> = m.outputs().collect();
    let registered: Vec<String> = outs
        .iter()
        .filter(|p| m.is_register(&p.name))
        .map(|p| tick(&p.name))
        .collect();
    let delay = outs.iter().filter_map(|p| latency(m, &p.name)).max().filter(|l| *l > 1);
    if let Some(l) = delay {
        return Some(format!(
            "From input to output it takes up to {}.",
            count(l as usize, "clock cycle")
        ));
    }
    match (registered.len(), outs.len()) {
        (0, _) if clocked(m) > 0 => Some(pick.of(vec![
                "The outputs are combinational functions of state and inputs, so they need no registers of their own."
                    .into(),
                "No output is registered itself; each follows from the state by plain assignments.".to_string(),
            ])),
        (0, _) | (_, 0) => None,
        (r, n) if r == n && n > 1 => Some("All outputs come straight from registers.".into()),
        (1..=4, _) => Some(format!(
            "{} {} straight from {}.",
            list(&registered, "and"),
            if registered.len() == 1 { "comes" } else { "come" },
            if registered.len() == 1 {
                "a register"
            } else {
                "registers"
            }
        )),
        _ => None,
    }
}

fn configuration(m: &ModuleFacts, pick: &mut Pick) -> Option<String> {
    let mentions = |range: &str, name: &str| {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        range.split(|c: char| !word(c)).any(|w| w == name)
    };
    let ports = |p: &Param| {
        let own = |x: &&PortFact| x.range.as_ref().is_some_and(|r| mentions(r, &p.name));
        m.ports.iter().filter(own).map(|x| tick(&x.name)).collect::<Vec<_>>()
    };
    let sizing: Vec<&Param> = m.params.iter().filter(|p| !ports(p).is_empty()).collect();
    let sized: Vec<String> = sizing.iter().map(|p| tick(&p.name)).collect();
    match sized.len() {
        0 => None,
        1 => {
            let of = ports(sizing[0]);
            let of = match of.len() {
                1..=3 => list(&of, "and"),
                n => format!("{} and {}", of[0], count(n - 1, "other port")),
            };
            Some(pick.of(vec![
                format!("{} sets the width of {of}.", sized[0]),
                format!("The width of {of} follows from {}.", sized[0]),
            ]))
        }
        _ => Some(format!("{} set the widths of the ports.", list(&sized, "and"))),
    }
}

/// The interface as metadata: `{"module", "ports": [{"name", "direction", "width", …}]}`.
pub fn interface(name: &str, ports: &[Port]) -> Value {
    json!({ "module": name, "ports": ports })
}

/// How hard a direct task is, 1..=5, by the size and structure of the module.
pub fn direct_difficulty(m: &ModuleFacts) -> u8 {
    let s = shape(m);
    let size = match m.code_lines {
        0..=20 => 0,
        21..=60 => 1,
        61..=140 => 2,
        _ => 3,
    };
    let structure =
        u32::from(!s.machines.is_empty()) + u32::from(s.clocks.len() > 1) + u32::from(!s.memories.is_empty());
    (1 + size + structure).min(5) as u8
}
