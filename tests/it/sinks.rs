//! Sinks: one conformance suite that each of them passes, then what is particular to one.
//!
//! "Us" is killed for real: the suite starts this very test program again, as an exporter, and kills it.

use assay::chat::{Message, render};
use assay::mixtures::{Loaded, Mixture};
use assay::model::{DomainId, Kind, Origin, Sample, VerdictKind, sha256_hex};
use assay::sinks::exec::{ExecConfig, ExecSink, FileCheckpoint, TrainerError};
use assay::sinks::{
    ExportError, ExportJob, ExportReport, ExportSample, Pinned, SampleSource, Sink, SinkOptions, VerdictPolicy,
    VerdictRef, export, sink,
};
use futures::future::BoxFuture;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{ListAccessor, RowAccessor};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SAMPLES: usize = 900;
/// Environment of the exporter that is killed: sink, folder.
const ROLE: &str = "ASSAY_TEST_EXPORTER";

const MIXTURE: &str = r#"
mixture = 1
name = "suite"
seed = 11
[[take]]
kind = ["sft_repair", "code"]
where = [{ field = "/metadata/wanted", equals = true }]
[split]
validation = 0.2
[shards]
max_bytes = 65536
"#;

/// Samples in memory, read as slowly as asked, with something done before each read of texts.
struct Memory {
    samples: Vec<ExportSample>,
    fetches: AtomicUsize,
    before_fetch: Box<dyn Fn(usize) -> Result<(), ExportError> + Send + Sync>,
}

impl Memory {
    fn new(samples: Vec<ExportSample>) -> Memory {
        Memory {
            samples,
            fetches: AtomicUsize::new(0),
            before_fetch: Box::new(|_| Ok(())),
        }
    }
}

impl SampleSource for Memory {
    fn page<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ExportSample>, ExportError>> {
        let from = self
            .samples
            .partition_point(|s| after.is_some_and(|a| s.sample.id.as_str() <= a));
        let page = self.samples[from..].iter().take(limit).cloned().collect();
        Box::pin(async move { Ok(page) })
    }

    fn fetch<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<ExportSample>, ExportError>> {
        Box::pin(async move {
            (self.before_fetch)(self.fetches.fetch_add(1, Ordering::SeqCst))?;
            Ok(self
                .samples
                .iter()
                .filter(|s| ids.contains(&s.sample.id))
                .cloned()
                .collect())
        })
    }
}

fn item(n: usize) -> ExportSample {
    let kind = if n % 3 == 0 { Kind::Code } else { Kind::SftRepair };
    let code = format!("module m{n}; // {}\nendmodule", sha256_hex(&n.to_le_bytes()).repeat(3));
    let chat = render(&[
        Message::new("user", format!("Mend this.\n{code}")),
        Message::new("assistant", code.clone()),
    ]);
    let source = format!("pypi:p{}", n % 7);
    let metadata = json!({"wanted": n % 10 != 0, "copyright": format!("(c) {} author", n % 2)});
    let sample = Sample {
        id: sha256_hex(format!("id {n}").as_bytes())[..32].into(),
        kind,
        domain: DomainId::Chip,
        content: if kind == Kind::Code { code } else { chat },
        origin: Origin {
            source: source.clone(),
            version: "1.0".into(),
            sha256: "ab".into(),
            path: format!("rtl/m{n}.v"),
        },
        metadata: metadata.as_object().cloned().unwrap(),
    };
    let verdict = if n % 50 == 1 {
        VerdictKind::Fail
    } else {
        VerdictKind::Pass
    };
    let verdicts = vec![VerdictRef {
        check: "fixed".into(),
        verdict,
        job_hash: format!("{n:x}"),
    }];
    ExportSample {
        sample,
        licence: "ISC".into(),
        verdicts,
        repository: source,
    }
}

fn items(count: usize) -> Vec<ExportSample> {
    let mut all: Vec<_> = (0..count).map(item).collect();
    all.sort_by(|a, b| a.sample.id.cmp(&b.sample.id));
    all
}

