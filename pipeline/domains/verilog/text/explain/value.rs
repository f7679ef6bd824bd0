//! Faults inside an expression: operators, conditions, constants, names, selects, widths.

use super::operator::{operator, reduction};
use super::{Case, Told};
use crate::domains::verilog::text::difference::{Difference, difference};
use crate::domains::verilog::text::english::{condition, is_bit, sayable, tick};
use crate::domains::verilog::text::expr::{Expr, leaves, names, number_width, parse};
use crate::domains::verilog::text::place::Site;
use crate::domains::verilog::text::wording::Pick;

/// Tells the difference between the two expressions.
pub fn tell(c: &Case, pick: &mut Pick) -> Told {
    let found = c.place.exprs.as_ref().and_then(|(was, now)| difference(was, now));
    let Some(d) = found else { return plain(c, pick) };
    if c.place.site == Site::Left {
        return left(c, pick);
    }
    let mut told = match &d {
        Difference::Operator(l, right, wrong, r) => operator(c, (l, right, wrong, r), pick),
        Difference::Unary(right, wrong, arg) => reduction(c, right, wrong, arg, pick),
        Difference::Negated(e) => negated(c, e, pick),
        Difference::Unnegated(op, arg) => unnegated(c, op, arg, pick),
        Difference::Constant(right, wrong) => constant(c, right, wrong, pick),
        Difference::Name(right, wrong) => name(c, right, wrong, pick),
        Difference::Swapped(a, b) => swapped(c, a, b, pick),
        Difference::Branches(test, yes, no) => branches(c, test, yes, no, pick),
        Difference::Dropped(op, gone, left) => dropped(c, op, gone, left, pick),
        Difference::Replaced(right, wrong) => replaced(c, right, wrong, pick),
    };
    if let Some(words) = when_taken(c, pick)
        && (told.effect.is_empty() || pick.chance(60))
    {
        told.effect = if told.effect.is_empty() || pick.chance(40) {
            words
        } else {
            format!("{} {words}", told.effect)
        };
    }
    told
}

/// "As written, `q` changes when …; it must do so when …", for conditions that have words.
fn when_taken(c: &Case, pick: &mut Pick) -> Option<String> {
    let (was, now) = c.place.exprs.as_ref()?;
    let (was, now) = (c.speaker.open(was), c.speaker.open(now));
    let short = leaves(&was) <= 5 && leaves(&now) <= 5 && sayable(&was, c.m) && sayable(&now, c.m);
    if !short {
        return None;
    }
    let (w, n) = (condition(&was, c.m), condition(&now, c.m));
    let t = c.targets();
    match c.place.site {
        Site::Condition => Some(pick.of(vec![
            format!("As written the branch is entered when {n}; it belongs to the case that {w}."),
            format!("So the guarded code runs when {n}, although it is meant for when {w}."),
            format!("The branch for {t} should be taken when {w}, and is taken when {n}."),
            format!("In words: the code acts if {n}, while it should act if {w}."),
            format!(
                "{t} therefore follow{} this branch whenever {n}, not whenever {w}.",
                if c.plural() { "" } else { "s" }
            ),
        ])),
        Site::Value if c.place.targets.len() == 1 && c.m.is_bit(&c.place.targets[0]) && is_bit(&was, c.m) => {
            Some(pick.of(vec![
                format!("That makes {t} high when {n}; it has to be high when {w}."),
                format!("{t} is thus asserted whenever {n}, while the intent is: whenever {w}."),
                format!("Read out loud, {t} now means “{n}”, and it ought to mean “{w}”."),
                format!("As a result {t} is 1 when {n} instead of when {w}."),
            ]))
        }
        _ => None,
    }
}

/// The repair in a sentence: `what` belongs on the line.
pub fn cure(c: &Case, what: &str, pick: &mut Pick) -> String {
    let line = c.line();
    pick.of(vec![
        format!("The repair is {what} on {line}."),
        format!("The remedy: {what} there."),
        format!("I changed {line} to use {what}."),
        format!("Putting {what} there removes the fault."),
        format!("What {line} needs is {what}."),
        format!("{} must hold {what}.", capital_line(c)),
    ])
}

/// "Line 41", to start a sentence.
pub fn capital_line(c: &Case) -> String {
    format!("Line {}", c.place.line)
}

