// Histogram: counted per block in shared memory, then merged.
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
constexpr int kBins = 64;

__global__ void histogram(const unsigned char *data, int n, unsigned *bins) {
    __shared__ unsigned local[kBins];
    for (int bin = threadIdx.x; bin < kBins; bin += blockDim.x) local[bin] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&local[data[i] % kBins], 1u);
    __syncthreads();
    for (int bin = threadIdx.x; bin < kBins; bin += blockDim.x)
        atomicAdd(&bins[bin], local[bin]);
}

int main() {
    const int n = 4096;
    std::vector<unsigned char> data(n);
    for (int i = 0; i < n; ++i) data[i] = static_cast<unsigned char>(i * 7);
    unsigned char *d_data;
    unsigned *d_bins, bins[kBins];
    CHECK(cudaMalloc(&d_data, n));
    CHECK(cudaMalloc(&d_bins, sizeof bins));
    CHECK(cudaMemcpy(d_data, data.data(), n, cudaMemcpyHostToDevice));
    CHECK(cudaMemset(d_bins, 0, sizeof bins));
    histogram<<<4, 128>>>(d_data, n, d_bins);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(bins, d_bins, sizeof bins, cudaMemcpyDeviceToHost));
    std::printf("%u %u\n", bins[0], bins[kBins - 1]);
    CHECK(cudaFree(d_data));
    CHECK(cudaFree(d_bins));
}
