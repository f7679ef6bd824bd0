//! Against real servers, each in a folder of its own.

use super::place::{SOCKET_PATH_MAX, passwd_entry};
use super::probe::judge_error;
use super::*;
use sqlx::{Connection, PgConnection};
use std::sync::Barrier;
use tempfile::TempDir;

/// A state folder whose server is stopped with it, whatever the test's end.
struct State {
    dir: TempDir,
}

impl State {
    fn new() -> State {
        let dir = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .unwrap();
        State { dir }
    }

    fn cluster(&self) -> Cluster {
        Cluster::open(self.dir.path()).unwrap()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = self.cluster().stop();
    }
}

fn postmaster(cluster: &Cluster) -> i32 {
    cluster.pid_file()[0].parse().unwrap()
}

/// Kills as the kernel does for want of memory: no goodbye.
fn kill(pid: i32) {
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
}

async fn query(url: &str, sql: &str) -> i64 {
    let mut db = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap()
}

async fn execute(url: &str, sql: &str) {
    let mut db = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut db).await.unwrap();
}

#[tokio::test]
async fn a_killed_server_comes_back_with_its_data() {
    let state = State::new();
    let cluster = state.cluster();
    assert_eq!(cluster.status(), Status::Absent);
    let url = cluster.ensure().unwrap();
    assert_eq!(cluster.status(), Status::Running);
    execute(&url, "create table t as select generate_series(1, 1000)::bigint as n").await;

    let first = postmaster(&cluster);
    assert_eq!(cluster.ensure().unwrap(), url);
    assert_eq!(postmaster(&cluster), first, "a running server is left alone");

    kill(first);
    assert_eq!(cluster.ensure().unwrap(), url);
    assert_ne!(postmaster(&cluster), first);
    assert_eq!(query(&url, "select sum(n)::bigint from t").await, 500_500);

    assert!(cluster.stop().unwrap());
    assert_eq!(cluster.status(), Status::Stopped);
    assert!(!cluster.stop().unwrap());
    cluster.ensure().unwrap();
    assert_eq!(query(&url, "select count(*) from t").await, 1000);
}

#[tokio::test]
async fn it_outlives_its_starter_and_keeps_others_out() {
    let state = State::new();
    let cluster = state.cluster();
    let url = cluster.ensure().unwrap();
    let pid = postmaster(&cluster);
    // A session of its own: a signal to our group or terminal never reaches it.
    assert_eq!(unsafe { libc::getsid(pid) }, pid);
    let folder = fs::metadata(&cluster.socket_dir).unwrap();
    assert_eq!((folder.mode() & 0o777, folder.uid()), (0o700, cluster.owner.uid));
    assert_eq!(
        query(
            &url,
            "select count(*) from pg_settings where name = 'listen_addresses' and setting = ''"
        )
        .await,
        1
    );
    assert_eq!(
        query(&url, "select count(*) from pg_hba_file_rules where type <> 'local'").await,
        0
    );
    assert_eq!(
        query(
            &url,
            "select count(*) from pg_settings where name = 'fsync' and setting = 'on'"
        )
        .await,
        1
    );
    assert_eq!(
        query(&url, "select count(*) from pg_file_settings where error is not null").await,
        0
    );
}

#[tokio::test]
async fn a_stale_pid_file_with_a_living_number_does_not_matter() {
    let state = State::new();
    let cluster = state.cluster();
    let url = cluster.ensure().unwrap();
    kill(postmaster(&cluster));
    while cluster.alive() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // The number now belongs to a process of the same user, which Postgres by itself takes for a server.
    let mut other = Command::new("sleep");
    other.arg("600");
    if cluster.owner.uid != euid() {
        other.uid(cluster.owner.uid).gid(cluster.owner.gid);
    }
    let mut other = other.spawn().unwrap();
    let mut lines = cluster.pid_file();
    lines[0] = other.id().to_string();
    cluster
        .owner
        .put(&cluster.data().join("postmaster.pid"), &lines.join("\n"))
        .unwrap();
    let again = cluster.ensure();
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(again.unwrap(), url);
    assert_eq!(query(&url, "select 1::bigint").await, 1);
}

#[tokio::test]
async fn a_swept_socket_is_made_anew() {
    let state = State::new();
    let cluster = state.cluster();
    let url = cluster.ensure().unwrap();
    fs::remove_file(cluster.socket()).unwrap();
    cluster.ensure().unwrap();
    assert_eq!(query(&url, "select 1::bigint").await, 1);
}

