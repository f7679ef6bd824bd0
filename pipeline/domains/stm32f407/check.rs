//! How firmware for the STM32F407 is judged: the keys of a task's `check`, with their defaults.

use super::devices::{Camera, FsmcDevice, LcdCheck, SdBlock, SdCard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Least and most, both allowed.
pub type Range = [f64; 2];

/// STM32F407: firmware is built, runs for a while of its own time, and what it did to the chip's pins, ports, memory and
/// peripherals decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stm32Check {
    /// Time on the chip, milliseconds; 100 by default.
    #[schemars(range(min = 0.001, max = 60_000.0))]
    pub run_ms: f64,
    /// Regular expressions (syntax of the Rust crate `regex`) over what each port has sent; none by default.
    pub uart: BTreeMap<String, String>,
    /// Baud that each port sends at, least and most; not asked by default.
    pub baud: BTreeMap<String, Range>,
    /// Milliseconds between the ends of lines that each port sends, least and most; not asked by default.
    pub line_gap_ms: BTreeMap<String, Range>,
    /// The first frames that a CAN unit (`can1`) sends, in order; others may follow. None by default.
    pub can: BTreeMap<String, Vec<CanFrame>>,
    /// Samples a second that an I2S port (`i2s3`) sends, least and most; not asked by default.
    pub i2s: BTreeMap<String, Range>,
    /// What displays at the FSMC (`stimulus.fsmc`) are told and show, by their regions, `1` to `4`; none by default.
    pub lcd: BTreeMap<String, LcdCheck>,
    /// First bytes of blocks of the card (`stimulus.sd`) at the end; none by default.
    #[schemars(length(max = 256))]
    pub blocks: Vec<SdBlock>,
    /// What pins do; none by default.
    #[schemars(length(max = 256))]
    pub gpio: Vec<GpioCheck>,
    /// Words of memory at the end; none by default.
    #[schemars(length(max = 1024))]
    pub memory: Vec<MemoryCheck>,
    /// Variables at the end, by their names in the program; none by default.
    pub symbols: BTreeMap<String, SymbolCheck>,
    /// Registers of peripherals at the end, as `TIM3.CR1`; none by default.
    pub registers: BTreeMap<String, RegisterCheck>,
    /// Peripherals that the firmware must have written to, as `TIM3`, or `TIM2|TIM5` for one of them; none by default.
    pub uses: Vec<String>,
    /// How often interrupts are served, least and most, by their names, as `EXTI0` or `SysTick`; not asked by default.
    pub interrupts: BTreeMap<String, [u64; 2]>,
    /// Rates of the clock tree at the end, hertz: `sysclk`, `hclk`, `pclk1`, `pclk2`; not asked by default.
    pub clock: BTreeMap<String, u64>,
    /// Least time asleep (WFI, WFE), milliseconds; 0 by default.
    #[schemars(range(min = 0.0))]
    pub least_slept_ms: f64,
    /// Causes of the resets during the run, in order, as `iwdg`, `wwdg`, `software`, `standby` (an
    /// awakening from it); none by default.
    pub resets: Vec<String>,
    /// When the resets come, milliseconds, least and most; not asked by default.
    pub reset_at_ms: Option<Range>,
    /// Faults that the firmware handles itself, least and most; none by default.
    pub faults: [u64; 2],
    /// Most instructions executed, and most bytes of stack used; not asked by default.
    pub most_instructions: Option<u64>,
    pub most_stack_bytes: Option<u64>,
    /// Whether misuse of the chip counts (an unclocked peripheral, a wrong alternate function, an interrupt flag that is
    /// never cleared …), or is only told; true by default.
    pub strict: bool,
    /// The crystal of the board, hertz; 8 MHz by default, as on ST's Discovery. Firmware sees it as `HSE_VALUE`.
    #[schemars(range(min = 4_000_000, max = 26_000_000))]
    pub hse_hz: Option<u32>,
    /// What happens to the board meanwhile; nothing by default.
    pub stimulus: Stimulus,
    /// What it runs on; `auto` by default: the board's emulation, and Renode as well where there is one (sandbox `renode`)
    /// and it can tell. `renode` asks for both; `board` for no Renode. Where they disagree the verdict is `flaky`.
    pub engine: Engine,
}

