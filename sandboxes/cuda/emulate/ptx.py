"""Inline PTX: what public code writes most, as C++ in the place of the `asm` (PTX ISA; "Inline PTX Assembly in CUDA").

    asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane))
    ({ auto &emulate_to0 = (lane); unsigned emulate_v0 = {}; emulate_v0 = (unsigned)::emulate::lane();
       ::emulate::ptx::out(emulate_to0, emulate_v0); })

An operand's expression stays where it is, as the rewriter changes it, too. Each instruction is one entry of a table by its
whole name; what has no entry, or is used in a way that is not certain, gives Refused. Registers that the text declares are
variables of the block, `@p` before an instruction is an `if`, and jumps stay within their `asm`. Tensor cores, asynchronous
copies and barriers are in ptx_matrix.py.
"""

import re

import ptx_matrix

REGISTERS = {"r": ("unsigned", 32), "l": ("unsigned long long", 64), "f": ("float", 32), "d": ("double", 64), "h": ("unsigned short", 16), "c": ("unsigned char", 8), "p": ("bool", 1)}
# What a declared register is as an operand.
DECLARED = {kind: letter for letter, kinds in (("r", "b32 u32 s32"), ("l", "b64 u64 s64"), ("h", "b16 u16 s16"), ("c", "b8 u8 s8"), ("f", "f32"), ("d", "f64"), ("p", "pred"))
            for kind in kinds.split()}
# Comparisons that are false where an operand is no number, as C++'s are; `ne` of floats is one of them in PTX alone.
COMPARISONS = {"eq": "a == b", "lt": "a < b", "le": "a <= b", "gt": "a > b", "ge": "a >= b", "lo": "a < b", "ls": "a <= b", "hi": "a > b", "hs": "a >= b"}
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
    ("cvta.to.global", {"u64"}, 1, "a"), ("cvta.global", {"u64"}, 1, "a"), ("cvta.to.shared", {"u64"}, 1, P + "shared_of(a)"), ("cvta.shared", {"u64"}, 1, P + "generic_of(a)"),
    ("ex2.approx", {"f32"}, 1, "exp2f(a)"), ("lg2.approx", {"f32"}, 1, "log2f(a)"), ("rcp.approx", {"f32"}, 1, "(1 / a)"), ("sqrt.approx", {"f32"}, 1, "sqrtf(a)"),
    ("rsqrt.approx", {"f32"}, 1, "(1 / sqrtf(a))"), ("tanh.approx", {"f32"}, 1, "tanhf(a)"), ("sin.approx", {"f32"}, 1, "sinf(a)"), ("cos.approx", {"f32"}, 1, "cosf(a)"),
    ("min", {"f32"}, 2, "fminf(a, b)"), ("max", {"f32"}, 2, "fmaxf(a, b)"), ("neg", FLOATS, 1, "(-a)"), ("abs", {"f32"}, 1, "fabsf(a)"), ("mul24.lo", {"u32"}, 2, "__umul24(a, b)"), ("mul24.lo", {"s32"}, 2, "__mul24(a, b)"),
]
INTRINSICS = {name + "." + kind: (kind, count, expression) for name, kinds, count, expression in COMPUTE for kind in kinds}
# Halves, and pairs of them: on the bits, each result rounded once.
for name, count, expression in (("add", 2, "x + y"), ("add.rn", 2, "x + y"), ("sub", 2, "x - y"), ("sub.rn", 2, "x - y"), ("mul", 2, "x * y"), ("mul.rn", 2, "x * y"), ("fma.rn", 3, "x * y + z")):
    call = f"({', '.join('abc'[:count])}, []({', '.join('double ' + variable for variable in 'xyz'[:count])}) {{ return {expression}; }})"
    INTRINSICS[name + ".f16"], INTRINSICS[name + ".f16x2"] = ("b16", count, P + "of_halves" + call), ("b32", count, P + "of_pairs" + call)
INTRINSICS["dp4a.u32.u32"] = ("u32", 3, "__dp4a(a, b, c)")
INTRINSICS["dp4a.s32.s32"] = ("s32", 3, "__dp4a(a, b, c)")
# Operands of another type than the instruction's: places of lengths and shifts, and 32-bit results.
COUNTS = {"shl": {1}, "shr": {1}, "bfe": {1, 2}, "bfi": {2, 3}, "lop3": {3}}
NARROW_RESULT = {"popc", "clz"}
ALONE = {"membar.gl": "__threadfence()", "membar.cta": "__threadfence_block()", "membar.sys": "__threadfence_system()", "trap": "__trap()", "exit": "::emulate::ptx::exit_thread()", "nop": ""}
ALONE.update({f"fence.{order}.{scope}": call for order in ("sc", "acq_rel")
              for scope, call in (("cta", "__threadfence_block()"), ("gpu", "__threadfence()"), ("sys", "__threadfence_system()"))})
