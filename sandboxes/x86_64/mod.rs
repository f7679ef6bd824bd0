//! The `x86_64` sandbox: gcc, g++, callgrind, and the program that runs and times others.

use crate::canary::{Canary, Expect};
use crate::table::SandboxSpec;

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "x86_64",
    base: None,
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    lock: include_str!("packages.lock"),
    files: &[],
    tools: &[
        ("gcc", &["gcc", "--version"]),
        ("as", &["as", "--version"]),
        ("valgrind", &["valgrind.bin", "--tool=callgrind", "--version"]),
    ],
    preload: &[],
    apart: None,
    served: None,
    gpu: false,
    canaries,
};

/// Runs programs apart from each other and from what times them; compiled in the job. How to call it, and what it prints,
/// is said at its top.
pub const MEASURE: &str = include_str!("measure.c");

/// What checks calls against the System V ABI, linked with a testbench: names and texts.
pub const ABI: [(&str, &str); 2] = [("abi.c", include_str!("abi.c")), ("abi.s", include_str!("abi.s"))];

/// What assembly made against a newer C library refers to.
pub const COMPAT: &str = include_str!("compat.c");

const GOOD: &str = "#include <stdio.h>\nint main(void) { unsigned s = 0; for (unsigned i = 0; i < 100; i++) s += i * i;\n  puts(s == 328350 ? \"CANARY PASS\" : \"CANARY FAIL\"); return 0; }\n";
const BROKEN: &str = "int main(void) { return 0 }\n";
const CRASHING: &str = "int main(void) { *(volatile int *)8 = 1; return 0; }\n";
const MUTE: &str = "int main(void) { return 0; }\n";
/// Tries what would let a run touch its files, its timer or another run.
const CHEAT: &str = "\
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  int held = open(\"/job/state\", O_CREAT | O_WRONLY, 0600) < 0 && open(\"/job/build/candidate\", O_RDWR) < 0;
  held = held && kill(getppid(), SIGKILL) < 0 && kill(-1, SIGSTOP) < 0 && fork() < 0 && rename(\"/job/build\", \"/job/b\") < 0;
  held = held && mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
  puts(held ? \"CANARY HELD\" : \"CANARY CHEATED\");
  return 0;
}
";

/// One that passes, one that crashes, one that does not compile, one that says nothing, one that cheats under the very
/// program that times candidates.
fn canaries() -> Vec<Canary> {
    let compile: &[&str] = &["gcc", "-O3", "-static", "-o", "/job/canary", "in/canary.c"];
    let run = |name, text: &str, expect| {
        let steps: [(&str, &[&str]); 2] = [("compile", compile), ("run", &["/job/canary"])];
        Canary::new(name, "x86_64", &[("canary.c", text)], &steps, expect)
    };
    let build =
        "mkdir build && gcc -O2 -o build/measure in/measure.c && gcc -O3 -static -o build/candidate in/task/canary.c";
    let measured = Canary::new(
        "x86_64_cheat",
        "x86_64",
        &[
            ("measure.c", MEASURE),
            ("task/canary.c", CHEAT),
            ("assay/case-0.stdin", ""),
            ("assay/case-0.args", ""),
        ],
        &[
            ("compile", &["sh", "-c", build]),
            ("measure", &["/job/build/measure", "cases=1"]),
        ],
        Expect::Passes("CANARY HELD"),
    );
    vec![
        run("x86_64_good", GOOD, Expect::Passes("CANARY PASS")),
        run("x86_64_crash", CRASHING, Expect::FailsAt("run")),
        run("x86_64_broken", BROKEN, Expect::FailsAt("compile")),
        run("x86_64_mute", MUTE, Expect::Silent),
        measured,
    ]
}
