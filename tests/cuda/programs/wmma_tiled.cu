// A half precision product by tiles in shared memory, four warps to a block, each with a 2 by 2 of fragments.
// Arch: sm_75
#include <mma.h>
#include <cstdio>
#include <cstdlib>
#include <cmath>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

using namespace nvcuda;

constexpr int TM = 64, TN = 64, TK = 32, SKEW = 8;

__global__ void __launch_bounds__(128) gemm(const half *__restrict__ a, const half *__restrict__ b, float *__restrict__ c, int M, int N, int K) {
    __shared__ half as[TM][TK + SKEW];
    __shared__ half bs[TK][TN + SKEW];
    const int warp = threadIdx.x / 32, row0 = blockIdx.y * TM, col0 = blockIdx.x * TN;
    const int wm = warp / 2 * 32, wn = warp % 2 * 32;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc[2][2];
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j) wmma::fill_fragment(acc[i][j], 0.0f);
    for (int k0 = 0; k0 < K; k0 += TK) {
        for (int i = threadIdx.x; i < TM * TK / 8; i += blockDim.x) {
            const int r = i / (TK / 8), k = i % (TK / 8) * 8;
            *reinterpret_cast<float4 *>(&as[r][k]) = *reinterpret_cast<const float4 *>(&a[(row0 + r) * K + k0 + k]);
        }
        for (int i = threadIdx.x; i < TK * TN / 8; i += blockDim.x) {
            const int k = i / (TN / 8), n = i % (TN / 8) * 8;
            *reinterpret_cast<float4 *>(&bs[k][n]) = *reinterpret_cast<const float4 *>(&b[(k0 + k) * N + col0 + n]);
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < TK; k += 16) {
            wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa[2];
            wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> fb[2];
            for (int i = 0; i < 2; ++i) {
                wmma::load_matrix_sync(fa[i], &as[wm + i * 16][k], TK + SKEW);
                wmma::load_matrix_sync(fb[i], &bs[k][wn + i * 16], TN + SKEW);
            }
            for (int i = 0; i < 2; ++i)
                for (int j = 0; j < 2; ++j) wmma::mma_sync(acc[i][j], fa[i], fb[j], acc[i][j]);
        }
        __syncthreads();
    }
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
            wmma::store_matrix_sync(&c[(row0 + wm + i * 16) * N + col0 + wn + j * 16], acc[i][j], N, wmma::mem_row_major);
}

int main() {
    const int M = 192, N = 256, K = 160;
    std::vector<half> a(M * K), b(K * N);
    std::vector<float> fa(a.size()), fb(b.size()), c(M * N);
    for (size_t i = 0; i < a.size(); ++i) a[i] = __float2half(fa[i] = (float)((int)(i * 37 % 17) - 8) / 8);
    for (size_t i = 0; i < b.size(); ++i) b[i] = __float2half(fb[i] = (float)((int)(i * 29 % 19) - 9) / 4);
    half *da, *db;
    float *dc;
    CHECK(cudaMalloc(&da, a.size() * sizeof(half)));
    CHECK(cudaMalloc(&db, b.size() * sizeof(half)));
    CHECK(cudaMalloc(&dc, c.size() * sizeof(float)));
    CHECK(cudaMemcpy(da, a.data(), a.size() * sizeof(half), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size() * sizeof(half), cudaMemcpyHostToDevice));
    gemm<<<dim3(N / TN, M / TM), 128>>>(da, db, dc, M, N, K);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(c.data(), dc, c.size() * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(da)); CHECK(cudaFree(db)); CHECK(cudaFree(dc));
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            double want = 0;
            for (int k = 0; k < K; ++k) want += (double)fa[i * K + k] * fb[k * N + j];
            if (fabs(want - c[i * N + j]) > 1e-3) return printf("(%d, %d): %g, not %g\n", i, j, c[i * N + j], want), 1;
        }
    puts("right");
}