fn loaded(text: &str) -> Loaded {
    let mixture = Mixture::parse(text, "suite.toml").unwrap();
    Loaded {
        mixture,
        sha256: sha256_hex(text.as_bytes()),
        folder: PathBuf::new(),
    }
}

fn job() -> ExportJob {
    let recipe = Pinned {
        name: "quickstart".into(),
        sha256: "cd".repeat(32),
    };
    ExportJob {
        recipe,
        verdicts: VerdictPolicy::AsBuilt,
        recorded_inputs: vec![],
    }
}

async fn run(source: &Memory, sink: &mut dyn Sink) -> Result<ExportReport, ExportError> {
    export(source, &loaded(MIXTURE), job(), sink).await
}

fn consumer(dir: &Path, environment: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/consumer.py");
    format!(
        "KEEP='{}' {environment} python3 '{script}'",
        dir.join("kept.jsonl").display()
    )
}

/// A sink of that name which works in `dir`.
fn sink_in(name: &str, dir: &Path) -> Box<dyn Sink> {
    let options = SinkOptions {
        out: dir.join("out"),
        command: Some(consumer(dir, "")),
        checkpoint: None,
    };
    sink(name, options).unwrap()
}

/// Every file under a folder, by its relative path.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in dir.read_dir().unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => out.extend(
                files(&entry.path())
                    .into_iter()
                    .map(|(k, v)| (format!("{name}/{k}"), v)),
            ),
            false => drop(out.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
    out
}

/// What arrived: per side of the split, rows in the order in which they arrived.
fn arrived(name: &str, dir: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    if name == "exec" {
        for line in fs::read_to_string(dir.join("kept.jsonl")).unwrap().lines() {
            let mut row: Value = serde_json::from_str(line).unwrap();
            out.entry(row["split"].as_str().unwrap().into())
                .or_default()
                .push(row["sample"].take());
        }
        return out;
    }
    for (path, bytes) in files(&dir.join("out/data")) {
        let text = String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap();
        let rows = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        out.entry(path.split('-').next().unwrap().into())
            .or_default()
            .extend(rows);
    }
    out
}

/// What matters of a sink's place in the end, byte for byte.
fn outcome(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let out = files(dir);
    assert!(out.keys().all(|k| !k.contains(".part")), "leftovers: {:?}", out.keys());
    out
}

fn ids(rows: &BTreeMap<String, Vec<Value>>) -> Vec<String> {
    let mut ids: Vec<String> = rows
        .values()
        .flatten()
        .map(|r| r["id"].as_str().unwrap().into())
        .collect();
    ids.sort();
    ids
}

fn wanted() -> Vec<String> {
    let keep = |s: &ExportSample| s.sample.metadata["wanted"] == true && s.verdicts[0].verdict == VerdictKind::Pass;
    items(SAMPLES)
        .iter()
        .filter(|s| keep(s))
        .map(|s| s.sample.id.clone())
        .collect()
}

/// An uninterrupted export, and what it left.
async fn reference(name: &str) -> (tempfile::TempDir, BTreeMap<String, Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    run(&Memory::new(items(SAMPLES)), &mut *sink_in(name, dir.path()))
        .await
        .unwrap();
    let left = outcome(dir.path());
    (dir, left)
}

/// The suite.
async fn conforms(name: &str) {
    let (dir, left) = reference(name).await;
    let rows = arrived(name, dir.path());
    assert_eq!(ids(&rows), wanted(), "each sample arrives exactly once");
    assert!(rows["train"].len() > rows["validation"].len());
    let repository = |r: &Value| r["metadata"]["origin"]["source"].clone();
    assert!(
        rows["validation"]
            .iter()
            .all(|v| rows["train"].iter().all(|t| repository(t) != repository(v)))
    );
    let (_again, same) = reference(name).await;
    assert!(left == same, "the same bytes twice");
    interrupted(name, &left).await;
    killed(name, &left).await;
    nothing_selected(name).await;
}