#[test]
fn many_starters_make_one_server() {
    let state = State::new();
    // What an interrupted creation leaves behind.
    fs::create_dir_all(state.dir.path().join("postgres/data.new/base")).unwrap();
    let barrier = Barrier::new(4);
    let ensure = || {
        let cluster = state.cluster();
        barrier.wait();
        cluster.ensure().unwrap();
        postmaster(&cluster)
    };
    let pids: Vec<i32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ensure)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    assert!(!state.dir.path().join("postgres/data.new").exists());
}

#[test]
fn a_long_path_gets_a_short_private_socket() {
    let owner = Owner { uid: euid(), gid: 0 };
    let short = Path::new("/var/lib/assay/postgres");
    assert_eq!(socket_dir(short, owner), short.join("run"));
    let long = PathBuf::from(format!("/{}/postgres", "x".repeat(90)));
    let dir = socket_dir(&long, owner);
    assert!(
        dir.join(".s.PGSQL.5432").as_os_str().len() <= SOCKET_PATH_MAX,
        "{}",
        dir.display()
    );
    assert_ne!(dir, socket_dir(&long.join("other"), owner));
}

#[test]
fn state_is_decided_without_making_anything() {
    let found = state_dir();
    assert!(found.is_absolute());
    match std::env::var_os("ASSAY_STATE") {
        Some(set) => assert_eq!(found, resolve(Path::new(&set))),
        None if euid() == 0 => assert_eq!(found, Path::new("/var/lib/assay")),
        None => assert!(found.ends_with("assay") || found.join(".").exists()),
    }
    assert_eq!(resolve(Path::new("/nonexistent/../x")), Path::new("/nonexistent/../x"));
}

#[test]
fn a_planted_socket_folder_is_refused() {
    let state = State::new();
    let (owner, dir) = (Owner { uid: euid(), gid: 0 }, state.dir.path().join("run"));
    std::os::unix::fs::symlink("/tmp", &dir).unwrap();
    assert!(matches!(owner.make_private(&dir), Err(ClusterError::Socket(..))));
    fs::remove_file(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(owner.make_private(&dir), Err(ClusterError::Socket(..))));
}

#[test]
fn programs_fit_the_data() {
    let state = State::new();
    let (data, debian) = (state.dir.path().join("data"), state.dir.path().join("debian"));
    let find = || find_programs(&data, &debian, OsStr::new("/nonexistent"));
    assert_eq!(
        find().unwrap_err().to_string(),
        "postgres isn't installed: run `make setup`, or set DATABASE_URL to a server of your own"
    );
    for version in ["9", "14", "15", "old"] {
        fs::create_dir_all(debian.join(version).join("bin")).unwrap();
        for program in ["initdb", "pg_ctl", "postgres"] {
            fs::write(debian.join(version).join("bin").join(program), "").unwrap();
        }
    }
    assert_eq!(find().unwrap(), debian.join("15/bin"));
    fs::create_dir(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "14\n").unwrap();
    assert_eq!(find().unwrap(), debian.join("14/bin"));
    fs::write(data.join("PG_VERSION"), "16\n").unwrap();
    assert!(
        find()
            .unwrap_err()
            .to_string()
            .starts_with("postgres 16 isn't installed")
    );
}

#[test]
fn answers_of_a_server_are_told_apart() {
    let error = |code: &str| judge_error(format!("SFATAL\0C{code}\0Mno such thing\0\0").as_bytes());
    assert_eq!(error("57P03"), Probe::Starting);
    assert_eq!(error("53300"), Probe::Ready);
    assert_eq!(error("3D000"), Probe::Refused("no such thing".into()));
    assert_eq!(judge_error(b""), Probe::Refused(String::new()));
    assert_eq!(probe(Path::new("/nonexistent/socket")), Probe::Absent);
}

#[test]
fn small_readers() {
    let passwd =
        "root:x:0:0:root:/root:/bin/bash\npostgresql:x:7:7::/:\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
    let owner = passwd_entry(passwd, "postgres").unwrap();
    assert_eq!((owner.uid, owner.gid), (101, 104));
    assert!(passwd_entry("postgres:x:a:b", "postgres").is_none());
    assert_eq!(percent_encode(b"/tmp/a b&c%"), "/tmp/a%20b%26c%25");
    assert_eq!(last_lines("a\n\n b \nc\nd\n"), "b; c; d");
}
