// Values go around a ring; a barrier stands between write and read, and between read and write.
#include <cuda/barrier>
#include <cstdio>
#include <utility>

constexpr int kThreads = 64;
using Barrier = cuda::barrier<cuda::thread_scope_block>;

__global__ void rotate(int *values, int steps) {
    __shared__ int ring[kThreads];
#pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ Barrier barrier;
    if (threadIdx.x == 0) init(&barrier, blockDim.x);
    __syncthreads();
    int mine = values[threadIdx.x];
    for (int step = 0; step < steps; ++step) {
        ring[threadIdx.x] = mine;
        barrier.arrive_and_wait();
        mine = ring[(threadIdx.x + 1) % kThreads];
        barrier.arrive_and_wait();
    }
    values[threadIdx.x] = mine;
}

int main() {
    int h[kThreads], *d, bad = 0;
    for (int i = 0; i < kThreads; ++i) h[i] = i * i;
    cudaMalloc(&d, sizeof h);
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    rotate<<<1, kThreads>>>(d, 3);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    cudaFree(d);
    for (int i = 0; i < kThreads; ++i) bad += h[i] != (i + 3) % kThreads * ((i + 3) % kThreads);
    std::printf("%d wrong\n", bad);
    return bad != 0;
}
