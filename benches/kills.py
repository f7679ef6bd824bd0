#!/usr/bin/env python3
"""Kills a quickstart build ten times and its Postgres three times, resumes it each time, and compares the export.

Uses a cluster of its own, in a state folder beside the one in use, whose images and downloads it shares; leaves nothing
behind. Takes about twice a build's time, of which half is the calm build that it compares with.
"""

import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from common import ASSAY, ROOT, report, run

RECIPE, MIXTURE = "recipes/quickstart.toml", "recipes/mixtures/quickstart.toml"
LOST = """select count(*) from build_members m join build_nodes n on n.build_id = m.build_id and n.node = m.node
    left join decisions d on d.fingerprint = m.fingerprint and d.scope = m.scope and d.sample_id = m.sample_id
    where d.sample_id is null and n.use not like 'source.%'"""


def digest(folder):
    files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file())
    return [(str(p.relative_to(folder)), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files]


def own_state():
    """A state folder for clusters that nobody else uses."""
    in_use = pathlib.Path(os.environ.get("ASSAY_STATE") or os.path.realpath(ROOT / ".assay"))
    state = in_use / f"kills-{os.getpid()}"
    state.mkdir(mode=0o755)
    for shared in ("images", "downloads"):
        (state / shared).symlink_to(in_use / shared)
    return state


def postmaster(state):
    """The process of the cluster's server; None while it is down."""
    try:
        return int((state / "postgres/data/postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None


def killed(env, state):
    """Builds with thirteen kills in between; how many of them hit a process that was there."""
    dice, hits = random.Random(7), 0
    kills = ["build"] * 10 + ["postgres"] * 3
    dice.shuffle(kills)
    for what in kills:
        child = subprocess.Popen([ASSAY, "build", RECIPE], cwd=ROOT, env=env, start_new_session=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(2, 25))
        if what == "postgres" and (pid := postmaster(state)):
            os.kill(pid, signal.SIGKILL)
            # Long enough for the workers to notice and to start it again.
            time.sleep(dice.uniform(0, 5))
        hits += child.poll() is None
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        print(f"killed {what}", file=sys.stderr, flush=True)
    run("build", RECIPE, env=env)
    return hits


def main():
    state = own_state()
    env = {**os.environ, "ASSAY_STATE": str(state)}
    env.pop("DATABASE_URL", None)
    try:
        with tempfile.TemporaryDirectory() as tmp:
            hits = killed(env, state)
            ok = report("kills that hit a running build", hits, ">= 10", hits >= 10)
            run("export", MIXTURE, "--out", f"{tmp}/killed", env=env)
            lost = run("psql", "-XAtqc", LOST, env=env).stdout.strip()
            ok &= report("rows lost", lost, "0", lost == "0")
            # The same ledger gives the same bytes; a fresh one too, but for what the manifest lists as recorded.
            run("db", "stop", env=env)
            shutil.rmtree(state / "postgres")
            run("build", RECIPE, env=env)
            run("export", MIXTURE, "--out", f"{tmp}/calm", env=env)
            same = digest(f"{tmp}/killed") == digest(f"{tmp}/calm")
            ok &= report("export after 13 kills", "same bytes" if same else "differs", "same bytes", same)
            if not same:
                for name in ("killed", "calm"):
                    shutil.copytree(f"{tmp}/{name}", ROOT / "out" / f"kills-{name}", dirs_exist_ok=True)
                print("both exports were kept under out/", file=sys.stderr)
            return 0 if ok else 1
    finally:
        subprocess.run([ASSAY, "db", "stop"], cwd=ROOT, env=env, capture_output=True)
        shutil.rmtree(state)


sys.exit(main())
