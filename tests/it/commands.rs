//! Every command, as a user types it: what it prints where, and the code it ends with.

pub mod verify;

use crate::lab::{Lab, ROOT, fixtures};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A small build that tests look at together; its database goes when the test program ends.
pub struct Built {
    pub lab: Lab,
    pub recipe: PathBuf,
    /// What `build --json` said on stdout, whole and as JSON.
    pub stdout: String,
    pub build: Value,
    pub talk: String,
}

static BUILT: Mutex<Option<Arc<Built>>> = Mutex::new(None);

/// The build, made by whoever asks first. The two modules that only run into their time limits are left out.
pub fn built() -> Arc<Built> {
    let mut slot = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(built) = &*slot {
        return built.clone();
    }
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let out = lab.run(&["build", recipe.to_str().unwrap(), "--json"]);
    let (stdout, talk) = (text(&out.stdout), text(&out.stderr));
    assert!(out.status.success(), "{talk}");
    let build = serde_json::from_str(stdout.trim()).expect("stdout is one JSON object");
    let built = Arc::new(Built {
        lab,
        recipe,
        stdout,
        build,
        talk,
    });
    *slot = Some(built.clone());
    // SAFETY: `sweep` is a function of this program and lives as long as it does.
    unsafe { libc::atexit(sweep) };
    built
}

