//! The text of the testbench and of the file that seeds the design's state.

use super::HarnessError;
use super::bits::Bits;
use super::elaborate::{Elaborated, State};
use super::names::identifier;
use super::stimulus::{packed_inputs, stimulus};
use crate::domains::verilog::types::{Direction, Port, PortRole};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Words of one memory that are seeded, at most; and of all memories together.
const MEMORY_WORDS: i64 = 1024;
const ALL_MEMORY_WORDS: i64 = 8192;
/// Bits that a recording may print: sets an upper bound to the cycles of designs with wide outputs.
const RECORDED_BITS: u32 = 3 << 20;

/// A testbench for one module, complete but for the expected outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Bench {
    pub top: String,
    /// With roles.
    pub ports: Vec<Port>,
    pub cycles: u32,
    /// The testbench, plain Verilog.
    pub tb: String,
    /// A second top module that gives registers and memories which hold X a seeded value. One statement a line.
    pub init: String,
    /// One packed input word per cycle, hexadecimal.
    pub stimulus: String,
}

impl Bench {
    /// Makes the testbench. `ports` are those of `design` with their roles; `cycles` is lowered where the
    /// outputs are so wide that a recording would not fit.
    pub fn new(
        top: &str,
        design: &Elaborated,
        ports: Vec<Port>,
        constants: &[(u32, String)],
        cycles: u32,
        seed: u64,
    ) -> Result<Bench, HarnessError> {
        let odd = ports
            .iter()
            .find(|p| identifier(&p.name).is_none() || p.name.contains(['"', '%', '\\']));
        if let Some(port) = odd {
            return Err(HarnessError::PortName(port.name.clone()));
        }
        let cycles = cycles
            .min(RECORDED_BITS / 2 / total(&ports, Direction::Output).max(1))
            .max(16);
        let tb = text(top, &ports, cycles)?;
        let stimulus = stimulus(&ports, constants, cycles, seed);
        Ok(Bench {
            top: top.into(),
            cycles,
            tb,
            init: init_text(&design.state, seed),
            stimulus,
            ports,
        })
    }

    /// Whether it has no clock, so that each cycle is one sample of settled outputs.
    pub fn combinational(&self) -> bool {
        !self.ports.iter().any(|p| p.role == PortRole::Clock)
    }

    /// Comparisons in a whole run: two a cycle (before and after the edge), or one where there is no clock.
    pub fn samples(&self) -> u32 {
        if self.combinational() {
            self.cycles
        } else {
            2 * self.cycles
        }
    }

    pub fn outputs(&self) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(|p| p.direction == Direction::Output)
    }

    pub fn output_bits(&self) -> u32 {
        total(&self.ports, Direction::Output)
    }

    /// The same bench without the seeding statements on these 1-based lines of `init` (an array of several
    /// dimensions, say, cannot be told from a memory and does not compile).
    pub fn without_init_lines(&self, lines: &BTreeSet<usize>) -> Bench {
        let kept = self.init.lines().enumerate().filter(|(i, _)| !lines.contains(&(i + 1)));
        let init = kept.fold(String::new(), |text, (_, line)| text + line + "\n");
        Bench { init, ..self.clone() }
    }
}

fn total(ports: &[Port], direction: Direction) -> u32 {
    ports.iter().filter(|p| p.direction == direction).map(|p| p.width).sum()
}

/// A slice of a packed vector: `in[7:0]`, `in[8]`.
fn slice(vector: &str, at: u32, width: u32) -> String {
    match width {
        1 => format!("{vector}[{at}]"),
        _ => format!("{vector}[{}:{at}]", at + width - 1),
    }
}

/// Port name and slice for one side, in packing order.
fn slices<'a>(ports: impl IntoIterator<Item = &'a Port>, vector: &str) -> Vec<(&'a Port, String)> {
    let mut at = 0;
    let place = |p: &'a Port| {
        at += p.width;
        (p, slice(vector, at - p.width, p.width))
    };
    ports.into_iter().map(place).collect()
}

fn role_comment(port: &Port) -> &'static str {
    match port.role {
        PortRole::Clock => "clock",
        PortRole::AuxClock => "clock, at another rate",
        PortRole::ResetHigh => "reset, active high",
        PortRole::ResetLow => "reset, active low",
        PortRole::Data if port.direction == Direction::Output => "compared",
        PortRole::Data => "driven",
    }
}

