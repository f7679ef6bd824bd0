//! The `verilog` sandbox: Icarus Verilog, Yosys, and Verilator with a C++ compiler.

use crate::canary::{Canary, Expect};
use crate::table::SandboxSpec;

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "verilog",
    base: None,
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    lock: include_str!("packages.lock"),
    files: &[],
    tools: &[
        ("iverilog", &["iverilog", "-V"]),
        ("vvp", &["vvp", "-V"]),
        ("yosys", &["yosys", "-V"]),
        ("verilator", &["verilator_bin", "--version"]),
        ("g++", &["g++-12", "--version"]),
    ],
    preload: &[],
    apart: None,
    served: None,
    gpu: false,
    canaries,
};

const GOOD: &str = "module add(input [7:0] a, b, output [7:0] s); assign s = a + b; endmodule\n";
const BAD: &str = "module add(input [7:0] a, b, output [7:0] s); assign s = a - b; endmodule\n";
const BROKEN: &str = "module add(input [7:0] a, b, output [7:0] s); assign s = a + ; endmodule\n";
const BENCH: &str = "\
module bench;
  reg [7:0] a, b;
  wire [7:0] s;
  integer i, wrong;
  add dut(.a(a), .b(b), .s(s));
  initial begin
    wrong = 0;
    for (i = 0; i < 64; i = i + 1) begin
      a = i * 7; b = i * 13; #1;
      if (s !== ((i * 20) & 255)) wrong = wrong + 1;
    end
    if (wrong == 0) $display(\"CANARY PASS\"); else $display(\"CANARY FAIL %0d\", wrong);
    $finish;
  end
endmodule
";
const MUTE: &str = "module bench; initial $finish; endmodule\n";

/// The same in SystemVerilog that Icarus 11 refuses: associative arrays, `break`.
const QUEUE: &str = "\
module bench;
  logic [7:0] a, b, s;
  int wrong[string];
  add dut(.a(a), .b(b), .s(s));
  initial begin
    wrong[\"sum\"] = 0;
    for (int i = 0; i < 100; i++) begin
      if (i == 64) break;
      a = 8'(i * 7); b = 8'(i * 13); #1;
      if (s !== 8'(i * 20)) wrong[\"sum\"]++;
    end
    if (wrong[\"sum\"] == 0) $display(\"CANARY PASS\"); else $display(\"CANARY FAIL %0d\", wrong[\"sum\"]);
    $finish;
  end
endmodule
";

/// For Icarus and for Verilator: one that passes, one that prints a mismatch, one that says nothing; one that does not
/// compile, one that synthesizes.
fn canaries() -> Vec<Canary> {
    let simulate = |name, design: &str, bench: &str, expect| {
        let compile = "iverilog -g2012 -s bench -o bench.vvp in/add.v in/bench.v".split(' ');
        Canary::new(
            name,
            "verilog",
            &[("add.v", design), ("bench.v", bench)],
            &[
                ("compile", &compile.collect::<Vec<_>>()),
                ("simulate", &["vvp", "-n", "bench.vvp"]),
            ],
            expect,
        )
    };
    // The cheap way to a Verilator simulation: no `make`, one compilation, a library that the image holds.
    let build = |name, design: &str, bench: &str, expect| {
        let verilate = "verilator_bin --cc --exe --main --timing -Wno-fatal -Wno-lint --top-module bench --prefix Vsim --Mdir cc \
            in/add.sv in/bench.sv";
        let compile = "cd cc && cat *.cpp >all.cc && g++-12 -std=gnu++20 -fcoroutines -O0 -w -DVL_TIME_CONTEXT -I. \
            -I/usr/share/verilator/include all.cc /usr/lib/verilated/libverilated.a -o ../sim -pthread";
        let all = format!("export VERILATOR_ROOT=/usr/share/verilator; {verilate} && {compile}");
        Canary::new(
            name,
            "verilog",
            &[("add.sv", design), ("bench.sv", bench)],
            &[("build", &["sh", "-c", &all]), ("simulate", &["./sim"])],
            expect,
        )
    };
    let synthesis = "read_verilog in/add.v; synth -top add; select -assert-min 8 t:*; log CANARY PASS";
    vec![
        simulate("verilog_good", GOOD, BENCH, Expect::Passes("CANARY PASS")),
        // vvp exits 0 for a wrong design as well: only the log tells.
        simulate("verilog_bad", BAD, BENCH, Expect::Passes("CANARY FAIL 63")),
        simulate("verilog_broken", BROKEN, BENCH, Expect::FailsAt("compile")),
        simulate("verilog_mute", GOOD, MUTE, Expect::Silent),
        Canary::new(
            "verilog_synthesis",
            "verilog",
            &[("add.v", GOOD)],
            &[("synthesize", &["yosys", "-p", synthesis])],
            Expect::Passes("CANARY PASS"),
        )
        .dear(),
        build("verilog_verilator_good", GOOD, QUEUE, Expect::Passes("CANARY PASS")).dear(),
        build("verilog_verilator_bad", BAD, QUEUE, Expect::Passes("CANARY FAIL 63")).dear(),
        build("verilog_verilator_mute", GOOD, MUTE, Expect::Silent).dear(),
    ]
}
