//! Whether a run did what the check asks: every difference, in words.

use super::check::{CanFrame, GpioCheck, PinMode, Range, Stm32Check, SymbolCheck};
use super::devices;
use super::report::{Pin, Report};
use regex::RegexBuilder;

/// Characters of what was sent that are shown.
const SHOWN: usize = 200;

/// A difference: the kind of thing that differs, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub what: &'static str,
    pub words: String,
}

pub(super) fn differs(what: &'static str, words: String) -> Difference {
    Difference { what, words }
}

pub(super) fn within(value: f64, range: Range) -> bool {
    (range[0]..=range[1]).contains(&value)
}

fn between(range: Range) -> String {
    if range[0] == range[1] {
        return range[0].to_string();
    }
    format!("{} to {}", range[0], range[1])
}

/// What comes out wrong.
pub fn outcomes(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = ports(check, report);
    found.extend(frames(check, report));
    found.extend(samples(check, report));
    found.extend(devices::outcomes(&check.lcd, &check.blocks, report));
    found.extend(check.gpio.iter().flat_map(|asked| pin(asked, report)));
    found.extend(memory(check, report));
    let symbols = check.symbols.iter();
    found.extend(symbols.filter_map(|(name, asked)| symbol(name, asked, report)));
    found.extend(registers(check, report));
    found.extend(resets(check, report));
    found.extend(served(check, report));
    found.extend(spent(check, report));
    found
}

/// Peripherals that were to do the work, and did not.
pub fn means(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for names in &check.uses {
        let written = |name: &str| report.touched.get(name).is_some_and(|t| t.writes > 0);
        if !names.split('|').any(written) {
            found.push(differs(
                "uses",
                format!("{} was never written to", names.replace('|', " or ")),
            ));
        }
    }
    found
}

fn ports(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for (port, pattern) in &check.uart {
        let sent = report.uart.get(port).map_or("", |p| p.text.as_str());
        // Compiled when the task was read; a pattern that is not one cannot come here.
        let matches = RegexBuilder::new(pattern)
            .dot_matches_new_line(true)
            .build()
            .is_ok_and(|r| r.is_match(sent));
        if !matches {
            let end = sent.floor_char_boundary(SHOWN);
            found.push(differs(
                "uart",
                format!("{port} sent {:?}, which does not match `{pattern}`", &sent[..end]),
            ));
        }
    }
    for (port, range) in &check.baud {
        let baud = report.uart.get(port).map_or(0.0, |p| p.baud);
        if !within(baud, *range) {
            found.push(differs(
                "baud",
                format!("{port} sends at {baud:.0} baud, not {}", between(*range)),
            ));
        }
    }
    for (port, range) in &check.line_gap_ms {
        let lines = report.uart.get(port).map_or(&[][..], |p| &p.lines);
        let gaps = lines.windows(2).map(|pair| pair[1].0 - pair[0].0);
        if let Some(gap) = gaps.into_iter().find(|gap| !within(*gap, *range)) {
            found.push(differs(
                "uart",
                format!("lines of {port} come {gap:.3} ms apart, not {}", between(*range)),
            ));
        }
    }
    found
}

/// Frames on a CAN bus; the first difference of each unit.
fn frames(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for (unit, asked) in &check.can {
        let sent = report.can.get(unit).map_or(&[][..], |u| &u.sent);
        for (n, asked) in (1..).zip(asked) {
            let got = sent.get(n - 1).map(|f| CanFrame {
                id: f.id,
                extended: f.extended,
                remote: f.remote,
                data: f.data.clone(),
            });
            if got.as_ref() == Some(asked) {
                continue;
            }
            let got = got.map_or("is none".into(), |frame| format!("is {}", in_words(&frame)));
            let words = format!("frame {n} that {unit} sends {got}, not {}", in_words(asked));
            found.push(differs("can", words));
            break;
        }
    }
    found
}

fn in_words(frame: &CanFrame) -> String {
    let kind = if frame.extended { "extended " } else { "" };
    let holds = match (frame.remote, frame.data.as_str()) {
        (true, _) => "a request".to_string(),
        (false, "") => "no data".to_string(),
        (false, data) => format!("data {data}"),
    };
    format!("{kind}0x{:x} with {holds}", frame.id)
}

fn samples(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for (port, range) in &check.i2s {
        let words = match report.i2s.get(port).filter(|p| p.frames > 0) {
            None => format!("{port} sends no samples"),
            Some(port) if within(port.sample_rate, *range) => continue,
            Some(sent) => format!(
                "{port} sends {:.0} samples a second, not {}",
                sent.sample_rate,
                between(*range)
            ),
        };
        found.push(differs("i2s", words));
    }
    found
}

