"""Inline PTX of tensor cores, asynchronous copies and their barriers: mma, ldmatrix, stmatrix, movmatrix, cp.async, mbarrier
(PTX ISA, "Warp-Level Matrix Instructions", "Data Movement and Conversion Instructions: Asynchronous copy", "Parallel
Synchronization and Communication Instructions: mbarrier"). What ptx.py asks when it knows no better."""

import re

MMA = re.compile(r"mma\.sync\.aligned\.(m(\d+)n(\d+)k(\d+))\.row\.col(\.satfinite)?\.(\w+)\.(\w+)\.(\w+)\.(\w+)")
# (types of the multiplicands, shapes, types of the sum)
SHAPES = [
    (("f16",), ("m16n8k8", "m16n8k16"), ("f16", "f32")), (("bf16",), ("m16n8k8", "m16n8k16"), ("f32",)), (("tf32",), ("m16n8k4", "m16n8k8"), ("f32",)),
    (("f64",), ("m8n8k4", "m16n8k4", "m16n8k8", "m16n8k16"), ("f64",)), (("s8", "u8"), ("m8n8k16", "m16n8k16", "m16n8k32"), ("s32",)),
    (("e4m3", "e5m2"), ("m16n8k16", "m16n8k32"), ("f16", "f32")),
]
BITS = {"f16": 16, "bf16": 16, "tf32": 32, "f32": 32, "f64": 64, "s8": 8, "u8": 8, "s32": 32, "e4m3": 8, "e5m2": 8}
REGISTER = {"f32": ("f32", "float"), "f64": ("f64", "double")}   # (as an operand, in C++); all else is in registers of 32 bits
COPY = re.compile(r"cp\.async\.(ca|cg)(\.shared(?:::cta)?)\.global(?:\.L2::(?:64B|128B|256B))?")
BARRIER = re.compile(r"(cp\.async\.)?mbarrier\.(init|inval|arrive|arrive\.noinc|test_wait|test_wait\.parity|try_wait|try_wait\.parity)(\.shared(?:::cta)?)?\.b64")
M, B = "::emulate::matrix::", "::emulate::barrier::"


def instruction(assembly, name, arguments):
    """The C++ of an instruction, or None. What is used wrongly gives Refused by the assembly's own methods."""
    product = MMA.fullmatch(name)
    if product:
        return multiply(assembly, product, arguments)
    root, _, rest = name.partition(".sync.aligned.")
    if root in ("ldmatrix", "stmatrix"):
        return rows(assembly, root, rest.split("."), arguments)
    if name == "movmatrix.sync.aligned.m8n8.trans.b16" and len(arguments) == 2:
        return assembly.assign(arguments[0], "b32", f"{M}transpose({assembly.value(arguments[1], 'b32')})")
    parts = BARRIER.fullmatch(name)
    if parts:
        return barrier(assembly, parts, arguments)
    return copy(assembly, name, arguments)


def multiply(assembly, parts, arguments):
    shape, m, n, k, saturate, *kinds = parts.groups()
    d, a, b, c = kinds
    if len(arguments) != 4 or not any(a in ab and b in ab and shape in shapes and c in sums and d in sums for ab, shapes, sums in SHAPES):
        return None
    if saturate and c != "s32":
        return None
    m, n, k = int(m), int(n), int(k)
    out = []
    for name, kind, text, elements in (("a", a, arguments[1], m * k), ("b", b, arguments[2], k * n), ("c", c, arguments[3], m * n)):
        operand, register = REGISTER.get(kind, ("b32", "unsigned"))
        values = ", ".join(assembly.value(part, operand) for part in assembly.pair(text, count(kind, elements)))
        out.append(f"const {register} emulate_{name}[] = {{{values}}}")
    operand, register = REGISTER.get(d, ("b32", "unsigned"))
    results = assembly.pair(arguments[0], count(d, m * n))
    out.append(f"{register} emulate_d[{len(results)}]")
    elements = ", ".join(f"{M}Element::{kind}" for kind in (a, b, c, d))
    out.append(f"{M}multiply({{{m}, {n}, {k}, {elements}, {str(bool(saturate)).lower()}}}, emulate_a, emulate_b, emulate_c, emulate_d)")
    out += [assembly.assign(part, operand, f"emulate_d[{i}]") for i, part in enumerate(results)]
    return "{ " + "; ".join(out) + "; }"


