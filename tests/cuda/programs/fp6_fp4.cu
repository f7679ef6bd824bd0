// Numbers of six and of four bits: every one goes there and back, and what lies between goes to the nearest.
// Arch: sm_80
#include <cuda_fp6.h>
#include <cuda_fp4.h>
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


__global__ void kernel(float *e2m3, float *e3m2, float *e2m1, float *rounded) {
    const int i = threadIdx.x;
    __nv_fp6_e2m3 a;
    __nv_fp6_e3m2 b;
    a.__x = b.__x = (unsigned char)i;
    e2m3[i] = float(__nv_fp6_e2m3(float(a)));
    e3m2[i] = float(__nv_fp6_e3m2(float(b)));
    if (i < 16) {
        __nv_fp4_e2m1 c;
        c.__x = (unsigned char)i;
        e2m1[i] = float(__nv_fp4_e2m1(float(c)));
    }
    rounded[i] = float(__nv_fp4_e2m1((float)(i - 32) / 4));
}

int main() {
    float *d, got[256];
    CHECK(cudaMalloc(&d, sizeof got));
    CHECK(cudaMemset(d, 0, sizeof got));
    kernel<<<1, 64>>>(d, d + 64, d + 128, d + 192);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(got, d, sizeof got, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(d));
    auto value = [](int bits, int exponent_bits, int mantissa_bits) {   // no infinities, no NaN
        const int bias = (1 << (exponent_bits - 1)) - 1, m = bits & ((1 << mantissa_bits) - 1), e = bits >> mantissa_bits & ((1 << exponent_bits) - 1);
        const double size = e ? ldexp(1 + ldexp(m, -mantissa_bits), e - bias) : ldexp(m, 1 - bias - mantissa_bits);
        return bits >> (exponent_bits + mantissa_bits) & 1 ? -size : size;
    };
    for (int i = 0; i < 64; ++i)
        if (got[i] != value(i, 2, 3) || got[64 + i] != value(i, 3, 2) || (i < 16 && got[128 + i] != value(i, 2, 1))) return printf("%d: %g %g\n", i, got[i], got[64 + i]), 1;
    for (int i = 0; i < 64; ++i) {
        const double x = fmax(-6, fmin(6, (i - 32) / 4.0));
        for (int c = 0; c < 16; ++c)
            if (fabs(value(c, 2, 1) - x) < fabs(got[192 + i] - x)) return printf("%g became %g\n", x, got[192 + i]), 1;
    }
    puts("right");
}
