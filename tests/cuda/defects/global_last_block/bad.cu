// Sum in one launch: the block that finishes last adds up what the others have left.
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
__device__ unsigned finished = 0;

__global__ void sum(const float *in, volatile float *partial, float *result, int n) {
    __shared__ float values[kThreads];
    __shared__ bool is_last;
    const int t = threadIdx.x;
    float own = 0;
    for (int i = blockIdx.x * kThreads + t; i < n; i += gridDim.x * kThreads) own += in[i];
    values[t] = own;
    __syncthreads();
    for (int stride = kThreads / 2; stride > 0; stride /= 2) {
        if (t < stride) values[t] += values[t + stride];
        __syncthreads();
    }
    if (t == 0) {
        const_cast<float *>(partial)[blockIdx.x] = values[0]; // defect: race
        is_last = atomicInc(&finished, gridDim.x) == gridDim.x - 1;
    }
    __syncthreads();
    if (is_last && t == 0) {
        float total = 0;
        for (unsigned block = 0; block < gridDim.x; ++block) total += const_cast<float *>(partial)[block]; // defect: race
        *result = total;
        finished = 0;
    }
}

int main() {
    const int n = 3000, blocks = 10;
    std::vector<float> in(n, 1.0f);
    float *d_in, *d_partial, *d_result, result;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_partial, blocks * sizeof(float)));
    CHECK(cudaMalloc(&d_result, sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    sum<<<blocks, kThreads>>>(d_in, d_partial, d_result, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&result, d_result, sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", result);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_partial));
    CHECK(cudaFree(d_result));
}