fn pin(asked: &GpioCheck, report: &Report) -> Vec<Difference> {
    let name = asked.name();
    let none = Pin {
        mode: "input".into(),
        ..Pin::default()
    };
    let pin = report.pins.get(&name).unwrap_or(&none);
    let mut found = Vec::new();
    if let Some(level) = asked.level.filter(|level| *level != pin.level) {
        found.push(differs(
            "gpio",
            format!("P{name} is {} at the end, not {level}", pin.level),
        ));
    }
    if let Some(mode) = asked.mode {
        let wanted = match mode {
            PinMode::Input => "input",
            PinMode::Output => "output",
            PinMode::Alternate => "alternate",
            PinMode::Analog => "analog",
        };
        if pin.mode != wanted {
            found.push(differs(
                "gpio",
                format!("P{name} is set up as {}, not {wanted}", pin.mode),
            ));
        }
    }
    let first = |level: u8| pin.edges.iter().find(|edge| edge.1 == level).map(|edge| edge.0);
    let (high, low) = (pulses(pin, 1), pulses(pin, 0));
    let frequency = pin
        .period_us
        .as_ref()
        .filter(|p| p.median > 0.0)
        .map(|p| 1e6 / p.median);
    let numbers = [
        ("frequency", "Hz", asked.frequency_hz, frequency),
        ("share of time high", "", asked.duty, pin.duty),
        ("number of rising edges", "", asked.rising, Some(pin.rising as f64)),
        ("number of falling edges", "", asked.falling, Some(pin.falling as f64)),
        ("first rising edge", "ms", asked.first_rise_ms, first(1)),
        ("first falling edge", "ms", asked.first_fall_ms, first(0)),
        ("first high pulse", "us", asked.first_high_us, high.first().copied()),
        ("last high pulse", "us", asked.last_high_us, high.last().copied()),
    ];
    for (what, unit, range, value) in numbers {
        let Some(range) = range else { continue };
        match value {
            None => found.push(differs("gpio", format!("P{name} has no {what}: too few edges"))),
            Some(value) if !within(value, range) => {
                // To four places, without the zeros that a count would have.
                let shown = (value * 1e4).round() / 1e4;
                let words = format!("P{name}'s {what} is {shown} {unit}, not {}", between(range));
                found.push(differs("gpio", words.replace(" ,", ",")));
            }
            Some(_) => {}
        }
    }
    for (what, range, lengths) in [("high", asked.high_us, &high), ("low", asked.low_us, &low)] {
        let Some(range) = range else { continue };
        if lengths.is_empty() {
            found.push(differs("gpio", format!("P{name} has no {what} pulse")));
        }
        if let Some(odd) = lengths.iter().find(|length| !within(**length, range)) {
            found.push(differs(
                "gpio",
                format!("a {what} pulse of P{name} takes {odd:.3} us, not {}", between(range)),
            ));
        }
    }
    found
}

/// Lengths of the whole stretches at a level, microseconds.
fn pulses(pin: &Pin, level: u8) -> Vec<f64> {
    let pairs = pin.edges.windows(2).filter(|pair| pair[0].1 == level);
    pairs.map(|pair| (pair[1].0 - pair[0].0) * 1000.0).collect()
}

fn memory(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for word in &check.memory {
        match report.memory.get(&format!("{:#010x}", word.address)).copied().flatten() {
            None => found.push(differs("memory", format!("{:#010x} is no memory", word.address))),
            Some(value) if (value ^ word.value) & word.mask != 0 => found.push(differs(
                "memory",
                format!(
                    "the word at {:#010x} is {value:#010x}, not {:#010x} under {:#010x}",
                    word.address, word.value, word.mask
                ),
            )),
            Some(_) => {}
        }
    }
    found
}

fn registers(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, asked) in &check.registers {
        let value = report.registers.get(name).and_then(Option::as_deref);
        let value = value.and_then(|text| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok());
        match value {
            None => found.push(differs("registers", format!("the board has no register {name}"))),
            Some(value) if (value ^ asked.value) & asked.mask != 0 => found.push(differs(
                "registers",
                format!(
                    "{name} is {value:#010x}, not {:#010x} under {:#010x}",
                    asked.value, asked.mask
                ),
            )),
            Some(_) => {}
        }
    }
    found
}

