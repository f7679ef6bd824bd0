//! `assay check`.

use super::Failure;
use crate::mixtures::Mixture;
use crate::recipe::{self, Diagnostic};
use crate::stages;
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
        let (errors, warnings): (Vec<_>, Vec<_>) = recipe::check_file(file, &infos, &mixture)
            .into_iter()
            .partition(|d| d.is_error());
        eprint!("{}", recipe::render(&warnings));
        if errors.is_empty() {
            println!("{}: ok", file.display());
        }
        found.extend(errors);
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::diagnostics(&found))
    }
}

/// What is wrong with a mixture.
fn mixture(file: &str, text: &str) -> Vec<Diagnostic> {
    if let Err(found) = recipe::load::<Mixture>(file, text) {
        return found;
    }
    match Mixture::parse(text, file) {
        Ok(_) => Vec::new(),
        Err(e) => vec![Diagnostic::whole_file(file, e.to_string())],
    }
}
