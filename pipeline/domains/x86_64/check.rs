//! `check` of a task for the sandbox `x86_64`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// x86-64: the program is compiled and run; it must exit 0, print what it should, and be as fast as it should.
///
/// Files that gcc compiles are told by their names: `.s` and `.asm` (GNU assembler), `.S`, `.cpp`, `.cc`, `.cxx`, `.c`. The
/// candidate's are linked with those of role `support`, and with those of role `testbench` where there are any; then the
/// candidate is what the testbench calls, else it has `main` itself. A baseline takes the candidate's place. Programs run in
/// the folder of the task's files, and can read them. They cannot write files or start processes, and `limits.cpu_ms` is
/// the CPU time of one run, by default 10 s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct X86Check {
    /// Arguments of the program; none by default.
    #[schemars(length(max = 256))]
    pub args: Vec<String>,
    /// What it reads; nothing by default.
    pub stdin: String,
    /// What it must print, but for white space at the ends of lines and of the text; by default what the file of role
    /// `baseline` prints (without one, `reference`), and without either anything.
    pub stdout: Option<String>,
    /// Several inputs in place of the one above; none by default.
    #[schemars(length(max = 256))]
    pub cases: Vec<X86Case>,
    /// How many times as fast as the file of role `baseline` it must be; by default its speed does not matter. What is
    /// compared is CPU time over all inputs, less that of an empty program; the lower end of the confidence interval
    /// must reach it, and be above 1.01 where this is 1 or more.
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub min_speedup: Option<f64>,
    /// Further inputs that are written nowhere in the task, on which candidate and baseline must agree; none by default.
    /// Each is what `generator` prints for a seed; without one, the first input with the seed as one argument more.
    #[schemars(range(max = 200))]
    pub hidden: u32,
    /// The path of a file of role `support`: a program that prints an input, given a number as its argument.
    pub generator: Option<String>,
    /// Whether a candidate in C or C++ must also come through the address and undefined-behaviour sanitizers; true by
    /// default.
    pub sanitize: bool,
    /// Further flags for gcc, for candidate and baseline alike, after `-O3`; none by default.
    #[schemars(length(max = 64))]
    pub flags: Vec<String>,
}

impl Default for X86Check {
    fn default() -> Self {
        X86Check {
            args: Vec::new(),
            stdin: String::new(),
            stdout: None,
            cases: Vec::new(),
            min_speedup: None,
            hidden: 0,
            generator: None,
            sanitize: true,
            flags: Vec::new(),
        }
    }
}

/// An input, and what is right for it. What is left out is as the check says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct X86Case {
    /// Arguments of the program.
    #[schemars(length(max = 256))]
    pub args: Option<Vec<String>>,
    /// What it reads.
    pub stdin: Option<String>,
    /// What it must print.
    pub stdout: Option<String>,
}

/// One run's input, with the check's own values filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub args: Vec<String>,
    pub stdin: String,
    pub stdout: Option<String>,
}

impl X86Check {
    /// The inputs that the task names: at least one.
    pub fn inputs(&self) -> Vec<Case> {
        let whole = X86Case::default();
        let cases = if self.cases.is_empty() {
            std::slice::from_ref(&whole)
        } else {
            &self.cases
        };
        let filled = |case: &X86Case| Case {
            args: case.args.clone().unwrap_or_else(|| self.args.clone()),
            stdin: case.stdin.clone().unwrap_or_else(|| self.stdin.clone()),
            stdout: case.stdout.clone().or_else(|| self.stdout.clone()),
        };
        cases.iter().map(filled).collect()
    }
}
