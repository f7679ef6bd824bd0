#!/usr/bin/env python3
"""Kills a quickstart build ten times and its Postgres three times, resumes it each time, and compares the export.

Uses a database of its own on the local cluster and leaves nothing behind. Takes about twice a build's time.
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from common import ASSAY, ROOT, report, run

RECIPE, MIXTURE = "recipes/quickstart.toml", "recipes/mixtures/quickstart.toml"


def digest(folder):
    import hashlib

    files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file())
    return [(str(p.relative_to(folder)), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files]


def postmaster():
    pids = subprocess.run(["pgrep", "-xo", "postgres"], capture_output=True, text=True).stdout.split()
    return int(pids[0]) if pids else None


def main():
    dice = random.Random(7)
    url = run("db", "start").stdout.strip()
    head, query = url.split("?")
    name = f"kills_{os.getpid()}"
    subprocess.run(["psql", url, "-qc", f"create database {name}"], check=True)
    env = {**os.environ, "DATABASE_URL": f"{head.rsplit('/', 1)[0]}/{name}?{query}"}
    try:
        kills = ["build"] * 10 + ["postgres"] * 3
        dice.shuffle(kills)
        for what in kills:
            child = subprocess.Popen([ASSAY, "build", RECIPE], cwd=ROOT, env=env, start_new_session=True,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(1, 25))
            if what == "postgres" and (pid := postmaster()):
                os.kill(pid, signal.SIGKILL)
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
            if what == "postgres":
                run("db", "start")
        run("build", RECIPE, env=env)
        with tempfile.TemporaryDirectory() as tmp:
            run("export", MIXTURE, "--out", f"{tmp}/killed", env=env)
            lost = subprocess.run(["psql", env["DATABASE_URL"], "-XAtqc", """select count(*) from build_members m
                join build_nodes n on n.build_id = m.build_id and n.node = m.node
                left join decisions d on d.fingerprint = m.fingerprint and d.scope = m.scope and d.sample_id = m.sample_id
                where d.sample_id is null and n.use not like 'source.%'"""], capture_output=True, text=True, check=True).stdout.strip()
            run("build", RECIPE)
            run("export", MIXTURE, "--out", f"{tmp}/calm")
            ok = report("rows lost", lost, "0", lost == "0")
            same = digest(f"{tmp}/killed") == digest(f"{tmp}/calm")
            ok &= report("export after 13 kills", "same bytes" if same else "differs", "same bytes", same)
            return 0 if ok else 1
    finally:
        subprocess.run(["psql", url, "-qc", f"drop database if exists {name} with (force)"])


sys.exit(main())
