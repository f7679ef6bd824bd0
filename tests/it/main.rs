//! The one integration binary: real Postgres, real sandboxes, the real program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod break_it;
mod builds;
mod cad;
mod commands;
mod cuda;
mod golden;
mod hostile_input;
mod lab;
mod recipes;
mod sinks;
mod stm32f407;
mod store;
mod tidy;
mod tour_verilog;
mod tours;
mod verdicts;
mod x86_tour;
