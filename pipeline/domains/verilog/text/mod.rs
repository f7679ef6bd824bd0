//! The built-in teacher's words for Verilog: requirements, repair dialogues and design answers, composed from facts.
//!
//! No model is asked. Each statement follows from the code, the mutation or the log by a rule; where no rule applies,
//! nothing is said. A seed varies wording and order, never content.

mod behaviour;
mod comments;
mod describe;
mod difference;
mod direct;
mod directives;
mod english;
mod eval;
mod explain;
mod expr;
mod extract;
mod facts;
mod grade;
mod place;
mod prompt;
mod repair;
mod statements;
mod structure;
mod symptom;
mod teller;
mod trace;
mod wording;

pub use describe::{ENOUGH, Requirement, describe};
pub use direct::{DirectInput, direct, direct_difficulty, interface};
pub use extract::facts;
pub use facts::{ModuleFacts, Param, PortFact};
pub use grade::repair_difficulty;
pub use repair::{Evidence, RepairInput, prompt_chars, repair};

#[cfg(test)]
mod tests;
