// Mean and variance: one block reduction is called twice and uses the same scratch memory.
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
constexpr int kThreads = 128, kWarps = kThreads / 32;

__device__ float block_sum(float value) {
    __shared__ float scratch[kWarps];
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_down_sync(0xffffffffu, value, offset);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value; // defect: race
    __syncthreads();
    float sum = 0;
    for (int warp = 0; warp < kWarps; ++warp)
        sum += scratch[warp]; // defect: race
    return sum;
}

__global__ void moments(const float *in, float *out, int n) {
    const float x = threadIdx.x < n ? in[threadIdx.x] : 0.0f;
    const float mean = block_sum(x) / n;
    const float d = threadIdx.x < n ? x - mean : 0.0f;
    const float variance = block_sum(d * d) / n;
    if (threadIdx.x == 0) {
        out[0] = mean;
        out[1] = variance;
    }
}

int main() {
    const int n = 100;
    std::vector<float> in(n);
    for (int i = 0; i < n; ++i) in[i] = i;
    float *d_in, *d_out, out[2];
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, sizeof out));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    moments<<<1, kThreads>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out, d_out, sizeof out, cudaMemcpyDeviceToHost));
    std::printf("%g %g\n", out[0], out[1]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
