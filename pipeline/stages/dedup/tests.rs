use super::*;
use crate::model::{DomainId, Kind, Origin};
use proptest::prelude::*;

fn sample(source: &str, path: &str, content: &str, metadata: Value) -> Sample {
    let origin = Origin {
        source: source.into(),
        version: "1".into(),
        sha256: String::new(),
        path: path.into(),
    };
    let metadata = metadata.as_object().cloned().unwrap_or_default();
    Sample {
        id: format!("{source}:{path}"),
        kind: Kind::Source,
        domain: DomainId::Chip,
        content: content.into(),
        origin,
        metadata,
    }
}

/// A text of 100 distinct words, those in `changed` replaced.
fn text(changed: std::ops::Range<usize>) -> String {
    (0..100)
        .map(|i| {
            if changed.contains(&i) {
                format!("x{i} ")
            } else {
                format!("w{i} ")
            }
        })
        .collect()
}

fn rows(decided: &[Decided]) -> Vec<String> {
    let row = |d: &Decided| match d.decision {
        Decision::Drop(reason) => format!("{} {reason} {}", d.sample, Value::Object(d.detail.clone())),
        _ => format!("{} keep", d.sample),
    };
    decided.iter().map(row).collect()
}

/// Golden: when it changes, raise the version.
#[test]
fn golden_population() {
    assert_eq!(SPEC.version, 2);
    let samples = [
        sample("b", "a.v", &text(0..0), json!({})),
        sample("a", "z.v", &text(0..5), json!({})),
        sample("a", "b.v", &text(0..0), json!({})),
        sample("a", "c.v", &text(0..0), json!({})),
        sample("a", "d.v", "module other; wire x; endmodule", json!({})),
        sample("a", "e.v", "", json!({})),
        sample("a", "f.v", " ", json!({})),
    ];
    let rows = rows(&dedup(&Config::default(), &samples)).join("\n");
    insta::assert_snapshot!(rows, @r#"
    a:b.v keep
    a:c.v duplicate {"level":"exact","similarity":1.0,"survivor":"a:b.v"}
    a:d.v keep
    a:e.v keep
    a:f.v keep
    a:z.v near_duplicate {"level":"near","similarity":0.901,"survivor":"a:b.v"}
    b:a.v duplicate {"level":"fork","similarity":1.0,"survivor":"a:b.v"}
    "#);
}

/// a ~ b and b ~ c, but a and c are not alike: c goes only if it is like a survivor, and b is none.
#[test]
fn no_chaining() {
    let samples = [
        sample("s", "a", &text(0..0), json!({})),
        sample("s", "b", &text(0..10), json!({})),
        sample("s", "c", &text(0..20), json!({})),
    ];
    let similarity = |x: &str, y: &str| jaccard(&shingles(x), &shingles(y));
    let (a, b, c) = (&samples[0].content, &samples[1].content, &samples[2].content);
    assert!(similarity(a, b) >= 0.74 && similarity(b, c) >= 0.74 && similarity(a, c) < 0.74);
    let config = Config {
        threshold: 0.74,
        ..Config::default()
    };
    let kept: Vec<_> = rows(&dedup(&config, &samples));
    assert!(
        kept[0].ends_with("keep") && kept[1].contains("near_duplicate") && kept[2].ends_with("keep"),
        "{kept:?}"
    );
}

#[test]
fn keys() {
    let config = Config {
        key: vec![
            "metadata.module".into(),
            "metadata.defects.0.type".into(),
            "kind".into(),
        ],
        order: vec!["-metadata.weight".into(), "metadata.length".into()],
        ..Config::default()
    };
    let facts = |module: &str, weight: i32, length: i32| json!({"module": module, "defects": [{"type": "race"}], "weight": weight, "length": length});
    let samples = [
        sample("s", "1", "", facts("m", 1, 10)),
        sample("s", "2", "", facts("m", 2, 10)),
        sample("s", "3", "", facts("m", 2, 9)),
        sample("s", "4", "", facts("n", 0, 0)),
    ];
    insta::assert_snapshot!(rows(&dedup(&config, &samples)).join("\n"), @r#"
    s:3 keep
    s:2 same_key {"level":"key","similarity":1.0,"survivor":"s:3"}
    s:1 same_key {"level":"key","similarity":1.0,"survivor":"s:3"}
    s:4 keep
    "#);
    let loose = Config {
        key: vec!["metadata.nothing".into()],
        ..Config::default()
    };
    assert!(rows(&dedup(&loose, &samples)).iter().all(|r| r.ends_with("keep")));
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let build = |v: Value| (SPEC.build)(&v).map(|_| ()).unwrap_err();
    insta::assert_snapshot!(build(json!({"threshold": 0})), @"threshold 0 is not over 0 and up to 1");
    insta::assert_snapshot!(build(json!({"key": ["module"]})), @"`module` names no fact of a sample: begin with `metadata.` or `origin.`");
    assert!(build(json!({"order": ["origin.path"]})).contains("without key"));
    assert!(build(json!({"treshold": 1})).contains("unknown field"));
}

proptest! {
    /// Whatever the order in which samples come, and however they are cut into blocks: the same decisions, a survivor for every drop, and no survivor dropped.
    #[test]
    fn order_of_arrival_does_not_matter(picks in prop::collection::vec((0usize..3, 0usize..60), 1..20), turn in 0usize..20) {
        let samples: Vec<_> = picks.iter().enumerate()
            .map(|(i, (source, n))| sample(&format!("s{source}"), &format!("{i:02}"), &text(0..*n), json!({}))).collect();
        let mut turned = samples.clone();
        turned.rotate_left(turn % samples.len());
        let decided = dedup(&Config::default(), &samples);
        prop_assert_eq!(rows(&decided), rows(&dedup(&Config::default(), &turned)));
        for size in [1, 2, 7] {
            prop_assert_eq!(rows(&decided), rows(&in_blocks(&Config::default(), &samples, size)));
        }
        let kept: BTreeSet<_> = decided.iter().filter(|d| matches!(d.decision, Decision::Keep)).map(|d| d.sample.clone()).collect();
        for d in &decided {
            if matches!(d.decision, Decision::Drop(_)) {
                prop_assert!(kept.contains(d.detail["survivor"].as_str().unwrap()));
                prop_assert!(d.detail["similarity"].as_f64().unwrap() >= 0.7);
            }
        }
    }
}
