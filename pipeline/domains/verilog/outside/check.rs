//! What a task from outside may ask of the judge: the keys of its `check`, and why a task cannot be judged.

use regex::Regex;
use serde::{Deserialize, Serialize};

/// `check` of a task for the sandbox `verilog`. Every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalCheck {
    /// The testbench's top module, or else the design under test. Left out, both are looked for.
    pub top: Option<String>,
    /// What runs the simulation.
    pub simulator: Simulator,
    /// Regular expression over the log: found means passed, unless `fail` is found too.
    pub pass: Option<String>,
    /// Regular expression over the log: found means failed.
    pub fail: Option<String>,
    /// The candidate (without the testbench) must also synthesise.
    pub synthesizable: bool,
    /// The candidate must also behave as the file of role `reference` does, as far as a bounded proof can tell.
    pub equivalence: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Simulator {
    /// Icarus; where it refuses the files and Verilator takes them, Verilator.
    #[default]
    Auto,
    Icarus,
    Verilator,
}

/// Why a task cannot be judged here. It is never a verdict.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    #[error("`{key}` is not a regular expression: {why}")]
    Pattern { key: &'static str, why: String },
    #[error("a `verilog` task needs a file of role `{0}`")]
    FileMissing(&'static str),
    #[error("the {role} is `{path}`, which is no verilog (`.v`, `.sv`): VHDL and Python (cocotb) cannot be run here")]
    NotVerilog { path: String, role: &'static str },
    #[error("`equivalence` cannot tell which module to prove; name it in `top`")]
    TopMissing,
    #[error("path `{0}` appears twice; paths of files and candidate must differ")]
    SamePath(String),
}

/// Patterns, checked.
pub struct Patterns {
    pub pass: Option<Regex>,
    pub fail: Option<Regex>,
}

impl ExternalCheck {
    /// Compiles the user's patterns, with a bound to their size.
    pub fn patterns(&self) -> Result<Patterns, ExternalError> {
        let compile = |key, text: &Option<String>| {
            let build = |t: &String| regex::RegexBuilder::new(t).multi_line(true).size_limit(1 << 20).build();
            text.as_ref()
                .map(build)
                .transpose()
                .map_err(|e| ExternalError::Pattern {
                    key,
                    why: e.to_string(),
                })
        };
        Ok(Patterns {
            pass: compile("pass", &self.pass)?,
            fail: compile("fail", &self.fail)?,
        })
    }
}
