//! Faults of time and control: edges, sensitivity, blocking, reset, states, latches.

use super::{Case, Told};
use crate::domains::verilog::text::english::{list, tick};
use crate::domains::verilog::text::wording::Pick;

fn told(fault: String, effect: String, cure: String) -> Option<Told> {
    Some(Told { fault, effect, cure })
}

/// Tells a fault of this family, if it is one.
pub fn tell(c: &Case, pick: &mut Pick) -> Option<Told> {
    match c.mutation.operator.as_str() {
        "opposite_edge" => opposite_edge(c, pick),
        "edge_dropped" => edge_dropped(c, pick),
        "both_clock_edges" => both_edges(c, pick),
        "signal_missing" => signal_missing(c, pick),
        "asynchronous_reset_dropped" => asynchronous(c, pick),
        "blocking_in_clocked" | "blocking_read_elsewhere" => blocking(c, pick),
        "nonblocking_in_combinational" => nonblocking(c, pick),
        "reset_polarity" => polarity(c, pick),
        "register_not_reset" => not_reset(c, pick),
        "transition_dropped" => transition_dropped(c, pick),
        "default_assignment_dropped" | "else_dropped" | "default_case_dropped" => latch(c, pick),
        _ => None,
    }
}

fn big(c: &Case) -> String {
    format!("Line {}", c.place.line)
}

fn opposite_edge(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let (right, wrong) = (c.mutation.original.trim(), c.mutation.replacement.trim());
    let clock = c.clock().map(|k| k.1);
    // The edge changed may be that of an asynchronous reset.
    let event = c
        .place
        .now
        .split([' ', '(', ')', ','])
        .skip_while(|w| *w != wrong)
        .nth(1)
        .unwrap_or("")
        .to_string();
    let is_clock = clock.as_deref() == Some(&event);
    let fault = pick.of(vec![
        format!("The event list on {line} says `{wrong} {event}`; it has to be `{right} {event}`."),
        format!("{big} triggers on the wrong edge of `{event}`: `{wrong}` in the place of `{right}`."),
        format!("`{wrong} {event}` on {line} is the wrong edge."),
        format!(
            "The `always` block of {line} waits for the {} edge of `{event}`, and should wait for the other one.",
            if wrong == "posedge" { "rising" } else { "falling" }
        ),
    ]);
    let effect = if is_clock {
        pick.of(vec![
            format!("{t} therefore change{} half a clock period away from everything else, and between the two edges the old and the new value are on the wrong sides.", plural(c)),
            format!("The update of {t} happens on the other edge of the clock, so a sample taken between the edges sees the wrong generation of data."),
            "Values that should be stable between active edges change in the middle of the cycle.".to_string(),
        ])
    } else {
        pick.of(vec![
            format!("The block then runs when `{event}` changes the other way, not at the moment when it should act."),
            format!("When `{event}` becomes active nothing happens at once; the block wakes when it is released."),
        ])
    };
    told(fault, effect, fix(c, &format!("`{right} {event}`"), pick))
}

fn plural(c: &Case) -> &'static str {
    if c.plural() { "" } else { "s" }
}

fn fix(c: &Case, what: &str, pick: &mut Pick) -> String {
    let line = c.line();
    pick.of(vec![
        format!("The repair: {what} on {line}."),
        format!("Use {what} there."),
        format!("With {what} on {line} the block works as intended."),
        format!("I restored {what}."),
        format!("{what} is what {line} needs."),
    ])
}

fn edge_dropped(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let edge = c.mutation.original.trim();
    let fault = pick.of(vec![
        format!("The event list on {line} has lost its `{edge}`."),
        format!("{big} is sensitive to any change of the clock, since no edge is named."),
        format!("Without `{edge}` the block on {line} wakes on both edges."),
    ]);
    let effect = pick.of(vec![
        format!(
            "{t} {} updated twice per clock period.",
            if c.plural() { "are" } else { "is" }
        ),
        "Each clock period brings two updates where there should be one.".to_string(),
    ]);
    told(fault, effect, fix(c, &format!("`{edge}`"), pick))
}

fn both_edges(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, t) = (c.line(), c.targets());
    let fault = pick.of(vec![
        format!("The block on {line} runs on both edges of its clock: {}.", c.now()),
        format!("{} lists the rising and the falling edge of the same clock.", big(c)),
    ]);
    let effect = pick.of(vec![
        format!(
            "{t} {} updated twice per period, and no flip-flop does that: synthesis would refuse it as well.",
            if c.plural() { "are" } else { "is" }
        ),
        format!("State advances at twice the rate. Besides, there is no register with two active edges to map {t} to."),
    ]);
    told(fault, effect, fix(c, &c.was(), pick))
}

