//! The only SQL. Every other room speaks in nouns.

pub mod cluster;
mod commit;
mod exports;
mod predicate;
mod queue;
mod report;
mod rows;
mod samples;
mod verdicts;

pub use commit::{Commit, CommitError, Counts, Findings, NodeStep, Route, draft_id};
pub use exports::{ExportRow, ShardRow, VerdictOf};
pub use predicate::Chosen;
pub use queue::{BuildPlan, BuildState, Claim, NewNode, NodeRow};
pub use report::{ExplainedDecision, FaultRow, LineageRow, NodeStatus, SampleFilter, VerdictRow};
pub use samples::KnownDecision;
pub use verdicts::{CurrentVersion, NewVerdict};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use std::str::FromStr;
use std::time::{Duration, Instant};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database url `{url}` is not one: {source}; it should read postgres://user@host/name")]
    Url { url: String, source: sqlx::Error },
    #[error("cannot reach the database: {0}; is it running? (`assay db start`, or set DATABASE_URL)")]
    Unreachable(sqlx::Error),
    #[error("cannot bring the schema up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("the database holds something that this version cannot read: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// Whether the connection failed rather than the statement: worth trying again.
    pub fn is_connection(&self) -> bool {
        match self {
            StoreError::Unreachable(_) => true,
            StoreError::Sql(e) => match e {
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed => true,
                // 57P0x: shut down or starting up; 40001, 40P01: serialization, deadlock; 53: out of a resource, but
                // not of disk (53100), which takes a person
                sqlx::Error::Database(d) => d.code().is_some_and(|c| {
                    c.starts_with("57P")
                        || (c.starts_with("53") && c != "53100")
                        || c.starts_with("08")
                        || c == "40001"
                        || c == "40P01"
                }),
                _ => false,
            },
            _ => false,
        }
    }
}

/// A pool of connections to the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Connects, waiting up to 30 s for a server that is starting, and applies what migrations are missing.
    pub async fn connect(url: &str) -> Result<Store, StoreError> {
        let wrong = |source| StoreError::Url {
            url: hide_password(url),
            source,
        };
        // sqlx takes any scheme for its own
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(wrong(sqlx::Error::Configuration("it is no postgres url".into())));
        }
        let options = PgConnectOptions::from_str(url)
            .map_err(wrong)?
            .application_name("assay");
        wait_for_server(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(12)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await
            .map_err(StoreError::Unreachable)?;
        MIGRATIONS.run(&pool).await?;
        Ok(Store { pool })
    }

    /// Runs `statement` of a user on psql's terms is not ours to do; this only closes the pool in order.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// How long a server that is starting is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a single connection: a pool would hide why there is none, and wait for as long by itself.
async fn wait_for_server(options: &PgConnectOptions) -> Result<(), StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let error = match tokio::time::timeout(left, options.connect()).await {
            Ok(Ok(connection)) => {
                let _ = connection.close().await;
                return Ok(());
            }
            Ok(Err(e)) => StoreError::Sql(e),
            Err(_) => StoreError::Sql(sqlx::Error::PoolTimedOut),
        };
        if Instant::now() + Duration::from_secs(1) > until || !error.is_connection() {
            let StoreError::Sql(e) = error else { return Err(error) };
            return Err(StoreError::Unreachable(e));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn hide_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(i), Some(j)) if i + 3 < j => format!("{}…{}", &url[..i + 3], &url[j..]),
        _ => url.to_string(),
    }
}

/// Reads a JSON object column as metadata.
pub(crate) fn object(value: serde_json::Value) -> crate::model::Metadata {
    match value {
        serde_json::Value::Object(map) => map,
        _ => Default::default(),
    }
}
