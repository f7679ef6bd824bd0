// Jacobi iteration between two grids; the border of the second is never written.
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
__global__ void jacobi(const float *from, float *to, int n) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < 1 || y < 1 || x >= n - 1 || y >= n - 1) return;
    to[y * n + x] = 0.25f * (from[y * n + x - 1] + from[y * n + x + 1] + from[(y - 1) * n + x] + from[(y + 1) * n + x]); // defect: uninitialized_read
}

int main() {
    const int n = 34;
    std::vector<float> grid(n * n, 1.0f);
    float *a, *b;
    CHECK(cudaMalloc(&a, n * n * sizeof(float)));
    CHECK(cudaMalloc(&b, n * n * sizeof(float)));
    CHECK(cudaMemcpy(a, grid.data(), n * n * sizeof(float), cudaMemcpyHostToDevice));
    for (int step = 0; step < 4; ++step) {
        jacobi<<<dim3(3, 3), dim3(16, 16)>>>(step % 2 == 0 ? a : b, step % 2 == 0 ? b : a, n);
        CHECK(cudaGetLastError());
    }
    CHECK(cudaMemcpy(grid.data(), a, n * n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", grid[n + 1]);
    CHECK(cudaFree(a));
    CHECK(cudaFree(b));
}
