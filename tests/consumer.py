"""A trainer in small: takes samples from stdin, keeps each in a file, and says how far it has got.

What it has is what its file holds, so it may be killed at any moment. KEEP names the file; CRASH_AFTER kills it
after so many new samples, with CRASH_UNSAID set before it acknowledges the last of them.
"""

import fcntl
import json
import os
import signal
import sys


def kept(file):
    """Counts the whole lines of the file, and cuts off half a line that a kill has left."""
    fcntl.flock(file, fcntl.LOCK_EX)  # Waits for a predecessor that still reads what is left in its pipe.
    file.seek(0)
    data = file.read()
    file.truncate(data.rfind(b"\n") + 1)
    return data.count(b"\n")


def say(message):
    print(json.dumps(message), flush=True)


signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Goes quietly when nobody listens any more.
crash_after = int(os.environ.get("CRASH_AFTER", "-1"))
with open(os.environ["KEEP"], "ab+") as file:
    have = first = kept(file)
    for line in sys.stdin:
        message = json.loads(line)
        if "hello" in message:
            say({"ready": {"resume_from": have}})
        elif "end" in message:
            sys.exit(0 if have == message["end"]["samples"] else 1)
        elif message["offset"] > have:
            sys.exit(f"offset {message['offset']} came, {have} was due")
        else:
            if message["offset"] == have:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
                have += 1
            crash = have - first == crash_after
            if not (crash and os.environ.get("CRASH_UNSAID")):
                say({"ack": message["offset"]})
            if crash:
                os.kill(os.getpid(), signal.SIGKILL)
