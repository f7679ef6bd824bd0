//! Tasks from a file, of any length: read, judged and answered as a stream, each verdict kept in the ledger.

use super::again::fatal;
use super::ordered::{self, CHUNK, Starter};
use super::{Args, say};
use crate::cli::progress::{self, Ticker};
use crate::cli::{Failure, environment};
use crate::domains;
use crate::model::{Judgement, VerdictKind};
use crate::recipe::{Diagnostic, Task, TaskReader};
use crate::stages::StageError;
use crate::store::{NewVerdict, Store};
use crate::worker::{Bench, Request};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Text of tasks that are in memory at once, bytes; a larger task is in memory alone.
const IN_MEMORY: usize = 64 << 20;

/// A line of the file, read.
type Line = Result<Task, Vec<Diagnostic>>;

/// What is to be done about a line.
enum Plan {
    Bad(Vec<Diagnostic>),
    /// It cannot be judged here, and why.
    Refused(String, String),
    Judge(Box<Ask>),
}

/// A task as a job.
struct Ask {
    id: String,
    request: Request,
    hash: String,
}

impl Ask {
    /// Equal tasks in flight are run once, unless each is to be run afresh.
    async fn judge(self, bench: &Bench, fresh: bool) -> Answer {
        let (request, hash) = (&self.request, &self.hash);
        let judged = if fresh {
            let judged = bench.judge_proved(request, hash, domains::judge).await;
            judged.map(|verdict| (verdict, true))
        } else {
            bench.judge_shared(request, hash, domains::judge).await
        };
        match judged {
            Ok((verdict, false)) => Answer::Shared(self.id, Box::new(verdict.judgement)),
            Ok((verdict, true)) => Answer::Judged(self.id, Ok(Box::new(verdict))),
            Err(e) => Answer::Judged(self.id, Err(e)),
        }
    }
}

/// What came of a line.
enum Answer {
    Bad(Vec<Diagnostic>),
    Refused(String, String),
    Known(String, Box<Judgement>),
    Judged(String, Result<Box<NewVerdict>, StageError>),
    /// As an equal task, which keeps the verdict.
    Shared(String, Box<Judgement>),
}

/// Judges tasks from a file: one JSON line each on stdout, in the order of the file, as they come.
pub async fn run(args: &Args, file: &Path) -> Result<(), Failure> {
    let cannot = |e: io::Error| Failure::input(format!("cannot read task file {}: {e}", file.display()));
    let open = File::open(file).map_err(cannot)?;
    let size = open.metadata().map_err(cannot)?.len();
    let (store, _) = environment::store().await?;
    environment::record_versions(&store).await?;
    let (bench, labels) = environment::bench(&args.sandbox).await?;
    let read = Arc::new(AtomicU64::new(0));
    let lines = read_lines(file.display().to_string(), open, read.clone());
    let (starter, mut results) = ordered::channel();
    let judging = Judging {
        store: store.clone(),
        bench: bench.clone(),
        labels,
        trials: args.trials,
        fresh: args.fresh,
    };
    let feeder = tokio::spawn(judging.feed(lines, starter));
    let (mut tally, mut ticker) = (Tally::default(), Ticker::new("tasks"));
    loop {
        let ready = results.ready().await?;
        if ready.is_empty() {
            break;
        }
        // kept before it is printed: what a reader has seen is not judged again
        let new: Vec<NewVerdict> = ready.iter().filter_map(|(a, _)| a.to_keep()).collect();
        store.add_verdicts(&new).await?;
        let mut lines = String::new();
        let known = tally.known;
        for (answer, _) in &ready {
            if let Answer::Judged(_, outcome) = answer
                && let Some(failure) = fatal(outcome)
            {
                say(&lines)?;
                return Err(failure);
            }
            tally.count(answer);
            lines.push_str(&answer.line(args.json || !io::stdout().is_terminal()));
        }
        if !say(&lines)? {
            return Ok(());
        }
        let share = read.load(Ordering::Relaxed) as f64 / size.max(1) as f64;
        ticker.advance(ready.len() as u64, tally.known - known, share);
    }
    progress::clear();
    feeder.await.map_err(|e| Failure::environment(e.to_string()))??;
    eprintln!("sandbox jobs: {}", bench.tally());
    tally.end(args.strict)
}

/// What has been said so far.
#[derive(Default)]
struct Tally {
    answered: u64,
    known: u64,
    fell_short: u64,
    problems: u64,
}

impl Tally {
    /// Counts an answer, and reports a bad line.
    fn count(&mut self, answer: &Answer) {
        if let Answer::Bad(problems) = answer {
            self.problems += problems.len() as u64;
            for p in problems {
                eprintln!("{p}");
            }
            return;
        }
        self.answered += 1;
        self.known += u64::from(matches!(answer, Answer::Known(..)));
        self.fell_short += u64::from(answer.verdict() != Some(VerdictKind::Pass));
    }

    fn end(&self, strict: bool) -> Result<(), Failure> {
        if self.known > 0 {
            eprintln!("{} of {} tasks were answered by the ledger", self.known, self.answered);
        }
        if self.problems > 0 {
            let s = if self.problems == 1 { "" } else { "s" };
            return Err(Failure::input(format!("{} problem{s} found", self.problems)));
        }
        if strict && self.fell_short > 0 {
            let message = format!("{} of {} tasks did not pass", self.fell_short, self.answered);
            return Err(Failure::short(message));
        }
        Ok(())
    }
}

