#!/usr/bin/env python3
"""CPU per Verilog verify job, everything of assay and Postgres included, against bare iverilog and vvp.

Takes check jobs of finished builds out of the ledger, runs the very same commands on the very same files without a
sandbox, then has assay verify them again. Needs iverilog on the PATH (Debian: apt-get install iverilog) and a finished
build in the database in use. Ratios only mean something because both sides are measured in one run.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from common import children_cpu, number, postgres_cpu, report, run, sql

JOBS = 500


def bare(jobs):
    """Runs the jobs' compile and simulate steps without any isolation; CPU seconds."""
    spent = 0.0
    for spec in jobs:
        with tempfile.TemporaryDirectory() as tmp:
            for f in spec["files"]:
                path = pathlib.Path(tmp, "in", f["path"])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f["text"])
            before = children_cpu()
            for step in spec["steps"]:
                if step["name"] not in ("compile", "simulate"):
                    continue
                argv = [a.replace("/job/", tmp + "/") for a in step["argv"]]
                if subprocess.run(argv, cwd=tmp, capture_output=True).returncode:
                    break
            spent += children_cpu() - before
    return spent


def main():
    chosen = sql(f"""select distinct on (md5(v.job_hash)) v.job_hash from verdict_ledger v
        where v.check_name = 'testbench' and v.reason is distinct from 'compile_error' and v.reason is distinct from 'timeout'
          and exists (select 1 from judged_samples j where j.job_hash = v.job_hash)
        order by md5(v.job_hash) limit {JOBS}""")
    hashes = [h for (h,) in chosen]
    if not hashes:
        print("no finished build in this database: assay build recipes/quickstart.toml", file=sys.stderr)
        return 3
    jobs = []
    for h in hashes:
        text = sql(f"""select json_build_object('steps', spec -> 'steps', 'files', (select json_agg(json_build_object('path', f ->> 'path',
            'text', c.text)) from jsonb_array_elements(spec -> 'files') f join contents c on c.hash = f ->> 'sha256')) from jobs where job_hash = '{h}'""")
        jobs.append(json.loads("\t".join(text[0])))
    floor = bare(jobs) / len(jobs)
    listed = ", ".join(f"'{h}'" for h in hashes)
    before, pg = children_cpu(), postgres_cpu()
    run("verify", "--where", f"job_hash in ({listed})", "--json", env={**os.environ})
    ours = (children_cpu() - before) / len(jobs)
    store = (postgres_cpu() - pg) / len(jobs)
    sandbox = number(f"select avg(cpu_ms) from (select distinct on (job_hash) cpu_ms from verdict_ledger where job_hash in ({listed}) order by job_hash, seq desc) x") / 1000
    ratio = (ours + store) / floor
    print(f"jobs {len(jobs)}: bare {1000 * floor:.1f} ms, in the sandbox {1000 * sandbox:.1f} ms, assay with its sandboxes {1000 * ours:.1f} ms, Postgres {1000 * store:.1f} ms")
    return 0 if report("CPU of a verify job / bare iverilog + vvp", f"{ratio:.2f}", "<= 2.50", ratio <= 2.5) else 1


sys.exit(main())
