"""Measures the solid in a STEP file, and compares it with another, in a process that ran nobody's script.

    judge.py TOKEN OPTIONS

Reads `/job/out/part.step` and `part.stl`, and `/job/reference/part.step` where OPTIONS, a JSON object, has `reference`.
`align` is `none`, `center` or `principal`; `max_bytes` is the most that a file may hold. Prints lines that begin with
`TOKEN `: `{"reference": …}` or `{"bad_reference": …}` where there is one, `{"measured": …}`, and perhaps `{"svg": …}`.
Numbers are rounded so that they are the same everywhere.
"""

import itertools
import json
import math
import os
import re
import resource
import signal
import stat
import struct
import sys

import cadquery as cq
import numpy as np
from OCP.Bnd import Bnd_Box
from OCP.BRep import BRep_Tool
from OCP.BRepAlgoAPI import BRepAlgoAPI_Common
from OCP.BRepBndLib import BRepBndLib
from OCP.BRepCheck import BRepCheck_Analyzer
from OCP.BRepGProp import BRepGProp
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.gp import gp_Trsf
from OCP.GProp import GProp_GProps
from OCP.IFSelect import IFSelect_RetDone
from OCP.STEPControl import STEPControl_Reader
from OCP.TopAbs import TopAbs_EDGE, TopAbs_FACE, TopAbs_SHELL, TopAbs_SOLID
from OCP.TopExp import TopExp_Explorer
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS
from OCP.TopTools import TopTools_IndexedMapOfShape, TopTools_ListOfShape

# Solids of one part; measuring more of them takes too long.
MAX_SOLIDS = 256
# Lines through both solids that check a boolean operation, and those that stand in for one that failed.
CHECKING, SAMPLED = 1024, 32768
# How far the exact ratio may be from the one along the checking lines.
DISAGREEMENT = 0.05
# CPU seconds of one boolean operation.
BOOLEAN_CPU_S = 6
# The mesh for the lines: deviation as a share of an edge's length, and between normals in radians.
DEVIATION, ANGLE = 0.02, 0.3
# Characters of a drawing that is kept.
MAX_SVG = 64 << 10


class Refused(Exception):
    """What is wrong with a file or with what is in it: a code, and words for people."""

    def __init__(self, code, words):
        super().__init__(words)
        self.code, self.words = code, words


def rounded(number, digits=6):
    """A number to so many significant digits, without a negative zero."""
    return float(f"{number:.{digits}g}") + 0.0


