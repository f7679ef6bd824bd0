// A half precision product by warp matrix functions, for sizes that are no multiple of 16: the matrices are padded.
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

static int up(int n) { return (n + 15) / 16 * 16; }

__global__ void pad(const float *from, half *to, int rows, int cols, int padded) {
    const int row = blockIdx.y, col = blockIdx.x * blockDim.x + threadIdx.x;
    if (col < padded) to[row * padded + col] = row < rows && col < cols ? __float2half(from[row * cols + col]) : __float2half(0.0f);
}

__global__ void gemm(const half *a, const half *b, float *c, int M, int N, int K, float alpha, float beta) {
    const int tile_n = (blockIdx.x * blockDim.x + threadIdx.x) / warpSize, tile_m = blockIdx.y * blockDim.y + threadIdx.y;
    if (tile_m * 16 >= M || tile_n * 16 >= N) return;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc, old;
    wmma::fill_fragment(acc, 0.0f);
    for (int k = 0; k < K; k += 16) {
        wmma::load_matrix_sync(fa, a + tile_m * 16 * K + k, K);
        wmma::load_matrix_sync(fb, b + k * N + tile_n * 16, N);
        wmma::mma_sync(acc, fa, fb, acc);
    }
    float *to = c + tile_m * 16 * N + tile_n * 16;
    wmma::load_matrix_sync(old, to, N, wmma::mem_row_major);
    for (int i = 0; i < old.num_elements; ++i) old.x[i] = alpha * acc.x[i] + beta * old.x[i];
    wmma::store_matrix_sync(to, old, N, wmma::mem_row_major);
}

bool test(int M, int N, int K) {
    const int m = up(M), n = up(N), k = up(K);
    std::vector<float> a(M * K), b(K * N), c(m * n);
    for (size_t i = 0; i < a.size(); ++i) a[i] = (int)(i % 13) - 6;
    for (size_t i = 0; i < b.size(); ++i) b[i] = (int)(i % 7) - 3;
    for (size_t i = 0; i < c.size(); ++i) c[i] = (float)(i % 5);
    float *da, *db, *dc;
    half *pa, *pb;
    CHECK(cudaMalloc(&da, a.size() * sizeof(float)));
    CHECK(cudaMalloc(&db, b.size() * sizeof(float)));
    CHECK(cudaMalloc(&dc, c.size() * sizeof(float)));
    CHECK(cudaMalloc(&pa, m * k * sizeof(half)));
    CHECK(cudaMalloc(&pb, k * n * sizeof(half)));
    CHECK(cudaMemcpy(da, a.data(), a.size() * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size() * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dc, c.data(), c.size() * sizeof(float), cudaMemcpyHostToDevice));
    pad<<<dim3((k + 63) / 64, m), 64>>>(da, pa, M, K, k);
    pad<<<dim3((n + 63) / 64, k), 64>>>(db, pb, K, N, n);
    const dim3 block(64, 2);
    gemm<<<dim3((n + 31) / 32, (m + 31) / 32), block>>>(pa, pb, dc, m, n, k, 2.0f, 0.5f);
    CHECK(cudaGetLastError());
    std::vector<float> got(c.size());
    CHECK(cudaMemcpy(got.data(), dc, got.size() * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(da)); CHECK(cudaFree(db)); CHECK(cudaFree(dc)); CHECK(cudaFree(pa)); CHECK(cudaFree(pb));
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            float want = 0;
            for (int l = 0; l < K; ++l) want += a[i * K + l] * b[l * N + j];
            want = 2.0f * want + 0.5f * c[i * n + j];
            if (fabsf(want - got[i * n + j]) > 1e-3f) return false;
        }
    return true;
}

int main() {
    const bool right = test(16, 16, 16) && test(33, 17, 50) && test(1, 100, 3) && test(64, 40, 129);
    puts(right ? "right" : "wrong");
    return right ? 0 : 1;
}
