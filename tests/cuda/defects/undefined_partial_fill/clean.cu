// The fill counts elements where it should count bytes.
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
__global__ void count_by_key(const int *keys, int *counts, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(counts + keys[i], 1);
}

int main() {
    const int n = 500, keys = 64;
    std::vector<int> host(n), counts(keys);
    for (int i = 0; i < n; ++i) host[i] = i % keys;
    int *d_keys, *d_counts;
    CHECK(cudaMalloc(&d_keys, n * sizeof(int)));
    CHECK(cudaMalloc(&d_counts, keys * sizeof(int)));
    CHECK(cudaMemcpy(d_keys, host.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(d_counts, 0, keys * sizeof(int)));
    count_by_key<<<2, 256>>>(d_keys, d_counts, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(counts.data(), d_counts, keys * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", counts[0]);
    CHECK(cudaFree(d_keys));
    CHECK(cudaFree(d_counts));
}
