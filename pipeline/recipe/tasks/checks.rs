//! How each sandbox judges: the keys of a task's `check`, with their defaults.

use super::Sandbox;
pub use crate::domains::cad::check::{Align, CadqueryCheck};
pub use crate::domains::cuda::check::{CudaCheck, CudaGpu};
pub use crate::domains::stm32f407::check::Stm32Check;
pub use crate::domains::verilog::outside::check::{ExternalCheck as VerilogCheck, Simulator};
pub use crate::domains::x86_64::check::X86Check;
use crate::recipe::strict::schema_of;
use serde_json::Value;

/// How a task is judged, by the sandbox that judges it.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    Verilog(VerilogCheck),
    Cuda(CudaCheck),
    Stm32f407(Box<Stm32Check>),
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
