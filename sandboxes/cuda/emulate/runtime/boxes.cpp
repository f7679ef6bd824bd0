// Copies of boxes, planes of rows, between linear memory and CUDA arrays; fills of boxes.
#include <cuda_runtime_api.h>

#include "arrays.h"
#include "copies.h"
#include "errors.h"
#include "hooks.h"
#include "nodes.h"

using namespace emulate;

#define HERE __builtin_return_address(0)

namespace {

// One side of a copy: where its first byte lies, and the distances of rows and planes in bytes.
struct Side {
    unsigned char *begin = nullptr;
    size_t pitch = 0, plane = 0;
};

// A box in an array. Widths in bytes. False: there is no such place; what was freed is reported.
bool place(cudaArray_const_t handle, size_t x, size_t y, size_t z, size_t width, size_t height, size_t depth, bool written, const void *pc, Side &side) {
    const Array *array = find_array(handle);
    if (!array) return false;
    if (array->freed) {
        check::copy_refused(written ? array->memory : nullptr, written ? nullptr : array->memory, 1, pc);
        return false;
    }
    const auto inside = [](size_t at, size_t count, size_t size) { return at <= size && count <= size - at; };
    if (!inside(x, width, array->row()) || !inside(y, height, array->height) || !inside(z, depth, array->depth)) return false;
    side.pitch = array->row();
    side.plane = side.pitch * array->height;
    side.begin = array->memory + z * side.plane + y * side.pitch + x;
    return true;
}

cudaError_t copy_planes(const Side &to, const Side &from, size_t width, size_t height, size_t depth, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    for (size_t plane = 0; plane < depth; ++plane) {
        const Rows rows{width, height, to.pitch, from.pitch};
        if (const cudaError_t error = copy_rows(to.begin + plane * to.plane, from.begin + plane * from.plane, rows, kind, stream, waits, pc)) return error;
    }
    return cudaSuccess;
}

}  // namespace

// "If a CUDA array is participating in the copy, the extent is defined in terms of that array's elements", else in bytes; the
// position in memory is one in bytes (runtime API reference, cudaMemcpy3D).
cudaError_t emulate::copy_box(const cudaMemcpy3DParms *p, cudaStream_t stream, bool waits, const void *pc) {
    Call call;
    if (call.error) return call.error;
    if (!p || !p->srcArray == !p->srcPtr.ptr || !p->dstArray == !p->dstPtr.ptr) return note(cudaErrorInvalidValue);
    const Array *source = find_array(p->srcArray), *target = find_array(p->dstArray);
    if ((p->srcArray && !source) || (p->dstArray && !target)) return note(cudaErrorInvalidValue);
    if (source && target && source->format.size() != target->format.size()) return note(cudaErrorInvalidValue);
    const size_t unit = source ? source->format.size() : target ? target->format.size() : 1;
    const cudaExtent &e = p->extent;
    if (e.width == 0 || e.height == 0 || e.depth == 0) return cudaSuccess;
    const auto side = [&](cudaArray_t array, const cudaPos &at, const cudaPitchedPtr &pointer, bool written, Side &result) {
        if (array) return place(array, at.x * unit, at.y, at.z, e.width * unit, e.height, e.depth, written, pc, result);
        result = {static_cast<unsigned char *>(pointer.ptr), pointer.pitch, pointer.pitch * pointer.ysize};
        result.begin += at.z * result.plane + at.y * result.pitch + at.x;
        return e.depth == 1 || pointer.ysize >= e.height;   // else its planes overlap
    };
    Side from, to;
    if (!side(p->srcArray, p->srcPos, p->srcPtr, false, from) || !side(p->dstArray, p->dstPos, p->dstPtr, true, to)) return note(cudaErrorInvalidValue);
    return copy_planes(to, from, e.width * unit, e.height, e.depth, p->kind, stream, waits, pc);
}

