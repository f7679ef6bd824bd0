// The copy to the device is queued in another stream than the kernel that reads it.
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
__global__ void add_one(const int *in, int *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = in[i] + 1; // defect: race
}

int main() {
    const int n = 1000;
    int *pinned, *d_in, *d_out;
    CHECK(cudaMallocHost(&pinned, n * sizeof(int)));
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, n * sizeof(int)));
    for (int i = 0; i < n; ++i) pinned[i] = i;
    cudaStream_t copies, kernels;
    CHECK(cudaStreamCreateWithFlags(&copies, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&kernels, cudaStreamNonBlocking));
    CHECK(cudaMemcpyAsync(d_in, pinned, n * sizeof(int), cudaMemcpyHostToDevice, copies)); // defect: race
    add_one<<<4, 256, 0, kernels>>>(d_in, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(pinned, d_out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", pinned[n - 1]);
    CHECK(cudaStreamDestroy(copies));
    CHECK(cudaStreamDestroy(kernels));
    CHECK(cudaFreeHost(pinned));
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
