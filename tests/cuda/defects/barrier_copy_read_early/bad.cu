// Copies are handed to a barrier, and read before its phase has ended.
#include <cuda_awbarrier.h>
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

using nvcuda::experimental::awbarrier;

__global__ void kernel(const int *in, int *out, int n) {
    __shared__ int tile[128];
    __shared__ awbarrier barrier;
    nvcuda::experimental::pipeline pipe;
    const int t = threadIdx.x, i = blockIdx.x * 128 + t;
    if (t == 0) init(&barrier, 128);
    __syncthreads();
    nvcuda::experimental::memcpy_async(tile[t], in[i], pipe);
    pipe.arrive_on(barrier);
    int sum = tile[t];  // defect: uninitialized_read
    barrier.arrive_and_wait();
    out[i] = sum + tile[127 - t];
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
    kernel<<<n / 128, 128>>>(din, dout, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got.data(), dout, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0] > 0);
    CHECK(cudaFree(din));
    CHECK(cudaFree(dout));
}
