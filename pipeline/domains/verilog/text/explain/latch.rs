//! Faults that leave a gap in combinational code: a default, an `else` or an item is gone.

use super::flow::{plural, told};
use super::{Case, Told};
use crate::domains::verilog::syntax::{Piece, scan};
use crate::domains::verilog::text::english::tick;
use crate::domains::verilog::text::wording::Pick;

/// The text with its comments blanked.
pub fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    for piece in scan(text) {
        if let Piece::Comment(r) = piece {
            plain.push_str(&text[at..r.start]);
            plain.push(' ');
            at = r.end;
        }
    }
    plain.push_str(&text[at..]);
    plain
}

/// A branch or a default is gone where a loop or a task may assign as well: what the statement itself leaves open.
fn gap(c: &Case, pick: &mut Pick) -> Option<Told> {
    let (near, t) = (format!("line {}", c.place.line), c.targets());
    let text = without_comments(&c.mutation.original);
    let was = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let left = was.split('=').next().unwrap_or("").trim_end_matches('<').trim();
    let name = left.split(['[', ' ']).next().unwrap_or("");
    let word = !name.is_empty() && name.chars().all(|ch| ch.is_alphanumeric() || ch == '_');
    let (fault, effect) = match c.mutation.operator.as_str() {
        "default_assignment_dropped" if word => {
            let n = tick(name);
            (
                pick.of(vec![
                    format!("{n} has no default assignment in the block: one is missing at {near}."),
                    format!("Around {near} the block gives its signals their default values, and {n} is left out."),
                ]),
                pick.of(vec![
                    format!("Where no other statement of the block assigns {n}, it keeps its old value, and that makes it a latch."),
                    format!("{n} is then assigned in some cases only, and remembers its last value in the others."),
                ]),
            )
        }
        "default_assignment_dropped" => return None,
        "else_dropped" => (
            format!("The `if` before {near} has no `else`."),
            format!("When its condition fails, this `if` leaves {t} as it is, where a value has to be assigned."),
        ),
        _ => (
            format!("The `case` statement lacks its `default` item at {near}."),
            format!("For a value without an item of its own it leaves {t} as it is."),
        ),
    };
    let was = tick(&was);
    told(
        fault,
        effect,
        pick.of(vec![
            format!("The missing text is {was}."),
            format!("It takes {was} there."),
            format!("I restored {was}."),
        ]),
    )
}

/// Tells a gap in combinational code.
pub fn latch(c: &Case, pick: &mut Pick) -> Option<Told> {
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
        return gap(c, pick);
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
    let was = missing(c, what);
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

/// What was taken away, quoted where it is short.
fn missing(c: &Case, what: &str) -> String {
    let text = without_comments(&c.mutation.original);
    let was = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if was.len() <= 80 {
        tick(was.trim())
    } else {
        format!("the {what}")
    }
}

/// A branch is gone, and an assignment above it fills the gap with its own value.
fn covered(c: &Case, what: &str, pick: &mut Pick) -> Option<Told> {
    let (t, near) = (c.targets(), format!("line {}", c.place.line));
    let was = missing(c, what);
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
