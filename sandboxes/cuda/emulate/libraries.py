"""Inline PTX and kernels in the headers of CUB and libcu++, which are read where they lie in the toolkit.

They are compiled as a host compiler sees them, with the bodies of their device functions. What changes, line by line:

    asm("…" : "=r"(x) : "r"(y))     C++ as in the user's own code (see ptx.py); what has no entry there ends the program by name
                                    where it is reached, since a header brings far more functions than a program calls
    __global__ void k(…) { BODY }   tells what it is called when it is asked; emulate/library.h launches it
    __shared__ T x;                 static __thread T x, as in the user's own code
    extern __shared__ T a[];        a reference into the block's dynamic shared memory
"""

import re

import ptx
import rewrite

INTERESTING = re.compile(
    rb"\b(?:asm|__asm__)\b\s*(?:volatile|__volatile__)?\s*\("
    rb"|\b__global__\b"
    rb"|\bextern\s+__shared__\s+(?:[^;()]*\([^;]*\)\s*)?(?P<kind>[^;]*?)(?P<array>\w+)\s*\[\s*\]\s*;"
    rb"|\b(?:static\s+)?__shared__\b")
WORD = re.compile(rb"\s*([A-Za-z_]\w*)\s*")
SPACE = re.compile(rb"(?:\s|^#[^\n]*$)*", re.M)


def regions(text, belongs):
    """(begin, end) of the parts of a preprocessed text that come from files of which `belongs(file)` holds."""
    begin, at, inside = 0, 0, False
    for line in text.splitlines(keepends=True):
        if line.startswith(b"# "):
            marker = rewrite.line_marker(line)
            if marker and belongs(marker[1]) != inside:
                if inside:
                    yield begin, at
                begin, inside = at, not inside
        at += len(line)
    if inside:
        yield begin, at


def translated(text, start):
    """(the C++ for the `asm` that begins there, where the `asm` ends)."""
    try:
        assembly, end = ptx.parse(text, start)
    except ptx.Refused as error:
        if str(error) == "pause":   # the host's own, in a loop that waits
            end = closing(text, start)
            return text[start:end], end
        name = str(error).replace("\\", "").replace('"', "")
        return b'::emulate::ptx::refuse("inline PTX (' + name.encode() + b') in a header of the toolkit")', closing(text, start)
    out, before = [], b"({ "
    for n, (_, begin, after) in enumerate(assembly.operands):
        out += [before, assembly.before(n).encode(), text[begin:after]]
        before = assembly.after(n).encode()
    return b"".join(out + [before, assembly.body().encode(), b"})"]), end


def closing(text, start):
    """Where the parenthesis closes that the `asm` opens."""
    at, depth = text.index(b"(", start), 0
    while True:
        literal = ptx.STRING.match(text, at)
        if literal:
            at = literal.end()
            continue
        depth += {b"(": 1, b")": -1}.get(text[at:at + 1], 0)
        at += 1
        if depth == 0:
            return at


def kernel(text, start):
    """(what goes behind the `{` of the kernel whose `__global__` is there, where that `{` ends); None for a declaration."""
    at, name = start + len(b"__global__"), b""
    while True:
        word = WORD.match(text, at)
        if word:
            name, at = word.group(1), word.end()
        elif text[at:at + 1] == b"(":
            at = closing(text, at)
            if name not in rewrite.ATTRIBUTES:
                break
        else:
            at += 1
    brace = SPACE.match(text, at).end()
    if text[brace:brace + 1] != b"{":
        return None
    return b' static const char emulate_name[] = "' + name + b'"; if (::emulate::introduced(emulate_name)) return;', brace + 1


def dynamic_shared(kind, name):
    """An array of the block's dynamic shared memory, as rewrite.py makes the user's."""
    kind = kind.strip()
    return kind + b" (&" + name + b")[] = reinterpret_cast<" + kind + b" (&)[]>(::emulate_dynamic_shared);"


def replacement(text, found):
    """(what takes the place of what was found, where the text goes on)."""
    if found.group() == b"__global__":
        new, after = kernel(text, found.start()) or (b"", found.end())
        return text[found.start():after] + new, after
    if found.group("array"):
        return dynamic_shared(found.group("kind"), found.group("array")), found.end()
    if found.group().endswith(b"__shared__"):
        return b"static __thread", found.end()
    new, after = translated(text, found.start())
    return new + b"\n" * (text.count(b"\n", found.start(), after) - new.count(b"\n")), after


def translate(text, belongs):
    """The text, changed where it comes from the headers in question."""
    out, position = [], 0
    for begin, end in regions(text, belongs):
        while found := INTERESTING.search(text, max(begin, position), end):
            new, after = replacement(text, found)
            out += [text[position:found.start()], new]
            position = after
    out.append(text[position:])
    return b"".join(out)
