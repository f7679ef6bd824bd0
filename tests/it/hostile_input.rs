//! Bad input of every kind: a typed error or a typed drop, the right exit code, nothing lost, the host untouched.

use crate::lab::{Lab, fixtures};
use assay::model::sha256_hex;
use rand::{RngCore, SeedableRng};
use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A test that cannot run here says so, past the test harness, which swallows what a passing test prints.
fn skip(name: &str, why: &str) {
    static SKIPPED: AtomicU32 = AtomicU32::new(0);
    let n = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    let _ = writeln!(std::io::stderr(), "SKIPPED {name}: {why} ({n} skipped so far)");
}

/// Exit code and stderr, in which nothing may have panicked.
fn ended(out: &Output) -> (i32, String) {
    let err = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!err.contains("panicked") && !err.contains("RUST_BACKTRACE"), "{err}");
    (
        out.status
            .code()
            .unwrap_or_else(|| panic!("killed: {:?}: {err}", out.status)),
        err,
    )
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn alu() -> Vec<u8> {
    std::fs::read(fixtures().join("rtl/core/alu.v")).unwrap()
}

fn good_wheel() -> Vec<u8> {
    zip_of(&[
        ("good/alu.v", &alu()),
        ("good-1.0.dist-info/METADATA", b"Name: good\nVersion: 1.0\n"),
    ])
}

/// A recipe that takes two packages in: a good one and another one.
fn two_packages(lab: &Lab, evil_pin: &str) -> std::path::PathBuf {
    let good = sha256_hex(&good_wheel());
    lab.write(
        "two.toml",
        &format!(
            "recipe = 1\nname = \"two\"\nseed = 1\n[nodes.packages]\nuse = \"source.pypi\"\ninclude = [\"*.v\"]\npackages = [\n\
             {{ name = \"evil\", version = \"1.0\", sha256 = \"{evil_pin}\" }},\n\
             {{ name = \"good\", version = \"1.0\", sha256 = \"{good}\" }},\n]\n\
             [nodes.recall]\nuse = \"recall\"\ninput = \"packages\"\n"
        ),
    )
}

/// Builds with packages from this folder and from no index; downloads are kept in the lab.
fn build_from(lab: &Lab, recipe: &Path, index: Option<&str>) -> (i32, String) {
    let mut command = lab.command(&["build", recipe.to_str().unwrap()]);
    command
        .env("PIP_FIND_LINKS", lab.path("wheels"))
        .env("PIP_CONFIG_FILE", "/dev/null")
        .env("NO_PROXY", "127.0.0.1");
    command.env("ASSAY_STATE", lab.path("state"));
    match index {
        Some(url) => command
            .env("PIP_INDEX_URL", url)
            .env_remove("PIP_NO_INDEX")
            .env_remove("PIP_EXTRA_INDEX_URL"),
        None => command.env("PIP_NO_INDEX", "1"),
    };
    ended(&command.output().unwrap())
}

fn put_wheels(lab: &Lab, evil: &[u8]) {
    std::fs::create_dir_all(lab.path("wheels")).unwrap();
    std::fs::write(lab.path("wheels/good-1.0-py3-none-any.whl"), good_wheel()).unwrap();
    std::fs::write(lab.path("wheels/evil-1.0.whl"), evil).unwrap();
}

/// The build failed visibly, with one fault and no second try; what came from the good package is all there.
fn assert_contained(lab: &Lab, said: &(i32, String), message: &str) {
    let (code, err) = said;
    assert_eq!(*code, 1, "{err}");
    assert!(err.contains(message), "stderr lacks `{message}`: {err}");
    assert!(err.contains("is incomplete"), "{err}");
    assert_eq!(lab.sql("select state from builds"), "failed");
    assert_eq!(lab.sql("select kind || ' ' || node from faults"), "source packages");
    assert!(lab.sql("select message from faults").contains(message));
    assert_eq!(
        lab.sql("select origin ->> 'source' || ' ' || (origin ->> 'path') from samples"),
        "pypi:good good/alu.v"
    );
    assert_eq!(lab.sql("select node || ' ' || outcome from outcomes"), "recall keep");
}

/// Builds with an archive that must be refused with these words.
fn refused(archive: &[u8], message: &str) {
    let lab = Lab::new();
    put_wheels(&lab, archive);
    let recipe = two_packages(&lab, &sha256_hex(archive));
    assert_contained(&lab, &build_from(&lab, &recipe, None), message);
}

