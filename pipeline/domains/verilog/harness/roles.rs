//! What each port is to the testbench: clock, reset or data.

use super::Edge;
use super::elaborate::{EdgeUse, Elaborated};
use crate::domains::verilog::types::{Direction, Port, PortRole};
use std::collections::BTreeMap;

/// What the syntax tree of the top tells beyond the compiled code. Both maps may be empty.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Signals in `@(posedge …)` or `@(negedge …)`.
    pub clocked: BTreeMap<String, Edge>,
    /// Signals tested at the head of a clocked block; true where the test is for low.
    pub resets: BTreeMap<String, bool>,
    /// Literals of the design: width in bits and binary digits, most significant first.
    pub constants: Vec<(u32, String)>,
}

/// Gives every port its role. At most one port is [`PortRole::Clock`]; a design without one is combinational.
pub fn classify(design: &Elaborated, hints: &Hints) -> Vec<Port> {
    let mut ports = design.ports.clone();
    let mut resets: Vec<Option<PortRole>> = ports.iter().map(|p| reset_role(p, design, hints)).collect();
    let mut main = main_clock(&ports, &resets, design, hints);
    if main.is_none() {
        // Every edge comes in pairs and no name helps: the one that is not tested at the head is the clock.
        main = unnamed_clock(&ports, design, hints);
        if let Some(i) = main {
            resets[i] = None;
        }
    }
    for (i, port) in ports.iter_mut().enumerate() {
        port.role = match resets[i] {
            _ if Some(i) == main => PortRole::Clock,
            Some(reset) => reset,
            None if is_clock(port, design, hints) => PortRole::AuxClock,
            None => PortRole::Data,
        };
    }
    ports
}

/// The same ports with every reset the other way round; `None` where there is no reset.
pub fn flip_resets(ports: &[Port]) -> Option<Vec<Port>> {
    let mut flipped = ports.to_vec();
    for port in &mut flipped {
        port.role = match port.role {
            PortRole::ResetHigh => PortRole::ResetLow,
            PortRole::ResetLow => PortRole::ResetHigh,
            role => role,
        };
    }
    (flipped != ports).then_some(flipped)
}

/// The one-bit input that most clocked events rest on; ties go to a clock's name, then to the first port.
fn main_clock(ports: &[Port], resets: &[Option<PortRole>], design: &Elaborated, hints: &Hints) -> Option<usize> {
    let rank = |i: usize| {
        let port = &ports[i];
        let uses = design.edges.get(&port.name).copied().unwrap_or_default();
        (
            clock_name(&port.name),
            uses.alone,
            uses.posedge + uses.negedge + uses.gated,
            std::cmp::Reverse(i),
        )
    };
    (0..ports.len())
        .filter(|&i| resets[i].is_none() && is_clock(&ports[i], design, hints))
        .max_by_key(|&i| rank(i))
}

fn unnamed_clock(ports: &[Port], design: &Elaborated, hints: &Hints) -> Option<usize> {
    let uses = |i: usize| design.edges.get(&ports[i].name).map_or(0, |u| u.posedge + u.negedge);
    let free = |i: &usize| reset_name(&ports[*i].name).is_none() && !hints.resets.contains_key(&ports[*i].name);
    (0..ports.len())
        .filter(|i| uses(*i) > 0 && ports[*i].width == 1)
        .filter(free)
        .max_by_key(|&i| (uses(i), std::cmp::Reverse(i)))
}

fn is_clock(port: &Port, design: &Elaborated, hints: &Hints) -> bool {
    if port.direction != Direction::Input || port.width != 1 {
        return false;
    }
    let hinted = hints.clocked.contains_key(&port.name);
    match design.edges.get(&port.name) {
        // Only ever beside another edge, and not called a clock: an asynchronous set or load.
        Some(EdgeUse {
            posedge,
            negedge,
            alone: 0,
            ..
        }) if posedge + negedge > 0 => clock_name(&port.name),
        Some(EdgeUse {
            posedge: 0, negedge: 0, ..
        }) => hinted || clock_name(&port.name),
        Some(_) => true,
        None => hinted && design.clocked_events > 0,
    }
}

