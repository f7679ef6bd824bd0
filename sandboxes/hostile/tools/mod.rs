//! Attacks through the tools of an image: simulators, synthesizers, compilers, interpreters.

use super::Attack;
use super::Program::{Assembly, C, Python, Verilog, Yosys};
use super::outcome::Expect;
use crate::job::Ended;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::new(
            "verilog_system",
            Verilog(include_str!("verilog_system.v")),
            Expect::NoEscape,
        ),
        Attack::held("verilog_fopen", Verilog(include_str!("verilog_fopen.v"))),
        Attack::held("verilog_readmem", Verilog(include_str!("verilog_readmem.v"))),
        Attack::new(
            "verilog_include",
            Verilog(include_str!("verilog_include.v")),
            Expect::NoEscape,
        ),
        Attack::ends(
            "verilog_endless",
            Verilog(include_str!("verilog_endless.v")),
            Ended::CpuTime,
        )
        .under(|limits| limits.cpu_ms = 700),
        Attack::ends(
            "verilog_growth",
            Verilog(include_str!("verilog_growth.v")),
            Ended::Memory,
        )
        .under(|limits| limits.memory_bytes = 64 << 20),
        Attack::ends("verilog_flood", Verilog(include_str!("verilog_flood.v")), Ended::Output),
        Attack::new("yosys_shell", Yosys(include_str!("yosys_shell.ys")), Expect::NoEscape),
        Attack::new("yosys_write", Yosys(include_str!("yosys_write.ys")), Expect::NoEscape),
        Attack::new(
            "assembler_incbin",
            Assembly(include_str!("assembler_incbin.s")),
            Expect::NoEscape,
        ),
        Attack::new("c_include", C(include_str!("c_include.c")), Expect::NoEscape),
        Attack::ends("c_threads", C(include_str!("c_threads.c")), Ended::Pids),
        Attack::ends("c_growth", C(include_str!("c_growth.c")), Ended::Memory).under(|limits| {
            (limits.memory_bytes, limits.cpu_ms) = (256 << 20, 60_000);
        }),
        Attack::held("python_escape", Python(include_str!("python_escape.py"))),
        Attack::ends("python_memory", Python(include_str!("python_memory.py")), Ended::Memory),
        Attack::new("python_ends", Python(include_str!("python_ends.py")), Expect::NoEscape),
    ]
}
