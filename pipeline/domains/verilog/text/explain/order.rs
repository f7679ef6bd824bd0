//! Faults of order: blocking and nonblocking assignments mistaken for each other.

use super::flow::{big, fix, told};
use super::{Case, Told};
use crate::domains::verilog::text::facts::{Process, Stmt};
use crate::domains::verilog::text::trace::sources;
use crate::domains::verilog::text::wording::Pick;
use crate::domains::verilog::types::PortRole;
use std::collections::BTreeSet;

/// `=` for `<=` under a clock.
pub fn blocking(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let fault = pick.of(vec![
        format!("{big} assigns {t} with `=` inside a clocked block."),
        format!("The blocking assignment {} on {line} should be nonblocking.", c.now()),
        format!("{t} is a register, but {line} updates it with `=` and not with `<=`."),
    ]);
    let effect = match reader(c) {
        Reader::Below => pick.of(vec![
            format!("The new value is visible at once, so statements after it in the same block use the new {t} where they must use the one from before the edge."),
            format!("Later reads of {t} in the block see this cycle's value and not the previous one: a register stage disappears."),
        ]),
        Reader::Elsewhere => pick.of(vec![
            format!("Another clocked block reads {t} at the same edge; whether it sees the old or the new value depends on the order in which the simulator runs the blocks."),
            format!("With `=` the new {t} is visible at once, so a block that runs later in the same time step reads it one clock too early."),
        ]),
        _ => pick.of(vec![
            format!("With `=` the new value is there before the other clocked blocks have run at this edge, and logic computed from {t} may hand it to them one clock too early."),
            format!("What is computed from {t} feeds other clocked blocks at the same edge, and the blocking update may overtake them: a race."),
        ]),
    };
    told(fault, effect, fix(c, "the nonblocking `<=`", pick))
}

/// Who reads a register that is wrongly updated at once.
#[derive(PartialEq)]
enum Reader {
    /// A statement that runs after it in the same block.
    Below,
    /// Another block on the same clock.
    Elsewhere,
    /// Another block on the same clock, through combinational logic.
    Through,
    Nobody,
}

fn reader(c: &Case) -> Reader {
    let (Some(i), Some(name)) = (c.place.process, c.target()) else {
        // The block cannot be read; with one clock and one edge the reader that was found elsewhere is on it as well.
        let clocks =
            c.m.ports
                .iter()
                .filter(|p| matches!(p.role, PortRole::Clock | PortRole::AuxClock));
        let clocks: Vec<&str> = clocks.map(|p| p.name.as_str()).collect();
        return match clocks[..] {
            [clock]
                if c.mutation.operator == "blocking_read_elsewhere"
                    && !c.original.contains(&format!("negedge {clock}")) =>
            {
                Reader::Elsewhere
            }
            _ => Reader::Nobody,
        };
    };
    let Some(own) = c.m.processes.get(i) else {
        return Reader::Nobody;
    };
    if read_below(&own.body, c.mutation.start, name) == Some(true) {
        return Reader::Below;
    }
    let clock = c.m.clock(own);
    // Where a macro stands in the event list, the whole list has to be the same.
    let same = |p: &Process| c.m.clock(p) == clock && (clock.is_some() || p.trigger == own.trigger);
    let others = c.m.processes.iter().enumerate();
    let others: Vec<_> = others.filter(|(n, p)| *n != i && same(p)).collect();
    if others.iter().any(|(_, p)| p.body.reads().contains(name)) {
        return Reader::Elsewhere;
    }
    let sources = sources(c.m);
    let mut todo: Vec<String> = others.iter().flat_map(|(_, p)| p.body.reads()).collect();
    let mut seen = BTreeSet::new();
    while let Some(n) = todo.pop() {
        if c.m.is_register(&n) || !seen.insert(n.clone()) {
            continue;
        }
        let from = sources.get(&n).into_iter().flatten();
        for s in from {
            if s == name {
                return Reader::Through;
            }
            todo.push(s.clone());
        }
    }
    Reader::Nobody
}

/// Whether the name is read by what runs after the assignment at this byte; `None` if it is not in this statement.
fn read_below(s: &Stmt, at: usize, name: &str) -> Option<bool> {
    match s {
        Stmt::Assign(a) => (a.span.0 <= at && at < a.span.1).then_some(false),
        Stmt::Block(v) => v.iter().enumerate().find_map(|(n, s)| {
            let below = read_below(s, at, name)?;
            Some(below || v[n + 1..].iter().any(|s| s.reads().contains(name)))
        }),
        Stmt::If(_, a, b) => read_below(a, at, name).or_else(|| read_below(b.as_deref()?, at, name)),
        Stmt::Case(k) => {
            let mut bodies = k.items.iter().map(|(_, s)| s).chain(k.default.as_deref());
            bodies.find_map(|s| read_below(s, at, name))
        }
        Stmt::Other(..) | Stmt::Nothing => None,
    }
}

/// A change whose harm no rule here can account for.
pub fn inexplicable(c: &Case) -> bool {
    matches!(
        c.mutation.operator.as_str(),
        "blocking_in_clocked" | "blocking_read_elsewhere"
    ) && reader(c) == Reader::Nobody
}

/// `<=` for `=` in combinational code.
pub fn nonblocking(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let fault = pick.of(vec![
        format!("{big} uses `<=` for {t} in a combinational block."),
        format!("The nonblocking assignment to {t} on {line} is out of place in combinational code."),
    ]);
    let effect = pick.of(vec![
        format!(
            "It takes effect only after the block has finished, so the statements below it still read the old {t}."
        ),
        format!("The rest of the block computes with the previous {t} and its results are one evaluation behind."),
    ]);
    told(fault, effect, fix(c, "the blocking `=`", pick))
}
