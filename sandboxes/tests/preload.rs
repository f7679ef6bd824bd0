//! Scripts in a preloaded interpreter: they come to what they would come to in an interpreter of their own, and no two
//! of them can reach each other or the parent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use common::{log, step};
use sandboxes::hostile::{self, Outcome};
use sandboxes::{
    Completion, Ended, ImageInfo, Job, JobFile, Limits, Namespaces, Options, RunFuture, Runtime, SandboxError, Status,
    Step, Tier, When, images,
};

/// Held by every test: some of them look at all processes of this one.
static ALONE: Mutex<()> = Mutex::const_new(());

fn state_dir() -> PathBuf {
    static STATE: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let state = common::state_dir();
        images::build("cadquery", &state, &|line| eprintln!("{line}")).expect("image");
        state
    };
    STATE.get_or_init(find).clone()
}

fn open(slots: u32) -> Namespaces {
    let options = Options {
        state_dir: state_dir(),
        slots,
        allow_weaker: None,
    };
    Namespaces::open(options).expect("sandbox")
}

/// A job of Python scripts, each a step named after its file.
fn scripts(files: &[(&str, &str)]) -> Job {
    let run = |(path, _): &(&str, &str)| {
        let name = path.split('.').next().unwrap_or(path);
        step(
            name,
            &["python3", &format!("in/{path}"), "argument", "two words"],
            When::Always,
        )
    };
    job(files, files.iter().map(run).collect())
}

fn script(text: &str) -> Job {
    scripts(&[("script.py", text)])
}

fn job(files: &[(&str, &str)], steps: Vec<Step>) -> Job {
    let files = files.iter().map(|(path, content)| JobFile {
        path: path.to_string(),
        content: content.to_string(),
    });
    Job {
        sandbox: "cadquery".into(),
        files: files.collect(),
        steps,
        limits: Limits::default(),
    }
}

fn only(completion: &Completion) -> (Status, String) {
    (completion.steps[0].status.clone(), log(completion, 0))
}

