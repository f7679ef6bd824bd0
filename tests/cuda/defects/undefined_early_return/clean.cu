// Threads beyond the end of the array leave before the barriers.
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

__global__ void block_max(const int *in, int *out, int n) {
    __shared__ int values[kThreads];
    const int i = blockIdx.x * kThreads + threadIdx.x;
    values[threadIdx.x] = i < n ? in[i] : -2147483647;
    __syncthreads();
    if (threadIdx.x == 0) {
        int largest = values[0];
        for (int t = 1; t < kThreads && blockIdx.x * kThreads + t < n; ++t) largest = max(largest, values[t]);
        out[blockIdx.x] = largest;
    }
}

int main() {
    const int n = 300, blocks = (n + kThreads - 1) / kThreads;
    std::vector<int> in(n), out(blocks);
    for (int i = 0; i < n; ++i) in[i] = i;
    int *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, blocks * sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    block_max<<<blocks, kThreads>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, blocks * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", out[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
