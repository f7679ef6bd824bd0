// Reduction whose last warp used to be written with volatile only, before warps could diverge at any place.
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

__device__ void reduce_warp(volatile float *values, int t) {
    values[t] += values[t + 32]; // defect: race
    values[t] += values[t + 16]; // defect: race
    values[t] += values[t + 8]; // defect: race
    values[t] += values[t + 4]; // defect: race
    values[t] += values[t + 2]; // defect: race
    values[t] += values[t + 1]; // defect: race
}

__global__ void sum(const float *in, float *out) {
    __shared__ float values[kThreads];
    const int t = threadIdx.x;
    values[t] = in[blockIdx.x * kThreads + t];
    __syncthreads();
    for (int stride = kThreads / 2; stride > 32; stride /= 2) {
        if (t < stride) values[t] += values[t + stride];
        __syncthreads();
    }
    if (t < 32) reduce_warp(values, t);
    if (t == 0) out[blockIdx.x] = values[0];
}

int main() {
    const int blocks = 3, n = blocks * kThreads;
    std::vector<float> in(n, 1.0f), out(blocks);
    float *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, blocks * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    sum<<<blocks, kThreads>>>(d_in, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, blocks * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
