//! What is known of a module: everything the texts are composed from, read off its syntax tree.

use super::expr::Expr;
use crate::domains::verilog::types::{Direction, PortRole};
use std::collections::{BTreeMap, BTreeSet};

/// A module as the texts see it. Line numbers are 1-based in the file that was read.
#[derive(Clone, Debug, Default)]
pub struct ModuleFacts {
    pub name: String,
    /// First and last line of the module.
    pub lines: (u32, u32),
    /// One line of prose from the comment above the module, where there is prose.
    pub purpose: Option<String>,
    pub params: Vec<Param>,
    /// `localparam`s, in order.
    pub constants: Vec<Param>,
    pub ports: Vec<PortFact>,
    /// Every declared name but parameters.
    pub signals: BTreeMap<String, Signal>,
    pub processes: Vec<Process>,
    pub assigns: Vec<Continuous>,
    pub instances: Vec<Instance>,
    /// What could not be read, by the reason; each weakens a requirement.
    pub unread: BTreeSet<String>,
    /// Names that something unread may drive: nothing is claimed about them.
    pub tainted: BTreeSet<String>,
    /// Lines of code, blank and comment lines left out.
    pub code_lines: u32,
}

/// A parameter or local constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: String,
    /// The default as written, on one line.
    pub value: String,
    /// The packed range as written, without brackets.
    pub range: Option<String>,
    /// The comment that stands beside it.
    pub comment: Option<String>,
}

/// A port: what the caller knows (elaborated) and what the source says.
#[derive(Clone, Debug, PartialEq)]
pub struct PortFact {
    pub name: String,
    pub direction: Direction,
    /// Bits with the parameters' defaults.
    pub width: u32,
    pub signed: bool,
    pub role: PortRole,
    /// The range as written, e.g. `W-1:0`.
    pub range: Option<String>,
    pub comment: Option<String>,
    /// The comment line above the group that the port stands in.
    pub group: Option<String>,
}

/// A net or variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signal {
    /// Packed range as written.
    pub range: Option<String>,
    /// Unpacked dimension as written: it is a memory.
    pub memory: Option<String>,
    pub is_reg: bool,
    pub signed: bool,
    /// `integer`, `genvar` or the like: no plain vector.
    pub odd: bool,
    /// The value of an initialiser (`reg x = 0`).
    pub initial: Option<String>,
}

/// One target of an assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub name: String,
    /// `[3:0]` as written; `None` for the whole signal.
    pub select: Option<String>,
}

/// An assignment in a process.
#[derive(Clone, Debug, PartialEq)]
pub struct Assign {
    /// One, or the parts of a concatenation from the most significant on.
    pub targets: Vec<Target>,
    pub value: Expr,
    pub blocking: bool,
    /// Bytes of the statement in the file.
    pub span: (usize, usize),
    pub line: u32,
}

/// A procedural statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    Block(Vec<Stmt>),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    Case(Case),
    Assign(Assign),
    /// A loop or a task call, with the names that it may assign.
    Other(String, BTreeSet<String>),
    Nothing,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `case`, `casez` or `casex`.
    pub keyword: String,
    pub subject: Expr,
    pub items: Vec<(Vec<Expr>, Stmt)>,
    pub default: Option<Box<Stmt>>,
}

/// When a process runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Edges, in order: (`posedge` or `negedge`, signal).
    Edges(Vec<(String, String)>),
    /// `@*`, `always_comb`, or a list of levels.
    Levels(Option<Vec<String>>),
    Latch,
    Initial,
}

/// A generate condition or loop around an item, as a person would say it.
pub type Scope = Vec<Guard>;

/// One level of generate.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    If(Expr, bool),
    /// Subject equals one of the values; empty for the default.
    Case(Expr, Vec<Expr>),
    /// Variable, start, condition, step.
    For(String, String, String, String),
}

#[derive(Clone, Debug)]
pub struct Process {
    pub trigger: Trigger,
    pub body: Stmt,
    pub scope: Scope,
    pub span: (usize, usize),
    pub line: u32,
}

/// `assign` or a net declared with a value.
#[derive(Clone, Debug)]
pub struct Continuous {
    pub targets: Vec<Target>,
    pub value: Expr,
    pub scope: Scope,
    pub span: (usize, usize),
    pub line: u32,
}

#[derive(Clone, Debug)]
pub struct Instance {
    pub module: String,
    pub name: String,
    pub params: Vec<(String, String)>,
    /// Port name (or position from 0), connected expression as written (may be empty).
    pub connections: Vec<(String, String)>,
    pub scope: Scope,
    pub span: (usize, usize),
    pub line: u32,
}

/// What the reset of a clocked process is.
#[derive(Clone, Debug, PartialEq)]
pub struct Reset {
    pub signal: String,
    /// Whether the process resets while the signal is high.
    pub active_high: bool,
    /// Whether the reset is in the event list.
    pub asynchronous: bool,
}

