//! `assay db` and `assay psql`.

use super::{Failure, environment};
use crate::store::cluster::{Cluster, state_dir};
use crate::store::{Store, StoreError};
use std::os::unix::process::CommandExt;

/// Start, stop or locate the local database.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub action: Action,
}

#[derive(clap::Subcommand)]
pub enum Action {
    /// Start the local Postgres (assay does so by itself when it needs one) and bring its schema up to date
    Start,
    /// Stop the local Postgres
    Stop,
    /// Print the url of the database in use
    Url,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Start => {
            let (url, _) = environment::database()?;
            Store::connect(&url).await?.close().await;
            println!("{url}");
        }
        Action::Stop => {
            if std::env::var_os("DATABASE_URL").is_some_and(|v| !v.is_empty()) {
                return Err(Failure::input(
                    "DATABASE_URL is set: that database is not assay's to stop; unset it to stop the local one",
                ));
            }
            let stopped = Cluster::open(&state_dir())?.stop()?;
            eprintln!("{}", if stopped { "stopped" } else { "it was not running" });
        }
        Action::Url => println!("{}", environment::database()?.0),
    }
    Ok(())
}

/// psql's own arguments.
#[derive(clap::Args)]
pub struct PsqlArgs {
    /// Arguments for psql, e.g. -c "select …"
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// Becomes psql, on the database in use, with its schema up to date if that can be done.
pub async fn psql(args: PsqlArgs) -> Result<(), Failure> {
    let (url, _) = environment::database()?;
    match Store::connect(&url).await {
        Ok(store) => store.close().await,
        // looking is still possible
        Err(e @ StoreError::Migrate(_)) => eprintln!("assay: {e}"),
        Err(e) => return Err(e.into()),
    }
    let error = std::process::Command::new("psql").arg(url).args(args.args).exec();
    Err(Failure::environment(format!(
        "cannot run psql: {error}; install the package postgresql-client"
    )))
}
