// The device as CUB asks for it: what its kernels are compiled for (see cuda/__device/compute_capability.h).
#pragma once
#include <cub/config.cuh>
#include <cub/util_debug.cuh>
#include <cub/util_type.cuh>

namespace emulate {
template <class Kernel>
cudaError_t library_attributes(cudaFuncAttributes *attributes, Kernel kernel) {
    const cudaError_t error = ::cudaFuncGetAttributes(attributes, reinterpret_cast<const void *>(kernel));
    if (error == cudaSuccess) attributes->ptxVersion = 75;
    return error;
}
}  // namespace emulate

#define cudaFuncGetAttributes ::emulate::library_attributes
#include_next <cub/util_device.cuh>
#undef cudaFuncGetAttributes
