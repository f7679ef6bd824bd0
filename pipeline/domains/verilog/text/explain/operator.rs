//! Faults of one operator: another one stands in its place.

use super::value::{capital_line, cure};
use super::{Case, Told};
use crate::domains::verilog::text::english::tick;
use crate::domains::verilog::text::expr::{code, parse};
use crate::domains::verilog::text::wording::Pick;

/// A binary expression as text, in parentheses where its operands need them.
pub fn binary(l: &str, op: &str, r: &str) -> String {
    let text = format!("({l}) {op} ({r})");
    parse(&text).map_or(text, |e| code(&e))
}

/// The wrong binary operator: (left, right operator, wrong operator, right).
pub fn operator(c: &Case, (l, right, wrong, r): (&str, &str, &str, &str), pick: &mut Pick) -> Told {
    let (line, big) = (c.line(), capital_line(c));
    let wrote = tick(&binary(l, wrong, r));
    let (x, y, same) = (tick(l), tick(r), tick(&binary(l, "==", r)));
    let want = tick(&binary(l, right, r));
    let fault = pick.of(vec![
        format!("{big} computes {wrote}, but the operator has to be `{right}`."),
        format!("The culprit is {wrote} on {line}: `{wrong}` stands where `{right}` belongs."),
        format!(
            "On {line} the operands {x} and {y} are joined by `{wrong}`; it takes `{right}` to get the function right."
        ),
        format!("Look at {line}. It has {wrote}, and should have {want}."),
        format!("{wrote} in {line} is the wrong operation: this must be {want}."),
        format!(
            "The expression for {} on {line} contains {wrote}, and that `{wrong}` should be `{right}`.",
            c.targets()
        ),
    ]);
    let effect = match (right, wrong) {
        ("==", "!=") | ("!=", "==") | ("===", "!==") => pick.of(vec![
            "That is true in exactly the opposite cases.".into(),
            format!("The test is inverted: it succeeds whenever it should fail, for every value of {x}."),
            format!("Equality and inequality have changed places, so each comparison of {x} goes the wrong way."),
        ]),
        ("<", "<=") | (">", ">=") => pick.of(vec![
            format!("The two forms differ only where {x} equals {y}: there the written one is already true, one step too far."),
            format!("Equality is let in, so the case {same} falls on the wrong side."),
            format!("Only the boundary is affected: with {x} equal to {y} the comparison holds although it must not."),
        ]),
        ("<=", "<") | (">=", ">") => pick.of(vec![
            format!("The two differ only where {x} equals {y}: there the written test is false, and it must be true."),
            format!("The boundary case {same} is shut out."),
            format!("With {x} equal to {y} the comparison fails, one step too early."),
        ]),
        ("<", ">") | (">", "<") | (">=", "<=") | ("<=", ">=") => pick.of(vec![
            format!("The comparison points the other way: it holds on the wrong side of {y}."),
            format!("It asks on which side of {y} the value of {x} lies, and takes the wrong side."),
        ]),
        ("&&", "||") => pick.of(vec![
            "Either operand alone is enough, where both are required.".into(),
            format!("One of {x} and {y} suffices to make it true; the two have to hold together."),
        ]),
        ("||", "&&") => pick.of(vec![
            "Both operands must hold, where one of them ought to suffice.".into(),
            format!("With only one of {x} and {y} true the result is false, although it should be true."),
        ]),
        ("&", "|") => pick.of(vec![
            "An OR sets a bit as soon as one operand has it; only bits set in both may survive here.".into(),
            format!("Every bit that is 1 in only one of {x} and {y} comes out as 1 and not as 0."),
            format!("{x} does not gate {y}: each of them gets through on its own."),
        ]),
        ("|", "&") => pick.of(vec![
            "An AND keeps only bits that both operands have, so whatever comes from one side alone is lost.".into(),
            format!("Bits that are set in just one of {x} and {y} come out as 0 and not as 1."),
            format!("Neither {x} nor {y} can set a bit by itself."),
        ]),
        ("^", "~^") | ("~^", "^") | ("^~", "^") => pick.of(vec![
            "Every bit of that result is inverted.".into(),
            "XOR and XNOR are each other's complement, so the result is wrong in each bit.".into(),
        ]),
        ("^", "|") => pick.of(vec![
            "The two agree except where both operands are 1: there XOR gives 0 and OR gives 1.".into(),
            format!("It goes wrong only in bits where {x} and {y} are both set."),
        ]),
        ("+", "-") | ("-", "+") => pick.of(vec![
            format!("The value moves by {y} in the wrong direction."),
            format!("Instead of {} {y}, it {} it.", if right == "+" { "adding" } else { "subtracting" }, if wrong == "+" { "adds" } else { "subtracts" }),
            format!("{y} is applied with the wrong sign."),
        ]),
        ("*", "+") => format!("A sum of {x} and {y} stands in for their product."),
        (">>>", ">>") => "`>>` fills the vacated top bits with zeros; the sign of a negative operand is lost.".into(),
        ("<<", ">>") | (">>", "<<") | ("<<<", ">>>") => pick.of(vec![
            format!("The bits of {x} move the wrong way."),
            format!("{x} is shifted towards the other end, by {y} places."),
        ]),
        _ => String::new(),
    };
    Told {
        fault,
        effect,
        cure: cure(c, &want, pick),
    }
}

/// The wrong reduction or unary operator.
pub fn reduction(c: &Case, right: &str, wrong: &str, arg: &str, pick: &mut Pick) -> Told {
    let (line, big) = (c.line(), capital_line(c));
    let (wrote, want) = (tick(&format!("{wrong}{arg}")), tick(&format!("{right}{arg}")));
    let a = tick(arg);
    let fault = pick.of(vec![
        format!("{big} reduces {a} with `{wrong}` where `{right}` is meant."),
        format!("The reduction {wrote} on {line} is the wrong one; {want} is needed."),
        format!("On {line}, {a} is folded by `{wrong}`, but it takes `{right}`."),
    ]);
    let effect = match (right, wrong) {
        ("|", "&") => "It asks for every bit to be 1 where a single one should do.",
        ("&", "|") => "It is satisfied by a single 1 where every bit has to be set.",
        ("^", "|") => "OR reports any 1 at all; what is wanted is whether their number is odd.",
        ("~|", "~&") => "It is true as soon as one bit is 0, and must be true only when all of them are.",
        ("~&", "~|") => "It is true only when all bits are 0, and must be true as soon as one of them is.",
        _ => "",
    };
    Told {
        fault,
        effect: effect.into(),
        cure: cure(c, &want, pick),
    }
}
