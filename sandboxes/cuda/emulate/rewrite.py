"""Turns preprocessed CUDA C++ into C++ that g++ compiles against the emulation.

Only text that comes from the user's own files is changed, no line is added or removed, so that compile errors and reports
name the user's lines. What changes:

    kernel<<<g, b, s, st>>>(args)              (::emulate::configure(g, b, s, st), kernel(args))
    __global__ void k(T *a, int n) { BODY }    … { if (::emulate::described<decltype(a), decltype(n)>(…)) return;
                                                   ::emulate::run(…, [=]() mutable { BODY }); }
    __shared__ T a[N];                         static __thread T a[N];   (aligned to 32 bytes)
    extern __shared__ T a[];                   T (&a)[] = reinterpret_cast<T (&)[]>(::emulate_dynamic_shared);
    __device__ T v; __constant__ T v;          the variable in a section of its own
    return;  in device code                    { ::emulate::returned(); return; }
    threadIdx                                  (::emulate::thread_index()), which is a value as it is on the device
    __noinline__                               __attribute__((noinline))
    asm("…" : "=r"(x) : "r"(y))                ({ … }), see ptx.py

Calling a kernel in C++'s own terms is what keeps overloads, deduced templates, default arguments, conversions and function
pointers right: the closure in its body holds the parameters, and the runtime runs a copy of it for each thread.

A block runs on one OS thread from its first thread to its last, so a thread-local variable is shared by a block and by
nobody else. `__thread` rather than `thread_local`: shared memory has no initialisers, and so needs no wrapper functions.
"""

import bisect
import os

import tree_sitter
import tree_sitter_cuda

import ptx

LANGUAGE = tree_sitter.Language(tree_sitter_cuda.language())

# Names that the programming guide knows and this emulation does not.
UNSUPPORTED = {
    "this_multi_grid": "multi-grid synchronisation",
    "cudaLaunchCooperativeKernelMultiDevice": "cooperative launch for grid synchronisation",
    "this_cluster": "thread block clusters", "__cluster_dims__": "thread block clusters", "clusterDim": "thread block clusters",
    "clusterIdx": "thread block clusters", "cluster_group": "thread block clusters",
}

# The built-in variables, in device code; elsewhere these are names like any other, and `dim3 blockDim(16, 16)` is common.
BUILT_IN = {b"threadIdx": b"(::emulate::thread_index())", b"blockIdx": b"(::emulate::block_index())",
            b"blockDim": b"(::emulate::block_size())", b"gridDim": b"(::emulate::grid_size())"}

BRACKETS = {b"(": b")", b"[": b"]", b"{": b"}"}
ON_DEVICE = [b"if", b"(", b"::", b"emulate", b"::", b"on_device", b"(", b")", b")"]
LITERALS = {"string_literal", "raw_string_literal", "char_literal", "comment", "system_lib_string"}
# Words followed by a parenthesis that is not a parameter list.
ATTRIBUTES = {b"__launch_bounds__", b"__attribute__", b"__attribute", b"noexcept", b"__maxnreg__", b"__block_size__", b"alignas", b"decltype", b"throw"}


class Unsupported(Exception):
    """What the emulation has no way to run: `where` is FILE:LINE."""

    def __init__(self, name, where):
        super().__init__(f"unsupported: {name}: {where}")


class Source:
    """Preprocessed text, of which all that comes from elsewhere than the user's files is blanked for the parser."""

    def __init__(self, text, foreign):
        self.lines = text.splitlines(keepends=True)
        self.origin = []  # per line: (file, line) of the user's, or None
        blanked = []
        file, number = b"", 1
        for line in self.lines:
            marker = line_marker(line)
            if marker:
                number, file = marker
                self.origin.append(None)
                blanked.append(b"\n")
                continue
            mine = bool(file) and not foreign(file)
            self.origin.append((file, number) if mine else None)
            blanked.append(line if mine else b"\n")
            number += 1
        # Offsets into the blanked text lead back to (line, column) and so to the text.
        self.text = b"".join(blanked)
        self.starts = [0]
        for line in blanked:
            self.starts.append(self.starts[-1] + len(line))
        self.edits = []

    def where(self, offset):
        origin = self.origin[bisect.bisect_right(self.starts, offset) - 1]
        return f"{os.fsdecode(origin[0])}:{origin[1]}" if origin else "?"

    def replace(self, start, end, new):
        """Puts `new` in the place of a range; the newlines in the range stay."""
        self.edits.append((start, end, new + b"\n" * self.text.count(b"\n", start, end)))

    def result(self):
        # Edits of one place apply in the order in which they were made; none overlap.
        out, position = [], 0
        for start, end, new in sorted(self.edits, key=lambda edit: (edit[0], edit[1])):
            out += [self.text[position:start], new]
            position = end
        out.append(self.text[position:])
        changed = b"".join(out).splitlines(keepends=True)
        # Without edits that add lines, line i of the changed text is line i of the original.
        assert len(changed) == len(self.lines)
        return b"".join(new if mine else old for old, new, mine in zip(self.lines, changed, self.origin))