fn negated(c: &Case, e: &str, pick: &mut Pick) -> Told {
    let (line, big, e) = (c.line(), capital_line(c), tick(e));
    let fault = pick.of(vec![
        format!("{big} tests the negation of {e}."),
        format!("The `!` in front of {e} on {line} does not belong there."),
        format!("{e} is inverted on {line}, and should be used as it is."),
        format!("On {line} the sense of {e} is reversed."),
        format!("The condition of {line} has the wrong polarity: it is the complement of {e} that counts there now."),
    ]);
    let t = c.targets();
    let effect = match c.place.site {
        Site::Condition => pick.of(vec![
            format!("The branch that acts on {t} is skipped when it is due and taken when it is not."),
            format!("What should happen to {t} when {e} holds happens when it does not."),
            "Both branches have in effect changed places.".to_string(),
            format!(
                "So {t} {} handled the wrong way round in every case.",
                if c.plural() { "are" } else { "is" }
            ),
        ]),
        _ => pick.of(vec![
            format!("The choice made for {t} is the opposite of the intended one."),
            format!("Wherever {e} decides, {t} takes the alternative."),
            "The two alternatives have changed roles.".to_string(),
        ]),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &format!("the plain {e}"), pick),
    }
}

fn unnegated(c: &Case, op: &str, arg: &str, pick: &mut Pick) -> Told {
    let (line, big) = (c.line(), capital_line(c));
    let (bare, want) = (
        tick(arg),
        tick(&if arg.contains(' ') {
            format!("{op}({arg})")
        } else {
            format!("{op}{arg}")
        }),
    );
    let fault = pick.of(vec![
        format!("{big} uses {bare} without the `{op}` it needs."),
        format!("The inversion of {bare} is missing on {line}."),
        format!("On {line} {bare} enters with the wrong polarity: {want} is what belongs here."),
        format!("{bare} on {line} should read {want}."),
        format!("An operator was left out of {line}: it is the complement of {bare} that has to be used."),
    ]);
    let t = c.targets();
    let effect = match c.place.site {
        Site::Condition => pick.of(vec![
            format!(
                "The test succeeds for the wrong level of {bare}, and {t} {} served by the wrong branch.",
                if c.plural() { "are" } else { "is" }
            ),
            format!(
                "{t} therefore react{} to the opposite level of {bare}.",
                if c.plural() { "" } else { "s" }
            ),
        ]),
        _ => pick.of(vec![
            format!("{t} is computed from {bare} upside down."),
            format!("Its contribution to {t} is inverted."),
            format!("Every 0 that {bare} should contribute to {t} arrives as a 1, and the reverse."),
        ]),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &want, pick),
    }
}

