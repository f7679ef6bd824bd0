// Tiled matrix product of dynamic shared memory.
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
__global__ void matmul(const float *a, const float *b, float *c, int n) {
    extern __shared__ float tiles[];
    const int tile = blockDim.x, x = threadIdx.x, y = threadIdx.y;
    float *as = tiles, *bs = tiles + tile * tile;
    const int row = blockIdx.y * tile + y, column = blockIdx.x * tile + x;
    float sum = 0;
    for (int t = 0; t < n / tile; ++t) {
        as[y * tile + x] = a[row * n + t * tile + x];
        bs[y * tile + x] = b[(t * tile + y) * n + column];
        __syncthreads();
        for (int k = 0; k < tile; ++k)
            sum += as[y * tile + k] * bs[k * tile + x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}

int main() {
    const int n = 48, tile = 16;
    std::vector<float> a(n * n, 0.5f), b(n * n, 2.0f), c(n * n);
    const size_t bytes = n * n * sizeof(float);
    float *d_a, *d_b, *d_c;
    CHECK(cudaMalloc(&d_a, bytes));
    CHECK(cudaMalloc(&d_b, bytes));
    CHECK(cudaMalloc(&d_c, bytes));
    CHECK(cudaMemcpy(d_a, a.data(), bytes, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(d_b, b.data(), bytes, cudaMemcpyHostToDevice));
    matmul<<<dim3(n / tile, n / tile), dim3(tile, tile), 2 * tile * tile * sizeof(float)>>>(d_a, d_b, d_c, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(c.data(), d_c, bytes, cudaMemcpyDeviceToHost));
    std::printf("%g\n", c[n]);
    CHECK(cudaFree(d_a));
    CHECK(cudaFree(d_b));
    CHECK(cudaFree(d_c));
}
