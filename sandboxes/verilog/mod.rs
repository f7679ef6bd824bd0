//! The `verilog` sandbox: Icarus Verilog and Yosys.

use crate::canary::{Canary, Expect};
use crate::table::SandboxSpec;

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "verilog",
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    lock: include_str!("packages.lock"),
    files: &[],
    tools: &[
        ("iverilog", &["iverilog", "-V"]),
        ("vvp", &["vvp", "-V"]),
        ("yosys", &["yosys", "-V"]),
    ],
    preload: &[],
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

/// One that passes, one that prints a mismatch, one that does not compile, one that says nothing, one that synthesizes.
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
        ),
    ]
}
