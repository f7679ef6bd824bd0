"""Imports what scripts need, once; then forks a child for every script that a sandbox is to run.

Run by the runtime inside the image, with a socket of its. It sees nothing of a job: only a child that has
entered the job's sandbox for good reads which script to run. So nothing of one job can reach the next through it, and
it must never run anything but imports: what it did would be done in every child.
"""

import atexit
import ctypes
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import traceback
import types

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
# All that a sandbox has. The process namespace is not among them: a process is born into its own.
NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWNET
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
LAST_DESCRIPTOR = 0xFFFFFFFF
# Most descriptors in one message (the kernel's SCM_MAX_FD), and the longest message, bytes.
MAX_DESCRIPTORS, MAX_MESSAGE = 253, 1 << 16
UCRED_BYTES = 12

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    """A system call that Python has no function for."""
    if getattr(libc, name)(*(ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


class Filter(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


class Job:
    """A sandbox that may ask for scripts to be run: descriptors and numbers, nothing of what it runs."""

    def __init__(self, request, descriptors):
        self.uid, self.limits = request["uid"], request["limits"]
        self.driver = socket.socket(fileno=descriptors[0])
        self.scripts = descriptors[1]
        logs = len(request["steps"])
        self.logs = dict(zip(request["steps"], descriptors[2 : 2 + logs]))
        self.groups = descriptors[2 + logs :]

    def close(self):
        self.driver.close()
        for descriptor in [self.scripts, *self.logs.values(), *self.groups]:
            os.close(descriptor)
        self.logs.clear()

    def answer(self, line):
        try:
            self.driver.send(line.encode()[:4000] + b"\n")
        except OSError:
            pass  # It was killed meanwhile, and whoever did that knows why.


class Parent:
    """Forks children, and tells the sandboxes how they ended."""

    def __init__(self, requests):
        self.requests = requests
        self.own = os.pidfd_open(os.getpid())
        self.returns = can_return(self.own)
        self.jobs, self.children = {}, {}
        self.poll = select.poll()
        self.poll.register(requests, select.POLLIN)

    def serve(self):
        """Returns in a child, with what it needs to enter its sandbox; in the parent only when nobody asks any more."""
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor == self.requests.fileno():
                    if not self.accept():
                        return None
                elif descriptor in self.children:
                    self.reap(descriptor)
                elif child := self.asked(descriptor):
                    return child

    def accept(self):
        text, descriptors, _, _ = socket.recv_fds(self.requests, MAX_MESSAGE, MAX_DESCRIPTORS)
        if not text:
            return False
        job = Job(json.loads(text), descriptors)
        self.jobs[job.driver.fileno()] = job
        self.poll.register(job.driver, select.POLLIN)
        return True

    def asked(self, descriptor):
        """A sandbox's driver names a step, or has ended. Whatever it sends, nobody else is to suffer."""
        job = self.jobs[descriptor]
        try:
            line, credentials, _, _ = job.driver.recvmsg(16, socket.CMSG_SPACE(UCRED_BYTES))
        except ConnectionResetError:
            line = b""  # It was killed before it had read an answer.
        if not line:
            self.poll.unregister(descriptor)
            self.jobs.pop(descriptor).close()
            return None
        try:
            # Who wrote it: the first process of the sandbox, whose namespaces the child is to enter.
            pid = int.from_bytes(credentials[0][2][:4], sys.byteorder)
            return self.fork(job, int(line), pid)
        except (OSError, ValueError, LookupError) as error:
            job.answer(f"fault {error}")
            return None

    def fork(self, job, step, pid):
        if step not in job.logs:
            raise LookupError(f"step {step} is no script, or has been run")
        target = os.pidfd_open(pid)
        log = job.logs.pop(step)
        heard, said = os.pipe()
        try:
            child = self.born_in(target)
        except OSError as error:
            job.answer(f"fault {error}")
            child = None
        if child == 0:
            self.jobs.clear()
            self.children.clear()
            return Child(job, step, log, target, said)
        for each in (target, log, said):
            os.close(each)
        if child is None:
            os.close(heard)
            return None
        ended = os.pidfd_open(child)
        self.children[ended] = (child, heard, job)
        self.poll.register(ended, select.POLLIN)
        return None

    def born_in(self, target):
        """Forks a process into another's process namespace; 0 in that process, its id here."""
        if not self.returns:
            return born_of_another(target)
        call("setns", target, CLONE_NEWPID)
        child = -1
        try:
            child = os.fork()
        finally:
            if child != 0:
                call("setns", self.own, CLONE_NEWPID)
        return child

    def reap(self, ended):
        child, heard, job = self.children.pop(ended)
        self.poll.unregister(ended)
        os.close(ended)
        _, status = os.waitpid(child, 0)
        said = os.read(heard, 4000)
        os.close(heard)
        if said != b"+":
            job.answer("fault " + (said.decode(errors="replace") or "a child died before it was in its sandbox"))
            return
        # As a shell's `$?` has it.
        signal_number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        job.answer(str(128 + signal_number if signal_number else os.WEXITSTATUS(status)))


def can_return(own):
    """Whether we may enter our own process namespace again after another; an ordinary user's parent may not."""
    try:
        call("setns", own, CLONE_NEWPID)
        return True
    except OSError:
        # Children of children that are gone become ours.
        call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        return False


def born_of_another(target):
    """The same as `born_in` by way of a process between, which does not return from there."""
    heard, said = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(heard)
        try:
            call("setns", target, CLONE_NEWPID)
            child = os.fork()
        except OSError as error:
            os.write(said, f"fault {error}".encode())
            os._exit(1)
        if child == 0:
            os.close(said)
            return 0
        os.write(said, str(child).encode())
        os._exit(0)
    os.close(said)
    # Once it is gone, its child is ours.
    os.waitpid(between, 0)
    answer = os.read(heard, 4000).decode()
    os.close(heard)
    if not answer.isdigit():
        raise OSError(answer or "a child died before it was in its sandbox")
    return int(answer)


class Child:
    """A copy of the parent on its way into a sandbox."""

    def __init__(self, job, step, log, target, said):
        self.job, self.step, self.log, self.target, self.said = job, step, log, target, said

    def enter(self):
        """Becomes what a step's process is, in every respect; returns what to run."""
        try:
            # No object may close this number later, when it may be the script's.
            self.job.driver.detach()
            os.setsid()
            for group in self.job.groups:
                os.write(group, b"0")
            os.dup2(self.log, 1)
            os.dup2(self.log, 2)
            for number, limit in self.job.limits:
                hard = resource.getrlimit(number)[1]
                limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
                resource.setrlimit(number, (limit, limit))
            os.setgroups([])
            os.setresgid(*[self.job.uid] * 3)
            os.setresuid(*[self.job.uid] * 3)
            # With the slot's uid only the slot's own namespaces can be entered.
            call("setns", self.target, NAMESPACES)
            os.chdir("/job")
            give_up_privileges()
            # Not read from where it stands: the place is shared with the parent.
            text = os.pread(self.job.scripts, os.fstat(self.job.scripts).st_size, 0)
            argv = json.loads(text)[str(self.step)]
            os.write(self.said, b"+")
            call("close_range", 3, LAST_DESCRIPTOR, 0)
            return argv
        except BaseException as error:
            os.write(self.said, str(error).encode()[:4000])
            os._exit(1)


def give_up_privileges():
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), *[ctypes.c_ulong(0)] * 3) < 0:
            break  # The kernel knows no more.
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(FILTER), 0, 0)


