//! A scratch database on the cluster in use, a scratch folder, and the program itself.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub const ASSAY: &str = env!("CARGO_BIN_EXE_assay");
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The cluster that the tests make their databases in.
fn cluster_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let out = Command::new(ASSAY)
            .args(["db", "start"])
            .output()
            .expect("the program runs");
        assert!(
            out.status.success(),
            "no database: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8_lossy(&out.stdout).trim().to_string()
    })
}

/// The same cluster, another database.
fn url_of(database: &str) -> String {
    let url = cluster_url();
    let (head, query) = url.split_once('?').unwrap_or((url, ""));
    let head = head.rsplit_once('/').map_or(head, |(h, _)| h);
    format!("{head}/{database}{}{query}", if query.is_empty() { "" } else { "?" })
}

fn psql(url: &str, sql: &str) -> String {
    let out = Command::new("psql")
        .args([url, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .output()
        .expect("psql runs");
    assert!(out.status.success(), "{sql}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim_end().to_string()
}

/// A place of its own for one test; gone with it.
pub struct Lab {
    pub url: String,
    pub dir: tempfile::TempDir,
    database: String,
}

impl Lab {
    pub fn new() -> Lab {
        static N: AtomicU32 = AtomicU32::new(0);
        let database = format!("test_{}_{}", std::process::id(), N.fetch_add(1, Ordering::Relaxed));
        psql(cluster_url(), &format!("create database {database}"));
        Lab {
            url: url_of(&database),
            dir: tempfile::tempdir().expect("a temporary folder"),
            database,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder is made");
        std::fs::write(&path, text).expect("the file is written");
        path
    }

    /// The program on this lab's database.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new(ASSAY);
        c.args(args)
            .env("DATABASE_URL", &self.url)
            .current_dir(ROOT)
            .stdin(Stdio::null());
        c
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// Runs a command that must succeed; its stdout.
    pub fn ok(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert!(
            out.status.success(),
            "assay {args:?}: {}\n{}",
            out.status,
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).expect("stdout is text")
    }

    /// Runs a command that must fail with this code; its stderr.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let out = self.run(args);
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "assay {args:?}: {err}");
        err
    }

    pub fn sql(&self, sql: &str) -> String {
        psql(&self.url, sql)
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.sql(sql).parse().expect("a number")
    }

    /// Builds a recipe; the JSON of its end and what was said on stderr.
    pub fn build(&self, recipe: &Path) -> (Value, String) {
        let out = self.run(&["build", recipe.to_str().expect("a plain path"), "--json"]);
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "build: {}\n{err}", out.status);
        let last = String::from_utf8_lossy(&out.stdout)
            .lines()
            .last()
            .unwrap_or_default()
            .to_string();
        (serde_json::from_str(&last).expect("one JSON object"), err)
    }

    /// Starts the program in a process group of its own, to be killed whole.
    pub fn spawn(&self, args: &[&str], env: &[(&str, &str)]) -> Child {
        use std::os::unix::process::CommandExt;
        let mut c = self.command(args);
        c.envs(env.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        c.spawn().expect("the program runs")
    }

    /// Copies the test modules into the lab, but for the two that run into their time limits.
    pub fn copy_rtl(&self, to: &str) -> PathBuf {
        let target = self.copy_all_rtl(to);
        for slow in ["odd/endless.v", "odd/chatter.v"] {
            std::fs::remove_file(target.join(slow)).expect("the file is there");
        }
        target
    }

    /// Copies all test modules into the lab.
    pub fn copy_all_rtl(&self, to: &str) -> PathBuf {
        let target = self.path(to);
        copy_tree(&fixtures().join("rtl"), &target);
        target
    }

    /// The small recipe over a folder of this lab.
    pub fn recipe(&self, folder: &str) -> PathBuf {
        let text = std::fs::read_to_string(fixtures().join("recipes/small.toml")).expect("the recipe is there");
        self.write("small.toml", &text.replace("../rtl", folder))
    }

    /// Everything that a build decided, as text without anything that may differ between two runs.
    pub fn ledger(&self, build: &Value) -> String {
        let id = &build["build"];
        self.sql(&format!(
            "select node, sample_id, outcome, coalesce(reason, ''), detail from outcomes where build_id = {id} order by 1, 2"
        ))
    }

    /// Exports the build into a folder and returns all its files as (path, sha256).
    pub fn export(&self, build: &Value, out: &str) -> Vec<(String, String)> {
        let mixture = fixtures().join("recipes/mixture.toml");
        let dir = self.path(out);
        self.ok(&[
            "export",
            mixture.to_str().unwrap(),
            "--out",
            dir.to_str().unwrap(),
            "--build",
            &build["build"].to_string(),
        ]);
        digest_tree(&dir)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.database);
        let _ = Command::new("psql")
            .args([cluster_url(), "-XAtq", "-c", &drop])
            .output();
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(ROOT).join("tests/fixtures")
}

pub fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is made");
    for entry in std::fs::read_dir(from).expect("the folder is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}

pub fn digest_tree(dir: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(at) = todo.pop() {
        for entry in std::fs::read_dir(&at).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                found.push((
                    name,
                    assay::model::sha256_hex(&std::fs::read(&path).expect("the file is read")),
                ));
            }
        }
    }
    found.sort();
    found
}

/// Kills a whole process group.
pub fn kill_group(child: &mut Child) {
    // the group's id is the child's pid: it was made its leader
    unsafe { libc::kill(-(child.id() as i32), libc::SIGKILL) };
    let _ = child.wait();
}

pub fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..600 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("waited 60 s for {what}");
}
