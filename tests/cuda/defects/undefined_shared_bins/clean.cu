// A shared histogram that is only cleared for as many bins as there are threads.
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
constexpr int kBins = 256, kThreads = 128;

__global__ void histogram(const unsigned char *data, int n, unsigned *bins) {
    extern __shared__ unsigned local[];
    for (int bin = threadIdx.x; bin < kBins; bin += kThreads) local[bin] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += kThreads) atomicAdd(&local[data[i]], 1u);
    __syncthreads();
    for (int bin = threadIdx.x; bin < kBins; bin += kThreads) bins[bin] = local[bin];
}

int main() {
    const int n = 1000;
    std::vector<unsigned char> data(n);
    for (int i = 0; i < n; ++i) data[i] = static_cast<unsigned char>(i);
    std::vector<unsigned> bins(kBins);
    unsigned char *d_data;
    unsigned *d_bins;
    CHECK(cudaMalloc(&d_data, n));
    CHECK(cudaMalloc(&d_bins, kBins * sizeof(unsigned)));
    CHECK(cudaMemcpy(d_data, data.data(), n, cudaMemcpyHostToDevice));
    histogram<<<1, kThreads, kBins * sizeof(unsigned)>>>(d_data, n, d_bins);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(bins.data(), d_bins, kBins * sizeof(unsigned), cudaMemcpyDeviceToHost));
    std::printf("%u\n", bins[0]);
    CHECK(cudaFree(d_data));
    CHECK(cudaFree(d_bins));
}
