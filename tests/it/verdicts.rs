//! Verdicts worth believing: canaries around runs of jobs, trials that disagree, what is reused and what is stale.

use crate::commands::verify::task;
use crate::lab::{ASSAY, Lab, kill_group, wait_for};
use assay::store::Store;
use assay::worker::{self, Bench, Options, Stop, WorkerError};
use sandboxes::{Completion, ImageInfo, Job, Namespaces, RunFuture, Runtime, Status, Tier};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

fn real() -> Namespaces {
    let state_dir = assay::store::cluster::state_dir();
    let options = sandboxes::Options {
        state_dir,
        slots: 3,
        allow_weaker: None,
    };
    Namespaces::open(options).unwrap()
}

/// A runtime of which the first slots to have run so many jobs turn bad: from then on every step seems to end well there,
/// and prints what the same step printed in the job before.
struct Turncoat {
    inner: Namespaces,
    /// How many slots turn bad, and after how many jobs.
    turning: usize,
    after: u32,
    bad: Mutex<BTreeSet<u32>>,
    seen: Mutex<BTreeMap<u32, Seen>>,
    /// Lies about jobs, canaries not among them.
    lies: AtomicU32,
    retired: Mutex<Vec<u32>>,
}

/// What a slot has run: how many jobs, and the last log of each step's name.
#[derive(Default)]
struct Seen {
    jobs: u32,
    logs: BTreeMap<String, Vec<u8>>,
}

impl Turncoat {
    fn new(turning: usize, after: u32) -> Turncoat {
        Turncoat {
            inner: real(),
            turning,
            after,
            bad: Mutex::default(),
            seen: Mutex::default(),
            lies: AtomicU32::new(0),
            retired: Mutex::default(),
        }
    }

    fn bend(&self, mut done: Completion) -> (Completion, bool) {
        let (mut seen, mut bad) = (self.seen.lock().unwrap(), self.bad.lock().unwrap());
        let Seen { jobs, logs } = seen.entry(done.slot).or_default();
        *jobs += 1;
        if *jobs > self.after && bad.len() < self.turning {
            bad.insert(done.slot);
        }
        let lie = bad.contains(&done.slot);
        for step in &mut done.steps {
            let before = logs.insert(step.name.clone(), step.log.clone());
            if lie {
                step.status = Status::Exit(0);
                step.log = before.unwrap_or_default();
            }
        }
        (done, lie)
    }
}

impl Runtime for Turncoat {
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move {
            let (done, lie) = self.bend(self.inner.run(job).await?);
            self.lies.fetch_add(u32::from(lie), Ordering::SeqCst);
            Ok(done)
        })
    }
    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move { self.inner.run_on(slot, job).await.map(|done| self.bend(done).0) })
    }
    fn slots(&self) -> Vec<u32> {
        Runtime::slots(&self.inner)
    }
    fn retire(&self, slot: u32) {
        self.retired.lock().unwrap().push(slot);
        self.inner.retire(slot);
    }
    fn image(&self, sandbox: &str) -> Result<ImageInfo, sandboxes::SandboxError> {
        self.inner.image(sandbox)
    }
    fn tier(&self) -> Tier {
        self.inner.tier()
    }
    fn remains(&self, slot: u32) -> Result<Vec<String>, sandboxes::SandboxError> {
        self.inner.remains(slot)
    }
}

/// A runtime on which some jobs come out otherwise when they are run a second time: it truly runs them, with another
/// candidate.
struct Wobbly {
    inner: Namespaces,
    runs: Mutex<BTreeMap<String, u32>>,
}

