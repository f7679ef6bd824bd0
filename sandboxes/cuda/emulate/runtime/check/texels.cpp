// Textures and surfaces: accesses by units that have a cache of their own, and objects that are none.
#include "access.h"
#include "memory.h"
#include "report.h"

namespace emulate::check {

namespace {

void report_object(const char *kind, bool surface, const Party *other, const char *detail, const void *pc) {
    const Party here = party(*current, pc, surface ? "surface access" : "texture fetch");
    if (is_new(kind, here, other))
        report({kind, "global", nullptr, here, other ? *other : Party{}, other != nullptr, "", 0, detail});
}

// "Any texture fetch or surface read to an address that has been written to via a global write or a surface write in the same
// kernel call returns undefined data", whoever wrote it, and whatever barrier lies between (programming guide, "Texture and
// Surface Memory").
void look_for_stale(const Region &region, uintptr_t address, size_t size, const void *pc) {
    for (uintptr_t at = address & ~uintptr_t{3}; at < address + size; at += 4) {
        const size_t word = (at - region.base) >> 2;
        const uint32_t written = region.state[word] >> state::kWrite & valid_bytes(at, address, address + size);
        if (written == 0 || tick_of(region.write[word]) < launch_start) continue;
        const Party here = party(*current, pc, "read"), other = party(region.write[word], "write");
        if (!is_new("race", here, &other)) return;
        return report({"race", "global", "RAW", here, other, true, describe(at), size, "textures and surfaces do not see what the same kernel wrote"});
    }
}

}  // namespace

void texel(const void *address, size_t size, bool write, const void *pc) {
    if (!on || current == nullptr) return;
    // These are no requests of a warp for sectors of global memory.
    const Moved before = moved;
    const bool sampled = sampling;
    sampling = false;
    device_access(address, size, write, pc);
    sampling = sampled;
    moved = before;
    const auto at = reinterpret_cast<uintptr_t>(address);
    if (const Region *region = write ? nullptr : region_of(at)) look_for_stale(*region, at, size, pc);
}

void texel_outside(const void *surface, size_t size, const long long asked[3], const size_t there[3], bool write, const void *pc) {
    if (!on || current == nullptr) return;
    const Party here = party(*current, pc, write ? "write" : "read");
    if (!is_new("out_of_bounds", here, nullptr)) return;
    const auto numbers = [](const auto *values) {
        return std::to_string(values[0]) + ", " + std::to_string(values[1]) + ", " + std::to_string(values[2]);
    };
    report({"out_of_bounds", "global", nullptr, here, {}, false, describe(reinterpret_cast<uintptr_t>(surface)), size,
            "surface at byte, row, plane " + numbers(asked) + " of " + numbers(there)});
}

void texel_misaligned(const void *surface, size_t size, int x, bool write, const void *pc) {
    if (!on || current == nullptr) return;
    const Party here = party(*current, pc, write ? "write" : "read");
    if (is_new("misaligned_address", here, nullptr))
        report({"misaligned_address", "global", nullptr, here, {}, false, describe(reinterpret_cast<uintptr_t>(surface)), size,
                "surface at byte " + std::to_string(x) + ", which is no multiple of " + std::to_string(size)});
}

void no_object(bool surface, bool other_kind, const void *pc) {
    if (!on || current == nullptr) return;
    if (other_kind) return report_object("out_of_bounds", surface, nullptr, surface ? "a texture object, no surface object" : "a surface object, no texture object", pc);
    report_object("out_of_bounds", surface, nullptr, surface ? "no surface object" : "no texture object", pc);
}

void destroyed_object(bool surface, const void *destroyer, const void *pc) {
    if (!on || current == nullptr) return;
    const Party other = host_party(destroyer, "free");
    report_object("use_after_free", surface, &other, surface ? "the surface object was destroyed" : "the texture object was destroyed", pc);
}

}  // namespace emulate::check