impl Default for Stm32Check {
    fn default() -> Self {
        Stm32Check {
            run_ms: 100.0,
            uart: BTreeMap::new(),
            baud: BTreeMap::new(),
            line_gap_ms: BTreeMap::new(),
            can: BTreeMap::new(),
            i2s: BTreeMap::new(),
            lcd: BTreeMap::new(),
            blocks: Vec::new(),
            gpio: Vec::new(),
            memory: Vec::new(),
            symbols: BTreeMap::new(),
            registers: BTreeMap::new(),
            uses: Vec::new(),
            interrupts: BTreeMap::new(),
            clock: BTreeMap::new(),
            least_slept_ms: 0.0,
            resets: Vec::new(),
            reset_at_ms: None,
            faults: [0, 0],
            most_instructions: None,
            most_stack_bytes: None,
            strict: true,
            hse_hz: None,
            stimulus: Stimulus::default(),
            engine: Engine::Auto,
        }
    }
}

/// What firmware runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    #[default]
    Auto,
    Renode,
    Board,
}

/// What one pin does. Edges are those of the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpioCheck {
    /// `A` to `I`.
    #[schemars(regex(pattern = "^[A-I]$"))]
    pub port: String,
    #[schemars(range(min = 0, max = 15))]
    pub pin: u8,
    /// 0 or 1: its level at the end; not asked by default.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub level: Option<u8>,
    /// What it is set up as at the end; not asked by default.
    #[serde(default)]
    pub mode: Option<PinMode>,
    /// Hertz, by the median of its periods; not asked by default.
    #[serde(default)]
    pub frequency_hz: Option<Range>,
    /// Share of the time that it is high, 0..=1; not asked by default.
    #[serde(default)]
    pub duty: Option<Range>,
    /// Numbers of edges; not asked by default.
    #[serde(default)]
    pub rising: Option<Range>,
    #[serde(default)]
    pub falling: Option<Range>,
    /// When its first edges come, milliseconds; not asked by default.
    #[serde(default)]
    pub first_rise_ms: Option<Range>,
    #[serde(default)]
    pub first_fall_ms: Option<Range>,
    /// Lengths of every whole high and low pulse, microseconds; not asked by default.
    #[serde(default)]
    pub high_us: Option<Range>,
    #[serde(default)]
    pub low_us: Option<Range>,
    /// Lengths of its first and its last whole high pulse, microseconds; not asked by default.
    #[serde(default)]
    pub first_high_us: Option<Range>,
    #[serde(default)]
    pub last_high_us: Option<Range>,
}

impl GpioCheck {
    /// A pin of which nothing is asked.
    pub fn named(port: &str, pin: u8) -> GpioCheck {
        GpioCheck {
            port: port.into(),
            pin,
            level: None,
            mode: None,
            frequency_hz: None,
            duty: None,
            rising: None,
            falling: None,
            first_rise_ms: None,
            first_fall_ms: None,
            high_us: None,
            low_us: None,
            first_high_us: None,
            last_high_us: None,
        }
    }

    /// As the board names it: `D12`.
    pub fn name(&self) -> String {
        format!("{}{}", self.port, self.pin)
    }

    /// Whether the times of its edges are needed.
    pub fn asks_for_edges(&self) -> bool {
        let asked = [
            self.first_rise_ms,
            self.first_fall_ms,
            self.high_us,
            self.low_us,
            self.first_high_us,
            self.last_high_us,
        ];
        asked.iter().any(Option::is_some)
    }
}

/// What a pin is set up as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PinMode {
    Input,
    Output,
    Alternate,
    Analog,
}

/// A word of memory: `word & mask == value & mask`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryCheck {
    /// Byte address; a multiple of 4.
    #[schemars(extend("multipleOf" = 4))]
    pub address: u32,
    /// What the 32 bits there must be.
    pub value: u32,
    /// The bits that count; all by default.
    #[serde(default = "all_bits")]
    pub mask: u32,
}

/// A register: `register & mask == value & mask`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterCheck {
    pub value: u32,
    /// The bits that count; all by default.
    #[serde(default = "all_bits")]
    pub mask: u32,
}

fn all_bits() -> u32 {
    u32::MAX
}

/// A variable, as a number of its size, or as bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SymbolCheck {
    /// What it must be, and its least and most; not asked by default.
    pub equals: Option<i64>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    /// Whether its highest bit is a sign; false by default.
    pub signed: bool,
    /// Its first bytes, as hexadecimal digits, and its text up to the first NUL; not asked by default.
    #[schemars(regex(pattern = "^([0-9a-f]{2})*$"))]
    pub hex: Option<String>,
    pub text: Option<String>,
    /// Least and most of its first words of 32 bits, and of its value as a `float`; not asked by default.
    pub words: Option<Vec<[u32; 2]>>,
    pub float: Option<Range>,
}

