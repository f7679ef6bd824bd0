//! How a warm server comes to be, and a job to one.

use std::path::Path;
use std::sync::Arc;

use super::{Server, Streams, limits};
use crate::error::SandboxError;
use crate::job::{Completion, Job};
use crate::renode::SERVER;
use crate::runtime::Namespaces;
use crate::runtime::namespaces::{Helper, abandon, c_string, pipe};
use crate::runtime::seccomp;
use crate::runtime::slots::Pool;
use crate::runtime::spawn::remedy;
use crate::runtime::supervise::Running;

impl Namespaces {
    /// Runs a job that has served steps, in a root folder that need not be an image.
    pub(crate) async fn run_served(
        &self,
        job: &Job,
        rootfs: &Path,
        slot: Option<u32>,
    ) -> Result<Completion, SandboxError> {
        let server = match self.servers.take(rootfs) {
            Some(server) => server,
            None => self.start_server(rootfs).await?,
        };
        self.run_with(job, rootfs, slot, Helper::Server(Box::new(server))).await
    }

    /// Starts a warm server in a slot that is no job's.
    async fn start_server(&self, rootfs: &Path) -> Result<Server, SandboxError> {
        let fault = |error| SandboxError::supervisor("start a warm server", error);
        let as_many = self.pool.numbers.len() as u32;
        let kill = Arc::clone(&self.kill_stray);
        let slots = self
            .server_slots
            .get_or_try_init(|| async { Pool::open(as_many, self.layout.as_ref(), &|slot| kill(slot)).map(Arc::new) });
        let slots = slots.await.map_err(fault)?;
        let mut lease = slots.acquire(None).await.map_err(fault)?;
        lease.settle().await.map_err(fault)?;
        let job = Job {
            sandbox: String::new(),
            files: Vec::new(),
            steps: Vec::new(),
            limits: limits(),
        };
        let groups = match lease.group_mut() {
            Some(group) => group.begin(&job.limits).map_err(fault)?,
            None => Vec::new(),
        };
        let ((input_end, input), (output, output_end), (answers, answers_end)) =
            (pipe().map_err(fault)?, pipe().map_err(fault)?, pipe().map_err(fault)?);
        let mut plan = self.plan(
            &job,
            rootfs,
            lease.number(),
            groups,
            vec![input_end, output_end, answers_end],
        )?;
        let filter = seccomp::program(seccomp::SERVER_SOCKETS).map_err(SandboxError::Spawn)?;
        (plan.loopback, plan.proc, plan.filter) = (true, true, filter.into());
        plan.program = c_string(SERVER[0])?;
        plan.argv = SERVER.iter().map(|word| c_string(*word)).collect::<Result<_, _>>()?;
        let started = self.starter.start(plan, lease, abandon(&self.kill_stray)).await;
        let (started, lease) =
            started.map_err(|error| SandboxError::Spawn(format!("a warm server: {error}{}", remedy(&error))))?;
        let running = Running::new(started, lease, Arc::clone(&self.kill_stray));
        let streams = Streams::new(input, output, answers).map_err(fault)?;
        Server::open(rootfs, running, streams).await
    }
}
