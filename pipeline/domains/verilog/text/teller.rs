//! The rules of one signal in one process, from its side: branches become "when", tables stay tables.

use super::behaviour::{Behaviour, Speaker, target_text};
use super::english::{condition, equals, list, tick, update, value};
use super::expr::{Expr, code};
use super::facts::*;

/// Tells what one signal does.
pub struct Teller<'s, 'm> {
    pub s: &'s Speaker<'m>,
    pub name: &'s str,
    pub clocked: bool,
    /// An earlier rule stands where this one does not match.
    pub under: bool,
}

impl Teller<'_, '_> {
    /// Lowers the clarity by what stays code, and notes what is read.
    pub fn measure(&self, st: &Stmt, b: &mut Behaviour) {
        match st {
            Stmt::Block(v) => v.iter().for_each(|s| self.measure(s, b)),
            Stmt::If(c, x, y) => {
                self.s.note(b, &self.s.open(c));
                self.measure(x, b);
                y.iter().for_each(|s| self.measure(s, b));
            }
            Stmt::Case(c) => {
                self.s.note(b, &self.s.open(&c.subject));
                c.items.iter().flat_map(|(l, _)| l).for_each(|l| self.s.note(b, l));
                c.items.iter().for_each(|(_, s)| self.measure(s, b));
                c.default.iter().for_each(|s| self.measure(s, b));
            }
            Stmt::Assign(a) => self.s.note(b, &self.s.open(&a.value)),
            Stmt::Other(..) | Stmt::Nothing => {}
        }
    }

    fn leaf(&self, a: &Assign) -> String {
        let m = self.s.m;
        let e = self.s.open(&a.value);
        let whole = self.s.is_whole(&a.targets);
        if m.is_memory(self.name) {
            let at = a.targets.first().and_then(|t| t.select.as_deref()).unwrap_or("[]");
            let at = at.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or(at);
            let place = match at.split_once("][") {
                Some((word, bits)) => format!("`[{bits}]` of the word at `{word}`"),
                None => format!("the word at `{at}`"),
            };
            return format!("{place} takes {}", value(&e, m));
        }
        if whole {
            return if self.clocked {
                update(&e, self.name, true, m)
            } else {
                self.level(&e)
            };
        }
        let verb = if self.clocked { "takes" } else { "is" };
        format!("{} {verb} {}", target_text(&a.targets), value(&e, m))
    }

