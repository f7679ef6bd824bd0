#!/usr/bin/env python3
"""CPU per Verilog verify job, everything of assay and Postgres included, against bare iverilog and vvp.

Three kinds of jobs: small and large tasks from outside, made here, and check jobs of a finished build, if the database in
use has one. assay judges each once; the very same commands are run on the very same files without a sandbox. Needs
iverilog on the PATH (Debian: apt-get install iverilog). Ratios only mean something because both sides are measured in one
run; canaries, start-up and Postgres are all on our side of it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from common import children_cpu, number, postgres_cpu, report, run, sql

JOBS = 500

DESIGN = """module mix(input clk, input [31:0] a, output reg [31:0] y);
  // job {n}
  always @(posedge clk) y <= {{a[15:0], a[31:16]}} ^ (a + 32'd{n});
endmodule
"""
BENCH = """module tb;
  reg clk = 0; reg [31:0] a; wire [31:0] y; integer i, bad;
  mix dut(.clk(clk), .a(a), .y(y));
  initial begin
    bad = 0; a = 1;
    for (i = 0; i < {cycles}; i = i + 1) begin
      #1 clk = 1; #1 clk = 0;
      if (y !== ({{a[15:0], a[31:16]}} ^ (a + 32'd{n}))) bad = bad + 1;
      a = a * 32'd1664525 + 32'd1013904223;
    end
    if (bad == 0) $display("ALL TESTS PASSED"); else $display("FAILED %0d", bad);
    $finish;
  end
endmodule
"""


def bare(jobs):
    """Runs the jobs' compile and simulate steps without any isolation; CPU seconds of each."""
    spent = 0.0
    for spec in jobs:
        with tempfile.TemporaryDirectory() as tmp:
            for f in spec["files"]:
                path = pathlib.Path(tmp, "in", f["path"])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f["text"])
            for name in ("lay_out", "compile", "simulate"):
                for step in (s for s in spec["steps"] if s["name"] == name):
                    argv = [a.replace("/job/", tmp + "/") for a in step["argv"]]
                    before = children_cpu()
                    subprocess.run(argv, cwd=tmp, capture_output=True)
                    # Laying out the files is the sandbox's business.
                    spent += children_cpu() - before if name != "lay_out" else 0
    return spent / len(jobs)


def stored(hashes):
    """The jobs as the ledger keeps them, with the texts of their files."""
    jobs = []
    for h in hashes:
        text = sql(f"""select json_build_object('steps', spec -> 'steps', 'files', (select json_agg(json_build_object('path', f ->> 'path',
            'text', c.text)) from jsonb_array_elements(spec -> 'files') f join contents c on c.hash = f ->> 'sha256')) from jobs where job_hash = '{h}'""")
        jobs.append(json.loads("\t".join(text[0])))
    return jobs


def measure(name, wanted, work):
    """`work` has assay judge jobs, and says which."""
    before, pg = children_cpu(), postgres_cpu()
    hashes = work()
    ours, store = (children_cpu() - before) / len(hashes), (postgres_cpu() - pg) / len(hashes)
    listed = ", ".join(f"'{h}'" for h in hashes)
    sandbox = number(f"select avg(cpu_ms) from (select distinct on (job_hash) cpu_ms from verdict_ledger where job_hash in ({listed}) order by job_hash, seq desc) x") / 1000
    floor = bare(stored(hashes))
    ratio = (ours + store) / floor
    print(f"{name}: {len(hashes)} jobs, bare {1000 * floor:.1f} ms, in the sandbox {1000 * sandbox:.1f} ms, "
          f"assay with its sandboxes {1000 * ours:.1f} ms, Postgres {1000 * store:.1f} ms")
    return report(f"CPU of {name} / bare iverilog + vvp", f"{ratio:.2f}", f"<= {wanted:.2f}", ratio <= wanted)


def outside(count, cycles):
    """Judges tasks that are new each time: the ledger would answer what it knows."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for n in range(count):
            task = {"id": str(n), "sandbox": "verilog", "candidate": [{"path": "mix.v", "content": DESIGN.format(n=n)}],
                    "files": [{"path": "tb.v", "role": "testbench", "content": BENCH.format(n=n, cycles=cycles)}]}
            file.write(json.dumps(task) + "\n")
        file.flush()
        answers = [json.loads(line) for line in run("verify", "--tasks", file.name, "--fresh", "--json").stdout.splitlines()]
    assert all(a["verdict"] == "pass" for a in answers), answers[0]
    return [a["evidence"]["job_hash"] for a in answers]


def again(hashes):
    listed = ", ".join(f"'{h}'" for h in hashes)
    run("verify", "--where", f"job_hash in ({listed})", "--json")
    return hashes


def main():
    run("db", "start")
    ok = measure("small tasks", 1.6, lambda: outside(JOBS, 500))
    ok &= measure("large tasks", 1.1, lambda: outside(JOBS, 55_000))
    of_build = [h for (h,) in sql(f"""select distinct on (md5(v.job_hash)) v.job_hash from verdict_ledger v
        where v.check_name = 'testbench' and v.reason is distinct from 'compile_error' and v.reason is distinct from 'timeout'
          and exists (select 1 from judged_samples j where j.job_hash = v.job_hash)
        order by md5(v.job_hash) limit {JOBS}""")]
    if of_build:
        ok &= measure("jobs of a build", 2.5, lambda: again(of_build))
    else:
        print("no finished build in this database: assay build recipes/quickstart.toml", file=sys.stderr)
    return 0 if ok else 1


sys.exit(main())
