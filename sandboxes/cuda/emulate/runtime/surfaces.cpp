// Reads and writes of surfaces: texels as they are, by number; x counts bytes (programming guide, "Surface Functions").
#include <emulate/texel.h>

#include <algorithm>
#include <cstring>

#include "hooks.h"
#include "textures.h"

#define HERE __builtin_return_address(0)

namespace emulate {

namespace {

struct Place {
    long long x, y, z;   // x in bytes; z: or the layer, or the face
};

// Of a surface that is one row, or has one, the second coordinate is 0 and the third the layer.
bool inside(const Texels &t, const Place &at, unsigned size) {
    const auto below = [](long long value, size_t end) { return value >= 0 && static_cast<size_t>(value) < end; };
    return at.x >= 0 && static_cast<size_t>(at.x) + size <= t.pitch && below(at.y, t.height) && below(at.z, t.depth);
}

Place clamped(const Texels &t, const Place &at, unsigned size) {
    const auto clamp = [](long long value, size_t last) { return std::clamp<long long>(value, 0, static_cast<long long>(last)); };
    return {clamp(at.x, t.pitch - std::min<size_t>(size, t.pitch)), clamp(at.y, t.height - 1), clamp(at.z, t.depth - 1)};
}

// Where an access goes; null: nowhere, and that is no fault. "The lowest dimension coordinate represents a byte offset into the
// surface", and must be a multiple of what is read or written (PTX ISA, suld).
unsigned char *place(cudaSurfaceObject_t handle, Shape shape, unsigned size, int x, int y, int z, cudaSurfaceBoundaryMode mode, bool writes, const void *pc) {
    const Texels &t = object_for(handle, true, pc).texels;
    need_shape(*find_object(handle), shape);
    Place at{x, y, z};
    if (x % static_cast<int>(size) != 0) {
        check::texel_misaligned(t.begin, size, x, writes, pc);
        abandon(cudaErrorMisalignedAddress);
    }
    if (!inside(t, at, size)) {
        if (mode == cudaBoundaryModeZero) return nullptr;
        if (mode == cudaBoundaryModeTrap) {
            const long long asked[] = {at.x, at.y, at.z};
            const size_t there[] = {t.pitch, t.height, t.depth};
            check::texel_outside(t.begin, size, asked, there, writes, pc);
            abandon(cudaErrorLaunchFailure);
        }
        at = clamped(t, at, size);
    }
    return t.begin + static_cast<size_t>(at.z) * t.plane + static_cast<size_t>(at.y) * t.pitch + static_cast<size_t>(at.x);
}

}  // namespace

void read_surface(cudaSurfaceObject_t object, Shape shape, void *to, unsigned size, int x, int y, int z, cudaSurfaceBoundaryMode mode) {
    const unsigned char *at = place(object, shape, size, x, y, z, mode, false, HERE);
    if (!at) {
        memset(to, 0, size);
        return;
    }
    check::texel(at, size, false, HERE);
    memcpy(to, at, size);
}

void write_surface(cudaSurfaceObject_t object, Shape shape, const void *from, unsigned size, int x, int y, int z, cudaSurfaceBoundaryMode mode) {
    unsigned char *at = place(object, shape, size, x, y, z, mode, true, HERE);
    if (!at) return;
    check::texel(at, size, true, HERE);
    memcpy(at, from, size);
}

}  // namespace emulate
