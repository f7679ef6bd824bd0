#include "device.h"

#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "arrays.h"
#include "errors.h"
#include "graphs.h"
#include "hooks.h"
#include "launches.h"
#include "memory.h"
#include "worker.h"

// The compute capability that the program was built for, times 10; the linker sets it (--defsym).
extern "C" const char emulate_arch[];

namespace emulate {

const Capability &capability() {
    static const Capability known[] = {
        {7, 5, 64 << 10, 64 << 10, 16, 32},   {8, 0, 164 << 10, 163 << 10, 32, 64},  {8, 6, 100 << 10, 99 << 10, 16, 48},
        {8, 7, 164 << 10, 163 << 10, 16, 48}, {8, 9, 100 << 10, 99 << 10, 24, 48},   {9, 0, 228 << 10, 227 << 10, 32, 64},
        {10, 0, 228 << 10, 227 << 10, 32, 64}, {10, 3, 228 << 10, 227 << 10, 32, 64}, {11, 0, 228 << 10, 227 << 10, 24, 48},
        {12, 0, 100 << 10, 99 << 10, 24, 48}, {12, 1, 100 << 10, 99 << 10, 24, 48},
    };
    static const Capability &mine = [&]() -> const Capability & {
        const int arch = static_cast<int>(reinterpret_cast<size_t>(emulate_arch));
        const Capability *best = known;
        for (const Capability &entry : known)
            if (entry.major * 10 + entry.minor <= arch) best = &entry;
        return *best;
    }();
    return mine;
}

namespace {

// One value for both ways to ask: cudaDeviceProp and cudaDeviceGetAttribute.
const std::map<int, int> &attributes() {
    static const std::map<int, int> all = [] {
        using namespace texture_limits;
        const Capability &c = capability();
        return std::map<int, int>{
            {cudaDevAttrMaxThreadsPerBlock, max_block_threads},
            {cudaDevAttrMaxBlockDimX, 1024}, {cudaDevAttrMaxBlockDimY, 1024}, {cudaDevAttrMaxBlockDimZ, 64},
            {cudaDevAttrMaxGridDimX, 0x7fffffff}, {cudaDevAttrMaxGridDimY, 65535}, {cudaDevAttrMaxGridDimZ, 65535},
            {cudaDevAttrMaxSharedMemoryPerBlock, shared_default}, {cudaDevAttrTotalConstantMemory, 64 << 10},
            {cudaDevAttrWarpSize, warp_size}, {cudaDevAttrMaxPitch, 0x7fffffff}, {cudaDevAttrMaxRegistersPerBlock, registers_per_block},
            {cudaDevAttrClockRate, 1000000}, {cudaDevAttrTextureAlignment, alignment}, {cudaDevAttrTexturePitchAlignment, pitch_alignment},
            {cudaDevAttrGpuOverlap, 1}, {cudaDevAttrMultiProcessorCount, multiprocessors}, {cudaDevAttrKernelExecTimeout, 0},
            {cudaDevAttrIntegrated, 0}, {cudaDevAttrCanMapHostMemory, 1}, {cudaDevAttrComputeMode, cudaComputeModeDefault},
            {cudaDevAttrConcurrentKernels, 1}, {cudaDevAttrEccEnabled, 0}, {cudaDevAttrPciBusId, 0}, {cudaDevAttrPciDeviceId, 0},
            {cudaDevAttrTccDriver, 0}, {cudaDevAttrMemoryClockRate, 1000000}, {cudaDevAttrGlobalMemoryBusWidth, 256},
            {cudaDevAttrL2CacheSize, 4 << 20}, {cudaDevAttrMaxThreadsPerMultiProcessor, c.warps_per_multiprocessor * int(warp_size)},
            {cudaDevAttrAsyncEngineCount, 2}, {cudaDevAttrUnifiedAddressing, 1}, {cudaDevAttrComputeCapabilityMajor, c.major},
            {cudaDevAttrComputeCapabilityMinor, c.minor}, {cudaDevAttrStreamPrioritiesSupported, 1}, {cudaDevAttrGlobalL1CacheSupported, 1},
            {cudaDevAttrLocalL1CacheSupported, 1}, {cudaDevAttrMaxSharedMemoryPerMultiprocessor, c.shared_per_multiprocessor},
            {cudaDevAttrMaxRegistersPerMultiprocessor, registers_per_block}, {cudaDevAttrManagedMemory, 1}, {cudaDevAttrIsMultiGpuBoard, 0},
            {cudaDevAttrMultiGpuBoardGroupID, 0}, {cudaDevAttrHostNativeAtomicSupported, 0}, {cudaDevAttrSingleToDoublePrecisionPerfRatio, 2},
            {cudaDevAttrPageableMemoryAccess, 0}, {cudaDevAttrConcurrentManagedAccess, 1}, {cudaDevAttrComputePreemptionSupported, 1},
            {cudaDevAttrCanUseHostPointerForRegisteredMem, 1}, {cudaDevAttrCooperativeLaunch, 1},
            {cudaDevAttrMaxSharedMemoryPerBlockOptin, c.shared_opt_in}, {cudaDevAttrHostRegisterSupported, 1},
            {cudaDevAttrPageableMemoryAccessUsesHostPageTables, 0}, {cudaDevAttrDirectManagedMemAccessFromHost, 0},
            {cudaDevAttrMaxBlocksPerMultiprocessor, c.blocks_per_multiprocessor}, {cudaDevAttrMaxPersistingL2CacheSize, 0},
            {cudaDevAttrReservedSharedMemoryPerBlock, shared_reserved}, {cudaDevAttrMemoryPoolsSupported, 1}, {cudaDevAttrClusterLaunch, 0},
            {cudaDevAttrSurfaceAlignment, alignment}, {cudaDevAttrMaxTexture1DWidth, texture1d}, {cudaDevAttrMaxTexture1DLinearWidth, texture1d_linear}, {cudaDevAttrMaxTexture1DMipmappedWidth, mipmapped},
            {cudaDevAttrMaxTexture2DMipmappedWidth, mipmapped}, {cudaDevAttrMaxTexture2DMipmappedHeight, mipmapped},
            {cudaDevAttrMaxTexture1DLayeredWidth, texture1d_layered}, {cudaDevAttrMaxTexture1DLayeredLayers, layers},
            {cudaDevAttrMaxTexture2DWidth, texture2d_width}, {cudaDevAttrMaxTexture2DHeight, texture2d_height},
            {cudaDevAttrMaxTexture2DLinearWidth, texture2d_linear_width}, {cudaDevAttrMaxTexture2DLinearHeight, texture2d_linear_height},
            {cudaDevAttrMaxTexture2DLinearPitch, texture2d_linear_pitch}, {cudaDevAttrMaxTexture2DGatherWidth, texture2d_gather},
            {cudaDevAttrMaxTexture2DGatherHeight, texture2d_gather}, {cudaDevAttrMaxTexture2DLayeredWidth, texture2d_layered},
            {cudaDevAttrMaxTexture2DLayeredHeight, texture2d_layered}, {cudaDevAttrMaxTexture2DLayeredLayers, layers},
            {cudaDevAttrMaxTexture3DWidth, texture3d}, {cudaDevAttrMaxTexture3DHeight, texture3d}, {cudaDevAttrMaxTexture3DDepth, texture3d},
            {cudaDevAttrMaxTexture3DWidthAlt, texture3d_other}, {cudaDevAttrMaxTexture3DHeightAlt, texture3d_other},
            {cudaDevAttrMaxTexture3DDepthAlt, texture3d_other_depth}, {cudaDevAttrMaxTextureCubemapWidth, cubemap},
            {cudaDevAttrMaxTextureCubemapLayeredWidth, cubemap}, {cudaDevAttrMaxTextureCubemapLayeredLayers, cubemap_layers},
            {cudaDevAttrMaxSurface1DWidth, surface1d}, {cudaDevAttrMaxSurface1DLayeredWidth, surface1d_layered}, {cudaDevAttrMaxSurface1DLayeredLayers, layers},
            {cudaDevAttrMaxSurface2DWidth, surface2d_width}, {cudaDevAttrMaxSurface2DHeight, surface2d_height},
            {cudaDevAttrMaxSurface2DLayeredWidth, surface2d_layered}, {cudaDevAttrMaxSurface2DLayeredHeight, surface2d_layered}, {cudaDevAttrMaxSurface2DLayeredLayers, layers},
            {cudaDevAttrMaxSurface3DWidth, surface3d}, {cudaDevAttrMaxSurface3DHeight, surface3d}, {cudaDevAttrMaxSurface3DDepth, surface3d},
            {cudaDevAttrMaxSurfaceCubemapWidth, cubemap}, {cudaDevAttrMaxSurfaceCubemapLayeredWidth, cubemap}, {cudaDevAttrMaxSurfaceCubemapLayeredLayers, cubemap_layers},
        };
    }();
    return all;
}

int value_of(cudaDeviceAttr attribute) { return attributes().at(attribute); }

int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

// Blocks that fit on one multiprocessor: the least of what its warps, its registers, its shared memory and its block
// slots allow (programming guide, "Occupancy"; the rounding is the occupancy calculator's).
int blocks_that_fit(int threads, size_t dynamic_shared) {
    const Capability &c = capability();
    const int warps = (threads + int(warp_size) - 1) / int(warp_size);
    if (warps == 0 || threads > int(max_block_threads)) return 0;
    int blocks = std::min(c.blocks_per_multiprocessor, c.warps_per_multiprocessor / warps);
    const int warp_registers = round_up(assumed_registers * int(warp_size), register_unit);
    const int warps_by_registers = registers_per_block / c.register_banks / warp_registers * c.register_banks;
    blocks = std::min(blocks, warps_by_registers / warps);
    const size_t shared = dynamic_shared + (c.major >= 8 ? shared_reserved : 0);
    if (shared) blocks = static_cast<int>(std::min<size_t>(blocks, c.shared_per_multiprocessor / ((shared + 127) / 128 * 128)));
    return blocks;
}

}  // namespace emulate

using namespace emulate;

cudaError_t cudaGetDeviceCount(int *count) {
    Call call;
    if (!count) return note(cudaErrorInvalidValue);
    *count = 1;
    return cudaSuccess;
}

static cudaError_t only_device(const Call &call, int device) {
    if (call.error) return call.error;
    return device == 0 ? cudaSuccess : note(cudaErrorInvalidDevice);
}

cudaError_t cudaSetDevice(int device) {
    Call call;
    return only_device(call, device);
}

cudaError_t cudaInitDevice(int device, unsigned, unsigned) { return cudaSetDevice(device); }

cudaError_t cudaSetValidDevices(int *, int) { return cudaSuccess; }

cudaError_t cudaGetDevice(int *device) {
    Call call;
    if (!device) return note(cudaErrorInvalidValue);
    *device = 0;
    return call.error;
}

cudaError_t cudaGetDeviceFlags(unsigned *flags) {
    Call call;
    if (!flags) return note(cudaErrorInvalidValue);
    *flags = cudaDeviceScheduleAuto | cudaDeviceMapHost;
    return call.error;
}

cudaError_t cudaSetDeviceFlags(unsigned) { return Call().error; }
cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) { return Call().error; }
cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache *config) {
    *config = cudaFuncCachePreferNone;
    return Call().error;
}
cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig) { return Call().error; }

