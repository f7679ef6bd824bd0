// D = alpha * A * B + beta * C in the manner of large tensor core products: eight warps, chunks of k in dynamic shared memory
// with a skew, the same memory used for tiles of C and D before and after.
// Arch: sm_80
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

using namespace nvcuda::wmma;

constexpr int M = 16, N = 16, K = 16, WARPS = 8, COL_TILES = 2, ROW_TILES = 4;   // a block: 8x8 tiles; a warp: 2x4 of them
constexpr int CHUNK = 4, SKEW = 16, SIDE = 128;   // tiles of k in a chunk, halves, elements of a block's side
constexpr int LINE = CHUNK * K + SKEW;

__global__ void __launch_bounds__(WARPS * 32) gemm(const half *A, const half *B, const float *C, float *D, int n, int k, float alpha, float beta) {
    extern __shared__ half lines[][LINE];
    const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    float *const tile = reinterpret_cast<float *>(&lines[0][0]);   // SIDE x SIDE
    float *const of_warp = tile + (warp / 2) * SIDE * M * COL_TILES + (warp % 2) * N * ROW_TILES;
    const size_t corner = static_cast<size_t>(blockIdx.y) * SIDE * n + blockIdx.x * SIDE;
    for (int row = warp; row < SIDE; row += WARPS)
        *(reinterpret_cast<int4 *>(tile + row * SIDE) + lane) = *(reinterpret_cast<const int4 *>(C + corner + static_cast<size_t>(row) * n) + lane);
    __syncthreads();
    fragment<accumulator, M, N, K, float> c[COL_TILES][ROW_TILES];
    for (int i = 0; i < COL_TILES; i++)
        for (int j = 0; j < ROW_TILES; j++) load_matrix_sync(c[i][j], of_warp + i * SIDE * M + j * N, SIDE, mem_row_major);
    __syncthreads();
    beta /= alpha;
    for (int i = 0; i < COL_TILES; i++)
        for (int j = 0; j < ROW_TILES; j++)
            for (int t = 0; t < c[i][j].num_elements; t++) c[i][j].x[t] *= beta;
    for (int tile_k = 0; tile_k < k / K; tile_k += CHUNK) {
        // The first four warps copy rows of A, the others columns of B: 8 lanes to a line.
        const half *from = (warp < 4 ? A + static_cast<size_t>(blockIdx.y) * SIDE * k : B + static_cast<size_t>(blockIdx.x) * SIDE * k) + tile_k * K;
        for (int line = warp % 4 * 4 + lane / 8; line < SIDE; line += 16)
            *(reinterpret_cast<int4 *>(lines[line + (warp < 4 ? 0 : SIDE)]) + lane % 8) = *(reinterpret_cast<const int4 *>(from + static_cast<size_t>(line) * k) + lane % 8);
        __syncthreads();
#pragma unroll
        for (int step = 0; step < CHUNK; step++) {
            fragment<matrix_a, M, N, K, half, row_major> a[COL_TILES];
            fragment<matrix_b, M, N, K, half, col_major> b[ROW_TILES];
#pragma unroll
            for (int i = 0; i < COL_TILES; i++) {
                load_matrix_sync(a[i], &lines[(warp / 2) * M * 2 + i * M][step * K], LINE);
#pragma unroll
                for (int j = 0; j < ROW_TILES; j++) {
                    if (i == 0) load_matrix_sync(b[j], &lines[SIDE + (ROW_TILES * N) * (warp % 2) + j * N][step * K], LINE);
                    mma_sync(c[i][j], a[i], b[j], c[i][j]);
                }
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < COL_TILES; i++)
        for (int j = 0; j < ROW_TILES; j++) {
            for (int t = 0; t < c[i][j].num_elements; t++) c[i][j].x[t] *= alpha;
            store_matrix_sync(of_warp + i * SIDE * M + j * N, c[i][j], SIDE, mem_row_major);
        }
    __syncthreads();
    for (int row = warp; row < SIDE; row += WARPS)
        *(reinterpret_cast<int4 *>(D + corner + static_cast<size_t>(row) * n) + lane) = *(reinterpret_cast<int4 *>(tile + row * SIDE) + lane);
}

int main() {
    const int m = 128, n = 256, k = 192;
    std::vector<half> a(m * k), b(n * k);
    std::vector<float> fa(a.size()), fb(b.size()), c(m * n), d(m * n);
    for (size_t i = 0; i < a.size(); ++i) a[i] = __float2half(fa[i] = (float)((int)(i * 37 % 5) - 2));
    for (size_t i = 0; i < b.size(); ++i) b[i] = __float2half(fb[i] = (float)((int)(i * 29 % 7) - 3));
    for (size_t i = 0; i < c.size(); ++i) c[i] = (float)(i % 3);
    half *da, *db;
    float *dc, *dd;
    CHECK(cudaMalloc(&da, a.size() * sizeof(half)));
    CHECK(cudaMalloc(&db, b.size() * sizeof(half)));
    CHECK(cudaMalloc(&dc, c.size() * sizeof(float)));
    CHECK(cudaMalloc(&dd, d.size() * sizeof(float)));
    CHECK(cudaMemcpy(da, a.data(), a.size() * sizeof(half), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size() * sizeof(half), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dc, c.data(), c.size() * sizeof(float), cudaMemcpyHostToDevice));
    const size_t shared = SIDE * SIDE * sizeof(float) > 2 * SIDE * LINE * sizeof(half) ? SIDE * SIDE * sizeof(float) : 2 * SIDE * LINE * sizeof(half);
    CHECK(cudaFuncSetAttribute(gemm, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared));
    gemm<<<dim3(n / SIDE, m / SIDE), WARPS * 32, shared>>>(da, db, dc, dd, n, k, 2.0f, 4.0f);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(d.data(), dd, d.size() * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(da)); CHECK(cudaFree(db)); CHECK(cudaFree(dc)); CHECK(cudaFree(dd));
    for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) {
            float want = 4 * c[i * n + j];
            for (int x = 0; x < k; ++x) want += 2 * fa[i * k + x] * fb[j * k + x];
            if (want != d[i * n + j]) return printf("(%d, %d): %g, not %g\n", i, j, d[i * n + j], want), 1;
        }
    puts("right");
}