const HEAD: &str = "\
// Differential testbench for `@TOP@`.
//
@TIMING@// Expected outputs were recorded from the reference under the same stimulus; where it held X or Z, anything goes.
//
//   +record    print the outputs instead of comparing them
//   +plain     compare only what does not depend on the seeded state (for a run without init.v)
//   +token=T   must be repeated in the line that says PASS
`timescale 1ns / 1ps

module assay_tb;
  localparam CYCLES  = @CYCLES@;
  localparam SAMPLES = @SAMPLES@;
  localparam REPORTS = 8;  // mismatching samples after which the run ends

  reg clk = 1'b0;
  reg [@IN@:0] stimulus [0:CYCLES-1];
  reg [@GOLD@:0] golden [0:SAMPLES-1];  // {care without seeded state, care, expected}
  reg [@IN@:0] in;
  wire [@OUT@:0] out;
  reg [@OUT@:0] expected, care, plain_care, wrong;
  reg [127:0] token;
  reg recording, plain;
  integer cycle, sample, failures, unknowns;
";

const CLOCKED: &str = "\
// One cycle takes 100 ns: inputs change at +0, while the clock is still high from the cycle before; auxiliary
// clocks change at +10; the clock falls at +20; outputs are compared at +40 (before the edge); the clock rises
// at +50; outputs are compared again at +70 (after the edge). So both edges see inputs of their own.
";

const UNCLOCKED: &str = "\
// One cycle takes 100 ns: inputs change at +0, settled outputs are compared at +20. There is no clock.
";

const BODY: &str = "\
initial begin
    recording = $test$plusargs(\"record\");
    plain     = $test$plusargs(\"plain\");
    if (!$value$plusargs(\"token=%s\", token)) token = \"none\";
    $readmemh(\"/job/in/bench/stimulus.hex\", stimulus);
    if (!recording) $readmemh(\"/job/in/bench/golden.hex\", golden);
    sample   = 0;
    failures = 0;
    unknowns = 0;
@AUX0@    for (cycle = 0; cycle < CYCLES; cycle = cycle + 1) begin
@DRIVE@    end
    finish;
  end

  task finish;
    begin
      if (recording) $display(\"END samples=%0d\", sample);
      else if (failures == 0) $display(\"PASS cycles=%0d samples=%0d token=%0s\", cycle, sample, token);
      else $display(\"FAIL mismatches=%0d x_only=%0d cycles=%0d\", failures, unknowns, cycle);
      $finish(0);
    end
  endtask

  // Records or compares all outputs. Phase: 0 before the edge, 1 after it, 2 where there is no clock.
  task observe(input integer phase);
    begin
      if (recording) $display(\"S %b\", out);
      else begin
        {plain_care, care, expected} = golden[sample];
        if (plain) care = plain_care;
        wrong = (out ^ expected) & care;
        if (wrong !== {@OUTBITS@{1'b0}}) report(phase);
      end
      sample = sample + 1;
    end
  endtask

  task report(input integer phase);
    reg [12*8:1] when;
    reg [@OUT@:0] shown;  // what was expected, X where anything goes
    begin
      shown = (expected & care) | (~care & {@OUTBITS@{1'bx}});
      when = phase == 0 ? \"before_edge\" : phase == 1 ? \"after_edge\" : \"settled\";
      if (|wrong !== 1'b1) unknowns = unknowns + 1;
@REPORT@      if (failures == 0) begin
        $write(\"INPUTS cycle=%0d\", cycle);
@INPUTS@        $write(\"\\n\");
      end
      failures = failures + 1;
      if (failures >= REPORTS) finish;
    end
  endtask
endmodule
";

/// The testbench's text.
fn text(top: &str, ports: &[Port], cycles: u32) -> Result<String, HarnessError> {
    let name = |p: &Port| identifier(&p.name).ok_or_else(|| HarnessError::PortName(p.name.clone()));
    let inputs = slices(packed_inputs(ports), "in");
    let outputs = slices(ports.iter().filter(|p| p.direction == Direction::Output), "out");
    let clocked = ports.iter().any(|p| p.role == PortRole::Clock);
    let width = |side: &[(&Port, String)]| side.iter().map(|(p, _)| p.width).sum::<u32>();
    let (in_bits, out_bits) = (width(&inputs).max(1), width(&outputs).max(1));

    let timing = if clocked { CLOCKED } else { UNCLOCKED };
    let mut tb = HEAD
        .replace("@TIMING@", timing)
        .replace("@TOP@", top)
        .replace("@CYCLES@", &cycles.to_string());
    tb = tb.replace("@SAMPLES@", if clocked { "2 * CYCLES" } else { "CYCLES" });
    tb = tb
        .replace("@IN@", &(in_bits - 1).to_string())
        .replace("@OUT@", &(out_bits - 1).to_string());
    tb = tb.replace("@GOLD@", &(3 * out_bits - 1).to_string());

    let mut lines = Vec::new();
    for port in ports {
        let wire = inputs
            .iter()
            .chain(&outputs)
            .find(|(p, _)| p.name == port.name)
            .map_or("clk", |(_, s)| s);
        lines.push((format!("    .{} ({wire})", name(port)?), role_comment(port)));
    }
    let _ = writeln!(
        tb,
        "\n  {} dut (",
        identifier(top).ok_or_else(|| HarnessError::PortName(top.into()))?
    );
    let last = lines.len().saturating_sub(1);
    for (i, (line, comment)) in lines.iter().enumerate() {
        let _ = writeln!(tb, "{line}{}  // {comment}", if i == last { "" } else { "," });
    }
    tb.push_str("  );\n\n  ");

    let mut report = String::new();
    for (port, at) in &outputs {
        let (name, width, own) = (&port.name, port.width, at.trim_start_matches("out"));
        let _ = writeln!(report, "      if (wrong{own} !== {width}'b0)");
        let _ = writeln!(
            report,
            "        $display(\"MISMATCH cycle=%0d phase=%0s signal={name} expected={width}'h%h got={width}'h%h x_only=%0d\",\n\
             \x20                cycle, when, shown{own}, {at}, (|wrong{own}) !== 1'b1);"
        );
    }
    let mut shown = String::new();
    for (port, at) in &inputs {
        let _ = writeln!(shown, "        $write(\" {}={}'h%h\", {at});", port.name, port.width);
    }
    let aux = inputs
        .iter()
        .filter(|(p, _)| p.role == PortRole::AuxClock)
        .map(|(p, _)| p.width)
        .sum();
    let body = BODY
        .replace("@REPORT@", &report)
        .replace("@INPUTS@", &shown)
        .replace("@OUTBITS@", &out_bits.to_string());
    let body = body.replace("@OUT@", &(out_bits - 1).to_string());
    let body = body.replace(
        "@AUX0@",
        &if aux > 0 {
            format!("    {} = 0;\n", slice("in", in_bits - aux, aux))
        } else {
            String::new()
        },
    );
    tb.push_str(&body.replace("@DRIVE@", &drive(in_bits, aux, clocked)));
    Ok(tb)
}

/// The statements of one cycle.
fn drive(in_bits: u32, aux: u32, clocked: bool) -> String {
    let assign = |at: u32, width: u32| match (width, in_bits) {
        (0, _) => String::new(),
        (w, all) if w == all => "in = stimulus[cycle];".into(),
        (w, _) => {
            let own = slice("", at, w);
            format!("in{own} = stimulus[cycle]{own};")
        }
    };
    let mut lines = vec![assign(0, in_bits - aux)];
    lines.push(format!("#10 {}", assign(in_bits - aux, aux)).trim_end().to_string());
    if lines[1] == "#10" {
        lines[1].push(';');
    }
    if clocked {
        lines.extend(
            [
                "#10 clk = 1'b0;",
                "#20 observe(0);",
                "#10 clk = 1'b1;",
                "#20 observe(1);",
                "#30;",
            ]
            .map(String::from),
        );
    } else {
        lines.extend(["#10 observe(2);", "#80;"].map(String::from));
    }
    lines.retain(|l| !l.is_empty());
    lines.iter().map(|l| format!("      {l}\n")).collect()
}

/// The text of the file that seeds state: after every `initial` block of the design has run (so that the
/// design's own values win), before the first edge.
fn init_text(state: &[State], seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x696e_6974);
    let mut text = String::from(
        "// Seeds every register and memory word that is still X once the design's own initial blocks have run.\n\
         module assay_init;\n  integer i, s;\n  initial begin\n    #1;\n",
    );
    let mut words_left = ALL_MEMORY_WORDS;
    for item in state {
        let path = format!("assay_tb.dut.{}", item.path);
        let value = random_bits(&mut rng, item.width);
        match item.words {
            None => {
                let literal = format!("{}'h{}", item.width, value.hex());
                let _ = writeln!(text, "    if (^{path} === 1'bx) {path} = {literal};");
            }
            Some((first, last)) => {
                let last = last.min(first.saturating_add(MEMORY_WORDS.min(words_left) - 1));
                if last < first {
                    continue;
                }
                words_left -= last - first + 1;
                let draws = vec!["$random(s)"; item.width.div_ceil(32) as usize].join(", ");
                let s = rng.next_u32() >> 1;
                let _ = writeln!(
                    text,
                    "    s = {s}; for (i = {first}; i <= {last}; i = i + 1) if (^{path}[i] === 1'bx) {path}[i] = {{{draws}}};"
                );
            }
        }
    }
    text + "  end\nendmodule\n"
}

fn random_bits(rng: &mut ChaCha8Rng, width: u32) -> Bits {
    Bits((0..width).map(|_| rng.next_u32() & 1 == 1).collect())
}
