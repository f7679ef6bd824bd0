//! Dataflow inside one module: how a signal reaches an output.

use super::expr::{names, parse};
use super::facts::{ModuleFacts, Stmt, Trigger};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Hops beyond which a path explains nothing.
const MAX_HOPS: usize = 4;

/// Which names each name is computed from, over all assignments (values and the conditions around them).
pub fn sources(m: &ModuleFacts) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for a in &m.assigns {
        for t in &a.targets {
            let entry = out.entry(t.name.clone()).or_default();
            entry.extend(names(&a.value));
            entry.extend(
                t.select
                    .iter()
                    .filter_map(|s| parse(&format!("{}{s}", t.name)))
                    .flat_map(|e| names(&e)),
            );
        }
    }
    for p in m.processes.iter().filter(|p| p.trigger != Trigger::Initial) {
        for name in p.body.assigned() {
            let reads = p.body.slice(&name).map(|s: Stmt| s.reads()).unwrap_or_default();
            out.entry(name).or_default().extend(reads);
        }
    }
    // A select spells its own base: that is no dependence. Constants carry no fault.
    for (name, set) in &mut out {
        set.retain(|s| s != name && !m.is_constant(s));
    }
    out
}

/// The shortest way from `subject` to `output`, both included, at most four hops; `None` if there is none inside the
/// module's own assignments.
pub fn path(m: &ModuleFacts, subject: &str, output: &str) -> Option<Vec<String>> {
    let sources = sources(m);
    let mut came: BTreeMap<String, String> = BTreeMap::new();
    let mut todo = VecDeque::from([(output.to_string(), 0)]);
    while let Some((at, hops)) = todo.pop_front() {
        if at == subject {
            let mut way = vec![at];
            while let Some(next) = came.get(&way[way.len() - 1]).filter(|_| way.len() <= MAX_HOPS + 1) {
                way.push(next.clone());
            }
            return Some(way);
        }
        if hops == MAX_HOPS {
            continue;
        }
        for s in sources.get(&at).into_iter().flatten() {
            if s != output && !came.contains_key(s) {
                came.insert(s.clone(), at.clone());
                todo.push_back((s.clone(), hops + 1));
            }
        }
    }
    None
}

/// Register stages on the way from the inputs to `output`, where every way has the same number and no register feeds
/// itself; `None` otherwise.
pub fn latency(m: &ModuleFacts, output: &str) -> Option<u32> {
    let sources = sources(m);
    let control: BTreeSet<String> = m
        .processes
        .iter()
        .flat_map(|p| {
            m.reset(p)
                .map(|r| r.signal)
                .into_iter()
                .chain(m.clock(p).map(|c| c.1.to_string()))
        })
        .collect();
    let mut open = BTreeSet::new();
    depth(m, &sources, &control, output, &mut open)
        .filter(|d| d.0 == d.1)
        .map(|d| d.0)
}

type Range = (u32, u32);

fn depth(
    m: &ModuleFacts,
    sources: &BTreeMap<String, BTreeSet<String>>,
    control: &BTreeSet<String>,
    name: &str,
    open: &mut BTreeSet<String>,
) -> Option<Range> {
    if m.tainted.contains(name) || open.len() > 40 || !open.insert(name.into()) {
        return None;
    }
    let own = m.is_register(name);
    if !m.processes_of(name).is_empty()
        && (if own {
            keeps(m, name) || !m.is_plain_register(name)
        } else {
            !always_assigned(m, name)
        })
    {
        return None;
    }
    let mut range: Option<Range> = None;
    match sources.get(name) {
        None if m
            .port(name)
            .is_some_and(|p| p.direction == crate::domains::verilog::types::Direction::Input) =>
        {
            range = Some((0, 0));
        }
        None => return None,
        Some(set) => {
            for s in set.iter().filter(|s| !control.contains(*s)) {
                let (lo, hi) = depth(m, sources, control, s, open)?;
                range = Some(range.map_or((lo, hi), |(l, h)| (l.min(lo), h.max(hi))));
            }
        }
    }
    open.remove(name);
    range.map(|(lo, hi)| (lo + u32::from(own), hi + u32::from(own)))
}

/// Whether every path through the processes that drive `name` assigns it.
pub fn always_assigned(m: &ModuleFacts, name: &str) -> bool {
    fn total(s: &Stmt) -> bool {
        match s {
            Stmt::Assign(_) => true,
            Stmt::If(_, a, b) => total(a) && b.as_deref().is_some_and(total),
            Stmt::Block(v) => v.iter().any(total),
            Stmt::Case(c) => c.default.as_deref().is_some_and(total) && c.items.iter().all(|(_, s)| total(s)),
            Stmt::Other(..) | Stmt::Nothing => false,
        }
    }
    m.processes_of(name)
        .iter()
        .all(|i| m.processes[*i].body.slice(name).is_some_and(|s| total(&s)))
}

/// Whether some branch leaves the register alone: then its age is not fixed.
fn keeps(m: &ModuleFacts, name: &str) -> bool {
    sources_of_register(m, name).contains(name) || !always_assigned(m, name)
}

fn sources_of_register(m: &ModuleFacts, name: &str) -> BTreeSet<String> {
    m.processes_of(name)
        .iter()
        .filter_map(|i| m.processes[*i].body.slice(name))
        .flat_map(|s| s.reads())
        .collect()
}
