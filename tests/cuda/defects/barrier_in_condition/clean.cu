// Reduction whose barrier only the active half reaches.
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

__global__ void sum(const float *in, float *out) {
    __shared__ float values[kThreads];
    const int t = threadIdx.x;
    values[t] = in[t];
    __syncthreads();
    for (int stride = kThreads / 2; stride > 0; stride /= 2) {
        if (t < stride) {
            values[t] += values[t + stride];
        }
        __syncthreads();
    }
    if (t == 0) *out = values[0];
}

int main() {
    std::vector<float> in(kThreads, 1.5f);
    float *d_in, *d_out, out;
    CHECK(cudaMalloc(&d_in, kThreads * sizeof(float)));
    CHECK(cudaMalloc(&d_out, sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), kThreads * sizeof(float), cudaMemcpyHostToDevice));
    sum<<<1, kThreads>>>(d_in, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, d_out, sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