fn symbol(name: &str, asked: &SymbolCheck, report: &Report) -> Option<Difference> {
    let hex = report.symbols.get(name).and_then(|s| s.as_ref()?.hex.as_deref());
    let Some(hex) = hex else {
        return Some(differs(
            "symbols",
            format!(
                "the program has no variable `{name}` in memory (one that is only written, and not volatile, is dropped)"
            ),
        ));
    };
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .filter_map(|n| u8::from_str_radix(hex.get(2 * n..2 * n + 2)?, 16).ok())
        .collect();
    let value = number(&bytes, asked.signed);
    let mut wrong = Vec::new();
    if asked.equals.is_some_and(|wanted| value != wanted.into()) {
        wrong.push(format!("{value}, not {}", asked.equals.unwrap_or_default()));
    }
    if asked.min.is_some_and(|least| value < least.into()) {
        wrong.push(format!("{value}, less than {}", asked.min.unwrap_or_default()));
    }
    if asked.max.is_some_and(|most| value > most.into()) {
        wrong.push(format!("{value}, more than {}", asked.max.unwrap_or_default()));
    }
    if let Some(wanted) = asked.hex.as_ref().filter(|wanted| !hex.starts_with(wanted.as_str())) {
        wrong.push(format!("0x{hex}, not 0x{wanted}…"));
    }
    if let Some(wanted) = &asked.text {
        let text = String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned();
        if text != *wanted {
            wrong.push(format!("{text:?}, not {wanted:?}"));
        }
    }
    if let Some(wanted) = &asked.words {
        let words: Vec<u32> = bytes
            .chunks_exact(4)
            .map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]))
            .collect();
        let fits = |(word, range): (&u32, &[u32; 2])| (range[0]..=range[1]).contains(word);
        if words.len() < wanted.len() || !words.iter().zip(wanted).all(fits) {
            wrong.push(format!("{words:?}, not {wanted:?}"));
        }
    }
    if let Some(range) = asked.float {
        let value = bytes.first_chunk().map_or(f32::NAN, |four| f32::from_le_bytes(*four));
        if !within(f64::from(value), range) {
            wrong.push(format!("{value}, not {}", between(range)));
        }
    }
    (!wrong.is_empty()).then(|| differs("symbols", format!("`{name}` is {}", wrong.join(" and "))))
}

/// The first eight bytes as a number, least significant first.
fn number(bytes: &[u8], signed: bool) -> i128 {
    let bytes = &bytes[..bytes.len().min(8)];
    let unsigned = bytes
        .iter()
        .rev()
        .fold(0_i128, |sum, byte| sum << 8 | i128::from(*byte));
    let size = 1_i128 << (8 * bytes.len());
    if signed && unsigned >= size / 2 && !bytes.is_empty() {
        unsigned - size
    } else {
        unsigned
    }
}

/// Interrupts and faults that were handled.
fn served(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, [least, most]) in &check.interrupts {
        let named = |key: &str| key.trim_end_matches("_IRQn") == name;
        let served = report
            .interrupts
            .iter()
            .find(|(key, _)| named(key))
            .map_or(0, |(_, s)| s.count);
        if !(least..=most).contains(&&served) {
            found.push(differs(
                "interrupts",
                format!("{name} was served {served} times, not {least} to {most}"),
            ));
        }
    }
    let (faults, [least, most]) = (report.faults.len() as u64, check.faults);
    if faults < least {
        found.push(differs("faults", format!("{faults} faults, not {least} to {most}")));
    }
    found
}

fn resets(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let causes: Vec<&str> = report.reset.causes.iter().map(|r| r.cause.as_str()).collect();
    let mut found = Vec::new();
    if causes != check.resets {
        let list = |causes: &[&str]| {
            if causes.is_empty() {
                "none".to_string()
            } else {
                causes.join(", ")
            }
        };
        let asked: Vec<&str> = check.resets.iter().map(String::as_str).collect();
        found.push(differs(
            "resets",
            format!("resets: {}; asked for: {}", list(&causes), list(&asked)),
        ));
    }
    let range = check.reset_at_ms.unwrap_or([0.0, f64::INFINITY]);
    if let Some(reset) = report.reset.causes.iter().find(|r| !within(r.at_ms, range)) {
        found.push(differs(
            "resets",
            format!(
                "reset by {} after {:.3} ms, not {}",
                reset.cause,
                reset.at_ms,
                between(range)
            ),
        ));
    }
    found
}

