#!/usr/bin/env python3
"""What the CUDA emulation runs, how long it takes, and what it finds, all through `assay verify --tasks`.

Programs of tests/cuda/programs must pass; those of tests/cuda/unsupported must be refused by name; of the planted defects
in tests/cuda/defects each must be found, with its kind and line, and no clean twin accused. Needs the image:
assay sandbox build cuda. Real kernels of published packages: benches/cuda_kernels.py.
"""

import json
import pathlib
import re
import sys
import tempfile

from common import ROOT, report, run

CUDA = ROOT / "tests/cuda"
MARK = re.compile(r"// defect: (\w+)\s*$")
SPEED = {"matmul": "tiled matmul, 512 x 512 x 512", "rmsnorm": "RMSNorm, 4096 x 4096"}


def task(name, sources, **check):
    files = [{"path": path, "content": text} for path, text in sources.items()]
    return {"id": name, "sandbox": "cuda", "candidate": files, "check": check}


def verify(tasks):
    """Answers by id."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(t) + "\n" for t in tasks)
        file.flush()
        answers = (json.loads(line) for line in run("verify", "--tasks", file.name, "--json", "--fresh").stdout.splitlines())
        return {answer["id"]: answer for answer in answers}


def sources(path):
    """A program: one file, or a folder of them."""
    if path.is_file():
        return {path.name: path.read_text()}
    return {str(p.relative_to(path)): p.read_text() for p in sorted(path.rglob("*")) if p.is_file()}


def said(text, what):
    """What a program says of itself at its top, as `// Flags: -O3 -lm`."""
    found = re.search(rf"^// {what}: (.+?)\.?$", text, re.MULTILINE)
    return found.group(1).replace(",", " ").split() if found else []


def needs(text):
    """The keys of its check."""
    flags, arch = said(text, "Flags"), said(text, "Arch")
    return {**({"flags": flags} if flags else {}), **({"arch": arch[0]} if arch else {})}


def speed():
    """Wall time of the whole job, compilers included: an upper bound."""
    good = True
    for name, what in SPEED.items():
        text = {f"{name}.cu": (ROOT / f"benches/cuda/{name}.cu").read_text()}
        for checked, wanted in ((False, 10), (True, 60)):
            answer = verify([task(name, text, sanitize=checked, orders=1)])[name]
            if answer["verdict"] != "pass":
                sys.exit(f"{what}: {answer}")
            seconds = answer["evidence"]["wall_ms"] / 1000
            mode = "everything checked" if checked else "unchecked"
            good &= report(f"{what}, {mode}", f"{seconds:.1f} s", f"<= {wanted} s", seconds <= wanted)
    return good


def programs():
    """They pass; those that do wrong on purpose fail for just that."""
    tasks, wanted = [], {}
    for path in sorted((CUDA / "programs").iterdir()):
        files = sources(path)
        text = "\n".join(files.values())
        wanted[path.stem] = set(said(text, "Reports"))
        tasks.append(task(path.stem, files, **needs(text)))
    answers = verify(tasks)

    def right(answer):
        kinds = {f["kind"] for f in answer["evidence"].get("metrics", {}).get("findings", [])}
        return answer["verdict"] == ("fail" if wanted[answer["id"]] else "pass") and kinds == wanted[answer["id"]]

    odd = [a for a in answers.values() if not right(a)]
    for a in odd:
        print(f"  {a['id']}: {a['verdict']} {a['reason']}: {str(a['evidence'].get('log'))[:600]}")
    return report("programs judged right", f"{len(answers) - len(odd)} of {len(answers)}", "all", not odd)


def tour():
    """Right and wrong candidates of problems with a testbench."""
    fixtures, tasks, wanted = ROOT / "tests/fixtures/cuda", [], {}
    for path in sorted([*(fixtures / "right").iterdir(), *(fixtures / "wrong").iterdir()]):
        text = path.read_text()
        problem, _, reason = text.splitlines()[0].lstrip("/ ").partition(": ")
        files = {p.name: p.read_text() for p in sorted((fixtures / "problems" / problem).iterdir())}
        check = json.loads(files.pop("check.json"))
        given = [{"path": n, "content": t, "role": "testbench" if n.startswith("testbench") else "support"} for n, t in files.items()]
        limits = {"timeout": {"cpu_ms": 20000}, "out_of_memory": {"memory_bytes": 3 << 30}}.get(reason, {})
        name = f"{path.parent.name}/{path.name}"
        wanted[name] = reason or "pass"
        tasks.append({**task(name, {f"answer/{path.name}": text}, **check), "files": given, "limits": limits})
    answers = verify(tasks)
    got = {name: a["reason"] if a["verdict"] == "fail" else a["verdict"] for name, a in answers.items()}
    odd = [name for name in wanted if got.get(name) != wanted[name]]
    for name in odd:
        print(f"  {name}: {got.get(name)}, not {wanted[name]}: {str(answers.get(name))[:600]}")
    return report("candidates of the tour judged right", f"{len(wanted) - len(odd)} of {len(wanted)}", "all", not odd)


def unsupported():
    folder = CUDA / "unsupported"
    texts = {path.stem: path.read_text() for path in sorted(folder.glob("*.cu"))}
    names = {name: text.splitlines()[0].split("unsupported: ", 1)[1].strip() for name, text in texts.items()}
    flags = {name: ["-rdc=true", *said(text, "Flags")] for name, text in texts.items()}
    answers = verify([task(name, {f"{name}.cu": text}, arch="sm_90", flags=flags[name]) for name, text in texts.items()])
    odd = [a for name, a in answers.items() if a["verdict"] != "error" or names[name].lower() not in a["reason"].lower()]
    for a in odd:
        print(f"  {a['id']}: {a['verdict']} {a['reason']}, not {names[a['id']]}")
    return report("what is not emulated, refused by name", f"{len(answers) - len(odd)} of {len(answers)}", "all", not odd)


def defects():
    folders = sorted((CUDA / "defects").iterdir())
    texts = {f"{f.name}/{twin}": sources(f / f"{twin}.cu") for f in folders for twin in ("bad", "clean")}
    answers = verify([task(name, files, **needs("\n".join(files.values()))) for name, files in texts.items()])
    missed, accused = [], []
    for folder in folders:
        lines = (folder / "bad.cu").read_text().splitlines()
        marks = {n: m.group(1) for n, line in enumerate(lines, 1) if (m := MARK.search(line))}
        findings = answers[f"{folder.name}/bad"]["evidence"].get("metrics", {}).get("findings", [])
        places = [(f["kind"], line) for f in findings for line in (f.get("line"), f.get("other", {}).get("line"))]
        if not any((kind, line) in places for line, kind in marks.items()):
            missed.append(folder.name)
            print(f"  missed: {folder.name}: {marks}, found {places}")
        clean = answers[f"{folder.name}/clean"]
        if clean["verdict"] != "pass":
            accused.append(folder.name)
            print(f"  accused: {folder.name}: {clean['reason']}: {str(clean['evidence'].get('log'))[:600]}")
    good = report("planted defects found, with kind and line", f"{len(folders) - len(missed)} of {len(folders)}", "all, >= 60", not missed)
    return report("clean twins accused", str(len(accused)), "0", not accused) and good


def main():
    good = speed()
    for part in (programs, unsupported, defects, tour):
        good = part() and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
