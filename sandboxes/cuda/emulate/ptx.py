"""Inline PTX: what public code writes most, as C++ in the place of the `asm` (PTX ISA; "Inline PTX Assembly in CUDA").

    asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane))
    ({ auto &emulate_to0 = (lane); unsigned emulate_v0 = {}; emulate_v0 = (unsigned)::emulate::lane();
       ::emulate::ptx::out(emulate_to0, emulate_v0); })

An operand's expression stays where it is, as the rewriter changes it, too. Each instruction is one entry of a table by its
whole name; what has no entry, or is used in a way that is not certain, gives Refused.
"""

import re

REGISTERS = {"r": ("unsigned", 32), "l": ("unsigned long long", 64), "f": ("float", 32), "d": ("double", 64), "h": ("unsigned short", 16)}
TYPES = {"u16": "unsigned short", "s16": "short", "b16": "unsigned short", "u32": "unsigned", "s32": "int", "b32": "unsigned",
         "u64": "unsigned long long", "s64": "long long", "b64": "unsigned long long", "f32": "float", "f64": "double",
         "u8": "unsigned char", "s8": "signed char", "b8": "unsigned char"}
VECTORS = {"u32": "uint", "b32": "uint", "s32": "int", "f32": "float", "u64": "ulonglong", "b64": "ulonglong", "s64": "longlong", "f64": "double"}

SPECIAL = {"laneid": "::emulate::lane()", "lanemask_eq": "(1u << ::emulate::lane())", "lanemask_lt": "((1u << ::emulate::lane()) - 1)",
           "lanemask_le": "((2u << ::emulate::lane()) - 1)", "lanemask_gt": "~((2u << ::emulate::lane()) - 1)",
           "lanemask_ge": "~((1u << ::emulate::lane()) - 1)", "warpid": "::emulate::ptx::warp_slot()", "nwarpid": "::emulate::ptx::warp_slots()",
           "smid": "::emulate::ptx::multiprocessor()", "nsmid": "::emulate::ptx::multiprocessors()",
           "dynamic_smem_size": "::emulate::ptx::dynamic_shared_size()", "clock": "static_cast<unsigned>(clock64())",
           "clock_hi": "static_cast<unsigned>(clock64() >> 32)", "globaltimer_lo": "static_cast<unsigned>(__globaltimer())",
           "globaltimer_hi": "static_cast<unsigned>(__globaltimer() >> 32)"}
SPECIAL.update({f"{name}.{axis}": f"::emulate::{function}().{axis}" for axis in "xyz" for name, function in (
    ("tid", "thread_index"), ("ntid", "block_size"), ("ctaid", "block_index"), ("nctaid", "grid_size"))})
SPECIAL_WIDE = {"clock64": "static_cast<unsigned long long>(clock64())", "globaltimer": "__globaltimer()"}

