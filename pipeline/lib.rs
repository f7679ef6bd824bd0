//! The pipeline: recipes in, verified samples out. ARCHITECTURE.md is the map.
pub mod chat;
pub mod model;
pub mod store;
