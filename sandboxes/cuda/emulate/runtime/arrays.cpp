// cudaMallocArray and its like.
#include "arrays.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "errors.h"
#include "graphs.h"
#include "hooks.h"
#include "memory.h"

namespace emulate {

namespace {

// Handles are addresses in a range where nobody maps anything: behind the runtime's own, far below the stacks.
constexpr uintptr_t handle_base = 0x2a0000000000, handle_step = 64;

std::vector<std::unique_ptr<Array>> &arrays() {
    static auto *all = new std::vector<std::unique_ptr<Array>>;   // never destroyed: destructors of the program may free arrays
    return *all;
}

// What an array of these extents and flags is (runtime API reference, cudaMalloc3DArray); false: nothing.
bool shape_of(const cudaExtent &e, unsigned flags, Shape &shape) {
    const bool layered = flags & cudaArrayLayered;
    if (e.width == 0) return false;
    if (flags & cudaArrayCubemap) {
        shape = layered ? Shape::cube_layered : Shape::cube;
        return e.width == e.height && (layered ? e.depth != 0 && e.depth % 6 == 0 : e.depth == 6);
    }
    if (layered) {
        shape = e.height ? Shape::two_layered : Shape::one_layered;
        return e.depth != 0;
    }
    shape = e.depth ? Shape::three : e.height ? Shape::two : Shape::one;
    return e.depth == 0 || e.height != 0;
}

struct Bounds {
    int width, height, depth;
    bool hold(const cudaExtent &e) const {
        return e.width <= static_cast<size_t>(width) && e.height <= static_cast<size_t>(height) && e.depth <= static_cast<size_t>(depth);
    }
};

// The table of cudaMalloc3DArray in the runtime API reference.
bool within_limits(const cudaExtent &e, unsigned flags, Shape shape) {
    using namespace texture_limits;
    const bool surface = flags & cudaArraySurfaceLoadStore;
    switch (shape) {
        case Shape::one: return Bounds{surface ? surface1d : texture1d, 0, 0}.hold(e);
        case Shape::two:
            if (flags & cudaArrayTextureGather) return Bounds{texture2d_gather, texture2d_gather, 0}.hold(e);
            return (surface ? Bounds{surface2d_width, surface2d_height, 0} : Bounds{texture2d_width, texture2d_height, 0}).hold(e);
        case Shape::three:
            if (surface) return Bounds{surface3d, surface3d, surface3d}.hold(e);
            return Bounds{texture3d, texture3d, texture3d}.hold(e) || Bounds{texture3d_other, texture3d_other, texture3d_other_depth}.hold(e);
        case Shape::one_layered: return Bounds{surface ? surface1d_layered : texture1d_layered, 0, layers}.hold(e);
        case Shape::two_layered: {
            const int side = surface ? surface2d_layered : texture2d_layered;
            return Bounds{side, side, layers}.hold(e);
        }
        case Shape::cube: return Bounds{cubemap, cubemap, 6}.hold(e);
        case Shape::cube_layered: return Bounds{cubemap, cubemap, cubemap_layers}.hold(e);
    }
    return false;
}

}  // namespace

cudaError_t make_array(cudaArray_t *handle, const cudaChannelFormatDesc *description, const cudaExtent &extent, unsigned flags, unsigned allowed, const void *pc) {
    Call call;
    if (call.error) return call.error;
    if (!handle || !description) return note(cudaErrorInvalidValue);
    if (const cudaError_t error = unsafe_in_capture()) return note(error);
    if (flags & cudaArraySparse) check::unsupported("sparse CUDA arrays");
    if (flags & cudaArrayDeferredMapping) check::unsupported("CUDA arrays of deferred mapping");
    Array array{*description, {}, extent, flags, Shape::one, extent.width, std::max<size_t>(extent.height, 1), std::max<size_t>(extent.depth, 1), nullptr};
    if (const cudaError_t error = format_of(*description, array.format)) return note(error);
    if ((flags & ~allowed) || !shape_of(extent, flags, array.shape) || !within_limits(extent, flags, array.shape)) return note(cudaErrorInvalidValue);
    if ((flags & cudaArrayTextureGather) && array.shape != Shape::two) return note(cudaErrorInvalidValue);
    const size_t size = array.row() * array.height * array.depth;   // at most 2^46
    array.memory = static_cast<unsigned char *>(allocate(check::Memory::device, size));
    if (!array.memory) return note(cudaErrorMemoryAllocation);
    check::allocated(check::Memory::device, array.memory, size, pc);
    arrays().push_back(std::make_unique<Array>(array));
    *handle = reinterpret_cast<cudaArray_t>(handle_base + arrays().size() * handle_step);
    return cudaSuccess;
}

bool free_array(Array &array, const void *pc) {
    if (!check::freed(array.memory, pc) || array.freed) return false;
    array.freed = true;
    return release(check::Memory::device, array.memory);
}

cudaError_t format_of(const cudaChannelFormatDesc &d, Format &format) {
    if (d.f < cudaChannelFormatKindSigned || d.f == cudaChannelFormatKindNone) return cudaErrorInvalidChannelDescriptor;
    if (d.f > cudaChannelFormatKindFloat) check::unsupported("multi-planar, normalised and block-compressed channel formats");
    const int bits[] = {d.x, d.y, d.z, d.w};
    unsigned channels = 0;
    while (channels < 4 && bits[channels] != 0) ++channels;
    const bool alike = std::all_of(bits, bits + 4, [&](int b) { return b == 0 || b == d.x; }) && std::all_of(bits + channels, bits + 4, [](int b) { return b == 0; });
    const bool known_size = d.x == 8 || d.x == 16 || d.x == 32;
    if (!alike || !known_size || channels == 3 || (d.f == cudaChannelFormatKindFloat && d.x == 8)) return cudaErrorInvalidChannelDescriptor;
    format = {static_cast<unsigned>(d.x), channels, d.f};
    return cudaSuccess;
}

Array *find_array(cudaArray_const_t handle) {
    const auto value = reinterpret_cast<uintptr_t>(handle);
    const size_t number = (value - handle_base) / handle_step;
    if (value <= handle_base || value % handle_step != 0 || number > arrays().size()) return nullptr;
    return arrays()[number - 1].get();
}

}  // namespace emulate

