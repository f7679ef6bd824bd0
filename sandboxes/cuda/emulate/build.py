#!/usr/bin/env python3
"""Builds a CUDA program for the CPU.

build.py --arch 80 [-I DIR]… [-D X=Y]… [-U X]… [-include FILE]… [-std=c++17] [-O2] [-fopenmp] [--no-check] -o PROGRAM A.cu B.cpp …

Exit status: 0 built; 1 the compiler or linker refused the program (what they said is on stderr); 3 the program needs what
the emulation does not have, one line `unsupported: NAME: WHERE` for each thing; 2 build.py was called wrongly.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

import libraries
import rewrite
import sides

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLKIT = os.environ.get("EMULATE_TOOLKIT", "/usr/local/cuda")

# Qualifiers, which the rewriter has to see: g++ gets to know them only afterwards.
LATE_MACROS = [
    "__global__=", "__device__=", "__host__=", "__launch_bounds__(...)=", "__maxnreg__(...)=",
]

# GPUs contract a*b+c; which operations nvcc contracts is its own affair, so here none are.
COMPILE = ["-g1", "-w", "-fno-pie", "-ffp-contract=off", "-fno-strict-aliasing", "-fno-stack-protector", "-fcf-protection=none", "-pthread"]
CHECKED = ["-O1", "-fno-optimize-sibling-calls", "-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0", "--param", "tsan-distinguish-volatile=1",
           "-fsanitize=bounds-strict,alignment", "-fno-omit-frame-pointer",
           # Written inline, these would escape the checker; as calls they are replaced.
           "-fno-builtin-memcpy", "-fno-builtin-memmove", "-fno-builtin-memset", "-mmemcpy-strategy=libcall:-1:noalign", "-mmemset-strategy=libcall:-1:noalign"]
UNCHECKED = ["-O2", "-fno-math-errno"]

# Headers of the toolkit that stand for whole libraries; `cutlass/` and the like by their folder.
LIBRARIES = {
    "cublas": "cuBLAS", "cublasLt": "cuBLAS", "cublas_v2": "cuBLAS", "cublas_api": "cuBLAS", "cublasXt": "cuBLAS",
    "cufft": "cuFFT", "cufftXt": "cuFFT", "cufftw": "cuFFT",
    "cusparse": "cuSPARSE", "cusparse_v2": "cuSPARSE", "cusolverDn": "cuSOLVER", "cusolverSp": "cuSOLVER", "cusolver_common": "cuSOLVER",
    "cudnn": "cuDNN", "nccl": "NCCL", "npp": "NPP", "nppi": "NPP", "nvml": "NVML", "nvrtc": "NVRTC", "nvJitLink": "nvJitLink",
    "cutensor": "cuTENSOR", "cupti": "CUPTI", "nvjpeg": "nvJPEG", "cuda_gl_interop": "graphics interoperability",
    "cudaGL": "graphics interoperability", "cuda_tile": "tile programming", "cudaProfiler": "profiler control",
}
LIBRARY_FOLDERS = {"cutlass": "CUTLASS", "cute": "CuTe", "cooperative_groups": "cooperative groups"}
# Functions of CUDA's libraries, which show only at linking.
CALL = re.compile(r"undefined reference to `((?:cuda|cu|curand|cublas|cufft|nvrtc|nvml|__cuda)[A-Za-z0-9_]*)")


# What the user's own code gets in the place of functions that differ on the device, or that the checker has to see.
REPLACED = {"malloc": "__emulate_malloc", "free": "__emulate_free", "clock": "__emulate_clock", "__assert_fail": "__emulate_assert_fail",
            "_Znwm": "__emulate_new", "_Znam": "__emulate_new_array", "_ZdlPv": "__emulate_delete", "_ZdaPv": "__emulate_delete_array",
            "_ZdlPvm": "__emulate_delete_sized", "_ZdaPvm": "__emulate_delete_array_sized"}
REPLACED_CHECKED = {name: f"__emulate_{name}" for name in (
    "memcpy", "memmove", "memset", "frexp", "frexpf", "modf", "modff", "remquo", "remquof", "sincos", "sincosf")}


# Functions that end a program: the runtime hears of them first.
WRAPPED = ("exit", "abort", "_exit", "_Exit", "quick_exit")


class Refused(Exception):
    """A compiler or linker refused."""


def library_of(header):
    """The library that a header's name belongs to, or None."""
    parts = header.split("/")
    for folder in parts[:-1]:
        if folder in LIBRARY_FOLDERS:
            return f"{LIBRARY_FOLDERS[folder]} ({header})"
    name = LIBRARIES.get(parts[-1].rsplit(".", 1)[0])
    return f"{name} ({header})" if name else None


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


