// Tiled matrix product.
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
template <int Tile>
__global__ void matmul(const float *a, const float *b, float *c, int n) {
    __shared__ float as[Tile][Tile];
    __shared__ float bs[Tile][Tile];
    const int row = blockIdx.y * Tile + threadIdx.y, column = blockIdx.x * Tile + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < n / Tile; ++t) {
        as[threadIdx.y][threadIdx.x] = a[row * n + t * Tile + threadIdx.x]; // defect: race
        bs[threadIdx.y][threadIdx.x] = b[(t * Tile + threadIdx.y) * n + column];
        for (int k = 0; k < Tile; ++k)
            sum += as[threadIdx.y][k] * bs[k][threadIdx.x]; // defect: race
        __syncthreads();
    }
    c[row * n + column] = sum;
}

int main() {
    const int n = 64;
    std::vector<float> a(n * n, 1.0f), b(n * n, 2.0f), c(n * n);
    const size_t bytes = n * n * sizeof(float);
    float *d_a, *d_b, *d_c;
    CHECK(cudaMalloc(&d_a, bytes));
    CHECK(cudaMalloc(&d_b, bytes));
    CHECK(cudaMalloc(&d_c, bytes));
    CHECK(cudaMemcpy(d_a, a.data(), bytes, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(d_b, b.data(), bytes, cudaMemcpyHostToDevice));
    matmul<16><<<dim3(n / 16, n / 16), dim3(16, 16)>>>(d_a, d_b, d_c, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(c.data(), d_c, bytes, cudaMemcpyDeviceToHost));
    std::printf("%g\n", c[0]);
    CHECK(cudaFree(d_a));
    CHECK(cudaFree(d_b));
    CHECK(cudaFree(d_c));
}
