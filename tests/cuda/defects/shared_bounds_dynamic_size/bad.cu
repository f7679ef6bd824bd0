// The launch asks for one float per thread, the kernel uses two.
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
__global__ void pair_sums(const float *in, float *out) {
    extern __shared__ float pairs[];
    const int t = threadIdx.x;
    pairs[t] = in[2 * t];
    pairs[blockDim.x + t] = in[2 * t + 1]; // defect: out_of_bounds
    __syncthreads();
    out[t] = pairs[t];
}

int main() {
    const int threads = 96;
    std::vector<float> in(2 * threads, 1.0f), out(threads);
    float *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, 2 * threads * sizeof(float)));
    CHECK(cudaMalloc(&d_out, threads * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), 2 * threads * sizeof(float), cudaMemcpyHostToDevice));
    pair_sums<<<1, threads, threads * sizeof(float)>>>(d_in, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, threads * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
