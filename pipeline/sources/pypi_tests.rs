use super::*;
use serde_json::json;
use std::io::Write;

fn package(sha256: &str) -> Package {
    Package {
        name: "My_Pkg".into(),
        version: "1.0".into(),
        sha256: sha256.into(),
        filename: None,
    }
}

fn wheel() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in [
        ("my_pkg/b.v", "// SPDX-License-Identifier: ISC\nmodule b; endmodule"),
        ("my_pkg/a.v", "module a; endmodule // x@y.org"),
        ("my_pkg/a.png", "\0\u{1}"),
        (
            "my_pkg-1.0.dist-info/METADATA",
            "Name: my-pkg\nVersion: 1.0\nLicense-Expression: MIT\n\nbody",
        ),
    ] {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn build(config: serde_json::Value) -> Result<Box<dyn Source>, String> {
    (SPEC.build)(&config)
}

fn refused(config: serde_json::Value) -> String {
    build(config).map(|_| ()).unwrap_err()
}

#[test]
fn a_missing_pin_shows_how_to_get_one() {
    let message = refused(json!({"packages": [{"name": "a-b", "version": "1.0"}]}));
    insta::assert_snapshot!(message, @"package `a-b` has no sha256 pin of 64 hex digits: get it with `pip download --no-deps a-b==1.0 && sha256sum a?b*`");
    assert!(refused(json!({"packages": [], "include": []})).contains("no packages"));
    assert!(refused(json!({"packages": [{"name": "../x", "version": "1"}]})).contains("not a package name"));
    assert!(refused(json!({"packages": [{"name": "a", "version": "1", "sha": "x"}]})).contains("unknown field"));
}

#[tokio::test]
async fn a_cached_package_needs_no_network() {
    let (cache, wheel) = (tempfile::tempdir().unwrap(), wheel());
    let pin = sha256_hex(&wheel);
    std::fs::write(cache.path().join(&pin), &wheel).unwrap();
    let source = build(json!({"packages": [package(&pin)], "include": ["*.v", "*.png"]}))
        .map_err(|e| panic!("{e}"))
        .unwrap();
    let units = source.expand().unwrap();
    let files = source.read(&units[0], cache.path().into()).await.unwrap();
    let rows: Vec<_> = files
        .iter()
        .map(|f| {
            (
                f.origin.path.as_str(),
                f.refused,
                f.metadata.get("licence").map(|l| l["spdx"].clone()),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("my_pkg/a.png", Some(super::super::refused::BINARY), None),
            ("my_pkg/a.v", None, Some(json!("MIT"))),
            ("my_pkg/b.v", None, Some(json!("ISC")))
        ]
    );
    assert_eq!(
        (files[1].origin.source.as_str(), files[1].origin.version.as_str()),
        ("pypi:my-pkg", "1.0")
    );
    assert_eq!(files[1].text.as_deref(), Some("module a; endmodule // <email>"));
}

#[test]
fn the_release_must_be_the_one_named() {
    let other = Package {
        version: "2.0".into(),
        ..package("")
    };
    let error = read_archive(&other, &wheel(), &unpack::Limits::default(), &Globs::default()).unwrap_err();
    insta::assert_snapshot!(error, @"the file pinned for My_Pkg 2.0 is my-pkg 1.0: correct the recipe");
}

fn offered() -> Vec<IndexFile> {
    let file = |filename: &str, sha256: Option<&str>| IndexFile {
        filename: filename.into(),
        url: Url::parse("https://f.test/").unwrap().join(filename).unwrap(),
        sha256: sha256.map(String::from),
    };
    vec![
        file("my_pkg-1.0-py3-none-any.whl", Some("aa")),
        file("my_pkg-1.0.tar.gz", Some("bb")),
        file("my_pkg-0.9.tar.gz", None),
    ]
}

#[test]
fn the_file_is_chosen_by_hash_then_by_name() {
    let files = offered();
    let named = |name: &str| Package {
        filename: Some(name.into()),
        ..package("")
    };
    assert_eq!(choose(&files, &package(""), "BB").unwrap(), Some(&files[1]));
    assert_eq!(choose(&files, &package(""), "cc").unwrap(), None);
    assert_eq!(
        choose(&files, &named("my_pkg-0.9.tar.gz"), "cc").unwrap(),
        Some(&files[2])
    );
    let error = choose(&files, &named("my_pkg-1.0.tar.gz"), "cc").unwrap_err();
    assert!(matches!(error, SourceError::Sha256Mismatch { expected, got, .. } if expected == "cc" && got == "bb"));
}

#[test]
fn what_is_not_found_says_what_there_is() {
    insta::assert_snapshot!(not_found(&package(""), &offered()), @"package My_Pkg 1.0 not found: no file has the pinned sha256, but my_pkg-1.0-py3-none-any.whl has sha256 aa; my_pkg-1.0.tar.gz has sha256 bb");
    insta::assert_snapshot!(not_found(&package(""), &[]), @"package My_Pkg 1.0 not found: the index has no such package; check the name and pip's index-url");
}

/// Pip's folders serve a file, and a damaged copy in the cache is noticed and replaced.
#[test]
fn a_damaged_cache_is_replaced() {
    let (cache, links, wheel) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), wheel());
    let pin = sha256_hex(&wheel);
    std::fs::write(links.path().join("my_pkg-1.0-py3-none-any.whl"), &wheel).unwrap();
    std::fs::write(links.path().join("my_pkg-0.9-py3-none-any.whl"), b"other").unwrap();
    let pip = PipConfig {
        indexes: vec![],
        find_links: vec![links.path().into()],
        cert: None,
        proxy: None,
    };
    let found = find_local(&pip, &package(&pin), &pin).unwrap();
    let place = cache.path().join(&pin);
    std::fs::write(&place, b"damaged").unwrap();
    store(cache.path(), &place, &found).unwrap();
    assert_eq!(std::fs::read(&place).unwrap(), wheel);
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1);
    assert_eq!(find_local(&pip, &package("00"), "00"), None);
}
