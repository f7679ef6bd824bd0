//! From the log to the line: what was seen, and how the fault gets there.

use super::english::{list, tick};
use super::eval::{eval, logged};
use super::expr::names;
use super::facts::{ModuleFacts, Trigger};
use super::place::{Place, Site};
use super::trace::path;
use super::wording::Pick;
use crate::domains::verilog::types::Mismatch;
use std::collections::{BTreeMap, BTreeSet};

/// What the simulation showed.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// In the order of the log.
    pub mismatches: &'a [Mismatch],
    /// Inputs when the first mismatch was sampled: (name, literal).
    pub inputs: &'a [(String, String)],
    /// Cycles simulated in all.
    pub cycles: u32,
}

/// The first mismatch as a sentence.
pub fn first(seen: &Seen, pick: &mut Pick) -> String {
    let Some(x) = seen.mismatches.first() else {
        return String::new();
    };
    let (s, n, e, g) = (tick(&x.signal), x.cycle, tick(&x.expected), tick(&x.got));
    pick.of(vec![
        format!("The first thing to go wrong is {s}: at cycle {n} it is {g} and should be {e}."),
        format!("In cycle {n}, {s} shows {g}; {e} was expected."),
        format!("{s} is {g} at cycle {n}, where {e} is right."),
        format!("The log starts to differ at cycle {n}, with {s} at {g} and not at {e}."),
        format!("Up to cycle {n} nothing differs; there {s} reads {g} and {e} is called for."),
        format!("What we see first: {s} = {g} in cycle {n} (wanted: {e})."),
        format!("Cycle {n} is the first bad one. {s} should have been {e} and came out as {g}."),
        format!("Start from the earliest symptom, cycle {n}: {s} has the value {g}, expected {e}."),
        format!("{s} leaves the expected trace at cycle {n}, giving {g} for {e}."),
        format!("According to the simulation, {s} fails first (cycle {n}: {g} instead of {e})."),
    ])
    .replace("Up to cycle 0 nothing differs; there", "Already at cycle 0")
}

/// What an X in the log says, where the change is one that leaves a register without its reset.
pub fn unknown(seen: &Seen, operator: &str, pick: &mut Pick) -> Option<String> {
    let x = seen.mismatches.first().filter(|x| x.got.contains(['x', 'X']))?;
    ["reset_polarity", "register_not_reset"].contains(&operator).then(|| {
        pick.of(vec![
            format!(
                "The {} in the log is the mark of a register that no reset has reached yet.",
                tick(&x.got)
            ),
            format!("{} means that nothing has given it a value so far.", tick(&x.got)),
            "An X like this one comes from state that was never initialised.".to_string(),
        ])
    })
}

/// Other outputs that the shown log names.
pub fn others(seen: &Seen, pick: &mut Pick) -> Option<String> {
    let first = &seen.mismatches.first()?.signal;
    let mut named = BTreeSet::new();
    let rest: Vec<&Mismatch> = seen
        .mismatches
        .iter()
        .filter(|x| x.signal != *first && named.insert(&x.signal))
        .collect();
    let (one, many) = (rest.first()?, rest.len());
    Some(match many {
        1 => pick
            .of(vec![
                format!(
                    "{} goes wrong too, from cycle {} on the log.",
                    tick(&one.signal),
                    one.cycle
                ),
                format!("The log also lists {} (cycle {}).", tick(&one.signal), one.cycle),
            ])
            .replace(" on the log", " in the log"),
        2..=4 => {
            let all: Vec<String> = rest.iter().map(|x| tick(&x.signal)).collect();
            pick.of(vec![
                format!("{} are affected as well.", list(&all, "and")),
                format!("The same log has mismatches on {}.", list(&all, "and")),
            ])
        }
        n => format!("{n} more outputs differ."),
    })
}

/// Whether the change itself drives the signal, or how it gets there: a chain of names, subject first.
pub fn way(m: &ModuleFacts, place: &Place, signal: &str) -> Option<Vec<String>> {
    if place.targets.iter().any(|t| t == signal) {
        return Some(vec![signal.to_string()]);
    }
    let ways = place.targets.iter().filter_map(|t| path(m, t, signal));
    ways.min_by_key(|w| w.len())
}

