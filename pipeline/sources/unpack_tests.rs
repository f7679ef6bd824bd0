//! Archives that attack.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use zip::write::{SimpleFileOptions, ZipWriter};

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A tar header written by hand, because the crate refuses to write the names we need.
fn tar_entry(name: &str, kind: u8, link: &str, data: &[u8]) -> Vec<u8> {
    let mut h = [0u8; 512];
    h[..name.len()].copy_from_slice(name.as_bytes());
    h[100..107].copy_from_slice(b"0000644");
    h[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    h[156] = kind;
    h[157..157 + link.len()].copy_from_slice(link.as_bytes());
    h[257..265].copy_from_slice(b"ustar\x0000");
    h[148..156].fill(b' ');
    let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
    h[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut out = h.to_vec();
    out.extend(data);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn gz(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    for e in entries {
        gz.write_all(e).unwrap();
    }
    gz.write_all(&[0; 1024]).unwrap();
    gz.finish().unwrap()
}

fn open(archive: &[u8], limits: Limits) -> Result<Vec<(String, Found)>, SourceError> {
    let mut out = Vec::new();
    unpack("x", archive, &limits, &mut |path, found| out.push((path, found)))?;
    Ok(out)
}

fn fails(archive: &[u8]) -> String {
    open(archive, Limits::default()).unwrap_err().to_string()
}

#[test]
fn honest_archives_open() {
    let files = vec![
        ("a/b.v".to_string(), Found::Bytes(b"module b;".to_vec())),
        ("c".into(), Found::Bytes(vec![])),
    ];
    assert_eq!(
        open(&zip_of(&[("a/b.v", b"module b;"), ("c", b"")]), Limits::default()).unwrap(),
        files
    );
    let tar = gz(&[
        tar_entry("./", b'5', "", b""),
        tar_entry("./a/b.v", b'0', "", b"module b;"),
        tar_entry("c", b'0', "", b""),
    ]);
    assert_eq!(open(&tar, Limits::default()).unwrap(), files);
}

#[test]
fn paths_that_lead_out_are_refused() {
    for name in ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "C:/x", "a/\u{1}b"] {
        assert!(
            matches!(
                open(&zip_of(&[(name, b"")]), Limits::default()),
                Err(SourceError::UnsafeEntry { .. })
            ),
            "{name}"
        );
        let tar = gz(&[tar_entry(name, b'0', "", b"")]);
        assert!(
            matches!(open(&tar, Limits::default()), Err(SourceError::UnsafeEntry { .. })),
            "{name}"
        );
    }
    insta::assert_snapshot!(fails(&zip_of(&[("../x", b"")])), @"archive x refused: unsafe entry `../x` (leads out of the archive)");
}

#[test]
fn links_out_are_refused_and_links_inside_are_not_followed() {
    for target in ["/etc/passwd", "../../x", "../../a/x"] {
        assert!(
            fails(&gz(&[tar_entry("a/l", b'2', target, b"")])).contains("link out of the archive"),
            "{target}"
        );
    }
    assert!(fails(&gz(&[tar_entry("a/l", b'1', "../x", b"")])).contains("link out"));
    let inside = open(&gz(&[tar_entry("a/l", b'2', "../b", b"")]), Limits::default()).unwrap();
    assert_eq!(inside, [("a/l".to_string(), Found::Refused(refused::LINK))]);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("l", "../../etc/passwd", SimpleFileOptions::default())
        .unwrap();
    assert!(fails(&zip.finish().unwrap().into_inner()).contains("link out of the archive"));
}

#[test]
fn devices_and_pipes_are_refused() {
    for kind in [b'3', b'4', b'6'] {
        assert!(fails(&gz(&[tar_entry("dev", kind, "", b"")])).contains("not a plain file"));
    }
}

#[test]
fn bombs_are_stopped() {
    let zeros = vec![0u8; 8 << 20];
    for bomb in [zip_of(&[("z", &zeros)]), gz(&[tar_entry("z", b'0', "", &zeros)])] {
        assert!(bomb.len() < 64 << 10);
        assert!(matches!(
            open(&bomb, Limits::default()),
            Err(SourceError::LimitExceeded {
                limit: "compression ratio",
                ..
            })
        ));
        let lax = Limits {
            ratio: 10_000,
            total_bytes: 1 << 20,
            ..Limits::default()
        };
        assert!(matches!(
            open(&bomb, lax),
            Err(SourceError::LimitExceeded {
                limit: "unpacked bytes",
                ..
            })
        ));
    }
    let many: Vec<_> = (0..20).map(|i| tar_entry(&format!("f{i}"), b'0', "", b"")).collect();
    let few = Limits {
        files: 10,
        ..Limits::default()
    };
    assert!(matches!(
        open(&gz(&many), few),
        Err(SourceError::LimitExceeded {
            limit: "number of files",
            ..
        })
    ));
    // A bomb in the headers: a long-name record of 8 MiB.
    let header_bomb = gz(&[
        tar_entry("././@LongLink", b'L', "", &zeros),
        tar_entry("a", b'0', "", b""),
    ]);
    let stopped = open(&header_bomb, Limits::default()).unwrap_err();
    assert!(matches!(stopped, SourceError::LimitExceeded { .. }), "{stopped:?}");
}

#[test]
fn large_files_are_hashed_only() {
    let small = Limits {
        file_bytes: 4,
        ..Limits::default()
    };
    let sha256 = crate::model::sha256_hex(b"12345");
    let expected = vec![("a".to_string(), Found::TooLarge { bytes: 5, sha256 })];
    assert_eq!(open(&zip_of(&[("a", b"12345")]), small).unwrap(), expected);
    assert_eq!(
        open(&gz(&[tar_entry("a", b'0', "", b"12345")]), small).unwrap(),
        expected
    );
}

#[test]
fn damage_is_found() {
    let text: Vec<u8> = (0..40_000u32)
        .flat_map(|i| format!("line {}\n", i.wrapping_mul(2654435761)).into_bytes())
        .collect();
    for good in [zip_of(&[("a", &text)]), gz(&[tar_entry("a", b'0', "", &text)])] {
        assert!(open(&good, Limits::default()).is_ok());
        assert!(matches!(
            open(&good[..good.len() / 2], Limits::default()),
            Err(SourceError::Corrupt { .. })
        ));
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 0xff;
        assert!(matches!(
            open(&bad, Limits::default()),
            Err(SourceError::Corrupt { .. })
        ));
    }
    // Only the checksum is wrong.
    let mut crc = gz(&[tar_entry("a", b'0', "", b"x")]);
    let at = crc.len() - 8;
    crc[at] ^= 1;
    assert!(matches!(
        open(&crc, Limits::default()),
        Err(SourceError::Corrupt { .. })
    ));
    for junk in [&b""[..], b"PK\x03\x04", b"\x1f\x8b", b"hello"] {
        assert!(matches!(
            open(junk, Limits::default()),
            Err(SourceError::Corrupt { .. })
        ));
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(mut junk in proptest::collection::vec(0u8..=255, 0..2000), at in 0usize..400, x in 0u8..=255, tar in 0..3) {
        match tar {
            0 => { let _ = open(&junk, Limits::default()); }
            1 => { junk.resize(junk.len().next_multiple_of(512), 0); let _ = open(&gz(&[junk]), Limits::default()); }
            _ => {
                let mut zip = zip_of(&[("a/b", b"0123456789"), ("c", &junk)]);
                let at = at % zip.len();
                zip[at] = x;
                let _ = open(&zip, Limits::default());
            }
        }
    }
}
