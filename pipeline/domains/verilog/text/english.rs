//! Expressions in words. Each sentence here is a rule: it says what the expression means in Verilog, or nothing.

use super::expr::{Expr, any, code, leaves, number_value, number_width};
use super::facts::ModuleFacts;

/// Names and numbers beyond which a condition or value stays code.
const MAX_LEAVES: usize = 9;

/// A condition in words; how it binds decides what may be joined to it.
#[derive(Clone, Debug, PartialEq)]
enum Clause {
    /// (subject, predicate): `wr_en`, "is high".
    Atom(String, String),
    And(Vec<Clause>),
    Or(Vec<Clause>),
}

/// The text as code in Markdown: in backquotes, doubled where the text holds one (a macro).
pub fn tick(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// "a", "a and b", "a, b and c".
pub fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

/// Whether the expression is one bit wide for certain.
pub fn is_bit(e: &Expr, m: &ModuleFacts) -> bool {
    match e {
        Expr::Id(n) => m.is_bit(n),
        Expr::Num(n) => number_width(n) == Some(1),
        Expr::Index(b, _) => matches!(&**b, Expr::Id(n) if !m.is_memory(n) && m.range(n).is_some()),
        Expr::Unary("~", a) => is_bit(a, m),
        Expr::Unary("-" | "+", _) => false,
        Expr::Unary(..) => true,
        Expr::Binary("&" | "|" | "^" | "~^" | "^~", a, b) => is_bit(a, m) && is_bit(b, m),
        Expr::Binary("==" | "!=" | "===" | "!==" | "<" | "<=" | ">" | ">=" | "&&" | "||", ..) => true,
        Expr::Cond(_, a, b) => is_bit(a, m) && is_bit(b, m),
        _ => false,
    }
}

fn atom(subject: impl Into<String>, predicate: &str) -> Clause {
    Clause::Atom(subject.into(), predicate.into())
}

fn flatten(kind_and: bool, parts: Vec<Clause>) -> Clause {
    let mut out = Vec::new();
    for p in parts {
        match p {
            Clause::And(v) if kind_and => out.extend(v),
            Clause::Or(v) if !kind_and => out.extend(v),
            other => out.push(other),
        }
    }
    if kind_and { Clause::And(out) } else { Clause::Or(out) }
}

fn comparison(op: &str, a: &Expr, b: &Expr, yes: bool) -> Option<Clause> {
    let negated = match op {
        "==" | "===" => "!=",
        "!=" | "!==" => "==",
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        ">=" => "<",
        _ => return None,
    };
    let op = if yes { op } else { negated };
    let words = match op {
        "==" | "===" => "equals",
        "!=" | "!==" => "differs from",
        "<" => "is less than",
        "<=" => "is at most",
        ">" => "is greater than",
        ">=" => "is at least",
        _ => return None,
    };
    Some(atom(operand(a), &format!("{words} {}", operand(b))))
}

fn operand(e: &Expr) -> String {
    match e {
        Expr::Num(n) => number(n),
        _ => tick(&code(e)),
    }
}

/// A number as a person writes it: `'b0` is 0, `8'hff` stays.
pub fn number(text: &str) -> String {
    match (number_value(text), number_width(text)) {
        (Some(v), None) if v < 10 => v.to_string(),
        (Some(v), Some(1)) => v.to_string(),
        _ => tick(text),
    }
}

fn clause(e: &Expr, yes: bool, m: &ModuleFacts) -> Option<Clause> {
    match e {
        Expr::Unary("!", a) => clause(a, !yes, m),
        Expr::Unary("~", a) if is_bit(a, m) => clause(a, !yes, m),
        Expr::Unary("~|", a) => clause(&Expr::Unary("|", a.clone()), !yes, m),
        Expr::Unary("~&", a) => clause(&Expr::Unary("&", a.clone()), !yes, m),
        Expr::Unary("|", a) => Some(atom(operand(a), if yes { "is non-zero" } else { "is zero" })),
        Expr::Unary("&", a) => Some(atom(operand(a), if yes { "is all ones" } else { "is not all ones" })),
        Expr::Unary("^", a) => Some(atom(
            operand(a),
            if yes {
                "has an odd number of ones"
            } else {
                "has an even number of ones"
            },
        )),
        Expr::Binary(op @ ("&&" | "||" | "&" | "|"), a, b) => {
            if op.len() == 1 && !(is_bit(a, m) && is_bit(b, m)) {
                return Some(truth(e, yes));
            }
            let and = op.starts_with('&') == yes;
            Some(flatten(and, vec![clause(a, yes, m)?, clause(b, yes, m)?]))
        }
        // A bit compared with a constant is the bit itself.
        Expr::Binary(op @ ("==" | "!="), a, b) if is_bit(a, m) => match &**b {
            Expr::Num(n) => {
                let one = number_value(n).filter(|v| *v < 2)? == 1;
                clause(a, (one == (*op == "==")) == yes, m)
            }
            _ if is_bit(b, m) => {
                let same = (*op == "==") == yes;
                Some(atom(
                    operand(a),
                    &format!("{} {}", if same { "equals" } else { "differs from" }, operand(b)),
                ))
            }
            _ => None,
        },
        Expr::Binary("^", a, b) if is_bit(a, m) && is_bit(b, m) => Some(atom(
            operand(a),
            &format!("{} {}", if yes { "differs from" } else { "equals" }, operand(b)),
        )),
        Expr::Binary(op, a, b) if comparison(op, a, b, yes).is_some() => comparison(op, a, b, yes),
        Expr::Num(_) | Expr::Str(_) => None,
        _ => Some(if is_bit(e, m) {
            atom(tick(&code(e)), if yes { "is high" } else { "is low" })
        } else {
            truth(e, yes)
        }),
    }
}

fn truth(e: &Expr, yes: bool) -> Clause {
    atom(tick(&code(e)), if yes { "is non-zero" } else { "is zero" })
}

/// "`a` is high", or "`a` and `b` are both high" for those that share a predicate.
fn join_atoms(atoms: &[(String, String)], and: bool) -> Vec<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (subject, predicate) in atoms {
        match groups
            .iter_mut()
            .find(|(p, _)| p == predicate && p.starts_with("is ") && p.split(' ').count() == 2)
        {
            Some((_, subjects)) if !subjects.contains(subject) => subjects.push(subject.clone()),
            Some(_) => {}
            None => groups.push((predicate.clone(), vec![subject.clone()])),
        }
    }
    groups
        .into_iter()
        .map(|(predicate, subjects)| match (subjects.len(), and) {
            (1, _) => format!("{} {predicate}", subjects[0]),
            (n, true) => {
                let plural = predicate.replacen("is ", if n == 2 { "are both " } else { "are all " }, 1);
                format!("{} {plural}", list(&subjects, "and"))
            }
            (_, false) => format!("{} {predicate}", list(&subjects, "or")),
        })
        .collect()
}

