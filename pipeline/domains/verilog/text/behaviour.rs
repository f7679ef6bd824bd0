//! What a signal does, in words: the rules that the code gives it, told from the signal's side.

use super::english::{condition_if, constant, equals, is_bit, list, sayable, tick};
use super::expr::{Expr, any, code, leaves, map_children, names, parse, substitute};
use super::facts::*;
use super::teller::Teller;
use crate::domains::verilog::types::Direction;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of code in one rule beyond which it paraphrases rather than describes.
const LONG_CODE: usize = 90;
/// Rules for one signal beyond which nobody reads them.
const MAX_RULES: usize = 40;

/// What is said of one signal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behaviour {
    /// One sentence without the subject ("is high exactly when …"), where one suffices.
    pub sentence: Option<String>,
    /// Otherwise rules, each with its depth of nesting.
    pub rules: Vec<(usize, String)>,
    /// Names that the rules mention.
    pub reads: BTreeSet<String>,
    /// 0..=1: 1 when the rules say everything in words.
    pub clarity: f64,
    /// Why it is less than 1.
    pub reason: Option<String>,
}

/// Speaks about a module: wires that are short conditions are spoken of by what they mean.
pub struct Speaker<'m> {
    pub m: &'m ModuleFacts,
    inline: BTreeMap<String, Expr>,
}

fn bases(e: &Expr, out: &mut BTreeSet<String>) {
    if let Expr::Index(b, _) | Expr::Slice(b, ..) = e
        && let Expr::Id(n) = &**b
    {
        out.insert(n.clone());
    }
    super::expr::children(e).into_iter().for_each(|c| bases(c, out));
}

fn uses(m: &ModuleFacts) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    let mut add = |set: BTreeSet<String>| set.into_iter().for_each(|n| *count.entry(n).or_insert(0) += 1);
    m.assigns.iter().for_each(|a| add(names(&a.value)));
    for p in &m.processes {
        let mut selected = BTreeSet::new();
        p.body.each_assign(&mut |a| bases(&a.value, &mut selected));
        add(p.body.reads());
    }
    for i in &m.instances {
        i.connections
            .iter()
            .filter_map(|(_, e)| parse(e))
            .for_each(|e| add(names(&e)));
    }
    count
}

impl<'m> Speaker<'m> {
    pub fn new(m: &'m ModuleFacts) -> Speaker<'m> {
        let count = uses(m);
        let mut inline: BTreeMap<String, Expr> = BTreeMap::new();
        for a in &m.assigns {
            let [Target { name, select: None }] = &a.targets[..] else {
                continue;
            };
            // Only single bits: a wider value may lose its carry or sign when it is spoken of in another place.
            let plain = m.port(name).is_none()
                && m.is_bit(name)
                && is_bit(&a.value, m)
                && a.scope.is_empty()
                && m.assigns_of(name).count() == 1
                && !m.tainted.contains(name);
            let rare = count.get(name).is_some_and(|c| *c <= 2);
            if plain && rare && leaves(&a.value) <= 3 && sayable(&a.value, m) && !names(&a.value).contains(name) {
                inline.insert(name.clone(), a.value.clone());
            }
        }
        Speaker { m, inline }
    }

    /// `x[7:0]` is `x` where that is all of it.
    fn plain(&self, e: &Expr) -> Expr {
        if let Expr::Slice(b, ":", hi, lo) = e
            && let Expr::Id(n) = &**b
            && self
                .m
                .range(n)
                .is_some_and(|r| same(&format!("{}:{}", code(hi), code(lo)), r))
        {
            return Expr::Id(n.clone());
        }
        map_children(e, &|c| self.plain(c))
    }

    /// The expression with short wires replaced by what they mean (up to two levels), where that reads better.
    pub fn open(&self, e: &Expr) -> Expr {
        let start = self.plain(e);
        let opened = self.opened(&start);
        if sayable(&start, self.m) && !sayable(&opened, self.m) {
            start
        } else {
            opened
        }
    }

    fn opened(&self, e: &Expr) -> Expr {
        let mut out = e.clone();
        for _ in 0..2 {
            let next = substitute(&out, &|n| self.inline.get(n).cloned());
            if leaves(&next) > 9 {
                break;
            }
            out = next;
        }
        out
    }

    /// Whether the targets are one whole signal.
    pub fn is_whole(&self, targets: &[Target]) -> bool {
        let [t] = targets else { return false };
        let all = |s: &String| self.m.range(&t.name).is_some_and(|r| same(s, r));
        t.select.as_ref().is_none_or(all) && !self.m.is_memory(&t.name)
    }

    /// What drives the name, in words; `None` for inputs and for what nothing drives.
    pub fn behaviour(&self, name: &str) -> Option<Behaviour> {
        let m = self.m;
        if m.port(name).is_some_and(|p| p.direction == Direction::Input) {
            return None;
        }
        if m.tainted.contains(name) {
            return Some(self.unclear("driven by code that is not described"));
        }
        let assigns: Vec<&Continuous> = m.assigns_of(name).collect();
        let processes = m.processes_of(name);
        let instances = self.instances_of(name);
        match (assigns.len(), processes.len(), instances.len()) {
            (0, 0, 0) => None,
            (1.., 0, 0) => Some(self.continuous(name, &assigns)),
            (0, 1, 0) => Some(self.process(name, &m.processes[processes[0]])),
            (0, 0, 1) => Some(self.instance(name, &instances)),
            _ => Some(self.unclear("driven from several places")),
        }
    }

    fn unclear(&self, reason: &str) -> Behaviour {
        Behaviour {
            reason: Some(reason.into()),
            ..Default::default()
        }
    }

    /// Instances whose connections name the signal at a port that may be an output, by what is known.
    fn instances_of(&self, name: &str) -> Vec<&'m Instance> {
        let m = self.m;
        let driven = !m.assigns_of(name).any(|_| true) && m.processes_of(name).is_empty();
        let touches = |i: &&Instance| {
            i.connections
                .iter()
                .any(|(_, e)| parse(e).is_some_and(|e| connects(&e, name)))
        };
        if driven {
            m.instances.iter().filter(touches).collect()
        } else {
            Vec::new()
        }
    }

