// softmax(Q K^T) V for one head, in bfloat16 with sums in float: the scores go through shared memory for the softmax.
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

constexpr int D = 32, L = 64, ROWS = 16;   // head dimension, length, rows of Q for a block of one warp

__global__ void attention(const __nv_bfloat16 *q, const __nv_bfloat16 *k, const __nv_bfloat16 *v, float *out) {
    extern __shared__ unsigned char memory[];
    float *scores = reinterpret_cast<float *>(memory);                                     // ROWS x L
    __nv_bfloat16 *weights = reinterpret_cast<__nv_bfloat16 *>(scores + ROWS * L);         // ROWS x L
    const int row0 = blockIdx.x * ROWS, lane = threadIdx.x;
    for (int n = 0; n < L; n += 16) {
        wmma::fragment<wmma::accumulator, 16, 16, 16, float> s;
        wmma::fill_fragment(s, 0.0f);
        for (int d = 0; d < D; d += 16) {
            wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> fq;
            wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major> fk;   // K^T
            wmma::load_matrix_sync(fq, q + row0 * D + d, D);
            wmma::load_matrix_sync(fk, k + n * D + d, D);
            wmma::mma_sync(s, fq, fk, s);
        }
        for (int i = 0; i < s.num_elements; ++i) s.x[i] *= rsqrtf((float)D);
        wmma::store_matrix_sync(scores + n, s, L, wmma::mem_row_major);
    }
    __syncwarp();
    for (int r = 0; r < ROWS; ++r) {
        float *row = scores + r * L, most = -INFINITY, sum = 0;
        for (int j = lane; j < L; j += 32) most = fmaxf(most, row[j]);
        for (int o = 16; o; o /= 2) most = fmaxf(most, __shfl_xor_sync(~0u, most, o));
        for (int j = lane; j < L; j += 32) sum += row[j] = expf(row[j] - most);
        for (int o = 16; o; o /= 2) sum += __shfl_xor_sync(~0u, sum, o);
        for (int j = lane; j < L; j += 32) weights[r * L + j] = __float2bfloat16(row[j] / sum);
    }
    __syncwarp();
    for (int d = 0; d < D; d += 16) {
        wmma::fragment<wmma::accumulator, 16, 16, 16, float> o;
        wmma::fill_fragment(o, 0.0f);
        for (int n = 0; n < L; n += 16) {
            wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> fw;
            wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major> fv;
            wmma::load_matrix_sync(fw, weights + n, L);
            wmma::load_matrix_sync(fv, v + n * D + d, D);
            wmma::mma_sync(o, fw, fv, o);
        }
        wmma::store_matrix_sync(out + row0 * D + d, o, D, wmma::mem_row_major);
    }
}

int main() {
    std::vector<__nv_bfloat16> q(L * D), k(L * D), v(L * D);
    std::vector<float> out(L * D);
    for (int i = 0; i < L * D; ++i) {
        q[i] = __float2bfloat16((float)(i * 31 % 23 - 11) / 8);
        k[i] = __float2bfloat16((float)(i * 17 % 29 - 14) / 8);
        v[i] = __float2bfloat16((float)(i * 13 % 31 - 15) / 4);
    }
    __nv_bfloat16 *d[3];
    float *dout;
    const std::vector<__nv_bfloat16> *from[3] = {&q, &k, &v};
    for (int i = 0; i < 3; ++i) {
        CHECK(cudaMalloc(&d[i], L * D * sizeof(__nv_bfloat16)));
        CHECK(cudaMemcpy(d[i], from[i]->data(), L * D * sizeof(__nv_bfloat16), cudaMemcpyHostToDevice));
    }
    CHECK(cudaMalloc(&dout, L * D * sizeof(float)));
    attention<<<L / ROWS, 32, ROWS * L * (sizeof(float) + sizeof(__nv_bfloat16))>>>(d[0], d[1], d[2], dout);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, out.size() * sizeof(float), cudaMemcpyDeviceToHost));
    for (auto p : d) CHECK(cudaFree(p));
    CHECK(cudaFree(dout));
    for (int i = 0; i < L; ++i) {
        double s[L], most = -1e30, sum = 0;
        for (int j = 0; j < L; ++j) {
            s[j] = 0;
            for (int x = 0; x < D; ++x) s[j] += (double)__bfloat162float(q[i * D + x]) * __bfloat162float(k[j * D + x]);
            s[j] /= sqrt((double)D);
            most = fmax(most, s[j]);
        }
        for (double &x : s) sum += x = exp(x - most);
        for (int x = 0; x < D; ++x) {
            double want = 0;
            for (int j = 0; j < L; ++j) want += s[j] / sum * __bfloat162float(v[j * D + x]);
            if (fabs(want - out[i * D + x]) > 0.03) return printf("(%d, %d): %g, not %g\n", i, x, out[i * D + x], want), 1;
        }
    }
    puts("right");
}
