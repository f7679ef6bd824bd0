//! What is particular to the `exec` sink: trainers that are killed, forget, stall or talk nonsense.

use super::*;
use assay::sinks::exec::{ExecConfig, ExecSink, FileCheckpoint, TrainerError};

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
    insta::assert_snapshot!(error, @"the trainer did not acknowledge a sample within 1 s; it was ended after acknowledging 0 samples");
    // The greeting and four samples.
    assert_eq!(
        fs::read_to_string(dir.path().join("got")).unwrap().lines().count(),
        1 + 4
    );
}

#[tokio::test]
async fn trainers_that_misbehave_are_told_apart() {
    insta::assert_snapshot!(script("sleep 100").await.0, @"the trainer did not get ready within 1 s; it was ended after acknowledging 0 samples");
    insta::assert_snapshot!(script("exit 3").await.0, @"the trainer ended early (exit status: 3) after acknowledging 0 of 88 samples; run the same command again to resume");
    let babble = script(&format!("{READY} echo loss 0.31; sleep 100")).await.0;
    insta::assert_snapshot!(babble, @r#"the trainer broke the protocol: it said "loss 0.31", which is neither `ready` nor `ack`; print talk to stderr"#);
    let unsent = script(&format!("{READY} echo '{{\"ack\":90}}'; sleep 100")).await.0;
    assert!(unsent.contains("it acknowledged offset 90, but only"), "{unsent}");
    let endless = script("head -c 100000 /dev/zero | tr '\\0' x; sleep 100").await.0;
    insta::assert_snapshot!(endless, @"the trainer broke the protocol: it said a line longer than 65536 bytes");
    let quitter = script(&format!("{READY} exit 0")).await.0;
    insta::assert_snapshot!(quitter, @"the trainer ended early (exit status: 0) after acknowledging 0 of 88 samples; run the same command again to resume");
}
