//! The store by itself: leases, fences, constraints.

use crate::lab::Lab;
use assay::model::{Decided, Decision, DomainId, Draft, Kind, Metadata, Origin, Parent};
use assay::store::{Commit, CommitError, Counts, NewNode, NodeStep, Store, draft_id};
use serde_json::json;
use std::collections::BTreeMap;

const SOURCE: &str = "00000000000000000000000000000001";

fn nodes() -> Vec<NewNode> {
    let node = |name: &str, fingerprint: &str, inputs: Vec<i16>, units: Vec<serde_json::Value>| NewNode {
        name: name.into(),
        use_: "source.directory".into(),
        stage_version: 1,
        config: json!({}),
        fingerprint: fingerprint.into(),
        inputs,
        library: None,
        is_barrier: false,
        units,
    };
    vec![node("files", SOURCE, vec![], vec![json!({"unit": 1})])]
}

fn work(text: &str) -> Commit {
    let mut draft = Draft::new(Kind::Source, DomainId::General, text.into(), Origin::default());
    draft.parents = vec![Parent::new("p", "origin", None)];
    let id = draft_id(&draft, SOURCE);
    let step = NodeStep {
        node: 0,
        fingerprint: SOURCE.into(),
        members: vec![id.clone()],
        outputs: vec![id.clone()],
        counts: Counts::default(),
        ..NodeStep::default()
    };
    Commit {
        steps: vec![step],
        sources: vec![(id, draft)],
        ..Commit::default()
    }
}

fn on_store<T>(test: impl AsyncFn(&Lab, Store) -> T) -> T {
    let lab = Lab::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::connect(&lab.url).await.unwrap();
        test(&lab, store).await
    })
}

#[test]
fn a_stale_worker_that_commits_late_changes_nothing() {
    on_store(async |lab, store| {
        let names = BTreeMap::from([(0, "files".to_string())]);
        let (build, resumed) = store.launch("r", &"a".repeat(64), 1, "", &nodes()).await.unwrap();
        assert!(!resumed);
        let slow = store.claim("slow", &[], Some(build)).await.unwrap().unwrap();
        lab.sql("update batches set lease_until = now() - interval '1 second'");
        assert_eq!(store.reap(&[]).await.unwrap(), 1);
        let quick = store.claim("quick", &[], Some(build)).await.unwrap().unwrap();
        assert_eq!((slow.batch, slow.attempt + 1), (quick.batch, quick.attempt));
        assert!(!store.heartbeat(&slow).await.unwrap());
        assert!(matches!(
            store.commit(&slow, &work("of the slow one"), &names).await,
            Err(CommitError::Stale)
        ));
        assert_eq!(lab.count("select count(*) from stored_samples"), 0);
        store.commit(&quick, &work("of the quick one"), &names).await.unwrap();
        assert!(matches!(
            store.commit(&slow, &work("of the slow one"), &names).await,
            Err(CommitError::Stale)
        ));
        assert_eq!(lab.sql("select content from samples"), "of the quick one");
        assert_eq!(lab.sql("select state from builds"), "done");
        assert_eq!(lab.count("select count(*) from faults where kind = 'lease_lost'"), 1);
    });
}

#[test]
fn a_batch_that_keeps_failing_ends_the_build_visibly() {
    on_store(async |lab, store| {
        let (build, _) = store.launch("r", &"a".repeat(64), 1, "", &nodes()).await.unwrap();
        for attempt in 1..=5 {
            lab.sql("update batches set run_after = now()");
            let claim = store.claim("w", &[], Some(build)).await.unwrap().unwrap();
            assert_eq!(claim.attempt, attempt);
            store
                .give_back(&claim, "files", "network", "no route", true)
                .await
                .unwrap();
        }
        assert!(store.claim("w", &[], Some(build)).await.unwrap().is_none());
        assert_eq!(lab.sql("select state from builds"), "failed");
        assert_eq!(lab.count("select count(*) from faults where kind = 'network'"), 5);
        // the next launch starts afresh
        assert!(!store.launch("r", &"a".repeat(64), 1, "", &nodes()).await.unwrap().1);
    });
}

