//! What a module looks like once its parameters are resolved: ports, state, and the ports that reach a
//! clock pin, all read from the code that Icarus compiles the module to.

use super::{Design, HarnessError, IVERILOG, compile_argv, vvp};
use crate::domains::verilog::types::{Direction, Port, PortRole};
use sandboxes::{Completion, Job, Limits, Status, Step, When};
use std::collections::BTreeMap;

/// Bits of all inputs, and of all outputs, that a testbench will pack into one word.
pub const MAX_PORT_BITS: u32 = 4096;
/// State elements (registers and memories) that are read from a design; what lies beyond is left alone.
pub const MAX_STATE: usize = 4096;

/// A register or memory of the design, with its path below the top.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Verilog text of the path below the instance of the top, e.g. `core.gen[0].\odd+name `.
    pub path: String,
    /// Bits of the register, or of one word of the memory.
    pub width: u32,
    /// First and last index of a memory, low before high.
    pub words: Option<(i64, i64)>,
}

/// How a port of the top reaches the edge-sensitive events of the design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeUse {
    /// Events that wait for its rising edge.
    pub posedge: u32,
    /// Events that wait for its falling edge.
    pub negedge: u32,
    /// Events that wait for it and nothing else.
    pub alone: u32,
    /// Events that it reaches through logic only (a gated or divided clock).
    pub gated: u32,
}

/// An elaborated module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elaborated {
    /// Ports in order; every role is still [`PortRole::Data`].
    pub ports: Vec<Port>,
    pub state: Vec<State>,
    /// By port name; a port without edge-sensitive use has no entry.
    pub edges: BTreeMap<String, EdgeUse>,
    /// Edge-sensitive events in the whole design, whatever they wait for.
    pub clocked_events: u32,
}

/// Compiles the design alone and shows the result. Judge with [`Elaborated::from_completion`].
pub fn elaborate_job(design: &Design, limits: &Limits) -> Job {
    let mut compile = compile_argv(design, &[&design.top], "/job/out.vvp");
    compile.extend(design.module_paths());
    Job {
        sandbox: super::SANDBOX.into(),
        files: design.job_files(),
        steps: vec![
            Step {
                name: "compile".into(),
                argv: compile,
                when: When::Ok,
            },
            Step {
                name: "show".into(),
                argv: vec!["cat".into(), "/job/out.vvp".into()],
                when: When::Ok,
            },
        ],
        limits: limits.clone(),
    }
}

impl Elaborated {
    /// Reads what [`elaborate_job`] left. The outer error is ours (retry); the inner one is the design's.
    pub fn from_completion(done: &Completion) -> Result<Result<Elaborated, HarnessError>, String> {
        let step = |name: &str| done.steps.iter().find(|s| s.name == name);
        let (Some(compile), Some(show)) = (step("compile"), step("show")) else {
            return Err("the completion lacks the steps of an elaboration".into());
        };
        if let Some(fault) = crate::domains::verilog::judge::our_fault(done, compile, IVERILOG) {
            return Err(fault);
        }
        if done.ended.is_some() {
            return Ok(Err(HarnessError::TooLarge));
        }
        if compile.status != Status::Exit(0) {
            let log = crate::domains::verilog::judge::tidy_log(&compile.log);
            return Ok(Err(HarnessError::DoesNotElaborate(log)));
        }
        match show.status {
            Status::Exit(0) => Ok(Elaborated::parse(&String::from_utf8_lossy(&show.log))),
            _ => Err(format!("showing the compiled code ended with {:?}", show.status)),
        }
    }

    /// Reads the text that Icarus 11 writes for vvp.
    pub fn parse(text: &str) -> Result<Elaborated, HarnessError> {
        vvp::Reader::default().read(text)
    }

    /// Total bits of the ports in one direction.
    pub fn bits(&self, direction: Direction) -> u32 {
        self.ports
            .iter()
            .filter(|p| p.direction == direction)
            .map(|p| p.width)
            .sum()
    }
}

/// Refuses what a packed-vector testbench cannot drive or observe.
pub(super) fn check_ports(ports: &[Port], reals: &[String]) -> Result<(), HarnessError> {
    if let Some(p) = ports.iter().find(|p| p.direction == Direction::Inout) {
        return Err(HarnessError::InoutPort(p.name.clone()));
    }
    if let Some(p) = ports.iter().find(|p| reals.contains(&p.name)) {
        return Err(HarnessError::RealPort(p.name.clone()));
    }
    for direction in [Direction::Input, Direction::Output] {
        let bits: u64 = ports
            .iter()
            .filter(|p| p.direction == direction)
            .map(|p| u64::from(p.width))
            .sum();
        if bits > u64::from(MAX_PORT_BITS) {
            return Err(HarnessError::TooWide(bits));
        }
        if bits == 0 {
            return Err(if direction == Direction::Input {
                HarnessError::NoInputs
            } else {
                HarnessError::NoOutputs
            });
        }
    }
    Ok(())
}

/// A port as the compiled code tells it, before roles are known.
pub(super) fn data_port(name: String, direction: Direction, width: u32) -> Port {
    Port {
        name,
        direction,
        width,
        signed: false,
        role: PortRole::Data,
    }
}