    fn instance(&self, name: &str, found: &[&Instance]) -> Behaviour {
        let i = found[0];
        let port = i
            .connections
            .iter()
            .find(|(_, e)| parse(e).is_some_and(|e| connects(&e, name)));
        let port = port.map(|(p, _)| p.clone()).unwrap_or_default();
        Behaviour {
            sentence: Some(format!(
                "comes from port `{port}` of the `{}` instance `{}`",
                i.module, i.name
            )),
            clarity: 1.0,
            ..Default::default()
        }
    }

    fn clarity(&self, e: &Expr) -> (f64, Option<String>) {
        let calls = any(e, &|x| matches!(x, Expr::Call(n, _) if !n.starts_with('$')));
        let macros = any(e, &|x| matches!(x, Expr::Id(n) if n.starts_with('`')));
        if calls {
            return (0.0, Some("a function of its own".into()));
        }
        if macros {
            return (0.3, Some("macros".into()));
        }
        if self.spelt(e) > LONG_CODE {
            (0.4, Some("a long expression".into()))
        } else {
            (1.0, None)
        }
    }

    /// Characters that stay code when the expression is told.
    fn spelt(&self, e: &Expr) -> usize {
        match e {
            Expr::Cond(c, a, b) if sayable(c, self.m) && leaves(e) <= 14 => self.spelt(a).max(self.spelt(b)),
            _ if is_bit(e, self.m) && sayable(e, self.m) => 0,
            _ => code(e).len(),
        }
    }

    /// Takes an expression into account: its names, and how well it can be told.
    pub fn note(&self, b: &mut Behaviour, e: &Expr) {
        let (c, why) = self.clarity(e);
        if c < b.clarity {
            b.clarity = c;
            b.reason = why;
        }
        b.reads.extend(names(e));
    }

    fn continuous(&self, name: &str, assigns: &[&Continuous]) -> Behaviour {
        let mut b = Behaviour {
            clarity: 1.0,
            ..Default::default()
        };
        let whole = |a: &Continuous| self.is_whole(&a.targets);
        if assigns.len() > 12 {
            return self.unclear("too many drivers");
        }
        let mut rules: Vec<(String, String)> = Vec::new();
        for a in assigns {
            let e = self.open(&a.value);
            self.note(&mut b, &e);
            a.scope.iter().for_each(|g| b.reads.extend(guard_names(g)));
            let bit = whole(a) && self.m.is_bit(name);
            let said = equals(&e, self.m, bit);
            if whole(a) && a.scope.is_empty() && assigns.len() == 1 {
                b.sentence = Some(said);
                return b;
            }
            let part = target_text(&a.targets);
            let named = if whole(a) { said } else { format!("{part} {said}") };
            rules.push((self.scope(&a.scope), named));
        }
        // Both branches of one generate condition that say the same say it always.
        if let [(x, said), (y, again)] = &rules[..]
            && said == again
            && x != y
            && opposite(&assigns[0].scope, &assigns[1].scope)
            && assigns.iter().all(|a| whole(a))
        {
            b.sentence = Some(said.clone());
            return b;
        }
        b.rules = rules
            .into_iter()
            .map(|(scope, said)| (0, format!("{scope}{said}")))
            .collect();
        b
    }