impl Answer {
    fn to_keep(&self) -> Option<NewVerdict> {
        match self {
            Answer::Judged(_, Ok(v)) => Some((**v).clone()),
            _ => None,
        }
    }

    fn judgement(&self) -> Option<&Judgement> {
        match self {
            Answer::Judged(_, Ok(v)) => Some(&v.judgement),
            Answer::Known(_, j) | Answer::Shared(_, j) => Some(j.as_ref()),
            _ => None,
        }
    }

    fn verdict(&self) -> Option<VerdictKind> {
        self.judgement().map(|j| j.verdict)
    }

    /// The line that answers a task. A fault of ours is an `error`, never a verdict.
    fn line(&self, as_json: bool) -> String {
        let value = match self {
            Answer::Bad(_) => return String::new(),
            Answer::Refused(id, why) => error(id, why),
            Answer::Judged(id, Err(e)) => error(id, &e.to_string()),
            Answer::Judged(id, Ok(v)) => answer(id, &v.judgement),
            Answer::Known(id, j) | Answer::Shared(id, j) => answer(id, j),
        };
        if as_json {
            return format!("{value}\n");
        }
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_string();
        format!("{:30} {:6} {}\n", text("id"), text("verdict"), text("reason"))
    }
}

fn error(id: &str, why: &str) -> Value {
    json!({"id": id, "verdict": "error", "reason": why, "evidence": {}})
}

/// The hash is what `assay sandbox replay` and `assay explain` take.
fn answer(id: &str, j: &Judgement) -> Value {
    let mut evidence = json!(j.evidence);
    evidence["job_hash"] = json!(j.job_hash);
    json!({"id": id, "verdict": j.verdict, "reason": j.reason, "evidence": evidence})
}

/// Reads the file on a thread of its own, a few lines ahead.
fn read_lines(name: String, file: File, read: Arc<AtomicU64>) -> mpsc::Receiver<Line> {
    let (send, lines) = mpsc::channel(CHUNK);
    tokio::task::spawn_blocking(move || {
        let counted = Counted { file, read };
        for (_, line) in TaskReader::new(&name, BufReader::with_capacity(1 << 16, counted)) {
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A file that tells how much of it has been read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// What judging a task takes.
struct Judging {
    store: Store,
    bench: Arc<Bench>,
    labels: Vec<String>,
    trials: u32,
    fresh: bool,
}

/// An answer, and the memory that its task takes up until it is given.
type Held = (Answer, Option<OwnedSemaphorePermit>);

impl Judging {
    /// Starts every task, chunk by chunk: one look into the ledger for each.
    async fn feed(self, mut lines: mpsc::Receiver<Line>, starter: Starter<Held>) -> Result<(), Failure> {
        let memory = Arc::new(Semaphore::new(IN_MEMORY));
        let mut chunk = Vec::with_capacity(CHUNK);
        while lines.recv_many(&mut chunk, CHUNK).await > 0 {
            let plans: Vec<Plan> = chunk.drain(..).map(|line| self.plan(line)).collect();
            let hashes = plans.iter().filter_map(|p| match p {
                Plan::Judge(ask) if !self.fresh => Some(ask.hash.clone()),
                _ => None,
            });
            let known = self.store.known_verdicts(&hashes.collect::<Vec<_>>(), None).await?;
            for plan in plans {
                let bytes = plan.bytes().min(IN_MEMORY) as u32;
                let room = memory.clone().acquire_many_owned(bytes).await.ok();
                let (bench, fresh) = (self.bench.clone(), self.fresh);
                let judged = match &plan {
                    Plan::Judge(ask) => known.get(&ask.hash).cloned(),
                    _ => None,
                };
                let one = async move {
                    let answer = match plan {
                        Plan::Bad(problems) => Answer::Bad(problems),
                        Plan::Refused(id, why) => Answer::Refused(id, why),
                        Plan::Judge(ask) => match judged {
                            Some(j) => {
                                bench.count_reused();
                                Answer::Known(ask.id, Box::new(j))
                            }
                            None => ask.judge(&bench, fresh).await,
                        },
                    };
                    (answer, room)
                };
                if !starter.start(one).await {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn plan(&self, line: Line) -> Plan {
        let task = match line {
            Ok(task) => task,
            Err(problems) => return Plan::Bad(problems),
        };
        match self.ask(&task) {
            Ok((request, hash)) => Plan::Judge(Box::new(Ask {
                id: task.id,
                request,
                hash,
            })),
            Err(why) => Plan::Refused(task.id, why),
        }
    }

    fn ask(&self, task: &Task) -> Result<(Request, String), String> {
        let mut request = domains::outside(task, &self.labels)?;
        request.trials = self.trials;
        let sandbox = &request.job.sandbox;
        if !self.labels.contains(sandbox) {
            return Err(format!(
                "sandbox `{sandbox}` is not built here: assay sandbox build {sandbox}"
            ));
        }
        let hash = self.bench.job_hash(&request).map_err(|e| e.to_string())?;
        Ok((request, hash))
    }
}

impl Plan {
    fn bytes(&self) -> usize {
        match self {
            Plan::Judge(ask) => ask.request.job.files.iter().map(|f| f.content.len()).sum(),
            _ => 0,
        }
    }
}