cudaError_t cudaDeviceSynchronize() {
    Call call(Call::waits);
    if (const cudaError_t error = unsafe_in_capture()) return note(error);
    check::host_awaited_all();
    return call.error;
}

cudaError_t cudaDeviceReset() {
    Call call(Call::waits);
    check::host_awaited_all();
    return call.error;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device) {
    Call call;
    if (const cudaError_t error = only_device(call, device)) return error;
    const auto found = attributes().find(attribute);
    if (!value || attribute <= 0 || attribute >= cudaDevAttrMax) return note(cudaErrorInvalidValue);
    *value = found == attributes().end() ? 0 : found->second;   // a feature that this device lacks
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device) {
    Call call;
    if (!p) return note(cudaErrorInvalidValue);
    if (const cudaError_t error = only_device(call, device)) return error;
    *p = {};
    snprintf(p->name, sizeof p->name, "assay virtual device");
    p->totalGlobalMem = device_memory;
    p->sharedMemPerBlock = value_of(cudaDevAttrMaxSharedMemoryPerBlock);
    p->sharedMemPerBlockOptin = value_of(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    p->sharedMemPerMultiprocessor = value_of(cudaDevAttrMaxSharedMemoryPerMultiprocessor);
    p->reservedSharedMemPerBlock = value_of(cudaDevAttrReservedSharedMemoryPerBlock);
    p->regsPerBlock = value_of(cudaDevAttrMaxRegistersPerBlock);
    p->regsPerMultiprocessor = value_of(cudaDevAttrMaxRegistersPerMultiprocessor);
    p->warpSize = value_of(cudaDevAttrWarpSize);
    p->memPitch = value_of(cudaDevAttrMaxPitch);
    p->maxThreadsPerBlock = value_of(cudaDevAttrMaxThreadsPerBlock);
    p->maxThreadsPerMultiProcessor = value_of(cudaDevAttrMaxThreadsPerMultiProcessor);
    p->maxBlocksPerMultiProcessor = value_of(cudaDevAttrMaxBlocksPerMultiprocessor);
    const cudaDeviceAttr block[] = {cudaDevAttrMaxBlockDimX, cudaDevAttrMaxBlockDimY, cudaDevAttrMaxBlockDimZ};
    const cudaDeviceAttr grid[] = {cudaDevAttrMaxGridDimX, cudaDevAttrMaxGridDimY, cudaDevAttrMaxGridDimZ};
    for (int i = 0; i < 3; ++i) p->maxThreadsDim[i] = value_of(block[i]), p->maxGridSize[i] = value_of(grid[i]);
    p->totalConstMem = value_of(cudaDevAttrTotalConstantMemory);
    p->major = value_of(cudaDevAttrComputeCapabilityMajor);
    p->minor = value_of(cudaDevAttrComputeCapabilityMinor);
    p->textureAlignment = value_of(cudaDevAttrTextureAlignment);
    p->texturePitchAlignment = value_of(cudaDevAttrTexturePitchAlignment);
    p->surfaceAlignment = value_of(cudaDevAttrSurfaceAlignment);
    const auto sizes = [](int *to, std::initializer_list<cudaDeviceAttr> of) {
        for (const cudaDeviceAttr attribute : of) *to++ = value_of(attribute);
    };
    sizes(&p->maxTexture1D, {cudaDevAttrMaxTexture1DWidth});
    sizes(&p->maxTexture1DMipmap, {cudaDevAttrMaxTexture1DMipmappedWidth});
    sizes(p->maxTexture2DMipmap, {cudaDevAttrMaxTexture2DMipmappedWidth, cudaDevAttrMaxTexture2DMipmappedHeight});
    sizes(p->maxTexture2D, {cudaDevAttrMaxTexture2DWidth, cudaDevAttrMaxTexture2DHeight});
    sizes(p->maxTexture2DLinear, {cudaDevAttrMaxTexture2DLinearWidth, cudaDevAttrMaxTexture2DLinearHeight, cudaDevAttrMaxTexture2DLinearPitch});
    sizes(p->maxTexture2DGather, {cudaDevAttrMaxTexture2DGatherWidth, cudaDevAttrMaxTexture2DGatherHeight});
    sizes(p->maxTexture3D, {cudaDevAttrMaxTexture3DWidth, cudaDevAttrMaxTexture3DHeight, cudaDevAttrMaxTexture3DDepth});
    sizes(p->maxTexture3DAlt, {cudaDevAttrMaxTexture3DWidthAlt, cudaDevAttrMaxTexture3DHeightAlt, cudaDevAttrMaxTexture3DDepthAlt});
    sizes(&p->maxTextureCubemap, {cudaDevAttrMaxTextureCubemapWidth});
    sizes(p->maxTexture1DLayered, {cudaDevAttrMaxTexture1DLayeredWidth, cudaDevAttrMaxTexture1DLayeredLayers});
    sizes(p->maxTexture2DLayered, {cudaDevAttrMaxTexture2DLayeredWidth, cudaDevAttrMaxTexture2DLayeredHeight, cudaDevAttrMaxTexture2DLayeredLayers});
    sizes(p->maxTextureCubemapLayered, {cudaDevAttrMaxTextureCubemapLayeredWidth, cudaDevAttrMaxTextureCubemapLayeredLayers});
    sizes(&p->maxSurface1D, {cudaDevAttrMaxSurface1DWidth});
    sizes(p->maxSurface2D, {cudaDevAttrMaxSurface2DWidth, cudaDevAttrMaxSurface2DHeight});
    sizes(p->maxSurface3D, {cudaDevAttrMaxSurface3DWidth, cudaDevAttrMaxSurface3DHeight, cudaDevAttrMaxSurface3DDepth});
    sizes(p->maxSurface1DLayered, {cudaDevAttrMaxSurface1DLayeredWidth, cudaDevAttrMaxSurface1DLayeredLayers});
    sizes(p->maxSurface2DLayered, {cudaDevAttrMaxSurface2DLayeredWidth, cudaDevAttrMaxSurface2DLayeredHeight, cudaDevAttrMaxSurface2DLayeredLayers});
    sizes(&p->maxSurfaceCubemap, {cudaDevAttrMaxSurfaceCubemapWidth});
    sizes(p->maxSurfaceCubemapLayered, {cudaDevAttrMaxSurfaceCubemapLayeredWidth, cudaDevAttrMaxSurfaceCubemapLayeredLayers});
    p->multiProcessorCount = value_of(cudaDevAttrMultiProcessorCount);
    p->canMapHostMemory = value_of(cudaDevAttrCanMapHostMemory);
    p->concurrentKernels = value_of(cudaDevAttrConcurrentKernels);
    p->asyncEngineCount = value_of(cudaDevAttrAsyncEngineCount);
    p->unifiedAddressing = value_of(cudaDevAttrUnifiedAddressing);
    p->memoryBusWidth = value_of(cudaDevAttrGlobalMemoryBusWidth);
    p->l2CacheSize = value_of(cudaDevAttrL2CacheSize);
    p->streamPrioritiesSupported = value_of(cudaDevAttrStreamPrioritiesSupported);
    p->globalL1CacheSupported = value_of(cudaDevAttrGlobalL1CacheSupported);
    p->localL1CacheSupported = value_of(cudaDevAttrLocalL1CacheSupported);
    p->managedMemory = value_of(cudaDevAttrManagedMemory);
    p->concurrentManagedAccess = value_of(cudaDevAttrConcurrentManagedAccess);
    p->computePreemptionSupported = value_of(cudaDevAttrComputePreemptionSupported);
    p->canUseHostPointerForRegisteredMem = value_of(cudaDevAttrCanUseHostPointerForRegisteredMem);
    p->hostRegisterSupported = value_of(cudaDevAttrHostRegisterSupported);
    p->cooperativeLaunch = value_of(cudaDevAttrCooperativeLaunch);
    p->memoryPoolsSupported = value_of(cudaDevAttrMemoryPoolsSupported);
    return cudaSuccess;
}

cudaError_t cudaChooseDevice(int *device, const cudaDeviceProp *) { return cudaGetDevice(device); }

cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer) {
    Call call;
    if (device != 0 || peer != 0) return note(cudaErrorInvalidDevice);
    *can = 0;
    return call.error;
}