def line_marker(line):
    """(line, file) of `# LINE "FILE" FLAGS`, else None."""
    if not line.startswith(b"# ") or not line[2:3].isdigit():
        return None
    number, _, rest = line[2:].partition(b" ")
    begin, end = rest.find(b'"'), rest.rfind(b'"')
    return (int(number), rest[begin + 1:end]) if 0 <= begin < end else None


def leaves(node, out):
    """The tokens under a node; a literal or comment is one token, and comments are left out."""
    if node.type in LITERALS or node.child_count == 0:
        if node.type != "comment" and node.end_byte > node.start_byte:
            out.append(node)
        return
    for child in node.children:
        leaves(child, out)


class Rewriter:
    def __init__(self, source):
        self.source = source
        self.tree = tree_sitter.Parser(LANGUAGE).parse(source.text)
        self.tokens = []
        leaves(self.tree.root_node, self.tokens)
        self.words = [token.text for token in self.tokens]
        self.begins = [token.start_byte for token in self.tokens]
        self.unsupported = []
        self.device_ranges = []  # byte ranges of bodies of device functions

    def refuse(self, name, offset):
        self.unsupported.append(f"unsupported: {name}: {self.source.where(offset)}")

    def run(self):
        launches = self.launches()
        for i, word in enumerate(self.words):
            if word == b"__global__":
                self.kernel(i)
            elif word in (b"__device__", b"__constant__", b"__managed__"):
                self.device_entity(i)
            elif word == b"__shared__":
                self.shared(i)
            elif word == b"__noinline__" and self.words[i - 1] != b"(":
                self.source.replace(self.tokens[i].start_byte, self.tokens[i].end_byte, b"__attribute__((noinline))")
            elif self.at(i, b"<<<") and self.begins[i] not in launches:
                launches[self.begins[i]] = self.launch_by_tokens(i)
            elif word.decode("utf-8", "replace") in UNSUPPORTED:
                self.refuse(UNSUPPORTED[word.decode()], self.tokens[i].start_byte)
        for i, word in enumerate(self.words):
            if word in (b"asm", b"__asm__", b"__asm") and self.in_device(self.tokens[i].start_byte):
                self.assembly(self.tokens[i].start_byte)
            elif word in BUILT_IN and self.in_device(self.tokens[i].start_byte):
                self.source.replace(self.tokens[i].start_byte, self.tokens[i].end_byte, BUILT_IN[word])
        for start in launches.values():
            if self.in_device(start):
                self.refuse("dynamic parallelism", start)

    def assembly(self, start):
        """Puts C++ around the operands of inline PTX, which stay where they are."""
        try:
            assembly, end = ptx.parse(self.source.text, start)
        except ptx.Refused as error:
            self.refuse(f"inline PTX ({error})", start)
            return
        before = "({ "
        for n, (_, begin, after) in enumerate(assembly.operands):
            self.source.replace(start, begin, (before + assembly.before(n)).encode())
            before, start = assembly.after(n), after
        self.source.replace(start, end, (before + assembly.body() + "})").encode())

    def in_device(self, offset):
        return any(start <= offset < end for start, end in self.device_ranges)

    # Launches

    def launches(self):
        """Rewrites every launch that the parser knows as one; returns where they begin, by where their `<<<` do."""
        found, pending = {}, [self.tree.root_node]
        while pending:
            node = pending.pop()
            pending += node.children
            if node.type != "call_expression":
                continue
            for child in node.children:
                if child.type == "kernel_call_syntax":
                    callee = node.child_by_field_name("function") or node.children[0]
                    opening, closing = child.children[0].start_byte, child.children[-1].start_byte
                    self.launch(callee.start_byte, opening, closing, node.end_byte)
                    found[opening] = node.start_byte
        return found

    def launch(self, callee, opening, closing, end):
        """`callee`, `opening`, `closing`: where it, its `<<<` and its `>>>` begin; `end`: of the whole call."""
        arguments = self.source.text[opening + 3:closing].replace(b"\n", b" ")
        self.source.replace(callee, callee, b"(::emulate::configure(" + arguments + b"), ")
        self.source.replace(opening, closing + 3, b"")
        self.source.replace(end, end, b")")

    def at(self, i, text):
        """Whether the text goes on so at a token, which may be a part of it alone."""
        return self.words[i][:1] == text[:1] and self.source.text.startswith(text, self.begins[i])

    def launch_by_tokens(self, i):
        """One that the parser did not understand, such as one with braces in it; returns where it begins."""
        closing = i + 1
        while closing < len(self.words) and not self.at(closing, b">>>"):
            closer = BRACKETS.get(self.words[closing])
            closing = (self.matching(closing, self.words[closing], closer) if closer else closing) + 1
        after = bisect.bisect_left(self.begins, self.begins[closing] + 3) if closing < len(self.words) else closing
        if self.words[after:after + 1] != [b"("]:
            raise Unsupported("a launch in a form that is not understood", self.source.where(self.begins[i]))
        begin = self.begins[self.name_before(i)]
        self.launch(begin, self.begins[i], self.begins[closing], self.tokens[self.matching(after, b"(", b")")].end_byte)
        return begin

    def name_before(self, i):
        """The index of the first token of the name or the parenthesised expression that ends before `i`."""
        while True:
            i -= 1
            while self.words[i] in (b">", b"]"):
                i = self.opening_of(i) - 1   # the template's or the array's name
            if self.words[i] == b")":
                i = self.opening_of(i)
            if self.words[i - 1] not in (b"::", b".", b"->"):
                return i
            i -= 1
            if self.words[i] == b"::" and self.words[i - 1] != b">" and not self.words[i - 1][-1:].isalnum():
                return i

    def opening_of(self, i):
        """The index of the bracket that the one at `i` closes."""
        closer = self.words[i]
        opener, depth = {b">": b"<", b"]": b"[", b")": b"("}[closer], 0
        for j in range(i, -1, -1):
            depth += (self.words[j] == closer) - (self.words[j] == opener)
            if depth == 0:
                return j
        raise Unsupported("a bracket that is never opened", self.source.where(self.begins[i]))

    # Functions

    def matching(self, i, opening, closing):
        """The index of the token that closes the one at `i`."""
        depth = 0
        for j in range(i, len(self.words)):
            depth += (self.words[j] == opening) - (self.words[j] == closing)
            if depth == 0:
                return j
        raise Unsupported("a bracket that is never closed", self.source.where(self.begins[i]))

    def signature(self, i):
        """From a qualifier at `i`: (index of the parameters' `(`, index of the body's `{`, launch bounds); the body is None
        for a mere declaration or a variable."""
        parameters, bounds, initialisers, j = None, b"0", False, i + 1
        while j < len(self.words):
            word = self.words[j]
            if word == b"(":
                end = self.matching(j, b"(", b")")
                if self.words[j - 1] == b"__launch_bounds__":
                    inside = self.source.text[self.tokens[j].end_byte:self.begins[end]].replace(b"\n", b" ")
                    bounds = b"::emulate::first(" + inside + b")"
                elif self.words[j - 1] not in ATTRIBUTES:
                    parameters = j
                j = end
            elif word == b"operator" and self.words[j + 1] == b"=":
                j += 1   # a name, and not the beginning of a value
            elif word == b":" and parameters is not None:
                initialisers = True
            elif word == b"{" and initialisers and self.tokens[j - 1].type in ("identifier", "field_identifier", "type_identifier", ">"):
                j = self.matching(j, b"{", b"}")   # a constructor's `x{1}`
            elif word == b"{":
                return parameters, j, bounds
            elif word in (b";", b"=", b"}"):
                return parameters, None, bounds
            j += 1
        return None, None, bounds

    def device_entity(self, i):
        """A function's body is noted; a variable gets a section, by which the runtime knows it."""
        parameters, body, _ = self.signature(i)
        if self.words[i] == b"__device__" and parameters is not None:
            if body is not None:
                body = self.device_side(body)
                end = self.matching(body, b"{", b"}")
                self.device_ranges.append((self.begins[body], self.begins[end]))
                self.returns(body, end)
            return
        start, end = self.declaration(i)
        words = self.words[start:end]
        new = b""
        # What nobody can write needs no section: constants, and what a template makes.
        if self.words[i] != b"__device__" or not {b"__constant__", b"__managed__"} & set(words):
            fixed = b"constexpr" in words or (b"const" in words and b"*" not in words)
            if not fixed and self.words[start - 1] != b">":
                section = b"emulate_managed" if b"__managed__" in words else b"emulate_variables"
                new = b'__attribute__((section("' + section + b'")))'
        self.source.replace(self.tokens[i].start_byte, self.tokens[i].end_byte, new)

    def device_side(self, body):
        """Of a body that has one for the host, too (see sides.py), the device's."""
        inner = body + 1 + len(ON_DEVICE)
        return inner if self.words[body + 1:inner + 1] == ON_DEVICE + [b"{"] else body

    def declaration(self, i):
        """The range of tokens of the declaration around `i`, to its `;` or initialiser."""
        start = i
        while start > 0 and self.words[start - 1] not in (b";", b"{", b"}", b":", b">"):
            start -= 1
        end = i
        while end < len(self.words) and self.words[end] not in (b";", b"=", b"{"):
            if self.words[end] == b"(":
                end = self.matching(end, b"(", b")")
            end += 1
        return start, end

    def kernel(self, i):
        parameters, body, bounds = self.signature(i)
        if body is None or parameters is None:
            return
        end = self.matching(body, b"{", b"}")
        self.device_ranges.append((self.begins[body], self.begins[end]))
        types, references = self.parameter_types(parameters)
        # What a reference refers to is nobody's parameter: every thread has the same.
        capture = b", ".join([b"="] + [b"&" + name for name in references])
        entry = (b" if (::emulate::described<" + b", ".join(types) + b">(__PRETTY_FUNCTION__, " + bounds + b")) return; "
                 b"::emulate::run(__PRETTY_FUNCTION__, " + bounds + b", [" + capture + b"]() mutable __attribute__((always_inline)) {")
        self.source.replace(self.tokens[body].end_byte, self.tokens[body].end_byte, entry)
        self.returns(body, end)
        self.source.replace(self.begins[end], self.begins[end], b"});")

    def returns(self, body, end):
        """Tells the runtime of each `return;` of a kernel, or of a function that may be all of one: to leave the barriers that
        follow to others is no fault."""
        for i in range(body, end):
            if self.words[i:i + 2] == [b"return", b";"] and not self.nested(self.tokens[i], self.begins[body]):
                self.source.replace(self.begins[i], self.begins[i], b"{ ::emulate::returned(); ")
                self.source.replace(self.tokens[i + 1].end_byte, self.tokens[i + 1].end_byte, b" }")

    @staticmethod
    def nested(token, body):
        """Whether a token belongs to a function within the one whose body begins there."""
        node = token.parent
        while node is not None and node.start_byte > body and node.type not in ("lambda_expression", "function_definition"):
            node = node.parent
        return node is not None and node.start_byte > body

    def parameter_types(self, opening):
        """(`decltype(name)` of each parameter, the names of references); a parameter without a name is given one."""
        node = self.tokens[opening].parent
        if node is None or node.type != "parameter_list":
            raise Unsupported("a kernel's parameters in a form that is not understood", self.source.where(self.begins[opening]))
        types, references = [], []
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.type not in ("parameter_declaration", "optional_parameter_declaration", "variadic_parameter_declaration"):
                raise Unsupported("a kernel's parameters in a form that is not understood", self.source.where(child.start_byte))
            if child.text == b"void":
                continue
            name = declared_name(child.child_by_field_name("declarator"))
            if name is None:
                name = b"emulate_unnamed%d" % len(types)
                before_default = child.child_by_field_name("default_value")
                place = before_default.prev_sibling.start_byte if before_default else child.end_byte
                self.source.replace(place, place, b" " + name + b" ")
            pack = b"..." if child.type == "variadic_parameter_declaration" else b""
            kind = b"decltype(" + name + b")"
            if is_reference(child.child_by_field_name("declarator")):
                references.append(name + pack)
            else:
                kind = b"::emulate::ByValue<" + kind + b">"
            types.append(kind + pack)
        return types, references

    # Shared memory

    def shared(self, i):
        """Rewrites the declaration around the `__shared__` at `i`."""
        start, end = self.declaration(i)
        words = self.words[start:end]
        if b"extern" in words and within(self.tokens[i], "compound_statement"):
            return self.dynamic_shared(start, end)
        storage = next((start + j for j, word in enumerate(words) if word in (b"extern", b"static")), None)
        token = self.tokens[i]
        if storage is None:
            # Programs load matrices from arrays that they did not declare aligned, and nvcc's lie so that it works.
            self.source.replace(token.start_byte, token.end_byte, b"static __thread __attribute__((aligned(32)))")
        else:
            self.source.replace(token.start_byte, token.end_byte, b"")
            self.source.replace(self.tokens[storage].end_byte, self.tokens[storage].end_byte, b" __thread")
        for j in range(start, end):  # g++ takes alignas at the start of a declaration only
            if self.words[j] == b"alignas":
                close = self.tokens[self.matching(j + 1, b"(", b")")].end_byte
                place, begin = self.begins[start], self.begins[j]
                self.source.replace(begin, close, b"")
                self.source.replace(place, place, self.source.text[begin:close].replace(b"\n", b" ") + b" ")
        # An array of a namespace is another name of the runtime's. (In a template's function, g++ would forget the label.)
        if storage is not None and self.words[storage] == b"extern":
            place = self.tokens[end - 1].end_byte
            self.source.replace(place, place, b' __asm__("emulate_dynamic_shared")')

    def dynamic_shared(self, start, end):
        """In a function, `extern __shared__ T name[];` becomes a reference to an array of unknown bound."""
        kind, j = [], start
        while j < end and self.words[j] != b"[":
            if self.words[j] in (b"__attribute__", b"__attribute", b"alignas"):
                j = self.matching(j + 1, b"(", b")")
            elif self.words[j] not in (b"extern", b"__shared__"):
                kind.append(self.words[j])
            j += 1
        if len(kind) < 2 or j == end:
            raise Unsupported("dynamic shared memory in a form that is not understood", self.source.where(self.begins[start]))
        bounds, name, kind = b"".join(self.words[j:end]), kind[-1], b" ".join(kind[:-1])
        new = kind + b" (&" + name + b")" + bounds + b" = reinterpret_cast<" + kind + b" (&)" + bounds + b">(::emulate_dynamic_shared)"
        self.source.replace(self.begins[start], self.tokens[end - 1].end_byte, new)


def within(node, kind):
    while node is not None and node.type != kind:
        node = node.parent
    return node is not None


def declarators(declarator):
    """A declarator and those within it, down to the identifier that it declares, if any."""
    while declarator is not None:
        yield declarator
        inner = declarator.child_by_field_name("declarator")
        if inner is None and declarator.type != "identifier":
            inner = next((child for child in declarator.named_children
                          if child.type == "identifier" or child.type.endswith("_declarator")), None)
        declarator = inner


def declared_name(declarator):
    """The identifier that a declarator declares, if any."""
    return next((node.text for node in declarators(declarator) if node.type == "identifier"), None)


def is_reference(declarator):
    return any(node.type in ("reference_declarator", "abstract_reference_declarator") for node in declarators(declarator))


def rewrite(text, foreign):
    """(the C++ text, what is unsupported in it). `foreign(file)` says whose files are left as they are."""
    source = Source(text, foreign)
    rewriter = Rewriter(source)
    try:
        rewriter.run()
    except Unsupported as error:
        rewriter.unsupported.append(str(error))
    return (b"" if rewriter.unsupported else source.result()), rewriter.unsupported