/// The signals that the old list has and the new one lacks.
fn missing_signals(c: &Case) -> Vec<String> {
    let words = |s: &str| {
        s.split(|ch: char| !(ch.is_alphanumeric() || ch == '_'))
            .map(str::to_string)
            .filter(|w| !w.is_empty() && w != "or")
            .collect::<Vec<_>>()
    };
    let now = words(&c.place.now);
    let was = words(&c.place.was);
    if was.is_empty() || c.place.was.contains('*') {
        let process = c.place.process.and_then(|i| c.m.processes.get(i));
        let Some(p) = process else { return Vec::new() };
        let assigned = p.body.assigned();
        let reads = p.body.reads();
        return reads
            .into_iter()
            .filter(|r| !now.contains(r) && !assigned.contains(r) && !c.m.is_constant(r) && !c.m.is_memory(r))
            .collect();
    }
    was.into_iter().filter(|w| !now.contains(w)).collect()
}

fn signal_missing(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let gone: Vec<String> = missing_signals(c).iter().map(|s| tick(s)).collect();
    if gone.is_empty() {
        let list = c.now();
        return told(
            format!("The event list {list} on {line} does not name every signal that the block reads."),
            format!("A change of a signal that is not listed leaves {t} as it was."),
            fix(c, "`@*`", pick),
        );
    }
    let g = list(&gone, "and");
    let verb = if gone.len() == 1 { "is" } else { "are" };
    let fault = pick.of(vec![
        format!("The sensitivity list on {line} is incomplete: {g} {verb} read in the block, but not listed."),
        format!("{big} does not wake on {g}."),
        format!("{g} {verb} missing from the event list of the combinational block on {line}."),
        format!(
            "The block that computes {t} reads {g}, yet its sensitivity list on {line} omits {}.",
            if gone.len() == 1 { "it" } else { "them" }
        ),
    ]);
    let effect = pick.of(vec![
        format!(
            "When only {g} change{}, the block is not evaluated and {t} keep{} an outdated value.",
            if gone.len() == 1 { "s" } else { "" },
            plural(c)
        ),
        format!(
            "In simulation {t} stay{} stale until some other input moves.",
            plural(c)
        ),
        format!("A change of {g} alone goes unnoticed, so what the simulator shows for {t} lags behind its inputs."),
    ]);
    let what = if c.place.was.contains('*') {
        "`@*`".to_string()
    } else {
        format!("{g} in the list")
    };
    told(fault, effect, fix(c, &what, pick))
}

fn asynchronous(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, t) = (c.line(), c.targets());
    let event = c.mutation.original.replace("or ", " ").replace(',', " ");
    let event = event.split_whitespace().collect::<Vec<_>>().join(" ");
    let fault = pick.of(vec![
        format!("`{event}` is missing from the event list on {line}."),
        format!("The block on {line} no longer reacts to `{event}`."),
        format!(
            "{} waits for the clock alone; `{event}` has to be listed beside it.",
            big(c)
        ),
    ]);
    let effect = pick.of(vec![
        format!(
            "The reset of {t} has become synchronous: it waits for the next clock edge, where it should act at once."
        ),
        format!("A reset between two clock edges therefore leaves {t} unchanged until the clock arrives."),
    ]);
    told(fault, effect, fix(c, &format!("`{event}` in the event list"), pick))
}

fn blocking(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let fault = pick.of(vec![
        format!("{big} assigns {t} with `=` inside a clocked block."),
        format!("The blocking assignment {} on {line} should be nonblocking.", c.now()),
        format!("{t} is a register, but {line} updates it with `=` and not with `<=`."),
    ]);
    let effect = if c.mutation.operator == "blocking_read_elsewhere" {
        pick.of(vec![
            format!("Another clocked block reads {t} at the same edge; whether it sees the old or the new value depends on the order in which the simulator runs the blocks."),
            format!("With `=` the new {t} is visible at once, so a block that runs later in the same time step reads it one clock too early."),
        ])
    } else {
        pick.of(vec![
            format!("The new value is visible at once, so statements after it in the same block use the new {t} where they must use the one from before the edge."),
            format!("Later reads of {t} in the block see this cycle's value and not the previous one: a register stage disappears."),
        ])
    };
    told(fault, effect, fix(c, "the nonblocking `<=`", pick))
}

