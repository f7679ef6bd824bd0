//! The waveform around the first mismatch, as text that a person reads.
//!
//! The moment is looked for in this order: a time in the line that reported the failure; the first change of a signal
//! that counts errors; the end of the record (many testbenches stop at the first mismatch).

use super::suite::{Part, Suite};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Moments shown before and after.
const AROUND: usize = 6;
/// Signals shown.
const SIGNALS: usize = 24;
/// Bits of a signal that is shown.
const BITS: usize = 128;

static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:at )?(?:sim(?:ulation)?[ _])?t(?:ime)?\s*[:=]?\s*(\d+)|@\s*(\d+)").ok());

struct Signal {
    name: String,
    scope: String,
    id: String,
}

/// A recorded run.
struct Record {
    signals: Vec<Signal>,
    /// Picoseconds (fractions of them rounded up) of one unit of its times.
    unit_fs: u64,
    /// Times and the changes (id, value) in them.
    moments: Vec<(u64, Vec<(String, String)>)>,
}

/// Rows of the record around the mismatch that `line` reported; empty where there is none to show.
pub fn slice(suite: &Suite, vcd: &str, line: &str) -> Vec<String> {
    let record = parse(vcd);
    let shown = choose(suite, &record);
    if shown.is_empty() || record.moments.is_empty() {
        return Vec::new();
    }
    let at = moment(suite, &record, line);
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    let mut rows = Vec::new();
    for (n, (time, changes)) in record.moments.iter().enumerate() {
        values.extend(changes.iter().map(|(id, value)| (id.as_str(), value.as_str())));
        if n + AROUND < at || n > at + AROUND {
            continue;
        }
        let mark = if n == at { '>' } else { ' ' };
        let cells = shown
            .iter()
            .map(|s| format!(" {}={}", s.name, hex(values.get(s.id.as_str()).copied().unwrap_or("x"))));
        rows.push(format!("{mark} {time:>8} {}", cells.collect::<String>()));
    }
    rows
}

fn parse(vcd: &str) -> Record {
    let mut record = Record {
        signals: Vec::new(),
        unit_fs: 1_000,
        moments: Vec::new(),
    };
    let mut scope: Vec<&str> = Vec::new();
    let mut words = vcd.split_ascii_whitespace();
    while let Some(word) = words.next() {
        match word {
            "$timescale" => {
                let unit: String = words.by_ref().take_while(|w| *w != "$end").collect();
                record.unit_fs = femtoseconds(&unit).unwrap_or(1_000);
            }
            "$scope" => scope.extend(words.by_ref().take_while(|w| *w != "$end").nth(1)),
            "$upscope" => {
                scope.pop();
            }
            "$var" => {
                let var: Vec<&str> = words.by_ref().take_while(|w| *w != "$end").collect();
                let bits = var.get(1).and_then(|n| n.parse().ok()).unwrap_or(BITS + 1);
                if let (Some(id), Some(name), true) = (
                    var.get(2),
                    var.get(3),
                    bits <= BITS && var.first() != Some(&"parameter"),
                ) {
                    record.signals.push(Signal {
                        name: name.to_string(),
                        scope: scope.join("."),
                        id: id.to_string(),
                    });
                }
            }
            // A comment's words are no changes.
            "$comment" | "$date" | "$version" => while words.by_ref().next().is_some_and(|w| w != "$end") {},
            _ => change(&mut record, word, &mut words),
        }
    }
    record
}

fn change<'a>(record: &mut Record, word: &str, words: &mut impl Iterator<Item = &'a str>) {
    let mut add = |id: &str, value: &str| {
        if record.moments.is_empty() {
            record.moments.push((0, Vec::new()));
        }
        if let Some((_, changes)) = record.moments.last_mut() {
            changes.push((id.to_string(), value.to_string()));
        }
    };
    match word.chars().next() {
        Some('#') => {
            if let Ok(time) = word[1..].parse() {
                record.moments.push((time, Vec::new()));
            }
        }
        Some('0' | '1' | 'x' | 'z' | 'X' | 'Z') => add(&word[1..], &word[..1]),
        Some('b' | 'B') => {
            if let Some(id) = words.next() {
                add(id, &word[1..]);
            }
        }
        Some('r' | 'R' | 's' | 'S') => {
            words.next();
        }
        _ => {}
    }
}