impl Runtime for Wobbly {
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a> {
        let hash = job.hash("");
        let second = {
            let mut runs = self.runs.lock().unwrap();
            let n = runs.entry(hash.clone()).or_default();
            *n += 1;
            *n == 2
        };
        let mut job = job.clone();
        if second && hash.as_bytes()[0].is_multiple_of(2) {
            for file in job.files.iter_mut().filter(|f| f.path.starts_with("rtl/")) {
                file.content = "not Verilog".into();
            }
        }
        Box::pin(async move { self.inner.run(&job).await })
    }
    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a> {
        self.inner.run_on(slot, job)
    }
    fn slots(&self) -> Vec<u32> {
        Runtime::slots(&self.inner)
    }
    fn retire(&self, slot: u32) {
        self.inner.retire(slot);
    }
    fn image(&self, sandbox: &str) -> Result<ImageInfo, sandboxes::SandboxError> {
        self.inner.image(sandbox)
    }
    fn tier(&self) -> Tier {
        self.inner.tier()
    }
    fn remains(&self, slot: u32) -> Result<Vec<String>, sandboxes::SandboxError> {
        self.inner.remains(slot)
    }
}

/// Launches a build with the program, which dies at its first claim, and works on it here, on a runtime of ours.
fn build_on(lab: &Lab, recipe: &std::path::Path, runtime: Arc<dyn Runtime>) -> Result<(), WorkerError> {
    let launch = lab.spawn(
        &["build", recipe.to_str().unwrap()],
        &[("FAILPOINTS", "after_claim=panic")],
    );
    let _ = { launch }.wait();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        let store = Store::connect(&lab.url).await.unwrap();
        let options = Options {
            build: Some(1),
            parallel: 3,
            labels: vec!["verilog".into()],
            cache: lab.path("cache"),
            local_db: None,
        };
        worker::run(store, Arc::new(Bench::new(Some(runtime))), options, Stop::default()).await
    })
}

/// What the ledger says of each job.
fn verdicts(lab: &Lab) -> String {
    lab.sql("select distinct job_hash, verdict, reason from verdict_ledger order by 1, 2, 3")
}

#[test]
fn what_a_slot_says_after_it_turned_bad_is_never_written() {
    let calm = Lab::new();
    calm.copy_rtl("rtl");
    let (build, _) = calm.build(&calm.recipe("rtl"));
    let expected = (calm.export(&build, "out"), verdicts(&calm));

    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let runtime = Arc::new(Turncoat::new(1, 25));
    build_on(&lab, &recipe, runtime.clone()).unwrap();
    assert!(
        runtime.lies.load(Ordering::SeqCst) > 0,
        "the slot never lied about a job"
    );
    let bad: Vec<u32> = runtime.bad.lock().unwrap().iter().copied().collect();
    assert_eq!(*runtime.retired.lock().unwrap(), bad);
    assert!(lab.count("select count(*) from faults where kind = 'canary'") > 0);
    assert!(
        lab.sql("select message from faults where kind = 'canary' limit 1")
            .contains("is out of service")
    );
    assert_eq!(lab.sql("select state from builds"), "done");
    assert_eq!((lab.export(&build, "out"), verdicts(&lab)), expected);
}

#[test]
fn a_worker_without_a_slot_to_believe_stops() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let runtime = Arc::new(Turncoat::new(3, 30));
    let stopped = build_on(&lab, &lab.recipe("rtl"), runtime.clone()).unwrap_err();
    let said = stopped.to_string();
    assert!(matches!(stopped, WorkerError::NoSlots(_)), "{said}");
    assert!(said.contains("every slot of this machine is out of service"), "{said}");
    assert_eq!(runtime.retired.lock().unwrap().len(), 3);
    // another worker, or this one when it is mended, goes on
    assert_eq!(lab.sql("select state from builds"), "running");
    assert_eq!(
        lab.count("select count(*) from batches where state in ('failed', 'running')"),
        0
    );
    let (build, _) = lab.build(&lab.recipe("rtl"));
    assert_eq!(build["state"], "done");
}