fn nonblocking(c: &Case, pick: &mut Pick) -> Option<Told> {
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

fn polarity(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let (now, was) = (c.now(), c.was());
    let fault = pick.of(vec![
        format!("The reset test on {line} is {now}, which is the wrong polarity; it should be {was}."),
        format!("{big} resets on {now} where it has to reset on {was}."),
        format!("On {line} the sense of the reset is inverted: {now} for {was}."),
    ]);
    let effect = pick.of(vec![
        format!(
            "{t} {} held in reset during normal operation and released while the reset is active.",
            if c.plural() { "are" } else { "is" }
        ),
        format!(
            "In normal operation the reset branch wins, so {t} never get{} past the reset value{}.",
            plural(c),
            if c.plural() { "s" } else { "" }
        ),
        "Reset and operation have changed places.".to_string(),
    ]);
    told(fault, effect, fix(c, &was, pick))
}

fn not_reset(c: &Case, pick: &mut Pick) -> Option<Told> {
    let t = c.targets();
    let process = c.place.process.and_then(|i| c.m.processes.get(i));
    let reset = process
        .and_then(|p| c.m.reset(p))
        .map_or("the reset".to_string(), |r| tick(&r.signal));
    let was = tick(
        c.mutation
            .original
            .trim()
            .lines()
            .next()
            .unwrap_or("")
            .split("//")
            .next()
            .unwrap_or("")
            .trim(),
    );
    let near = format!("line {}", c.place.line);
    let fault = pick.of(vec![
        format!("{t} is not assigned in the reset branch (around {near})."),
        format!("The reset branch near {near} forgets {t}."),
        format!("While {reset} is active the other registers are initialised, {t} is not: there is no assignment to it around {near}."),
    ]);
    let effect = pick.of(vec![
        format!("It keeps whatever it held before, so a reset does not bring it to its defined state."),
        format!("A reset leaves the old contents of {t} in place."),
        format!("{t} comes out of reset with its previous value, and the behaviour after it depends on the past."),
    ]);
    told(
        fault,
        effect,
        pick.of(vec![
            format!("The reset branch needs {was}."),
            format!("I put {was} back among the reset assignments."),
            format!("Adding {was} to the reset branch gives {t} its defined start."),
        ]),
    )
}

fn transition_dropped(c: &Case, pick: &mut Pick) -> Option<Told> {
    let t = c.targets();
    let near = format!("line {}", c.place.line);
    let was = tick(c.mutation.original.trim().lines().next().unwrap_or("").trim());
    let fault = pick.of(vec![
        format!("A state change is missing around {near}: nothing assigns {t} there."),
        format!("Near {near} the block does its work but never moves {t} on."),
    ]);
    let effect = pick.of(vec![
        format!("{t} does not change there, and the machine does not move on as the description says."),
        "The step to the next state is left out.".to_string(),
    ]);
    told(
        fault,
        effect,
        pick.of(vec![
            format!("The missing statement is {was}."),
            format!("With {was} the machine moves on as described."),
        ]),
    )
}

fn latch(c: &Case, pick: &mut Pick) -> Option<Told> {
    let t = c.targets();
    let near = format!("line {}", c.place.line);
    let what = match c.mutation.operator.as_str() {
        "default_assignment_dropped" => "default assignment",
        "else_dropped" => "final `else`",
        _ => "`default` item",
    };
    // Loops and tasks may assign it too: then only the gap itself is certain.
    if c.broken
        .is_none_or(|b| c.place.targets.iter().any(|t| b.tainted.contains(t)))
    {
        return told(
            format!("The {what} for {t} is missing near {near}."),
            String::new(),
            format!(
                "{} has to be put back.",
                tick(&c.mutation.original.split_whitespace().collect::<Vec<_>>().join(" "))
            ),
        );
    }
    let still_total = c.broken.is_none_or(|b| {
        c.place
            .targets
            .iter()
            .all(|t| super::super::trace::always_assigned(b, t))
    });
    if still_total {
        return covered(c, what, pick);
    }
    let fault = pick.of(vec![
        format!("The combinational block at {near} has no {what}, so not every path through it assigns {t}."),
        format!(
            "There is a gap at {near}: without a {what}, {t} {} not given a value in every case.",
            if c.plural() { "are" } else { "is" }
        ),
        format!(
            "{t} {} left unassigned on some paths, since the {what} is missing at {near}.",
            if c.plural() { "are" } else { "is" }
        ),
    ]);
    let effect = pick.of(vec![
        format!(
            "On those paths {t} keep{} the previous value: a latch, where plain logic is wanted.",
            plural(c)
        ),
        format!(
            "What is not assigned is remembered. {t} become{} a latch and show{} an old value.",
            plural(c),
            plural(c)
        ),
    ]);
    let was = c.mutation.original.split_whitespace().collect::<Vec<_>>().join(" ");
    let was = if was.len() <= 80 {
        tick(was.trim())
    } else {
        format!("the {what}")
    };
    told(
        fault,
        effect,
        pick.of(vec![
            format!("Restoring {was} covers every path."),
            format!("With {was} in place the block is complete again."),
            format!("The cure is {was}, which assigns a value where nothing else does."),
        ]),
    )
}

/// A branch is gone, and an assignment above it fills the gap with its own value.
fn covered(c: &Case, what: &str, pick: &mut Pick) -> Option<Told> {
    let (t, near) = (c.targets(), format!("line {}", c.place.line));
    let was = c.mutation.original.split_whitespace().collect::<Vec<_>>().join(" ");
    let was = if was.len() <= 80 {
        tick(was.trim())
    } else {
        format!("the {what}")
    };
    told(
        pick.of(vec![
            format!("At {near} the {what} for {t} is missing."),
            format!("The {what} that should follow at {near} is not there, and {t} goes without it."),
        ]),
        format!(
            "In the cases that it covers, {t} take{} what some other assignment of the block gives.",
            plural(c)
        ),
        pick.of(vec![
            format!("It takes {was} to cover them."),
            format!("I restored {was}."),
        ]),
    )
}
