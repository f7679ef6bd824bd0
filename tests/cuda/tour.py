#!/usr/bin/env python3
"""Tries the tour's candidates without the pipeline: for whoever writes candidates, or works on the emulation.

    NVCC=…/bin/nvcc EMULATE=…/emulate EMULATE_TOOLKIT=…  tests/cuda/tour.py [--only nvcc|emulate] [NAME …]

EMULATE is a folder with build.py and libemulate.a, EMULATE_TOOLKIT the toolkit's folder. Each candidate is compiled and
linked by nvcc, built for the emulation, and run with seeds 0 and 1; what came of it is judged as the pipeline's judge would,
and told apart from what the candidate's first line says. There is no sandbox: processes get limits of time and memory only.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(ROOT, "tests/fixtures/cuda")
INCLUDE = os.path.join(ROOT, "sandboxes/cuda/judge")
CPU_SECONDS, RESIDENT_BYTES, OUTPUT_BYTES = 20, 3 << 30, 32 << 20
REASONS = {"race": "data_race", "divergent_barrier": "barrier_error", "invalid_warp_mask": "barrier_error",
           "invalid_launch": "launch_error", "device_assert": "crash"}


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def run(command, seconds=CPU_SECONDS, **options):
    """Status (or the limit that ended it), output of both streams, CPU seconds."""
    limit = lambda: (resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1)), resource.setrlimit(resource.RLIMIT_CORE, (0, 0)), os.nice(5))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=limit, **options)
        ended, start = None, time.time()
        while process.poll() is None:
            time.sleep(0.01)
            if resident(process.pid) > RESIDENT_BYTES:
                ended = "out_of_memory"
            elif os.fstat(out.fileno()).st_size > OUTPUT_BYTES:
                ended = "output_limit"
            elif time.time() - start > 4 * seconds:
                ended = "timeout"
            if ended:
                process.kill()
        out.seek(0)
        text = out.read(1 << 16).decode("utf-8", "replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    status = process.returncode
    if ended is None and status in (-24, -9):
        ended = "timeout"
    return ended or status, text, used


def folder_of(name):
    return os.path.join(FIXTURES, "right" if os.path.exists(os.path.join(FIXTURES, "right", name)) else "wrong", name)


class Candidate:
    def __init__(self, name):
        self.path = folder_of(name)
        with open(self.path) as f:
            said = f.readline().lstrip("/ ").strip()
        self.problem, _, self.expected = said.partition(": ")
        self.folder = os.path.join(FIXTURES, "problems", self.problem)
        with open(os.path.join(self.folder, "check.json")) as f:
            self.check = json.load(f)
        bench = os.path.join(self.folder, "testbench.cu")
        self.harness = [bench] if os.path.exists(bench) else []

    def compile(self, work, cache):
        """What nvcc says, or None."""
        nvcc = [os.environ["NVCC"], "-std=c++17", "-arch=sm_75", f"-I{INCLUDE}", f"-I{self.folder}"] + self.check.get("flags", [])
        objects = []
        for source in self.harness:
            target = os.path.join(cache, self.problem + ".o")
            if not os.path.exists(target):
                status, text, _ = run(nvcc + ["-c", source, "-o", target])
                if status != 0:
                    sys.exit(f"{source} does not compile:\n{text}")
            objects.append(target)
        objects.append(os.path.join(work, "candidate.o"))
        for step in (["-c", self.path, "-o", objects[-1]], ["-o", os.path.join(work, "real")] + objects):
            status, text, _ = run(nvcc + step)
            if status != 0:
                return text or str(status)
        return None

    def build(self, work):
        status, text, used = run([sys.executable, os.path.join(os.environ["EMULATE"], "build.py"), "--arch", "75", "-std=c++17", f"-I{INCLUDE}", f"-I{self.folder}"]
                                 + [flag for flag in self.check.get("flags", []) if flag.startswith("-D")] + ["-o", os.path.join(work, "program")] + self.harness + [self.path])
        return (None if status == 0 else text or str(status)), used

    def judge(self, work, seed):
        """Reason ("" for right), and what it rests on."""
        report = os.path.join(work, "report")
        if os.path.exists(report):
            os.remove(report)
        environment = dict(os.environ, EMULATE_SEED=str(seed), EMULATE_REPORT=report)
        status, text, used = run([os.path.join(work, "program")] + self.check.get("args", []), cwd=work, env=environment)
        lines = []
        if os.path.exists(report):
            with open(report) as f:
                lines = [json.loads(line) for line in f]
        end = next((line for line in lines if line["kind"] == "end"), None)
        findings = [line for line in lines if line["kind"] not in ("end", "kernel", "memory_leak")]
        said = f"status {status}, {used:.1f} s" + "".join(f"\n      {brief(f)}" for f in findings[:4]) + "".join(f"\n      {line}" for line in text.splitlines()[:2])
        if isinstance(status, str):
            return status, said
        if status == 86:
            return "unsupported", said
        if findings:
            return REASONS.get(findings[0]["kind"], "memory_error"), said
        if status != 0:
            reason = "crash" if status < 0 else "wrong_answer"
            return ("order_dependent" if seed else reason), said
        if end is None:
            return "harness_tampered", said + "\n      no end line"
        expected = self.check.get("stdout")
        if expected is not None and expected.strip() not in text:
            return ("order_dependent" if seed else "wrong_answer"), said
        for why, cheats in (("exit_file", end.get("exit_file") and self.harness and "testbench" not in end["exit_file"]),
                            ("no launch", end.get("launches") == 0),
                            ("no bytes of a kernel", end.get("read_back_bytes", 0) > 0 and end.get("read_back_by_kernel_bytes") == 0)):
            if cheats:
                return "harness_tampered", said + "\n      " + why
        return "", said


def brief(finding):
    other = finding.get("other") or {}
    place = lambda party: f"{os.path.basename(party.get('file') or '?')}:{party.get('line')}"
    return " ".join(str(word) for word in (finding.get("hazard"), finding["kind"], finding.get("space"), place(finding), other and "/ " + place(other), finding.get("address"), finding.get("detail")) if word)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["nvcc", "emulate"])
    parser.add_argument("--quiet", action="store_true", help="tell only of those that are not as expected")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = [f"{name}.cu" if not name.endswith(".cu") else name for name in options.names]
    names = names or sorted(os.listdir(os.path.join(FIXTURES, "right"))) + sorted(os.listdir(os.path.join(FIXTURES, "wrong")))
    odd = 0
    with tempfile.TemporaryDirectory() as cache:
        for name in names:
            candidate = Candidate(name)
            with tempfile.TemporaryDirectory() as work:
                got, said = try_one(candidate, work, cache, options.only)
            right = got == candidate.expected if options.only != "nvcc" else (got == "compile_error") == (candidate.expected == "compile_error")
            odd += not right
            if not (right and options.quiet):
                print(f"{'ok ' if right else 'ODD'} {name}: wanted {candidate.expected or 'right'}, got {got or 'right'}; {said}", flush=True)
    print(f"{odd} of {len(names)} odd")
    return odd != 0


def try_one(candidate, work, cache, only):
    if only != "emulate":
        refused = candidate.compile(work, cache)
        if refused is not None:
            first = next((line for line in refused.splitlines() if re.search("error|undefined|multiple", line)), refused.strip()[:200])
            return "compile_error", first.strip()[-160:]
        if only == "nvcc":
            return "", "compiled"
    refused, used = candidate.build(work)
    if refused is not None:
        first = next((line for line in refused.splitlines() if re.search("error|undefined|unsupported", line)), refused.strip()[-300:])
        return "compile_error" if only == "emulate" else "not built", first.strip()[:240]
    said = f"built in {used:.1f} s"
    for seed in (0, 1):
        got, more = candidate.judge(work, seed)
        said += f"\n   seed {seed}: {more}"
        if got:
            break
    return got, said


if __name__ == "__main__":
    sys.exit(main())
