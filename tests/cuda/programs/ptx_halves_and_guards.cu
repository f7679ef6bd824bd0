// Halves in registers: packed, taken apart, converted and computed with; predicated loads and stores of vectors.
#include <cuda_fp16.h>
#include <cstdint>
#include <cstdio>

__device__ uint32_t pair(float low, float high) {
    uint16_t l, h;
    uint32_t both;
    asm volatile("{cvt.rn.f16.f32 %0, %1;}\n" : "=h"(l) : "f"(low));
    asm volatile("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(high));
    asm volatile("mov.b32 %0, {%1, %2};" : "=r"(both) : "h"(l), "h"(h));
    return both;
}
__device__ float2 apart(uint32_t both) {
    uint16_t l, h;
    float2 f;
    asm volatile("mov.b32 {%0, %1}, %2;\n" : "=h"(l), "=h"(h) : "r"(both));
    asm volatile("cvt.f32.f16 %0, %1;" : "=f"(f.x) : "h"(l));
    asm volatile("cvt.f32.f16 %0, %1;" : "=f"(f.y) : "h"(h));
    return f;
}

__global__ void halves(float2 *out) {
    const uint32_t a = pair(threadIdx.x, -1.5f), b = pair(0.25f, threadIdx.x * 2), c = pair(1, 2);
    uint32_t sum, product, fused;
    asm volatile("add.f16x2 %0, %1, %2;" : "=r"(sum) : "r"(a), "r"(b));
    asm volatile("mul.f16x2 %0, %1, %2;" : "=r"(product) : "r"(a), "r"(b));
    asm volatile("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(fused) : "r"(a), "r"(b), "r"(c));
    out[threadIdx.x] = apart(sum);
    out[32 + threadIdx.x] = apart(product);
    out[64 + threadIdx.x] = apart(fused);
}

// Copies 16 bytes if the predicate holds; else zeros.
__global__ void guarded(const uint4 *in, uint4 *out, int n) {
    uint4 v;
    const int i = threadIdx.x;
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "setp.ne.b32 p, %5, 0;\n"
                 "mov.b32 %0, 0;\n mov.b32 %1, 0;\n mov.b32 %2, 0;\n mov.b32 %3, 0;\n"
                 "@p ld.global.v4.u32 {%0, %1, %2, %3}, [%4];\n"
                 "}\n" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(in + i), "r"((int)(i < n)));
    asm volatile("{\n"
                 ".reg .pred %%q;\n"
                 "setp.eq.u32 %%q, %5, 31;\n"
                 "@!%%q st.global.v4.u32 [%0], {%1, %2, %3, %4};\n"
                 "}\n" ::"l"(out + i), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w), "r"(i) : "memory");
}

int main() {
    float2 *d, got[96];
    if (cudaMalloc(&d, sizeof got) != cudaSuccess) return 1;
    halves<<<1, 32>>>(d);
    if (cudaMemcpy(got, d, sizeof got, cudaMemcpyDeviceToHost) != cudaSuccess) return 1;
    for (int t = 0; t < 32; ++t)
        if (got[t].x != t + 0.25f || got[t].y != 2 * t - 1.5f || got[32 + t].x != t * 0.25f || got[32 + t].y != -3.0f * t || got[64 + t].x != t * 0.25f + 1 || got[64 + t].y != 2 - 3.0f * t)
            return std::printf("%d: %g %g\n", t, got[t].x, got[t].y), 1;
    uint4 in[20], out[32], *din, *dout;
    for (unsigned i = 0; i < 20; ++i) in[i] = make_uint4(i, i + 1, i + 2, i + 3);
    cudaMalloc(&din, sizeof in);
    cudaMalloc(&dout, sizeof out);
    cudaMemcpy(din, in, sizeof in, cudaMemcpyHostToDevice);
    cudaMemset(dout, 0xff, sizeof out);
    guarded<<<1, 32>>>(din, dout, 20);
    if (cudaMemcpy(out, dout, sizeof out, cudaMemcpyDeviceToHost) != cudaSuccess) return 1;
    for (unsigned i = 0; i < 32; ++i)
        if (out[i].x != (i < 20 ? i : i < 31 ? 0 : ~0u) || out[i].w != (i < 20 ? i + 3 : i < 31 ? 0 : ~0u)) return std::printf("%u: %u\n", i, out[i].x), 1;
    cudaFree(d);
    cudaFree(din);
    cudaFree(dout);
    std::puts("right");
}
