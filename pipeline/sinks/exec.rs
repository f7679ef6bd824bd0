//! The `exec` sink: a trainer as a process that takes samples from its standard input.
//!
//! One JSON object a line, both ways:
//!
//! ```text
//! we say       {"hello":{"version":1,"mixture":"…","samples":N,"resume_from":K}}
//! it answers   {"ready":{"resume_from":K'}}
//! we say       {"offset":i,"split":"train","sample":{…}}     from the lower of K and K' on
//! it says      {"ack":i}      samples up to and with offset i are safe; now and then, or for each
//! we say       {"end":{"samples":N}}                         and expect the last ack and exit status 0
//! ```
//!
//! At most a window of samples is unacknowledged. Both sides keep their own offset; after a kill of either,
//! the lower one wins, so a sample may be sent twice but its offset tells: a trainer that skips offsets that
//! it has gets each exactly once. Its standard error is passed through.

mod checkpoint;
mod process;

pub use checkpoint::{Checkpoint, ExecState, FileCheckpoint};
pub use process::TrainerError;

use super::row::Row;
use super::{ExportError, ExportPlan, Sink, SinkOptions, Written};
use futures::future::BoxFuture;
use process::Trainer;
use serde::Serialize;
use std::time::Duration;

/// The protocol's version.
pub const VERSION: u32 = 1;

/// How a trainer is run.
#[derive(Clone, Debug)]
pub struct ExecConfig {
    /// Run by `sh -c`.
    pub command: String,
    /// Samples that may be unacknowledged; at least 1.
    pub window: u64,
    /// How long it may take to get ready: it may have a model to load.
    pub ready_timeout: Duration,
    /// How long it may go without reading or acknowledging while we wait for it, and to exit in the end.
    pub ack_timeout: Duration,
}

impl ExecConfig {
    /// A window of 64 samples, 10 minutes to get ready, an hour for a step.
    pub fn new(command: impl Into<String>) -> ExecConfig {
        let (ready_timeout, ack_timeout) = (Duration::from_secs(600), Duration::from_secs(3600));
        ExecConfig {
            command: command.into(),
            window: 64,
            ready_timeout,
            ack_timeout,
        }
    }
}

/// Builds the sink; for the table.
pub fn build(options: SinkOptions) -> Result<Box<dyn Sink>, ExportError> {
    let command = options.command.ok_or(ExportError::NoCommand)?;
    let checkpoint = match options.checkpoint {
        Some(given) => given,
        None => Box::new(FileCheckpoint::in_folder(&options.out)),
    };
    Ok(Box::new(ExecSink::new(ExecConfig::new(command), checkpoint)))
}

/// Streams samples to a trainer.
pub struct ExecSink {
    config: ExecConfig,
    checkpoint: Box<dyn Checkpoint>,
    /// What was last saved.
    state: Option<ExecState>,
    total: u64,
    trainer: Option<Trainer>,
}

#[derive(Serialize)]
struct Line<'a> {
    offset: u64,
    split: &'a str,
    sample: &'a Row,
}

impl ExecSink {
    /// A sink that runs `config.command` and keeps its progress in `checkpoint`.
    pub fn new(config: ExecConfig, checkpoint: Box<dyn Checkpoint>) -> ExecSink {
        ExecSink {
            config,
            checkpoint,
            state: None,
            total: 0,
            trainer: None,
        }
    }

    async fn start(&mut self, plan: &ExportPlan) -> Result<u64, ExportError> {
        let fresh = ExecState {
            version: VERSION,
            mixture: plan.mixture.name.clone(),
            digest: plan.digest.clone(),
            next: 0,
        };
        let known = self.checkpoint.load().await?.unwrap_or_else(|| fresh.clone());
        if (known.version, &known.mixture, &known.digest) != (fresh.version, &fresh.mixture, &fresh.digest) {
            let (mixture, next) = (known.mixture, known.next);
            return Err(TrainerError::OtherSamples {
                mixture,
                next,
                place: self.checkpoint.place(),
            }
            .into());
        }
        self.total = plan.picks.len() as u64;
        let mut trainer = Trainer::spawn(&self.config, self.total)?;
        let hello = serde_json::json!({"hello": {
            "version": VERSION, "mixture": known.mixture, "samples": self.total, "resume_from": known.next,
        }});
        let greeted = trainer.send(hello.to_string()).await;
        let from = match greeted {
            Ok(()) => trainer.ready(known.next).await?,
            Err(e) => return Err(e.into()),
        };
        self.state = Some(ExecState { next: from, ..known });
        self.trainer = Some(trainer);
        self.save().await?;
        Ok(from)
    }

    /// Saves how far the trainer has got. It only ever says less than the trainer has, never more.
    async fn save(&mut self) -> Result<(), ExportError> {
        let (Some(trainer), Some(state)) = (&self.trainer, &mut self.state) else {
            return Ok(());
        };
        state.next = trainer.acknowledged();
        self.checkpoint.save(state).await
    }

    /// What a step with the trainer gave, its progress saved whether it went well or not.
    async fn settle<T>(&mut self, step: Result<T, TrainerError>) -> Result<T, ExportError> {
        match step {
            Ok(value) => self.save().await.map(|()| value),
            Err(failed) => {
                // The trainer's failure is what to report; a lost save only means sending some samples again.
                if let Err(e) = self.save().await {
                    tracing::warn!("cannot save the trainer's progress: {e}");
                }
                self.trainer = None;
                Err(failed.into())
            }
        }
    }
}

async fn feed(trainer: &mut Trainer, rows: &[Row]) -> Result<(), TrainerError> {
    for row in rows {
        let line = Line {
            offset: row.offset,
            split: row.side.name(),
            sample: row,
        };
        // Serialising strings, numbers and string-keyed maps into memory has no way to fail.
        let line = serde_json::to_string(&line).unwrap_or_default();
        trainer.send_sample(row.offset, line).await?;
    }
    Ok(())
}

impl Sink for ExecSink {
    fn begin<'a>(&'a mut self, plan: &'a ExportPlan) -> BoxFuture<'a, Result<u64, ExportError>> {
        Box::pin(self.start(plan))
    }

    fn write<'a>(&'a mut self, rows: &'a [Row]) -> BoxFuture<'a, Result<(), ExportError>> {
        Box::pin(async move {
            // In parts, so that a kill of ours costs little: progress is saved after each.
            for part in rows.chunks(self.config.window.max(1) as usize) {
                let step = match &mut self.trainer {
                    Some(trainer) => feed(trainer, part).await,
                    None => Err(TrainerError::NotBegun),
                };
                self.settle(step).await?;
            }
            Ok(())
        })
    }

    fn finish<'a>(&'a mut self) -> BoxFuture<'a, Result<Written, ExportError>> {
        Box::pin(async move {
            let step = match &mut self.trainer {
                Some(trainer) => trainer.end().await,
                None => Err(TrainerError::NotBegun),
            };
            self.settle(step).await?;
            Ok(Written::default())
        })
    }
}
