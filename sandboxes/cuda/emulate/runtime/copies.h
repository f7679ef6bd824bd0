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
cudaError_t fill_rows(void *to, int value, const Rows &rows, cudaStream_t stream, const void *pc);

}  // namespace emulate