def content(path, max_bytes):
    """A file that is one, whatever the script has put in its place."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused("no_file", f"{os.path.basename(path)}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("no_file", f"{os.path.basename(path)} is no file")
        if found.st_size > max_bytes:
            raise Refused("too_large", f"{os.path.basename(path)} has {found.st_size} bytes, at most {max_bytes} are read")
        return file.read(max_bytes + 1)


def read_step(path, max_bytes):
    if not content(path, max_bytes).lstrip().startswith(b"ISO-10303-21;"):
        raise Refused("not_step", "the exported file is no STEP file")
    reader = STEPControl_Reader()
    if reader.ReadFile(path) != IFSelect_RetDone:
        raise Refused("not_step", "the exported file is no STEP file that can be read")
    reader.TransferRoots()
    shape = reader.OneShape()
    if shape is None or shape.IsNull():
        raise Refused("no_solid", "there is no shape in the exported file")
    return shape


def explored(shape, kind, inside=None):
    explorer = TopExp_Explorer(shape, kind, inside) if inside is not None else TopExp_Explorer(shape, kind)
    while explorer.More():
        yield explorer.Current()
        explorer.Next()


def distinct(shape, kind):
    found = TopTools_IndexedMapOfShape()
    for part in explored(shape, kind):
        found.Add(part)
    return found


def edge_uses(shape):
    """How often each edge that is none of a degenerate face is used by faces: twice in what is closed and manifold."""
    edges, uses = TopTools_IndexedMapOfShape(), {}
    for face in explored(shape, TopAbs_FACE):
        for edge in explored(face, TopAbs_EDGE):
            if not BRep_Tool.Degenerated_s(TopoDS.Edge_s(edge)):
                index = edges.Add(edge)
                uses[index] = uses.get(index, 0) + 1
    return list(uses.values())


def properties(shape):
    found = GProp_GProps()
    BRepGProp.VolumeProperties_s(shape, found)
    return found


def extents(shape):
    box = Bnd_Box()
    BRepBndLib.AddOptimal_s(shape, box, False, False)
    if box.IsVoid():
        raise Refused("no_solid", "the shape has no extent")
    corners = box.Get()
    return corners[:3], corners[3:]


def sound(shape):
    """The solids of a shape, if they are valid, closed, positive and apart."""
    solids = list(explored(shape, TopAbs_SOLID))
    faces, shells = distinct(shape, TopAbs_FACE).Extent(), distinct(shape, TopAbs_SHELL).Extent()
    if not solids:
        if shells:
            raise Refused("open", f"an open shell of {faces} faces, no solid")
        raise Refused("no_solid", f"no solid, but {faces} faces and {distinct(shape, TopAbs_EDGE).Extent()} edges")
    if len(solids) > MAX_SOLIDS:
        raise Refused("too_many", f"{len(solids)} solids; at most {MAX_SOLIDS} are measured")
    loose = sum(1 for _ in explored(shape, TopAbs_FACE, TopAbs_SOLID))
    if loose:
        raise Refused("open", f"{loose} faces that belong to no solid")
    for solid in solids:
        uses = edge_uses(solid)
        if any(count == 1 for count in uses):
            raise Refused("open", f"not closed: {sum(count == 1 for count in uses)} edges have a face on one side only")
        if any(count > 2 for count in uses):
            raise Refused("non_manifold", f"not manifold: {sum(count > 2 for count in uses)} edges have more than two faces")
        volume = properties(solid).Mass()
        if not volume > 1e-9:
            raise Refused("no_volume", f"a solid of volume {volume:.6g} mm³")
    if any(count > 2 for count in edge_uses(shape)):
        raise Refused("non_manifold", "not manifold: solids touch along an edge or share a face")
    if not BRepCheck_Analyzer(shape).IsValid():
        raise Refused("invalid", "the kernel's own check finds the shape invalid: it may cut through itself")
    return solids


def measure(shape, solids):
    found, (low, high) = properties(shape), extents(shape)
    surface = GProp_GProps()
    BRepGProp.SurfaceProperties_s(shape, surface)
    size = max(b - a for a, b in zip(low, high))
    # Positions are told as finely as the part is large, or the noise in a zero would show.
    decimals = max(0, 5 - math.floor(math.log10(size)))
    place = lambda values: [round(value, decimals) + 0.0 for value in values]
    center = found.CentreOfMass()
    return {
        "solids": len(solids),
        "faces": distinct(shape, TopAbs_FACE).Extent(),
        "edges": distinct(shape, TopAbs_EDGE).Extent(),
        "volume": rounded(found.Mass()),
        "area": rounded(surface.Mass()),
        "bbox": place(b - a for a, b in zip(low, high)),
        "bbox_min": place(low),
        "center_of_mass": place([center.X(), center.Y(), center.Z()]),
    }


def read_stl(path, max_bytes, volume):
    """A binary STL: whether its triangles close, and enclose what the solid does."""
    data = content(path, max_bytes)
    count = struct.unpack_from("<I", data, 80)[0] if len(data) >= 84 else -1
    if count <= 0 or len(data) != 84 + 50 * count:
        raise Refused("bad_stl", "the exported mesh cannot be read, or is empty")
    kind = np.dtype([("normal", "<3f4"), ("corners", "<9f4"), ("rest", "<u2")])
    corners = np.frombuffer(data, kind, count, 84)["corners"].astype(float).reshape(-1, 3, 3)
    if not np.isfinite(corners).all():
        raise Refused("bad_stl", "the exported mesh has corners that are no numbers")
    enclosed = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    if abs(enclosed - volume) > 0.05 * volume:
        raise Refused("bad_stl", f"the exported mesh encloses {enclosed:.6g} mm³, the solid {volume:.6g} mm³")
    _, index = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    ring = index.reshape(-1, 3)
    edges = np.sort(np.concatenate([ring[:, [0, 1]], ring[:, [1, 2]], ring[:, [2, 0]]]), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    return {"triangles": count, "closed": bool((uses % 2 == 0).all())}


def halton(count, base):
    """Numbers in 0..1, evenly spread, the same each time."""
    numbers, share, index = np.zeros(count), 1.0, np.arange(1, count + 1)
    while index.any():
        share /= base
        numbers += share * (index % base)
        index //= base
    return numbers


def triangles(shape):
    """A mesh of a shape, as an array of triangles, corners and coordinates."""
    BRepMesh_IncrementalMesh(shape, DEVIATION, True, ANGLE, False)
    found = [np.zeros((0, 3, 3))]
    for face in explored(shape, TopAbs_FACE):
        location = TopLoc_Location()
        mesh = BRep_Tool.Triangulation_s(TopoDS.Face_s(face), location)
        if mesh is None:
            continue
        place = location.Transformation()
        nodes = (mesh.Node(i).Transformed(place) for i in range(1, mesh.NbNodes() + 1))
        nodes = np.array([[node.X(), node.Y(), node.Z()] for node in nodes])
        corners = [mesh.Triangle(i).Get() for i in range(1, mesh.NbTriangles() + 1)]
        found.append(nodes[np.array(corners, int) - 1])
    return np.concatenate(found)


def crossings(mesh, points):
    """Where lines along Z through points, sorted by x, cross a mesh: index of the point, height."""
    lines, heights = [np.zeros(0, int)], [np.zeros(0)]
    low, high = mesh.min(axis=1), mesh.max(axis=1)
    first = np.searchsorted(points[:, 0], low[:, 0])
    last = np.searchsorted(points[:, 0], high[:, 0])
    for index in np.flatnonzero(last > first):
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = mesh[index]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        x, y = points[first[index] : last[index]].T
        v = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
        w = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
        inside = np.flatnonzero((v >= 0) & (w >= 0) & (v + w < 1))
        lines.append(inside + first[index])
        heights.append(az + v[inside] * (bz - az) + w[inside] * (cz - az))
    return np.concatenate(lines), np.concatenate(heights)


def sampled(first, second, count):
    """The ratio of intersection to union along so many lines through meshes of both, and how many lines met them."""
    corners = [extents(first), extents(second)]
    low, high = np.min([c[0] for c in corners], axis=0), np.max([c[1] for c in corners], axis=0)
    points = np.stack([halton(count, 2), halton(count, 3)], axis=1) * (high - low)[:2] + low[:2]
    points = points[np.argsort(points[:, 0], kind="stable")]
    found = [crossings(triangles(shape), points) for shape in (first, second)]
    # A line that leaves a mesh less often than it enters it has gone through a crack.
    odd = sum(np.bincount(lines, minlength=count) % 2 for lines, _ in found) > 0
    lines = np.concatenate([lines for lines, _ in found])
    heights = np.concatenate([heights for _, heights in found])
    which = np.repeat([0, 1], [len(lines) for lines, _ in found])
    kept = ~odd[lines]
    lines, heights, which = lines[kept], heights[kept], which[kept]
    order = np.lexsort((heights, lines))
    lines, heights, which = lines[order], heights[order], which[order]
    within = [np.cumsum(which == shape) % 2 == 1 for shape in (0, 1)]
    lengths = np.diff(heights, append=0.0)
    both = lengths[within[0] & within[1]].sum()
    either = lengths[within[0] | within[1]].sum()
    return (float(both / either) if either > 0 else 0.0), len(np.unique(lines))


def common(first, second, fuzzy):
    """Volume of the intersection, by a child of this process: the kernel may crash on it, or never end. Else None."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (BOOLEAN_CPU_S, BOOLEAN_CPU_S))
        signal.alarm(BOOLEAN_CPU_S * 6)
        try:
            os.write(into, struct.pack("<d", intersection(first, second, fuzzy)))
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return struct.unpack("<d", answer)[0] if len(answer) == 8 else None


