// Scratch memory is freed before the second kernel that uses it.
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
__global__ void square(const float *in, float *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = in[i] * in[i]; // defect: use_after_free
}

int main() {
    const int n = 256;
    std::vector<float> host(n, 2.0f);
    float *d_in, *d_scratch, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_scratch, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMemcpy(d_in, host.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    square<<<2, 128>>>(d_in, d_scratch, n);
    CHECK(cudaGetLastError());
    CHECK(cudaFree(d_scratch));
    square<<<2, 128>>>(d_scratch, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", host[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
