//! What Renode's driver is asked, what it is told beforehand, and what happens to the chip meanwhile.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The platform, with words for rates.
const PLATFORM: &str = include_str!("board.repl");
/// Rate of the high speed internal oscillator, on which the chip starts (RM0090 7.2.2), hertz.
const HSI: u64 = 16_000_000;

/// What a firmware is to meet, and what is to be told of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Time on the chip, milliseconds.
    pub run_ms: f64,
    /// Serial ports to listen to: `usart2`.
    #[serde(default)]
    pub ports: Vec<String>,
    /// Ports of pins to look at in the end: `D`.
    #[serde(default)]
    pub gpio: Vec<char>,
    /// Addresses of words to read in the end.
    #[serde(default)]
    pub memory: Vec<u32>,
    /// Whether the times at which pins change and lines end are of interest.
    #[serde(default)]
    pub times: bool,
    /// What comes in at serial ports.
    #[serde(default)]
    pub uart: BTreeMap<String, Vec<Input>>,
    /// Pins driven from outside.
    #[serde(default)]
    pub pins: Vec<Level>,
}

/// A text that comes in.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    pub at_ms: f64,
    pub text: String,
}

/// A pin driven from outside.
#[derive(Clone, Debug, Deserialize)]
pub struct Level {
    pub at_ms: f64,
    /// As `A0`.
    pub pin: String,
    pub level: u8,
}

/// What the board found out about the same firmware, and Renode has to be told: rates that its models do not derive from
/// the clock tree, and where variables are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Known {
    pub clock: Clock,
    pub symbols: BTreeMap<String, Option<Place>>,
    pub uart: BTreeMap<String, Rate>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// Hertz.
    pub hclk: u64,
    pub pclk1: u64,
    pub pclk2: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Clock {
            hclk: HSI,
            pclk1: HSI,
            pclk2: HSI,
        }
    }
}

impl Clock {
    /// The platform at these rates. Timers run at their bus's rate, or at twice that where it is divided (RM0090 7.2).
    pub(super) fn platform(&self) -> String {
        let timers = |bus: u64| if bus == self.hclk { bus } else { 2 * bus };
        PLATFORM
            .replace("$HCLK", &self.hclk.to_string())
            .replace("$APB1_TIMERS", &timers(self.pclk1).to_string())
            .replace("$APB2_TIMERS", &timers(self.pclk2).to_string())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    pub address: u32,
    pub size: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rate {
    pub baud: f64,
}

/// Something that is done to the chip.
pub(super) enum Act<'a> {
    Byte(&'a str, u8),
    Level(&'a Level),
}

/// What happens to the chip, in order, at nanoseconds of its time. The bytes of a text come one by one, as fast as the port
/// takes them.
pub(super) fn acts<'a>(plan: &'a Plan, known: &Known) -> Vec<(u64, Act<'a>)> {
    let mut acts: Vec<(u64, Act)> = Vec::new();
    for (port, inputs) in &plan.uart {
        let baud = known.uart.get(port).map_or(0.0, |rate| rate.baud);
        // A start bit, eight bits, a stop bit.
        let byte_ns = if baud > 0.0 { (10e9 / baud) as u64 } else { 0 };
        for input in inputs {
            let begins = nanoseconds(input.at_ms);
            let bytes = input.text.bytes().enumerate();
            acts.extend(bytes.map(|(n, byte)| (begins + (n as u64 + 1) * byte_ns, Act::Byte(port, byte))));
        }
    }
    acts.extend(plan.pins.iter().map(|pin| (nanoseconds(pin.at_ms), Act::Level(pin))));
    // Stable: what happens at the same moment keeps its order.
    acts.sort_by_key(|(at, _)| *at);
    let end = nanoseconds(plan.run_ms);
    acts.retain(|(at, _)| *at < end);
    acts
}

pub(super) fn nanoseconds(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}

/// `0.35`
pub(super) fn seconds(nanoseconds: u64) -> String {
    let (whole, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let text = format!("{whole}.{rest:09}");
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_exact_decimals() {
        for (ns, text) in [
            (350_000_000, "0.35"),
            (1_000_000_000, "1"),
            (1, "0.000000001"),
            (60_000_000_001, "60.000000001"),
        ] {
            assert_eq!(seconds(ns), text);
        }
    }

    #[test]
    fn a_platform_has_the_rates_of_the_firmware() {
        let clock = Clock {
            hclk: 168_000_000,
            pclk1: 42_000_000,
            pclk2: 168_000_000,
        };
        let text = clock.platform();
        let of = |name: &str| {
            text.split(&format!("\n{name}:"))
                .nth(1)
                .unwrap()
                .split("\n\n")
                .next()
                .unwrap()
                .to_string()
        };
        assert!(of("nvic").contains("systickFrequency: 168000000") && of("dwt").contains("frequency: 168000000"));
        assert!(of("timer3").contains("frequency: 84000000") && of("timer9").contains("frequency: 168000000"));
        assert!(!text.contains('$'));
    }

    #[test]
    fn bytes_come_one_by_one_and_in_time() {
        let plan: Plan = serde_json::from_value(json!({
            "run_ms": 10, "uart": {"usart2": [{"at_ms": 1, "text": "ab"}, {"at_ms": 20, "text": "late"}]},
            "pins": [{"at_ms": 1, "pin": "A0", "level": 1}]
        }))
        .unwrap();
        let known: Known = serde_json::from_value(json!({"uart": {"usart2": {"baud": 10_000}}})).unwrap();
        let times: Vec<u64> = acts(&plan, &known).iter().map(|(at, _)| *at).collect();
        assert_eq!(times, [1_000_000, 2_000_000, 3_000_000]);
    }
}