#[test]
fn flaky_samples_are_counted_and_kept_apart() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let text = std::fs::read_to_string(&recipe).unwrap();
    assert!(
        text.ends_with("input = \"distinct\"\n"),
        "the last node is the one that verifies"
    );
    let twice = text + "trials = 2\n";
    std::fs::write(&recipe, twice).unwrap();
    let runtime = Wobbly {
        inner: real(),
        runs: Mutex::default(),
    };
    build_on(&lab, &recipe, Arc::new(runtime)).unwrap();
    let status: Value = serde_json::from_str(&lab.ok(&["status", "1", "--json"])).unwrap();
    let node = status["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|n| n["node"] == "verify")
        .unwrap();
    let flaky = node["flaky"].as_i64().unwrap();
    assert!(flaky > 0 && node["passed"].as_i64().unwrap() > 0, "{node}");
    assert_eq!(
        lab.count("select count(*) from outcomes where outcome = 'flaky'"),
        flaky
    );
    let listed = "select v.check_name, v.trials, v.metrics, v.log from latest_verdicts v join outcomes o on o.sample_id = v.sample_id
        where o.outcome = 'flaky' and v.verdict = 'flaky'";
    let whole =
        "trials = 2 and jsonb_array_length(metrics -> 'trials') = 2 and log like '=== trial 1: %=== trial 2: %'";
    let count = format!("select count(*) from ({listed}) x where check_name = 'testbench' and {whole}");
    assert!(lab.count(&count) >= flaky, "{}", lab.sql(listed));
    lab.export(&serde_json::json!({"build": 1}), "out");
    assert!(lab.count("select count(*) from shard_samples") > 0);
    let escaped =
        "select count(*) from shard_samples x join outcomes o on o.sample_id = x.sample_id where o.outcome = 'flaky'";
    assert_eq!(lab.count(escaped), 0);
}

