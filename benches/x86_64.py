#!/usr/bin/env python3
"""How seldom equal is called faster, how surely 1.3 times as fast is, and what a judgement costs.

  python3 benches/x86_64.py [EQUAL [FASTER]]     judgements of each kind; 3000 and 100 by default

One core is kept busy meanwhile. The equal candidate is its baseline but for a constant that nothing reads, so that it is
measured, not recognised. The faster one does 1/1.3 of the work, and 1.1 is asked for.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from common import ASSAY, ROOT, report

# Some 3 ms of arithmetic, branches and memory.
PROGRAM = """
#include <stdint.h>
#include <stdio.h>
static uint32_t table[4096];
int main(void) {
  uint32_t x = 2463534242u, sum = 0;
  for (int round = 0; round < ROUNDS; round++)
    for (int i = 0; i < 1000; i++) {
      x ^= x << 13, x ^= x >> 17, x ^= x << 5;
      if (x & 1) table[x & 4095] += x; else sum ^= table[x >> 20];
    }
  printf("%d\\n", sum == 1);
}
"""
BASELINE = PROGRAM.replace("ROUNDS", "650")
KINDS = {
    "equal": (BASELINE + '__attribute__((used)) static const char mark[] = "another";\n', 1.0),
    "faster": (PROGRAM.replace("ROUNDS", "500"), 1.1),
}


def task(kind, n):
    candidate, wanted = KINDS[kind]
    return {
        "id": f"{kind} {n}",
        "sandbox": "x86_64",
        "files": [{"path": "baseline.c", "content": BASELINE, "role": "baseline"}],
        "candidate": [{"path": "candidate.c", "content": candidate}],
        "check": {"min_speedup": wanted},
    }


def judge(tasks):
    """The answers of `assay verify`, while a loop keeps one core busy."""
    with tempfile.TemporaryDirectory() as tmp:
        path = pathlib.Path(tmp, "tasks.jsonl")
        path.write_text("".join(json.dumps(t) + "\n" for t in tasks))
        busy = subprocess.Popen(["sh", "-c", "while :; do :; done"])
        try:
            out = subprocess.run([ASSAY, "verify", "--tasks", str(path), "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
        finally:
            busy.kill()
            busy.wait()
    return [json.loads(line) for line in out.stdout.splitlines()]


def main():
    equal, faster = (int(a) for a in [*sys.argv[1:], *["3000", "100"][len(sys.argv) - 1 :]])
    answers = judge([task("equal", n) for n in range(equal)] + [task("faster", n) for n in range(faster)])
    of = {k: [a for a in answers if a["id"].startswith(k)] for k in KINDS}
    odd = [a for a in answers if a["verdict"] not in ("pass", "fail") or a["reason"] not in (None, "not_faster")]
    for a in odd[:5]:
        print(json.dumps(a)[:600], file=sys.stderr)
    wrong = sum(a["verdict"] == "pass" for a in of["equal"])
    found = sum(a["verdict"] == "pass" for a in of["faster"])
    figures = [a["evidence"]["metrics"]["measured"] for a in of["equal"] if "measured" in a["evidence"]["metrics"]]
    lows = sorted(f["lower"] for f in figures if "lower" in f)
    cpu = sorted(a["evidence"]["cpu_ms"] / 1000 for a in answers if a["evidence"])
    mean = sum(cpu) / len(cpu)
    print(f"equal: {len(of['equal'])} judged, highest lower ends {', '.join(f'{v:.4f}' for v in lows[-4:])}; CPU median {cpu[len(cpu) // 2]:.2f} s, most {cpu[-1]:.2f} s")
    ok = [
        report("judgements that came to no verdict", str(len(odd)), "0", not odd),
        report("equal, called faster", f"{wrong} of {equal}", "<= 3 of 3000", wrong * 1000 <= max(equal, 1000)),
        report("1.3 times as fast, found", f"{found} of {faster}", ">= 95 of 100", found * 100 >= faster * 95),
        report("CPU of a judgement, mean", f"{mean:.2f} s", "<= 1.5 s", mean <= 1.5),
    ]
    return 0 if all(ok) else 1


sys.exit(main())
