// Block reduction by warps, launched with more warps than the shared array has places.
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
constexpr int kMaxWarps = 4;

__global__ void sum(const float *in, float *out, int n) {
    __shared__ float warp_sums[kMaxWarps];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    float value = threadIdx.x < n ? in[threadIdx.x] : 0.0f;
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffu, value, offset);
    float *slot = warp_sums + warp;
    if (lane == 0) *slot = value; // defect: out_of_bounds
    __syncthreads();
    if (threadIdx.x == 0) {
        float total = 0;
        for (int w = 0; w < blockDim.x / 32 && w < kMaxWarps; ++w) total += warp_sums[w];
        *out = total;
    }
}

int main() {
    const int n = 256;
    std::vector<float> in(n, 1.0f);
    float *d_in, *d_out, out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    sum<<<1, n>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, d_out, sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
