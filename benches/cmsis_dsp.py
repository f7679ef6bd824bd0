#!/usr/bin/env python3
"""A whole third-party library on the board: CMSIS-DSP as Arm published it, every source file of it, unchanged.

  python3 benches/cmsis_dsp.py [--cache DIR]

Its text comes from the package index that pip is set to, pinned by hash, and is kept in the cache; nothing of it is in this
repository. A firmware of ours (benches/cmsis_dsp/main.c) calls transforms, filters, matrices, statistics, a controller and
saturating arithmetic; what it must print was worked out by hand, and stands below with how.
"""

import argparse
import json
import pathlib
import re
import tempfile

from common import report, run
from cuda_kernels import Archive, fetch

FOLDER = pathlib.Path(__file__).resolve().parent / "cmsis_dsp"
PACKAGE = {"name": "cmsisdsp", "file": "cmsisdsp-1.9.5.tar.gz", "sha256": "8bfde9226a715374b6e485f81361e49c3fce0d524c987333092d04df49d53942"}
# Files that gather others, which are built by themselves; and what is for cores with half-precision arithmetic.
GATHERED = re.compile(r"/(\w+)/\1(F16)?\.c$|_f16\.c$|F16\.c$")
EXPECTED = [
    "fft 10 1000",  # a sine of amplitude 1 at bin 10 of 256: magnitude 128
    "second 40 1000",  # a cosine of amplitude 1/2 at bin 40: magnitude 64
    "fir 125 1000",  # a mean of 8 over ones that begin at sample 0
    "iir 500 938",  # 1/2, and 15/16 after four samples
    "fir_q15 0 11500",  # the mean of 8000 … 15000 by taps of 1/8
    "inverse 0 -63",  # element (2,0): -1 / (2 · 8); 0 is ARM_MATH_SUCCESS
    "identity 3000 0",
    "statistics 2800 1789",  # sqrt(12.8 / 4)
    "dot 52000 0",
    "pid 1500 0",  # Kp + 4 · Ki
    "q31 2147483647 -2147483648",
    "end",
]


def sources(archive):
    """The library's files by the paths that a project has them under."""
    files = []
    for member in archive.tar.getnames():
        path = member.partition("/")[2]
        folder = path.split("/")[0]
        if folder in ("Include", "PrivateInclude", "Source") and path.endswith((".c", ".h")) and not GATHERED.search(path):
            files.append({"path": path, "content": archive.read(member).decode("utf-8", "replace")})
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "assay-cmsis-dsp")
    cache = parser.parse_args().cache
    cache.mkdir(parents=True, exist_ok=True)
    files = sources(Archive(fetch(PACKAGE, cache)))
    main_c = {"path": "main.c", "content": (FOLDER / "main.c").read_text()}
    check = {"run_ms": 200, "engine": "board", "uart": {"usart2": "^" + re.escape("\n".join(EXPECTED)).replace("\\\n", "\n") + "\n$"}}
    task = {"id": "cmsis-dsp", "sandbox": "stm32f407", "check": check, "files": [dict(file, role="support") for file in files], "candidate": [main_c]}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as tasks:
        tasks.write(json.dumps(task) + "\n")
        tasks.flush()
        said = json.loads(run("verify", "--tasks", tasks.name, "--json", check=False).stdout)
    units = sum(file["path"].endswith(".c") for file in files)
    ok = report("source files of the library", units, ">= 250", units >= 250)
    ok &= report("verdict", said["verdict"], "pass", said["verdict"] == "pass")
    evidence = said.get("evidence") or {}
    if said["verdict"] != "pass":
        print(evidence.get("log") or said)
    print(f"     {evidence.get('cpu_ms', 0) / 1000:.1f} s of CPU, {(evidence.get('metrics') or {}).get('instructions', 0)} instructions on the board")
    raise SystemExit(not ok)


if __name__ == "__main__":
    main()
