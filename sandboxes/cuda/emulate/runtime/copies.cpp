// cudaMemcpy, cudaMemset and their like.
#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>

#include "copies.h"
#include "errors.h"
#include "graphs.h"
#include "hooks.h"
#include "memory.h"
#include "streams.h"

using namespace emulate;

#define HERE __builtin_return_address(0)

namespace {

enum class Side { host, device, both };

// Whose memory an address is: pinned and managed memory is both's.
Side side_of(const void *address) {
    if (is_device(address) || is_symbol(address)) return Side::device;
    Allocation found;
    return find_allocation(address, found) ? Side::both : Side::host;
}

// Whether `size` bytes lie in the one allocation that the first lies in. Memory of the host is not known here.
bool fits(const void *address, size_t size) {
    Allocation found;
    if (!find_allocation(address, found)) return !is_device(address);
    return static_cast<const unsigned char *>(address) + size <= found.begin + found.size;
}

bool kind_fits(cudaMemcpyKind kind, Side to, Side from) {
    switch (kind) {
        case cudaMemcpyHostToHost: return to != Side::device && from != Side::device;
        case cudaMemcpyHostToDevice: return to != Side::host && from != Side::device;
        case cudaMemcpyDeviceToHost: return to != Side::device && from != Side::host;
        case cudaMemcpyDeviceToDevice: return to != Side::host && from != Side::host;
        default: return true;
    }
}

const void *seen(const void *address) { return side_of(address) == Side::host ? nullptr : address; }

cudaError_t refusal(const void *to, const void *from, const Rows &rows, cudaMemcpyKind kind) {
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
    if (!to || !from) return cudaErrorInvalidValue;
    if (!kind_fits(kind, side_of(to), side_of(from))) return cudaErrorInvalidValue;
    const size_t last = rows.height - 1;
    if (!fits(to, last * rows.to_pitch + rows.width) || !fits(from, last * rows.from_pitch + rows.width)) return cudaErrorInvalidValue;
    return cudaSuccess;
}

// What a copy does when its turn comes.
cudaError_t move(void *to, const void *from, const Rows &rows, cudaMemcpyKind kind, uint32_t stream, const void *pc) {
    if (const cudaError_t error = refusal(to, from, rows, kind)) {
        check::copy_refused(to, from, (rows.height - 1) * rows.to_pitch + rows.width, pc);
        return error;
    }
    if (device_has_faulted()) return cudaSuccess;   // queued behind the kernel that lost the device
    for (size_t row = 0; row < rows.height; ++row) {
        void *target = static_cast<char *>(to) + row * rows.to_pitch;
        const void *source = static_cast<const char *>(from) + row * rows.from_pitch;
        check::copied(seen(target), seen(source), rows.width, stream, pc);
        memmove(reachable(target), reachable(source), rows.width);
    }
    return cudaSuccess;
}

cudaError_t copy(void *to, const void *from, const Rows &rows, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    Call call(waits ? Call::waits : Call::asynchronous);
    if (call.error) return call.error;
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    if (const cudaError_t error = waits ? unsafe_in_capture() : cudaSuccess) return note(error);
    if (rows.width == 0 || rows.height == 0) return cudaSuccess;
    if (rows.height > 1 && (rows.width > rows.to_pitch || rows.width > rows.from_pitch)) return note(cudaErrorInvalidPitchValue);
    if (capturing(stream) && refusal(to, from, rows, kind) == cudaSuccess)
        return note(keep(stream, Action(cudaGraphNodeTypeMemcpy, [=](uint32_t number) { return move(to, from, rows, kind, number, pc); })));
    const cudaError_t error = move(to, from, rows, kind, stream_number(stream), pc);
    if (waits && !error && !device_has_faulted()) check::host_awaited_stream(stream_number(stream));
    return note(error);
}

bool fillable(const void *to, const Rows &rows) {
    return to && side_of(to) != Side::host && fits(to, (rows.height - 1) * rows.to_pitch + rows.width);
}

cudaError_t set(void *to, unsigned value, const Rows &rows, uint32_t stream, const void *pc, unsigned element) {
    if (!fillable(to, rows)) {
        check::copy_refused(to, nullptr, (rows.height - 1) * rows.to_pitch + rows.width, pc);
        return cudaErrorInvalidValue;
    }
    if (device_has_faulted()) return cudaSuccess;
    for (size_t row = 0; row < rows.height; ++row) {
        void *target = static_cast<char *>(to) + row * rows.to_pitch;
        check::filled(target, rows.width, stream, pc);
        auto *bytes = static_cast<unsigned char *>(reachable(target));
        if (element == 1) memset(bytes, static_cast<int>(value), rows.width);
        else for (size_t i = 0; i < rows.width; i += element) memcpy(bytes + i, &value, element);
    }
    return cudaSuccess;
}

cudaError_t fill(void *to, unsigned value, const Rows &rows, cudaStream_t stream, const void *pc, unsigned element = 1) {
    Call call;
    if (call.error) return call.error;
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    if (rows.width == 0 || rows.height == 0) return cudaSuccess;
    if (capturing(stream) && fillable(to, rows))
        return note(keep(stream, fill_action({to, rows.to_pitch, value, element, rows.width / element, rows.height},
                                             [=](uint32_t number) { return set(to, value, rows, number, pc, element); })));
    return note(set(to, value, rows, stream_number(stream), pc, element));
}

// A variable of device code is an ordinary one here; the toolkit's C++ templates hand its address over.
cudaError_t symbol_copy(void *to, const void *from, const void *symbol, size_t size, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    if (!symbol) return note(cudaErrorInvalidSymbol);
    note_symbol(symbol, 1);
    return copy(to, from, {size}, kind, stream, waits, pc);
}

}  // namespace

