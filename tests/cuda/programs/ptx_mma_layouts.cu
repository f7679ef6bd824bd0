// mma.sync of each element type: operands put into registers by the figures of the PTX ISA, each written out here on its own.
// Arch: sm_80
#include <cuda_fp16.h>
#include <cuda_bf16.h>
#include <cstdint>
#include <cstring>
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

#define G (int)(threadIdx.x / 4)
#define T (int)(threadIdx.x % 4)

__device__ int va(int i, int k) { return (i * 7 + k * 3) % 11 - 5; }
__device__ int vb(int k, int j) { return (k * 5 + j * 2 + k * j) % 9 - 4; }
__device__ int vc(int i, int j) { return i - 2 * j; }

__device__ uint32_t halves(int low, int high) {
    const __half2 pair = __floats2half2_rn((float)low, (float)high);
    uint32_t bits;
    memcpy(&bits, &pair, 4);
    return bits;
}
__device__ uint32_t bfloats(int low, int high) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn((float)low, (float)high);
    uint32_t bits;
    memcpy(&bits, &pair, 4);
    return bits;
}
__device__ uint32_t tf32(int v) {
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"((float)v));
    return bits;
}
__device__ uint32_t bytes(int a, int b, int c, int d) { return (a & 255) | (b & 255) << 8 | (c & 255) << 16 | (unsigned)(d & 255) << 24; }

// Compares what a lane got with the sum over k; c(i, j) lies at row g or g + 8, column 2t or 2t + 1.
template <class V>
__device__ void compare(const V *d, int count, int K, int *wrong, int scale = 1) {
    for (int i = 0; i < count; ++i) {
        const int row = i < 2 ? G : G + 8, col = T * 2 + (i & 1);
        int want = vc(row, col) * scale;
        for (int k = 0; k < K; ++k) want += va(row, k) * vb(k, col);
        if ((double)d[i] != (double)want) atomicAdd(wrong, 1);
    }
}

__global__ void products(int *wrong) {
    float c[4], d[4];
    int ci[4], di[4];
    for (int i = 0; i < 4; ++i) c[i] = ci[i] = vc(i < 2 ? G : G + 8, T * 2 + (i & 1));
    {   // m16n8k16 of f16
        uint32_t a[4], b[2];
        for (int r = 0; r < 4; ++r) {
            const int row = r % 2 == 0 ? G : G + 8, col = T * 2 + (r >= 2 ? 8 : 0);
            a[r] = halves(va(row, col), va(row, col + 1));
        }
        for (int r = 0; r < 2; ++r) b[r] = halves(vb(T * 2 + r * 8, G), vb(T * 2 + r * 8 + 1, G));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};\n"
                     : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
        compare(d, 4, 16, wrong);
        uint32_t h[2] = {halves(ci[0], ci[1]), halves(ci[2], ci[3])};
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%0,%1};\n"
                     : "+r"(h[0]), "+r"(h[1]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
        __half2 pairs[2];
        memcpy(pairs, h, 8);
        const float f[4] = {__low2float(pairs[0]), __high2float(pairs[0]), __low2float(pairs[1]), __high2float(pairs[1])};
        compare(f, 4, 16, wrong);
        // m16n8k8: the first half of both
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%7,%8,%9,%10};\n"
                     : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(b[0]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
        compare(d, 4, 8, wrong);
    }
    {   // m16n8k16 of bf16
        uint32_t a[4], b[2];
        for (int r = 0; r < 4; ++r) {
            const int row = r % 2 == 0 ? G : G + 8, col = T * 2 + (r >= 2 ? 8 : 0);
            a[r] = bfloats(va(row, col), va(row, col + 1));
        }
        for (int r = 0; r < 2; ++r) b[r] = bfloats(vb(T * 2 + r * 8, G), vb(T * 2 + r * 8 + 1, G));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};\n"
                     : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
        compare(d, 4, 16, wrong);
    }
    {   // m16n8k8 of tf32
        uint32_t a[4], b[2];
        for (int i = 0; i < 4; ++i) a[i] = tf32(va(i % 2 == 0 ? G : G + 8, i < 2 ? T : T + 4));
        for (int i = 0; i < 2; ++i) b[i] = tf32(vb(i == 0 ? T : T + 4, G));
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};\n"
                     : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
        compare(d, 4, 8, wrong);
    }
    {   // m16n8k32 of s8
        uint32_t a[4], b[2];
        for (int r = 0; r < 4; ++r) {
            const int row = r % 2 == 0 ? G : G + 8, col = T * 4 + (r >= 2 ? 16 : 0);
            a[r] = bytes(va(row, col), va(row, col + 1), va(row, col + 2), va(row, col + 3));
        }
        for (int r = 0; r < 2; ++r) {
            const int k = T * 4 + r * 16;
            b[r] = bytes(vb(k, G), vb(k + 1, G), vb(k + 2, G), vb(k + 3, G));
        }
        asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};\n"
                     : "=r"(di[0]), "=r"(di[1]), "=r"(di[2]), "=r"(di[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(ci[0]), "r"(ci[1]), "r"(ci[2]), "r"(ci[3]));
        compare(di, 4, 32, wrong);
        for (int i = 0; i < 4; ++i) di[i] = 0x7fffffff;   // saturation: what would wrap around stays
        asm volatile("mma.sync.aligned.m16n8k32.row.col.satfinite.s32.u8.u8.s32 {%0,%1,%2,%3}, {%4,%4,%4,%4}, {%4,%4}, {%0,%1,%2,%3};\n"
                     : "+r"(di[0]), "+r"(di[1]), "+r"(di[2]), "+r"(di[3]) : "r"(0x01010101));
        for (int i = 0; i < 4; ++i) if (di[i] != 0x7fffffff) atomicAdd(wrong, 1);
    }
    {   // m8n8k4 of f64
        double e[2];
        const double x[2] = {(double)vc(G, T * 2), (double)vc(G, T * 2 + 1)};
        asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%4,%5};\n"
                     : "=d"(e[0]), "=d"(e[1]) : "d"((double)va(G, T)), "d"((double)vb(T, G)), "d"(x[0]), "d"(x[1]));
        compare(e, 2, 4, wrong);
    }
    {   // movmatrix: element (row, col) goes to (col, row)
        uint32_t from = halves(G * 8 + T * 2, G * 8 + T * 2 + 1), to;
        asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(to) : "r"(from));
        if (to != halves(T * 2 * 8 + G, (T * 2 + 1) * 8 + G)) atomicAdd(wrong, 1);
    }
}

int main() {
    int *wrong, got = -1;
    CHECK(cudaMalloc(&wrong, sizeof(int)));
    CHECK(cudaMemset(wrong, 0, sizeof(int)));
    products<<<2, 32>>>(wrong);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&got, wrong, sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(wrong));
    printf("%d wrong\n", got);
    return got != 0;
}
