// A matrix whose owner goes out of scope frees the elements while a copy of it still points to them.
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
struct Matrix {
    int rows, columns;
    float *elements;
};

struct Owner {
    Matrix matrix;
    explicit Owner(int rows, int columns) : matrix{rows, columns, nullptr} {
        CHECK(cudaMalloc(&matrix.elements, rows * columns * sizeof(float)));
        CHECK(cudaMemset(matrix.elements, 0, rows * columns * sizeof(float)));
    }
    ~Owner() { cudaFree(matrix.elements); }
};

__global__ void trace(Matrix matrix, float *out) {
    float sum = 0;
    for (int i = 0; i < matrix.rows; ++i)
        sum += matrix.elements[i * matrix.columns + i];
    *out = sum;
}

int main() {
    float *d_out, out;
    CHECK(cudaMalloc(&d_out, sizeof(float)));
    Matrix matrix;
    Owner owner(8, 8);
    matrix = owner.matrix;
    trace<<<1, 1>>>(matrix, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, d_out, sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out);
    CHECK(cudaFree(d_out));
}
