// Memory pools: the device's default one, from which cudaMallocAsync takes. It keeps no memory for later: every allocation
// is a new one, so what it says of itself is only told from what is in use.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "allocations.h"
#include "errors.h"
#include "graphs.h"
#include "hooks.h"
#include "streams.h"

// The runtime API's opaque type.
struct CUmemPoolHandle_st {
    uint64_t threshold = 0;                                        // bytes that it keeps rather than gives back
    uint64_t used = 0, most_used = 0, kept = 0, most_reserved = 0;  // bytes
    int reuse[3] = {1, 1, 1};                                      // the three ways, by attribute: all allowed at first
    std::map<const void *, size_t> taken;
};

namespace emulate {

namespace {

constexpr uint64_t granularity = 32 << 20;   // in which current drivers reserve; a program may look, but must not rely on it

cudaMemPool_t default_pool() {
    static auto *pool = new CUmemPoolHandle_st;   // never destroyed: destructors may still free
    return pool;
}

uint64_t reserved(const CUmemPoolHandle_st &pool) {
    const uint64_t needed = (pool.used + granularity - 1) / granularity * granularity;
    return std::max(needed, std::min(pool.kept, pool.threshold));
}

void took(CUmemPoolHandle_st &pool, const void *address, size_t size) {
    pool.taken[address] = size;
    pool.used += size;
    pool.most_used = std::max(pool.most_used, pool.used);
    pool.kept = std::max(pool.kept, reserved(pool));
    pool.most_reserved = std::max(pool.most_reserved, pool.kept);
}

cudaError_t allocate_from(cudaMemPool_t pool, void **address, size_t size, cudaStream_t stream, const void *pc) {
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (pool != default_pool()) return note(cudaErrorInvalidValue);
    if (capturing(stream)) check::unsupported("memory that graphs allocate");
    const cudaError_t error = allocate_for(check::Memory::device, address, size, pc);
    if (error == cudaSuccess && *address) took(*pool, *address, size);
    return error;
}

template <class T>
cudaError_t give(void *value, T what) {
    memcpy(value, &what, sizeof what);
    return cudaSuccess;
}

// The most there was so far can only be set to nothing: then it is counted anew.
cudaError_t reset(uint64_t &most, uint64_t present, const void *value) {
    uint64_t wanted;
    memcpy(&wanted, value, sizeof wanted);
    if (wanted != 0) return note(cudaErrorInvalidValue);
    most = present;
    return cudaSuccess;
}

cudaError_t answer(const Call &call, cudaMemPool_t *pool, bool known) {
    if (call.error) return call.error;
    if (!pool) return note(cudaErrorInvalidValue);
    if (!known) return note(cudaErrorInvalidDevice);
    *pool = default_pool();
    return cudaSuccess;
}

}  // namespace

void left_pool(const void *address) {
    CUmemPoolHandle_st &pool = *default_pool();
    const auto found = pool.taken.find(address);
    if (found == pool.taken.end()) return;
    pool.used -= found->second;
    pool.taken.erase(found);
}

}  // namespace emulate

using namespace emulate;

#define HERE __builtin_return_address(0)

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t *pool, int device) { return answer(Call(), pool, device == 0); }
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t *pool, int device) { return answer(Call(), pool, device == 0); }
cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
    Call call;
    if (call.error) return call.error;
    return device == 0 && pool == default_pool() ? cudaSuccess : note(cudaErrorInvalidValue);
}

cudaError_t cudaMallocAsync(void **address, size_t size, cudaStream_t stream) { return allocate_from(default_pool(), address, size, stream, HERE); }
cudaError_t cudaMallocFromPoolAsync(void **address, size_t size, cudaMemPool_t pool, cudaStream_t stream) {
    return allocate_from(pool, address, size, stream, HERE);
}
cudaError_t cudaFreeAsync(void *address, cudaStream_t stream) {
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (capturing(stream)) check::unsupported("memory that graphs allocate");
    return free_of(address, false, HERE);
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t bytes) {
    Call call;
    if (call.error) return call.error;
    if (pool != default_pool()) return note(cudaErrorInvalidValue);
    pool->kept = std::min<uint64_t>(pool->kept, bytes);
    return cudaSuccess;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void *value) {
    Call call;
    if (call.error) return call.error;
    if (pool != default_pool() || !value) return note(cudaErrorInvalidValue);
    switch (attribute) {
        case cudaMemPoolReuseFollowEventDependencies:
        case cudaMemPoolReuseAllowOpportunistic:
        case cudaMemPoolReuseAllowInternalDependencies:
            memcpy(&pool->reuse[attribute - cudaMemPoolReuseFollowEventDependencies], value, sizeof(int));
            return cudaSuccess;
        case cudaMemPoolAttrReleaseThreshold: memcpy(&pool->threshold, value, sizeof pool->threshold); return cudaSuccess;
        case cudaMemPoolAttrReservedMemHigh: return reset(pool->most_reserved, reserved(*pool), value);
        case cudaMemPoolAttrUsedMemHigh: return reset(pool->most_used, pool->used, value);
        default: return note(cudaErrorInvalidValue);
    }
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void *value) {
    Call call;
    if (call.error) return call.error;
    if (pool != default_pool() || !value) return note(cudaErrorInvalidValue);
    switch (attribute) {
        case cudaMemPoolReuseFollowEventDependencies:
        case cudaMemPoolReuseAllowOpportunistic:
        case cudaMemPoolReuseAllowInternalDependencies: return give(value, pool->reuse[attribute - cudaMemPoolReuseFollowEventDependencies]);
        case cudaMemPoolAttrReleaseThreshold: return give(value, pool->threshold);
        case cudaMemPoolAttrReservedMemCurrent: return give(value, reserved(*pool));
        case cudaMemPoolAttrReservedMemHigh: return give(value, pool->most_reserved);
        case cudaMemPoolAttrUsedMemCurrent: return give(value, pool->used);
        case cudaMemPoolAttrUsedMemHigh: return give(value, pool->most_used);
        default: return note(cudaErrorInvalidValue);
    }
}

// The one device has access to its own pool, and there is no other.
cudaError_t cudaMemPoolSetAccess(cudaMemPool_t pool, const cudaMemAccessDesc *wanted, size_t count) {
    Call call;
    if (call.error) return call.error;
    for (size_t i = 0; i < count; ++i)
        if (wanted[i].location.type != cudaMemLocationTypeDevice || wanted[i].location.id != 0) return note(cudaErrorInvalidDevice);
    return pool == default_pool() ? cudaSuccess : note(cudaErrorInvalidValue);
}
cudaError_t cudaMemPoolGetAccess(cudaMemAccessFlags *flags, cudaMemPool_t pool, cudaMemLocation *) {
    Call call;
    if (call.error) return call.error;
    if (!flags || pool != default_pool()) return note(cudaErrorInvalidValue);
    *flags = cudaMemAccessFlagsProtReadWrite;
    return cudaSuccess;
}
