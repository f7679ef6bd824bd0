// Every size, element type and layout of warp matrix functions, with values that no transposition leaves as they are.
// Arch: sm_80
#include <mma.h>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <vector>

using namespace nvcuda;

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

template <class T> struct Stored { using type = T; };
template <> struct Stored<wmma::precision::tf32> { using type = float; };

template <class T> __host__ __device__ T from_int(int v) { return static_cast<T>(v); }
template <> __host__ __device__ half from_int<half>(int v) { return __float2half(static_cast<float>(v)); }
template <> __host__ __device__ __nv_bfloat16 from_int<__nv_bfloat16>(int v) { return __float2bfloat16(static_cast<float>(v)); }
template <class T> double to_double(T v) { return static_cast<double>(v); }
template <> double to_double<half>(half v) { return __half2float(v); }

template <int M, int N, int K, class T, class C, class D, class LA, class LB>
__global__ void product(const typename Stored<T>::type *a, const typename Stored<T>::type *b, const C *c, D *d, int lda, int ldb, int ldc, wmma::layout_t layout) {
    wmma::fragment<wmma::matrix_a, M, N, K, T, LA> fa;
    wmma::fragment<wmma::matrix_b, M, N, K, T, LB> fb;
    wmma::fragment<wmma::accumulator, M, N, K, C> fc;
    wmma::fragment<wmma::accumulator, M, N, K, D> fd;
    wmma::load_matrix_sync(fa, a, lda);
    wmma::load_matrix_sync(fb, b, ldb);
    wmma::load_matrix_sync(fc, c, ldc, layout);
    wmma::mma_sync(fd, fa, fb, fc);
    for (int i = 0; i < fd.num_elements; ++i) fd.x[i] = fd.x[i] + from_int<D>(1);
    wmma::store_matrix_sync(d, fd, ldc, layout);
}

template <int M, int N, int K, class T, class C, class D, class LA, class LB>
bool test(wmma::layout_t layout) {
    using S = typename Stored<T>::type;
    const bool ra = std::is_same<LA, wmma::row_major>::value, rb = std::is_same<LB, wmma::row_major>::value, rc = layout == wmma::mem_row_major;
    const int pad = 16, lda = (ra ? K : M) + pad, ldb = (rb ? N : K) + pad, ldc = (rc ? N : M) + pad;
    std::vector<S> a(lda * (ra ? M : K)), b(ldb * (rb ? K : N));
    std::vector<C> c(ldc * (rc ? M : N), from_int<C>(0));
    std::vector<D> d(c.size());
    auto va = [](int i, int k) { return (i * 7 + k * 3) % 11 - (std::is_same<S, unsigned char>::value ? 0 : 5); };
    auto vb = [](int k, int j) { return (k * 5 + j * 2 + k * j) % 9 - (std::is_same<S, unsigned char>::value ? 0 : 4); };
    auto vc = [](int i, int j) { return i - 2 * j; };
    for (auto &x : a) x = from_int<S>(99);
    for (auto &x : b) x = from_int<S>(77);
    for (int i = 0; i < M; ++i) for (int k = 0; k < K; ++k) a[ra ? i * lda + k : k * lda + i] = from_int<S>(va(i, k));
    for (int k = 0; k < K; ++k) for (int j = 0; j < N; ++j) b[rb ? k * ldb + j : j * ldb + k] = from_int<S>(vb(k, j));
    for (int i = 0; i < M; ++i) for (int j = 0; j < N; ++j) c[rc ? i * ldc + j : j * ldc + i] = from_int<C>(vc(i, j));
    S *da, *db;
    C *dc;
    D *dd;
    CHECK(cudaMalloc(&da, a.size() * sizeof(S)));
    CHECK(cudaMalloc(&db, b.size() * sizeof(S)));
    CHECK(cudaMalloc(&dc, c.size() * sizeof(C)));
    CHECK(cudaMalloc(&dd, d.size() * sizeof(D)));
    CHECK(cudaMemcpy(da, a.data(), a.size() * sizeof(S), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size() * sizeof(S), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dc, c.data(), c.size() * sizeof(C), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(dd, 0, d.size() * sizeof(D)));
    product<M, N, K, T, C, D, LA, LB><<<1, 32>>>(da, db, dc, dd, lda, ldb, ldc, layout);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(d.data(), dd, d.size() * sizeof(D), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(da)); CHECK(cudaFree(db)); CHECK(cudaFree(dc)); CHECK(cudaFree(dd));
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            int want = vc(i, j) + 1;
            for (int k = 0; k < K; ++k) want += va(i, k) * vb(k, j);
            const double got = to_double(d[rc ? i * ldc + j : j * ldc + i]);
            if (got != want) {
                printf("%d %d %d: (%d, %d) is %g, not %d\n", M, N, K, i, j, got, want);
                return false;
            }
        }
    return true;
}

template <int M, int N, int K, class T, class C, class D>
bool layouts() {
    using R = wmma::row_major;
    using L = wmma::col_major;
    return test<M, N, K, T, C, D, R, R>(wmma::mem_row_major) && test<M, N, K, T, C, D, R, L>(wmma::mem_col_major) &&
           test<M, N, K, T, C, D, L, R>(wmma::mem_row_major) && test<M, N, K, T, C, D, L, L>(wmma::mem_col_major);
}

template <class T, class C, class D>
bool sizes() {
    return layouts<16, 16, 16, T, C, D>() && layouts<32, 8, 16, T, C, D>() && layouts<8, 32, 16, T, C, D>();
}

static_assert(wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major>::num_elements == 16, "");
static_assert(wmma::fragment<wmma::matrix_b, 32, 8, 16, signed char, wmma::row_major>::num_elements == 4, "");
static_assert(wmma::fragment<wmma::accumulator, 16, 16, 8, float>::num_elements == 8, "");

int main() {
    const bool right = sizes<half, float, float>() && sizes<half, half, half>() && sizes<half, half, float>() && sizes<half, float, half>() &&
                       sizes<__nv_bfloat16, float, float>() && sizes<signed char, int, int>() && sizes<unsigned char, int, int>() &&
                       layouts<16, 16, 8, wmma::precision::tf32, float, float>() && layouts<8, 8, 4, double, double, double>();
    puts(right ? "right" : "wrong");
    return right ? 0 : 1;
}
