//! The pipeline: recipes in, verified samples out. ARCHITECTURE.md is the map.

pub mod chat;
pub mod cli;
pub mod domains;
pub mod mixtures;
pub mod model;
pub mod recipe;
pub mod schemas;
pub mod sinks;
pub mod sources;
pub mod stages;
pub mod store;
pub mod worker;
