//! Tests over what Icarus 11 really printed for a small FIFO.

use super::*;
use crate::domains::verilog::jobs::{Recorded, record_job, record_limits, recorded};
use crate::domains::verilog::types::{Direction, PortRole};
use proptest::prelude::*;
use sandboxes::{Completion, Ended, Job, Status, StepResult};

/// The declarations of a FIFO with an asynchronous reset and one generated child, as compiled.
const FIFO: &str = r#"
S_0x1000 .scope package, "$unit" "$unit" 2 1;
 .timescale 0 0;
S_0x1001 .scope module, "fifo" "fifo" 3 1;
 .timescale 0 0;
    .port_info 0 /INPUT 1 "clk";
    .port_info 1 /INPUT 1 "rst_n";
    .port_info 2 /INPUT 1 "push";
    .port_info 3 /INPUT 8 "din";
    .port_info 4 /OUTPUT 8 "dout";
    .port_info 5 /OUTPUT 1 "a.full";
P_0x1002 .param/l "DEPTH" 0 3 1, +C4<00000000000000000000000000000100>;
o0xe138 .functor BUFZ 1, C4<z>; HiZ drive
v0x3af0_0 .net "clk", 0 0, o0xe138;  0 drivers
v0x3bb0_0 .var "count", 2 0;
o0xe198 .functor BUFZ 8, C4<zzzzzzzz>; HiZ drive
v0x3c90_0 .net/s "din", 7 0, o0xe198;  0 drivers
v0x3d70_0 .var "dout", 7 0;
v0x3f10_0 .net "a.full", 0 0, L_0x4800;  1 drivers
v0x3fd0 .array "mem", 3 0, 7 0;
v0x3fd1 .array "wires", 3 0;
v0x3fd2_0 .var/2u "two_state", 7 0;
v0x3fd3_0 .var/real "number", 0 0;
o0xe288 .functor BUFZ 1, C4<z>; HiZ drive
v0x4150_0 .net "push", 0 0, o0xe288;  0 drivers
o0xe2e8 .functor BUFZ 1, C4<z>; HiZ drive
v0x42f0_0 .net "rst_n", 0 0, o0xe2e8;  0 drivers
E_0x4540/0 .event negedge, v0x42f0_0;
E_0x4540/1 .event posedge, v0x3af0_0;
E_0x4540 .event/or E_0x4540/0, E_0x4540/1;
S_0x2000 .scope generate, "gen[1]" "gen[1]" 3 15, 3 15 0, S_0x1001;
 .timescale -9 -12;
v0x5000_0 .var "r", 1 0;
E_0x4541 .event posedge, v0x5001_0;
L_0x5002 .functor AND 1, o0xe138, o0xe288, C4<1>, C4<1>;
v0x5001_0 .net "gated", 0 0, L_0x5002;  1 drivers
S_0x2001 .scope module, "u.2" "child" 3 15, 3 15 0, S_0x1001;
    .port_info 0 /INPUT 1 "not_a_port_of_the_top";
v0x5003_0 .var/s "r", 1 0;
S_0x2002 .scope begin, "blk" "blk" 3 10, 3 10 0, S_0x2001;
v0x5004_0 .var "local", 2 0;
S_0x2003 .scope function.vec4.s4, "f" "f" 3 8, 3 8 0, S_0x1001;
v0x5005_0 .var "a", 3 0;
"#;

pub(super) fn bench() -> Bench {
    let design = Elaborated::parse(FIFO).unwrap();
    let ports = classify(&design, &Hints::default());
    Bench::new("fifo", &design, ports, &[], 16, 5).unwrap()
}

