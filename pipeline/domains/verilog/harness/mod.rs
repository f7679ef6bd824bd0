//! The differential testbench of a module: what it looks like elaborated, what each port is, what is driven,
//! what is compared. Pure functions: jobs go out, completions come in.
//!
//! The way of one module: [`elaborate_job`] → [`Elaborated`] → [`classify`] → [`Bench::new`] →
//! [`super::jobs::record_job`] → [`Golden`] → [`super::jobs::check_job`] for every candidate.

pub mod bits;
pub mod elaborate;
pub mod golden;
pub mod names;
pub mod policy;
pub mod roles;
pub mod stimulus;
pub mod testbench;
mod vvp;

#[cfg(test)]
mod judging;
#[cfg(test)]
mod tests;

pub use elaborate::{EdgeUse, Elaborated, State, elaborate_job};
pub use golden::Golden;
pub use roles::{Hints, classify, flip_resets};
pub use testbench::Bench;

use sandboxes::JobFile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The image that runs these jobs.
pub const SANDBOX: &str = "verilog";
pub(crate) const IVERILOG: &str = "iverilog";
/// Where the design's files lie in a job, and where the harness's do.
pub(crate) const RTL: &str = "rtl/";
pub(crate) const BENCH: &str = "bench/";

/// Which edge a signal is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    Posedge,
    Negedge,
    Both,
}

/// Why a design cannot be given a differential testbench. Every one is the design's own doing, never a fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HarnessError {
    #[error("icarus does not elaborate it: {0}")]
    DoesNotElaborate(String),
    #[error("elaborating it takes more than the limits allow")]
    TooLarge,
    #[error("port `{0}` is bidirectional; only inputs and outputs can be driven and compared")]
    InoutPort(String),
    #[error("port `{0}` is not a vector of bits")]
    RealPort(String),
    #[error("its ports have {0} bits in one direction; at most {max} can be packed", max = elaborate::MAX_PORT_BITS)]
    TooWide(u64),
    #[error("it has no inputs")]
    NoInputs,
    #[error("it has no outputs")]
    NoOutputs,
    #[error("port name `{0}` cannot be written in verilog")]
    PortName(String),
    #[error("the testbench does not compile around it: {0}")]
    BenchDoesNotCompile(String),
    #[error("its simulation ended after {got} of {want} samples")]
    EndsEarly { got: usize, want: usize },
    #[error("its simulation takes more than the limits allow")]
    TooSlow,
}

impl HarnessError {
    /// The reason code under which people count it.
    pub fn code(&self) -> &'static str {
        match self {
            HarnessError::DoesNotElaborate(_) => "does_not_elaborate",
            HarnessError::TooLarge => "too_large",
            HarnessError::InoutPort(_) => "inout_port",
            HarnessError::RealPort(_) => "real_port",
            HarnessError::TooWide(_) => "ports_too_wide",
            HarnessError::NoInputs => "no_inputs",
            HarnessError::NoOutputs => "no_outputs",
            HarnessError::PortName(_) => "odd_port_name",
            HarnessError::BenchDoesNotCompile(_) => "bench_does_not_compile",
            HarnessError::EndsEarly { .. } => "simulation_ends_early",
            HarnessError::TooSlow => "simulation_too_slow",
        }
    }
}

/// How a file takes part in a compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Given to the compiler.
    Module,
    /// Found by it through an include path.
    Include,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DesignFile {
    /// Relative, `/`-separated, without `..`.
    pub path: String,
    pub text: String,
    pub role: FileRole,
}

/// A module with all the files that it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// The module under test.
    pub top: String,
    /// In compilation order.
    pub files: Vec<DesignFile>,
    /// Folders searched for included files, relative like the paths. The folder of every file is searched in
    /// any case.
    pub include_dirs: Vec<String>,
}

impl Design {
    /// The same design with one file's text replaced.
    pub fn with_text(&self, path: &str, text: &str) -> Design {
        let mut design = self.clone();
        for file in design.files.iter_mut().filter(|f| f.path == path) {
            file.text = text.to_string();
        }
        design
    }

    pub(crate) fn job_files(&self) -> Vec<JobFile> {
        self.files
            .iter()
            .map(|f| JobFile {
                path: format!("{RTL}{}", f.path),
                content: f.text.clone(),
            })
            .collect()
    }

    /// Paths inside the job of the files given to the compiler.
    pub(crate) fn module_paths(&self) -> Vec<String> {
        let modules = self.files.iter().filter(|f| f.role == FileRole::Module);
        modules.map(|f| format!("/job/in/{RTL}{}", f.path)).collect()
    }

    pub(crate) fn include_paths(&self) -> Vec<String> {
        let parents = self
            .files
            .iter()
            .map(|f| f.path.rsplit_once('/').map_or("", |(dir, _)| dir));
        let given = self.include_dirs.iter().map(String::as_str);
        let mut seen = BTreeSet::new();
        let unique = given.chain(parents).filter(|d| seen.insert(d.to_string()));
        unique
            .map(|d| format!("/job/in/{RTL}{d}").trim_end_matches('/').to_string())
            .collect()
    }
}

/// `iverilog -g2012 -o OUT -I … -s TOP …`, without the files.
pub(crate) fn compile_argv(design: &Design, tops: &[&str], out: &str) -> Vec<String> {
    let mut argv: Vec<String> = [IVERILOG, "-g2012", "-o", out].map(String::from).into();
    for dir in design.include_paths() {
        argv.extend(["-I".into(), dir]);
    }
    for top in tops {
        argv.extend(["-s".into(), top.to_string()]);
    }
    argv
}
