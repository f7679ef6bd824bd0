//! Renode's log: the only place where it tells of some things that a chip would not bear.

use std::collections::BTreeMap;

/// A line: `HH:MM:SS.ffff [LEVEL] source: text`, with ` (N)` at its end where it stands for N alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    pub level: &'a str,
    pub source: &'a str,
    pub text: &'a str,
}

impl<'a> Line<'a> {
    pub fn read(line: &'a str) -> Option<Line<'a>> {
        let (_time, rest) = line.split_once(" [")?;
        let (level, rest) = rest.split_once("] ")?;
        let (source, text) = rest.split_once(": ")?;
        Some(Line { level, source, text })
    }
}

/// An access to an address where Renode has nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Stray {
    /// `WriteDoubleWord`, `ReadByte` …
    pub access: String,
    pub address: u32,
    /// Of the instruction.
    pub pc: u32,
}

/// What a log tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The core gave up: its reason. Virtual time stands still from then on, and `RunFor` never returns.
    pub abort: Option<Abort>,
    pub strays: Vec<Stray>,
    /// Warnings and errors of parts of the chip, each once with how often it came: most are bits that a model ignores.
    pub remarks: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Abort {
    pub pc: u32,
    pub why: String,
}

/// Most remarks and accesses that are kept.
const KEPT: usize = 100;

impl Told {
    /// Takes in one more line.
    pub fn add(&mut self, line: &str) {
        let Some(line) = Line::read(line) else { return };
        if let Some(abort) = abort(&line) {
            self.abort.get_or_insert(abort);
            return;
        }
        if let Some(stray) = stray(&line) {
            if self.strays.len() < KEPT && !self.strays.contains(&stray) {
                self.strays.push(stray);
            }
            return;
        }
        if matches!(line.level, "WARNING" | "ERROR") {
            let (text, times) = times(line.text);
            let known = self.remarks.len() < KEPT;
            let remark = format!("{}: {text}", line.source);
            if known || self.remarks.contains_key(&remark) {
                *self.remarks.entry(remark).or_default() += times;
            }
        }
    }
}

/// `… (3)`: what it says three times.
fn times(text: &str) -> (&str, u64) {
    let told = text.rsplit_once(" (").and_then(|(before, count)| {
        let count = count.strip_suffix(')')?.parse().ok()?;
        Some((before, count))
    });
    told.unwrap_or((text, 1))
}

fn hex(digits: &str) -> Option<u32> {
    u32::from_str_radix(digits.strip_prefix("0x")?, 16).ok()
}

/// `CPU abort [PC=0x70000000]: Trying to execute code outside RAM or ROM at 0x70000000.`
fn abort(line: &Line) -> Option<Abort> {
    let rest = line.text.strip_prefix("CPU abort [PC=")?;
    let (pc, why) = rest.split_once("]: ")?;
    Some(Abort {
        pc: hex(pc)?,
        why: why.to_string(),
    })
}

/// `[cpu: 0x80001EC] WriteDoubleWord to non existing peripheral at 0x90000000, value 0x1.`
fn stray(line: &Line) -> Option<Stray> {
    let rest = line.text.strip_prefix("[cpu: ")?;
    let (pc, rest) = rest.split_once("] ")?;
    let (access, rest) = rest.split_once(" non existing peripheral at ")?;
    let digits = rest.split([',', '.', ' ']).next()?;
    Some(Stray {
        access: access.split(' ').next()?.to_string(),
        address: hex(digits)?,
        pc: hex(pc)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_of_strays_aborts_and_the_rest() {
        let mut told = Told::default();
        for line in [
            "06:42:33.3950 [INFO] sysbus: Loading block of 560 bytes length at 0x8000000.",
            "06:42:33.5850 [WARNING] rcc: Unhandled write to offset 0x4. Unhandled bits: [29] when writing value 0x7405408. Tags: RESERVED (0x0).",
            "06:42:33.7805 [WARNING] sysbus: [cpu: 0x80001EC] WriteDoubleWord to non existing peripheral at 0x90000000, value 0x1.",
            "06:42:33.8959 [WARNING] sysbus: [cpu: 0x80001EC] WriteDoubleWord to non existing peripheral at 0x90000000, value 0x1. (2)",
            "06:42:40.7026 [WARNING] sysbus: [cpu: 0x70000000] ReadByte from non existing peripheral at 0x70000000.",
            "06:42:40.7026 [ERROR] cpu: CPU abort [PC=0x70000000]: Trying to execute code outside RAM or ROM at 0x70000000.",
            "06:42:40.8 [WARNING] usart2: Something odd (3)",
            "boot",
            "",
        ] {
            told.add(line);
        }
        let stray = |access: &str, address, pc| Stray {
            access: access.into(),
            address,
            pc,
        };
        assert_eq!(
            told.strays,
            [
                stray("WriteDoubleWord", 0x9000_0000, 0x0800_01EC),
                stray("ReadByte", 0x7000_0000, 0x7000_0000)
            ]
        );
        assert_eq!(told.abort.as_ref().unwrap().pc, 0x7000_0000);
        assert_eq!(told.remarks.len(), 2);
        assert_eq!(told.remarks["usart2: Something odd"], 3);
    }
}
