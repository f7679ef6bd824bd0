// Each half of a warp synchronises on its own; the upper half names the lower one.
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
__global__ void swap_pairs(int *data) {
    __shared__ int values[32];
    const int lane = threadIdx.x;
    const unsigned half = 0x0000ffffu;
    values[lane] = data[lane];
    __syncwarp(half); // defect: invalid_warp_mask
    data[lane] = values[lane ^ 1];
}

int main() {
    std::vector<int> host(32);
    for (int i = 0; i < 32; ++i) host[i] = i;
    int *d_data;
    CHECK(cudaMalloc(&d_data, 32 * sizeof(int)));
    CHECK(cudaMemcpy(d_data, host.data(), 32 * sizeof(int), cudaMemcpyHostToDevice));
    swap_pairs<<<1, 32>>>(d_data);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host.data(), d_data, 32 * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", host[0]);
    CHECK(cudaFree(d_data));
}
