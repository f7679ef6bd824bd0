// Products in tf32, converted as the guide asks and close to the exact ones, and in double, exact; a column-major C.
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

using namespace nvcuda;

__global__ void tf32(const float *a, const float *b, float *c, int M, int N, int K) {
    wmma::fragment<wmma::matrix_a, 16, 16, 8, wmma::precision::tf32, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 8, wmma::precision::tf32, wmma::row_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 8, float> acc;
    wmma::fill_fragment(acc, 0.0f);
    for (int k = 0; k < K; k += 8) {
        wmma::load_matrix_sync(fa, a + blockIdx.y * 16 * K + k, K);
        wmma::load_matrix_sync(fb, b + k * N + blockIdx.x * 16, N);
        for (int t = 0; t < fa.num_elements; t++) fa.x[t] = wmma::__float_to_tf32(fa.x[t]);
        for (int t = 0; t < fb.num_elements; t++) fb.x[t] = wmma::__float_to_tf32(fb.x[t]);
        wmma::mma_sync(acc, fa, fb, acc);
    }
    wmma::store_matrix_sync(c + blockIdx.x * 16 * M + blockIdx.y * 16, acc, M, wmma::mem_col_major);
}

__global__ void doubles(const double *a, const double *b, double *c, int M, int N, int K) {
    wmma::fragment<wmma::matrix_a, 8, 8, 4, double, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 8, 8, 4, double, wmma::col_major> fb;
    wmma::fragment<wmma::accumulator, 8, 8, 4, double> acc;
    wmma::fill_fragment(acc, 0.0);
    for (int k = 0; k < K; k += 4) {
        wmma::load_matrix_sync(fa, a + blockIdx.y * 8 * K + k, K);
        wmma::load_matrix_sync(fb, b + blockIdx.x * 8 * K + k, K);
        wmma::mma_sync(acc, fa, fb, acc);
    }
    wmma::store_matrix_sync(c + blockIdx.y * 8 * N + blockIdx.x * 8, acc, N, wmma::mem_row_major);
}

__global__ void rounding(float *out) {
    // 1 + 2^-11 lies between two numbers of tf32, and goes away from zero; a little less goes down.
    out[0] = wmma::__float_to_tf32(1.0f + 0x1p-11f);
    out[1] = wmma::__float_to_tf32(-1.0f - 0x1p-11f);
    out[2] = wmma::__float_to_tf32(1.0f + 0x1.ffcp-12f);
}

template <class T, class Launch>
std::vector<T> run(const std::vector<T> &a, const std::vector<T> &b, size_t n, Launch launch) {
    T *da, *db, *dc;
    std::vector<T> c(n);
    CHECK(cudaMalloc(&da, a.size() * sizeof(T)));
    CHECK(cudaMalloc(&db, b.size() * sizeof(T)));
    CHECK(cudaMalloc(&dc, n * sizeof(T)));
    CHECK(cudaMemcpy(da, a.data(), a.size() * sizeof(T), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size() * sizeof(T), cudaMemcpyHostToDevice));
    launch(da, db, dc);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(c.data(), dc, n * sizeof(T), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(da)); CHECK(cudaFree(db)); CHECK(cudaFree(dc));
    return c;
}

int main() {
    const int M = 48, N = 32, K = 40;
    std::vector<float> a(M * K), b(K * N);
    for (size_t i = 0; i < a.size(); ++i) a[i] = sinf((float)i);
    for (size_t i = 0; i < b.size(); ++i) b[i] = cosf((float)i * 0.7f);
    const auto c = run(a, b, M * N, [&](float *da, float *db, float *dc) { tf32<<<dim3(N / 16, M / 16), 32>>>(da, db, dc, M, N, K); });
    double most = 0;
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            double want = 0;
            for (int k = 0; k < K; ++k) want += (double)a[i * K + k] * b[k * N + j];
            most = fmax(most, fabs(want - c[j * M + i]));
        }
    if (most > K * 0x1p-10 || most < 1e-6) return printf("off by %g\n", most), 1;   // ten bits of mantissa, and not more
    std::vector<double> x(M * K), y(N * K);
    for (size_t i = 0; i < x.size(); ++i) x[i] = (double)(i % 1001) * 1e6 + 1;
    for (size_t i = 0; i < y.size(); ++i) y[i] = (double)(i % 97) * 3;
    const auto z = run(x, y, M * N, [&](double *dx, double *dy, double *dz) { doubles<<<dim3(N / 8, M / 8), 32>>>(dx, dy, dz, M, N, K); });
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            double want = 0;
            for (int k = 0; k < K; ++k) want += x[i * K + k] * y[j * K + k];
            if (want != z[i * N + j]) return printf("(%d, %d): %.17g, not %.17g\n", i, j, z[i * N + j], want), 1;
        }
    const auto r = run(a, b, 3, [](float *, float *, float *out) { rounding<<<1, 1>>>(out); });
    if (r[0] != 1 + 0x1p-10f || r[1] != -1 - 0x1p-10f || r[2] != 1) return printf("%a %a %a\n", r[0], r[1], r[2]), 1;
    puts("right");
}