#[test]
fn a_corrupt_wheel_is_refused() {
    let whole = zip_of(&[("evil/alu.v", &alu().repeat(20))]);
    refused(&whole[..whole.len() / 2], "archive evil 1.0 is corrupt or unsupported");
    let mut bent = whole;
    bent[60..80].fill(0x55);
    refused(&bent, "archive evil 1.0 is corrupt or unsupported");
    refused(b"<html>404</html>", "archive evil 1.0 is corrupt or unsupported");
}

/// A tar header written by hand: writers refuse what a test needs.
fn tar_header(name: &str, kind: u8, link: &str, size: u64) -> Vec<u8> {
    let mut h = [0u8; 512];
    h[..name.len()].copy_from_slice(name.as_bytes());
    h[100..107].copy_from_slice(b"0000644");
    // in base 256: octal ends at 8 GiB
    h[124] = 0x80;
    h[128..136].copy_from_slice(&size.to_be_bytes());
    h[156] = kind;
    h[157..157 + link.len()].copy_from_slice(link.as_bytes());
    h[257..265].copy_from_slice(b"ustar\x0000");
    h[148..156].fill(b' ');
    let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
    h[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    h.to_vec()
}

fn gz(data: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(data).unwrap();
    gz.finish().unwrap()
}

#[test]
fn an_archive_that_leads_out_is_refused() {
    let outside = std::env::temp_dir().join("assay-escaped.v");
    let name = format!("../../../../../../../..{}", outside.display());
    refused(
        &zip_of(&[(&name, &alu()), ("evil/a.v", &alu())]),
        "leads out of the archive",
    );
    refused(&zip_of(&[("/tmp/assay-escaped.v", &alu())]), "absolute path");
    refused(
        &gz(&tar_header("evil/link.v", b'2', "../../etc/passwd", 0)),
        "link out of the archive",
    );
    assert!(!outside.exists());
}

#[test]
fn a_bomb_is_refused_before_it_bursts() {
    // one gibibyte out of one mebibyte
    let zeros = vec![0u8; 64 << 20];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("evil/zeros.v", SimpleFileOptions::default().compression_level(Some(1)))
        .unwrap();
    (0..16).for_each(|_| zip.write_all(&zeros).unwrap());
    refused(
        &zip.finish().unwrap().into_inner(),
        "exceeds the limit on compression ratio",
    );
    // ten gibibytes, said and meant: a gzip stream may consist of many
    let mut bomb = gz(&tar_header("evil/zeros.v", b'0', "", 10 << 30));
    bomb.extend(gz(&zeros).repeat(160));
    refused(&bomb, "exceeds the limit on compression ratio");
    // a size that is a lie
    let mut small = gz(&[tar_header("evil/a.v", b'0', "", u64::MAX / 4), vec![b'x'; 512]].concat());
    refused(&small, "archive evil 1.0 is corrupt or unsupported");
    small.truncate(20);
    refused(&small, "archive evil 1.0 is corrupt or unsupported");
}

/// An index of packages that offers one file under one hash, and may give another.
fn index(offered: &str, file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/simple", listener.local_addr().unwrap());
    let page = format!(
        r#"{{"files": [{{"filename": "evil-1.0-py3-none-any.whl", "url": "/f/evil.whl", "hashes": {{"sha256": "{offered}"}}}}]}}"#
    );
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = [0u8; 4096];
            let n = stream.read(&mut head).unwrap_or(0);
            let body = if head[..n].starts_with(b"GET /f/") {
                file.clone()
            } else {
                page.clone().into_bytes()
            };
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&body);
        }
    });
    url
}

#[test]
fn a_wrong_sha256_is_refused_and_the_right_one_named() {
    let evil = zip_of(&[("evil/alu.v", &alu())]);
    let (real, pinned) = (sha256_hex(&evil), "0".repeat(64));
    // the index gives other bytes than it says
    let lab = Lab::new();
    put_wheels(&lab, b"");
    let recipe = two_packages(&lab, &pinned);
    let said = build_from(&lab, &recipe, Some(&index(&pinned, evil.clone())));
    assert_contained(
        &lab,
        &said,
        &format!("evil 1.0 has sha256 {real}, the recipe pins {pinned}"),
    );
    // the index has another file under this version; the message is what the recipe should say
    let lab = Lab::new();
    put_wheels(&lab, b"");
    let recipe = two_packages(&lab, &pinned);
    let url = index(&real, evil.clone());
    let said = build_from(&lab, &recipe, Some(&url));
    assert_contained(&lab, &said, &format!("evil-1.0-py3-none-any.whl has sha256 {real}"));
    // with it, the same build goes through
    let (code, err) = build_from(&lab, &two_packages(&lab, &real), Some(&url));
    assert_eq!(code, 0, "{err}");
    assert_eq!(lab.sql("select state from builds where id = 2"), "done");
    assert_eq!(
        lab.count("select count(*) from outcomes where build_id = 2 and outcome = 'keep'"),
        2
    );
    // a recipe without a pin is refused before anything runs
    let unpinned = two_packages(&lab, "");
    let (code, err) = build_from(&lab, &unpinned, Some(&url));
    assert_eq!((code, err.contains("sha256")), (2, true), "{err}");
    assert_eq!(lab.count("select count(*) from builds"), 2);
}