cudaError_t emulate::copy_rows(void *to, const void *from, const Rows &rows, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    return copy(to, from, rows, kind, stream, waits, pc);
}
cudaError_t emulate::fill_rows(void *to, unsigned value, const Rows &rows, cudaStream_t stream, const void *pc, unsigned element) {
    return fill(to, value, rows, stream, pc, element);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t size, cudaMemcpyKind kind) { return copy(to, from, {size}, kind, nullptr, true, HERE); }
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, cudaMemcpyKind kind, cudaStream_t stream) { return copy(to, from, {size}, kind, stream, false, HERE); }
cudaError_t cudaMemcpyPeer(void *to, int, const void *from, int, size_t size) { return copy(to, from, {size}, cudaMemcpyDeviceToDevice, nullptr, true, HERE); }

cudaError_t cudaMemcpy2D(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind) {
    return copy(to, from, {width, height, to_pitch, from_pitch}, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
    return copy(to, from, {width, height, to_pitch, from_pitch}, kind, stream, false, HERE);
}

cudaError_t cudaMemset(void *to, int value, size_t size) { return fill(to, value, {size}, nullptr, HERE); }
cudaError_t cudaMemsetAsync(void *to, int value, size_t size, cudaStream_t stream) { return fill(to, value, {size}, stream, HERE); }
cudaError_t cudaMemset2D(void *to, size_t pitch, int value, size_t width, size_t height) { return fill(to, value, {width, height, pitch}, nullptr, HERE); }
cudaError_t cudaMemset2DAsync(void *to, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream) {
    return fill(to, value, {width, height, pitch}, stream, HERE);
}

cudaError_t cudaMemcpyToSymbol(const void *symbol, const void *from, size_t size, size_t offset, cudaMemcpyKind kind) {
    return symbol_copy(static_cast<char *>(const_cast<void *>(symbol)) + offset, from, symbol, size, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpyToSymbolAsync(const void *symbol, const void *from, size_t size, size_t offset, cudaMemcpyKind kind, cudaStream_t stream) {
    return symbol_copy(static_cast<char *>(const_cast<void *>(symbol)) + offset, from, symbol, size, kind, stream, false, HERE);
}
cudaError_t cudaMemcpyFromSymbol(void *to, const void *symbol, size_t size, size_t offset, cudaMemcpyKind kind) {
    return symbol_copy(to, static_cast<const char *>(symbol) + offset, symbol, size, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpyFromSymbolAsync(void *to, const void *symbol, size_t size, size_t offset, cudaMemcpyKind kind, cudaStream_t stream) {
    return symbol_copy(to, static_cast<const char *>(symbol) + offset, symbol, size, kind, stream, false, HERE);
}
cudaError_t cudaGetSymbolAddress(void **address, const void *symbol) {
    Call call;
    if (call.error) return call.error;
    if (!address || !symbol) return note(symbol ? cudaErrorInvalidValue : cudaErrorInvalidSymbol);
    note_symbol(symbol, 1);
    *address = const_cast<void *>(symbol);
    return cudaSuccess;
}

cudaError_t cudaGetSymbolSize(size_t *size, const void *symbol) {
    Call call;
    if (call.error) return call.error;
    if (!size || !symbol) return note(symbol ? cudaErrorInvalidValue : cudaErrorInvalidSymbol);
    *size = size_of_symbol(symbol);
    return *size ? cudaSuccess : note(cudaErrorInvalidSymbol);
}