fn reset_role(port: &Port, design: &Elaborated, hints: &Hints) -> Option<PortRole> {
    if port.direction != Direction::Input || port.width != 1 {
        return None;
    }
    let role = |low: bool| if low { PortRole::ResetLow } else { PortRole::ResetHigh };
    let named = reset_name(&port.name);
    if let Some(uses) = design.edges.get(&port.name)
        && uses.posedge + uses.negedge > 0
        && (named.is_some() || uses.alone == 0)
        && !clock_name(&port.name)
    {
        return Some(role(uses.negedge > uses.posedge));
    }
    match (named, hints.resets.get(&port.name)) {
        (Some(_), Some(&low)) => Some(role(low)),
        (Some(low), None) => Some(role(low)),
        (None, _) => None,
    }
}

/// The words of a name: split at `_`, digits and before capitals, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let boundary = !c.is_ascii_alphabetic() || (lower && c.is_ascii_uppercase());
        if boundary {
            out.push(String::new());
        }
        lower = c.is_ascii_lowercase();
        if c.is_ascii_alphabetic()
            && let Some(word) = out.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
    }
    out.retain(|w| !w.is_empty());
    out
}

/// Whether a name is that of a clock: `clk`, `wb_clk_i`, `aclk`, `CLOCK_50`; not `clk_en` or `clkfbin`.
fn clock_name(name: &str) -> bool {
    let words = words(name);
    let clock =
        |w: &String| matches!(w.as_str(), "clk" | "clock" | "ck" | "clkin") || w.len() <= 5 && w.ends_with("clk");
    let other = |w: &String| {
        matches!(
            w.as_str(),
            "en" | "enable" | "ena" | "ce" | "sel" | "gate" | "req" | "ack" | "div"
        )
    };
    words.iter().any(clock) && !words.iter().any(other)
}

/// Whether a name is that of a reset, and if so whether it is active low.
fn reset_name(name: &str) -> Option<bool> {
    let words = words(name);
    let at = words.iter().position(|w| reset_stem(w).is_some())?;
    let low = reset_stem(&words[at])?;
    // `rst_n`, `reset_b`; `rst_ni` is an active-low input in some houses.
    let suffix = words
        .get(at + 1)
        .is_some_and(|w| matches!(w.as_str(), "n" | "ni" | "b" | "l" | "x"));
    Some(low || suffix)
}

/// `rst`, `arstn`, `nreset` …: whether one word means reset, and its polarity. `burst` does not.
fn reset_stem(word: &str) -> Option<bool> {
    for stem in ["reset", "rst"] {
        let Some(at) = word.find(stem) else { continue };
        let (before, after) = (&word[..at], &word[at + stem.len()..]);
        let low = before.starts_with('n') || before.ends_with('n') || matches!(after, "n" | "ni" | "nn" | "b");
        let known_before = matches!(
            before,
            "" | "n" | "a" | "s" | "an" | "sn" | "na" | "ns" | "i" | "sys" | "h" | "core"
        );
        if known_before && matches!(after, "" | "n" | "ni" | "b" | "i" | "in" | "p" | "h") {
            return Some(low);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clocks_and_resets_are_told_from_their_look_alikes() {
        for clock in ["clk", "wb_clk_i", "aclk", "CLOCK_50", "clkA", "i_clk", "tck_clk"] {
            assert!(clock_name(clock), "{clock}");
        }
        for other in ["clk_en", "clkfbin", "en", "nset", "clock_gate_en", "block", "tick"] {
            assert!(!clock_name(other), "{other}");
        }
        for (name, low) in [
            ("rst", false),
            ("reset", false),
            ("i_rst", false),
            ("resetn", true),
            ("rst_n", true),
            ("nreset", true),
            ("aresetn", true),
            ("rst_ni", true),
            ("coreRstN", true),
            ("wb_rst_i", false),
        ] {
            assert_eq!(reset_name(name), Some(low), "{name}");
        }
        for other in ["burst", "first", "restart", "preset_value", "worst"] {
            assert_eq!(reset_name(other), None, "{other}");
        }
    }
}
