//! What the board says of a run: the object that `board` prints (`sandboxes/stm32f407/board/core/report.cpp`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Why the run ended: `time`, `fault`, `lockup`, `storm`, `resets`, `unsupported`, `instructions`.
    pub ended: String,
    /// Time on the chip, milliseconds: in all, asleep, and in loops that only wait.
    pub virtual_ms: f64,
    pub slept_ms: f64,
    pub polled_ms: f64,
    pub instructions: u64,
    pub uart: BTreeMap<String, Port>,
    pub can: BTreeMap<String, CanUnit>,
    pub i2s: BTreeMap<String, I2sPort>,
    /// Displays, by the FSMC's regions.
    pub fsmc: BTreeMap<String, Display>,
    pub sd: Card,
    pub pins: BTreeMap<String, Pin>,
    /// Words by address (`0x20000000`), symbols, and registers (`TIM3.CR1`) as hexadecimal numbers; null: there is none.
    pub memory: BTreeMap<String, Option<u32>>,
    pub symbols: BTreeMap<String, Option<Symbol>>,
    pub registers: BTreeMap<String, Option<String>>,
    pub touched: BTreeMap<String, Touched>,
    pub interrupts: BTreeMap<String, Served>,
    pub clock: BTreeMap<String, Value>,
    pub stack: Stack,
    pub reset: Resets,
    pub faults: Vec<Finding>,
    pub findings: Vec<Finding>,
    /// The loop that the firmware waited in at the end.
    pub waiting: Option<Waiting>,
    /// Peripherals that it touched and the board lacks, in words.
    pub unsupported: Vec<String>,
    /// Of a run in Renode: its version, and what it remarked.
    pub renode: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Port {
    pub text: String,
    pub bytes: u64,
    pub baud: f64,
    /// When each line ended, milliseconds, and its text.
    pub lines: Vec<(f64, String)>,
}

/// A CAN unit: the first frames that it has sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CanUnit {
    pub sent: Vec<SentFrame>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SentFrame {
    pub id: u32,
    pub extended: bool,
    pub remote: bool,
    pub data: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct I2sPort {
    /// Samples a second.
    pub sample_rate: f64,
    pub frames: u64,
}

/// A display at the FSMC.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Display {
    /// Code, parameters, and pixels that followed.
    pub commands: Vec<(u16, Vec<u16>, u64)>,
    pub pixels: u64,
    /// How many pixels have a colour; the most frequent ones.
    pub colours: BTreeMap<String, u64>,
    /// The pixels that were asked for.
    pub at: Vec<Option<u16>>,
}

/// A card at the SDIO: the blocks that were asked for, as hexadecimal digits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Card {
    pub blocks: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pin {
    pub level: u8,
    pub mode: String,
    pub rising: u64,
    pub falling: u64,
    pub period_us: Option<Period>,
    pub duty: Option<f64>,
    /// When, milliseconds, and to which level; of pins that were watched.
    pub edges: Vec<(f64, u8)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Period {
    pub median: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Symbol {
    pub hex: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Touched {
    pub reads: u64,
    pub writes: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Served {
    pub count: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Stack {
    #[serde(default)]
    pub used: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Resets {
    #[serde(default)]
    pub causes: Vec<Reset>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Reset {
    pub cause: String,
    pub at_ms: f64,
}

/// What the board holds against the firmware, or a fault that the chip took.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    pub kind: String,
    pub text: String,
    /// `error`: the chip would not do what the code means; `note`: worth knowing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub severity: String,
    pub symbol: String,
    /// `main.c:31`
    pub line: String,
    pub pc: u32,
    pub address: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub peripheral: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub register: String,
    pub count: u64,
    pub at_ms: f64,
}

impl Finding {
    /// A line for people.
    pub fn words(&self) -> String {
        let place = match (self.line.as_str(), self.symbol.as_str()) {
            ("", "") => format!("{:#010x}", self.pc),
            ("", symbol) => format!("{symbol} ({:#010x})", self.pc),
            (line, "") => line.to_string(),
            (line, symbol) => format!("{line} in {symbol}"),
        };
        let times = if self.count > 1 {
            format!(" ({} times)", self.count)
        } else {
            String::new()
        };
        format!(
            "{} at {place}, after {:.3} ms{times}: {}",
            self.kind, self.at_ms, self.text
        )
    }
}

/// A loop that only waits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    pub symbol: String,
    pub line: String,
    /// What it looks at: registers of peripherals, and whether memory as well, where an interrupt may end it.
    pub registers: Vec<String>,
    pub memory: bool,
    /// For how long, milliseconds.
    pub ms: f64,
}

impl Waiting {
    /// What it waits for, in words.
    pub fn what(&self) -> String {
        match (self.registers.is_empty(), self.memory) {
            (false, _) => self.registers.join(", "),
            (true, true) => "memory to change".into(),
            (true, false) => "nothing that could end it".into(),
        }
    }
}

impl Report {
    /// Reads what the board printed: the last line that is an object with an end.
    pub fn read(log: &[u8]) -> Option<Report> {
        let text = String::from_utf8_lossy(log);
        let from = text.find('{')?;
        let report: Report = serde_json::from_str(text[from..].trim_end()).ok()?;
        (!report.ended.is_empty()).then_some(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_the_board_prints_it() {
        let text = br#"{"ended":"time","virtual_ms":100.0,"instructions":12,"uart":{"usart2":{"text":"hi\n","bytes":3,"baud":115107.9,"lines":[[1.5,"hi"]]}},
            "pins":{"D12":{"level":1,"mode":"output","rising":1,"falling":0,"edges":[[0.5,1]]}},"symbols":{"n":{"address":536870912,"size":4,"hex":"05000000"},"gone":null},
            "registers":{"RCC.CR":"0x00000083"},"findings":[{"kind":"unclocked_peripheral","text":"USART2 is written","severity":"error","line":"main.c:9","symbol":"main","count":2,"at_ms":0.25}],
            "waiting":null}"#;
        let report = Report::read(text).unwrap();
        assert_eq!(report.uart["usart2"].lines, [(1.5, "hi".to_string())]);
        assert_eq!(report.pins["D12"].edges, [(0.5, 1)]);
        assert!(report.symbols["gone"].is_none());
        assert_eq!(
            report.findings[0].words(),
            "unclocked_peripheral at main.c:9 in main, after 0.250 ms (2 times): USART2 is written"
        );
        for odd in [&b""[..], b"{", b"{}", b"board: no such file"] {
            assert!(Report::read(odd).is_none());
        }
    }
}
