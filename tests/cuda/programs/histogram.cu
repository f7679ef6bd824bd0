// Histogram with one part per block in shared memory.
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define NUM_BINS 256

__global__ void histogram(const unsigned char *data, unsigned int *bins, size_t n) {
    __shared__ unsigned int local[NUM_BINS];
    for (int i = threadIdx.x; i < NUM_BINS; i += blockDim.x) local[i] = 0;
    __syncthreads();
    size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) atomicAdd(&local[data[i]], 1);
    __syncthreads();
    for (int i = threadIdx.x; i < NUM_BINS; i += blockDim.x)
        if (local[i] > 0) atomicAdd(&bins[i], local[i]);
}

int main() {
    const size_t n = 200000;
    std::vector<unsigned char> data(n);
    std::vector<unsigned int> want(NUM_BINS, 0), got(NUM_BINS);
    for (size_t i = 0; i < n; ++i) ++want[data[i] = (unsigned char)((i * i + 7 * i) >> 3)];
    unsigned char *dData;
    unsigned int *dBins;
    CHECK(cudaMalloc(&dData, n));
    CHECK(cudaMalloc(&dBins, NUM_BINS * sizeof(unsigned int)));
    CHECK(cudaMemcpy(dData, data.data(), n, cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dBins, 0, NUM_BINS * sizeof(unsigned int)));
    histogram<<<16, 192>>>(dData, dBins, n);
    CHECK(cudaMemcpy(got.data(), dBins, NUM_BINS * sizeof(unsigned int), cudaMemcpyDeviceToHost));
    cudaFree(dData);
    cudaFree(dBins);
    return got == want ? 0 : 1;
}
