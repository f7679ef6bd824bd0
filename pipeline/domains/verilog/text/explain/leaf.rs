//! Faults of one leaf of an expression: another constant or another name stands in its place.

use super::value::{capital_line, cure};
use super::{Case, Told};
use crate::domains::verilog::text::english::tick;
use crate::domains::verilog::text::expr::{names, number_value, number_width};
use crate::domains::verilog::text::place::Site;
use crate::domains::verilog::text::wording::{Pick, count};

/// A number in the place of another.
pub fn constant(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let (r, w) = (tick(right), tick(wrong));
    if c.mutation.operator == "replication_count" {
        return Told {
            fault: pick.of(vec![
                format!("The replication count on {line} is {w}; it has to be {r}."),
                format!("With a count of {w} the replication on {line} is too short; {r} is needed."),
            ]),
            effect: pick.of(vec![
                "The result is too narrow, and there is nothing in it for the bits above.".into(),
                format!("It yields too few bits, so not all that goes into {t} is covered by it."),
            ]),
            cure: cure(c, &format!("a count of {r}"), pick),
        };
    }
    let widths = (number_width(right), number_width(wrong));
    if let (Some(a), Some(b)) = widths
        && a != b
    {
        let fault = pick.of(vec![
            format!(
                "The literal {w} on {line} is {} wide and needs {}: {r}.",
                count(b as usize, "bit"),
                count(a as usize, "bit")
            ),
            format!("{big} sizes its constant as {w}, where {r} is needed."),
            format!("There is a width error in the constant {w} on {line}; it has to be {r}."),
        ]);
        let effect = match c.mutation.operator.as_str() {
            "truncated_literal" => truncated(right, b, &w, &r, pick),
            _ => pick.of(vec![
                format!("In a concatenation the sizes of the parts decide the positions, so everything above it in {t} shifts down by {}.", a.abs_diff(b)),
                format!("The concatenation becomes narrower by {}, and the parts to the left of the literal land in the wrong positions.", a.abs_diff(b)),
            ]),
        };
        return Told {
            fault,
            effect,
            cure: cure(c, &r, pick),
        };
    }
    let fault = pick.of(vec![
        format!("The constant on {line} is {w}, and it should be {r}."),
        format!("{big} works with {w} where the right value is {r}."),
        format!("{w} in {line} is not the right number: {r} is."),
        format!("On {line} stands the constant {w}; {r} belongs there."),
        format!("The value {w} used for {t} on {line} is wrong; {r} is required."),
    ]);
    let effect = match (&c.place.site, c.mutation.operator.as_str()) {
        (_, "wrong_reset_value") => pick.of(vec![
            format!("{t} therefore leaves reset with the wrong contents."),
            format!("Every reset puts {t} into a state that it should not start from."),
            format!("The first value of {t} after a reset is off, and whatever is computed from it follows."),
        ]),
        (_, "wrong_increment") if own(c) => pick.of(vec![
            format!("Each update moves {t} by the wrong amount."),
            format!("The step of {t} is wrong from the first update on."),
        ]),
        (_, "wrong_increment") => format!("The result for {t} is off by the difference of the two."),
        (Site::Label, _) => format!("The item is chosen for {w} and not for {r}."),
        (_, "constant_off_by_one") => pick.of(vec![
            "The comparison is made against the neighbouring value.".into(),
            format!("A comparison with {w} and one with {r} give different answers, and {r} is meant."),
        ]),
        _ => String::new(),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &r, pick),
    }
}

/// What is left of a number in a literal that is too small for it.
fn truncated(right: &str, width: u32, w: &str, r: &str, pick: &mut Pick) -> String {
    let kept = number_value(right)
        .filter(|_| width < 128)
        .map(|v| (v, v % (1u128 << width)));
    match kept {
        Some((all, part)) if all != part => pick.of(vec![
            format!("A sized literal loses the bits that do not fit: {w} is {part}, and {all} is meant."),
            format!(
                "In {} the number {all} does not fit; what Verilog keeps of it is {part}.",
                count(width as usize, "bit")
            ),
        ]),
        _ => format!("A sized literal loses the bits that do not fit, so {w} need not have the value of {r}."),
    }
}

/// Whether the changed expression reads what it assigns.
fn own(c: &Case) -> bool {
    let read = c.place.exprs.as_ref().map(|(was, _)| names(was)).unwrap_or_default();
    c.place.targets.iter().any(|t| read.contains(t))
}

/// A constant by name in the place of another.
fn named_constant(c: &Case, r: &str, w: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let fault = pick.of(vec![
        format!("{big} uses the constant {w} where {r} belongs."),
        format!("On {line} stands {w}; the value that is needed there is {r}."),
        format!("{w} on {line} has to be {r}."),
    ]);
    let effect = match c.mutation.operator.as_str() {
        "wrong_reset_state" => pick.of(vec![
            format!("{t} therefore leaves reset in {w} and not in {r}, and the machine starts from the wrong state."),
            format!("A reset puts the machine into {w}; it has to start from {r}."),
        ]),
        _ => format!("{t} {} computed with the wrong value.", c.be()),
    };
    Told {
        fault,
        effect,
        cure: cure(c, r, pick),
    }
}

/// A name in the place of another.
pub fn name(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let (r, w) = (tick(right), tick(wrong));
    if c.mutation.operator == "wrong_next_state" {
        let fault = pick.of(vec![
            format!("The transition on {line} goes to {w}; its destination is {r}."),
            format!("{big} sends {t} to {w} where the machine has to enter {r}."),
            format!("On {line} the next state is {w}, but {r} comes next at this point."),
        ]);
        let effect = pick.of(vec![
            format!("Once this transition is taken, the machine is in the wrong state and everything decoded from {t} is off."),
            format!("From there on the sequence of states no longer matches, and the actions of {r} are left out."),
        ]);
        return Told {
            fault,
            effect,
            cure: cure(c, &format!("{r} as the next state"), pick),
        };
    }
    if c.m.is_constant(right) && c.m.is_constant(wrong) {
        return named_constant(c, &r, &w, pick);
    }
    let fault = pick.of(vec![
        format!("{big} reads {w} where {r} belongs."),
        format!("The wrong signal is used on {line}: {w} in the place of {r}."),
        format!("{w} on {line} should be {r}; the two names are easily mixed up."),
        format!("On {line}, {t} {} computed from {w} where {r} is meant.", c.be()),
        format!("A mix-up of names sits on {line}. It says {w} and means {r}."),
    ]);
    let what = c
        .speaker
        .behaviour(right)
        .and_then(|b| b.sentence)
        .filter(|s| s.len() < 90);
    let other = c
        .speaker
        .behaviour(wrong)
        .and_then(|b| b.sentence)
        .filter(|s| s.len() < 90);
    let effect = match (what, other) {
        (Some(s), _) if pick.chance(60) => format!("What counts is {r}, which {s}."),
        (_, Some(s)) => format!("{w} {s}, which is not what {t} need{} here.", c.s()),
        (Some(s), _) => format!("What counts is {r}, which {s}."),
        _ => pick.of(vec![
            format!("As long as {w} and {r} agree nothing shows; the failure comes when they differ."),
            format!(
                "Where {w} and {r} differ, {t} go{} wrong.",
                if c.plural() { "" } else { "es" }
            ),
        ]),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &r, pick),
    }
}
