// unsupported: __cuda_ptx
#include <cuda/barrier>
#include <utility>
using Barrier = cuda::barrier<cuda::thread_scope_block>;
__global__ void k(const int *in, int *out) {
    __shared__ alignas(16) int tile[32];
    __shared__ Barrier barrier;
    if (threadIdx.x == 0) init(&barrier, blockDim.x);
    __syncthreads();
    Barrier::arrival_token token;
    if (threadIdx.x == 0) {
        cuda::device::memcpy_async_tx(tile, in, cuda::aligned_size_t<16>(sizeof tile), barrier);
        token = cuda::device::barrier_arrive_tx(barrier, 1, sizeof tile);
    } else {
        token = barrier.arrive();
    }
    barrier.wait(std::move(token));
    out[threadIdx.x] = tile[threadIdx.x];
}
int main() {
    int *d;
    cudaMalloc(&d, 256);
    k<<<1, 32>>>(d, d + 32);
    cudaDeviceSynchronize();
}
