// One-dimensional stencil of radius 3 with a halo in shared memory.
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
constexpr int kRadius = 3, kBlock = 128;

__global__ void stencil(const int *in, int *out, int n) {
    __shared__ int cache[kBlock + 2 * kRadius];
    const int i = blockIdx.x * kBlock + threadIdx.x, local = threadIdx.x + kRadius;
    cache[local] = i < n ? in[i] : 0; // defect: race
    if (threadIdx.x < kRadius) {
        cache[local - kRadius] = i >= kRadius ? in[i - kRadius] : 0;
        cache[local + kBlock] = i + kBlock < n ? in[i + kBlock] : 0;
    }
    int sum = 0;
    for (int offset = -kRadius; offset <= kRadius; ++offset)
        sum += cache[local + offset]; // defect: race
    if (i < n) out[i] = sum;
}

int main() {
    const int n = 500;
    std::vector<int> in(n, 1), out(n);
    int *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, n * sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    stencil<<<(n + kBlock - 1) / kBlock, kBlock>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d %d\n", out[0], out[n / 2]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
