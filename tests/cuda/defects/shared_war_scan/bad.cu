// Inclusive scan of one block (Hillis and Steele), in place.
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

__global__ void scan(int *data, int n) {
    __shared__ int sums[kThreads];
    const int t = threadIdx.x;
    sums[t] = t < n ? data[t] : 0;
    __syncthreads();
    for (int offset = 1; offset < kThreads; offset *= 2) {
        int value = 0;
        if (t >= offset) value = sums[t - offset]; // defect: race
        sums[t] += value; // defect: race
        __syncthreads();
    }
    if (t < n) data[t] = sums[t];
}

int main() {
    const int n = 100;
    std::vector<int> data(n, 1);
    int *d_data;
    CHECK(cudaMalloc(&d_data, n * sizeof(int)));
    CHECK(cudaMemcpy(d_data, data.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    scan<<<1, kThreads>>>(d_data, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(data.data(), d_data, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", data[n - 1]);
    CHECK(cudaFree(d_data));
}
