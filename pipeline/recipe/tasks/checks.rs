//! How each sandbox judges: the keys of a task's `check`, with their defaults.

use super::Sandbox;
pub use crate::domains::cad::check::{Align, CadqueryCheck};
pub use crate::domains::cuda::check::{CudaCheck, CudaGpu};
pub use crate::domains::verilog::outside::check::{ExternalCheck as VerilogCheck, Simulator};
pub use crate::domains::x86_64::check::X86Check;
use crate::recipe::strict::schema_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a task is judged, by the sandbox that judges it.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    Verilog(VerilogCheck),
    Cuda(CudaCheck),
    Stm32f407(Stm32Check),
    X86(X86Check),
    Cadquery(CadqueryCheck),
}

impl Check {
    /// The sandbox that judges it.
    pub fn sandbox(&self) -> Sandbox {
        match self {
            Check::Verilog(_) => Sandbox::Verilog,
            Check::Cuda(_) => Sandbox::Cuda,
            Check::Stm32f407(_) => Sandbox::Stm32f407,
            Check::X86(_) => Sandbox::X86_64,
            Check::Cadquery(_) => Sandbox::Cadquery,
        }
    }

    /// Reads a check that [`super::task_schema`] has accepted.
    pub(super) fn read(sandbox: Sandbox, check: Value) -> Result<Check, serde_json::Error> {
        use serde_json::from_value as read;
        Ok(match sandbox {
            Sandbox::Verilog => Check::Verilog(read(check)?),
            Sandbox::Cuda => Check::Cuda(read(check)?),
            Sandbox::Stm32f407 => Check::Stm32f407(read(check)?),
            Sandbox::X86_64 => Check::X86(read(check)?),
            Sandbox::Cadquery => Check::Cadquery(read(check)?),
        })
    }

    /// The regular expressions of the check, each with the key it stands under.
    pub(super) fn patterns(&self) -> Vec<(String, &str)> {
        match self {
            Check::Verilog(c) => [("check.pass", &c.pass), ("check.fail", &c.fail)]
                .into_iter()
                .filter_map(|(key, p)| Some((key.to_string(), p.as_deref()?)))
                .collect(),
            Check::Stm32f407(c) => c
                .uart
                .iter()
                .map(|(port, p)| (format!("check.uart.{port}"), p.as_str()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Each sandbox with the name of its check and the check's schema.
pub(super) fn schemas() -> [(Sandbox, &'static str, Value); 5] {
    [
        (Sandbox::Verilog, "VerilogCheck", schema_of::<VerilogCheck>()),
        (Sandbox::Cuda, "CudaCheck", schema_of::<CudaCheck>()),
        (Sandbox::Stm32f407, "Stm32Check", schema_of::<Stm32Check>()),
        (Sandbox::X86_64, "X86Check", schema_of::<X86Check>()),
        (Sandbox::Cadquery, "CadqueryCheck", schema_of::<CadqueryCheck>()),
    ]
}

/// STM32F407: firmware is built, runs for a while of its own time, and the state of the chip decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stm32Check {
    /// Time on the chip, milliseconds; 100 by default.
    #[schemars(range(min = 1, max = 60_000))]
    pub run_ms: u32,
    /// Regular expressions (syntax of the Rust crate `regex`) over what each port has sent; none by default.
    pub uart: BTreeMap<String, String>,
    /// Levels of pins at the end; none by default.
    #[schemars(length(max = 256))]
    pub gpio: Vec<GpioCheck>,
    /// Words of memory at the end; none by default.
    #[schemars(length(max = 1024))]
    pub memory: Vec<MemoryCheck>,
    /// What it runs on; `auto` by default: Renode, or a board where one is configured.
    pub engine: Engine,
}

impl Default for Stm32Check {
    fn default() -> Self {
        Stm32Check {
            run_ms: 100,
            uart: BTreeMap::new(),
            gpio: Vec::new(),
            memory: Vec::new(),
            engine: Engine::Auto,
        }
    }
}

/// What firmware runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    #[default]
    Auto,
    Renode,
    Board,
}

/// The level of a pin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpioCheck {
    /// `A` to `I`.
    #[schemars(regex(pattern = "^[A-I]$"))]
    pub port: String,
    #[schemars(range(min = 0, max = 15))]
    pub pin: u8,
    /// 0 or 1.
    #[schemars(range(min = 0, max = 1))]
    pub level: u8,
}

/// A word of memory: `word & mask == value & mask`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryCheck {
    /// Byte address; a multiple of 4.
    #[schemars(extend("multipleOf" = 4))]
    pub address: u32,
    /// What the 32 bits there must be.
    pub value: u32,
    /// The bits that count; all by default.
    #[serde(default = "all_bits")]
    pub mask: u32,
}

fn all_bits() -> u32 {
    u32::MAX
}
