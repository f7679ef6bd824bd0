//! A harmless job that runs beside an attack, and after it on the attacked slot: what it sees and says must not change.

use crate::error::SandboxError;
use crate::job::{Completion, Job, JobFile, Limits, When};
use crate::runtime::Runtime;
use crate::table;

/// Most that is shown of an answer.
const SHOWN_CHARS: usize = 200;

/// What only the neighbour may read. Attacks look for it by its halves, so that their own text does not hold it.
pub(super) const SECRET: &str = "the neighbour's secret 6d1f0c";

/// Everything that another job could have changed: its folders, its identity, its environment, its memory; and some work.
const SCRIPT: &str = "\
ls -A /job /tmp; cat /job/in/input.txt; id -u; pwd; env | sort; ulimit -n
echo kept >/tmp/kept && cat /tmp/kept
n=0; while [ $n -lt 20000 ]; do n=$((n + 1)); done; echo counted $n";

/// Beside an attack it may use this many times what it used alone, plus a margin: caches and cores are shared.
const CPU_TIMES: u64 = 4;
const CPU_MARGIN_MS: u64 = 300;
/// Its wall time, where the attack and whatever else runs on the machine compete for the cores.
const WALL_TIMES: u64 = 20;
const WALL_MARGIN_MS: u64 = 3_000;

/// The neighbour of one image, and how it does when nobody disturbs it.
pub(super) struct Quiet {
    job: Job,
    completion: Completion,
}

impl Quiet {
    pub async fn measure(runtime: &dyn Runtime, sandbox: &str) -> Result<Quiet, SandboxError> {
        let job = Job {
            sandbox: sandbox.to_string(),
            files: vec![
                JobFile {
                    path: "input.txt".to_string(),
                    content: "mine\n".to_string(),
                },
                JobFile {
                    path: "secret".to_string(),
                    content: format!("{SECRET}\n"),
                },
            ],
            steps: vec![super::step("work", &["sh", "-c", SCRIPT], When::Ok)],
            limits: Limits::default(),
        };
        // The first runs load the image, start what the runtime keeps running for it, and open what two slots keep open.
        for canary in table::canaries(sandbox)?.iter().take(1) {
            runtime.run(&canary.job).await?;
        }
        let (one, other) = tokio::join!(runtime.run(&job), runtime.run(&job));
        one.and(other)?;
        let completion = runtime.run(&job).await?;
        if completion.ended.is_some() || !text(&completion).ends_with("counted 20000\n") {
            return Err(SandboxError::Spawn(format!(
                "the neighbour fails when alone: {completion:?}"
            )));
        }
        Ok(Quiet { job, completion })
    }

    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Whether a run of the neighbour was as it is without an attack. The error says what was not.
    pub fn check(&self, seen: Result<Completion, SandboxError>) -> Result<(), String> {
        let (alone, seen) = (&self.completion, seen.map_err(|error| error.to_string())?);
        if seen.ended.is_some() || seen.steps != alone.steps {
            // The beginning tells enough, and less of a machine whose sandbox does not hold.
            let short = |completion| text(completion).chars().take(SHOWN_CHARS).collect::<String>();
            let (was, is) = (short(alone), short(&seen));
            return Err(format!("ended {:?}, answered {is:?} instead of {was:?}", seen.ended));
        }
        let cpu_ms = alone.cpu_ms * CPU_TIMES + CPU_MARGIN_MS;
        let wall_ms = alone.wall_ms * WALL_TIMES + WALL_MARGIN_MS;
        if seen.cpu_ms > cpu_ms || seen.wall_ms > wall_ms {
            return Err(format!(
                "took {} ms of CPU and {} ms, {cpu_ms} and {wall_ms} are normal",
                seen.cpu_ms, seen.wall_ms
            ));
        }
        Ok(())
    }
}

fn text(completion: &Completion) -> String {
    let log = completion.steps.first().map(|step| step.log.as_slice());
    String::from_utf8_lossy(log.unwrap_or_default()).into_owned()
}
