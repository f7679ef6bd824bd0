// Inclusive scan of each warp in shared memory.
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
constexpr int kThreads = 96;

__global__ void scan_warps(int *data) {
    __shared__ int sums[kThreads];
    const int t = threadIdx.x, lane = t % 32;
    sums[t] = data[t];
    __syncwarp();
    for (int offset = 1; offset < 32; offset *= 2) {
        const int value = lane >= offset ? sums[t - offset] : 0; // defect: race
        sums[t] += value; // defect: race
    }
    data[t] = sums[t];
}

int main() {
    std::vector<int> data(kThreads, 1);
    int *d_data;
    CHECK(cudaMalloc(&d_data, kThreads * sizeof(int)));
    CHECK(cudaMemcpy(d_data, data.data(), kThreads * sizeof(int), cudaMemcpyHostToDevice));
    scan_warps<<<1, kThreads>>>(d_data);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(data.data(), d_data, kThreads * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", data[31]);
    CHECK(cudaFree(d_data));
}
