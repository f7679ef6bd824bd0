// Chunks go through one pinned buffer, which is filled again before its copy is known to be over.
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
__global__ void accumulate(const float *chunk, float *sums, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) sums[i] += chunk[i];
}

int main() {
    const int n = 256, chunks = 4;
    float *staging, *d_chunk, *d_sums;
    CHECK(cudaMallocHost(&staging, n * sizeof(float)));
    CHECK(cudaMalloc(&d_chunk, n * sizeof(float)));
    CHECK(cudaMalloc(&d_sums, n * sizeof(float)));
    CHECK(cudaMemset(d_sums, 0, n * sizeof(float)));
    CHECK(cudaDeviceSynchronize());
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    for (int chunk = 0; chunk < chunks; ++chunk) {
        for (int i = 0; i < n; ++i)
            staging[i] = chunk + i;
        CHECK(cudaMemcpyAsync(d_chunk, staging, n * sizeof(float), cudaMemcpyHostToDevice, stream));
        accumulate<<<2, 128, 0, stream>>>(d_chunk, d_sums, n);
        CHECK(cudaGetLastError());
        CHECK(cudaStreamSynchronize(stream));
    }
    CHECK(cudaStreamSynchronize(stream));
    std::vector<float> sums(n);
    CHECK(cudaMemcpy(sums.data(), d_sums, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", sums[0]);
    CHECK(cudaStreamDestroy(stream));
    CHECK(cudaFreeHost(staging));
    CHECK(cudaFree(d_chunk));
    CHECK(cudaFree(d_sums));
}