class Build:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.unsupported = []
        self.known_foreign = {}
        self.include = os.path.join(HERE, "include")
        self.includes = [f"-I{self.include}"] + [f"-I{path}" for path in options.include] + ["-isystem", os.path.join(TOOLKIT, "include", "cccl"), "-isystem", os.path.join(TOOLKIT, "include")]
        self.defines = options.macros + (["-fopenmp"] if options.fopenmp else [])
        self.forced = [word for file in options.forced for word in ("-include", file)]
        self.mode = UNCHECKED if options.no_check else CHECKED
        # The toolkit's headers and the compiler's are nobody's to rewrite.
        self.foreign_roots = tuple(os.fsencode(os.path.join(os.path.realpath(root), "")) for root in (self.include, os.path.join(TOOLKIT, "include"), "/usr/include", "/usr/lib"))

    def foreign(self, file):
        if file not in self.known_foreign:   # asked for each line
            self.known_foreign[file] = file.startswith(b"<") or os.path.realpath(file).startswith(self.foreign_roots)
        return self.known_foreign[file]

    def of_libraries(self, file):
        return file.startswith(os.fsencode(os.path.join(TOOLKIT, "include", "cccl", "")))

    def compile(self, source, target):
        """An object file of one source."""
        base = ["g++", f"-std={self.options.std}"] + self.includes + self.defines
        kind = os.path.splitext(source)[1]
        if kind == ".c":
            self.step(["gcc"] + self.includes + self.defines + self.forced + self.mode + COMPILE + ["-c", "-x", "c", source, "-o", target])
            return self.replace(target)
        if kind != ".cu":
            self.step(base + self.forced + self.mode + COMPILE + ["-c", "-x", "c++", source, "-o", target])
            return self.replace(target)
        version = self.options.arch * 10
        preprocess = base + self.mode + ["-DEMULATE_DEVICE_CODE", f"-DEMULATE_ARCH={version}", "-include", "cuda_runtime.h"] + self.forced + ["-E", "-x", "c++", source]
        text = self.step(preprocess)
        if text is None:
            return None
        self.headers(text)
        if self.has_sides(text):
            text, refused = self.join(preprocess, text)
            self.unsupported += refused
        uses_libraries = b"/cccl/" in text
        if uses_libraries and not self.unsupported:
            text = libraries.translate(text, self.of_libraries)
        if not self.unsupported:
            text, refused = rewrite.rewrite(text, self.foreign)
            self.unsupported += refused
        if self.unsupported:
            return None
        rewritten = target + ".cpp"
        with open(rewritten, "wb") as out:
            out.write(text)
        macros = [f"-D{macro}" for macro in LATE_MACROS]
        macros += ["-fopenmp"] if self.options.fopenmp else []
        macros += ["-fpermissive"] if uses_libraries else []   # CUB's classes declare names anew that they have used
        self.step(["g++", f"-std={self.options.std}"] + macros + self.mode + COMPILE + ["-c", "-x", "c++", rewritten, "-o", target])
        return self.replace(target)

    def has_sides(self, text):
        """Whether what the user wrote asks on which side it is."""
        word = b"__CUDA_ARCH__"
        if any(word in os.fsencode(macro) for macro in self.options.macros):
            return True
        for file in sides.files(text):
            if not self.foreign(file) and os.path.isfile(file):
                with open(file, "rb") as source:
                    if word in source.read():
                        return True
        return False

    def join(self, preprocess, device):
        """(one text of both sides, what cannot be joined); nothing, where a compiler refuses."""
        host = self.step(preprocess + ["-DEMULATE_HOST_SIDE"])
        if host is None:
            return device, []
        if not sides.differ(device, host, self.foreign):
            return device, []
        # The host's part needs the headers that it includes by itself.
        known = set(sides.files(device))
        more = [file for file in sides.headers(host, self.foreign) if file not in known]
        if more:
            device = self.step(preprocess[:-1] + [word for file in more for word in ("-include", os.fsdecode(file))] + preprocess[-1:])
        return sides.join(device, host, self.foreign) if device else (b"", [])

    def replace(self, target):
        names = {**REPLACED, **({} if self.options.no_check else REPLACED_CHECKED)}
        return self.step(["objcopy"] + [f"--redefine-sym={old}={new}" for old, new in names.items()] + [target])

    def headers(self, text):
        """Refuses headers of libraries that were found, but are not emulated."""
        toolkit = os.fsencode(os.path.join(TOOLKIT, "include", ""))
        seen, includer = set(), b""
        for line in text.splitlines():
            marker = rewrite.line_marker(line)
            if not marker:
                continue
            # What CUB and libcu++ include of each other and of Thrust is their own affair.
            inside = includer.startswith((toolkit + b"cccl/", os.fsencode(self.include))) or not line.endswith((b" 1", b" 1 3", b" 1 3 4"))
            includer = marker[1]
            if marker[1] not in seen and not inside and marker[1].startswith(toolkit):
                seen.add(marker[1])
                library = library_of(os.fsdecode(marker[1][len(toolkit):].removeprefix(b"cccl/")))
                if library:
                    self.unsupported.append(f"unsupported: {library}")

    def step(self, command):
        status, out, errors = run(command)
        if status == 0:
            return out
        # The first thing that a program lacks ends its preprocessing: a missing header of a library.
        for header in re.findall(r"fatal error: (\S+): No such file", errors):
            library = library_of(header)
            if library:
                self.unsupported.append(f"unsupported: {library}")
        self.unsupported += [f"unsupported: {name}" for name in re.findall(r"(?:#error|static assertion failed:|declared with attribute error:) unsupported: (.+)", errors)]
        self.unsupported += [f"unsupported: {name}" for name in dict.fromkeys(CALL.findall(errors))]
        if self.unsupported:
            return None
        raise Refused(self.readable(errors))

    def readable(self, errors):
        """Without the names of our own passing files."""
        return errors.replace(self.folder + os.sep, "")

    def link(self, objects):
        archive = os.path.join(HERE, "libemulate.a")
        command = ["g++", "-static", "-no-pie", "-pthread", "-o", self.options.output] + objects
        command += [f"-Wl,--wrap={name}" for name in WRAPPED]
        command += [f"-Wl,--defsym=emulate_arch={self.options.arch}", f"-Wl,--defsym=emulate_instrumented={int(not self.options.no_check)}"]
        command += ["-fopenmp"] if self.options.fopenmp else []
        self.step(command + ["-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", "-lbacktrace", "-lm"])


