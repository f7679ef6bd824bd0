#!/usr/bin/env python3
"""Builds and runs every program of tests/cuda with the CUDA emulation; exits 1 if one does what it should not.

run.py [--emulate DIR] [--nvcc NVCC] [--seeds 0,1,2] [--jobs 2] [NAME…]

A program in programs/ (a .cu file, or a folder whose sources are one program) has to build, to exit with 0 unchecked and
checked under every seed, and to be without findings of the checker, but those that it announces. One in unsupported/ has to be refused with status 3 and the name in its first line,
`// unsupported: NAME`. With --nvcc, every program has to compile with the real compiler, too.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EMULATE = os.path.join(HERE, "..", "..", "sandboxes", "cuda", "emulate")
SOURCES = (".cu", ".cpp", ".c")


def run(command, limit, **environment):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=limit,
                              env={**os.environ, **environment})
    except subprocess.TimeoutExpired:
        return "timeout", ""
    return done.returncode, done.stdout.decode("utf-8", "replace")


def programs(kind, names):
    folder = os.path.join(HERE, kind)
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        sources = [path]
        if os.path.isdir(path):
            sources = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(SOURCES))
        name = entry.rsplit(".", 1)[0]
        if sources and sources[0].endswith(SOURCES) and (not names or name in names):
            yield name, sources


class Runner:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.build = ["python3", os.path.join(options.emulate, "build.py"), "--arch", "80"]

    def supported(self, name, sources):
        """(name, what is wrong, seconds of the slowest run of each mode)."""
        wrong, seconds = [], {}
        if self.options.nvcc:
            for source in sources:
                status, out = run([self.options.nvcc, "-arch=sm_80", "--extended-lambda", "-c", "-o", os.devnull, source], 300)
                if status != 0:
                    wrong.append(f"nvcc: {status}\n{out[:2000]}")
        for mode, flags in (("unchecked", ["--no-check"]), ("checked", [])):
            if mode not in self.options.modes.split(","):
                continue
            target = os.path.join(self.folder, f"{name}.{mode}")
            status, out = run(self.build + flags + ["-o", target] + sources, 120)
            if status != 0:
                wrong.append(f"{mode} build: {status}\n{out[:2000]}")
                continue
            for seed in self.options.seeds.split(","):
                begin = time.monotonic()
                report = {"EMULATE_REPORT": target + ".report"} if mode == "checked" else {}
                status, out = run([target], self.options.limit, EMULATE_SEED=seed, **report)
                seconds[mode] = max(seconds.get(mode, 0), time.monotonic() - begin)
                if status != 0:
                    wrong.append(f"{mode} seed {seed}: {status}\n{out[-600:]}")
                if mode == "checked":
                    wrong += self.reports(sources[0], target + ".report", seed)
        return name, wrong, seconds

    def reports(self, source, path, seed):
        """What the checker reports beyond what the program says of itself, `// Reports: KIND, KIND.`, is wrong."""
        with open(source, encoding="utf-8") as text:
            told = next((line for line in text if line.startswith("// Reports: ")), "")
        expected = {kind.strip(" .\n") for kind in told.removeprefix("// Reports: ").split(",")}
        if not os.path.exists(path):
            return [f"checked seed {seed}: no report"]
        with open(path, encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        # Findings are counted; what else there is are summaries.
        return [f"checked seed {seed}: {json.dumps(one)[:400]}" for one in found if "count" in one and one["kind"] not in expected]

    def unsupported(self, name, sources):
        with open(sources[0], encoding="utf-8") as text:
            wanted = text.readline().strip().removeprefix("// unsupported: ")
        status, out = run(self.build + ["-o", os.path.join(self.folder, name)] + sources, 120)
        found = any(line.startswith(f"unsupported: {wanted}") for line in out.splitlines())
        return name, [] if status == 3 and found else [f"status {status}, not `unsupported: {wanted}`\n{out[:800]}"], {}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--emulate", default=EMULATE, help="the folder with build.py, include/ and libemulate.a")
    parser.add_argument("--nvcc")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--modes", default="unchecked,checked")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one run")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    failed = passed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runner = Runner(options, folder)
        work = [pool.submit(runner.supported, *program) for program in programs("programs", options.names)]
        work += [pool.submit(runner.unsupported, *program) for program in programs("unsupported", options.names)]
        for done in work:
            name, wrong, seconds = done.result()
            times = "  ".join(f"{mode} {value:.2f} s" for mode, value in seconds.items())
            print(f"{'FAILED' if wrong else 'ok':7} {name:28} {times}", flush=True)
            for text in wrong:
                print("        " + text.replace("\n", "\n        "))
            failed, passed = failed + bool(wrong), passed + (not wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
