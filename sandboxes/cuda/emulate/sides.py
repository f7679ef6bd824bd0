"""Joins the two sides of a source: what is left of it on the device, where __CUDA_ARCH__ is defined, and on the host.

nvcc compiles both and keeps of each what runs there. Here one program holds both, made from the device's text:

    __host__ __device__ T f() { DEVICE }       { if (::emulate::on_device()) { DEVICE } else { HOST } }
    a kernel, a __device__ function            as the device has it
    a function of the host                     as the host has it
    what one side alone declares               is there

Anything else that differs is refused by name: one program cannot hold both, and to take either would give wrong results.
Lines keep their numbers by markers as the preprocessor writes them.
"""

import bisect
import difflib
import itertools

import rewrite

REFUSAL = "what differs between host and device by __CUDA_ARCH__"
SPACES = (b"__host__", b"__device__", b"__global__")
NAMES = ("identifier", "type_identifier", "field_identifier", "namespace_identifier")


class Item:
    """A declaration of a namespace or class, or where one of those begins or ends. Tokens `first` to `last`; `body`: the
    index of a function's `{`."""

    def __init__(self, side, kind, first, last, body=None, in_class=False):
        self.side, self.kind, self.first, self.last, self.body, self.in_class = side, kind, first, last, body, in_class
        self.head = side.words[first:last + 1 if body is None else body]
        self.spaces = {word for word in self.head if word in SPACES}
        plain = self.without_inlining() if kind == "function" else self.head
        self.key = (kind, tuple(word for word in plain if word not in SPACES[:2]))

    def without_inlining(self):
        """The head without what changes nothing but how it is compiled."""
        words, j = [], self.first
        while j < self.body:
            word = self.side.words[j]
            if word in (b"__attribute__", b"__attribute"):
                j = self.side.matching(j + 1, b"(", b")")
            elif word not in (b"inline", b"__inline__", b"__inline"):
                words.append(word)
            j += 1
        return words

    def inside(self):
        return self.side.words[self.body:self.last + 1] if self.body is not None else []

    def is_free_function(self):
        return self.kind == "function" and not self.in_class and self.side.words[self.parameters() - 2] != b"::"

    def parameters(self):
        """The index of the `(` of a function's parameters."""
        return self.side.signature(self.side.after_template(self.first) - 1)[0]

    def names(self):
        """What it may declare: of a function its name, else any name in it."""
        if self.kind == "function":
            return {self.side.words[self.parameters() - 1]}
        tokens = self.side.tokens[self.first:self.last + 1]
        return {token.text for token in tokens if token.type in NAMES}


