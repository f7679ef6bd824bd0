#!/usr/bin/env python3
"""CPU per CadQuery script against a plain `python3 script.py` that exports the same solid, in one run.

Plain: the interpreter of the image, without a sandbox: starts, imports, executes, exports. Ours: evidence of
`assay verify --tasks`, the sandbox included. A script that exports by itself and then ends its process costs what the
first step of every task costs; a whole task with a reference costs that twice, and the judge. Needs the image:
assay sandbox build cadquery.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from common import ROOT, children_cpu, report, run

TASKS = 20
PART = """import cadquery as cq

# {n}
result = cq.Workplane("XY").box(60, 40, 10).edges("|Z").fillet(4).faces(">Z").workplane()
result = result.rect(48, 28, forConstruction=True).vertices().cboreHole(3.4, 6.5, 3)
result = result.faces(">Z").workplane().hole(12)
"""
EXPORT = """
result.val().exportStep("part.step")
result.val().exportStl("part.stl", 0.01, 0.3, parallel=False)
"""
LEAVE = """
import os
os._exit(0)
"""


def plain(rootfs):
    """CPU seconds of one run outside any sandbox, by the image's own loader and interpreter."""
    libraries = f"{rootfs}/usr/lib/x86_64-linux-gnu"
    env = {**os.environ, "PYTHONHOME": f"{rootfs}/usr", "LD_LIBRARY_PATH": libraries}
    argv = [f"{rootfs}/lib64/ld-linux-x86-64.so.2", f"{rootfs}/usr/bin/python3.11"]
    with tempfile.TemporaryDirectory() as tmp:
        pathlib.Path(tmp, "part.py").write_text(PART.format(n=0) + EXPORT)
        times = []
        for _ in range(5):
            before = children_cpu()
            subprocess.run([*argv, "part.py"], cwd=tmp, env=env, check=True, capture_output=True)
            times.append(children_cpu() - before)
    return sorted(times)[2]


def verify(tasks):
    """Answers to tasks."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(task) + "\n" for task in tasks)
        file.flush()
        return [json.loads(line) for line in run("verify", "--tasks", file.name, "--json").stdout.splitlines()]


def cpu(answers, verdict):
    """Median of their CPU seconds."""
    wrong = [answer for answer in answers if answer["verdict"] != verdict]
    if wrong:
        sys.exit(f"expected {verdict}: {wrong[0]}")
    times = sorted(answer["evidence"]["cpu_ms"] for answer in answers)
    return times[len(times) // 2] / 1000


def main():
    def task(n, text, files):
        return {"id": str(n), "sandbox": "cadquery", "files": files, "candidate": [{"path": "part.py", "content": text}]}

    reference = [{"path": "reference.py", "role": "reference", "content": PART.format(n="reference")}]
    ended = verify(task(n, PART.format(n=n) + EXPORT + LEAVE, []) for n in range(TASKS))
    whole = verify(task(n, PART.format(n=n), reference) for n in range(TASKS))
    script, total = cpu(ended, "fail"), cpu(whole, "pass")
    rootfs = ROOT / ".assay/images/cadquery" / whole[0]["evidence"]["image_id"] / "rootfs"
    floor = plain(rootfs)
    judge = total - 2 * script
    print(f"python3 script.py {floor * 1000:.0f} ms; script and export {script * 1000:.0f} ms; whole task {total * 1000:.0f} ms")
    good = report("script and export, of python3 script.py", f"1/{floor / script:.1f}", "≤ 1/12", script * 12 <= floor)
    good &= report("judge: re-read, checks, IoU, render", f"{judge * 1000:.0f} ms", "≤ 1000 ms", judge <= 1)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