impl Stmt {
    /// Calls `f` for each assignment, in source order.
    pub fn each_assign<'a>(&'a self, f: &mut dyn FnMut(&'a Assign)) {
        match self {
            Stmt::Block(v) => v.iter().for_each(|s| s.each_assign(f)),
            Stmt::If(_, a, b) => {
                a.each_assign(f);
                b.iter().for_each(|s| s.each_assign(f));
            }
            Stmt::Case(c) => {
                c.items.iter().for_each(|(_, s)| s.each_assign(f));
                c.default.iter().for_each(|s| s.each_assign(f));
            }
            Stmt::Assign(a) => f(a),
            Stmt::Other(..) | Stmt::Nothing => {}
        }
    }

    /// Names that may be assigned in it, by whatever kind of statement.
    pub fn assigned(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        self.each_assign(&mut |a| out.extend(a.targets.iter().map(|t| t.name.clone())));
        out.extend(self.others().into_iter().flat_map(|(_, names)| names.clone()));
        out
    }

    /// Statements that could not be read as assignments or branches.
    pub fn others(&self) -> Vec<(&str, &BTreeSet<String>)> {
        match self {
            Stmt::Other(what, names) => vec![(what, names)],
            Stmt::Block(v) => v.iter().flat_map(Stmt::others).collect(),
            Stmt::If(_, a, b) => a
                .others()
                .into_iter()
                .chain(b.iter().flat_map(|s| s.others()))
                .collect(),
            Stmt::Case(c) => c
                .items
                .iter()
                .map(|(_, s)| s)
                .chain(c.default.as_deref())
                .flat_map(Stmt::others)
                .collect(),
            Stmt::Assign(_) | Stmt::Nothing => vec![],
        }
    }

    /// The statement with everything left out that does not assign `name`; `None` if nothing remains.
    pub fn slice(&self, name: &str) -> Option<Stmt> {
        match self {
            Stmt::Block(v) => {
                let mut kept: Vec<Stmt> = v.iter().filter_map(|s| s.slice(name)).collect();
                match kept.len() {
                    0 => None,
                    1 => kept.pop(),
                    _ => Some(Stmt::Block(kept)),
                }
            }
            Stmt::If(c, a, b) => {
                let (x, y) = (a.slice(name), b.as_ref().and_then(|s| s.slice(name)));
                if x.is_none() && y.is_none() {
                    return None;
                }
                Some(Stmt::If(c.clone(), x.unwrap_or(Stmt::Nothing).into(), y.map(Box::new)))
            }
            Stmt::Case(c) => {
                let keep = |s: &Stmt| s.slice(name).unwrap_or(Stmt::Nothing);
                let items: Vec<_> = c.items.iter().map(|(l, s)| (l.clone(), keep(s))).collect();
                let default = c.default.as_ref().map(|s| Box::new(keep(s)));
                let empty = |s: &Stmt| *s == Stmt::Nothing;
                if items.iter().all(|(_, s)| empty(s)) && default.as_deref().is_none_or(empty) {
                    return None;
                }
                Some(Stmt::Case(Case {
                    keyword: c.keyword.clone(),
                    subject: c.subject.clone(),
                    items,
                    default,
                }))
            }
            Stmt::Assign(a) => a.targets.iter().any(|t| t.name == name).then(|| self.clone()),
            Stmt::Other(_, names) => names.contains(name).then(|| self.clone()),
            Stmt::Nothing => None,
        }
    }

    /// Names read in conditions and values.
    pub fn reads(&self) -> BTreeSet<String> {
        use super::expr::names;
        match self {
            Stmt::Block(v) => v.iter().flat_map(Stmt::reads).collect(),
            Stmt::If(c, a, b) => names(c)
                .into_iter()
                .chain(a.reads())
                .chain(b.iter().flat_map(|s| s.reads()))
                .collect(),
            Stmt::Case(c) => {
                let labels = c.items.iter().flat_map(|(l, _)| l.iter().flat_map(names));
                let bodies = c
                    .items
                    .iter()
                    .map(|(_, s)| s)
                    .chain(c.default.as_deref())
                    .flat_map(Stmt::reads);
                names(&c.subject).into_iter().chain(labels).chain(bodies).collect()
            }
            Stmt::Assign(a) => {
                let selects = a
                    .targets
                    .iter()
                    .filter_map(|t| super::expr::parse(&format!("x{}", t.select.as_ref()?)));
                names(&a.value)
                    .into_iter()
                    .chain(selects.flat_map(|e| names(&e)).filter(|n| n != "x"))
                    .collect()
            }
            Stmt::Other(..) | Stmt::Nothing => BTreeSet::new(),
        }
    }
}

