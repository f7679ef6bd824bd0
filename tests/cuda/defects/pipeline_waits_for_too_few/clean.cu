// All but the last one.
#include <cuda_pipeline.h>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)

constexpr int TILE = 64;

__global__ void kernel(const int *in, int *out, int n) {
    __shared__ int buffer[2][TILE];
    const int t = threadIdx.x, tiles = n / TILE;
    __pipeline_memcpy_async(&buffer[0][t], in + t, sizeof(int));
    __pipeline_commit();
    for (int tile = 0; tile < tiles; ++tile) {
        if (tile + 1 < tiles) __pipeline_memcpy_async(&buffer[(tile + 1) % 2][t], in + (tile + 1) * TILE + t, sizeof(int));
        __pipeline_commit();
        __pipeline_wait_prior(1);
        __syncthreads();
        out[tile * TILE + t] = buffer[tile % 2][TILE - 1 - t];
        __syncthreads();
    }
}

int main() {
    const int n = 512;
    std::vector<int> in(n), got(n);
    for (int i = 0; i < n; ++i) in[i] = i + 1;
    int *din, *dout;
    CHECK(cudaMalloc(&din, n * sizeof(int)));
    CHECK(cudaMalloc(&dout, n * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dout, 0, n * sizeof(int)));
    kernel<<<1, TILE>>>(din, dout, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got.data(), dout, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0] > 0);
    CHECK(cudaFree(din));
    CHECK(cudaFree(dout));
}
