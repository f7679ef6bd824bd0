// Half and bfloat16: conversions, arithmetic in pairs, atomics, shuffles.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void axpyHalf2(int n, half a, const half2 *x, half2 *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    half2 a2 = __half2half2(a);
    if (i < n) y[i] = __hfma2(a2, x[i], y[i]);
}

__global__ void gelu(const half *in, half *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = __half2float(in[i]);
    out[i] = __float2half(0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x))));
}

__global__ void dot(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *out, int n) {
    float sum = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) sum += __bfloat162float(a[i]) * __bfloat162float(b[i]);
    for (int o = 16; o; o >>= 1) sum += __shfl_xor_sync(~0u, sum, o);
    if (threadIdx.x == 0) *out = sum;
}

__global__ void misc(half *h, half2 *h2, int *ok) {
    half x = __int2half_rn(threadIdx.x);
    half s = __shfl_down_sync(0xffffffff, x, 1);
    atomicAdd(h, __float2half(1.0f));
    atomicAdd(h2, __floats2half2_rn(1.0f, 2.0f));
    bool good = threadIdx.x == 31 || __heq(s, __hadd(x, __float2half(1.0f)));
    good = good && __half2int_rn(hsqrt(__hmul(x, x))) == (int)threadIdx.x;
    good = good && __hgt(x + half(1), x) && __hlt(x, x + __float2half(0.5f)) && -x == __hneg(x);
    float2 pair = __half22float2(__hmul2(make_half2(x, x), __float2half2_rn(2.0f)));
    good = good && pair.x == 2.0f * threadIdx.x && __low2float(__halves2half2(x, s)) == (float)threadIdx.x;
    atomicAdd(ok, good);
}

int main() {
    const int n = 512;
    std::vector<half> x(n), y(n), r(n);
    for (int i = 0; i < n; ++i) x[i] = __float2half(i / 64.0f - 4), y[i] = __float2half(1.0f + i % 5);
    half *dx, *dy;
    CHECK(cudaMalloc(&dx, n * sizeof(half)));
    CHECK(cudaMalloc(&dy, n * sizeof(half)));
    CHECK(cudaMemcpy(dx, x.data(), n * sizeof(half), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dy, y.data(), n * sizeof(half), cudaMemcpyHostToDevice));
    axpyHalf2<<<2, 128>>>(n / 2, __float2half(0.5f), (const half2 *)dx, (half2 *)dy);
    CHECK(cudaMemcpy(r.data(), dy, n * sizeof(half), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i)
        if (fabsf(__half2float(r[i]) - (0.5f * __half2float(x[i]) + __half2float(y[i]))) > 0.01f) return 1;
    gelu<<<4, 128>>>(dx, dy, n);
    CHECK(cudaMemcpy(r.data(), dy, n * sizeof(half), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        float v = __half2float(x[i]), want = 0.5f * v * (1 + erff(v / sqrtf(2)));
        if (fabsf(want - __half2float(r[i])) > 0.01f) return 2;
    }
    std::vector<__nv_bfloat16> b(n);
    double want = 0;
    for (int i = 0; i < n; ++i) {
        b[i] = __float2bfloat16(sinf(i));
        want += (double)__bfloat162float(b[i]) * __bfloat162float(b[i]);
    }
    __nv_bfloat16 *db;
    float *dsum, sum;
    CHECK(cudaMalloc(&db, n * sizeof(__nv_bfloat16)));
    CHECK(cudaMalloc(&dsum, sizeof(float)));
    CHECK(cudaMemcpy(db, b.data(), n * sizeof(__nv_bfloat16), cudaMemcpyHostToDevice));
    dot<<<1, 32>>>(db, db, dsum, n);
    CHECK(cudaMemcpy(&sum, dsum, sizeof(float), cudaMemcpyDeviceToHost));
    if (fabs(sum - want) > 1e-2) return 3;
    int *ok, h = 0;
    CHECK(cudaMalloc(&ok, sizeof(int)));
    CHECK(cudaMemset(ok, 0, sizeof(int)));
    CHECK(cudaMemset(dx, 0, n * sizeof(half)));
    misc<<<1, 32>>>(dx, (half2 *)(dx + 2), ok);
    CHECK(cudaMemcpy(&h, ok, sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(r.data(), dx, n * sizeof(half), cudaMemcpyDeviceToHost));
    if (h != 32 || __half2float(r[0]) != 32 || __half2float(r[2]) != 32 || __half2float(r[3]) != 64) return 4;
    return 0;
}