/// Scripts whose every trace must be the same in a forked child as in a fresh interpreter.
const CORPUS: &[&str] = &[
    "print('hello')",
    "import sys; print(sys.argv, sys.orig_argv, sys.path, __file__, __name__, sorted(globals()), sys.flags.isolated)",
    "import sys; print('out'); print('err', file=sys.stderr); sys.stdout.write('no newline')",
    "import sys; print('before'); sys.exit(3)",
    "import sys; print('before'); sys.exit('a message')",
    "import sys; sys.exit(-1)",
    "import sys; sys.exit()",
    "raise SystemExit(300)",
    "print('before'); 1/0",
    "def f(): raise ValueError('x')\ntry:\n    f()\nexcept ValueError as e:\n    raise KeyError('y') from e",
    "def f(:\n",
    "print('tab')\n\tprint('x')",
    "raise KeyboardInterrupt",
    "import os; os.kill(os.getpid(), 11)",
    "import os; print('lost'); os._exit(9)",
    "import os; os.abort()",
    "import ctypes; ctypes.string_at(0)",
    "f = open('left-open.txt', 'w'); f.write('text'); g = [f]\ndef h(): return g",
    "import atexit; atexit.register(print, 'at exit'); print('first')",
    "import threading, time\ndef f():\n    time.sleep(0.1); print('thread')\nthreading.Thread(target=f).start(); print('main')",
    "class C:\n    def __del__(self): print('deleted', name)\nname = 'x'\nc = C()\nprint('end')",
    "import os; print(sorted(os.environ.items()), os.getcwd(), os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.umask(0), os.uname().nodename)",
    "import os\nfor n in range(1024):\n    try:\n        print(n, oct(os.fstat(n).st_mode))\n    except OSError:\n        pass\nprint(os.open('/dev/null', 0))",
    "import resource\nprint([(n, resource.getrlimit(n)) for n in range(16)])",
    "import signal\nprint([(n, signal.getsignal(n)) for n in range(1, 32)], signal.pthread_sigmask(signal.SIG_BLOCK, []))",
    "import os\nprint(sorted(os.listdir('/')), sorted(os.listdir('/job')), os.listdir('/tmp'), os.listdir('/dev'), os.stat('/job').st_uid, os.stat('/job/in/script.py').st_uid)\nprint(os.statvfs('/').f_flag, os.statvfs('/').f_blocks, os.statvfs('/job').f_blocks, os.statvfs('/tmp').f_files)",
    "import os, subprocess\nprint(subprocess.run(['sh', '-c', 'echo child; id; trap; kill -PIPE $$'], capture_output=True))\nprint(os.getpid())",
    "import ctypes\nlibc = ctypes.CDLL(None)\nfor option in (3, 7, 21, 27, 39, 47):\n    print(option, libc.prctl(option, 0, 0, 0, 0))\nprint([libc.prctl(23, n, 0, 0, 0) for n in range(41)], libc.personality(0xffffffff))\nb = (ctypes.c_uint32 * 6)(); h = (ctypes.c_uint32 * 2)(0x20080522, 0)\nprint(libc.capget(h, b), list(b))",
    "import sys; print(sys.stdin.read(), sys.stdin.fileno(), sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors, sys.stdout.line_buffering, sys.stdout.buffer.raw)\nfor s in (sys.stdout, sys.stderr):\n    print(s, s.isatty())",
    "import gc, random, sys\nprint(gc.isenabled(), gc.get_threshold(), sys.getrecursionlimit(), len(sys.path_hooks))\nprint(random.random() != random.random())",
    "import warnings; warnings.warn('careful', DeprecationWarning)\nimport sys; print(sys.warnoptions)",
    "import helper",
    "import sys; sys.stdout.close()",
    "import sys; sys.stdout = None; print('nothing')",
    "import sys\nclass W:\n    def write(self, text): pass\n    def __repr__(self): return 'W'\nsys.stdout = W()\nprint('x')",
    "import sys; sys.excepthook = lambda *a: print('hooked', a[0]); raise RuntimeError('z')",
    "def f(n): return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError as e: print(e)",
    "import os\nfor n in range(20000): print('a line of text', n)\nos.write(2, b'in between\\n')\nfor n in range(20000): print(n)",
    "# -*- coding: latin-1 -*-\nprint('caf\\u00e9')",
    "import multiprocessing as m\nif __name__ == '__main__':\n    c = m.get_context('fork')\n    p = c.Process(target=print, args=('in a process',)); p.start(); p.join(); print(p.exitcode)",
    "import pickle\nclass C: pass\nprint(pickle.loads(pickle.dumps(C())).__class__, __spec__, type(__loader__), __loader__.path, __package__, __doc__)",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_comes_to_the_same_preloaded_or_not() {
    let _alone = ALONE.lock().await;
    // As `nohup` leaves it to what it starts.
    // SAFETY: plain system call.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    let (forked, plain) = (open(1), open(1).without_preload());
    let mut wrong = Vec::new();
    for text in CORPUS {
        let mut job = script(text);
        job.steps.push(step(
            "after",
            &["sh", "-c", "ls -lan --time-style=+ /job /tmp; cat *.txt"],
            When::Always,
        ));
        job.files.push(JobFile {
            path: "helper.py".into(),
            content: "print('helped', __name__, __file__)\n".into(),
        });
        let (one, two) = (forked.run(&job).await.unwrap(), plain.run(&job).await.unwrap());
        assert_eq!(
            (one.tier.as_str(), two.tier.as_str()),
            ("namespaces+cgroup+fork", "namespaces+cgroup")
        );
        if (&one.steps, one.ended) != (&two.steps, two.ended) {
            let show = |done: &Completion| (done.ended, only(done), log(done, 1));
            wrong.push(format!("{text}\n  forked {:?}\n  plain  {:?}", show(&one), show(&two)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a script could do to its siblings, to the parent or to the next script, if it could.
const VANDAL: &str = r#"
import builtins, ctypes, gc, json, os, signal, sys
json.dumps = builtins.sorted = lambda *a: 'tampered'
sys.modules['decimal'] = None
# The memory that it shares with its siblings until it writes: the text of a function's code.
code = json.loads.__code__.co_code
ctypes.memset(id(code) + bytes.__basicsize__ - 1, 0, 16)
for pid in [0, *range(2, 5000)]:
    try:
        if pid != os.getpid() and pid: os.kill(pid, signal.SIGKILL)
    except OSError: pass
for n in range(3, 1024):
    try: os.write(n, b'pwned\n')
    except OSError: pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: open('/job/alive', 'a').write('x')
    os._exit(0)
print('vandal done', flush=True)
os.kill(os.getpid(), signal.SIGSEGV)
"#;

const WITNESS: &str = "
import json, decimal, time
for _ in range(20):
    assert json.loads(json.dumps([1, sorted('ba')[1] == 'b' and 2])) == [1, 2], 'tampered'
    assert decimal.Decimal('0.1') * 3 == decimal.Decimal('0.3')
    time.sleep(0.01)
print('undisturbed')
";

fn undisturbed(completion: &Completion) {
    assert_eq!(
        only(completion),
        (Status::Exit(0), "undisturbed\n".into()),
        "{completion:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_reaches_no_other() {
    let _alone = ALONE.lock().await;
    let runtime = open(3);
    let mut vandal = script(VANDAL);
    let still = "a=$(wc -c <alive); sleep 0.1; [ \"$a\" = \"$(wc -c <alive)\" ]";
    vandal.steps.push(step("later", &["sh", "-c", still], When::Always));
    let mut hang = script("while True: pass");
    hang.limits.cpu_ms = 500;
    let witness = script(WITNESS);
    for _ in 0..3 {
        let (one, two, three) = tokio::join!(runtime.run(&vandal), runtime.run(&witness), runtime.run(&hang));
        let (one, two, three) = (one.unwrap(), two.unwrap(), three.unwrap());
        assert_eq!(only(&one), (Status::Signal(11), "vandal done\n".into()));
        assert_eq!(one.steps[1].status, Status::Exit(0), "something of it lived on");
        undisturbed(&two);
        assert_eq!(
            (three.ended, &three.steps[0].status),
            (Some(Ended::CpuTime), &Status::Killed)
        );
        undisturbed(&runtime.run(&witness).await.unwrap());
    }
}

/// Looks through all of its memory, page by page.
const SEARCH: &str = r#"
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
end = libc.sbrk(0)
# Backwards, so that it does not find itself.
needle = b'BOJ-REHTONA-FO-TERCES'
back, out = os.pipe()
found = pages = 0
for first, last in ((0x555555000000, end), (0x7fffc0000000, 0x7ffffffff000)):
    for page in range(first & ~4095, last, 4096):
        if libc.write(out, ctypes.c_void_p(page), 4096) == 4096:
            pages += 1
            found += os.read(back, 4096)[::-1].count(needle)
print(found, pages > 1000)
"#;

#[tokio::test]
async fn a_child_knows_nothing_of_other_jobs() {
    let _alone = ALONE.lock().await;
    let runtime = open(2);
    let mut secret = script("import sys, time; print(sys.argv[-1]); time.sleep(1)\n# SECRET-OF-ANOTHER-JOB");
    secret.steps[0].argv.push("SECRET-OF-ANOTHER-JOB".into());
    let mut search = script(SEARCH);
    search.limits.cpu_ms = 60_000;
    let (told, found) = tokio::join!(runtime.run(&secret), runtime.run(&search));
    assert!(only(&told.unwrap()).1.contains("SECRET-OF-ANOTHER-JOB"));
    assert_eq!(only(&found.unwrap()), (Status::Exit(0), "0 True\n".into()));
    assert_eq!(only(&runtime.run(&search).await.unwrap()).1, "0 True\n");
    // It would find its own.
    search.steps[0].argv.push("SECRET-OF-ANOTHER-JOB".into());
    assert_ne!(only(&runtime.run(&search).await.unwrap()).1, "0 True\n");
}

#[tokio::test]
async fn steps_keep_to_their_order_and_their_own_logs() {
    let _alone = ALONE.lock().await;
    let runtime = open(1);
    let mut job = scripts(&[("a.py", "open('/job/f', 'w').write('left')"), ("b.py", "1/0")]);
    job.steps.push(step("skipped", &["python3", "in/a.py"], When::Ok));
    job.steps
        .push(step("shell", &["sh", "-c", "cat f; exit 4"], When::Failed("b".into())));
    job.steps.push(step("none", &["python3", "in/none.py"], When::Always));
    job.steps
        .push(step("inline", &["python3", "-c", "print('inline')"], When::Always));
    for n in 0..5 {
        job.steps
            .push(step(&format!("s{n}"), &["python3", "in/a.py"], When::Always));
    }
    let (forked, plain) = (
        runtime.run(&job).await.unwrap(),
        open(1).without_preload().run(&job).await.unwrap(),
    );
    assert_eq!(forked.steps, plain.steps);
    assert_eq!(forked.steps[2].status, Status::NotRun);
    assert_eq!(
        (log(&forked, 3), forked.steps[3].status.clone()),
        ("left".into(), Status::Exit(4))
    );
    assert!(log(&forked, 4).contains("can't open file"), "{}", log(&forked, 4));
    assert_eq!(log(&forked, 5), "inline\n");
}

/// Processes whose parent is `pid`: id and name.
fn children(pid: u32) -> Vec<(u32, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let ids: Vec<u32> = lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    let name = |id: u32| {
        std::fs::read_to_string(format!("/proc/{id}/comm"))
            .unwrap_or_default()
            .trim()
            .to_string()
    };
    ids.into_iter().map(|id| (id, name(id))).collect()
}

/// The parent interpreters of this process's runtimes.
fn parents() -> Vec<u32> {
    // bwrap, then the reaper, then the parent
    let ours = children(std::process::id()).into_iter();
    ours.flat_map(|(id, _)| children(id))
        .flat_map(|(id, _)| children(id))
        .filter(|(_, name)| name == "python3")
        .map(|(id, _)| id)
        .collect()
}

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_keeps_nothing_and_is_replaced() {
    let _alone = ALONE.lock().await;
    let runtime = open(2);
    let witness = script(WITNESS);
    undisturbed(&runtime.run(&witness).await.unwrap());
    let [parent] = parents()[..] else {
        panic!("one parent: {:?}", parents())
    };
    let before = descriptors(parent);
    let mut hang = script("while True: pass");
    hang.limits.wall_ms = 300;
    for wait_ms in [0, 1, 3, 10, 30, 100] {
        let cut = tokio::time::timeout(Duration::from_millis(wait_ms), runtime.run(&hang)).await;
        assert!(cut.is_err());
        let (one, two) = tokio::join!(runtime.run(&hang), runtime.run(&witness));
        assert_eq!(one.unwrap().ended, Some(Ended::WallTime));
        undisturbed(&two.unwrap());
    }
    // It hears of a sandbox's end a moment after us.
    let deadline = Instant::now() + Duration::from_secs(5);
    while descriptors(parent) != before || !children(parent).is_empty() {
        assert!(
            Instant::now() < deadline,
            "{before} {} {:?}",
            descriptors(parent),
            children(parent)
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Its death is our fault, and no verdict; the next job gets another.
    let kill = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        unsafe { libc::kill(parent as i32, libc::SIGKILL) };
    };
    let (orphan, ()) = tokio::join!(runtime.run(&witness), kill);
    let error = orphan.unwrap_err();
    assert!(
        error.retryable() && error.to_string().contains("preloaded interpreter: gone"),
        "{error}"
    );
    undisturbed(&runtime.run(&witness).await.unwrap());
    assert_ne!(parents(), [parent]);
    drop(runtime);
    let deadline = Instant::now() + Duration::from_secs(5);
    while !parents().is_empty() {
        assert!(Instant::now() < deadline, "a parent outlived its runtime");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_parent_that_cannot_start_is_our_fault() {
    let _alone = ALONE.lock().await;
    let (state, built) = (
        tempfile::tempdir().unwrap(),
        images::load("cadquery", &state_dir()).unwrap(),
    );
    let place = state.path().join("images/cadquery").join(&built.id);
    std::fs::create_dir_all(&place).unwrap();
    for entry in std::fs::read_dir(built.rootfs.parent().unwrap()).unwrap().flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
        }
    }
    // Another image's tree, which has no Python.
    let other = images::load("verilog", &state_dir()).unwrap().rootfs;
    std::os::unix::fs::symlink(other, place.join("rootfs")).unwrap();
    let options = Options {
        state_dir: state.path().to_path_buf(),
        slots: 1,
        allow_weaker: None,
    };
    let error = Namespaces::open(options).unwrap().run(&script("1")).await.unwrap_err();
    assert_eq!(error.kind(), "spawn");
    assert!(error.to_string().contains("python3"), "{error}");
}

/// Becomes another program, without what the image sets for Python.
const LAUNCH: &str = "\
import os, sys
kept = {name: os.environ[name] for name in ('PATH', 'HOME', 'LANG', 'TZ')}
os.execvpe(sys.argv[1], sys.argv[1:], kept)
";

/// Runs every step of a job from a script in the preloaded interpreter: what attacks is then a child of the parent.
struct ThroughScript(Namespaces);

impl ThroughScript {
    fn wrap(&self, job: &Job) -> Job {
        let mut job = job.clone();
        // What only the other image has is run there; a Python script is forked as it is.
        if !job
            .steps
            .iter()
            .all(|step| ["sh", "perl"].contains(&step.argv[0].as_str()))
        {
            return job;
        }
        job.sandbox = "cadquery".into();
        job.files.push(JobFile {
            path: "launch.py".into(),
            content: LAUNCH.into(),
        });
        for step in &mut job.steps {
            step.argv.splice(0..0, ["python3".into(), "in/launch.py".into()]);
        }
        job
    }
}

impl Runtime for ThroughScript {
    fn run<'a>(&'a self, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move { self.0.run(&self.wrap(job)).await })
    }

    fn run_on<'a>(&'a self, slot: u32, job: &'a Job) -> RunFuture<'a> {
        Box::pin(async move { self.0.run_on(slot, &self.wrap(job)).await })
    }

    fn slots(&self) -> Vec<u32> {
        Runtime::slots(&self.0)
    }

    fn retire(&self, slot: u32) {
        self.0.retire(slot);
    }

    fn image(&self, sandbox: &str) -> Result<ImageInfo, SandboxError> {
        self.0.image(sandbox)
    }

    fn tier(&self) -> Tier {
        self.0.tier()
    }

    fn remains(&self, slot: u32) -> Result<Vec<String>, SandboxError> {
        self.0.remains(slot)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_programs_are_contained_in_a_forked_child() {
    let _alone = ALONE.lock().await;
    let runtime = ThroughScript(open(2));
    // So that the parent is there when traces are counted.
    undisturbed(&runtime.0.run(&script(WITNESS)).await.unwrap());
    let chosen: Vec<_> = hostile::names()
        .into_iter()
        .filter(|(_, image)| ["verilog", "cadquery"].contains(image))
        // Orphans of a forked script are reaped at the end of its step only, and count until then: so many of them end
        // the job by its limit of processes, where a step that the driver waits for would go on.
        .filter(|(name, _)| *name != "runner")
        .collect();
    let chosen = |name: &str| chosen.iter().any(|(other, _)| *other == name);
    let mut tell = |result: &hostile::HostileResult| {
        println!("{:?} {}: {}", result.outcome, result.name, result.detail);
    };
    let results = hostile::run_chosen(&runtime, &chosen, &mut tell).await;
    let broken: Vec<_> = results
        .iter()
        .filter(|result| result.outcome != Outcome::Held)
        .collect();
    assert!(results.len() > 20 && broken.is_empty(), "{broken:#?}");
    undisturbed(&runtime.0.run(&script(WITNESS)).await.unwrap());
}

const PART: &str = "\
import cadquery as cq
body = cq.Workplane().box(40, 30, 10).edges('|Z').fillet(3)
part = body.faces('>Z').workplane().rect(30, 20, forConstruction=True).vertices().hole(4).cut(cq.Workplane().cylinder(12, 6))
cq.exporters.export(part, 'part.step')
cq.exporters.export(part, 'part.stl')
print(round(part.val().Volume(), 3))
";

/// User and system time of a living process, milliseconds.
fn cpu_ms(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let words: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap();
    ticks * 1000 / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as u64
}

/// Prints figures, and asserts none: machines differ.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preloaded_script_costs_a_fraction() {
    const JOBS: u64 = 10;
    let _alone = ALONE.lock().await;
    let (forked, plain) = (open(2), open(1).without_preload());
    let mut job = script(PART);
    job.limits.memory_bytes = 2 << 30;
    let fresh = plain.run(&job).await.unwrap();
    assert_eq!(forked.run(&job).await.unwrap().steps, fresh.steps);
    let [parent] = parents()[..] else {
        panic!("one parent: {:?}", parents())
    };
    let (before, mut inside, mut peak) = (cpu_ms(parent), 0, 0);
    for _ in 0..JOBS {
        let done = forked.run(&job).await.unwrap();
        assert_eq!(done.steps, fresh.steps);
        inside += done.cpu_ms;
        peak = peak.max(done.peak_bytes);
    }
    let (inside, outside) = (
        inside as f64 / JOBS as f64,
        (cpu_ms(parent) - before) as f64 / JOBS as f64,
    );
    println!(
        "plain: {} ms CPU, {} MiB; preloaded: {inside:.0} ms in the slot + {outside:.0} ms of the parent, {} MiB; 1/{:.1}",
        fresh.cpu_ms,
        fresh.peak_bytes >> 20,
        peak >> 20,
        fresh.cpu_ms as f64 / (inside + outside),
    );
}
