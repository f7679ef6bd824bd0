// The last block loads fewer elements than it reduces.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
constexpr int kThreads = 128;

__global__ void block_sums(const float *in, float *sums, int n) {
    __shared__ float values[kThreads];
    const int i = blockIdx.x * kThreads + threadIdx.x;
    if (i < n) values[threadIdx.x] = in[i];
    __syncthreads();
    for (int stride = kThreads / 2; stride > 0; stride /= 2) {
        if (threadIdx.x < stride)
            values[threadIdx.x] += values[threadIdx.x + stride]; // defect: uninitialized_read
        __syncthreads();
    }
    if (threadIdx.x == 0) sums[blockIdx.x] = values[0];
}

int main() {
    const int n = 300, blocks = (n + kThreads - 1) / kThreads;
    std::vector<float> in(n, 1.0f), sums(blocks);
    float *d_in, *d_sums;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_sums, blocks * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    block_sums<<<blocks, kThreads>>>(d_in, d_sums, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(sums.data(), d_sums, blocks * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", sums[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_sums));
}
