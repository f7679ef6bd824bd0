#!/usr/bin/env python3
"""What the quickstart reaches: yield, variety, oracle strength on mutants that no decision has seen, reuse.

Builds recipes/quickstart.toml in the database in use (from nothing if that is empty), exports it, builds it again.
"""

import filecmp
import pathlib
import sys
import tempfile

from common import build, number, report, run, sql

CPU = "'picorv32|serv|vexriscv|mor1kx|lm32'"


def exported(build_id, folder):
    run("export", "recipes/mixtures/quickstart.toml", "--out", folder, "--build", str(build_id))
    return number("select max(id) from exports")


def same(a, b):
    names = sorted(str(p.relative_to(a)) for p in pathlib.Path(a).rglob("*") if p.is_file())
    return not any(filecmp.cmpfiles(a, b, names, shallow=False)[1:])


def main():
    ok = True
    first = build("recipes/quickstart.toml")
    ok &= report("seconds", first["seconds"], "<= 480", first["seconds"] <= 480)
    with tempfile.TemporaryDirectory() as tmp:
        export = exported(first["build"], f"{tmp}/a")
        repairs = f"""(select distinct s.* from shard_samples x join samples s on s.id = x.sample_id
                       where x.export_id = {export:.0f} and s.kind = 'sft_repair') r"""
        total = number(f"select count(*) from {repairs}")
        for name, query, least in [
            ("repair samples exported", f"select count(*) from {repairs}", 1000),
            ("of them semantic", f"select count(*) from {repairs} where (metadata ->> 'semantic')::bool", 600),
            ("modules", f"select count(distinct metadata ->> 'module_key') from {repairs}", 60),
            ("modules of CPU packages", f"select count(distinct metadata ->> 'module_key') from {repairs} where origin ->> 'source' ~ {CPU}", 30),
            ("packages", f"select count(distinct origin ->> 'source') from {repairs}", 5),
            ("defect types", f"select count(distinct metadata #>> '{{defects,0,type}}') from {repairs}", 10),
            ("categories", f"select count(distinct metadata #>> '{{defects,0,category}}') from {repairs}", 4),
        ]:
            got = number(query)
            ok &= report(name, f"{got:.0f}", f">= {least}", got >= least)
        most = number(f"select max(n) from (select count(*) n from {repairs} group by metadata ->> 'module_key') x")
        ok &= report("most per module", f"{most:.0f}", "<= 15", most <= 15)
        share = number(f"select max(n) from (select count(*) n from {repairs} group by metadata #>> '{{defects,0,type}}') x") / total
        ok &= report("largest share of a defect type", f"{share:.3f}", "<= 0.25", share <= 0.25)
        twins = number(f"""select count(*) from (select 1 from {repairs} group by metadata ->> 'module_key', metadata #>> '{{defects,0,operator}}',
            metadata #>> '{{defects,0,node_kind}}', metadata #>> '{{defects,0,first_signal}}' having count(*) > 1) x""")
        ok &= report("same module, operator, node kind, signal", f"{twins:.0f}", "0", twins == 0)
        mine = f"where sample_id in (select sample_id from build_members where build_id = {first['build']})"
        accepted, rejected, mean, held = sql(f"""select count(*) filter (where accepted), count(*) filter (where not accepted),
            avg(held_out_rate) filter (where accepted), avg((held_out_rate >= 0.8)::int) filter (where accepted) from oracles {mine}""")[0]
        ok &= report("oracles accepted / rejected", f"{accepted} / {rejected}", "reported", True)
        ok &= report("mean kill rate on held-out mutants", f"{float(mean):.3f}", ">= 0.80", float(mean) >= 0.8)
        ok &= report("accepted oracles still >= 0.8 there", f"{float(held):.3f}", ">= 0.70", float(held) >= 0.7)
        again = run("build", "recipes/quickstart.toml", "--json")
        jobs = next(line for line in again.stderr.splitlines() if line.startswith("sandbox jobs:"))
        ok &= report("second build", jobs.split(":")[1].split(",")[0].strip(), "0 executed", " 0 executed" in jobs)
        exported(first["build"] + 1, f"{tmp}/b")
        ok &= report("its export", "same bytes" if same(f"{tmp}/a", f"{tmp}/b") else "differs", "same bytes", same(f"{tmp}/a", f"{tmp}/b"))
    return 0 if ok else 1


sys.exit(main())
