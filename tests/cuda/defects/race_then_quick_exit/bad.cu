// The program ends itself as soon as it sees the wrong count: what was found before must not be lost.
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
__global__ void count(const int *in, int *total, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && in[i] > 0) *total += 1; // defect: race
}

int main() {
    const int n = 1000;
    std::vector<int> in(n, 1);
    int *values, *total, out = 0;
    CHECK(cudaMalloc(&values, n * sizeof(int)));
    CHECK(cudaMalloc(&total, sizeof(int)));
    CHECK(cudaMemcpy(values, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(total, 0, sizeof(int)));
    count<<<4, 256>>>(values, total, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, total, sizeof out, cudaMemcpyDeviceToHost));
    if (out != n + 1) std::quick_exit(1);
}