ATOMICS = {"add": ("atomicAdd", {"u32", "s32", "u64", "f32", "f64"}), "min": ("atomicMin", {"u32", "s32", "u64", "s64"}), "max": ("atomicMax", {"u32", "s32", "u64", "s64"}),
           "and": ("atomicAnd", {"b32", "b64"}), "or": ("atomicOr", {"b32", "b64"}), "xor": ("atomicXor", {"b32", "b64"}),
           "exch": ("atomicExch", {"b32", "b64"}), "cas": ("atomicCAS", {"b32", "b64"})}
ACCESS = re.compile(r"(ld|st)(\.volatile|\.relaxed\.gpu|\.relaxed\.sys|\.acquire\.gpu|\.acquire\.sys|\.release\.gpu|\.release\.sys)?(\.global|\.shared(?:::cta)?)?(\.nc)?"
                    r"(?:\.ca|\.cg|\.cs|\.lu|\.cv|\.wb|\.wt)?(?:\.L1::(?:no_allocate|evict_\w+))?(?:\.L2::(?:64B|128B|256B))?(\.v2|\.v4)?\.(\w+)")
ATOMIC = re.compile(r"(atom|red)(\.relaxed|\.acquire|\.release|\.acq_rel)?(\.gpu)?(\.global|\.shared(?:::cta)?)?(\.gpu)?\.(\w+)\.(\w+)")
SHUFFLE = re.compile(r"shfl\.sync\.(up|down|bfly|idx)\.b32")
PREFETCH = re.compile(r"prefetch\.global\.L[12]|prefetch\.L[12]")


class Refused(Exception):
    pass