# Instructions that compute, by what stands before the type: operands `a`, `b`, `c` have that type unless `KINDS` says otherwise.
WHOLE = {"u16", "s16", "u32", "s32", "u64", "s64"}
BITS = {"b16", "b32", "b64"}
FLOATS = {"f32", "f64"}
P = "::emulate::ptx::"
COMPUTE = [   # (names, types, number of operands, expression; T is the type, U its unsigned one)
    ("add", WHOLE, 2, "static_cast<T>(static_cast<U>(a) + static_cast<U>(b))"), ("sub", WHOLE, 2, "static_cast<T>(static_cast<U>(a) - static_cast<U>(b))"),
    ("mul.lo", WHOLE, 2, P + "low<T>(a, b)"), ("mul.hi", WHOLE, 2, P + "high<T>(a, b)"),
    ("mad.lo", WHOLE, 3, "static_cast<T>(static_cast<U>(" + P + "low<T>(a, b)) + static_cast<U>(c))"),
    ("mad.hi", WHOLE, 3, "static_cast<T>(static_cast<U>(" + P + "high<T>(a, b)) + static_cast<U>(c))"),
    ("min", WHOLE, 2, "(a < b ? a : b)"), ("max", WHOLE, 2, "(a > b ? a : b)"),
    ("neg", {"s16", "s32", "s64"}, 1, "static_cast<T>(0 - static_cast<U>(a))"), ("abs", {"s16", "s32", "s64"}, 1, "static_cast<T>(a < 0 ? 0 - static_cast<U>(a) : static_cast<U>(a))"),
    ("sad", WHOLE, 3, "static_cast<T>(static_cast<U>(c) + static_cast<U>(" + P + "distance<T>(a, b)))"),
    ("and", BITS, 2, "static_cast<T>(a & b)"), ("or", BITS, 2, "static_cast<T>(a | b)"), ("xor", BITS, 2, "static_cast<T>(a ^ b)"),
    ("not", BITS, 1, "static_cast<T>(~a)"), ("shl", BITS, 2, P + "left<T>(a, b)"), ("shr", WHOLE | BITS, 2, P + "right<T>(a, b)"),
    ("bfe", {"u32", "s32", "u64", "s64"}, 3, P + "extract<T>(a, b, c)"), ("bfi", {"b32", "b64"}, 4, P + "insert<T>(a, b, c, d)"),
    ("brev", {"b32"}, 1, "__brev(a)"), ("brev", {"b64"}, 1, "__brevll(a)"), ("popc", {"b32"}, 1, "__popc(a)"), ("popc", {"b64"}, 1, "__popcll(a)"),
    ("clz", {"b32"}, 1, "__clz(static_cast<int>(a))"), ("clz", {"b64"}, 1, "__clzll(static_cast<long long>(a))"),
    ("prmt", {"b32"}, 3, "__byte_perm(a, b, c)"), ("lop3", {"b32"}, 4, P + "logic(a, b, c, d)"),
    ("shf.l.wrap", {"b32"}, 3, "__funnelshift_l(a, b, c)"), ("shf.r.wrap", {"b32"}, 3, "__funnelshift_r(a, b, c)"),
    ("shf.l.clamp", {"b32"}, 3, "__funnelshift_lc(a, b, c)"), ("shf.r.clamp", {"b32"}, 3, "__funnelshift_rc(a, b, c)"),
    ("add.rn", FLOATS, 2, "(a + b)"), ("sub.rn", FLOATS, 2, "(a - b)"), ("mul.rn", FLOATS, 2, "(a * b)"), ("div.rn", FLOATS, 2, "(a / b)"),
    ("add", FLOATS, 2, "(a + b)"), ("sub", FLOATS, 2, "(a - b)"), ("mul", FLOATS, 2, "(a * b)"), ("rcp.rn", FLOATS, 1, "(T(1) / a)"),
    ("fma.rn", {"f32"}, 3, "fmaf(a, b, c)"), ("fma.rn", {"f64"}, 3, "fma(a, b, c)"), ("sqrt.rn", {"f32"}, 1, "sqrtf(a)"), ("sqrt.rn", {"f64"}, 1, "sqrt(a)"),
    ("cvta.to.global", {"u64"}, 1, "a"), ("mul24.lo", {"u32"}, 2, "__umul24(a, b)"), ("mul24.lo", {"s32"}, 2, "__mul24(a, b)"),
]
INTRINSICS = {name + "." + kind: (kind, count, expression) for name, kinds, count, expression in COMPUTE for kind in kinds}
INTRINSICS["dp4a.u32.u32"] = ("u32", 3, "__dp4a(a, b, c)")
INTRINSICS["dp4a.s32.s32"] = ("s32", 3, "__dp4a(a, b, c)")
# Operands of another type than the instruction's: places of lengths and shifts, and 32-bit results.
COUNTS = {"shl": {1}, "shr": {1}, "bfe": {1, 2}, "bfi": {2, 3}, "lop3": {3}}
NARROW_RESULT = {"popc", "clz"}
ALONE = {"membar.gl": "__threadfence()", "membar.cta": "__threadfence_block()", "membar.sys": "__threadfence_system()", "trap": "__trap()", "nop": ""}
ALONE.update({f"fence.{order}.{scope}": call for order in ("sc", "acq_rel")
              for scope, call in (("cta", "__threadfence_block()"), ("gpu", "__threadfence()"), ("sys", "__threadfence_system()"))})
ATOMICS = {"add": ("atomicAdd", {"u32", "s32", "u64", "f32", "f64"}), "min": ("atomicMin", {"u32", "s32", "u64", "s64"}), "max": ("atomicMax", {"u32", "s32", "u64", "s64"}),
           "and": ("atomicAnd", {"b32", "b64"}), "or": ("atomicOr", {"b32", "b64"}), "xor": ("atomicXor", {"b32", "b64"}),
           "exch": ("atomicExch", {"b32", "b64"}), "cas": ("atomicCAS", {"b32", "b64"})}
ACCESS = re.compile(r"(ld|st)(\.volatile|\.relaxed\.gpu|\.relaxed\.sys|\.acquire\.gpu|\.acquire\.sys|\.release\.gpu|\.release\.sys)?(\.global)?(\.nc)?"
                    r"(?:\.ca|\.cg|\.cs|\.lu|\.cv|\.wb|\.wt)?(?:\.L1::(?:no_allocate|evict_\w+))?(?:\.L2::(?:64B|128B|256B))?(\.v2|\.v4)?\.(\w+)")
