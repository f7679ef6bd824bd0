//! The `cadquery` sandbox: CadQuery 2.8 on OpenCASCADE, under Debian's Python.

use crate::canary::{Canary, Expect};
use crate::job::Limits;
use crate::table::SandboxSpec;

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "cadquery",
    base: None,
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    lock: include_str!("packages.lock"),
    files: &[
        ("requirements.lock", include_str!("requirements.lock")),
        ("sitecustomize.py", include_str!("sitecustomize.py")),
    ],
    // From the packages' own records: an import would need more memory than the probe gives.
    tools: &[
        ("python", &["python3", "--version"]),
        (
            "cadquery",
            &[
                "python3",
                "-c",
                "import importlib.metadata as m; print(m.version('cadquery'))",
            ],
        ),
        (
            "ocp",
            &[
                "python3",
                "-c",
                "import importlib.metadata as m; print(m.version('cadquery-ocp'))",
            ],
        ),
    ],
    preload: &["cadquery"],
    apart: None,
    served: None,
    gpu: false,
    canaries,
};

const GOOD: &str = "import cadquery as cq\npart = cq.Workplane().box(20, 10, 5).faces('>Z').workplane().hole(4)\ncq.exporters.export(part, 'part.step')\n";
/// The hole has the wrong diameter.
const BAD: &str = "import cadquery as cq\npart = cq.Workplane().box(20, 10, 5).faces('>Z').workplane().hole(6)\ncq.exporters.export(part, 'part.step')\n";
/// The fillet is larger than the part, which the kernel refuses.
const BROKEN: &str = "import cadquery as cq\npart = cq.Workplane().box(20, 10, 5).edges().fillet(9)\ncq.exporters.export(part, 'part.step')\n";
/// Says that all is well, and leaves no solid.
const CHEAT: &str =
    "import os\nopen('part.step', 'w').write('CANARY PASS\\n')\nprint('CANARY PASS', flush=True)\nos._exit(0)\n";
/// Measures what the part's script left behind, in a process of its own.
const MEASURE: &str = "\
import cadquery as cq
solid = cq.importers.importStep('part.step').val()
volume = round(solid.Volume(), 3)
right = solid.isValid() and volume == 937.168
print('CANARY PASS' if right else f'CANARY FAIL {volume:.3f}')
";

/// One that passes, one of the wrong size, one that the kernel refuses, one that only says that it passes.
fn canaries() -> Vec<Canary> {
    let part = |name, script: &str, expect| {
        let files = [("part.py", script), ("measure.py", MEASURE)];
        let steps: [(&str, &[&str]); 2] = [
            ("run", &["python3", "/job/in/part.py"]),
            ("measure", &["python3", "/job/in/measure.py"]),
        ];
        let mut canary = Canary::new(name, "cadquery", &files, &steps, expect);
        canary.job.limits = Limits {
            cpu_ms: 60_000,
            wall_ms: 180_000,
            memory_bytes: 2 << 30,
            ..Limits::default()
        };
        canary
    };
    vec![
        part("cadquery_good", GOOD, Expect::Passes("CANARY PASS")),
        part("cadquery_bad", BAD, Expect::Passes("CANARY FAIL 858.628")),
        part("cadquery_broken", BROKEN, Expect::FailsAt("run")),
        part("cadquery_cheat", CHEAT, Expect::FailsAt("measure")),
    ]
}