const GUARD: &str = "module tb; integer i, bad; reg [7:0] a; wire [7:0] y; inc dut(.a(a), .y(y));
  initial begin bad = 0; for (i = 0; i < LOOPS; i = i + 1) begin a = i; #1; if (y !== ((i + 1) & 255)) bad = bad + 1; end
  if (bad == 0) $display(\"ALL TESTS PASSED\"); else $display(\"FAILED %0d\", bad); $finish; end endmodule\n";

/// A task whose testbench goes round so often; `n` makes it unlike others.
fn counted(n: u32, loops: u32, right: bool) -> Value {
    let body = if right { "a + 1" } else { "a - 1" };
    let dut = format!("module inc(input [7:0] a, output [7:0] y); assign y = {body}; // {n}\nendmodule\n");
    task(&format!("t{n}"), &GUARD.replace("LOOPS", &loops.to_string()), &dut)
}

fn write_tasks(lab: &Lab, tasks: &[Value]) -> String {
    let lines: Vec<String> = tasks.iter().map(Value::to_string).collect();
    let path = lab.write("tasks.jsonl", &(lines.join("\n") + "\n"));
    path.to_str().unwrap().to_string()
}

fn answers(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_testbench_that_rolls_dice_is_flaky() {
    let lab = Lab::new();
    let dice = "module tb; integer f, c; wire [7:0] y; inc dut(.a(8'd1), .y(y));
      initial begin f = $fopen(\"/dev/urandom\", \"rb\"); c = $fgetc(f); #1;
      if (c[0] === 1'b1) $display(\"ALL TESTS PASSED\"); else $display(\"FAILED %0d\", c[0]); $finish; end endmodule\n";
    let dut = "module inc(input [7:0] a, output [7:0] y); assign y = a + 1; endmodule\n";
    let file = write_tasks(
        &lab,
        &[task("dice", dice, dut), counted(1, 4, true), counted(2, 4, false)],
    );
    // that 20 throws are all the same happens once in half a million times
    let said = lab.run(&["verify", "--tasks", &file, "--trials", "20", "--json", "--strict"]);
    assert_eq!(said.status.code(), Some(1));
    let found = answers(&String::from_utf8_lossy(&said.stdout));
    let short: Vec<&str> = found.iter().map(|a| a["verdict"].as_str().unwrap()).collect();
    assert_eq!(short, ["flaky", "pass", "fail"]);
    let evidence = &found[0]["evidence"];
    assert_eq!(evidence["trials"], 20);
    assert_eq!(evidence["metrics"]["trials"].as_array().unwrap().len(), 20);
    assert_eq!(found[0]["reason"], Value::Null);
    // with one trial it is another job, and has a verdict of its own
    let once = answers(&lab.ok(&["verify", "--tasks", &file, "--json"]));
    assert_ne!(once[0]["evidence"]["job_hash"], evidence["job_hash"]);
    assert_eq!(lab.count("select count(*) from verdict_ledger"), 6);
    assert!(
        lab.fails(2, &["verify", "--tasks", &file, "--trials", "0"])
            .contains("--trials")
    );
}

#[test]
fn finished_tasks_are_not_run_again() {
    let lab = Lab::new();
    let tasks: Vec<Value> = (0..900).map(|n| counted(n, 8, n % 3 != 0)).collect();
    let file = write_tasks(&lab, &tasks);
    let mut child = lab.spawn(&["verify", "--tasks", &file, "--json"], &[]);
    let kept = || match lab.sql("select to_regclass('verdict_ledger')").is_empty() {
        true => 0,
        false => lab.count("select count(*) from verdict_ledger"),
    };
    wait_for("the first verdicts", || kept() > 0);
    kill_group(&mut child);
    let before = kept();
    assert!(before < 900, "it was done before it could be killed");
    let said = lab.run(&["verify", "--tasks", &file, "--json"]);
    let found = answers(&String::from_utf8_lossy(&said.stdout));
    for (n, answer) in found.iter().enumerate() {
        assert_eq!(answer["id"], format!("t{n}"));
        assert_eq!(answer["verdict"], if n % 3 != 0 { "pass" } else { "fail" }, "{answer}");
    }
    assert_eq!(found.len(), 900);
    assert_eq!(lab.count("select count(*) from verdict_ledger"), 900);
    let talk = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        talk.contains(&format!("{before} of 900 tasks were answered by the ledger")),
        "{talk}"
    );
    // from the ledger it says the same
    let again = lab.run(&["verify", "--tasks", &file, "--json"]);
    assert_eq!(again.stdout, said.stdout);
    lab.ok(&["verify", "--tasks", &file, "--fresh"]);
    assert_eq!(lab.count("select count(*) from verdict_ledger"), 1800);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let lab = Lab::new();
    let tasks: Vec<Value> = (0..300).map(|n| counted(n, 8, true)).collect();
    let file = write_tasks(&lab, &tasks);
    let pipe = format!("{ASSAY} verify --tasks {file} --json | head -n 1 | wc -l; exit ${{PIPESTATUS[0]}}");
    let out = Command::new("bash")
        .args(["-c", &pipe])
        .env("DATABASE_URL", &lab.url)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert_eq!((out.status.code(), stderr.as_ref()), (Some(0), ""));
    assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "1");
}

#[test]
fn waiting_for_a_slot_is_no_time_out() {
    let lab = Lab::new();
    let run = |wall_ms: i64| {
        let limited = |n| {
            let mut task = counted(n, 60_000, true);
            task["limits"] = serde_json::json!({"wall_ms": wall_ms});
            task
        };
        let file = write_tasks(&lab, &(0..60).map(limited).collect::<Vec<_>>());
        let found = answers(&lab.ok(&["verify", "--tasks", &file, "--json", "--strict"]));
        assert_eq!(found.len(), 60);
        found
            .iter()
            .map(|a| a["evidence"]["wall_ms"].as_i64().unwrap())
            .sum::<i64>()
    };
    // However fast this machine is: much for one of them, and a fraction of what they take together on two slots.
    let together = run(30_000);
    run(together / 6);
}

#[test]
fn a_stored_job_is_replayed_and_explained() {
    let lab = Lab::new();
    let file = write_tasks(&lab, &[counted(1, 4, true), counted(2, 4, false)]);
    let found = answers(&lab.ok(&["verify", "--tasks", &file, "--json"]));
    for answer in &found {
        let evidence = &answer["evidence"];
        let job = evidence["job_hash"].as_str().unwrap();
        let out = lab.run(&["sandbox", "replay", job]);
        let talk = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(0), "{talk}");
        assert!(talk.contains("as verdict"), "{talk}");
        assert!(
            String::from_utf8_lossy(&out.stdout).contains(if answer["verdict"] == "pass" {
                "ALL TESTS PASSED"
            } else {
                "FAILED 4"
            })
        );
        let told = lab.ok(&["explain", job]);
        for part in [
            "$ iverilog",
            "cpu_ms 60000",
            evidence["image_id"].as_str().unwrap(),
            "assay sandbox replay",
        ] {
            assert!(told.contains(part), "`{part}` is missing: {told}");
        }
        let dir = lab.path(&format!("by-hand-{job}"));
        let commands = lab.ok(&["sandbox", "replay", job, "--files", dir.to_str().unwrap()]);
        assert!(commands.contains(evidence["command"].as_str().unwrap()), "{commands}");
        let dut = crate::lab::digest_tree(&dir);
        assert!(dut.iter().any(|(path, _)| path.ends_with("dut.v")), "{dut:?}");
    }
    // a ledger that says otherwise is found out
    let job = found[1]["evidence"]["job_hash"].as_str().unwrap();
    lab.sql(&forge(job, "'pass', null", "image_id"));
    let err = lab.fails(1, &["sandbox", "replay", job]);
    assert!(
        err.contains("on record is pass, under the same image and judge"),
        "{err}"
    );
    assert!(
        lab.fails(2, &["sandbox", "replay", "no-such-job"])
            .contains("no job has the hash")
    );
}

/// A copy of a job's verdict with another verdict and image.
fn forge(job: &str, verdict_and_reason: &str, image: &str) -> String {
    format!(
        "insert into verdict_ledger (job_hash, check_name, verdict, reason, sandbox, engine, image_id, tier, judge_version, tools, command,
           limits, seed, trials, metrics, cpu_ms, wall_ms, peak_bytes, log)
         select job_hash, check_name, {verdict_and_reason}, sandbox, engine, {image}, tier, judge_version, tools, command,
           limits, seed, trials, metrics, cpu_ms, wall_ms, peak_bytes, log from verdict_ledger where job_hash = '{job}' order by seq limit 1"
    )
}