    /// "for every `j` …, with `P` non-zero: "
    fn scope(&self, scope: &Scope) -> String {
        let parts: Vec<String> = scope
            .iter()
            .map(|g| match g {
                Guard::If(e, yes) => format!("where {}", condition_if(e, *yes, self.m)),
                Guard::Case(e, labels) if labels.is_empty() => format!("for any other `{}`", code(e)),
                Guard::Case(e, labels) => {
                    let labels: Vec<String> = labels.iter().map(|l| tick(&code(l))).collect();
                    format!("where `{}` is {}", code(e), list(&labels, "or"))
                }
                Guard::For(var, start, test, step) => {
                    let step = step.split_whitespace().collect::<String>();
                    format!("for each `{var}` (from `{start}`, while `{test}`, stepping `{step}`)")
                }
            })
            .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("{}: ", parts.join(", "))
        }
    }

    fn process(&self, name: &str, p: &Process) -> Behaviour {
        let Some(slice) = p.body.slice(name) else {
            return self.unclear("no assignment found");
        };
        let mut b = Behaviour {
            clarity: 1.0,
            ..Default::default()
        };
        let clocked = matches!(p.trigger, Trigger::Edges(_));
        if !slice.others().is_empty() {
            return self.unclear("a loop or task");
        }
        let mut repeated = matches!(slice, Stmt::Block(_));
        slice.each_assign(&mut |a| {
            let own = names(&a.value).contains(name);
            repeated |= a.blocking && own;
        });
        // A variable that is read back while it is being built has no single rule.
        let read_back = p.body.reads().contains(name) && !clocked;
        if !clocked && repeated && read_back {
            return self.unclear("built up step by step");
        }
        let mut blocking_in_clock = false;
        slice.each_assign(&mut |a| blocking_in_clock |= a.blocking && clocked);
        if blocking_in_clock && p.body.reads().contains(name) {
            return self.unclear("blocking assignments whose order matters");
        }
        p.scope.iter().for_each(|g| b.reads.extend(guard_names(g)));
        let (reset, body) = self.split_reset(p, &slice);
        let prefix = self.scope(&p.scope);
        let teller = Teller {
            s: self,
            name,
            clocked,
            under: false,
        };
        teller.measure(&slice, &mut b);
        let mut rules = Vec::new();
        if let Some((r, Some(reset_value))) = &reset {
            b.reads.insert(r.signal.clone());
            let level = if r.active_high { "high" } else { "low" };
            rules.push((
                0,
                format!("{prefix}reset (`{}` {level}) sets it to {reset_value}", r.signal),
            ));
        }
        match &body {
            Some(body) => teller.tell(body, 0, &mut rules),
            None => rules.push((0, "otherwise keeps its value".into())),
        }
        if let Some(first) = rules.first_mut().filter(|_| !prefix.is_empty() && reset.is_none()) {
            first.1 = format!("{prefix}{}", first.1);
        }
        if rules.len() > MAX_RULES {
            return self.unclear("too many cases");
        }
        if let (Some(s), true) = (teller.short(&slice), prefix.is_empty()) {
            b.sentence = Some(s);
            return b;
        }
        b.rules = rules;
        b
    }

    /// Takes the reset branch off, where its value is a constant: (reset, its value), the rest.
    fn split_reset(&self, p: &Process, slice: &Stmt) -> (Option<(Reset, Option<String>)>, Option<Stmt>) {
        let Some(reset) = self.m.reset(p) else {
            return (None, Some(slice.clone()));
        };
        if let Stmt::If(test, a, b) = slice
            && let (Some((signal, _)), Stmt::Assign(assign)) = (polarity(test), &**a)
            && signal == reset.signal
            && self.is_whole(&assign.targets)
            && let Some(v) = constant(&assign.value, self.m)
        {
            return (Some((reset, Some(v))), b.as_deref().cloned());
        }
        (None, Some(slice.clone()))
    }
}

/// Whether an output connected to the expression drives the name: an index is only read.
fn connects(e: &Expr, name: &str) -> bool {
    match e {
        Expr::Id(n) => n == name,
        Expr::Index(b, _) | Expr::Slice(b, ..) => connects(b, name),
        Expr::Concat(v) => v.iter().any(|x| connects(x, name)),
        _ => false,
    }
}

/// Whether a select spells the whole range.
fn same(select: &str, range: &str) -> bool {
    let bare = |s: &str| {
        s.chars()
            .filter(|c| !c.is_whitespace() && *c != '[' && *c != ']')
            .collect::<String>()
    };
    bare(select) == bare(range)
}

/// The same condition in both branches, once true and once false.
fn opposite(x: &Scope, y: &Scope) -> bool {
    matches!((&x[..], &y[..]), ([Guard::If(a, p)], [Guard::If(b, q)]) if a == b && p != q)
}

fn guard_names(g: &Guard) -> BTreeSet<String> {
    match g {
        Guard::If(e, _) | Guard::Case(e, _) => names(e),
        Guard::For(..) => BTreeSet::new(),
    }
}

/// `x`, `x[3:0]` or `{a, b}` in backquotes.
pub fn target_text(targets: &[Target]) -> String {
    let parts: Vec<String> = targets
        .iter()
        .map(|t| format!("{}{}", t.name, t.select.as_deref().unwrap_or("")))
        .collect();
    if parts.len() == 1 {
        tick(&parts[0])
    } else {
        format!("`{{{}}}`", parts.join(", "))
    }
}