/// What happens to the board while the firmware runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stimulus {
    /// What comes in at a port, by its name (`usart2`).
    pub uart: BTreeMap<String, Vec<UartInput>>,
    /// Pins driven from outside; one that is not driven follows its pull, or floats.
    pub pins: Vec<PinInput>,
    /// Pairs of pins that are connected, as `["A6", "B7"]`.
    pub wires: Vec<[String; 2]>,
    /// Devices on a bus, by its name (`i2c1`).
    pub i2c: BTreeMap<String, Vec<I2cDevice>>,
    /// Devices on a bus, by its name (`spi1`).
    pub spi: BTreeMap<String, Vec<SpiDevice>>,
    /// Another node on a unit's bus, by the unit's name (`can1`). Two units are one bus where `wires` join the transmitter of
    /// each with the receiver of the other.
    pub can: BTreeMap<String, CanNode>,
    /// What lies at the converters' channels, by the channel's number; the reference is 3300 mV.
    pub adc: BTreeMap<String, Vec<AdcInput>>,
    /// What is connected to the FSMC.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fsmc: Vec<FsmcDevice>,
    /// A card in the slot; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sd: Option<SdCard>,
    /// A camera; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<Camera>,
}

/// Bytes that a port receives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UartInput {
    /// When the first bit comes, milliseconds.
    #[schemars(range(min = 0.0))]
    pub at_ms: f64,
    pub text: String,
    /// The sender's rate; the port's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
}

/// A pin driven from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinInput {
    #[schemars(range(min = 0.0))]
    pub at_ms: f64,
    /// As `A0`.
    #[schemars(regex(pattern = "^[A-I]([0-9]|1[0-5])$"))]
    pub pin: String,
    #[schemars(range(min = 0, max = 1))]
    pub level: u8,
}

/// A device with a file of registers, whose pointer moves on by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct I2cDevice {
    /// Of seven bits.
    #[schemars(range(min = 0, max = 127))]
    pub address: u8,
    /// What is in it, as hexadecimal digits.
    #[schemars(regex(pattern = "^([0-9a-f]{2})*$"))]
    pub memory: String,
    /// Bytes of the pointer that a write begins with; 1 by default.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 2))]
    pub pointer_bytes: u8,
    /// How long it answers to nothing after a write, milliseconds; 0 by default.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub busy_ms: f64,
}

fn one() -> u8 {
    1
}

/// A device that answers with a list of bytes, or is a file of registers (the first byte: 0x80 to read, and the address).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpiDevice {
    /// The pin that selects it by a low level, as `E3`; always selected by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// Hexadecimal digits; one of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^([0-9a-f]{2})*$"))]
    pub replies: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^([0-9a-f]{2})*$"))]
    pub registers: Option<String>,
    /// The mode (2 · CPOL + CPHA) that it understands; any by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3))]
    pub mode: Option<u8>,
}

/// A frame on a CAN bus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CanFrame {
    /// Of 11 bits, or of 29 where it is `extended`.
    #[schemars(range(min = 0, max = 0x1FFF_FFFF))]
    pub id: u32,
    pub extended: bool,
    /// A request for data; it has none.
    pub remote: bool,
    /// Up to 8 bytes, as hexadecimal digits.
    #[schemars(regex(pattern = "^([0-9a-f]{2}){0,8}$"))]
    pub data: String,
}

/// A frame that a node sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanInput {
    /// When it is ready to be sent, milliseconds: it waits for the bus.
    #[schemars(range(min = 0.0))]
    pub at_ms: f64,
    #[schemars(range(min = 0, max = 0x1FFF_FFFF))]
    pub id: u32,
    #[serde(default)]
    pub extended: bool,
    #[serde(default)]
    pub remote: bool,
    #[serde(default)]
    #[schemars(regex(pattern = "^([0-9a-f]{2}){0,8}$"))]
    pub data: String,
}

/// A node on a CAN bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanNode {
    /// Bits a second; the unit's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<u32>,
    /// Whether it acknowledges what it hears; true by default.
    #[serde(default = "yes")]
    pub acknowledge: bool,
    #[serde(default)]
    pub frames: Vec<CanInput>,
}

fn yes() -> bool {
    true
}

/// A voltage from a moment on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdcInput {
    #[schemars(range(min = 0.0))]
    pub at_ms: f64,
    /// Millivolts.
    #[schemars(range(min = 0.0, max = 3300.0))]
    pub mv: f64,
}
