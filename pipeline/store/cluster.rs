//! The Postgres that assay runs for you where no `DATABASE_URL` is given.
//!
//! There is one cluster per state folder. It is reached only through a Unix socket inside a folder that nobody
//! else can enter, never over TCP. It lives in a session of its own and so outlives the command that started it,
//! whatever kills that; if it was killed itself, the next command starts it again and waits for its recovery.
//!
//! Postgres needs its own programs: this file starts them, which otherwise only `sandboxes/` and the sinks may do.

mod place;
mod probe;
#[cfg(test)]
mod tests;

pub use place::state_dir;
use place::{Owner, euid, find_programs, resolve, socket_dir};
use probe::{Probe, probe};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The bootstrap superuser and the database, both of this name.
const NAME: &str = "assay";
/// Names the socket only; no port is opened.
const PORT: u16 = 5432;
/// How long start and crash recovery may take, seconds.
const START_LIMIT_S: u64 = 300;
/// A log larger than this is set aside at the next start, bytes.
const LOG_MAX: u64 = 16 << 20;

/// Settings, written anew at each start. Durability stays at its defaults (`fsync`, `synchronous_commit` on): a
/// finished batch survives a power cut. The log never shows a row's or a statement's text. No JIT: our queries are
/// short, and compiling one costs more than running it.
const SETTINGS: &str = "\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 50
shared_buffers = 256MB
max_wal_size = 2GB
wal_compression = lz4
default_toast_compression = lz4
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_error_verbosity = terse
log_min_error_statement = panic
";

/// Why there is no local Postgres.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("postgres {0}isn't installed: run `make setup`, or set DATABASE_URL to a server of your own")]
    NotInstalled(String),
    #[error("there is no user `postgres` to run the database as (it refuses root): run `make setup`")]
    NoUser,
    #[error(
        "{0} is closed to the user `postgres`, which must pass through it: set ASSAY_STATE to a folder such as /var/lib/assay"
    )]
    Closed(PathBuf),
    #[error("{0} isn't a private folder of uid {1}: remove it, or set ASSAY_STATE to a folder with a shorter path")]
    Socket(PathBuf, u32),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{program} failed: {message} (log: {})", log.display())]
    Failed {
        program: &'static str,
        message: String,
        log: PathBuf,
    },
    #[error("postgres wasn't ready after {START_LIMIT_S} s: see {}", .0.display())]
    TimedOut(PathBuf),
}

type Result<T> = std::result::Result<T, ClusterError>;

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T> {
    result.map_err(|source| ClusterError::Io {
        path: path.into(),
        source,
    })
}

/// Whether the cluster runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has never been started here.
    Absent,
    Stopped,
    /// It is starting, recovering or stopping.
    Busy,
    Running,
}

/// The local cluster of one state folder.
pub struct Cluster {
    /// `STATE/postgres`: holds `data`, `run` (the socket), `postgres.log` and `lock`.
    root: PathBuf,
    socket_dir: PathBuf,
    /// The folder with Postgres's programs.
    bin: PathBuf,
    owner: Owner,
}

impl Cluster {
    /// The cluster of a state folder (see [`state_dir`]), whether it exists or not; makes the folder, starts nothing.
    pub fn open(state_dir: &Path) -> Result<Cluster> {
        at(state_dir, fs::create_dir_all(state_dir))?;
        let root = resolve(state_dir).join("postgres");
        let owner = Owner::find()?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let bin = find_programs(&root.join("data"), Path::new("/usr/lib/postgresql"), &path)?;
        Ok(Cluster {
            socket_dir: socket_dir(&root, owner),
            root,
            bin,
            owner,
        })
    }

    /// Creates the cluster if there is none, starts it if it doesn't run, waits until it answers, and returns its URL.
    /// Safe to call from many processes at once. Blocks: milliseconds if it runs already, seconds otherwise.
    pub fn ensure(&self) -> Result<String> {
        if let Probe::Ready = probe(&self.socket()) {
            return Ok(self.url());
        }
        self.make_folders()?;
        let _lock = self.lock()?;
        if !self.data().join("PG_VERSION").exists() {
            self.create()?;
        }
        let until = Instant::now() + Duration::from_secs(START_LIMIT_S);
        loop {
            match probe(&self.socket()) {
                Probe::Ready => return Ok(self.url()),
                Probe::Refused(message) => return Err(self.failed("postgres", message)),
                Probe::Absent if !self.alive() => self.start()?,
                // Somebody swept the socket's folder: only a restart makes it anew.
                Probe::Absent if self.says_ready() && !self.socket().exists() => self.halt()?,
                Probe::Absent | Probe::Starting => std::thread::sleep(Duration::from_millis(50)),
            }
            if Instant::now() > until {
                return Err(ClusterError::TimedOut(self.log()));
            }
        }
    }

