// Sums are added to an output that nobody set to zero.
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
__global__ void column_sums(const float *matrix, float *sums, int rows, int columns) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= columns) return;
    for (int row = 0; row < rows; ++row)
        sums[column] += matrix[row * columns + column]; // defect: uninitialized_read
}

int main() {
    const int rows = 20, columns = 100;
    std::vector<float> matrix(rows * columns, 1.0f), sums(columns);
    float *d_matrix, *d_sums;
    CHECK(cudaMalloc(&d_matrix, rows * columns * sizeof(float)));
    CHECK(cudaMalloc(&d_sums, columns * sizeof(float)));
    CHECK(cudaMemcpy(d_matrix, matrix.data(), rows * columns * sizeof(float), cudaMemcpyHostToDevice));
    column_sums<<<2, 64>>>(d_matrix, d_sums, rows, columns);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(sums.data(), d_sums, columns * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", sums[0]);
    CHECK(cudaFree(d_matrix));
    CHECK(cudaFree(d_sums));
}
