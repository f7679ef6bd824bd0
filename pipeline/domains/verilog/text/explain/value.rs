//! Faults inside an expression: operators, conditions, constants, names, selects, widths.

use super::leaf::{constant, name};
use super::operator::{binary, operator, reduction};
use super::{Case, Told};
use crate::domains::verilog::text::difference::{Difference, difference};
use crate::domains::verilog::text::english::{condition, is_bit, sayable, tick};
use crate::domains::verilog::text::expr::{Expr, any, children, code, leaves, names, number_value, parse};
use crate::domains::verilog::text::place::Site;
use crate::domains::verilog::text::wording::Pick;

/// Longest expression of which both readings are quoted, in characters.
const MAX_GROUP: usize = 90;

/// Tells the difference between the two expressions.
pub fn tell(c: &Case, pick: &mut Pick) -> Told {
    if c.place.site == Site::Left {
        return left(c, pick);
    }
    let found = c.place.exprs.as_ref().and_then(|(was, now)| difference(was, now));
    let Some(d) = found else { return plain(c, pick) };
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
    let choice = |e: &Expr| any(e, &|x| matches!(x, Expr::Cond(..)));
    if choice(&was) || choice(&now) {
        return None;
    }
    let short = leaves(&was) <= 5 && leaves(&now) <= 5 && sayable(&was, c.m) && sayable(&now, c.m);
    if !short {
        return None;
    }
    let (w, n) = (condition(&was, c.m), condition(&now, c.m));
    let t = c.targets();
    match c.place.site {
        Site::Condition => Some(pick.of(vec![
            format!("As written the test passes when {n}; the branch belongs to the case that {w}."),
            format!("So the test lets in the case that {n}, although it is meant for the case that {w}."),
            format!("The branch for {t} is meant for the case that {w}; the test holds when {n}."),
            format!("In words: the test holds if {n}, while it should hold if {w}."),
        ])),
        Site::Value if c.place.targets.len() == 1 && c.m.is_bit(&c.place.targets[0]) && is_bit(&was, c.m) => {
            Some(pick.of(vec![
                format!("That makes {t} high when {n}; it has to be high when {w}."),
                format!("{t} is thus asserted whenever {n}, while the intent is: whenever {w}."),
                format!("Read out loud, {t} means “{n}”, and it ought to mean “{w}”."),
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
        format!("It takes {what} on {line}."),
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
        format!("The condition of {line} has the wrong polarity: it is the complement of {e} that counts there."),
    ]);
    let t = c.targets();
    let effect = match c.place.site {
        Site::Condition => pick.of(vec![
            format!("The branch that acts on {t} is skipped when it is due and taken when it is not."),
            format!("What should happen to {t} when {e} holds happens when it does not."),
            "The test fails exactly where it should succeed.".to_string(),
            format!("So the decision about {t} is the wrong way round each time."),
        ]),
        _ => pick.of(vec![
            format!("The choice made for {t} is the opposite of the intended one."),
            format!("Whenever {e} decides, {t} take{} the other alternative.", c.s()),
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
            format!("{t} {} computed from {bare} where the complement is meant.", c.be()),
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

/// The operator and the text of the binary expression with these operands (in either order) in the right expression.
fn joined(c: &Case, a: &str, b: &str) -> Option<(&'static str, String)> {
    fn find(e: &Expr, a: &str, b: &str) -> Option<(&'static str, String)> {
        if let Expr::Binary(op, l, r) = e {
            let (l, r) = (code(l), code(r));
            if (l == a && r == b) || (l == b && r == a) {
                return Some((op, code(e)));
            }
        }
        children(e).into_iter().find_map(|x| find(x, a, b))
    }
    c.place.exprs.as_ref().and_then(|(was, _)| find(was, a, b))
}

fn swapped(c: &Case, a: &str, b: &str, pick: &mut Pick) -> Told {
    let (line, big) = (c.line(), capital_line(c));
    let (x, y) = (tick(a), tick(b));
    let fault = pick.of(vec![
        format!("The operands on {line} are in the wrong order: {x} has to come first, then {y}."),
        format!("{big} has {x} and {y} the wrong way round."),
        format!("On {line} {y} stands to the left of {x}, and the operation is not symmetric."),
    ]);
    let right = joined(c, a, b);
    let effect = match right.as_ref().map(|r| r.0) {
        Some("-") => pick.of(vec![
            "The difference comes out with the opposite sign.".to_string(),
            format!("It subtracts {x} from {y}, where {y} has to be subtracted from {x}."),
        ]),
        Some("<<" | ">>" | ">>>" | "<<<") => {
            "The value to be shifted and the distance to shift it have changed roles.".to_string()
        }
        Some("/" | "%") => "Dividend and divisor have changed roles.".to_string(),
        _ => "The result is that of the exchanged operands.".to_string(),
    };
    let want = right.map_or(format!("{x} first and {y} second"), |r| tick(&r.1));
    Told {
        fault,
        effect,
        cure: cure(c, &want, pick),
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
        format!("In {line} {yes} and {no} are in each other's place."),
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
    let (g, l) = (tick(gone), tick(left));
    if number_value(gone).is_some() {
        return offset(c, op, gone, left, pick);
    }
    let fault = pick.of(vec![
        format!("{big} leaves out {g}."),
        format!("The term {g} is missing from the expression on {line}."),
        format!("What {line} computes lacks the operand {g} (joined by `{op}`)."),
        match joined(c, left, gone) {
            Some((_, whole)) => format!("On {line} there is only {l}, where {} is needed.", tick(&whole)),
            None => format!("{g} does not appear on {line}, although it belongs to the expression."),
        },
        format!("{t} should also take {g} into account; {line} does not."),
    ]);
    let remaining = c.place.exprs.as_ref().map(|(_, now)| names(now)).unwrap_or_default();
    let blind = parse(gone).map(|e| names(&e)).unwrap_or_default();
    let unseen = !blind.is_empty() && blind.is_disjoint(&remaining);
    let effect = match op {
        "&" | "|" | "^" if unseen && pick.chance(70) => pick.of(vec![
            format!("The expression does not depend on {g}."),
            format!("{g} has no influence there."),
            format!("Whatever {g} is, the result stays the same."),
        ]),
        "&" | "|" if !bits(c) => pick.of(vec![
            format!("The bits of {l} go on unchanged where {g} should have its say in each of them."),
            format!("{l} passes as it is, bit for bit."),
        ]),
        "&&" | "&" => pick.of(vec![
            format!("Without it {l} is enough, even when {g} is false."),
            format!("It can be true without {g}, and must not be."),
            format!("A false {g} does not hold it back."),
        ]),
        "||" | "|" => pick.of(vec![
            format!("With {g} as the only true operand the result is false."),
            format!("{g} alone does not bring it about."),
            format!("The contribution of {g} is lost."),
        ]),
        _ if unseen => format!("{t} {} independent of {g}.", c.be()),
        _ => format!("The operation with {g} is not carried out."),
    };
    Told {
        fault,
        effect,
        cure: pick.of(vec![
            format!("The repair puts {g} back, joined by `{op}`."),
            format!("I put {g} back on {line}."),
            format!("{big} needs {g} as well, joined by `{op}`."),
            match joined(c, left, gone) {
                Some((_, whole)) => format!("{} is what {line} has to compute.", tick(&whole)),
                None => format!("With {g} the expression is complete."),
            },
        ]),
    }
}

/// A literal operand is gone: `x + 1` became `x`.
fn offset(c: &Case, op: &str, gone: &str, left: &str, pick: &mut Pick) -> Told {
    let (line, t) = (c.line(), c.targets());
    let (whole, rest) = (tick(&binary(left, op, gone)), tick(left));
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

/// Another operator that binds differently, so that the whole expression groups in another way.
fn regrouped(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Option<Told> {
    let (was, now) = (c.mutation.original.trim(), c.mutation.replacement.trim());
    let sign = |s: &str| !s.is_empty() && s.len() <= 3 && s.chars().all(|ch| ch.is_ascii_punctuation());
    if !sign(was) || !sign(now) {
        return None;
    }
    let line = c.line();
    let effect = match right.len().max(wrong.len()) {
        0..=MAX_GROUP => format!("As written it is {}; what is needed is {}.", tick(wrong), tick(right)),
        _ => format!(
            "The two operators combine their operands differently, and {} comes out wrong.",
            c.targets()
        ),
    };
    Some(Told {
        fault: pick.of(vec![
            format!("On {line} the operator `{now}` stands where `{was}` belongs."),
            format!("{} uses `{now}` in the place of `{was}`.", capital_line(c)),
        ]),
        effect,
        cure: cure(c, &format!("the operator `{was}`"), pick),
    })
}

fn replaced(c: &Case, right: &str, wrong: &str, pick: &mut Pick) -> Told {
    if let Some(told) = regrouped(c, right, wrong, pick) {
        return told;
    }
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
        "index_offset_dropped" => "Without its offset the index points at another element.".into(),
        "bit_index_off_by_one" | "index_off_by_one" => pick.of(vec![
            format!("The index is off by one, and {t} uses the neighbouring element."),
            "It picks the element next to the right one.".into(),
        ]),
        "reversed_part_select" => "The bounds run against the declared direction.".into(),
        "indexed_select_direction" => "`+:` counts up from its start and `-:` down, so the wrong bits are selected.".into(),
        "swapped_concatenation" => pick.of(vec![
            "In a concatenation the leftmost part takes the upper bits, so the parts land in each other's place.".into(),
            format!("The parts reach {t} in the wrong order of significance."),
        ]),
        "signed_cast_dropped" | "unsigned_cast" => pick.of(vec![
            "Without the signed interpretation the operand is extended with zeros, and negative values are read as large positive ones.".into(),
            "Verilog treats the whole expression as unsigned as soon as one operand is, so negative numbers lose their sign.".into(),
        ]),
        _ => aim(right, wrong, pick),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &r, pick),
    }
}

/// Two selects from one name: the index is what differs.
fn aim(right: &str, wrong: &str, pick: &mut Pick) -> String {
    let base = |s: &str| {
        parse(s).and_then(|e| match e {
            Expr::Index(b, _) | Expr::Slice(b, ..) => Some(code(&b)),
            _ => None,
        })
    };
    match (base(right), base(wrong)) {
        (Some(a), Some(b)) if a == b => pick.of(vec![
            format!("The two selects aim at different places in {}.", tick(&a)),
            format!(
                "The index is computed wrongly, so another part of {} is picked.",
                tick(&a)
            ),
        ]),
        _ => String::new(),
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
            "The value is sound, but it lands in the wrong place.".to_string(),
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
    let effect = match c.place.now.starts_with("for") {
        true => "The loop therefore does not make the passes that it should.".to_string(),
        false => String::new(),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &was, pick),
    }
}