/// `1ps`, `10 ns`.
fn femtoseconds(text: &str) -> Option<u64> {
    let text: String = text.split_whitespace().collect();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[split..] {
        "s" => 1_000_000_000_000_000,
        "ms" => 1_000_000_000_000,
        "us" => 1_000_000_000,
        "ns" => 1_000_000,
        "ps" => 1_000,
        "fs" => 1,
        _ => return None,
    };
    text[..split].parse::<u64>().ok()?.checked_mul(unit)
}

/// The design's own signals where they were recorded, else those of the testbench.
fn choose<'r>(suite: &Suite, record: &'r Record) -> Vec<&'r Signal> {
    let last = |s: &Signal| s.scope.rsplit('.').next().unwrap_or("").to_string();
    let own = |s: &&Signal| suite.instances.contains(&last(s)) || suite.dut.as_ref() == Some(&last(s));
    let all: Vec<&Signal> = record.signals.iter().collect();
    let inner: Vec<&Signal> = all.iter().copied().filter(own).collect();
    let mut seen = std::collections::BTreeSet::new();
    let chosen = if inner.is_empty() { all } else { inner };
    chosen
        .into_iter()
        .filter(|s| seen.insert((&s.id, &s.name)))
        .take(SIGNALS)
        .collect()
}

/// Which moment the mismatch is in.
fn moment(suite: &Suite, record: &Record, line: &str) -> usize {
    let last = record.moments.len() - 1;
    let told = TIME.as_ref().and_then(|t| t.captures(line)).and_then(|c| {
        c.get(1)
            .or_else(|| c.get(2))
            .and_then(|m| m.as_str().parse::<u64>().ok())
    });
    if let Some(told) = told {
        let time = told.saturating_mul(bench_unit(suite).unwrap_or(record.unit_fs)) / record.unit_fs.max(1);
        if let Some(n) = record
            .moments
            .iter()
            .rposition(|(t, _)| *t <= time)
            .filter(|_| time <= record.moments[last].0)
        {
            return n;
        }
    }
    let counts = |s: &&Signal| {
        let name = s.name.to_ascii_lowercase();
        ["err", "mismatch", "fail"].iter().any(|w| name.contains(w))
    };
    let ids: Vec<&str> = record.signals.iter().filter(counts).map(|s| s.id.as_str()).collect();
    let raised = |(_, changes): &(u64, Vec<(String, String)>)| {
        changes
            .iter()
            .any(|(id, value)| ids.contains(&id.as_str()) && value.contains('1'))
    };
    record.moments.iter().position(raised).unwrap_or(last)
}

/// The unit that the testbench counts its times in.
fn bench_unit(suite: &Suite) -> Option<u64> {
    let bench = suite.of(&[Part::Testbench]).next()?;
    let (_, rest) = bench.text.split_once("`timescale")?;
    femtoseconds(rest.split('/').next()?)
}

/// Bits as hexadecimal digits; a digit with unknown bits is `x`, or `z` where all float.
fn hex(bits: &str) -> String {
    let bits: Vec<char> = bits.to_ascii_lowercase().chars().collect();
    let digits = bits.rchunks(4).map(|four| {
        let value = four.iter().try_fold(0, |sum, b| b.to_digit(2).map(|b| sum * 2 + b));
        let floats = four.iter().all(|b| *b == 'z');
        value
            .and_then(|v| char::from_digit(v, 16))
            .unwrap_or(if floats { 'z' } else { 'x' })
    });
    digits.collect::<Vec<_>>().into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_become_digits() {
        assert_eq!(hex("101100"), "2c");
        assert_eq!(hex("1x00"), "x");
        assert_eq!(hex("zzzz0001"), "z1");
    }

    #[test]
    fn a_record_is_read_into_moments() {
        let vcd = "$timescale\n\t1ns\n$end\n$scope module tb $end\n$var wire 4 ! q [3:0] $end\n$var reg 1 \" clk $end\n$upscope $end\n\
                   $enddefinitions $end\n$dumpvars\nbx !\n0\"\n$end\n#5\n1\"\nb1010 !\n#10\n0\"\n";
        let record = parse(vcd);
        assert_eq!(record.unit_fs, 1_000_000);
        assert_eq!(record.moments.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [0, 5, 10]);
        assert_eq!(
            record.moments[1].1,
            [
                ("\"".to_string(), "1".to_string()),
                ("!".to_string(), "1010".to_string())
            ]
        );
    }
}
