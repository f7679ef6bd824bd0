// Several steps of diffusion in one block, between two buffers.
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
constexpr int kCells = 128;

__global__ void diffuse(float *cells, int steps) {
    __shared__ float buffers[2][kCells];
    const int t = threadIdx.x, left = t == 0 ? 0 : t - 1, right = t == kCells - 1 ? t : t + 1;
    buffers[0][t] = cells[t];
    __syncthreads();
    for (int step = 0; step < steps; ++step) {
        const float *from = buffers[0];
        float *to = buffers[0];
        const float next = 0.25f * from[left] + 0.5f * from[t] + 0.25f * from[right]; // defect: race
        to[t] = next; // defect: race
        __syncthreads();
    }
    cells[t] = buffers[0][t];
}

int main() {
    std::vector<float> cells(kCells, 0.0f);
    cells[kCells / 2] = 1.0f;
    float *d_cells;
    CHECK(cudaMalloc(&d_cells, kCells * sizeof(float)));
    CHECK(cudaMemcpy(d_cells, cells.data(), kCells * sizeof(float), cudaMemcpyHostToDevice));
    diffuse<<<1, kCells>>>(d_cells, 9);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(cells.data(), d_cells, kCells * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", cells[kCells / 2]);
    CHECK(cudaFree(d_cells));
}
