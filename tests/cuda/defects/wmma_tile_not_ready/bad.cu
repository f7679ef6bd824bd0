// No barrier between the filling of a shared tile and the fragments that are loaded of it.
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
    __shared__ __align__(32) half as[32 * 16];
    const int warp = threadIdx.x / 32, row0 = blockIdx.y * 32, col0 = blockIdx.x * 16;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc;
    wmma::fill_fragment(acc, 0.0f);
    for (int k = 0; k < K; k += 16) {
        for (int i = threadIdx.x; i < 512; i += blockDim.x) as[i] = a[(row0 + i / 16) * K + k + i % 16];
        __syncwarp();
        wmma::load_matrix_sync(fa, as + warp * 256, 16);  // defect: race
        wmma::load_matrix_sync(fb, b + k * N + col0, N);
        wmma::mma_sync(acc, fa, fb, acc);
        __syncthreads();
    }
    wmma::store_matrix_sync(c + (row0 + warp * 16) * N + col0, acc, N, wmma::mem_row_major);
}

int main() {
    const int M = 32, N = 48, K = 64;
    half *a, *b;
    float *c;
    CHECK(cudaMalloc(&a, M * K * sizeof(half)));
    CHECK(cudaMalloc(&b, K * N * sizeof(half)));
    CHECK(cudaMalloc(&c, M * N * sizeof(float)));
    std::vector<half> one(M * K > K * N ? M * K : K * N, __float2half(1.0f));
    CHECK(cudaMemcpy(a, one.data(), M * K * sizeof(half), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(b, one.data(), K * N * sizeof(half), cudaMemcpyHostToDevice));
    gemm<<<dim3(N / 16, M / 32), 64>>>(a, b, c, M, N, K);
    CHECK(cudaDeviceSynchronize());
    std::vector<float> got(M * N);
    CHECK(cudaMemcpy(got.data(), c, M * N * sizeof(float), cudaMemcpyDeviceToHost));
    for (float v : got)
        if (v != K) return std::printf("%g\n", v), 1;
    CHECK(cudaFree(a));
    CHECK(cudaFree(b));
    CHECK(cudaFree(c));
}
