//! Faults of time and control: edges, sensitivity, blocking, reset, states, latches.

use super::latch::{latch, without_comments};
use super::order::{blocking, nonblocking};
use super::{Case, Told};
use crate::domains::verilog::text::english::{list, tick};
use crate::domains::verilog::text::facts::polarity as polarity_of;
use crate::domains::verilog::text::wording::{Pick, capital};
use crate::domains::verilog::types::PortRole;

/// Always something.
pub fn told(fault: String, effect: String, cure: String) -> Option<Told> {
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
        "reset_polarity" if reset_signal(c).is_some() => polarity(c, pick),
        "register_not_reset" => not_reset(c, pick),
        "transition_dropped" => transition_dropped(c, pick),
        "default_assignment_dropped" | "else_dropped" | "default_case_dropped" => latch(c, pick),
        _ => None,
    }
}

/// "Line 41", to start a sentence.
pub fn big(c: &Case) -> String {
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
            format!("{t} therefore change{} at the other edge: between the two edges the value is an update ahead or behind.", plural(c)),
            format!("The update of {t} happens on the other edge of the clock, so whoever looks between the edges sees the wrong generation of data."),
            format!("{t} should be stable from one `{right}` to the next, and change{} in between.", plural(c)),
            format!("What is sampled is the input at the `{wrong}`, and not what stood there at the `{right}`."),
        ])
    } else {
        pick.of(vec![
            format!("The block then runs when `{event}` changes the other way, not at the moment when it should act."),
            format!("When `{event}` becomes active nothing happens at once; the block wakes when it is released."),
        ])
    };
    told(fault, effect, fix(c, &format!("`{right} {event}`"), pick))
}

/// The ending of a verb whose subject is the targets.
pub fn plural(c: &Case) -> &'static str {
    if c.plural() { "" } else { "s" }
}

/// The repair in a sentence: `what` belongs on the line.
pub fn fix(c: &Case, what: &str, pick: &mut Pick) -> String {
    let line = c.line();
    pick.of(vec![
        format!("The repair: {what} on {line}."),
        format!("Use {what} there."),
        format!("With {what} on {line} the block works as intended."),
        format!("I restored {what}."),
        format!("{} is what {line} needs.", capital(what)),
    ])
}

fn edge_dropped(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, big, t) = (c.line(), big(c), c.targets());
    let edge = c.mutation.original.trim();
    let fault = pick.of(vec![
        format!("The event list on {line} lacks its `{edge}`."),
        format!("{big} is sensitive to any change of the clock, since no edge is named."),
        format!("Without `{edge}` the block on {line} wakes on both edges."),
    ]);
    let effect = pick.of(vec![
        format!(
            "{t} {} updated twice per clock period.",
            if c.plural() { "are" } else { "is" }
        ),
        "Each clock period brings two updates where there should be one.".to_string(),
        format!("The block also runs at the other edge and updates {t} a second time."),
        format!(
            "The {} edge now does what only the other one may do.",
            if edge == "posedge" { "falling" } else { "rising" }
        ),
    ]);
    told(fault, effect, fix(c, &format!("`{edge}`"), pick))
}

fn both_edges(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (line, t) = (c.line(), c.targets());
    let fault = pick.of(vec![
        format!("The block on {line} runs on both edges of its clock: {}.", c.now()),
        format!("{} lists the rising and the falling edge of the same clock.", big(c)),
        format!("The event list on {line} names the same clock twice, with either edge."),
        format!("{} wakes its block on each change of the clock: {}.", big(c), c.now()),
    ]);
    let effect = pick.of(vec![
        format!(
            "{t} {} updated twice per period, and no ordinary flip-flop has two active edges.",
            c.be()
        ),
        format!("Every clock period brings two updates. Besides, there is no plain register with two active edges to map {t} to."),
        format!("The other edge updates {t} once more; a block like this does not describe flip-flops either."),
        "What should happen once per clock happens at the rising and at the falling edge.".to_string(),
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
        // The text and not the statements: loops are not among those.
        let mut read = words(&without_comments(c.original.get(p.span.0..p.span.1).unwrap_or("")));
        read.sort();
        read.dedup();
        let variable = |r: &String| {
            let signal = c.m.signals.get(r);
            (c.m.port(r).is_some() || signal.is_some()) && signal.is_none_or(|s| !s.odd && s.memory.is_none())
        };
        read.retain(|r| variable(r) && !now.contains(r) && !assigned.contains(r));
        return read;
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
            format!("A change of a signal that is not listed does not reach {t}."),
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
        format!("The block on {line} does not react to `{event}`."),
        format!(
            "{} waits for the clock alone; `{event}` has to be listed beside it.",
            big(c)
        ),
    ]);
    let effect = pick.of(vec![
        format!(
            "That makes the reset of {t} synchronous: it waits for the next clock edge, where it should act at once."
        ),
        format!("A reset between two clock edges therefore leaves {t} unchanged until the clock arrives."),
    ]);
    told(fault, effect, fix(c, &format!("`{event}` in the event list"), pick))
}

/// The reset that a changed condition tests; parameters and stages of start-up are none.
fn reset_signal(c: &Case) -> Option<String> {
    let (was, _) = c.place.exprs.as_ref()?;
    let (signal, _) = polarity_of(was)?;
    let role = c.m.port(signal).map(|p| p.role);
    let process = c.place.process.and_then(|i| c.m.processes.get(i));
    let own = process.and_then(|p| c.m.reset(p)).is_some_and(|r| r.signal == signal);
    let lower = signal.to_ascii_lowercase();
    let named = !c.m.is_constant(signal) && (lower.contains("rst") || lower.contains("reset"));
    (own || named || matches!(role, Some(PortRole::ResetHigh | PortRole::ResetLow))).then(|| signal.to_string())
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