ATOMIC = re.compile(r"(atom|red)(\.relaxed|\.acquire|\.release|\.acq_rel)?(\.gpu)?(\.global)?(\.gpu)?\.(\w+)\.(\w+)")
PREFETCH = re.compile(r"prefetch\.global\.L[12]|prefetch\.L[12]")


class Refused(Exception):
    pass


class Assembly:
    """One `asm`: its text, and its operands as (constraint, where the expression begins, where it ends)."""

    def __init__(self, template, operands):
        self.operands = operands
        for constraint, _, _ in operands:
            if not re.fullmatch(r"[=+]?[rlfdh]|n", constraint):
                raise Refused(f"operand {constraint}")
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", template, flags=re.S).replace("%%", "%")
        scope = re.fullmatch(r"\s*\{(.*)\}\s*", text, re.S)   # which nothing here declares names for
        parts = [part.strip() for part in (scope.group(1) if scope else text).split(";")]
        if parts[-1]:
            raise Refused(parts[-1])
        self.statements = []
        for part in filter(None, parts):
            try:
                self.statements.append(self.instruction(part))
            except Refused:
                raise Refused(part.split()[0]) from None

    # The C++ around the operands' expressions

    def before(self, n):
        constraint = self.operands[n][0]
        if constraint == "n":
            return f"const auto emulate_v{n} = ("
        if constraint[0] in "=+":
            return f"auto &emulate_to{n} = ("
        return f"const {self.kind(n)} emulate_v{n} = ::emulate::ptx::in<{self.kind(n)}>("

    def after(self, n):
        constraint = self.operands[n][0]
        if constraint[0] == "=":
            return f"); {self.kind(n)} emulate_v{n} = {{}}; "
        if constraint[0] == "+":
            return f"); {self.kind(n)} emulate_v{n} = ::emulate::ptx::in<{self.kind(n)}>(emulate_to{n}); "
        return "); "

    def body(self):
        outputs = [n for n, (constraint, _, _) in enumerate(self.operands) if constraint[0] in "=+"]
        return "".join(f"{statement}; " for statement in self.statements if statement) + "".join(f"::emulate::ptx::out(emulate_to{n}, emulate_v{n}); " for n in outputs)

    def kind(self, n):
        return REGISTERS[self.operands[n][0][-1]][0]

    # Instructions

    def instruction(self, text):
        name, _, rest = re.sub(r"\s+", " ", text).partition(" ")
        arguments = [argument.strip() for argument in re.split(r",(?![^{]*\})", rest)] if rest.strip() else []
        if name in ALONE and not arguments:
            return ALONE[name]
        if (name, arguments) in (("bar.sync", ["0"]), ("barrier.sync", ["0"]), ("barrier.sync.aligned", ["0"])):
            return "__syncthreads()"
        if PREFETCH.fullmatch(name) and len(arguments) == 1:
            return ""
        if name.startswith("mov."):
            return self.move(name[4:], arguments)
        if name in INTRINSICS:
            return self.compute(name, arguments)
        if name.startswith(("mul.wide.", "mad.wide.")):
            return self.wide(name, arguments)
        if name == "bar.warp.sync" and len(arguments) == 1:
            return f"__syncwarp({self.value(arguments[0], 'b32')})"
        if name == "activemask.b32" and len(arguments) == 1:
            return self.assign(arguments[0], "b32", "__activemask()")
        if name == "nanosleep.u32" and len(arguments) == 1:
            return f"__nanosleep({self.value(arguments[0], 'u32')})"
        for pattern, method in ((ACCESS, self.access), (ATOMIC, self.atomic)):
            parts = pattern.fullmatch(name)
            if parts:
                return method(parts, arguments)
        raise Refused

    def number(self, text, bits=None):
        """The operand that `%N` names, if its register is as wide as the instruction wants."""
        if not re.fullmatch(r"%\d+", text) or int(text[1:]) >= len(self.operands):
            raise Refused
        n = int(text[1:])
        if bits is not None and self.operands[n][0] != "n" and REGISTERS[self.operands[n][0][-1]][1] != bits:
            raise Refused
        return n

    def value(self, text, kind):
        if re.fullmatch(r"-?(?:0[xX][0-9a-fA-F]+|[1-9]\d*|0)U?", text) and kind[0] != "f":
            return f"static_cast<{TYPES[kind]}>({text.rstrip('U')}ll)"
        if re.fullmatch(r"0[fF][0-9a-fA-F]{8}", text) and kind == "f32":
            return f"__builtin_bit_cast(float, 0x{text[2:]}u)"
        n = self.number(text, int(kind[1:]))
        if self.operands[n][0] == "n":
            return f"static_cast<{TYPES[kind]}>(emulate_v{n})"
        return f"__builtin_bit_cast({TYPES[kind]}, emulate_v{n})"

    def assign(self, text, kind, expression):
        n = self.number(text, int(kind[1:]))
        if self.operands[n][0][0] not in "=+":
            raise Refused
        return f"emulate_v{n} = __builtin_bit_cast({self.kind(n)}, static_cast<{TYPES[kind]}>({expression}))"

    def move(self, kind, arguments):
        if kind not in TYPES or kind[1:] == "8" or len(arguments) != 2:
            raise Refused
        to, source = arguments
        if kind == "b64" and source[:1] == "{":
            low, high = self.pair(source)
            return self.assign(to, kind, f"static_cast<unsigned long long>({self.value(high, 'b32')}) << 32 | {self.value(low, 'b32')}")
        if kind == "b64" and to[:1] == "{":
            low, high = self.pair(to)
            whole = self.value(source, kind)
            return self.assign(low, "b32", f"{whole}") + "; " + self.assign(high, "b32", f"{whole} >> 32")
        if source[:1] == "%" and not source[1:].isdigit():
            special = SPECIAL if kind in ("u32", "s32", "b32") else SPECIAL_WIDE if kind in ("u64", "s64", "b64") else {}
            if source[1:] not in special:
                raise Refused
            return self.assign(to, kind, special[source[1:]])
        return self.assign(to, kind, self.value(source, kind))

    def pair(self, text, count=2):
        if not re.fullmatch(r"\{[^{}]*\}", text):
            raise Refused
        parts = [part.strip() for part in text[1:-1].split(",")]
        if len(parts) != count:
            raise Refused
        return parts

    def compute(self, name, arguments):
        kind, count, expression = INTRINSICS[name]
        if len(arguments) != count + 1:
            raise Refused
        root = name.split(".")[0]
        places = COUNTS.get(root, ())
        values = {"abcd"[i]: self.value(text, "u32" if i in places else kind) for i, text in enumerate(arguments[1:])}
        values["T"], values["U"] = TYPES[kind], TYPES["u" + kind[1:]] if kind[0] != "f" else ""
        filled = re.sub(r"(?<![\w:])[abcdTU](?!\w)", lambda word: values[word.group()], expression)
        return self.assign(arguments[0], "u32" if root in NARROW_RESULT else kind, filled)

    def wide(self, name, arguments):
        root, _, kind = name.split(".")
        if kind not in ("u16", "s16", "u32", "s32") or len(arguments) != (3 if root == "mul" else 4):
            raise Refused
        result = kind[0] + str(2 * int(kind[1:]))
        product = f"::emulate::ptx::wide<{TYPES[kind]}>({self.value(arguments[1], kind)}, {self.value(arguments[2], kind)})"
        if root == "mad":
            whole = TYPES["u" + result[1:]]
            product = f"static_cast<{whole}>({product}) + static_cast<{whole}>({self.value(arguments[3], result)})"
        return self.assign(arguments[0], result, product)

    # Memory: plain accesses are plain ones of C++, so that the checker sees them

    def address(self, text):
        parts = re.fullmatch(r"\[\s*(%\d+)\s*(?:\+\s*(-?\d+)\s*)?\]", text)
        if not parts:
            raise Refused
        n = self.number(parts.group(1), 64)
        if self.operands[n][0] == "n":
            raise Refused
        return f"(emulate_v{n} + {parts.group(2) or 0})"

    def access(self, parts, arguments):
        what, order, _, constant, vector, kind = parts.groups()
        if kind not in TYPES or len(arguments) != 2 or (constant and (what == "st" or order)):
            raise Refused
        place, data = (arguments[1], arguments[0]) if what == "ld" else arguments
        address = self.address(place)
        if vector:
            if order or kind not in VECTORS or (vector == ".v4" and kind[1:] == "64"):
                raise Refused
            return self.vector(what, VECTORS[kind] + vector[2], self.pair(data, int(vector[2])), kind, address)
        if kind[1:] == "8":
            return self.byte(what, order, data, kind, address)
        if order and order != ".volatile":
            if kind[0] == "f" or not order.startswith((".relaxed", ".acquire" if what == "ld" else ".release")):
                raise Refused
            memory = "__ATOMIC_RELAXED" if "relaxed" in order else "__ATOMIC_ACQUIRE" if what == "ld" else "__ATOMIC_RELEASE"
            if what == "ld":
                return self.assign(data, kind, f"::emulate::ptx::load<{TYPES[kind]}>({address}, {memory})")
            return f"::emulate::ptx::store<{TYPES[kind]}>({address}, {self.value(data, kind)}, {memory})"
        target = f"*reinterpret_cast<{'volatile ' if order else ''}{TYPES[kind]} *>({address})"
        return self.assign(data, kind, target) if what == "ld" else f"{target} = {self.value(data, kind)}"

    def byte(self, what, order, data, kind, address):
        """A byte in a register of 16 bits or more: loads extend it."""
        if order and order != ".volatile":
            raise Refused
        n = self.number(data)
        if self.operands[n][0][-1] not in "rlh" or (what == "ld" and self.operands[n][0][0] not in "=+"):
            raise Refused
        target = f"*reinterpret_cast<{'volatile ' if order else ''}{TYPES[kind]} *>({address})"
        if what == "st":
            return f"{target} = static_cast<{TYPES[kind]}>(emulate_v{n})"
        return f"emulate_v{n} = static_cast<{self.kind(n)}>({target})"

    def vector(self, what, kind, data, element, address):
        if what == "ld":
            return (f"{{ const {kind} emulate_all = *reinterpret_cast<const {kind} *>({address}); " +
                    "".join(self.assign(part, element, f"emulate_all.{axis}") + "; " for part, axis in zip(data, "xyzw")) + "}")
        values = ", ".join(f"static_cast<decltype({kind}::x)>({self.value(part, element)})" for part in data)
        return f"*reinterpret_cast<{kind} *>({address}) = {kind}{{{values}}}"

    def atomic(self, parts, arguments):
        what, order, _, _, _, operation, kind = parts.groups()
        function, kinds = ATOMICS.get(operation, ("", ()))
        if kind not in kinds or (what == "red" and operation in ("exch", "cas")):
            raise Refused
        first = 1 if what == "atom" else 0
        count = 2 if operation == "cas" else 1
        if len(arguments) != first + 1 + count:
            raise Refused
        values = [self.value(text, kind) for text in arguments[first + 1:]]
        call = f"{function}(reinterpret_cast<{TYPES[kind]} *>({self.address(arguments[first])}), {', '.join(values)})"
        if order in (".release", ".acq_rel"):   # what was done before is handed over: a fence and an atomic
            call = f"(__threadfence(), {call})"
        return self.assign(arguments[0], kind, call) if what == "atom" else call


