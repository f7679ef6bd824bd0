//! Small changes that turn a correct module into one with a defect that an engineer might have written.
//!
//! One file per category of the taxonomy. An operator looks at the module and lists every place at which it applies;
//! which of them are used is for [`select`] to say. Nothing here checks that a change matters: running it does.

mod describe;
mod logic;
mod site;
mod syntax;
mod timing;
mod types;

use super::syntax::{parse, units};
use super::types::{DefectType, Mutation};
use site::Site;
use std::collections::BTreeMap;

/// All changes that the operators offer inside a module, by operator, then by position.
///
/// The seed decides only between variants at one place (which typing error, which wrong state). Empty if the text does
/// not parse or holds no such module.
pub fn mutations(text: &str, module: &str, seed: u64) -> Vec<Mutation> {
    let Ok(parsed) = parse(text) else { return Vec::new() };
    let flat = parsed.flat();
    let all = units(&flat);
    let Some(unit) = all.iter().find(|u| u.name == module && u.keyword == "module") else {
        return Vec::new();
    };
    let mut site = Site::new(&flat, &parsed.live, unit, seed);
    syntax::operators(&mut site);
    types::operators(&mut site);
    timing::operators(&mut site);
    logic::operators(&mut site);
    site.finish()
}

/// The text with one change made. A change that does not fit the text leaves it as it is.
pub fn apply(text: &str, mutation: &Mutation) -> String {
    match (
        text.get(..mutation.start),
        text.get(mutation.start..mutation.end),
        text.get(mutation.end..),
    ) {
        (Some(before), Some(old), Some(after)) if old == mutation.original => {
            format!("{before}{}{after}", mutation.replacement)
        }
        _ => text.to_string(),
    }
}

/// Bounds on a choice of mutations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Most of one operator.
    pub per_operator: usize,
    /// Most of one defect type.
    pub per_defect: usize,
    /// Most that touch one line.
    pub per_line: usize,
    /// Most changes of `<=` to `=` or back: nearly all of them change nothing that can be seen.
    pub blocking: usize,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps {
            per_operator: 4,
            per_defect: 8,
            per_line: 2,
            blocking: 2,
        }
    }
}

/// A seeded choice of at most `n_semantic` changes that should compile and `n_syntax` that should not.
///
/// Defect types take turns, and within a type its operators do, so that none dominates where others have something to
/// offer. The result is in the order of choice: a prefix of it is as varied as it can be.
pub fn select(mutations: &[Mutation], seed: u64, n_semantic: usize, n_syntax: usize, caps: Caps) -> Vec<Mutation> {
    let mut chosen = take_turns(mutations, seed, n_semantic, caps, true);
    chosen.extend(take_turns(mutations, seed, n_syntax, caps, false));
    chosen
}

/// Queues of candidates by operator, shuffled.
type Queues<'m> = BTreeMap<&'m str, Vec<&'m Mutation>>;

fn take_turns(all: &[Mutation], seed: u64, wanted: usize, caps: Caps, semantic: bool) -> Vec<Mutation> {
    let mut by_defect: BTreeMap<DefectType, Queues<'_>> = BTreeMap::new();
    for m in all.iter().filter(|m| m.semantic == semantic) {
        by_defect
            .entry(m.defect)
            .or_default()
            .entry(&m.operator)
            .or_default()
            .push(m);
    }
    let key = |m: &Mutation| site::mix(seed ^ m.start as u64 ^ ((m.end as u64) << 32), &m.operator);
    by_defect
        .values_mut()
        .flat_map(|q| q.values_mut())
        .for_each(|q| q.sort_by_key(|m| (key(m), m.start)));
    let mut defects: Vec<DefectType> = by_defect.keys().copied().collect();
    defects.sort_by_key(|d| site::mix(seed, &format!("{d:?}")));
    let mut chosen = Chosen {
        caps,
        ..Chosen::default()
    };
    let mut turn = 0;
    while chosen.list.len() < wanted {
        let mut any = false;
        for defect in &defects {
            let Some(queues) = by_defect.get_mut(defect) else {
                continue;
            };
            if chosen.list.len() < wanted
                && let Some(m) = chosen.next(*defect, queues, turn, seed)
            {
                chosen.add(m);
                any = true;
            }
        }
        turn += 1;
        if !any {
            break;
        }
    }
    chosen.list.into_iter().cloned().collect()
}

/// Operators of which more than a few in one module look the same to whoever simulates it.
const ALIKE: [(&str, usize); 6] = [
    ("both_clock_edges", 1),
    ("edge_dropped", 1),
    ("opposite_edge", 2),
    ("asynchronous_reset_dropped", 2),
    ("missing_endmodule", 1),
    ("reset_polarity", 2),
];

#[derive(Default)]
struct Chosen<'m> {
    list: Vec<&'m Mutation>,
    caps: Caps,
}

impl<'m> Chosen<'m> {
    /// The next candidate of a defect type: from the operator used least, earliest in its queue that the caps allow.
    fn next(&self, defect: DefectType, queues: &mut Queues<'m>, turn: u64, seed: u64) -> Option<&'m Mutation> {
        let used = |name: &str| self.list.iter().filter(|m| m.operator == name).count();
        if self.list.iter().filter(|m| m.defect == defect).count() >= self.cap(defect) {
            return None;
        }
        let alike = |name: &str| ALIKE.iter().find(|a| a.0 == name).map_or(usize::MAX, |a| a.1);
        let free = |name: &&str| used(name) < alike(name).min(self.caps.per_operator);
        let mut names: Vec<&str> = queues.keys().copied().filter(free).collect();
        names.sort_by_key(|n| (used(n), site::mix(seed ^ turn, n)));
        for name in names {
            let queue = queues.get_mut(name)?;
            if let Some(at) = queue.iter().position(|m| self.line_free(m)) {
                return Some(queue.remove(at));
            }
        }
        None
    }

    fn cap(&self, defect: DefectType) -> usize {
        let blocking = matches!(defect, DefectType::BlockingMisuse | DefectType::Race);
        if blocking {
            self.caps.blocking.min(self.caps.per_defect)
        } else {
            self.caps.per_defect
        }
    }

    fn line_free(&self, m: &Mutation) -> bool {
        let overlaps = |o: &&&Mutation| o.lines.0 <= m.lines.1 && m.lines.0 <= o.lines.1;
        self.list.iter().filter(overlaps).count() < self.caps.per_line
    }

    fn add(&mut self, m: &'m Mutation) {
        self.list.push(m);
    }
}

#[cfg(test)]
mod tests;