#[test]
fn verdicts_of_an_earlier_image_are_stale_until_judged_again() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    lab.build(&recipe);
    let stale = || lab.count("select count(distinct job_hash) from latest_verdicts where stale");
    assert_eq!(stale(), 0);
    let job = lab.sql(
        "select job_hash from latest_verdicts where verdict = 'pass' and check_name = 'testbench' order by 1 limit 1",
    );
    lab.sql(&forge(&job, "'fail', 'wrong_answer'", "'an earlier image'"));
    assert_eq!(stale(), 1);
    let answer = lab.run(&["verify", "--where", "stale"]);
    let (said, talk) = (
        String::from_utf8_lossy(&answer.stdout).into_owned(),
        String::from_utf8_lossy(&answer.stderr).into_owned(),
    );
    assert!(talk.contains("on 1 jobs"), "{talk}");
    assert!(said.contains("fail (wrong_answer) → pass"), "{said}");
    assert_eq!(stale(), 0);
    // what another image said is not reused, whenever it was said
    lab.sql(&forge(&job, "'fail', 'wrong_answer'", "'an earlier image'"));
    let (again, talk) = lab.build(&recipe);
    assert_eq!(again["state"], "done");
    assert!(talk.contains("sandbox jobs: 0 executed"), "{talk}");
    // a new judge makes all of them stale
    lab.sql("update current_versions set judge_version = judge_version + 1");
    assert!(stale() > 1);
}

#[test]
fn equal_tasks_in_flight_are_run_once() {
    let lab = Lab::new();
    // ids are names, no part of the job
    let tasks: Vec<Value> = (0..40)
        .map(|n| {
            let mut task = counted(n % 2, 2000, true);
            task["id"] = format!("t{n}").into();
            task
        })
        .collect();
    let file = write_tasks(&lab, &tasks);
    let out = lab.run(&["verify", "--tasks", &file, "--json", "--strict"]);
    assert_eq!(answers(&String::from_utf8_lossy(&out.stdout)).len(), 40);
    assert_eq!(lab.count("select count(*) from verdict_ledger"), 2);
    let talk = String::from_utf8_lossy(&out.stderr);
    assert!(talk.contains("2 executed here, 38 answered by the ledger"), "{talk}");
    lab.ok(&["verify", "--tasks", &file, "--fresh"]);
    assert_eq!(lab.count("select count(*) from verdict_ledger"), 42);
}