/// How the changed line and the failing output hang together; `None` where that is not known.
pub fn link(m: &ModuleFacts, place: &Place, signal: &str, pick: &mut Pick) -> Option<String> {
    let way = way(m, place, signal)?;
    let line = format!("line {}", place.line);
    let s = tick(signal);
    if place.gone {
        // The line itself is no longer there: only its surroundings can be pointed at.
        let chain: Vec<String> = way.iter().map(|n| tick(n)).collect();
        return Some(match &way[..] {
            [_] => pick.of(vec![
                format!("The code that takes care of {s} is around {line}."),
                format!("{s} is dealt with near {line}."),
            ]),
            _ => pick.of(vec![
                format!("{s} depends on {}, which is dealt with around {line}.", chain[0]),
                format!("The chain is {}; look for its start near {line}.", chain.join(" → ")),
            ]),
        });
    }
    match &way[..] {
        [_] => Some(match place.site {
            Site::Condition | Site::Label => pick.of(vec![
                format!("{s} is updated under the condition on {line}."),
                format!("What happens to {s} is decided on {line}."),
                format!("The branch that sets {s} hangs on {line}."),
            ]),
            Site::Sensitivity => pick.of(vec![
                format!("{s} is assigned in the block that starts on {line}."),
                format!("The block headed by {line} is the one that drives {s}."),
            ]),
            Site::Declaration => pick.of(vec![
                format!("{s} is declared on {line}."),
                format!("Its declaration is on {line}."),
            ]),
            _ => pick.of(vec![
                format!("{s} gets its value on {line}."),
                format!("The statement behind {s} is on {line}."),
                format!("That output is driven from {line}."),
                format!("On {line} we find the assignment to {s}."),
            ]),
        }),
        [from, between @ .., _] => {
            let registers: Vec<String> = between
                .iter()
                .filter(|n| m.is_plain_register(n))
                .map(|n| tick(n))
                .collect();
            let chain: Vec<String> = way.iter().map(|n| tick(n)).collect();
            let from = tick(from);
            let text = match between {
                [] => pick.of(vec![
                    format!("{s} is computed from {from}, which {line} controls."),
                    format!("One of the sources of {s} is {from}, and {from} is set around {line}."),
                    format!("{from} feeds {s}, so the search goes on at {line}, where {from} gets its value."),
                    format!("Going back from {s} one arrives at {from} and {line}."),
                ]),
                _ => pick.of(vec![
                    format!("The way from {line} to that output is {}.", chain.join(" → ")),
                    format!(
                        "Traced back, {s} depends on {from} through {}; {from} is set around {line}.",
                        list(&chain[1..chain.len() - 1], "and")
                    ),
                    format!(
                        "{from} reaches {s} by {}, and {line} is where {from} is decided.",
                        list(&chain[1..chain.len() - 1], "then")
                    ),
                    format!(
                        "Follow the data: {}. The head of this chain is on {line}.",
                        chain.join(" → ")
                    ),
                ]),
            };
            let late = match registers.len() {
                1 if pick.chance(60) => format!(
                    " ({} is a register, so the effect goes on at a clock edge only.)",
                    registers[0]
                ),
                _ => String::new(),
            };
            Some(text + &late)
        }
        [] => None,
    }
}

/// "With `a=1` and `b=0` at that moment, the written expression gives 0, the right one 1": only where evaluating both on
/// the logged inputs gives exactly what the log shows.
pub fn evaluated(m: &ModuleFacts, place: &Place, seen: &Seen, pick: &mut Pick) -> Option<String> {
    let x = seen.mismatches.first()?;
    let (was, now) = place.exprs.as_ref()?;
    let combinational = place
        .process
        .and_then(|i| m.processes.get(i))
        .is_none_or(|p| p.trigger == Trigger::Levels(None));
    if place.site != Site::Value
        || place.targets != [x.signal.clone()]
        || !combinational
        || !m.processes_of(&x.signal).is_empty()
    {
        return None;
    }
    let inputs: BTreeMap<String, u128> = seen
        .inputs
        .iter()
        .filter_map(|(n, v)| Some((n.clone(), logged(v)?)))
        .collect();
    let (want, got) = (logged(&x.expected)?, logged(&x.got)?);
    let (a, b) = (eval(was, &inputs, m)?.0, eval(now, &inputs, m)?.0);
    if u128::from(a) != want || u128::from(b) != got {
        return None;
    }
    let mut read = names(was);
    read.extend(names(now));
    let shown: Vec<String> = seen
        .inputs
        .iter()
        .filter(|(n, _)| read.contains(n))
        .map(|(n, v)| format!("`{n}={v}`"))
        .collect();
    if shown.is_empty() || shown.len() > 6 {
        return None;
    }
    let with = list(&shown, "and");
    let (got, want) = (tick(&x.got), tick(&x.expected));
    Some(pick.of(vec![
        format!("With {with}, as logged, the expression on that line evaluates to {got}; the correct one gives {want}."),
        format!("Put in the logged inputs ({with}): the line yields {got}, just as the simulator printed."),
        format!("The inputs at that moment are {with}. Working the line out by hand gives {got}, where the intended function gives {want}."),
        format!("Check it on the failing sample, {with}: the result is {got}, and it has to be {want}."),
        format!("For {with} this is {got}, matching the log, whereas {want} is right."),
    ]))
}

/// The inputs that the changed expression reads, as logged.
pub fn inputs(place: &Place, seen: &Seen, pick: &mut Pick) -> Option<String> {
    let (was, now) = place.exprs.as_ref()?;
    let mut read = names(was);
    read.extend(names(now));
    let shown: Vec<String> = seen
        .inputs
        .iter()
        .filter(|(n, _)| read.contains(n))
        .take(5)
        .map(|(n, v)| format!("`{n}={v}`"))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let with = list(&shown, "and");
    Some(pick.of(vec![
        format!("The log has {with} at that point."),
        format!("At the time of the mismatch {with}."),
        format!("Relevant inputs then: {with}."),
    ]))
}

/// The repaired line seen from the symptom.
pub fn cured(seen: &Seen, pick: &mut Pick) -> String {
    let Some(x) = seen.mismatches.first() else {
        return String::new();
    };
    let (s, n, e) = (tick(&x.signal), x.cycle, tick(&x.expected));
    pick.of(vec![
        format!("{s} is then {e} at cycle {n}, as it should be."),
        format!("That gives {e} on {s} in cycle {n}."),
        format!("After that, {s} matches at cycle {n} ({e})."),
        format!("The mismatch at cycle {n} disappears with it, since {s} now takes {e}."),
        format!("Cycle {n} then shows {s} = {e}, and all {} cycles agree.", seen.cycles),
        format!(
            "With this, {s} follows the expected trace through all {} cycles.",
            seen.cycles
        ),
        String::new(),
    ])
}
