//! What is particular to the `shards` sink.

use super::*;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{ListAccessor, RowAccessor};

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
    insta::assert_snapshot!(front, @r"
    pretty_name: suite
    license:
    - isc
    language:
    - en
    task_categories:
    - text-generation
    tags:
    - code
    - verilog
    size_categories:
    - n<1K
    configs:
    - config_name: default
      data_files:
      - split: train
        path: parquet/train-*.parquet
      - split: validation
        path: parquet/validation-*.parquet
    ");
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