BEGIN = re.compile(rb"(?:asm|__asm__|__asm)(?:\s+(?:volatile|__volatile__|__volatile))*\s*\(")
STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"|R"([^()\s\\]*)\((.*?)\)\2"', re.S)
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def parse(text, start):
    """(the Assembly, where its `)` ends) of the `asm` that begins there."""
    begin = BEGIN.match(text, start)
    if not begin:
        raise Refused("asm in a form that is not understood")
    at = begin.end()
    template, at = strings(text, at)
    operands, section = [], 0
    while True:
        at = blank(text, at)
        if text[at:at + 1] == b")":
            break
        if text[at:at + 1] == b":":
            section, at = section + 1, at + 1
        elif text[at:at + 1] == b",":
            at += 1
        elif section in (1, 2):
            operand, at = one_operand(text, at)
            if operand[0].startswith(("=", "+")) != (section == 1):
                raise Refused("asm in a form that is not understood")
            operands.append(operand)
        elif section == 3:
            _, at = strings(text, at)
        else:
            raise Refused("asm in a form that is not understood")
    return Assembly(template, operands), at + 1


def blank(text, at):
    while text[at:at + 1].isspace():
        at += 1
    return at


def strings(text, at):
    """Literals that follow each other, as one."""
    whole, literal = "", STRING.match(text, blank(text, at))
    if not literal:
        raise Refused("asm in a form that is not understood")
    while literal:
        if literal.group(1) is None:
            whole += literal.group(3).decode("utf-8", "replace")
        else:
            whole += re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape.group(1), "?"), literal.group(1).decode("utf-8", "replace"), flags=re.S)
        at = literal.end()
        literal = STRING.match(text, blank(text, at))
    return whole, at


def one_operand(text, at):
    constraint, at = strings(text, at)
    at = blank(text, at)
    if text[at:at + 1] != b"(":
        raise Refused("asm in a form that is not understood")
    begin, depth = at + 1, 0
    while at < len(text):
        literal = STRING.match(text, at)
        if literal:
            at = literal.end()
            continue
        depth += {b"(": 1, b")": -1}.get(text[at:at + 1], 0)
        at += 1
        if depth == 0:
            return (constraint.replace("&", ""), begin, at - 1), at
    raise Refused("asm in a form that is not understood")