cudaError_t cudaDeviceGetPCIBusId(char *id, int length, int device) {
    Call call;
    if (const cudaError_t error = only_device(call, device)) return error;
    snprintf(id, static_cast<size_t>(length), "0000:00:00.0");
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) { return cudaRuntimeGetVersion(version); }

// They mark a range for a profiler, and there is none.
cudaError_t cudaProfilerStart() { return Call().error; }
cudaError_t cudaProfilerStop() { return Call().error; }

// Limits are kept as they are set; what bounds device code here are the sandbox's own.
static size_t limits[cudaLimitPersistingL2CacheSize + 1] = {1024, 1 << 20, 8 << 20, 2, 2048, 128, 0};

cudaError_t cudaDeviceSetLimit(cudaLimit limit, size_t value) {
    Call call;
    if (call.error) return call.error;
    if (limit < 0 || limit > cudaLimitPersistingL2CacheSize) return note(cudaErrorInvalidValue);
    limits[limit] = value;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetLimit(size_t *value, cudaLimit limit) {
    Call call;
    if (call.error) return call.error;
    if (!value || limit < 0 || limit > cudaLimitPersistingL2CacheSize) return note(cudaErrorInvalidValue);
    *value = limits[limit];
    return cudaSuccess;
}

// Functions and occupancy.

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *result, const void *function) {
    Call call;
    if (call.error) return call.error;
    if (!result || !function) return note(result ? cudaErrorInvalidDeviceFunction : cudaErrorInvalidValue);
    const Kernel kernel = kernel_at(function);
    *result = {};
    result->numRegs = assumed_registers;
    result->maxThreadsPerBlock = kernel.bound ? std::min(kernel.bound, max_block_threads) : max_block_threads;
    result->maxDynamicSharedSizeBytes = static_cast<int>(settings_of(kernel).max_dynamic_shared);
    result->preferredShmemCarveout = settings_of(kernel).carveout;
    result->ptxVersion = result->binaryVersion = capability().major * 10 + capability().minor;
    return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void *function, cudaFuncAttribute attribute, int value) {
    Call call;
    if (call.error) return call.error;
    if (!function) return note(cudaErrorInvalidDeviceFunction);
    KernelSettings &settings = settings_of(kernel_at(function));
    if (attribute == cudaFuncAttributeMaxDynamicSharedMemorySize) {
        if (value < 0 || value > capability().shared_opt_in) return note(cudaErrorInvalidValue);
        settings.max_dynamic_shared = std::max<size_t>(value, 0);
    } else if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) {
        if (value < -1 || value > 100) return note(cudaErrorInvalidValue);
        settings.carveout = value;
    } else {
        return note(cudaErrorInvalidValue);
    }
    return cudaSuccess;
}

