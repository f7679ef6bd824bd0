// Histogram of values from 0 to 100, 100 included.
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
__global__ void histogram(const int *values, int *bins, int n, int width) {
    const int stride = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride)
        atomicAdd(&bins[values[i] / width], 1); // defect: out_of_bounds
}

int main() {
    const int n = 1010, width = 10;
    const int bin_count = 100 / width;
    std::vector<int> values(n), bins(bin_count);
    for (int i = 0; i < n; ++i) values[i] = i % 101;
    int *d_values, *d_bins;
    CHECK(cudaMalloc(&d_values, n * sizeof(int)));
    CHECK(cudaMalloc(&d_bins, bin_count * sizeof(int)));
    CHECK(cudaMemcpy(d_values, values.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(d_bins, 0, bin_count * sizeof(int)));
    histogram<<<2, 128>>>(d_values, d_bins, n, width);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(bins.data(), d_bins, bin_count * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", bins[0]);
    CHECK(cudaFree(d_values));
    CHECK(cudaFree(d_bins));
}