class Assembly:
    """One `asm`: its text, and its operands as (constraint, where the expression begins, where it ends)."""

    def __init__(self, template, operands):
        self.operands = operands
        self.constraints = [constraint for constraint, _, _ in operands]   # and of declared registers, behind them
        self.names = {}   # of declared registers, by which they are numbered
        self.labels, self.jumps = [], []
        for constraint, _, _ in operands:
            if not re.fullmatch(r"[=+]?[rlfdh]|n", constraint):
                raise Refused(f"operand {constraint}")
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", template, flags=re.S).replace("%%", "%")
        scope = re.fullmatch(r"\s*\{(.*)\}\s*", text, re.S)
        parts = [part.strip() for part in (scope.group(1) if scope else text).split(";")]
        if parts[-1] and not parts[-1].endswith(":"):   # a label may be the end
            raise Refused(parts[-1])
        self.statements = []
        for part in filter(None, parts):
            try:
                self.statements.append(self.instruction(part))
            except Refused:
                raise Refused(re.sub(r"^@!?\s*[\w%$]+\s+", "", part).split()[0]) from None
        if not set(self.jumps) <= set(self.labels) or len(set(self.labels)) != len(self.labels):
            raise Refused("a jump out of the asm")

    # The C++ around the operands' expressions

    def before(self, n):
        constraint = self.constraints[n]
        if constraint == "n":
            return f"const auto emulate_v{n} = ("
        if constraint[0] in "=+":
            return f"auto &emulate_to{n} = ("
        return f"const {self.kind(n)} emulate_v{n} = ::emulate::ptx::in<{self.kind(n)}>("

    def after(self, n):
        constraint = self.constraints[n]
        if constraint[0] == "=":
            return f"); {self.kind(n)} emulate_v{n} = {{}}; "
        if constraint[0] == "+":
            return f"); {self.kind(n)} emulate_v{n} = ::emulate::ptx::in<{self.kind(n)}>(emulate_to{n}); "
        return "); "

    def body(self):
        outputs = [n for n, (constraint, _, _) in enumerate(self.operands) if constraint[0] in "=+"]
        labels = f"__label__ {', '.join('emulate_' + name for name in self.labels)}; " if self.labels else ""
        declared = "".join(f"{self.kind(n)} emulate_v{n} = {{}}; " for n in self.names.values())   # first: no jump goes past them
        work = labels + "".join(f"{statement}; " for statement in self.statements if statement)
        return declared + (f"{{ {work}}} " if labels else work) + "".join(f"::emulate::ptx::out(emulate_to{n}, emulate_v{n}); " for n in outputs)

    def kind(self, n):
        return REGISTERS[self.constraints[n][-1]][0]

    # Instructions

    def instruction(self, text):
        label = re.match(r"([A-Za-z_$][\w$]*)\s*:(?!:)\s*", text)
        if label:
            self.labels.append(label.group(1))
            return f"emulate_{label.group(1)}: {self.instruction(text[label.end():]) if label.end() < len(text) else ''}"
        guard = re.fullmatch(r"@(!?)\s*([\w%$]+)\s+(.*)", text, re.S)
        if guard:
            return f"if ({guard.group(1)}{self.predicate(guard.group(2))}) {{ {self.instruction(guard.group(3))}; }}"
        if text.startswith(".reg"):
            return self.declare(text)
        name, _, rest = re.sub(r"\s+", " ", text).partition(" ")
        arguments = [argument.strip() for argument in re.split(r",(?![^{]*\})", rest)] if rest.strip() else []
        if name in ("bra", "bra.uni") and len(arguments) == 1 and re.fullmatch(r"[A-Za-z_$][\w$]*", arguments[0]):
            self.jumps.append(arguments[0])
            return f"goto emulate_{arguments[0]}"
        if name in ALONE and not arguments:
            return ALONE[name]
        if SHUFFLE.fullmatch(name) and len(arguments) == 5:
            return self.shuffle(SHUFFLE.fullmatch(name).group(1), *arguments)
        if name == "vote.ballot.sync.b32" and len(arguments) == 3:
            return self.assign(arguments[0], "b32", f"__ballot_sync({self.value(arguments[2], 'b32')}, {self.predicate(arguments[1])})")
        if (name, arguments) in (("bar.sync", ["0"]), ("barrier.sync", ["0"]), ("barrier.sync.aligned", ["0"])):
            return "__syncthreads()"
        if PREFETCH.fullmatch(name) and len(arguments) == 1:
            return ""
        if name.startswith("mov."):
            return self.move(name[4:], arguments)
        if name.replace(".ftz", "") in INTRINSICS:
            return self.compute(name.replace(".ftz", ""), arguments, ".ftz" in name)
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
        if name.startswith(("setp.", "selp.")):
            return self.choose(name, arguments)
        if name.startswith("cvt."):
            return self.convert(name, arguments)
        done = ptx_matrix.instruction(self, name, arguments)
        if done is None:
            raise Refused
        return done

    # Registers

    def declare(self, text):
        parts = re.fullmatch(r"\.reg\s*\.(\w+)\s+([\w%$<>,\s]+)", text)
        if not parts or parts.group(1) not in DECLARED:
            raise Refused
        for name in re.split(r"\s*,\s*", parts.group(2).strip()):
            several = re.fullmatch(r"([\w%$]*[A-Za-z_%$])<(\d+)>", name)   # %r<4>: %r0 to %r3
            for one in [several.group(1) + str(i) for i in range(int(several.group(2)))] if several else [name]:
                if not re.fullmatch(r"%?[A-Za-z_$][\w$]*", one) or one in self.names:
                    raise Refused
                self.names[one] = len(self.constraints)
                self.constraints.append("+" + DECLARED[parts.group(1)])
        return ""

    def predicate(self, text):
        n = self.names.get(text)
        if n is None or self.constraints[n] != "+p":
            raise Refused
        return f"emulate_v{n}"

    def shuffle(self, mode, to, source, lanes, control, mask):
        to, _, valid = to.partition("|")
        call = f"::emulate::ptx::shuffle<'{mode[0]}'>({self.value(source, 'b32')}, {self.value(lanes, 'b32')}, {self.value(control, 'b32')}, {self.value(mask, 'b32')}, emulate_valid)"
        valid = f" {self.predicate(valid)} = emulate_valid;" if valid else ""
        return f"{{ bool emulate_valid; {self.assign(to, 'b32', call)};{valid} }}"

    def choose(self, name, arguments):
        """setp and selp."""
        parts = name.split(".")
        kind = parts[-1]
        if kind not in TYPES or kind[1:] == "8":
            raise Refused
        if parts[0] == "selp" and len(parts) == 2 and len(arguments) == 4:
            return self.assign(arguments[0], kind, f"{self.predicate(arguments[3])} ? {self.value(arguments[1], kind)} : {self.value(arguments[2], kind)}")
        if len(parts) != 3 or len(arguments) != 3 or (parts[1] not in COMPARISONS and parts[1] != "ne") or (parts[1] in ("lo", "ls", "hi", "hs") and kind[0] != "u"):
            raise Refused
        compared = COMPARISONS.get(parts[1], "a < b || a > b")
        values = {"a": self.value(arguments[1], kind), "b": self.value(arguments[2], kind)}
        return f"{self.predicate(arguments[0])} = " + re.sub(r"\b[ab]\b", lambda word: values[word.group()], compared)

    def convert(self, name, arguments):
        whole = re.fullmatch(r"cvt\.([us](?:8|16|32|64))\.([us](?:8|16|32|64))", name)
        if whole and len(arguments) == 2:
            return self.assign(arguments[0], whole.group(1), self.value(arguments[1], whole.group(2)))
        if name in ("cvt.rn.f32.s32", "cvt.rn.f32.u32") and len(arguments) == 2:
            return self.assign(arguments[0], "f32", self.value(arguments[1], name[-3:]))
        if name in ("cvt.rna.tf32.f32", "cvt.rn.f16.f32", "cvt.rn.bf16.f32") and len(arguments) == 2:
            into = {"tf32": ("b32", "bits_of_tf32"), "f16": ("b16", "bits_of_half"), "bf16": ("b16", "bits_of_bfloat16")}[name.split(".")[2]]
            return self.assign(arguments[0], into[0], f"{P}{into[1]}({self.value(arguments[1], 'f32')})")
        if name == "cvt.f32.f16" and len(arguments) == 2:
            return self.assign(arguments[0], "f32", f"{P}of_half({self.value(arguments[1], 'b16')})")
        pair = {"cvt.rn.f16x2.f32": "bits_of_half", "cvt.rn.bf16x2.f32": "bits_of_bfloat16"}.get(name)   # the first operand is the upper half
        if pair and len(arguments) == 3:
            high, low = (f"{P}{pair}({self.value(text, 'f32')})" for text in arguments[1:])
            return self.assign(arguments[0], "b32", f"static_cast<unsigned>({high}) << 16 | {low}")
        raise Refused

    def number(self, text, bits=None):
        """The operand that `%N` names, or the register of that name, if its register is as wide as the instruction wants."""
        n = self.names.get(text)
        if n is None:
            if not re.fullmatch(r"%\d+", text) or int(text[1:]) >= len(self.operands):
                raise Refused
            n = int(text[1:])
        if bits is not None and self.constraints[n] != "n" and REGISTERS[self.constraints[n][-1]][1] != bits:
            raise Refused
        return n

    def value(self, text, kind):
        if re.fullmatch(r"-?(?:0[xX][0-9a-fA-F]+|[1-9]\d*|0)U?", text) and kind[0] != "f":
            return f"static_cast<{TYPES[kind]}>({text.rstrip('U')}ll)"
        if re.fullmatch(r"0[fF][0-9a-fA-F]{8}", text) and kind == "f32":
            return f"__builtin_bit_cast(float, 0x{text[2:]}u)"
        n = self.number(text, int(kind[1:]))
        if self.constraints[n] == "n":
            return f"static_cast<{TYPES[kind]}>(emulate_v{n})"
        return f"__builtin_bit_cast({TYPES[kind]}, emulate_v{n})"

    def assign(self, text, kind, expression):
        n = self.number(text, int(kind[1:]))
        if self.constraints[n][0] not in "=+":
            raise Refused
        return f"emulate_v{n} = __builtin_bit_cast({self.kind(n)}, static_cast<{TYPES[kind]}>({expression}))"

    def move(self, kind, arguments):
        if kind not in TYPES or kind[1:] == "8" or len(arguments) != 2:
            raise Refused
        to, source = arguments
        if kind in ("b32", "b64") and "{" in (source[:1], to[:1]):   # two registers of half the size, the lower one first
            part, bits = f"b{int(kind[1:]) // 2}", int(kind[1:]) // 2
            low, high = self.pair(source if source[:1] == "{" else to)
            if source[:1] == "{":
                return self.assign(to, kind, f"static_cast<{TYPES[kind]}>({self.value(high, part)}) << {bits} | {self.value(low, part)}")
            whole = self.value(source, kind)
            return self.assign(low, part, whole) + "; " + self.assign(high, part, f"{whole} >> {bits}")
        if source[:1] == "%" and not source[1:].isdigit() and source not in self.names:
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

    def compute(self, name, arguments, flush=False):
        """`flush`: numbers too small for a full mantissa are taken, and given, as zero."""
        kind, count, expression = INTRINSICS[name]
        if len(arguments) != count + 1 or (flush and kind != "f32"):
            raise Refused
        root = name.split(".")[0]
        places = COUNTS.get(root, ())
        values = {"abcd"[i]: self.value(text, "u32" if i in places else kind) for i, text in enumerate(arguments[1:])}
        if flush:
            values = {name: f"{P}flushed({value})" for name, value in values.items()}
            expression = f"{P}flushed({expression})"
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

    def address(self, text, space=None):
        """A generic address as a number. Those of shared memory have 32 bits, or 64."""
        parts = re.fullmatch(r"\[\s*([\w%$]+)\s*(?:\+\s*(-?\d+|%\d+)\s*)?\]", text)
        if not parts:
            raise Refused
        offset = parts.group(2) or "0"
        if offset[0] == "%":   # a constant of the program
            offset = f"emulate_v{self.number(offset)}" if self.constraints[self.number(offset)] == "n" else None
        shared = (space or "").startswith(".shared")
        n = self.number(parts.group(1), None if shared else 64)
        if self.constraints[n][-1] not in ("rl" if shared else "l") or offset is None:
            raise Refused
        place = f"(emulate_v{n} + {offset})"
        return f"{P}generic_of({place})" if shared else place

    def access(self, parts, arguments):
        what, order, space, constant, vector, kind = parts.groups()
        if kind not in TYPES or len(arguments) != 2 or (constant and (what == "st" or order or space != ".global")):
            raise Refused
        place, data = (arguments[1], arguments[0]) if what == "ld" else arguments
        address = self.address(place, space)
        if vector:
            if order and order != ".volatile" and kind[0] != "f":
                return self.ordered_vector(what, order, self.pair(data, int(vector[2])), kind, address)
            if order or kind not in VECTORS or (vector == ".v4" and kind[1:] == "64"):
                raise Refused
            return self.vector(what, VECTORS[kind] + vector[2], self.pair(data, int(vector[2])), kind, address)
        if kind[1:] == "8":
            return self.byte(what, order, data, kind, address)
        if order and order != ".volatile":
            if kind[0] == "f" or not order.startswith((".relaxed", ".acquire" if what == "ld" else ".release")):
                raise Refused
            memory = self.order(what, order)
            if what == "ld":
                return self.assign(data, kind, f"::emulate::ptx::load<{TYPES[kind]}>({address}, {memory})")
            return f"::emulate::ptx::store<{TYPES[kind]}>({address}, {self.value(data, kind)}, {memory})"
        target = f"*reinterpret_cast<{'volatile ' if order else ''}{TYPES[kind]} *>({address})"
        return self.assign(data, kind, target) if what == "ld" else f"{target} = {self.value(data, kind)}"

    @staticmethod
    def order(what, order):
        return "__ATOMIC_RELAXED" if "relaxed" in order else "__ATOMIC_ACQUIRE" if what == "ld" else "__ATOMIC_RELEASE"

    def ordered_vector(self, what, order, data, kind, address):
        """A vector whose elements go at once, as devices do it."""
        array, memory = f"{TYPES[kind]} emulate_all[{len(data)}]", self.order(what, order)
        if what == "ld":
            parts = "".join(self.assign(part, kind, f"emulate_all[{i}]") + "; " for i, part in enumerate(data))
            return f"{{ {array}; ::emulate::ptx::load_vector(emulate_all, {address}, sizeof emulate_all, {memory}); {parts}}}"
        values = ", ".join(self.value(part, kind) for part in data)
        return f"{{ const {array} = {{{values}}}; ::emulate::ptx::store_vector({address}, emulate_all, sizeof emulate_all, {memory}); }}"

    def byte(self, what, order, data, kind, address):
        """A byte in a register of 8 bits or more: loads extend it."""
        if order and order != ".volatile":
            raise Refused
        n = self.number(data)
        if self.constraints[n][-1] not in "rlhc" or (what == "ld" and self.constraints[n][0] not in "=+"):
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
        what, order, _, space, _, operation, kind = parts.groups()
        function, kinds = ATOMICS.get(operation, ("", ()))
        if kind not in kinds or (what == "red" and operation in ("exch", "cas")):
            raise Refused
        first = 1 if what == "atom" else 0
        count = 2 if operation == "cas" else 1
        if len(arguments) != first + 1 + count:
            raise Refused
        values = [self.value(text, kind) for text in arguments[first + 1:]]
        call = f"{function}(reinterpret_cast<{TYPES[kind]} *>({self.address(arguments[first], space)}), {', '.join(values)})"
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
