// Rows of 24 halves.
#include <cuda_fp16.h>
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

constexpr int ROW = 24;

__global__ void kernel(const int *in, int *out, int n) {
    __shared__ __align__(16) half tile[8 * ROW];
    const int t = threadIdx.x;
    for (int i = t; i < 64; i += 32) tile[i / 8 * ROW + i % 8] = __int2half_rn(in[i]);
    __syncwarp();
    unsigned fragment;
    const unsigned row = static_cast<unsigned>(__cvta_generic_to_shared(tile + t % 8 * ROW));
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(fragment) : "r"(row) : "memory");
    out[t] = static_cast<int>(fragment);
}

int main() {
    const int n = 64;
    std::vector<int> in(n), got(n);
    for (int i = 0; i < n; ++i) in[i] = i + 1;
    int *din, *dout;
    CHECK(cudaMalloc(&din, n * sizeof(int)));
    CHECK(cudaMalloc(&dout, n * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dout, 0, n * sizeof(int)));
    kernel<<<1, 32>>>(din, dout, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got.data(), dout, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0] > 0);
    CHECK(cudaFree(din));
    CHECK(cudaFree(dout));
}
