#!/usr/bin/env python3
"""Checks that the CUDA emulation finds planted defects, and nothing in their clean twins.

defects.py [--emulate DIR] [--jobs N] [--nvcc NVCC] [NAME…]

Each folder of defects/ holds bad.cu and clean.cu. In bad.cu the line that the report must name ends in `// defect: KIND`
(two lines where two parties are at fault: either is right). Every program is built with checking on and runs under two
seeds. Exit status 1 if a defect is missed, or any clean program is accused, or a report differs between two equal runs.
With --nvcc all programs are also compiled by the real compiler. DIR is a folder with build.py and libemulate.a.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "defects")
SEEDS = ("0", "7")
RUN_LIMIT = 60  # seconds; these programs take well under one
MARK = re.compile(r"// defect: (\w+)\s*$")


def marks(source):
    """{line: kind} of a bad twin."""
    with open(source, encoding="utf-8") as lines:
        found = {number: match.group(1) for number, line in enumerate(lines, 1) if (match := MARK.search(line))}
    assert found and len(set(found.values())) == 1, f"{source}: wants one kind of defect"
    return found


def run(program, seed, report):
    """The reports of one run, as (kind, line, other line); what went wrong with the run itself, or None."""
    environment = dict(os.environ, EMULATE_SEED=seed, EMULATE_REPORT=report)
    try:
        subprocess.run([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=RUN_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return [], "does not end"
    with open(report, encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    if not entries or entries[-1]["kind"] != "end":
        return [], "no end of the report"
    return [(e["kind"], e.get("line"), e.get("other", {}).get("line")) for e in entries if e["kind"] not in ("kernel", "end")], None


def judge(twin, source, found):
    """Why these reports are wrong, or None."""
    if twin == "clean":
        return f"false alarm: {found}" if found else None
    wanted = marks(source)
    kind = next(iter(wanted.values()))
    if any(k == kind and (line in wanted or other in wanted) for k, line, other in found):
        return None
    return f"missed {kind} in line {sorted(wanted)}: {found or 'no report'}"


def check(name, twin, options, folder):
    """All that is wrong with one program."""
    source = os.path.join(HERE, name, twin + ".cu")
    program = os.path.join(folder, f"{name}-{twin}")
    build = subprocess.run([sys.executable, os.path.join(options.emulate, "build.py"), "--arch", "80", "-o", program, source], capture_output=True, text=True, check=False)
    if build.returncode != 0:
        return [f"does not build: {build.stderr.strip()[-400:]}"]
    wrong = []
    for seed in SEEDS:
        found, failure = run(program, seed, program + ".json")
        wrong += [f"seed {seed}: {problem}" for problem in (failure or judge(twin, source, found),) if problem]
    if twin == "bad":
        run(program, SEEDS[-1], program + ".again")
        with open(program + ".json", "rb") as first, open(program + ".again", "rb") as second:
            if first.read() != second.read():
                wrong.append("reports differ between equal runs")
    if options.nvcc:
        real = subprocess.run([options.nvcc, "-std=c++17", "-arch=sm_80", "-cubin", "-o", os.devnull, source], capture_output=True, text=True, check=False)
        if real.returncode != 0:
            wrong.append(f"nvcc refuses: {real.stderr.strip()[-400:]}")
    os.unlink(program)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--emulate", default="/usr/local/lib/emulate")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--nvcc")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = options.names or sorted(os.listdir(HERE))
    table = {}
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = {(name, twin): pool.submit(check, name, twin, options, folder) for name in names for twin in ("bad", "clean")}
        for (name, twin), result in work.items():
            table[name, twin] = result.result()
    for name in names:
        kind = next(iter(marks(os.path.join(HERE, name, "bad.cu")).values()))
        print(f"{name:32} {kind:30} {'found' if not table[name, 'bad'] else 'MISSED':7} {'clean' if not table[name, 'clean'] else 'ACCUSED'}")
        for twin in ("bad", "clean"):
            for problem in table[name, twin]:
                print(f"    {twin}: {problem}")
    missed, accused = (sum(1 for name in names if table[name, twin]) for twin in ("bad", "clean"))
    print(f"{len(names) - missed} of {len(names)} defects found, {accused} of {len(names)} clean programs accused")
    return 1 if missed or accused else 0


if __name__ == "__main__":
    sys.exit(main())
