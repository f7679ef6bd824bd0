// Matrix product with register tiles, float4 loads and two buffers in shared memory.
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

constexpr int BM = 32, BN = 32, BK = 8, TM = 4, TN = 4;

__global__ __launch_bounds__((BM / TM) * (BN / TN)) void sgemm(int M, int N, int K, float alpha, const float *A, const float *B, float beta, float *C) {
    __shared__ float As[2][BK][BM];
    __shared__ __align__(16) float Bs[2][BK][BN];
    const int tid = threadIdx.x, tr = tid / (BN / TN), tc = tid % (BN / TN);
    A += blockIdx.y * BM * K;
    B += blockIdx.x * BN;
    C += blockIdx.y * BM * N + blockIdx.x * BN;
    const int aRow = tid / (BK / 4), aCol = tid % (BK / 4) * 4, bRow = tid / (BN / 4), bCol = tid % (BN / 4) * 4;
    float acc[TM][TN] = {{0.0f}}, regM[TM], regN[TN];
    auto load = [&](int buffer, int k) {
        float4 a = *reinterpret_cast<const float4 *>(&A[aRow * K + k + aCol]);
        As[buffer][aCol + 0][aRow] = a.x;
        As[buffer][aCol + 1][aRow] = a.y;
        As[buffer][aCol + 2][aRow] = a.z;
        As[buffer][aCol + 3][aRow] = a.w;
        *reinterpret_cast<float4 *>(&Bs[buffer][bRow][bCol]) = *reinterpret_cast<const float4 *>(&B[(k + bRow) * N + bCol]);
    };
    load(0, 0);
    __syncthreads();
    for (int k = 0, buffer = 0; k < K; k += BK, buffer ^= 1) {
        if (k + BK < K) load(buffer ^ 1, k + BK);
#pragma unroll
        for (int dot = 0; dot < BK; ++dot) {
            for (int i = 0; i < TM; ++i) regM[i] = As[buffer][dot][tr * TM + i];
            for (int j = 0; j < TN; ++j) regN[j] = Bs[buffer][dot][tc * TN + j];
            for (int i = 0; i < TM; ++i)
                for (int j = 0; j < TN; ++j) acc[i][j] += regM[i] * regN[j];
        }
        __syncthreads();
    }
    for (int i = 0; i < TM; ++i) {
        float4 *c = reinterpret_cast<float4 *>(&C[(tr * TM + i) * N + tc * TN]);
        float4 v = *c;
        v.x = alpha * acc[i][0] + beta * v.x;
        v.y = alpha * acc[i][1] + beta * v.y;
        v.z = alpha * acc[i][2] + beta * v.z;
        v.w = alpha * acc[i][3] + beta * v.w;
        *c = v;
    }
}

int main() {
    const int M = 64, N = 96, K = 40;
    std::vector<float> a(M * K), b(K * N), c(M * N, 1.0f), got(M * N);
    for (size_t i = 0; i < a.size(); ++i) a[i] = (int)(i % 9) - 4;
    for (size_t i = 0; i < b.size(); ++i) b[i] = (int)(i % 11) - 5;
    float *dA, *dB, *dC;
    CHECK(cudaMalloc(&dA, a.size() * 4));
    CHECK(cudaMalloc(&dB, b.size() * 4));
    CHECK(cudaMalloc(&dC, c.size() * 4));
    CHECK(cudaMemcpy(dA, a.data(), a.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dB, b.data(), b.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dC, c.data(), c.size() * 4, cudaMemcpyHostToDevice));
    sgemm<<<dim3(N / BN, M / BM), (BM / TM) * (BN / TN)>>>(M, N, K, 2.0f, dA, dB, 0.5f, dC);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(got.data(), dC, c.size() * 4, cudaMemcpyDeviceToHost));
    for (int i = 0; i < M; ++i)
        for (int j = 0; j < N; ++j) {
            float s = 0;
            for (int k = 0; k < K; ++k) s += a[i * K + k] * b[k * N + j];
            if (fabsf(2 * s + 0.5f - got[i * N + j]) > 1e-3f) return 1;
        }
    return 0;
}
