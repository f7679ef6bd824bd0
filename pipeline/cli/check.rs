//! `assay check`.

use super::Failure;
use crate::{recipe, stages};
use std::path::PathBuf;

/// Validate recipes, mixtures and task files without running them.
#[derive(clap::Args)]
pub struct Args {
    /// Recipes and mixtures (.toml), task files (.jsonl)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let infos = stages::infos();
    let mut found = Vec::new();
    for file in &args.files {
        let problems = recipe::check_file(file, &infos);
        if problems.is_empty() {
            println!("{}: ok", file.display());
        }
        found.extend(problems);
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::diagnostics(&found)) }
}
