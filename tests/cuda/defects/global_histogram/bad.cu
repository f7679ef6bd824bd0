// Histogram straight into global memory.
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
constexpr int kBins = 32;
__device__ unsigned bins[kBins];

__global__ void histogram(const int *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const int bin = data[i] & (kBins - 1);
    bins[bin]++; // defect: race
}

int main() {
    const int n = 1024;
    std::vector<int> data(n);
    for (int i = 0; i < n; ++i) data[i] = i / 3;
    int *d_data;
    CHECK(cudaMalloc(&d_data, n * sizeof(int)));
    CHECK(cudaMemcpy(d_data, data.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    histogram<<<(n + 255) / 256, 256>>>(d_data, n);
    CHECK(cudaGetLastError());
    unsigned counts[kBins];
    CHECK(cudaMemcpyFromSymbol(counts, bins, sizeof counts));
    std::printf("%u\n", counts[0]);
    CHECK(cudaFree(d_data));
}
