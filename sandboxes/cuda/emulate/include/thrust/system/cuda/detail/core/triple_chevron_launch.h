// How CUB launches its kernels: by the emulation's own means, in the place of `<<<>>>` in a header of the toolkit.
#pragma once
#include <thrust/detail/config.h>
#include <emulate/library.h>

THRUST_NAMESPACE_BEGIN
namespace cuda_cub::detail {

struct triple_chevron {
    dim3 const grid, block;
    size_t const shared_mem;
    cudaStream_t const stream;

    // To begin before the kernel that comes before has ended changes no result.
    triple_chevron(dim3 grid, dim3 block, size_t shared_mem = 0, cudaStream_t stream = nullptr, bool /*dependent_launch*/ = false)
        : grid(grid), block(block), shared_mem(shared_mem), stream(stream) {}

    template <class Kernel, class... Arguments>
    cudaError_t doit(Kernel kernel, Arguments const &...arguments) const {
        ::emulate::configure_library(grid, block, shared_mem, stream, __builtin_frame_address(0));
        ::emulate::run_library(kernel, arguments...);
        return cudaPeekAtLastError();
    }
};

}  // namespace cuda_cub::detail
THRUST_NAMESPACE_END
