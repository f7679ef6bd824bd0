// Attention for one head by mma.sync, a block of keys at a time: scores, their running maximum and sum, and weights stay in
// registers, where the sums' layout is that of the next product's left operand.
// Arch: sm_80
#include <cuda_fp16.h>
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


constexpr int D = 32, L = 96, ROWS = 16, KEYS = 32;   // head dimension, length, rows of a warp, keys of a step

__device__ __forceinline__ uint32_t address(const void *p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }
__device__ __forceinline__ float exp2_fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
__device__ __forceinline__ uint32_t pack(float low, float high) {
    uint32_t r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}
__device__ __forceinline__ void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__global__ void attention(const half *q, const half *k, const half *v, float *out) {
    __shared__ __align__(16) half ks[KEYS][D + 8], vs[KEYS][D + 8], qs[ROWS][D + 8];
    const int lane = threadIdx.x, g = lane / 4, t = lane % 4, row0 = blockIdx.x * ROWS;
    for (int i = lane; i < ROWS * D / 8; i += 32)
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address(&qs[i / 4][i % 4 * 8])), "l"(q + (row0 + i / 4) * D + i % 4 * 8) : "memory");
    float o[D / 8][4] = {}, most[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
    const float scale = 1.4426950408889634f * rsqrtf((float)D);   // of powers of two
    for (int key0 = 0; key0 < L; key0 += KEYS) {
        __syncwarp();
        for (int i = lane; i < KEYS * D / 8; i += 32) {
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address(&ks[i / 4][i % 4 * 8])), "l"(k + (key0 + i / 4) * D + i % 4 * 8) : "memory");
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address(&vs[i / 4][i % 4 * 8])), "l"(v + (key0 + i / 4) * D + i % 4 * 8) : "memory");
        }
        asm volatile("cp.async.wait_all;" ::: "memory");
        __syncwarp();
        float s[KEYS / 8][4] = {};
        for (int d = 0; d < D; d += 16) {
            uint32_t a[4];
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3]) : "r"(address(&qs[lane % 16][d + lane / 16 * 8])));
            for (int n = 0; n < KEYS; n += 16) {   // rows of K are columns of its transpose: no .trans
                uint32_t b[4];
                asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(b[0]), "=r"(b[1]), "=r"(b[2]), "=r"(b[3]) : "r"(address(&ks[n + lane / 16 * 8 + lane % 8][d + lane / 8 % 2 * 8])));
                mma(s[n / 8], a, b[0], b[1]);
                mma(s[n / 8 + 1], a, b[2], b[3]);
            }
        }
        for (int half_row = 0; half_row < 2; ++half_row) {   // rows g and g + 8
            float now = most[half_row];
            for (auto &tile : s) now = fmaxf(now, fmaxf(tile[2 * half_row], tile[2 * half_row + 1]) * scale);
            now = fmaxf(now, __shfl_xor_sync(~0u, now, 1));
            now = fmaxf(now, __shfl_xor_sync(~0u, now, 2));
            const float before = exp2_fast(most[half_row] - now);
            most[half_row] = now;
            sum[half_row] *= before;
            for (auto &tile : o) tile[2 * half_row] *= before, tile[2 * half_row + 1] *= before;
            for (auto &tile : s)
                for (int e = 2 * half_row; e < 2 * half_row + 2; ++e) sum[half_row] += tile[e] = exp2_fast(tile[e] * scale - now);
        }
        for (int n = 0; n < KEYS; n += 16) {
            const float (&left)[4] = s[n / 8], (&right)[4] = s[n / 8 + 1];
            const uint32_t a[4] = {pack(left[0], left[1]), pack(left[2], left[3]), pack(right[0], right[1]), pack(right[2], right[3])};
            for (int d = 0; d < D; d += 16) {
                uint32_t b[4];
                asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(b[0]), "=r"(b[1]), "=r"(b[2]), "=r"(b[3]) : "r"(address(&vs[n + lane % 16][d + lane / 16 * 8])));
                mma(o[d / 8], a, b[0], b[1]);
                mma(o[d / 8 + 1], a, b[2], b[3]);
            }
        }
    }
    for (int r = 0; r < 2; ++r) {
        sum[r] += __shfl_xor_sync(~0u, sum[r], 1);
        sum[r] += __shfl_xor_sync(~0u, sum[r], 2);
        for (int d = 0; d < D / 8; ++d)
            *reinterpret_cast<float2 *>(&out[(row0 + g + r * 8) * D + d * 8 + t * 2]) = make_float2(o[d][2 * r] / sum[r], o[d][2 * r + 1] / sum[r]);
    }
}

int main() {
    std::vector<half> in[3];
    half *d[3];
    for (int m = 0; m < 3; ++m) {
        in[m].resize(L * D);
        for (int i = 0; i < L * D; ++i) in[m][i] = __float2half((float)((i * (31 - 4 * m) + m) % 23 - 11) / 8);
        CHECK(cudaMalloc(&d[m], L * D * sizeof(half)));
        CHECK(cudaMemcpy(d[m], in[m].data(), L * D * sizeof(half), cudaMemcpyHostToDevice));
    }
    float *dout;
    std::vector<float> out(L * D);
    CHECK(cudaMalloc(&dout, L * D * sizeof(float)));
    attention<<<L / ROWS, 32>>>(d[0], d[1], d[2], dout);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, L * D * sizeof(float), cudaMemcpyDeviceToHost));
    for (half *p : d) CHECK(cudaFree(p));
    CHECK(cudaFree(dout));
    for (int i = 0; i < L; ++i) {
        double s[L], most = -1e30, sum = 0;
        for (int j = 0; j < L; ++j) {
            s[j] = 0;
            for (int x = 0; x < D; ++x) s[j] += (double)__half2float(in[0][i * D + x]) * __half2float(in[1][j * D + x]);
            most = fmax(most, s[j] /= sqrt((double)D));
        }
        for (double &x : s) sum += x = exp(x - most);
        for (int x = 0; x < D; ++x) {
            double want = 0;
            for (int j = 0; j < L; ++j) want += s[j] / sum * __half2float(in[2][j * D + x]);
            if (fabs(want - out[i * D + x]) > 4e-3) return printf("(%d, %d): %g, not %g\n", i, x, out[i * D + x], want), 1;
        }
    }
    puts("right");
}
