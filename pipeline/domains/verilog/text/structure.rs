//! What kind of module it is, by its structure.

use super::english::list;
use super::expr::Expr;
use super::facts::*;
use super::trace::always_assigned;
use super::wording::{Pick, article, count};
use std::collections::BTreeSet;

/// The structure of a module, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    pub registers: Vec<String>,
    pub memories: Vec<String>,
    /// State registers with the number of states that their `case` names.
    pub machines: Vec<(String, usize)>,
    /// Registers that count up or down.
    pub counters: Vec<String>,
    /// Registers that shift.
    pub shifters: Vec<String>,
    /// Distinct modules instantiated.
    pub parts: Vec<String>,
    pub instances: usize,
    /// Combinational `case` statements.
    pub decoders: usize,
    pub clocks: BTreeSet<String>,
    pub latches: bool,
    /// Something that may hold state could not be read.
    pub unclear: bool,
}

fn each_case<'a>(s: &'a Stmt, f: &mut dyn FnMut(&'a Case)) {
    match s {
        Stmt::Block(v) => v.iter().for_each(|s| each_case(s, f)),
        Stmt::If(_, a, b) => {
            each_case(a, f);
            b.iter().for_each(|s| each_case(s, f));
        }
        Stmt::Case(c) => {
            f(c);
            c.items
                .iter()
                .map(|(_, s)| s)
                .chain(c.default.as_deref())
                .for_each(|s| each_case(s, f));
        }
        Stmt::Assign(_) | Stmt::Other(..) | Stmt::Nothing => {}
    }
}

/// Counts the structure of a module.
pub fn shape(m: &ModuleFacts) -> Shape {
    let harmless = ["procedural loop", "wildcard port connection"];
    let unclear = m.unread.iter().any(|u| !harmless.contains(&u.as_str()));
    let mut out = Shape {
        unclear,
        ..Shape::default()
    };
    let mut registers = BTreeSet::new();
    for p in &m.processes {
        match &p.trigger {
            Trigger::Edges(_) => {
                registers.extend(p.body.assigned());
                out.clocks.extend(m.clock(p).map(|c| c.1.to_string()));
                p.body.each_assign(&mut |a| motion(a, &mut out));
            }
            Trigger::Latch => out.latches = true,
            Trigger::Levels(_) => {
                each_case(&p.body, &mut |_| out.decoders += 1);
                let known = p.body.assigned().into_iter().filter(|n| !m.tainted.contains(n));
                out.latches |= known.into_iter().any(|n| !always_assigned(m, &n));
            }
            Trigger::Initial => {}
        }
    }
    for p in m.processes.iter().filter(|p| p.trigger != Trigger::Initial) {
        each_case(&p.body, &mut |c| {
            if let Expr::Id(n) = &c.subject
                && registers.contains(n)
                && is_state(m, n)
                && !out.machines.iter().any(|(s, _)| s == n)
            {
                let labels: BTreeSet<String> = c
                    .items
                    .iter()
                    .flat_map(|(l, _)| l.iter().map(super::expr::code))
                    .collect();
                out.machines.push((n.clone(), labels.len()));
            }
        });
    }
    let states: BTreeSet<&String> = out.machines.iter().map(|(s, _)| s).collect();
    out.counters.retain(|c| !states.contains(c));
    out.memories = registers.iter().filter(|r| m.is_memory(r)).cloned().collect();
    out.registers = registers.into_iter().filter(|r| !m.is_memory(r)).collect();
    let parts: BTreeSet<String> = m.instances.iter().map(|i| i.module.clone()).collect();
    out.parts = parts.into_iter().collect();
    out.instances = m.instances.len();
    out
}

fn motion(a: &Assign, out: &mut Shape) {
    let [t] = &a.targets[..] else { return };
    let own = |e: &Expr| matches!(e, Expr::Id(n) if *n == t.name);
    match &a.value {
        Expr::Binary("+" | "-", l, _) if own(l) && !out.counters.contains(&t.name) => out.counters.push(t.name.clone()),
        Expr::Concat(v) if v.len() == 2 && !out.shifters.contains(&t.name) => {
            let part = |e: &Expr| matches!(e, Expr::Slice(b, ..) if own(b));
            if v.iter().any(part) {
                out.shifters.push(t.name.clone());
            }
        }
        _ => {}
    }
}

/// A state register takes constants (or a next-state signal), and steps between them.
fn is_state(m: &ModuleFacts, name: &str) -> bool {
    let mut constants = 0;
    for i in m.processes_of(name) {
        m.processes[i].body.each_assign(&mut |a| {
            let named = matches!(&a.value, Expr::Num(_)) || matches!(&a.value, Expr::Id(n) if m.is_constant(n));
            constants += usize::from(named && a.targets.iter().any(|t| t.name == name));
        });
    }
    constants >= 2 || constants == 1 && m.constants.len() >= 2
}

impl Shape {
    /// "a clocked block with a state machine of 4 states (`st`) and two counters".
    pub fn noun_phrase(&self, pick: &mut Pick) -> String {
        let ticks = |v: &[String]| v.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>();
        let mut with: Vec<String> = Vec::new();
        for (s, n) in self.machines.iter().take(2) {
            with.push(format!("a state machine of {n} named states in `{s}`"));
        }
        if !self.memories.is_empty() {
            let names = ticks(&self.memories);
            with.push(format!(
                "{} ({})",
                if names.len() == 1 { "a memory" } else { "memories" },
                list(&names, "and")
            ));
        }
        for (what, found) in [("counter", &self.counters), ("shift register", &self.shifters)] {
            match found.len() {
                0 => {}
                1 => with.push(format!("a {what} (`{}`)", found[0])),
                n => with.push(count(n, what)),
            }
        }
        let clocked = !self.registers.is_empty() || !self.memories.is_empty();
        if self.instances > 0 && !clocked && !self.unclear {
            let parts = ticks(&self.parts);
            let of = if parts.len() <= 4 {
                format!(" ({})", list(&parts, "and"))
            } else {
                String::new()
            };
            return format!(
                "{} around {}{of}",
                pick.one(&["a structural wrapper", "a piece of glue logic", "a composition"]),
                count(self.instances, "instance")
            );
        }
        if self.instances > 0 {
            with.push(count(self.instances, "submodule instance"));
        }
        if !clocked && self.unclear {
            return pick.one(&["a block of RTL", "an RTL block"]).into();
        }
        if !clocked {
            let kind = if self.latches {
                "a latch-based block"
            } else {
                pick.one(&["a combinational block", "purely combinational logic"])
            };
            return match self.decoders {
                0 => kind.into(),
                1 => format!("{kind} built around a case decoder"),
                n => format!("{kind} with {}", count(n, "case decoder")),
            };
        }
        let plain = with.is_empty();
        if plain {
            with.push(count(self.registers.len(), "register"));
        }
        if self.clocks.len() > 1 {
            with.insert(0, count(self.clocks.len(), "clock"));
        }
        if plain {
            let kind = pick.one(&["a clocked block", "sequential logic"]);
            return format!("{kind} with {}", list(&with, "and"));
        }
        let head = pick.one(&["clocked block", "synchronous block", "sequential circuit"]);
        format!("{} {head} with {}", article(head), list(&with, "and"))
    }
}
