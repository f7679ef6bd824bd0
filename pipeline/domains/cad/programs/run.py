"""Runs a script as `python3 SCRIPT` would, and exports the solid that it leaves in a variable.

    run.py FOLDER VARIABLE TOKEN SCRIPT [FILES]

FOLDER is where `part.step` and `part.stl` go; it is made here. SCRIPT is a path in the working folder, which gets a
copy of the task's support files, and of the candidate's or of FILES: a JSON object of paths and texts, for what the
candidate may not read. TOKEN is said after the export, so that a script that ends the process by itself is not taken for one that was exported. The script
shares this process and can do to it whatever it likes: nothing said or written here is believed before it was measured
by another process.
"""

import json
import os
import shutil
import sys
import traceback
import types

import cadquery as cq

SUPPORT, CANDIDATE = "/job/in/support", "/job/in/candidate"
# How it ends: does not compile; raised; lacks the variable or holds no shape there; the shape cannot be exported.
BROKEN, RAISED, NO_SHAPE, NOT_EXPORTED = 81, 82, 83, 84
# The mesh: deviation as a share of an edge's length, and between normals in radians. It is for looking at.
DEVIATION, ANGLE = 0.01, 0.3


def leave(code, message=""):
    """Ends without the interpreter's farewell, which takes long and may run what the script left for it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os.write(1, (message + "\n").encode(errors="replace"))
    os._exit(code)


def lay_out(work, files):
    """The folder that the script runs in: copies, which it may write as it likes."""
    os.makedirs(work)
    for source in (SUPPORT, CANDIDATE) if files is None else (SUPPORT,):
        if os.path.isdir(source):
            shutil.copytree(source, work, copy_function=shutil.copyfile, dirs_exist_ok=True)
    os.chmod(work, 0o755)
    for path, text in (files or {}).items():
        place = os.path.join(work, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    os.chdir(work)


def execute(script):
    """The names that the script defines."""
    try:
        with open(script, "rb") as file:
            code = compile(file.read(), script, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        error.__traceback__ = None
        traceback.print_exception(error)
        leave(BROKEN)
    main = types.ModuleType("__main__")
    main.__file__ = script
    # What the CadQuery editors define for a script, which may have been written in one.
    main.show_object = main.debug = lambda *args, **kwargs: None
    sys.modules["__main__"] = main
    sys.argv[:] = [script]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    try:
        exec(code, main.__dict__)
    except SystemExit as end:
        if end.code not in (None, 0):
            leave(RAISED, f"the script ended itself with {end.code!r}")
    except BaseException as error:
        # Without this file's own frame.
        trace = error.__traceback__ and error.__traceback__.tb_next
        traceback.print_exception(type(error), error, trace, limit=-12)
        leave(RAISED)
    return main.__dict__


def shapes(value):
    """The shapes that a value holds, as CadQuery's own exporters take them."""
    if isinstance(value, cq.Assembly):
        return [value.toCompound()]
    if isinstance(value, cq.Workplane):
        return [part for part in value.vals() if isinstance(part, cq.Shape)]
    if isinstance(value, cq.Shape):
        return [value]
    if isinstance(value, (list, tuple)):
        return [shape for part in value for shape in shapes(part)]
    return []


def main(folder, variable, token, script, files="null"):
    files = json.loads(files)
    # The arguments are not for the script.
    del sys.argv[1:], sys.orig_argv[:]
    os.makedirs(folder)
    lay_out(folder + ".work", files)
    names = execute(script)
    if variable not in names:
        leave(NO_SHAPE, f"the script defines no `{variable}`")
    value = names[variable]
    found = shapes(value)
    if not found:
        leave(NO_SHAPE, f"`{variable}` holds no shape but {type(value).__name__}")
    try:
        shape = found[0] if len(found) == 1 else cq.Compound.makeCompound(found)
        shape.exportStep(f"{folder}/part.step")
        shape.exportStl(f"{folder}/part.stl", DEVIATION, ANGLE, parallel=False)
    except Exception as error:
        leave(NOT_EXPORTED, f"`{variable}` cannot be exported: {type(error).__name__}: {error}")
    leave(0, f"exported {token}")


if __name__ == "__main__":
    main(*sys.argv[1:])