def intersection(first, second, fuzzy):
    operation = BRepAlgoAPI_Common()
    for parts, give in ((first, operation.SetArguments), (second, operation.SetTools)):
        listed = TopTools_ListOfShape()
        for solid in explored(parts, TopAbs_SOLID):
            listed.Append(solid)
        give(listed)
    operation.SetFuzzyValue(fuzzy)
    operation.SetRunParallel(False)
    operation.Build()
    return properties(operation.Shape()).Mass()


def iou(first, second):
    """Intersection over union, and how it was found. The kernel's answer is taken only if the meshes agree with it."""
    check, seen = sampled(first, second, CHECKING)
    volumes = properties(first).Mass() + properties(second).Mass()
    for method, fuzzy in (("exact", 0.0), ("fuzzy", 1e-4)):
        shared = common(first, second, fuzzy)
        if shared is None or not 0 <= shared <= volumes / 2 * (1 + 1e-6):
            continue
        ratio = shared / (volumes - shared)
        # Thin parts are met by few lines, which then say little.
        if seen < CHECKING // 20 or abs(ratio - check) <= DISAGREEMENT:
            return ratio, method
    return sampled(first, second, SAMPLED)[0], "sampled"


def moved(shape, turn, here, there):
    """A shape turned about one point, which then goes to another; and the shift that does it after the turn."""
    shift = np.asarray(there) - turn @ np.asarray(here)
    transform = gp_Trsf()
    transform.SetValues(*(float(value) for row, step in zip(turn, shift) for value in (*row, step)))
    return shape.Moved(TopLoc_Location(transform)), shift