fn say(c: &Clause) -> Option<String> {
    let (parts, and) = match c {
        Clause::Atom(s, p) => return Some(format!("{s} {p}")),
        Clause::And(v) => (v, true),
        Clause::Or(v) => (v, false),
    };
    let atoms: Vec<_> = parts
        .iter()
        .filter_map(|p| match p {
            Clause::Atom(s, w) => Some((s.clone(), w.clone())),
            _ => None,
        })
        .collect();
    let mut said = join_atoms(&atoms, and);
    for p in parts.iter().filter(|p| !matches!(p, Clause::Atom(..))) {
        // One level of nesting reads well; a second does not.
        let flat = matches!(p, Clause::And(v) | Clause::Or(v) if v.iter().all(|x| matches!(x, Clause::Atom(..))));
        if !flat {
            return None;
        }
        let inner = say(p)?;
        said.push(if and { format!("either {inner}") } else { inner });
    }
    let nested = said.len() > atoms.len() || atoms.len() < parts.len();
    match (and, nested, said.len()) {
        (false, true, 2..) => Some(said.join(", or ")),
        (true, true, 2..) => Some(said.join(", and ")),
        _ => Some(list(&said, if and { "and" } else { "or" })),
    }
}

/// The condition in words: "`wr_en` is high and `full` is low". Long ones stay code: "`…` is true".
pub fn condition(e: &Expr, m: &ModuleFacts) -> String {
    condition_if(e, true, m)
}

/// The condition, or its opposite, in words.
pub fn condition_if(e: &Expr, yes: bool, m: &ModuleFacts) -> String {
    let short = leaves(e) <= MAX_LEAVES;
    let said = clause(e, yes, m).filter(|_| short).and_then(|c| say(&c));
    said.unwrap_or_else(|| format!("{} is {}", tick(&code(e)), if yes { "true" } else { "false" }))
}

/// Whether [`condition`] can put it in words.
pub fn sayable(e: &Expr, m: &ModuleFacts) -> bool {
    leaves(e) <= MAX_LEAVES && clause(e, true, m).and_then(|c| say(&c)).is_some()
}

/// "0", "all ones" and the like: a constant that has a name in words.
pub fn constant(e: &Expr, m: &ModuleFacts) -> Option<String> {
    match e {
        Expr::Num(n) => Some(number(n)),
        Expr::Id(n) if m.is_constant(n) => Some(tick(n)),
        Expr::Repeat(_, parts) => match &parts[..] {
            [Expr::Num(n)] if number_value(n) == Some(0) => Some("all zeros".into()),
            [Expr::Num(n)] if number_width(n) == Some(1) && number_value(n) == Some(1) => Some("all ones".into()),
            _ => None,
        },
        Expr::Unary("~", a) if matches!(&**a, Expr::Num(n) if number_value(n) == Some(0)) => Some("all ones".into()),
        Expr::Str(s) => Some(tick(s)),
        Expr::Concat(v) if v.len() == 1 => constant(&v[0], m),
        Expr::Cond(..) => None,
        _ if !any(e, &|x| {
            matches!(x, Expr::Id(n) if !m.is_constant(n)) || matches!(x, Expr::Call(..))
        }) =>
        {
            Some(tick(&code(e)))
        }
        _ => None,
    }
}

