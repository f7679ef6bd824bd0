//! The one integration binary: real Postgres, real sandboxes, the real program.

mod break_it;
mod builds;
mod cad;
mod commands;
mod golden;
mod hostile_input;
mod lab;
mod recipes;
mod sinks;
mod store;
mod tidy;