/// The signal and polarity that a condition tests, if it tests one signal: `!rst_n` → (`rst_n`, false).
pub fn polarity(e: &Expr) -> Option<(&str, bool)> {
    use super::expr::number_value;
    match e {
        Expr::Id(s) => Some((s, true)),
        Expr::Unary("!" | "~", a) => polarity(a).map(|(s, p)| (s, !p)),
        Expr::Binary(op @ ("==" | "!=" | "==="), a, b) => match (&**a, &**b) {
            (Expr::Id(s), Expr::Num(n)) => {
                let one = number_value(n).filter(|v| *v < 2)? == 1;
                Some((s, one == (*op != "!=")))
            }
            _ => None,
        },
        _ => None,
    }
}

impl ModuleFacts {
    /// The port with this name.
    pub fn port(&self, name: &str) -> Option<&PortFact> {
        self.ports.iter().find(|p| p.name == name)
    }

    /// Output ports in order.
    pub fn outputs(&self) -> impl Iterator<Item = &PortFact> {
        self.ports.iter().filter(|p| p.direction != Direction::Input)
    }

    /// Whether the name is a single bit for certain.
    pub fn is_bit(&self, name: &str) -> bool {
        if let Some(p) = self.port(name) {
            return p.width == 1;
        }
        self.signals
            .get(name)
            .is_some_and(|s| s.range.is_none() && s.memory.is_none() && !s.odd)
    }

    /// The packed range as written: a port's or a signal's.
    pub fn range(&self, name: &str) -> Option<&str> {
        let port = self.port(name).and_then(|p| p.range.as_deref());
        port.or_else(|| self.signals.get(name)?.range.as_deref())
    }

    /// Whether the name is a memory.
    pub fn is_memory(&self, name: &str) -> bool {
        self.signals.get(name).is_some_and(|s| s.memory.is_some())
    }

    /// Whether it is a parameter, a local constant or a macro.
    pub fn is_constant(&self, name: &str) -> bool {
        name.starts_with('`') || self.params.iter().chain(&self.constants).any(|p| p.name == name)
    }

    /// The reset of a process: the signal its outermost `if` tests, where that is a reset for certain (in the event
    /// list beside the clock, a reset port, or named as one).
    pub fn reset(&self, p: &Process) -> Option<Reset> {
        let Trigger::Edges(edges) = &p.trigger else { return None };
        let top = match &p.body {
            Stmt::Block(v) if v.len() == 1 => &v[0],
            other => other,
        };
        let Stmt::If(test, _, _) = top else { return None };
        let (signal, active_high) = polarity(test)?;
        let asynchronous = edges.len() > 1 && edges.iter().any(|(_, s)| s == signal);
        let role = self.port(signal).map(|p| p.role);
        let named = ["rst", "reset"].iter().any(|w| {
            signal
                .to_ascii_lowercase()
                .split('_')
                .any(|part| part.trim_matches(['n', 'i']).trim_end_matches('b') == *w)
        });
        let is_reset = asynchronous || matches!(role, Some(PortRole::ResetHigh | PortRole::ResetLow)) || named;
        is_reset.then(|| Reset {
            signal: signal.into(),
            active_high,
            asynchronous,
        })
    }

    /// The clock of a process: the edge that is not its reset.
    pub fn clock<'a>(&self, p: &'a Process) -> Option<(&'a str, &'a str)> {
        let Trigger::Edges(edges) = &p.trigger else { return None };
        let reset = self.reset(p).filter(|r| r.asynchronous);
        let rest: Vec<_> = edges
            .iter()
            .filter(|(_, s)| reset.as_ref().is_none_or(|r| r.signal != *s))
            .collect();
        match rest[..] {
            [(edge, signal)] => Some((edge, signal)),
            _ => None,
        }
    }

    /// Processes (their indices) that assign the name.
    pub fn processes_of(&self, name: &str) -> Vec<usize> {
        (0..self.processes.len())
            .filter(|i| self.processes[*i].trigger != Trigger::Initial)
            .filter(|i| self.processes[*i].body.assigned().contains(name))
            .collect()
    }

    /// Continuous assignments that drive the name.
    pub fn assigns_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Continuous> {
        self.assigns
            .iter()
            .filter(move |a| a.targets.iter().any(|t| t.name == name))
    }

    /// Whether the name is assigned under a clock edge, and only by `<=`.
    pub fn is_plain_register(&self, name: &str) -> bool {
        let mut plain = self.is_register(name);
        for i in self.processes_of(name) {
            self.processes[i]
                .body
                .each_assign(&mut |a| plain &= !(a.blocking && a.targets.iter().any(|t| t.name == name)));
        }
        plain
    }

    /// Whether the name is assigned under a clock edge.
    pub fn is_register(&self, name: &str) -> bool {
        self.processes_of(name)
            .iter()
            .any(|i| matches!(self.processes[*i].trigger, Trigger::Edges(_)))
    }
}