class Side(rewrite.Rewriter):
    """One of the two texts, as items."""

    def __init__(self, text, foreign):
        super().__init__(rewrite.Source(text, foreign))
        self.raw_starts = [0, *itertools.accumulate(len(line) for line in self.source.lines)]
        self.raw = text
        self.items = []
        self.split(0, len(self.words), False)

    def split(self, i, end, in_class):
        """Items of the declarations from token `i` to `end`."""
        while i < end:
            kind, stop, body = self.declaration_from(i, end)
            if kind in ("namespace", "class"):
                close = self.matching(stop, b"{", b"}")
                self.items.append(Item(self, "open", i, stop, in_class=in_class))
                self.split(stop + 1, close, kind == "class")
                self.items.append(Item(self, "close", close, close, in_class=in_class))
                stop = close
            else:
                self.items.append(Item(self, kind, i, stop, body, in_class))
            i = stop + 1

    def declaration_from(self, i, end):
        """(kind, its last token or the `{` of a namespace or class, the `{` of a function's body)."""
        j = i
        while j < end:
            word = self.words[j]
            if word in (b"(", b"["):
                j = self.matching(j, word, rewrite.BRACKETS[word])
            elif word == b";":
                return "other", j, None
            elif word == b"{":
                kind = self.kind_of(i, j)
                if kind != "other":
                    return kind, j if kind != "function" else self.matching(j, b"{", b"}"), j
                j = self.matching(j, b"{", b"}")
            j += 1
        return "other", end - 1, None

    def kind_of(self, first, brace):
        """What the `{` begins that follows a declaration's first tokens."""
        j = self.after_template(first)   # whose parameters are classes, too
        head = self.words[j:brace]
        if b"namespace" in head or head[:1] == [b"extern"] and len(head) == 2:
            return "namespace"
        called = [k for k in range(j, brace) if self.words[k] == b"(" and self.words[k - 1] not in rewrite.ATTRIBUTES]
        if not called:
            return "class" if {b"class", b"struct", b"union"} & set(head) and b"enum" not in head and b"=" not in head else "other"
        parameters, body, _ = self.signature(j - 1)
        if parameters is None or body != brace:
            return "other"
        return "function"

    def after_template(self, i):
        """The index behind `template <…>`, if there is such at `i`."""
        while self.words[i] == b"template":
            i = self.after_angles(i + 1)
        return i

    def after_angles(self, i):
        """The index behind the `<…>` at `i`."""
        depth = 0
        while i < len(self.words):
            depth += self.words[i].count(b"<") - self.words[i].count(b">") if set(self.words[i]) <= set(b"<>") else 0
            i += 1
            if depth <= 0:
                break
        return i

    def offset(self, place):
        """In the raw text, of an offset in the parsed one."""
        line = bisect.bisect_right(self.source.starts, place) - 1
        return self.raw_starts[line] + place - self.source.starts[line]

    def text(self, first, last):
        return self.raw[self.offset(self.begins[first]):self.offset(self.tokens[last].end_byte)]

    def marker(self, place):
        """A line of its own which says where an offset of the parsed text is."""
        file, number = self.source.origin[bisect.bisect_right(self.source.starts, place) - 1]
        return b'\n# %d "%s"\n' % (number, file)


