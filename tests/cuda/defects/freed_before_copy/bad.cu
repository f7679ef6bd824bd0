// The result is freed before it is copied back.
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
__global__ void fill(int *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = i;
}

int main() {
    const int n = 100;
    std::vector<int> host(n);
    int *d_out;
    CHECK(cudaMalloc(&d_out, n * sizeof(int)));
    fill<<<1, 128>>>(d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaFree(d_out));
    CHECK(cudaMemcpy(host.data(), d_out, n * sizeof(int), cudaMemcpyDeviceToHost)); // defect: use_after_free
    std::printf("%d\n", host[n - 1]);
}
