// The host reads managed memory while the kernel that writes it may still run.
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
__global__ void squares(int *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = i * i;
}

int main() {
    const int n = 256;
    int *out;
    CHECK(cudaMallocManaged(&out, n * sizeof(int)));
    squares<<<2, 128>>>(out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    long sum = 0;
    for (int i = 0; i < n; ++i)
        sum += out[i];
    std::printf("%ld\n", sum);
    CHECK(cudaFree(out));
}
