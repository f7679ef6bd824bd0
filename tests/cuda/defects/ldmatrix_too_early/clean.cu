// None is.
// Arch: sm_80
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
    __shared__ __align__(16) int tile[2][32 * 4];   // rows of 16 bytes: 8 halves
    const int t = threadIdx.x, tiles = n / 128;
    auto fetch = [&](int i) {
        const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(&tile[i % 2][t * 4]));
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(in + i * 128 + t * 4) : "memory");
        asm volatile("cp.async.commit_group;" ::: "memory");
    };
    fetch(0);
    for (int i = 0; i < tiles; ++i) {
        if (i + 1 < tiles) fetch(i + 1);
        if (i + 1 < tiles) asm volatile("cp.async.wait_group 1;" ::: "memory");
        else asm volatile("cp.async.wait_group 0;" ::: "memory");
        __syncwarp();
        unsigned r[4];
        const unsigned row = static_cast<unsigned>(__cvta_generic_to_shared(&tile[i % 2][t * 4]));
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(row) : "memory");
        for (int j = 0; j < 4; ++j) out[i * 128 + j * 32 + t] = static_cast<int>(r[j]);
        __syncwarp();
    }
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
    kernel<<<1, 32>>>(din, dout, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(got.data(), dout, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0] > 0);
    CHECK(cudaFree(din));
    CHECK(cudaFree(dout));
}