/// The source fails at each page in turn: nothing is half in place, and the next run ends as if nothing had been.
async fn interrupted(name: &str, left: &BTreeMap<String, Vec<u8>>) {
    for at in 0..wanted().len().div_ceil(assay::sinks::PAGE) {
        let dir = tempfile::tempdir().unwrap();
        let mut source = Memory::new(items(SAMPLES));
        source.before_fetch = Box::new(move |n| {
            if n == at {
                Err(ExportError::source("gone"))
            } else {
                Ok(())
            }
        });
        let failed = run(&source, &mut *sink_in(name, dir.path())).await;
        assert!(matches!(failed, Err(ExportError::Source(_))));
        if name == "shards" {
            assert!(files(dir.path()).is_empty());
        }
        run(&Memory::new(items(SAMPLES)), &mut *sink_in(name, dir.path()))
            .await
            .unwrap();
        assert!(outcome(dir.path()) == *left, "after a failure at page {at}");
    }
}

/// Our process is killed at several moments of one export; the last run ends as if nothing had been.
async fn killed(name: &str, left: &BTreeMap<String, Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let mut hit = 0;
    for wait_ms in [40, 85, 110, 145, 190] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sinks::exporter_process", "--ignored", "--nocapture"])
            .env(ROLE, format!("{name}\n{}", dir.path().display()))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        hit += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(hit > 0, "no kill struck a running export");
    run(&Memory::new(items(SAMPLES)), &mut *sink_in(name, dir.path()))
        .await
        .unwrap();
    assert!(outcome(dir.path()) == *left, "after kills of ours");
}

async fn nothing_selected(name: &str) {
    let dir = tempfile::tempdir().unwrap();
    let none = loaded(&MIXTURE.replace("equals = true", "equals = 7"));
    let source = Memory::new(items(20));
    let error = export(&source, &none, job(), &mut *sink_in(name, dir.path()))
        .await
        .unwrap_err();
    insta::allow_duplicates! {
        insta::assert_snapshot!(error, @"mixture `suite` selects no sample: 20 were looked at, 1 of them lack a passing verdict; build first, or loosen the conditions of its `[[take]]` entries");
    }
    assert!(files(dir.path()).is_empty());
}

