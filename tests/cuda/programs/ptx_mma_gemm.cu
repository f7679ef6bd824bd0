// A product by mma.sync: tiles come by cp.async into two buffers, swizzled, and go by ldmatrix into registers.
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


constexpr int BM = 64, BN = 64, BK = 32, WARPS = 4;   // a warp has 32 rows and 32 columns of the block's tile

// Where the 16 bytes `chunk` of a row of 32 halves lie: rows that follow each other start at other banks.
__device__ __forceinline__ int swizzled(int row, int chunk) { return row * BK + ((chunk ^ (row >> 1 & 3)) * 8); }
// The same of a row of 64 halves.
__device__ __forceinline__ int swizzled_wide(int row, int chunk) { return row * BN + ((chunk ^ (row & 7)) * 8); }

__device__ __forceinline__ uint32_t shared_address(const void *p) {
    uint32_t address;
    asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(p));
    return address;
}
__device__ __forceinline__ void copy16(void *to, const void *from) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;\n" ::"r"(shared_address(to)), "l"(from) : "memory");
}
template <int N>
__device__ __forceinline__ void wait() { asm volatile("cp.async.wait_group %0;\n" ::"n"(N) : "memory"); }

__device__ __forceinline__ void load4(uint32_t (&r)[4], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address));
}
__device__ __forceinline__ void load2_transposed(uint32_t (&r)[2], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared::cta.b16 {%0, %1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(address));
}

struct Tiles {
    __align__(128) half a[2][BM * BK];
    __align__(128) half b[2][BK * BN];
};

__device__ void fetch(Tiles &tiles, int buffer, const half *a, const half *b, int row0, int col0, int k0, int N, int K) {
    for (int i = threadIdx.x; i < BM * BK / 8; i += blockDim.x)
        copy16(&tiles.a[buffer][swizzled(i / 4, i % 4)], a + (row0 + i / 4) * K + k0 + i % 4 * 8);
    for (int i = threadIdx.x; i < BK * BN / 8; i += blockDim.x)
        copy16(&tiles.b[buffer][swizzled_wide(i / 8, i % 8)], b + (k0 + i / 8) * N + col0 + i % 8 * 8);
    asm volatile("cp.async.commit_group;\n" ::: "memory");
}

__global__ void __launch_bounds__(WARPS * 32) gemm(const half *a, const half *b, float *c, int M, int N, int K) {
    __shared__ Tiles tiles;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, wm = warp / 2 * 32, wn = warp % 2 * 32;
    const int row0 = blockIdx.y * BM, col0 = blockIdx.x * BN;
    float acc[2][4][4] = {};
    fetch(tiles, 0, a, b, row0, col0, 0, N, K);
    for (int k0 = 0, buffer = 0; k0 < K; k0 += BK, buffer ^= 1) {
        if (k0 + BK < K) {
            fetch(tiles, buffer ^ 1, a, b, row0, col0, k0 + BK, N, K);
            wait<1>();
        } else {
            wait<0>();
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < BK; k += 16) {
            uint32_t fa[2][4], fb[4][2];
            for (int i = 0; i < 2; ++i)   // lanes 0 to 15 tell the rows of the left half, 16 to 31 of the right
                load4(fa[i], shared_address(&tiles.a[buffer][swizzled(wm + i * 16 + lane % 16, k / 8 + lane / 16)]));
            for (int j = 0; j < 4; ++j) load2_transposed(fb[j], shared_address(&tiles.b[buffer][swizzled_wide(k + lane % 16, wn / 8 + j)]));
            for (int i = 0; i < 2; ++i)
                for (int j = 0; j < 4; ++j) {
                    float *d = acc[i][j];
                    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                                 "{%0,  %1,  %2,  %3}, {%4,  %5,  %6,  %7}, {%8,  %9}, {%0,  %1,  %2,  %3};\n"
                                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                                 : "r"(fa[i][0]), "r"(fa[i][1]), "r"(fa[i][2]), "r"(fa[i][3]), "r"(fb[j][0]), "r"(fb[j][1]));
                }
        }
        __syncthreads();
    }
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
            for (int e = 0; e < 4; e += 2) {
                const int row = row0 + wm + i * 16 + lane / 4 + (e ? 8 : 0), col = col0 + wn + j * 8 + lane % 4 * 2;
                *reinterpret_cast<float2 *>(&c[row * N + col]) = make_float2(acc[i][j][e], acc[i][j][e + 1]);
            }
}

int main() {
    const int M = 128, N = 192, K = 160;
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
    gemm<<<dim3(N / BN, M / BM), WARPS * 32>>>(da, db, dc, M, N, K);
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
