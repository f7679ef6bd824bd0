// Two warps add their halves of k up by storing to one tile.
#include <mma.h>
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

using namespace nvcuda;


__global__ void gemm(const half *a, const half *b, float *c, int M, int N, int K) {
    __shared__ __align__(32) float sums[2][16 * 16];
    const int warp = threadIdx.x / 32;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc;
    wmma::fill_fragment(acc, 0.0f);
    for (int k = warp * 16; k < K; k += 32) {
        wmma::load_matrix_sync(fa, a + blockIdx.y * 16 * K + k, K);
        wmma::load_matrix_sync(fb, b + k * N + blockIdx.x * 16, N);
        wmma::mma_sync(acc, fa, fb, acc);
    }
    for (int i = 0; i < acc.num_elements; ++i) acc.x[i] += warp;
    wmma::store_matrix_sync(sums[0], acc, 16, wmma::mem_row_major);  // defect: race
    __syncthreads();
    for (int i = threadIdx.x; i < 256; i += blockDim.x)
        c[(blockIdx.y * 16 + i / 16) * N + blockIdx.x * 16 + i % 16] = sums[0][i];
}

int main() {
    const int M = 16, N = 32, K = 64;
    half *a, *b;
    float *c;
    CHECK(cudaMalloc(&a, M * K * sizeof(half)));
    CHECK(cudaMalloc(&b, K * N * sizeof(half)));
    CHECK(cudaMalloc(&c, M * N * sizeof(float)));
    std::vector<half> one(M * K > K * N ? M * K : K * N, __float2half(1.0f));
    CHECK(cudaMemcpy(a, one.data(), M * K * sizeof(half), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(b, one.data(), K * N * sizeof(half), cudaMemcpyHostToDevice));
    gemm<<<dim3(N / 16, M / 16), 64>>>(a, b, c, M, N, K);
    CHECK(cudaDeviceSynchronize());
    std::vector<float> got(M * N);
    CHECK(cudaMemcpy(got.data(), c, M * N * sizeof(float), cudaMemcpyDeviceToHost));
    for (float v : got)
        if (v != K) return std::printf("%g\n", v), 1;
    CHECK(cudaFree(a));
    CHECK(cudaFree(b));
    CHECK(cudaFree(c));
}