def source(path):
    """The bytes of an ordinary script; None for whatever else the interpreter takes, or cannot open."""
    for hook in sys.path_hooks:
        try:
            hook(path)
            return None  # A folder or an archive.
        except ImportError:
            continue
    try:
        if not os.path.isfile(path) or path.endswith(".pyc"):
            return None
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return None
    return None if text[:2] == importlib.util.MAGIC_NUMBER[:2] else text


def run(argv):
    """Does what `python3 FILE ARGUMENT…` does."""
    text = source(argv[1])
    if text is None:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(argv[0], argv)
    preloaded = frozenset(sys.modules)
    path = argv[1].removeprefix("./") if argv[1].startswith("./") else argv[1]
    path = os.path.join(os.getcwd(), path)
    sys.argv, sys.orig_argv = argv[1:], argv
    sys.path.insert(0, os.path.dirname(os.path.realpath(argv[1])))
    sys.modules["__main__"] = main_module(path)
    code = execute(text, path, vars(sys.modules["__main__"]))
    finish(code, preloaded)


def main_module(path):
    main = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    vars(main).update(__loader__=loader, __annotations__={}, __builtins__=sys.modules["builtins"])
    vars(main).update(__file__=path, __cached__=None)
    return main


def execute(text, path, names):
    """Runs a script; returns its exit code."""
    failure = None
    try:
        exec(compile(text, path, "exec", dont_inherit=True), names)
    except BaseException as error:
        failure = error
    flush()
    if failure is None:
        return 0
    if isinstance(failure, SystemExit):
        return exit_code(failure.code)
    # Without this function's own frame.
    trace = failure.__traceback__.tb_next
    sys.last_type, sys.last_value, sys.last_traceback = type(failure), failure, trace
    sys.excepthook(type(failure), failure.with_traceback(trace), trace)
    return -signal.SIGINT if isinstance(failure, KeyboardInterrupt) else 1