    /// "takes `x` when …; otherwise keeps its value": one sentence for one whole assignment under at most one condition.
    pub fn short(&self, st: &Stmt) -> Option<String> {
        let whole = |a: &Assign| self.s.is_whole(&a.targets).then(|| self.leaf(a));
        match st {
            Stmt::Assign(a) => whole(a),
            Stmt::If(c, a, None) => match &**a {
                Stmt::Assign(a) => {
                    let cond = condition(&self.s.open(c), self.s.m);
                    Some(format!("{} when {cond}; {}", whole(a)?, self.otherwise()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn level(&self, e: &Expr) -> String {
        // A constant in one of several rules is a value, no tie.
        equals(e, self.s.m, self.s.m.is_bit(self.name)).replacen("is tied to ", "is ", 1)
    }

    fn hold(&self) -> &'static str {
        match (self.under, self.s.m.is_memory(self.name)) {
            (true, _) => "the earlier rule stands",
            (false, true) => "nothing is written",
            (false, false) => "keeps its value",
        }
    }

    fn otherwise(&self) -> String {
        format!("otherwise {}", self.hold())
    }

    /// Adds the rules of a statement at this depth.
    pub fn tell(&self, st: &Stmt, depth: usize, out: &mut Vec<(usize, String)>) {
        match st {
            Stmt::Assign(a) => out.push((depth, self.leaf(a))),
            Stmt::Nothing => out.push((depth, self.hold().into())),
            Stmt::Other(..) => {}
            Stmt::Block(v) => self.sequence(v, depth, out),
            Stmt::If(..) => self.chain(st, depth, out),
            Stmt::Case(c) => self.table(c, depth, out),
        }
    }

    fn sequence(&self, v: &[Stmt], depth: usize, out: &mut Vec<(usize, String)>) {
        if let [Stmt::Assign(first), rest @ ..] = v
            && first.targets.iter().all(|t| t.select.is_none())
        {
            out.push((
                depth,
                format!("by default {}, unless a rule below says otherwise", self.leaf(first)),
            ));
            rest.iter().for_each(|s| self.over(s, depth, out));
            return;
        }
        let none = if self.under {
            ""
        } else {
            "; if none applies, the value is kept"
        };
        out.push((
            depth,
            format!("these rules apply in order, a later one winning for the bits it sets{none}:"),
        ));
        v.iter().for_each(|s| self.over(s, depth + 1, out));
    }

    /// Rules for which "otherwise" means that an earlier rule stands, which need not be said at the end.
    fn over(&self, st: &Stmt, depth: usize, out: &mut Vec<(usize, String)>) {
        let teller = Teller { under: true, ..*self };
        let from = out.len();
        teller.tell(st, depth, out);
        let otherwise = teller.otherwise();
        if out.len() > from + 1 && out.last().is_some_and(|(d, t)| *d == depth && *t == otherwise) {
            out.pop();
        }
        let tail = format!("; {otherwise}");
        if let Some((_, t)) = out.last_mut()
            && let Some(short) = t.strip_suffix(&tail)
        {
            *t = short.to_string();
        }
    }

    fn chain(&self, st: &Stmt, depth: usize, out: &mut Vec<(usize, String)>) {
        let mut at = Some(st);
        let mut first = true;
        let latch = !self.clocked;
        while let Some(s) = at {
            match s {
                Stmt::If(c, a, b) => {
                    let c = self.s.open(c);
                    let lead = if first { "when" } else { "otherwise, when" };
                    let cond = condition(&c, self.s.m);
                    match &**a {
                        Stmt::Assign(x) => {
                            let alone = first && b.is_none() && !latch;
                            let tail = if alone {
                                format!("; {}", self.otherwise())
                            } else {
                                String::new()
                            };
                            out.push((depth, format!("{lead} {cond}, {}{tail}", self.leaf(x))));
                            if alone {
                                return;
                            }
                        }
                        Stmt::Nothing => out.push((depth, format!("{lead} {cond}, {}", self.hold()))),
                        body => {
                            out.push((depth, format!("{lead} {cond}:")));
                            self.tell(body, depth + 1, out);
                        }
                    }
                    at = b.as_deref();
                    if at.is_none() {
                        out.push((depth, self.otherwise()));
                    }
                }
                Stmt::Assign(x) => {
                    out.push((depth, format!("otherwise {}", self.leaf(x))));
                    at = None;
                }
                other => {
                    out.push((depth, "otherwise:".into()));
                    self.tell(other, depth + 1, out);
                    at = None;
                }
            }
            first = false;
        }
    }

    fn table(&self, c: &Case, depth: usize, out: &mut Vec<(usize, String)>) {
        let subject = self.s.open(&c.subject);
        let one_hot = matches!(&subject, Expr::Num(n) if n == "1'b1");
        let wild = match c.keyword.as_str() {
            "casez" => " (`?` and `z` bits are don't-care)",
            "casex" => " (`?`, `z` and `x` bits are don't-care)",
            _ => "",
        };
        let head = if one_hot {
            "first match wins:".to_string()
        } else {
            format!("by the value of `{}`{wild}:", code(&subject))
        };
        out.push((depth, head));
        let from = out.len();
        for (labels, body) in &c.items {
            let words = labels.iter().map(|l| match one_hot {
                true => format!("when {}", condition(&self.s.open(l), self.s.m)),
                false => tick(&code(l)),
            });
            self.row(&list(&words.collect::<Vec<_>>(), "or"), body, depth + 1, out);
        }
        match &c.default {
            Some(body) => self.row("anything else", body, depth + 1, out),
            None if self.exhausted(c) => {}
            None => out.push((depth + 1, format!("anything else: {}", self.hold()))),
        }
        // Rows that hold need telling once.
        let hold = format!(": {}", self.hold());
        let holds = |t: &(usize, String)| t.0 == depth + 1 && t.1.ends_with(&hold);
        let last_holds = out.last().is_some_and(holds);
        if last_holds && out[from..].iter().filter(|t| holds(t)).count() > 1 && !one_hot && wild.is_empty() {
            let mut rows = out.split_off(from);
            rows.retain(|t| !holds(t));
            out.extend(rows);
            out.push((depth + 1, format!("any other value: {}", self.hold())));
        }
    }

    /// Whether the labels are disjoint patterns that leave no value of the subject over.
    fn exhausted(&self, c: &Case) -> bool {
        let pattern = |e: &Expr| match e {
            Expr::Num(n) => n.split_once("'b").map(|(w, d)| (w.to_string(), d.replace('_', ""))),
            _ => None,
        };
        let labels: Option<Vec<_>> = c.items.iter().flat_map(|(l, _)| l).map(pattern).collect();
        let Some(labels) = labels.filter(|l| !l.is_empty()) else {
            return false;
        };
        let width = labels[0].1.len();
        let plain = |d: &str| {
            d.chars()
                .all(|x| matches!(x, '0' | '1') || x == '?' && c.keyword != "case")
        };
        let fits = |l: &(String, String)| l.1.len() == width && l.0.trim() == width.to_string() && plain(&l.1);
        let apart = |a: &str, b: &str| a.chars().zip(b.chars()).any(|(x, y)| x != y && x != '?' && y != '?');
        let disjoint = (0..labels.len()).all(|i| labels[..i].iter().all(|l| apart(&l.1, &labels[i].1)));
        let covered = |l: &(String, String)| 1u128 << l.1.matches('?').count();
        width <= 64
            && labels.iter().all(fits)
            && disjoint
            && labels.iter().map(covered).sum::<u128>() == 1u128 << width
            && self.subject_width(c) == Some(width)
    }

    /// Bits of the subject, where they are plain to see.
    fn subject_width(&self, c: &Case) -> Option<usize> {
        let m = self.s.m;
        let Expr::Id(n) = &c.subject else { return None };
        if m.is_bit(n) {
            return Some(1);
        }
        let (left, right) = m.range(n)?.split_once(':')?;
        let (left, right): (usize, usize) = (left.trim().parse().ok()?, right.trim().parse().ok()?);
        Some(left.abs_diff(right) + 1)
    }

    fn row(&self, label: &str, body: &Stmt, depth: usize, out: &mut Vec<(usize, String)>) {
        match body {
            Stmt::Assign(a) => out.push((depth, format!("{label}: {}", self.leaf(a)))),
            Stmt::Nothing => out.push((depth, format!("{label}: {}", self.hold()))),
            other => {
                out.push((depth, format!("{label}:")));
                self.tell(other, depth + 1, out);
            }
        }
    }
}