#[test]
fn labels_decide_who_may_claim() {
    on_store(async |lab, store| {
        store.launch("r", &"a".repeat(64), 1, "", &nodes()).await.unwrap();
        lab.sql("update batches set needs = '{gpu}'");
        assert!(store.claim("w", &["verilog".into()], None).await.unwrap().is_none());
        assert!(
            store
                .claim("w", &["gpu".into(), "verilog".into()], None)
                .await
                .unwrap()
                .is_some()
        );
    });
}

#[test]
fn impossible_states_are_impossible() {
    on_store(async |lab, store| {
        store.launch("r", &"a".repeat(64), 1, "", &nodes()).await.unwrap();
        let claim = store.claim("w", &[], None).await.unwrap().unwrap();
        store.commit(&claim, &work("x"), &BTreeMap::new()).await.unwrap();
        for sql in [
            "update batches set state = 'running'",
            "update builds set state = 'running'",
            "insert into decisions (fingerprint, sample_id, outcome) select 'f', id, 'drop' from stored_samples",
            "insert into decisions (fingerprint, sample_id, outcome) select 'f', id, 'lost' from stored_samples",
            "update stored_samples set content_hash = null, redacted_at = now(), content_sha256 = 'x'",
        ] {
            let out = std::process::Command::new("psql")
                .args([&lab.url, "-XAtq", "-c", sql])
                .output()
                .unwrap();
            let err = String::from_utf8_lossy(&out.stderr);
            assert!(err.contains("violates check constraint"), "{sql}: {err}");
        }
        let append_only = "insert into decisions (fingerprint, sample_id, outcome) select 'f', id, 'keep' from stored_samples; delete from decisions";
        let out = std::process::Command::new("psql")
            .args([&lab.url, "-XAtq", "-c", append_only])
            .output()
            .unwrap();
        assert!(String::from_utf8_lossy(&out.stderr).contains("append-only"));
    });
}

#[test]
fn predicates_may_look_and_do_nothing_else() {
    on_store(async |lab, store| {
        for hostile in [
            "true); drop table samples; --",
            "true); delete from faults; --",
            "pg_sleep(0) is null or exists (select 1 from batches)",
            "lo_import('/etc/passwd') > 0",
        ] {
            assert!(store.choose(hostile).await.is_err(), "{hostile}");
        }
        assert!(
            store
                .choose("verdict = 'fail' and reason = 'timeout'")
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(lab.sql("select count(*) from faults"), "0");
    });
}

#[test]
fn every_table_and_view_teaches() {
    on_store(async |lab, _store| {
        let mute = lab.sql(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and relkind in ('r', 'v') and relname not like '\\_sqlx%' and obj_description(c.oid) is null order by 1",
        );
        assert_eq!(mute, "");
    });
}

#[test]
fn a_decision_is_not_made_twice() {
    on_store(async |lab, store| {
        store.launch("r", &"a".repeat(64), 1, "", &nodes()).await.unwrap();
        let claim = store.claim("w", &[], None).await.unwrap().unwrap();
        let mut once = work("x");
        let sample = once.steps[0].members[0].clone();
        once.steps[0].decided = vec![Decided {
            sample,
            decision: Decision::Keep,
            detail: Metadata::new(),
        }];
        store.commit(&claim, &once, &BTreeMap::new()).await.unwrap();
        store.launch("s", &"b".repeat(64), 1, "", &nodes()).await.unwrap();
        let claim = store.claim("w", &[], None).await.unwrap().unwrap();
        store.commit(&claim, &once, &BTreeMap::new()).await.unwrap();
        assert_eq!(lab.count("select count(*) from decisions"), 1);
        assert_eq!(lab.count("select count(*) from outcomes"), 2);
    });
}
