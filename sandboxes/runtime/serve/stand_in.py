#!/usr/bin/env python3
"""Stands in for Renode where there is none: a monitor that answers in Renode's form, and runs nothing.

For tests of what surrounds a Renode: how one is started, asked, given up and replaced. What a firmware does is written in
it: `SAY text` is sent by its port, `ABORT` gives up as a core does, `DIE` ends this process, `SLEEP` answers no more.
"""
import os
import re
import socket
import sys
import time

port = int(sys.argv[sys.argv.index("-P") + 1])
assert os.getuid() == 1000 and os.path.exists("/proc/self/exe")
with socket.socket() as outside:
    outside.settimeout(1)
    assert outside.connect_ex(("192.0.2.1", 80)) != 0

listener = socket.socket()
listener.bind(("127.0.0.1", port))
listener.listen(1)
monitor, _ = listener.accept()
monitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
monitor.sendall(b"\xff\xfd\x00\xff\xfb\x01\xff\xfb\x03\xff\xfc\x22Renode, version stand-in\n\r\n\r(monitor) ")

machine, machines, files = "monitor", 0, {}
for line in monitor.makefile("r", newline="\n"):
    command = line.rstrip("\n")
    monitor.sendall(f"{command}\n\r".encode())
    said = ""
    if command.startswith("mach create"):
        machine, machines = command.split('"')[1], machines + 1
    elif command == "Clear":
        machine, files = "monitor", {}
    elif found := re.match(r"(?:sysbus\.(\w+) CreateFileBackend|(logFile)|sysbus (LoadELF)) @(\S+)", command):
        kind = found[1] or found[2] or found[3]
        files[kind] = found[4]
        if kind != "LoadELF":
            open(found[4], "w").close()
    elif command.startswith("emulation RunFor"):
        for order in open(files["LoadELF"]):
            what, _, text = order.rstrip("\n").partition(" ")
            if what == "SAY":
                with open(files["usart2"], "a") as sent:
                    sent.write(text + "\n")
            elif what == "ABORT":
                with open(files["logFile"], "a") as log:
                    log.write("01:02:03.4 [ERROR] cpu: CPU abort [PC=0x70000000]: Trying to execute code outside RAM.\n")
                time.sleep(1000)
            elif what == "SLEEP":
                time.sleep(1000)
            elif what == "DIE":
                sys.exit(1)
    elif command == "machine ElapsedVirtualTime":
        said = "[State: Idle\r\nTimeElapsed = 00:00:00.010000000]"
    elif command == "sysbus.cpu ExecutedInstructions":
        said = f"0x{machines:016X}"
    elif re.match(r"sysbus\.cpu |sysbus ReadDoubleWord", command):
        said = "0x00000000"
    monitor.sendall((f"{said}\r\r\n" if said else "").encode() + f"({machine}) ".encode())
