// Two of four words have arrived when they are read as one.
#include <cuda_pipeline.h>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)

__global__ void kernel(const int *in, int *out, int n) {
    __shared__ int4 tile[32];
    const int t = threadIdx.x;
    int *words = reinterpret_cast<int *>(&tile[t]);
    const int *from = in + (blockIdx.x * 32 + t) * 4;
    __pipeline_memcpy_async(words, from, 8);
    __pipeline_commit();
    __pipeline_memcpy_async(words + 2, from + 2, 8);
    __pipeline_commit();
    __pipeline_wait_prior(1);
    const int4 all = tile[t];  // defect: uninitialized_read
    reinterpret_cast<int4 *>(out)[blockIdx.x * 32 + t] = all;
}

int main() {
    const int n = 512;
    std::vector<int> in(n), got(n);
    for (int i = 0; i < n; ++i) in[i] = i + 1;
    int *din, *dout;
    CHECK(cudaMalloc(&din, n * sizeof(int)));
    CHECK(cudaMalloc(&dout, n * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dout, 0, n * sizeof(int)));
    kernel<<<n / 128, 32>>>(din, dout, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got.data(), dout, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0] > 0);
    CHECK(cudaFree(din));
    CHECK(cudaFree(dout));
}