/// The half of [`killed`] that is killed.
#[test]
#[ignore = "started by the conformance suite, to be killed"]
fn exporter_process() {
    let role = std::env::var(ROLE).expect("only the conformance suite starts this");
    let (name, dir) = role.split_once('\n').unwrap();
    let mut source = Memory::new(items(SAMPLES));
    source.before_fetch = Box::new(|_| {
        std::thread::sleep(Duration::from_millis(60));
        Ok(())
    });
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(run(&source, &mut *sink_in(name, Path::new(dir))))
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shards_sink_conforms() {
    conforms("shards").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exec_sink_conforms() {
    conforms("exec").await;
}

#[test]
fn an_unknown_sink_and_a_missing_command_say_what_to_do() {
    let options = || SinkOptions {
        out: "x".into(),
        command: None,
        checkpoint: None,
    };
    insta::assert_snapshot!(sink("shard", options()).err().unwrap(), @"unknown sink `shard`; use one of: shards, exec");
    insta::assert_snapshot!(sink("exec", options()).err().unwrap(), @"sink `exec` needs a trainer's command; add --command");
}

// ---- shards ----

#[tokio::test]
async fn shards_manifest_and_card_agree_with_the_files() {
    let (dir, _) = reference("shards").await;
    let out = files(&dir.path().join("out"));
    let manifest: Value = serde_json::from_slice(&out["manifest.json"]).unwrap();
    let shards = manifest["shards"].as_array().unwrap();
    assert_eq!(shards.len() + 3, out.len());
    for shard in shards {
        let bytes = &out[shard["path"].as_str().unwrap()];
        assert_eq!(
            (shard["sha256"].as_str(), shard["bytes"].as_u64()),
            (Some(&*sha256_hex(bytes)), Some(bytes.len() as u64))
        );
    }
    assert!(
        out.contains_key("data/train-00000-of-00009.jsonl.zst"),
        "{:?}",
        out.keys()
    );
    assert_eq!(manifest["tokens"], json!({"counted_by": "estimated"}));
    let owed: u64 = manifest["attribution"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["samples"].as_u64().unwrap())
        .sum();
    assert_eq!(owed as usize, wanted().len());
    let card = String::from_utf8(out["README.md"].clone()).unwrap();
    let front = card.split("---\n").nth(1).unwrap();
    insta::assert_snapshot!(front, @"");
    let everything = out.values().map(|b| String::from_utf8_lossy(b)).collect::<String>();
    assert!(
        !everything.contains(dir.path().to_str().unwrap()),
        "a host path in the export"
    );
}

/// The columns that a reader of Parquet finds in a row, as JSON; absent ones left out.
fn columns(row: &parquet::record::Row) -> Value {
    let text = |i| row.get_string(i).ok().cloned();
    let messages = row.get_list(4).ok().map(|list| {
        let message =
            |m: &parquet::record::Row| json!({"role": m.get_string(0).unwrap(), "content": m.get_string(1).unwrap()});
        (0..list.len())
            .map(|i| message(list.get_group(i).unwrap()))
            .collect::<Vec<_>>()
    });
    let metadata: Value = serde_json::from_str(row.get_string(10).unwrap()).unwrap();
    assert_eq!(metadata["tokens"].as_i64(), row.get_long(8).ok());
    let mut out = json!({
        "id": text(0), "kind": text(1), "domain": text(2), "language": text(3), "messages": messages, "text": text(5),
        "metadata": metadata,
    });
    out.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    out
}

#[tokio::test]
async fn parquet_holds_what_jsonl_holds() {
    let (dir, _) = reference("shards").await;
    let mut from_parquet = Vec::new();
    for path in files(&dir.path().join("out/parquet")).keys() {
        let file = fs::File::open(dir.path().join("out/parquet").join(path)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        from_parquet.extend(reader.get_row_iter(None).unwrap().map(|r| columns(&r.unwrap())));
    }
    let from_jsonl: Vec<Value> = arrived("shards", dir.path()).into_values().flatten().collect();
    assert_eq!(from_parquet, from_jsonl);
}

#[tokio::test]
async fn an_earlier_export_is_replaced_and_anything_else_is_refused() {
    let (dir, left) = reference("shards").await;
    let fewer = Memory::new(items(300));
    run(&fewer, &mut *sink_in("shards", dir.path())).await.unwrap();
    assert_ne!(outcome(dir.path()), left);
    run(&Memory::new(items(SAMPLES)), &mut *sink_in("shards", dir.path()))
        .await
        .unwrap();
    assert!(outcome(dir.path()) == left);
    fs::write(dir.path().join("out/data/mine.txt"), "precious").unwrap();
    let refused = run(&fewer, &mut *sink_in("shards", dir.path())).await.unwrap_err();
    assert!(
        matches!(&refused, ExportError::Foreign { file, .. } if file == "data/mine.txt"),
        "{refused}"
    );
    assert_eq!(outcome(dir.path()).len(), left.len() + 1);
}

#[tokio::test]
async fn a_full_disk_is_a_typed_error_and_leaves_nothing_in_place() {
    for shard in ["data/train-00000.jsonl.zst", "parquet/train-00000.parquet"] {
        let dir = tempfile::tempdir().unwrap();
        let full = dir.path().join(".out.part").join(shard);
        let mut source = Memory::new(items(SAMPLES));
        // Once the folder is prepared, the file to be written turns out to be on a device without space.
        source.before_fetch = Box::new(move |n| {
            if n == 0 {
                std::os::unix::fs::symlink("/dev/full", &full).unwrap();
            }
            Ok(())
        });
        let failed = run(&source, &mut *sink_in("shards", dir.path())).await.unwrap_err();
        assert!(matches!(failed, ExportError::DiskFull { .. }), "{failed}");
        assert!(files(dir.path()).is_empty());
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }
}

// ---- exec ----

fn trainer(dir: &Path, command: String) -> ExecSink {
    let mut config = ExecConfig::new(command);
    (config.window, config.ready_timeout, config.ack_timeout) = (4, Duration::from_secs(20), Duration::from_secs(20));
    ExecSink::new(config, Box::new(FileCheckpoint::in_folder(&dir.join("out"))))
}

#[tokio::test]
async fn a_trainer_that_is_killed_gets_each_sample_once() {
    for unsaid in ["", "CRASH_UNSAID=1"] {
        let (whole, _) = reference("exec").await;
        let dir = tempfile::tempdir().unwrap();
        for crashes in 1..=3u64 {
            let command = consumer(dir.path(), &format!("CRASH_AFTER=150 {unsaid}"));
            let failed = run(&Memory::new(items(SAMPLES)), &mut trainer(dir.path(), command))
                .await
                .unwrap_err();
            let ExportError::Trainer(TrainerError::Ended { acknowledged, .. }) = failed else {
                panic!("{failed}")
            };
            let said = 150 * crashes - u64::from(!unsaid.is_empty());
            assert_eq!(acknowledged, said);
        }
        run(
            &Memory::new(items(SAMPLES)),
            &mut trainer(dir.path(), consumer(dir.path(), "")),
        )
        .await
        .unwrap();
        assert_eq!(
            fs::read(dir.path().join("kept.jsonl")).unwrap(),
            fs::read(whole.path().join("kept.jsonl")).unwrap()
        );
    }
}

#[tokio::test]
async fn a_trainer_that_lost_its_file_gets_everything_again_and_one_that_is_done_nothing() {
    let (dir, left) = reference("exec").await;
    let source = Memory::new(items(SAMPLES));
    let done = run(&source, &mut *sink_in("exec", dir.path())).await.unwrap();
    assert_eq!(
        (done.resumed_from as usize, source.fetches.load(Ordering::SeqCst)),
        (wanted().len(), 0)
    );
    fs::remove_file(dir.path().join("kept.jsonl")).unwrap();
    let again = run(&source, &mut *sink_in("exec", dir.path())).await.unwrap();
    assert_eq!(again.resumed_from, 0);
    assert!(outcome(dir.path()) == left);
}

#[tokio::test]
async fn other_samples_under_the_same_progress_are_refused() {
    let (dir, left) = reference("exec").await;
    let refused = run(&Memory::new(items(SAMPLES - 1)), &mut *sink_in("exec", dir.path()))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, ExportError::Trainer(TrainerError::OtherSamples { .. })),
        "{refused}"
    );
    assert!(outcome(dir.path()) == left);
}

/// What a shell script as a trainer leads to; it is gone afterwards.
async fn script(text: &str) -> (String, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = ExecConfig::new(format!("cd '{}'; echo $$ > pid; {text}", dir.path().display()));
    (config.window, config.ready_timeout, config.ack_timeout) = (4, Duration::from_secs(1), Duration::from_secs(1));
    let mut sink = ExecSink::new(config, Box::new(FileCheckpoint::in_folder(dir.path())));
    let error = run(&Memory::new(items(100)), &mut sink).await.unwrap_err().to_string();
    drop(sink);
    let pid = fs::read_to_string(dir.path().join("pid")).unwrap();
    for _ in 0..200 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return (error, dir);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the trainer outlived its sink");
}

const READY: &str = r#"echo '{"ready":{"resume_from":0}}';"#;

#[tokio::test]
async fn a_trainer_that_acknowledges_nothing_gets_no_more_than_the_window() {
    let (error, dir) = script(&format!("{READY} cat > got")).await;
    insta::assert_snapshot!(error, @"");
    // The greeting and four samples.
    assert_eq!(
        fs::read_to_string(dir.path().join("got")).unwrap().lines().count(),
        1 + 4
    );
}

#[tokio::test]
async fn trainers_that_misbehave_are_told_apart() {
    insta::assert_snapshot!(script("sleep 100").await.0, @"");
    insta::assert_snapshot!(script("exit 3").await.0, @"");
    insta::assert_snapshot!(script(&format!("{READY} echo loss 0.31; sleep 100")).await.0, @"");
    insta::assert_snapshot!(script(&format!("{READY} echo '{{\"ack\":90}}'; sleep 100")).await.0, @"");
    insta::assert_snapshot!(script("head -c 100000 /dev/zero | tr '\\0' x; sleep 100").await.0, @"");
    // It has it all already, as it says, but leaves without having been told: 0 acknowledged.
    insta::assert_snapshot!(script(&format!("{READY} exit 0")).await.0, @"");
}