using namespace emulate;

cudaChannelFormatDesc cudaCreateChannelDesc(int x, int y, int z, int w, cudaChannelFormatKind f) { return {x, y, z, w, f}; }

cudaError_t cudaMallocArray(cudaArray_t *array, const cudaChannelFormatDesc *description, size_t width, size_t height, unsigned flags) {
    return make_array(array, description, {width, height, 0}, flags, plain_array_flags, __builtin_return_address(0));
}

cudaError_t cudaMalloc3DArray(cudaArray_t *array, const cudaChannelFormatDesc *description, cudaExtent extent, unsigned flags) {
    return make_array(array, description, extent, flags, volume_array_flags, __builtin_return_address(0));
}

cudaError_t cudaFreeArray(cudaArray_t handle) {
    Call call(Call::waits);
    if (call.error) return call.error;
    if (!handle) return cudaSuccess;
    if (const cudaError_t error = unsafe_in_capture()) return note(error);
    check::host_awaited_all();
    Array *array = find_array(handle);
    if (!array || array->is_level) {
        check::freed(handle, __builtin_return_address(0));
        return note(cudaErrorInvalidValue);
    }
    return free_array(*array, __builtin_return_address(0)) ? cudaSuccess : note(cudaErrorInvalidValue);
}

cudaError_t cudaArrayGetInfo(cudaChannelFormatDesc *description, cudaExtent *extent, unsigned *flags, cudaArray_t handle) {
    Call call;
    if (call.error) return call.error;
    const Array *array = find_array(handle);
    if (!array || array->freed) return note(cudaErrorInvalidResourceHandle);
    if (description) *description = array->description;
    if (extent) *extent = array->asked;
    if (flags) *flags = array->flags;
    return cudaSuccess;
}

cudaError_t cudaGetChannelDesc(cudaChannelFormatDesc *description, cudaArray_const_t array) {
    if (!description) return note(cudaErrorInvalidValue);
    return cudaArrayGetInfo(description, nullptr, nullptr, const_cast<cudaArray_t>(array));
}