    /// Stops it cleanly; returns false if it did not run.
    pub fn stop(&self) -> Result<bool> {
        if !self.root.exists() {
            return Ok(false);
        }
        let _lock = self.lock()?;
        let alive = self.alive();
        if alive {
            self.halt()?;
        }
        Ok(alive)
    }

    pub fn status(&self) -> Status {
        match probe(&self.socket()) {
            Probe::Ready => Status::Running,
            _ if self.alive() => Status::Busy,
            _ if self.data().exists() => Status::Stopped,
            _ => Status::Absent,
        }
    }

    /// Understood by sqlx and by libpq (`psql URL`); says everything, so that no `PG…` variable can bend it.
    pub fn url(&self) -> String {
        let dir = percent_encode(self.socket_dir.as_os_str().as_encoded_bytes());
        format!("postgres://{NAME}@localhost:{PORT}/{NAME}?host={dir}&sslmode=disable")
    }

    fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// What Postgres wrote about itself.
    pub fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{PORT}"))
    }

    fn make_folders(&self) -> Result<()> {
        at(&self.root, fs::create_dir_all(&self.root))?;
        at(
            &self.root,
            fs::set_permissions(&self.root, fs::Permissions::from_mode(0o711)),
        )?;
        if self.owner.uid != euid() {
            let closed = self
                .root
                .ancestors()
                .find(|dir| fs::metadata(dir).is_ok_and(|m| m.mode() & 0o001 == 0));
            closed.map_or(Ok(()), |dir| Err(ClusterError::Closed(dir.into())))?;
        }
        self.owner.make_private(&self.socket_dir)
    }

    /// Held until dropped; the kernel lets go of it if we are killed.
    fn lock(&self) -> Result<File> {
        let path = self.root.join("lock");
        let file = at(
            &path,
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path),
        )?;
        // SAFETY: the descriptor is open, `file` owns it.
        while unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } != 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return at(&path, Err(error));
            }
        }
        Ok(file)
    }

    /// Built beside its place and then moved there, so that a half-made cluster is never taken for one.
    fn create(&self) -> Result<()> {
        let fresh = self.root.join("data.new");
        if fresh.exists() {
            at(&fresh, fs::remove_dir_all(&fresh))?;
        }
        self.owner.make_private(&fresh)?;
        let (user, dir) = (format!("--username={NAME}"), fresh.as_os_str());
        // Locale C: text sorts by its bytes, the same on every machine.
        let how = [
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
            &user,
            "--pgdata",
        ];
        self.run("initdb", how.iter().map(OsStr::new).chain([dir]), "")?;
        let conf = fresh.join("postgresql.conf");
        let stock = at(&conf, fs::read_to_string(&conf))?;
        self.owner.put(&conf, &format!("{stock}\ninclude = 'assay.conf'\n"))?;
        self.owner.put(&fresh.join("assay.conf"), &self.settings())?;
        self.owner.put(&fresh.join("pg_hba.conf"), "local all all trust\n")?;
        let single = ["--single", "-c", "exit_on_error=true", "-D"].map(OsStr::new);
        let sql = format!("create database {NAME}\n");
        self.run(
            "postgres",
            single.into_iter().chain([dir, OsStr::new("postgres")]),
            &sql,
        )?;
        at(&fresh, fs::rename(&fresh, self.data()))
    }

    fn settings(&self) -> String {
        let dir = self.socket_dir.to_string_lossy().replace('\'', "''");
        format!("# Written by assay at each start.\nport = {PORT}\nunix_socket_directories = '{dir}'\n{SETTINGS}")
    }

    /// Starts a server that isn't there, through `pg_ctl`, which puts it into a session of its own.
    fn start(&self) -> Result<()> {
        self.bury()?;
        self.owner.put(&self.data().join("assay.conf"), &self.settings())?;
        self.turn_log()?;
        let (limit, data, log) = (START_LIMIT_S.to_string(), self.data(), self.log());
        let how = ["start", "--silent", "--wait", "--timeout", &limit, "--pgdata"].map(OsStr::new);
        let rest = [data.as_os_str(), OsStr::new("--log"), log.as_os_str()];
        match self.run("pg_ctl", how.into_iter().chain(rest), "") {
            // Orphans of a killed server still hold its shared memory; they go away within moments.
            Err(_) if self.log_tail().contains("shared memory block") => {
                std::thread::sleep(Duration::from_millis(200));
                Ok(())
            }
            Err(_) => Err(self.failed("postgres", self.log_tail())),
            Ok(()) => Ok(()),
        }
    }

    fn halt(&self) -> Result<()> {
        let data = self.data();
        let how = ["stop", "--silent", "--wait", "--mode=fast", "--pgdata"].map(OsStr::new);
        self.run("pg_ctl", how.into_iter().chain([data.as_os_str()]), "")
    }

    /// The lines of `postmaster.pid`: first the process, eighth what it says of itself.
    fn pid_file(&self) -> Vec<String> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Whether the process in `postmaster.pid` is a server over our data, and not a later one with its number. A
    /// dead process that nobody has reaped has an empty command line.
    fn alive(&self) -> bool {
        let pid = self.pid_file().first().and_then(|pid| pid.parse::<u32>().ok());
        let command = pid
            .and_then(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok())
            .unwrap_or_default();
        command
            .split(|byte| *byte == 0)
            .any(|arg| arg == self.data().as_os_str().as_encoded_bytes())
    }

    fn says_ready(&self) -> bool {
        self.pid_file().get(7).is_some_and(|state| state == "ready")
    }

    /// Clears what a killed server left behind and a new one would stumble over if the old process number is taken, be
    /// it by a corpse that nobody has reaped. Of `postmaster.pid` only the number is made impossible: by the rest of it
    /// Postgres still makes sure that no orphan writes to the data. The socket's folder is ours alone.
    fn bury(&self) -> Result<()> {
        let mut lines = self.pid_file();
        if self.alive() {
            return Ok(());
        }
        for left in [self.socket(), self.socket().with_extension(format!("{PORT}.lock"))] {
            if left.exists() {
                at(&left, fs::remove_file(&left))?;
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        lines[0] = i32::MAX.to_string();
        self.owner
            .put(&self.data().join("postmaster.pid"), &(lines.join("\n") + "\n"))
    }

    fn turn_log(&self) -> Result<()> {
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|m| m.len() > LOG_MAX) {
            at(&log, fs::rename(&log, log.with_extension("log.old")))?;
        }
        at(
            &log,
            OpenOptions::new().create(true).append(true).mode(0o600).open(&log),
        )?;
        at(&log, chown(&log, Some(self.owner.uid), Some(self.owner.gid)))
    }

    /// The last lines of the log, on one line.
    fn log_tail(&self) -> String {
        let text = fs::read(self.log()).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]))
    }

    fn failed(&self, program: &'static str, message: String) -> ClusterError {
        ClusterError::Failed {
            program,
            message,
            log: self.log(),
        }
    }

    /// Runs one of Postgres's programs to its end, as the owner, with nothing of our environment.
    fn run<'a>(&self, program: &'static str, args: impl Iterator<Item = &'a OsStr>, stdin: &str) -> Result<()> {
        let path = self.bin.join(program);
        let mut command = Command::new(&path);
        command
            .args(args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
            .current_dir(&self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.owner.uid != euid() {
            command.gid(self.owner.gid).uid(self.owner.uid);
        }
        let private = || {
            // SAFETY: umask cannot fail and is async-signal-safe.
            let _ = unsafe { libc::umask(0o077) };
            Ok(())
        };
        // SAFETY: all that the closure does is safe between fork and exec.
        unsafe { command.pre_exec(private) };
        let mut child = at(&path, command.spawn())?;
        if let Some(mut pipe) = child.stdin.take() {
            // A program that ends without reading tells its reason below.
            let _ = pipe.write_all(stdin.as_bytes());
        }
        let output = at(&path, child.wait_with_output())?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        Err(self.failed(program, last_lines(&text)))
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

fn percent_encode(bytes: &[u8]) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b);
    bytes
        .iter()
        .map(|&b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