#[test]
fn ports_state_and_clocks_are_read_from_compiled_code() {
    let design = Elaborated::parse(FIFO).unwrap();
    let ports: Vec<_> = design
        .ports
        .iter()
        .map(|p| (p.name.as_str(), p.direction, p.width, p.signed))
        .collect();
    use Direction::{Input, Output};
    assert_eq!(
        ports,
        [
            ("clk", Input, 1, false),
            ("rst_n", Input, 1, false),
            ("push", Input, 1, false),
            ("din", Input, 8, true),
            ("dout", Output, 8, false),
            ("a.full", Output, 1, false)
        ]
    );
    let state: Vec<_> = design
        .state
        .iter()
        .map(|s| (s.path.as_str(), s.width, s.words))
        .collect();
    let expected = [
        ("count", 3, None),
        ("dout", 8, None),
        ("mem", 8, Some((0, 3))),
        ("gen[1].r", 2, None),
        ("\\u.2 .r", 2, None),
    ];
    assert_eq!(state, expected);
    assert_eq!(
        design.edges["clk"],
        EdgeUse {
            posedge: 1,
            negedge: 0,
            alone: 0,
            gated: 1
        }
    );
    assert_eq!(
        design.edges["rst_n"],
        EdgeUse {
            posedge: 0,
            negedge: 1,
            alone: 0,
            gated: 0
        }
    );
    assert_eq!(
        design.edges["push"],
        EdgeUse {
            gated: 1,
            ..EdgeUse::default()
        }
    );
}

#[test]
fn roles_come_from_edges_before_names() {
    let design = Elaborated::parse(FIFO).unwrap();
    let roles = |hints: &Hints| classify(&design, hints).iter().map(|p| p.role).collect::<Vec<_>>();
    use PortRole::*;
    assert_eq!(roles(&Hints::default()), [Clock, ResetLow, Data, Data, Data, Data]);
    let renamed = FIFO.replace("\"clk\"", "\"tick\"").replace("\"rst_n\"", "\"go\"");
    let design = Elaborated::parse(&renamed).unwrap();
    let hints = Hints {
        resets: [("go".to_string(), true)].into(),
        ..Hints::default()
    };
    let roles: Vec<_> = classify(&design, &hints).iter().map(|p| p.role).collect();
    assert_eq!(roles, [Clock, ResetLow, Data, Data, Data, Data]);
    let flipped = flip_resets(&classify(&design, &hints)).unwrap();
    assert_eq!(flipped[1].role, ResetHigh);
}

#[test]
fn what_cannot_be_driven_is_refused_with_its_reason() {
    let with = |from: &str, to: &str| Elaborated::parse(&FIFO.replace(from, to)).unwrap_err().code();
    assert_eq!(with("/OUTPUT 1 \"a.full\"", "/INOUT 1 \"a.full\""), "inout_port");
    assert_eq!(with("/INPUT 8 \"din\"", "/INPUT 80000 \"din\""), "ports_too_wide");
    assert_eq!(with(".net/s \"din\"", ".net/real \"din\""), "real_port");
    assert_eq!(with("/OUTPUT", "/INPUT"), "no_outputs");
    assert_eq!(Elaborated::parse("").unwrap_err().code(), "no_inputs");
}

