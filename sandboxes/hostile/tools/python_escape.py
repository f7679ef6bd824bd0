# Gets out through Python: files, sockets, other processes, the C library. Each way must be closed as for anyone else.
import ctypes
import os
import socket
import subprocess

for path in ("/etc/shadow", "/proc/1/environ", "/proc/1/mem", "/var/lib/assay", "/root/.bashrc"):
    try:
        open(path, "rb").read(1)
        print("ESCAPED: read", path)
    except OSError:
        pass
for path in ("/usr/own", "/etc/passwd", "/job/in/input.txt", "/usr/lib/python3/dist-packages/own.py"):
    try:
        open(path, "a").write("x")
        print("ESCAPED: wrote", path)
    except OSError:
        pass
for family in (socket.AF_INET, socket.AF_INET6, getattr(socket, "AF_VSOCK", 40)):
    try:
        socket.socket(family, socket.SOCK_STREAM)
        print("ESCAPED: a socket of family", family)
    except OSError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
for name, call in {"unshare": (272, 0x10000000), "io_uring": (425, 8, 0), "ptrace": (101, 16, 1, 0, 0)}.items():
    if libc.syscall(*call) >= 0 or ctypes.get_errno() not in (1, 38):
        print("ESCAPED:", name, ctypes.get_errno())
# A parent outside of the process namespace is told as 0, which would mean the program's own group.
for pid in {1, os.getppid() or 1}:
    try:
        os.kill(pid, 9)
    except OSError:
        pass
seen = subprocess.run(["sh", "-c", "id -u"], capture_output=True, text=True).stdout.strip()
print("held" if seen == "1000" else f"ESCAPED: runs as {seen}")