class Joiner:
    def __init__(self, device, host):
        self.device, self.host = device, host
        self.edits = []      # (offset in the device's raw text, what goes there, from where on the old text goes on)
        self.refused = []

    def refuse(self, item):
        place = item.side.source.where(item.side.begins[item.first])
        self.refused.append(f"unsupported: {REFUSAL}: {place}")

    def run(self):
        pairs, hunks = self.aligned()
        both = [device for device, _ in pairs if device.is_free_function()]
        self.overloaded = set().union(*(item.names() for item in both))
        for pair in pairs:
            self.pair(*pair)
        for hunk in hunks:
            self.one_sided(*hunk)

    def aligned(self):
        """(pairs of items, [(items of the device alone, of the host alone, the index of the device's item that follows)])."""
        devices, hosts = self.device.items, self.host.items
        # What both begin and end with is nearly all, and found at once.
        same = lambda pair: pair[0].key == pair[1].key
        start = sum(1 for _ in itertools.takewhile(same, zip(devices, hosts)))
        end = sum(1 for _ in itertools.takewhile(same, zip(reversed(devices[start:]), reversed(hosts[start:]))))
        left, right = devices[start:len(devices) - end], hosts[start:len(hosts) - end]
        pairs = list(zip(devices[:start], hosts[:start])) + list(zip(devices[start + len(left):], hosts[start + len(right):]))
        hunks = []
        matcher = difflib.SequenceMatcher(None, [item.key for item in left], [item.key for item in right], autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind == "equal":
                pairs += zip(left[a:b], right[c:d])
            else:
                hunks.append((left[a:b], right[c:d], start + b))
        return pairs, hunks

    def pair(self, device, host):
        """Two items that say the same, but for their bodies."""
        if device.inside() == host.inside():
            return
        spaces = device.spaces | host.spaces
        if b"__global__" in spaces or b"__device__" in device.spaces & host.spaces and b"__host__" not in spaces:
            return   # only the device runs it
        # Of a lambda for the device, which the host makes, the two sides would be two types.
        if {b"__device__", b"__global__"} & {*device.inside(), *host.inside()}:
            return self.refuse(device)
        begin, end = self.device.begins[device.body], self.device.tokens[device.last].end_byte
        theirs = self.host.marker(self.host.begins[host.body]) + self.host.text(host.body, host.last) + self.device.marker(end - 1)
        begin, end = self.device.offset(begin), self.device.offset(end)
        # One that is defined outside of its class says there, perhaps, where it runs.
        if spaces or b"constexpr" in device.head or b"::" in device.head:
            self.edits += [(begin, b"{ if (::emulate::on_device()) ", begin), (end, b" else" + theirs + b"}", end)]
        else:
            self.edits.append((begin, theirs, end))

    def one_sided(self, devices, hosts, following):
        """Items that only one side has; those of the host go before the device's item `following`."""
        hosts = [item for item in hosts if not (b"(" in item.head and b"__device__" in item.spaces and b"__host__" not in item.spaces)]
        shared = set().union(*(item.names() for item in devices)) & set().union(*(item.names() for item in hosts))
        members = self.members(devices) + self.members(hosts)
        for item in devices + hosts:
            is_member = item in members
            is_kernel = item.side is self.host and b"__global__" in item.spaces
            # One more overload on one side would be one on both.
            is_overload = item.is_free_function() and item.names() & self.overloaded
            if is_member or is_kernel or is_overload or item.names() & shared or b"__shared__" in item.head:
                self.refuse(item)
        if hosts and not self.refused:
            following = self.device.items[following] if following < len(self.device.items) else None
            if following is None:
                self.edits.append((len(self.device.raw), b"".join(self.given(item) for item in hosts) + b"\n", len(self.device.raw)))
                return
            begin = self.device.begins[following.first]
            place = self.device.offset(begin)
            self.edits.append((place, b"".join(self.given(item) for item in hosts) + self.device.marker(begin), place))

    @staticmethod
    def members(items):
        """Those that make a class larger which both sides have."""
        found, depth = [], 0
        for item in items:
            depth += (item.kind == "open") - (item.kind == "close")
            if depth <= 0 and item.in_class and item.kind == "other" and b"(" not in item.head:
                found.append(item)
        return found

    def given(self, item):
        return self.host.marker(self.host.begins[item.first]) + self.host.text(item.first, item.last)

    def result(self):
        out, position = [], 0
        for start, new, end in sorted(self.edits, key=lambda edit: edit[0]):
            out += [self.device.raw[position:start], new]
            position = end
        out.append(self.device.raw[position:])
        return b"".join(out)


def differ(device, host, foreign):
    """Whether the user's own lines differ between two preprocessed texts."""
    def mine(text):
        source = rewrite.Source(text, foreign)
        return [(origin, line) for origin, line in zip(source.origin, source.lines) if origin and line.strip()]
    return mine(device) != mine(host)


def join(device, host, foreign):
    """(one text for both sides, what cannot be joined)."""
    try:
        joiner = Joiner(Side(device, foreign), Side(host, foreign))
        joiner.run()
    except rewrite.Unsupported:
        return b"", [f"unsupported: {REFUSAL}"]
    return joiner.result(), joiner.refused


def files(text):
    """The files that a preprocessed text comes from, in order."""
    markers = filter(None, map(rewrite.line_marker, text.splitlines()))
    return list(dict.fromkeys(file for _, file in markers))


def headers(text, foreign):
    """The headers of others that the user's own lines include, in order."""
    found, includer = [], b"<"
    for line in text.splitlines():
        marker = rewrite.line_marker(line)
        if marker:
            entered = b"1" in line[line.rfind(b'"') + 1:].split()
            if entered and foreign(marker[1]) and not foreign(includer):
                found.append(marker[1])
            includer = marker[1]
    return found