cudaError_t cudaFuncSetCacheConfig(const void *, cudaFuncCache) { return Call().error; }
cudaError_t cudaFuncSetSharedMemConfig(const void *, cudaSharedMemConfig) { return Call().error; }

cudaError_t cudaFuncGetName(const char **name, const void *function) {
    Call call;
    if (!name || !function) return note(cudaErrorInvalidValue);
    *name = kernel_at(function).name;
    return call.error;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *function, int threads, size_t dynamic_shared, unsigned) {
    Call call;
    if (call.error) return call.error;
    if (!blocks || threads <= 0) return note(cudaErrorInvalidValue);
    if (!function) return note(cudaErrorInvalidDeviceFunction);
    const Kernel kernel = kernel_at(function);
    const bool fits = dynamic_shared <= settings_of(kernel).max_dynamic_shared && (!kernel.bound || threads <= int(kernel.bound));
    *blocks = fits ? blocks_that_fit(threads, dynamic_shared) : 0;
    return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, const void *function, int threads, size_t dynamic_shared) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, function, threads, dynamic_shared, 0);
}

cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t *bytes, const void *, int blocks, int) {
    Call call;
    if (!bytes || blocks <= 0) return note(cudaErrorInvalidValue);
    const Capability &c = capability();
    *bytes = std::min<size_t>(c.shared_opt_in, c.shared_per_multiprocessor / blocks - (c.major >= 8 ? shared_reserved : 0));
    return call.error;
}