#[test]
fn the_testbench_is_readable() {
    insta::assert_snapshot!(bench().tb, @r##"
    // Differential testbench for `fifo`.
    //
    // One cycle takes 100 ns: inputs change at +0, while the clock is still high from the cycle before; auxiliary
    // clocks change at +10; the clock falls at +20; outputs are compared at +40 (before the edge); the clock rises
    // at +50; outputs are compared again at +70 (after the edge). So both edges see inputs of their own.
    // Expected outputs were recorded from the reference under the same stimulus; where it held X or Z, anything goes.
    //
    //   +record    print the outputs instead of comparing them
    //   +plain     compare only what does not depend on the seeded state (for a run without init.v)
    //   +token=T   must be repeated in the line that says PASS
    `timescale 1ns / 1ps

    module assay_tb;
      localparam CYCLES  = 16;
      localparam SAMPLES = 2 * CYCLES;
      localparam REPORTS = 8;  // mismatching samples after which the run ends

      reg clk = 1'b0;
      reg [9:0] stimulus [0:CYCLES-1];
      reg [26:0] golden [0:SAMPLES-1];  // {care without seeded state, care, expected}
      reg [9:0] in;
      wire [8:0] out;
      reg [8:0] expected, care, plain_care, wrong;
      reg [127:0] token;
      reg recording, plain;
      integer cycle, sample, failures, unknowns;

      fifo dut (
        .clk (clk),  // clock
        .rst_n (in[0]),  // reset, active low
        .push (in[1]),  // driven
        .din (in[9:2]),  // driven
        .dout (out[7:0]),  // compared
        .\a.full  (out[8])  // compared
      );

      initial begin
        recording = $test$plusargs("record");
        plain     = $test$plusargs("plain");
        if (!$value$plusargs("token=%s", token)) token = "none";
        $readmemh("/job/in/bench/stimulus.hex", stimulus);
        if (!recording) $readmemh("/job/in/bench/golden.hex", golden);
        sample   = 0;
        failures = 0;
        unknowns = 0;
        for (cycle = 0; cycle < CYCLES; cycle = cycle + 1) begin
          in = stimulus[cycle];
          #10;
          #10 clk = 1'b0;
          #20 observe(0);
          #10 clk = 1'b1;
          #20 observe(1);
          #30;
        end
        finish;
      end

      task finish;
        begin
          if (recording) $display("END samples=%0d", sample);
          else if (failures == 0) $display("PASS cycles=%0d samples=%0d token=%0s", cycle, sample, token);
          else $display("FAIL mismatches=%0d x_only=%0d cycles=%0d", failures, unknowns, cycle);
          $finish(0);
        end
      endtask

      // Records or compares all outputs. Phase: 0 before the edge, 1 after it, 2 where there is no clock.
      task observe(input integer phase);
        begin
          if (recording) $display("S %b", out);
          else begin
            {plain_care, care, expected} = golden[sample];
            if (plain) care = plain_care;
            wrong = (out ^ expected) & care;
            if (wrong !== {9{1'b0}}) report(phase);
          end
          sample = sample + 1;
        end
      endtask

      task report(input integer phase);
        reg [12*8:1] when;
        reg [8:0] shown;  // what was expected, X where anything goes
        begin
          shown = (expected & care) | (~care & {9{1'bx}});
          when = phase == 0 ? "before_edge" : phase == 1 ? "after_edge" : "settled";
          if (|wrong !== 1'b1) unknowns = unknowns + 1;
          if (wrong[7:0] !== 8'b0)
            $display("MISMATCH cycle=%0d phase=%0s signal=dout expected=8'h%h got=8'h%h x_only=%0d",
                     cycle, when, shown[7:0], out[7:0], (|wrong[7:0]) !== 1'b1);
          if (wrong[8] !== 1'b0)
            $display("MISMATCH cycle=%0d phase=%0s signal=a.full expected=1'h%h got=1'h%h x_only=%0d",
                     cycle, when, shown[8], out[8], (|wrong[8]) !== 1'b1);
          if (failures == 0) begin
            $write("INPUTS cycle=%0d", cycle);
            $write(" rst_n=1'h%h", in[0]);
            $write(" push=1'h%h", in[1]);
            $write(" din=8'h%h", in[9:2]);
            $write("\n");
          end
          failures = failures + 1;
          if (failures >= REPORTS) finish;
        end
      endtask
    endmodule
    "##);
}

#[test]
fn the_seeding_file_is_readable() {
    insta::assert_snapshot!(bench().init, @r##"
    // Seeds every register and memory word that is still X once the design's own initial blocks have run.
    module assay_init;
      integer i, s;
      initial begin
        #1;
        if (^assay_tb.dut.count === 1'bx) assay_tb.dut.count = 3'h2;
        if (^assay_tb.dut.dout === 1'bx) assay_tb.dut.dout = 8'hcc;
        s = 2078325650; for (i = 0; i <= 3; i = i + 1) if (^assay_tb.dut.mem[i] === 1'bx) assay_tb.dut.mem[i] = {$random(s)};
        if (^assay_tb.dut.gen[1].r === 1'bx) assay_tb.dut.gen[1].r = 2'h2;
        if (^assay_tb.dut.\u.2 .r === 1'bx) assay_tb.dut.\u.2 .r = 2'h2;
      end
    endmodule
    "##);
    let without = bench().without_init_lines(&[8].into());
    assert!(!without.init.contains("dut.mem") && without.init.contains("dut.count"));
}

pub(super) fn design() -> Design {
    let file = |path: &str, role| DesignFile {
        path: path.into(),
        text: "module fifo; endmodule".into(),
        role,
    };
    let files = vec![file("inc/defs.vh", FileRole::Include), file("fifo.v", FileRole::Module)];
    Design {
        top: "fifo".into(),
        files,
        include_dirs: vec!["inc".into(), "other".into()],
    }
}

pub(super) fn completion(job: &Job, steps: &[(&str, Status, &str)]) -> Completion {
    let result = |name: &str| {
        let found = steps.iter().find(|s| s.0 == name);
        let (status, log) = found.map_or((Status::NotRun, ""), |s| (s.1.clone(), s.2));
        StepResult {
            name: name.into(),
            status,
            log: log.as_bytes().to_vec(),
        }
    };
    let steps = job.steps.iter().map(|s| result(&s.name)).collect();
    let tier = "namespaces".to_string();
    Completion {
        slot: 0,
        steps,
        ended: None,
        cpu_ms: 10,
        wall_ms: 10,
        peak_bytes: 0,
        starved: false,
        tier,
    }
}

/// A recording whose outputs count up, with one unknown bit in the run without seeded state.
fn recording(bench: &Bench, plain: bool) -> String {
    let word = |i: u32| {
        let word = format!("{:09b}", i % 512);
        if plain && i == 0 {
            word.replacen('0', "x", 1)
        } else {
            word
        }
    };
    let lines: String = (0..bench.samples()).map(|i| format!("S {}\n", word(i))).collect();
    format!("hello from the design\n{lines}END samples={}\n", bench.samples())
}

pub(super) fn golden() -> Golden {
    Golden::new(
        &bench(),
        recording(&bench(), false).as_bytes(),
        recording(&bench(), true).as_bytes(),
    )
    .unwrap()
}

#[test]
fn a_recording_becomes_masks_and_values() {
    let golden = golden();
    let lines: Vec<&str> = golden.hex.lines().collect();
    // 27 bits: {plain care, care, expected}; the top bit of the first sample rests on seeded state.
    assert_eq!(lines[0], format!("{:07x}", 0b011111111_111111111_000000000u32));
    assert_eq!(lines[3], format!("{:07x}", 0b111111111_111111111_000000011u32));
    assert_eq!(
        (lines.len(), golden.coverage.toggled_bits, golden.coverage.x_share),
        (32, 5, 0.0)
    );
    assert!(golden.lively());
    let still = recording(&bench(), false).replace("S 0000", "S 0x00");
    assert!(
        Golden::new(&bench(), still.as_bytes(), still.as_bytes())
            .unwrap()
            .coverage
            .x_share
            > 0.1
    );
    let cut = &still.as_bytes()[..still.len() / 2];
    assert!(matches!(
        Golden::new(&bench(), cut, cut),
        Err(HarnessError::EndsEarly { want: 32, .. })
    ));
}

#[test]
fn a_recording_whose_seeding_does_not_compile_names_the_lines() {
    let bench = bench();
    let job = record_job(&design(), &bench, &record_limits());
    let log = "/job/in/bench/init.v:7: error: Could not find variable ``assay_tb.dut.mem''\n1 error(s)\n";
    let mut done = completion(
        &job,
        &[
            ("compile", Status::Exit(1), log),
            ("compile_plain", Status::Exit(0), ""),
        ],
    );
    assert_eq!(recorded(&bench, &done), Ok(Recorded::DropInitLines([7].into())));
    done.steps[2].status = Status::Exit(1);
    assert!(matches!(
        recorded(&bench, &done),
        Ok(Recorded::Refused(HarnessError::BenchDoesNotCompile(_)))
    ));
    done.ended = Some(Ended::CpuTime);
    assert_eq!(recorded(&bench, &done), Ok(Recorded::Refused(HarnessError::TooSlow)));
    done.starved = true;
    assert!(recorded(&bench, &done).is_err());
}

proptest! {
    /// Lines made of what vvp files are made of, in any order: never a panic, whatever the answer.
    #[test]
    fn no_text_makes_the_reader_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            " ", "\n", "\"", ".scope", "module", ", ", ";", "S_0x1", "S_0x2", ".net", ".var", "/s", "/real", ".array",
            "    .port_info 0 /INPUT 8 \"a\";\n", "    .port_info 1 /OUTPUT 4294967295 \"b\";\n", "9223372036854775807",
            "-9223372036854775808", "E_0x1", ".event", "posedge", "/or", "o0x1", "\\", "\u{e9}", "7 0", ".functor", "[1]",
            "S_0x1 .scope module, \"t\" \"t\" 1 1;\n", "v0x1_0 .var \"q\", 7 0;\n", "v0x1_0 .array \"m\", 5 -5, 0 9;\n",
        ]), 0..60)
    ) {
        let _ = Elaborated::parse(&parts.concat());
    }
}
