// A tile is copied by cuda::memcpy_async, and read without a wait for the barrier.
#include <cooperative_groups.h>
#include <cuda/barrier>
#include <cstdio>

constexpr int kTile = 128;

__global__ void reverse(const int *in, int *out) {
    __shared__ alignas(16) int tile[kTile];
#pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
    const auto block = cooperative_groups::this_thread_block();
    if (threadIdx.x == 0) init(&barrier, blockDim.x);
    __syncthreads();
    cuda::memcpy_async(block, tile, in + blockIdx.x * kTile, sizeof tile, barrier);
    (void)barrier.arrive();
    out[blockIdx.x * kTile + threadIdx.x] = tile[kTile - 1 - threadIdx.x];  // defect: race
}

int main() {
    constexpr int blocks = 3, n = blocks * kTile;
    int h[n], got[n], *d, bad = 0;
    for (int i = 0; i < n; ++i) h[i] = i * 3;
    cudaMalloc(&d, 2 * sizeof h);
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    reverse<<<blocks, kTile>>>(d, d + n);
    cudaMemcpy(got, d + n, sizeof h, cudaMemcpyDeviceToHost);
    cudaFree(d);
    for (int i = 0; i < n; ++i) bad += got[i] != h[i / kTile * kTile + kTile - 1 - i % kTile];
    std::printf("%d wrong\n", bad);
    return bad != 0;
}
