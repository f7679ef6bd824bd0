// A block-stride loop whose number of rounds differs between threads.
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
constexpr int kThreads = 64;

__global__ void running_sum(const int *in, int *out, int n) {
    __shared__ int chunk[kThreads];
    __shared__ int total;
    if (threadIdx.x == 0) total = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += kThreads) {
        chunk[threadIdx.x] = in[i];
        __syncthreads(); // defect: divergent_barrier
        if (threadIdx.x == 0)
            for (int t = 0; t < kThreads && i + t < n; ++t) total += chunk[t];
        __syncthreads();
    }
    if (threadIdx.x == 0) *out = total;
}

int main() {
    const int n = 150;
    std::vector<int> in(n, 2);
    int *d_in, *d_out, out;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    running_sum<<<1, kThreads>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, d_out, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", out);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
