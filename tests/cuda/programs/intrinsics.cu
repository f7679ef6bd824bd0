// Integer and floating-point intrinsics against what the host makes of the same.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void integers(int *bad) {
    unsigned x = 0x12345678u + threadIdx.x * 0x01010101u;
    bool ok = __popc(0xf0f0u) == 8 && __popcll(~0ull) == 64 && __clz(1) == 31 && __clz(0) == 32 && __clzll(1) == 63 && __ffs(8) == 4 && __ffs(0) == 0;
    ok = ok && __brev(1u) == 0x80000000u && __brevll(1ull) == 1ull << 63 && __brev(__brev(x)) == x;
    ok = ok && __byte_perm(0x33221100u, 0x77665544u, 0x7531) == 0x77553311u && __byte_perm(x, 0, 0x0123) == (x << 24 | (x & 0xff00u) << 8 | (x >> 8 & 0xff00u) | x >> 24);
    ok = ok && __funnelshift_l(0x80000000u, 1u, 1) == 3u && __funnelshift_r(1u, 1u, 1) == 0x80000000u && __funnelshift_rc(5, 6, 40) == 6;
    ok = ok && __mul24(-3, 5) == -15 && __umul24(0x1000001u, 3u) == 3u && __mulhi(1 << 30, 8) == 2 && __umulhi(1u << 31, 4u) == 2u;
    ok = ok && __umul64hi(1ull << 63, 4) == 2 && __mul64hi(-1, 1) == -1 && __hadd(5, 6) == 5 && __rhadd(5, 6) == 6 && __sad(3, -4, 10u) == 17;
    ok = ok && __dp4a(0x01020304, 0x01010101, 5) == 15 && __dp4a(0xff000000u, 0x02000000u, 1u) == 511u;
    ok = ok && __vadd4(0x01ff0203u, 0x01010101u) == 0x02000304u && __vmaxu4(0x01ff0203u, 0x02020202u) == 0x02ff0203u && __vsadu4(0x01020304u, 0) == 10;
    ok = ok && min(3, -4) == -4 && max(3u, 7u) == 7u && max(2.0f, 1.0f) == 2.0f && abs(-5) == 5 && min(5ll, 3ll) == 3;
    if (!ok) atomicAdd(bad, 1);
}

__global__ void floats(const float *in, int n, int *bad) {
    int i = threadIdx.x;
    float x = in[i % n];
    bool ok = __float_as_int(1.0f) == 0x3f800000 && __int_as_float(0x40000000) == 2.0f && __uint_as_float(__float_as_uint(x)) == x;
    ok = ok && __double2hiint(1.0) == 0x3ff00000 && __hiloint2double(0x40000000, 0) == 2.0 && __longlong_as_double(__double_as_longlong(x)) == x;
    ok = ok && __float2int_rn(2.5f) == 2 && __float2int_rz(-2.7f) == -2 && __float2int_ru(2.1f) == 3 && __float2int_rd(-2.1f) == -3;
    ok = ok && __float2int_rn(1e20f) == 0x7fffffff && __float2uint_rz(-5.0f) == 0u && __double2ll_rn(-3.5) == -4;
    ok = ok && __fadd_rn(1.0f, 2.0f) == 3.0f && __fadd_ru(1.0f, 1e-10f) > 1.0f && __fadd_rd(1.0f, 1e-10f) == 1.0f && __fmul_rz(3.0f, 0.5f) == 1.5f;
    ok = ok && __fdiv_rn(1.0f, 4.0f) == 0.25f && __frcp_rn(8.0f) == 0.125f && __fsqrt_rn(9.0f) == 3.0f && __fmaf_rn(2.0f, 3.0f, 1.0f) == 7.0f;
    ok = ok && __dadd_rn(1.0, 2.0) == 3.0 && __fma_rn(2.0, 3.0, 1.0) == 7.0 && __saturatef(1.5f) == 1.0f && __saturatef(-x * x - 1) == 0.0f;
    ok = ok && fabsf(rsqrtf(4.0f) - 0.5f) < 1e-6f && fabs(rcbrt(8.0) - 0.5) < 1e-12 && fabsf(__fdividef(1.0f, 3.0f) - 1.0f / 3) < 1e-6f;
    ok = ok && sinpif(0.5f) == 1.0f && cospi(1.0) == -1.0 && fabs(erfinv(erf(0.7)) - 0.7) < 1e-9 && fabs(normcdfinv(normcdf(1.2)) - 1.2) < 1e-9;
    ok = ok && fabsf(erfcinvf(1e-3f) - 2.3267537f) < 1e-4f && fabs(erfcx(1.0) - 0.427583576) < 1e-8 && norm3df(1, 2, 2) == 3.0f && fabsf(rhypotf(3, 4) - 0.2f) < 1e-6f;
    ok = ok && fabsf(__expf(1.0f) - 2.7182817f) < 1e-4f && fabsf(__logf(10.0f) - 2.3025851f) < 1e-4f && fabsf(__powf(2.0f, 10.0f) - 1024) < 1e-1f;
    float s, c;
    sincosf(x, &s, &c);
    ok = ok && fabsf(s * s + c * c - 1) < 1e-5f && fabsf(__sinf(x) - s) < 1e-3f && isnan(sqrtf(-1.0f)) && isinf(1.0f / 0.0f) && exp10f(2) == 100.0f;
    ok = ok && fmodf(5.5f, 2.0f) == 1.5f && ldexpf(1.0f, 4) == 16.0f && truncf(-1.5f) == -1.0f && rintf(2.5f) == 2.0f && copysignf(1, -2) == -1.0f && fdimf(3, 1) == 2.0f;
    ok = ok && fabs(cyl_bessel_i0(1.0) - 1.2660658777520084) < 1e-9 && fabs(j0(0.0) - 1) < 1e-12 && tgamma(5.0) == 24.0 && fabs(lgamma(5.0) - log(24.0)) < 1e-9;
    if (!ok) atomicAdd(bad, 1);
}

int main() {
    float h[4] = {0.25f, 1.5f, -3.75f, 100.0f}, *in;
    int *bad, count;
    CHECK(cudaMalloc(&bad, sizeof(int)));
    CHECK(cudaMalloc(&in, sizeof h));
    CHECK(cudaMemset(bad, 0, sizeof(int)));
    CHECK(cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice));
    integers<<<1, 32>>>(bad);
    CHECK(cudaMemcpy(&count, bad, sizeof(int), cudaMemcpyDeviceToHost));
    if (count) return 1;
    floats<<<1, 32>>>(in, 4, bad);
    CHECK(cudaMemcpy(&count, bad, sizeof(int), cudaMemcpyDeviceToHost));
    return count ? 2 : 0;
}
