// Stencil whose shared array has no room for the halo.
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
constexpr int kBlock = 64;

__global__ void average(const float *in, float *out, int n) {
    __shared__ float cells[kBlock];
    const int i = blockIdx.x * kBlock + threadIdx.x, local = threadIdx.x + 1;
    cells[local] = i < n ? in[i] : 0.0f; // defect: out_of_bounds
    if (threadIdx.x == 0) cells[0] = i > 0 ? in[i - 1] : 0.0f;
    __syncthreads();
    if (i < n && threadIdx.x < kBlock - 2) out[i] = (cells[local - 1] + cells[local] + cells[local + 1]) / 3;
}

int main() {
    const int n = 256;
    std::vector<float> in(n, 1.0f), out(n);
    float *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    average<<<n / kBlock, kBlock>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
