//! Why a change breaks the module: a fault, what follows from it, what cures it. One file per family of defects.

mod flow;
mod latch;
mod leaf;
mod operator;
mod order;
mod syntax;
mod value;
mod wiring;

#[cfg(test)]
pub use operator::binary;

use super::behaviour::Speaker;
use super::english::{list, tick};
use super::facts::ModuleFacts;
use super::place::Place;
use super::wording::{Pick, count};
use crate::domains::verilog::types::Mutation;

/// Longest code quoted in a sentence, in characters.
const MAX_QUOTE: usize = 96;

/// What is said of a fault. Every text is one or more whole sentences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Names the line and what is wrong in it.
    pub fault: String,
    /// What the hardware does because of it.
    pub effect: String,
    /// What the repair is and why it helps.
    pub cure: String,
}

/// All that an explanation may draw on.
pub struct Case<'a> {
    pub m: &'a ModuleFacts,
    pub speaker: &'a Speaker<'a>,
    pub mutation: &'a Mutation,
    pub place: &'a Place,
    /// The right text.
    pub original: &'a str,
    /// Facts of the broken text, where it can be read.
    pub broken: Option<&'a ModuleFacts>,
}

impl Case<'_> {
    /// "line 41".
    pub fn line(&self) -> String {
        format!("line {}", self.place.line)
    }

    /// The wrong construct in backquotes, or the wrong fragment where the construct is long.
    pub fn now(&self) -> String {
        quote(&self.place.now, &self.mutation.replacement)
    }

    /// The right construct in backquotes.
    pub fn was(&self) -> String {
        quote(&self.place.was, &self.mutation.original)
    }

    /// "`a`, `b` and `c`"; at most three.
    pub fn targets(&self) -> String {
        let all: Vec<String> = self.driven().iter().map(|t| tick(t)).collect();
        match all.len() {
            0 => self.mutation.subject.as_ref().map_or("its target".into(), |s| tick(s)),
            1..=3 => list(&all, "and"),
            n => format!("{}, {} and {}", all[0], all[1], count(n - 2, "other signal")),
        }
    }

    /// What the construct drives, without loop variables and the like (unless there is nothing else).
    fn driven(&self) -> Vec<&String> {
        let plain = |t: &&String| self.m.signals.get(*t).is_none_or(|s| !s.odd);
        let all: Vec<&String> = self.place.targets.iter().filter(plain).collect();
        if all.is_empty() {
            self.place.targets.iter().collect()
        } else {
            all
        }
    }

    /// "is" or "are", for the targets.
    pub fn be(&self) -> &'static str {
        if self.plural() { "are" } else { "is" }
    }

    /// The ending of a verb whose subject is the targets.
    pub fn s(&self) -> &'static str {
        if self.plural() { "" } else { "s" }
    }

    /// Whether more than one signal is driven.
    pub fn plural(&self) -> bool {
        self.driven().len() > 1
    }

    /// The first target, or the mutation's subject.
    pub fn target(&self) -> Option<&str> {
        self.place
            .targets
            .first()
            .map(String::as_str)
            .or(self.mutation.subject.as_deref())
    }

    /// The clock edge of the process around it: ("rising", "clk").
    pub fn clock(&self) -> Option<(&'static str, String)> {
        let p = self.place.process.and_then(|i| self.m.processes.get(i))?;
        let (edge, clock) = self.m.clock(p)?;
        Some((if edge == "posedge" { "rising" } else { "falling" }, clock.to_string()))
    }
}

fn quote(whole: &str, part: &str) -> String {
    let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if whole.len() <= MAX_QUOTE || part.is_empty() {
        whole
    } else {
        &part
    };
    let text = text.trim_end_matches([';', ',']);
    if text.len() > MAX_QUOTE {
        let cut = text.char_indices().take(MAX_QUOTE - 2).last().map_or(0, |c| c.0);
        return tick(&format!("{} …", &text[..cut]));
    }
    tick(text)
}

/// Tells a fault that compiles.
///
/// `None` where no rule explains how the change does harm.
pub fn semantic(c: &Case, pick: &mut Pick) -> Option<Told> {
    if order::inexplicable(c) {
        return None;
    }
    let told = flow::tell(c, pick).or_else(|| wiring::tell(c, pick));
    Some(told.unwrap_or_else(|| value::tell(c, pick)))
}

/// Tells a fault that the compiler rejects.
pub fn compile(c: &Case, pick: &mut Pick) -> Told {
    syntax::tell(c, pick)
}
