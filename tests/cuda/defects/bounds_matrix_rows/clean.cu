// Row sums of a matrix that is not square: rows and columns are mixed up.
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
__global__ void row_sums(const float *matrix, float *sums, int rows, int columns) {
    const int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    float sum = 0;
    for (int column = 0; column < columns; ++column)
        sum += matrix[row * columns + column];
    if (row < rows) sums[row] = sum;
}

int main() {
    const int rows = 50, columns = 70;
    std::vector<float> matrix(rows * columns, 1.0f), sums(rows);
    float *d_matrix, *d_sums;
    CHECK(cudaMalloc(&d_matrix, rows * columns * sizeof(float)));
    CHECK(cudaMalloc(&d_sums, rows * sizeof(float)));
    CHECK(cudaMemcpy(d_matrix, matrix.data(), rows * columns * sizeof(float), cudaMemcpyHostToDevice));
    row_sums<<<3, 32>>>(d_matrix, d_sums, rows, columns);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(sums.data(), d_sums, rows * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", sums[0]);
    CHECK(cudaFree(d_matrix));
    CHECK(cudaFree(d_sums));
}