extern "C" fn sweep() {
    drop(BUILT.lock().unwrap_or_else(PoisonError::into_inner).take());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

/// Exit code, stdout, stderr.
fn said(out: &Output) -> (i32, String, String) {
    (
        out.status.code().expect("it ended by itself"),
        text(&out.stdout),
        text(&out.stderr),
    )
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

/// Numbers and names that differ between runs and machines, replaced.
fn steady(text: &str) -> String {
    let mut out = text.to_string();
    for (pattern, with) in [
        (r"seed -?\d+", "seed <seed>"),
        (r"\b[0-9a-f]{12,64}\b", "<id>"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>"),
        (
            r"\d+ ms CPU, \d+ ms wall, peak \d+ KiB",
            "<n> ms CPU, <n> ms wall, peak <n> KiB",
        ),
        (r"verdict \d+ on", "verdict <seq> on"),
        // the measures are the stages', and tested there
        (r"\{.*", "{…}"),
        (r"\b\d+ (mutants|killed|proved|unknown)", "<n> $1"),
        (r"kill rate [\d.]+", "kill rate <n>"),
        (r"tier [\w+-]+", "tier <tier>"),
    ] {
        out = Regex::new(pattern).unwrap().replace_all(&out, with).into_owned();
    }
    out
}

#[test]
fn build_and_status_count_the_same() {
    let b = built();
    assert_eq!(
        b.stdout.lines().count(),
        1,
        "stdout holds more than the JSON: {}",
        b.stdout
    );
    assert_eq!(keys(&b.build), BTreeSet::from(["build", "nodes", "seconds", "state"]));
    assert_eq!(b.build["state"], "done");
    let wanted = [
        "node", "use", "in", "kept", "dropped", "derived", "passed", "failed", "flaky", "errors", "reused",
    ];
    for node in b.build["nodes"].as_array().unwrap() {
        for key in wanted {
            assert!(node.get(key).is_some(), "{key} is missing: {node}");
        }
        let count = |key: &str| node[key].as_i64().unwrap();
        assert_eq!((count("errors"), count("reused"), count("flaky")), (0, 0, 0), "{node}");
    }
    for said in [
        "starting build",
        "why samples ended",
        "filter: ",
        "oracles: ",
        "sandbox jobs: ",
    ] {
        assert!(b.talk.contains(said), "stderr lacks `{said}`: {}", b.talk);
    }
    let id = b.build["build"].to_string();
    let status: Value = serde_json::from_str(&b.lab.ok(&["status", &id, "--json"])).unwrap();
    assert_eq!(status["state"], "done");
    assert_eq!((&status["waiting"], &status["faults"]), (&json!(0), &json!([])));
    assert_eq!(status["nodes"], b.build["nodes"]);
    let table = b.lab.ok(&["status", &id]);
    assert!(table.starts_with(&format!("build {id} is done after ")), "{table}");
    for node in b.build["nodes"].as_array().unwrap() {
        let line = table
            .lines()
            .find(|l| l.starts_with(&format!("{} ", node["node"].as_str().unwrap())));
        let cells: Vec<&str> = line
            .unwrap_or_else(|| panic!("{node} is missing: {table}"))
            .split_whitespace()
            .collect();
        assert_eq!(
            cells[1..3],
            [node["in"].to_string(), node["kept"].to_string()],
            "{table}"
        );
    }
    assert!(
        b.lab
            .fails(2, &["status", "987654"])
            .contains("there is no build 987654")
    );
    assert!(Lab::new().fails(2, &["status"]).contains("assay build"));
}

#[test]
fn without_json_a_build_prints_its_id_and_nothing_else() {
    let b = built();
    let (code, stdout, stderr) = said(&b.lab.run(&["build", b.recipe.to_str().unwrap()]));
    assert_eq!(code, 0, "{stderr}");
    let newest = b.lab.sql("select max(id) from builds");
    assert_eq!(stdout.trim_end(), newest);
    assert_ne!(stdout.trim_end(), b.build["build"].to_string());
    assert!(stderr.contains("sandbox jobs: 0 executed"), "{stderr}");
    assert!(
        !stderr.contains('\x1b') && !stderr.contains('\r'),
        "drawn where nobody looks: {stderr:?}"
    );
}

/// The repair of one well-known change to the arithmetic unit.
fn known_repair(lab: &Lab) -> String {
    let id = lab.sql(
        "select id from samples where kind = 'sft_repair' and origin ->> 'path' = 'core/alu.v'
           and metadata #>> '{defects,0,operator}' = 'minus_for_plus' order by id limit 1",
    );
    assert_eq!(id.len(), 32, "the repair is gone: {id}");
    id
}

#[test]
fn explain_goes_back_to_the_file() {
    let b = built();
    let id = known_repair(&b.lab);
    let (code, stdout, stderr) = said(&b.lab.run(&["explain", &id[..16]]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    // what the tools print is theirs
    let ours: String = stdout
        .lines()
        .filter(|l| !l.starts_with("  | ") && !l.starts_with("  $ "))
        .map(|l| format!("{l}\n"))
        .collect();
    insta::assert_snapshot!(steady(&ours), @r##"
    sft_repair <id> (chip)
    origin: dir:rtl  core/alu.v (sha256 <id>)

    made of
      this ← from candidate <id> (by lessons; core/alu.v)
      this ← origin source <id> lines 2-24 (by lessons; core/alu.v)
      this ← task task <id> (by lessons; core/alu.v)
      <id> ← from code <id> lines 2-24 (by tasks; core/alu.v)
      <id> ← origin source <id> lines 2-24 (by tasks; core/alu.v)
      <id> ← origin source <id> lines 2-24 (by oracle; core/alu.v)
      <id> ← task task <id> (by oracle; core/alu.v)
      <id> ← from source <id> lines 1-24 (by link; core/alu.v)
      <id> ← origin source <id> lines 2-24 (by link; core/alu.v)

    decided
      <id> recall [recall]: keep {…}
      <id> filter [filter]: keep
      <id> dedup [dedup]: keep
      <id> link [link]: derive {…}
      <id> rewrite [rewrite]: keep {…}
      <id> tasks [synthesize]: derive {…}
      <id> oracle [verify]: derive {…}
      <id> lessons [synthesize]: derive
      <id> distinct [dedup]: keep
      <id> verify [verify]: pass {…}

    verdict <seq> on `broken`: fail (wrong_answer), <time>
      icarus in verilog, image <id>, tier <tier>, judge 1
      <n> ms CPU, <n> ms wall, peak <n> KiB, 1 trial(s), seed <seed>
      limits: cpu_ms 3000, disk_bytes 67108864, file_bytes 67108864, inodes 4096, memory_bytes 536870912, output_bytes 262144, pids 64, wall_ms 30000
      run it again: assay sandbox replay <id>; by hand: assay sandbox replay <id> --files DIR

    verdict <seq> on `testbench`: pass, <time>
      icarus in verilog, image <id>, tier <tier>, judge 1
      <n> ms CPU, <n> ms wall, peak <n> KiB, 1 trial(s), seed <seed>
      limits: cpu_ms 3000, disk_bytes 67108864, file_bytes 67108864, inodes 4096, memory_bytes 536870912, output_bytes 262144, pids 64, wall_ms 30000
      run it again: assay sandbox replay <id>; by hand: assay sandbox replay <id> --files DIR

    oracle: <n> mutants, <n> killed, <n> proved equivalent, <n> unknown; kill rate <n>
    "##);
    assert!(
        stdout.lines().any(|l| l.starts_with("  $ iverilog ")) && stdout.contains("\n  | "),
        "{stdout}"
    );

    let full: Value = serde_json::from_str(&b.lab.ok(&["explain", &id, "--json"])).unwrap();
    let wanted = [
        "id",
        "kind",
        "domain",
        "origin",
        "metadata",
        "lineage",
        "decisions",
        "verdicts",
        "oracle",
    ];
    assert_eq!(keys(&full), wanted.into());
    assert_eq!(full["id"], json!(id));
    assert_eq!(
        keys(&full["origin"]),
        BTreeSet::from(["path", "sha256", "source", "version"])
    );
    let origin = full["lineage"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["role"] == "origin" && e["child"] == json!(id));
    assert_eq!(origin.expect("an edge to the file")["lines"], json!([2, 24]));
    for verdict in full["verdicts"].as_array().unwrap() {
        for key in [
            "seq", "job_hash", "verdict", "image_id", "tools", "command", "limits", "seed", "log", "metrics", "cpu_ms",
        ] {
            assert!(!verdict[key].is_null(), "{key} is missing: {verdict}");
        }
    }
    let checks: BTreeSet<_> = full["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["check_name"].as_str().unwrap())
        .collect();
    assert_eq!(checks, BTreeSet::from(["broken", "testbench"]));

    assert!(
        b.lab
            .fails(2, &["explain", "0123456789abcdef0123456789abcdef"])
            .contains("no sample has an id")
    );
    assert!(b.lab.fails(2, &["explain", ""]).contains("more than one sample"));
    assert!(b.lab.fails(2, &["explain", "%"]).contains("no sample has an id"));
}

#[test]
fn sample_shows_what_a_person_wants_to_read() {
    let b = built();
    let (code, stdout, stderr) = said(&b.lab.run(&["sample", "-n", "2", "--kind", "sft_repair"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    for part in [
        "1/2  sft_repair  chip  ",
        "2/2  sft_repair  chip  ",
        "▌user\n",
        "▌assistant\n",
        "endmodule",
        "dir:rtl",
    ] {
        assert!(stdout.contains(part), "no `{part}` in {stdout}");
    }
    assert!(!stdout.contains("3/"), "{stdout}");
    let lines = b.lab.ok(&["sample", "-n", "3", "--kind", "sft_direct", "--json"]);
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let sample: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            keys(&sample),
            BTreeSet::from(["content", "domain", "id", "kind", "metadata", "origin"])
        );
        assert_eq!(sample["kind"], "sft_direct");
    }
    let dropped = b.lab.ok(&["sample", "--reason", "near_duplicate"]);
    assert!(
        dropped.contains("1/1  source  ") && dropped.contains("odd/alu_near.v"),
        "{dropped}"
    );
    let (code, stdout, stderr) = said(&b.lab.run(&["sample", "--reason", "no_such_reason"]));
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", "no sample matches\n"));
    assert!(b.lab.fails(2, &["sample", "--kind", "poem"]).contains("poem"));
}

#[test]
fn an_export_is_the_same_bytes_each_time_and_touches_nothing_foreign() {
    let b = built();
    let first = b.lab.export(&b.build, "first");
    let names: Vec<&str> = first.iter().map(|(path, _)| path.as_str()).collect();
    for wanted in [
        "ATTRIBUTION.md",
        "README.md",
        "data/train-00000-of-00001.jsonl.zst",
        "manifest.json",
        "parquet/train-00000-of-00001.parquet",
    ] {
        assert!(
            names.iter().any(|n| n.ends_with(wanted)),
            "{wanted} is missing: {names:?}"
        );
    }
    assert_eq!(b.lab.export(&b.build, "second"), first);
    // over an export of its own, too
    assert_eq!(b.lab.export(&b.build, "first"), first);
    let manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(b.lab.path("first/manifest.json")).unwrap()).unwrap();
    for shard in manifest["shards"].as_array().unwrap() {
        let bytes = std::fs::read(b.lab.path("first").join(shard["path"].as_str().unwrap())).unwrap();
        assert_eq!(shard["sha256"], json!(assay::model::sha256_hex(&bytes)));
    }
    let passed = b.lab.count(&format!(
        "select count(*) from outcomes where build_id = {} and node = 'verify' and outcome = 'pass'",
        b.build["build"]
    ));
    assert_eq!(manifest["splits"]["train"]["samples"], json!(passed));

    let mixture = fixtures().join("recipes/mixture.toml");
    let mixture = mixture.to_str().unwrap();
    b.lab.write("foreign/thesis.txt", "mine");
    let foreign = b.lab.path("foreign");
    let id = b.build["build"].to_string();
    let err = b.lab.fails(
        2,
        &["export", mixture, "--out", foreign.to_str().unwrap(), "--build", &id],
    );
    assert!(err.contains("thesis.txt"), "{err}");
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1);
    let out = b.lab.path("none");
    let out = out.to_str().unwrap();
    assert!(
        b.lab
            .fails(2, &["export", mixture, "--out", out, "--build", "987654"])
            .contains("there is no build 987654")
    );
    assert!(
        b.lab
            .fails(2, &["export", "no-such.toml", "--out", out])
            .contains("no-such.toml")
    );
    assert!(
        b.lab
            .fails(2, &["export", mixture, "--out", out, "--build", &id, "--sink", "exec"])
            .contains("--command")
    );
    assert!(!b.lab.path("none").exists());
}

#[test]
fn check_tells_good_files_from_bad_ones() {
    let lab = Lab::new();
    let small = fixtures().join("recipes/small.toml");
    let mixture = fixtures().join("recipes/mixture.toml");
    let tasks = lab.write(
        "t.jsonl",
        &verify::task("a", "module tb; endmodule", "module adder; endmodule").to_string(),
    );
    let good = [
        small.to_str().unwrap(),
        mixture.to_str().unwrap(),
        tasks.to_str().unwrap(),
    ];
    let (code, stdout, stderr) = said(&lab.run(&["check", good[0], good[1], good[2]]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout, good.map(|g| format!("{g}: ok\n")).concat());

    let bad = lab.write(
        "bad.toml",
        &std::fs::read_to_string(&small).unwrap().replace("domain =", "domian ="),
    );
    let (code, stdout, stderr) = said(&lab.run(&["check", bad.to_str().unwrap(), good[1]]));
    assert_eq!(code, 2);
    assert_eq!(stdout, format!("{}: ok\n", good[1]));
    assert!(
        stderr.contains("bad.toml:15:") && stderr.contains("did you mean `domain`"),
        "{stderr}"
    );
    assert!(stderr.ends_with("1 problem found\n"), "{stderr}");
    // a build of it is refused in the same words, before anything is stored
    let again = lab.fails(2, &["build", bad.to_str().unwrap()]);
    assert_eq!(again, stderr);
    let kind = lab.write(
        "kind.toml",
        &std::fs::read_to_string(&mixture)
            .unwrap()
            .replace("sft_direct", "sft_drect"),
    );
    assert!(lab.fails(2, &["check", kind.to_str().unwrap()]).contains("sft_direct"));
    assert!(lab.fails(2, &["check", "no-such.toml"]).contains("cannot be read"));
    assert!(lab.fails(2, &["check"]).contains("FILE"));
}

#[test]
fn schemas_are_those_that_are_checked_in() {
    let lab = Lab::new();
    for name in ["recipe", "mixture", "task", "sample", "verdict", "manifest"] {
        let file = std::fs::read_to_string(format!("{ROOT}/schemas/{name}.json")).unwrap();
        assert!(
            lab.ok(&["schema", name]) == file,
            "schemas/{name}.json is out of date: scripts/schemas.sh"
        );
    }
    assert!(lab.fails(2, &["schema", "poem"]).contains("recipe, "));
}

#[test]
fn sandboxes_are_listed_and_jobs_run_again() {
    let b = built();
    let images: Value = serde_json::from_str(&b.lab.ok(&["sandbox", "list", "--json"])).unwrap();
    let verilog = images
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["name"] == "verilog")
        .expect("the image is built");
    assert_eq!(verilog["id"].as_str().unwrap().len(), 64);
    assert!(
        verilog["tools"]["iverilog"].as_str().unwrap().contains("Icarus"),
        "{verilog}"
    );
    assert!(b.lab.ok(&["sandbox", "list"]).contains(verilog["id"].as_str().unwrap()));
    assert_eq!(
        b.lab
            .sql("select string_agg(distinct image_id, ',') from verdict_ledger"),
        verilog["id"].as_str().unwrap()
    );
    for verdict in ["pass", "fail"] {
        let row = b.lab.sql(&format!(
            "select job_hash || ' ' || coalesce(' (' || reason || ')', '') || '|' || log from verdict_ledger
             where check_name = 'testbench' and verdict = '{verdict}' and log like '%cycle%' order by job_hash limit 1"
        ));
        let (head, log) = row.split_once('|').unwrap();
        let (job, reason) = head.split_once(' ').unwrap();
        let (code, stdout, stderr) = said(&b.lab.run(&["sandbox", "replay", job]));
        assert_eq!(code, 0, "{stderr}");
        assert!(
            stderr.contains(&format!("--- verdict: {verdict}{reason}\n")),
            "{stderr}"
        );
        assert!(stdout.contains(log.lines().next().unwrap()), "{stdout}");
    }
    let before = b.lab.count("select count(*) from jobs");
    assert!(
        b.lab
            .fails(2, &["sandbox", "replay", "0123"])
            .contains("no job has the hash 0123")
    );
    assert_eq!(b.lab.count("select count(*) from jobs"), before);
}

#[test]
fn the_database_is_at_hand() {
    let lab = Lab::new();
    assert_eq!(lab.ok(&["psql", "-Atc", "select 1"]), "1\n");
    // with its schema, though nothing has run yet
    assert_eq!(lab.ok(&["psql", "-Atc", "select count(*) from samples"]), "0\n");
    assert_eq!(
        lab.run(&["psql", "-Atc", "select no_such_thing"]).status.code(),
        Some(1)
    );
    assert_eq!(lab.ok(&["db", "url"]), format!("{}\n", lab.url));
    assert!(lab.fails(2, &["db", "stop"]).contains("DATABASE_URL is set"));
    assert_eq!(lab.ok(&["db", "start"]), format!("{}\n", lab.url));
}

/// What a command says of a database url that leads nowhere; it must not take for ever to say it.
fn nowhere(lab: &Lab, url: &str) -> String {
    let stderr = lab.path(&assay::model::sha256_hex(url.as_bytes()));
    let mut command = lab.command(&["status"]);
    command
        .env("DATABASE_URL", url)
        .stdout(Stdio::null())
        .stderr(File::create(&stderr).unwrap());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if started.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{url}: no answer within a minute");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = std::fs::read_to_string(stderr).unwrap();
    assert_eq!(code, Some(3), "{url}: {said}");
    said
}

#[test]
fn a_database_that_is_not_there_is_the_environments_fault() {
    let lab = Lab::new();
    let socket = format!(
        "postgres://nobody@localhost/none?host={}",
        lab.path("nowhere").display()
    );
    let unreachable = [socket.as_str(), "postgres://nobody@127.0.0.1:1/none?sslmode=disable"];
    let no_url = ["mysql://root:secret@localhost:1/x", "/var/lib/secret"];
    std::thread::scope(|s| {
        let said: Vec<_> = unreachable
            .iter()
            .chain(&no_url)
            .map(|url| (url, s.spawn(|| nowhere(&lab, url))))
            .collect();
        for (url, said) in said {
            let said = said.join().unwrap_or_else(|e| std::panic::resume_unwind(e));
            if unreachable.contains(url) {
                assert!(
                    said.contains("cannot reach the database") && said.contains("assay db start"),
                    "{said}"
                );
            } else {
                assert!(said.contains("postgres://user@host/name"), "{said}");
            }
            assert!(!said.contains(":secret@"), "{said}");
        }
    });
}

#[test]
fn arguments_are_explained() {
    let run = |args: &[&str]| said(&Command::new(crate::lab::ASSAY).args(args).output().unwrap());
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for command in [
        "build", "worker", "status", "explain", "verify", "export", "sample", "check", "sandbox", "psql", "db",
        "schema",
    ] {
        assert!(
            stdout.lines().any(|l| l.trim_start().starts_with(command)),
            "{command} is missing: {stdout}"
        );
    }
    assert!(
        stdout.contains("Exit codes:") && stdout.contains("130  interrupted"),
        "{stdout}"
    );
    for wrong in [
        &["biuld"][..],
        &["build"],
        &["build", "x.toml", "--jsno"],
        &["status", "first"],
        &[],
    ] {
        let (code, stdout, stderr) = run(wrong);
        assert_eq!((code, stdout.as_str()), (2, ""), "{wrong:?}");
        assert!(stderr.contains("--help"), "{wrong:?}: {stderr}");
    }
    assert!(run(&["biuld"]).2.contains("'build'"));
}
