// Warp matrix functions behind aliases, templates, references and members; sums in half precision, changed in shared memory.
#include <mma.h>
#include <cuda_fp16.h>
#include <cstdio>
#include <vector>
namespace wm = nvcuda::wmma;
template <class T> using FragA = wm::fragment<wm::matrix_a, 16, 16, 16, T, wm::row_major>;
template <class T> using FragB = wm::fragment<wm::matrix_b, 16, 16, 16, T, wm::col_major>;
using Acc = wm::fragment<wm::accumulator, 16, 16, 16, half>;
struct Both { FragA<half> a; FragB<half> b; };
template <int I> __device__ __forceinline__ void step(Acc &acc, Both &both, const half *a, const half *b, int lda, int ldb) {
    if constexpr (I > 0) {
        wm::load_matrix_sync(both.a, a, lda);
        wm::load_matrix_sync(both.b, b, ldb);
        wm::mma_sync(acc, both.a, both.b, acc);
        step<I - 1>(acc, both, a + 16, b + 16, lda, ldb);
    }
}
template <typename F> __device__ void relu(F &f) {
#pragma unroll
    for (int i = 0; i < F::num_elements; ++i) {
        typename F::element_type v = f.x[i];
        f.x[i] = __hgt(v, __float2half(0.f)) ? v : __float2half(0.f);
    }
}
__global__ void k(const half *a, const half *b, half *c, const float *bias) {
    __shared__ half stage[4][16 * 16];
    const int w = threadIdx.y, lane = threadIdx.x;
    Acc acc;
    wm::fill_fragment(acc, 0.0f);
    Both both;
    step<4>(acc, both, a + w * 16 * 64, b, 64, 64);
    relu(acc);
    wm::store_matrix_sync(stage[w], acc, 16, wm::mem_row_major);
    __syncwarp();
    half2 *s2 = reinterpret_cast<half2 *>(stage[w]);
    for (int i = lane; i < 128; i += 32) {
        s2[i] = __hadd2(s2[i], __floats2half2_rn(bias[i % 8 * 2], bias[i % 8 * 2 + 1]));
    }
    __syncwarp();
    wm::load_matrix_sync(acc, stage[w], 16, wm::mem_row_major);
    wm::store_matrix_sync(c + w * 256, acc, 16, wm::mem_col_major);
}
int main() {
    std::vector<half> a(64 * 64), b(16 * 64), c(4 * 256); std::vector<float> bias(16);
    for (int i = 0; i < 64 * 64; ++i) a[i] = __float2half((float)(i % 7 - 3));
    for (int i = 0; i < 16 * 64; ++i) b[i] = __float2half((float)(i % 5 - 2));
    for (int i = 0; i < 16; ++i) bias[i] = i;
    half *da, *db, *dc; float *dbias;
    cudaMalloc(&da, a.size() * 2); cudaMalloc(&db, b.size() * 2); cudaMalloc(&dc, c.size() * 2); cudaMalloc(&dbias, 64);
    cudaMemcpy(da, a.data(), a.size() * 2, cudaMemcpyHostToDevice); cudaMemcpy(db, b.data(), b.size() * 2, cudaMemcpyHostToDevice); cudaMemcpy(dbias, bias.data(), 64, cudaMemcpyHostToDevice);
    k<<<1, dim3(32, 4)>>>(da, db, dc, dbias);
    cudaMemcpy(c.data(), dc, c.size() * 2, cudaMemcpyDeviceToHost);
    cudaFree(da); cudaFree(db); cudaFree(dc); cudaFree(dbias);
    for (int w = 0; w < 4; ++w) for (int i = 0; i < 16; ++i) for (int j = 0; j < 16; ++j) {
        float want = 0;
        for (int x = 0; x < 64; ++x) want += __half2float(a[(w * 16 + i) * 64 + x]) * __half2float(b[j * 64 + x]);
        want = (want > 0 ? want : 0) + j;
        if (__half2float(c[w * 256 + j * 16 + i]) != want) { printf("%d %d %d: %g %g\n", w, i, j, __half2float(c[w * 256 + j * 16 + i]), want); return 1; }
    }
    puts("right");
}
