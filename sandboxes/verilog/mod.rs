//! Jobs whose outcome is known beforehand, to be run around real ones: if one of them comes out otherwise, the sandbox
//! is broken, and what it said of others is worth nothing.

use crate::job::{Completion, Job, JobFile, Limits, Status, Step, When};

/// What a canary does where all is well.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// Every step exits 0, and the last step's log holds this line.
    Passes(&'static str),
    /// The named step ends with anything but `Exit(0)`.
    FailsAt(&'static str),
    /// Every step exits 0, and the last step's log holds no verdict line at all.
    Silent,
}

/// A job whose outcome is known.
#[derive(Clone, Debug)]
pub struct Canary {
    pub name: &'static str,
    pub job: Job,
    pub expect: Expect,
}

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
pub fn canaries() -> Vec<Canary> {
    let simulate = |design: &str, bench: &str| {
        job(
            &[("add.v", design), ("bench.v", bench)],
            &[
                (
                    "compile",
                    &[
                        "iverilog",
                        "-g2012",
                        "-s",
                        "bench",
                        "-o",
                        "bench.vvp",
                        "in/add.v",
                        "in/bench.v",
                    ],
                ),
                ("simulate", &["vvp", "-n", "bench.vvp"]),
            ],
        )
    };
    let synthesis = job(
        &[("add.v", GOOD)],
        &[(
            "synthesize",
            &[
                "yosys",
                "-p",
                "read_verilog in/add.v; synth -top add; select -assert-min 8 t:*; log CANARY PASS",
            ],
        )],
    );
    vec![
        Canary {
            name: "verilog_good",
            job: simulate(GOOD, BENCH),
            expect: Expect::Passes("CANARY PASS"),
        },
        // vvp exits 0 for a wrong design as well: only the log tells.
        Canary {
            name: "verilog_bad",
            job: simulate(BAD, BENCH),
            expect: Expect::Passes("CANARY FAIL 63"),
        },
        Canary {
            name: "verilog_broken",
            job: simulate(BROKEN, BENCH),
            expect: Expect::FailsAt("compile"),
        },
        Canary {
            name: "verilog_mute",
            job: simulate(GOOD, MUTE),
            expect: Expect::Silent,
        },
        Canary {
            name: "verilog_synthesis",
            job: synthesis,
            expect: Expect::Passes("CANARY PASS"),
        },
    ]
}

impl Canary {
    /// Checks what came of it. The error says what was expected and what was seen.
    pub fn check(&self, completion: &Completion) -> Result<(), String> {
        let log = completion
            .steps
            .last()
            .map(|step| String::from_utf8_lossy(&step.log).into_owned())
            .unwrap_or_default();
        let clean = completion.ended.is_none() && completion.steps.iter().all(|step| step.status == Status::Exit(0));
        let right = match self.expect {
            Expect::Passes(line) => clean && log.lines().any(|found| found.trim() == line),
            Expect::Silent => clean && !log.contains("CANARY"),
            Expect::FailsAt(step) => {
                let status = completion
                    .steps
                    .iter()
                    .find(|result| result.name == step)
                    .map(|result| &result.status);
                completion.ended.is_none() && matches!(status, Some(Status::Exit(code)) if *code != 0)
            }
        };
        let seen = || -> Vec<String> {
            completion
                .steps
                .iter()
                .map(|s| format!("{} {:?}", s.name, s.status))
                .collect()
        };
        if right {
            Ok(())
        } else {
            Err(format!(
                "canary {}: expected {:?}, saw {} and {log:?}",
                self.name,
                self.expect,
                seen().join(", ")
            ))
        }
    }
}

fn job(files: &[(&str, &str)], steps: &[(&str, &[&str])]) -> Job {
    let file = |(path, content): &(&str, &str)| JobFile {
        path: path.to_string(),
        content: content.to_string(),
    };
    let step = |(name, argv): &(&str, &[&str])| Step {
        name: name.to_string(),
        argv: argv.iter().map(|arg| arg.to_string()).collect(),
        when: When::Ok,
    };
    Job {
        sandbox: "verilog".to_string(),
        files: files.iter().map(file).collect(),
        steps: steps.iter().map(step).collect(),
        limits: Limits::default(),
    }
}
