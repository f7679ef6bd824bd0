// A product of quantised matrices: signed and unsigned bytes, sums in whole numbers that saturate, scaled in the fragments.
// Arch: sm_75
#include <mma.h>
#include <climits>
#include <cstdint>
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

template <class T>
__global__ void gemm(const T *a, const T *b, int *c, float *scaled, int M, int N, int K, float scale) {
    const int tile_n = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, tile_m = blockIdx.y;
    if (tile_n * 16 >= N) return;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::col_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, int> acc;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> out;
    wmma::fill_fragment(acc, 0);
    for (int k = 0; k < K; k += 16) {
        wmma::load_matrix_sync(fa, a + tile_m * 16 * K + k, K);
        wmma::load_matrix_sync(fb, b + tile_n * 16 * K + k, K);
        wmma::mma_sync(acc, fa, fb, acc);
    }
    wmma::store_matrix_sync(c + tile_m * 16 * N + tile_n * 16, acc, N, wmma::mem_row_major);
    for (int i = 0; i < acc.num_elements; ++i) out.x[i] = (float)acc.x[i] * scale;   // accumulators of one shape are alike
    wmma::store_matrix_sync(scaled + tile_m * 16 * N + tile_n * 16, out, N, wmma::mem_row_major);
}

__global__ void saturating(int *out) {
    wmma::fragment<wmma::matrix_a, 16, 16, 16, signed char, wmma::row_major> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, signed char, wmma::row_major> b;
    wmma::fragment<wmma::accumulator, 16, 16, 16, int> c, d;
    wmma::fill_fragment(a, (signed char)-128);
    wmma::fill_fragment(b, (signed char)127);
    wmma::fill_fragment(c, INT_MIN + 10);
    wmma::mma_sync(d, a, b, c, true);
    wmma::store_matrix_sync(out, d, 16, wmma::mem_row_major);
    wmma::mma_sync(d, a, b, c);
    wmma::store_matrix_sync(out + 256, d, 16, wmma::mem_col_major);
}

template <class T>
bool test(int M, int N, int K) {
    std::vector<T> a(M * K), b(K * N);
    for (size_t i = 0; i < a.size(); ++i) a[i] = (T)(i * 57 % 256);
    for (size_t i = 0; i < b.size(); ++i) b[i] = (T)(i * 91 % 253);
    T *da, *db;
    int *dc;
    float *ds;
    CHECK(cudaMalloc(&da, a.size()));
    CHECK(cudaMalloc(&db, b.size()));
    CHECK(cudaMalloc(&dc, M * N * sizeof(int)));
    CHECK(cudaMalloc(&ds, M * N * sizeof(float)));
    CHECK(cudaMemcpy(da, a.data(), a.size(), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size(), cudaMemcpyHostToDevice));
    gemm<T><<<dim3((N / 16 + 3) / 4, M / 16), 128>>>(da, db, dc, ds, M, N, K, 0.5f);
    CHECK(cudaGetLastError());
    std::vector<int> c(M * N);
    std::vector<float> s(M * N);
    CHECK(cudaMemcpy(c.data(), dc, M * N * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(s.data(), ds, M * N * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(da)); CHECK(cudaFree(db)); CHECK(cudaFree(dc)); CHECK(cudaFree(ds));
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            int want = 0;
            for (int k = 0; k < K; ++k) want += a[i * K + k] * b[j * K + k];
            if (want != c[i * N + j] || want * 0.5f != s[i * N + j]) return false;
        }
    return true;
}

int main() {
    if (!test<signed char>(32, 80, 48) || !test<unsigned char>(16, 16, 160)) return puts("wrong"), 1;
    int *out, got[512];
    CHECK(cudaMalloc(&out, sizeof got));
    saturating<<<1, 32>>>(out);
    CHECK(cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(out));
    const int wrapped = (int)((unsigned)INT_MIN + 10u - 16u * 128u * 127u);
    for (int i = 0; i < 256; ++i)
        if (got[i] != INT_MIN || got[256 + i] != wrapped) return printf("%d %d\n", got[i], got[256 + i]), 1;
    puts("right");
}
