// CUDA arrays: memory that only textures, surfaces and copies reach.
#pragma once
#include <driver_types.h>
#include <emulate/texel.h>

#include <cstddef>
#include <vector>

namespace emulate {

// What one element consists of.
struct Format {
    unsigned bits = 0, channels = 0;   // of one channel: 8, 16 or 32; 1, 2 or 4
    cudaChannelFormatKind kind = cudaChannelFormatKindNone;

    size_t size() const { return bits / 8 * channels; }   // bytes
    bool whole() const { return kind != cudaChannelFormatKindFloat; }
};
cudaError_t format_of(const cudaChannelFormatDesc &description, Format &format);

// Handles are opaque: an array's is an address where nothing is. An array that was freed stays known, for reports.
struct Array {
    cudaChannelFormatDesc description;
    Format format;
    cudaExtent asked;                // as the program asked for it: 0 where it has no such dimension
    unsigned flags;
    Shape shape;
    size_t width, height, depth;     // in elements; depth: or the number of layers, or of faces of cubes
    unsigned char *memory;           // rows without gaps
    bool freed = false;
    bool is_level = false;           // of a mipmapped array, with which it is freed

    size_t row() const { return width * format.size(); }   // bytes
};
// Null: no array was ever given out under this name.
Array *find_array(cudaArray_const_t handle);
// `allowed`: the flags that this kind of allocation takes.
constexpr unsigned plain_array_flags = cudaArraySurfaceLoadStore | cudaArrayTextureGather, volume_array_flags = plain_array_flags | cudaArrayLayered | cudaArrayCubemap;
cudaError_t make_array(cudaArray_t *handle, const cudaChannelFormatDesc *description, const cudaExtent &extent, unsigned flags, unsigned allowed, const void *pc);
// Reports an array that was freed before; false then.
bool free_array(Array &array, const void *pc);

// Arrays of an image and of what is left of it after each halving.
struct MipmappedArray {
    std::vector<cudaArray_t> levels;
    bool freed = false;
};
MipmappedArray *find_mipmapped(cudaMipmappedArray_const_t handle);

// Sizes in elements that the virtual device's textures and surfaces can have: programming guide, "Technical Specifications
// per Compute Capability", alike for all from 7.5 on; what that table leaves out is what such devices state.
namespace texture_limits {
constexpr int texture1d = 131072, texture1d_linear = 1 << 28, texture1d_layered = 32768;
constexpr int texture2d_width = 131072, texture2d_height = 65536, texture2d_gather = 32768, texture2d_layered = 32768;
constexpr int texture2d_linear_width = 131072, texture2d_linear_height = 65000, texture2d_linear_pitch = 2097120;   // pitch: bytes
constexpr int texture3d = 16384, texture3d_other = 8192, texture3d_other_depth = 32768, cubemap = 32768, mipmapped = 32768;
constexpr int surface1d = 32768, surface1d_layered = 32768, surface2d_width = 131072, surface2d_height = 65536;
constexpr int surface2d_layered = 32768, surface3d = 16384;
constexpr int layers = 2048, cubemap_layers = 2046;
constexpr int alignment = 512, pitch_alignment = 32;   // of textures in linear memory, in bytes
}  // namespace texture_limits

}  // namespace emulate