/// A recipe over a folder of the lab that ends before anything is executed.
fn cheap(lab: &Lab, folder: &str) -> std::path::PathBuf {
    let text = format!(
        "recipe = 1\nname = \"cheap\"\nseed = 1\n[nodes.files]\nuse = \"source.directory\"\npath = \"{folder}\"\nname = \"x\"\n\
         [nodes.recall]\nuse = \"recall\"\ninput = \"files\"\n[nodes.filter]\nuse = \"filter\"\ninput = \"recall\"\nlicences = [\"MIT\", \"unknown\"]\n\
         [nodes.link]\nuse = \"link\"\ninput = \"filter\"\nlibrary = \"filter\"\n"
    );
    lab.write("cheap.toml", &text)
}

#[test]
fn what_is_no_text_keeps_a_row_and_nothing_else() {
    let lab = Lab::new();
    let rtl = lab.path("rtl");
    std::fs::create_dir(&rtl).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(rtl.join(name), bytes).unwrap();
    let huge = b"module huge; endmodule // padding padding padding padding\n".repeat((50 << 20) / 57);
    put("good.v", &alu());
    put("huge.v", &huge);
    put("latin1.v", b"module latin1; // caf\xe9\nendmodule\n");
    put("nul.v", b"module nul;\0\nendmodule\n");
    put(
        "utf16.v",
        &"module utf16; endmodule\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>(),
    );
    put("empty.v", b"");
    std::os::unix::fs::symlink("/etc/passwd", rtl.join("link.v")).unwrap();
    let (code, err) = ended(&lab.run(&["build", cheap(&lab, "rtl").to_str().unwrap()]));
    assert_eq!(code, 0, "{err}");
    let fates = lab.sql(
        "select concat_ws(' ', origin ->> 'path', outcome, reason, detail ->> 'refused', content is null, metadata ->> 'bytes')
         from outcomes o join samples s on s.id = o.sample_id where node = 'recall' order by 1",
    );
    let huge_fate = format!("huge.v drop not_text too_large t {}", huge.len());
    insta::assert_snapshot!(fates.replace(&huge_fate, "huge.v drop not_text too_large t <size>"), @r"
    empty.v drop no_signal t 0
    good.v keep f 635
    huge.v drop not_text too_large t <size>
    latin1.v drop not_text not_utf8 t 33
    link.v drop not_text link t 0
    nul.v drop not_text binary t 23
    utf16.v drop not_text binary t 48
    ");
    assert_eq!(
        lab.sql("select origin ->> 'sha256' from samples where origin ->> 'path' = 'huge.v'"),
        sha256_hex(&huge)
    );
    assert_eq!(lab.count("select count(*) from faults"), 0);
    assert_eq!(lab.count("select count(*) from contents where text like '%root:%'"), 0);
}

#[test]
fn text_that_is_hard_to_parse_breaks_nothing() {
    let lab = Lab::new();
    let nested = |open: &str, middle: &str, close: &str, n: usize| open.repeat(n) + middle + &close.repeat(n);
    let module = |name: &str, body: &str| {
        format!("module {name}(input wire a, b, output wire y);\nassign y = a;\n{body}\nendmodule\n")
    };
    let write = |name: &str, text: &str| lab.write(&format!("rtl/{name}.v"), text);
    write("good", &String::from_utf8(alu()).unwrap());
    write(
        "parens",
        &module("parens", &format!("wire z = {};", nested("(", "a", ")", 20_000))),
    );
    write(
        "blocks",
        &module("blocks", &format!("initial {}", nested("begin ", ";", " end", 20_000))),
    );
    write(
        "braces",
        &module("braces", &format!("wire z = {};", nested("{1{", "a", "}}", 10_000))),
    );
    write(
        "ternary",
        &module("ternary", &format!("wire z = {} b;", "a ? b : ".repeat(20_000))),
    );
    write("sum", &module("sum", &format!("wire z = a{};", " + b".repeat(50_000))));
    write(
        "ifs",
        &module(
            "ifs",
            &format!("reg r; always @* {} r = a;", "if (a) r = b; else ".repeat(10_000)),
        ),
    );
    write(
        "defines",
        &format!("`define A `B\n`define B `A\n{}", module("defines", "wire z = `A;")),
    );
    write("include", &format!("`include \"include.v\"\n{}", module("include", "")));
    write("open", &format!("module open(input a);\n{}", "/* ".repeat(100_000)));
    write(
        "odd",
        &module(
            "odd",
            "// \u{202e}\u{2028}\u{feff}\u{0}\n".replace('\0', "\u{7f}").as_str(),
        ),
    );
    let (code, err) = ended(&lab.run(&["build", cheap(&lab, "rtl").to_str().unwrap()]));
    assert_eq!(code, 0, "{err}");
    assert_eq!(lab.sql("select state from builds"), "done");
    // every file that entered has its fate, and the good one went all the way
    assert_eq!(lab.count("select count(*) from outcomes where node = 'recall'"), 11);
    assert_eq!(lab.sql("select outcome from outcomes o join samples s on s.id = o.sample_id where node = 'link' and origin ->> 'path' = 'good.v'"), "derive");
    assert_eq!(lab.sql("select kind, message from faults"), "");
}

#[test]
fn modules_that_attack_the_simulation_are_dropped_and_the_host_is_untouched() {
    let lab = Lab::new();
    let rtl = lab.copy_all_rtl("rtl");
    for entry in ["core", "odd"]
        .iter()
        .flat_map(|d| std::fs::read_dir(rtl.join(d)).unwrap().flatten())
    {
        if !["alu.v", "endless.v", "chatter.v", "burglar.v"]
            .iter()
            .any(|n| entry.file_name() == *n)
        {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let (code, err) = ended(&lab.run(&["build", lab.recipe("rtl").to_str().unwrap()]));
    assert_eq!(code, 0, "{err}");
    let fates = lab.sql(
        "select concat_ws(' ', origin ->> 'path', outcome, reason) from outcomes o join samples s on s.id = o.sample_id
         where node = 'tasks' order by 1",
    );
    insta::assert_snapshot!(fates, @r"
    core/alu.v derive
    odd/burglar.v drop simulation_ends_early
    odd/chatter.v drop simulation_too_slow
    odd/endless.v drop simulation_too_slow
    ");
    assert_eq!(lab.count("select count(*) from faults"), 0);
    assert!(lab.count("select count(*) from outcomes where node = 'verify' and outcome = 'pass'") > 0);
    assert!(
        !Path::new("/tmp/assay-burglar").exists(),
        "a simulation wrote to the host"
    );
    assert_eq!(
        lab.count("select count(*) from contents where text like '%root:x:0%'"),
        0
    );
}

#[test]
fn a_folder_that_is_not_there_is_the_recipes_fault_and_an_empty_one_is_not() {
    let lab = Lab::new();
    let recipe = cheap(&lab, "nowhere");
    let (code, err) = ended(&lab.run(&["build", recipe.to_str().unwrap()]));
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("node `files`") && err.contains("nowhere") && err.contains("not found"),
        "{err}"
    );
    std::fs::create_dir(lab.path("nowhere")).unwrap();
    let out = lab.run(&["build", recipe.to_str().unwrap(), "--json"]);
    let (code, err) = ended(&out);
    assert_eq!(code, 0, "{err}");
    let build: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(build["state"], "done");
    assert!(
        build["nodes"].as_array().unwrap().iter().all(|n| n["in"] == 0),
        "{build}"
    );
    // nothing to export is something that fell short, and leaves nothing behind
    let mixture = fixtures().join("recipes/mixture.toml");
    let out = lab.path("out");
    let err = lab.fails(
        1,
        &["export", mixture.to_str().unwrap(), "--out", out.to_str().unwrap()],
    );
    assert!(err.contains("selects no sample"), "{err}");
    assert!(!out.exists());
    // a file where a folder should be
    lab.write("file", "x");
    let (code, err) = ended(&lab.run(&["build", cheap(&lab, "file").to_str().unwrap()]));
    assert_eq!(code, 2, "{err}");
}

/// Runs the program with a file system of its own, of so many bytes, at this folder; `None` where bubblewrap cannot.
fn on_small_disk(lab: &Lab, disk: &Path, bytes: u32, args: &[&str]) -> Option<Output> {
    let bwrap = |program: &str, args: &[&str]| {
        let mut c = Command::new("bwrap");
        c.args([
            "--bind",
            "/",
            "/",
            "--dev-bind",
            "/dev",
            "/dev",
            "--cap-add",
            "ALL",
            "--size",
            &bytes.to_string(),
            "--tmpfs",
        ]);
        c.arg(disk).arg(program).args(args).env("DATABASE_URL", &lab.url);
        c
    };
    if !bwrap("true", &[]).output().is_ok_and(|out| out.status.success()) {
        return None;
    }
    Some(bwrap(crate::lab::ASSAY, args).output().unwrap())
}

#[test]
fn a_full_disk_ends_an_export_cleanly() {
    let b = crate::commands::built();
    let whole = b.lab.export(&b.build, "before_full");
    let disk = b.lab.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mixture = fixtures().join("recipes/mixture.toml");
    let out = disk.join("out");
    let id = b.build["build"].to_string();
    let args = [
        "export",
        mixture.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--build",
        &id,
    ];
    for bytes in [4096, 40_960] {
        let Some(out) = on_small_disk(&b.lab, &disk, bytes, &args) else {
            return skip(
                "a_full_disk_ends_an_export_cleanly",
                "bubblewrap cannot mount a small file system here",
            );
        };
        let (code, err) = ended(&out);
        assert_eq!(code, 3, "{err}");
        assert!(
            err.contains("no space left for") && err.contains("nothing was left in place"),
            "{err}"
        );
        assert!(out.stdout.is_empty());
    }
    // the same with room enough gives the same bytes as ever, and the failed ones left no record
    assert_eq!(b.lab.export(&b.build, "after_full"), whole);
    let kept = b
        .lab
        .count("select count(*) from exports e where not exists (select 1 from shards s where s.export_id = e.id)");
    assert_eq!(kept, 0);
}

fn does(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .output()
        .is_ok_and(|out| out.status.success())
}

/// A folder with a file system of its own that the database may write to; gone when dropped.
struct SmallDisk(String);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let path = format!("/tmp/assay-small-disk-{}", std::process::id());
        std::fs::create_dir(&path).ok()?;
        let disk = SmallDisk(path);
        let space = disk.space();
        let made = does(
            "mount",
            &["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs", &disk.0],
        ) && std::fs::create_dir(&space).is_ok()
            && does("chown", &["postgres", &space]);
        made.then_some(disk)
    }

    fn space(&self) -> String {
        format!("{}/space", self.0)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        does("umount", &["-l", &self.0]);
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_full_disk_under_the_database_is_told_and_the_build_goes_on_later() {
    let name = "a_full_disk_under_the_database_is_told_and_the_build_goes_on_later";
    let Some(disk) = SmallDisk::mount("6m") else {
        return skip(name, "only root can mount a small file system");
    };
    let lab = Lab::new();
    let space = format!("small_{}", std::process::id());
    let make = format!("create tablespace {space} location '{}'", disk.space());
    if !does("psql", &[&lab.url, "-qc", &make]) {
        return skip(
            name,
            "the database in use is not on this machine, or not ours to change",
        );
    }
    let database = lab.sql("select current_database()");
    lab.sql(&format!("alter database {database} set default_tablespace = {space}"));
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    for i in 0..20 {
        let noise: String = (0..20_000).map(|_| format!("// {:016x}\n", dice.next_u64())).collect();
        lab.write(
            &format!("rtl/m{i}.v"),
            &format!("module m{i}(input a, output b);\nassign b = a;\n{noise}endmodule\n"),
        );
    }
    let recipe = cheap(&lab, "rtl");
    let args = ["60", crate::lab::ASSAY, "build", recipe.to_str().unwrap()];
    let out = Command::new("timeout")
        .args(args)
        .env("DATABASE_URL", &lab.url)
        .output()
        .unwrap();
    let (code, err) = ended(&out);
    assert!(code == 1 || code == 3, "{code}: {err}");
    assert!(err.contains("No space left on device"), "{err}");
    assert!(!err.contains("went away"), "{err}");
    assert!(does("mount", &["-o", "remount,size=200m", &disk.0]));
    let (code, err) = ended(&lab.run(&["build", recipe.to_str().unwrap()]));
    assert_eq!(code, 0, "{err}");
    let kept = "select count(*), count(distinct sample_id) from outcomes where node = 'recall' and outcome = 'keep' and build_id = (select max(id) from builds)";
    assert_eq!(lab.sql(kept), "20|20");
    drop(lab);
    Lab::new().sql(&format!("drop tablespace {space}"));
}
