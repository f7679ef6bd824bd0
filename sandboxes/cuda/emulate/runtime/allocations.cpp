// cudaMalloc and its like.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "allocations.h"
#include "errors.h"
#include "graphs.h"
#include "hooks.h"
#include "memory.h"
#include "streams.h"

using namespace emulate;
using check::Memory;

namespace {

// Memory of the host that was registered: begin -> size.
std::map<const unsigned char *, size_t> &registered() {
    static auto *all = new std::map<const unsigned char *, size_t>;
    return *all;
}

}  // namespace

cudaError_t emulate::allocate_for(Memory kind, void **address, size_t size, const void *pc) {
    Call call;
    if (call.error) return call.error;
    if (!address) return note(cudaErrorInvalidValue);
    if (const cudaError_t error = unsafe_in_capture()) return note(error);
    *address = nullptr;
    if (size == 0) return kind == Memory::managed ? note(cudaErrorInvalidValue) : cudaSuccess;
    void *begin = allocate(kind, size);
    if (!begin) return note(cudaErrorMemoryAllocation);
    check::allocated(kind, begin, size, pc);
    *address = begin;
    return cudaSuccess;
}

cudaError_t emulate::free_of(void *address, bool host, const void *pc) {
    Call call(Call::waits);
    if (call.error) return call.error;
    if (!address) return cudaSuccess;
    if (const cudaError_t error = unsafe_in_capture()) return note(error);
    check::host_awaited_all();
    Allocation found;
    const bool known = find_allocation(address, found) && found.begin == address && !found.heap && (found.kind == Memory::pinned) == host;
    if (!check::freed(address, pc) || !known) return note(cudaErrorInvalidValue);
    release(found.kind, address);
    left_pool(address);
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **address, size_t size) { return allocate_for(Memory::device, address, size, __builtin_return_address(0)); }

cudaError_t cudaMallocManaged(void **address, size_t size, unsigned flags) {
    if (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost) return note(cudaErrorInvalidValue);
    return allocate_for(Memory::managed, address, size, __builtin_return_address(0));
}

cudaError_t cudaMallocHost(void **address, size_t size) { return allocate_for(Memory::pinned, address, size, __builtin_return_address(0)); }
cudaError_t cudaHostAlloc(void **address, size_t size, unsigned) { return allocate_for(Memory::pinned, address, size, __builtin_return_address(0)); }

cudaError_t cudaMallocPitch(void **address, size_t *pitch, size_t width, size_t height) {
    if (!pitch) return note(cudaErrorInvalidValue);
    *pitch = (width + 511) / 512 * 512;   // cudaDevAttrTextureAlignment
    return allocate_for(Memory::device, address, *pitch * height, __builtin_return_address(0));
}

cudaError_t cudaMalloc3D(cudaPitchedPtr *pointer, cudaExtent extent) {
    if (!pointer) return note(cudaErrorInvalidValue);
    pointer->pitch = (extent.width + 511) / 512 * 512;
    pointer->xsize = extent.width;
    pointer->ysize = extent.height;
    return allocate_for(Memory::device, &pointer->ptr, pointer->pitch * extent.height * extent.depth, __builtin_return_address(0));
}

cudaError_t cudaFree(void *address) { return free_of(address, false, __builtin_return_address(0)); }
cudaError_t cudaFreeHost(void *address) { return free_of(address, true, __builtin_return_address(0)); }

cudaError_t cudaHostRegister(void *address, size_t size, unsigned) {
    Call call;
    if (call.error) return call.error;
    if (!address || size == 0) return note(cudaErrorInvalidValue);
    if (!registered().emplace(static_cast<const unsigned char *>(address), size).second) return note(cudaErrorHostMemoryAlreadyRegistered);
    check::allocated(Memory::pinned, address, size, __builtin_return_address(0));
    return cudaSuccess;
}

cudaError_t cudaHostUnregister(void *address) {
    Call call;
    if (call.error) return call.error;
    if (!registered().erase(static_cast<const unsigned char *>(address))) return note(cudaErrorHostMemoryNotRegistered);
    check::freed(address, __builtin_return_address(0));
    return cudaSuccess;
}

static bool host_visible(const void *address) {
    Allocation found;
    if (find_allocation(address, found)) return found.kind == Memory::pinned || found.kind == Memory::managed;
    const auto *byte = static_cast<const unsigned char *>(address);
    auto next = registered().upper_bound(byte);
    return next != registered().begin() && byte < std::prev(next)->first + std::prev(next)->second;
}

cudaError_t cudaHostGetDevicePointer(void **device, void *host, unsigned) {
    Call call;
    if (call.error) return call.error;
    if (!device || !host_visible(host)) return note(cudaErrorInvalidValue);
    *device = host;   // unified addressing
    return cudaSuccess;
}

cudaError_t cudaHostGetFlags(unsigned *flags, void *host) {
    Call call;
    if (!flags || !host_visible(host)) return note(cudaErrorInvalidValue);
    *flags = cudaHostAllocMapped;
    return call.error;
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total) {
    Call call;
    if (call.error) return call.error;
    if (free_bytes) *free_bytes = device_memory - memory_in_use();
    if (total) *total = device_memory;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *attributes, const void *address) {
    Call call;
    if (call.error) return call.error;
    if (!attributes) return note(cudaErrorInvalidValue);
    *attributes = {};
    Allocation found;
    auto *pointer = const_cast<void *>(address);
    attributes->device = -2;   // what the runtime says of memory it does not know
    attributes->hostPointer = pointer;
    if (is_symbol(address)) {
        *attributes = {cudaMemoryTypeDevice, 0, pointer, nullptr};
    } else if (find_allocation(address, found)) {
        const bool device = found.kind == Memory::device;
        const auto type = device ? cudaMemoryTypeDevice : found.kind == Memory::managed ? cudaMemoryTypeManaged : cudaMemoryTypeHost;
        *attributes = {type, 0, pointer, device ? nullptr : pointer};
    } else if (host_visible(address)) {
        *attributes = {cudaMemoryTypeHost, 0, pointer, pointer};
    }
    return cudaSuccess;
}

// Hints about where managed memory should lie: here it lies in one place.

cudaError_t cudaMemPrefetchAsync(const void *address, size_t, cudaMemLocation, unsigned, cudaStream_t stream) {
    Call call;
    if (call.error) return call.error;
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    Allocation found;
    return find_allocation(address, found) && found.kind == Memory::managed ? cudaSuccess : note(cudaErrorInvalidValue);
}

cudaError_t cudaMemAdvise(const void *address, size_t, cudaMemoryAdvise, cudaMemLocation) {
    Call call;
    if (call.error) return call.error;
    Allocation found;
    return find_allocation(address, found) && found.kind == Memory::managed ? cudaSuccess : note(cudaErrorInvalidValue);
}