fn constant(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let (r, w) = (tick(right), tick(wrong));
    let widths = (number_width(right), number_width(wrong));
    if let (Some(a), Some(b)) = widths
        && a != b
    {
        let fault = pick.of(vec![
            format!("The literal {w} on {line} is {b} bits wide and has to be {a}: {r}."),
            format!("{big} sizes its constant as {w}, where {r} is needed."),
            format!("There is a width error in the constant {w} on {line}; {a} bits are required."),
        ]);
        let effect = match c.mutation.operator.as_str() {
            "truncated_literal" => pick.of(vec![
                format!("A sized literal loses the bits that do not fit, so {w} does not have the value of {r}."),
                format!("{b} bits cannot hold the value, and Verilog silently cuts off its upper bits."),
            ]),
            _ => pick.of(vec![
                format!("In a concatenation the sizes of the parts decide the positions, so everything above it in {t} shifts down by {}.", a.abs_diff(b)),
                format!("The concatenation becomes {} bit narrower, and the parts to the left of the literal land in the wrong positions.", a.abs_diff(b)),
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
        format!("On {line}, {r} has become {w}."),
        format!("The value {w} used for {t} on {line} is wrong; {r} is required."),
    ]);
    let effect = match (&c.place.site, c.mutation.operator.as_str()) {
        (_, "wrong_reset_value") => pick.of(vec![
            format!("{t} therefore leaves reset with the wrong contents."),
            format!("Every reset puts {t} into a state that it should not start from."),
            format!("The first value of {t} after a reset is off, and whatever is computed from it follows."),
        ]),
        (_, "wrong_increment") => pick.of(vec![
            format!("Each update moves {t} by the wrong amount."),
            format!("The step of {t} is wrong from the first update on."),
        ]),
        (Site::Condition | Site::Label, _) => pick.of(vec![
            format!("The test is met at a different value, and {t} acts at the wrong moment."),
            format!("The comparison hits {w} and misses {r}."),
        ]),
        _ => String::new(),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &r, pick),
    }
}

fn name(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Told {
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
    let fault = pick.of(vec![
        format!("{big} reads {w} where {r} belongs."),
        format!("The wrong signal is used on {line}: {w} in the place of {r}."),
        format!("{w} on {line} should be {r}; the two names are easily mixed up."),
        format!("On {line}, {t} is computed from {w}, but it depends on {r}."),
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
        (Some(s), _) if pick.chance(60) => format!("{r} {s}; {w} is something else."),
        (_, Some(s)) => format!("{w} {s}, which is not what {t} needs here."),
        (Some(s), _) => format!("What counts is {r}, which {s}."),
        _ => pick.of(vec![
            format!("As long as {w} and {r} agree nothing shows; the failure comes when they differ."),
            format!("{t} follows a signal that has no business there, and goes wrong where {w} and {r} part."),
        ]),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &r, pick),
    }
}

fn swapped(c: &Case, a: &str, b: &str, pick: &mut Pick) -> Told {
    let (line, big) = (c.line(), capital_line(c));
    let fault = pick.of(vec![
        format!("The operands on {line} are in the wrong order: `{a}` has to come first, then `{b}`."),
        format!("{big} has `{a}` and `{b}` the wrong way round."),
        format!("On {line} `{b}` stands to the left of `{a}`, and the operation is not symmetric."),
    ]);
    let effect = format!("The result for {} is that of the exchanged operands.", c.targets());
    Told {
        fault,
        effect,
        cure: cure(c, &format!("{} with the operands exchanged back", c.was()), pick),
    }
}

fn branches(c: &Case, test: &str, yes: &str, no: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let (yes, no) = (tick(yes), tick(no));
    let test = parse(test)
        .filter(|e| sayable(e, c.m))
        .map_or(format!("`{test}` is true"), |e| condition(&c.speaker.open(&e), c.m));
    let fault = pick.of(vec![
        format!("The two alternatives of the `?:` on {line} are exchanged."),
        format!("{big} selects the wrong one of {yes} and {no}: when {test}, it must be {yes}."),
        format!("On {line} the choice is back to front; {yes} belongs to the case that {test}, {no} to the other."),
        format!("In {line} {yes} and {no} have traded places."),
    ]);
    let effect = pick.of(vec![
        format!("When {test}, {t} gets {no}, which is what it should get otherwise."),
        format!("So {t} carries {no} when {test}, and {yes} when not."),
        format!("Each case hands {t} the value meant for the other one."),
    ]);
    Told {
        fault,
        effect,
        cure: cure(c, &format!("{yes} before the colon and {no} after it"), pick),
    }
}

fn dropped(c: &Case, op: &str, gone: &str, left: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let g = tick(gone);
    if super::super::expr::number_value(gone).is_some() {
        return offset(c, op, gone, left, pick);
    }
    let fault = pick.of(vec![
        format!("{big} leaves out {g}."),
        format!("The term {g} is missing from the expression on {line}."),
        format!("What {line} computes lacks the operand {g} (joined by `{op}`)."),
        format!(
            "On {line} only `{left}` is left of `{}`.",
            super::super::expr::code(&rejoin(op, gone, left))
        ),
        format!("{t} should also take {g} into account; {line} does not."),
    ]);
    let remaining = c.place.exprs.as_ref().map(|(_, now)| names(now)).unwrap_or_default();
    let blind = parse(gone).map(|e| names(&e)).unwrap_or_default();
    let unseen = !blind.is_empty() && blind.is_disjoint(&remaining);
    let effect = match op {
        "&" | "|" | "^" if unseen && pick.chance(70) => pick.of(vec![
            format!("The expression no longer depends on {g}."),
            format!("{g} has lost all influence there."),
            format!("Whatever {g} is, the result stays the same."),
        ]),
        "&" | "|" if !bits(c) => pick.of(vec![
            format!("The bits of `{left}` go on unchanged where {g} should have its say in each of them."),
            format!("`{left}` passes as it is, bit for bit."),
        ]),
        "&&" | "&" => pick.of(vec![
            format!("Without it `{left}` alone decides, even when {g} is false."),
            format!("{g} no longer restrains it."),
            format!("A false {g} can no longer hold it back."),
        ]),
        "||" | "|" => pick.of(vec![
            format!("When {g} is the only reason, nothing happens."),
            format!("{g} alone can no longer bring it about."),
            format!("The contribution of {g} is lost."),
        ]),
        _ if unseen => format!("{t} is now independent of {g}."),
        _ => format!("The operation with {g} is not carried out."),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &format!("{g} back in the expression"), pick),
    }
}

/// A literal operand is gone: `x + 1` became `x`.
fn offset(c: &Case, op: &str, gone: &str, left: &str, pick: &mut Pick) -> Told {
    let (line, t) = (c.line(), c.targets());
    let (whole, rest) = (tick(&format!("{left} {op} {gone}")), tick(left));
    let effect = match op {
        "+" | "-" if c.target() == Some(left) => pick.of(vec![
            format!("{t} is not stepped at all and keeps repeating its old value."),
            format!("The assignment gives {t} what it already holds, so it stands still."),
        ]),
        "+" => format!("The value comes out too low by {}.", tick(gone)),
        "-" => format!("The value comes out too high by {}.", tick(gone)),
        _ => String::new(),
    };
    Told {
        fault: pick.of(vec![
            format!("The `{op} {gone}` is missing on {line}."),
            format!("{} uses {rest} where {whole} is needed.", capital_line(c)),
            format!("On {line} {rest} should be {whole}."),
        ]),
        effect,
        cure: cure(c, &whole, pick),
    }
}

/// Whether the changed expression is about single bits.
fn bits(c: &Case) -> bool {
    c.place.exprs.as_ref().is_some_and(|(was, _)| is_bit(was, c.m))
}

/// The whole that was cut, for quoting.
fn rejoin(op: &str, gone: &str, left: &str) -> Expr {
    parse(&format!("({left}) {op} ({gone})")).unwrap_or(Expr::Id(format!("{left} {op} {gone}")))
}

fn replaced(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Told {
    let (line, big, t) = (c.line(), capital_line(c), c.targets());
    let (r, w) = (tick(right), tick(wrong));
    let fault = pick.of(vec![
        format!("{big} has {w} where {r} is needed."),
        format!("The expression {w} on {line} is wrong; it has to be {r}."),
        format!("On {line} stands {w}. It has to be {r}."),
        format!("{w} in {line} takes the place of {r}."),
    ]);
    let effect = match c.mutation.operator.as_str() {
        "part_select_short" => pick.of(vec![
            format!("The select is one bit short, so the top bit of the field never reaches {t}."),
            format!("One bit too few is picked: the uppermost of them is missing in {t}."),
        ]),
        "part_select_shifted" => "The field is taken one position too low, so each bit comes from its neighbour.".into(),
        "bit_index_off_by_one" | "index_off_by_one" | "index_offset_dropped" => pick.of(vec![
            format!("The index is off by one, and {t} uses the neighbouring element."),
            "It picks the element next to the right one.".into(),
        ]),
        "reversed_part_select" => "The bounds run against the declared direction.".into(),
        "indexed_select_direction" => "`+:` counts up from its start and `-:` down, so the wrong bits are selected.".into(),
        "swapped_concatenation" => pick.of(vec![
            "In a concatenation the leftmost part takes the upper bits, so the parts land in each other's place.".into(),
            format!("The parts reach {t} in the wrong order of significance."),
        ]),
        "replication_count" => "The replication is one copy short, and the result too narrow.".into(),
        "signed_cast_dropped" | "unsigned_cast" => pick.of(vec![
            "Without the signed interpretation the operand is extended with zeros, and negative values are read as large positive ones.".into(),
            "Verilog treats the whole expression as unsigned as soon as one operand is, so negative numbers lose their sign.".into(),
        ]),
        _ => String::new(),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &r, pick),
    }
}

/// The wrong bits of a target are assigned.
fn left(c: &Case, pick: &mut Pick) -> Told {
    let target = |s: &str| tick(s.split(['=', '<']).next().unwrap_or(s).trim());
    let (right, wrong, line) = (target(&c.place.was), target(&c.place.now), c.line());
    Told {
        fault: pick.of(vec![
            format!("The assignment on {line} goes to {wrong}; its target has to be {right}."),
            format!("{} writes {wrong} where it should write {right}.", capital_line(c)),
            format!("The left side on {line} is wrong: {wrong} in the place of {right}."),
        ]),
        effect: pick.of(vec![
            "The value is sound, but it lands in the wrong bits, and those that wait for it get nothing from here."
                .to_string(),
            format!("What belongs to {right} never gets there from this statement."),
        ]),
        cure: cure(c, &format!("{right} on the left side"), pick),
    }
}

/// Where the expressions cannot be compared: the construct itself, before and after.
fn plain(c: &Case, pick: &mut Pick) -> Told {
    let (line, big, now, was) = (c.line(), capital_line(c), c.now(), c.was());
    let fault = pick.of(vec![
        format!("{big} reads {now}; it has to be {was}."),
        format!("The fault sits on {line}: {now} in the place of {was}."),
        format!("On {line} we find {now}, which does not do what the description says. {was} does."),
    ]);
    Told {
        fault,
        effect: String::new(),
        cure: cure(c, &was, pick),
    }
}