def center_and_axes(shape):
    found = properties(shape)
    center, principal = found.CentreOfMass(), found.PrincipalProperties()
    axes = sorted(
        zip(principal.Moments(), (principal.FirstAxisOfInertia(), principal.SecondAxisOfInertia(), principal.ThirdAxisOfInertia())),
        key=lambda pair: pair[0],
    )
    return [center.X(), center.Y(), center.Z()], np.array([[a.X(), a.Y(), a.Z()] for _, a in axes]).T


def compare(shape, reference, align):
    """The best ratio over the poses that were asked for; by default the one pose there is."""
    if align == "none":
        ratio, method = iou(shape, reference)
        return {"iou": round(ratio, 6) + 0.0, "iou_method": method}
    (here, own), (there, other) = center_and_axes(shape), center_and_axes(reference)
    turns = [np.eye(3)]
    if align == "principal":
        signs = [np.diag(s) for s in itertools.product((1, -1), repeat=3)]
        turns += [turn for turn in (other @ sign @ own.T for sign in signs) if np.linalg.det(turn) > 0]
    best = None
    for turn in turns:
        pose, shift = moved(shape, turn, here, there)
        ratio, method = iou(pose, reference)
        if best is None or ratio > best["iou"] + 1e-9:
            turned = [[round(float(v), 6) + 0.0 for v in row] for row in turn]
            best = {"iou": round(ratio, 6) + 0.0, "iou_method": method,
                    "pose": {"align": align, "rotation": turned, "translation": [round(float(v), 4) + 0.0 for v in shift]}}
    return best


def drawing(shape):
    """Visible edges from above a corner, as SVG; None where it would be too long."""
    text = cq.exporters.getSVG(
        cq.Shape.cast(shape),
        {"width": 480, "height": 360, "marginLeft": 20, "marginTop": 20, "showAxes": False, "showHidden": False,
         "projectionDir": (1.0, -1.4, 0.9)},
    )
    low, high = extents(shape)
    decimals = max(0, 3 - math.floor(math.log10(max(b - a for a, b in zip(low, high)))))
    text = re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda number: f"{round(float(number[0]), decimals):g}", text)
    return text if len(text) <= MAX_SVG else None


def quiet():
    """Where our own lines go; the kernel, which quotes the files that it reads, is not heard any more."""
    ours, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return ours


def judged(options, reference):
    """What the exported solid measures, or why it cannot be measured; and its shape, if there is one."""
    answer, shape, most = {}, None, options["max_bytes"]
    try:
        shape = read_step("/job/out/part.step", most)
        answer |= measure(shape, sound(shape))
        answer["stl"] = read_stl("/job/out/part.stl", most, properties(shape).Mass())
        if reference is not None:
            answer |= compare(shape, reference, options["align"])
    except Refused as refused:
        answer |= {"refused": refused.code, "words": refused.words}
    except Exception as error:
        # The kernel throws at geometry that it cannot bear; the reference has been through the same already.
        answer |= {"refused": "unmeasurable", "words": f"the kernel cannot measure it: {type(error).__name__}: {error}"}
    return answer, shape


def main(token, options):
    options, ours, reference = json.loads(options), quiet(), None

    def say(message):
        os.write(ours, f"{token} {json.dumps(message, sort_keys=True)}\n".encode())

    if options["reference"]:
        try:
            reference = read_step("/job/reference/part.step", options["max_bytes"])
            say({"reference": measure(reference, sound(reference))})
        except Refused as refused:
            say({"bad_reference": refused.words})
            os._exit(0)
    answer, shape = judged(options, reference)
    say({"measured": answer})
    # Whatever goes wrong in drawing, the part has been measured.
    if shape is not None:
        try:
            say({"svg": drawing(shape)})
        except Exception:
            pass
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
