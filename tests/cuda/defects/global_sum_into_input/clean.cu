// The sum goes into a place of its own.
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
__global__ void warp_sums(const float *values, float *total) {
    float sum = values[blockIdx.x * blockDim.x + threadIdx.x];
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffu, sum, offset);
    if (threadIdx.x % 32 == 0) atomicAdd(total, sum);
}

int main() {
    const int n = 1024;
    std::vector<float> in(n, 0.5f);
    float *values, *total, out = 0;
    CHECK(cudaMalloc(&values, n * sizeof(float)));
    CHECK(cudaMalloc(&total, sizeof(float)));
    CHECK(cudaMemcpy(values, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(total, 0, sizeof(float)));
    warp_sums<<<4, 256>>>(values, total);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, total, sizeof out, cudaMemcpyDeviceToHost));
    std::printf("%g\n", out);
    CHECK(cudaFree(values));
    CHECK(cudaFree(total));
}
