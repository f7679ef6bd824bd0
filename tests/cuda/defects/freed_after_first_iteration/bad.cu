// Relaxation that swaps its buffers; the loop frees the old one too early.
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
__global__ void relax(const float *from, float *to, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float left = i > 0 ? from[i - 1] : 0.0f; // defect: use_after_free
    const float right = i < n - 1 ? from[i + 1] : 0.0f;
    to[i] = 0.5f * (left + right);
}

int main() {
    const int n = 200;
    std::vector<float> host(n, 1.0f);
    float *from, *to;
    CHECK(cudaMalloc(&from, n * sizeof(float)));
    CHECK(cudaMalloc(&to, n * sizeof(float)));
    CHECK(cudaMemcpy(from, host.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    for (int step = 0; step < 2; ++step) {
        relax<<<2, 128>>>(from, to, n);
        CHECK(cudaGetLastError());
        CHECK(cudaFree(to));
        float *old = from;
        from = to;
        to = old;
    }
    CHECK(cudaDeviceSynchronize());
    std::printf("%g\n", host[n / 2]);
}
