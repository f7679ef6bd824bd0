// The result is read through the pointer of the device.
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
__global__ void count_even(const int *in, int *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && in[i] % 2 == 0) atomicAdd(out, 1);
}

int main() {
    const int n = 1000;
    std::vector<int> in(n);
    for (int i = 0; i < n; ++i) in[i] = i;
    int *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, sizeof(int)));
    CHECK(cudaMemset(d_out, 0, sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    count_even<<<4, 256>>>(d_in, d_out, n);
    CHECK(cudaDeviceSynchronize());
    int count;
    CHECK(cudaMemcpy(&count, d_out, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", count);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
