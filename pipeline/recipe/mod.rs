//! Recipes: TOML in, a checked plan out. Strict: everything that is wrong is said at once, with its line and, where a
//! name was mistyped, the one that was probably meant.
//!
//! [`plan::parse`] reads recipes, [`strict::load`] any other TOML file, [`tasks`] the tasks that people bring along,
//! and [`files::check_file`] whichever of them a file holds. What a recipe may say is described by the JSON Schemas
//! of the stages, and [`schemas`] writes them down for editors.

pub mod check;
pub mod diagnostics;
mod fields;
pub mod files;
mod graph;
pub mod plan;
mod schema_parts;
pub mod schemas;
pub mod strict;
pub mod tasks;
pub mod tree;

pub use diagnostics::{Diagnostic, Severity, render};
pub use files::check_file;
pub use plan::{Plan, PlanNode, parse, parse_with};
pub use schema_parts::canonical_text;
pub use schemas::{pretty, recipe_schema, schemas};
pub use strict::load;
pub use tasks::{Task, TaskReader, parse_line};

/// What a recipe needs to know of a stage or source.
#[derive(Clone, Debug)]
pub struct StageInfo {
    /// What a recipe's `use` says.
    pub name: &'static str,
    /// Part of every fingerprint; raised when the same input gives another output.
    pub version: u32,
    /// Whether it takes no input.
    pub is_source: bool,
    /// Whether it takes a `library`: a second edge, to samples that references are resolved in.
    pub takes_library: bool,
    /// Whether its output depends on the recipe's seed, which then is part of the fingerprint.
    pub seeded: bool,
    /// Keys of a source that list what it reads. They are in no fingerprint: each sample's origin is in its identity.
    pub lists: &'static [&'static str],
    /// JSON Schema of its configuration; an object that has none of the keys `use`, `input` and `library`.
    pub schema: serde_json::Value,
}
