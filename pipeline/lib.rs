//! The pipeline: recipes in, verified samples out. ARCHITECTURE.md is the map.
pub mod chat;
pub mod domains;
pub mod model;
pub mod recipe;
pub mod sources;
pub mod stages;
pub mod store;
pub mod worker;
