//! `assay schema`.

use super::Failure;
use crate::schemas;

/// Print a JSON Schema.
#[derive(clap::Args)]
pub struct Args {
    /// recipe, mixture, task, sample, verdict or manifest
    pub name: String,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let all = schemas::all();
    match all.iter().find(|(name, _)| *name == args.name) {
        Some((_, schema)) => {
            print!("{}", schemas::text(schema));
            Ok(())
        }
        None => {
            let names: Vec<&str> = all.iter().map(|(n, _)| *n).collect();
            Err(Failure::input(format!(
                "there is no schema `{}`; there are {}",
                args.name,
                names.join(", ")
            )))
        }
    }
}