fn spent(check: &Stm32Check, report: &Report) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, asked) in &check.clock {
        let rate = report.clock.get(name).and_then(serde_json::Value::as_u64);
        if rate != Some(*asked) {
            let rate = rate.map_or("unknown".to_string(), |rate| format!("{rate} Hz"));
            found.push(differs("clock", format!("{name} is {rate}, not {asked} Hz")));
        }
    }
    if report.slept_ms < check.least_slept_ms {
        found.push(differs(
            "sleep",
            format!("it slept {:.3} ms, not {}", report.slept_ms, check.least_slept_ms),
        ));
    }
    if let Some(most) = check.most_instructions.filter(|most| report.instructions > *most) {
        found.push(differs(
            "instructions",
            format!("{} instructions, more than {most}", report.instructions),
        ));
    }
    if let Some(most) = check.most_stack_bytes.filter(|most| report.stack.used > *most) {
        found.push(differs(
            "stack",
            format!("{} bytes of stack, more than {most}", report.stack.used),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(check: Value, report: Value) -> Vec<String> {
        let check: Stm32Check = serde_json::from_value(check).unwrap();
        let report: Report = serde_json::from_value(report).unwrap();
        let all = outcomes(&check, &report).into_iter().chain(means(&check, &report));
        all.map(|difference| difference.words).collect()
    }

    #[test]
    fn every_kind_of_thing_can_be_wrong() {
        let check = json!({
            "uart": {"usart2": "^ok"}, "baud": {"usart2": [110000, 120000]}, "line_gap_ms": {"usart2": [9, 11]},
            "gpio": [{"port": "D", "pin": 12, "level": 1, "mode": "alternate", "frequency_hz": [990, 1010], "duty": [0.2, 0.3],
                "high_us": [240, 260], "first_rise_ms": [0, 0.5]}],
            "memory": [{"address": 0x2000_0000_u32, "value": 5}], "symbols": {"n": {"equals": -3, "signed": true}, "gone": {}},
            "registers": {"TIM3.CR1": {"value": 1, "mask": 1}}, "uses": ["SPI1", "TIM2|TIM5"], "interrupts": {"EXTI0": [2, 3]},
            "clock": {"sysclk": 168_000_000}, "least_slept_ms": 5, "resets": ["iwdg"], "faults": [1, 2],
            "most_instructions": 10, "most_stack_bytes": 10,
            "can": {"can1": [{"id": 256, "data": "0102"}, {"id": 257, "extended": true, "remote": true}], "can2": [{"id": 1}]},
            "i2s": {"i2s2": [44_000, 44_200], "i2s3": [47_000, 49_000]}
        });
        let right = json!({
            "uart": {"usart2": {"text": "ok\nok\n", "baud": 115_107.9, "lines": [[1, "ok"], [11, "ok"]]}},
            "pins": {"D12": {"level": 1, "mode": "alternate", "period_us": {"median": 1000}, "duty": 0.25, "rising": 2, "falling": 1,
                "edges": [[0.5, 1], [0.75, 0], [1.5, 1]]}},
            "memory": {"0x20000000": 5}, "symbols": {"n": {"hex": "fdff"}, "gone": {"hex": "00"}}, "registers": {"TIM3.CR1": "0x0081"},
            "touched": {"SPI1": {"reads": 0, "writes": 1}, "TIM5": {"reads": 0, "writes": 1}}, "interrupts": {"EXTI0_IRQn": {"count": 2}},
            "clock": {"sysclk": 168_000_000}, "slept_ms": 5.5, "reset": {"causes": [{"cause": "iwdg", "at_ms": 3}]},
            "faults": [{"kind": "usage_fault"}], "instructions": 10, "stack": {"used": 10},
            "can": {"can1": {"sent": [{"id": 256, "data": "0102"}, {"id": 257, "extended": true, "remote": true, "length": 2}, {"id": 9}]},
                "can2": {"sent": [{"id": 1}]}},
            "i2s": {"i2s2": {"sample_rate": 44_108.0, "frames": 9}, "i2s3": {"sample_rate": 47_991.0, "frames": 1}}
        });
        assert_eq!(told(check.clone(), right), Vec::<String>::new());
        let wrong = json!({
            "uart": {"usart2": {"text": "no\n", "baud": 9600, "lines": [[1, "no"], [2, "no"]]}},
            "pins": {"D12": {"level": 0, "mode": "output", "rising": 1, "falling": 1, "period_us": {"median": 2000}, "duty": 0.5,
                "edges": [[0.75, 1], [1.0, 0], [1.5, 1], [2.5, 0]]}},
            "memory": {"0x20000000": 6}, "symbols": {"n": {"hex": "0300"}, "gone": null}, "registers": {"TIM3.CR1": "0x0080"},
            "touched": {"SPI1": {"reads": 9, "writes": 0}}, "clock": {"sysclk": 16_000_000}, "instructions": 11, "stack": {"used": 11},
            "can": {"can1": {"sent": [{"id": 256, "data": "0102"}, {"id": 257, "data": "aa"}]}},
            "i2s": {"i2s2": {"sample_rate": 44_108.0, "frames": 0}, "i2s3": {"sample_rate": 96_000.0, "frames": 5}}
        });
        insta::assert_snapshot!(told(check, wrong).join("\n"));
    }

    #[test]
    fn numbers_are_read_by_their_size_and_sign() {
        assert_eq!(number(&[0xfe, 0xff], true), -2);
        assert_eq!(number(&[0xfe, 0xff], false), 0xfffe);
        assert_eq!(number(&[0xff; 8], true), -1);
        assert_eq!(number(&[0xff; 12], false), i128::from(u64::MAX));
        assert_eq!(number(&[], true), 0);
    }
}
