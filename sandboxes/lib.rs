//! Runs untrusted jobs: a [`Job`] in, a [`Completion`] out. Knows nothing of samples, recipes or databases.
//!
//! A [`Runtime`] runs jobs; [`Namespaces`] is the default one, [`Docker`] the other. What a job runs in is an image ([`images`]). A fault of
//! ours is a [`SandboxError`], and never says anything about the job's code. [`hostile`] attacks a runtime, and
//! [`canaries`] show that an image tells right from wrong.

mod aptsources;
mod cadquery;
mod canary;
mod cuda;
mod cuda_gpu;
mod error;
mod hash;
pub mod hostile;
pub mod images;
mod job;
pub mod renode;
mod runtime;
pub mod stm32f407;
mod table;
mod tree;
mod verilog;
pub mod x86_64;

pub use canary::{Canary, Expect};
pub use cuda_gpu::answers as gpu_answers;
pub use error::SandboxError;
pub use hash::{MAX_ARGV_BYTES, MAX_FILES_BYTES, MAX_STEPS};
pub use images::ImageInfo;
pub use job::{Completion, Ended, Job, JobFile, Limits, Status, Step, StepResult, When};
pub use runtime::{Docker, Namespaces, Options, RunFuture, Runtime, Tier};
pub use table::{apart, canaries, is_served, lacks, names, needs_gpu};
