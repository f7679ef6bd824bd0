// Copies and fills of linear memory, on which those of arrays and boxes are built.
#pragma once
#include <driver_types.h>

#include <cstddef>

namespace emulate {

// A rectangle of rows, in bytes; a plain copy is one row.
struct Rows {
    size_t width, height = 1, to_pitch = 0, from_pitch = 0;
};

// `waits`: a call that does not return before the copy is done. `pc`: who called.
cudaError_t copy_rows(void *to, const void *from, const Rows &rows, cudaMemcpyKind kind, cudaStream_t stream, bool waits, const void *pc);
// `element`: the bytes of `value` that fill, over and over: 1, 2 or 4.
cudaError_t fill_rows(void *to, unsigned value, const Rows &rows, cudaStream_t stream, const void *pc, unsigned element = 1);
cudaError_t copy_box(const cudaMemcpy3DParms *parameters, cudaStream_t stream, bool waits, const void *pc);

}  // namespace emulate