/// Whether `e` moves the bits of `target` by one place: (words) for both directions.
fn shift(e: &Expr, target: &str, m: &ModuleFacts) -> Option<String> {
    let Expr::Concat(parts) = e else { return None };
    let [a, b] = &parts[..] else { return None };
    let top = m.range(target)?.strip_suffix(":0")?.trim();
    let of_target = |x: &Expr| match x {
        Expr::Slice(base, ":", hi, lo) if matches!(&**base, Expr::Id(n) if n == target) => Some((code(hi), code(lo))),
        _ => None,
    };
    let below = |hi: &str| match (hi.parse::<u32>(), top.parse::<u32>()) {
        (Ok(h), Ok(t)) => h + 1 == t,
        _ => top
            .replace(' ', "")
            .strip_suffix("-1")
            .is_some_and(|w| hi.replace(' ', "") == format!("{w}-2")),
    };
    if let Some((hi, lo)) = of_target(a).filter(|_| is_bit(b, m)) {
        return (lo == "0" && below(&hi)).then(|| format!("shifts left by one, taking {} into bit 0", operand(b)));
    }
    let (hi, lo) = of_target(b).filter(|_| is_bit(a, m))?;
    let same = hi.replace(' ', "") == top.replace(' ', "");
    (lo == "1" && same).then(|| format!("shifts right by one, taking {} into the top bit", operand(a)))
}

/// What a register does when it takes `e`: "becomes `x`", "counts up by 1", "keeps its value".
pub fn update(e: &Expr, target: &str, whole: bool, m: &ModuleFacts) -> String {
    let own = |x: &Expr| matches!(x, Expr::Id(n) if n == target);
    if whole {
        match e {
            Expr::Id(n) if n == target => return "keeps its value".into(),
            Expr::Unary("~", a) if own(a) => return "is inverted".into(),
            Expr::Unary("!", a) if own(a) && m.is_bit(target) => return "toggles".into(),
            Expr::Binary("+", a, b) if own(a) => return format!("increases by {}", operand(b)),
            Expr::Binary("-", a, b) if own(a) => return format!("decreases by {}", operand(b)),
            _ => {}
        }
        if let Some(words) = shift(e, target, m) {
            return words;
        }
    }
    format!("takes {}", value(e, m))
}

/// A value in words where there are words for it, else as code.
pub fn value(e: &Expr, m: &ModuleFacts) -> String {
    if let Some(c) = constant(e, m) {
        return c;
    }
    let simple = |x: &Expr| matches!(x, Expr::Id(_) | Expr::Num(_) | Expr::Index(..) | Expr::Slice(..));
    match e {
        Expr::Cond(c, a, b) if sayable(c, m) && leaves(e) <= 14 => {
            let tail = match &**b {
                Expr::Cond(..) => format!("; otherwise {}", value(b, m)),
                _ => format!(", otherwise {}", value(b, m)),
            };
            format!("{} when {}{tail}", value(a, m), condition(c, m))
        }
        Expr::Binary("+", a, b) if simple(a) && simple(b) => format!("the sum of {} and {}", operand(a), operand(b)),
        Expr::Binary("-", a, b) if simple(a) && simple(b) => format!("{} minus {}", operand(a), operand(b)),
        Expr::Binary("^", a, b) if simple(a) && simple(b) => format!("the XOR of {} and {}", operand(a), operand(b)),
        Expr::Binary("&", a, b) if simple(a) && simple(b) => format!("the AND of {} and {}", operand(a), operand(b)),
        Expr::Binary("|", a, b) if simple(a) && simple(b) => format!("the OR of {} and {}", operand(a), operand(b)),
        Expr::Unary("~", a) if simple(a) => format!("the inverse of {}", operand(a)),
        Expr::Concat(parts) if parts.len() <= 4 && parts.iter().all(simple) => {
            format!("the concatenation {}", tick(&code(e)))
        }
        _ => tick(&code(e)),
    }
}

/// "is high exactly when …" for a bit with a sayable condition; "equals …" otherwise.
pub fn equals(e: &Expr, m: &ModuleFacts, bit_target: bool) -> String {
    let logical = is_bit(e, m) && !matches!(e, Expr::Id(_) | Expr::Index(..) | Expr::Num(_) | Expr::Cond(..));
    match e {
        _ if logical && bit_target && sayable(e, m) => format!("is high exactly when {}", condition(e, m)),
        Expr::Id(_) | Expr::Index(..) | Expr::Slice(..) => format!("follows {}", operand(e)),
        Expr::Num(_) => format!("is tied to {}", operand(e)),
        Expr::Cond(..) => format!("is {}", value(e, m)),
        _ => match constant(e, m) {
            Some(c) => format!("is constant: {c}"),
            None => format!("is {}", value(e, m)),
        },
    }
}
