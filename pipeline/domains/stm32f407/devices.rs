//! What hangs on the chip's wide buses: memories and displays (FSMC), a card (SDIO), a camera (DCMI); and what a check asks
//! of them.

use super::check::Range;
use super::expect::{Difference, differs, within};
use super::report::Report;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is connected to a region of the FSMC's bank 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum FsmcDevice {
    /// A static memory.
    Sram {
        /// Its region: NE1 to NE4.
        #[schemars(range(min = 1, max = 4))]
        bank: u8,
        /// Its data lines, 8 or 16; as wide as the region is set up by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bits: Option<u8>,
        /// Its size, a power of two up to 16 MB; 1 MB by default.
        #[serde(default = "megabyte")]
        #[schemars(range(min = 2, max = 16_777_216))]
        bytes: u32,
    },
    /// A display with a controller like the ILI9341, on an 8080 bus.
    Lcd {
        /// Its region: NE1 to NE4.
        #[schemars(range(min = 1, max = 4))]
        bank: u8,
        /// Its data lines, 8 or 16; as wide as the region is set up by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bits: Option<u8>,
        /// The address line (A0 to A25) that is high for data, and low for commands.
        #[schemars(range(min = 0, max = 25))]
        rs: u8,
        /// Pixels, in its first orientation; 240 by 320 by default.
        #[serde(default = "width")]
        #[schemars(range(min = 1, max = 1024))]
        width: u32,
        #[serde(default = "height")]
        #[schemars(range(min = 1, max = 1024))]
        height: u32,
        /// What command 0xD3 answers with; 0x9341 by default.
        #[serde(default = "identity")]
        id: u32,
        /// Words that reads give after a command, dummies included, by the command's code in hexadecimal digits.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        replies: BTreeMap<String, Vec<u16>>,
    },
}

fn megabyte() -> u32 {
    1 << 20
}

fn width() -> u32 {
    240
}

fn height() -> u32 {
    320
}

fn identity() -> u32 {
    0x9341
}

/// A card in the slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SdCard {
    /// Blocks of 512 bytes, whole units of 1024 with high capacity; 65536 (32 MB) by default.
    #[schemars(range(min = 1024, max = 67_108_864))]
    pub blocks: u64,
    /// Whether it is addressed by blocks (SDHC), or by bytes; true by default.
    pub high_capacity: bool,
    /// What is in blocks that are not given; zeros by default.
    pub pattern: SdPattern,
    /// Blocks with content of their own.
    pub content: Vec<SdBlock>,
}

impl Default for SdCard {
    fn default() -> Self {
        SdCard {
            blocks: 65_536,
            high_capacity: true,
            pattern: SdPattern::Zero,
            content: Vec::new(),
        }
    }
}

/// What blocks hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SdPattern {
    Zero,
    /// Bytes that count up from the block's number.
    Counting,
}

/// A block of a card: as content, filled up with zeros; as an expectation, its first bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SdBlock {
    pub block: u64,
    /// Up to 512 bytes, as hexadecimal digits.
    #[schemars(regex(pattern = "^([0-9a-f]{2}){0,512}$"))]
    pub hex: String,
}

/// A camera that sends frames all the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Camera {
    /// Bytes of a line, and lines of a frame; 64 and 16 by default.
    #[schemars(range(min = 4, max = 4096))]
    pub line_bytes: u32,
    #[schemars(range(min = 1, max = 2048))]
    pub lines: u32,
    /// Hertz, a byte each; 4 MHz by default.
    #[schemars(range(min = 1000, max = 54_000_000))]
    pub pixel_clock_hz: u32,
    /// A frame, as hexadecimal digits, repeated to fill it; bytes that count up by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^([0-9a-f]{2})*$"))]
    pub frame: Option<String>,
    /// The level of VSYNC between frames and of HSYNC between lines; what the firmware says by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub vsync_gap: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub hsync_gap: Option<u8>,
    /// The edge at which data are to be taken, 1 for rising; what the firmware says by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub pixel_edge: Option<u8>,
}

impl Default for Camera {
    fn default() -> Self {
        Camera {
            line_bytes: 64,
            lines: 16,
            pixel_clock_hz: 4_000_000,
            frame: None,
            vsync_gap: None,
            hsync_gap: None,
            pixel_edge: None,
        }
    }
}

/// What a display must have been told, and must show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LcdCheck {
    /// Commands, in this order; others may come between. None by default.
    pub commands: Vec<LcdCommand>,
    /// Pixels written, least and most; not asked by default.
    pub pixels: Option<Range>,
    /// Pixels of the image at the end, least and most, by their colour (5-6-5) in decimal; not asked by default.
    pub colours: BTreeMap<String, Range>,
    /// Single pixels at the end, in the orientation that the display has then; none by default.
    #[schemars(length(max = 1024))]
    pub at: Vec<LcdPixel>,
}