def exit_code(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    print(code, file=sys.stderr)
    return 1


def flush(complain=False):
    """False if something could not be written."""
    whole = True
    for stream in (sys.stderr, sys.stdout):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except BaseException as error:
            whole = False
            if complain and stream is sys.stdout:
                what = "".join(traceback.format_exception_only(type(error), error))
                print(f"Exception ignored in: {stream!r}\n{what}", end="", file=sys.stderr)
    return whole


def finish(code, preloaded):
    """Ends as the interpreter does, short of taking apart what was preloaded: that would copy all of its memory."""
    threading._shutdown()
    atexit._run_exitfuncs()
    whole = flush(complain=True)
    # Files that the script left open are written when their objects go: twice, as the interpreter does, since the first
    # look puts the objects in an order in which a file's buffer goes before the file.
    gc.collect()
    for name in ("last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    for name in [name for name in sys.modules if name == "__main__" or name not in preloaded]:
        del sys.modules[name]
    gc.collect()
    whole &= flush()
    libc.fflush(None)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if whole else 120)


def open_descriptors():
    """Beyond the first three, as far as an import may have come. There is no /proc here."""
    return {number for number in range(3, 1024) if is_open(number)}


def is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False


def leave_a_reaper():
    """Goes on in a child. Whoever kills that makes orphans of its children, whose sandboxes end only once somebody has
    reaped them, and not every machine's init does."""
    call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.fork() == 0:
        call("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        return
    call("close_range", 0, LAST_DESCRIPTOR, 0)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            os._exit(0)


def preload():
    """Imports, and answers with the socket to serve."""
    global FILTER
    settings = json.loads(sys.argv[1])
    leave_a_reaper()
    sys.path.pop(0)  # The folder that it was started in.
    requests = socket.socket(fileno=settings["socket"])
    os.umask(0o022)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    code = bytes.fromhex(settings["filter"])
    FILTER = Filter(len(code) // 8, code)
    before = open_descriptors()
    for module in settings["modules"]:
        importlib.import_module(module)
    if left := open_descriptors() - before:
        sys.exit(f"an import left descriptors open, which every child would share: {sorted(left)}")
    # What was set for the parent is not for scripts to see.
    for name in settings["own"]:
        del os.environ[name]
    flush()
    gc.collect()
    gc.freeze()
    requests.send(str(os.getpid()).encode())
    return requests


child = Parent(preload()).serve()
if child is None:
    os._exit(0)
run(child.enter())
