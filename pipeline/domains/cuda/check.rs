//! `check` of a task for the sandbox `cuda`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CUDA: the program is compiled and run; it is right when it exits 0 (and prints `stdout`, where given).
///
/// The real nvcc compiles the unchanged files, told by their names: `.cu`, `.cpp`, `.cc`, `.cxx`, `.c`; others can be
/// included, or opened by the program in the folder that it runs in. The candidate's are linked with those of the roles
/// `testbench` and `support`. Without a GPU the program then runs emulated on the CPU, some hundred times as slowly: there
/// a time-out counts only against `limits.cpu_ms` and `limits.wall_ms` that the task sets itself, and what cannot be
/// emulated (device-side launches, clusters, TMA, libraries such as cuBLAS …) is an error by name, never a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CudaCheck {
    /// Architecture to compile and run for; `sm_75` by default, the oldest that the compiler knows.
    #[schemars(regex(pattern = r"^(sm|compute)_[0-9]{2,3}[af]?$"))]
    pub arch: String,
    /// Further architectures that it must compile for; none by default.
    #[schemars(length(max = 16), inner(regex(pattern = r"^(sm|compute)_[0-9]{2,3}[af]?$")))]
    pub archs: Vec<String>,
    /// Further flags for the compiler; none by default. An emulated program is built with those of them that name macros,
    /// folders and the language (`-D`, `-U`, `-I`, `-std`, `-include`).
    #[schemars(length(max = 64))]
    pub flags: Vec<String>,
    /// Arguments of the program; none by default.
    #[schemars(length(max = 256))]
    pub args: Vec<String>,
    /// Where it runs; `auto` by default: emulated, and where there is a GPU on that as well (on that alone, unless
    /// `sanitize`). The evidence says which.
    pub gpu: CudaGpu,
    /// What it must print, but for white space at the ends of lines and of the text; by default anything.
    pub stdout: Option<String>,
    /// Whether what the emulation's checker finds counts against the candidate even where the numbers are right: races,
    /// accesses out of bounds, to freed, uninitialised or the wrong memory, divergent barriers, launches that failed
    /// unnoticed, assertions in kernels that failed; true by default. Unchecked, a program runs some ten times as fast.
    pub sanitize: bool,
    /// In how many orders of threads, warps and blocks an emulated program runs, the natural one among them; its result
    /// must be right in each. 2 by default.
    #[schemars(range(min = 1, max = 16))]
    pub orders: u32,
}

impl Default for CudaCheck {
    fn default() -> Self {
        CudaCheck {
            arch: "sm_75".into(),
            archs: Vec::new(),
            flags: Vec::new(),
            args: Vec::new(),
            gpu: CudaGpu::Auto,
            stdout: None,
            sanitize: true,
            orders: 2,
        }
    }
}

impl CudaCheck {
    /// Every architecture, the one that runs first.
    pub fn all_archs(&self) -> impl Iterator<Item = &str> {
        let more = self.archs.iter().filter(|arch| **arch != self.arch);
        std::iter::once(self.arch.as_str()).chain(more.map(String::as_str))
    }

    /// The compute capability that the program runs under, times ten: 75 for `sm_75`.
    pub fn capability(&self) -> &str {
        let digits = self.arch.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.trim_end_matches(|c: char| !c.is_ascii_digit())
    }
}

/// Where a CUDA program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CudaGpu {
    #[default]
    Auto,
    /// On a GPU, or there is no verdict.
    Require,
    /// On the CPU alone, even where there is a GPU.
    Emulate,
}
