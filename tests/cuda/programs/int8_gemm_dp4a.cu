// A product of bytes by __dp4a, four at a time, with scaling to float.
#include <cmath>
#include <cstdint>
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

__global__ void gemm(const int8_t *A, const int8_t *Bt, float *C, int M, int N, int K, float scale) {
    int n = blockIdx.x * blockDim.x + threadIdx.x, m = blockIdx.y * blockDim.y + threadIdx.y;
    if (m >= M || n >= N) return;
    const int *a = reinterpret_cast<const int *>(A + m * K), *b = reinterpret_cast<const int *>(Bt + n * K);
    int sum = 0;
#pragma unroll 4
    for (int k = 0; k < K / 4; ++k) sum = __dp4a(a[k], b[k], sum);
    C[m * N + n] = sum * scale;
}

__global__ void quantize(const float *x, char4 *q, float inverse, int n4) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n4) return;
    float4 v = reinterpret_cast<const float4 *>(x)[i];
    auto one = [=](float f) { return static_cast<signed char>(max(-127, min(127, __float2int_rn(f * inverse)))); };
    q[i] = make_char4(one(v.x), one(v.y), one(v.z), one(v.w));
}

int main() {
    const int M = 33, N = 20, K = 64;
    std::vector<float> a(M * K), b(N * K), c(M * N);
    for (size_t i = 0; i < a.size(); ++i) a[i] = sinf(i);
    for (size_t i = 0; i < b.size(); ++i) b[i] = cosf(i * 0.5f);
    float *fa, *fb, *dc;
    int8_t *qa, *qb;
    CHECK(cudaMalloc(&fa, a.size() * 4));
    CHECK(cudaMalloc(&fb, b.size() * 4));
    CHECK(cudaMalloc(&dc, c.size() * 4));
    CHECK(cudaMalloc(&qa, a.size()));
    CHECK(cudaMalloc(&qb, b.size()));
    CHECK(cudaMemcpy(fa, a.data(), a.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(fb, b.data(), b.size() * 4, cudaMemcpyHostToDevice));
    quantize<<<(M * K / 4 + 63) / 64, 64>>>(fa, (char4 *)qa, 127.0f, M * K / 4);
    quantize<<<(N * K / 4 + 63) / 64, 64>>>(fb, (char4 *)qb, 127.0f, N * K / 4);
    gemm<<<dim3((N + 7) / 8, (M + 7) / 8), dim3(8, 8)>>>(qa, qb, dc, M, N, K, 1 / (127.0f * 127.0f));
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(c.data(), dc, c.size() * 4, cudaMemcpyDeviceToHost));
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < N; ++n) {
            float want = 0;
            for (int k = 0; k < K; ++k) want += a[m * K + k] * b[n * K + k];
            if (fabsf(want - c[m * N + n]) > 0.3f) return 1;
        }
    return 0;
}
