// cudaMallocMipmappedArray and its like.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <memory>

#include "arrays.h"
#include "errors.h"
#include "graphs.h"
#include "hooks.h"

namespace emulate {

namespace {

// As of arrays, and beyond all of them.
constexpr uintptr_t handle_base = 0x2b0000000000, handle_step = 64;

std::vector<std::unique_ptr<MipmappedArray>> &mipmapped_arrays() {
    static auto *all = new std::vector<std::unique_ptr<MipmappedArray>>;
    return *all;
}

// Layers and faces stay as many; a dimension that the image lacks stays 0.
cudaExtent halved(const cudaExtent &extent, unsigned times, bool volume) {
    const auto half = [&](size_t size) { return size ? std::max<size_t>(size >> times, 1) : 0; };
    return {half(extent.width), half(extent.height), volume ? half(extent.depth) : extent.depth};
}

// "Clamped to the range [1, 1 + floor(log2(max(width, height, depth)))]" (runtime API reference, cudaMallocMipmappedArray).
unsigned level_count(const cudaExtent &extent, bool volume, unsigned asked) {
    size_t largest = std::max(extent.width, extent.height);
    if (volume) largest = std::max(largest, extent.depth);
    unsigned most = 1;
    while (largest >>= 1) ++most;
    return std::clamp(asked, 1u, most);
}

// Its limits where they are less than those of an array without levels.
bool within_limits(const cudaExtent &extent) {
    return extent.width <= texture_limits::mipmapped && extent.height <= texture_limits::mipmapped;
}

}  // namespace

MipmappedArray *find_mipmapped(cudaMipmappedArray_const_t handle) {
    const auto value = reinterpret_cast<uintptr_t>(handle);
    const size_t number = (value - handle_base) / handle_step;
    if (value <= handle_base || value % handle_step != 0 || number > mipmapped_arrays().size()) return nullptr;
    return mipmapped_arrays()[number - 1].get();
}

}  // namespace emulate

using namespace emulate;

cudaError_t cudaMallocMipmappedArray(cudaMipmappedArray_t *handle, const cudaChannelFormatDesc *description, cudaExtent extent, unsigned levels, unsigned flags) {
    Call call;
    if (call.error) return call.error;
    if (!handle || !description || !within_limits(extent)) return note(cudaErrorInvalidValue);
    const bool volume = !(flags & (cudaArrayLayered | cudaArrayCubemap));
    auto made = std::make_unique<MipmappedArray>();
    for (unsigned level = 0; level < level_count(extent, volume, levels); ++level) {
        cudaArray_t array;
        if (const cudaError_t error = make_array(&array, description, halved(extent, level, volume), flags, volume_array_flags, __builtin_return_address(0))) {
            for (const cudaArray_t earlier : made->levels) free_array(*find_array(earlier), __builtin_return_address(0));
            return error;
        }
        find_array(array)->is_level = true;
        made->levels.push_back(array);
    }
    mipmapped_arrays().push_back(std::move(made));
    *handle = reinterpret_cast<cudaMipmappedArray_t>(handle_base + mipmapped_arrays().size() * handle_step);
    return cudaSuccess;
}

cudaError_t cudaGetMipmappedArrayLevel(cudaArray_t *level_array, cudaMipmappedArray_const_t handle, unsigned level) {
    Call call;
    if (call.error) return call.error;
    const MipmappedArray *mipmapped = find_mipmapped(handle);
    if (!mipmapped || mipmapped->freed) return note(cudaErrorInvalidResourceHandle);
    if (!level_array || level >= mipmapped->levels.size()) return note(cudaErrorInvalidValue);
    *level_array = mipmapped->levels[level];
    return cudaSuccess;
}

cudaError_t cudaFreeMipmappedArray(cudaMipmappedArray_t handle) {
    Call call(Call::waits);
    if (call.error) return call.error;
    if (!handle) return cudaSuccess;
    if (const cudaError_t error = unsafe_in_capture()) return note(error);
    check::host_awaited_all();
    MipmappedArray *mipmapped = find_mipmapped(handle);
    if (!mipmapped) {
        check::freed(handle, __builtin_return_address(0));
        return note(cudaErrorInvalidValue);
    }
    mipmapped->freed = true;
    bool all = true;
    for (const cudaArray_t level : mipmapped->levels) all &= free_array(*find_array(level), __builtin_return_address(0));
    return all ? cudaSuccess : note(cudaErrorInvalidValue);
}
