// The kernel is given the pointer of a std::vector of the host.
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
__global__ void gather(const float *table, const int *indices, float *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = table[indices[i]];
}

int main() {
    const int n = 200;
    std::vector<float> table(n, 1.5f), out(n);
    std::vector<int> indices(n);
    for (int i = 0; i < n; ++i) indices[i] = n - 1 - i;
    float *d_table, *d_out;
    int *d_indices;
    CHECK(cudaMalloc(&d_table, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMalloc(&d_indices, n * sizeof(int)));
    CHECK(cudaMemcpy(d_table, table.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(d_indices, indices.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    gather<<<2, 128>>>(d_table, d_indices, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_table));
    CHECK(cudaFree(d_out));
    CHECK(cudaFree(d_indices));
}
