#!/usr/bin/env python3
"""Real kernels from published packages, unchanged: does the emulation run them, and are the numbers right?

  python3 benches/cuda_kernels.py [--root ROOT] [--cache DIR] [--unchecked] [--seed N] [--json FILE] [KERNEL …]

Which kernels: benches/cuda_kernels/kernels.toml. Their text comes from the package index that pip is set to, pinned by
hashes, and is kept in the cache; nothing of it is in this repository. Each is compiled by nvcc, built by the emulation and
run by a host of ours (benches/cuda_kernels/hosts/), which compares all it computes with a reference. ROOT is an image of
the sandbox `cuda`: the newest that is built, by default. Without --unchecked the emulation also looks for races and bad
accesses, and must find in a kernel what the table says, and nothing else. `right` are then those whose numbers are; a kernel
that is `caught` has a race that the emulation acts out. With another seed, threads and blocks go in another order. At least 40 kernels of 6 packages are wanted right.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.parse
import urllib.request
import zipfile

from common import ROOT, report

FOLDER = pathlib.Path(__file__).resolve().parent / "cuda_kernels"
ARCHITECTURE = 80
# A step that takes longer than this hangs, seconds of CPU time and of wall time.
CPU_LIMIT, WALL_LIMIT = 120, 300
WANTED_KERNELS, WANTED_PACKAGES = 40, 6
# What the shell's `times` writes: user and system time, of itself and then of its children.
TIMES = re.compile(r"(\d+)m([\d.]+)s")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def index():
    """The package index that pip is set to, or that it uses by itself."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True)
    configured = os.environ.get("PIP_INDEX_URL") or said.stdout.strip()
    if not configured:
        from pip._internal.models.index import PyPI

        configured = PyPI.simple_url
    return configured


def fetch(package, cache):
    """A package's archive, from the cache or from the index; its hash is the one that is pinned."""
    archive = cache / package["file"]
    if not archive.exists():
        page = urllib.parse.urljoin(index().rstrip("/") + "/", package["name"] + "/")
        request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
        files = json.load(urllib.request.urlopen(request, timeout=120))["files"]
        address = next(file["url"] for file in files if file["filename"] == package["file"])
        data = urllib.request.urlopen(urllib.parse.urljoin(page, address), timeout=600).read()
        part = archive.with_suffix(".part")
        part.write_bytes(data)
        part.rename(archive)
    data = archive.read_bytes()
    if sha256(data) != package["sha256"]:
        raise SystemExit(f"{archive} is not the file that is pinned: remove it")
    return archive


class Archive:
    """Reads members of a source archive or a wheel. Nothing is unpacked, so no path of it can lead elsewhere."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path) if path.suffix in (".whl", ".zip") else None
        self.tar = None if self.zip else tarfile.open(path)

    def read(self, member):
        return self.zip.read(member) if self.zip else self.tar.extractfile(member).read()


def text(archive, part):
    """A file of a package, or exact lines of it, as they are."""
    data = archive.read(part["file"])
    if sha256(data) != part["sha256"]:
        raise SystemExit(f"{part['file']} is not the file that is pinned")
    if "lines" not in part:
        return data
    lines = data.splitlines(keepends=True)
    ranges = [[int(n) for n in span.split("-")] for span in part["lines"]]
    return b"\n".join(b"".join(lines[first - 1 : last]) for first, last in ranges)


def lay_out(kernel, archive, folder):
    """Fills the folder that a job would find as /job/in."""
    shutil.rmtree(folder, ignore_errors=True)
    inside = folder / "in"
    inside.mkdir(parents=True)
    (inside / "kernel.cuh").write_bytes(b"\n".join(text(archive, part) for part in kernel.get("parts", [])))
    for part in kernel.get("beside", []):
        path = inside / part.get("as", pathlib.PurePath(part["file"]).name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text(archive, part))
    for name in ["check.h", *kernel.get("shims", [])]:
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER / "hosts" / name, inside / name)
    shutil.copy(FOLDER / "hosts" / f"{kernel['name']}.cu", inside / "host.cu")


def newest_image():
    roots = sorted(ROOT.glob(".assay/images/cuda/*/rootfs"), key=lambda path: path.stat().st_mtime)
    if not roots:
        raise SystemExit("no image: assay sandbox build cuda")
    return roots[-1]


class Step:
    """A command in the image, in a sandbox like a job's: no network, no /proc, nothing writable but its folder."""

    def __init__(self, root, folder, *argv, environment=()):
        devices = [word for name in ("null", "zero", "urandom") for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
        given = {"PATH": "/usr/bin:/bin", "HOME": "/job", "LANG": "C.UTF-8", "TZ": "UTC", **dict(environment)}
        settings = [word for name, value in given.items() for word in ("--setenv", name, value)]
        command = ["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", *settings, "--ro-bind", str(root), "/", *devices]
        command += ["--bind", str(folder), "/job", "--ro-bind", str(folder / "in"), "/job/in", "--tmpfs", "/tmp", "--chdir", "/job"]
        # bwrap does not wait for what it started, so the shell says what its children used.
        timed = ["timeout", "-s", "KILL", str(WALL_LIMIT), "sh", "-c", '"$@"; status=$?; times >/job/times; exit $status', "sh", *argv]
        used = folder / "times"
        used.unlink(missing_ok=True)
        done = subprocess.run(
            [*command, *timed],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT + 1)),
        )
        self.status, self.log = done.returncode, done.stdout
        self.cpu = sum(60 * float(minutes) + float(seconds) for minutes, seconds in TIMES.findall(used.read_text() if used.exists() else "")[2:])


