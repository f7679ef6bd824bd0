// A block of 64 threads.
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

__global__ void kernel(const int *in, int *out, int n) {
    float d[4] = {0, 0, 0, 0};
    const unsigned ones = 0x3c003c00;   // two halves
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%4}, {%4}, {%0,%1,%2,%3};" : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(ones));
    out[threadIdx.x] = static_cast<int>(d[0]) + in[threadIdx.x];
}

constexpr int THREADS = 64;

int main() {
    const int n = 64;
    std::vector<int> in(n), got(n);
    for (int i = 0; i < n; ++i) in[i] = i + 1;
    int *din, *dout;
    CHECK(cudaMalloc(&din, n * sizeof(int)));
    CHECK(cudaMalloc(&dout, n * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dout, 0, n * sizeof(int)));
    kernel<<<1, THREADS>>>(din, dout, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got.data(), dout, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0] > 0);
    CHECK(cudaFree(din));
    CHECK(cudaFree(dout));
}
