// Textures and surfaces as device code asks the runtime for them.
#pragma once
#include <surface_types.h>
#include <texture_types.h>

namespace emulate {

// What a texture or surface object is, and what a function asks for.
enum class Shape : unsigned char { one, two, three, one_layered, two_layered, cube, cube_layered };

// What the texture unit gives: four components of 32 bits.
struct Texel {
    unsigned bits[4];
};

// A fetch whose result nobody uses does not take place, as with nvcc: hence `pure`. It must not be made where the program makes
// none, for it may find a fault: the compiler moves no weak function there, as it does not know what that may do.
#define EMULATE_FETCH __attribute__((pure, weak, nothrow))

// `components`: as many as the caller takes. Coordinates beyond those of the shape are not looked at.
EMULATE_FETCH Texel fetch_filtered(cudaTextureObject_t object, Shape shape, unsigned components, float x, float y, float z, int layer);
EMULATE_FETCH Texel fetch_at_level(cudaTextureObject_t object, Shape shape, unsigned components, float x, float y, float z, int layer, float level);
// By a level of detail that gradients give: refused where there are several.
EMULATE_FETCH Texel fetch_by_gradient(cudaTextureObject_t object, Shape shape, unsigned components, float x, float y, float z, int layer);
EMULATE_FETCH Texel fetch_indexed(cudaTextureObject_t object, unsigned components, int x);
// One component of each of the four texels that a filtered fetch would use.
EMULATE_FETCH Texel gather(cudaTextureObject_t object, float x, float y, int component);
#undef EMULATE_FETCH

// `x`: in bytes. `size`: of what is read or written, in bytes.
void read_surface(cudaSurfaceObject_t object, Shape shape, void *to, unsigned size, int x, int y, int z, cudaSurfaceBoundaryMode mode);
void write_surface(cudaSurfaceObject_t object, Shape shape, const void *from, unsigned size, int x, int y, int z, cudaSurfaceBoundaryMode mode);

}  // namespace emulate
