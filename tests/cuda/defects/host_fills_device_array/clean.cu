// The input is written straight into memory of the device.
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
__global__ void scale(float *data, float factor, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] *= factor;
}

int main() {
    const int n = 512;
    float *data;
    CHECK(cudaMallocManaged(&data, n * sizeof(float)));
    for (int i = 0; i < n; ++i)
        data[i] = i;
    scale<<<2, 256>>>(data, 2.0f, n);
    CHECK(cudaDeviceSynchronize());
    float first;
    CHECK(cudaMemcpy(&first, data + 1, sizeof(float), cudaMemcpyDefault));
    std::printf("%g\n", first);
    CHECK(cudaFree(data));
}
