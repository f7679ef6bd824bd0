// FP8: conversions of both kinds on the device and on the host agree, and saturate; a product by mma.sync of e4m3.
// Arch: sm_89
#include <cuda_fp8.h>
#include <cuda_fp16.h>
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


__global__ void convert(const float *in, float *out, unsigned char *bits, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const __nv_fp8_e4m3 a(in[i]);
    const __nv_fp8_e5m2 b(in[i]);
    out[2 * i] = float(a);
    out[2 * i + 1] = float(b);
    bits[2 * i] = a.__x;
    bits[2 * i + 1] = __nv_cvt_float_to_fp8(in[i], __NV_SATFINITE, __NV_E5M2);
}

__global__ void pairs(const float2 *in, float *out) {
    const __nv_fp8x2_e4m3 two(in[threadIdx.x]);
    const float2 back = static_cast<float2>(two);
    const __half_raw raw = __nv_cvt_fp8_to_halfraw(static_cast<__nv_fp8_storage_t>(two.__x & 0xff), __NV_E4M3);
    out[threadIdx.x] = back.x + 100 * back.y + 10000 * __half2float(__half(raw));
}

// d (16x8) = a (16x32) b (32x8), all ones but for a factor by row and by column.
__global__ void product(float *d) {
    const int g = threadIdx.x / 4, t = threadIdx.x % 4;
    auto four = [](float v) { const unsigned x = __nv_fp8_e4m3(v).__x; return x | x << 8 | x << 16 | x << 24; };
    const uint32_t top = four(0.5f * g), bottom = four(0.25f * g), b = four((float)(g - 4));
    float c[4] = {};
    asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3}, {%4,%5,%4,%5}, {%6,%6}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(top), "r"(bottom), "r"(b));
    for (int i = 0; i < 4; ++i) d[(g + i / 2 * 8) * 8 + t * 2 + i % 2] = c[i];
}

int main() {
    const int n = 600;
    std::vector<float> in(n), out(2 * n);
    std::vector<unsigned char> bits(2 * n);
    for (int i = 0; i < n; ++i) in[i] = (float)(i - 300) * powf(1.1f, (float)(i % 40)) / 50;
    in[0] = 1e9f, in[1] = -1e9f, in[2] = 0.0f, in[3] = 448.0f, in[4] = 0.001f;
    float *din, *dout;
    unsigned char *dbits;
    CHECK(cudaMalloc(&din, n * sizeof(float)));
    CHECK(cudaMalloc(&dout, 2 * n * sizeof(float)));
    CHECK(cudaMalloc(&dbits, 2 * n));
    CHECK(cudaMemcpy(din, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    convert<<<(n + 127) / 128, 128>>>(din, dout, dbits, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, out.size() * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(bits.data(), dbits, bits.size(), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        const __nv_fp8_e4m3 a(in[i]);
        const __nv_fp8_e5m2 b(in[i]);
        if (bits[2 * i] != a.__x || bits[2 * i + 1] != b.__x || out[2 * i] != float(a) || out[2 * i + 1] != float(b)) return printf("host and device: %d\n", i), 1;
        const float clamped = fminf(fmaxf(in[i], -448.0f), 448.0f);   // three bits of mantissa: off by 1/16 at most
        if (fabsf(clamped - out[2 * i]) > fabsf(clamped) / 16 + 0.001f) return printf("%g became %g\n", in[i], out[2 * i]), 1;
    }
    if (out[0] != 448.0f || out[1] != 57344.0f || out[2] != -448.0f) return puts("saturation"), 1;
    const float2 two[2] = {{1.5f, -2.0f}, {0.25f, 3.0f}};
    float sums[2], d[128];
    CHECK(cudaMemcpy(din, two, sizeof two, cudaMemcpyHostToDevice));
    pairs<<<1, 2>>>(reinterpret_cast<float2 *>(din), dout);
    CHECK(cudaMemcpy(sums, dout, sizeof sums, cudaMemcpyDeviceToHost));
    if (sums[0] != 1.5f - 200 + 15000 || sums[1] != 0.25f + 300 + 2500) return puts("pairs"), 1;
    product<<<1, 32>>>(dout);
    CHECK(cudaMemcpy(d, dout, sizeof d, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 16; ++i)
        for (int j = 0; j < 8; ++j)
            if (d[i * 8 + j] != 32 * (i < 8 ? 0.5f * i : 0.25f * (i - 8)) * (j - 4)) return printf("(%d, %d): %g\n", i, j, d[i * 8 + j]), 1;
    CHECK(cudaFree(din)); CHECK(cudaFree(dout)); CHECK(cudaFree(dbits));
    puts("right");
}
