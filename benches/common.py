"""What the whole-program benches share: the program, the ledger, CPU accounts."""

import json
import os
import pathlib
import resource
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSAY = str(ROOT / "target/release/assay")


def run(*args, check=True, **more):
    return subprocess.run([ASSAY, *args], cwd=ROOT, check=check, text=True, capture_output=True, **more)


def sql(query):
    """Rows of a query, fields split at tabs."""
    out = run("psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", query).stdout
    return [line.split("\t") for line in out.splitlines()]


def number(query):
    return float(sql(query)[0][0] or 0)


def build(recipe):
    """Builds a recipe; its JSON."""
    return json.loads(run("build", recipe, "--json").stdout.splitlines()[-1])


def children_cpu():
    """CPU seconds of all children waited for, and of theirs."""
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


def postgres_cpu():
    """CPU seconds of the local cluster: the postmaster, its children, and those that it has waited for."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        if name == "postgres":
            total += sum(int(rest[i]) for i in (11, 12, 13, 14))
    return total / ticks


def report(name, got, wanted, ok):
    print(f"{'ok ' if ok else 'LOW'}  {name:58} {got:>14}   (wanted {wanted})")
    return ok
