//! How hard a repair is.

use super::facts::ModuleFacts;
use super::place::locate;
use super::repair::{Evidence, RepairInput};
use super::symptom::way;
use crate::domains::verilog::types::{Category, DefectType, Mutation};

/// 1..=5: by the size of the module, the kind of defect, and the distance between the fault and what shows it.
pub fn repair_difficulty(input: &RepairInput) -> u8 {
    let size = match input.facts.code_lines {
        0..=40 => 0,
        41..=120 => 1,
        _ => 2,
    };
    let distance = match input.evidence {
        Evidence::Compile { .. } => 0,
        Evidence::Simulation { mismatches, .. } => hops(
            input.original,
            input.mutation,
            input.facts,
            mismatches.first().map(|x| x.signal.as_str()),
        ),
    };
    let kind = match input.mutation.defect.category() {
        Category::Syntax => 0,
        Category::Type | Category::Logic => 1,
        Category::Timing => 2,
    };
    let obvious = input.mutation.defect == DefectType::UndefinedModule;
    (1 + size + distance + kind - u32::from(obvious)).clamp(1, 5) as u8
}

/// 0 where the failing output is driven by the changed construct itself, 1 for one or two hops, else 2.
fn hops(original: &str, mutation: &Mutation, m: &ModuleFacts, signal: Option<&str>) -> u32 {
    let place = locate(original, mutation, m);
    let found = place.zip(signal).and_then(|(p, s)| way(m, &p, s));
    match found.map(|w| w.len()) {
        Some(1) => 0,
        Some(2 | 3) => 1,
        _ => 2,
    }
}