def count(kind, elements):
    """Registers of a lane for that many elements of the warp."""
    return elements // 32 * BITS[kind] // max(32, BITS[kind])


def rows(assembly, root, qualifiers, arguments):
    times = next((q for q in qualifiers if q in ("x1", "x2", "x4")), None)
    space = next((q for q in qualifiers if q in ("shared", "shared::cta")), None)
    transposed = "trans" in qualifiers
    if times is None or len(arguments) != 2 or sorted(qualifiers) != sorted(filter(None, ("m8n8", "b16", times, space, "trans" if transposed else None))):
        return None
    number = int(times[1])
    data, place = arguments if root == "ldmatrix" else reversed(arguments)
    parts = assembly.pair(data, number)
    address = f"reinterpret_cast<void *>({assembly.address(place, '.shared' if space else None)})"
    options = f"{number}, {str(transposed).lower()}, {address}"
    if root == "stmatrix":
        return f"{{ const unsigned emulate_r[] = {{{', '.join(assembly.value(part, 'b32') for part in parts)}}}; {M}store_rows(emulate_r, {options}); }}"
    results = "; ".join(assembly.assign(part, "b32", f"emulate_r[{i}]") for i, part in enumerate(parts))
    return f"{{ unsigned emulate_r[{number}]; {M}load_rows(emulate_r, {options}); {results}; }}"


def copy(assembly, name, arguments):
    if name == "cp.async.commit_group" and not arguments:
        return "::emulate::async::commit()"
    if name == "cp.async.wait_all" and not arguments:
        return "::emulate::async::wait_all()"
    if name == "cp.async.wait_group" and len(arguments) == 1:
        return f"::emulate::async::wait({assembly.value(arguments[0], 'u32')})"
    parts = COPY.fullmatch(name)
    if not parts or len(arguments) not in (3, 4):
        return None
    to, source = assembly.address(arguments[0], parts.group(2)), assembly.address(arguments[1])
    size = assembly.value(arguments[2], "u32")
    read = assembly.value(arguments[3], "u32") if len(arguments) == 4 else size
    return f"::emulate::async::copy(reinterpret_cast<void *>({to}), reinterpret_cast<const void *>({source}), {size}, {read})"


def barrier(assembly, parts, arguments):
    of_copies, what, space = parts.groups()
    if len(arguments) != {"init": 2, "inval": 1, "arrive": 1 if of_copies else 2, "arrive.noinc": 1}.get(what, 3):
        return None
    place = arguments[1] if what.startswith(("test", "try")) or (what == "arrive" and not of_copies) else arguments[0]
    at = f"reinterpret_cast<unsigned long *>({assembly.address(place, space)})"
    if of_copies:   # the arrival that it makes is one more than were expected, unless .noinc
        hand_over = f"::emulate::async::hand_over({at})"
        return {"arrive": hand_over, "arrive.noinc": f"{{ {hand_over}; {B}arrive({at}, false); }}"}.get(what)
    if what == "init":
        return f"{B}initialise({at}, {assembly.value(arguments[1], 'u32')})"
    if what == "inval":
        return f"*{at} = 0"
    if what == "arrive":
        call = f"{B}arrive({at}, false)"
        return call if arguments[0] == "_" else assembly.assign(arguments[0], "b64", call)
    if what == "arrive.noinc":
        return None
    passed = f"passed_parity({at}, {assembly.value(arguments[2], 'u32')} & 1)" if what.endswith("parity") else f"passed({at}, {assembly.value(arguments[2], 'b64')})"
    return f"{assembly.predicate(arguments[0])} = {B}{passed}"
