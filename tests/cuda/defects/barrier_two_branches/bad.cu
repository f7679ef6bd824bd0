// Warps with different work, each with a barrier of its own.
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
__global__ void pipeline(const float *in, float *out, int n) {
    __shared__ float staged[64];
    const int t = threadIdx.x;
    if (t < 64) {
        staged[t] = t < n ? in[t] : 0.0f;
        __syncthreads(); // defect: divergent_barrier
    } else {
        __syncthreads(); // defect: divergent_barrier
    }
    if (t >= 64 && t - 64 < n) out[t - 64] = 2 * staged[t - 64];
}

int main() {
    const int n = 60;
    std::vector<float> in(n, 1.0f), out(n);
    float *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    pipeline<<<1, 128>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[n - 1]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