def language(name):
    """The language to build for: what is older than the emulation's own headers is read as C++14, of which it is a part."""
    return re.sub(r"(\+\+)(?:98|03|0x|11)$", r"\g<1>14", name)


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--arch", type=int, default=80)
    parser.add_argument("-I", dest="include", action="append", default=[])
    parser.add_argument("-D", dest="macros", action="append", type="-D{}".format, default=[])
    parser.add_argument("-U", dest="macros", action="append", type="-U{}".format)
    parser.add_argument("-include", dest="forced", action="append", default=[])
    parser.add_argument("-fopenmp", action="store_true")
    parser.add_argument("-std", default="gnu++17", type=language)
    parser.add_argument("-O", dest="optimise")  # accepted, as it is for nvcc; how fast the emulation is built is ours to choose
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--keep", help="a folder for the rewritten sources")
    parser.add_argument("-o", dest="output", required=True)
    parser.add_argument("sources", nargs="+")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    folder = options.keep or tempfile.mkdtemp(prefix="emulate-", dir=os.path.dirname(os.path.abspath(options.output)))
    os.makedirs(folder, exist_ok=True)
    os.environ["TMPDIR"] = folder   # the compiler's own passing files go where there is room
    build = Build(options, folder)
    try:
        objects = []
        for number, source in enumerate(options.sources):
            target = os.path.join(folder, f"{number}.o")
            build.compile(source, target)
            objects.append(target)
        if not build.unsupported:
            build.link(objects)
    except Refused as error:
        sys.stderr.write(str(error))
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for line in dict.fromkeys(build.unsupported):
        print(line, file=sys.stderr)
    return 3 if build.unsupported else 0


if __name__ == "__main__":
    sys.exit(main())