namespace {

cudaError_t to_array(cudaArray_t array, size_t x, size_t y, const void *from, size_t pitch, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    Side to;
    if (!place(array, x, y, 0, width, height, 1, true, pc, to)) return note(cudaErrorInvalidValue);
    return copy_rows(to.begin, from, {width, height, to.pitch, pitch}, kind, stream, waits, pc);
}

cudaError_t from_array(void *to, size_t pitch, cudaArray_const_t array, size_t x, size_t y, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    Side from;
    if (!place(array, x, y, 0, width, height, 1, false, pc, from)) return note(cudaErrorInvalidValue);
    return copy_rows(to, from.begin, {width, height, pitch, from.pitch}, kind, stream, waits, pc);
}

// `count` bytes from a place in an array on, row after row: the old functions without a height.
bool run(cudaArray_const_t handle, size_t x, size_t y, size_t count, bool written, const void *pc, Side &side) {
    const Array *array = find_array(handle);
    if (!place(handle, x, y, 0, 0, 0, 1, written, pc, side)) return false;
    return count <= (array->height - y) * array->row() - x;
}

cudaError_t run_to_array(cudaArray_t array, size_t x, size_t y, const void *from, size_t count, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    Side to;
    if (!run(array, x, y, count, true, pc, to)) return note(cudaErrorInvalidValue);
    return copy_rows(to.begin, from, {count}, kind, stream, waits, pc);
}

cudaError_t run_from_array(void *to, cudaArray_const_t array, size_t x, size_t y, size_t count, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc) {
    Side from;
    if (!run(array, x, y, count, false, pc, from)) return note(cudaErrorInvalidValue);
    return copy_rows(to, from.begin, {count}, kind, stream, waits, pc);
}

cudaError_t fill_box(const cudaPitchedPtr &to, int value, const cudaExtent &extent, cudaStream_t stream, const void *pc) {
    for (size_t plane = 0; plane < extent.depth; ++plane) {
        auto *begin = static_cast<char *>(to.ptr) + plane * to.ysize * to.pitch;
        if (const cudaError_t error = fill_rows(begin, value, {extent.width, extent.height, to.pitch}, stream, pc)) return error;
    }
    return cudaSuccess;
}

}  // namespace

cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms *parameters) { return copy_box(parameters, nullptr, true, HERE); }
cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms *parameters, cudaStream_t stream) {
    if (!capturing(stream)) return copy_box(parameters, stream, false, HERE);
    Call call;
    Action action;   // one node, however many planes there are
    if (const cudaError_t error = call.error ? call.error : copy_action(parameters, HERE, action)) return note(error);
    return note(keep(stream, std::move(action)));
}
cudaError_t cudaMemset3D(cudaPitchedPtr to, int value, cudaExtent extent) { return fill_box(to, value, extent, nullptr, HERE); }
cudaError_t cudaMemset3DAsync(cudaPitchedPtr to, int value, cudaExtent extent, cudaStream_t stream) { return fill_box(to, value, extent, stream, HERE); }

cudaError_t cudaMemcpy2DToArray(cudaArray_t to, size_t x, size_t y, const void *from, size_t pitch, size_t width, size_t height, cudaMemcpyKind kind) {
    return to_array(to, x, y, from, pitch, width, height, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpy2DToArrayAsync(cudaArray_t to, size_t x, size_t y, const void *from, size_t pitch, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
    return to_array(to, x, y, from, pitch, width, height, kind, stream, false, HERE);
}
cudaError_t cudaMemcpy2DFromArray(void *to, size_t pitch, cudaArray_const_t from, size_t x, size_t y, size_t width, size_t height, cudaMemcpyKind kind) {
    return from_array(to, pitch, from, x, y, width, height, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpy2DFromArrayAsync(void *to, size_t pitch, cudaArray_const_t from, size_t x, size_t y, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
    return from_array(to, pitch, from, x, y, width, height, kind, stream, false, HERE);
}
cudaError_t cudaMemcpy2DArrayToArray(cudaArray_t to, size_t to_x, size_t to_y, cudaArray_const_t from, size_t x, size_t y, size_t width, size_t height, cudaMemcpyKind kind) {
    Side source, target;
    if (!place(from, x, y, 0, width, height, 1, false, HERE, source)) return note(cudaErrorInvalidValue);
    if (!place(to, to_x, to_y, 0, width, height, 1, true, HERE, target)) return note(cudaErrorInvalidValue);
    return copy_planes(target, source, width, height, 1, kind, nullptr, true, HERE);
}

cudaError_t cudaMemcpyToArray(cudaArray_t to, size_t x, size_t y, const void *from, size_t count, cudaMemcpyKind kind) {
    return run_to_array(to, x, y, from, count, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpyToArrayAsync(cudaArray_t to, size_t x, size_t y, const void *from, size_t count, cudaMemcpyKind kind, cudaStream_t stream) {
    return run_to_array(to, x, y, from, count, kind, stream, false, HERE);
}
cudaError_t cudaMemcpyFromArray(void *to, cudaArray_const_t from, size_t x, size_t y, size_t count, cudaMemcpyKind kind) {
    return run_from_array(to, from, x, y, count, kind, nullptr, true, HERE);
}
cudaError_t cudaMemcpyFromArrayAsync(void *to, cudaArray_const_t from, size_t x, size_t y, size_t count, cudaMemcpyKind kind, cudaStream_t stream) {
    return run_from_array(to, from, x, y, count, kind, stream, false, HERE);
}
cudaError_t cudaMemcpyArrayToArray(cudaArray_t to, size_t to_x, size_t to_y, cudaArray_const_t from, size_t x, size_t y, size_t count, cudaMemcpyKind kind) {
    Side source, target;
    if (!run(from, x, y, count, false, HERE, source) || !run(to, to_x, to_y, count, true, HERE, target)) return note(cudaErrorInvalidValue);
    return copy_rows(target.begin, source.begin, {count}, kind, nullptr, true, HERE);
}
