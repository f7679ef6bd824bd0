// Texture and surface objects.
#pragma once
#include <driver_types.h>
#include <texture_types.h>

#include "arrays.h"

namespace emulate {

// What an object reads or writes. Of linear memory: one row, which is fetched by index only.
struct Texels {
    unsigned char *begin;
    Format format;
    Shape shape;
    bool linear;
    unsigned array_flags;            // 0: not a CUDA array
    size_t width, height, depth;     // in elements; depth: or the number of layers, or of faces of cubes
    size_t pitch, plane;             // bytes from row to row, from plane to plane
};

// It stays known after it was destroyed, for reports.
struct Object {
    bool surface;
    cudaResourceDesc resource;
    cudaTextureDesc texture;
    Texels texels;                     // of a mipmapped array: its first level
    std::vector<Texels> levels;        // of a mipmapped array, else none
    cudaTextureAddressMode modes[3];   // of as many coordinates as it has: without normalised coordinates there is no wrap and no mirror
    bool normalised_reads;             // whole numbers of 8 or 16 bits become floating-point numbers
    bool destroyed = false;
    const void *destroyer = nullptr;   // who called
};

// Null: there was never such an object.
Object *find_object(unsigned long long handle);
// From device code: the object to use. One that is none, or of the other kind, ends the grid.
const Object &object_for(unsigned long long handle, bool surface, const void *pc);
// From device code: ends the program if the object has another shape than the function is for, since nothing says what happens then.
void need_shape(const Object &object, Shape shape);

}  // namespace emulate