def last_lines(log, count=3):
    return " | ".join(line.strip() for line in log.strip().splitlines()[-count:])


def first_error(log):
    return next((line.strip() for line in log.splitlines() if "error" in line), last_lines(log))


def findings(path):
    """What the checker reported, as `kind space hazard: where` with a count; None where the report is not whole."""
    if not path.exists():
        return None
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    if not lines or lines[-1].get("kind") != "end":
        return None
    found = collections.Counter()
    for line in lines:
        if line["kind"] not in ("kernel", "end", "provenance"):
            what = " ".join(str(line[key]) for key in ("kind", "space", "hazard") if line.get(key))
            found[f"{what}: {line.get('file', '')}:{line.get('line', '')}"] += line.get("count", 1)
    return found


def judge(kernel, folder, options):
    """What came of one kernel: (result, why, findings, CPU seconds of nvcc, build and run)."""
    flags = kernel.get("flags", [])
    nvcc = ["/usr/local/cuda/bin/nvcc", f"-arch=sm_{ARCHITECTURE}", "-std=c++17", "-w", "-cubin", "-Iin", *flags, *kernel.get("nvcc", [])]
    compiled = Step(options.root, folder, *nvcc, "-o", "kernel.cubin", "in/host.cu")
    cpu = [compiled.cpu]
    if compiled.status != 0:
        return "refused by nvcc", first_error(compiled.log), {}, cpu
    build = ["python3", "/usr/local/lib/emulate/build.py", "--arch", str(ARCHITECTURE), "-std=c++17", "-I", "in", *flags]
    build += ["--no-check"] if options.unchecked else []
    built = Step(options.root, folder, *build, "-o", "/job/program", "in/host.cu")
    cpu.append(built.cpu)
    if built.status == 3:
        return "unsupported", last_lines(built.log), {}, cpu
    if built.status != 0:
        return "not built", first_error(built.log), {}, cpu
    given = {"EMULATE_REPORT": "/job/report", "EMULATE_SEED": str(options.seed)}
    run = Step(options.root, folder, "/job/program", environment=given)
    cpu.append(run.cpu)
    found = findings(folder / "report")
    if run.status == 86:
        return "unsupported", (folder / "report").read_text()[-200:], {}, cpu
    if found is None:
        return "unfinished", f"status {run.status}: {last_lines(run.log)}", {}, cpu
    expected = set() if options.unchecked else set(kernel.get("findings", []))
    seen = {what for what in found if not any(what.startswith(prefix) for prefix in expected)}
    missed = {prefix for prefix in expected if not any(what.startswith(prefix) for what in found)}
    said = run.log.strip().splitlines()
    right = run.status == 0 and said and said[-1].startswith("RIGHT ")
    if seen or missed:
        return "misjudged", f"reported {sorted(seen)}, missed {sorted(missed)}", found, cpu
    if right:
        return "right", kernel.get("why", ""), found, cpu
    if kernel.get("findings"):
        return "caught", kernel["why"], found, cpu
    return "wrong", f"status {run.status}: {last_lines(run.log)}", found, cpu


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / "out/cuda_kernels")
    parser.add_argument("--unchecked", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("kernels", nargs="*")
    options = parser.parse_args()
    options.root = options.root or newest_image()
    options.cache.mkdir(parents=True, exist_ok=True)
    table = tomllib.loads((FOLDER / "kernels.toml").read_text())
    packages = {package["name"]: package for package in table["package"]}
    archives = {}
    results = []
    for kernel in table["kernel"]:
        if options.kernels and kernel["name"] not in options.kernels:
            continue
        name = kernel["package"]
        if name not in archives:
            archives[name] = Archive(fetch(packages[name], options.cache))
        folder = options.cache / "jobs" / kernel["name"]
        lay_out(kernel, archives[name], folder)
        result, why, found, cpu = judge(kernel, folder, options)
        results.append({"name": kernel["name"], "package": name, "kernels": kernel["kernels"], "result": result, "why": why})
        results[-1] |= {"findings": dict(found), "cpu": cpu}
        spent = " ".join(f"{seconds:5.1f}" for seconds in cpu)
        print(f"{kernel['name']:34} {len(kernel['kernels']):2}  {result:12} cpu {spent}  {why}", flush=True)
        for what, count in found.items():
            print(f"    {what} ({count})", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    right = [result for result in results if result["result"] == "right"]
    kernels, sources = sum(len(result["kernels"]) for result in right), {result["package"] for result in right}
    print(f"{len(right)} of {len(results)} hosts right; CPU {sum(sum(result['cpu']) for result in results):.0f} s")
    enough = report("kernels that are right", kernels, WANTED_KERNELS, kernels >= WANTED_KERNELS)
    enough &= report("packages that they are from", len(sources), WANTED_PACKAGES, len(sources) >= WANTED_PACKAGES)
    sys.exit(0 if enough or options.kernels else 1)


if __name__ == "__main__":
    main()