/// A command, and the first of its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LcdCommand {
    pub code: u16,
    #[serde(default)]
    pub parameters: Vec<u16>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LcdPixel {
    pub x: u32,
    pub y: u32,
    /// 5-6-5.
    pub colour: u16,
}

/// What displays and the card come out with that was not asked for.
pub fn outcomes(lcd: &BTreeMap<String, LcdCheck>, blocks: &[SdBlock], report: &Report) -> Vec<Difference> {
    let mut found: Vec<Difference> = lcd
        .iter()
        .flat_map(|(bank, asked)| display(bank, asked, report))
        .collect();
    for asked in blocks {
        let got = report
            .sd
            .blocks
            .get(&asked.block.to_string())
            .map_or("", String::as_str);
        if !got.starts_with(&asked.hex) {
            let same = got.bytes().zip(asked.hex.bytes()).take_while(|(a, b)| a == b).count() / 2;
            let bytes = |text: &str| match text.get(2 * same..).unwrap_or_default() {
                "" => "nothing".to_string(),
                rest => rest.chars().take(16).collect(),
            };
            let words = format!(
                "block {} of the card differs from byte {same}: {}, not {}",
                asked.block,
                bytes(got),
                bytes(&asked.hex)
            );
            found.push(differs("blocks", words));
        }
    }
    found
}

fn display(bank: &str, asked: &LcdCheck, report: &Report) -> Vec<Difference> {
    let nothing = super::report::Display::default();
    let got = report.fsmc.get(bank).unwrap_or(&nothing);
    let mut found = Vec::new();
    let mut left = got.commands.iter();
    let told = |(code, parameters, _): &(u16, Vec<u16>, u64), c: &LcdCommand| {
        *code == c.code && parameters.starts_with(&c.parameters)
    };
    if let Some(missing) = asked.commands.iter().find(|c| !left.any(|given| told(given, c))) {
        let words = format!(
            "the display was not told command 0x{:02x} with {:?} in its turn",
            missing.code, missing.parameters
        );
        found.push(differs("lcd", words));
    }
    let mut outside = |what: String, value: u64, range: Range| {
        if !within(value as f64, range) {
            found.push(differs(
                "lcd",
                format!(
                    "the display has {value} pixels {what}, not {} to {}",
                    range[0], range[1]
                ),
            ));
        }
    };
    if let Some(range) = asked.pixels {
        outside("written".into(), got.pixels, range);
    }
    for (colour, range) in &asked.colours {
        outside(
            format!("of colour {colour}"),
            got.colours.get(colour).copied().unwrap_or(0),
            *range,
        );
    }
    for (n, pixel) in asked.at.iter().enumerate() {
        let value = got.at.get(n).copied().flatten();
        if value != Some(pixel.colour) {
            let shown = value.map_or("no pixel".to_string(), |v| format!("0x{v:04x}"));
            found.push(differs(
                "lcd",
                format!(
                    "the display shows {shown} at {},{}, not 0x{:04x}",
                    pixel.x, pixel.y, pixel.colour
                ),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn displays_and_cards_are_compared() {
        let report: Report = serde_json::from_value(json!({
            "fsmc": {"1": {"commands": [[17, [], 0], [42, [0, 20, 0, 69], 0], [44, [], 4]], "pixels": 4, "outside": 0,
                "colours": {"31": 3, "2016": 1}, "crc32": 1, "at": [31, null]}},
            "sd": {"blocks": {"7": "0102030405"}},
        }))
        .unwrap();
        let said = |lcd: serde_json::Value, blocks: serde_json::Value| {
            let lcd = serde_json::from_value(json!({"1": lcd})).unwrap();
            let found = outcomes(&lcd, &serde_json::from_value::<Vec<SdBlock>>(blocks).unwrap(), &report);
            found.into_iter().map(|d| d.words).collect::<Vec<_>>().join("\n")
        };
        let right = json!({"commands": [{"code": 17}, {"code": 42, "parameters": [0, 20]}], "pixels": [4, 4], "colours": {"31": [3, 3]},
            "at": [{"x": 0, "y": 0, "colour": 31}]});
        assert_eq!(said(right, json!([{"block": 7, "hex": "0102"}])), "");
        let wrong = json!({"commands": [{"code": 42}, {"code": 17}], "pixels": [5, 9], "colours": {"5": [1, 2]},
            "at": [{"x": 0, "y": 0, "colour": 30}, {"x": 9, "y": 9, "colour": 1}]});
        insta::assert_snapshot!(said(wrong, json!([{"block": 7, "hex": "0102ff"}, {"block": 8, "hex": "00"}])), @r"
        the display was not told command 0x11 with [] in its turn
        the display has 4 pixels written, not 5 to 9
        the display has 0 pixels of colour 5, not 1 to 2
        the display shows 0x001f at 0,0, not 0x001e
        the display shows no pixel at 9,9, not 0x0001
        block 7 of the card differs from byte 2: 030405, not ff
        block 8 of the card differs from byte 0: nothing, not 00
        ");
    }
}
