// Exclusive scan from an inclusive one: the result is shifted by one place.
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

__global__ void exclusive(const int *in, int *out) {
    __shared__ int sums[kThreads + 1];
    const int t = threadIdx.x;
    if (t == 0) sums[0] = 0;
    sums[t + 1] = in[t];
    __syncthreads();
    if (t == 0)
        for (int i = 1; i < kThreads; ++i) sums[i] += sums[i - 1];
    __syncthreads();
    out[t] = sums[t];
}

int main() {
    std::vector<int> data(kThreads, 1);
    int *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, kThreads * sizeof(int)));
    CHECK(cudaMalloc(&d_out, kThreads * sizeof(int)));
    CHECK(cudaMemcpy(d_in, data.data(), kThreads * sizeof(int), cudaMemcpyHostToDevice));
    exclusive<<<1, kThreads>>>(d_in, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(data.data(), d_out, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", data[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
