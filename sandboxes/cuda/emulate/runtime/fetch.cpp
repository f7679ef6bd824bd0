// What the texture unit does: from coordinates to texels, and from texels to a value (programming guide, "Texture Fetching").
#include <emulate/texel.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hooks.h"
#include "textures.h"

#define HERE __builtin_return_address(0)

namespace emulate {

namespace {

// The texels along one dimension that a fetch uses, and what each counts for.
struct Axis {
    unsigned count = 1;                    // 1, or 2 of linear filtering
    size_t index[2] = {0, 0};
    bool outside[2] = {false, false};      // the border's colour counts
    double weight[2] = {1, 0};
};

// Where texel number `i`, which may lie outside, is looked for.
void place(double i, size_t size, cudaTextureAddressMode mode, size_t &index, bool &outside) {
    const double last = static_cast<double>(size) - 1;
    if (mode == cudaAddressModeWrap) i -= std::floor(i / static_cast<double>(size)) * static_cast<double>(size);
    outside = mode == cudaAddressModeBorder && !(i >= 0 && i <= last);
    index = i > 0 ? static_cast<size_t>(std::min(i, last)) : 0;   // 0 for what is no number, too
}

// A coordinate in texels, not yet brought into range. Wrap: frac(x); mirror: frac(x) or, where floor(x) is odd, 1 - frac(x).
float in_texels(float x, size_t size, cudaTextureAddressMode mode, bool normalised) {
    if (!normalised) return x;
    const float whole = std::floor(x);
    if (mode == cudaAddressModeWrap) x -= whole;
    if (mode == cudaAddressModeMirror) x = std::fmod(whole, 2.0f) == 0 ? x - whole : 1 - (x - whole);
    return x * static_cast<float>(size);
}

// Weights of linear filtering "are stored in 9-bit fixed point format with 8 bits of fractional value (so 1.0 is exactly
// represented)": rounded to the nearest, as 1 is among them.
Axis along(float coordinate, size_t size, cudaTextureAddressMode mode, bool normalised, bool linear) {
    Axis axis;
    const double x = in_texels(coordinate, size, mode, normalised);
    if (!linear) {
        place(std::floor(x), size, mode, axis.index[0], axis.outside[0]);
        return axis;
    }
    constexpr double steps = 256;
    const double from = x - 0.5, first = std::floor(from), fraction = std::floor((from - first) * steps + 0.5) / steps;
    axis.count = 2;
    axis.weight[0] = 1 - fraction, axis.weight[1] = fraction;
    for (unsigned i = 0; i < 2; ++i) place(first + i, size, mode, axis.index[i], axis.outside[i]);
    return axis;
}

uint32_t bits_of(float value) { return __builtin_bit_cast(uint32_t, value); }

// One channel as the unit hands it over: 32 bits, of a number with or without sign or of a float.
uint32_t channel_of(const unsigned char *at, const Format &format, bool normalised) {
    uint32_t raw = 0;
    memcpy(&raw, at, format.bits / 8);
    if (format.kind == cudaChannelFormatKindFloat) {
        if (format.bits == 32) return raw;
        return bits_of(static_cast<float>(__builtin_bit_cast(_Float16, static_cast<uint16_t>(raw))));
    }
    const bool negative = format.kind == cudaChannelFormatKindSigned && (raw >> (format.bits - 1) & 1);
    if (negative && format.bits < 32) raw |= ~uint32_t{0} << format.bits;
    if (!normalised) return raw;
    // [0, 1], or [-1, 1] with sign, where the least number stands for -1 as well as the one above it.
    if (format.kind == cudaChannelFormatKindUnsigned) return bits_of(static_cast<float>(raw) / static_cast<float>((1u << format.bits) - 1));
    return bits_of(std::max(static_cast<float>(static_cast<int32_t>(raw)) / static_cast<float>((1u << (format.bits - 1)) - 1), -1.0f));
}

Texel load(const Object &object, const Texels &t, size_t x, size_t y, size_t z, const void *pc) {
    const unsigned char *at = t.begin + z * t.plane + y * t.pitch + x * t.format.size();
    check::texel(at, t.format.size(), false, pc);
    Texel texel = {};
    for (unsigned c = 0; c < t.format.channels; ++c) texel.bits[c] = channel_of(at + c * t.format.bits / 8, t.format, object.normalised_reads);
    return texel;
}

Texel border(const Object &object) {
    Texel texel;
    memcpy(&texel, object.texture.borderColor, sizeof texel);   // of whole numbers: their bits
    return texel;
}

// (1-a)(1-b)(1-c) T[i,j,k] + …, of three dimensions at most; what counts for nothing is not looked at.
Texel filtered(const Object &object, const Texels &t, const Axis &x, const Axis &y, const Axis &z, const void *pc) {
    double sums[4] = {};
    for (unsigned k = 0; k < z.count; ++k)
        for (unsigned j = 0; j < y.count; ++j)
            for (unsigned i = 0; i < x.count; ++i) {
                const double weight = x.weight[i] * y.weight[j] * z.weight[k];
                if (weight == 0) continue;
                const bool outside = x.outside[i] || y.outside[j] || z.outside[k];
                const Texel texel = outside ? border(object) : load(object, t, x.index[i], y.index[j], z.index[k], pc);
                if (weight == 1) return texel;
                for (unsigned c = 0; c < 4; ++c) sums[c] += weight * static_cast<double>(__builtin_bit_cast(float, texel.bits[c]));
            }
    Texel result;
    for (unsigned c = 0; c < 4; ++c) result.bits[c] = bits_of(static_cast<float>(sums[c]));
    return result;
}

// One layer of several.
Axis layer_of(unsigned layer, size_t count) {
    Axis axis;
    axis.index[0] = std::min<size_t>(layer, count - 1);
    return axis;
}

// The face of a cube that a direction meets, and where (programming guide, "Cubemap Textures"): 2 (s, t) - 1 are the two
// lesser coordinates over the greatest.
unsigned face_of(float x, float y, float z, float &s, float &t) {
    const float ax = std::fabs(x), ay = std::fabs(y), az = std::fabs(z);
    unsigned face;
    float m;
    if (ax >= ay && ax >= az) {
        face = x < 0, m = ax;
        s = x < 0 ? z : -z, t = -y;
    } else if (ay >= az) {
        face = 2 + (y < 0), m = ay;
        s = x, t = y < 0 ? -z : z;
    } else {
        face = 4 + (z < 0), m = az;
        s = z < 0 ? -x : x, t = -y;
    }
    s = (s / m + 1) / 2, t = (t / m + 1) / 2;
    return face;
}

// One image, of a texture that has one or several. `shape`: which coordinates the function has.
Texel sample(const Object &object, Shape shape, const Texels &t, float x, float y, float z, int layer, const void *pc) {
    const bool linear = object.texture.filterMode == cudaFilterModeLinear;
    if (shape == Shape::cube || shape == Shape::cube_layered) {
        float across, down;
        const unsigned face = face_of(x, y, z, across, down);
        return filtered(object, t, along(across, t.width, object.modes[0], true, linear), along(down, t.height, object.modes[1], true, linear),
                        layer_of(static_cast<unsigned>(layer) * 6 + face, t.depth), pc);
    }
    const bool flat = shape == Shape::one || shape == Shape::one_layered, normalised = object.texture.normalizedCoords;
    const Axis first = along(x, t.width, object.modes[0], normalised, linear);
    const Axis second = flat ? Axis{} : along(y, t.height, object.modes[1], normalised, linear);
    if (shape == Shape::three) return filtered(object, t, first, second, along(z, t.depth, object.modes[2], normalised, linear), pc);
    return filtered(object, t, first, second, layer_of(static_cast<unsigned>(layer), t.depth), pc);
}

const Object &texture_for(cudaTextureObject_t handle, unsigned components, const void *pc) {
    const Object &object = object_for(handle, false, pc);
    if (components > object.texels.format.channels) check::unsupported("texture reads of more components than the texture has");
    return object;
}

// For the functions with floating-point coordinates.
const Object &image_for(cudaTextureObject_t handle, Shape shape, unsigned components, const void *pc) {
    const Object &object = texture_for(handle, components, pc);
    need_shape(object, shape);
    if (object.texels.linear) check::unsupported("filtered fetches from linear memory");
    return object;
}

}  // namespace

Texel fetch_filtered(cudaTextureObject_t handle, Shape shape, unsigned components, float x, float y, float z, int layer) {
    const Object &object = image_for(handle, shape, components, HERE);
    if (!object.levels.empty()) check::unsupported("fetches from mipmapped textures by functions without a level");
    return sample(object, shape, object.texels, x, y, z, layer, HERE);
}

Texel fetch_by_gradient(cudaTextureObject_t handle, Shape shape, unsigned components, float x, float y, float z, int layer) {
    const Object &object = image_for(handle, shape, components, HERE);
    if (!object.levels.empty()) check::unsupported("fetches from mipmapped textures by gradients");
    return sample(object, shape, object.texels, x, y, z, layer, HERE);
}

Texel fetch_at_level(cudaTextureObject_t handle, Shape shape, unsigned components, float x, float y, float z, int layer, float level) {
    const Object &object = image_for(handle, shape, components, HERE);
    if (object.levels.empty()) return sample(object, shape, object.texels, x, y, z, layer, HERE);
    const cudaTextureDesc &how = object.texture;
    const float within = std::min(std::max(level + how.mipmapLevelBias, how.minMipmapLevelClamp), how.maxMipmapLevelClamp);
    const float last = static_cast<float>(object.levels.size() - 1);
    // A level lies between two as a coordinate does between two texels.
    const Axis levels = along(std::clamp(within, 0.0f, last) + 0.5f, object.levels.size(), cudaAddressModeClamp, false, how.mipmapFilterMode == cudaFilterModeLinear);
    Texel texels[2];
    double weights[2];
    unsigned count = 0;
    for (unsigned i = 0; i < levels.count; ++i) {
        if (levels.weight[i] == 0) continue;
        weights[count] = levels.weight[i];
        texels[count++] = sample(object, shape, object.levels[levels.index[i]], x, y, z, layer, HERE);
    }
    if (count == 1) return texels[0];
    for (unsigned &bits : texels[0].bits) {
        const unsigned other = texels[1].bits[&bits - texels[0].bits];
        bits = bits_of(static_cast<float>(weights[0] * __builtin_bit_cast(float, bits) + weights[1] * __builtin_bit_cast(float, other)));
    }
    return texels[0];
}

// What lies outside reads as 0.
Texel fetch_indexed(cudaTextureObject_t handle, unsigned components, int x) {
    const Object &object = texture_for(handle, components, HERE);
    if (!object.texels.linear) check::unsupported("tex1Dfetch from a CUDA array or from pitched memory");
    if (object.texture.normalizedCoords) check::unsupported("tex1Dfetch with normalized coordinates");
    if (x < 0 || static_cast<size_t>(x) >= object.texels.width) return {};
    return load(object, object.texels, static_cast<size_t>(x), 0, 0, HERE);
}

// From the lower left one counter-clockwise, where y grows upwards (PTX ISA, tld4).
Texel gather(cudaTextureObject_t handle, float x, float y, int component) {
    const Object &object = texture_for(handle, 1, HERE);
    const Texels &t = object.texels;
    need_shape(object, Shape::two);
    if (!(t.array_flags & cudaArrayTextureGather)) check::unsupported("tex2Dgather from memory without cudaArrayTextureGather");
    if (component < 0 || component >= static_cast<int>(t.format.channels)) check::unsupported("tex2Dgather of a component that the texture lacks");
    const bool normalised = object.texture.normalizedCoords;
    const Axis across = along(x, t.width, object.modes[0], normalised, true), down = along(y, t.height, object.modes[1], normalised, true);
    constexpr unsigned order[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
    Texel result;
    for (unsigned n = 0; n < 4; ++n) {
        const auto [i, j] = order[n];
        const Texel texel = across.outside[i] || down.outside[j] ? border(object) : load(object, t, across.index[i], down.index[j], 0, HERE);
        result.bits[n] = texel.bits[component];
    }
    return result;
}

}  // namespace emulate
